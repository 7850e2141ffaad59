// SPDX-License-Identifier: Apache-2.0
//
// stafd.conf and stacd.conf from their files: what cannot be read, is missing or has nothing in it is no configuration,
// and what that means is the parser's to say (core/config/config.h). --check does the same for people.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libstas/core/base/secret.h"
#include "libstas/core/config/conf_kind.h"
#include "libstas/core/config/config.h"
#include "libstas/core/config/named_key.h"
#include "libstas/sys/daemon/key_files.h"
#include "libstas/sys/os/journal.h"

namespace stas {

void log_complaints(const std::vector<Complaint>& complaints, const Journal& journal);

// The two halves of a parser of config.h.
template <class Config>
struct ConfParser {
  Parsed<Config> (*parse)(std::string_view text, std::string_view path, const Config* previous, const NamedKeys& keys);
  Parsed<Config> (*unread)(std::string_view path, std::string_view why, const Config* previous);
};

// The text of the file, or why there is none: it does not exist, is empty, cannot be read, is no regular file. Never
// waits for a writer. The keys that it names are read with it.
struct ConfText {
  Secret text;           // as far as it has keys in it
  std::string why;       // not empty: there is no text
  std::string advice;    // how to mean what a file that is missing or empty may have been meant to say
  NamedKeys keys;        // that it names
  std::string exposure;  // the text has keys in it, and others may read the file
};
ConfText read_conf(const std::string& path);
ConfText conf_text(std::string content);  // of a file that was read

// `previous`: the configuration in force, nullptr at start.
template <class Config>
Parsed<Config> load_conf(const std::string& path, const ConfText& file, const ConfParser<Config>& parser,
                         const Config* previous) {
  if (!file.why.empty()) {
    auto unread = parser.unread(path, file.why, previous);
    if (!file.advice.empty()) unread.complaints.back().text += ". " + file.advice;
    return unread;
  }
  auto parsed = parser.parse(file.text.reveal(), path, previous, file.keys);
  if (!file.exposure.empty()) parsed.complaints.push_back({Severity::warning, path, 0, file.exposure});
  return parsed;
}

// --check: prints each complaint, or whose file it is if it is another program's, then a verdict. Exit status 0 when
// there is nothing to complain about (but what is no mistake, `info`), else 1.
std::optional<std::string> read_checked(const std::string& path);
std::string labelled(const Complaint& complaint);  // "error: File:FILE:LINE: text"
int print_check(const std::string& path, const std::vector<Complaint>& complaints);
template <class Config>
int check_conf(const std::string& path, const ConfParser<Config>& parser) {
  auto text = read_checked(path);
  if (!text) return 1;
  if (std::string other = foreign_conf(*text, path); !other.empty())
    return print_check(path, {{Severity::error, path, 0, std::move(other)}});
  const NamedKeys keys = read_named_keys(find_keys(*text));
  return print_check(path, parser.parse(*text, path, nullptr, keys).complaints);
}

}  // namespace stas
