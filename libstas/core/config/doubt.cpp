// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/config/doubt.h"

#include "libstas/core/base/complaint.h"
#include "libstas/core/base/text.h"
#include "libstas/core/identity/address.h"

namespace stas {

std::string ConfigDoubt::to_string() const { return Complaint{Severity::error, file, line, text}.to_string(); }

bool could_mean(const ConfigDoubt& doubt, const Tid& tid) {
  if (doubt.transport && *doubt.transport != to_text(tid.transport())) return false;
  if (doubt.subsysnqn && *doubt.subsysnqn != tid.subsysnqn()) return false;
  if (doubt.trsvcid && parse_port(*doubt.trsvcid) && *doubt.trsvcid != tid.trsvcid()) return false;
  if (doubt.traddr && to_lower(*doubt.traddr) != to_lower(tid.traddr())) {
    // A name may stand for any address; an address only for itself.
    if (!is_ip_transport(tid.transport()) || !IpAddress::parse(tid.traddr())) return false;
    if (IpAddress::parse(*doubt.traddr) && !same_ip(*doubt.traddr, tid.traddr())) return false;
  }
  return true;
}

const ConfigDoubt* doubt_about(const CommonConfig& config, const Tid& tid) {
  for (const ConfigDoubt& doubt : config.doubts)
    if (could_mean(doubt, tid)) return &doubt;
  return nullptr;
}

}  // namespace stas
