// SPDX-License-Identifier: Apache-2.0
//
// A world for both brains: hosts with discovery controllers and subsystems, the kernel of this machine, mDNS, resolver,
// administrators with their files, and simulated time. It carries out what a Finder and a Connector order, with faults,
// and compares after every step with what the laws allow (violation()). Deterministic: the same seed and steps give the
// same history.
//
// world.cpp has the clock, daemons.cpp the two processes, kernel.cpp devices and hosts, steps.cpp the steps of a
// history, truth.cpp what could be known at any time, judge.cpp, watch.cpp and promise.cpp what follows from it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "stacd/connector.h"
#include "stafd/finder.h"
#include "tests/model/coverage.h"
#include "tests/model/files.h"
#include "tests/model/names.h"
#include "tests/model/promise.h"

namespace stas::model {

using Referrals = std::bitset<kHosts * 2>;  // host * 2 + unique NQN

class World {
 public:
  explicit World(std::uint64_t seed);

  // One step in text form, for example "host 1 down" or "wait 1500" (ms); the list is in steps.cpp. False: no such
  // step.
  bool step(const std::string& text);

  // Faults end, everything comes back, and time passes until all is quiet. Then what must hold in the end is checked.
  void settle();

  // The first thing that must not happen and did; "" if nothing.
  const std::string& violation() const { return violation_; }
  // Sorted, stable lines: "nvme3 io 10.0.0.1 nqn.2024-01.example:t0-s1 live".
  std::string print() const;
  const std::vector<std::string>& journal() const { return journal_; }
  Instant now() const { return now_; }

 private:
  struct Host {
    bool up = true;
    std::uint64_t genctr = 1;
    std::bitset<kSubs> served{(1U << kSubs) - 1};
    Paths listed;         // of any host
    Paths ncc;            // entries with the NCC bit
    Paths unusable;       // entries that nobody can use
    Paths ever_unusable;  // the same at any time
    Referrals refers;
    bool duplicates = false;  // referrals have DUPRETINFO
    bool gives_back = false;  // EPCSD=0 in its page: it takes no persistent connection
    bool fails_reads = false;
    bool slow = false;  // a page takes seconds
    Instant young_until{};
  };
  struct KernelDevice {
    Device device;
    bool io = true;
    int name = 0;  // ioc_name() or dc_name(), as it was asked for
    int host = 0;
    int path = 0;   // io only
    int iface = 0;  // it leaves through, 0 for rdma and fc
    int who = 0;    // host identity
    bool by_admin = false;
    bool orphan = false;    // who asked for it was gone when it came
    bool twin = false;      // made beside another one that is the same, or that was made beside it
    bool spared = false;    // a disconnect failed
    bool released = false;  // nothing wanted it under no-disconnect, or stacd says that it is nobody's
    bool unwanted = false;  // the first of these
    bool ours = false;      // stas made it, or has been told to have it under the identity it was made with
    bool settling = false;  // its attributes come in a moment
    bool aen_armed = true;
    bool page_read = false;
    bool ever_read = false;  // the page was, over it
    Instant made_at{};
    Instant live_since{};
    Instant unmeant_since = kNever;  // no wanted name means it
    std::string registered;          // symbolic name
    unsigned registered_by = 0;      // epoch of the stafd that did
    bool deregistered = false;
    bool given_back = false;  // that is ordered
  };
  // What the judge remembers of the attempts to connect one name.
  struct Attempts {
    Instant last{};
    unsigned failed = 0;  // since anything that excuses another one
    bool excused = true;
    unsigned failed_ever = 0;  // since the latest success
    Instant early{};           // the latest one that only came because there was news
  };
  struct Op {
    Tid tid;
    DeviceRef device;
    bool connect = false;
  };
  template <class Brain, class Known, class Config>
  struct Daemon {
    std::unique_ptr<Brain> brain;  // from start to end of the process
    Known saved;
    bool save_pending = false;
    std::shared_ptr<const Config> config;
    unsigned epoch = 0;
    int who = 0;  // host identity it has loaded
    bool stopping = false;
    Instant started{};
    std::map<OpId, Op> ops;
    std::unordered_map<int, Attempts> attempts;
    std::unordered_map<std::string, std::pair<std::string, unsigned>> voices;  // surprise -> about what, how often
    struct Row {
      std::string text;
      unsigned times = 0;
      Instant since{};
    };
    std::unordered_map<std::string, Row> in_a_row;  // by subject
    Promise promise;
    unsigned reloads = 0;  // a plan is asked for before one of several
    Instant news_at{};     // of stafd, or of the network
  };
  using Stafd = Daemon<Finder, KnownStafd, StafdConfig>;
  using Stacd = Daemon<Connector, KnownStacd, StacdConfig>;

