// SPDX-License-Identifier: Apache-2.0
//
// IP addresses as values: text and wire form through inet_pton(3) and inet_ntop(3), which are pure functions; what is
// added here is the canonical form and the scope.
#include "libstas/core/identity/address.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <arpa/inet.h>

namespace stas {
namespace {

constexpr std::size_t kV4Size = 4, kV6Size = 16;
constexpr std::size_t kMaxAddressText = INET6_ADDRSTRLEN - 1;
constexpr std::size_t kMaxScope = 127;  // interface names have 15 bytes, alternative names (ip-link(8)) up to 127
constexpr std::string_view kMappedPrefix("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);

// A scope ends up in journals and in the kernel's connect string, so nothing that has a meaning there.
bool is_scope(std::string_view text) {
  if (text.empty() || text.size() > kMaxScope) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c < '\x7f' && c != '%' && c != ',' && c != '/'; });
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const auto percent = text.find('%');
  const std::string_view number = text.substr(0, percent);
  std::string_view scope;
  if (percent != std::string_view::npos) {
    scope = text.substr(percent + 1);
    if (!is_scope(scope)) return std::nullopt;
  }
  if (number.empty() || number.size() > kMaxAddressText || number.find('\0') != std::string_view::npos)
    return std::nullopt;

  char terminated[INET6_ADDRSTRLEN] = {};
  std::memcpy(terminated, number.data(), number.size());
  char bytes[kV6Size] = {};
  if (number.find(':') != std::string_view::npos) {
    if (inet_pton(AF_INET6, terminated, bytes) != 1) return std::nullopt;
    return from_bytes({bytes, kV6Size}, std::string(scope));
  }
  if (!scope.empty() || inet_pton(AF_INET, terminated, bytes) != 1) return std::nullopt;
  return from_bytes({bytes, kV4Size});
}

std::optional<IpAddress> IpAddress::from_bytes(std::string_view bytes, std::string scope) {
  if (!scope.empty() && !is_scope(scope)) return std::nullopt;
  if (bytes.size() == kV6Size && bytes.substr(0, kMappedPrefix.size()) == kMappedPrefix)
    bytes.remove_prefix(kMappedPrefix.size());
  IpAddress address;
  if (bytes.size() == kV6Size) {
    address.family_ = IpFamily::v6;
    address.scope_ = std::move(scope);
  } else if (bytes.size() != kV4Size) {
    return std::nullopt;
  }
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
  return address;
}

IpAddress IpAddress::with_scope(std::string scope) const {
  IpAddress address = *this;
  if (family_ == IpFamily::v6 && (scope.empty() || is_scope(scope))) address.scope_ = std::move(scope);
  return address;
}

bool IpAddress::is_unspecified() const {
  return std::all_of(bytes_.begin(), bytes_.end(), [](char c) { return c == 0; });
}

bool IpAddress::is_link_local() const {
  return family_ == IpFamily::v6 && bytes_[0] == '\xfe' && (static_cast<unsigned char>(bytes_[1]) & 0xc0U) == 0x80U;
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(family_ == IpFamily::v4 ? AF_INET : AF_INET6, bytes_.data(), text, sizeof text);
  std::string result = text;
  if (!scope_.empty()) result.append(1, '%').append(scope_);
  return result;
}

std::string_view IpAddress::bytes() const { return {bytes_.data(), family_ == IpFamily::v4 ? kV4Size : kV6Size}; }

bool same_ip(std::string_view a, std::string_view b) {
  const auto left = IpAddress::parse(a);
  if (!left) return false;
  if (a == b) return true;
  const auto right = IpAddress::parse(b);
  return right && same_ip(*left, *right);
}

bool same_ip(const IpAddress& a, const IpAddress& b) {
  if (a.family() != b.family() || a.bytes() != b.bytes()) return false;
  return a.scope().empty() || b.scope().empty() || a.scope() == b.scope();
}

}  // namespace stas
