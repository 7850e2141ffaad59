// SPDX-License-Identifier: Apache-2.0
//
// From settings to the words of another release.
#include "libstas/core/convert/versions.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "libstas/core/base/shown.h"
#include "libstas/core/base/text.h"
#include "libstas/core/config/line_fields.h"
#include "libstas/core/config/option_value.h"
#include "libstas/core/config/wildcard.h"
#include "libstas/core/convert/version_options.h"
#include "libstas/core/identity/subnet.h"

namespace stas {

namespace {

constexpr std::array<std::string_view, 7> kFirstFields = {"transport",  "traddr", "trsvcid",  "host-traddr",
                                                          "host-iface", "nqn",    "subsysnqn"};

constexpr std::array<std::string_view, 5> kOurFields = {"host-id", "tls", "tls-concat", "keyring", "tls-key"};

class VersionWriter {
 public:
  VersionWriter(ConfKind kind, Losses& losses) : kind_(kind), to_(generation_of(kind)), losses_(losses) {}

  Settings run(const Settings& settings, const Place* stacd) {
    for (const Setting& setting : settings) take(setting);
    if (to_ == kFirst && stacd != nullptr) say_defaults(*stacd);
    return std::move(out_);
  }

 private:
  void lose(const Setting& setting, const std::string& what, const std::string& why = {}) {
    losses_.lost(setting.from,
                 what + " has no counterpart in " + std::string(to_text(kind_)) + (why.empty() ? "" : ": " + why));
  }

  void take(const Setting& setting) {
    if (to_ == kOurs) return out_.push_back(setting);
    if (setting.file == ConfFile::sys) return take_host(setting);
    if (is_match_section(setting.section)) return lose(setting, setting_name(setting.section, setting.key));
    if (setting.key == "controller") return take_controller(setting);
    if (setting.key == "exclude") return take_exclude(setting);
    if (to_ == kFirst && take_first(setting)) return;
    const VersionOption* known = version_option(setting.section, setting.key, setting.file);
    if (known != nullptr && (known->generations & to_) != 0)
      return put(setting, setting.section, setting.key, setting.value);
    // Since 2.1.3 nvme-cli's rules are always taken away while stafd runs.
    if (setting.key == "udev-rule" && !check_enabled(setting.value).value_or(false)) return;
    lose(setting, setting_name(setting.section, setting.key));
  }

  void put(const Setting& setting, std::string_view section, std::string_view key, const std::string& value) {
    // Release 1 knows `true` and nothing else.
    const bool lower = to_ == kFirst && !is_line_key(key) && key != "blacklist";
    out_.push_back({setting.file, std::string(section), setting.group, std::string(key),
                    lower ? to_lower(value) : value, setting.from});
  }

  void take_host(const Setting& setting) {
    if (to_ == kFirst && setting.key == "key") return lose(setting, "the DH-HMAC-CHAP key of the host");
    out_.push_back(setting);
  }

  // What has another name in release 1. True: done.
  bool take_first(const Setting& setting) {
    if (setting.key == "persistent-connections") {
      put(setting, kGlobalSection, setting.key, setting.value);
      return true;
    }
    if (setting.key != "disconnect-scope") return false;
    const bool keeps = setting.value == "no-disconnect";
    if (!keeps && setting.value != "only-stas-connections") lose(setting, "disconnect-scope=" + shown(setting.value));
    put(setting, kGlobalSection, "sticky-connections", keeps ? "enabled" : "disabled");
    return true;
  }

  void take_controller(const Setting& setting) {
    unsigned malformed = 0;
    Fields fields = line_fields_of(setting.value, malformed).value_or(Fields());
    std::erase_if(fields, [&](const Field& field) {
      const bool known = to_ == kFirst
                             ? std::find(kFirstFields.begin(), kFirstFields.end(), field.name) != kFirstFields.end()
                             : std::find(kOurFields.begin(), kOurFields.end(), field.name) == kOurFields.end();
      if (!known) lose(setting, field_name(field.name) + " of controller=");
      return !known;
    });
    if (!fields.empty()) put(setting, kControllersSection, "controller", to_text(fields));
  }

  // Without one of its fields a rule would be about more than was meant.
  void take_exclude(const Setting& setting) {
    unsigned malformed = 0;
    const Fields fields = line_fields_of(setting.value, malformed).value_or(Fields());
    for (const Field& field : fields) {
      const bool known =
          to_ != kFirst || std::find(kFirstFields.begin(), kFirstFields.end(), field.name) != kFirstFields.end();
      if (!known) return lose(setting, field_name(field.name) + " of exclude=", "the whole line is not converted");
      if (has_wildcard(field.value) || (field.name == "traddr" && IpSubnet::parse(field.value)))
        return lose(setting, "a pattern or subnet in exclude=", "the whole line is not converted");
    }
    if (!fields.empty()) put(setting, kControllersSection, to_ == kFirst ? "blacklist" : "exclude", to_text(fields));
  }

  // What counts here without a word does not in release 1.
  void say_defaults(const Place& stacd) {
    const Setting anywhere{ConfFile::stacd, {}, 0, {}, {}, stacd};
    const auto says = [&](std::string_view key) {
      return std::any_of(out_.begin(), out_.end(), [&](const Setting& setting) { return setting.key == key; });
    };
    if (!says("sticky-connections")) put(anywhere, kGlobalSection, "sticky-connections", "disabled");
    if (!says("udev-rule")) put(anywhere, kGlobalSection, "udev-rule", "disabled");
  }

  const ConfKind kind_;
  const unsigned to_;
  Losses& losses_;
  Settings out_;
};

}  // namespace

Settings for_version(const Settings& settings, ConfKind kind, const Place* stacd, Losses& losses) {
  return VersionWriter(kind, losses).run(settings, stacd);
}

}  // namespace stas