  // --- world.cpp: time ---
  void at(Duration delay, std::function<void()> what);
  void run_for(Duration time);
  void run_until(Duration time, const std::function<bool()>& done);
  void pump();
  bool chance(double p);
  void note(Feature feature) { coverage().note(feature); }
  void log(const std::string& text);

  // --- daemons.cpp ---
  void start_stafd();
  void start_stacd();
  template <class D>
  void end(D& daemon, bool in_order);
  void stop_stafd(bool in_order);
  void stop_stacd(bool in_order);
  void load_stafd();
  void load_stacd();
  std::shared_ptr<const HostIdentity> host() const;
  void tell_mdns();
  void to_finder(const Event& event);
  void to_connector(const Event& event);
  void device_event(const Event& event);  // to both, may get lost
  void scan();
  template <class D>
  void advance(D& daemon);
  void execute(Stafd& daemon, const Action& action);
  void execute(Stacd& daemon, const Action& action);
  template <class D>
  bool execute_common(D& daemon, const Action& action);
  template <class D>
  void begin(D& daemon, OpId op, const Tid& tid, const DeviceRef& device, bool connect);
  template <class D>
  void finish(D& daemon, unsigned epoch, OpId op, OpResult result);
  template <class D>
  void save(D& daemon);
  template <class D>
  void resolve(D& daemon, const std::string& name);
  void fetch(const FetchLogPage& fetch);
  void answer_staf_pages();
  void deliver(const StafPages& pages, const std::string& text);

  // --- kernel.cpp: devices and hosts ---
  OpResult do_connect(const Connect& connect);
  OpResult do_disconnect(const Disconnect& disconnect);
  bool is_any_live(const std::vector<DeviceRef>& paths);
  OpResult do_fetch(const FetchLogPage& fetch);
  KernelDevice& create_device(bool io, int name, int who, bool by_admin);
  void remove_device(std::string name);
  static Device shown(const KernelDevice& device);
  void go_live(KernelDevice& device);
  void lose_connection(KernelDevice& device);
  void lose_connections(int host);
  void kernel_retry(const std::string& name, std::uint64_t incarnation, int attempts);
  void page_changed(int host);
  void send_aen(const KernelDevice& device);
  void end_youth(int host);
  bool can_connect(bool io, int name) const;
  bool is_somebody_at(const Tid& tid) const;
  bool is_young(const Host& host) const { return now_ < host.young_until; }
  std::vector<Dlpe> entries_of(int host) const;
  KernelDevice* find(const DeviceRef& ref);

