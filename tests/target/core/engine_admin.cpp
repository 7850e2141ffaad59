// SPDX-License-Identifier: Apache-2.0
//
// The administrator's side of the core: changing the model while hosts are connected, and who is told.
#include <algorithm>
#include <utility>

#include "tests/target/core/engine.h"
#include "tests/target/core/nqn.h"
#include "tests/target/core/visibility.h"
#include "tests/target/tls/psk.h"

namespace stas::target {
namespace {

constexpr const char* kHostNqn = "host nqn";

/// Keys are checked when they come, not when a host connects.
Result<void> check_auth(const HostAuth& hosts, const std::string& nqn) {
  for (const auto& [host, auth] : hosts) {
    const std::string name = nqn + ", host " + host + ": ";
    if (const auto key = dhchap_key(auth.key, host); !key) return problem(name + key.error().text);
    if (auth.controller_key.empty()) continue;
    const auto key = dhchap_key(auth.controller_key, nqn);
    if (!key) return problem(name + "controller key: " + key.error().text);
  }
  return {};
}

Result<void> check_auth(const SubsystemConfig& config) {
  if (const auto ok = check_auth(config.auth, config.nqn); !ok) return ok;
  for (const auto& [host, text] : config.tls_keys) {
    const auto key = retained_tls_key(text, host);
    if (!key) return problem(config.nqn + ", host " + host + ": " + key.error().text);
  }
  return {};
}

bool everybody(const std::string& /*hostnqn*/) { return true; }

}  // namespace

Result<void> Engine::check_nqn(const std::string& nqn, const char* what) const {
  if (nqn.empty() || nqn.size() > kMaxNqnBytes) return problem(std::string(what) + " is not 1 to 223 bytes");
  if (nqn.find('\0') != std::string::npos) return problem(std::string(what) + " contains a NUL");
  const char* flaw = model_.policy.strict_nqns ? flaw_of_nqn(nqn) : nullptr;
  if (flaw != nullptr) return problem(std::string(what) + " " + nqn + " " + flaw);
  return {};
}

Result<void> Engine::set_policy(PolicyConfig policy) {
  const PolicyConfig before = std::exchange(model_.policy, std::move(policy));
  Result<void> fits;
  if (!model_.discovery.nqn.empty()) fits = check_nqn(model_.discovery.nqn, "discovery nqn");
  for (const auto& [nqn, subsystem] : model_.subsystems) {
    if (fits) fits = check_nqn(nqn, "subsystem nqn");
    for (const auto& host : subsystem->config.hosts) {
      if (fits) fits = check_nqn(host, kHostNqn);
    }
  }
  if (!fits) model_.policy = before;
  return fits;
}

Result<void> Engine::add_listener(Listener listener) {
  const auto id = listener.config.id;
  if (id == 0 || model_.listeners.contains(id)) return problem("listener " + std::to_string(id) + " exists already");
  model_.listeners.emplace(id, std::move(listener));
  discovery_changed(everybody);
  return {};
}

Result<void> Engine::remove_listener(std::uint16_t id) {
  if (model_.listeners.erase(id) == 0) return problem("no listener " + std::to_string(id));
  drop_if([id](const Controller& controller) { return controller.origin.listener == id; });
  for (const auto& [key, queue] : queues_) {
    if (queue->origin.listener != id || queue->ended) continue;
    queue->ended = true;
    queue->port->close();
  }
  discovery_changed(everybody);
  return {};
}

Result<void> Engine::add_subsystem(SubsystemConfig config) {
  if (const auto ok = check_nqn(config.nqn, "subsystem nqn"); !ok) return ok;
  if (model_.subsystems.contains(config.nqn)) return problem("subsystem " + config.nqn + " exists already");
  if (config.nqn == kDiscoveryNqn || config.nqn == model_.discovery.nqn) {
    return problem("subsystem " + config.nqn + " is the discovery subsystem");
  }
  if (config.cntlid_min == 0 || config.cntlid_max > 0xFFEF || config.cntlid_min > config.cntlid_max) {
    return problem("subsystem " + config.nqn + ": cntlid_min and cntlid_max make no range");
  }
  auto subsystem = std::make_unique<Subsystem>();
  auto namespaces = std::move(config.namespaces);
  config.namespaces.clear();
  subsystem->config = std::move(config);
  if (const auto ok = check_auth(subsystem->config); !ok) return ok;
  for (const auto& host : subsystem->config.hosts) {
    if (const auto ok = check_nqn(host, kHostNqn); !ok) return ok;
  }
  for (auto& ns : namespaces) {
    if (ns.nsid == 0) ns.nsid = subsystem->namespaces.empty() ? 1 : subsystem->namespaces.rbegin()->first + 1;
    if (const auto ok = check_nsid(subsystem->config, ns.nsid); !ok) return ok;
    auto made = make_namespace(ns, subsystem->config.nqn);
    if (!made) return problem(made.error().text);
    if (!subsystem->namespaces.emplace(ns.nsid, std::move(*made)).second) {
      return problem(subsystem->config.nqn + " has namespace " + std::to_string(ns.nsid) + " twice");
    }
  }
  const SubsystemConfig& added = subsystem->config;
  model_.subsystems.emplace(added.nqn, std::move(subsystem));
  discovery_changed([this, &added](const std::string& host) { return is_listed(model_, added, host); });
  return {};
}

Result<void> Engine::remove_subsystem(const std::string& nqn) {
  auto node = model_.subsystems.extract(nqn);
  if (node.empty()) return problem("no subsystem " + nqn);
  const Subsystem* removed = node.mapped().get();
  drop_if([removed](const Controller& controller) { return controller.subsystem == removed; });
  cntlids_.erase(removed);
  discovery_changed([this, removed](const std::string& host) { return is_listed(model_, removed->config, host); });
  return {};
}

const Subsystem* Engine::subsystem(const std::string& nqn) const {
  const auto it = model_.subsystems.find(nqn);
  return it == model_.subsystems.end() ? nullptr : it->second.get();
}

Result<void> Engine::set_subsystem(SubsystemConfig config) {
  Subsystem* subsystem = find_subsystem(config.nqn);
  if (subsystem == nullptr) return problem("no subsystem " + config.nqn);
  if (const auto ok = check_auth(config); !ok) return ok;
  if (!subsystem->namespaces.empty()) {
    if (const auto ok = check_nsid(config, subsystem->namespaces.rbegin()->first); !ok) return ok;
  }
  config.namespaces.clear();
  config.cntlid_min = subsystem->config.cntlid_min;
  config.cntlid_max = subsystem->config.cntlid_max;
  const SubsystemConfig before = std::exchange(subsystem->config, std::move(config));
  const SubsystemConfig& after = subsystem->config;
  drop_if([&](const Controller& controller) {
    return controller.subsystem == subsystem &&
           (!after.enabled || !after.admits(controller.hostnqn) || !after.is_on(controller.origin.listener));
  });
  // A reader whose view is the same before and after hears nothing.
  const bool shows =
      before.ncc != after.ncc || before.listeners != after.listeners || before.admin_label != after.admin_label;
  const bool moves =
      before.enabled != after.enabled || before.allow_any_host != after.allow_any_host || before.hosts != after.hosts;
  if (shows || moves) {
    discovery_changed([&](const std::string& host) {
      const bool was = is_listed(model_, before, host);
      const bool is = is_listed(model_, after, host);
      return was != is || (is && shows);
    });
  }
  if (before.ana != after.ana || before.ana_groups != after.ana_groups) {
    ++subsystem->ana_changes;
    for (const auto& [id, listener] : model_.listeners) ana_changed(*subsystem, id);
  }
  return {};
}

Result<void> Engine::set_host(const std::string& nqn, const std::string& host, bool allowed) {
  if (const auto ok = check_nqn(host, kHostNqn); !ok) return ok;
  Subsystem* subsystem = find_subsystem(nqn);
  if (subsystem == nullptr) return problem("no subsystem " + nqn);
  const SubsystemConfig before = subsystem->config;
  subsystem->config.allow_any_host = false;
  if (allowed) {
    subsystem->config.hosts.insert(host);
  } else {
    subsystem->config.hosts.erase(host);
  }
  const SubsystemConfig& after = subsystem->config;
  drop_if([&](const Controller& controller) {
    return controller.subsystem == subsystem && !after.admits(controller.hostnqn);
  });
  discovery_changed([&](const std::string& reader) { return before.admits(reader) != after.admits(reader); });
  return {};
}

Result<void> Engine::allow_any_host(const std::string& nqn, bool any) {
  const Subsystem* subsystem = find_subsystem(nqn);
  if (subsystem == nullptr) return problem("no subsystem " + nqn);
  SubsystemConfig config = subsystem->config;
  config.allow_any_host = any;
  return set_subsystem(std::move(config));
}

Result<void> Engine::set_auth(const std::string& nqn, const std::string& host, const AuthConfig& auth) {
  if (const auto ok = check_nqn(host, kHostNqn); !ok) return ok;
  Subsystem* subsystem = find_subsystem(nqn);
  const bool discovery = nqn == kDiscoveryNqn || nqn == model_.discovery_nqn();
  if (subsystem == nullptr && !discovery) return problem("no subsystem " + nqn);
  HostAuth& present = discovery ? model_.discovery.auth : subsystem->config.auth;
  HostAuth changed = present;
  changed.erase(host);
  if (!auth.key.empty()) changed.emplace(host, auth);
  if (const auto ok = check_auth(changed, nqn); !ok) return ok;
  present = std::move(changed);
  return {};
}

Result<void> Engine::set_tls_key(const std::string& nqn, const std::string& host, const std::string& key) {
  if (const auto ok = check_nqn(host, kHostNqn); !ok) return ok;
  Subsystem* subsystem = find_subsystem(nqn);
  if (subsystem == nullptr) return problem("no subsystem " + nqn);
  SubsystemConfig config = subsystem->config;
  config.tls_keys.erase(host);
  if (!key.empty()) config.tls_keys.emplace(host, key);
  if (const auto ok = check_auth(config); !ok) return ok;
  subsystem->config.tls_keys = std::move(config.tls_keys);
  return {};
}

std::vector<std::string> Engine::tls_keys(const std::string& host, const std::string& subnqn) const {
  const bool discovery = subnqn == kDiscoveryNqn || subnqn == model_.discovery_nqn();
  std::vector<std::string> keys;
  for (const auto& [nqn, subsystem] : model_.subsystems) {
    const auto it = subsystem->config.tls_keys.find(host);
    if (it != subsystem->config.tls_keys.end() && (discovery || nqn == subnqn)) keys.push_back(it->second);
  }
  return keys;
}

Result<void> Engine::set_zone_group(const ZoneGroupConfig& group) {
  constexpr std::size_t kMaxZoneGroups = 4096;
  if (group.name.empty()) return problem("a zone group without a name");
  if (group.members.empty() && !model_.zone_groups.contains(group.name)) return problem("no zone group " + group.name);
  if (!model_.zone_groups.contains(group.name) && model_.zone_groups.size() >= kMaxZoneGroups) {
    return problem("there are 4096 zone groups already");
  }
  // Whose view changes: compared subsystem by subsystem, before and after.
  std::map<std::string, std::set<std::string>> before;
  const auto view_of_host = [this](const std::string& host) {
    std::set<std::string> seen;
    for (const auto& [nqn, subsystem] : model_.subsystems) {
      if (is_listed(model_, subsystem->config, host)) seen.insert(nqn);
    }
    return seen;
  };
  for (const auto& [key, controller] : controllers_) {
    if (controller->is_discovery()) before.try_emplace(controller->hostnqn, view_of_host(controller->hostnqn));
  }
  if (group.members.empty()) {
    model_.zone_groups.erase(group.name);
  } else {
    model_.zone_groups[group.name] = group.members;
  }
  discovery_changed([&](const std::string& host) {
    const auto it = before.find(host);
    return it == before.end() || it->second != view_of_host(host);
  });
  return {};
}

Result<void> Engine::add_referral(ReferralConfig config) {
  if (const auto ok = check_nqn(config.nqn, "referral nqn"); !ok) return ok;
  const auto admits = [&config](const std::string& host) { return config.admits(host); };
  model_.referrals.push_back(config);
  discovery_changed(admits);
  return {};
}

Result<void> Engine::remove_referral(const std::string& traddr, const std::string& trsvcid) {
  const auto hit = [&](const ReferralConfig& referral) {
    return referral.traddr == traddr && (trsvcid.empty() || referral.trsvcid == trsvcid);
  };
  std::vector<ReferralConfig> removed;
  std::copy_if(model_.referrals.begin(), model_.referrals.end(), std::back_inserter(removed), hit);
  if (removed.empty()) return problem("no referral to " + traddr);
  std::erase_if(model_.referrals, hit);
  discovery_changed([&removed](const std::string& host) {
    return std::any_of(removed.begin(), removed.end(), [&](const ReferralConfig& r) { return r.admits(host); });
  });
  return {};
}

Result<void> Engine::set_discovery(DiscoveryConfig config) {
  if (!config.nqn.empty()) {
    if (const auto ok = check_nqn(config.nqn, "discovery nqn"); !ok) return ok;
    if (model_.subsystems.contains(config.nqn)) return problem("discovery nqn " + config.nqn + " is a subsystem's");
  }
  if (const auto ok = check_auth(config.auth, "discovery"); !ok) return ok;
  model_.discovery = std::move(config);
  discovery_changed(everybody);
  return {};
}

void Engine::bump() { discovery_changed(everybody); }

std::size_t Engine::fail_controllers(const std::function<bool(const Controller&)>& hit) {
  const auto before = controllers_.size();
  drop_if(hit);
  return before - controllers_.size();
}

TargetConfig Engine::save() const {
  TargetConfig config;
  config.policy = model_.policy;
  config.discovery = model_.discovery;
  for (const auto& [id, listener] : model_.listeners) config.listeners.push_back(listener.config);
  for (const auto& [nqn, subsystem] : model_.subsystems) {
    config.subsystems.push_back(subsystem->config);
    for (const auto& [nsid, ns] : subsystem->namespaces) config.subsystems.back().namespaces.push_back(ns.config());
  }
  config.referrals = model_.referrals;
  for (const auto& [name, backend] : backends_) config.backends.push_back(backend->config());
  for (const auto& [name, members] : model_.zone_groups) config.zone_groups.push_back({name, members});
  return config;
}

}  // namespace stas::target
