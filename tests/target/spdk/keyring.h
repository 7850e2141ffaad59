// SPDX-License-Identifier: Apache-2.0
//
// Keys by name, as SPDK's keyring_file_* methods know them: the name of a file that only its owner reads.
#pragma once

#include <string>

#include "tests/target/core/result.h"
#include "tests/target/spdk/methods.h"
#include "tests/target/spdk/state.h"

namespace stas::target {

/// The text of a key, from its file as it is now. Errors name the key and its file, never what is in it.
Result<std::string> read_key(const SpdkState& state, const std::string& name);

const Methods& spdk_keyring_methods();

}  // namespace stas::target
