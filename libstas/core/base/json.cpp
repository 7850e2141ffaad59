// SPDX-License-Identifier: Apache-2.0
//
// The only file of the product that includes nlohmann-json. Syntax, numbers and the escaping of strings are the
// library's; what is done here is bounding the input (through its SAX interface, so that nothing is built beyond the
// bounds) and placing Python's blanks.
#include "libstas/core/base/json.h"

#include <algorithm>
#include <cassert>

#include <nlohmann/json.hpp>

namespace stas {
namespace {

using Library = nlohmann::json;

// Builds the value while the library reads. Returning false stops it.
class Builder : public nlohmann::json_sax<Library> {
 public:
  Builder(Json& root, std::string_view text, const JsonLimits& limits) : root_(root), text_(text), limits_(limits) {}

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
    if (!complaint_.empty()) return false;
    const auto line =
        std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(std::min(position, text_.size())), '\n');
    complaint_ = "syntax error at byte " + std::to_string(position) + ", line " + std::to_string(line + 1);
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
  const std::string_view text_;
  const JsonLimits& limits_;
  std::vector<Json*> open_;
  std::string key_;
  std::string complaint_;
  std::size_t values_ = 0;
};

void write_string(std::string& out, std::string_view text, bool ascii) {
  // The library is asked only where there is something to escape; that is seldom, and building its value is not free.
  const bool plain =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < '\x7f' && c != '"' && c != '\\'; });
  if (plain)
    out.append(1, '"').append(text).append(1, '"');
  else
    out += Library(text).dump(-1, ' ', ascii, Library::error_handler_t::replace);
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

std::string Json::dump_python() const { return JsonWriter::python().value(*this).take(); }

std::string Json::dump_pretty(unsigned flat_level) const { return JsonWriter::pretty(flat_level).value(*this).take(); }

Result<Json> Json::parse(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes)
    return fail(ErrorKind::invalid_input, "JSON: more than " + std::to_string(limits.bytes) + " bytes");
  Json root;
  Builder builder(root, text, limits);
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

JsonWriter& JsonWriter::begin(char open, char close) {
  next_item();
  out_ += open;
  open_.push_back({close, open_.size() >= flat_level_, true});
  return *this;
}

JsonWriter& JsonWriter::begin_object() { return begin('{', '}'); }

JsonWriter& JsonWriter::begin_array() { return begin('[', ']'); }

JsonWriter& JsonWriter::end() {
  assert(!open_.empty());
  const Open ended = open_.back();
  open_.pop_back();
  if (!ended.flat && !ended.empty) out_.append(1, '\n').append(2 * open_.size(), ' ');
  out_ += ended.close;
  return *this;
}

// What stands before an item: nothing behind its key, and for the first one of a line.
void JsonWriter::next_item() {
  if (std::exchange(after_key_, false) || open_.empty()) return;
  Open& container = open_.back();
  if (!std::exchange(container.empty, false)) out_ += container.flat ? ", " : ",";
  if (!container.flat) out_.append(1, '\n').append(2 * open_.size(), ' ');
}

JsonWriter& JsonWriter::key(std::string_view name) {
  next_item();
  write_string(out_, name, ascii_);
  out_ += ": ";
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
  next_item();
  write_string(out_, value, ascii_);
  return *this;
}

JsonWriter& JsonWriter::json(std::string_view document) {
  next_item();
  out_ += document;
  return *this;
}

JsonWriter& JsonWriter::value(const Json& json) {
  if (const auto* string = json.as_string()) return text(*string);
  if (const auto* items = json.as_array()) {
    begin_array();
    for (const auto& item : *items) value(item);
    return end();
  }
  if (const auto* members = json.as_object()) {
    begin_object();
    for (const auto& [name, member] : *members) key(name).value(member);
    return end();
  }
  next_item();
  if (const auto flag = json.as_bool())
    out_ += *flag ? "true" : "false";
  else if (const auto number = json.as_int())
    out_ += std::to_string(*number);
  else if (const auto big = json.as_uint())
    out_ += std::to_string(*big);
  else if (const auto real = json.as_double())
    out_ += Library(*real).dump();
  else
    out_ += "null";
  return *this;
}

JsonWriter& JsonWriter::value(const std::vector<std::pair<std::string, std::string>>& dict) {
  begin_object();
  for (const auto& [name, member] : dict) key(name).text(member);
  return end();
}

}  // namespace stas
