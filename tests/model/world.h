// SPDX-License-Identifier: Apache-2.0
//
// A simulated world for both brains: storage targets, the kernel of the host, mDNS, administrators, and simulated time.
// It executes the actions of a Finder and a Connector, with faults, and checks after every step what must always hold
// (violation()). Everything is deterministic: the same seed and steps give the same history.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "stacd/connector.h"
#include "stafd/finder.h"

namespace stas::model {

inline constexpr int kTargets = 3;
inline constexpr int kSubsystems = 4;  // per target

class World {
 public:
  explicit World(std::uint64_t seed);

  // One step in text form, for example "target 1 down" or "wait 1500" (ms); the list is in world.cpp. False: no such
  // step.
  bool step(const std::string& text);

  // Faults end, everything comes back, and time passes until all is quiet. Then what must hold in the end is checked.
  void settle();

  // The first thing that must not happen and did; "" if nothing.
  const std::string& violation() const { return violation_; }
  // Sorted, stable lines: "nvme3 io tcp 10.0.0.1:8009 nqn.t0-s1 live".
  std::string print() const;
  const std::vector<std::string>& journal() const { return journal_; }

 private:
  struct Target {
    bool up = true;
    std::uint64_t genctr = 1;
    std::set<int> subsystems;
    std::set<int> referrals;
    bool fails_reads = false;  // answers Get Log Page with an error
  };
  struct KernelDevice {
    Device device;
    Tid tid;
    ControllerKind kind = ControllerKind::io;
    int target = 0;
    bool aen_armed = true;
    bool by_admin = false;
  };
  struct Ops {
    std::map<OpId, Tid> connecting;
    std::map<OpId, Tid> any;
  };
  // A daemon process: its brain lives from start to kill.
  struct Stafd {
    std::unique_ptr<Finder> brain;
    KnownStafd saved;
    Ops ops;
    unsigned epoch = 0;
  };
  struct Stacd {
    std::unique_ptr<Connector> brain;
    KnownStacd saved;
    Ops ops;
    unsigned epoch = 0;
  };

  // --- time ---
  void at(Duration delay, std::function<void()> what);
  void run_for(Duration time);
  void pump();
  bool chance(double p);

  // --- daemons ---
  void start_stafd();
  void stop_stafd(bool lose_state);
  void start_stacd();
  void stop_stacd();
  void configure_stafd();
  void configure_stacd();
  void tell_mdns();
  void to_finder(const Event& event);
  void to_connector(const Event& event);
  void device_event(const Event& event);  // to both, may get lost
  void scan();
  template <class Daemon>
  void advance(Daemon& daemon);
  void execute(Stafd& daemon, const Action& action);
  void execute(Stacd& daemon, const Action& action);
  template <class Daemon>
  bool execute_common(Daemon& daemon, const Action& action);
  template <class Daemon>
  void finish(Daemon& daemon, unsigned epoch, OpId op, OpResult result);
  void answer_staf_pages();

  // --- kernel and targets ---
  OpResult do_connect(const Connect& connect);
  OpResult do_disconnect(const Disconnect& disconnect);
  OpResult do_fetch(const FetchLogPage& fetch);
  KernelDevice& create_device(const Tid& tid, ControllerKind kind, bool by_admin);
  void remove_device(const std::string& name);
  void lose_connections(int target);
  void kernel_retry(const std::string& name, std::uint64_t incarnation, int attempts);
  void target_changed(int target);
  std::vector<Dlpe> entries_of(int target) const;
  KernelDevice* find(const DeviceRef& ref);

  // --- truth and judgement ---
  Tid dc_tid(int target) const;
  Tid ioc_tid(int target, int subsystem) const;
  struct Content {
    std::set<int> subsystems;
    std::set<int> referrals;
  };
  using Contents = std::map<int, Content>;
  Contents truth() const;
  std::set<int> entitled_dcs(const Contents& contents) const;
  std::set<Tid> wanted(const Contents& contents) const;
  void forget_announcements();
  void update_truth();
  void judge(const Stafd& daemon, const Disconnect& disconnect);
  void judge(const Stacd& daemon, const Disconnect& disconnect);
  void violate(std::string text);
  void check_end();

  std::mt19937_64 rng_;
  Instant now_{std::chrono::hours(1)};
  std::multimap<Instant, std::function<void()>> queue_;
  std::vector<Target> targets_;
  std::map<std::string, KernelDevice> devices_;
  std::uint64_t next_incarnation_ = 1;
  Stafd stafd_;
  Stacd stacd_;

  // what administrators and the network say
  std::set<int> dc_lines_{0};
  std::set<int> dc_excludes_;
  std::set<int> announced_;
  std::set<int> announced_ever_;
  std::set<std::pair<int, int>> ioc_lines_;
  std::set<std::pair<int, int>> ioc_excludes_;
  DisconnectScope scope_ = DisconnectScope::only_stas_connections;

  // faults
  bool lossy_ = false;    // events get lost
  bool hanging_ = false;  // operations take very long
  bool state_lost_ = false;

  Contents read_;                        // what was last read from each target: the best anybody can know
  std::map<Tid, Instant> wanted_since_;  // by what was read
  std::map<int, Instant> dc_wanted_since_;
  std::set<Tid> ever_wanted_;
  unsigned wakeups_ = 0;
  Instant wakeups_since_{};
  unsigned orders_ = 0;  // connects and disconnects
  std::string violation_;
  std::vector<std::string> journal_;
};

}  // namespace stas::model
