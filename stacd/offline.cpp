// SPDX-License-Identifier: Apache-2.0
#include "stacd/offline.h"

#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "libstas/sys/daemon/offline.h"
#include "libstas/sys/daemon/state_file.h"
#include "libstas/sys/os/files.h"
#include "libstas/tools/plan_text.h"
#include "stacd/daemon.h"
#include "stacd/rehearsal.h"

namespace stas::stacd {

namespace {

// The runtime directories of both daemons are neighbours.
std::string state_of_stafd() {
  std::string path = last_known_path("stacd");
  if (const auto at = path.rfind("stacd"); at != std::string::npos) path.replace(at, 5, "stafd");
  return path;
}

StafDc said(const KnownDc& known) {
  StafDc dc{known.tid, known.origin, known.page_known, known.entries, {}, false};
  return dc;
}

// What stafd would say after a start, as far as it is saved. Without a saved state it is silent, and what it listed is
// held.
Result<void> add_stafd(const Journal& journal, std::vector<Event>& facts) {
  const std::string path = state_of_stafd();
  const auto text = read_regular_file(path, kMaxLastKnownBytes);
  if (!text && text.error().errnum == ENOENT) return {};
  if (!text) return tl::unexpected(text.error());
  const auto read = parse_known_stafd(*text, path);
  log_complaints(read.complaints, journal);
  if (!read.complaints.empty()) return {};
  std::vector<StafDc> dcs;
  for (const KnownDc& known : read.known.dcs) dcs.push_back(said(known));
  facts.emplace_back(StafAppeared{});
  facts.emplace_back(StafPages{std::move(dcs), read.known.ended, true});
  return {};
}

}  // namespace

int plan_offline(const DaemonOptions& options) {
  const Journal journal(options.program, Journal::Sink::standard_error);
  Connector brain;
  const auto port = port_of<StacdConfigured>(brain, parse_known_stacd, kConfParser);
  const auto rehearse = [&](OfflineStart& start) -> Result<Plan> {
    if (auto added = add_stafd(journal, start.facts); !added) return tl::unexpected(added.error());
    const PlanFiles files{*options.plan, *options.plan};
    return plan_start(brain, std::get<StacdConfigured>(start.configuration), start.facts, files, start.now);
  };
  return show_plan(stas::plan_offline(options, port, ControllerKind::io, journal, rehearse));
}

}  // namespace stas::stacd
