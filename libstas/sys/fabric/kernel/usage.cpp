// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/kernel/usage.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>

#include "libstas/core/base/text.h"
#include "libstas/core/base/unicode.h"
#include "libstas/sys/os/files.h"
#include "libstas/sys/os/unique_fd.h"

namespace stas {

namespace {

constexpr std::size_t kMaxTable = 8U << 20;  // /proc/1/mountinfo: some 40,000 mounts
constexpr std::size_t kMaxPartitions = 256;
constexpr std::size_t kMaxHolders = 256;
constexpr auto kWatch = std::chrono::seconds(1);

std::size_t digits(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::find_if_not(text, is_digit) - text.begin());
}

// The block device behind a directory of a controller: "nvme0n1" is its own, "nvme0c2n1" its path to "nvme0n1". ""
// without one.
std::string block_device_of(std::string_view name) {
  constexpr std::string_view kHead = "nvme";
  if (!name.starts_with(kHead)) return {};
  std::string_view rest = name.substr(kHead.size());
  const auto subsystem = rest.substr(0, digits(rest));
  rest.remove_prefix(subsystem.size());
  if (rest.starts_with('c')) {
    rest.remove_prefix(1);
    const std::size_t controller = digits(rest);
    if (controller == 0) return {};
    rest.remove_prefix(controller);
  }
  const bool whole = rest.starts_with('n') && rest.size() > 1 && digits(rest.substr(1)) == rest.size() - 1;
  return subsystem.empty() || !whole ? std::string() : std::string(kHead).append(subsystem).append(rest);
}

// Sorted names in a directory, at most `max` of those that are wanted; none where there is no such directory.
template <class Wanted>
Result<std::vector<std::string>> names_in(const std::string& path, std::size_t max, Wanted wanted) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entry(path, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    std::string name = wanted(entry->path().filename().string());
    if (name.empty()) continue;
    if (names.size() == max) return fail(ErrorKind::busy, path + ": more entries than are looked at");
    names.push_back(std::move(name));
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return fail(ErrorKind::io, path + ": " + error.message(), error.value());
  std::ranges::sort(names);
  return names;
}

std::string attribute(const std::string& path) {
  const auto text = read_file_bounded(path, kMaxAttribute);
  return text ? printable(trimmed(*text)) : std::string();
}

// What uses a block device or one of its partitions, in words.
class Uses {
 public:
  explicit Uses(const KernelPaths& paths) : paths_(paths) {
    mounts_ = read_file_bounded(paths.proc + "/1/mountinfo", kMaxTable).value_or(std::string());
    swaps_ = read_file_bounded(paths.proc + "/swaps", kMaxTable).value_or(std::string());
  }

  std::vector<std::string> of(const std::string& device) {
    const auto partitions = names_in(directory(device), kMaxPartitions, [&](std::string name) {
      return name.starts_with(device + "p") ? std::move(name) : std::string();
    });
    std::vector<std::string> all = partitions.value_or(std::vector<std::string>());
    all.insert(all.begin(), device);
    uses_.clear();
    for (const auto& name : all) add(name);
    return std::move(uses_);
  }

 private:
  std::string directory(const std::string& device) const { return paths_.sys + "/class/block/" + device; }

  void add(const std::string& device) {
    const auto holders = names_in(directory(device) + "/holders", kMaxHolders, [](std::string name) { return name; });
    for (const auto& holder : holders.value_or(std::vector<std::string>())) {
      const std::string name = attribute(directory(holder) + "/dm/name");
      uses_.push_back(device + " is held by " + printable(holder) + (name.empty() ? "" : " (" + name + ")"));
    }
    add_mounts(device, attribute(directory(device) + "/dev"));
    std::istringstream lines(swaps_);
    for (std::string line, path; std::getline(lines, line);)
      if (std::istringstream(line) >> path && path == "/dev/" + device) uses_.push_back(device + " is swap space");
  }

