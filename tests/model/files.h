// SPDX-License-Identifier: Apache-2.0
//
// stafd.conf and stacd.conf of the simulated world: what the administrator means, the text that says it, and the ways
// in which a file can be wrong. The daemons get them through the real parsers.
#pragma once

#include <bitset>
#include <memory>
#include <optional>
#include <string>

#include "libstas/core/config/config.h"
#include "tests/model/names.h"

namespace stas::model {

using DcLines = std::bitset<kHosts * kVariants>;
using IocLines = std::bitset<kPaths * kVariants>;

struct StafFile {
  DcLines lines;
  HostSet excludes;
  int family = 0;  // 0, 4, 6
  bool ignore_iface = false;
  bool short_persistence = false;  // 2 minutes, else 72 hours
  bool leaves = false;             // persistent-connections=false, else what it is without a word
};

struct StacFile {
  IocLines lines;
  Paths excludes;
  Paths includes;  // none: all
  DisconnectScope scope = DisconnectScope::only_stas_connections;
  bool all_trtypes = false;  // tcp+rdma+fc, else tcp
  int ncc_attempts = 0;
  int family = 0;
  bool ignore_iface = false;
  bool guard_holds = false;  // disconnect-guard=hold, else what it is without a word
};

inline constexpr Duration kShortPersistence = std::chrono::minutes(2);
inline constexpr int kSpecialCtrlLoss = 77;  // ctrl-loss-tmo of special lines

enum class Fault {
  none,
  absent,
  unreadable,
  directory,
  empty,
  unclosed,  // a section header without its bracket
  section,   // [controllers] for [Controllers]
  key,       // transprt= in the first line
  port,      // trsvcid=80O9 in the first line
  include,   // trsvcid=80O9 in the first include= line
  value,     // what follows is worse than what was meant: disconnect-scope=no-disconect, ip-family=ipv5
};
std::optional<Fault> parse_fault(const std::string& word);
// Nothing of the file can be relied on; else only the first controller= or include= line, or one value.
bool is_whole(Fault fault);

// What a daemon gets when it reads the file. `previous`: what it has in force, nullptr at start.
std::shared_ptr<const StafdConfig> read(const StafFile& file, Fault fault, const StafdConfig* previous);
std::shared_ptr<const StacdConfig> read(const StacFile& file, Fault fault, const StacdConfig* previous);
std::string text_of(const StafFile& file, Fault fault);
std::string text_of(const StacFile& file, Fault fault);

}  // namespace stas::model
