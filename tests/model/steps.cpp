// SPDX-License-Identifier: Apache-2.0
//
// The steps of a history. T, U: hosts 0..3; K: subsystems 0..5; V, W: kinds of a line 0..4 (names.h); Q: 1 for the
// unique NQN. Edits of files are followed by a reload where the daemon runs.
//
// wait MS | host T up|down|reboot|young|reads-fail|reads-work|slow|fast | serve U K on|off
// add T U K | remove T U K | clear T | ncc T U K on|off | unusable T U K on|off | refer T U Q | unrefer T U Q |
// duplicates T on|off | takes T on|off (persistent connections) | aen-storm T
// dc-line T V on|off | dc-edit T V W | dc-exclude T on|off | mdns T Q on|off | mdns-daemon off | persistence short|long
// | stafd-leaves on|off (persistent-connections=false) ioc-line U K V on|off | ioc-edit U K V W | ioc-exclude U K
// on|off | ioc-include U K on|off | to-page T U K V | scope only|all|no | trtypes few|all | ncc-attempts N | family
// stafd|stacd 0|4|6 | ignore-iface stafd|stacd on|off fault stafd|stacd KIND | reload stafd|stacd | identity 0|1 |
// symname a|b | resolver T works|two|other|moved|fails|slow stafd|stacd start|stop|kill|lose | legacy on|off | iface
// up|down device-vanish N | admin-connect U K | admin-disconnect U K | admin-dc T lossy on|off | hanging on|off |
// unsettled on|off | deletes work|fail|hang | answers work|late|fail | reads late|prompt | garble U K on|off |
// stafd|stacd strip | late-gone | kernel old|new | connects slow|prompt | mdns-daemon slow|prompt
#include <algorithm>
#include <sstream>

#include "tests/model/world.h"

namespace stas::model {

namespace {

constexpr Duration kNameRetry = std::chrono::seconds(66);  // the longest back-off of a host name

// The words of a step, one by one; what is missing reads as 0 or "".
class Words {
 public:
  explicit Words(const std::string& text) : in_(text) {}
  std::string word() {
    std::string next;
    in_ >> next;
    return next;
  }
  int number(int limit) {
    int n = 0;
    in_ >> n;
    return std::clamp(n, 0, limit - 1);
  }
  std::size_t host() { return static_cast<std::size_t>(number(kHosts)); }
  std::size_t path() {
    const int host = number(kHosts);
    return static_cast<std::size_t>(path_of(host, number(kSubs)));
  }
  std::size_t other_dc() {
    const int host = number(kHosts);
    return static_cast<std::size_t>(host * 2 + number(2));
  }
  std::size_t variant() { return static_cast<std::size_t>(number(kVariants)); }
  bool on() { return word() == "on"; }

