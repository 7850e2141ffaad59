// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/config/config_lines.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libstas/core/base/shown.h"
#include "libstas/core/base/text.h"
#include "libstas/core/config/controller_line.h"
#include "libstas/core/config/controller_rule.h"
#include "libstas/core/config/line_doubt.h"
#include "libstas/core/config/wildcard.h"
#include "libstas/core/identity/nqn.h"

namespace stas {

namespace {

constexpr std::string_view kControllers = "Controllers";
constexpr std::size_t kMaxLineProblems = 500;  // complaints about the lines of one option

std::string_view text_of(const IniOption& element) { return element.value ? std::string_view(*element.value) : ""; }

// Complains about lines, up to a bound.
class Reporter {
 public:
  explicit Reporter(OptionReader& file) : file_(file) {}
  void report(const IniOption& element, const Problems& problems) {
    for (const Problem& problem : problems) {
      if (reported_ == kMaxLineProblems) file_.complain(Severity::error, element, "more problems are not reported");
      if (reported_++ < kMaxLineProblems) file_.complain(problem.severity, element, problem.text);
    }
  }

 private:
  OptionReader& file_;
  std::size_t reported_ = 0;
};

// What nvme-stas 2.x would not have understood: a line that had no effect may have one here.
std::string pattern_in(const ControllerRule& rule) {
  if (rule.subnet) return "traddr \"" + shown(*rule.traddr) + "\" is a subnet";
  for (const auto* field : {&rule.traddr, &rule.subsysnqn, &rule.host_iface, &rule.host_nqn})
    if (*field && has_wildcard(**field)) return "\"" + shown(**field) + "\" is a pattern";
  return {};
}

// The file has more lines than are read: those that are missing would look like lines that were removed.
bool is_full(OptionReader& file, const IniOption& element, std::size_t lines, std::size_t limit) {
  if (lines < limit) return false;
  file.complain(Severity::error, element, "more than " + std::to_string(limit) + " lines: the rest is ignored");
  file.mark_incomplete(element.line);
  return true;
}

void add_doubt(const OptionReader& file, CommonConfig& config, int line, std::string text, std::string_view value) {
  if (config.doubts.size() > kMaxDoubts) return;  // one more than is kept
  ConfigDoubt doubt;
  doubt.file = file.path();
  doubt.line = line;
  doubt.text = std::move(text);
  read_certain(value, doubt);
  config.doubts.push_back(std::move(doubt));
}

// What is wrong with the line, without what follows from it.
std::string cause(const Problems& problems) {
  if (problems.empty()) return "is not clear";
  const auto first = std::find_if(problems.begin(), problems.end(),
                                  [](const Problem& problem) { return problem.severity == Severity::error; });
  const std::string& text = (first == problems.end() ? problems.front() : *first).text;
  return text.substr(0, std::min(text.find(": the line is ignored"), text.find(": the rule includes nothing")));
}

// Lines under a name or in a section that nobody knows.
void doubt_strays(OptionReader& file, CommonConfig& config) {
  for (const OptionReader::Stray& stray : file.strays()) {
    const bool controller = stray.meant.section == kControllers && stray.meant.key == "controller";
    const bool rule = stray.meant.section == kControllers && !controller;
    const IniOption& option = *stray.option;
    // "transport=tcp;traddr=..." without "controller=" in front of it.
    const std::string value = is_identity_field(option.key) ? option.key + "=" + stray.value : stray.value;
    if (rule || (!controller && !is_controller_like(value))) continue;
    const std::string name = shown_name(option.key);
    add_doubt(
        file, config, option.line,
        "[" + shown(option.section) + "]: " + (name.empty() ? "..." : name) + " - may have been a controller= line",
        value);
    file.annotate(option, "; the line connects nothing, and no connection that it may mean is cut");
  }
}

void add_include_doubt(const OptionReader& file, CommonConfig& config, int line, std::string text,
                       ControllerRule could) {
  std::vector<IncludeDoubt>& doubts = config.include_doubts;
  if (doubts.size() > kMaxDoubts) return;
  could.line = line;
  if (doubts.size() == kMaxDoubts) {
    text = "too many include= lines that are not understood";
    could = ControllerRule();
    could.line = line;
  }
  doubts.push_back({file.path(), std::move(text), std::move(could)});
}

// Lines under a name or in a section that nobody knows, which may have been include= lines.
void doubt_stray_includes(OptionReader& file, CommonConfig& config) {
  for (const OptionReader::Stray& stray : file.strays()) {
    if (stray.meant.section != kControllers || stray.meant.key != "include") continue;
    const IniOption& option = *stray.option;
    Problems unused;
    ParsedRule parsed = parse_controller_rule(stray.value, RuleKind::include, unused);
    add_include_doubt(
        file, config, option.line,
        "[" + shown(option.section) + "]: " + shown_name(option.key) + " - may have been an include= line",
        parsed.rule.value_or(parsed.certain));
    file.annotate(option, "; the line includes nothing, and no connection that it may mean is cut");
  }
}

// Under ignore-iface=true no controller has an interface to compare.
bool asks_for_interface(const CommonConfig& config, const ControllerRule& rule) {
  return config.ignore_iface && rule.host_iface && rule.host_iface->find_first_not_of('*') != std::string::npos;
}

void bound_doubts(CommonConfig& config) {
  std::vector<ConfigDoubt>& doubts = config.doubts;
  std::stable_sort(doubts.begin(), doubts.end(),
                   [](const ConfigDoubt& a, const ConfigDoubt& b) { return a.line < b.line; });
  if (doubts.size() <= kMaxDoubts) return;
  ConfigDoubt rest;
  rest.file = doubts[kMaxDoubts - 1].file;
  rest.line = doubts[kMaxDoubts - 1].line;
  rest.text = "too many controller= lines that are not understood";
  doubts.resize(kMaxDoubts - 1);
  doubts.push_back(std::move(rest));
}

// The kernel knows one host ID for each host NQN, and one host NQN for each host ID.
void check_host_ids(OptionReader& file, const CommonConfig& config, const std::map<int, const IniOption*>& elements) {
  constexpr int kMaxTold = 100;
  int told = 0;
  std::map<std::string, std::string> id_of, nqn_of;
  for (const ControllerLine& line : config.controllers) {
    if (!line.host_nqn) continue;
    const auto id = line.host_id ? line.host_id : uuid_of_nqn(*line.host_nqn);
    if (!id) continue;
    const std::string lower = to_lower(*id);
    const bool fits = id_of.emplace(*line.host_nqn, lower).first->second == lower &&
                      nqn_of.emplace(lower, *line.host_nqn).first->second == *line.host_nqn;
    const auto element = elements.find(line.line);
    if (fits || element == elements.end() || told++ >= kMaxTold) continue;
    file.complain(Severity::warning, *element->second,
                  "another line has the same host-nqn with another host ID, or the same host ID with another host-nqn; "
                  "the kernel refuses the second connection - give each host-nqn one host-id of its own");
  }
}

}  // namespace

void read_controllers(OptionReader& file, CommonConfig& config, std::string_view default_nqn) {
  Reporter reporter(file);
  std::map<int, const IniOption*> elements;
  for (const IniOption* element : file.all(kControllers, "controller")) {
    if (is_full(file, *element, config.controllers.size(), kMaxControllerLines)) break;
    Problems problems;
    const std::string_view value = text_of(*element);
    ParsedControllerLine parsed = parse_controller_line(value, default_nqn, problems, file.keys());
    reporter.report(*element, problems);
    if (parsed.unclear) add_doubt(file, config, element->line, "[Controllers]: controller - " + cause(problems), value);
    if (!parsed.line) {
      file.note_unended(*element);
      continue;
    }
    parsed.line->line = element->line;
    if (parsed.line->host_nqn) elements.emplace(element->line, element);
    config.controllers.push_back(*std::move(parsed.line));
  }
  check_host_ids(file, config, elements);
  doubt_strays(file, config);
  bound_doubts(config);
}

namespace {

// Nobody removed it: what it excludes is not connected because a section is misspelt now.
void keep_stray_excludes(OptionReader& file, CommonConfig& config, const std::vector<ControllerRule>& before) {
  for (const OptionReader::Stray& stray : file.strays()) {
    if (stray.meant.section != kControllers || stray.meant.key != "exclude") continue;
    Problems unused;
    std::optional<ControllerRule> rule = parse_controller_rule(stray.value, RuleKind::exclude, unused).rule;
    if (!rule || config.excludes.size() >= kMaxRules) continue;
    const bool in_force = std::ranges::any_of(before, [&](const ControllerRule& old) {
      rule->line = old.line;
      return *rule == old;
    });
    if (!in_force) continue;
    rule->line = stray.option->line;
    config.excludes.push_back(*std::move(rule));
    file.annotate(*stray.option, "; what it excludes stays excluded");
  }
}

}  // namespace

void read_excludes(OptionReader& file, CommonConfig& config, const std::vector<ControllerRule>* before) {
  std::vector<const IniOption*> elements = file.all(kControllers, "exclude");
  // Dropping the name that exclude= had before 2.0 would silently connect more than before.
  const auto& old = file.all(kControllers, "blacklist");
  elements.insert(elements.end(), old.begin(), old.end());
  std::stable_sort(elements.begin(), elements.end(),
                   [](const IniOption* a, const IniOption* b) { return a->line < b->line; });
  warn_deprecated(file, kControllers, "blacklist", "it acts as `exclude`, use that");

  Reporter reporter(file);
  std::size_t notes = 0;
  for (const IniOption* element : elements) {
    if (is_full(file, *element, config.excludes.size(), kMaxRules)) break;
    Problems problems;
    std::optional<ControllerRule> rule = parse_controller_rule(text_of(*element), RuleKind::exclude, problems).rule;
    reporter.report(*element, problems);
    if (!rule) {
      file.note_unended(*element);
      continue;
    }
    rule->line = element->line;
    if (const std::string what = pattern_in(*rule); !what.empty() && notes++ < kMaxLineProblems)
      file.complain(
          Severity::info, *element,
          what + ": all that it matches is excluded. nvme-stas 2.x compares text, and excludes nothing by it");
    config.excludes.push_back(*std::move(rule));
  }
  if (before != nullptr) keep_stray_excludes(file, config, *before);
}

void read_includes(OptionReader& file, CommonConfig& config) {
  Reporter reporter(file);
  for (const IniOption* element : file.all(kControllers, "include")) {
    if (is_full(file, *element, config.includes.size(), kMaxRules)) break;
    Problems problems;
    ParsedRule parsed = parse_controller_rule(text_of(*element), RuleKind::include, problems);
    if (parsed.rule && asks_for_interface(config, *parsed.rule)) {
      parsed.certain = *std::exchange(parsed.rule, std::nullopt);
      parsed.certain.host_iface.reset();
      problems.push_back({Severity::error,
                          "host-iface means nothing with `ignore-iface=true`: the rule includes nothing, and no "
                          "connection that it may mean is cut"});
    }
    reporter.report(*element, problems);
    if (!parsed.rule) {
      file.note_unended(*element);
      add_include_doubt(file, config, element->line, "[Controllers]: include - " + cause(problems),
                        std::move(parsed.certain));
      continue;
    }
    parsed.rule->line = element->line;
    config.includes.push_back(*std::move(parsed.rule));
  }
  doubt_stray_includes(file, config);
}

void warn_deprecated(OptionReader& file, std::string_view section, std::string_view key, const std::string& instead) {
  const auto& elements = file.all(section, key);
  if (!elements.empty()) file.complain(Severity::warning, *elements.front(), "the option is deprecated: " + instead);
}

}  // namespace stas
