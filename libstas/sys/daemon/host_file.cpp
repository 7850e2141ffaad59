// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon/host_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <sys/utsname.h>
#include <unistd.h>

#include "libstas/core/base/shown.h"
#include "libstas/core/base/unicode.h"
#include "libstas/core/config/ini.h"
#include "libstas/sys/daemon/conf_file.h"
#include "libstas/sys/os/files.h"

namespace stas {

namespace {

constexpr std::size_t kMaxSmallFile = 64U << 10;
constexpr std::string_view kSection = "Host";
constexpr std::array<std::string_view, 4> kOptions{"nqn", "id", "key", "symname"};

// "<ostype> <osrelease>[ <NAME>][ <VERSION_ID>]" (compatibility contract, appendix C).
std::string os_version() {
  utsname names{};
  std::string text = uname(&names) == 0 ? std::string(names.sysname) + ' ' + names.release : std::string("Linux");
  const auto release = read_file_bounded("/etc/os-release", kMaxSmallFile);
  if (!release) return text;
  for (const std::string key : {"\nNAME=", "\nVERSION_ID="}) {
    const std::string content = '\n' + *release;
    const auto at = content.find(key);
    if (at == std::string::npos) continue;
    auto value = content.substr(at + key.size(), content.find('\n', at + key.size()) - at - key.size());
    if (value.size() >= 2 && value.front() == '"') value = value.substr(1, value.size() - 2);
    text += ' ' + value;
  }
  return text;
}

HostIdentity on_this_machine(HostIdentity host) {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) == 0) host.hostname = name;
  host.os_version = os_version();
  return host;
}

bool same_names(const HostIdentity& a, const HostIdentity& b) { return a.nqn == b.nqn && a.id == b.id; }

// The line that has the first byte that is no UTF-8, 0 if there is none.
int first_bad_line(std::string_view text) {
  if (is_valid_utf8(text)) return 0;
  int line = 1;
  for (; !text.empty() && is_valid_utf8(text.substr(0, text.find('\n'))); ++line) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return line;
}

// What makes it impossible to read the text at all; line 0: nothing.
IniError syntax_error(const IniFile& ini, std::string_view text) {
  if (const int line = first_bad_line(text); line > 0) return {line, "the line is no text (UTF-8)"};
  if (!ini.errors.empty()) return ini.errors.front();
  if (ini.truncated_at > 0) return {ini.truncated_at, "the file is too long"};
  return {};
}

// A name that could be one of ours, misspelt.
IniError unknown_name(const IniFile& ini) {
  for (const IniSection& section : ini.sections)
    if (section.name != kSection) return {section.line, "there is no section [" + shown(section.name) + "]"};
  for (const IniOption& option : ini.options)
    if (std::find(kOptions.begin(), kOptions.end(), option.key) == kOptions.end())
      return {option.line, "there is no option " + shown(option.key)};
  return {};
}

}  // namespace

// What is in the file, or why that is not known.
struct HostFile::Look {
  std::string path;
  bool other = false;  // in place of ours
  bool missing = false;
  std::string flaw;            // "FILE:LINE: text", "" if everything was understood
  std::string unended;         // the same, when the last line has no end: perhaps the file was cut
  std::optional<Error> value;  // a value that cannot be used
  std::optional<HostIdentity> host;
  bool key_missing = false;  // the file asks for a host key, which cannot be had
  std::vector<Complaint> complaints;
};

Result<std::string> HostFile::read_small_file(const std::string& path) {
  return read_regular_file(path, kMaxSmallFile);
}

