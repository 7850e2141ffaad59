// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/config/config.h"

#include <algorithm>

#include "libstas/core/config/config_lines.h"
#include "libstas/core/config/match_section.h"
#include "libstas/core/config/option_reader.h"
#include "libstas/core/config/option_value.h"
#include "libstas/core/identity/nqn.h"

namespace stas {

namespace {

constexpr std::string_view kGlobal = "Global", kServiceDiscovery = "Service Discovery",
                           kDcManagement = "Discovery controller connection management",
                           kIocManagement = "I/O controller connection management";
constexpr std::string_view kNewer = "the newer option";  // that also is in the file

// What counts instead of an option that is not clear: the value in force, at start `safe`.
template <class T, class Config, class Owner>
Fallback<T> fallback(const Config* previous, T Owner::*member, T safe, std::string_view name, bool is_default = true) {
  return {previous == nullptr ? nullptr : &(previous->*member), std::move(safe), name, is_default};
}

// `parameters`: how many of connect_parameters() the file has. `default_nqn`: of controller= lines, empty if mandatory.
template <class Config>
void read_common(OptionReader& file, Config& config, const Config* previous, std::size_t parameters,
                 std::string_view default_nqn) {
  const auto flag = [&](std::string_view name, bool CommonConfig::*member) {
    return file.read(kGlobal, name, config.*member, fallback(previous, member, false, "false"), check_bool);
  };
  read_controllers(file, config, default_nqn);
  read_excludes(file, config, previous == nullptr ? nullptr : &previous->excludes);
  flag("tron", &CommonConfig::tron);
  config.ignore_iface_unclear = flag("ignore-iface", &CommonConfig::ignore_iface) == Reading::unclear &&
                                (previous == nullptr || previous->ignore_iface_unclear);
  read_includes(file, config);
  file.read(kGlobal, "ip-family", config.families,
            fallback(previous, &CommonConfig::families, IpFamilies{true, true}, "ipv4+ipv6"), check_families);
  for (std::size_t i = 0; i < parameters; ++i) {
    const std::string_view name = connect_parameters()[i];
    ConnectOptions before = config.connect;
    if (previous != nullptr) copy_connect_parameter(before, previous->connect, name);
    // What protects connections has no default instead of a value that is none.
    const bool guarded =
        is_security_parameter(name) && (previous == nullptr || connect_parameter_text(previous->connect, name).empty());
    const Fallback<ConnectOptions> other{previous == nullptr || guarded ? nullptr : &before,
                                         config.connect,
                                         {},
                                         true,
                                         guarded ? kNotClearMeans : std::string_view()};
    const Reading reading = file.read(kGlobal, name, config.connect, other, [&](std::string_view text) {
      ConnectOptions options = config.connect;
      return set_connect_parameter(options, name, text).map([&] { return options; });
    });
    if (reading == Reading::said) config.connect_lines.emplace(name, file.last(kGlobal, name)->line);
    if (reading == Reading::unclear && guarded && file.last(kGlobal, name) != nullptr)
      config.connect.missing[std::string(name)] = kNotClear;
  }
}

// [Global] had the option before 2.0. Connections persist if either of the two says so; a file that has only the old
// one means it.
void read_persistence(OptionReader& file, StafdConfig& config, const StafdConfig* previous) {
  const auto other = fallback(previous, &StafdConfig::persistent_connections, true, "true");
  const Reading now =
      file.read(kDcManagement, "persistent-connections", config.persistent_connections, other, check_bool);
  bool legacy = false;
  const Reading old =
      file.read(kGlobal, "persistent-connections", legacy,
                now == Reading::absent ? other : Fallback<bool>{nullptr, false, kNewer, false}, check_bool);
  if (now == Reading::absent && old != Reading::absent) config.persistent_connections = legacy;
  if (now != Reading::absent && old == Reading::said) config.persistent_connections |= legacy;
  warn_deprecated(
      file, kGlobal, "persistent-connections",
      "use the one of [" + std::string(kDcManagement) + "]; connections persist if either of the two is true");
}

StafdConfig read_stafd(OptionReader& file, const StafdConfig* previous) {
  StafdConfig config;
  config.connect.kato = kDefaultDiscoveryKato;
  read_common(file, config, previous, kDiscoveryParameters, kWellKnownDiscoveryNqn);
  // Without PLEO a page lists more, not less.
  file.read(kGlobal, "pleo", config.pleo, fallback(previous, &StafdConfig::pleo, false, "disabled", false),
            check_enabled);
  file.read(kServiceDiscovery, "zeroconf", config.zeroconf, fallback(previous, &StafdConfig::zeroconf, true, "enabled"),
            check_enabled);
  read_persistence(file, config, previous);
  file.read(kDcManagement, "zeroconf-connections-persistence", config.zeroconf_persistence,
            fallback(previous, &StafdConfig::zeroconf_persistence, std::optional<Duration>(), "-1 (for ever)", false),
            check_persistence, Severity::error);
  return config;
}

// sticky-connections of release 1.1 said whether connections that nobody lists any more are left alone.
void read_scope(OptionReader& file, StacdConfig& config, const StacdConfig* previous) {
  const auto other =
      fallback(previous, &StacdConfig::disconnect_scope, DisconnectScope::no_disconnect, "no-disconnect", false);
  const Reading scope = file.read(kIocManagement, "disconnect-scope", config.disconnect_scope, other, check_scope);
  DisconnectScope sticky = config.disconnect_scope;
  const auto old = scope == Reading::absent ? other : Fallback<DisconnectScope>{nullptr, sticky, kNewer, false};
  file.read(kGlobal, "sticky-connections", sticky, old, [](std::string_view text) {
    return check_enabled(text).map(
        [](bool enabled) { return enabled ? DisconnectScope::no_disconnect : DisconnectScope::only_stas_connections; });
  });
  if (scope == Reading::absent) config.disconnect_scope = sticky;
  warn_deprecated(file, kGlobal, "sticky-connections",
                  "enabled acts as `disconnect-scope=no-disconnect`, disabled as "
                  "`disconnect-scope=only-stas-connections`; use `disconnect-scope`, which wins");
}

void read_trtypes(OptionReader& file, StacdConfig& config, const StacdConfig* previous) {
  constexpr std::string_view kName = "disconnect-trtypes";
  TransportSet understood{false, false, false};
  std::optional<BadValue> problem;
  if (const IniOption* option = file.last(kIocManagement, kName); option != nullptr) {
    understood = check_trtypes(option->value ? *option->value : std::string(), problem);
  }
  const std::string name = to_text(understood);
  file.read(kIocManagement, kName, config.disconnect_trtypes,
            fallback(previous, &StacdConfig::disconnect_trtypes, understood, name, false),
            [&](std::string_view) -> Checked<TransportSet> {
              if (problem) return tl::unexpected(*problem);
              return understood;
            });
}

StacdConfig read_stacd(OptionReader& file, const StacdConfig* previous) {
  StacdConfig config;
  read_common(file, config, previous, connect_parameters().size(), {});
  read_matches(file, config);
  file.read(kGlobal, "udev-rule", config.udev_rule, fallback(previous, &StacdConfig::udev_rule, false, "disabled"),
            check_enabled);
  read_scope(file, config, previous);
  read_trtypes(file, config, previous);
  file.read(kIocManagement, "disconnect-guard", config.disconnect_guard,
            fallback(previous, &StacdConfig::disconnect_guard, DisconnectGuard::hold, "hold", false), check_guard);
  file.read(kIocManagement, "max-disconnects-per-minute", config.max_disconnects_per_minute,
            fallback(previous, &StacdConfig::max_disconnects_per_minute, 1, "1", false), check_count);
  file.read(kIocManagement, "connect-attempts-on-ncc", config.connect_attempts_on_ncc,
            fallback(previous, &StacdConfig::connect_attempts_on_ncc, 0, "0"), check_count);
  // One attempt alone would be used up by the connection that learns of the NCC bit (stacd.conf(5), regressions 22).
  if (config.connect_attempts_on_ncc == 1) config.connect_attempts_on_ncc = 2;
  return config;
}

}  // namespace

// What its reader asks for.
const OptionNames& stafd_names() {
  static const OptionNames names = [] {
    OptionReader empty({}, {});
    read_stafd(empty, nullptr);
    return empty.known();
  }();
  return names;
}

const OptionNames& stacd_names() {
  static const OptionNames names = [] {
    OptionReader empty({}, {});
    read_stacd(empty, nullptr);
    return empty.known();
  }();
  return names;
}

namespace {

OptionReader reader_of(std::string_view text, std::string_view path, const StafdConfig*) {
  return {parse_ini(text), path, stafd_names(), stacd_names(), "stacd.conf"};
}
OptionReader reader_of(std::string_view text, std::string_view path, const StacdConfig*) {
  return {parse_ini(text), path, stacd_names(), stafd_names(), "stafd.conf"};
}

StafdConfig read(OptionReader& file, const StafdConfig* previous) { return read_stafd(file, previous); }
StacdConfig read(OptionReader& file, const StacdConfig* previous) { return read_stacd(file, previous); }

// A file that is none as a whole: nothing that it does not say is information (law 2).
template <class T>
void settle(OptionReader& file, T& config, const T* previous) {
  if (previous != nullptr) {
    config = *previous;
    return file.explain_break("the previous configuration stays in force");
  }
  ConfigDoubt doubt;
  doubt.file = file.path();
  doubt.line = file.first_break();
  doubt.text = "the file cannot be understood as a whole";
  if (!config.includes.empty() || !config.include_doubts.empty()) {
    ControllerRule anything;
    anything.line = doubt.line;
    config.include_doubts = {{doubt.file, doubt.text, std::move(anything)}};
  }
  config.doubts = {std::move(doubt)};
  file.explain_break(
      "what can be read counts, and no connection that is known from before is cut for what the file does not say");
}

template <class T>
Parsed<T> parse(std::string_view text, std::string_view path, const T* previous, const NamedKeys& keys) {
  int first_break = 0;
  while (true) {
    OptionReader file = reader_of(text, path, previous);
    file.use_keys(keys);
    const bool known = file.broken() || first_break > 0;
    if (first_break > 0) file.mark_incomplete(first_break);
    T config = read(file, previous);
    // What was read before the first break showed has to be judged with it in mind.
    if (file.broken() && !known) {
      first_break = file.first_break();
      continue;
    }
    file.report_unknown();
    if (file.broken()) settle(file, config, previous);
    return {std::move(config), file.take_complaints(), file.broken()};
  }
}

template <class T>
Parsed<T> unread(std::string_view path, std::string_view why, const T* previous) {
  ConfigDoubt doubt;
  doubt.file = path;
  doubt.text = why;
  Parsed<T> parsed;
  parsed.broken = true;
  std::string consequence = "; the previous configuration stays in force";
  if (previous != nullptr) {
    parsed.value = *previous;
  } else {
    consequence =
        "; the defaults that cut least apply, and no connection that is known from before is cut for what the file "
        "does "
        "not say";
    OptionReader nothing = reader_of({}, path, previous);
    nothing.mark_incomplete(1);
    parsed.value = read(nothing, previous);
    parsed.value.doubts.push_back(doubt);
  }
  parsed.complaints.push_back({Severity::error, doubt.file, 0, doubt.text + consequence});
  return parsed;
}

}  // namespace

Parsed<StafdConfig> parse_stafd_conf(std::string_view text, std::string_view path, const StafdConfig* previous,
                                     const NamedKeys& keys) {
  return parse(text, path, previous, keys);
}

Parsed<StacdConfig> parse_stacd_conf(std::string_view text, std::string_view path, const StacdConfig* previous,
                                     const NamedKeys& keys) {
  return parse(text, path, previous, keys);
}

Parsed<StafdConfig> parse_stafd_conf(std::string_view text, std::string_view path, const StafdConfig* previous) {
  return parse(text, path, previous, {});
}

Parsed<StacdConfig> parse_stacd_conf(std::string_view text, std::string_view path, const StacdConfig* previous) {
  return parse(text, path, previous, {});
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
