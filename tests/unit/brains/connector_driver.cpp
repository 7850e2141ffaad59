// SPDX-License-Identifier: Apache-2.0
//
// Stories of the Connector. Its own lines:
//   stafd up|down             the bus name has an owner, or not
//   stafd fails|hangs|answers what a question for the log pages leads to
//   lists DC[=origin] ENTRY...  its log page as stafd has it from now on, with the signal; origin: configured
//   quiet DC[=origin] ENTRY...  the same, without the signal
//   unread DC[=origin]        stafd knows the controller, but has not read its page
//   drops DC | ends DC        stafd does not list it any more; "ends": and says that it was removed deliberately
//                             entries that cannot be used: "skip", or "skip=NQN" when the NQN can be read
//   doubt none|all|FIELD=VALUE...  the file has a line that is not clear, as far as it can be read; counts at each conf
//   unread conf               the file cannot be read any more (at a restart: neither); mend: it can again
//   hostnqn NQN               the host NQN from the next conf on
//   signal                    stafd says that something changed
//   stafd unsettled|settled   it misses something that may be configured, or not; with the signal
//   health                    what should be connected against what works (stacd/health.h), subsystem by subsystem
//   topology                  which way leads where (stacd/topology.h): discovery controllers and paths, without names
//   usage NAME WORDS...|hangs|fails|free   what uses the device, or what becomes of the question; free without a line.
//                             From the first on the questions are noted
//   released NQN              an administrator lets go
//   stafd old                 from now on it is that of nvme-stas 2.4.1, which says nothing beyond its list
#include <algorithm>
#include <memory>
#include <stdexcept>

#include "libstas/core/brain/view.h"
#include "stacd/connector.h"
#include "stacd/explain.h"
#include "stacd/health.h"
#include "stacd/rehearsal.h"
#include "stacd/topology.h"
#include "tests/unit/brains/driver.h"
#include "tests/unit/brains/notation.h"

namespace stas::story {

namespace {

class ConnectorDriver final : public Driver {
 public:
  ConnectorDriver() : Driver(ControllerKind::io) { reborn(); }

 private:
  void handle(const Event& event) override { brain_->handle(event, now_); }
  Actions advance() override { return brain_->advance(now_); }
  Instant deadline() const override { return brain_->deadline(); }
  void save() override { saved_ = brain_->last_known(); }

  void reborn() override {
    ConnectorTiming timing;
    timing.connect.jitter = 0;
    brain_ = std::make_unique<Connector>(timing);
    brain_->restore(saved_);
    if (present_) handle(StafAppeared{});
  }

  void configure(const std::string& options) override { handle(configured(options)); }

  StacdConfigured configured(const std::string& options) {
    auto parsed = unread_ ? unread_stacd_conf("stacd.conf", "no such file", brain_->config())
                          : parse_stacd_conf(conf_text(options), "stacd.conf", brain_->config());
    if (!unread_) complain(parsed.complaints);
    set_boot(parsed.value, boot_);
    parsed.value.doubts.insert(parsed.value.doubts.end(), doubts_.begin(), doubts_.end());
    auto identity = std::make_shared<HostIdentity>(*host());
    if (!host_nqn_.empty()) identity->nqn = host_nqn_;
    return {std::make_shared<StacdConfig>(std::move(parsed.value)), std::move(identity)};
  }

  void survey() {
    const auto told = health(*brain_, now_);
    note("health " + std::string(told.complete ? to_text(told.condition()) : "unknown") +
         (told.staf_answers ? "" : ", without stafd"));
    for (const auto& subsystem : told.subsystems) {
      std::string line = "  " + subsystem.nqn + " " + std::string(to_text(subsystem.condition())) + " " +
                         std::to_string(subsystem.live) + "/" + std::to_string(subsystem.desired);
      const auto add = [&](const char* label, unsigned count) {
        if (count > 0) line += label + std::to_string(count);
      };
      add(", connecting ", subsystem.connecting);
      add(", resetting ", subsystem.resetting);
      add(", deleting ", subsystem.deleting);
      add(", missing ", subsystem.missing);
      add(", held ", subsystem.held);
      add(", lost ", subsystem.lost);
      add(", others ", subsystem.others);
      note(line + (subsystem.reason.empty() ? "" : " (" + subsystem.reason + ")"));
    }
  }

  void map() {
    const auto told = topology(*brain_, "conf", now_);
    const auto text = [](const Json& object, const char* key) { return *object.find(key)->as_string(); };
    const auto via = [&](const Json& object) { return " via " + text(object, "interface"); };
    for (const auto& dc : *told.find("discovery controllers")->as_array())
      note("dc " + text(dc, "traddr") + " " + text(dc, "origin") + via(dc));
    for (const auto& subsystem : *told.find("subsystems")->as_array())
      for (const auto& path : *subsystem.find("paths")->as_array())
        note("path " + text(subsystem, "subsysnqn") + " " + text(path, "traddr") + " " + text(path, "verdict") + " " +
             text(path, "device") + " " + text(path, "state") + via(path) + " [" + text(path, "configured") + "] dcs " +
             std::to_string(path.find("discovery controllers")->as_array()->size()));
  }

  void doubt(const Words& words) {
    if (words.at(0) == "none") return doubts_.clear();
    ConfigDoubt doubt;
    doubt.file = "stacd.conf";
    doubt.line = 7;
    doubt.text = "cannot be understood";
    for (const auto& word : words) {
      const auto equals = word.find('=');
      const auto value = equals == std::string::npos ? std::string() : word.substr(equals + 1);
      const auto key = word.substr(0, equals);
      if (key == "traddr") doubt.traddr = value;
      if (key == "nqn") doubt.subsysnqn = value;
      if (key == "transport") doubt.transport = value;
      if (key == "trsvcid") doubt.trsvcid = value;
    }
    doubts_.push_back(doubt);
  }

