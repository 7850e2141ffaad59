// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/config/sys_conf.h"

#include "libstas/core/base/shown.h"
#include "libstas/core/base/text.h"
#include "libstas/core/base/unicode.h"
#include "libstas/core/base/uuid.h"
#include "libstas/core/config/option_reader.h"
#include "libstas/core/identity/nqn.h"

namespace stas {

namespace {

constexpr std::string_view kHost = "Host", kHelp = " (see stasadm --help)";
constexpr std::string_view kDefaultNqn = "file:///etc/nvme/hostnqn", kDefaultId = "file:///etc/nvme/hostid",
                           kDefaultKey = "file:///etc/nvme/hostkey";
constexpr std::size_t kMaxSymname = 256;  // bytes of the symbolic name in a DIM registration (TP8010)

// One option: its text and where it came from, for messages.
struct Item {
  const IniOption* option = nullptr;  // nullptr: the default
  std::string where;                  // the file that holds the value
  Result<std::string> value;
};

class Reader {
 public:
  Reader(std::string_view text, std::string_view path, const ReadFile& read_file, const ReadKey& read_key)
      : file_(parse_ini(text), path, names(), {}, {}), path_(path), read_file_(read_file), read_key_(read_key) {}

  Result<SysConf> read() {
    SysConf out;
    if (auto nqn = mandatory("nqn", kDefaultNqn, "Host NQN"); nqn) {
      out.host.nqn = *nqn;
    } else {
      return tl::unexpected(nqn.error());
    }
    if (auto id = mandatory("id", kDefaultId, "Host ID"); id) {
      out.host.id = *id;
    } else {
      return tl::unexpected(id.error());
    }
    read_key(out);
    out.host.symname = symname();
    complain_of_strays();
    if (file_.broken()) file_.explain_break("this host may be another than the one that is meant");
    out.broken = file_.broken() || unclear_;
    out.complaints = file_.take_complaints();
    return out;
  }

 private:
  static const OptionNames& names() {
    static const OptionNames known = {{std::string(kHost), {"nqn", "id", "key", "symname"}}};
    return known;
  }

  // Other sections and options are nobody's business (compatibility contract 2.8), but not those that may be ours.
  void complain_of_strays() {
    constexpr int kMaxTold = 20;
    int told = 0;
    for (const OptionReader::Stray& stray : file_.strays()) {
      if (stray.meant.key.empty()) continue;
      if (stray.meant.key == "nqn" || stray.meant.key == "id") unclear_ = true;
      const std::string name = shown_name(stray.option->key);
      if (told++ >= kMaxTold) continue;
      const IniOption place{shown(stray.option->section), name.empty() ? "..." : name, "", stray.option->line, false};
      file_.complain(Severity::error, place,
                     "the option is not known - did you mean `" + std::string(stray.meant.key) + "` of section [" +
                         std::string(kHost) + "]?");
    }
  }

  Item item(std::string_view name, std::string_view fallback) {
    const IniOption* option = file_.last(kHost, name);
    std::string_view text = fallback;
    if (option != nullptr) text = option->value ? std::string_view(*option->value) : "";
    if (!text.starts_with(kFileScheme)) return {option, path_, std::string(text)};
    const std::string path(text.substr(kFileScheme.size()));
    auto content = read_file_(path);
    if (!content) return {option, path, tl::unexpected(content.error())};
    return {option, path, std::string(first_word_of_line(*content))};
  }

  Result<std::string> mandatory(std::string_view name, std::string_view fallback, const std::string& what) {
    const Item found = item(name, fallback);
    if (!found.value) {
      Error error = found.value.error();
      error.text = "Error reading mandatory " + what + std::string(kHelp) + ": " + error.text;
      return tl::unexpected(std::move(error));
    }
    const std::string why = name == "nqn" ? nqn_objection(*found.value) : id_objection(*found.value);
    if (why.empty()) return *found.value;
    // An empty file is one that has not been generated yet.
    const bool absent = found.value->empty() && found.where != path_;
    return fail(
        absent ? ErrorKind::not_found : ErrorKind::invalid_input,
        "Error " + what + " \"" + shown(*found.value) + "\" in " + found.where + " " + why + std::string(kHelp));
  }

  static std::string nqn_objection(const std::string& nqn) {
    if (!nqn.starts_with("nqn.")) return "should start with \"nqn.\"";
    if (nqn.size() > kMaxNqnLength) return "is longer than " + std::to_string(kMaxNqnLength) + " characters";
    if (!is_usable_nqn(nqn) || !is_injection_free(nqn)) return "contains a comma or a control character";
    return {};
  }

  // The kernel refuses every connection with a host ID that is no UUID, so better say it at once.
  static std::string id_objection(const std::string& id) { return parse_uuid(id) ? "" : "should be a UUID"; }

  // It is optional: one that cannot be had leaves the host without, unless it had one before.
  void read_key(SysConf& out) {
    const IniOption fallback{std::string(kHost), "key", std::string(kDefaultKey), 0, false};
    const IniOption* said = file_.last(kHost, "key");
    const IniOption& option = said == nullptr ? fallback : *said;
    const std::string_view value = option.value ? std::string_view(*option.value) : "";
    if (value.empty()) return;
    NamedKeys named;
    if (is_named_key(value)) {
      NamedKey there = named_key(std::string(value));
      if (said == nullptr && there.absent) return;
      named.emplace(value, std::move(there));
    }
    KeyOption key = read_dhchap_key(value, named);
    const std::string text = "Host DHCHAP secret key ";
    if (!key.flaw.empty())
      file_.complain(Severity::error, option,
                     text + "undefined: " + key.flaw + "; one that was read before stays in force");
    for (const std::string& warning : key.warnings) file_.complain(Severity::warning, option, text + warning);
    out.key_missing = !key.flaw.empty();
    out.key_literal = !key.key.empty() && named.empty();
    out.host.key = std::move(key.key);
  }

  NamedKey named_key(const std::string& value) const {
    if (read_key_) return read_key_(value);
    const std::string path = path_of_key(value);
    auto content = read_file_(path);
    if (content) return {Secret(*std::move(content)), {}, false, {}};
    const std::string& why = content.error().text;
    const bool named = why.starts_with(path + ": ");
    return {{}, named ? why.substr(path.size() + 2) : why, content.error().kind == ErrorKind::not_found, {}};
  }

  std::string symname() {
    const Item found = item("symname", "");
    if (found.value && found.value->size() <= kMaxSymname && is_valid_utf8(*found.value) &&
        !has_control(*found.value)) {
      return *found.value;
    }
    const std::string why =
        found.value ? "it is too long or contains characters that are no text" : found.value.error().text;
    if (found.option != nullptr) {
      file_.complain(Severity::warning, *found.option,
                     "Error reading host symbolic name (will remain undefined): " + why);
    }
    return {};
  }

  OptionReader file_;
  std::string path_;
  const ReadFile& read_file_;
  const ReadKey& read_key_;
  bool unclear_ = false;
};

}  // namespace

Result<SysConf> parse_sys_conf(std::string_view text, std::string_view path, const ReadFile& read_file,
                               const ReadKey& read_key) {
  return Reader(text, path, read_file, read_key).read();
}

}  // namespace stas
