// SPDX-License-Identifier: Apache-2.0
#include "stacd/desired.h"

#include <algorithm>
#include <utility>

#include "libstas/core/brain/boot.h"
#include "libstas/core/brain/configured.h"
#include "libstas/core/brain/earlier_hosts.h"
#include "libstas/core/config/filter.h"
#include "libstas/core/discovery/dlpe_text.h"
#include "stacd/evidence.h"
#include "stacd/guard.h"

namespace stas {

namespace {

Reason reason_of(Usability why) {
  switch (why) {
    case Usability::usable:
      return Reason::none;
    case Usability::excluded:
      return Reason::excluded;
    case Usability::family_disabled:
      return Reason::family_disabled;
    case Usability::invalid_address:
    case Usability::invalid_nqn:
      return Reason::unusable;
    case Usability::not_included:
      return Reason::not_included;
    case Usability::host_excluded:
      return Reason::host_excluded;
  }
  return Reason::none;
}

// Said by the administrator about these controllers.
bool is_ruled_out(Reason reason) { return reason == Reason::excluded || reason == Reason::not_included; }

// disconnect-scope and disconnect-trtypes (compatibility contract 6.4). An exclude= or include= line of the
// administrator ends a connection of ours whatever they say, as the manual has it.
bool may_cut(const StacdConfig& config, const Tid& tid, bool foreign, Reason reason) {
  if (!foreign && is_ruled_out(reason)) return true;
  switch (config.disconnect_scope) {
    case DisconnectScope::only_stas_connections:
      return !foreign;
    case DisconnectScope::all_connections_matching_disconnect_trtypes:
      return config.disconnect_trtypes.contains(tid.transport());
    case DisconnectScope::no_disconnect:
      return false;
  }
  return false;
}

class Table {
 public:
  Table(const Facts& facts, const EvidenceTiming& timing, Instant now)
      : facts_(facts), timing_(timing), now_(now), hosts_(facts.host->nqn, facts.host_nqns) {}

  Desired build() {
    out_.rows.reserve(facts_.known.size() + facts_.config->controllers.size());
    out_.of_known.reserve(facts_.known.size());
    out_.by_tid.reserve(facts_.known.size() + facts_.config->controllers.size());
    remember_hosts();
    add_lines();
    add_pages();
    known_.resize(out_.rows.size(), nullptr);
    for (const Known* known : facts_.known) add_known(*known);
    for (std::size_t i = 0; i < out_.rows.size(); ++i) judge(out_.rows[i], known_[i]);
    for (std::size_t i = 0; i < out_.rows.size(); ++i)
      if (known_[i] != nullptr) await_replacement(out_.rows[i], *known_[i]);
    guard(out_, known_, facts_, timing_, now_);
    for (std::size_t i = 0; i < out_.rows.size(); ++i) {
      const Row& row = out_.rows[i];
      if (row.standing == Standing::held) out_.next = std::min(out_.next, row.until);
      if (row.standing == Standing::wanted && known_[i] == nullptr) out_.fresh.push_back(i);
    }
    return std::move(out_);
  }

 private:
  // A connection keeps the host NQN it was made with for as long as it exists: one that went out under the system's
  // identity is still what a source without a host NQN of its own means after that identity changed.
  void remember_hosts() {
    for (const Known* known : facts_.known) {
      if (known->foreign || !known->system_host) continue;
      out_.by_connection |= known->tid.host_nqn() != facts_.host->nqn;  // its connect may still be in flight
      // stafd may know a host NQN that stacd has not read yet: a mere name says nothing of what the system was called.
      if (known->live) hosts_.know(known->tid.host_nqn());
    }
    if (!hosts_.changed()) return;
    for (const Known* known : facts_.known) {
      if (known->foreign || !known->system_host) continue;
      out_.by_connection = true;  // as above
      if (known->live) hosts_.add(known->tid, known->works, known->seen);
    }
  }

  const Tid& present_name(const Tid& tid) const {
    const Tid* connection = hosts_.changed() ? hosts_.connection_of(tid) : nullptr;
    return connection == nullptr || *connection == tid ? tid : *connection;
  }

  Row& row(const Tid& tid) {
    const auto [it, fresh] = out_.by_tid.try_emplace(tid, out_.rows.size());
    if (fresh) out_.rows.emplace_back(tid);
    return out_.rows[it->second];
  }

  // Asked about what a line may mean: its answer decides which of them it is.
  bool is_connected(const Tid& tid) {
    if (!std::exchange(connected_known_, true))
      for (const Known* known : facts_.known)
        if (known->live && !known->foreign) connected_.insert(known->tid);
    out_.alternatives.insert(tid);
    return connected_.contains(tid);
  }

