// SPDX-License-Identifier: Apache-2.0
//
// One discovery controller as stafd sees it: facts, and the answer to "what is the one next operation?". No web of
// callbacks: whatever happened, next() looks at the facts again. One operation is in flight at a time; facts that
// arrive meanwhile only mark things stale (a page stays stale when an AEN comes during a fetch, regressions 26).
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "libstas/core/base/backoff.h"
#include "libstas/core/base/text_dict.h"
#include "libstas/core/brain/action.h"
#include "libstas/core/brain/event.h"
#include "libstas/core/discovery/log_page.h"
#include "libstas/core/identity/tid.h"

namespace stas {

enum class Origin : std::uint8_t { configured, referral, discovered };  // the order is the precedence of the label
std::string_view to_text(Origin origin);
std::optional<Origin> parse_origin(std::string_view text);

// Durations stafd hard-codes (compatibility contract, appendix A), in one place so that tests can shorten them.
struct FinderTiming {
  Duration soak = std::chrono::milliseconds(1500);  // quiet time before a controller is removed
  BackoffPolicy connect{std::chrono::seconds(3), std::chrono::seconds(60), 0.1};
  BackoffPolicy register_retry{std::chrono::seconds(5), std::chrono::seconds(60), 0.1};
  BackoffPolicy page_retry{std::chrono::seconds(20), std::chrono::seconds(60), 0.1};
  Duration poll = std::chrono::minutes(5);        // safety poll of the generation counter (regressions 43)
  Duration mdns_grace = std::chrono::seconds(5);  // after a start, until mDNS must have answered
  Duration forward = std::chrono::seconds(1);     // at most one restart of nvme-cli's unit per controller and time
  Duration settle = std::chrono::seconds(5);      // a device bound this recently may be missing in a scan begun before
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

class Dc {
 public:
  enum class Op : std::uint8_t { none, connect, disconnect, register_, supported, page };

  Dc(Tid id, const FinderTiming& timing);

  const Tid tid;

  // --- why it exists ---
  Origin origin = Origin::configured;
  bool wanted = true;
  Reason unwanted_reason = Reason::none;
  Instant unwanted_since = kNever;
  std::set<Tid> parents;        // discovery controllers whose page refers to it
  bool reported = false;        // mDNS announces it now
  bool announced = false;       // mDNS announces it, or did, and it is kept for that
  Instant lost_since = kNever;  // discovered only: neither reported nor connected since
  ConnectOptions options;
  TextDict cfg;  // what its controller= line sets, for D-Bus

  // --- the connection ---
  std::optional<DeviceRef> device;
  Instant bound_at{};
  std::string dctype;
  bool live = false;            // the device's state, as far as known
  std::optional<Tid> alias_of;  // another controller of ours has the device that this Tid means
  unsigned attempts = 0;
  Backoff connect_backoff;
  Instant last_attempt{};
  Instant next_connect{};  // not before
  bool failure_told = false;

  // --- what was learned over it ---
  bool registered = false;
  Backoff register_backoff;
  Instant next_register{};
  bool refusal_told = false;
  std::optional<SupportedDlp> supported;  // asked for once per connection
  bool page_stale = true;
  bool page_known = false;       // entries are a complete page, maybe from before a restart
  bool page_read_here = false;   // read over the present connection: genctr is comparable
  bool page_op_current = false;  // the read in flight was ordered after the latest interruption
  std::uint64_t genctr = 0;
  std::vector<Dlpe> entries;
  unsigned skipped = 0;  // unusable entries of the page beside them
  unsigned polls = 0;    // safety polls since the last read for a reason
  Backoff page_backoff;
  Instant next_page{};  // retry of a failed read
  Instant next_poll = kNever;

  // --- the operation in flight ---
  Op op = Op::none;
  OpId op_id = 0;
  OpTrack connect_track, register_track, supported_track, page_track;

  // The device is ours from now on (connected or adopted).
  void bind(const Device& found, Instant now);
  // The device is gone; knowledge of the connection is forgotten, the cached page is not.
  void unbind(Instant now, Duration delay);
  void refresh(const Device& seen);
  // Something may have been missed: do everything a fresh connection does.
  void resync();
  // The connection was interrupted and is back.
  void reconnected();

  bool connected() const { return device.has_value(); }
  // The next operation on the bound device (never connect or disconnect), none if there is nothing to do now.
  Op next(Instant now, bool pleo) const;
  // When next() may answer something else without a new fact.
  Instant deadline(bool pleo) const;

 private:
  bool wants_registration() const {
    return !registered && tid.transport() == Transport::tcp && (dctype == "ddc" || dctype == "cdc");
  }
  bool wants_supported(bool pleo) const { return pleo && dctype != "cdc" && !supported; }
  const FinderTiming& timing_;
};

}  // namespace stas
