// SPDX-License-Identifier: Apache-2.0
#include "libstas/tools/watch_command.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <memory>
#include <optional>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

#include "libstas/core/base/unicode.h"
#include "libstas/sys/bus/bus.h"
#include "libstas/sys/os/loop.h"
#include "libstas/sys/os/worker.h"
#include "libstas/tools/colours.h"
#include "libstas/tools/watch_screen.h"

namespace stas {

namespace {

constexpr Duration kCallTimeout = std::chrono::seconds(25);
// Between two questions: the list of 10,000 controllers takes the daemon some milliseconds.
constexpr Duration kPause = std::chrono::milliseconds(250);
constexpr Duration kAgain = std::chrono::seconds(1);  // after one that was not answered

constexpr const char* kWatchHelp = R"(
options:
  -h, --help      show this help message and exit
  -d, --detailed  Print detailed info (default: "False")

Shows the controllers, and again whenever something about them changes, until it is ended (Ctrl-C). On a terminal each
table takes the place of the one before; with --output=json each is one object in a line.
)";

std::string clock_time() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  char text[32] = {};
  if (localtime_r(&now, &local) == nullptr) return {};
  return std::string(text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local));
}

ScreenSize screen_size() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return {};
  return {size.ws_row, size.ws_col};
}

class Watch {
 public:
  Watch(CtlDaemon daemon, bool detailed, std::optional<OutputFormat> format)
      : daemon_(std::move(daemon)),
        interface_{daemon_.name, daemon_.path, daemon_.name + ".desired"},
        detailed_(detailed),
        json_(format == OutputFormat::json),
        terminal_(isatty(STDOUT_FILENO) == 1),
        colour_(is_for_colours()),
        worker_(loop_, {1, 1, 1}) {
    view_.daemon = daemon_.prog;
    for (const int signo : {SIGINT, SIGTERM})
      signals_[signo == SIGTERM] = loop_.signal(signo, [this] { loop_.quit(0); });
    std::signal(SIGPIPE, SIG_IGN);
    pause_ = loop_.timer([this] { ask(); });
  }

  int run() {
    Bus::connect(loop_, worker_, [this](Result<std::unique_ptr<Bus>> bus) {
      if (!bus) return fail_with(bus.error());
      bus_ = *std::move(bus);
      bus_->on_lost([this](const Error& error) { fail_with(error); });
      changed_ = bus_->subscribe(interface_, "changed", [this](const auto&) { note_change(); });
      owner_ = bus_->watch_name(daemon_.name, [this](const std::string& owner) { owner_is(owner); });
    });
    return loop_.run();
  }

 private:
  void fail_with(const Error& error) {
    std::fprintf(stderr, "%s\n", printable(error.text).c_str());
    loop_.quit(1);
  }

  void owner_is(const std::string& owner) {
    running_ = !owner.empty();
    call_ = BusHandle();
    asking_ = false;
    if (running_) return note_change();
    pause_.disarm();
    waiting_ = false;
    view_.controllers.clear();
    show(false);
  }

  // What changes while a question is under way is asked for again.
  void note_change() {
    if (!running_ || std::exchange(waiting_, true) || asking_) return;
    pause_.arm(std::max(loop_.now(), asked_ + kPause));
  }

  void ask() {
    waiting_ = false;
    asking_ = true;
    asked_ = loop_.now();
    call_ = bus_->call_async(interface_, "list_controllers", {detailed_}, BusType::dicts, kCallTimeout,
                             [this](const Result<BusValue>& answer) { take(answer); });
  }

  void take(const Result<BusValue>& answer) {
    asking_ = false;
    if (!answer) {
      const auto kind = answer.error().kind;
      if (kind == ErrorKind::not_supported || kind == ErrorKind::permission) return fail_with(answer.error());
      waiting_ = true;  // busy, or just ending
      pause_.arm_after(kAgain);
      return;
    }
    if (std::exchange(waiting_, false)) note_change();
    Json::Array controllers;
    for (const auto& dict : std::get<BusDicts>(*answer)) controllers.push_back(to_json(dict));
    if (shown_ && view_.running && controllers == view_.controllers) return;
    view_.controllers = std::move(controllers);
    show(true);
  }

  void show(bool running) {
    view_.running = running;
    view_.time = clock_time();
    shown_ = true;
    const std::string text = json_       ? watch_json(view_)
                             : terminal_ ? watch_screen(view_, screen_size(), colour_)
                                         : watch_table(view_);
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) loop_.quit(0);
  }

  const CtlDaemon daemon_;
  const BusTarget interface_;
  const bool detailed_, json_, terminal_, colour_;
  Loop loop_;
  Worker worker_;
  EventSource signals_[2];
  TimerSource pause_;
  std::unique_ptr<Bus> bus_;
  BusHandle changed_, owner_, call_;
  WatchView view_;
  bool running_ = false;  // somebody has the name
  bool asking_ = false;   // a question is under way
  bool waiting_ = false;  // one is owed
  bool shown_ = false;
  Instant asked_{};
};

}  // namespace

CtlCommand watch_command(const std::string& tool) {
  CliCommand command;
  command.name = "watch";
  command.usage = "usage: " + tool + " watch [-h] [-d]\n";
  command.help = kWatchHelp;
  command.options = {{'d', "detailed", false, {}, false}};
  CtlCommand watch{std::move(command), "Show the controllers whenever something about them changes", {}, {}, false, {}};
  watch.run = [](const CtlDaemon& daemon, const CliRun& run, std::optional<OutputFormat> format) {
    return Watch(daemon, run.has("detailed"), format).run();
  };
  return watch;
}

}  // namespace stas
