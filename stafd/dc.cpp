// SPDX-License-Identifier: Apache-2.0
#include "stafd/dc.h"

#include <algorithm>

namespace stas {

std::string_view to_text(Origin origin) {
  switch (origin) {
    case Origin::configured:
      return "configured";
    case Origin::referral:
      return "referral";
    case Origin::discovered:
      return "discovered";
  }
  return "";
}

std::optional<Origin> parse_origin(std::string_view text) {
  for (const auto origin : {Origin::configured, Origin::referral, Origin::discovered})
    if (text == to_text(origin)) return origin;
  return std::nullopt;
}

Dc::Dc(Tid id, const FinderTiming& timing)
    : tid(std::move(id)),
      connect_backoff(timing.connect, tid.hash()),
      register_backoff(timing.register_retry, tid.hash() ^ 1U),
      page_backoff(timing.page_retry, tid.hash() ^ 2U),
      timing_(timing) {}

void Dc::bind(const Device& found, Instant now) {
  device = found.ref;
  bound_at = now;
  alias_of.reset();
  attempts = 0;
  connect_backoff.reset();
  next_connect = Instant{};
  failure_told = false;
  lost_since = kNever;
  supported.reset();
  reconnected();
  live = false;
  refresh(found);
}

void Dc::refresh(const Device& seen) {
  if (!seen.dctype.empty()) dctype = seen.dctype;
  const bool was_live = live;
  live = seen.state.empty() || seen.state == "live";
  if (live && !was_live) reconnected();  // also when that event got lost
}

void Dc::reconnected() {
  live = true;
  // The target may have restarted: its counter means nothing any more, nor does an answer that is on its way.
  page_read_here = page_op_current = false;
  resync();
}

void Dc::resync() {
  registered = false;
  refusal_told = false;
  next_register = Instant{};
  register_backoff.reset();
  page_stale = true;
  next_page = Instant{};
  page_backoff.reset();
}

void Dc::unbind(Instant now, Duration delay) {
  device.reset();
  live = false;
  next_connect = now + delay;
  attempts = 0;
  next_poll = kNever;
  supported.reset();
  page_read_here = false;
}

Dc::Op Dc::next(Instant now, bool pleo) const {
  if (op != Op::none || !device || !live) return Op::none;
  if (wants_registration() && now >= next_register) return Op::register_;
  if (wants_supported(pleo)) return Op::supported;
  if (page_stale && now >= next_page) return Op::page;
  if (now >= next_poll) return Op::page;
  return Op::none;
}

Instant Dc::deadline(bool pleo) const {
  if (op != Op::none || !device || !live) return kNever;
  Instant first = next_poll;
  if (wants_registration()) first = std::min(first, next_register);
  if (wants_supported(pleo)) first = Instant{};
  if (page_stale) first = std::min(first, next_page);
  return first;
}

}  // namespace stas
