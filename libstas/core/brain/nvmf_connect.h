// SPDX-License-Identifier: Apache-2.0
//
// nvme-cli's unit nvmf-connect@.service runs "nvme connect-all" with arguments that are in its instance name. Its udev
// rules restart it when a discovery controller has news; while our override takes the TCP part of those rules away,
// stafd does so for the controllers it does not manage (compatibility contract 5.14).
#pragma once

#include <optional>
#include <string>

#include "libstas/core/identity/device.h"

namespace stas {

// The very name that nvme-cli's rule makes for a TCP controller, so that whoever restarts it means the same unit.
// nullopt: not TCP, or an attribute is nothing that belongs into a command line.
std::optional<std::string> nvmf_connect_unit(const Device& device);

}  // namespace stas
