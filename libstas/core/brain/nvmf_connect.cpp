// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/brain/nvmf_connect.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "libstas/core/base/text.h"
#include "libstas/core/identity/address.h"

namespace stas {

namespace {

constexpr std::size_t kMaxDeviceName = 14;  // "nvme" and ten digits
constexpr std::size_t kMaxPort = 5;
constexpr std::size_t kMaxAddress = 64;
constexpr std::size_t kMaxInterface = 15;   // IFNAMSIZ without its NUL
constexpr std::string_view kNone = "none";  // how the kernel and nvme-cli call an absent value

// What a unit name may contain as it is, but for the backslash, which begins an escape there.
bool is_plain(char c) {
  return is_digit(c) || is_letter(c) || std::string_view(":-_.@").find(c) != std::string_view::npos;
}

bool is_number(std::string_view text, std::size_t max_digits) {
  return !text.empty() && text.size() <= max_digits && std::all_of(text.begin(), text.end(), is_digit);
}

bool is_device(std::string_view name) {
  return name.size() <= kMaxDeviceName && name.starts_with("nvme") && is_number(name.substr(4), kMaxDeviceName);
}

bool is_interface(std::string_view name) {
  return !name.empty() && name.size() <= kMaxInterface && std::all_of(name.begin(), name.end(), is_plain);
}

// With or without a scope ("fe80::1%eth0").
bool is_address(std::string_view text) {
  if (text.size() > kMaxAddress || !IpAddress::parse(text)) return false;
  const auto percent = text.find('%');
  return percent == std::string_view::npos || is_interface(text.substr(percent + 1));
}

// As systemctl does with what a unit name can't have; the shell of the unit undoes it.
std::string unit_escaped(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == '%')
      text += "\\x25";
    else
      text += c;
  }
  return text;
}

}  // namespace

std::optional<std::string> nvmf_connect_unit(const Device& device) {
  const auto absent_or = [](const std::string& value, bool (*is_good)(std::string_view)) {
    return value.empty() || is_good(value);
  };
  if (device.transport != "tcp" || !is_device(device.ref.name) || !is_address(device.traddr)) return std::nullopt;
  if (!absent_or(device.trsvcid, [](std::string_view port) { return is_number(port, kMaxPort); })) return std::nullopt;
  if (!absent_or(device.host_traddr, is_address) || !absent_or(device.host_iface, is_interface)) return std::nullopt;
  std::string unit = "nvmf-connect@--device\\x3d" + device.ref.name;
  const auto append = [&](std::string_view option, std::string_view value) {
    unit += "\\t--";
    unit += option;
    unit += "\\x3d";
    unit += unit_escaped(value.empty() ? kNone : value);
  };
  append("transport", device.transport);
  append("traddr", device.traddr);
  append("trsvcid", device.trsvcid);
  append("host-traddr", device.host_traddr);
  append("host-iface", device.host_iface);
  return unit + ".service";
}

}  // namespace stas
