// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/identity/subnet.h"

#include <charconv>

namespace stas {

namespace {

constexpr unsigned kV4Bits = 32, kV6Bits = 128, kMappedBits = kV6Bits - kV4Bits;

bool same_front(std::string_view a, std::string_view b, unsigned bits) {
  const std::size_t bytes = bits / 8;
  const unsigned rest = bits % 8;
  if (a.substr(0, bytes) != b.substr(0, bytes)) return false;
  if (rest == 0) return true;
  const unsigned difference = static_cast<unsigned char>(a[bytes]) ^ static_cast<unsigned char>(b[bytes]);
  return (difference >> (8 - rest)) == 0;
}

}  // namespace

std::optional<IpSubnet> IpSubnet::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view front = text.substr(0, slash), length = text.substr(slash + 1);
  auto address = IpAddress::parse(front);
  if (!address) return std::nullopt;
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
  if (error != std::errc() || end != length.data() + length.size()) return std::nullopt;
  if (address->family() == IpFamily::v4 && front.find(':') != std::string_view::npos) {
    if (bits < kMappedBits) return std::nullopt;
    bits -= kMappedBits;
  }
  if (bits > (address->family() == IpFamily::v4 ? kV4Bits : kV6Bits)) return std::nullopt;
  return IpSubnet(*std::move(address), bits);
}

bool IpSubnet::contains(const IpAddress& address) const {
  if (address.family() != address_.family()) return false;
  const bool other_scope = !address.scope().empty() && !address_.scope().empty() && address.scope() != address_.scope();
  return !other_scope && same_front(address.bytes(), address_.bytes(), bits_);
}

}  // namespace stas
