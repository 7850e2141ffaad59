// SPDX-License-Identifier: Apache-2.0
//
// Faults a test asks for: which occasions they strike, how often, and what happens then. The list only answers "does
// one strike here?"; the place that asks commits it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/target/core/command.h"

namespace stas::target {

enum class FaultKind {
  refuse_accept,
  no_icresp,
  split_icresp,
  bad_icresp,
  garbage,
  close,
  drop,
  delay,
  status,
  wrong_cid,
  bad_hdgst,
  bad_ddgst,
  wrong_cntlid,
  wrong_subnqn,
  lying_identify,
  truncate,
  corrupt,
  stuck_csts,
  wrong_numrec,
  inject_change,
};

std::optional<FaultKind> fault_kind_from(std::string_view name);
std::string_view to_string(FaultKind kind);

/// A command as faults name it: the opcode, with FCTYPE in the next byte for fabrics commands.
using CommandName = std::uint16_t;
inline constexpr CommandName fabrics_name(std::uint8_t type) {
  return static_cast<CommandName>(opcode::kFabrics | (type << 8));
}
inline CommandName name_of(const Sqe& sqe) { return sqe.is_fabrics() ? fabrics_name(sqe.fctype()) : sqe.opcode(); }
/// Understands the words of README.md (`connect`, `get_log_page`, ...).
std::optional<CommandName> command_name_from(std::string_view word);

/// What is happening when somebody asks whether a fault strikes. Without `command`: before the first command.
struct Occasion {
  std::uint16_t listener = 0;
  std::string_view hostnqn{};
  bool io_queue = false;
  std::optional<CommandName> command{};
  std::optional<std::uint8_t> lid{};
};

struct Fault {
  std::uint64_t id = 0;
  FaultKind kind = FaultKind::close;
  std::uint32_t count = 1;  ///< 0: for ever
  std::uint32_t skip = 0;
  std::optional<std::uint16_t> listener;
  std::optional<std::string> hostnqn;
  std::optional<bool> io_queue;
  std::optional<CommandName> command;
  std::optional<std::uint8_t> lid;
  std::optional<std::uint32_t> delay_ms;
  std::uint16_t status = status::kInternal;
  bool dnr = true;
  std::uint8_t retry_delay = 0;  ///< CRD of `status`
  std::uint32_t result = 0;
  std::uint64_t value = 0;
  std::uint64_t struck = 0;
};

class FaultList {
 public:
  std::uint64_t add(Fault fault);
  bool clear(std::uint64_t id);
  void clear_all() { faults_.clear(); }
  [[nodiscard]] const std::vector<Fault>& all() const { return faults_; }

  /// The first fault of that kind that strikes here, counted; used up ones are forgotten.
  std::optional<Fault> strike(FaultKind kind, const Occasion& occasion);

 private:
  std::vector<Fault> faults_;
  std::uint64_t next_id_ = 1;
};

}  // namespace stas::target
