// SPDX-License-Identifier: Apache-2.0
//
// How controllers look on D-Bus: the texts and dictionaries of the contract (compatibility contract 3.3 and 3.5) that
// both daemons share. Secrets appear as "***" (law 7).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libstas/core/base/text_dict.h"
#include "libstas/core/base/time.h"
#include "libstas/core/config/config.h"
#include "libstas/core/discovery/log_page.h"
#include "libstas/core/identity/device.h"
#include "libstas/core/identity/tid.h"
#include "libstas/core/identity/tid_fields.h"

namespace stas {

// Seconds as Python prints a float: "60.0", "38.89724".
std::string python_seconds(Duration duration);

// "60.0s [off]", "3.0s [1.204718s]", "10.0s [0s]"; `at` is kNever for a timer that is off.
std::string timer_text(Duration interval, Instant at, Instant now);

// "{'fail count': 0, 'completed': True, 'alive': True}"
std::string operation_text(unsigned failures, bool completed);

// "{'trtype': 'tcp', ...}", or "None" without an entry.
std::string dlpe_text(const Dlpe* dlpe);

// "True" or "False"
std::string_view bool_text(bool value);

// What a controller= line sets beyond the identity, as texts ("True", "31", "***").
TextDict cfg_dict(const ControllerLine& line);

// traddr trsvcid transport subsysnqn host-iface host-traddr host-nqn, then `cfg`, then device ("nvme?" for none).
TextDict id_dict(const Tid& tid, const TextDict& cfg, std::string_view device);

// hostid hostnqn model serial dctype cntrltype, empty without a device; then connected.
void append_attributes(TextDict& dict, const Device* device, bool connected);

// The controller that the arguments of a bus call mean (3.6); nullopt when they can mean none.
std::optional<Tid> tid_of_args(const TidTexts& args, bool ignore_iface);

}  // namespace stas
