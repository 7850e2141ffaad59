// SPDX-License-Identifier: Apache-2.0
//
// JSON as values. Parsing is bounded in bytes, depth and number of values; objects keep the order of their keys.
// Two ways to write: as Python's json.dumps does (what the D-Bus contract 3.5 promises), and indented for people.
// The library behind it stays in json.cpp.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "libstas/core/base/result.h"

namespace stas {

struct JsonLimits {
  std::size_t bytes = 64U << 20;
  std::size_t depth = 32;
  std::size_t values = 4U << 20;  // of any kind, keys not counted
};

class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;  // in order

  Json(std::nullptr_t = nullptr) {}
  Json(std::same_as<bool> auto value) : value_(value) {}
  Json(std::integral auto value) requires(!std::same_as<decltype(value), bool>) : value_(to_integer(value)) {}
  Json(double value) : value_(value) {}
  Json(std::string text) : value_(std::move(text)) {}
  Json(std::string_view text) : value_(std::string(text)) {}
  Json(const char* text) : value_(std::string(text)) {}
  Json(Array items) : value_(std::move(items)) {}
  Json(Object members) : value_(std::move(members)) {}
  static Json array() { return Array{}; }
  static Json object() { return Object{}; }

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }
  // nullptr or nullopt when the value is of another kind, or out of range.
  const std::string* as_string() const { return std::get_if<std::string>(&value_); }
  const Array* as_array() const { return std::get_if<Array>(&value_); }
  const Object* as_object() const { return std::get_if<Object>(&value_); }
  std::optional<bool> as_bool() const;
  std::optional<std::int64_t> as_int() const;
  std::optional<std::uint64_t> as_uint() const;
  std::optional<double> as_double() const;  // integers too

  // The member of an object; nullptr if there is none, or this is no object. Of equal keys the last one counts.
  const Json* find(std::string_view key) const;

  // For building: a null becomes an array or an object. Calling them on any other kind is a bug.
  Json& append(Json item);
  Json& add(std::string key, Json value);  // does not look for an equal key
  Json& set(std::string key, Json value);  // replaces the value of an existing key; linear in the number of members

  // `{"a": 1, "b": [true, null]}`, ASCII only. Bytes that are not UTF-8 become U+FFFD.
  std::string dump_python() const;
  // Indented by two blanks. Containers at nesting level `flat_level` and deeper (the outermost is 0) go on one line.
  std::string dump_pretty(unsigned flat_level = std::numeric_limits<unsigned>::max()) const;

  // One document, nothing behind it. Errors say where, never what.
  static Result<Json> parse(std::string_view text, const JsonLimits& limits = {});

  friend bool operator==(const Json& a, const Json& b);

 private:
  // Not negative and small enough for both types: always signed, so that equal numbers are equal values.
  static auto to_integer(std::integral auto value) {
    using Value = std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, Array, Object>;
    if (std::in_range<std::int64_t>(value)) return Value(static_cast<std::int64_t>(value));
    return Value(static_cast<std::uint64_t>(value));
  }

  std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, Array, Object> value_;
};

// Writes a document while it is made: for what is long and written often, where building it as a Json first is most of
// the work. What is begun must be ended, and in an object every value has its key; anything else is a bug.
class JsonWriter {
 public:
  // As Json::dump_python() and Json::dump_pretty() do.
  static JsonWriter python() { return {true, 0}; }
  static JsonWriter pretty(unsigned flat_level) { return {false, flat_level}; }

  JsonWriter& begin_object();
  JsonWriter& begin_array();
  JsonWriter& end();
  JsonWriter& key(std::string_view name);
  JsonWriter& text(std::string_view value);
  JsonWriter& value(const Json& json);
  JsonWriter& value(const std::vector<std::pair<std::string, std::string>>& dict);
  JsonWriter& json(std::string_view document);  // written before, in the same way
  std::size_t size() const { return out_.size(); }
  std::string take() { return std::move(out_); }

 private:
  struct Open {
    char close;
    bool flat;
    bool empty;
  };
  JsonWriter(bool ascii, unsigned flat_level) : ascii_(ascii), flat_level_(flat_level) {}
  JsonWriter& begin(char open, char close);
  void next_item();

  bool ascii_;
  unsigned flat_level_;
  bool after_key_ = false;
  std::vector<Open> open_;
  std::string out_;
};

// An object of texts, in the order of the dictionary.
Json to_json(const std::vector<std::pair<std::string, std::string>>& dict);

}  // namespace stas
