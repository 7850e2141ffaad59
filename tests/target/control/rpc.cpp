// SPDX-License-Identifier: Apache-2.0
//
// JSON-RPC 2.0: where a request ends, which method it calls, batches, errors.
#include "tests/target/control/rpc.h"

#include <array>
#include <sstream>

#include "tests/target/control/rpc_call.h"
#include "tests/target/spdk/keyring.h"
#include "tests/target/spdk/methods.h"

namespace stas::target {
namespace {

constexpr int kParseError = -32700, kInvalidRequest = -32600, kNoMethod = -32601, kInvalidParams = -32602,
              kRefused = -32000;
constexpr std::size_t kMaxBatch = 1024;

Method find_method(const std::string& called) {
  const std::string name = spdk_current_name(called);
  for (const Methods* methods :
       {&target_methods(), &subsystem_methods(), &controller_methods(), &spdk_bdev_methods(), &spdk_subsystem_methods(),
        &spdk_listener_methods(), &spdk_namespace_methods(), &spdk_host_methods(), &spdk_target_methods(),
        &spdk_transport_methods(), &spdk_app_methods(), &spdk_keyring_methods()}) {
    if (const auto it = methods->find(name); it != methods->end()) return it->second;
  }
  return nullptr;
}

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json error_response(const Json& id, int code, const std::string& message) {
  return {{"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", code}, {"message", message}}}};
}

/// Empty (null) for a notification.
Json dispatch(Target& target, const Json& request) {
  if (!request.is_object()) return error_response(nullptr, kInvalidRequest, "this is no JSON-RPC 2.0 request");
  const Json id = request.contains("id") ? request["id"] : Json();
  const auto name = request.find("method");
  const bool proper = request.value("jsonrpc", Json()) == "2.0" && name != request.end() && name->is_string() &&
                      (id.is_null() || id.is_string() || id.is_number());
  if (!proper) return error_response(nullptr, kInvalidRequest, "this is no JSON-RPC 2.0 request");
  if (const auto other = request.find("target"); other != request.end()) {
    Target* found = other->is_string() ? target.find_target(other->get<std::string>()) : nullptr;
    if (found == nullptr) return error_response(id, kInvalidRequest, "$.target: names no target");
    Json inner = request;
    inner.erase("target");
    return dispatch(*found, inner);
  }
  const Method method = find_method(name->get<std::string>());
  if (method == nullptr) return error_response(id, kNoMethod, "Method not found: " + name->get<std::string>());
  const Json params = request.contains("params") ? request["params"] : Json::object();
  Call call{target, params};
  if (!params.is_object()) return error_response(id, kInvalidParams, "$.params: is not an object");
  const Answer answer = method(call);
  if (!call.error.empty()) return error_response(id, kInvalidParams, call.error);
  if (!answer) return error_response(id, kRefused, answer.error().text);
  if (!request.contains("id")) return {};
  return {{"jsonrpc", "2.0"}, {"id", id}, {"result", *answer}};
}

std::string answer_value(Target& target, const Json& value) {
  if (!value.is_array()) {
    const Json response = dispatch(target, value);
    return response.is_null() ? std::string() : dump(response);
  }
  if (value.empty() || value.size() > kMaxBatch) {
    return dump(error_response(nullptr, kInvalidRequest, "a batch holds 1 to 1024 requests"));
  }
  Json responses = Json::array();
  for (const Json& request : value) {
    if (Json response = dispatch(target, request); !response.is_null()) responses.push_back(std::move(response));
  }
  return responses.empty() ? std::string() : dump(responses);
}

}  // namespace

std::string handle_rpc(Target& target, std::string_view request) {
  try {
    return answer_value(target, Json::parse(request));
  } catch (const nlohmann::json::exception& e) {
    return dump(error_response(nullptr, kParseError, e.what()));
  }
}

RpcServer::Taken answer_rpc(Target& target, std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {text.size(), {}};
  const auto line_end = text.find('\n', begin);
  // A value is complete at a bracket, or is no request at all: then its line is all of it.
  const bool container = text[begin] == '{' || text[begin] == '[';
  if (text.find_last_of("}]\n") == std::string_view::npos) return {};
  std::istringstream stream(std::string(text.substr(begin)));
  try {
    Json value;
    stream >> value;
    const auto taken = stream.eof() ? text.size() : begin + static_cast<std::size_t>(stream.tellg());
    return {taken, answer_value(target, value)};
  } catch (const nlohmann::json::exception& e) {
    // Wrong at the end of what has come: it may go on there, also in the middle of a string, a number or a word.
    const auto* parse_error = dynamic_cast<const nlohmann::json::parse_error*>(&e);
    if (container && parse_error != nullptr && parse_error->byte > text.size() - begin) return {};
    const auto taken = line_end == std::string_view::npos ? text.size() : line_end + 1;
    return {taken, dump(error_response(nullptr, kParseError, e.what()))};
  }
}

std::string describe_listeners(const Target& target) {
  std::string lines;
  for (const auto& [id, listener] : target.engine().model().listeners) {
    const Json full = write_json(listener.config);
    Json line;
    for (const char* key : {"id", "transport", "traddr", "trsvcid", "discovery"}) {
      if (full.contains(key)) line[key] = full[key];
    }
    lines += dump({{"listener", line}}) + "\n";
  }
  return lines;
}

Result<std::string> rpc_result(std::string_view response) {
  const Json parsed = Json::parse(response, nullptr, false);
  if (!parsed.is_object()) return problem("no response");
  if (parsed.contains("error")) return problem(parsed["error"].value("message", "unknown error"));
  return dump(parsed.value("result", Json()));
}

}  // namespace stas::target