  // --- truth.cpp: what could be known ---
  // The best that anybody can know of a page: what must not be acted against.
  struct Known {
    bool any = false;
    bool skipped = false;
    Paths listed;
    Referrals refers;
    bool duplicates = false;
    bool remembered = false;        // the present stafd, or what it saved, knows of it
    Instant full_at{};              // latest read that listed something
    std::bitset<kIfaces * 2> over;  // connections it was read over: interface * 2 + unique NQN
    // A page that lost everything just after a reconnect counts after a while only.
    Instant young_since = kNever;
    Paths young_listed;
    Referrals young_refers;
    Instant unentitled_since = kNever;
  };
  void learn(const KernelDevice& over);
  void know_stafd(Fault fault, bool at_start);
  void know_stacd(Fault fault, bool at_start);
  void forget_announcements();
  bool is_announced_there(int host, int unique) const;
  void forget_pages();
  void know_includes(Fault fault, bool at_start);
  void forget_unconnected_lines();
  DcNames entitled_dcs(bool with_doubtful, bool with_excluded = false) const;
  IocNames wanted_iocs(const DcNames& dcs, bool with_refused = false) const;
  void note_new(const DcNames& dcs, const DcNames& before);
  void update_truth();
  bool is_dc_there(int host) const;
  bool is_dc_live(int host) const;
  bool leads_to(const Known& known, int path) const;
  static bool is_read(const Known& known, int name);
  bool usable_dc(int host) const;
  bool usable_ioc(int path) const;
  static bool means_ioc(int name, const KernelDevice& device);
  static bool means_dc(int name, const KernelDevice& device);

  // --- told.cpp: what stacd was told ---
  void update_told(const std::vector<StafDc>& dcs);
  void update_told_set();
  bool is_named(bool io, int name) const;

  // --- judge.cpp: at each order ---
  void violate(const char* law, const std::string& text);
  void judge(const Stafd& daemon, const Disconnect& disconnect);
  void judge(const Stacd& daemon, const Disconnect& disconnect);
  void judge_use(const Stacd& daemon, const KernelDevice& device, const Disconnect& disconnect);
  void judge(Stafd& daemon, const Connect& connect);
  void judge(Stacd& daemon, const Connect& connect);
  template <class D>
  void judge_beside(const D& daemon, const Connect& connect, int name, bool io);
  const Op* duplicate_tried(const std::map<OpId, Op>& ops, int parent, const Connect& connect, int name) const;
  void judge_patience(const KernelDevice& device, const std::string& text);
  void judge_evidence(const KernelDevice& device, const Disconnect& disconnect);
  void judge_round(const Connect& connect);
  template <class D>
  void judge_attempt(D& daemon, const Connect& connect, int name, bool io);
  template <class D>
  void judge_voice(D& daemon, const Report& report);
  const char* law_of_cut(const KernelDevice& device, int name) const;
  bool page_on_its_way(int path) const;
  bool is_read_over(const KernelDevice& device, int name) const;
  int has_names(const KernelDevice& device) const;
  bool has_dc_line(int host) const;
  bool is_served(int name, const KernelDevice& beside) const;

  // --- parked.cpp: discovery controllers that take no persistent connection, and the registry of all ---
  bool says_to_give_back(int host) const;
  bool judge_parking(const KernelDevice& device, const Disconnect& disconnect);  // true: no other law applies
  void judge_leaving(const Stafd& daemon, const KernelDevice& device, const Disconnect& disconnect);
  void note_parked(const DeviceRef& device);
  void keep_after_all(const KernelDevice& device);
  void judge_waking(const Connect& connect, int name);
  void judge_deregistered(const KernelDevice& device, const std::string& text);
  bool is_parked(int host) const;
  bool may_be_parked(int name) const;
  bool is_due_again(const Connect& connect) const;
  void watch_parked(int name, Instant since);

  // --- promise.cpp: what was planned, against what is then done ---
  void promise(const StacdConfigured& reload);
  void promise(const StafdConfigured& reload);
  void check_promise();
  template <class D>
  void something_else(D& daemon);  // happened: its promise is over
  template <class D, class Order>
  void promise_keeps(D& daemon, const Order& order);
  bool is_news(const Stacd& daemon, const Event& event) const;
  bool is_news(const Stafd& daemon, const Event& event) const;
  template <class D>
  bool is_device_news(const D& daemon, const Event& event, bool io) const;
  template <class D>
  void hear(D& daemon, const Event& event);  // before it does

