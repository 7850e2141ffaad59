// SPDX-License-Identifier: Apache-2.0
//
// The only file of the product that includes nlohmann-json. Syntax, numbers and the escaping of strings are the
// library's; what is done here is bounding the input (through its SAX interface, so that nothing is built beyond the
// bounds) and placing Python's blanks.
#include "libstas/core/json.h"

#include <algorithm>
#include <cassert>

#include <nlohmann/json.hpp>

namespace stas {
namespace {

using Library = nlohmann::json;

// Builds the value while the library reads. Returning false stops it.
class Builder : public nlohmann::json_sax<Library> {
 public:
  Builder(Json& root, const JsonLimits& limits) : root_(root), limits_(limits) {}

  bool null() override { return put(nullptr) != nullptr; }
  bool boolean(bool value) override { return put(value) != nullptr; }
  bool number_integer(number_integer_t value) override { return put(value) != nullptr; }
  bool number_unsigned(number_unsigned_t value) override { return put(value) != nullptr; }
  bool number_float(number_float_t value, const string_t&) override { return put(value) != nullptr; }
  bool string(string_t& value) override { return put(std::move(value)) != nullptr; }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool key(string_t& value) override {
    key_ = std::move(value);
    return true;
  }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    if (complaint_.empty()) complaint_ = "syntax error at byte " + std::to_string(position);
    return false;
  }

  const std::string& complaint() const { return complaint_; }

 private:
  bool open(Json container) {
    if (open_.size() >= limits_.depth) return refuse("nested deeper than " + std::to_string(limits_.depth));
    Json* placed = put(std::move(container));
    if (placed != nullptr) open_.push_back(placed);
    return placed != nullptr;
  }
  bool close() {
    open_.pop_back();
    return true;
  }
  // Parents stay where they are while a child is open, so plain pointers will do.
  Json* put(Json value) {
    if (++values_ > limits_.values) {
      refuse("more than " + std::to_string(limits_.values) + " values");
      return nullptr;
    }
    if (open_.empty()) return &(root_ = std::move(value));
    Json& parent = *open_.back();
    if (parent.as_array() != nullptr) return &parent.append(std::move(value));
    return &parent.add(std::move(key_), std::move(value));
  }
  bool refuse(std::string complaint) {
    complaint_ = std::move(complaint);
    return false;
  }

  Json& root_;
  const JsonLimits& limits_;
  std::vector<Json*> open_;
  std::string key_;
  std::string complaint_;
  std::size_t values_ = 0;
};

enum class Charset { ascii, utf8 };

void write_string(std::string& out, const std::string& text, Charset charset) {
  // The library is asked only where there is something to escape; that is seldom, and building its value is not free.
  const bool plain =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < '\x7f' && c != '"' && c != '\\'; });
  if (plain)
    out.append(1, '"').append(text).append(1, '"');
  else
    out += Library(text).dump(-1, ' ', charset == Charset::ascii, Library::error_handler_t::replace);
}

// One document. Containers at `flat_level` and deeper are written on one line.
class Writer {
 public:
  Writer(Charset charset, unsigned flat_level) : charset_(charset), flat_level_(flat_level) {}

  void write(const Json& json, unsigned level) {
    if (const auto* text = json.as_string()) return write_string(out_, *text, charset_);
    if (const auto* items = json.as_array())
      return list('[', ']', *items, level, [&](const Json& item) { write(item, level + 1); });
    if (const auto* members = json.as_object())
      return list('{', '}', *members, level, [&](const Json::Member& member) {
        write_string(out_, member.first, charset_);
        out_ += ": ";
        write(member.second, level + 1);
      });
    scalar(json);
  }
  std::string take() { return std::move(out_); }

