// SPDX-License-Identifier: Apache-2.0
//
// Property access by offset and what a write to CC sets off.
#include "tests/target/core/properties.h"

namespace stas::target {
namespace {

constexpr std::uint32_t kCap = 0x00, kVs = 0x08, kCc = 0x14, kCsts = 0x1C;
constexpr std::uint32_t kEnable = 1;
constexpr std::uint32_t kShutdownBits = 3U << 14;
constexpr std::uint32_t kQueueEntrySizes = 0x00460000;  // IOCQES 4, IOSQES 6
constexpr std::uint32_t kUnsupported = 0xFF003FF0;      // CSS other than NVM, MPS and AMS other than 0, CRIME, reserved
constexpr std::uint32_t kReady = 1, kFatal = 2, kShutdownComplete = 2U << 2;
constexpr std::uint32_t kShutdownStatus = 3U << 2;

// Contiguous queues required, TO 7.5 s, NVM command set; MPSMIN 0 as Linux demands.
constexpr std::uint64_t kCapBits = 0x000000200F010000;

}  // namespace

Properties::Properties(std::uint16_t queue_size, std::uint32_t version, bool io_controller)
    : cap_(kCapBits | static_cast<std::uint64_t>(queue_size - 1)), version_(version), io_controller_(io_controller) {}

std::optional<std::uint64_t> Properties::read(std::uint32_t offset, bool wide) const {
  if (offset == kCap && wide) return cap_;
  if (wide) return std::nullopt;
  switch (offset) {
    case kVs:
      return version_;
    case kCc:
      return cc_;
    case kCsts:
      return csts_;
    default:
      return std::nullopt;
  }
}

Properties::Effect Properties::write(std::uint32_t offset, bool wide, std::uint64_t value) {
  if (offset != kCc || wide) return Effect::refused;
  return configure(static_cast<std::uint32_t>(value));
}

Properties::Effect Properties::configure(std::uint32_t value) {
  const std::uint32_t old = cc_;
  cc_ = value;
  // Shutdown is complete at once: Linux polls SHST for five seconds only.
  if ((value & kShutdownBits) != 0) {
    csts_ = (csts_ & ~kShutdownStatus) | kShutdownComplete;
    return (old & kShutdownBits) == 0 ? Effect::shutdown : Effect::none;
  }
  csts_ &= ~kShutdownStatus;
  if ((value & kEnable) != 0 && (old & kEnable) == 0) {
    const bool sizes = !io_controller_ || (value & 0x00FF0000) == kQueueEntrySizes;
    if (!sizes || (value & kUnsupported) != 0) {
      fail();
      return Effect::none;
    }
    csts_ |= kReady;
    return Effect::enabled;
  }
  if ((value & kEnable) == 0 && (old & kEnable) != 0) {
    csts_ &= ~(kReady | kFatal);
    return Effect::reset;
  }
  return Effect::none;
}

bool Properties::is_ready() const {
  return (cc_ & kEnable) != 0 && (csts_ & (kReady | kFatal | kShutdownStatus)) == kReady;
}

bool Properties::is_failed() const { return (csts_ & kFatal) != 0; }

void Properties::fail() { csts_ |= kFatal; }

}  // namespace stas::target
