// SPDX-License-Identifier: Apache-2.0
//
// What the methods of the control interface share: their parameters, read strictly (an unknown one is an error with its
// JSON path), and the forms of their answers. Internal to the RPC files.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "tests/target/control/json_model.h"
#include "tests/target/core/result.h"
#include "tests/target/target.h"

namespace stas::target {

/// Parameters of one call; collects the first complaint about them.
struct Call {
  Target& target;
  const Json& params;
  std::string error{};  ///< of the parameters

  [[nodiscard]] ObjectReader reader() { return {params, "$.params", error}; }
  [[nodiscard]] Engine& engine() const { return target.engine(); }
};

using Answer = Result<Json>;
using Method = Answer (*)(Call&);
using Methods = std::map<std::string, Method, std::less<>>;

/// What every change answers: the new generation.
inline Answer changed(const Call& call) { return Json{{"genctr", call.engine().model().genctr}}; }

inline Answer changed(const Call& call, const Result<void>& done) {
  if (!done) return problem(done.error().text);
  return changed(call);
}

/// An answer that nobody sees because `call.error` wins.
inline Answer bad_params() { return problem("parameters"); }

inline std::string text_param(ObjectReader& reader, const char* key) {
  std::string value;
  reader.require(key);
  reader.text(key, value);
  return value;
}

template <typename T>
T number_param(ObjectReader& reader, const char* key, std::uint64_t most) {
  T value = 0;
  reader.require(key);
  reader.number(key, value, 0, most);
  return value;
}

template <typename T>
void optional_number(ObjectReader& reader, const char* key, std::uint64_t most, std::optional<T>& out) {
  T value = 0;
  if (reader.find(key) == nullptr) return;
  reader.number(key, value, 0, most);
  out = value;
}

// The tables, one per file.
const Methods& target_methods();      // rpc_target.cpp
const Methods& subsystem_methods();   // rpc_subsystem.cpp
const Methods& controller_methods();  // rpc_controller.cpp

}  // namespace stas::target
