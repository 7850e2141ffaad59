// SPDX-License-Identifier: Apache-2.0
#include "libstas/tools/stasadm/convert_command.h"

#include <cerrno>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include "libstas/core/base/unicode.h"
#include "libstas/core/config/ini.h"
#include "libstas/core/convert/convert.h"
#include "libstas/sys/os/files.h"

namespace stas {

namespace {

constexpr std::size_t kMaxConvertInputs = 16;  // one configuration has three files

constexpr const char* kConvertUsage =
    "usage: stasadm convert [-h] [--from KIND] [--to KIND] [--output-dir DIR]\n"
    "                       [--force]\n"
    "                       FILE [FILE ...]\n";

constexpr const char* kConvertHelp = R"(
positional arguments:
  FILE              discovery.conf or config.json of nvme-cli, or stafd.conf,
                    stacd.conf, sys.conf of nvme-stas

options:
  -h, --help        show this help message and exit
  --from KIND       What FILE is: discovery.conf, config.json, nvme-stas-1,
                    nvme-stas-2, nvme-stas-3, stas. Default: what it looks like
  --to KIND         What to write: nvme-stas-1, nvme-stas-2, nvme-stas-3, stas.
                    Default: stas
  --output-dir DIR  Write the files there, instead of to standard output
  --force           Overwrite files that are there
)";

int refuse(const std::string& text) {
  std::fprintf(stderr, "%s\n", printable(text).c_str());
  return kConvertRefused;
}

std::string target_of(const std::string& directory, const ConvertedFile& file) {
  return directory + (directory.ends_with('/') ? "" : "/") + std::string(to_text(file.file));
}

void print(const std::vector<ConvertedFile>& files) {
  for (const ConvertedFile& file : files) {
    if (files.size() > 1)
      std::printf("%s### %s\n", &file == &files.front() ? "" : "\n", std::string(to_text(file.file)).c_str());
    std::fwrite(file.text.reveal().data(), 1, file.text.reveal().size(), stdout);
  }
}

Result<void> save(const std::vector<ConvertedFile>& files, const std::string& directory, bool force) {
  const auto exists = [](const std::string& path) {
    return fail(ErrorKind::invalid_input, path + ": exists already; --force overwrites it");
  };
  for (const ConvertedFile& file : files) {
    struct stat info {};
    const std::string path = target_of(directory, file);
    if (!force && ::lstat(path.c_str(), &info) == 0) return exists(path);
  }
  for (const ConvertedFile& file : files) {
    const std::string path = target_of(directory, file);
    const auto saved = force ? write_file_atomic(path, file.text.reveal()) : create_file(path, file.text.reveal());
    if (!saved) return saved.error().errnum == EEXIST ? exists(path) : saved;
  }
  return {};
}

}  // namespace

CliCommand convert_command() {
  CliCommand command;
  command.name = "convert";
  command.usage = kConvertUsage;
  command.help = kConvertHelp;
  const std::vector<std::string> targets = {"nvme-stas-1", "nvme-stas-2", "nvme-stas-3", "stas"};
  auto sources = targets;
  sources.insert(sources.begin(), {"discovery.conf", "config.json"});
  command.options = {{0, "from", true, sources, false},
                     {0, "to", true, targets, false},
                     {0, "output-dir", true, {}, false},
                     {0, "force", false, {}, false}};
  command.arguments = {"FILE"};
  command.repeats = true;
  return command;
}

int run_convert(const CliRun& run) {
  if (run.repeated.size() > kMaxConvertInputs)
    return refuse("more than " + std::to_string(kMaxConvertInputs) + " files are no single configuration");
  std::vector<ConvertInput> inputs;
  for (const std::string& path : run.repeated) {
    auto text = read_regular_file(path, kMaxConfigBytes);
    if (!text) return refuse(text.error().text);
    inputs.push_back({path, Secret(*std::move(text))});
  }
  const auto done = convert(inputs, parse_conf_kind(run.value("from")), *parse_conf_kind(run.value("to", "stas")));
  if (!done) return refuse(done.error().text);
  const std::string directory = run.value("output-dir");
  if (directory.empty()) {
    print(done->files);
    if (std::fflush(stdout) != 0) return refuse("standard output: cannot write");
  } else if (const auto saved = save(done->files, directory, run.has("force")); !saved) {
    return refuse(saved.error().text);
  }
  for (const Complaint& complaint : done->complaints)
    std::fprintf(stderr, "%s: %s\n", complaint.severity == Severity::error ? "lost" : "warning",
                 printable(complaint.to_string()).c_str());
  if (done->files.empty()) std::fputs("There is nothing to convert\n", stderr);
  return done->complaints.empty() ? 0 : kConvertLossy;
}

}  // namespace stas
