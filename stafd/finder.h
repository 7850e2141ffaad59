// SPDX-License-Identifier: Apache-2.0
//
// The brain of stafd: which discovery controllers should exist, and what is to be done about it now. Pure: facts come
// in by handle(), orders go out by advance(), deadline() says when to call again; time is an argument. All orders
// follow from comparing what is desired (desired.h) with what is, never from the kind of the last event. Copyable: a
// copy can be run ahead.
//
// Rules kept here (decisions.md, laws 1 to 5, 8 to 10):
// - nothing is connected before the first device scan; an existing matching connection is adopted, never duplicated;
// - a connection is cut when every name that means it leaves, on positive evidence, after a soak;
// - one operation per connection and per name.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "libstas/core/brain/action.h"
#include "libstas/core/brain/device_book.h"
#include "libstas/core/brain/event.h"
#include "libstas/core/brain/last_known.h"
#include "libstas/core/brain/name_book.h"
#include "stafd/connection.h"
#include "stafd/dc.h"
#include "stafd/desired.h"
#include "stafd/name_table.h"

namespace stas {

inline constexpr std::size_t kMaxDcs = 4096;        // tracked at once; more are ignored with one message
inline constexpr std::size_t kMaxAnnounced = 1024;  // of those, known by mDNS only; lost ones make room, and silent
                                                    // ones of a link that has more than its share
inline constexpr std::size_t kMaxReferred = 2048;   // of those, known by referrals only
inline constexpr std::size_t kMaxEnded = 1024;      // deliberately removed controllers that are remembered

class Finder {
 public:
  // An operation in flight, under the name it was ordered for. Its connection may be gone when it ends.
  struct InFlight {
    Dc::Op op = Dc::Op::none;
    NameId name = 0;
    DeviceRef device;
  };

  explicit Finder(FinderTiming timing = {}) : timing_(timing) {}

  // What was saved before a restart; call once, before the first event.
  void restore(const KnownStafd& known);
  KnownStafd last_known() const;

  void handle(Event event, Instant now);
  Actions advance(Instant now);
  Instant deadline() const { return deadline_; }

  // For the bus: in the order the controllers were learned. Valid until the next handle() or advance().
  const NameTable& controllers() const { return dcs_; }
  // What a source names and must not be: excluded, of a disabled family, unusable. As of the last advance().
  const std::map<Tid, Wish>& refused() const { return refused_; }
  // A name of a controller= line that never resolved: wanted, but not a Dc yet.
  const std::vector<Tid>& unresolved() const { return unresolved_; }
  const Dc* find(const Tid& tid) const { return dcs_.find(tid); }
  // Controllers that were deliberately removed and did not come back, oldest first: evidence for stacd, which may have
  // been away at that time.
  const std::vector<Tid>& ended() const { return ended_; }
  // The configuration was understood whole, its host names have addresses, the devices were scanned, and the saved
  // state was taken: a configured controller that is not listed is truly not configured. Never between a fact and
  // advance(), which then tells whoever asked in between (NotifySettled).
  bool is_settled() const;
  // A newer page than the one it shows is on its way.
  bool is_being_read(const Dc& dc) const;
  const DeviceBook& devices() const { return devices_; }
  const MdnsChanged& mdns() const { return mdns_; }
  const StafdConfig* config() const { return config_.get(); }
  const HostIdentity* host() const { return host_.get(); }
  // Its state as tools show it: path_state(), or "parked".
  std::string_view state_of(const Dc& dc) const;
  // What a name shows; nullptr without one.
  const Connection* connection_of(const Dc& dc) const;
  const FinderTiming& timing() const { return timing_; }
  // Time at which an unwanted controller will be removed, kNever if none is.
  Instant soak_deadline() const;
  // When a lost mDNS controller will be given up; kNever if it is not lost or kept for ever.
  Instant lost_deadline(const Dc& dc) const { return config_ ? stas::lost_deadline(dc, *config_) : kNever; }
  const std::map<OpId, InFlight>& in_flight() const { return in_flight_; }
  // After Stop: nothing is in flight and nothing left to disconnect.
  bool stopped() const;

 private:
  // A discovery controller that somebody else made and we have no use for.
  struct Foreign {
    std::string news;      // its log page changed, or may have: what it said; "" = nothing new
    Instant not_before{};  // for the next forward: bounds their rate, whatever the controller sends
  };

  // events.cpp: what each event changes.
  void on_configured(const StafdConfigured& event, Instant now);
  void on_exclusions(const HostExclusionsRead& event);
  void on_interfaces(const InterfacesSeen& event, Instant now);
  void on_resumed(Instant now);
  void on_hint(Instant now);
  void on_mdns(MdnsChanged event);
  void on_resolved(const Resolved& event, Instant now);
  void on_device_seen(const Device& device, Instant now);
  void on_scanned(DevicesScanned scanned, Instant now);
  void on_reconnected(const DeviceReconnected& event, Instant now);
  void on_aen(const AenReceived& event, Instant now);
  bool connected_to(const std::string& name, const std::string& address) const;
  void tell_link(const Device& device);
  void check_guesses(const Device& device, Instant now);
  void refresh(Connection& connection, const Device& device, Instant now);
  void note_state(const Connection& connection);
  void lost_devices(const std::vector<DeviceRef>& refs, Instant now, bool from_scan);
  void lose(const DeviceRef& ref, Instant now, bool meant);
  void note_foreign(const DeviceRef& ref, std::string news);
  void track_lost(Dc& dc, Instant now);
  Connection* connection_of(const DeviceRef& ref);
  Connection* connection_of(const Dc& dc) { return dc.device ? connection_of(*dc.device) : nullptr; }

