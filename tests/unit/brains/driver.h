// SPDX-License-Identifier: Apache-2.0
//
// Runs a brain through a story: a script of facts, one per line, simulated time, and a world that does at once what it
// is told. The answer is what the brain ordered, as text: "1.5s disconnect nvme0 10.0.0.1/nqn.a (not_listed)", times
// counted from the line "--", before which nothing is noted. What must never happen (two operations on one controller,
// a second connection for one that exists, orders without a new fact, a deadline that has passed) is noted as
// "VIOLATION".
//
// Lines that both brains understand:
//   conf OPTIONS              the configuration is read (again); "conf" alone: defaults
//   scan [lost]               the fabric tells all devices; lost: and that events before were lost
//   start OPTIONS             conf and scan
//   device NAME CONTROLLER [field=value...]   exists from now on, made by somebody else
//   vanish NAME | lose NAME   the device goes away, with or without an event
//   change NAME field=value...  an attribute of a device changes; alter NAME ...: without an event
//   iface NAME ADDRESS...     an interface of this host
//   link NAME up|down         it comes up, or goes down
//   hostlist ENTRY | ENTRY... the host-wide exclusion list (FILE "list", a line for each); none without an entry
//   resumed                   the host was asleep, and is awake again
//   uevents                   from now on a new device is seen a moment before its connect is answered
//   target ADDRESS up|down    connects fail while it is down
//   target NAME deletable|undeletable   disconnects fail
//   hold ADDRESS KIND         operations of that kind (connect, disconnect, register, supported, page) get no answer
//   release                   ... until now
//   dns NAME ADDRESS...|fails the answer of the resolver from now on; dns hangs: no answers, dns answers: again
//   boot CONTROLLER...        what the firmware booted from, from the next conf on
//   boot-doubt [FIELD=VALUE...]  an entry of its table that cannot be used, of which so much could be read
//   plan OPTIONS              what a reload with this configuration would do is noted, but for what stays as it is
//   explain WHAT              all that is said about it is noted; the files are called "conf" and "sys"
//   options                   from now on connection parameters that are set are noted with each connect, and a host ID
//                             that is not this host's with each connect and registration
//   wait SECONDS | stop | restart (from the saved state, with conf and scan) | journal (note what is reported, too) |
//   ls (note the controllers)
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libstas/core/brain/action.h"
#include "libstas/core/brain/boot.h"
#include "libstas/core/brain/event.h"
#include "libstas/core/brain/explanation.h"
#include "libstas/core/brain/plan.h"
#include "libstas/core/identity/device.h"
#include "libstas/core/identity/host.h"

namespace stas::story {

struct Row {
  const char* name;
  const char* script;
  const char* expect;
};

std::string tell_finder(std::string_view script);
std::string tell_connector(std::string_view script);

// Tells each row's story and compares.
void check(const std::vector<Row>& rows, std::string (*tell)(std::string_view));

class Driver {
 public:
  using Words = std::vector<std::string>;

  explicit Driver(ControllerKind kind) : kind_(kind) {}
  virtual ~Driver() = default;
  std::string tell(std::string_view script);

 protected:
  virtual void handle(const Event& event) = 0;
  virtual Actions advance() = 0;
  virtual Instant deadline() const = 0;
  virtual void save() = 0;
  virtual void reborn() = 0;  // a new process, with what was saved
  virtual void configure(const std::string& options) = 0;
  virtual void list() = 0;
  virtual bool line(const std::string& verb, const Words& words) = 0;  // false: unknown
  virtual void execute(const Action& action) = 0;                      // what is not common

  void note(const std::string& text);
  void note_answer(const Answer& answer);
  void note_plan(const Plan& plan);
  static std::string question_of(const Words& words);
  void pump();
  void start_op(const std::string& kind, const Tid& tid, OpId op, std::function<OpResult()> work);
  void answer(std::function<void()> what) { answers_.push_back(std::move(what)); }
  const Device* device_of(const DeviceRef& ref) const;
  void complain(const std::vector<Complaint>& complaints);
  std::shared_ptr<const HostIdentity> host() const;

  ControllerKind kind_;
  Instant now_{std::chrono::hours(1)};
  std::map<std::string, Device> devices_;
  std::map<std::string, std::string> dctype_;      // by address
  std::set<std::string> untold_;                   // by address: the kernel does not tell the kind
  std::map<std::string, std::string> unique_nqn_;  // by address: what Identify says
  std::string symname_;
  BootEntries boot_;
  std::shared_ptr<const HostExclusions> exclusions_;
  bool options_ordered_ = false;

 private:
  bool common(const std::string& verb, const Words& words, const std::string& rest);
  void device_line(const Words& words);
  void run_for(Duration time);
  void obey(const Action& action);
  OpResult do_connect(const Connect& connect);
  OpResult do_disconnect(const Disconnect& disconnect);
  Device& create(const std::string& name, const Tid& tid);
  void scan(bool events_lost = false);

  std::string log_, options_;
  Instant zero_ = now_;
  bool journal_ = false;
  bool dns_hangs_ = false;
  bool uevents_ = false;
  unsigned epoch_ = 0;
  std::uint64_t incarnations_ = 0;
  Interfaces interfaces_;
  std::set<std::string> down_;
  std::set<std::pair<std::string, std::string>> held_;
  std::map<Tid, std::string> busy_;
  std::map<std::string, std::vector<std::string>> dns_;
  std::vector<std::function<void()>> answers_, waiting_;
};

}  // namespace stas::story
