// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/config/match_section.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libstas/core/base/did_you_mean.h"
#include "libstas/core/config/controller_rule.h"
#include "libstas/core/config/filter.h"
#include "libstas/core/config/ini.h"
#include "libstas/core/config/option_value.h"

namespace stas {

namespace {

constexpr std::string_view kMatch = "Match", kHostSecret = "dhchap-secret", kControllerSecret = "dhchap-ctrl-secret";
constexpr std::array<std::string_view, 6> kFields = {"nqn", "traddr", "trsvcid", "transport", "host-iface", "host-nqn"};

bool is_field(std::string_view key) { return std::find(kFields.begin(), kFields.end(), key) != kFields.end(); }

const std::vector<std::string_view>& match_keys() {
  static const std::vector<std::string_view> keys = [] {
    std::vector<std::string_view> out(kFields.begin(), kFields.end());
    out.insert(out.end(), connect_parameters().begin(), connect_parameters().end());
    out.insert(out.end(), {kHostSecret, kControllerSecret});
    return out;
  }();
  return keys;
}

std::string_view text_of(const IniOption& option) { return option.value ? std::string_view(*option.value) : ""; }

// One section in the making.
class MatchParser {
 public:
  MatchParser(OptionReader& file, const OptionReader::Section& section) : file_(file), section_(section) {
    const std::string& header = section.header->name;
    const std::size_t name = header.find_first_not_of(' ', kMatch.size());
    if (name != std::string::npos) match_.name = header.substr(name);
    match_.line = match_.rule.line = section.header->line;
  }

  std::optional<MatchSection> parse() {
    read_rule();
    for (const IniOption* option : section_.options)
      if (!is_field(option->key)) read_parameter(*option);
    return usable_ ? std::optional(std::move(match_)) : std::nullopt;
  }

 private:
  // Told once: what else is wrong shows when that is corrected.
  void refuse(int line, const std::string& why) {
    if (std::exchange(usable_, false)) file_.complain(Severity::error, *section_.header, line, why);
  }

  void read_rule() {
    LineFields split;
    for (const IniOption* option : section_.options) {
      if (!is_field(option->key)) continue;
      const bool twice = std::any_of(split.fields.begin(), split.fields.end(),
                                     [&](const LineField& field) { return field.key == option->key; });
      if (twice)
        refuse(option->line, option->key + " is given twice: the section is not used - write a section for each");
      split.fields.push_back({option->key, without_trailing_comment(text_of(*option))});
    }
    Problems problems;
    ParsedRule parsed = parse_rule_fields(split, RuleKind::match, problems);
    if (!parsed.rule) return refuse(match_.line, problems.front().text);
    parsed.rule->line = match_.line;
    match_.rule = *std::move(parsed.rule);
  }

  void read_parameter(const IniOption& option) {
    if (option.key == kHostSecret) return read_secret(option, match_.options.dhchap_secret);
    if (option.key == kControllerSecret) return read_secret(option, match_.options.dhchap_ctrl_secret);
    if (!is_connect_parameter(option.key)) return read_unknown(option);
    if (const auto set = set_connect_parameter(match_.options, option.key, text_of(option)); !set) {
      if (is_security_parameter(option.key)) {
        file_.complain(Severity::error, option, set.error().what + std::string(kNotClearMeans) + set.error().hint);
        match_.options.missing[option.key] = kNotClear;
        match_.lines[option.key] = option.line;
        return file_.note_unended(option);
      }
      file_.complain(Severity::warning, option,
                     set.error().what + ". What [Global] says will be used" + set.error().hint);
      return file_.note_unended(option);
    }
    match_.lines[option.key] = option.line;
  }

  // No word about the content, whatever is wrong with it.
  void read_secret(const IniOption& option, Secret& secret) {
    const std::string_view value = text_of(option);
    if (value.empty()) return file_.complain(Severity::warning, option, "is empty");
    match_.options.missing.erase(option.key);
    KeyOption read = read_dhchap_key(value, file_.keys());
    if (!read.flaw.empty()) {
      file_.complain(Severity::error, option, read.flaw + std::string(kNoKeyMeans));
      match_.options.missing[option.key] = std::move(read.flaw);
    }
    for (const std::string& text : read.warnings) file_.complain(Severity::warning, option, text);
    secret = std::move(read.key);
    match_.lines[option.key] = option.line;
  }

  // It is told with all unknown names. Without a field that it may have been the section would be about more.
  void read_unknown(const IniOption& option) {
    const std::string_view near = closest(option.key, match_keys());
    if (near.empty() || is_field(near))
      refuse(option.line, "what is not known here may say which controllers it is about: the section is not used");
  }

  OptionReader& file_;
  const OptionReader::Section& section_;
  MatchSection match_;
  bool usable_ = true;
};

}  // namespace

void read_matches(OptionReader& file, StacdConfig& config) {
  for (const OptionReader::Section& section : file.sections(kMatch, match_keys())) {
    if (config.matches.size() == kMaxMatchSections) {
      file.complain(Severity::error, *section.header, section.header->line,
                    "more than " + std::to_string(kMaxMatchSections) + " such sections: the rest is ignored");
      return file.mark_incomplete(section.header->line);
    }
    if (auto match = MatchParser(file, section).parse()) config.matches.push_back(*std::move(match));
  }
}

const MatchSection* find_match(const StacdConfig& config, const Tid& tid) {
  const auto found = std::find_if(config.matches.begin(), config.matches.end(),
                                  [&](const MatchSection& match) { return matches(match.rule, tid); });
  return found == config.matches.end() ? nullptr : &*found;
}

}  // namespace stas
