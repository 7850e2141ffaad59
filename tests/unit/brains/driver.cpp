// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/brains/driver.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <stdexcept>

#include <gtest/gtest.h>

#include "libstas/core/brain/view.h"
#include "tests/unit/brains/notation.h"

namespace stas::story {

namespace {

constexpr unsigned kMaxRounds = 200;  // at one instant

std::string seconds_text(Duration time) {
  std::ostringstream out;
  out << std::chrono::duration<double>(time).count() << 's';
  return out.str();
}

void set_field(Device& device, const std::string& assignment) {
  const auto equals = assignment.find('=');
  const std::string key = assignment.substr(0, equals), value = assignment.substr(equals + 1);
  const std::map<std::string, std::string Device::*> fields = {
      {"transport", &Device::transport},   {"traddr", &Device::traddr},
      {"trsvcid", &Device::trsvcid},       {"host_traddr", &Device::host_traddr},
      {"host_iface", &Device::host_iface}, {"src_addr", &Device::src_addr},
      {"owner", &Device::owner},           {"subsysnqn", &Device::subsysnqn},
      {"hostnqn", &Device::hostnqn},       {"cntrltype", &Device::cntrltype},
      {"dctype", &Device::dctype},         {"state", &Device::state}};
  device.*fields.at(key) = value;
}

// Everything but what each connection has: where the host NQN is from, and that the host ID is this host's.
std::string describe(const Explanation& told, Instant now) {
  const auto seconds = [](const char* label, std::optional<Duration> time) {
    return time ? label + python_seconds(*time) + "s" : std::string();
  };
  const auto text = [](const char* label, const std::string& value) { return value.empty() ? "" : label + value; };
  std::string out = "explain " + (told.tid ? show(*told.tid) : "-") + " " + told.verdict + " (" + told.why + ")";
  out += seconds(" since ", told.since);
  if (told.until != kNever) out += seconds(" until ", told.until - now);
  out += text(" then ", told.then);
  for (const auto& source : told.named) out += " [" + source + "]";
  for (const auto& source : told.once) out += " [once " + source + "]";
  for (const auto& rule : told.rules) out += " {" + rule.place + ": " + rule.text + ": " + rule.effect + "}";
  for (const auto& option : told.options)
    if (option.name != "host-nqn" && (option.name != "host-id" || option.from != "sys [Host]"))
      out += " " + option.name + "=" + option.value + "<" + option.from + ">";
  out += text(" on ", told.device) + " " + told.state + seconds(" bound ", told.bound);
  out += text(" shares ", told.shared) + text(", ", told.doing);
  if (told.attempts > 0) out += ", attempts " + std::to_string(told.attempts);
  out += seconds(", next in ", told.next) + text(", none: ", told.no_attempt);
  out += text(", error: ", told.last_error) + seconds(" ago ", told.failed);
  for (const auto& [name, value] : told.details) out += ", " + name + ": " + value;
  return out;
}

std::string shown(const ConnectOptions& options) {
  std::string text;
  if (options.kato) text += " kato=" + std::to_string(*options.kato);
  if (options.ctrl_loss_tmo) text += " ctrl-loss-tmo=" + std::to_string(*options.ctrl_loss_tmo);
  if (!options.dhchap_secret.empty()) text += " dhchap-secret=" + options.dhchap_secret.reveal();
  return text;
}

std::string shown(const HostIdentity& host) { return host.id == kHostId ? "" : " host-id=" + host.id; }

}  // namespace

void check(const std::vector<Row>& rows, std::string (*tell)(std::string_view)) {
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(tell(row.script), row.expect);
  }
}

// --- the script ---

std::string Driver::tell(std::string_view script) {
  std::istringstream in{std::string(script)};
  for (std::string text; std::getline(in, text);) {
    const auto words = words_of(text);
    if (words.empty()) continue;
    const auto after = text.find(words[0]) + words[0].size();
    const auto rest = text.find_first_not_of(' ', after);
    const Words arguments(words.begin() + 1, words.end());
    if (!common(words[0], arguments, rest == std::string::npos ? std::string() : text.substr(rest)) &&
        !line(words[0], arguments))
      throw std::invalid_argument("no such line: " + text);
    pump();
  }
  return log_;
}

