// SPDX-License-Identifier: Apache-2.0
//
// How the target reports what went wrong: a value or one sentence that names the object and the cause.
// tl::expected stands in for std::expected, which the oldest supported compiler does not have.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace stas::target {

struct Problem {
  std::string text;
};

template <typename T>
using Result = tl::expected<T, Problem>;

inline tl::unexpected<Problem> problem(std::string text) { return tl::unexpected<Problem>(Problem{std::move(text)}); }

}  // namespace stas::target