  void refuse(Row& row, Usability why) {
    row.standing = Standing::refused;
    row.reason = reason_of(why);
    if (why == Usability::excluded) row.rule = first_match(facts_.config->excludes, row.tid);
    row.not_included = why == Usability::not_included;
    const HostExclusion* entry =
        why == Usability::host_excluded ? first_match(facts_.config->host_excludes, row.tid) : nullptr;
    if (entry != nullptr) row.because = entry->place() + " says not to connect it";
    const IncludeDoubt* doubt = row.not_included ? include_doubt_about(*facts_.config, row.tid) : nullptr;
    if (doubt != nullptr) row.because = "an include= line that cannot be used may let it in: " + doubt->to_string();
  }

  void add_lines() {
    for (const ControllerLine& line : facts_.config->controllers) {
      auto target = target_of(line, *facts_.config, *facts_.host, facts_.names);
      prefer_connected(target, line, *facts_.config, facts_.names,
                       [&](const Tid& tid) { return is_connected(line.host_nqn ? tid : present_name(tid)); });
      const Tid tid(std::move(target.fields));
      Row& added = row(line.host_nqn ? tid : present_name(tid));
      added.boot |= line.is_boot();
      if (line.is_boot()) boot_lines_.push_back(&line);
      if (line.is_boot() && added.line != nullptr) continue;
      added.line = &line;
      if (target.excluded != nullptr) {
        added.standing = Standing::refused;
        added.reason = Reason::excluded;
        added.rule = target.excluded;
      } else if (!target.resolved) {
        added.standing = Standing::refused;
        added.reason = Reason::unusable;
        added.because = "its host name has no address yet";
      } else if (const auto why = usability(*facts_.config, added.tid); why != Usability::usable) {
        refuse(added, why);
      }
    }
  }

  void add_pages() {
    for (std::size_t i = 0; i < facts_.staf.size(); ++i) {
      const StafDc& dc = facts_.staf.dc(i);
      for (const auto& listed : facts_.staf.listing(i).usable) {
        out_.by_connection |= listed.tid.host_nqn() != facts_.host->nqn;  // connected as such, it renames others
        Row& added = row(present_name(listed.tid));
        // A rule against the host name of a line says nothing about the same address in a page.
        if (added.standing == Standing::refused) {
          const bool boot = added.boot;
          const Tid same = added.tid;
          added = Row(same);
          added.boot = boot;
        }
        name(added, dc, listed.entry);
        added.match = listed.match;
      }
      for (const auto& refused : facts_.staf.listing(i).refused) {
        Row& added = row(refused.tid);
        name(added, dc, refused.entry);
        // include= is not about what a controller= line names.
        if (refused.why != Usability::not_included || added.line == nullptr) refuse(added, refused.why);
      }
    }
  }

  static void name(Row& row, const StafDc& dc, const Dlpe* entry) {
    if (row.dcs.empty() || row.dcs.back() != &dc) row.dcs.push_back(&dc);
    // Where one page says that the subsystem is connected and another one that it is not, somebody reaches it.
    if (row.entry == nullptr || !entry->ncc() || row.entry->ncc()) row.entry = entry;
  }

  void add_known(const Known& known) {
    Row& added = row(known.tid);
    known_.resize(out_.rows.size(), nullptr);
    out_.of_known.push_back(static_cast<std::size_t>(&added - out_.rows.data()));
    known_[out_.of_known.back()] = &known;
    const Device* device = known.device ? facts_.devices.find(*known.device) : nullptr;
    if (device != nullptr) added.owner = device->owner;
    added.boot |= std::ranges::any_of(boot_lines_, [&](const auto* line) { return leads_to(*line, added.tid); });
    if (added.named()) return;
    // What a line named, or who knows who, is no discovered one.
    const bool discovered = !known.foreign && !known.configured && !known.sources.empty();
    const auto why =
        discovered ? usability_of_discovered(*facts_.config, added.tid) : usability(*facts_.config, added.tid);
    // The host-wide list is about connecting what is named.
    if (why != Usability::usable && why != Usability::host_excluded) refuse(added, why);
  }

