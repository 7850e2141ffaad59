// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon/shell.h"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <type_traits>
#include <utility>

#include "libstas/sys/fabric/kernel/kernel_fabric.h"
#include "libstas/sys/fabric/user/user_fabric.h"
#include "libstas/sys/os/descriptors.h"

namespace stas {

namespace {

constexpr Duration kAuditPeriod = std::chrono::minutes(2);  // repairs lost device events (law 5)
constexpr Duration kStopWait = std::chrono::seconds(5);
constexpr Duration kTellAgain = std::chrono::seconds(1);  // the service manager, which waits for READY=1
// For the bus at start. Longer than a busy machine takes, shorter than the service manager waits for a start (90 s):
// who waits then reads the reason, and systemd tries again.
constexpr Duration kBusWait = std::chrono::seconds(30);
// Whoever watches, of all that changes in this time, and no more often than that.
constexpr Duration kTellSoon = std::chrono::milliseconds(100);
constexpr Duration kTellChanged = std::chrono::milliseconds(250);
constexpr Duration kQuick = std::chrono::milliseconds(1);         // an answer that takes less costs nothing ...
constexpr Duration kLongestGap = std::chrono::milliseconds(100);  // ... and the next waits so long at most
constexpr Duration kSlowFiles = std::chrono::seconds(5);          // then a reload that is under way is told

std::unique_ptr<Fabric> make_fabric(FabricKind kind, Loop& loop, ControllerKind interest) {
  if (kind == FabricKind::user) return std::make_unique<UserFabric>(loop);
  return std::make_unique<KernelFabric>(loop, interest);
}

// As ctime(3) prints it.
std::string clock_time(Instant at, Instant now) {
  const std::time_t when = std::time(nullptr) + std::chrono::duration_cast<std::chrono::seconds>(at - now).count();
  std::tm local{};
  char text[32] = {};
  if (localtime_r(&when, &local) == nullptr) return "---";
  return std::string(text, std::strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y", &local));
}

KnownHost known(const HostIdentity& host) { return {host.nqn, host.id}; }

}  // namespace

Shell::Shell(Loop& loop, DaemonOptions options, ControllerKind interest, BrainPort brain, ShellHooks hooks)
    : loop_(loop),
      options_(std::move(options)),
      interest_(interest),
      brain_(std::move(brain)),
      hooks_(std::move(hooks)),
      journal_(options_.program, options_.syslog ? Journal::Sink::journal : Journal::Sink::standard_error),
      notifier_(loop),
      state_(loop, last_known_path(options_.program), journal_, [this] { return brain_.last_known(saved_host_); }),
      history_(loop, options_.program, journal_),
      metrics_(loop, metrics_path(options_.program), journal_, [this] { return metrics(); }),
      worker_(loop),
      resolver_(loop, worker_),
      host_file_(options_.sys_conf, journal_),
      exclusions_(loop, journal_, [this](auto list) { handle(HostExclusionsRead{std::move(list)}); }),
      reading_(loop),
      foreseeing_(loop) {
  sigterm_ = loop_.signal(SIGTERM, [this] { stop(); });
  sigint_ = loop_.signal(SIGINT, [this] { stop(); });
  sighup_ = loop_.signal(SIGHUP, [this] { reload(); });
  run_later_ = loop_.once([this] { run(); });
  deadline_ = loop_.timer([this] { run_soon(); });
  gap_timer_ = loop_.timer([this] { run_later_.arm(); });
  audit_timer_ = loop_.timer([this] { audit(); });
  untold_timer_ = loop_.timer([this] { tell_untold(loop_.now()); });
  tell_again_ = loop_.timer([this] { tell_ready(); });
  stop_timer_ = loop_.timer([this] {
    journal_.warning("Some operations did not end in time; stopping without them");
    end();
  });
  bus_timer_ = loop_.timer(
      [this] { give_up("The system bus accepts connections but does not answer; the next start may find it better"); });
  change_timer_ = loop_.timer([this] {
    change_owed_ = false;
    change_told_ = loop_.now();
    if (hooks_.changed) hooks_.changed();
    if (hooks_.status && !stopping_) notifier_.status(hooks_.status());
  });
  slow_files_ = loop_.timer([this] {
    journal_.warning("Reading " + options_.conf_file + " and " + options_.sys_conf +
                     " takes long; the previous configuration stays in force until it is done");
  });
  journal_.set_tron(options_.tron);
  journal_.start();
}

Shell::~Shell() { tell_untold(kNever); }

Result<void> Shell::start() {
  const auto saved = read_last_known(state_.path(), journal_);
  if (!saved) {
    journal_.error(saved.error().text);
    return tl::unexpected(saved.error());
  }
  std::vector<Complaint> complaints;
  saved_host_ = brain_.restore(*saved, state_.path(), complaints);
  log_complaints(complaints, journal_);
  history_.start();
  auto host = host_file_.at_start(saved_host_);
  if (!host) {
    journal_.error(host.error().text);
    return tl::unexpected(host.error());
  }
  host_ = *std::move(host);
  exclusions_.start();
  fabric_ = make_fabric(options_.fabric, loop_, interest_);
  boot_table_ = std::make_shared<const BootTable>(journal_);
  configure(read_conf(options_.conf_file), boot_table_->entries(interest_));
  const auto heard = notifier_.start();
  told(heard);
  if (is_shortage(heard)) return heard;
  notifier_.status("Waiting for the system bus");
  connect_bus();
  return {};
}

void Shell::connect_bus() {
  bus_timer_.arm_after(kBusWait);
  Bus::connect(loop_, worker_, [this](Result<std::unique_ptr<Bus>> bus) {
    if (stopping_) return;
    if (!bus) return give_up(bus.error().text);
    connected(*std::move(bus));
  });
}

void Shell::connected(std::unique_ptr<Bus> bus) {
  bus_ = std::move(bus);
  bus_->on_lost([this](const Error& error) {
    if (running_) {
      state_.changed();
      save_all();
    }
    give_up("Lost the system bus: " + error.text);
  });
  // org.freedesktop.login1(5): false when the host is awake again.
  sleep_ = bus_->subscribe({"org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager"},
                           "PrepareForSleep", [this](const std::vector<std::string>& args) {
                             if (args == std::vector<std::string>{"false"}) handle(Resumed{});
                           });
  hooks_.publish(*bus_, [this](const Result<void>& published) {
    if (stopping_) return;
    if (!published) return give_up(published.error().text);
    begin();
  });
}

void Shell::begin() {
  bus_timer_.disarm();
  running_ = true;
  remember_host();
  hooks_.configured();
  if (const auto started = fabric_->start([this](Event event) { handle(std::move(event)); }); !started)
    return give_up(started.error().text);
  remove_pickle(options_.program, journal_);
  metrics_.start();
  if (options_.fabric == FabricKind::kernel) audit_timer_.arm_after(kAuditPeriod);
  run_later_.arm();
}

void Shell::give_up(const std::string& why) {
  journal_.error(why);
  loop_.quit(1);
}

// Both files were read and judged before either counts; the brain hears of both at once.
void Shell::configure(const ConfText& conf, const BootEntries& boot) {
  auto news = brain_.read_config(options_.conf_file, conf, host_, boot);
  log_complaints(news.complaints, journal_);
  const bool first = brain_.config() == nullptr;
  handle(std::move(news.event));
  if (news.understood || first) journal_.set_tron(brain_.config()->tron || (options_.tron && first));
  ready_owed_ = true;
  if (!running_) return;
  remember_host();
  hooks_.configured();
}

void Shell::remember_host() {
  if (saved_host_ == known(*host_)) return;
  saved_host_ = known(*host_);
  state_.changed();
}

void Shell::handle(Event event) {
  tally_.heard(event, loop_.now());
  brain_.handle(std::move(event), loop_.now());
  if (running_) run_soon();
}

// Facts that arrive together are answered together: once per iteration of the loop, and where thousands of controllers
// make one answer long, as many as arrive in four times as long. So a thousand pages in a second cost a fifth of it,
// and none of them waits for long.
void Shell::run_soon() {
  if (loop_.now() >= run_not_before_)
    run_later_.arm();
  else
    gap_timer_.arm(run_not_before_);
}

void Shell::run() {
  const Instant begun = loop_.now();
  auto actions = brain_.advance(begun);
  const Instant done = loop_.now();
  run_not_before_ = done - begun < kQuick ? done : done + std::min(kLongestGap, 4 * (done - begun));
  tally_.ordered(actions);
  metrics_.changed();
  // Each in their order, but the reports behind the orders: the journal can wait, a controller should not.
  std::stable_partition(actions.begin(), actions.end(),
                        [](const Action& action) { return !std::holds_alternative<Report>(action); });
  for (auto& action : actions) carry_out(std::move(action));
  deadline_.arm(brain_.deadline());
  note_change();
  if (ready_owed_ && !reading_.busy()) tell_ready();
  if (stopping_ && brain_.stopped()) end();
}

void Shell::carry_out(Action action) {
  std::visit(
      [this, &action](auto& order) {
        using Order = std::decay_t<decltype(order)>;
        if constexpr (std::is_constructible_v<FabricOp, Order>) {
          fabric_->submit(std::move(order));
        } else if constexpr (std::is_same_v<Order, Report>) {
          report(order);
        } else if constexpr (std::is_same_v<Order, SaveLastKnown>) {
          state_.changed();
        } else if constexpr (std::is_same_v<Order, Resolve>) {
          resolver_.resolve(order.name, [this, name = order.name](Resolver::Addresses addresses) {
            handle(Resolved{name, std::move(addresses)});
          });
        } else {
          hooks_.carry_out(action);
        }
      },
      action);
}

void Shell::report(const Report& report) {
  if (report.level == Level::debug && !journal_.wants(report.level)) return;
  const std::string tid = report.tid ? report.tid->to_string() : std::string();
  std::string text = report.text;
  if (const auto at = text.rfind(kByTime); report.by != kNever && at != std::string::npos)
    text.replace(at, kByTime.size(), clock_time(report.by, loop_.now()));
  history_.take(report, text);
  if (!journal_.wants(report.level)) return;
  const std::string& subject = !tid.empty() ? tid : !report.device.empty() ? report.device : options_.program;
  log_bounded(subject, report.level, text,
              {{"MESSAGE_ID", message_id(report.topic)},
               {"STAS_TID", tid},
               {"STAS_DEVICE", report.device},
               {"STAS_REASON", to_text(report.reason)}});
}

void Shell::note_change() {
  if (std::exchange(change_owed_, true)) return;
  change_timer_.arm(std::max(loop_.now() + kTellSoon, change_told_ + kTellChanged));
}

// Who asked for everything (tron) gets it.
void Shell::log_bounded(const std::string& subject, Level level, const std::string& text,
                        const std::vector<JournalField>& fields) {
  if (level == Level::debug || journal_.tron() || log_limit_.admits(subject, loop_.now()))
    return journal_.log(level, text, fields);
  untold_timer_.arm(log_limit_.deadline());
}

void Shell::tell_untold(Instant now) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(log_limit_.bounds().window).count();
  for (const auto& [subject, messages] : log_limit_.take(now)) {
    const std::string about = subject.empty() ? "" : subject + " - ";
    journal_.log(Level::warning,
                 about + std::to_string(messages) + " more messages like these were left out within " +
                     std::to_string(minutes) + " minutes (tron shows all)",
                 {{"MESSAGE_ID", message_id(Topic::left_out)}});
  }
  untold_timer_.arm(log_limit_.deadline());
}

std::string Shell::metrics() const {
  std::string text;
  if (hooks_.gauges) hooks_.gauges(text);
  tally_.print(options_.program, text);
  return text;
}

// The service manager; one that cannot be told is no reason to stop.
void Shell::told(const Result<void>& outcome) {
  if (!outcome) journal_.error(outcome.error().text);
}

// Without this message a reload never ends for the service manager.
void Shell::tell_ready() {
  const auto outcome = notifier_.ready();
  if (is_passing(outcome)) tell_again_.arm_after(kTellAgain);
  if (ready_owed_) told(outcome);  // once
  ready_owed_ = false;
}

void Shell::reload() {
  if (stopping_) return;
  told(notifier_.reloading());
  exclusions_.read_again();
  read_again_ = reading_.busy();
  if (!read_again_) read_files();
}

struct Shell::Files {
  ConfText conf;
  HostFile::Seen sys_conf;
  BootEntries boot;
};

// Their disk may hang: it may be one of those that are connected here.
void Shell::read_files() {
  slow_files_.arm_after(kSlowFiles);
  reading_.start([this, conf = options_.conf_file, sys_conf = host_file_.reader(), boot = boot_table_,
                  kind = interest_]() -> OneJob::Completion {
    return [this, files = std::make_shared<const Files>(Files{read_conf(conf), sys_conf(), boot->entries(kind)})] {
      files_read(*files);
    };
  });
}

void Shell::files_read(const Files& files) {
  slow_files_.disarm();
  if (stopping_) return;
  if (std::exchange(read_again_, false)) read_files();
  host_ = host_file_.at_reload(files.sys_conf, host_);
  configure(files.conf, files.boot);
}

// A file in place of ours has been sent; what it names has not.
void Shell::foresee(std::optional<OtherFile> conf, std::optional<OtherFile> sys_conf,
                    std::function<void(Result<Outlook>)> done) {
  if (foreseeing_.busy())
    return done(fail(ErrorKind::busy, "the files of another plan are being read; their disk may hang"));
  std::string path = conf ? conf->path : options_.conf_file;
  auto sent = conf ? std::make_shared<const ConfText>(conf_text(std::move(conf->text))) : nullptr;
  auto see_host =
      sys_conf ? host_file_.reader(std::move(sys_conf->path), std::move(sys_conf->text)) : host_file_.reader();
  foreseen_ = std::move(done);  // a thread that hangs outlives the bus that it would answer on
  foreseeing_.start([this, path = std::move(path), sent = std::move(sent), see_host = std::move(see_host),
                     boot = boot_table_, kind = interest_]() -> OneJob::Completion {
    auto files = std::make_shared<const Files>(Files{sent ? *sent : read_conf(path), see_host(), boot->entries(kind)});
    return [this, path, files = std::move(files)] { std::exchange(foreseen_, {})(outlook_of(path, *files)); };
  });
}

Shell::Outlook Shell::outlook_of(const std::string& conf_file, const Files& files) const {
  auto host = host_file_.foresee(files.sys_conf, host_);
  auto news = brain_.read_config(conf_file, files.conf, std::move(host.host), files.boot);
  Outlook outlook{std::move(news.event), {}, host.flaw.empty() && news.understood};
  if (!host.flaw.empty()) outlook.complaints.push_back("error: " + host.flaw);
  for (const auto* complaints : {&host.complaints, &news.complaints})
    for (const Complaint& complaint : *complaints) outlook.complaints.push_back(labelled(complaint));
  return outlook;
}

void Shell::stop() {
  if (std::exchange(stopping_, true)) return;
  told(notifier_.stopping());
  notifier_.status("Stopping; connections stay");
  if (!running_) return loop_.quit(0);  // nothing was begun, and the state in its file is better than ours
  state_.save();
  hooks_.stopping();
  stop_timer_.arm_after(kStopWait);
  handle(Stop{});
  fabric_->stop_connecting();
}

void Shell::end() {
  save_all();
  loop_.quit(0);
}

void Shell::save_all() {
  const bool saved = state_.flush();
  history_.flush(saved ? StateFile::kFlushWait : Duration::zero());  // their disk hangs
}

void Shell::audit() {
  fabric_->rescan();
  audit_timer_.arm_after(kAuditPeriod);
}

}  // namespace stas
