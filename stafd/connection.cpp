// SPDX-License-Identifier: Apache-2.0
#include "stafd/connection.h"

#include <algorithm>
#include <tuple>

namespace stas {

namespace {

constexpr unsigned kFullReadEvery = 4;                    // safety polls: one of so many reads the entries as well
constexpr Duration kAenQuiet = std::chrono::seconds(10);  // after which the gap between readings begins anew

// Two entries that lead to the same place are the same one, whatever else they say.
auto identity_of(const Dlpe& e) { return std::tie(e.subtype, e.trtype, e.traddr, e.trsvcid, e.subnqn); }

// What of `before` is not in `now`.
std::vector<const Dlpe*> missing(const Entries& before, const std::vector<Dlpe>& now) {
  std::set<decltype(identity_of(std::declval<const Dlpe&>()))> places;
  for (const auto& entry : now) places.insert(identity_of(entry));
  std::vector<const Dlpe*> lost;
  for (const auto& entry : before)
    if (!places.contains(identity_of(entry))) lost.push_back(&entry);
  return lost;
}

// Could one of the entries that could not be used have been this one?
bool may_be_skipped(const Dlpe& entry, const std::vector<std::string>& skipped_nqns) {
  const auto names = [&](const std::string& nqn) {
    return std::binary_search(skipped_nqns.begin(), skipped_nqns.end(), nqn);
  };
  return names({}) || names(entry.subnqn);
}

}  // namespace

Connection::Connection(const Device& found, const Tid& tid, const FinderTiming& timing, Instant now)
    : device(found.ref),
      transport(tid.transport()),
      bound_at(now),
      live_since(now),
      disconnect_backoff(timing.connect, tid.hash() ^ 3U),
      timing_(timing),
      seed_(tid.hash()),
      register_backoff_(timing.register_retry, tid.hash() ^ 1U),
      page_backoff_(timing.page_retry, tid.hash() ^ 2U) {
  live = found.state.empty() || found.state == "live";
  dctype = found.dctype;
  dctype_untold = found.dctype_untold;
}

void Connection::refresh(const Device& seen, Instant now) {
  if (!seen.dctype.empty()) dctype = seen.dctype;
  const bool was_live = live;
  live = seen.state.empty() || seen.state == "live";
  if (live && !was_live) reconnected(now);  // also when that event got lost
}

void Connection::reconnected(Instant now) {
  tell_again();
  missed_events(now);
}

void Connection::missed_events(Instant now) {
  live = true;
  live_since = now;
  ++interruptions_;
  // The target may have restarted: its counter means nothing any more, nor does an answer that is on its way.
  reading = Reading::unread;
  compare_ = page.known || !young_base_.empty();
  young_since_ = kNever;
  if (!supported_) ask_supported_ = true;
  resync();
}

void Connection::resync() {
  register_due_ = true;
  next_register_ = Instant{};
  register_backoff_.reset();
  op_outdated_ = true;
  if (reading == Reading::current) reading = Reading::stale;
  if (reading != Reading::young) next_page_ = Instant{};
  page_backoff_.reset();
}

void Connection::aen(Instant now) {
  op_outdated_ = true;
  for_aen_ = true;
  if (reading == Reading::current) reading = Reading::stale;
  next_page_ = std::max(now, next_aen_read_);
}

void Connection::know_before(const Page& before) {
  if (page.known || !before.known) return;
  page = before;
  compare_ = true;
}

void Connection::know_better(const Page& shown, Instant now) {
  const Page before = std::exchange(page, shown);
  // What entries that cannot be used may have meant is known to one of the two only.
  if (before.skipped > 0 || shown.skipped > 0) {
    std::vector<Dlpe> all(shown.entries.begin(), shown.entries.end());
    for (const Dlpe* entry : missing(before.entries, shown.entries)) all.push_back(*entry);
    page.entries = Entries(std::move(all));
  }
  compare_ = true;
  op_outdated_ = true;
  reading = Reading::unread;
  next_page_ = std::min(next_page_, now);
}

void Connection::expect(const Entries& listed) {
  if (page.known || listed.empty()) return;
  young_base_ = listed;
  compare_ = true;
}

Dc::Op Connection::next(Instant now, bool pleo) const {
  if (op != Op::none || !live) return Op::none;
  if (wants_registration() && now >= next_register_) return Op::register_;
  if (wants_supported(pleo)) return Op::supported;
  if (wants_page() && now >= next_page_) return Op::page;
  return now >= next_poll_ ? Op::page : Op::none;
}

Instant Connection::deadline(bool pleo) const {
  if (op != Op::none || !live) return kNever;
  Instant first = next_poll_;
  if (wants_registration()) first = std::min(first, next_register_);
  if (wants_supported(pleo)) first = Instant{};
  if (wants_page()) first = std::min(first, next_page_);
  return first;
}

Duration Connection::jittered(Duration time) const {
  const double share = static_cast<double>(seed_ % 1000U) / 500.0 - 1.0;
  return time + std::chrono::duration_cast<Duration>(time * (share * timing_.poll_jitter));
}

void Connection::begin(Op what, OpId id, Instant now) {
  op = what;
  op_id = id;
  op_begun_ = now;
  op_interruptions_ = interruptions_;
  op_outdated_ = false;
  if (what == Op::register_) register_due_ = false;  // what is asked for from now on asks again
  if (what == Op::deregister) register_due_ = true;  // should it stay after all
  if (what == Op::supported) ask_supported_ = false;
  if (what != Op::page) return;
  // A safety poll trusts the generation counter, but not for ever: a target that restarted unnoticed may count again to
  // the number we know.
  const bool poll = reading == Reading::current;
  polls_ = poll ? polls_ + 1 : 0;
  trusted_genctr_ = poll && polls_ % kFullReadEvery != 0 ? std::optional(page.genctr) : std::nullopt;
  next_poll_ = now + jittered(timing_.poll);
  if (!std::exchange(for_aen_, false)) return;
  const bool storm = last_aen_read_ != Instant{} && now - last_aen_read_ < kAenQuiet && aen_gap_ != Duration::zero();
  aen_gap_ = storm ? std::min(2 * aen_gap_, timing_.aen_gap_last) : timing_.aen_gap_first;
  last_aen_read_ = now;
  next_aen_read_ = now + aen_gap_;
}

void Connection::registered(bool ok, Instant now) {
  if (ok) {
    known_there_ = true;
    register_failure_told = false;
    return;
  }
  register_due_ = true;
  next_register_ = now + register_backoff_.fail();
}

void Connection::told_dctype(const std::string& type) {
  if (type.empty()) return;
  dctype = type;
  dctype_untold = false;
  known_there_ = known_there_ && type != "none";
}

// No answer: the link broke before it came. The log page is read all the same (regressions 3), and the question asked
// again when the connection is back.
void Connection::supported(std::optional<SupportedDlp> answer) { supported_ = answer; }

void Connection::page_failed(bool for_good, Instant now) {
  if (reading == Reading::current) reading = Reading::stale;
  const Duration delay = std::max(page_backoff_.fail(), for_good ? timing_.page_refused : Duration::zero());
  next_page_ = std::max(now + delay, reading == Reading::young ? next_page_ : Instant{});
}

// Law 2: what was known stays as long as the page just read cannot speak against it.
std::vector<Dlpe> Connection::believed(const LogPage& read, Instant now, News& news) {
  std::vector<Dlpe> entries = read.entries;
  const bool held = young_since_ != kNever;
  const bool may_be_young = compare_ && (held || op_begun_ - live_since < timing_.young);
  if (!may_be_young && read.skipped_nqns.empty()) return entries;
  const Entries before = held || !page.known ? young_base_ : page.entries;
  const auto lost = missing(before, read.entries);
  // What a page says of its own discovery controller is there from the start.
  const auto own = [](const Dlpe& entry) { return entry.subtype == kDlpSubtypeDiscovery; };
  const auto gone = std::count_if(lost.begin(), lost.end(), [&](const Dlpe* entry) { return !own(*entry); });
  const auto listed = std::count_if(before.begin(), before.end(), [&](const Dlpe& entry) { return !own(entry); });
  const bool most = gone > 0 && 2 * gone > listed;
  const bool over = held && now - young_since_ >= timing_.young_hold;
  news.young = may_be_young && most && !over;
  if (!news.young) {
    young_since_ = kNever;
    compare_ = compare_ && !over;
  } else if (!held) {
    young_since_ = now;
    young_base_ = before;
    news.begins = true;
  }
  for (const Dlpe* entry : lost) {
    if (!news.young && !may_be_skipped(*entry, read.skipped_nqns)) continue;
    entries.push_back(*entry);
    ++news.kept;
  }
  // New since the page is doubted.
  if (held && !read.skipped_nqns.empty())
    for (const Dlpe* entry : missing(page.entries, entries)) {
      if (!may_be_skipped(*entry, read.skipped_nqns)) continue;
      entries.push_back(*entry);
      ++news.kept;
    }
  return entries;
}

Connection::News Connection::take(const LogPage& read, Instant now) {
  News news;
  page_backoff_.reset();
  page_failure_told = false;
  page.at = now;
  next_poll_ = now + jittered(timing_.poll);
  news.unchanged = read.unchanged;
  const bool interrupted = op_interruptions_ != interruptions_;
  if (!read.unchanged) {
    news.first = reading == Reading::unread;
    page.entries = believed(read, now, news);
    page.genctr = read.genctr;
    page.known = true;
    news.skipped_before = page.skipped == read.skipped;
    page.skipped = read.skipped;
    if (!news.young) {
      young_base_ = Entries();
      young_since_ = kNever;
    }
  }
  if (interrupted) {
    young_since_ = kNever;
    news.begins = false;
    return news;  // still unread
  }
  const bool young = read.unchanged ? reading == Reading::young : news.young;
  reading = op_outdated_ ? Reading::stale : young ? Reading::young : Reading::current;
  if (op_outdated_)
    next_page_ = for_aen_ ? std::max(now, next_aen_read_) : now;
  else if (young)
    next_page_ = std::min(now + timing_.young_read, young_since_ + timing_.young_hold);
  return news;
}

}  // namespace stas
