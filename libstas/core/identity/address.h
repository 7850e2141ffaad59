// SPDX-License-Identifier: Apache-2.0
//
// IP addresses as values. One address has one canonical form: IPv4-mapped IPv6 is IPv4 (::ffff:1.2.3.4 == 1.2.3.4),
// IPv6 is lower case and compressed (RFC 5952), a scope ("%eth0") is kept and is part of the value.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stas {

enum class IpFamily : std::uint8_t { v4, v6 };

// Which families the configuration allows (ip-family= of stafd.conf(5), stacd.conf(5)).
struct IpFamilies {
  bool v4 = true;
  bool v6 = true;
  bool allows(IpFamily family) const { return family == IpFamily::v4 ? v4 : v6; }
  friend bool operator==(const IpFamilies&, const IpFamilies&) = default;
};

class IpAddress {
 public:
  // Strict dotted quad (four decimal parts, no leading zeros) or IPv6 text with optional %scope; no brackets, no
  // blanks.
  static std::optional<IpAddress> parse(std::string_view text);
  // `bytes`: 4 or 16 bytes in network order, anything else gives nullopt. `scope` as in "%scope", may be empty; IPv4
  // has none, so it is dropped there.
  static std::optional<IpAddress> from_bytes(std::string_view bytes, std::string scope = {});

  IpFamily family() const { return family_; }
  const std::string& scope() const { return scope_; }
  IpAddress with_scope(std::string scope) const;  // unchanged for IPv4 and when the text cannot be a scope
  bool is_unspecified() const;                    // 0.0.0.0 or ::
  bool is_link_local() const;                     // fe80::/10
  std::string to_string() const;
  // 4 or 16 bytes in network order.
  std::string_view bytes() const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  IpFamily family_ = IpFamily::v4;
  std::array<char, 16> bytes_{};
  std::string scope_;
};

// Do two texts mean the same address? A text that is no address equals nothing (compatibility contract 4.4).
// Scopes are ignored when only one side has one.
bool same_ip(std::string_view a, std::string_view b);
bool same_ip(const IpAddress& a, const IpAddress& b);

}  // namespace stas
