// SPDX-License-Identifier: Apache-2.0
//
// From a file of some release to settings.
#include "libstas/core/convert/versions.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "libstas/core/base/shown.h"
#include "libstas/core/base/text.h"
#include "libstas/core/config/line_fields.h"
#include "libstas/core/config/option_value.h"
#include "libstas/core/convert/version_options.h"

namespace stas {

namespace {

constexpr std::array<std::string_view, 4> kHostKeys = {"nqn", "id", "key", "symname"};

class VersionReader {
 public:
  VersionReader(const IniFile& ini, const std::string& path, ConfKind kind, ConfFile file, Settings& settings,
                Losses& losses)
      : ini_(ini), path_(path), kind_(kind), file_(file), settings_(settings), losses_(losses) {}

  void run() {
    for (const IniError& error : ini_.errors) losses_.lost({path_, error.line}, error.text);
    first_ = settings_.size();
    auto header = ini_.sections.begin();
    for (const IniOption& option : ini_.options) {
      while (header != ini_.sections.end() && std::next(header) != ini_.sections.end() &&
             std::next(header)->line <= option.line)
        ++header;
      take(option, header == ini_.sections.end() ? 0 : header->line);
    }
    if (file_ == ConfFile::stafd) settle_persistence();
    if (file_ == ConfFile::stacd) settle_scope();
  }

 private:
  Place at(const IniOption& option) const { return {path_, option.line}; }
  bool knows(unsigned generations) const { return (generations & generation_of(kind_)) != 0; }

  void add(std::string_view section, std::string_view key, std::string value, Place from, int group = 0) {
    settings_.push_back({file_, std::string(section), group, std::string(key), std::move(value), std::move(from)});
  }

  void take(const IniOption& option, int header) {
    const std::string value = option.value.value_or("");
    if (!option.value)
      return losses_.lost(at(option), setting_name(option.section, option.key) + " has no `=`: it is not converted");
    if (file_ == ConfFile::sys) return take_host(option, value);
    if (is_match_section(option.section) && file_ == ConfFile::stacd && kind_ == ConfKind::stas)
      return add(option.section, option.key, value, at(option), header);
    if (option.section == kControllersSection && option.key == "blacklist" && kind_ != ConfKind::nvme_stas_3)
      return take_line("exclude", option, value);
    if (option.section == kGlobalSection && option.key == "persistent-connections" && file_ == ConfFile::stafd &&
        kind_ != ConfKind::nvme_stas_3)
      return add(kGlobalSection, option.key, value, at(option));
    if (option.section == kGlobalSection && option.key == "sticky-connections" && file_ == ConfFile::stacd &&
        kind_ != ConfKind::nvme_stas_2 && kind_ != ConfKind::nvme_stas_3)
      return add(kGlobalSection, option.key, value, at(option));
    // Releases until 2.1.2 had it.
    const bool udev_rule = option.key == "udev-rule" && kind_ == ConfKind::nvme_stas_2;
    const VersionOption* known = version_option(option.section, option.key, file_);
    if (known == nullptr || (!udev_rule && !knows(known->generations)))
      return losses_.lost(at(option), setting_name(option.section, option.key) + " means nothing to " +
                                          std::string(to_text(kind_)) + ": it is not converted");
    if (is_line_key(option.key)) return take_line(option.key, option, value);
    add(option.section, option.key, value, at(option));
  }

  void take_host(const IniOption& option, const std::string& value) {
    const bool known = std::find(kHostKeys.begin(), kHostKeys.end(), option.key) != kHostKeys.end();
    if (option.section != kHostSection || !known)
      return losses_.lost(at(option),
                          setting_name(option.section, option.key) + " means nothing in sys.conf: it is not converted");
    add(kHostSection, option.key, value, at(option));
  }

  void take_line(std::string_view key, const IniOption& option, const std::string& value) {
    unsigned malformed = 0;
    const auto fields = line_fields_of(value, malformed);
    if (!fields) {
      // "controller=" with its elements on the lines below.
      if (key == "controller" && malformed == 0) return;
      return losses_.lost(at(option), key == "controller" || kind_ == ConfKind::stas
                                          ? std::string(key) + "= has no field: it is not converted"
                                          : std::string(key) +
                                                "= without a field excludes every controller there; it is "
                                                "not converted");
    }
    if (malformed > 0)
      losses_.lost(at(option), std::to_string(malformed) + " field(s) of " + std::string(key) +
                                   "= without a name or `=` are not converted");
    add(kControllersSection, key, to_text(*fields), at(option));
  }

  // The last one counts.
  const Setting* last(std::string_view section, std::string_view key) const {
    for (std::size_t i = settings_.size(); i > first_; --i) {
      const Setting& setting = settings_[i - 1];
      if (setting.section == section && setting.key == key) return &setting;
    }
    return nullptr;
  }
  void drop(std::string_view section, std::string_view key) {
    settings_.erase(
        std::remove_if(settings_.begin() + static_cast<std::ptrdiff_t>(first_), settings_.end(),
                       [&](const Setting& setting) { return setting.section == section && setting.key == key; }),
        settings_.end());
  }

  // Releases that know both keep connections if either says so.
  void settle_persistence() {
    constexpr std::string_view kKey = "persistent-connections";
    const Setting* old = last(kGlobalSection, kKey);
    if (old == nullptr) return;
    const Setting* now = last(kDcSection, kKey);
    const bool keep_now = now != nullptr && to_lower(now->value) == "true";
    const std::string value = keep_now ? now->value : old->value;
    const Place from = keep_now ? now->from : old->from;
    drop(kGlobalSection, kKey);
    drop(kDcSection, kKey);
    add(kDcSection, kKey, value, from);
  }

  // sticky-connections= was enabled in release 1, and nvme-cli's udev rules were left alone.
  void settle_scope() {
    const Setting* sticky = last(kGlobalSection, "sticky-connections");
    const bool first = kind_ == ConfKind::nvme_stas_1;
    if (last(kIocSection, "disconnect-scope") == nullptr && (sticky != nullptr || first)) {
      const bool keeps = sticky == nullptr || check_enabled(sticky->value).value_or(true);
      const Place from = sticky == nullptr ? Place{path_, 0} : sticky->from;
      add(kIocSection, "disconnect-scope", keeps ? "no-disconnect" : "only-stas-connections", from);
    }
    drop(kGlobalSection, "sticky-connections");
    if (first && last(kGlobalSection, "udev-rule") == nullptr) add(kGlobalSection, "udev-rule", "enabled", {path_, 0});
  }

  const IniFile& ini_;
  const std::string& path_;
  const ConfKind kind_;
  const ConfFile file_;
  Settings& settings_;
  Losses& losses_;
  std::size_t first_ = 0;
};

}  // namespace

void read_version(const IniFile& ini, const std::string& path, ConfKind kind, ConfFile file, Settings& settings,
                  Losses& losses) {
  VersionReader(ini, path, kind, file, settings, losses).run();
}

}  // namespace stas
