// SPDX-License-Identifier: Apache-2.0
//
// Everything there is to say about one row of the table, or about a device that is in none: who names it, which rules
// have to do with it, with which options it would be connected and where each came from, what became of it.
#pragma once

#include <string>

#include "libstas/core/base/time.h"
#include "libstas/core/brain/explanation.h"
#include "libstas/core/identity/device.h"
#include "stacd/connector.h"

namespace stas {

class Explainer {
 public:
  // The brain has a configuration. Both outlive the Explainer.
  Explainer(const Connector& brain, const ConfigFiles& files, Instant now);

  const Desired& table() const { return table_; }
  Explanation of(const Row& row) const;
  // That no row is about, and no controller of ours has.
  Explanation of(const Device& device) const;

 private:
  void add_sources(const Row& row, Explanation& out) const;
  void add_rules(const Row& row, const Ioc* ioc, Explanation& out) const;
  void add_options(const Row& row, Explanation& out) const;
  void add_connection(const Row& row, const Ioc& ioc, Explanation& out) const;
  void add_attempts(const Row& row, const Ioc& ioc, Explanation& out) const;

  const Connector& brain_;
  const ConfigFiles& files_;
  const Instant now_;
  const Facts facts_;
  const Desired table_;
};

}  // namespace stas
