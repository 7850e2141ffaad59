// SPDX-License-Identifier: Apache-2.0
//
// One name of a discovery controller: its TID, the sources that want it, the verdict on it, its attempts to connect,
// and what it shows. A name is not a connection (connection.h): several names can mean one, and show the same device
// and page then; a name without a connection goes on showing the page it knew last.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libstas/core/base/backoff.h"
#include "libstas/core/base/result.h"
#include "libstas/core/base/text_dict.h"
#include "libstas/core/brain/action.h"
#include "libstas/core/discovery/entries.h"
#include "libstas/core/identity/tid.h"

namespace stas {

// The label of a name: its strongest source, in the order of precedence. other: a source that this version does not
// know, taken over from the saved state.
enum class Origin : std::uint8_t { configured, referral, discovered, other };
std::string_view to_text(Origin origin);  // "" for other

// Durations of stafd (compatibility contract, appendix A), in one place so that tests can shorten them.
struct FinderTiming {
  Duration soak = std::chrono::milliseconds(1500);  // quiet time before a controller is removed
  // A quarter: what ten thousand hosts began together spreads over all of the time within two rounds (tests/fleet).
  BackoffPolicy connect{std::chrono::seconds(3), std::chrono::seconds(60), 0.25};
  BackoffPolicy register_retry{std::chrono::seconds(5), std::chrono::seconds(60), 0.25};
  BackoffPolicy page_retry{std::chrono::seconds(1), std::chrono::seconds(60), 0.25};
  Duration page_refused = std::chrono::seconds(20);  // ... not sooner when the controller says that it is of no use
  Duration poll = std::chrono::minutes(5);           // safety poll of the generation counter (regressions 43)
  double poll_jitter = 0.25;                         // share of it that differs between controllers
  Duration parked = std::chrono::minutes(15);        // between two readings of one that is parked, with that jitter
  Duration mdns_grace = std::chrono::seconds(5);     // after a start, until mDNS must have answered
  Duration forward = std::chrono::seconds(1);        // at most one restart of nvme-cli's unit per controller and time
  Duration settle = std::chrono::seconds(5);  // a device bound this recently may be missing in a scan begun before
  Duration steady = std::chrono::minutes(1);  // up this long, with its page read: a loss begins with the short delay
  Duration young = std::chrono::minutes(1);   // after a reconnect a page that lost most of its entries is doubted ...
  Duration young_hold = std::chrono::seconds(30);  // ... this long ...
  Duration young_read = std::chrono::seconds(5);   // ... and read again so often
  Duration handover = std::chrono::minutes(1);     // make before break: the old one waits no longer for the new one
  Duration name_hold = std::chrono::minutes(10);   // what a host name that does not resolve may mean is kept this long
  Duration early =
      std::chrono::minutes(1);  // what mDNS announces may not listen yet: no error before it failed so long
  Duration aen_gap_first = std::chrono::milliseconds(200);  // between two readings for AENs, doubled up to ...
  Duration aen_gap_last = std::chrono::seconds(1);          // ... this; lines in the journal about them as well
};

// How an operation kind went so far; shown on D-Bus as "... operation".
struct OpTrack {
  bool created = false;
  bool completed = false;
  unsigned failures = 0;
  void begin() {
    created = true;
    completed = false;
  }
  void end(bool ok) {
    completed = ok;
    failures = ok ? 0 : failures + 1;
  }
};

// What mDNS says, or said.
struct Announcement {
  enum class State : std::uint8_t { never, present, silent };
  State state = State::never;
  Instant lost_since = kNever;  // silent or unconfirmed, and not connected, since then
  bool present() const { return state == State::present; }
  explicit operator bool() const { return state != State::never; }  // announced, or kept because it was
};

// What names a controller now, or is believed to (a hold).
struct Sources {
  bool configured = false;
  int line = 0;            // of its controller= line in stafd.conf; 0 = not known any more
  bool announced = false;  // by mDNS, which may be silent about it now
  std::set<Tid> parents;   // the discovery controllers whose page refers to it
  std::string other;       // a source that this version does not know
};

// What is to become of a name, and of one that is none yet: its controller= line has a host name without an address.
inline constexpr std::string_view kWaitingForAddress = "waiting";
enum class DcStanding : std::uint8_t {
  wanted,   // a source names it
  held,     // none does for sure, but one may: `waits_for` says which information is missing
  leaving,  // positive evidence against it: `reason`
  refused,  // a source names it, and it must not be: `reason`, `line`
};

std::string_view to_text(DcStanding standing);

struct Verdict {
  DcStanding standing = DcStanding::wanted;
  Reason reason = Reason::none;
  std::string waits_for;   // held
  Instant until = kNever;  // held: at most until then
  Instant not_before{};    // leaving, refused: it is not removed earlier
  int line = 0;            // refused: of the exclude= rule in stafd.conf
  bool connects = true;    // false: kept for what it shows, another one is connected in its place
  bool stays() const { return standing == DcStanding::wanted || standing == DcStanding::held; }
};

struct Dc {
  enum class Op : std::uint8_t { none, connect, disconnect, register_, deregister, supported, page };

