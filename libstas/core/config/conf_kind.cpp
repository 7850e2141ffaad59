// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/config/conf_kind.h"

#include <algorithm>
#include <array>
#include <utility>

#include "libstas/core/base/text.h"

namespace stas {

namespace {

constexpr std::array<std::pair<std::string_view, ConfKind>, 6> kKinds = {{
    {"discovery.conf", ConfKind::discovery_conf},
    {"config.json", ConfKind::config_json},
    {"nvme-stas-1", ConfKind::nvme_stas_1},
    {"nvme-stas-2", ConfKind::nvme_stas_2},
    {"nvme-stas-3", ConfKind::nvme_stas_3},
    {"stas", ConfKind::stas},
}};

// Lines longer than that have no name of an option in front, whatever they are.
constexpr std::size_t kMaxMention = 64;

using KindNames = std::vector<std::string_view>;

bool is_among(const KindNames& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The sections and options that only one of the two daemons has.
bool is_of_stafd(const IniFile& file) {
  static const KindNames keys = {"pleo", "zeroconf", "persistent-connections", "zeroconf-connections-persistence"};
  return std::any_of(file.options.begin(), file.options.end(),
                     [](const IniOption& option) { return is_among(keys, option.key); });
}

bool is_of_stacd(const IniFile& file) {
  static const KindNames keys = {"udev-rule",
                                 "sticky-connections",
                                 "nr-io-queues",
                                 "nr-write-queues",
                                 "nr-poll-queues",
                                 "disconnect-scope",
                                 "disconnect-trtypes",
                                 "disconnect-guard",
                                 "connect-attempts-on-ncc",
                                 "max-disconnects-per-minute"};
  return std::any_of(file.options.begin(), file.options.end(), [](const IniOption& option) {
    return is_among(keys, option.key) || option.section == "Match" || option.section.starts_with("Match ");
  });
}

bool has_section(const IniFile& file, std::string_view name) {
  return std::any_of(file.sections.begin(), file.sections.end(),
                     [&](const IniSection& section) { return section.name == name; });
}

// Does the text have one of the options, or a line that would be one without the comment sign?
bool mentions(std::string_view text, const KindNames& names) {
  while (!text.empty()) {
    const std::size_t end = text.find_first_of("\r\n");
    std::string_view line = trimmed(text.substr(0, std::min(end, kMaxMention)));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.empty() && (line.front() == '#' || line.front() == ';')) line = trimmed(line.substr(1));
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos && is_among(names, to_lower(trimmed(line.substr(0, equals))))) return true;
  }
  return false;
}

// The first line that says something.
std::string_view first_line(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find_first_of("\r\n");
    const std::string_view line = trimmed(text.substr(0, end));
    if (!line.empty() && line.front() != '#' && line.front() != ';') return line;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return {};
}

// An object, or an array of objects; "[Global]" is neither.
bool is_json(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with('{')) return true;
  if (!text.starts_with('[')) return false;
  text = trimmed(text.substr(1));
  return text.starts_with('{') || text.starts_with(']');
}

}  // namespace

std::string_view to_text(ConfKind kind) {
  const auto* found = std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& item) { return item.second == kind; });
  return found->first;
}

std::optional<ConfKind> parse_conf_kind(std::string_view text) {
  for (const auto& [name, kind] : kKinds)
    if (name == text) return kind;
  return std::nullopt;
}

std::string_view to_text(ConfFile file) {
  switch (file) {
    case ConfFile::stafd:
      return "stafd.conf";
    case ConfFile::stacd:
      return "stacd.conf";
    case ConfFile::sys:
      return "sys.conf";
  }
  return {};
}

std::optional<ConfKind> nvme_cli_kind(std::string_view text) {
  if (is_json(text)) return ConfKind::config_json;
  const std::string_view line = first_line(text);
  if (line.size() > 1 && line[0] == '-' && (line[1] == '-' || is_letter(line[1]))) return ConfKind::discovery_conf;
  return std::nullopt;
}

std::optional<ConfFile> conf_file_of(std::string_view path, const IniFile& file) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  for (const ConfFile candidate : {ConfFile::stafd, ConfFile::stacd, ConfFile::sys})
    if (name.starts_with(to_text(candidate))) return candidate;
  const bool stafd = is_of_stafd(file), stacd = is_of_stacd(file), sys = has_section(file, "Host");
  if (stafd && !stacd && !sys) return ConfFile::stafd;
  if (stacd && !stafd && !sys) return ConfFile::stacd;
  if (sys && !stafd && !stacd) return ConfFile::sys;
  return std::nullopt;
}

std::optional<ConfKind> stas_kind(std::string_view text, const IniFile& ini, ConfFile file) {
  static const KindNames ours = {"include", "disconnect-guard", "max-disconnects-per-minute"};
  static const KindNames second = {"exclude",
                                   "pleo",
                                   "zeroconf-connections-persistence",
                                   "disconnect-scope",
                                   "disconnect-trtypes",
                                   "connect-attempts-on-ncc",
                                   "queue-size",
                                   "reconnect-delay",
                                   "ctrl-loss-tmo",
                                   "nr-io-queues",
                                   "nr-write-queues",
                                   "nr-poll-queues",
                                   "disable-sqflow"};
  static const KindNames first = {"blacklist", "sticky-connections"};
  const bool matches = std::any_of(ini.sections.begin(), ini.sections.end(), [](const IniSection& section) {
    return section.name == "Match" || section.name.starts_with("Match ");
  });
  if (matches || mentions(text, ours)) return ConfKind::stas;
  if (mentions(text, second)) return ConfKind::nvme_stas_2;
  if (mentions(text, first)) return ConfKind::nvme_stas_1;
  // What is not in it means the same to all of them.
  if (file != ConfFile::stacd) return ConfKind::nvme_stas_2;
  return std::nullopt;
}

std::string foreign_conf(std::string_view text, std::string_view path) {
  if (const auto kind = nvme_cli_kind(text))
    return "this is a " + std::string(to_text(*kind)) + " of nvme-cli, which is not read here; `stasadm convert " +
           std::string(path) + "` writes what to use instead";
  const IniFile ini = parse_ini(text);
  if (has_section(ini, "exclusions"))
    return "this is an exclusion list of nvme-cli; it counts in /etc/nvme/exclusions.conf and in "
           "/etc/nvme/exclusions.conf.d, and is no configuration";
  for (const std::string_view section :
       {"Discovery Controller", "Subsystem", "Discovery Controller Defaults", "I/O Controller Defaults"}) {
    if (has_section(ini, section))
      return "this is an nvme-fabrics.conf of nvme-cli 3, which is not read here; write its `controller =` lines into "
             "[Controllers] of stafd.conf and stacd.conf, those of a subsystem with its `nqn=`";
  }
  return {};
}

}  // namespace stas