HostFile::Look HostFile::look(const std::string& path, Result<RegularFile> text, const Readers& readers) {
  Look seen;
  seen.path = path;
  const auto at = [&](const IniError& error) {
    return Complaint{Severity::error, path, error.line, error.text}.to_string();
  };
  seen.missing = !text && text.error().errnum == ENOENT;
  if (!text && !seen.missing) {
    seen.flaw = text.error().text;
    return seen;
  }
  const Secret kept(text ? std::move(text->text) : std::string());
  const std::string& content = kept.reveal();
  if (!seen.missing) {
    const IniFile ini = parse_ini(content);
    const IniError broken = content.empty() ? IniError{0, "the file is empty"} : syntax_error(ini, content);
    if (!broken.text.empty()) {
      seen.flaw = at(broken);
      return seen;
    }
    if (const IniError unknown = unknown_name(ini); unknown.line > 0) seen.flaw = at(unknown);
    if (!content.ends_with('\n'))
      seen.unended = at({static_cast<int>(std::count(content.begin(), content.end(), '\n')) + 1,
                         "the line has no end, so the file may have been cut"});
  }
  auto parsed = parse_sys_conf(content, path, readers.file, readers.key);
  if (!parsed) {
    seen.value = parsed.error();
    if (seen.flaw.empty())
      seen.flaw = seen.unended.empty() ? parsed.error().text : seen.unended + " (" + parsed.error().text + ")";
    return seen;
  }
  seen.host = on_this_machine(std::move(parsed->host));
  seen.key_missing = parsed->key_missing;
  seen.complaints = std::move(parsed->complaints);
  if (!parsed->key_literal || !text) return seen;
  if (const std::string others = exposure(path, text->mode, text->owner); !others.empty())
    seen.complaints.push_back({Severity::warning, path, 0, "there is a key in it, and " + others});
  return seen;
}

Result<HostFile::Host> HostFile::at_start(const std::optional<KnownHost>& known) {
  Look seen = look(path_, read_regular(path_, kMaxConfigBytes), readers_);
  existed_ |= !seen.missing;
  const auto same = [&] { return same_names(*seen.host, HostIdentity{known->nqn, known->id}); };
  if (seen.host && seen.flaw.empty() && !seen.unended.empty() && known && !same()) seen.flaw = seen.unended;
  if (seen.host && (seen.flaw.empty() || !known || same())) {
    log_complaints(seen.complaints, journal_);
    if (!seen.flaw.empty()) journal_.warning(seen.flaw);
    return std::make_shared<const HostIdentity>(*std::move(seen.host));
  }
  if (known) {
    journal_.error(seen.flaw + "; this host stays what it was before the restart, " + known->nqn +
                   ", without a host key");
    return std::make_shared<const HostIdentity>(on_this_machine({known->nqn, known->id}));
  }
  // A file that could not be read, or is being written, may be a good one at the next start.
  if (seen.value) return fail(seen.unended.empty() ? seen.value->kind : ErrorKind::io, seen.value->text);
  auto defaults = parse_sys_conf({}, path_, readers_.file, readers_.key);
  if (!defaults) return fail(ErrorKind::io, seen.flaw + "; " + defaults.error().text);
  defaults->host.key = {};
  journal_.error(seen.flaw + "; nothing says who this host was before, so it is what /etc/nvme says, " +
                 defaults->host.nqn + ", without a host key");
  return std::make_shared<const HostIdentity>(on_this_machine(std::move(defaults->host)));
}

HostFile::Outlook HostFile::judge(Look seen, bool existed, const Host& in_force) {
  if (seen.missing && existed)
    seen.flaw = seen.path +
                ": the file is gone. An existing file with nothing but a comment in it means /etc/nvme/hostnqn "
                "and /etc/nvme/hostid";
  if (seen.flaw.empty() && !seen.unended.empty() && *seen.host != *in_force) seen.flaw = seen.unended;
  if (!seen.flaw.empty()) return {in_force, seen.flaw + "; the previous host identity stays in force", {}};
  if (seen.key_missing) seen.host->key = in_force->key;
  return {std::make_shared<const HostIdentity>(*std::move(seen.host)), {}, std::move(seen.complaints)};
}

HostFile::Outlook HostFile::foresee(const Seen& seen, const Host& in_force) const {
  return judge(*seen, existed_ || seen->other, in_force);
}

std::function<HostFile::Seen()> HostFile::reader() const {
  return [path = path_, readers = readers_] {
    return std::make_shared<const Look>(look(path, read_regular(path, kMaxConfigBytes), readers));
  };
}

std::function<HostFile::Seen()> HostFile::reader(std::string path, std::string text) const {
  return [path = std::move(path), kept = std::make_shared<const Secret>(std::move(text)), readers = readers_] {
    auto seen = look(path, RegularFile{kept->reveal(), kPrivateMode, 0}, readers);
    seen.other = true;
    return std::make_shared<const Look>(std::move(seen));
  };
}

HostFile::Host HostFile::at_reload(const Seen& seen, const Host& in_force) {
  const bool existed = existed_;
  existed_ |= !seen->missing;
  const Outlook outlook = judge(*seen, existed, in_force);
  if (!outlook.flaw.empty()) journal_.error(outlook.flaw);
  log_complaints(outlook.complaints, journal_);
  return outlook.host;
}

}  // namespace stas
