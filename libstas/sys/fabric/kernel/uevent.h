// SPDX-License-Identifier: Apache-2.0
//
// What a uevent of subsystem nvme says, as a value, and taking one of the kernel's own datagrams apart. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stas {

inline constexpr std::size_t kMaxUevent = 16384;  // the kernel builds them in 2 KiB

struct Uevent {
  enum class Action : std::uint8_t { add, change, remove, other };
  Action action = Action::other;
  std::string name;                  // "nvme3"
  std::optional<std::uint32_t> aen;  // NVME_AEN
  bool reconnected = false;          // NVME_EVENT is "connected" or "rediscover"
  bool rediscover = false;           // it is the latter
};

// The parts as the kernel and udev name them. nullopt: not about a controller.
std::optional<Uevent> make_uevent(std::string_view action, std::string_view sysname, std::string_view nvme_aen,
                                  std::string_view nvme_event);

// "change@/devices/...\0ACTION=change\0DEVPATH=...\0SUBSYSTEM=nvme\0...". nullopt: another subsystem, or malformed.
std::optional<Uevent> parse_uevent(std::string_view datagram);

}  // namespace stas
