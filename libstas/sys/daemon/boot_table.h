// SPDX-License-Identifier: Apache-2.0
//
// The boot tables of the firmware, as the kernel shows them: read once, at start, as they do not change.
#pragma once

#include <string>
#include <vector>

#include "libstas/core/brain/boot.h"
#include "libstas/sys/os/journal.h"

namespace stas {

class BootTable {
 public:
  // Reads and judges them. What is wrong with one is logged, and costs no other.
  explicit BootTable(const Journal& journal, const std::string& directory = "/sys/firmware/acpi/tables");

  // What they say, with the interfaces of now: those of its MAC addresses. On any thread.
  BootEntries entries(ControllerKind kind) const;

 private:
  void doubt(const Journal& journal, const std::string& path, const std::string& text);

  std::vector<Nbft> tables_;
  std::vector<ConfigDoubt> doubts_;
};

}  // namespace stas
