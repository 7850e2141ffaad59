// SPDX-License-Identifier: Apache-2.0
//
// Keys that configuration files name: read from their files and from the credentials of the service (systemd.exec(5)),
// bounded, never waiting for a writer. Who else may read such a file is told.
#pragma once

#include <string>

#include <sys/types.h>

#include "libstas/core/config/named_key.h"

namespace stas {

// `value` as the option has it: file:///PATH or credential:NAME. On any thread: a disk can hang.
NamedKey read_named_key(const std::string& value);

// All that a text in the form of stafd.conf and stacd.conf names.
NamedKeys read_named_keys(const KeysOfFile& keys);

// Who may read a file with keys beside its owner and root, and what to do; "" when nobody may.
std::string exposure(const std::string& path, mode_t mode, uid_t owner);

}  // namespace stas
