// SPDX-License-Identifier: Apache-2.0
//
// The brain of stafd: which discovery controllers should exist, and what is to be done about it now. Pure: facts come
// in by handle(), orders go out by advance(), deadline() says when to call again; time is an argument. All orders
// follow from comparing wanted with actual, never from the kind of the last event.
//
// Rules kept here (decisions.md, laws 1 to 5 and 8):
// - nothing is connected before the first device scan; an existing matching connection is adopted, never duplicated;
// - a controller is removed only on positive evidence, after a soak, re-checked at its end: see removal_reason();
// - one operation per controller; two of our controllers never work on one device (alias).
#pragma once

#include <cstdint>
#include <list>
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
#include "stafd/dc.h"

namespace stas {

inline constexpr std::size_t kMaxDcs = 4096;      // tracked at once; more are ignored with one message
inline constexpr std::size_t kMaxEnded = 1024;    // deliberately removed controllers that are remembered
inline constexpr unsigned kFullReadEvery = 4;     // safety polls: one of so many reads the entries as well
inline constexpr unsigned kMaxReferralDepth = 8;  // a chain of referrals longer than this is cut

class Finder {
 public:
  explicit Finder(FinderTiming timing = {}) : timing_(timing) {}

  // What was saved before a restart; call once, before the first event.
  void restore(const KnownStafd& known);
  KnownStafd last_known() const;

  void handle(const Event& event, Instant now);
  Actions advance(Instant now);
  Instant deadline() const { return deadline_; }

  // For the bus: in the order the controllers were learned. Valid until the next handle() or advance().
  const std::list<Dc>& controllers() const { return dcs_; }
  // A name of a controller= line that never resolved: wanted, but not a Dc yet.
  const std::vector<Tid>& unresolved() const { return unresolved_; }
  const Dc* find(const Tid& tid) const;
  // Controllers that were deliberately removed and did not come back, oldest first: evidence for stacd, which may have
  // been away at that time.
  const std::vector<Tid>& ended() const { return ended_; }
  const DeviceBook& devices() const { return devices_; }
  const MdnsChanged& mdns() const { return mdns_; }
  const StafdConfig* config() const { return config_.get(); }
  const FinderTiming& timing() const { return timing_; }
  // Time at which an unwanted controller will be removed, kNever if none is.
  Instant soak_deadline() const;
  // When a lost mDNS controller will be given up; kNever if it is not lost or kept for ever.
  Instant lost_deadline(const Dc& dc) const;
  // After Stop: nothing is in flight and nothing left to disconnect.
  bool stopped() const;

 private:
  struct Candidate {
    Origin origin = Origin::configured;
    ConnectOptions options;
    std::set<Tid> parents;
    bool reported = false;
    unsigned depth = 0;
    const ControllerLine* line = nullptr;  // into config_
  };
  using Candidates = std::map<Tid, Candidate>;

  // A discovery controller that somebody else made and we have no use for.
  struct Foreign {
    bool news = false;     // its log page changed, or may have
    Instant not_before{};  // for the next forward: bounds their rate, whatever the controller sends
  };

  bool connected_to(const std::string& address) const;
  void on(const OpDone& done, Instant now);
  void on(const DeviceSeen& seen, Instant now);
  void on(const DeviceGone& gone, Instant now);
  void on(const DevicesScanned& scanned, Instant now);
  void on(const DeviceReconnected& event, Instant now);
  void on(const AenReceived& event, Instant now);
  void on(const InterfacesSeen& event, Instant now);
  void on(const Resolved& event, Instant now);
  void on(const MdnsChanged& event, Instant now);
  void on(const StafdConfigured& event, Instant now);
  void on(const Stop& event, Instant now);
  template <class T>
  void on(const T&, Instant) {}  // facts that concern stacd

  void on_connected(Dc& dc, const Connected& result, Instant now);
  void on_page(Dc& dc, const LogPage& page, Instant now);
  void on_failure(Dc& dc, Dc::Op op, const Error& error, Instant now);

  // reconcile.cpp: from sources to wanted.
  void reconcile(Instant now);
  Candidates candidates(Instant now);
  void add_configured(Candidates& all);
  void add_mdns(Candidates& all, Instant now);
  void add_referrals(Candidates& all);
  void add(Candidates& all, Tid tid, Candidate candidate);
  void add_referrals_of(Candidates& all, const Dc& parent, unsigned depth);
  Reason removal_reason(const Dc& dc, Instant now) const;
  void note_unwanted(Dc& dc, Reason reason, Instant now);

  void step(Dc& dc, Instant now);
  bool step_unwanted(Dc& dc, Instant now);
  bool adopt(Dc& dc, Instant now);
  void step_unbound(Dc& dc, Instant now);
  void order(Dc& dc, Dc::Op op, Instant now);
  void remove(Dc& dc, Instant now);
  void note_ended(const Tid& tid);
  bool hand_over(Dc& dc, Instant now);
  void track_lost(Dc& dc, Instant now);
  void note_foreign(const DeviceRef& ref);
  void step_foreign(Instant now);
  void tell_link(const Device& device);
  void lost_devices(const std::vector<DeviceRef>& refs, Instant now, bool from_scan);
  Dc* owner_of(const DeviceRef& ref);
  Dc* connecting_to_same_address(const Dc& dc);
  HostIdentity host_for(const Tid& tid) const;
  void report(Level level, const Dc& dc, std::string text, Reason reason = Reason::none);
  void report_plain(Level level, std::string text);

  FinderTiming timing_;
  std::shared_ptr<const StafdConfig> config_;
  std::shared_ptr<const HostIdentity> host_;
  DeviceBook devices_;
  NameBook names_;
  MdnsChanged mdns_;
  std::list<Dc> dcs_;
  std::unordered_map<Tid, Dc*> by_tid_;
  std::unordered_map<OpId, Dc*> by_op_;
  std::map<DeviceRef, Foreign> foreign_;
  std::vector<Tid> unresolved_;
  std::vector<Tid> ended_;
  std::set<std::string> told_;  // surprises reported once (bounded)
  OpId next_op_ = 1;
  bool dirty_ = false;    // sources changed: reconcile
  bool save_ = false;     // last known configuration changed
  bool removed_ = false;  // a controller was removed: signal dc_removed
  bool stopping_ = false;
  Instant started_{};  // first configuration
  Actions out_;
  Instant deadline_{};
};

}  // namespace stas
