// SPDX-License-Identifier: Apache-2.0
//
// Connections that outlive a change of the host NQN. A connection keeps the NQN that it was made with for as long as it
// exists, and a source that goes by the system's identity means it all the same: what is connected is not connected a
// second time because the host is called otherwise now.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "libstas/core/identity/tid.h"

namespace stas {

class EarlierHosts {
 public:
  // `present`: the host NQN of the system. `earlier`: those it had; more become known with the connections.
  explicit EarlierHosts(std::string present, std::set<std::string> earlier = {});

  // A name under the system's identity of whichever time; call for all before add().
  void know(const std::string& host_nqn) { nqns_.insert(host_nqn); }
  bool changed() const { return nqns_.size() > 1; }
  bool was(const std::string& host_nqn) const { return nqns_.contains(host_nqn); }

  // A connection that exists and was made under the system's identity. `works`: it is not being reconnected. `seen`:
  // what its device says of itself, as far as that is known; the way it leaves this host, say, which its name need not
  // say.
  void add(const Tid& connection, bool works, const std::optional<Tid>& seen = std::nullopt);
  // The connection that `name` means, itself if that is one; nullptr: none, or the host NQN of the name is its own, or
  // it need not be called otherwise: names under one host NQN share a connection anyway.
  const Tid* connection_of(const Tid& name) const;

 private:
  void note(std::unordered_map<Tid, Tid>& map, Tid key, const Tid& connection) const;

  std::string present_;
  std::set<std::string> nqns_;
  std::unordered_set<Tid> connections_;
  std::unordered_set<Tid> working_;
  std::unordered_map<Tid, Tid> by_name_;  // without host NQN
  std::unordered_map<Tid, Tid> by_seen_;  // the same, as the device says
  std::unordered_map<Tid, Tid> any_way_;  // the same, however it leaves this host
};

}  // namespace stas