bool Driver::common(const std::string& verb, const Words& words, const std::string& rest) {
  if (verb == "--") {
    log_.clear();
    zero_ = now_;
  } else if (verb == "conf" || verb == "start") {
    configure(options_ = rest);
    if (verb == "start") scan();
  } else if (verb == "boot") {
    boot_.lines.clear();
    for (const auto& word : words) boot_.lines.push_back(boot_line_of(word, static_cast<int>(boot_.lines.size()) + 1));
  } else if (verb == "boot-doubt") {
    ConfigDoubt doubt;
    doubt.file = "NBFT";
    doubt.text = "left out";
    for (const auto& word : words) {
      if (word.starts_with("traddr=")) doubt.traddr = word.substr(7);
      if (word.starts_with("nqn=")) doubt.subsysnqn = word.substr(4);
    }
    boot_.doubts.push_back(doubt);
  } else if (verb == "scan") {
    scan(words == Words{"lost"});
  } else if (verb == "device") {
    device_line(words);
  } else if (verb == "change" || verb == "alter") {
    Device& device = devices_.at(words.at(0));
    for (std::size_t i = 1; i < words.size(); ++i) set_field(device, words[i]);
    if (verb == "change") handle(DeviceSeen{device});
  } else if (verb == "vanish" || verb == "lose") {
    const Device device = devices_.at(words.at(0));
    devices_.erase(words[0]);
    if (verb == "vanish") handle(DeviceGone{device.ref});
  } else if (verb == "iface") {
    Interface interface {
      words.at(0), {}
    };
    for (std::size_t i = 1; i < words.size(); ++i) interface.addresses.push_back(*IpAddress::parse(words[i]));
    interfaces_.push_back(interface);
    handle(InterfacesSeen{interfaces_});
  } else if (verb == "link") {
    for (auto& interface : interfaces_)
      if (interface.name == words.at(0)) interface.up = words.at(1) == "up";
    handle(InterfacesSeen{interfaces_});
  } else if (verb == "resumed") {
    handle(Resumed{});
  } else if (verb == "hostlist") {
    std::string text = "[exclusions]\nexclusion = ";
    for (const auto& word : words) text += word == "|" ? "\nexclusion = " : word;
    exclusions_ =
        words.empty() ? nullptr : std::make_shared<const HostExclusions>(parse_exclusions(text, "list").entries);
    handle(HostExclusionsRead{exclusions_});
  } else if (verb == "uevents") {
    uevents_ = true;
  } else if (verb == "target") {
    if (words.at(1) == "down" || words[1] == "undeletable")
      down_.insert(words[0]);
    else
      down_.erase(words[0]);
  } else if (verb == "hold") {
    held_.emplace(words.at(0), words.at(1));
  } else if (verb == "release") {
    held_.clear();
    answers_ = std::exchange(waiting_, {});
  } else if (verb == "dns") {
    if (words.size() == 1)
      dns_hangs_ = words[0] == "hangs";
    else
      dns_[words.at(0)] = Words(words.begin() + 1, words.end());
  } else if (verb == "wait") {
    run_for(std::chrono::milliseconds(std::lround(std::stod(words.at(0)) * 1000)));
  } else if (verb == "stop") {
    handle(Stop{});
  } else if (verb == "options") {
    options_ordered_ = true;
  } else if (verb == "restart") {
    ++epoch_;
    answers_.clear();
    waiting_.clear();
    busy_.clear();
    reborn();
    handle(HostExclusionsRead{exclusions_});
    configure(options_);
    pump();  // the fabric tells what exists a moment later
    scan();
  } else if (verb == "journal") {
    journal_ = true;
  } else if (verb == "ls") {
    list();
  } else {
    return false;
  }
  return true;
}

void Driver::device_line(const Words& words) {
  Device& device = create(words.at(0), tid_of(words.at(1)));
  device.cntrltype = kind_ == ControllerKind::io ? "io" : "discovery";
  for (std::size_t i = 2; i < words.size(); ++i) set_field(device, words[i]);
  handle(DeviceSeen{device});
}

std::string Driver::question_of(const Words& words) {
  std::string question;
  for (const auto& word : words) question += (question.empty() ? "" : " ") + word;
  return question;
}

void Driver::note_answer(const Answer& answer) {
  for (const auto& one : answer.controllers) note(describe(one, now_));
  for (const auto& hint : answer.hints) note("hint " + hint);
  for (const auto& name : answer.names) note("known: " + name);
  if (answer.more > 0) note(std::to_string(answer.more) + " more");
  if (!answer.complete) note("not all devices are known");
}

