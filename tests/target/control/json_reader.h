// SPDX-License-Identifier: Apache-2.0
//
// Strict reading of JSON objects into plain values: whatever is unknown, of the wrong type or out of range is an error
// with its JSON path. The first error is kept and the rest of the reading goes on without effect. Internal to the JSON
// files.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace stas::target {

using Json = nlohmann::ordered_json;

class ObjectReader {
 public:
  /// `error` collects the first problem and outlives the reader.
  ObjectReader(const Json& value, std::string path, std::string& error);

  /// The member, which is then known; null if absent.
  const Json* find(const char* key);
  void require(const char* key);
  void text(const char* key, std::string& out);
  void flag(const char* key, bool& out);
  void names(const char* key, std::set<std::string>& out);
  void ids(const char* key, std::set<std::uint16_t>& out);
  void each(const char* key, const std::function<void(const Json&, const std::string& path)>& read);

  template <typename T>
  void number(const char* key, T& out, std::uint64_t least, std::uint64_t most) {
    if (const auto value = bounded(key, least, most)) out = static_cast<T>(*value);
  }

  template <typename E>
  void choice(const char* key, E& out, std::initializer_list<std::pair<const char*, E>> words) {
    std::string word;
    const Json* value = find(key);
    if (value == nullptr) return;
    std::string known;
    for (const auto& [name, meaning] : words) {
      if (value->is_string() && *value == name) {
        out = meaning;
        return;
      }
      known += known.empty() ? name : std::string(", ") + name;
    }
    fail(key, "is none of " + known);
  }

  /// A list of words; what is there is replaced.
  template <typename E>
  void choices(const char* key, std::set<E>& out, std::initializer_list<std::pair<const char*, E>> words) {
    if (find(key) == nullptr) return;
    std::set<std::string> given;
    names(key, given);
    out.clear();
    for (const auto& [name, meaning] : words) {
      if (given.erase(name) != 0) out.insert(meaning);
    }
    if (!given.empty()) fail(key, "has " + *given.begin() + ", which is not known");
    if (out.empty()) fail(key, "is empty");
  }

  void fail(const std::string& key, const std::string& what);
  /// Takes over an error of a nested reader, with its path.
  void adopt(const std::string& error) {
    if (error_.empty()) error_ = error;
  }
  /// Complains about members nobody asked for.
  void finish();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::optional<std::uint64_t> bounded(const char* key, std::uint64_t least, std::uint64_t most);

  const Json& value_;
  std::string path_;
  std::string& error_;
  std::set<std::string> known_;
};

}  // namespace stas::target
