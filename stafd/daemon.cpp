// SPDX-License-Identifier: Apache-2.0
#include "stafd/daemon.h"

#include <csignal>
#include <utility>

#include "libstas/sys/daemon/state_file.h"
#include "libstas/sys/os/notify.h"

namespace stas::stafd {

namespace {

constexpr Duration kAuditPeriod = std::chrono::minutes(2);  // repairs lost device events (law 5)
constexpr Duration kStopWait = std::chrono::seconds(5);

}  // namespace

Daemon::Daemon(Loop& loop, DaemonOptions options)
    : loop_(loop),
      options_(std::move(options)),
      journal_(options_.program, options_.syslog ? Journal::Sink::journal : Journal::Sink::standard_error),
      state_(loop, last_known_path(options_.program), journal_,
             [this] { return format_last_known(finder_.last_known()); }),
      worker_(loop),
      resolver_(loop, worker_) {
  // Signals are blocked before the first thread exists.
  sigterm_ = loop_.signal(SIGTERM, [this] { stop(); });
  sigint_ = loop_.signal(SIGINT, [this] { stop(); });
  sighup_ = loop_.signal(SIGHUP, [this] { reload(); });
  run_later_ = loop_.once([this] { run_finder(); });
  deadline_ = loop_.timer([this] { schedule(); });
  audit_timer_ = loop_.timer([this] { audit(); });
  stop_timer_ = loop_.timer([this] {
    journal_.warning("Some operations did not end in time; stopping without them");
    end();
  });
}

Daemon::~Daemon() = default;

bool Daemon::start() {
  journal_.set_tron(options_.tron);
  auto host = load_host(options_.sys_conf, journal_);
  if (!host) {
    journal_.error(host.error().text);
    return false;
  }
  host_ = *host;
  auto known = parse_known_stafd(read_last_known(state_.path(), journal_), state_.path());
  log_complaints(known.complaints, journal_);
  finder_.restore(known.known);

  mdns_ = std::make_unique<Mdns>(
      loop_, [this](MdnsChanged view) { handle(std::move(view)); },
      [this](Level level, std::string text) { journal_.log(level, text); });
  configure();
  fabric_ = make_fabric(options_.fabric, loop_, ControllerKind::discovery);
  if (!start_bus()) return false;
  if (const auto started = fabric_->start([this](Event event) { handle(std::move(event)); }); !started) {
    journal_.error(started.error().text);
    return false;
  }
  if (options_.fabric == FabricKind::kernel) audit_timer_.arm_after(kAuditPeriod);
  schedule();
  loop_.enable_watchdog();
  notify_ready();
  return true;
}

bool Daemon::start_bus() {
  auto bus = Bus::system(loop_);
  if (!bus) {
    journal_.error("Cannot connect to the system bus: " + bus.error().text);
    return false;
  }
  bus_ = std::move(*bus);
  bus_->on_lost([this](const Error& error) {
    journal_.error("Lost the system bus: " + error.text);
    state_.save();
    loop_.quit(1);
  });
  if (options_.fabric == FabricKind::kernel) nvme_cli_ = std::make_unique<NvmeCli>(*bus_, journal_);
  service_ =
      std::make_unique<BusService>(*bus_, ServiceView{loop_, finder_, *mdns_, *fabric_, journal_, host_, state_});
  if (const auto published = service_->publish(); !published) {
    journal_.error(published.error().text);
    return false;
  }
  return true;
}

// Reads stafd.conf. False: it is broken, and the configuration in force (if any) stays.
bool Daemon::configure() {
  auto parsed = load_conf<StafdConfig>(options_.conf_file, parse_stafd_conf, journal_);
  if (parsed.broken && finder_.config() != nullptr) {
    journal_.error(options_.conf_file + " cannot be used; the previous configuration stays in force");
    return false;
  }
  auto config = std::make_shared<const StafdConfig>(std::move(parsed.value));
  journal_.set_tron(config->tron || (options_.tron && finder_.config() == nullptr));
  handle(StafdConfigured{config, host_});
  mdns_->enable(config->zeroconf);
  return true;
}

void Daemon::handle(Event event) {
  finder_.handle(event, loop_.now());
  schedule();
}

// Facts that arrive together are answered together: once per iteration of the loop.
void Daemon::schedule() { run_later_.arm(); }

void Daemon::run_finder() {
  auto actions = finder_.advance(loop_.now());
  tell_last(actions);
  for (auto& action : actions) execute(std::move(action));
  deadline_.arm(finder_.deadline());
  if (stopping_ && finder_.stopped()) end();
}

void Daemon::execute(Action action) {
  if (auto* report = std::get_if<Report>(&action)) return log_report(journal_, *report);
  if (auto* resolve = std::get_if<Resolve>(&action)) {
    return resolver_.resolve(resolve->name, [this, name = resolve->name](Resolver::Addresses addresses) {
      handle(Resolved{name, std::move(addresses)});
    });
  }
  if (std::holds_alternative<SaveLastKnown>(action)) return state_.changed();
  if (auto* changed = std::get_if<NotifyLogPagesChanged>(&action))
    return service_->log_pages_changed(changed->tid, changed->device);
  if (std::holds_alternative<NotifyDcRemoved>(action)) return service_->dc_removed();
  if (auto* leave = std::get_if<LeaveToNvmeCli>(&action)) {
    if (nvme_cli_) nvme_cli_->restart(leave->device, leave->unit);
    return;
  }
  if (auto* op = std::get_if<Connect>(&action)) return fabric_->submit(std::move(*op));
  if (auto* op = std::get_if<Disconnect>(&action)) return fabric_->submit(std::move(*op));
  if (auto* op = std::get_if<Register>(&action)) return fabric_->submit(std::move(*op));
  if (auto* op = std::get_if<FetchSupported>(&action)) return fabric_->submit(std::move(*op));
  if (auto* op = std::get_if<FetchLogPage>(&action)) return fabric_->submit(std::move(*op));
}

void Daemon::end() {
  state_.flush();
  loop_.quit(0);
}

void Daemon::audit() {
  fabric_->rescan();
  audit_timer_.arm_after(kAuditPeriod);
}

void Daemon::reload() {
  if (stopping_) return;
  notify_reloading();
  if (auto host = load_host(options_.sys_conf, journal_))
    service_->set_host(host_ = *host);
  else
    journal_.error(host.error().text + "; the previous host identity stays in force");
  configure();
  service_->tron_changed();
  notify_ready();
}

void Daemon::stop() {
  if (std::exchange(stopping_, true)) return;
  notify_stopping();
  state_.save();
  stop_timer_.arm_after(kStopWait);
  handle(Stop{});
  fabric_->stop_connecting();
}

}  // namespace stas::stafd
