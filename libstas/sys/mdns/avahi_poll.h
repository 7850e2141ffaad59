// SPDX-License-Identifier: Apache-2.0
//
// The poll interface of the Avahi client (avahi-common/watch.h) on our loop. Avahi may free any watch or timeout in a
// callback, also the one that is being dispatched; the handles of Loop allow that.
#pragma once

#include <avahi-common/watch.h>

#include "libstas/sys/os/loop.h"

namespace stas {

class LoopAvahiPoll {
 public:
  // The loop must outlive this object, and this object every Avahi client that uses it.
  explicit LoopAvahiPoll(Loop& loop);
  LoopAvahiPoll(const LoopAvahiPoll&) = delete;
  LoopAvahiPoll& operator=(const LoopAvahiPoll&) = delete;

  const AvahiPoll* api() const { return &api_; }

 private:
  AvahiPoll api_{};
};

}  // namespace stas
