// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/config/doubt.h"

#include "libstas/core/base/text.h"
#include "libstas/core/identity/address.h"
#include "libstas/core/identity/nqn.h"

namespace stas {

namespace {

// A host name may stand for any IP address.
bool could_be_address(const std::string& text, const Tid& tid) {
  if (to_lower(text) == to_lower(tid.traddr())) return true;
  if (!is_ip_transport(tid.transport())) return false;
  if (IpAddress::parse(text)) return !tid.ip() || same_ip(text, tid.traddr());
  return text.find(':') == std::string::npos;  // Fibre Channel
}

bool could_be_port(const std::string& text, const Tid& tid) {
  const auto a = parse_port(text), b = parse_port(tid.trsvcid());
  return !is_ip_transport(tid.transport()) || !a || !b || *a == *b;  // others have none
}

// Whoever has a discovery NQN of its own answers to the well-known one as well.
bool could_be_nqn(const std::string& text, const Tid& tid) {
  return text == tid.subsysnqn() || text == kWellKnownDiscoveryNqn || tid.subsysnqn() == kWellKnownDiscoveryNqn;
}

}  // namespace

std::string ConfigDoubt::to_string() const {
  return file + (line > 0 ? ":" + std::to_string(line) : std::string()) + ": " + text;
}

bool could_mean(const ConfigDoubt& doubt, const Tid& tid) {
  if (doubt.transport && *doubt.transport != to_text(tid.transport())) return false;
  if (doubt.subsysnqn && !could_be_nqn(*doubt.subsysnqn, tid)) return false;
  if (doubt.trsvcid && !could_be_port(*doubt.trsvcid, tid)) return false;
  return !doubt.traddr || could_be_address(*doubt.traddr, tid);
}

const ConfigDoubt* doubt_about(const std::vector<ConfigDoubt>& doubts, const Tid& tid) {
  for (const ConfigDoubt& doubt : doubts)
    if (could_mean(doubt, tid)) return &doubt;
  return nullptr;
}

const ConfigDoubt* doubt_naming(const std::vector<ConfigDoubt>& doubts, const Tid& tid, ControllerKind kind) {
  const auto names = [&](const ConfigDoubt& doubt) {
    return kind == ControllerKind::io ? doubt.subsysnqn == tid.subsysnqn()
                                      : doubt.traddr && IpAddress::parse(*doubt.traddr).has_value();
  };
  for (const ConfigDoubt& doubt : doubts)
    if (names(doubt) && could_mean(doubt, tid)) return &doubt;
  return nullptr;
}

}  // namespace stas