void Driver::note_plan(const Plan& plan) {
  if (!plan.finished) note("plan does not come to an end");
  for (const auto& step : plan.steps) {
    if (step.fate == Fate::keep) continue;
    const auto seconds = [](Duration time) { return python_seconds(time) + "s"; };
    note("plan " + (step.after > Duration::zero() ? seconds(step.after) + " " : "") + std::string(to_text(step.fate)) +
         " " + (step.device.empty() ? "" : step.device + " ") + show(step.tid) +
         (step.until == kNever ? "" : " until " + seconds(step.until - now_)) + " (" + step.why + ")" +
         (step.source.empty() ? "" : " [" + step.source + "]"));
  }
}

void Driver::note(const std::string& text) { log_ += seconds_text(now_ - zero_) + " " + text + "\n"; }

void Driver::complain(const std::vector<Complaint>& complaints) {
  for (const auto& complaint : complaints)
    if (complaint.severity == Severity::error) note("error " + complaint.text);
}

std::shared_ptr<const HostIdentity> Driver::host() const {
  auto host = std::make_shared<HostIdentity>();
  host->nqn = kHostNqn;
  host->id = kHostId;
  host->symname = symname_;
  return host;
}

// --- time ---

// Until nothing is left to do at this instant.
void Driver::pump() {
  for (unsigned round = 0;; ++round) {
    if (round == kMaxRounds) return note("VIOLATION: never quiet");
    for (const auto& action : advance()) obey(action);
    if (answers_.empty()) break;
    for (const auto& what : std::exchange(answers_, {})) what();
  }
  for (const auto& action : advance())
    if (!std::holds_alternative<Report>(action)) note("VIOLATION: orders without a fact");
  if (deadline() <= now_) note("VIOLATION: a deadline that has passed");
}

void Driver::run_for(Duration time) {
  const Instant end = now_ + time;
  pump();
  for (unsigned wakes = 0; deadline() <= end; ++wakes) {
    if (wakes == 100000 || deadline() <= now_) return note("VIOLATION: busy loop");
    now_ = deadline();
    pump();
  }
  now_ = end;
}

// --- the world ---

void Driver::obey(const Action& action) {
  if (const auto* report = std::get_if<Report>(&action)) {
    static const char* const levels[] = {"debug", "info", "warning", "error"};
    if (!journal_ || report->level == Level::debug) return;
    std::string text = report->text;
    if (const auto at = text.find(kByTime); at != std::string::npos)
      text.replace(at, kByTime.size(), report->by == kNever ? "never" : seconds_text(report->by - zero_));
    note(std::string(levels[static_cast<int>(report->level)]) + ": " + text);
  } else if (const auto* connect = std::get_if<Connect>(&action)) {
    note("connect " + show(connect->tid) + (options_ordered_ ? shown(connect->options) + shown(connect->host) : ""));
    start_op("connect", connect->tid, connect->op, [this, order = *connect] { return do_connect(order); });
  } else if (const auto* cut = std::get_if<Disconnect>(&action)) {
    note("disconnect " + cut->device.name + " " + show(cut->tid) + " (" + std::string(to_text(cut->reason)) + ")");
    start_op("disconnect", cut->tid, cut->op, [this, order = *cut] { return do_disconnect(order); });
  } else if (const auto* resolve = std::get_if<Resolve>(&action)) {
    note("resolve " + resolve->name);
    const auto reply = [this, name = resolve->name] {
      const auto& texts = dns_[name];
      if (texts.empty() || texts[0] == "fails")
        return handle(Resolved{name, fail(ErrorKind::not_found, "no such name")});
      std::vector<IpAddress> addresses;
      for (const auto& text : texts) addresses.push_back(*IpAddress::parse(text));
      handle(Resolved{name, addresses});
    };
    if (dns_hangs_)
      waiting_.push_back(reply);
    else
      answer(reply);
  } else if (std::holds_alternative<SaveLastKnown>(action)) {
    save();
  } else {
    execute(action);
  }
}

