// SPDX-License-Identifier: Apache-2.0
//
// Who this host is towards controllers: what sys.conf(5) says, plus the names DIM registration carries.
#pragma once

#include <string>

#include "libstas/core/base/secret.h"

namespace stas {

struct HostIdentity {
  std::string nqn;      // host NQN, mandatory
  std::string id;       // host ID, UUID text, mandatory
  Secret key;           // DH-HMAC-CHAP host key, may be empty
  std::string symname;  // symbolic name for DIM, may be empty
  // For DIM only (TP8010): entity name and version.
  std::string hostname;
  std::string os_version;
  friend bool operator==(const HostIdentity&, const HostIdentity&) = default;
};

}  // namespace stas
