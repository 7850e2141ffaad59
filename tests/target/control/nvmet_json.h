// SPDX-License-Identifier: Apache-2.0
//
// The saved configuration of the Linux target (what `nvmetcli save` writes and `nvmetcli restore` reads) as a
// configuration of this one, and back. Ports of transports without sockets become listeners that are only listed.
#pragma once

#include <string>

#include "tests/target/control/json_reader.h"
#include "tests/target/core/model.h"
#include "tests/target/core/result.h"

namespace stas::target {

/// Whether a JSON text is of that kind: it has `ports` or `hosts`, which ours never has.
bool is_nvmet_config(const Json& json);
/// Numbers may be texts. Attributes that mean nothing here are passed over; what is of the wrong type, or no address,
/// is an error with its JSON path.
Result<TargetConfig> from_nvmet(const Json& json);
/// What this target has beyond nvmet is left out; RAM and null namespaces get paths `ram:SIZE` and `null:SIZE`, which
/// from_nvmet() understands.
Json to_nvmet(const TargetConfig& config);

}  // namespace stas::target
