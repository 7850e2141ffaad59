// SPDX-License-Identifier: Apache-2.0
//
// The ownership registry of nvme-cli 3 (compatibility contract, appendix E): a directory for each controller whose
// connection somebody owns, with a file `owner`. Its directory is on a tmpfs: nothing here waits. Where it does not
// exist nothing is made: nobody who would look at it is installed.
//
// An entry is made and removed as a whole, by renaming, as libnvme does it: whoever looks sees all of it or nothing.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "libstas/core/base/result.h"
#include "libstas/core/identity/device.h"
#include "libstas/sys/fabric/kernel/sysfs.h"

namespace stas {

inline constexpr std::size_t kMaxOwnerBytes = 256;  // names of programs are shorter

struct RegistryEntry {
  std::uint64_t id = 0;  // of the directory; 0: there is none
  std::string owner;     // "" nobody's: there is no entry, or none with an owner
  std::string trouble;   // why it cannot be told, a sentence; then `owner` is "an unknown owner"
};
RegistryEntry read_registry(const KernelPaths& paths, const std::string& name);

// The controller has just been connected by us: what stands there is about an earlier bearer of the name.
Result<void> claim_controller(const KernelPaths& paths, const std::string& name);

// Removes the entry if it still is the one that was read.
void remove_entry(const KernelPaths& paths, const std::string& name, const RegistryEntry& entry);

// Whose the controllers are that were looked at; remembers which entries are about earlier bearers of their names,
// because nobody removed them. On the loop.
class Owners {
 public:
  explicit Owners(const KernelPaths& paths) : paths_(paths) {}

  // Who else it belongs to, "" nobody. `trouble` is set where that cannot be told.
  std::string owner_of(const DeviceRef& device, std::string& trouble);

 private:
  struct Seen {
    std::uint64_t entry = 0;
    std::uint64_t incarnation = 0;  // of the controller, when the entry was seen first
  };
  const KernelPaths& paths_;
  std::map<std::string, Seen> seen_;  // no more than there are entries
};

}  // namespace stas
