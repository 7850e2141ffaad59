// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon/conf_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "libstas/core/base/topic.h"
#include "libstas/core/base/unicode.h"
#include "libstas/core/config/ini.h"
#include "libstas/sys/os/files.h"

namespace stas {

namespace {

constexpr char kHowToMeanIt[] =
    "An existing file with nothing but a comment in it means the defaults, without any controller";

Level level_of(Severity severity) {
  switch (severity) {
    case Severity::info:  // no mistake; whoever asks (--check, plan) is told
      return Level::debug;
    case Severity::warning:
      return Level::warning;
    case Severity::error:
      break;
  }
  return Level::error;
}

ConfText with_keys(std::string content, const KeysOfFile& keys) {
  if (content.empty()) return {{}, "the file is empty", kHowToMeanIt, {}, {}};
  return {Secret(std::move(content)), {}, {}, read_named_keys(keys), {}};
}

}  // namespace

void log_complaints(const std::vector<Complaint>& complaints, const Journal& journal) {
  for (const auto& complaint : complaints) {
    const std::string source = complaint.file + (complaint.line > 0 ? ":" + std::to_string(complaint.line) : "");
    journal.log(level_of(complaint.severity), complaint.to_string(),
                {{"MESSAGE_ID", message_id(Topic::configuration)}, {"STAS_SOURCE", source}});
  }
}

ConfText read_conf(const std::string& path) {
  auto file = read_regular(path, kMaxConfigBytes);
  if (!file) {
    const std::string prefix = path + ": ";
    std::string why = file.error().text;
    const bool missing = file.error().errnum == ENOENT;
    return {{}, why.starts_with(prefix) ? why.substr(prefix.size()) : why, missing ? kHowToMeanIt : "", {}, {}};
  }
  const KeysOfFile keys = find_keys(file->text);
  ConfText conf = with_keys(std::move(file->text), keys);
  if (keys.literal) conf.exposure = exposure(path, file->mode, file->owner);
  if (!conf.exposure.empty())
    conf.exposure =
        "there are keys in it, and " + conf.exposure + ", or keep them in files of their own (file:///PATH)";
  return conf;
}

ConfText conf_text(std::string content) {
  const KeysOfFile keys = find_keys(content);
  return with_keys(std::move(content), keys);
}

std::optional<std::string> read_checked(const std::string& path) {
  auto text = read_file_bounded(path, kMaxConfigBytes);
  if (text) return std::move(*text);
  std::fprintf(stderr, "%s\n", text.error().text.c_str());
  return std::nullopt;
}

std::string labelled(const Complaint& complaint) {
  const char* label = complaint.severity == Severity::error     ? "error"
                      : complaint.severity == Severity::warning ? "warning"
                                                                : "info";
  return std::string(label) + ": " + printable(complaint.to_string());
}

int print_check(const std::string& path, const std::vector<Complaint>& complaints) {
  for (const auto& complaint : complaints) std::printf("%s\n", labelled(complaint).c_str());
  const bool clean = std::ranges::all_of(complaints, [](const auto& one) { return one.severity == Severity::info; });
  if (clean) std::printf("%s: no complaints\n", path.c_str());
  return clean ? 0 : 1;
}

}  // namespace stas
