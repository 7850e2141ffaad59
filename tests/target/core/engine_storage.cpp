// SPDX-License-Identifier: Apache-2.0
//
// The administrator's side of the core for storage: backends, namespaces, ANA states, and which hosts hear of a change.
#include "tests/target/core/engine.h"

namespace stas::target {

Result<void> check_nsid(const SubsystemConfig& config, std::uint32_t nsid) {
  if (config.max_namespaces == 0 || nsid <= config.max_namespaces) return {};
  return problem(config.nqn + " may have namespaces 1 to " + std::to_string(config.max_namespaces) + ", not " +
                 std::to_string(nsid));
}

Result<Namespace> Engine::make_namespace(const NamespaceConfig& config, const std::string& nqn) {
  const std::string name = nqn + " namespace " + std::to_string(config.nsid) + ": ";
  if (config.ana_group < 1 || config.ana_group > kMaxAnaGroups) return problem(name + "ana_group is not 1 to 128");
  if (!config.use.empty()) {
    const auto it = backends_.find(config.use);
    if (it == backends_.end()) return problem(name + "no backend " + config.use);
    return Namespace::make(config, nqn, it->second);
  }
  auto backend = make_backend(config.backend, executor_);
  if (!backend) return problem(name + backend.error().text);
  return Namespace::make(config, nqn, std::move(*backend));
}

Result<void> Engine::add_backend(const BackendConfig& config) {
  if (config.name.empty()) return problem("a backend without a name");
  if (backends_.contains(config.name)) return problem("backend " + config.name + " exists already");
  auto made = make_backend(config, executor_);
  if (!made) return problem("backend " + config.name + ": " + made.error().text);
  backends_.emplace(config.name, std::move(*made));
  return {};
}

Result<void> Engine::remove_backend(const std::string& name) {
  const auto it = backends_.find(name);
  if (it == backends_.end()) return problem("no backend " + name);
  for (const auto& [nqn, subsystem] : model_.subsystems) {
    for (const auto& [nsid, ns] : subsystem->namespaces) {
      if (ns.backend() == it->second) {
        return problem("backend " + name + " is used by " + nqn + " namespace " + std::to_string(nsid));
      }
    }
  }
  backends_.erase(it);
  return {};
}

Result<void> Engine::resize_backend(const std::string& name, std::uint64_t size) {
  const auto it = backends_.find(name);
  if (it == backends_.end()) return problem("no backend " + name);
  if (const auto ok = it->second->resize(size); !ok) return problem("backend " + name + ": " + ok.error().text);
  for (const auto& [nqn, subsystem] : model_.subsystems) {
    for (const auto& [nsid, ns] : subsystem->namespaces) {
      if (ns.backend() == it->second) namespaces_changed(*subsystem, nsid);
    }
  }
  return {};
}

Result<void> Engine::resize_namespace(const std::string& nqn, std::uint32_t nsid, std::uint64_t size) {
  Subsystem* subsystem = find_subsystem(nqn);
  if (subsystem == nullptr) return problem("no subsystem " + nqn);
  const auto it = subsystem->namespaces.find(nsid);
  if (it == subsystem->namespaces.end()) return problem(nqn + " has no namespace " + std::to_string(nsid));
  if (!it->second.config().use.empty()) return resize_backend(it->second.config().use, size);
  if (const auto ok = it->second.backend()->resize(size); !ok) {
    return problem(nqn + " namespace " + std::to_string(nsid) + ": " + ok.error().text);
  }
  it->second.config().backend.size = it->second.backend()->size();
  namespaces_changed(*subsystem, nsid);
  return {};
}

Result<void> Engine::set_namespace(const std::string& nqn, NamespaceConfig config) {
  Subsystem* subsystem = find_subsystem(nqn);
  if (subsystem == nullptr) return problem("no subsystem " + nqn);
  const auto it = subsystem->namespaces.find(config.nsid);
  if (it == subsystem->namespaces.end()) return problem(nqn + " has no namespace " + std::to_string(config.nsid));
  if (config.ana_group < 1 || config.ana_group > kMaxAnaGroups) return problem("ana_group is not 1 to 128");
  auto made = Namespace::make(config, nqn, it->second.backend());
  if (!made) return problem(made.error().text);
  const bool regrouped = it->second.config().ana_group != config.ana_group;
  made->write_protection = it->second.write_protection;
  made->reservation = it->second.reservation;
  it->second = std::move(*made);
  namespaces_changed(*subsystem, config.nsid);
  if (regrouped) {
    ++subsystem->ana_changes;
    for (const auto& [id, listener] : model_.listeners) ana_changed(*subsystem, id);
  }
  return {};
}

Result<void> Engine::attach_namespace(const std::string& nqn, std::uint32_t nsid, std::uint16_t cntlid, bool attached) {
  Subsystem* subsystem = find_subsystem(nqn);
  if (subsystem == nullptr) return problem("no subsystem " + nqn);
  const auto it = subsystem->namespaces.find(nsid);
  if (it == subsystem->namespaces.end()) return problem(nqn + " has no namespace " + std::to_string(nsid));
  it->second.attach(cntlid, attached);
  namespaces_changed(*subsystem, nsid);
  return {};
}

Result<void> Engine::set_ana(std::uint16_t listener, std::uint32_t group, AnaState state, const std::string& nqn) {
  const auto port = model_.listeners.find(listener);
  if (port == model_.listeners.end()) return problem("no listener " + std::to_string(listener));
  if (group < 1 || group > kMaxAnaGroups) return problem("an ANA group is 1 to 128");
  if (nqn.empty()) {
    port->second.config.ana_groups[group] = state;
  } else {
    Subsystem* subsystem = find_subsystem(nqn);
    if (subsystem == nullptr) return problem("no subsystem " + nqn);
    if (!subsystem->config.ana) return problem("subsystem " + nqn + " does not report ANA");
    subsystem->config.ana_groups[listener][group] = state;
  }
  for (const auto& [name, subsystem] : model_.subsystems) {
    if (!subsystem->config.ana || (!nqn.empty() && name != nqn)) continue;
    ++subsystem->ana_changes;
    ana_changed(*subsystem, listener);
  }
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
  if (const auto ok = check_nsid(subsystem->config, config.nsid); !ok) return problem(ok.error().text);
  auto made = make_namespace(config, nqn);
  if (!made) return problem(made.error().text);
  namespaces.emplace(config.nsid, std::move(*made));
  ++subsystem->ana_changes;
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

}  // namespace stas::target
