// SPDX-License-Identifier: Apache-2.0
//
// The strict object reader.
#include "tests/target/control/json_reader.h"

namespace stas::target {

ObjectReader::ObjectReader(const Json& value, std::string path, std::string& error)
    : value_(value), path_(std::move(path)), error_(error) {
  if (!value.is_object() && error_.empty()) error_ = path_ + ": is not an object";
}

void ObjectReader::fail(const std::string& key, const std::string& what) {
  if (error_.empty()) error_ = path_ + (key.empty() ? "" : "." + key) + ": " + what;
}

const Json* ObjectReader::find(const char* key) {
  known_.insert(key);
  if (!value_.is_object()) return nullptr;
  const auto it = value_.find(key);
  return it == value_.end() ? nullptr : &*it;
}

void ObjectReader::require(const char* key) {
  if (find(key) == nullptr) fail(key, "is missing");
}

void ObjectReader::text(const char* key, std::string& out) {
  const Json* value = find(key);
  if (value == nullptr) return;
  if (!value->is_string()) return fail(key, "is not a text");
  out = value->get<std::string>();
}

void ObjectReader::flag(const char* key, bool& out) {
  const Json* value = find(key);
  if (value == nullptr) return;
  if (!value->is_boolean()) return fail(key, "is neither true nor false");
  out = value->get<bool>();
}

std::optional<std::uint64_t> ObjectReader::bounded(const char* key, std::uint64_t least, std::uint64_t most) {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  const bool fits =
      value->is_number_unsigned() && value->get<std::uint64_t>() >= least && value->get<std::uint64_t>() <= most;
  if (!fits) {
    fail(key, "is not a number from " + std::to_string(least) + " to " + std::to_string(most));
    return std::nullopt;
  }
  return value->get<std::uint64_t>();
}

void ObjectReader::each(const char* key, const std::function<void(const Json&, const std::string&)>& read) {
  const Json* value = find(key);
  if (value == nullptr) return;
  if (!value->is_array()) return fail(key, "is not a list");
  std::size_t index = 0;
  for (const Json& element : *value) {
    read(element, path_ + "." + key + "[" + std::to_string(index) + "]");
    ++index;
  }
}

void ObjectReader::names(const char* key, std::set<std::string>& out) {
  std::set<std::string> read;
  each(key, [&](const Json& element, const std::string& path) {
    if (!element.is_string()) {
      if (error_.empty()) error_ = path + ": is not a text";
      return;
    }
    read.insert(element.get<std::string>());
  });
  if (value_.is_object() && value_.contains(key)) out = std::move(read);
}

void ObjectReader::ids(const char* key, std::set<std::uint16_t>& out) {
  each(key, [&](const Json& element, const std::string& path) {
    if (!element.is_number_unsigned() || element.get<std::uint64_t>() > 0xFFFF) {
      if (error_.empty()) error_ = path + ": is not a number up to 65535";
      return;
    }
    out.insert(element.get<std::uint16_t>());
  });
}

void ObjectReader::finish() {
  if (!value_.is_object()) return;
  for (const auto& [key, value] : value_.items()) {
    if (!known_.contains(key)) fail(key, "is unknown");
  }
}

}  // namespace stas::target
