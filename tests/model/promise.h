// SPDX-License-Identifier: Apache-2.0
//
// What a daemon planned at a reload, as long as nothing else happens: what is still to come, and when.
#pragma once

#include <map>
#include <string>

#include "libstas/core/base/time.h"
#include "libstas/core/brain/action.h"
#include "libstas/core/brain/plan.h"

namespace stas::model {

class Promise {
 public:
  // `late`: operations take their time, and none in a plan; what waits for them is as much later.
  void make(const Plan& told, Instant now, Duration late);
  void end() { *this = {}; }
  bool in_force() const { return in_force_; }
  Instant made_at() const { return at_; }

  // Each returns what is wrong, "" nothing.
  std::string check(Instant now) const;  // whatever was due until now must have happened
  std::string keeps(const Connect& connect, Instant now);
  std::string keeps(const Disconnect& disconnect, Instant now);
  // So far a plan looks ahead, and all of it has come true.
  bool is_kept(Instant now) const;

 private:
  bool in_force_ = false;
  Instant at_{};
  Duration late_{};
  std::map<Tid, Instant> connects_;
  std::map<std::string, Instant> disconnects_;  // by device
};

}  // namespace stas::model
