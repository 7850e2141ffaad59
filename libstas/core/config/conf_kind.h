// SPDX-License-Identifier: Apache-2.0
//
// Whose configuration a file is: ours, that of a release of nvme-stas, or one of nvme-cli, as far as its text shows it.
// For stasadm convert, and for --check, which says so instead of complaining about each line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/config/ini.h"

namespace stas {

// Releases of nvme-stas as they were read: 1.1.9; 2.4.1 (and udev-rule= of 2.0); 3.0 as of April 2026, unreleased.
enum class ConfKind : std::uint8_t { discovery_conf, config_json, nvme_stas_1, nvme_stas_2, nvme_stas_3, stas };

// "discovery.conf", "config.json", "nvme-stas-1", ..., "stas".
std::string_view to_text(ConfKind kind);
std::optional<ConfKind> parse_conf_kind(std::string_view text);
inline bool is_nvme_cli(ConfKind kind) { return kind == ConfKind::discovery_conf || kind == ConfKind::config_json; }

// The files of one configuration.
enum class ConfFile : std::uint8_t { stafd, stacd, sys };
std::string_view to_text(ConfFile file);  // "stafd.conf"

// discovery.conf and config.json of nvme-cli; nullopt: it looks like neither.
std::optional<ConfKind> nvme_cli_kind(std::string_view text);

// Which file of nvme-stas, or of ours, this is: by its name, else by what only one of them has.
std::optional<ConfFile> conf_file_of(std::string_view path, const IniFile& file);

// Which release wrote it, by options that only some have, also where they are commented out, as in a shipped file.
// nullopt: what is not in it means different things to different releases.
std::optional<ConfKind> stas_kind(std::string_view text, const IniFile& ini, ConfFile file);

// For --check: what the file is and what to do with it, when it is one of nvme-cli; "" when it is not.
std::string foreign_conf(std::string_view text, std::string_view path);

}  // namespace stas