  void judge(Row& row, const Known* known) {
    if (row.standing == Standing::refused) return judge_refused(row, known);
    if (row.named()) {
      row.reason = row.line != nullptr ? Reason::configured : Reason::listed;
    } else if (!known->live && (&present_name(row.tid) != &row.tid || is_superseded(*known))) {
      // What meant it means a connection made under an earlier identity, or another address.
      row.standing = Standing::leaving;
      row.not_before = now_;
    } else if (known->foreign) {
      judge_unnamed(row, *known, foreign_evidence(facts_, timing_, row.tid, unnamed_since(*known), now_));
    } else if (const StafDc* dc = lister_for_other_host(*known); dc != nullptr) {
      // The host has another NQN now. What exists stays as it was made, until somebody ends it.
      row.standing = Standing::held;
      row.because = dc->tid.to_string() + " lists it for another host NQN";
    } else {
      judge_unnamed(row, *known, evidence(facts_, timing_, *known, unnamed_since(*known), now_));
    }
  }

  // Its line has a host name, which stands for another address now (or for the same under an earlier identity).
  bool is_superseded(const Known& known) const {
    if (known.host_name.empty() || !known.sources.empty()) return false;
    return std::ranges::any_of(out_.rows, [&](const Row& row) {
      if (row.line == nullptr || row.line->traddr != known.host_name || row.standing == Standing::refused) return false;
      // The row may go on under the name of a connection that exists; the line says what it would be called.
      TidFields same = target_of(*row.line, *facts_.config, *facts_.host, facts_.names).fields;
      same.traddr = known.tid.traddr();
      if (!row.line->host_nqn) same.host_nqn = known.tid.host_nqn();
      return Tid(std::move(same)) == known.tid;
    });
  }

  // Its discovery controller is listed for another host NQN than it was, and lists it for that one.
  const StafDc* lister_for_other_host(const Known& known) const {
    if (!known.live) return nullptr;
    for (const auto& [source, origin] : known.sources) {
      if (facts_.staf.find(source) || facts_.staf.ended(source)) continue;
      const StafDc* dc = facts_.staf.for_other_host(source);
      if (dc == nullptr) continue;
      TidFields fields = known.tid.fields();
      fields.host_nqn = dc->tid.host_nqn();
      const Row* same = out_.find(Tid(std::move(fields)));
      if (same != nullptr && std::ranges::find(same->dcs, dc) != same->dcs.end()) return dc;
    }
    return nullptr;
  }

  // What this version cannot use may still be connected, made by another version or another program: that is no
  // evidence against it (law 2). Whatever else refuses it ends it.
  void judge_refused(Row& row, const Known* known) {
    if (known == nullptr) return;
    if (auto boot = boot_evidence(facts_, row.tid); known->foreign && !boot.gone) {
      row.standing = Standing::foreign;
      row.because = std::move(boot.because);
      return;
    }
    if (row.reason == Reason::unusable && known->live) {
      row.standing = known->foreign ? Standing::foreign : Standing::held;
      row.because = "its address or NQN cannot be used for a new connection";
      return;
    }
    if (row.reason == Reason::host_excluded) {
      out_.by_connection = true;  // refused as soon as it is lost, and its connect may be in flight
      if (known->live) {
        row.standing = known->foreign ? Standing::foreign : Standing::held;
        row.because += "; what is connected stays";
        return;
      }
    }
    if (row.not_included && hold_discovered(row, *known)) return;
    // What is not ours is looked at like all that is unwanted, unless an exclude= line names it. No page on its way
    // says more of what one names.
    if (known->foreign && row.reason != Reason::excluded) {
      const Instant since = row.named() ? Instant{} : unnamed_since(*known);
      return judge_unnamed(row, *known, foreign_evidence(facts_, timing_, row.tid, since, now_));
    }
    leave(row, *known, Instant{});
    if (known->foreign && !row.cut) row.standing = Standing::foreign;
  }

  // No include= line lets it in, but one that cannot be read may, or its controller= line is in doubt.
  bool hold_discovered(Row& row, const Known& known) {
    if (row.because.empty() && known.configured) row.because = line_evidence(facts_, row.tid).because;
    if (row.because.empty()) return false;
    out_.by_connection |= !known.live;  // its connect may be in flight
    if (!known.live) return false;
    row.standing = known.foreign ? Standing::foreign : Standing::held;
    return true;
  }

  void judge_unnamed(Row& row, const Known& known, Finding finding) {
    if (finding.gone) {
      row.standing = Standing::leaving;
      row.reason = finding.reason;
      leave(row, known, finding.not_before);
      return check_again(row, known);
    }
    row.standing = known.foreign ? Standing::foreign : Standing::held;
    row.because = std::move(finding.because);
    row.until = finding.until;
    row.passing = finding.passing && facts_.staf.current();
    out_.ask_staf |= finding.ask_staf;
    if (!finding.ask_staf) out_.next = std::min(out_.next, finding.ask_at);
  }

