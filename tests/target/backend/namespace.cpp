// SPDX-License-Identifier: Apache-2.0
//
// Making a namespace: identifiers from text, or from the name of the subsystem.
#include "tests/target/backend/namespace.h"

#include <algorithm>
#include <cctype>

namespace stas::target {
namespace {

/// Hex digits with hyphens anywhere between them; empty if it is not exactly `size` bytes.
Bytes from_hex(const std::string& text, std::size_t size) {
  Bytes bytes;
  std::string digits;
  for (const char c : text) {
    if (c == '-') continue;
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return {};
    digits.push_back(c);
  }
  if (digits.size() != 2 * size) return {};
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoul(digits.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

/// Two FNV-1a hashes make the 122 free bits of a version 8 UUID (RFC 9562: contents are the maker's own).
std::array<std::uint8_t, 16> uuid_from(const std::string& subnqn, std::uint32_t nsid) {
  std::array<std::uint8_t, 16> uuid{};
  for (std::uint64_t half = 0; half < 2; ++half) {
    std::uint64_t hash = 0xCBF29CE484222325 ^ (half * 0x9E3779B97F4A7C15);
    for (const char c : subnqn + "#" + std::to_string(nsid)) {
      hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001B3;
    }
    put64(&uuid[half * 8], hash);
  }
  uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0F) | 0x80);
  uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3F) | 0x80);
  return uuid;
}

}  // namespace

Result<Namespace> Namespace::make(const NamespaceConfig& config, const std::string& subnqn,
                                  std::shared_ptr<Backend> backend) {
  const std::string name = subnqn + " namespace " + std::to_string(config.nsid);
  Namespace ns;
  ns.config_ = config;
  ns.backend_ = std::move(backend);
  ns.uuid_ = uuid_from(subnqn, config.nsid);
  const std::string& text = config.uuid.empty() ? ns.backend_->config().uuid : config.uuid;
  if (!text.empty()) {
    const Bytes uuid = from_hex(text, 16);
    if (uuid.empty()) return problem(name + ": uuid '" + text + "' is none");
    std::copy(uuid.begin(), uuid.end(), ns.uuid_.begin());
  }
  ns.nguid_ = from_hex(config.nguid, 16);
  ns.eui64_ = from_hex(config.eui64, 8);
  if (ns.nguid_.empty() && !config.nguid.empty()) return problem(name + ": nguid is not 16 bytes in hex");
  if (ns.eui64_.empty() && !config.eui64.empty()) return problem(name + ": eui64 is not 8 bytes in hex");
  return ns;
}

}  // namespace stas::target
