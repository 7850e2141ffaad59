// SPDX-License-Identifier: Apache-2.0
//
// Controller properties (CAP, VS, CC, CSTS) and the enable/shutdown state machine behind CC. Pure; the owner reacts to
// a reset or shutdown that `write` reports.
#pragma once

#include <cstdint>
#include <optional>

namespace stas::target {

class Properties {
 public:
  enum class Effect { refused, none, enabled, reset, shutdown };

  Properties(std::uint16_t queue_size, std::uint32_t version, bool io_controller);

  /// Empty: no such property, or not of that size (8 bytes if `wide`).
  [[nodiscard]] std::optional<std::uint64_t> read(std::uint32_t offset, bool wide) const;
  Effect write(std::uint32_t offset, bool wide, std::uint64_t value);

  /// Commands other than fabrics ones are executed only then.
  [[nodiscard]] bool is_ready() const;
  [[nodiscard]] bool is_failed() const;
  void fail();

 private:
  Effect configure(std::uint32_t value);

  std::uint64_t cap_;
  std::uint32_t version_;
  std::uint32_t cc_ = 0;
  std::uint32_t csts_ = 0;
  bool io_controller_;
};

}  // namespace stas::target
