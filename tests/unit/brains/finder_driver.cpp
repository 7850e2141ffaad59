// SPDX-License-Identifier: Apache-2.0
//
// Stories of the Finder. Its own lines:
//   mdns CONTROLLER...        the present view of mDNS; "mdns absent": there is no avahi-daemon
//   page ADDRESS ENTRY...     the log page of that target from now on; nobody is told
//   aen NAME                  the device reports a changed log page
//   reads ADDRESS fail|work   Get Log Page
//   dctype ADDRESS ddc|cdc|none | unique ADDRESS NQN (what Identify says)
//   untold ADDRESS ddc|cdc|none   the same, of a kernel that does not say it: the controller has to be asked
//   pleo ADDRESS yes|error|broken (the link, not the answer)   what log page 00h says; no, if not told
//   dim ADDRESS refuses       DIM registrations
//   symname TEXT              of this host, from the next conf on
//   reconnected NAME          the kernel has reconnected the device by itself
//   rediscover NAME           ... and asks for its log page to be read again
//   doubt ADDRESS|anything|none   what the next conf leaves unclear, beside its options
//   hostnqn NQN | hostid UUID of this host, from the next conf on
//   remember CONTROLLER ORIGIN ENTRY...   is in the saved state, with this page; "unread" instead of entries: without;
//                             "parent=CONTROLLER": which refers to it
//   why                       note the verdict on each name, and what is refused
//   settled                   note whether the brain says that it knows all that is configured, and has told so
// An entry "skipped=NQN" is one that cannot be used; "skipped=" says not even its NQN.
// "full": as many entries as a page may have, without content.
// Each fact is handled by a copy of the brain.
#include <algorithm>
#include <memory>

#include "libstas/core/base/uuid.h"
#include "libstas/core/discovery/aen.h"
#include "stafd/explain.h"
#include "stafd/finder.h"
#include "stafd/rehearsal.h"
#include "tests/unit/brains/driver.h"
#include "tests/unit/brains/notation.h"

namespace stas::story {

namespace {

class FinderDriver final : public Driver {
 public:
  FinderDriver() : Driver(ControllerKind::discovery) { reborn(); }

 private:
  struct Page {
    std::uint64_t genctr = 1;
    Words tokens;
  };

  void handle(const Event& event) override {
    brain_ = std::make_unique<Finder>(*brain_);
    brain_->handle(event, now_);
  }
  Actions advance() override { return brain_->advance(now_); }
  Instant deadline() const override { return brain_->deadline(); }
  void save() override { saved_ = brain_->last_known(); }

  void reborn() override {
    FinderTiming timing;
    timing.connect.jitter = timing.register_retry.jitter = timing.page_retry.jitter = 0;
    timing.poll_jitter = 0;
    brain_ = std::make_unique<Finder>(timing);
    settled_told_ = false;
    brain_->restore(saved_);
  }

  StafdConfigured configured(const std::string& options) {
    auto parsed = parse_stafd_conf(conf_text(options), "stafd.conf");
    set_boot(parsed.value, boot_);
    complain(parsed.complaints);
    parsed.value.doubts.insert(parsed.value.doubts.end(), doubts_.begin(), doubts_.end());
    auto identity = std::make_shared<HostIdentity>(*host());
    if (!host_nqn_.empty()) identity->nqn = host_nqn_;
    if (!host_id_.empty()) identity->id = host_id_;
    return {std::make_shared<StafdConfig>(std::move(parsed.value)), identity};
  }

  void configure(const std::string& options) override { handle(configured(options)); }

  void list() override {
    for (const auto& dc : brain_->controllers())
      note("ls " + show(dc.tid) + " " + dc.origin_text() + " " + (dc.device ? dc.device->name : "-") +
           " entries=" + (dc.page_known ? std::to_string(dc.entries.size()) : "?"));
    for (const auto& tid : brain_->ended()) note("ls ended " + show(tid));
  }