  // Law 3: what is cut after a soak is looked at again at its end, with what stafd knows by then. So is what is to be
  // cut once more, since it could not be, and what could not before it was known that nothing uses it.
  void check_again(Row& row, const Known& known) {
    const bool free = known.usage.asked != kNever && known.usage.by.empty();
    const Instant due = std::max({row.not_before, known.next_cut, free ? known.usage.asked : Instant{}});
    if (!row.cut || !known.live || !facts_.staf.current() || facts_.staf.asked() >= due) return;
    if (now_ < due) {
      out_.next = std::min(out_.next, due);
      return;
    }
    if (now_ >= due + timing_.patience) return;
    row.standing = Standing::held;
    row.because = "stafd has not answered";
    row.until = due + timing_.patience;
    row.passing = true;
    out_.ask_staf = true;
  }

  // The registry of nvme-cli says whose connections are; what is somebody else's is nobody's to cut.
  void leave(Row& row, const Known& known, Instant not_before) {
    const Instant since = known.leaving_since == kNever ? now_ : known.leaving_since;
    row.not_before = std::max(since + timing_.soak, not_before);
    row.cut = !row.boot && row.owner.empty() && may_cut(*facts_.config, row.tid, known.foreign, row.reason);
    // Its connect may be in flight; what comes of it is looked at like all that is cut.
    if (row.cut && !known.live) out_.alternatives.insert(row.tid);
  }

  Instant unnamed_since(const Known& known) const { return known.unnamed_since == kNever ? now_ : known.unnamed_since; }

  // Make before break (law 3): what a source names since this one is no longer named, and what is no connection yet. It
  // gets its time also where a hold has kept this one until now.
  void await_replacement(Row& row, const Known& known) {
    if (row.standing != Standing::leaving) return;
    const Instant since = unnamed_since(known);
    if (now_ < since + timing_.patience)
      out_.by_connection = true;  // it may be about to get its connection, and what replaces it may be lost again
    if (!known.live) return;
    if (!fresh_made_) collect_fresh();
    const auto [first, last] = fresh_.equal_range(row.tid.subsysnqn());
    for (auto it = first; it != last; ++it) {
      const Known* other = known_[it->second];
      const Row& heir = out_.rows[it->second];
      if (heir.tid.transport() != row.tid.transport()) continue;
      const Instant named = other == nullptr || other->named_since == kNever ? now_ : other->named_since;
      const Instant until = std::max(since, named) + timing_.patience;
      if ((other != nullptr && other->blocked) || named + timing_.patience < since || now_ >= until) continue;
      out_.by_connection = true;
      row.standing = Standing::held;
      row.because = "until " + heir.tid.to_string() + " is connected, which takes its place";
      row.until = until;
      return;
    }
  }

  void collect_fresh() {
    fresh_made_ = true;
    for (std::size_t i = 0; i < out_.rows.size(); ++i) {
      const Row& row = out_.rows[i];
      if (row.standing != Standing::wanted || !row.named()) continue;
      if (known_[i] == nullptr || !known_[i]->works) fresh_.emplace(row.tid.subsysnqn(), i);
    }
  }

  const Facts& facts_;
  const EvidenceTiming& timing_;
  const Instant now_;
  Desired out_;
  std::vector<const Known*> known_;  // one for each row; nullptr: not tracked yet
  EarlierHosts hosts_;
  std::unordered_set<Tid> connected_;  // filled when somebody asks
  bool connected_known_ = false;
  std::vector<const ControllerLine*> boot_lines_;
  bool fresh_made_ = false;
  std::unordered_multimap<std::string, std::size_t> fresh_;  // wanted and not connected, by subsystem NQN
};

}  // namespace

ConnectOptions options_of(const StacdConfig& config, const Row& row) {
  if (row.line != nullptr) return merged(config.connect, row.line->options);
  return row.match != nullptr ? merged(config.connect, row.match->options) : config.connect;
}

std::string tls_advice(const Dlpe* entry, bool line, const ConnectOptions& options) {
  if (entry == nullptr) return {};
  return tls_hint(*entry, options,
                  line ? "its controller= line" : "a [Match] section with `nqn=" + entry->subnqn + "`");
}

Desired desired(const Facts& facts, const EvidenceTiming& timing, Instant now) {
  return Table(facts, timing, now).build();
}

}  // namespace stas
