// SPDX-License-Identifier: Apache-2.0
//
// Matching and counting of injected faults, and their names.
#include "tests/target/core/fault.h"

#include <algorithm>
#include <array>
#include <utility>

namespace stas::target {
namespace {

constexpr std::array<std::pair<std::string_view, FaultKind>, 20> kKinds{{
    {"refuse_accept", FaultKind::refuse_accept},
    {"no_icresp", FaultKind::no_icresp},
    {"split_icresp", FaultKind::split_icresp},
    {"bad_icresp", FaultKind::bad_icresp},
    {"garbage", FaultKind::garbage},
    {"close", FaultKind::close},
    {"drop", FaultKind::drop},
    {"delay", FaultKind::delay},
    {"status", FaultKind::status},
    {"wrong_cid", FaultKind::wrong_cid},
    {"bad_hdgst", FaultKind::bad_hdgst},
    {"bad_ddgst", FaultKind::bad_ddgst},
    {"wrong_cntlid", FaultKind::wrong_cntlid},
    {"wrong_subnqn", FaultKind::wrong_subnqn},
    {"lying_identify", FaultKind::lying_identify},
    {"truncate", FaultKind::truncate},
    {"corrupt", FaultKind::corrupt},
    {"stuck_csts", FaultKind::stuck_csts},
    {"wrong_numrec", FaultKind::wrong_numrec},
    {"inject_change", FaultKind::inject_change},
}};

constexpr std::array<std::pair<std::string_view, CommandName>, 23> kCommands{{
    {"connect", fabrics_name(fctype::kConnect)},
    {"property_get", fabrics_name(fctype::kPropertyGet)},
    {"property_set", fabrics_name(fctype::kPropertySet)},
    {"identify", opcode::kIdentify},
    {"get_log_page", opcode::kGetLogPage},
    {"set_features", opcode::kSetFeatures},
    {"get_features", opcode::kGetFeatures},
    {"aer", opcode::kAsyncEvent},
    {"keep_alive", opcode::kKeepAlive},
    {"dim", opcode::kDim},
    {"abort", opcode::kAbort},
    {"auth_send", fabrics_name(fctype::kAuthSend)},
    {"auth_receive", fabrics_name(fctype::kAuthReceive)},
    {"disconnect", fabrics_name(fctype::kDisconnect)},
    {"compare", opcode::kCompare},
    {"write_zeroes", opcode::kWriteZeroes},
    {"dsm", opcode::kDatasetManagement},
    {"verify", opcode::kVerify},
    {"write_uncorrectable", opcode::kWriteUncorrectable},
    {"copy", opcode::kCopy},
    {"read", opcode::kRead},
    {"write", opcode::kWrite},
    {"flush", opcode::kFlush},
}};

/// An unset condition admits everything; a set one only what is there and equal.
template <typename Wanted, typename Actual>
bool admits(const std::optional<Wanted>& wanted, const Actual& actual) {
  return !wanted || *wanted == actual;
}

bool concerns(const Fault& fault, FaultKind kind, const Occasion& occasion) {
  if (fault.kind != kind || !admits(fault.listener, occasion.listener)) return false;
  if (!admits(fault.hostnqn, occasion.hostnqn) || !admits(fault.io_queue, occasion.io_queue)) return false;
  // `garbage` and `close` without an opcode belong to the ICReq; every other fault without one takes any command.
  const bool at_start = kind == FaultKind::garbage || kind == FaultKind::close;
  if (at_start && fault.command.has_value() != occasion.command.has_value()) return false;
  if (fault.command && occasion.command != fault.command) return false;
  return !fault.lid || occasion.lid == fault.lid;
}

}  // namespace

std::optional<FaultKind> fault_kind_from(std::string_view name) {
  for (const auto& [text, kind] : kKinds) {
    if (text == name) return kind;
  }
  return std::nullopt;
}

std::string_view to_string(FaultKind kind) {
  for (const auto& [text, known] : kKinds) {
    if (known == kind) return text;
  }
  return "unknown";
}

std::optional<CommandName> command_name_from(std::string_view word) {
  for (const auto& [text, name] : kCommands) {
    if (text == word) return name;
  }
  return std::nullopt;
}

std::uint64_t FaultList::add(Fault fault) {
  fault.id = next_id_++;
  faults_.push_back(std::move(fault));
  return faults_.back().id;
}

bool FaultList::clear(std::uint64_t id) {
  return std::erase_if(faults_, [id](const Fault& fault) { return fault.id == id; }) > 0;
}

std::optional<Fault> FaultList::strike(FaultKind kind, const Occasion& occasion) {
  for (auto it = faults_.begin(); it != faults_.end(); ++it) {
    if (!concerns(*it, kind, occasion)) continue;
    if (it->skip > 0) {
      --it->skip;
      continue;
    }
    ++it->struck;
    const Fault struck = *it;
    if (it->count > 0 && --it->count == 0) faults_.erase(it);
    return struck;
  }
  return std::nullopt;
}

}  // namespace stas::target
