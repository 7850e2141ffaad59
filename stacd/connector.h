// SPDX-License-Identifier: Apache-2.0
//
// The brain of stacd: which I/O controllers should be connected, and what is to be done about it now. Pure, like the
// Finder: handle() records facts, advance() compares wanted with actual and gives orders, deadline() says when to call
// again.
//
// Rules kept here (decisions.md, laws 1 to 5 and 8):
// - nothing is connected before the first device scan; an existing matching connection is adopted, never duplicated;
// - additions act at once; a connection is cut only on positive evidence (evidence()), after a soak, re-checked at its
//   end, inside disconnect-scope, never while an operation runs;
// - what stafd does not say (absent, restarting, failing, page not read yet) removes nothing;
// - two of our controllers never work on one device.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "libstas/core/brain/action.h"
#include "libstas/core/brain/device_book.h"
#include "libstas/core/brain/event.h"
#include "libstas/core/brain/last_known.h"
#include "libstas/core/brain/name_book.h"
#include "stacd/ioc.h"

namespace stas {

inline constexpr std::size_t kMaxIocs = 65536;  // tracked at once; more are ignored with one message

class Connector {
 public:
  explicit Connector(ConnectorTiming timing = {}) : timing_(timing) {}

  // What was saved before a restart; call once, before the first event.
  void restore(KnownStacd known);
  KnownStacd last_known() const;

  void handle(const Event& event, Instant now);
  Actions advance(Instant now);
  Instant deadline() const { return deadline_; }

  // For the bus: in the order the controllers were learned. Valid until the next handle() or advance().
  const std::list<Ioc>& controllers() const { return iocs_; }
  const Ioc* find(const Tid& tid) const;
  const DeviceBook& devices() const { return devices_; }
  const StacdConfig* config() const { return config_.get(); }
  Instant soak_deadline() const;
  // After Stop: nothing is in flight.
  bool stopped() const;

 private:
  struct Candidate {
    bool configured = false;
    bool tracked = false;                  // it has an Ioc already
    std::vector<const StafDc*> sources;    // into staf_
    const Dlpe* dlpe = nullptr;            // into staf_
    const ControllerLine* line = nullptr;  // into config_
  };
  struct Candidates {
    std::unordered_map<Tid, Candidate> by_tid;
    std::vector<std::pair<const Tid, Candidate>*> in_order;  // into by_tid
  };
  // What one discovery controller lists and may be used. Tids are made once per page, not in every pass.
  struct Listing {
    bool made = false;
    std::vector<std::pair<Tid, std::size_t>> usable;  // with the index of the entry
  };

  bool connected_to(const std::string& address) const;
  void on(const OpDone& done, Instant now);
  void on(const DeviceSeen& seen, Instant now);
  void on(const DeviceGone& gone, Instant now);
  void on(const DevicesScanned& scanned, Instant now);
  void on(const InterfacesSeen& event, Instant now);
  void on(const Resolved& event, Instant now);
  void on(const StacdConfigured& event, Instant now);
  void on(const StafAppeared& event, Instant now);
  void on(const StafVanished& event, Instant now);
  void on(const StafChanged& event, Instant now);
  void on(const StafPages& event, Instant now);
  void on(const Stop& event, Instant now);
  template <class T>
  void on(const T&, Instant) {}  // facts that concern stafd, or say nothing about IOCs

  // wanted.cpp: from sources to wanted, and the evidence against.
  void reconcile(Instant now);
  void add_configured(Candidates& all);
  void add_listed(Candidates& all);
  bool may_use(const Tid& tid);
  static Candidate& add(Candidates& all, const Tid& tid);
  void make(Listing& listing, const StafDc& dc);
  void update(Ioc& ioc, const Candidate& candidate, Instant now);
  void reconsider(Ioc& ioc, Instant now);
  void want(Ioc& ioc);
  void take_restored(Instant now);
  void audit(Instant now);
  enum class Verdict : std::uint8_t { gone, hold };
  struct Evidence {
    Verdict verdict = Verdict::hold;
    Reason reason = Reason::none;  // with gone
    std::string because;           // with hold: what is missing
    Instant not_before{};          // with gone: the soak cannot end earlier
  };
  Evidence evidence(const Ioc& ioc) const;
  Evidence source_evidence(const Tid& dc, const std::string& origin) const;
  const StafDc* first_unknown_page() const;
  bool names_unresolved() const;
  bool may_disconnect(const Ioc& ioc, Reason reason) const;

  // orders.cpp
  void step(Ioc& ioc, Instant now);
  bool step_unwanted(Ioc& ioc, Instant now);
  void step_unbound(Ioc& ioc, Instant now);
  bool adopt(Ioc& ioc, Instant now);
  void order_connect(Ioc& ioc, Instant now);
  void order_disconnect(Ioc& ioc, Instant now);
  bool hand_over(Ioc& ioc, Instant now);
  void erase(Ioc& ioc);

  void tell_link(const Device& device);
  void lost_devices(const std::vector<DeviceRef>& refs, Instant now, bool from_scan);
  void lose(Ioc& ioc, Instant now);
  void bind(Ioc& ioc, const DeviceRef& ref, Instant now);
  void unbind(Ioc& ioc, Instant now, Duration delay);
  Ioc& track(const Tid& tid);
  Ioc* owner_of(const DeviceRef& ref);
  void report(Level level, const Ioc& ioc, std::string text, Reason reason = Reason::none);
  void report_plain(Level level, std::string text);

  ConnectorTiming timing_;
  std::shared_ptr<const StacdConfig> config_;
  std::shared_ptr<const HostIdentity> host_;
  DeviceBook devices_;
  NameBook names_;
  std::list<Ioc> iocs_;
  std::unordered_map<Tid, std::list<Ioc>::iterator> by_tid_;
  std::unordered_map<OpId, Ioc*> by_op_;
  std::unordered_set<Tid> connecting_;               // paths with a connect in flight
  std::unordered_map<std::string, Ioc*> by_device_;  // by device name
  std::vector<KnownIoc> restored_;                   // until the first scan says which of them still exist

  // --- stafd ---
  bool staf_present_ = false;
  Instant staf_since_ = kNever;    // the present instance was first seen
  std::vector<StafDc> staf_;       // its latest complete answer; an older instance's until it has answered
  std::vector<Listing> listings_;  // one for each of staf_
  std::map<Tid, const StafDc*> staf_by_tid_;
  bool staf_current_ = false;    // the present instance answered
  std::set<Tid> staf_ended_;     // discovery controllers that stafd says were deliberately removed
  std::set<Tid> listed_before_;  // discovery controllers the present instance has listed
  bool fetch_stale_ = false;
  bool fetching_ = false;
  bool fetch_failure_told_ = false;
  Instant next_fetch_{};

  std::set<std::string> told_;
  OpId next_op_ = 1;
  bool dirty_ = false;  // sources changed: reconcile
  bool audit_ = false;  // devices or wanted controllers changed: look for unwanted connections
  bool save_ = false;
  bool stopping_ = false;
  Instant started_{};  // first configuration
  Actions out_;
  Instant deadline_{};
};

}  // namespace stas