  void why() {
    const auto words = [](const Verdict& verdict) -> std::string {
      switch (verdict.standing) {
        case DcStanding::wanted:
          return "wanted: " + std::string(to_text(verdict.reason));
        case DcStanding::held:
          return "held for " + verdict.waits_for + (verdict.connects ? "" : ", at rest");
        case DcStanding::leaving:
          return "leaving: " + std::string(to_text(verdict.reason));
        case DcStanding::refused:
          return "refused: " + std::string(to_text(verdict.reason)) +
                 (verdict.line > 0 ? " in line " + std::to_string(verdict.line) : "");
      }
      return {};
    };
    for (const auto& dc : brain_->controllers()) note("why " + show(dc.tid) + " " + words(dc.verdict));
    for (const auto& [tid, wish] : brain_->refused())
      if (brain_->find(tid) == nullptr) note("why " + show(tid) + " " + words(wish.verdict));
  }

  void remember_line(const Words& words) {
    KnownDc dc{tid_of(words.at(0)), words.at(1), true, 1, {}, {}, {}, true};
    std::vector<Dlpe> entries;
    for (std::size_t i = 2; i < words.size(); ++i) {
      if (words[i].starts_with("parent="))
        dc.parents.push_back(tid_of(words[i].substr(7)));
      else if (words[i] == "unread")
        dc.page_known = false;
      else
        entries.push_back(entry_of(words[i], dc.tid));
    }
    dc.entries = std::move(entries);
    saved_.dcs.push_back(std::move(dc));
    reborn();
  }

  bool line(const std::string& verb, const Words& words) override {
    if (verb == "explain") {
      note_answer(explain(*brain_, question_of(words), {"conf", "sys"}, now_));
    } else if (verb == "plan") {
      note_plan(plan(*brain_, configured(question_of(words)), {"old", "new"}, now_));
    } else if (verb == "mdns") {
      mdns_line(words);
    } else if (verb == "page") {
      auto& page = pages_[words.at(0)];
      ++page.genctr;
      page.tokens = Words(words.begin() + 1, words.end());
    } else if (verb == "aen") {
      handle(AenReceived{devices_.at(words.at(0)).ref, kAenDiscoveryLogChanged});
    } else if (verb == "reads") {
      reads_fail_[words.at(0)] = words.at(1) == "fail";
    } else if (verb == "dctype") {
      dctype_[words.at(0)] = words.at(1);
    } else if (verb == "untold") {
      untold_.insert(words.at(0));
      identify_[words[0]] = words.at(1);
    } else if (verb == "unique") {
      unique_nqn_[words.at(0)] = words.at(1);
    } else if (verb == "pleo") {
      pleo_[words.at(0)] = words.at(1);
    } else if (verb == "dim") {
      dim_refuses_[words.at(0)] = words.at(1) == "refuses";
    } else if (verb == "symname") {
      symname_ = words.at(0);
    } else if (verb == "reconnected" || verb == "rediscover") {
      handle(DeviceReconnected{devices_.at(words.at(0)).ref, verb == "rediscover"});
    } else if (verb == "doubt") {
      doubts_.clear();
      if (words.at(0) != "none") {
        ConfigDoubt doubt{"stafd.conf", 7, "no controller", {}, {}, {}, {}};
        if (words[0] != "anything") doubt.traddr = words[0];
        doubts_.push_back(doubt);
      }
    } else if (verb == "hostnqn" || verb == "hostid") {
      (verb == "hostnqn" ? host_nqn_ : host_id_) = words.at(0);
    } else if (verb == "remember") {
      remember_line(words);
    } else if (verb == "why") {
      why();
    } else if (verb == "settled") {
      note(brain_->is_settled() ? "settled" : "not settled");
      if (brain_->is_settled() != settled_told_) note("VIOLATION: nobody was told that it is settled, or not");
    } else {
      return false;
    }
    return true;
  }

  void mdns_line(const Words& words) {
    MdnsChanged view{true, {}};
    if (!words.empty() && words[0] == "absent") {
      view.available = false;
    } else {
      for (const auto& word : words) {
        const Tid tid = tid_of(word);
        MdnsService service;
        service.interface = tid.host_iface();
        service.name = word;
        service.stype = "_nvme-disc._tcp";
        service.domain = "local";
        service.resolved = true;
        service.transport = tid.transport();
        service.traddr = tid.traddr();
        service.trsvcid = tid.trsvcid();
        service.nqn = tid.subsysnqn();
        view.services.push_back(service);
      }
    }
    handle(view);
  }

