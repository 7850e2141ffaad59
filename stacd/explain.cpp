// SPDX-License-Identifier: Apache-2.0
#include "stacd/explain.h"

#include <set>
#include <unordered_set>
#include <utility>

#include "libstas/core/base/text.h"
#include "libstas/core/config/exclude_rule.h"
#include "libstas/core/config/wildcard.h"
#include "stacd/origin.h"

namespace stas {

namespace {

constexpr std::string_view kDevices = "/dev/";

bool same_name(std::string_view a, std::string_view b) { return !a.empty() && to_lower(a) == to_lower(b); }

// What somebody asks for.
class Question {
 public:
  explicit Question(std::string_view text) : text_(trimmed(text)) {
    device_ = text_.starts_with(kDevices) ? text_.substr(kDevices.size()) : text_;
    split_port();
  }

  bool means_nqn(const std::string& nqn) const { return !nqn.empty() && nqn == text_; }
  bool means_device(const std::string& name) const { return !name.empty() && name == device_; }
  bool means_address(const std::string& address) const {
    return !address.empty() && (same_name(address, text_) || same_ip(address, text_));
  }
  // The whole of "(tcp, 10.0.0.1, 8009, nqn.x)", or its first parts.
  bool means(const Tid& tid) const {
    if (means_nqn(tid.subsysnqn()) || means_address(tid.traddr())) return true;
    if (!host_.empty() && tid.trsvcid() == port_ && (same_name(tid.traddr(), host_) || same_ip(tid.traddr(), host_)))
      return true;
    if (!text_.starts_with('(')) return false;
    const std::string name = tid.to_string();
    const std::string_view begin = text_.ends_with(')') ? text_.substr(0, text_.size() - 1) : text_;
    return name.starts_with(begin) && (name[begin.size()] == ',' || name[begin.size()] == ')');
  }
  bool means(const ExcludeRule& rule) const {
    return (rule.traddr && means_address(*rule.traddr)) || (rule.subsysnqn && matches_nqn(*rule.subsysnqn));
  }
  bool means(const ConfigDoubt& doubt) const {
    return (doubt.subsysnqn && means_nqn(*doubt.subsysnqn)) || (doubt.traddr && means_address(*doubt.traddr));
  }

 private:
  bool matches_nqn(const std::string& rule) const {
    return means_nqn(rule) || (text_.starts_with("nqn.") && has_wildcard(rule) && matches_wildcards(rule, text_));
  }

  // "10.0.0.1:4420", "[fe80::1]:4420"; an IPv6 address without brackets has no port.
  void split_port() {
    const auto colon = text_.rfind(':');
    if (colon == std::string_view::npos || !parse_port(text_.substr(colon + 1))) return;
    std::string_view host = text_.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']'))
      host = host.substr(1, host.size() - 2);
    else if (host.find(':') != std::string_view::npos)
      return;
    host_ = host;
    port_ = std::to_string(*parse_port(text_.substr(colon + 1)));
  }

  std::string_view text_, device_, host_;
  std::string port_;
};

class Search {
 public:
  Search(const Connector& brain, std::string_view question, const ConfigFiles& files, Instant now)
      : brain_(brain), question_(question), files_(files), explainer_(brain, files, now) {}

  Answer run() {
    answer_.complete = brain_.devices().complete();
    for (const Row& row : explainer_.table().rows)
      if (asks_about(row)) add([&] { return explainer_.of(row); });
    add_devices();
    add_rules();
    add_pages();
    if (answer_.controllers.empty() && answer_.hints.empty()) tell_names();
    return std::move(answer_);
  }

 private:
  bool asks_about(const Row& row) const {
    if (question_.means(row.tid) || (row.line != nullptr && question_.means_address(row.line->traddr))) return true;
    const Ioc* ioc = brain_.find(row.tid);
    const DeviceRef* device = ioc == nullptr ? nullptr : brain_.device_of(*ioc);
    return device != nullptr && question_.means_device(device->name);
  }

  template <class Make>
  void add(Make make) {
    if (answer_.controllers.size() < kMaxExplained)
      answer_.controllers.push_back(make());
    else
      ++answer_.more;
  }

  // What exists, and is nobody's of ours.
  void add_devices() {
    std::unordered_set<std::string> ours;
    for (const Ioc& ioc : brain_.controllers())
      if (ioc.device) ours.insert(ioc.device->name);
    for (const auto& [name, device] : brain_.devices().all()) {
      if (ours.contains(name)) continue;
      if (question_.means_device(name) || question_.means_nqn(device.subsysnqn) ||
          (!device.traddr.empty() && question_.means_address(device.traddr)))
        add([&, &device = device] { return explainer_.of(device); });
    }
  }

  void add_rules() {
    std::set<std::string> told;  // beside a controller that they are about
    for (const Explanation& controller : answer_.controllers)
      for (const auto& rule : controller.rules) told.insert(rule.place);
    const auto add = [&](const std::string& where, const std::string& text) {
      if (answer_.hints.size() < kMaxExplained && !told.contains(where)) answer_.hints.push_back(where + ": " + text);
    };
    for (const ExcludeRule& rule : brain_.config()->excludes)
      if (question_.means(rule)) add(place(files_.stacd_conf, rule.line), "exclude=" + to_text(rule));
    for (const ConfigDoubt& doubt : brain_.config()->doubts)
      if (question_.means(doubt)) add(place(doubt.file, doubt.line), doubt.text);
  }

  void add_pages() {
    const StafView& staf = brain_.staf();
    for (std::size_t i = 0; i < staf.size() && answer_.hints.size() < kMaxExplained; ++i) {
      const StafDc& dc = staf.dc(i);
      if (question_.means(dc.tid))
        answer_.hints.push_back(dc.tid.to_string() + " is a discovery controller: stafd looks after it, " +
                                (dc.page_known ? "its page has " + std::to_string(dc.entries.size()) + " entries"
                                               : std::string("its page has not been read yet")));
      for (const std::string& nqn : staf.listing(i).doubtful)
        if (question_.means_nqn(nqn))
          answer_.hints.push_back("the page of " + dc.tid.to_string() + " has an entry for it that cannot be used");
    }
  }

  void tell_names() {
    std::set<std::string> names;
    const auto add = [&](const std::string& name) {
      if (!name.empty() && names.size() < kMaxNamesTold) names.insert(name);
    };
    for (const Row& row : explainer_.table().rows) {
      add(row.tid.subsysnqn());
      add(row.tid.traddr());
    }
    for (const auto& [name, device] : brain_.devices().all()) {
      add(name);
      add(device.subsysnqn);
    }
    answer_.names.assign(names.begin(), names.end());
  }

  const Connector& brain_;
  const Question question_;
  const ConfigFiles& files_;
  const Explainer explainer_;
  Answer answer_;
};

}  // namespace

Answer explain(const Connector& brain, std::string_view question, const ConfigFiles& files, Instant now) {
  if (brain.config() == nullptr) return {};
  return Search(brain, question, files, now).run();
}

}  // namespace stas
