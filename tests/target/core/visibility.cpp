// SPDX-License-Identifier: Apache-2.0
//
// Masking, attachment, zones and ANA in one place.
#include "tests/target/core/visibility.h"

#include <algorithm>

namespace stas::target {
namespace {

const AnaState* state_in(const AnaGroups& groups, std::uint32_t group) {
  const auto it = groups.find(group);
  return it == groups.end() ? nullptr : &it->second;
}

}  // namespace

bool is_visible(const Namespace& ns, const Controller& controller) {
  const NamespaceConfig& config = ns.config();
  return config.enabled && ns.attached_to(controller.cntlid) &&
         (config.hosts.empty() || config.hosts.contains(controller.hostnqn));
}

AnaState ana_state(const Model& model, const Subsystem& subsystem, std::uint16_t listener, std::uint32_t group) {
  if (!subsystem.config.ana) return AnaState::optimized;
  if (const auto own = subsystem.config.ana_groups.find(listener); own != subsystem.config.ana_groups.end()) {
    if (const AnaState* state = state_in(own->second, group)) return *state;
  }
  const auto port = model.listeners.find(listener);
  if (port == model.listeners.end()) return AnaState::optimized;
  const AnaState* state = state_in(port->second.config.ana_groups, group);
  return state != nullptr ? *state : AnaState::optimized;
}

Sight look_up(const Model& model, const Controller& controller, std::uint32_t nsid) {
  if (controller.is_discovery()) return {};
  const auto it = controller.subsystem->namespaces.find(nsid);
  if (it == controller.subsystem->namespaces.end() || !is_visible(it->second, controller)) return {};
  return {&it->second,
          ana_state(model, *controller.subsystem, controller.origin.listener, it->second.config().ana_group)};
}

std::vector<Sight> visible(const Model& model, const Controller& controller, std::uint32_t after) {
  std::vector<Sight> seen;
  if (controller.is_discovery()) return seen;
  auto& namespaces = controller.subsystem->namespaces;
  for (auto it = namespaces.upper_bound(after); it != namespaces.end(); ++it) {
    const Sight sight = look_up(model, controller, it->first);
    if (sight.ns != nullptr) seen.push_back(sight);
  }
  return seen;
}

bool is_listed(const Model& model, const SubsystemConfig& subsystem, const std::string& hostnqn) {
  if (!subsystem.enabled || !subsystem.admits(hostnqn)) return false;
  if (model.zone_groups.empty()) return true;
  return std::any_of(model.zone_groups.begin(), model.zone_groups.end(), [&](const auto& group) {
    return group.second.contains(hostnqn) && group.second.contains(subsystem.nqn);
  });
}

}  // namespace stas::target
