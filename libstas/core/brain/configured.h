// SPDX-License-Identifier: Apache-2.0
//
// From a controller= line to the transport ID it stands for, and the identity a connection goes out with. Both brains
// use it, so that one line means the same controller to both.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "libstas/core/brain/name_book.h"
#include "libstas/core/config/config_values.h"
#include "libstas/core/identity/host.h"
#include "libstas/core/identity/tid.h"

namespace stas {

// What a line stands for. Not resolved: traddr is still the host name, for which no address is known yet; such a line
// could mean any address (law 2).
struct LineTarget {
  TidFields fields;
  bool resolved = true;
  const ControllerRule* excluded =
      nullptr;  // the rule that names its host name, into `config`; the address is not judged
};
// `default_nqn`: the subsystem NQN of a line without one.
LineTarget target_of(const ControllerLine& line, const CommonConfig& config, const HostIdentity& host,
                     const NameBook& names, const std::string& default_nqn = {});
// Could a line whose host name has no address mean this controller? Host NQNs are not compared; what is left open of
// the way out of this host may be any.
bool could_mean(const TidFields& line, const Tid& tid);
// Nobody knows whether the file says ignore-iface=: the line that would name `tid` if it does, else nullptr; into
// `config`. Host NQNs are compared where the line has one.
const ControllerLine* line_with_any_iface(const Tid& tid, const CommonConfig& config, const HostIdentity& host,
                                          const NameBook& names, const std::string& default_nqn = {});
// A host name stands for any of its addresses: with a connection to one of them the line has what it asks for
// (decisions.md, law 5). The address to try stays the choice as long as none is connected.
void prefer_connected(LineTarget& target, const ControllerLine& line, const CommonConfig& config, const NameBook& names,
                      const std::function<bool(const Tid&)>& connected);

// The host names in the lines.
std::set<std::string> host_names(const CommonConfig& config);

// The identity for a connection to `tid`: the system's, or that of its own host NQN: with the host ID of its line (may
// be nullptr), else the UUID in that NQN, else the system's.
HostIdentity identity_for(const HostIdentity& system, const Tid& tid, const ControllerLine* line);
// What is told when the host ID changes, and the host NQN does not.
std::string told_host_id(const HostIdentity& host);

}  // namespace stas
