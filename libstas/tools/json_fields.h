// SPDX-License-Identifier: Apache-2.0
//
// Members of documents that come over the bus, from a daemon that may be older or newer: what is missing or of another
// kind is empty.
#pragma once

#include <string>
#include <string_view>

#include "libstas/core/base/json.h"
#include "libstas/core/base/unicode.h"

namespace stas {

// A text as it came.
inline std::string_view raw_text_of(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  const auto* text = value == nullptr ? nullptr : value->as_string();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

// The same for a terminal.
inline std::string text_of(const Json& object, std::string_view key) { return escaped(raw_text_of(object, key)); }

inline const Json::Array& items_of(const Json& object, std::string_view key) {
  static const Json::Array none;
  const Json* value = object.find(key);
  return value == nullptr || value->as_array() == nullptr ? none : *value->as_array();
}

inline bool is_false(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  return value != nullptr && *value == Json(false);
}

}  // namespace stas
