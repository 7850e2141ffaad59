// SPDX-License-Identifier: Apache-2.0
//
// The brain of stacd: connects what should be connected and gives up what should not. Pure, like the Finder: handle()
// records facts, advance() compares the table of what should be (stacd/desired) with the devices and gives orders,
// deadline() says when to call again. Copyable: a copy can be run ahead on its own.
//
// Rules kept here (decisions.md, laws 1, 3, 4 and 8); what is wanted, and on what evidence not, is desired()'s:
// - nothing is connected before the first device scan; an existing matching connection is adopted, never duplicated;
// - additions act at once; a connection is cut after its soak, and never while an operation runs;
// - two of our controllers never work on one device.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "libstas/core/base/values.h"
#include "libstas/core/brain/action.h"
#include "libstas/core/brain/device_book.h"
#include "libstas/core/brain/event.h"
#include "libstas/core/brain/last_known.h"
#include "libstas/core/brain/name_book.h"
#include "stacd/desired.h"
#include "stacd/ioc.h"
#include "stacd/staf_view.h"

namespace stas {

// Tracked at once; more are ignored with one message. What pages list leaves room for all controller= lines.
inline constexpr std::size_t kMaxIocs = 65536;
inline constexpr std::size_t kMaxListedIocs = kMaxIocs - kMaxControllerLines;

class Connector {
 public:
  explicit Connector(ConnectorTiming timing = {}) : timing_(timing) {}

  // What was saved before a restart; call once, before the first event.
  void restore(KnownStacd known);
  KnownStacd last_known() const;

  void handle(Event event, Instant now);
  Actions advance(Instant now);
  Instant deadline() const { return deadline_; }

  // For the bus: in the order the controllers were learned. Valid until the next handle() or advance().
  Values<std::map<std::uint64_t, Ioc>> controllers() const { return Values(iocs_); }
  const Ioc* find(const Tid& tid) const;
  // The device it works on: its own, or that of the controller whose other name it is; nullptr without one.
  const DeviceRef* device_of(const Ioc& ioc) const;
  const Desired& table() const { return desired_; }
  // The table fits the facts; else the next advance() makes another one, and its rows may point to what is gone.
  bool is_current() const { return !dirty_; }
  const StafView& staf() const { return staf_; }
  bool is_asking_staf() const { return fetching_; }  // a FetchStafPages has no answer yet
  const DeviceBook& devices() const { return devices_; }
  const StacdConfig* config() const { return config_.get(); }
  const HostIdentity* host() const { return host_.get(); }
  const ConnectorTiming& timing() const { return timing_; }
  // What the table is made from; needs a configuration. Points into this Connector.
  Facts facts() const;
  // The table as it is with the facts of now, also where the next advance() would have to make it first.
  Desired table_at(Instant now) const;
  // NCC, and as many attempts as are allowed: no more of them.
  bool given_up(const Ioc& ioc, const Row& row) const;
  Instant soak_deadline() const;
  // What is kept against the evidence and leads to this subsystem: what ReleaseOrdered lets go of.
  std::vector<const Ioc*> kept_back(const std::string& subsysnqn) const;
  // After Stop: nothing is in flight.
  bool stopped() const;

 private:
  using IocId = std::uint64_t;

  // events.cpp: what each event changes.
  void on_configured(const StacdConfigured& event, Instant now);
  void on_exclusions(const HostExclusionsRead& event);
  void on_hint(Instant now);
  bool connected_to(const std::string& name, const std::string& address) const;
  void on_resolved(const Resolved& resolved, Instant now);
  void on_staf_appeared(Instant now);
  void on_staf_vanished(Instant now);
  void on_staf_changed(Instant now);
  void on_staf_pages(StafPages pages, Instant now);
  void note_owner(const Device& device);
  void tell_link(const Device& device);
  void on_device_seen(const Device& device, Instant now);
  void note_works(Ioc& ioc);
  void note_seen(Ioc& ioc, const Device& device);
  void check_guess(const Device& device, Instant now);
  void on_scan(std::vector<Device> devices, Instant now);
  void lost_devices(const std::vector<DeviceRef>& refs, Instant now, bool from_scan);
  void lose(Ioc& ioc, Instant now);
  void on_release(const std::string& subsysnqn);

