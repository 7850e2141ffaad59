// SPDX-License-Identifier: Apache-2.0
#include "stacd/explain.h"

#include <set>
#include <unordered_set>
#include <utility>

#include "libstas/core/brain/question.h"
#include "stacd/explanation.h"

namespace stas {

namespace {

class Search {
 public:
  Search(const Connector& brain, std::string_view question, const ConfigFiles& files, Instant now)
      : brain_(brain), question_(question), files_(files), explainer_(brain, files, now) {}

  Answer run() {
    answer_.complete = brain_.devices().complete();
    for (const Row& row : explainer_.table().rows)
      if (asks_about(row)) add([&] { return explainer_.of(row); });
    add_devices();
    add_rule_hints(question_, *brain_.config(), files_.conf, answer_);
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

  template <class Explain>
  void add(Explain explain_it) {
    if (answer_.controllers.size() < kMaxExplained)
      answer_.controllers.push_back(explain_it());
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
