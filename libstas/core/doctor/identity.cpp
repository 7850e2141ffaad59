// SPDX-License-Identifier: Apache-2.0
//
// Who is this host towards controllers: is its name one, is it only its own, and do others on this host (nvme-cli, the
// initrd) present the same? The kernel takes one host ID for one host NQN and refuses a second NQN with it.
#include <algorithm>
#include <string>
#include <vector>

#include "libstas/core/base/shown.h"
#include "libstas/core/base/text.h"
#include "libstas/core/base/uuid.h"
#include "libstas/core/doctor/facts.h"
#include "libstas/core/doctor/finding.h"
#include "libstas/core/identity/nqn.h"

namespace stas::doctor {

namespace {

// A UUID of one and the same digit is nobody's.
bool is_hollow(const std::string& uuid) {
  std::string digits = to_lower(uuid);
  digits.erase(std::remove(digits.begin(), digits.end(), '-'), digits.end());
  return !digits.empty() && digits.find_first_not_of(digits.front()) == std::string::npos;
}

void examine_nqn(const Facts& facts, Findings& out) {
  const auto& nqn = *facts.nqn;
  if (!is_usable_nqn(nqn) || nqn.size() > kMaxKernelNqnLength || !nqn.starts_with("nqn.")) {
    out.push_back({"host-nqn-malformed", Weight::problem, "the host NQN \"" + shown(nqn) + "\" is none",
                   "make another, and tell it to the storage's administrator: stasadm hostnqn -f /etc/nvme/hostnqn"});
    return;
  }
  if (!nqn.starts_with(kUuidNqnPrefix)) return;
  const std::string uuid = nqn.substr(kUuidNqnPrefix.size());
  if (!parse_uuid(uuid)) {
    out.push_back({"host-nqn-malformed", Weight::problem,
                   "the host NQN \"" + shown(nqn) + "\" ends with something that is no UUID",
                   "make another, and tell it to the storage's administrator: stasadm hostnqn -f /etc/nvme/hostnqn"});
    return;
  }
  if (is_hollow(uuid)) {
    out.push_back(
        {"host-nqn-hollow", Weight::problem,
         "the host NQN \"" + shown(nqn) + "\" is made of a UUID that says nothing, as other hosts have it too",
         "make another, and tell it to the storage's administrator: stasadm hostnqn -f /etc/nvme/hostnqn"});
    return;
  }
  if (facts.uuids_of_machine.empty() || facts.uuids_of_machine.count(to_lower(uuid)) != 0) return;
  const bool older = facts.hostnqn.exists && facts.machine_id.exists && facts.hostnqn.text == nqn &&
                     facts.hostnqn.modified < facts.machine_id.modified;
  if (older) {
    out.push_back({"host-nqn-cloned", Weight::warning,
                   facts.hostnqn.path +
                       " is older than this machine's ID and not made from it: it probably came with an "
                       "image, and each machine made from that image has the same host NQN",
                   "if so, make another: stasadm hostnqn -f /etc/nvme/hostnqn && stasadm hostid -f /etc/nvme/hostid"});
  }
}

void examine_id(const Facts& facts, Findings& out) {
  const auto& id = *facts.id;
  if (!parse_uuid(id)) {
    out.push_back({"host-id-malformed", Weight::problem, "the host ID \"" + shown(id) + "\" is no UUID",
                   "make another: stasadm hostid -f /etc/nvme/hostid"});
  } else if (is_hollow(id)) {
    out.push_back({"host-id-hollow", Weight::problem,
                   "the host ID " + id + " says nothing; controllers take it for no host, or for another one",
                   "make another: stasadm hostid -f /etc/nvme/hostid"});
  }
}

// What nvme-cli and the initrd present: /etc/nvme, whatever sys.conf says.
void examine_others_pair(const Facts& facts, Findings& out) {
  const bool other_nqn = facts.hostnqn.exists && !facts.hostnqn.text.empty() && facts.hostnqn.text != *facts.nqn;
  const bool other_id =
      facts.hostid.exists && !facts.hostid.text.empty() && to_lower(facts.hostid.text) != to_lower(*facts.id);
  if (other_nqn != other_id) {
    out.push_back(
        {"host-pair-differs", Weight::problem,
         std::string("nvme-cli uses ") +
             (other_nqn ? "another host NQN with the same host ID (" : "the same host NQN with another host ID (") +
             shown(other_nqn ? facts.hostnqn.text : facts.hostid.text) + " in " +
             (other_nqn ? facts.hostnqn.path : facts.hostid.path) + "), and the kernel refuses to have both at a time",
         "let both use the files of /etc/nvme: remove nqn= and id= from " + facts.sys_conf_path});
  } else if (other_nqn) {
    out.push_back({"host-nqn-differs", Weight::warning,
                   "nvme-cli presents another host NQN (" + shown(facts.hostnqn.text) + " in " + facts.hostnqn.path +
                       ") than stafd and stacd (" + shown(*facts.nqn) + ")",
                   "unless that is meant, remove nqn= and id= from " + facts.sys_conf_path});
  }
  for (const auto& one : facts.controllers) {
    if (one.hostnqn.empty() || one.hostid.empty()) continue;
    const bool same_nqn = one.hostnqn == *facts.nqn, same_id = to_lower(one.hostid) == to_lower(*facts.id);
    if (same_nqn == same_id) continue;
    out.push_back({"host-pair-in-use", Weight::problem,
                   shown(one.device) + " is connected with the host NQN " + shown(one.hostnqn) + " and the host ID " +
                       shown(one.hostid) + ", of which only one is ours: the kernel refuses to connect with the other",
                   "make the pairs the same, or disconnect it: nvme disconnect -d " + shown(one.device)});
    break;  // one shows it
  }
}

template <class Config>
void examine_conf(const Conf<Config>& conf, const std::string& daemon, Findings& out) {
  if (!conf.unreadable.empty()) {
    out.push_back({"conf-unreadable", Weight::problem, conf.path + ": " + conf.unreadable,
                   "the defaults count until it can be read: ls -l " + conf.path});
    return;
  }
  std::vector<const Complaint*> mistakes;
  for (const Complaint& one : conf.complaints)
    if (one.severity != Severity::info) mistakes.push_back(&one);
  if (mistakes.empty()) return;
  const bool errors = std::ranges::any_of(mistakes, [](const auto* one) { return one->severity == Severity::error; });
  out.push_back({"conf-complaints", errors ? Weight::problem : Weight::warning,
                 conf.path + " has " + std::to_string(mistakes.size()) + (mistakes.size() == 1 ? " line" : " lines") +
                     " to complain about: " + mistakes.front()->to_string(),
                 daemon + " --check " + conf.path + " tells all of them"});
}

}  // namespace

void examine_identity(const Facts& facts, Findings& out) {
  if (!facts.nqn || !facts.id) {
    out.push_back({"no-identity", Weight::problem, facts.identity_error,
                   "systemctl start stas-config.target makes what is missing; by hand: "
                   "stasadm hostnqn -f /etc/nvme/hostnqn && stasadm hostid -f /etc/nvme/hostid"});
  } else {
    examine_nqn(facts, out);
    examine_id(facts, out);
    examine_others_pair(facts, out);
  }
  for (const auto& complaint : facts.identity_complaints) {
    if (complaint.severity == Severity::info) continue;
    out.push_back({"identity-complaint", complaint.severity == Severity::error ? Weight::problem : Weight::warning,
                   complaint.to_string(), "see sys.conf(5)"});
  }
  examine_conf(facts.stafd, "stafd", out);
  examine_conf(facts.stacd, "stacd", out);
}

}  // namespace stas::doctor
