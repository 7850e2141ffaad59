// SPDX-License-Identifier: Apache-2.0
//
// The shell around a brain, as far as it is the same for both daemons: signals, one run of the brain for all facts of
// an iteration of the loop, its timer, the audit, the two configuration files, a stop with a bound, the file of the
// last known configuration, the bus and its loss. Decides nothing. Each daemon owns one, and has its bus objects and
// its own orders beside it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libstas/core/base/log_limit.h"
#include "libstas/core/brain/tally.h"
#include "libstas/sys/bus/bus.h"
#include "libstas/sys/daemon/boot_table.h"
#include "libstas/sys/daemon/brain_port.h"
#include "libstas/sys/daemon/command_line.h"
#include "libstas/sys/daemon/exclusion_files.h"
#include "libstas/sys/daemon/history_file.h"
#include "libstas/sys/daemon/host_file.h"
#include "libstas/sys/daemon/metrics_file.h"
#include "libstas/sys/daemon/state_file.h"
#include "libstas/sys/fabric/fabric.h"
#include "libstas/sys/net/resolver.h"
#include "libstas/sys/os/journal.h"
#include "libstas/sys/os/loop.h"
#include "libstas/sys/os/notify.h"
#include "libstas/sys/os/one_job.h"
#include "libstas/sys/os/worker.h"

namespace stas {

using Published = std::function<void(Result<void>)>;

// What differs. All are called from the loop.
struct ShellHooks {
  std::function<void(Bus&, Published done)> publish;    // the bus is there: export the object, take the name
  std::function<void()> configured;                     // the brain has a configuration, the daemon its name
  std::function<void(const Action& action)> carry_out;  // an order that only this daemon has
  std::function<void()> stopping;                       // before the brain hears of it
  std::function<void(std::string& out)> gauges;         // appends the metrics that only this daemon has
  std::function<void()> changed;                        // what the brain shows may have; not often (kTellChanged)
  std::function<std::string()> status;                  // how things are, in one line for "systemctl status"
};

class Shell {
 public:
  // `interest`: the controllers that the daemon is about. Signals are blocked from here on: before any thread exists.
  Shell(Loop& loop, DaemonOptions options, ControllerKind interest, BrainPort brain, ShellHooks hooks);
  ~Shell();
  Shell(const Shell&) = delete;
  Shell& operator=(const Shell&) = delete;

  // Reads the files, then goes on from the loop: connects to the bus, takes the name, starts the fabric, and runs the
  // brain for the first time, which READY=1 follows. Until the name is ours nothing is done to any controller. An
  // error was logged; invalid_input: it stays until somebody edits a file. What goes wrong later is logged as well, and
  // ends the loop.
  Result<void> start();
  // A fact for the brain, from the loop.
  void handle(Event event);
  // What a reload would hand to the brain and complain about, with other files in place of ours where they are given.
  // Changes and logs nothing.
  struct OtherFile {
    std::string path;  // what it is called
    std::string text;
  };
  struct Outlook {
    Event event;
    std::vector<std::string> complaints;  // as --check prints them
    bool understood = true;               // false: one of the files is broken, and what is in force would stay
  };
  // `done` once, from the loop, when the files are read; an Error (busy): another one is being read.
  void foresee(std::optional<OtherFile> conf, std::optional<OtherFile> sys_conf,
               std::function<void(Result<Outlook>)> done);
  // For the journal, about something that others cause: no more than so much about one subject (log_limit).
  void log_bounded(const std::string& subject, Level level, const std::string& text,
                   const std::vector<JournalField>& fields = {});

  Loop& loop() const { return loop_; }
  const DaemonOptions& options() const { return options_; }
  Journal& journal() { return journal_; }
  const Journal& journal() const { return journal_; }
  const StateFile& state() const { return state_; }
  const HistoryFile& history() const { return history_; }
  // Valid after start().
  const Fabric& fabric() const { return *fabric_; }
  const HostIdentity& host() const { return *host_; }
  Bus* bus() { return bus_.get(); }  // nullptr until it is there

 private:
  void connect_bus();
  void connected(std::unique_ptr<Bus> bus);
  void begin();
  void give_up(const std::string& why);
  struct Files;
  void configure(const ConfText& conf, const BootEntries& boot);
  void read_files();
  void files_read(const Files& files);
  Outlook outlook_of(const std::string& conf_file, const Files& files) const;
  void remember_host();
  void run_soon();
  void run();
  void carry_out(Action action);
  void reload();
  void stop();
  void end();
  void save_all();
  void audit();
  std::string metrics() const;
  void told(const Result<void>& outcome);
  void tell_ready();
  void report(const Report& report);
  void tell_untold(Instant now);
  void note_change();

  Loop& loop_;
  const DaemonOptions options_;
  const ControllerKind interest_;
  BrainPort brain_;
  ShellHooks hooks_;
  Journal journal_;
  LogLimit log_limit_;
  Notifier notifier_;
  StateFile state_;
  HistoryFile history_;
  Tally tally_;
  MetricsFile metrics_;
  Worker worker_;
  Resolver resolver_;
  HostFile host_file_;
  HostFile::Host host_;
  std::shared_ptr<const BootTable> boot_table_;
  std::optional<KnownHost> saved_host_;
  ExclusionFiles exclusions_;
  OneJob reading_;
  OneJob foreseeing_;
  std::unique_ptr<Fabric> fabric_;
  std::unique_ptr<Bus> bus_;
  BusHandle sleep_;
  std::function<void(Result<Outlook>)> foreseen_;  // answers on the bus, so it goes first

  EventSource sigterm_, sigint_, sighup_;
  OnceSource run_later_;
  TimerSource deadline_, gap_timer_, audit_timer_, stop_timer_, bus_timer_, tell_again_, untold_timer_, slow_files_,
      change_timer_;
  bool running_ = false;     // the name is ours, the brain is asked
  bool ready_owed_ = false;  // READY=1 comes after the run that applies a configuration
  bool read_again_ = false;  // a reload that came while the files were read
  bool stopping_ = false;
  bool change_owed_ = false;
  Instant change_told_{};
  Instant run_not_before_{};
};

}  // namespace stas
