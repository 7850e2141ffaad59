// SPDX-License-Identifier: Apache-2.0
//
// What the releases of nvme-stas call the same things, which of them they know, and what they do where a file says
// nothing (compatibility contract 2.2 and 2.7).
#pragma once

#include <string>

#include "libstas/core/config/ini.h"
#include "libstas/core/convert/settings.h"

namespace stas {

// Appends what a file of that kind means, in our words. What that release does by default and we do not is said. What
// it does not know, it ignores, and so it is a loss here.
void read_version(const IniFile& ini, const std::string& path, ConfKind kind, ConfFile file, Settings& settings,
                  Losses& losses);

// The settings in the words of that kind; what it cannot say is a loss. `stacd`: where stacd.conf comes from, whose
// defaults have to be said where they are others; nullptr: there is none.
Settings for_version(const Settings& settings, ConfKind kind, const Place* stacd, Losses& losses);

}  // namespace stas
