// SPDX-License-Identifier: Apache-2.0
//
// The administrator's side of the core: changing the model while hosts are connected, and who is told.
#include <algorithm>

#include "tests/target/core/engine.h"

namespace stas::target {
namespace {

Result<void> check_nqn(const std::string& nqn, const char* what) {
  if (nqn.empty() || nqn.size() > kMaxNqnBytes) return problem(std::string(what) + " is not 1 to 223 bytes");
  if (nqn.find('\0') != std::string::npos) return problem(std::string(what) + " contains a NUL");
  return {};
}

bool everybody(const std::string& /*hostnqn*/) { return true; }

}  // namespace

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
  for (auto& ns : namespaces) {
    if (ns.nsid == 0) ns.nsid = subsystem->namespaces.empty() ? 1 : subsystem->namespaces.rbegin()->first + 1;
    auto made = Namespace::make(ns, subsystem->config.nqn);
    if (!made) return problem(made.error().text);
    if (!subsystem->namespaces.emplace(ns.nsid, std::move(*made)).second) {
      return problem(subsystem->config.nqn + " has namespace " + std::to_string(ns.nsid) + " twice");
    }
  }
  const SubsystemConfig& added = subsystem->config;
  model_.subsystems.emplace(added.nqn, std::move(subsystem));
  discovery_changed([&added](const std::string& host) { return added.admits(host); });
  return {};
}

Result<void> Engine::remove_subsystem(const std::string& nqn) {
  auto node = model_.subsystems.extract(nqn);
  if (node.empty()) return problem("no subsystem " + nqn);
  const Subsystem* removed = node.mapped().get();
  drop_if([removed](const Controller& controller) { return controller.subsystem == removed; });
  cntlids_.erase(removed);
  discovery_changed([removed](const std::string& host) { return removed->config.admits(host); });
  return {};
}

Result<void> Engine::set_ncc(const std::string& nqn, bool ncc) {
  Subsystem* subsystem = find_subsystem(nqn);
  if (subsystem == nullptr) return problem("no subsystem " + nqn);
  if (subsystem->config.ncc == ncc) return {};
  subsystem->config.ncc = ncc;
  discovery_changed([subsystem](const std::string& host) { return subsystem->config.admits(host); });
  return {};
}

Result<void> Engine::set_host(const std::string& nqn, const std::string& host, bool allowed) {
  if (const auto ok = check_nqn(host, "host nqn"); !ok) return ok;
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

Result<std::uint32_t> Engine::add_namespace(const std::string& nqn, NamespaceConfig config) {
  Subsystem* subsystem = find_subsystem(nqn);
  if (subsystem == nullptr) return problem("no subsystem " + nqn);
  auto& namespaces = subsystem->namespaces;
  if (config.nsid == 0) config.nsid = namespaces.empty() ? 1 : namespaces.rbegin()->first + 1;
  if (namespaces.contains(config.nsid)) {
    return problem(nqn + " has namespace " + std::to_string(config.nsid) + " already");
  }
  auto made = Namespace::make(config, nqn);
  if (!made) return problem(made.error().text);
  namespaces.emplace(config.nsid, std::move(*made));
  namespaces_changed(*subsystem, config.nsid);
  return config.nsid;
}

Result<void> Engine::remove_namespace(const std::string& nqn, std::uint32_t nsid) {
  Subsystem* subsystem = find_subsystem(nqn);
  if (subsystem == nullptr) return problem("no subsystem " + nqn);
  if (subsystem->namespaces.erase(nsid) == 0) return problem(nqn + " has no namespace " + std::to_string(nsid));
  namespaces_changed(*subsystem, nsid);
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
  config.discovery = model_.discovery;
  for (const auto& [id, listener] : model_.listeners) config.listeners.push_back(listener.config);
  for (const auto& [nqn, subsystem] : model_.subsystems) {
    config.subsystems.push_back(subsystem->config);
    for (const auto& [nsid, ns] : subsystem->namespaces) config.subsystems.back().namespaces.push_back(ns.config());
  }
  config.referrals = model_.referrals;
  return config;
}

}  // namespace stas::target
