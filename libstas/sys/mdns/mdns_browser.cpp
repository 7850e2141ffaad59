// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/mdns/mdns_browser.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include <avahi-client/client.h>
#include <avahi-client/lookup.h>
#include <avahi-common/error.h>

#include "libstas/sys/mdns/avahi_poll.h"
#include "libstas/sys/mdns/mdns_services.h"

namespace stas {

namespace {

constexpr std::array<const char*, 2> kServiceTypes{"_nvme-disc._tcp", "_nvme-disc._udp"};
constexpr const char* kDomain = "local";

constexpr Duration kCoalesce = std::chrono::milliseconds(10);
constexpr Duration kMinRestart = std::chrono::seconds(1);

}  // namespace

struct MdnsBrowser::Impl {
  enum class Daemon { unknown, present, absent };
  struct Browser {
    Impl* owner = nullptr;
    AvahiServiceBrowser* handle = nullptr;  // freed with the client
    bool answered = false;                  // its first answers are in
  };

  Impl(Loop& l, MdnsTiming t, Publish p, Report r)
      : loop(l),
        timing(t),
        publish(std::move(p)),
        report(std::move(r)),
        poll(l),
        services(l, t.unresolved,
                 {[this] { mark_dirty(); }, [this](std::string text) { complain(std::move(text)); },
                  [this](std::string text) { report_bounded("unresolved", Level::debug, std::move(text)); }},
                 t.most_services),
        publish_timer(l.timer([this] { publish_now(); })),
        start_timer(l.timer([this] { start(); })),
        settle_timer(l.timer([this] { settle(); })),
        untold_timer(l.timer([this] { tell_untold(); })),
        backoff(t.retry) {}
  ~Impl() {
    if (client != nullptr) avahi_client_free(client);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Loop& loop;
  const MdnsTiming timing;
  Publish publish;
  Report report;
  LoopAvahiPoll poll;
  AvahiClient* client = nullptr;
  std::array<Browser, kServiceTypes.size()> browsers{};
  MdnsServices services;
  TimerSource publish_timer;
  TimerSource start_timer;
  TimerSource settle_timer;
  TimerSource untold_timer;
  Backoff backoff;
  bool settled = false;
  bool enabled = false;
  bool dirty = false;
  Daemon daemon = Daemon::unknown;
  Instant started{};  // the client
  Instant browsing_since{};
  Instant start_at = kNever;
  std::set<std::string> seen_twice;  // addresses on several interfaces that were reported
  LogLimit log_limit{kMdnsLogBounds};

  void set_enabled(bool on) {
    if (enabled == on) return;
    enabled = on;
    daemon = Daemon::unknown;
    backoff.reset();
    if (on) {
      start();
    } else {
      stop_start_timer();
      drop_client();
      mark_dirty();
    }
  }

  void start() {
    stop_start_timer();
    drop_client();
    started = loop.now();
    int error = 0;
    // Calls back before it returns.
    AvahiClient* made = avahi_client_new(poll.api(), AVAHI_CLIENT_NO_FAIL, on_client, this, &error);
    if (made == nullptr) {  // no bus, not even with NO_FAIL
      client = nullptr;
      report(Level::debug, std::string("no Avahi client: ") + avahi_strerror(error));
      set_daemon(Daemon::absent);
      start_in(backoff.fail());
    }
    mark_dirty();
  }

  void start_in(Duration delay) {
    start_at = loop.now() + delay;
    start_timer.arm(start_at);
    mark_dirty();
  }

  void stop_start_timer() {
    start_timer.disarm();
    start_at = kNever;
  }

  // Never from a callback of the client. Browsers and resolvers go with it.
  void drop_client() {
    settle_timer.disarm();
    settled = false;
    browsers = {};
    if (client != nullptr) avahi_client_free(std::exchange(client, nullptr));
    services.forget();
  }

  void set_daemon(Daemon now) {
    if (daemon == now) return;
    const Daemon before = std::exchange(daemon, now);
    mark_dirty();
    if (now == Daemon::present) {
      report(Level::info, "avahi-daemon service available, zeroconf supported.");
    } else if (before == Daemon::present) {
      report(Level::warning, "avahi-daemon not available, zeroconf not supported.");
    } else {
      report(Level::warning, "avahi-daemon not available, operating w/o mDNS discovery.");
    }
  }

  static void on_client(AvahiClient* client, AvahiClientState state, void* userdata) {
    Impl& self = *static_cast<Impl*>(userdata);
    self.client = client;
    switch (state) {
      case AVAHI_CLIENT_S_REGISTERING:  // browsing works in all three
      case AVAHI_CLIENT_S_COLLISION:
      case AVAHI_CLIENT_S_RUNNING:
        self.browse();
        break;
      case AVAHI_CLIENT_CONNECTING:
        self.report(Level::debug, "Avahi client: waiting for the daemon");
        self.set_daemon(Daemon::absent);
        self.start_in(self.timing.wake_up);
        break;
      case AVAHI_CLIENT_FAILURE:
        self.lost(avahi_strerror(avahi_client_errno(client)));
        break;
    }
  }

  // The daemon, or the bus, went away, or does not do what it should. What was known counts no more.
  void lost(const std::string& why) {
    report(Level::debug, "Avahi client: " + why);
    set_daemon(Daemon::absent);
    start_in(std::max(Duration::zero(), started + kMinRestart - loop.now()));
  }

  void browse() {
    if (browsers.front().handle != nullptr) return;
    stop_start_timer();
    for (std::size_t i = 0; i < browsers.size(); ++i) {
      browsers[i].owner = this;
      browsers[i].handle = avahi_service_browser_new(client, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, kServiceTypes[i],
                                                     kDomain, AVAHI_LOOKUP_USE_MULTICAST, on_browser, &browsers[i]);
      if (browsers[i].handle == nullptr) return browser_failed();
    }
    set_daemon(Daemon::present);
    browsing_since = loop.now();
    settle_timer.arm_after(timing.settle);
  }

  void browser_failed() {
    report(Level::debug, std::string("mDNS browser: ") + avahi_strerror(avahi_client_errno(client)));
    set_daemon(Daemon::absent);
    start_in(backoff.fail());
  }

  static void on_browser(AvahiServiceBrowser* /*handle*/, AvahiIfIndex interface, AvahiProtocol protocol,
                         AvahiBrowserEvent event, const char* name, const char* type, const char* domain,
                         AvahiLookupResultFlags /*flags*/, void* userdata) {
    Browser& browser = *static_cast<Browser*>(userdata);
    Impl& self = *browser.owner;
    switch (event) {
      case AVAHI_BROWSER_NEW:
        self.services.add(self.client, {interface, protocol, name, type, domain});
        break;
      case AVAHI_BROWSER_REMOVE:
        self.services.remove({interface, protocol, name, type, domain});
        break;
      case AVAHI_BROWSER_ALL_FOR_NOW:
        browser.answered = true;
        break;
      case AVAHI_BROWSER_CACHE_EXHAUSTED:
        break;
      case AVAHI_BROWSER_FAILURE:
        self.browser_failed();
        break;
    }
  }

  // Until here a restarted daemon has had no time to hear from everybody: nothing may be concluded from silence (law
  // 2).
  void settle() {
    const bool answered = std::all_of(browsers.begin(), browsers.end(), [](const Browser& b) { return b.answered; });
    if (!answered && loop.now() - browsing_since < timing.settle_limit) return settle_timer.arm_after(timing.settle);
    settled = true;
    backoff.reset();
    mark_dirty();
  }

  void mark_dirty() {
    if (!std::exchange(dirty, true)) publish_timer.arm_after(kCoalesce);
  }

  void publish_now() {
    dirty = false;
    MdnsView view;
    // A daemon that is gone takes its services with it at once, also while its client still waits to be freed.
    if (daemon == Daemon::present) {
      view.changed.available = settled;
      view.changed.services = services.values();
      view.service_types.assign(kServiceTypes.begin(), kServiceTypes.end());
    }
    view.wake_up_at = start_at;
    report_seen_twice(view.changed.services);
    publish(std::move(view));
  }

  // Upstream's message, but only when the interfaces do differ, and once. Nothing is removed for it.
  void report_seen_twice(const std::vector<MdnsService>& all) {
    std::map<std::string, std::set<std::string>> interfaces;
    for (const auto& service : all) {
      if (service.resolved && !service.interface.empty()) interfaces[service.traddr].insert(service.interface);
    }
    std::erase_if(interfaces, [](const auto& item) { return item.second.size() < 2; });
    std::erase_if(seen_twice, [&interfaces](const std::string& address) { return !interfaces.contains(address); });
    for (const auto& [address, names] : interfaces) {
      if (!seen_twice.insert(address).second) continue;
      std::string list;
      for (const auto& name : names) list.append(list.empty() ? "" : ", ").append(name);
      complain("IP address " + address + " was found on multiple interfaces: " + list);
    }
  }

  void complain(std::string text) { report_bounded("complaint", Level::error, std::move(text)); }

  void report_bounded(const std::string& kind, Level level, std::string text) {
    if (log_limit.admits(kind, loop.now()))
      report(level, std::move(text));
    else
      untold_timer.arm(log_limit.deadline());
  }

  void tell_untold() {
    std::size_t messages = 0;
    for (const auto& untold : log_limit.take(loop.now())) messages += untold.messages;
    if (messages > 0)
      report(Level::warning, std::to_string(messages) + " more messages about mDNS services were left out");
    untold_timer.arm(log_limit.deadline());
  }
};

MdnsBrowser::MdnsBrowser(Loop& loop, MdnsTiming timing, Publish publish, Report report)
    : impl_(std::make_unique<Impl>(loop, timing, std::move(publish), std::move(report))) {}

MdnsBrowser::~MdnsBrowser() = default;

void MdnsBrowser::enable(bool on) { impl_->set_enabled(on); }

}  // namespace stas