  // "36 35 98:0 / /srv rw,noatime master:1 - ext4 /dev/nvme0n1 rw". btrfs shows a number of its own.
  void add_mounts(const std::string& device, const std::string& number) {
    std::istringstream lines(mounts_);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream fields(line);
      std::string id, parent, mounted, root, where, type, source;
      fields >> id >> parent >> mounted >> root >> where;
      if (const auto dash = line.find(" - "); dash != std::string::npos)
        std::istringstream(line.substr(dash + 3)) >> type >> source;
      if ((!number.empty() && mounted == number) || source == "/dev/" + device)
        uses_.push_back(device + " is mounted on " + printable(where));
    }
  }

  const KernelPaths& paths_;
  std::string mounts_, swaps_;
  std::vector<std::string> uses_;
};

// Reads, writes and discards that ended, and what is under way.
struct Counters {
  std::array<std::uint64_t, 3> done{};
  std::uint64_t under_way = 0;
};

std::optional<Counters> read_counters(const KernelPaths& paths, const std::string& device) {
  std::istringstream text(attribute(paths.sys + "/class/block/" + device + "/stat"));
  std::vector<std::uint64_t> all;
  for (std::uint64_t value = 0; text >> value && all.size() < 32;) all.push_back(value);
  if (all.size() < 11) return std::nullopt;
  return Counters{{all[0], all[4], all.size() > 11 ? all[11] : 0}, all[8]};
}

bool is_gone(int errnum) { return errnum == ENXIO || errnum == ENODEV; }

int claim_block_device(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC));
  if (fd.get() < 0) return errno;
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) return errno;
  return S_ISBLK(status.st_mode) ? 0 : ENOTBLK;
}

std::string told(const std::vector<std::string>& uses) {
  std::string text;
  for (std::size_t i = 0; i < std::min(uses.size(), kMaxUsesNamed); ++i) text += (i == 0 ? "" : ", ") + uses[i];
  if (uses.size() > kMaxUsesNamed) text += " and " + std::to_string(uses.size() - kMaxUsesNamed) + " more";
  return text;
}

// Who claims one of the namespaces; an error where that cannot be told. `devices`: those that are gone are taken out.
Result<std::vector<std::string>> claimed(const KernelPaths& paths, std::vector<std::string>& devices,
                                         const UsageProbe& probe) {
  std::vector<std::string> uses;
  std::optional<Uses> names;
  std::optional<Error> unknown;
  for (auto& device : devices) {
    const std::string path = paths.dev + "/" + device;
    const int errnum = probe.claim(path);
    if (errnum == 0) continue;
    if (is_gone(errnum)) {
      device.clear();
      continue;
    }
    if (!names) names.emplace(paths);
    auto found = names->of(device);
    if (errnum == EBUSY && found.empty()) found.push_back(device + " is claimed by something that does not show");
    if (found.empty()) unknown = Error{ErrorKind::io, errnum, path + ": " + std::strerror(errnum)};
    uses.insert(uses.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  }
  std::erase(devices, std::string());
  if (uses.empty() && unknown) return tl::unexpected(*unknown);
  return uses;
}

}  // namespace

UsageProbe usage_probe() {
  return {claim_block_device, [] { std::this_thread::sleep_for(kWatch); }};
}

Result<Usage> read_usage(const KernelPaths& paths, const DeviceRef& ref, const UsageProbe& probe) {
  auto devices = names_in(paths.sys + "/class/nvme/" + ref.name, kMaxInspectedNamespaces, block_device_of);
  if (!devices) return tl::unexpected(devices.error());
  if (auto same = check_incarnation(paths, ref); !same) return tl::unexpected(same.error());
  auto uses = claimed(paths, *devices, probe);
  if (!uses) return tl::unexpected(uses.error());
  if (!uses->empty() || devices->empty()) return Usage{told(*uses)};
  std::vector<Counters> before;
  for (const auto& device : *devices) {
    const auto counters = read_counters(paths, device);
    if (!counters) return fail(ErrorKind::io, device + ": its I/O counters cannot be read");
    before.push_back(*counters);
  }
  probe.watch();
  for (std::size_t i = 0; i < devices->size(); ++i) {
    const auto after = read_counters(paths, (*devices)[i]);  // none: it is gone
    if (after && (after->under_way > 0 || after->done != before[i].done))
      uses->push_back((*devices)[i] + " has I/O under way");
  }
  return Usage{told(*uses)};
}

}  // namespace stas