  void execute(const Action& action) override {
    if (const auto* changed = std::get_if<NotifyLogPagesChanged>(&action)) {
      note("signal log_pages_changed " + show(changed->tid) + " " + changed->device);
    } else if (std::holds_alternative<NotifyDcRemoved>(action)) {
      note("signal dc_removed");
    } else if (std::holds_alternative<NotifySettled>(action)) {
      settled_told_ = brain_->is_settled();
    } else if (const auto* leave = std::get_if<LeaveToNvmeCli>(&action)) {
      note("nvme-cli " + leave->device);
    } else if (const auto* dim = std::get_if<Register>(&action)) {
      const bool leaves = dim->task == DimTask::deregister;
      note((leaves           ? "deregister "
            : dim->ask_first ? "ask "
                             : "register ") +
           show(dim->tid) + (symname_.empty() ? "" : symname_of(dim->data)) +
           (options_ordered_ ? host_id_of(dim->data) : ""));
      start_op("register", dim->tid, dim->op, [this, order = *dim]() -> OpResult {
        if (device_of(order.device) == nullptr) return gone(order.device);
        const std::string refusal = dim_refuses_[order.tid.traddr()] ? "Invalid Field in Command" : "";
        if (!order.ask_first) return Registered{refusal, {}};
        const auto& kind = identify_[order.tid.traddr()];
        return Registered{kind == "none" ? "" : refusal, kind};
      });
    } else if (const auto* supported = std::get_if<FetchSupported>(&action)) {
      note("supported " + show(supported->tid));
      start_op("supported", supported->tid, supported->op, [this, order = *supported]() -> OpResult {
        if (device_of(order.device) == nullptr) return gone(order.device);
        const auto& answer = pleo_[order.tid.traddr()];
        if (answer == "broken") return Error{ErrorKind::closed, 0, "the connection broke"};
        if (answer == "error") return Error{ErrorKind::refused, 0, "Invalid Log Page"};
        return SupportedDlp{false, answer == "yes", false};
      });
    } else if (const auto* page = std::get_if<FetchLogPage>(&action)) {
      note("page " + show(page->tid) + (page->pleo ? " pleo" : ""));
      start_op("page", page->tid, page->op, [this, order = *page] { return read(order); });
    } else {
      note("VIOLATION: an order that is not for stafd");
    }
  }

  std::string symname_of(const std::string& data) const {
    return data.find(symname_) == std::string::npos ? " without symname" : " symname=" + symname_;
  }

  // The first attribute of the entry.
  static std::string host_id_of(const std::string& data) {
    Uuid id{};
    std::copy_n(data.begin() + 2060, id.size(), id.begin());
    return to_text(id) == kHostId ? "" : " host-id=" + to_text(id);
  }

  OpResult gone(const DeviceRef& ref) const { return Error{ErrorKind::not_found, 2, ref.name + " does not exist"}; }

  OpResult read(const FetchLogPage& order) {
    if (device_of(order.device) == nullptr) return gone(order.device);
    if (reads_fail_[order.tid.traddr()]) return Error{ErrorKind::rejected, 0, "Internal Error"};
    const auto& page = pages_[order.tid.traddr()];
    LogPage result;
    result.genctr = page.genctr;
    if (order.known_genctr == page.genctr) {
      result.unchanged = true;
      return result;
    }
    for (const auto& token : page.tokens) {
      if (token == "full") {
        result.entries.resize(kMaxDlpes);
        continue;
      }
      if (!token.starts_with("skipped=")) {
        result.entries.push_back(entry_of(token, order.tid));
        continue;
      }
      ++result.skipped;
      result.skipped_nqns.push_back(token.substr(8));
    }
    std::sort(result.skipped_nqns.begin(), result.skipped_nqns.end());
    return result;
  }

  std::unique_ptr<Finder> brain_;
  bool settled_told_ = false;
  KnownStafd saved_;
  std::map<std::string, Page> pages_;
  std::map<std::string, bool> reads_fail_, dim_refuses_;
  std::map<std::string, std::string> pleo_, identify_;
  std::vector<ConfigDoubt> doubts_;
  std::string host_nqn_, host_id_;
};

}  // namespace

std::string tell_finder(std::string_view script) { return FinderDriver().tell(script); }

}  // namespace stas::story
