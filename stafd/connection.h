// SPDX-License-Identifier: Apache-2.0
//
// One connection to a discovery controller: the device, and what was learned over it. It knows nothing of names beyond
// their ids. No web of call-backs: whatever happened, next() looks at the facts again and says what the one next
// operation is. What arrives while an operation is in flight only marks its answer old (regressions 26).
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "libstas/core/base/backoff.h"
#include "libstas/core/brain/event.h"
#include "libstas/core/discovery/log_page.h"
#include "stafd/dc.h"
#include "stafd/name_table.h"

namespace stas {

// A page as it is believed: what was read, and what was read before and may not be given up yet.
struct Page {
  bool known = false;
  std::uint64_t genctr = 0;
  Entries entries;
  unsigned skipped = 0;  // unusable entries beside them
  Instant at = kNever;   // it was last read, or found unchanged
};

class Connection {
 public:
  using Op = Dc::Op;

  Connection(const Device& found, const Tid& tid, const FinderTiming& timing, Instant now);

  DeviceRef device;
  std::set<NameId> names;    // that mean it, in the order they were learned
  std::set<NameId> guessed;  // of them: it may leave another way than they say; it shows when it is live
  Transport transport;
  Instant bound_at;
  Instant live_since;  // connected, or reconnected by the kernel
  std::string dctype;
  bool dctype_untold = false;  // by the kernel; the first registration asks for it
  bool live = true;
  bool ours = false;     // made by this process, not adopted
  bool polling = false;  // ... only to read the page of one that is parked
  bool parking = false;  // it is cut to park it

  // The log page.
  enum class Reading : std::uint8_t {
    unread,  // not read since the connection was (re)made: the generation counter means nothing
    stale,   // read, and something happened since
    young,   // read, but it lost most of what was known just before: read again before that is believed
    current,
  };
  Reading reading = Reading::unread;
  Page page;  // what is believed; it may come from before this connection
  bool fresh() const { return reading != Reading::unread; }
  // A newer page than this is on its way, as far as can be told: reading it has not failed.
  bool reads_anew() const {
    return live && (reading == Reading::unread || reading == Reading::stale) && page_failures() == 0;
  }

  // Events.
  void refresh(const Device& seen, Instant now);     // its attributes
  void reconnected(Instant now);                     // it was interrupted and is back
  void missed_events(Instant now);                   // so it may have been
  void resync();                                     // something may have been missed: all a fresh connection does
  void aen(Instant now);                             // the log page changed
  void know_before(const Page& before);              // what a name of it showed, unless something is known already
  void know_better(const Page& shown, Instant now);  // ... in the place of what is known: to be read anew
  void expect(const Entries& listed);  // another name of the same controller listed that; judges a young page

  // It has this host in its registry, as far as is known.
  bool knows_us() const { return known_there_ && live && refusal.empty(); }

  // The next operation (never connect, disconnect or deregister), none if there is nothing to do now; and when that may
  // change without a new fact.
  Op next(Instant now, bool pleo) const;
  Instant deadline(bool pleo) const;

  // The operation in flight.
  Op op = Op::none;
  OpId op_id = 0;
  void begin(Op what, OpId id, Instant now);
  // What to ask for with FetchLogPage.
  bool with_pleo(bool pleo) const { return pleo && supported_ && supported_->pleos; }
  const std::optional<std::uint64_t>& trusted_genctr() const { return trusted_genctr_; }

  // Answers. `what` was in flight.
  void end(Op what) { op = what == op ? Op::none : op; }
  void registered(bool ok, Instant now);
  void told_dctype(const std::string& type);  // by the answer to a registration
  void deregistered() { known_there_ = false; }
  void supported(std::optional<SupportedDlp> answer);
  // `for_good`: the controller said that trying again is of no use (DNR).
  void page_failed(bool for_good, Instant now);
  // What a page that was read means.
  struct News {
    bool first = false;           // of this connection
    bool unchanged = false;       // nothing was read but the generation counter
    std::size_t kept = 0;         // entries that were not read, and are kept all the same
    bool young = false;           // ... because the page is young ...
    bool begins = false;          // ... for the first time since the connection is back
    bool skipped_before = false;  // as many unusable entries as before
  };
  News take(const LogPage& read, Instant now);

  // Of a rhythm of its own for each controller, so that what many do does not fall together.
  Duration jittered(Duration time) const;

  unsigned page_failures() const { return page_backoff_.failures(); }

  // Its end.
  Backoff disconnect_backoff;
  Instant next_disconnect{};

  // The journal.
  std::string refusal;  // of the latest registration, in words; "" when it was not refused
  bool refusal_told = false, page_failure_told = false, register_failure_told = false;
  void tell_again() { refusal_told = page_failure_told = register_failure_told = false; }
  Instant aen_told = Instant{};
  unsigned aens_untold = 0;

 private:
  bool wants_registration() const {
    return register_due_ && transport == Transport::tcp && (dctype == "ddc" || dctype == "cdc" || dctype_untold);
  }
  bool wants_supported(bool pleo) const { return pleo && dctype != "cdc" && ask_supported_; }
  bool wants_page() const { return reading != Reading::current; }
  std::vector<Dlpe> believed(const LogPage& read, Instant now, News& news);

  FinderTiming timing_;
  std::uint64_t seed_;
  unsigned interruptions_ = 0;  // so far
  Instant op_begun_{};
  unsigned op_interruptions_ = 0;  // when the operation in flight was ordered
  bool op_outdated_ = false;       // something happened since

  bool register_due_ = true;
  bool known_there_ = false;
  Backoff register_backoff_;
  Instant next_register_{};

  bool ask_supported_ = true;
  std::optional<SupportedDlp> supported_;

  Backoff page_backoff_;
  Instant next_page_{};
  Instant next_poll_ = kNever;
  unsigned polls_ = 0;  // safety polls since the last read for a reason
  std::optional<std::uint64_t> trusted_genctr_;
  bool compare_ = false;  // a page was known when it was (re)connected
  Instant young_since_ = kNever;
  Entries young_base_;    // what was known before the young page, or is expected of the first
  bool for_aen_ = false;  // the reading that is due is for an AEN
  Instant last_aen_read_ = Instant{};
  Duration aen_gap_{};
  Instant next_aen_read_{};
};

}  // namespace stas
