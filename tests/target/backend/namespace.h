// SPDX-License-Identifier: Apache-2.0
//
// A RAM-backed namespace: identity, size, and bytes that take memory only when they are written.
#pragma once

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "tests/target/core/model.h"
#include "tests/target/core/result.h"
#include "tests/target/core/wire.h"

namespace stas::target {

class Namespace {
 public:
  /// `subnqn` seeds the UUID when the configuration names none, so that it stays the same across restarts.
  static Result<Namespace> make(const NamespaceConfig& config, const std::string& subnqn);

  [[nodiscard]] const NamespaceConfig& config() const { return config_; }
  [[nodiscard]] std::uint32_t nsid() const { return config_.nsid; }
  [[nodiscard]] std::uint64_t blocks() const { return config_.ram / config_.lba; }
  [[nodiscard]] const std::array<std::uint8_t, 16>& uuid() const { return uuid_; }
  [[nodiscard]] const Bytes& nguid() const { return nguid_; }  ///< 16 bytes or none
  [[nodiscard]] const Bytes& eui64() const { return eui64_; }  ///< 8 bytes or none

  /// The bytes of a range of blocks; empty if it does not lie inside.
  [[nodiscard]] std::optional<std::span<std::uint8_t>> range(std::uint64_t first, std::uint64_t count) const;

 private:
  struct Free {
    void operator()(std::uint8_t* memory) const { std::free(memory); }
  };

  Namespace() = default;

  NamespaceConfig config_;
  std::array<std::uint8_t, 16> uuid_{};
  Bytes nguid_;
  Bytes eui64_;
  std::unique_ptr<std::uint8_t, Free> memory_;
};

}  // namespace stas::target