 private:
  std::istringstream in_;
};

// A change of the world that takes no time. `page`: the host whose page changed, kHosts for none.
struct Change {
  std::size_t page = kHosts;
  bool staf_file = false;
  bool stac_file = false;
};

}  // namespace

bool World::step(const std::string& text) {
  Words in(text);
  const std::string verb = in.word();
  if (verb == "wait") {
    run_for(std::chrono::milliseconds(in.number(1 << 30)));
    return true;
  }
  ++steps_;
  disturbed_ = now_;
  something_else(stacd_);
  something_else(stafd_);
  Change change;
  if (verb == "host") {
    const auto host = in.host();
    auto& h = hosts_[host];
    const auto what = in.word();
    if (what == "down" || what == "reboot" || what == "young") {
      h.up = false;
      lose_connections(static_cast<int>(host));
    }
    if (what == "reboot" || what == "young") h.genctr = 1;
    if (what == "young") {
      const Duration youth = std::chrono::seconds(11 + static_cast<int>(rng_() % 15));
      h.young_until = now_ + youth;
      at(youth, [this, host] { end_youth(static_cast<int>(host)); });
    }
    if (what == "up" || what == "reboot" || what == "young") h.up = true;
    if (what == "reads-fail") h.fails_reads = true;
    if (what == "reads-work") h.fails_reads = false;
    if (what == "slow") h.slow = true;
    if (what == "fast") h.slow = false;
  } else if (verb == "serve") {
    const auto path = in.path();
    auto& served = hosts_[path / kSubs].served;
    served.set(path % kSubs, in.on());
    if (!served.test(path % kSubs))
      for (auto& [name, device] : devices_)
        if (device.io && device.path == static_cast<int>(path)) lose_connection(device);
  } else if (verb == "add" || verb == "remove") {
    change.page = in.host();
    hosts_[change.page].listed.set(in.path(), verb == "add");
  } else if (verb == "clear") {
    change.page = in.host();
    hosts_[change.page].listed.reset();
  } else if (verb == "ncc" || verb == "unusable") {
    change.page = in.host();
    const auto path = in.path();
    (verb == "ncc" ? hosts_[change.page].ncc : hosts_[change.page].unusable).set(path, in.on());
    hosts_[change.page].ever_unusable |= hosts_[change.page].unusable;
  } else if (verb == "refer" || verb == "unrefer") {
    change.page = in.host();
    hosts_[change.page].refers.set(in.other_dc(), verb == "refer");
  } else if (verb == "duplicates") {
    change.page = in.host();
    ever_duplicates_ |= hosts_[change.page].duplicates = in.on();
  } else if (verb == "takes") {
    change.page = in.host();
    hosts_[change.page].gives_back = !in.on();
  } else if (verb == "aen-storm") {
    const auto host = in.host();
    note(Feature::aen_storm);
    for (int i = 0; i < 200; ++i)
      at(std::chrono::milliseconds(5 * i), [this, host] {
        for (const auto& [name, device] : devices_)
          if (!device.io && device.host == static_cast<int>(host) && device.device.state == "live") {
            send_aen(device);
            break;
          }
      });
  } else if (verb == "dc-line") {
    const auto host = in.host();
    const auto variant = in.variant();
    staf_file_.lines.set(host * kVariants + variant, in.on());
    change.staf_file = true;
  } else if (verb == "dc-edit") {
    const auto host = in.host();
    const auto from = host * kVariants + in.variant();
    const auto to = host * kVariants + in.variant();
    if (from == to || !staf_file_.lines.test(from)) return true;
    note(Feature::line_edited);
    staf_file_.lines.reset(from);
    staf_file_.lines.set(to);
    change.staf_file = true;
  } else if (verb == "dc-exclude") {
    const auto host = in.host();
    staf_file_.excludes.set(host, in.on());
    change.staf_file = true;
  } else if (verb == "mdns") {
    const auto i = in.other_dc();
    if (announced_.test(i)) silent_since_[i] = now_;
    announced_.set(i, in.on());
    // Who did not save it hears of nothing that ends before it starts.
    const bool saved = std::ranges::any_of(stafd_.saved.dcs, [&](const KnownDc& dc) {
      const auto name = find_dc(dc.tid);
      return name && host_of_dc(*name) * 2 + unique_of_dc(*name) == static_cast<int>(i);
    });
    if (!announced_.test(i) && !stafd_.brain && !saved) announced_ever_.reset(i);
    tell_mdns();
    if (announced_.test(i)) {
      note(Feature::announced);
      for (auto& [name, attempts] : stafd_.attempts)
        if (host_of_dc(name_of_attempt(name)) == static_cast<int>(i) / 2) attempts.excused = true;
    } else {
      note(Feature::announcement_silent);
    }
  } else if (verb == "mdns-daemon") {
    if (const auto how = in.word(); how == "slow" || how == "prompt") {
      slow_mdns_ = how == "slow";
      return true;
    }
    to_finder(MdnsChanged{false, {}});
    at(std::chrono::seconds(5), [this] {
      for (auto& [name, attempts] : stafd_.attempts) attempts.excused = true;
      tell_mdns();
    });
  } else if (verb == "persistence") {
    staf_file_.short_persistence = in.word() == "short";
    change.staf_file = true;
  } else if (verb == "stafd-leaves") {
    staf_file_.leaves = in.on();
    change.staf_file = true;
  } else if (verb == "ioc-line") {
    const auto path = in.path();
    const auto variant = in.variant();
    stac_file_.lines.set(path * kVariants + variant, in.on());
    change.stac_file = true;
  } else if (verb == "ioc-edit") {
    const auto path = in.path();
    const auto from = path * kVariants + in.variant();
    const auto to = path * kVariants + in.variant();
    if (from == to || !stac_file_.lines.test(from)) return true;
    note(Feature::line_edited);
    stac_file_.lines.reset(from);
    stac_file_.lines.set(to);
    change.stac_file = true;
  } else if (verb == "to-page") {
    // What a controller= line named is listed by a discovery controller from now on.
    change.page = in.host();
    const auto path = in.path();
    const auto line = path * kVariants + in.variant();
    if (!stac_file_.lines.test(line)) return true;
    note(Feature::line_moved_to_page);
    stac_file_.lines.reset(line);
    hosts_[change.page].listed.set(path);
    change.stac_file = true;
  } else if (verb == "ioc-exclude") {
    const auto path = in.path();
    stac_file_.excludes.set(path, in.on());
    change.stac_file = true;
  } else if (verb == "ioc-include") {
    const auto path = in.path();
    stac_file_.includes.set(path, in.on());
    change.stac_file = true;
  } else if (verb == "scope") {
    const auto scope = in.word();
    stac_file_.scope = scope == "all"  ? DisconnectScope::all_connections_matching_disconnect_trtypes
                       : scope == "no" ? DisconnectScope::no_disconnect
                                       : DisconnectScope::only_stas_connections;
    change.stac_file = true;
  } else if (verb == "trtypes") {
    stac_file_.all_trtypes = in.word() == "all";
    change.stac_file = true;
  } else if (verb == "ncc-attempts") {
    stac_file_.ncc_attempts = in.number(10);
    change.stac_file = true;
  } else if (verb == "family" || verb == "ignore-iface") {
    const bool stafd = in.word() == "stafd";
    if (verb == "family")
      (stafd ? staf_file_.family : stac_file_.family) = in.number(7);
    else
      (stafd ? staf_file_.ignore_iface : stac_file_.ignore_iface) = in.on();
    (stafd ? change.staf_file : change.stac_file) = true;
  } else if (verb == "fault") {
    const bool stafd = in.word() == "stafd";
    const auto fault = parse_fault(in.word());
    if (!fault) return false;
    auto& now = stafd ? staf_fault_ : stac_fault_;
    if (now == *fault) return true;
    now = *fault;
    if (*fault == Fault::none) (stafd ? change.staf_file : change.stac_file) = true;
  } else if (verb == "reload") {
    (in.word() == "stafd" ? change.staf_file : change.stac_file) = true;
  } else if (verb == "identity") {
    who_ = in.number(2);
  } else if (verb == "symname") {
    other_symname_ = in.word() == "b";
    note(Feature::symname_changed);
    change.staf_file = true;
  } else if (verb == "resolver") {
    const auto host = in.host();
    const auto how = in.word();
    // What the name stands for is news.
    for (auto* voices : {&stafd_.voices, &stacd_.voices})
      std::erase_if(*voices, [](const auto& item) { return is_dead_address(item.second.first); });
    // The next look-up is due when it is due.
    slow_name_until_ = std::max(slow_name_until_, now_ + kNameRetry);
    resolver_[host] = how == "two"     ? Resolver::two
                      : how == "other" ? Resolver::other
                      : how == "moved" ? Resolver::moved
                      : how == "fails" ? Resolver::fails
                      : how == "slow"  ? Resolver::slow
                                       : Resolver::works;
  } else if (verb == "stafd" || verb == "stacd") {
    const bool stafd = verb == "stafd";
    const auto what = in.word();
    if (what == "start") {
      stafd ? start_stafd() : start_stacd();
    } else if (what == "lose") {
      note(stafd ? Feature::stafd_state_lost : Feature::stacd_state_lost);
      amnesia_ = true;
      stacd_forgot_ = stacd_forgot_ || !stafd;
      stafd ? stop_stafd(false) : stop_stacd(false);
      if (stafd) {
        stafd_.saved = {};
        forget_pages();
      } else {
        stacd_.saved = {};
      }
    } else if (what == "strip" && stafd) {  // the pages did not fit
      for (auto& dc : stafd_.saved.dcs) {
        dc.page_known = false;
        dc.genctr.reset();
        dc.entries = {};
      }
    } else if (what == "strip") {  // as the state of nvme-stas 2.4.1 is
      for (auto& ioc : stacd_.saved.iocs) {
        ioc.configured = false;
        ioc.sources.clear();
      }
      for (const auto& [name, device] : devices_)
        if (device.io && !stacd_.brain) nobodys_.insert(device.device.ref.incarnation);
      amnesia_ = stacd_forgot_ = true;
    } else {
      stafd ? stop_stafd(what == "stop") : stop_stacd(what == "stop");
    }
  } else if (verb == "legacy") {
    if (const bool on = in.on(); on != legacy_) {
      stop_stafd(false);
      legacy_ = on;
      amnesia_ = stacd_forgot_ = true;
      start_stafd();
    }
  } else if (verb == "iface") {
    eth1_up_ = in.word() == "up";
    if (!eth1_up_) {
      note(Feature::iface_down);
      for (auto& [name, device] : devices_)
        if (device.iface == 2) lose_connection(device);
    }
    for (auto* daemon : {&stafd_.attempts, &stacd_.attempts})
      for (auto& [name, attempts] : *daemon) attempts.excused = true;
    to_finder(InterfacesSeen{interfaces(eth1_up_)});
    to_connector(InterfacesSeen{interfaces(eth1_up_)});
  } else if (verb == "device-vanish") {
    const int n = in.number(64);
    note(Feature::device_vanished);
    if (!devices_.empty()) remove_device(std::next(devices_.begin(), n % static_cast<int>(devices_.size()))->first);
  } else if (verb == "admin-connect" || verb == "admin-disconnect") {
    const int name = ioc_name(static_cast<int>(in.path()), 0, 0);
    const auto found = std::find_if(devices_.begin(), devices_.end(),
                                    [&](const auto& d) { return d.second.io && d.second.name == name; });
    if (verb == "admin-disconnect") {
      if (found != devices_.end()) remove_device(found->first);
    } else if (found == devices_.end() && can_connect(true, name)) {
      note(Feature::admin_device);
      create_device(true, name, who_, true);
    }
  } else if (verb == "admin-dc") {
    const int name = dc_name(static_cast<int>(in.host()), 0, 0);
    admins_dc_.set(static_cast<std::size_t>(host_of_dc(name)));
    if (can_connect(false, name)) create_device(false, name, who_, true);
  } else if (verb == "lossy") {
    lossy_ = in.on();
  } else if (verb == "hanging") {
    hanging_ = in.on();
  } else if (verb == "unsettled") {
    unsettled_ = in.on();
  } else if (verb == "deletes") {
    const auto how = in.word();
    deletes_ = how == "fail" ? Deletes::fail : how == "hang" ? Deletes::hang : Deletes::work;
  } else if (verb == "answers") {
    const auto how = in.word();
    answers_ = how == "late" ? Answers::late : how == "fail" ? Answers::fail : Answers::work;
  } else if (verb == "reads") {
    late_reads_ = in.word() == "late";
  } else if (verb == "connects") {
    slow_connects_ = in.word() == "slow";
  } else if (verb == "kernel") {
    old_kernel_ = in.word() == "old";
  } else if (verb == "garble") {
    const auto path = in.path();
    garbled_.set(path, in.on());
  } else if (verb == "late-gone") {
    for (const auto& [name, device] : devices_)
      if (const auto it = predecessors_.find(name); it != predecessors_.end()) device_event(DeviceGone{it->second});
  } else {
    return false;
  }
  if (change.page < kHosts) page_changed(static_cast<int>(change.page));
  if (change.staf_file) load_stafd();
  if (change.stac_file) load_stacd();
  pump();
  return true;
}

}  // namespace stas::model
