// SPDX-License-Identifier: Apache-2.0
//
// Asks a parsed file for its options, one by one, and collects the complaints. What was asked for is what exists: at
// the end report_unknown() complains about everything else in the file.
//
// A value that cannot be used, and an option under a name or in a section that nobody knows, say nothing about the
// option (law 2): the value in force stays, at start the one that cuts least counts.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libstas/core/base/complaint.h"
#include "libstas/core/config/ini.h"
#include "libstas/core/config/named_key.h"
#include "libstas/core/config/option_names.h"
#include "libstas/core/config/option_value.h"

namespace stas {

// What counts instead of a value that cannot be read.
template <class T>
struct Fallback {
  const T* in_force = nullptr;   // nullptr: at start
  T safe{};                      // at start: cuts least
  std::string_view safe_name{};  // of `safe`, for the message; may be empty
  bool is_default = true;        // `safe` is what counts without the option, too
  std::string_view otherwise{};  // what follows at start, in place of the above
};

enum class Reading { absent, unclear, said };  // what a file has to say of an option

class OptionReader {
 public:
  // An element of the file that is no option of its section: who wrote it meant something that we do not know.
  struct Stray {
    const IniOption* option = nullptr;
    OptionName meant;   // probably; may be empty
    std::string value;  // of the option that was meant
  };

  // `names`: what the file may have; `other_names`: what the file of the other daemon may have, called `other_file`.
  OptionReader(IniFile file, std::string_view path, const OptionNames& names, const OptionNames& other_names,
               std::string_view other_file);
  // Without names: nothing is judged. Learns what its reader asks for.
  OptionReader(IniFile file, std::string_view path);
  OptionReader(const OptionReader&) = delete;
  OptionReader& operator=(const OptionReader&) = delete;

  // All elements of an option in file order; the last one (which counts for single-valued options) or nullptr.
  const std::vector<const IniOption*>& all(std::string_view section, std::string_view key);
  const IniOption* last(std::string_view section, std::string_view key);

  // A section of which there may be many, with what stands in it; into the file.
  struct Section {
    const IniSection* header = nullptr;
    std::vector<const IniOption*> options{};
  };
  // All sections called `kind`, or `kind` and a name, in file order, each header a section of its own. `keys`: what
  // they may have.
  std::vector<Section> sections(std::string_view kind, const std::vector<std::string_view>& keys);

  // Sets `target` from the option if the file has it and `check` accepts its text; `check` takes a string_view and
  // returns a Checked. Where the file does not say clearly what it means, the fallback counts.
  template <class T, class Check>
  Reading read(std::string_view section, std::string_view key, T& target, const Fallback<T>& fallback, Check check,
               Severity severity = Severity::warning) {
    const IniOption* option = last(section, key);
    if (option != nullptr) {
      const auto value = check(std::string_view(option->value ? *option->value : kNone));
      if (value) {
        target = *value;
        return Reading::said;
      }
      const auto& bad = value.error();
      complain(severity, *option, bad.what + consequence(fallback) + bad.hint);
      note_unended(*option);
    } else if (!is_unclear(section, key)) {
      return Reading::absent;
    } else if (fallback.in_force != nullptr || !fallback.is_default) {
      annotate(section, key, consequence(fallback));
    }
    target = fallback.in_force != nullptr ? *fallback.in_force : fallback.safe;
    return Reading::unclear;
  }

  // May the file have meant the option, without having it?
  bool is_unclear(std::string_view section, std::string_view key) const;
  // Ends the complaint about a place that is no option of its section; the second: all places that meant the option.
  void annotate(const IniOption& option, std::string text) { notes_[&option] = std::move(text); }
  void annotate(std::string_view section, std::string_view key, const std::string& text);
  // The element makes no sense: if it is the last line of a file without end, the file was cut there.
  void note_unended(const IniOption& option);

  // "[section]: key - text", with a hint when the option has no '=' or is an unexpected continuation.
  void complain(Severity severity, const IniOption& option, const std::string& text);
  // The same about a section as a whole: "[section]: text".
  void complain(Severity severity, const IniSection& section, int line, const std::string& text);
  // Unknown sections and options, each once per name.
  void report_unknown();

  // What was read of the keys that the file names. Outlives this.
  void use_keys(const NamedKeys& keys) { keys_ = &keys; }
  const NamedKeys& keys() const { return keys_ == nullptr ? kNoKeys : *keys_; }

  const std::vector<Stray>& strays() const { return strays_; }
  const std::string& path() const { return path_; }
  const OptionNames& known() const { return known_; }
  // What was read is not what the file says: a line that is none, or a bound was hit.
  bool broken() const { return first_break_ > 0; }
  int first_break() const { return first_break_; }  // the first such line, 0: none
  void mark_incomplete(int line);
  // Says at the first break what follows from it.
  void explain_break(const std::string& consequence);
  // In the order of the file.
  std::vector<Complaint> take_complaints();

 private:
  template <class T>
  static std::string consequence(const Fallback<T>& fallback) {
    if (fallback.in_force != nullptr) return "; the previous value stays";
    if (!fallback.otherwise.empty()) return std::string(fallback.otherwise);
    if (fallback.safe_name.empty()) return ". Default will be used";
    return (fallback.is_default ? ". Default will be used: " : "; ") + std::string(fallback.safe_name) + " is in force";
  }
  void add(Severity severity, int line, std::string text);
  void find_strays();
  void add_stray(const IniOption& option);
  void add_too_many(const IniOption& option);
  std::string hint(const IniOption& option) const;
  void report_unknown_sections(std::size_t& room);

  static const std::string kNone;
  static const NamedKeys kNoKeys;
  IniFile file_;
  std::string path_;
  OptionNames names_, other_names_;
  std::string other_file_;
  OptionNames known_;
  std::map<std::pair<std::string_view, std::string_view>, std::vector<const IniOption*>> index_;  // views into file_
  std::vector<Stray> strays_;
  std::map<std::pair<std::string_view, std::string_view>, OptionName> meant_;  // what was found out; views
  std::map<const IniOption*, std::string> notes_;                              // ends of their complaints
  const NamedKeys* keys_ = nullptr;
  bool too_many_ = false;
  int first_break_ = 0;
  std::vector<Complaint> complaints_;
};

}  // namespace stas
