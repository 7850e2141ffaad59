// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/config/named_key.h"

#include <algorithm>

#include "libstas/core/base/text.h"
#include "libstas/core/base/unicode.h"
#include "libstas/core/config/ini.h"
#include "libstas/core/config/key_format.h"
#include "libstas/core/config/line_fields.h"

namespace stas {

namespace {

constexpr std::size_t kMaxShownPlace = 256;
constexpr std::size_t kMaxCredentialName = 255;  // it is the name of a file
constexpr std::string_view kAdvice = " - `nvme gen-dhchap-key` makes one";

bool is_key_name(std::string_view name) { return name == "dhchap-secret" || name == "dhchap-ctrl-secret"; }

bool is_credential_char(char c) { return is_name_char(c) || c == '.' || c == '@' || c == '+'; }

void collect(std::string_view value, KeysOfFile& found) {
  if (!is_named_key(value))
    found.literal = found.literal || !value.empty();
  else if (found.named.size() < kMaxNamedKeys)
    found.named.emplace(value);
}

KeyOption unusable(std::string why) { return {{}, std::move(why), {}}; }

}  // namespace

bool is_named_key(std::string_view value) {
  return value.starts_with(kFileScheme) || value.starts_with(kCredentialScheme);
}

std::string path_of_key(std::string_view value) {
  if (!value.starts_with(kFileScheme)) return {};
  value.remove_prefix(kFileScheme.size());
  const bool usable = value.starts_with('/') && value.find('\0') == std::string_view::npos;
  return usable ? std::string(value) : std::string();
}

std::string credential_of_key(std::string_view value) {
  if (!value.starts_with(kCredentialScheme)) return {};
  value.remove_prefix(kCredentialScheme.size());
  const bool usable = value.size() <= kMaxCredentialName && !value.starts_with('.') &&
                      std::all_of(value.begin(), value.end(), is_credential_char);
  return usable ? std::string(value) : std::string();
}

std::string shown_place(std::string_view value) {
  const std::string path = path_of_key(value), name = credential_of_key(value);
  const std::string lower = to_lower(value);
  const bool key = lower.find("dhhc-") != std::string::npos || lower.find("nvmetls") != std::string::npos;
  if (key || (path.empty() && name.empty())) return "...";
  return path.empty() ? "credential " + name : printable(path, kMaxShownPlace);
}

KeysOfFile find_keys(std::string_view text) {
  KeysOfFile found;
  for (const IniOption& option : parse_ini(text).options) {
    const std::string_view value = option.value ? std::string_view(*option.value) : std::string_view();
    if (is_key_name(option.key)) collect(value, found);
    if (option.key != "controller") continue;
    for (const LineField& field : split_fields(value).fields)
      if (is_key_name(field.key)) collect(field.value, found);
  }
  return found;
}

KeyOption read_dhchap_key(std::string_view value, const NamedKeys& named) {
  if (!is_named_key(value)) {
    if (std::string why = key_objection(value); !why.empty()) return unusable(std::move(why));
    KeyOption literal{Secret(std::string(value)), {}, {}};
    if (const std::string flaw = dhchap_key_flaw(value); !flaw.empty())
      literal.warnings.push_back(flaw + std::string(kAdvice));
    return literal;
  }
  const std::string place = shown_place(value);
  if (value.starts_with(kFileScheme) && path_of_key(value).empty())
    return unusable("wants file:///PATH, with the path from the root on");
  if (value.starts_with(kCredentialScheme) && credential_of_key(value).empty())
    return unusable("wants credential:NAME, with the name of a credential");
  const auto found = named.find(value);
  if (found == named.end())
    return unusable(place + ": is not read, as there are more than " + std::to_string(kMaxNamedKeys) +
                    " files with keys");
  const NamedKey& there = found->second;
  if (!there.why.empty()) return unusable(place + ": " + there.why);
  const std::string_view key = first_word_of_line(there.text.reveal());
  if (key.empty()) return unusable(place + ": there is no key in its first line");
  if (const std::string why = key_objection(key); !why.empty()) return unusable(place + ": its first word " + why);
  KeyOption out{Secret(std::string(key)), {}, {}};
  if (const std::string flaw = dhchap_key_flaw(key); !flaw.empty())
    out.warnings.push_back("in " + place + " " + flaw + std::string(kAdvice));
  if (!there.exposure.empty()) out.warnings.push_back("is in " + place + ": " + there.exposure);
  return out;
}

}  // namespace stas