  void list() override {
    for (const auto& ioc : brain_->controllers())
      note("ls " + show(ioc.tid) + " " + (ioc.device ? ioc.device->name : "-") + (ioc.foreign ? " external" : "") +
           (ioc.alias_of ? " = " + show(*ioc.alias_of) : ""));
  }

  bool line(const std::string& verb, const Words& words) override {
    if (verb == "stafd") return stafd_line(words.at(0));
    if (verb == "signal") {
      handle(StafChanged{});
      return true;
    }
    if (verb == "doubt") return doubt(words), true;
    if (verb == "plan") {
      note_plan(plan(*brain_, configured(question_of(words)), {"old", "new"}, now_));
      return true;
    }
    if (verb == "usage") {
      usage_[words.at(0)] = question_of({words.begin() + 1, words.end()});
      return true;
    }
    if (verb == "released") {
      for (const Ioc* ioc : brain_->kept_back(words.at(0))) note("release " + show(ioc->tid));
      handle(ReleaseOrdered{words[0]});
      return true;
    }
    if (verb == "topology") return map(), true;
    if (verb == "health") return survey(), true;
    if (verb == "explain") return note_answer(explain(*brain_, question_of(words), {"conf", "sys"}, now_)), true;
    if (verb == "hostnqn") return host_nqn_ = words.at(0), true;
    if (verb == "mend") return unread_ = false, true;
    if (verb == "unread") {
      if (words.at(0) == "conf") {
        unread_ = true;
        configure({});
        return true;
      }
    }
    if (verb != "lists" && verb != "quiet" && verb != "unread" && verb != "drops" && verb != "ends") return false;
    std::string token = words.at(0), origin = "configured";
    if (const auto equals = token.find('='); equals != std::string::npos) {
      origin = token.substr(equals + 1);
      token.resize(equals);
    }
    const Tid dc = tid_of(token);
    auto it = std::find_if(dcs_.begin(), dcs_.end(), [&](const StafDc& known) { return known.tid == dc; });
    if (verb == "drops" || verb == "ends") {
      if (it == dcs_.end()) throw std::invalid_argument("stafd does not list " + token);
      dcs_.erase(it);
      if (verb == "ends") ended_.push_back(dc);
    } else {
      if (it == dcs_.end()) it = dcs_.insert(it, StafDc{dc, origin, true, {}});
      it->origin = origin;
      it->page_known = verb != "unread";
      std::vector<Dlpe> entries;
      it->skipped.clear();
      for (std::size_t i = 1; i < words.size(); ++i) {
        if (words[i].starts_with("skip"))
          it->skipped.push_back(words[i].size() > 5 ? words[i].substr(5) : std::string());
        else
          entries.push_back(entry_of(words[i], dc));
      }
      it->entries = std::move(entries);
    }
    if (verb != "quiet" && present_) handle(StafChanged{});
    return true;
  }

  bool stafd_line(const std::string& what) {
    if (what == "up" || what == "down") {
      present_ = what == "up";
      ++instance_;
      if (present_)
        handle(StafAppeared{});
      else
        handle(StafVanished{});
      return true;
    }
    if (what == "old") return old_ = true;
    if (what == "unsettled" || what == "settled") {
      misses_ = what == "unsettled";
      if (present_) handle(StafChanged{});
      return true;
    }
    mood_ = what;
    if (what == "answers" && std::exchange(asked_, false)) reply();
    return what == "fails" || what == "hangs" || what == "answers";
  }

  // Ours says so when every host name of its configuration has an address.
  bool settled() const {
    return !misses_ && std::none_of(dcs_.begin(), dcs_.end(), [](const StafDc& dc) { return !dc.tid.ip(); });
  }

  void answer_usage(const InspectUsage& question) {
    const auto it = usage_.find(question.device.name);
    const std::string by = it == usage_.end() || it->second == "free" ? std::string() : it->second;
    if (!usage_.empty()) note("inspect " + question.device.name);
    if (by == "hangs") return;
    answer([this, op = question.op, by] {
      handle(OpDone{op, by == "fails" ? OpResult(Error{ErrorKind::io, 5, "no /proc"}) : OpResult(Usage{by})});
    });
  }

  void execute(const Action& action) override {
    if (const auto* question = std::get_if<InspectUsage>(&action)) return answer_usage(*question);
    if (!std::holds_alternative<FetchStafPages>(action)) return note("VIOLATION: an order that is not for stacd");
    if (mood_ == "hangs") {
      asked_ = true;
      return;
    }
    answer([this, instance = instance_] {
      if (instance == instance_) reply();
    });
  }

  void reply() {
    if (mood_ == "fails")
      handle(StafPages{fail(ErrorKind::io, "org.freedesktop.DBus.Error.Failed"), {}});
    else
      handle(old_ ? StafPages{dcs_, {}, std::nullopt} : StafPages{dcs_, ended_, settled()});
  }

  std::unique_ptr<Connector> brain_;
  KnownStacd saved_;
  bool present_ = false;
  bool asked_ = false;
  bool misses_ = false;
  bool old_ = false;
  bool unread_ = false;
  std::string host_nqn_;
  std::vector<ConfigDoubt> doubts_;
  unsigned instance_ = 0;
  std::string mood_ = "answers";
  std::vector<StafDc> dcs_;
  std::vector<Tid> ended_;
  std::map<std::string, std::string> usage_;
};

}  // namespace

std::string tell_connector(std::string_view script) { return ConnectorDriver().tell(script); }

}  // namespace stas::story
