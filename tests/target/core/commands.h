// SPDX-License-Identifier: Apache-2.0
//
// The command handlers: each takes one command and returns the answer. An empty answer is one that comes later.
#pragma once

#include <cstdint>
#include <optional>

#include "tests/target/core/engine.h"

namespace stas::target {

// fabrics_cmd.cpp
Reply connect(Engine& engine, Queue& queue, const Sqe& sqe, View data);
Reply property_get(Engine& engine, const Queue& queue, const Sqe& sqe);
Reply property_set(Engine& engine, Controller& controller, const Sqe& sqe);
Reply disconnect(Queue& queue, const Sqe& sqe);

// auth_cmd.cpp
Reply authentication_send(Engine& engine, Queue& queue, const Sqe& sqe, View data);
Reply authentication_receive(Engine& engine, Queue& queue, const Sqe& sqe);

// admin_cmd.cpp
std::optional<Reply> execute_admin(Engine& engine, Queue& queue, Request& request);

// features.cpp
Reply set_features(Engine& engine, Controller& controller, const Sqe& sqe, View data);
Reply get_features(const Controller& controller, const Sqe& sqe);
/// Log page 12h.
Bytes feature_effects();

// identify.cpp
Reply identify(Engine& engine, const Queue& queue, const Sqe& sqe);
/// OAES: the events a controller can be asked for.
std::uint32_t supported_events(const Controller& controller);

// log_pages.cpp
Reply get_log_page(Engine& engine, const Queue& queue, const Sqe& sqe);

// io_cmd.cpp
std::optional<Reply> execute_io(Engine& engine, Queue& queue, Request& request, const RequestRef& ref);

}  // namespace stas::target
