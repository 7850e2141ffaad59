// SPDX-License-Identifier: Apache-2.0
#include "stafd/explain.h"

#include <set>
#include <string>
#include <utility>

#include "libstas/core/brain/question.h"
#include "stafd/explanation.h"
#include "stafd/origin.h"

namespace stas {

namespace {

class DcSearch {
 public:
  DcSearch(const Finder& brain, std::string_view question, const ConfigFiles& files, Instant now)
      : brain_(brain), question_(question), files_(files), explainer_(brain, files, now) {}

  Answer run() {
    answer_.complete = brain_.devices().complete();
    add_names();
    add_devices();
    add_rule_hints(question_, *brain_.config(), files_.conf, answer_);
    for (const Tid& tid : brain_.ended())
      if (question_.means(tid)) add_hint(tid.to_string() + " was removed on purpose");
    add_listed();
    if (answer_.controllers.empty() && answer_.hints.empty()) tell_names();
    return std::move(answer_);
  }

 private:
  template <class Explain>
  void add(Explain explain_it) {
    if (answer_.controllers.size() < kMaxExplained)
      answer_.controllers.push_back(explain_it());
    else
      ++answer_.more;
  }
  void add_hint(std::string text) {
    if (answer_.hints.size() < kMaxExplained) answer_.hints.push_back(std::move(text));
  }

  void add_names() {
    for (const Dc& dc : brain_.controllers())
      if (question_.means(dc.tid) || question_.means_address(dc.host_name) || means_line(dc.sources.line) ||
          (dc.device && question_.means_device(dc.device->name)))
        add([&] { return explainer_.of(dc); });
    for (const auto& [tid, wish] : brain_.refused())
      if (brain_.find(tid) == nullptr && (question_.means(tid) || question_.means_address(wish.host_name)))
        add([&, &tid = tid, &wish = wish] { return explainer_.of(tid, wish); });
    for (const Tid& tid : brain_.unresolved())
      if (question_.means(tid)) add([&] { return explainer_.of_unresolved(tid); });
  }

  // The host name of its line.
  bool means_line(int number) const {
    if (number == 0) return false;
    for (const ControllerLine& line : brain_.config()->controllers)
      if (line.line == number) return question_.means_address(line.traddr);
    return false;
  }

  void add_devices() {
    std::set<std::string> ours;
    for (const Dc& dc : brain_.controllers())
      if (dc.device) ours.insert(dc.device->name);
    for (const auto& [name, device] : brain_.devices().all()) {
      if (ours.contains(name)) continue;
      if (question_.means_device(name) || question_.means_nqn(device.subsysnqn) ||
          question_.means_address(device.traddr))
        add([&, &device = device] { return explainer_.of(device); });
    }
  }

  // A subsystem, and who lists it.
  void add_listed() {
    for (const Dc& dc : brain_.controllers())
      for (const Dlpe& entry : dc.entries)
        if (entry.subtype == kDlpSubtypeNvme && question_.means_nqn(entry.subnqn))
          add_hint(in_page(entry, dc) + " lists it; ask stacctl for its connection");
  }

  void tell_names() {
    std::set<std::string> names;
    const auto add = [&](const std::string& name) {
      if (!name.empty() && names.size() < kMaxNamesTold) names.insert(name);
    };
    for (const Dc& dc : brain_.controllers()) {
      add(dc.tid.traddr());
      add(dc.tid.subsysnqn());
      add(dc.host_name);
      if (dc.device) add(dc.device->name);
      for (const Dlpe& entry : dc.entries) add(entry.subnqn);
    }
    for (const auto& [tid, wish] : brain_.refused()) add(tid.traddr());
    for (const Tid& tid : brain_.unresolved()) add(tid.traddr());
    answer_.names.assign(names.begin(), names.end());
  }

  const Finder& brain_;
  const Question question_;
  const ConfigFiles& files_;
  const DcExplainer explainer_;
  Answer answer_;
};

}  // namespace

Answer explain(const Finder& brain, std::string_view question, const ConfigFiles& files, Instant now) {
  return brain.config() == nullptr ? Answer() : DcSearch(brain, question, files, now).run();
}

}  // namespace stas
