// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/config/address_text.h"

#include <algorithm>

#include "libstas/core/base/host_name.h"
#include "libstas/core/base/shown.h"
#include "libstas/core/base/text.h"
#include "libstas/core/identity/address.h"

namespace stas {

namespace {

constexpr std::size_t kWwnDigits = 16;

// Takes "nn-0x<16 digits>" from the front of a text in lower case.
bool take_wwn(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  const std::string_view digits = text.substr(0, kWwnDigits);
  text.remove_prefix(digits.size());
  return digits.size() == kWwnDigits && digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_host(std::string_view text) { return IpAddress::parse(text) || is_host_name(text); }

std::string with_port(std::string_view host, std::string_view port) {
  return "write `traddr=" + shown(host) + ";trsvcid=" + shown(port) + "`";
}

// Of "[2001:db8::1]" and "[2001:db8::1]:8009".
std::string without_brackets(std::string_view text) {
  const std::size_t end = text.find(']');
  const std::string_view host = text.substr(1, end == std::string_view::npos ? end : end - 1);
  if (!is_host(host)) return "write the address without brackets";
  const std::string_view rest = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  if (rest.starts_with(':') && parse_port(rest.substr(1))) return with_port(host, rest.substr(1));
  return "write it without brackets: `" + shown(host) + "`";
}

}  // namespace

std::optional<std::string> fc_address(std::string_view text) {
  std::string lower = to_lower(text);
  for (const std::string_view hex : {"0x", ""}) {
    std::string_view rest = lower;
    if (!take_wwn(rest, "nn-" + std::string(hex)) || rest.empty() || (rest[0] != ':' && rest[0] != ',')) continue;
    const std::size_t separator = lower.size() - rest.size();
    rest.remove_prefix(1);
    if (!take_wwn(rest, "pn-" + std::string(hex)) || !rest.empty()) continue;
    lower[separator] = ':';
    return lower;
  }
  return std::nullopt;
}

std::string address_advice(std::string_view text) {
  if (text.starts_with('[')) return without_brackets(text);
  if (fc_address(text)) return "an address of Fibre Channel needs `transport=fc`";
  if (text.find("://") != std::string_view::npos) return "write the address alone, the transport in `transport=`";
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && is_host(text.substr(0, colon)) && parse_port(text.substr(colon + 1))) {
    return with_port(text.substr(0, colon), text.substr(colon + 1));
  }
  if (IpAddress::parse(text.substr(0, text.find('/')))) return "write one address, without `/` and what follows";
  const bool numbers = !text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos;
  if (numbers) return "an IPv4 address has four numbers from 0 to 255, without leading zeros";
  return "write an IPv4 or IPv6 address or the name of a host";
}

}  // namespace stas
