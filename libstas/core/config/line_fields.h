// SPDX-License-Identifier: Apache-2.0
//
// Splits the value of controller= or exclude= into its fields, and judges single fields: what both kinds of line need
// to know about ports and names. What is wrong with a line is a Problem; no text of it ever holds a secret.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/base/complaint.h"
#include "libstas/core/identity/tid.h"

namespace stas {

inline constexpr std::size_t kMaxLineFields = 64;
inline constexpr std::size_t kMaxFieldLength = 1024;  // bytes of the value of one field

struct Problem {
  Severity severity = Severity::error;
  std::string text;
};
using Problems = std::vector<Problem>;

struct LineField {
  std::string_view key;    // case as written
  std::string_view value;  // may be empty
};

struct LineFields {
  std::vector<LineField> fields;
  unsigned malformed = 0;  // fields without '=', or beyond kMaxLineFields
};

// At the first '=' of each field. Empty fields and a trailing " # comment" are dropped. The views are into `value`.
LineFields split_fields(std::string_view value);

// Names a field for a message: the key itself if it is a plausible key, else only "a field".
std::string field_name(std::string_view key);

// May the value of a field with this name be a secret? Prefers a false alarm to a leak.
bool is_secret_name(std::string_view key);

// Why the text cannot be the value of any field that is no secret, or empty. No part of the text is in the answer.
std::string objection(std::string_view value);

// Why the text cannot be a key that is handed on, or empty. No part of it is in the answer.
std::string key_objection(std::string_view value);

// The message for a transport that is none, with the nearest one.
std::string bad_transport(std::string_view value);

}  // namespace stas
