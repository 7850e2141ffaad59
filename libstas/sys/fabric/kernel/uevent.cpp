// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/kernel/uevent.h"

#include <charconv>

#include "libstas/sys/fabric/kernel/sysfs.h"

namespace stas {

namespace {

Uevent::Action parse_action(std::string_view text) {
  if (text == "add") return Uevent::Action::add;
  if (text == "change") return Uevent::Action::change;
  if (text == "remove") return Uevent::Action::remove;
  return Uevent::Action::other;
}

// "0x70f002", all of it.
std::optional<std::uint32_t> parse_aen(std::string_view text) {
  if (!text.starts_with("0x") || text.size() > 10) return std::nullopt;
  text.remove_prefix(2);
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<Uevent> make_uevent(std::string_view action, std::string_view sysname, std::string_view nvme_aen,
                                  std::string_view nvme_event) {
  if (!is_controller_name(sysname)) return std::nullopt;
  Uevent event;
  event.action = parse_action(action);
  event.name = sysname;
  event.aen = parse_aen(nvme_aen);
  event.rediscover = nvme_event == "rediscover";
  event.reconnected = event.rediscover || nvme_event == "connected";
  return event;
}

std::optional<Uevent> parse_uevent(std::string_view datagram) {
  if (datagram.size() > kMaxUevent || datagram.find('@') == std::string_view::npos) return std::nullopt;
  std::string_view action, devpath, subsystem, aen, event;
  while (!datagram.empty()) {
    const auto end = datagram.find('\0');
    const auto line = datagram.substr(0, end);
    datagram = end == std::string_view::npos ? std::string_view() : datagram.substr(end + 1);
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const auto key = line.substr(0, equals);
    const auto value = line.substr(equals + 1);
    if (key == "ACTION") action = value;
    if (key == "DEVPATH") devpath = value;
    if (key == "SUBSYSTEM") subsystem = value;
    if (key == "NVME_AEN") aen = value;
    if (key == "NVME_EVENT") event = value;
  }
  if (subsystem != "nvme") return std::nullopt;
  return make_uevent(action, devpath.substr(devpath.rfind('/') + 1), aen, event);
}

}  // namespace stas
