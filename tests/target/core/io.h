// SPDX-License-Identifier: Apache-2.0
//
// What the handlers of I/O commands share. A handler answers at once, or starts work whose end completes the request;
// after that it must not touch the request again, which may be gone.
#pragma once

#include <cstdint>
#include <optional>

#include "tests/target/core/engine.h"

namespace stas::target {

struct IoContext {
  Engine& engine;
  Controller& controller;
  Namespace& ns;
  Request& request;
  RequestRef ref;
};

// io_copy.cpp
std::optional<Reply> copy(const IoContext& io);
std::optional<Reply> verify(const IoContext& io, std::uint64_t offset, std::uint64_t length);

// reservation_cmd.cpp
bool is_reservation_command(std::uint8_t code);
Reply reservation_command(const IoContext& io);

}  // namespace stas::target
