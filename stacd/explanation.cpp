// SPDX-License-Identifier: Apache-2.0
#include "stacd/explanation.h"

#include <algorithm>
#include <utility>

#include "libstas/core/config/controller_rule.h"
#include "libstas/core/config/filter.h"
#include "libstas/core/discovery/dlpe_text.h"
#include "stacd/origin.h"

namespace stas {

namespace {

constexpr char kIocs[] = " [I/O controller connection management]";
constexpr char kEntry[] = "log page entry";
constexpr char kRegistry[] = "ownership registry";

std::optional<Duration> since(Instant instant, Instant now) {
  return instant == kNever ? std::nullopt : std::optional<Duration>(now - instant);
}

// Since when a row has the standing that it has; kNever when nobody counts.
Instant begin_of(const Row& row, const Ioc& ioc) {
  switch (row.standing) {
    case Standing::wanted:
      return ioc.named_since;
    case Standing::held:
      return row.keeper == Keeper::none ? ioc.unnamed_since : ioc.leaving_since;
    case Standing::leaving:
    case Standing::refused:
      return ioc.leaving_since;
    case Standing::foreign:
      return ioc.bound_at;
  }
  return kNever;
}

std::string_view to_text(DisconnectScope scope) {
  switch (scope) {
    case DisconnectScope::only_stas_connections:
      return "only-stas-connections";
    case DisconnectScope::all_connections_matching_disconnect_trtypes:
      return "all-connections-matching-disconnect-trtypes";
    case DisconnectScope::no_disconnect:
      return "no-disconnect";
  }
  return "";
}

}  // namespace

Explainer::Explainer(const Connector& brain, const ConfigFiles& files, Instant now)
    : brain_(brain), files_(files), now_(now), facts_(brain.facts()), table_(brain.table_at(now)) {}

Explanation Explainer::of(const Row& row) const {
  const Ioc* ioc = brain_.find(row.tid);
  Explanation out;
  out.tid = row.tid;
  out.verdict = row.waits() ? "waiting" : to_text(row.standing);
  out.why = row.because.empty() ? std::string(to_text(row.reason)) : row.because;
  if (row.standing == Standing::foreign && out.why.empty()) out.why = "not ours";
  if (row.standing == Standing::held) out.until = row.until;
  add_sources(row, out);
  add_rules(row, ioc, out);
  if (row.standing == Standing::wanted) add_options(row, out);
  out.state = path_state(nullptr);
  if (ioc != nullptr) {
    out.since = since(begin_of(row, *ioc), now_);
    add_connection(row, *ioc, out);
    add_attempts(row, *ioc, out);
  }
  return out;
}

void Explainer::add_sources(const Row& row, Explanation& out) const {
  out.named = sources(row, facts_, files_.conf);
  const Ioc* ioc = brain_.find(row.tid);
  if (ioc == nullptr) return;
  if (ioc->configured && row.line == nullptr) out.once.emplace_back("a controller= line");
  for (const auto& [dc, origin] : ioc->sources)
    if (std::ranges::none_of(row.dcs, [&dc = dc](const StafDc* now) { return now->tid == dc; }))
      out.once.push_back("the page of " + dc.to_string());
}

void Explainer::add_rules(const Row& row, const Ioc* ioc, Explanation& out) const {
  const StacdConfig& config = *facts_.config;
  tell_rules(out, config, row.tid, row.rule, row.named(), !row.waits(), row.line == nullptr, files_);
  if (const std::string advice = tls_advice(row.entry, row.line != nullptr, options_of(config, row));
      row.standing == Standing::wanted && !advice.empty())
    out.rules.push_back({kEntry, tls_demand(*row.entry), advice});
  if (ioc != nullptr && !ioc->device && brain_.given_up(*ioc, row))
    out.rules.push_back({files_.conf + kIocs,
                         "connect-attempts-on-ncc=" + std::to_string(config.connect_attempts_on_ncc),
                         "ends the attempts, as the central discovery controller reports no connectivity (NCC)"});
  if (row.keeper != Keeper::none)
    out.rules.push_back({files_.conf + kIocs,
                         row.keeper == Keeper::guard
                             ? "disconnect-guard=hold"
                             : "max-disconnects-per-minute=" + std::to_string(config.max_disconnects_per_minute),
                         "keeps the connection for now; `stacctl release " + row.tid.subsysnqn() + "` lets go"});
  const bool goes = row.standing == Standing::leaving || row.standing == Standing::refused;
  if (!row.owner.empty()) out.rules.push_back({kRegistry, "owner=" + row.owner, "keeps the connection from being cut"});
  if (ioc == nullptr || !ioc->live || !row.owner.empty() || !(row.standing == Standing::foreign || (goes && !row.cut)))
    return;
  out.rules.push_back({files_.conf + kIocs, "disconnect-scope=" + std::string(to_text(config.disconnect_scope)),
                       goes ? "leaves the connection" : "lets it be looked at"});
}

void Explainer::add_options(const Row& row, Explanation& out) const {
  const std::string dc = row.dcs.empty() ? std::string() : "connection of " + row.dcs.back()->tid.to_string();
  tell_options(out, *facts_.config, {}, *facts_.host, row.tid, row.line, row.match, kEntry, dc, files_);
}

void Explainer::add_connection(const Row& row, const Ioc& ioc, Explanation& out) const {
  const DeviceRef* ref = brain_.device_of(ioc);
  const Device* device = ref == nullptr ? nullptr : brain_.devices().find(*ref);
  if (ref != nullptr) out.device = ref->name;
  out.state = path_state(device);
  if (device != nullptr && !device->owner.empty()) out.details.emplace_back("owner", device->owner);
  if (ioc.device) out.bound = now_ - ioc.bound_at;
  if (ioc.alias_of) out.shared = ioc.alias_of->to_string();
  if (ioc.op == Ioc::Op::connect) out.doing = "being connected";
  if (ioc.op == Ioc::Op::disconnect) out.doing = "being disconnected";
  if (row.standing != Standing::leaving && row.standing != Standing::refused) return;
  if (row.not_before != kNever) out.until = row.not_before;
  if (ioc.device) out.then = row.cut ? "it is disconnected" : "the connection stays, and stacd forgets it";
}

void Explainer::add_attempts(const Row& row, const Ioc& ioc, Explanation& out) const {
  out.attempts = ioc.attempts;
  out.last_error = ioc.last_error;
  if (!ioc.last_error.empty()) out.failed = now_ - ioc.failed_at;
  const bool may = row.standing == Standing::wanted || row.standing == Standing::held;
  if (!may || ioc.device || ioc.alias_of || ioc.op != Ioc::Op::none) return;
  if (!brain_.devices().complete())
    out.no_attempt = "the devices of this host are not known yet";
  else if (brain_.given_up(ioc, row))
    out.no_attempt = "the central discovery controller reports no connectivity (NCC)";
  else
    out.next = std::max(Duration::zero(), ioc.next_connect - now_);
}

Explanation Explainer::of(const Device& device) const {
  const StacdConfig& config = *facts_.config;
  Explanation out;
  out.verdict = to_text(Standing::foreign);
  out.device = device.ref.name;
  out.state = path_state(&device);
  out.tid = tid_of(device, brain_.devices().interfaces(), config.ignore_iface);
  if (is_settled(device) && is_kind(device, ControllerKind::discovery)) {
    if (device.traddr.empty()) out.tid.reset();  // its address is not looked at
    out.why = "a discovery controller, for stafd";
    return out;
  }
  if (!out.tid) {
    const bool fabric = device.transport.empty() || parse_transport(device.transport);
    out.why = fabric ? "it does not show yet what it is" : "not a fabric: " + device.transport;
    return out;
  }
  out.why = "not ours: no source names it, and stacd did not connect it";
  if (!device.owner.empty()) {
    out.why = "it belongs to " + device.owner + ", and no source names it";
    out.details.emplace_back("owner", device.owner);
  }
  for (const ControllerRule* rule : all_matches(config.excludes, *out.tid))
    out.rules.push_back(
        {place(files_.conf, rule->line), "exclude=" + stas::to_text(*rule), "would keep stacd from connecting it"});
  if (!device.owner.empty())
    return out.rules.push_back({kRegistry, "owner=" + device.owner, "keeps the connection from being cut"}), out;
  out.rules.push_back(
      {files_.conf + kIocs, "disconnect-scope=" + std::string(to_text(config.disconnect_scope)), "leaves it alone"});
  return out;
}

}  // namespace stas
