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

std::vector<std::string> tables_in(const std::string& directory) {
  std::vector<std::string> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator file(directory, error), end; !error && file != end; file.increment(error))
    if (file->path().filename().string().starts_with("NBFT")) paths.push_back(file->path().string());
  std::ranges::sort(paths);
  if (paths.size() > kMaxTables) paths.resize(kMaxTables);
  return paths;
}

}  // namespace

BootTable::BootTable(const Journal& journal, const std::string& directory) {
  const auto paths = tables_in(directory);
  if (paths.empty()) return;
  std::string list;
  for (const auto& path : paths) list += (list.empty() ? "'" : ", '") + path + "'";
  journal.info("NBFT location(s): [" + list + "]");
  for (const auto& path : paths) {
    const auto bytes = read_file_bounded(path, kMaxNbftBytes);
    auto table = bytes ? parse_nbft(*bytes) : Result<Nbft>(tl::unexpected(bytes.error()));
    if (!table) {
      journal.warning(bytes ? path + ": " + table.error().text : table.error().text);
      continue;
    }
    for (const auto& what : table->left_out) journal.warning(path + ": left out " + what);
    tables_.push_back(*std::move(table));
  }
}

std::vector<ControllerLine> BootTable::lines(ControllerKind kind) const {
  if (tables_.empty()) return {};
  return boot_lines(tables_, kind, read_interfaces().value_or(Interfaces{}));
}

}  // namespace stas