  // results.cpp: answers to operations.
  void on_op_done(const OpDone& done, Instant now);
  void on_connected(Ioc& ioc, const Device& device, Instant now);
  void on_connect_failed(Ioc& ioc, const Error& error, Instant now);
  void address_failed(const std::string& failed, Instant now);
  void on_elsewhere(Ioc& ioc, const AnsweredElsewhere& elsewhere, Instant now);
  void on_usage(const OpDone& done);
  void on_disconnect_failed(Ioc& ioc, const Error& error, Instant now);

  // wanted.cpp: the table, and what follows from it for each controller.
  void reconcile(Instant now);
  void track_fresh();
  void follow(Ioc& ioc, const Row& row, Instant now);
  void remember_sources(Ioc& ioc, const Row& row, const Facts& facts);
  void tell_holds(const std::vector<Ioc*>& fresh);
  void tell_budget();
  void take_restored(Instant now);
  void audit(Instant now);
  void forget_foreign();

  // orders.cpp: the one next operation of each.
  void ask_staf(Instant now);
  void step(Ioc& ioc, Instant now);
  void step_leaving(Ioc& ioc, const Row& row, Instant now);
  void step_unbound(Ioc& ioc, const Row& row, Instant now);
  bool connecting_beside(const Ioc& ioc) const;
  bool being_cut(const Ioc& ioc);
  bool adopt(Ioc& ioc, Instant now);
  void order_connect(Ioc& ioc, const Row& row, Instant now);
  void step_kept(Ioc& ioc, const Row& row, Instant now);
  void inspect(Ioc& ioc, Instant now);
  void order_disconnect(Ioc& ioc, const Row& row, Instant now);
  bool another_name_waits(const Ioc& ioc, Instant now);
  bool hand_over(Ioc& ioc, Instant now);
  void swap_devices(Ioc& leaving, Ioc& heir, Instant now);
  bool is_live(const Ioc& ioc) const;
  void take_over(Ioc& heir, Ioc& owner, Instant now);
  void erase(Ioc& ioc);

  // connector.cpp: who has which device, and the journal.
  void bind(Ioc& ioc, const DeviceRef& ref, Instant now);
  void unbind(Ioc& ioc, Instant now, Duration delay);
  Ioc& track(const Tid& tid);
  Ioc* owner_of(const DeviceRef& ref);
  const Row& row_of(const Ioc& ioc) const { return desired_.rows[ioc.row]; }
  void report(Level level, Topic topic, const Ioc& ioc, std::string text, Reason reason = Reason::none);
  void report_plain(Level level, Topic topic, std::string text);
  void report_once(Level level, Topic topic, std::string text);

  ConnectorTiming timing_;
  std::shared_ptr<const StacdConfig> config_;
  std::shared_ptr<const HostIdentity> host_;
  std::shared_ptr<const HostExclusions> exclusions_;
  std::set<std::string> host_nqns_;  // the system's since the start, as many as kMaxHostNqns
  DeviceBook devices_;
  NameBook names_;
  StafView staf_;
  Desired desired_;

  std::map<IocId, Ioc> iocs_;
  IocId next_ioc_ = 1;
  std::unordered_map<Tid, IocId> by_tid_;
  std::unordered_map<std::string, std::set<IocId>> by_subsystem_;  // by NQN: its paths, and other names of them
  std::unordered_map<OpId, IocId> by_op_;
  std::unordered_map<OpId, IocId> inspecting_;              // InspectUsage: beside the one operation of each
  std::unordered_map<std::string, IocId> by_device_;        // by device name
  std::unordered_multimap<std::string, IocId> connecting_;  // by address: a connect is in flight
  std::vector<KnownIoc> restored_;                          // until the first scan says which of them still exist

  bool fetch_stale_ = false;
  bool fetching_ = false;
  bool fetch_failure_told_ = false;
  Instant asked_{};  // the question in flight went out
  Instant next_fetch_{};

  std::deque<Instant> cuts_;  // as Facts::cuts
  bool budget_told_ = false;

  std::set<std::string> told_;
  OpId next_op_ = 1;
  bool dirty_ = false;  // facts changed: make the table anew
  bool audit_ = false;  // devices or wanted controllers changed: look for unwanted connections
  bool save_ = false;
  bool stopping_ = false;
  Instant started_{};  // first configuration
  Instant loaded_{};   // the present one
  Actions out_;
  Instant deadline_{};
};

}  // namespace stas
