// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon/key_files.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

#include "libstas/core/base/unicode.h"
#include "libstas/sys/os/files.h"

namespace stas {

namespace {

NamedKey unread(std::string why) { return {{}, std::move(why), false, {}}; }

NamedKey read_key_file(const std::string& path, bool watched) {
  auto file = read_regular(path, kMaxKeyFileBytes);
  if (!file) {
    const std::string& text = file.error().text;
    const std::string prefix = path + ": ";
    return {{},
            text.starts_with(prefix) ? text.substr(prefix.size()) : text,
            file.error().kind == ErrorKind::not_found,
            {}};
  }
  NamedKey key;
  key.text = Secret(std::move(file->text));
  if (watched) key.exposure = exposure(path, file->mode, file->owner);
  return key;
}

// Its directory is for this service alone, and its modes are the service manager's business.
NamedKey read_credential(const std::string& name) {
  // Nobody changes the environment.
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");  // NOLINT(concurrency-mt-unsafe)
  const std::string advice = " (LoadCredential=" + name + ":PATH in the unit, then a restart)";
  if (directory == nullptr || *directory == '\0')
    return unread("the service manager gave no credentials to this process" + advice);
  NamedKey key = read_key_file(std::string(directory) + "/" + name, false);
  if (key.absent) key.why = "the service manager gave no such credential to this process" + advice;
  return key;
}

}  // namespace

NamedKey read_named_key(const std::string& value) {
  if (const std::string path = path_of_key(value); !path.empty()) return read_key_file(path, true);
  if (const std::string name = credential_of_key(value); !name.empty()) return read_credential(name);
  return unread("it names nothing that can be read");
}

NamedKeys read_named_keys(const KeysOfFile& keys) {
  NamedKeys read;
  for (const std::string& value : keys.named) read.emplace(value, read_named_key(value));
  return read;
}

std::string exposure(const std::string& path, mode_t mode, uid_t owner) {
  const std::string name = printable(path);
  if (owner != 0 && owner != geteuid())
    return "the file belongs to user " + std::to_string(owner) + ", who may read it - `chown root: " + name + "`";
  if ((mode & (S_IRWXG | S_IRWXO)) == 0) return {};
  std::array<char, 8> octal{};
  std::snprintf(octal.data(), octal.size(), "%04o", static_cast<unsigned>(mode) & 07777U);
  return "others than its owner may read or change the file (mode " + std::string(octal.data()) + ") - `chmod 600 " +
         name + "`";
}

}  // namespace stas
