// SPDX-License-Identifier: Apache-2.0
//
// A namespace: identity, what hosts are told of it, which controllers it is attached to, and the backend with its
// bytes. Backends may be shared by several namespaces.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "tests/target/backend/backend.h"
#include "tests/target/backend/reservation.h"
#include "tests/target/core/model.h"
#include "tests/target/core/result.h"
#include "tests/target/core/wire.h"

namespace stas::target {

class Namespace {
 public:
  /// `subnqn` seeds the UUID when the configuration names none, so that it stays the same across restarts.
  static Result<Namespace> make(const NamespaceConfig& config, const std::string& subnqn,
                                std::shared_ptr<Backend> backend);

  [[nodiscard]] const NamespaceConfig& config() const { return config_; }
  NamespaceConfig& config() { return config_; }
  [[nodiscard]] std::uint32_t nsid() const { return config_.nsid; }
  [[nodiscard]] std::uint32_t lba() const { return backend_->lba(); }
  [[nodiscard]] std::uint64_t blocks() const { return backend_->size() / backend_->lba(); }
  [[nodiscard]] const std::array<std::uint8_t, 16>& uuid() const { return uuid_; }
  [[nodiscard]] const Bytes& nguid() const { return nguid_; }  ///< 16 bytes or none
  [[nodiscard]] const Bytes& eui64() const { return eui64_; }  ///< 8 bytes or none
  [[nodiscard]] const std::shared_ptr<Backend>& backend() const { return backend_; }

  [[nodiscard]] bool contains(std::uint64_t first, std::uint64_t count) const {
    return first <= blocks() && count <= blocks() - first;
  }

  /// Feature 84h: 0 writable, 1 write protected, 2 until power cycle, 3 permanent.
  std::uint8_t write_protection = 0;
  Reservation reservation{};

  [[nodiscard]] bool is_read_only() const { return config_.read_only || write_protection != 0; }

  [[nodiscard]] bool attached_to(std::uint16_t cntlid) const {
    return config_.attached != exceptions_.contains(cntlid);
  }
  void attach(std::uint16_t cntlid, bool attached) {
    if (attached == config_.attached) {
      exceptions_.erase(cntlid);
    } else {
      exceptions_.insert(cntlid);
    }
  }

 private:
  Namespace() = default;

  NamespaceConfig config_;
  std::array<std::uint8_t, 16> uuid_{};
  Bytes nguid_;
  Bytes eui64_;
  std::shared_ptr<Backend> backend_;
  std::set<std::uint16_t> exceptions_;  // controllers for which `attached` does not hold
};

}  // namespace stas::target
