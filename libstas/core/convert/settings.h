// SPDX-License-Identifier: Apache-2.0
//
// A configuration on its way from one format to another: what it sets, in the words of this version's stafd.conf,
// stacd.conf and sys.conf, and where each setting came from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/base/complaint.h"
#include "libstas/core/base/secret.h"
#include "libstas/core/config/conf_kind.h"

namespace stas {

struct Place {
  std::string file;
  int line = 0;  // 0: the file as a whole
};

// One line of the file that is made. The value is overwritten in the end: it may be a key.
struct Setting {
  ConfFile file = ConfFile::stafd;
  std::string section;
  int group = 0;  // of sections that may be there many times: settings of one section share it
  std::string key;
  std::string value;
  Place from;

  ~Setting() { wipe(value); }
};
using Settings = std::vector<Setting>;

inline constexpr std::string_view kGlobalSection = "Global", kControllersSection = "Controllers", kHostSection = "Host",
                                  kDiscoverySection = "Service Discovery",
                                  kDcSection = "Discovery controller connection management",
                                  kIocSection = "I/O controller connection management";

// What the settings are when written down, and which of them each line has: index, or -1.
struct Written {
  Secret text;                  // "" when there are none
  std::vector<int> setting_at;  // by line, from 1; [0] unused. A header is its first setting's
};
// Sections in the order of their first setting, each of `comments` on a line of its own in front.
Written write_settings(const Settings& settings, ConfFile file, const std::vector<std::string>& comments);

// What one conversion has to complain about, as much of it as people can read.
class Losses {
 public:
  static constexpr std::size_t kMaxTold = 1000;

  // Not in the result: it has no counterpart, or cannot be read. No secret in the text.
  void lost(const Place& from, std::string text) { add(Severity::error, from, std::move(text)); }
  // In the result, but worth a word.
  void note(const Place& from, std::string text) { add(Severity::warning, from, std::move(text)); }

  // By file and line.
  std::vector<Complaint> take();

 private:
  void add(Severity severity, const Place& from, std::string text);

  std::vector<Complaint> told_;
  std::size_t untold_ = 0;
};

// A field of a controller= or exclude= line.
struct Field {
  std::string name;
  std::string value;
};
using Fields = std::vector<Field>;

// "transport=tcp;traddr=10.0.0.1"
std::string to_text(const Fields& fields);
// Can the text be the value of a field, or of an option, and be read back as the same? "" or why not; nothing of it.
std::string unwritable(std::string_view value);

}  // namespace stas
