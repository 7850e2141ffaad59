// SPDX-License-Identifier: Apache-2.0
#include "stafd/explanation.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "libstas/core/brain/view.h"
#include "libstas/core/config/option_value.h"
#include "libstas/core/discovery/dlpe_text.h"
#include "stafd/origin.h"

namespace stas {

namespace {

std::optional<Duration> since(Instant instant, Instant now) {
  return instant == kNever ? std::nullopt : std::optional<Duration>(now - instant);
}

// Since when its verdict is what it is; kNever for a name that is known from before the restart.
Instant begin_of(const Dc& dc) {
  if (dc.verdict.standing == DcStanding::held) return dc.held_at;
  if (dc.verdict.standing != DcStanding::wanted) return dc.lost_at;
  return dc.restored() ? kNever : dc.created;
}

std::string ago(Duration time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s ago";
}

}  // namespace

Explanation DcExplainer::of(const Dc& dc) const {
  Explanation out;
  const Verdict& verdict = dc.verdict;
  out.tid = dc.tid;
  out.verdict = to_text(verdict.standing);
  out.why = verdict.waits_for.empty() ? std::string(stas::to_text(verdict.reason)) : verdict.waits_for;
  out.since = since(begin_of(dc), now_);
  if (verdict.standing == DcStanding::held) out.until = verdict.until;
  if (!verdict.stays()) {
    out.until = verdict.not_before;
    if (dc.connected()) out.then = "it is disconnected, if no other name means it";
  }
  const bool sure = verdict.standing == DcStanding::wanted || verdict.standing == DcStanding::refused;
  add_sources(dc.tid, dc.sources, sure, out);
  add_rules(dc.tid, verdict, !dc.sources.configured, out);
  if (verdict.standing == DcStanding::wanted) add_options(dc, out);
  add_connection(dc, out);
  add_attempts(dc, out);
  add_details(dc, out);
  return out;
}

Explanation DcExplainer::of(const Tid& tid, const Wish& refused) const {
  Explanation out;
  out.tid = tid;
  out.verdict = to_text(DcStanding::refused);
  out.why = stas::to_text(refused.verdict.reason);
  out.state = path_state(nullptr);
  add_sources(tid, refused.sources, true, out);
  add_rules(tid, refused.verdict, !refused.sources.configured, out);
  return out;
}

Explanation DcExplainer::of_unresolved(const Tid& tid) const {
  Explanation out;
  out.tid = tid;
  out.verdict = kWaitingForAddress;
  out.why = "its host name has no address yet";
  out.state = path_state(nullptr);
  for (const ControllerLine& line : config_.controllers)
    if (line.traddr == tid.traddr()) out.named.push_back(place(files_.conf, line.line));
  return out;
}

// `sure`: they do name it; else they did, and may again.
void DcExplainer::add_sources(const Tid& tid, const Sources& sources, bool sure, Explanation& out) const {
  (sure ? out.named : out.once) = named_by(brain_, tid, sources, sure, files_.conf);
}

void DcExplainer::add_rules(const Tid& tid, const Verdict& verdict, bool discovered, Explanation& out) const {
  const auto rule = std::ranges::find(config_.excludes, verdict.line, &ControllerRule::line);
  const bool by_rule = verdict.reason == Reason::excluded && rule != config_.excludes.end();
  const bool named = verdict.standing == DcStanding::wanted || verdict.standing == DcStanding::refused;
  tell_rules(out, config_, tid, by_rule ? &*rule : nullptr, named, tid.ip() || !is_ip_transport(tid.transport()),
             discovered, files_);
}

const ControllerLine* DcExplainer::line_at(int line) const {
  const auto found = std::ranges::find(config_.controllers, line, &ControllerLine::line);
  return line == 0 || found == config_.controllers.end() ? nullptr : &*found;
}

void DcExplainer::add_options(const Dc& dc, Explanation& out) const {
  ConnectOptions defaults;
  defaults.kato = kDefaultDiscoveryKato;
  const bool referred = !dc.sources.parents.empty();
  const std::string source = referred ? "connection of " + dc.sources.parents.begin()->to_string() : "mDNS";
  const ControllerLine* line = line_at(dc.sources.line);
  if (const std::string advice = referral_tls_advice(brain_, dc); !advice.empty())
    out.rules.push_back({"log page entry", tls_demand(*referral_to(brain_, dc)), advice});
  tell_options(out, config_, defaults, *brain_.host(), dc.tid, line, nullptr, referred ? "log page entry" : "mDNS",
               source, files_);
  if (line != nullptr || !referred) return;
  // The keys of whoever referred to it.
  for (const char* name : {"dhchap-secret", "dhchap-ctrl-secret"}) {
    if (!says(dc.options, name)) continue;
    std::erase_if(out.options, [&](const auto& option) { return option.name == name; });
    out.options.push_back({name, dc.options.missing.contains(name) ? "cannot be had" : "set", source});
  }
}

void DcExplainer::add_connection(const Dc& dc, Explanation& out) const {
  const Device* device = dc.device ? brain_.devices().find(*dc.device) : nullptr;
  if (dc.device) out.device = dc.device->name;
  out.state = brain_.state_of(dc);
  if (dc.parked) out.details.emplace_back("parked", "it takes no persistent connections (EPCSD=0 in its log page)");
  if (device != nullptr && !device->owner.empty()) {
    out.details.emplace_back("owner", device->owner);
    out.rules.push_back({"ownership registry", "owner=" + device->owner, "keeps the connection from being cut"});
    if (!out.then.empty()) out.then = "the connection stays, and stafd forgets it";
  }
  const Connection* connection = brain_.connection_of(dc);
  if (connection != nullptr) out.bound = now_ - connection->bound_at;
  if (dc.op == Dc::Op::connect) out.doing = "being connected";
  if (connection == nullptr) return;
  switch (connection->op) {
    case Dc::Op::disconnect:
      out.doing = "being disconnected";
      break;
    case Dc::Op::register_:
      out.doing = "being registered with";
      break;
    case Dc::Op::deregister:
      out.doing = "being deregistered from";
      break;
    case Dc::Op::supported:
    case Dc::Op::page:
      out.doing = "being read";
      break;
    case Dc::Op::none:
    case Dc::Op::connect:
      break;
  }
  for (const Dc& other : brain_.controllers())
    if (&other != &dc && other.device == dc.device)
      out.shared += (out.shared.empty() ? "" : "; ") + other.tid.to_string();
}

void DcExplainer::add_attempts(const Dc& dc, Explanation& out) const {
  out.attempts = dc.attempts;
  out.last_error = dc.last_error;
  if (!dc.last_error.empty()) out.failed = now_ - dc.failed_at;
  if (!dc.verdict.stays() || dc.device || dc.op != Dc::Op::none) return;
  if (!brain_.devices().complete())
    out.no_attempt = "the devices of this host are not known yet";
  else if (!dc.verdict.connects)
    out.no_attempt = dc.verdict.reason == Reason::host_excluded ? "the host-wide exclusion list names it"
                                                                : "another one is connected in its place";
  else
    out.next = std::max(Duration::zero(), dc.next_connect - now_);
}

void DcExplainer::add_details(const Dc& dc, Explanation& out) const {
  std::string page = "not read yet";
  if (dc.page_known) {
    page = std::to_string(dc.entries.size()) + (dc.entries.size() == 1 ? " entry" : " entries") + ", generation " +
           std::to_string(dc.genctr);
    page += dc.page_at == kNever ? ", from before the restart" : ", read or checked " + ago(now_ - dc.page_at);
    if (!dc.page_fresh) page += ", not over the present connection";
  }
  out.details.emplace_back("log page", std::move(page));
  if (const Connection* connection = brain_.connection_of(dc); connection != nullptr) {
    if (!connection->dctype.empty() && connection->dctype != "none")
      out.details.emplace_back("type", connection->dctype);
    if (connection->reading == Connection::Reading::young)
      out.details.emplace_back("doubt", "it lost most of its entries just after it came back; it is read again");
  }
  if (dc.register_track.created) out.details.emplace_back("registration", registration(dc));
  if (const auto chain = chain_of(dc); !chain.empty()) out.details.emplace_back("referral chain", chain);
  if (dc.announced && !dc.announced.present()) {
    std::string text = "silent";
    if (dc.announced.lost_since != kNever) text += ", and lost " + ago(now_ - dc.announced.lost_since);
    if (const auto end = brain_.lost_deadline(dc); end != kNever)
      text += "; given up in " + python_seconds(end - now_) + " s";
    out.details.emplace_back("mDNS", std::move(text));
  }
}

std::string DcExplainer::registration(const Dc& dc) const {
  const Connection* connection = brain_.connection_of(dc);
  if (connection != nullptr && !connection->refusal.empty()) return "refused: " + connection->refusal;
  if (connection != nullptr && connection->dctype == "none") return "not taken there";
  if (dc.register_track.completed) return "done";
  return dc.register_track.failures > 0 ? "failed" : "on its way";
}

// From the one that was not referred to; loops end.
std::string DcExplainer::chain_of(const Dc& dc) const {
  std::string text;
  const Dc* at = &dc;
  for (unsigned depth = 0; depth <= kMaxReferralDepth && at != nullptr && !at->sources.parents.empty(); ++depth) {
    const Tid& parent = *at->sources.parents.begin();
    at = brain_.find(parent);
    text = parent.to_string() + (at == nullptr ? "" : " (" + at->origin_text() + ")") +
           (text.empty() ? "" : " -> " + text);
    if (at != nullptr && at->origin != Origin::referral) break;
  }
  return text;
}

Explanation DcExplainer::of(const Device& device) const {
  Explanation out;
  out.verdict = "foreign";
  out.device = device.ref.name;
  out.state = path_state(&device);
  out.tid = tid_of(device, brain_.devices().interfaces(), config_.ignore_iface);
  if (is_settled(device) && is_kind(device, ControllerKind::io)) {
    if (device.traddr.empty()) out.tid.reset();  // its address is not looked at
    out.why = "an I/O controller, for stacd";
  } else if (!out.tid) {
    const bool fabric = device.transport.empty() || parse_transport(device.transport);
    out.why = fabric ? "it does not show yet what it is" : "not a fabric: " + device.transport;
  } else {
    out.why = "not ours: no source names it, and stafd did not connect it";
    tell_rules(out, config_, *out.tid, nullptr, true, true, true, files_);
  }
  return out;
}

}  // namespace stas