  Dc(Tid id, const FinderTiming& timing, Instant now)
      : tid(std::move(id)), created(now), connect_backoff(timing.connect, tid.hash()) {}

  Tid tid;
  Instant created;

  // Why it exists.
  Origin origin = Origin::configured;
  Sources sources;
  Announcement announced;
  Verdict verdict;
  Instant lost_at = kNever;  // when it lost the last source that counts
  std::string held_for;      // the latest hold, and since when it lasted; it begins anew only after something names it
  Instant held_at = kNever;
  bool system_identity = false;  // its host NQN is, or was, the system's, not one of its own
  std::string host_name;         // of its controller= line, when that has no address
  ConnectOptions options;
  std::optional<std::string> host_id;  // that its line sets
  TextDict cfg;                        // what its controller= line sets, for D-Bus

  // What it shows.
  std::optional<DeviceRef> device;
  bool works = false;       // ... which is not being reconnected
  bool parked = false;      // it takes no connection for good (stafd/parking): connected again only to be read
  bool page_known = false;  // entries are a complete page, maybe from before a restart
  bool page_fresh = false;  // ... read over the present connection, or over the last one before it was parked
  bool page_read = false;   // ... or over one before it, since this process has started
  bool had_connection = false;
  std::uint64_t genctr = 0;
  Entries entries;
  unsigned skipped = 0;      // unusable entries beside them
  Instant page_at = kNever;  // it was last read, or found unchanged; kNever: before the restart
  OpTrack connect_track, register_track, supported_track, page_track;

  // Its attempts to connect.
  unsigned attempts = 0;
  Backoff connect_backoff;
  Instant last_attempt{};
  Instant next_connect{};          // not before
  Instant failing_since = kNever;  // the first failure since it had a connection
  bool failure_told = false;
  std::string tls_advice;  // to what failed since then, from the entry that refers to it; "" if there is none
  std::string last_error;  // of any operation, until a connection is made or a page read; "" without one
  Instant failed_at{};
  std::uint64_t looked = 0;  // DeviceBook::version() when no device was found for it

  // The operation in flight that goes under this name. One at a time.
  Op op = Op::none;

  bool connected() const { return device.has_value(); }
  // It was there the last time that somebody looked.
  bool reachable() const { return connected() || parked; }
  bool restored() const { return created == Instant{}; }  // from before a restart
  bool serves() const { return page_fresh && (works || parked); }
  // What the page does not list, the controller has said not to have. One from before a restart may be older than what
  // others were told of it: it counts for what it lists only.
  bool page_is_evidence() const { return page_read && (!entries.empty() || page_track.failures == 0); }
  void failed(const Error& error, Instant now) {
    last_error = error.text;
    failed_at = now;
  }
  std::string origin_text() const { return origin == Origin::other ? sources.other : std::string(to_text(origin)); }
};

}  // namespace stas
