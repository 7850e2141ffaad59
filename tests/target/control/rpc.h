// SPDX-License-Identifier: Apache-2.0
//
// The control interface: JSON-RPC 2.0 methods over a target. README.md lists them.
#pragma once

#include <string>
#include <string_view>

#include "tests/target/control/rpc_server.h"
#include "tests/target/core/result.h"

namespace stas::target {

class Target;

/// One request or batch in, one response out (without newline); empty for a notification. Never throws.
std::string handle_rpc(Target& target, std::string_view request);
/// The first request in `text`, which is what a client has sent so far: how much of it that was, and the answer.
/// Nothing is taken while the request is not complete. A request is one JSON value, with or without a newline after it.
RpcServer::Taken answer_rpc(Target& target, std::string_view text);
/// The JSON text of the result in a response, or its error message.
Result<std::string> rpc_result(std::string_view response);
/// One line of JSON per listener, as the program announces them.
std::string describe_listeners(const Target& target);

}  // namespace stas::target