  // results.cpp: answers to operations.
  void on_op_done(OpDone done, Instant now);
  void on_connect_done(NameId id, const OpResult& result, Instant now);
  void on_connect_failed(Dc& dc, const Error& error, Instant now);
  void on_elsewhere(Dc& dc, const AnsweredElsewhere& elsewhere, Instant now);
  void address_failed(const std::string& failed, Instant now);
  Result<void> check_room(const Connection& connection, const LogPage& read) const;
  void on_page(Connection& connection, const LogPage& read, Instant now);
  void on_failure(Connection* connection, const InFlight& flight, const Error& error, Instant now);
  bool shows_same(const Connection& connection);
  static bool shows_newer(const Dc& dc, const Page& page);
  void show_page(NameId id, const Connection& connection, bool first);
  OpTrack* track(Dc& dc, Dc::Op op);

  // reconcile.cpp: from what is desired to the names.
  void reconcile(Instant now);
  void judge(Dc& dc, const DesiredDcs& desired, Instant now);
  void settle_wish(Dc& dc, const Wish& wish, Instant now);
  void leave(Dc& dc, const Wish* refusal, Instant now);
  void learn(const DesiredDcs& desired, Instant now);
  struct Room;
  bool make_room(Room& room, Origin origin, const Tid& newcomer);
  void rename(const DesiredDcs& desired, Instant now);
  void note_ended(const Tid& tid);

  // names.cpp: what is next for each name.
  void adopt_all(Instant now);
  void take_restored(Instant now);
  void leave_broken(Instant now);
  void adopt(NameId id, Dc& dc, Instant now);
  void take(NameId id, const Device& found, Instant now);
  Connection& start(Connection connection, Instant now);
  void join(NameId id, Dc& dc, Connection& connection, Instant now);
  Entries listed_there(const Dc& dc) const;
  void step_name(NameId id, Dc& dc, Instant now);
  // Where a connect goes to, for the table of those in flight.
  static std::string goes_to(const Tid& tid) { return stas::place_of(tid) + '|' + tid.host_nqn(); }
  bool connecting_to_same(NameId id, const Dc& dc);
  void remove(NameId id);
  void outdate_others(const Dc& gone);

  // connections.cpp: what is next for each connection.
  void step_connection(Connection& connection, Instant now);
  bool is_to_be_parked(const Connection& connection);
  void park(Connection& connection, Instant now);
  void hand_over(Connection& leaving, Instant now);
  bool all_due(const Connection& connection, Instant now);
  bool connect_may_answer_with(const DeviceRef& ref);
  void step_foreign(Instant now);

  // orders.cpp: a round of advance(), and its orders.
  void tell_settled();
  void wake(Instant at) { deadline_ = std::min(deadline_, at); }
  bool is_due(const Dc& dc, Instant now) const;
  OpId fly(Dc::Op op, NameId name, const DeviceRef& device);
  HostIdentity host_for(const Dc& dc) const;
  void order_connect(NameId id, Dc& dc, Instant now);
  std::string owner_of(const Connection& connection) const;
  void leave_alone(const Connection& connection, const std::string& why);
  bool is_perhaps_others(const Connection& connection) const;
  bool is_last_of_registry(const Connection& leaving) const;
  void order_disconnect(Connection& connection, Instant now, Reason reason);
  void order(Connection& connection, Dc::Op op, Instant now);

  void report(Level level, Topic topic, const Dc& dc, std::string text, Reason reason = Reason::none);
  void report(Level level, Topic topic, const Connection& connection, std::string text, Reason reason = Reason::none);
  void report_once(Level level, Topic topic, std::string text);

  FinderTiming timing_;
  std::shared_ptr<const StafdConfig> config_;
  std::shared_ptr<const HostIdentity> host_;
  std::shared_ptr<const HostExclusions> exclusions_;
  DeviceBook devices_;
  NameBook names_;
  MdnsChanged mdns_;
  NameTable dcs_;
  std::map<std::string, Connection> connections_;  // by device name
  std::map<OpId, InFlight> in_flight_;
  std::unordered_map<std::string, std::set<NameId>> connecting_;  // by the place they go to
  std::map<DeviceRef, Foreign> foreign_;
  std::map<Tid, std::string> had_devices_;  // before the restart, by name; until the first scan
  std::map<Tid, Wish> refused_;
  std::vector<Tid> unresolved_;
  bool names_awaited_ = false;  // their time is not over
  std::vector<Tid> ended_;
  std::set<std::string> told_;  // surprises reported once (bounded)
  OpId next_op_ = 1;
  bool restored_ = false;
  bool dirty_ = false;    // a fact of desire() changed
  bool save_ = false;     // last known configuration changed
  bool removed_ = false;  // a controller was removed: signal dc_removed
  bool settled_told_ = false;
  mutable bool settled_asked_early_ = false;  // between a fact and advance()
  bool full_ = false;                         // not everything that is configured fits
  bool stopping_ = false;
  Instant started_{};          // first configuration
  Instant configured_at_{};    // latest configuration
  Instant judge_at_ = kNever;  // when a verdict may change by itself
  Actions out_;
  Instant deadline_{};
};

}  // namespace stas