  // --- watch.cpp: after time has passed, and in the end ---
  bool is_quiet() const;
  bool may_be_guarded(const KernelDevice& device) const;
  bool may_be_kept(const KernelDevice& device) const;
  bool may_be_unread(const KernelDevice& device) const;
  bool awaits_name(bool io) const;
  bool awaits_heir(int host, int depth = 0) const;
  bool waited_for_heir(int host) const;
  void watch();
  void check_explanations();
  void check_end();
  void check_devices_in_the_end();
  void check_pages_in_the_end();
  void watch_pages(Instant calm);
  void watch_talk();
  void watch_bindings();
  void watch_ncc(Instant calm);
  void watch_excluded(Instant calm);
  void check_tables_in_the_end();
  void check_restart_changes_nothing();
  bool is_path_wanted(int name) const;
  bool may_be_unusable(int path) const;
  bool is_asked_as_another(int path, const std::string& host_nqn) const;
  bool is_only_referred(int name) const;
  bool is_referred_live(int name, int depth = 0) const;
  bool is_host_wanted(int host) const;
  bool reachable(bool io, int name) const;
  bool is_connected(bool io, int name, bool live) const;

  std::mt19937_64 rng_;
  Instant now_{std::chrono::hours(1)};
  std::multimap<Instant, std::function<void()>> queue_;
  std::array<Host, kHosts> hosts_;
  std::map<std::string, KernelDevice> devices_;
  std::uint64_t next_incarnation_ = 1;
  Stafd stafd_;
  Stacd stacd_;

  // --- administrators and the network ---
  StafFile staf_file_;
  StacFile stac_file_;
  Fault staf_fault_ = Fault::none;
  Fault stac_fault_ = Fault::none;
  int who_ = 0;  // sys.conf
  bool other_symname_ = false;
  Referrals announced_;                                           // host * 2 + unique NQN
  enum class Resolver { works, two, other, moved, fails, slow };  // other: a host that serves others comes first
  std::array<Resolver, kHosts> resolver_{};
  bool eth1_up_ = true;
  Paths used_;  // mounted, say: one path is one subsystem

  // --- faults ---
  bool lossy_ = false;      // events get lost
  bool hanging_ = false;    // operations take very long
  bool unsettled_ = false;  // attributes come late
  enum class Deletes { work, fail, hang } deletes_ = Deletes::work;
  bool legacy_ = false;                                              // stafd is that of nvme-stas 2.4.1
  enum class Answers { work, late, fail } answers_ = Answers::work;  // of stafd to stacd
  bool slow_connects_ = false;                     // where nobody is, the connect takes longer to fail
  bool old_kernel_ = false;                        // it does not ask for a rediscovery after a reconnect
  bool late_reads_ = false;                        // what was read from a host takes long to come
  bool slow_mdns_ = false;                         // after a start of stafd it says nothing for long
  Paths garbled_;                                  // stacd cannot read their entries
  std::map<std::string, DeviceRef> predecessors_;  // the latest that had the name of a device

