// SPDX-License-Identifier: Apache-2.0
//
// Everything there is to say about one name of a discovery controller, one that is refused, or a device that is none of
// ours.
#pragma once

#include <string>

#include "libstas/core/base/time.h"
#include "libstas/core/brain/explanation.h"
#include "libstas/core/identity/device.h"
#include "stafd/finder.h"

namespace stas {

class DcExplainer {
 public:
  // The brain has a configuration. All outlive the explainer.
  DcExplainer(const Finder& brain, const ConfigFiles& files, Instant now)
      : brain_(brain), config_(*brain.config()), files_(files), now_(now) {}

  Explanation of(const Dc& dc) const;
  // What a source names and must not be.
  Explanation of(const Tid& tid, const Wish& refused) const;
  // A controller= line whose host name never had an address.
  Explanation of_unresolved(const Tid& tid) const;
  // That no name means.
  Explanation of(const Device& device) const;

 private:
  void add_sources(const Tid& tid, const Sources& sources, bool sure, Explanation& out) const;
  void add_rules(const Tid& tid, const Verdict& verdict, bool discovered, Explanation& out) const;
  void add_options(const Dc& dc, Explanation& out) const;
  void add_connection(const Dc& dc, Explanation& out) const;
  void add_attempts(const Dc& dc, Explanation& out) const;
  void add_details(const Dc& dc, Explanation& out) const;
  std::string registration(const Dc& dc) const;
  std::string chain_of(const Dc& dc) const;
  const ControllerLine* line_at(int line) const;

  const Finder& brain_;
  const StafdConfig& config_;
  const ConfigFiles& files_;
  const Instant now_;
};

}  // namespace stas
