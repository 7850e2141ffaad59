// SPDX-License-Identifier: Apache-2.0
//
// What one controller can see: the only place that knows about masking, attachment, enabling, zones and ANA. Identify,
// log pages, dispatch and events ask here.
#pragma once

#include <string>
#include <vector>

#include "tests/target/core/controller.h"
#include "tests/target/core/discovery.h"

namespace stas::target {

/// A namespace as a controller sees it. `ns` is null: it does not see it.
struct Sight {
  Namespace* ns = nullptr;
  AnaState state = AnaState::optimized;
};

/// Enabled, attached and not masked.
bool is_visible(const Namespace& ns, const Controller& controller);
/// Of a group through the controller's listener; optimized where nothing says otherwise or ANA is not reported.
AnaState ana_state(const Model& model, const Subsystem& subsystem, std::uint16_t listener, std::uint32_t group);
/// One namespace by its id.
Sight look_up(const Model& model, const Controller& controller, std::uint32_t nsid);
/// All of them in the order of their ids, from the one after `after`.
std::vector<Sight> visible(const Model& model, const Controller& controller, std::uint32_t after = 0);

/// Whether the page of a host lists a subsystem: enabled, allowed, and in a zone group with it if there are any.
bool is_listed(const Model& model, const SubsystemConfig& subsystem, const std::string& hostnqn);

}  // namespace stas::target
