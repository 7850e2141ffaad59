// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/config/config.h"

#include <algorithm>

#include "libstas/core/config/controller_line.h"
#include "libstas/core/config/option_reader.h"
#include "libstas/core/config/option_value.h"
#include "libstas/core/identity/nqn.h"

namespace stas {

namespace {

constexpr std::string_view kGlobal = "Global", kControllers = "Controllers", kServiceDiscovery = "Service Discovery",
                           kDcManagement = "Discovery controller connection management",
                           kIocManagement = "I/O controller connection management";
constexpr std::size_t kMaxLineProblems = 500;  // complaints about controller= and exclude= lines of one file

// Warns once, at the first line that has the option.
void deprecated(OptionReader& file, std::string_view section, std::string_view key, const std::string& instead) {
  const auto& elements = file.all(section, key);
  if (!elements.empty()) file.complain(Severity::warning, *elements.front(), "the option is deprecated: " + instead);
}

// Hands every line of a multi-valued option to `parse` and collects what it returns.
template <class Line, class Parse>
void read_lines(OptionReader& file, const std::vector<const IniOption*>& elements, std::size_t limit,
                std::vector<Line>& lines, Parse parse) {
  std::size_t reported = 0;
  for (const IniOption* element : elements) {
    Problems problems;
    if (lines.size() == limit) {
      file.complain(Severity::error, *element, "more than " + std::to_string(limit) + " lines: the rest is ignored");
      file.mark_incomplete();
      return;
    }
    if (std::optional<Line> line = parse(element->value ? *element->value : std::string(), problems)) {
      line->line = element->line;
      lines.push_back(std::move(*line));
    }
    for (const Problem& problem : problems) {
      if (reported == kMaxLineProblems) file.complain(Severity::error, *element, "more problems are not reported");
      if (reported++ < kMaxLineProblems) file.complain(problem.severity, *element, problem.text);
    }
  }
}

// blacklist= is the name exclude= had before 2.0; dropping it would silently connect more than before.
std::vector<const IniOption*> exclude_lines(OptionReader& file) {
  std::vector<const IniOption*> elements = file.all(kControllers, "exclude");
  const auto& old = file.all(kControllers, "blacklist");
  elements.insert(elements.end(), old.begin(), old.end());
  std::stable_sort(elements.begin(), elements.end(),
                   [](const IniOption* a, const IniOption* b) { return a->line < b->line; });
  deprecated(file, kControllers, "blacklist", "it acts as `exclude`, use that");
  return elements;
}

// `parameters`: how many of connect_parameters() the file has. `default_nqn`: of controller= lines, empty if mandatory.
void read_common(OptionReader& file, CommonConfig& config, std::size_t parameters, std::string_view default_nqn) {
  file.read(kGlobal, "tron", config.tron, check_bool);
  file.read(kGlobal, "ignore-iface", config.ignore_iface, check_bool);
  file.read(kGlobal, "ip-family", config.families, check_families);
  for (std::size_t i = 0; i < parameters; ++i) {
    const std::string_view name = connect_parameters()[i];
    file.read(kGlobal, name, config.connect, [&](std::string_view text) {
      ConnectOptions options = config.connect;
      return set_connect_parameter(options, name, text).map([&] { return options; });
    });
  }
  read_lines(file, file.all(kControllers, "controller"), kMaxControllerLines, config.controllers,
             [&](const std::string& value, Problems& problems) {
               return parse_controller_line(value, default_nqn, problems);
             });
  read_lines(file, exclude_lines(file), kMaxExcludeRules, config.excludes, parse_exclude_rule);
}

StafdConfig read_stafd(OptionReader& file) {
  StafdConfig config;
  config.connect.kato = kDefaultDiscoveryKato;
  read_common(file, config, kDiscoveryParameters, kWellKnownDiscoveryNqn);
  file.read(kGlobal, "pleo", config.pleo, check_enabled);
  file.read(kServiceDiscovery, "zeroconf", config.zeroconf, check_enabled);
  file.read(kDcManagement, "persistent-connections", config.persistent_connections, check_bool);
  file.read(kDcManagement, "zeroconf-connections-persistence", config.zeroconf_persistence, check_persistence,
            Severity::error);

  bool legacy = false;
  file.read(kGlobal, "persistent-connections", legacy, check_bool);
  config.persistent_connections = config.persistent_connections || legacy;
  deprecated(file, kGlobal, "persistent-connections",
             "use the one of [" + std::string(kDcManagement) + "]; connections persist if either of the two is true");
  return config;
}

// sticky-connections of release 1.1 said whether connections that nobody lists any more are left alone.
void read_scope(OptionReader& file, StacdConfig& config) {
  bool sticky = false;
  file.read(kGlobal, "sticky-connections", sticky, check_enabled);
  if (sticky) config.disconnect_scope = DisconnectScope::no_disconnect;
  file.read(kIocManagement, "disconnect-scope", config.disconnect_scope, check_scope);
  deprecated(file, kGlobal, "sticky-connections",
             "enabled acts as `disconnect-scope=no-disconnect`, disabled as `disconnect-scope=only-stas-connections`; "
             "use `disconnect-scope`, which wins");
}

void read_trtypes(OptionReader& file, StacdConfig& config) {
  const IniOption* option = file.last(kIocManagement, "disconnect-trtypes");
  if (option == nullptr) return;
  std::vector<std::string> problems;
  const auto set = check_trtypes(option->value ? *option->value : std::string(), problems);
  if (set) config.disconnect_trtypes = *set;
  for (const std::string& problem : problems) file.complain(Severity::warning, *option, problem);
}

StacdConfig read_stacd(OptionReader& file) {
  StacdConfig config;
  read_common(file, config, connect_parameters().size(), {});
  file.read(kGlobal, "udev-rule", config.udev_rule, check_enabled);
  read_scope(file, config);
  read_trtypes(file, config);
  file.read(kIocManagement, "connect-attempts-on-ncc", config.connect_attempts_on_ncc, check_int);
  // One attempt alone would be used up by the connection that learns of the NCC bit (stacd.conf(5), regressions 22).
  if (config.connect_attempts_on_ncc == 1) config.connect_attempts_on_ncc = 2;
  config.connect_attempts_on_ncc = std::max(config.connect_attempts_on_ncc, 0);
  return config;
}

// The names a file may have: what its reader asks for.
template <class Read>
OptionReader::Names names_of(Read read) {
  OptionReader empty({}, {});
  read(empty);
  return empty.known();
}

}  // namespace

bool TransportSet::contains(Transport t) const {
  switch (t) {
    case Transport::tcp:
      return tcp;
    case Transport::rdma:
      return rdma;
    case Transport::fc:
      return fc;
    case Transport::loop:
      return false;
  }
  return false;
}

namespace {

template <class T>
Parsed<T> unread(std::string_view path, std::string_view why, const T* previous) {
  ConfigDoubt doubt;
  doubt.file = path;
  doubt.text = why;
  Parsed<T> parsed;
  parsed.broken = true;
  std::string consequence = "; the configuration in force stays";
  if (previous != nullptr) {
    parsed.value = *previous;
  } else {
    consequence = "; defaults apply, and no connection that is known from before is cut for what the file does not say";
    parsed.value.doubts.push_back(doubt);
  }
  parsed.complaints.push_back({Severity::error, doubt.file, 0, doubt.text + consequence});
  return parsed;
}

}  // namespace

Parsed<StafdConfig> parse_stafd_conf(std::string_view text, std::string_view path, const StafdConfig* previous) {
  OptionReader file(parse_ini(text), path);
  StafdConfig config = read_stafd(file);
  file.report_unknown(names_of(read_stacd), "stacd.conf");
  if (file.broken() && previous != nullptr) return {*previous, file.take_complaints(), true};
  return {std::move(config), file.take_complaints(), file.broken()};
}

Parsed<StacdConfig> parse_stacd_conf(std::string_view text, std::string_view path, const StacdConfig* previous) {
  OptionReader file(parse_ini(text), path);
  StacdConfig config = read_stacd(file);
  file.report_unknown(names_of(read_stafd), "stafd.conf");
  if (file.broken() && previous != nullptr) return {*previous, file.take_complaints(), true};
  return {std::move(config), file.take_complaints(), file.broken()};
}

Parsed<StafdConfig> parse_stafd_conf(std::string_view text, std::string_view path) {
  return parse_stafd_conf(text, path, nullptr);
}

Parsed<StacdConfig> parse_stacd_conf(std::string_view text, std::string_view path) {
  return parse_stacd_conf(text, path, nullptr);
}

Parsed<StafdConfig> unread_stafd_conf(std::string_view path, std::string_view why, const StafdConfig* previous) {
  return unread(path, why, previous);
}

Parsed<StacdConfig> unread_stacd_conf(std::string_view path, std::string_view why, const StacdConfig* previous) {
  return unread(path, why, previous);
}

}  // namespace stas