 private:
  template <class Items, class Each>
  void list(char open, char close, const Items& items, unsigned level, const Each& each) {
    out_ += open;
    const bool flat = level >= flat_level_ || items.empty();
    bool first = true;
    for (const auto& item : items) {
      if (!first) out_ += flat ? ", " : ",";
      first = false;
      if (!flat) out_.append(1, '\n').append(2 * (level + 1), ' ');
      each(item);
    }
    if (!flat) out_.append(1, '\n').append(2 * level, ' ');
    out_ += close;
  }
  void scalar(const Json& json) {
    if (const auto value = json.as_bool())
      out_ += *value ? "true" : "false";
    else if (const auto number = json.as_int())
      out_ += std::to_string(*number);
    else if (const auto big = json.as_uint())
      out_ += std::to_string(*big);
    else if (const auto real = json.as_double())
      out_ += Library(*real).dump();
    else
      out_ += "null";
  }

  Charset charset_;
  unsigned flat_level_;
  std::string out_;
};

std::string written(const Json& json, Charset charset, unsigned flat_level) {
  Writer writer(charset, flat_level);
  writer.write(json, 0);
  return writer.take();
}

}  // namespace

std::optional<bool> Json::as_bool() const {
  const auto* value = std::get_if<bool>(&value_);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

std::optional<std::int64_t> Json::as_int() const {
  const auto* value = std::get_if<std::int64_t>(&value_);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

std::optional<std::uint64_t> Json::as_uint() const {
  if (const auto* value = std::get_if<std::uint64_t>(&value_)) return *value;
  const auto small = as_int();
  return small && *small >= 0 ? std::optional(static_cast<std::uint64_t>(*small)) : std::nullopt;
}

std::optional<double> Json::as_double() const {
  if (const auto* value = std::get_if<double>(&value_)) return *value;
  if (const auto small = as_int()) return static_cast<double>(*small);
  const auto big = as_uint();
  return big ? std::optional(static_cast<double>(*big)) : std::nullopt;
}

const Json* Json::find(std::string_view key) const {
  const Object* members = as_object();
  if (members == nullptr) return nullptr;
  const auto found = std::find_if(members->rbegin(), members->rend(), [&](const Member& m) { return m.first == key; });
  return found == members->rend() ? nullptr : &found->second;
}

Json& Json::append(Json item) {
  if (is_null()) value_ = Array{};
  auto* items = std::get_if<Array>(&value_);
  assert(items != nullptr);
  return items->emplace_back(std::move(item));
}

Json& Json::add(std::string key, Json value) {
  if (is_null()) value_ = Object{};
  auto* members = std::get_if<Object>(&value_);
  assert(members != nullptr);
  return members->emplace_back(std::move(key), std::move(value)).second;
}

Json& Json::set(std::string key, Json value) {
  if (auto* members = std::get_if<Object>(&value_)) {
    const auto found = std::find_if(members->begin(), members->end(), [&](const Member& m) { return m.first == key; });
    if (found != members->end()) return found->second = std::move(value);
  }
  return add(std::move(key), std::move(value));
}

std::string Json::dump_python() const { return written(*this, Charset::ascii, 0); }

std::string Json::dump_pretty(unsigned flat_level) const { return written(*this, Charset::utf8, flat_level); }

Result<Json> Json::parse(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes)
    return fail(ErrorKind::invalid_input, "JSON: more than " + std::to_string(limits.bytes) + " bytes");
  Json root;
  Builder builder(root, limits);
  try {
    if (!Library::sax_parse(text.begin(), text.end(), &builder))
      return fail(ErrorKind::invalid_input, "JSON: " + builder.complaint());
  } catch (const std::exception&) {
    return fail(ErrorKind::invalid_input, "JSON: cannot be read");
  }
  return root;
}

bool operator==(const Json& a, const Json& b) { return a.value_ == b.value_; }

Json to_json(const std::vector<std::pair<std::string, std::string>>& dict) {
  Json::Object members;
  members.reserve(dict.size());
  for (const auto& [key, value] : dict) members.emplace_back(key, value);
  return members;
}

}  // namespace stas
