// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/convert/version_options.h"

#include <algorithm>
#include <array>
#include <utility>

#include "libstas/core/base/shown.h"
#include "libstas/core/config/line_fields.h"
#include "libstas/core/config/option_names.h"

namespace stas {

namespace {

constexpr std::array<VersionOption, 30> kVersionOptions = {{
    {kGlobalSection, "tron", kBoth, kAll},
    {kGlobalSection, "hdr-digest", kBoth, kAll},
    {kGlobalSection, "data-digest", kBoth, kAll},
    {kGlobalSection, "kato", kBoth, kAll},
    {kGlobalSection, "ignore-iface", kBoth, kAll},
    {kGlobalSection, "ip-family", kBoth, kAll},
    {kGlobalSection, "queue-size", kBoth, kSince2},
    {kGlobalSection, "reconnect-delay", kBoth, kSince2},
    {kGlobalSection, "ctrl-loss-tmo", kBoth, kSince2},
    {kGlobalSection, "disable-sqflow", kBoth, kSince2},
    {kGlobalSection, "tls", kBoth, kOurs},
    {kGlobalSection, "tls-concat", kBoth, kOurs},
    {kGlobalSection, "keyring", kBoth, kOurs},
    {kGlobalSection, "tls-key", kBoth, kOurs},
    {kGlobalSection, "nr-io-queues", kStacd, kSince2},
    {kGlobalSection, "nr-write-queues", kStacd, kSince2},
    {kGlobalSection, "nr-poll-queues", kStacd, kSince2},
    {kGlobalSection, "pleo", kStafd, kSince2},
    {kGlobalSection, "udev-rule", kStacd, kFirst | kOurs},
    {kDiscoverySection, "zeroconf", kStafd, kAll},
    {kDcSection, "persistent-connections", kStafd, kSince2},
    {kDcSection, "zeroconf-connections-persistence", kStafd, kSince2},
    {kIocSection, "disconnect-scope", kStacd, kSince2},
    {kIocSection, "disconnect-trtypes", kStacd, kSince2},
    {kIocSection, "connect-attempts-on-ncc", kStacd, kSince2},
    {kIocSection, "disconnect-guard", kStacd, kOurs},
    {kIocSection, "max-disconnects-per-minute", kStacd, kOurs},
    {kControllersSection, "controller", kBoth, kAll},
    {kControllersSection, "exclude", kBoth, kSince2},
    {kControllersSection, "include", kBoth, kOurs},
}};

}  // namespace

unsigned generation_of(ConfKind kind) {
  if (kind == ConfKind::nvme_stas_1) return kFirst;
  return kind == ConfKind::stas ? kOurs : kSecond;
}

const VersionOption* version_option(std::string_view section, std::string_view key, ConfFile file) {
  const unsigned daemon = file == ConfFile::stafd ? +kStafd : file == ConfFile::stacd ? +kStacd : 0U;
  const auto* found = std::find_if(kVersionOptions.begin(), kVersionOptions.end(), [&](const VersionOption& option) {
    return option.section == section && option.key == key && (option.daemons & daemon) != 0;
  });
  return found == kVersionOptions.end() ? nullptr : found;
}

bool is_match_section(std::string_view section) { return section == "Match" || section.starts_with("Match "); }
bool is_line_key(std::string_view key) { return key == "controller" || key == "exclude" || key == "include"; }

std::optional<Fields> line_fields_of(std::string_view value, unsigned& malformed) {
  const LineFields split = split_fields(value);
  malformed = split.malformed;
  Fields fields;
  for (const LineField& field : split.fields) fields.push_back({std::string(field.key), std::string(field.value)});
  return fields.empty() ? std::nullopt : std::optional(std::move(fields));
}

std::string setting_name(std::string_view section, std::string_view key) {
  const std::string name = shown_name(key);
  return "[" + shown(section) + "] " + (name.empty() ? "an option with an unusual name" : name);
}

}  // namespace stas
