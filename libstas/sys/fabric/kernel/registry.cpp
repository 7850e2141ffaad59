// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/kernel/registry.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libstas/core/base/text.h"
#include "libstas/core/base/unicode.h"
#include "libstas/sys/os/files.h"
#include "libstas/sys/os/unique_fd.h"

namespace stas {

namespace {

constexpr mode_t kEntryMode = 0755, kAttributeMode = 0644;  // for all to read, as libnvme makes them
constexpr std::size_t kMaxSeqnumBytes = 64;
constexpr char kUnknownOwner[] = "an unknown owner";

std::string entry_path(const KernelPaths& paths, const std::string& name) { return paths.registry + "/" + name; }

std::uint64_t inode_at(const std::string& path) {
  struct stat st {};
  return ::lstat(path.c_str(), &st) == 0 ? static_cast<std::uint64_t>(st.st_ino) : 0;
}

// The directory with its files; there are no directories in an entry.
void purge(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> list(::opendir(directory.c_str()), ::closedir);
  if (list)
    while (const dirent* entry = ::readdir(list.get())) ::unlinkat(::dirfd(list.get()), entry->d_name, 0);
  ::rmdir(directory.c_str());
}

// A new directory beside the entries, which nobody takes for one. "" and errno.
std::string make_hidden(const KernelPaths& paths) {
  std::string path = paths.registry + "/.stas.XXXXXX";
  return ::mkdtemp(path.data()) == nullptr ? std::string() : path;
}

// The uevents so far: nvme-cli's udev rule removes an entry only for an event that is younger.
Result<void> fill_entry(const KernelPaths& paths, const std::string& directory) {
  if (::chmod(directory.c_str(), kEntryMode) != 0)
    return fail(ErrorKind::io, directory + ": " + std::strerror(errno), errno);
  if (const auto seqnum = read_file_bounded(paths.sys + "/kernel/uevent_seqnum", kMaxSeqnumBytes))
    if (auto written = write_file_atomic(directory + "/seqnum", std::string(trimmed(*seqnum)) + "\n", kAttributeMode);
        !written)
      return written;
  return write_file_atomic(directory + "/owner", std::string(kOwner) + "\n", kAttributeMode);
}

}  // namespace

RegistryEntry read_registry(const KernelPaths& paths, const std::string& name) {
  RegistryEntry entry;
  const std::string path = entry_path(paths, name);
  const auto unclear = [&](const std::string& why) {
    entry.owner = kUnknownOwner;
    entry.trouble = why + "; " + name + " is not disconnected as long as nobody knows whose it is";
    return entry;
  };
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return entry;
    return unclear(path + ": " + std::strerror(errno));
  }
  entry.id = static_cast<std::uint64_t>(st.st_ino);
  if (!S_ISDIR(st.st_mode)) return unclear(path + ": is no directory");
  const auto text = read_regular_file(path + "/owner", kMaxOwnerBytes);
  if (!text) {
    if (text.error().errnum == ENOENT) return entry;
    return unclear(text.error().text);
  }
  entry.owner = printable(trimmed(std::string_view(*text).substr(0, text->find('\n'))));
  return entry;
}

Result<void> claim_controller(const KernelPaths& paths, const std::string& name) {
  if (::access(paths.registry.c_str(), F_OK) != 0) return {};
  const RegistryEntry stale = read_registry(paths, name);
  std::string made = make_hidden(paths);
  auto done = made.empty() ? Result<void>(fail(ErrorKind::io, paths.registry + ": " + std::strerror(errno), errno))
                           : fill_entry(paths, made);
  if (stale.id != 0) remove_entry(paths, name, stale);  // also where ours cannot be made: it is wrong in any case
  if (done && ::rename(made.c_str(), entry_path(paths, name).c_str()) != 0)
    done = fail(ErrorKind::io, entry_path(paths, name) + ": " + std::strerror(errno), errno);
  if (!done && !made.empty()) purge(made);
  return done;
}

void remove_entry(const KernelPaths& paths, const std::string& name, const RegistryEntry& entry) {
  const std::string hidden = entry.id == 0 ? std::string() : make_hidden(paths);
  if (hidden.empty()) return;
  const std::string path = entry_path(paths, name);
  // Takes the place of the empty directory, or nothing happens. What is another one now goes back.
  if (::rename(path.c_str(), hidden.c_str()) != 0) {
    ::rmdir(hidden.c_str());
  } else if (inode_at(hidden) != entry.id) {
    ::rename(hidden.c_str(), path.c_str());
  } else {
    purge(hidden);
  }
}

std::string Owners::owner_of(const DeviceRef& device, std::string& trouble) {
  const RegistryEntry entry = read_registry(paths_, device.name);
  if (entry.id == 0) {
    seen_.erase(device.name);
    if (entry.owner.empty()) return {};
  } else {
    const auto [seen, fresh] = seen_.try_emplace(device.name, Seen{entry.id, device.incarnation});
    if (!fresh && seen->second.entry != entry.id) seen->second = {entry.id, device.incarnation};
    if (seen->second.incarnation != device.incarnation) return {};  // about an earlier bearer of the name
  }
  trouble = entry.trouble;
  return entry.owner == kOwner ? std::string() : entry.owner;
}

}  // namespace stas
