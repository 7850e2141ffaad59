// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon/boot_table.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "libstas/sys/net/interfaces.h"
#include "libstas/sys/os/files.h"

namespace stas {

namespace {

constexpr std::size_t kMaxTables = 16;  // there is one for each driver of the firmware that can boot

}  // namespace

BootTable::BootTable(const Journal& journal, const std::string& directory) {
  std::vector<std::string> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator file(directory, error), end; !error && file != end; file.increment(error))
    if (file->path().filename().string().starts_with("NBFT")) paths.push_back(file->path().string());
  if (error && error != std::errc::no_such_file_or_directory) doubt(journal, directory, error.message());
  if (paths.empty()) return;
  std::ranges::sort(paths);
  if (paths.size() > kMaxTables) {
    doubt(journal, paths[kMaxTables], "one boot table too many; " + std::to_string(kMaxTables) + " are read");
    paths.resize(kMaxTables);
  }
  std::string list;
  for (const auto& path : paths) list += (list.empty() ? "'" : ", '") + path + "'";
  journal.info("NBFT location(s): [" + list + "]");
  for (const auto& path : paths) {
    const auto bytes = read_file_bounded(path, kMaxNbftBytes);
    if (!bytes) {
      doubt(journal, path, bytes.error().text);
      continue;
    }
    auto table = parse_nbft(*bytes);
    if (!table) {
      doubt(journal, path, table.error().text);
      continue;
    }
    for (const auto& entry : table->left_out) journal.warning(path + ": left out " + entry.text);
    for (auto& one : boot_doubts(*table, path)) doubts_.push_back(std::move(one));
    tables_.push_back(*std::move(table));
  }
}

// Nothing can be read of it: it may be about every controller.
void BootTable::doubt(const Journal& journal, const std::string& path, const std::string& text) {
  ConfigDoubt whole;
  whole.file = path;
  whole.text = text;
  journal.warning(whole.to_string());
  doubts_.push_back(std::move(whole));
}

BootEntries BootTable::entries(ControllerKind kind) const {
  if (tables_.empty() && doubts_.empty()) return {};
  return {boot_lines(tables_, kind, read_interfaces().value_or(Interfaces{})),
          kind == ControllerKind::io ? doubts_ : std::vector<ConfigDoubt>{}};
}

}  // namespace stas
