// SPDX-License-Identifier: Apache-2.0
#include "stacd/daemon.h"

#include <csignal>
#include <utility>

#include "libstas/sys/bus/systemd_manager.h"
#include "libstas/sys/daemon/state_file.h"
#include "libstas/sys/daemon/udev_rules.h"
#include "libstas/sys/os/notify.h"

namespace stas::stacd {

namespace {

constexpr Duration kAuditPeriod = std::chrono::minutes(2);  // repairs lost device events (law 5)
constexpr Duration kStopWait = std::chrono::seconds(5);
constexpr Duration kUdevdTimeout = std::chrono::seconds(5);
const std::string kUdevdUnit = "systemd-udevd.service";

}  // namespace

Daemon::Daemon(Loop& loop, DaemonOptions options)
    : loop_(loop),
      options_(std::move(options)),
      journal_(options_.program, options_.syslog ? Journal::Sink::journal : Journal::Sink::standard_error),
      state_(loop, last_known_path(options_.program), journal_,
             [this] { return format_last_known(connector_.last_known()); }),
      worker_(loop),
      resolver_(loop, worker_) {
  // Signals are blocked before the first thread exists.
  sigterm_ = loop_.signal(SIGTERM, [this] { stop(); });
  sigint_ = loop_.signal(SIGINT, [this] { stop(); });
  sighup_ = loop_.signal(SIGHUP, [this] { reload(); });
  run_later_ = loop_.once([this] { run_connector(); });
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
  auto known = parse_known_stacd(read_last_known(state_.path(), journal_), state_.path());
  log_complaints(known.complaints, journal_);
  connector_.restore(known.known);

  configure();
  fabric_ = make_fabric(options_.fabric, loop_, ControllerKind::io);
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
  service_ = std::make_unique<BusService>(*bus_, ServiceView{loop_, connector_, *fabric_, journal_, host_, state_});
  if (const auto published = service_->publish(); !published) {
    journal_.error(published.error().text);
    return false;
  }
  tell_udevd();
  staf_ = std::make_unique<StafClient>(*bus_, journal_, [this](Event event) { handle(std::move(event)); });
  return true;
}

// Reads stacd.conf. False: it is broken, and the configuration in force (if any) stays.
bool Daemon::configure() {
  auto parsed = load_conf<StacdConfig>(options_.conf_file, parse_stacd_conf, journal_);
  if (parsed.broken && connector_.config() != nullptr) {
    journal_.error(options_.conf_file + " cannot be used; the previous configuration stays in force");
    return false;
  }
  auto config = std::make_shared<const StacdConfig>(std::move(parsed.value));
  journal_.set_tron(config->tron || (options_.tron && connector_.config() == nullptr));
  handle(StacdConfigured{config, host_});
  apply_udev_rule(config->udev_rule);
  return true;
}

// udev-rule= of stacd.conf(5): who connects on TCP, we or nvme-cli's udev rules.
void Daemon::apply_udev_rule(bool enabled) {
  if (options_.fabric != FabricKind::kernel) return;
  const bool masked = udev_override_in_force({});
  if (enabled) {
    if (const auto removed = remove_udev_override({}); !removed) journal_.error(removed.error().text);
  } else {
    mask_udev_rules();
  }
  udevd_is_late_ |= masked != udev_override_in_force({});
  tell_udevd();
}

void Daemon::mask_udev_rules() {
  const auto outcome = install_udev_override({});
  if (!outcome)
    journal_.error("nvme-cli's udev rules stay active on TCP: " + outcome.error().text);
  else if (*outcome == UdevOverride::left_alone)
    journal_.info("udev-rule=disabled has no effect: the administrator's own " + std::string(kUdevRulesName) +
                  " decides");
}

// udevd looks for changed rules every few seconds; in between it would connect by those of before.
void Daemon::tell_udevd() {
  if (!bus_ || !std::exchange(udevd_is_late_, false)) return;
  udevd_call_ = bus_->call_async(
      systemd_manager(), "ReloadUnit", {kUdevdUnit, std::string("replace")}, BusType::none, kUdevdTimeout,
      [this](const Result<BusValue>& answer) {
        if (!answer)
          journal_.debug("udevd will notice the changed rules by itself, within seconds: " + answer.error().text);
      });
}

void Daemon::handle(Event event) {
  connector_.handle(event, loop_.now());
  schedule();
}

// Facts that arrive together are answered together: once per iteration of the loop.
void Daemon::schedule() { run_later_.arm(); }

void Daemon::run_connector() {
  auto actions = connector_.advance(loop_.now());
  tell_last(actions);
  for (auto& action : actions) execute(std::move(action));
  deadline_.arm(connector_.deadline());
  if (stopping_ && connector_.stopped()) end();
}

void Daemon::execute(Action action) {
  if (auto* report = std::get_if<Report>(&action)) return log_report(journal_, *report);
  if (auto* resolve = std::get_if<Resolve>(&action)) {
    return resolver_.resolve(resolve->name, [this, name = resolve->name](Resolver::Addresses addresses) {
      handle(Resolved{name, std::move(addresses)});
    });
  }
  if (std::holds_alternative<SaveLastKnown>(action)) return state_.changed();
  if (std::holds_alternative<FetchStafPages>(action)) return staf_->fetch();
  if (auto* op = std::get_if<Connect>(&action)) return fabric_->submit(std::move(*op));
  if (auto* op = std::get_if<Disconnect>(&action)) return fabric_->submit(std::move(*op));
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
  apply_udev_rule(true);
  stop_timer_.arm_after(kStopWait);
  handle(Stop{});
  fabric_->stop_connecting();
}

}  // namespace stas::stacd
