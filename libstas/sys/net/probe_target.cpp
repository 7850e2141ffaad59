// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/net/probe_target.h"

namespace stas {

std::string ProbeTarget::to_string() const {
  const bool v6 = address.family() == IpFamily::v6;
  std::string text = v6 ? "[" + address.to_string() + "]" : address.to_string();
  text += ":" + port;
  if (!host_traddr.empty()) text += " from " + host_traddr;
  if (!host_iface.empty()) text += " through " + host_iface;
  return text;
}

}  // namespace stas
