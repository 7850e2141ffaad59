// SPDX-License-Identifier: Apache-2.0
//
// Asks a parsed file for its options, one by one, and collects the complaints. What was asked for is what exists: at
// the end report_unknown() complains about everything else in the file.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libstas/core/base/complaint.h"
#include "libstas/core/config/ini.h"

namespace stas {

class OptionReader {
 public:
  using Names = std::map<std::string, std::set<std::string, std::less<>>, std::less<>>;  // section -> options

  OptionReader(IniFile file, std::string_view path);
  OptionReader(const OptionReader&) = delete;
  OptionReader& operator=(const OptionReader&) = delete;

  // All elements of an option in file order; the last one (which counts for single-valued options) or nullptr.
  const std::vector<const IniOption*>& all(std::string_view section, std::string_view key);
  const IniOption* last(std::string_view section, std::string_view key);

  // Sets `target` from the option if the file has it and `check` accepts its text; `check` takes a string_view and
  // returns a Result, whose error text becomes the complaint.
  template <class T, class Check>
  void read(std::string_view section, std::string_view key, T& target, Check check,
            Severity severity = Severity::warning) {
    const IniOption* option = last(section, key);
    if (option == nullptr) return;
    const auto value = check(std::string_view(option->value ? *option->value : kNone));
    if (value) {
      target = *value;
    } else {
      complain(severity, *option, value.error().text);
    }
  }

  // "[section]: key - text", with a hint when the option has no '=' or is an unexpected continuation.
  void complain(Severity severity, const IniOption& option, const std::string& text);
  // Unknown sections and options, each once per name; `other_daemon`: what the other file knows, for the hint.
  void report_unknown(const Names& other_daemon, std::string_view other_file);

  const Names& known() const { return known_; }
  // What was read is not what the file says: a line that is none, or a bound was hit.
  bool broken() const { return incomplete_ || file_.truncated_at > 0 || !file_.errors.empty(); }
  void mark_incomplete() { incomplete_ = true; }
  // In the order of the file.
  std::vector<Complaint> take_complaints();

 private:
  void add(Severity severity, int line, std::string text);
  std::string hint(const IniOption& option, const Names& other_daemon, std::string_view other_file) const;

  static const std::string kNone;
  IniFile file_;
  bool incomplete_ = false;
  std::string path_;
  Names known_;
  std::map<std::pair<std::string_view, std::string_view>, std::vector<const IniOption*>> index_;  // views into file_
  std::vector<Complaint> complaints_;
};

}  // namespace stas
