// SPDX-License-Identifier: Apache-2.0
#include "libstas/tools/stasadm/doctor_command.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "libstas/core/base/json.h"
#include "libstas/core/base/text.h"
#include "libstas/core/base/unicode.h"
#include "libstas/core/doctor/facts.h"
#include "libstas/sys/doctor/collect.h"
#include "libstas/sys/os/files.h"
#include "libstas/tools/stasadm/host_uuid.h"

namespace stas {

namespace {

constexpr int kFormatVersion = 1;
constexpr int kNotPrinted = 2;
constexpr std::size_t kMaxIdentityBytes = 4096;

constexpr std::chrono::seconds kPatience{3};  // for controllers that are tried; as the daemons have it

constexpr const char* kDoctorUsage = "usage: stasadm doctor [-h] [--root DIR] [--connect] [--output {text,json}]\n";
constexpr const char* kDoctorHelp = R"(
options:
  -h, --help            show this help message and exit
  --root DIR            Examine the tree below DIR, of an image for example,
                        instead of this host
  --connect             Also open a TCP connection to each controller that is
                        configured or connected, and close it: within 3
                        seconds, and nothing is sent
  --output {text,json}  text for people (default), json for programs

Exit status: 0 nothing is wrong, 1 something is likely to fail or to surprise,
2 something keeps this host from connecting.

Example: stasadm doctor --output=json
Manual: stasadm(1)
)";

// What stasadm would make the host NQN of.
std::set<std::string> uuids_of_machine(const std::string& root) {
  std::set<std::string> found;
  const auto add = [&](const char* path, const auto& uuid_of) {
    const auto text = read_file_bounded(root + path, kMaxIdentityBytes);
    if (!text) return;
    if (const auto uuid = uuid_of(*text)) found.insert(to_lower(*uuid));
  };
  const auto as_it_is = [](std::string_view text) -> std::optional<std::string> {
    return std::string(text.substr(0, text.find_first_of("\n\0")));
  };
  add(kMachineIdPath, uuid_of_machine_id);
  add(kProductUuidPath, uuid_of_product);
  add(kProductUuidPath, as_it_is);  // nvme-cli takes it as it is
  add(kPartitionUuidPath, as_it_is);
  return found;
}

std::string counted(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::size_t count_of(const doctor::Findings& findings, doctor::Weight weight) {
  return static_cast<std::size_t>(std::count_if(findings.begin(), findings.end(),
                                                [weight](const doctor::Finding& one) { return one.weight == weight; }));
}

constexpr doctor::Weight kHeaviestFirst[] = {doctor::Weight::problem, doctor::Weight::warning, doctor::Weight::note};

}  // namespace

CliCommand doctor_command() {
  CliCommand command;
  command.name = "doctor";
  command.usage = kDoctorUsage;
  command.help = kDoctorHelp;
  command.options = {
      {0, "root", true, {}, false}, {0, "connect", false, {}, false}, {0, "output", true, {"text", "json"}, false}};
  return command;
}

std::string doctor_text(const doctor::Findings& findings, bool root) {
  std::string out, summary;
  for (const auto weight : kHeaviestFirst) {
    for (const auto& finding : findings) {
      if (finding.weight != weight) continue;
      std::string name(word(weight));
      name.resize(9, ' ');
      out += name + escaped(finding.fact) + "  [" + finding.id + "]\n         -> " + escaped(finding.todo) + "\n";
    }
    summary += (summary.empty() ? "" : ", ") + counted(count_of(findings, weight), std::string(word(weight)));
  }
  if (!root) out += "Not run by root: some things could not be looked at.\n";
  return out + summary + "\n";
}

std::string doctor_json(const doctor::Findings& findings, bool root) {
  static constexpr const char* kStatus[] = {"ok", "warning", "problem"};
  auto document = Json::object();
  document.add("format", "stas-doctor");
  document.add("version", kFormatVersion);
  document.add("status", kStatus[doctor::exit_status(findings)]);
  document.add("complete", root);
  auto list = Json::array();
  for (const auto& finding : findings) {
    auto one = Json::object();
    one.add("id", finding.id);
    one.add("weight", std::string(word(finding.weight)));
    one.add("fact", finding.fact);
    one.add("todo", finding.todo);
    list.append(std::move(one));
  }
  document.add("findings", std::move(list));
  return document.dump_pretty() + "\n";
}

int run_doctor(const CliRun& run) {
  std::string root = run.value("root");
  while (!root.empty() && root.back() == '/') root.pop_back();  // "/" is this host
  auto facts = doctor::collect(root);
  facts.uuids_of_machine = uuids_of_machine(root);
  if (run.has("connect")) {
    if (!root.empty()) {
      std::fputs("stasadm doctor: --connect is about this host, and --root about another tree: leave one out\n",
                 stderr);
      return kNotPrinted;
    }
    doctor::try_controllers(facts, kPatience);
  }
  const auto findings = doctor::examine(facts);
  const bool json = run.value("output") == "json";
  const std::string text = json ? doctor_json(findings, facts.root) : doctor_text(findings, facts.root);
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) return kNotPrinted;
  return doctor::exit_status(findings);
}

}  // namespace stas