  // --- what could be known ---
  std::array<Known, kHosts> known_;
  std::array<Instant, kHosts> dc_live_at_{};
  std::array<Instant, kHosts> aen_at_{};    // delivered to stafd
  std::array<Instant, kHosts> fetch_at_{};  // latest read that worked was ordered then
  std::array<Instant, kHosts> read_failed_at_{};
  StafFile staf_force_;  // as loaded; lines: what no file that was understood whole has taken back
  StacFile stac_force_;
  bool staf_doubt_ = false, stac_doubt_ = false, scope_unknown_ = false;
  Paths stac_may_exclude_;
  Paths ever_had_line_;
  Paths stac_lets_in_ = ~Paths(), stac_may_let_in_ = ~Paths();  // include=: for certain, and as far as it can be read
  HostSet staf_may_exclude_;
  HostSet ever_had_dc_line_;
  HostSet gives_back_;                           // by their pages as read last
  DcNames parked_;                               // they need no connection until they are read again
  std::map<std::string, Instant> gave_back_at_;  // by TID, the latest
  HostSet staf_resolved_;                        // host names that stafd has, or had, an address of
  HostSet stac_resolved_;                        // the same for stacd, of lines that it has, or had
  Referrals announced_ever_;
  std::array<Instant, kHosts * 2> silent_since_{};
  DcNames dc_wanted_, dc_must_, dc_ever_;
  DcNames never_read_;  // new since their controller was read over a connection that is gone
  IocNames ioc_wanted_, ioc_must_;
  std::array<Instant, kDcNames> dc_since_{}, dc_left_{}, dc_must_left_{};
  std::array<Instant, kIocNames> ioc_since_{};
  // What stacd was told by stafd, and with its own lines: from when on.
  IocNames told_;
  std::array<std::bitset<kIfaces>, kPaths> told_pages_;  // by the interface of the DC that lists it
  std::array<Instant, kPaths> unlisted_since_{};         // by no DC; kNever: listed
  std::array<HostSet, kPaths> told_hosts_;               // bits of the host identities for which it is listed
  Paths told_ncc_, told_some_ncc_;                       // in all entries, in some
  std::array<Instant, kIocNames> told_since_{}, told_left_{};
  Instant staf_appeared_ = kNever;
  bool staf_answered_ = false;  // the present stafd did, to the present stacd
  HostSet staf_listed_;         // by the present stafd, to whichever stacd
  bool staf_forgot_ = false;    // the present stafd knows nothing of an earlier one
  bool mdns_told_ = false;      // to the present stafd
  Instant asked_at_{}, staf_loaded_at_{}, stac_loaded_at_{};
  std::string told_pages_text_;  // what stacd got last
  Instant staf_signalled_{};
  std::array<Instant, kPaths> ncc_cleared_at_{};
  std::array<Paths, kHosts> ever_listed_, last_listed_;
  std::array<std::array<Paths, kIfaces>, kHosts> read_over_;  // at any time, by the interface it was read over
  std::array<HostSet, kHosts> ever_referred_;
  Paths ever_told_;                    // to stacd, that a page lists it
  std::set<std::uint64_t> nobodys_;    // incarnations of which stacd's state does not say who wanted them
  std::bitset<kPaths * 2> ever_ours_;  // path * 2 + other
  std::set<std::uint64_t> ours_;       // incarnations that stas connected

  // --- the judge's notes ---
  Instant disturbed_{};  // the latest step that was no wait
  Instant event_lost_at_{};
  Instant aen_lost_at_{};
  Instant hung_until_{};       // the latest operation that hangs
  Instant gone_at_{};          // the latest end of a device
  Instant slow_name_until_{};  // the latest name that takes long
  bool amnesia_ = false;       // a state was lost or an old stafd was there: what is kept may be kept for ever
  bool stacd_forgot_ = false;  // stacd's state was, or stafd does not say what stacd needs
  bool identity_changed_ = false;
  bool ever_duplicates_ = false;
  bool started_in_doubt_ = false;  // stacd
  HostSet admins_dc_;              // somebody else connected it: after a restart nobody can tell whose is whose
  bool stac_ignored_iface_ = false;
  bool staf_ignored_iface_ = false;  // now or earlier: what was announced then has its name without an interface
  std::bitset<kHosts> given_up_;     // announced once, persistence over: may go, need not
  std::map<std::uint64_t, std::vector<Instant>> fetches_;      // of the latest second, by incarnation
  std::map<std::string, std::vector<Instant>> dead_attempts_;  // of the latest minute, by subsystem
  Instant budget_told_at_{};
  unsigned wakeups_ = 0;
  Instant wakeups_since_{};
  unsigned orders_ = 0;    // connects and disconnects
  unsigned messages_ = 0;  // messages at info or above
  unsigned steps_ = 0;
  std::string violation_;
  std::vector<std::string> journal_;
};

// Not judged: expected.cpp.
bool is_expected(const std::string& law);

}  // namespace stas::model