// `work` is done, and answered, at once or when it is released.
void Driver::start_op(const std::string& kind, const Tid& tid, OpId op, std::function<OpResult()> work) {
  if (!busy_.emplace(tid, kind).second) note("VIOLATION: " + kind + " beside " + busy_.at(tid) + " of " + show(tid));
  auto finish = [this, tid, op, work = std::move(work), epoch = epoch_] {
    auto result = work();
    if (epoch != epoch_) return;
    const auto* connected = std::get_if<Connected>(&result);
    const bool seen_first = uevents_ && connected != nullptr;
    if (seen_first) handle(DeviceSeen{connected->device});
    auto done = [this, tid, op, epoch, result = std::move(result)] {
      if (epoch != epoch_) return;
      busy_.erase(tid);
      handle(OpDone{op, result});
    };
    if (seen_first)
      answer(std::move(done));
    else
      done();
  };
  if (held_.contains({tid.traddr(), kind}))
    waiting_.push_back(std::move(finish));
  else
    answer(std::move(finish));
}

OpResult Driver::do_connect(const Connect& connect) {
  const Tid& tid = connect.tid;
  if (down_.contains(tid.traddr())) {
    Error error{ErrorKind::unreachable, 113, "no route to " + tid.traddr()};
    if (connect.others.empty() || tid.transport() != Transport::tcp) return error;
    for (const IpAddress& other : connect.others)
      if (!down_.contains(other.to_string()))
        return AnsweredElsewhere{other, error.text + "; " + other.to_string() + " answers"};
    for (const IpAddress& other : connect.others) error.text += ", none to " + other.to_string();
    return NobodyAnswered{std::move(error), connect.others};
  }
  for (const auto& [name, device] : devices_)
    if (matches(device, tid, kind_, interfaces_) && !device.state.starts_with("deleting"))
      note("VIOLATION: second connection for " + show(tid));
  unsigned number = 0;
  while (devices_.contains("nvme" + std::to_string(number))) ++number;
  Device& device = create("nvme" + std::to_string(number), tid);
  device.hostnqn = connect.host.nqn;
  device.hostid = connect.host.id;
  if (kind_ == ControllerKind::discovery) {
    if (const auto it = unique_nqn_.find(tid.traddr()); it != unique_nqn_.end()) device.subsysnqn = it->second;
    const auto type = dctype_.find(tid.traddr());
    device.dctype_untold = untold_.contains(tid.traddr());
    device.dctype = device.dctype_untold ? "" : type == dctype_.end() ? "none" : type->second;
    device.cntrltype = "discovery";
  } else {
    device.cntrltype = "io";
  }
  return Connected{device};
}

OpResult Driver::do_disconnect(const Disconnect& disconnect) {
  const auto it = devices_.find(disconnect.device.name);
  if (it == devices_.end()) return Error{ErrorKind::not_found, 2, disconnect.device.name + " does not exist"};
  if (it->second.ref != disconnect.device) return Error{ErrorKind::not_found, 2, it->first + " is another one now"};
  if (down_.contains(it->first)) return Error{ErrorKind::io, 5, "cannot delete " + it->first};
  const auto& beside = disconnect.beside;
  const auto works = [&](const DeviceRef& path) {
    const auto found = devices_.find(path.name);
    return found != devices_.end() && found->second.ref == path && path_state(&found->second) == "live";
  };
  if (!beside.empty() && std::none_of(beside.begin(), beside.end(), works)) {
    for (const auto& path : beside)
      handle(devices_.contains(path.name) ? Event(DeviceSeen{devices_.at(path.name)}) : Event(DeviceGone{path}));
    return Error{ErrorKind::cancelled, 0, it->first + ": no other path is live any more"};
  }
  devices_.erase(it);
  return Disconnected{};
}

Device& Driver::create(const std::string& name, const Tid& tid) {
  Device device;
  device.ref = {name, ++incarnations_};
  device.transport = to_text(tid.transport());
  device.traddr = tid.traddr();
  device.trsvcid = tid.trsvcid();
  device.host_traddr = tid.host_traddr();
  device.host_iface = tid.host_iface();
  device.subsysnqn = tid.subsysnqn();
  device.hostnqn = tid.host_nqn();
  device.state = "live";
  return devices_[name] = device;
}

const Device* Driver::device_of(const DeviceRef& ref) const {
  const auto it = devices_.find(ref.name);
  return it != devices_.end() && it->second.ref == ref ? &it->second : nullptr;
}

void Driver::scan(bool events_lost) {
  DevicesScanned all;
  all.events_lost = events_lost;
  for (const auto& [name, device] : devices_) all.devices.push_back(device);
  handle(all);
}

}  // namespace stas::story
