// SPDX-License-Identifier: Apache-2.0
//
// stasadm(1): makes the identity of this host (host NQN, host ID, symbolic name) and writes it into sys.conf(5);
// converts configurations of others.
// Nothing is printed unless something goes wrong: then one line that names the file and the cause, exit code 1.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include "libstas/core/base/version.h"
#include "libstas/core/config/config.h"
#include "libstas/core/config/ini.h"
#include "libstas/core/identity/nqn.h"
#include "libstas/sys/os/cli.h"
#include "libstas/sys/os/files.h"
#include "libstas/tools/stasadm/convert_command.h"
#include "libstas/tools/stasadm/doctor_command.h"
#include "libstas/tools/stasadm/host_uuid.h"
#include "libstas/tools/stasadm/sys_conf_edit.h"

namespace {

using namespace stas;

constexpr const char* kDefaultConfig = "/etc/stas/sys.conf";
constexpr std::size_t kMaxIdentityBytes = 4096;
constexpr mode_t kNewFileMode = 0644;

constexpr const char* kMainUsage = R"(usage: stasadm [-h] [-v] [-c FILE]
               {hostnqn,hostid,set-symname,clear-symname,convert,doctor} ...
)";

constexpr const char* kMainHelp = R"(
Configuration utility for STAS.

options:
  -h, --help            show this help message and exit
  -v, --version         Print version, then exit
  -c, --conf-file FILE  Configuration file. Default /etc/stas/sys.conf.

Commands:
  {hostnqn,hostid,set-symname,clear-symname,convert,doctor}
    hostnqn             Configure the host NQN. The NQN is auto-generated.
    hostid              Configure the host ID. The ID is auto-generated.
    set-symname         Set the host symbolic name
    clear-symname       Clear the host symbolic name
    convert             Write what other programs' configuration means
    doctor              Look for what keeps this host from connecting

Example: stasadm hostnqn -f /etc/nvme/hostnqn
Manual: stasadm(1), sys.conf(5)
)";

CliCommand command(const std::string& name, const std::string& usage, const std::string& help) {
  CliCommand result;
  result.name = name;
  result.usage = "usage: stasadm " + name + " [-h]" + usage + "\n";
  result.help = help;
  if (name != "clear-symname") result.options = {{'f', "file", true, {}, false}};
  if (name == "set-symname") result.arguments = {"SYMNAME"};
  return result;
}

CliSpec specification() {
  CliSpec spec;
  spec.prog = "stasadm";
  spec.version = kVersionLine;
  spec.usage = kMainUsage;
  spec.help = kMainHelp;
  spec.options = {{'c', "conf-file", true, {}, false}};
  const auto help_with_file = [](const std::string& what) {
    return "\noptions:\n  -h, --help       show this help message and exit\n  -f, --file FILE  Optional file where to "
           "save the " +
           what + ".\n";
  };
  spec.commands = {
      command("hostnqn", " [-f FILE]", help_with_file("NQN")),
      command("hostid", " [-f FILE]", help_with_file("ID")),
      command("set-symname", " [-f FILE] SYMNAME",
              "\npositional arguments:\n  SYMNAME          Symbolic name\n" + help_with_file("symbolic name")),
      command("clear-symname", "", "\noptions:\n  -h, --help  show this help message and exit\n"),
      convert_command(),
      doctor_command(),
  };
  return spec;
}

// The path as it was given, not the temporary file beside it.
Result<void> write_or_explain(const std::string& path, const std::string& target, const std::string& content,
                              mode_t mode) {
  const auto written = write_file_atomic(target, content, mode);
  if (written || written.error().errnum == 0) return written;
  return fail(written.error().kind, path + ": cannot write: " + std::strerror(written.error().errnum),
              written.error().errnum);
}

// A regular file is replaced at once or not at all, keeping its mode; /dev/stdout and its like are simply written to.
Result<void> save(const std::string& path, const std::string& content) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    const auto mask = umask(0);
    umask(mask);
    return write_or_explain(path, path, content, kNewFileMode & ~mask);
  }
  if (S_ISREG(info.st_mode)) {
    std::error_code unresolved;
    const auto target = std::filesystem::canonical(path, unresolved);  // a symbolic link stays one
    return write_or_explain(path, unresolved ? path : target.string(), content, info.st_mode & 07777);
  }
  std::ofstream file(path);
  file << content << std::flush;
  if (!file) return fail(ErrorKind::io, path + ": cannot write: " + std::strerror(errno), errno);
  return {};
}

// nullopt removes the option.
Result<void> configure(const std::string& conf_file, const std::string& key, const std::optional<std::string>& value) {
  if (conf_file.empty()) return {};
  auto text = read_file_bounded(conf_file, kMaxConfigBytes);
  if (!text) {
    if (text.error().errnum != ENOENT) return tl::unexpected(text.error());
    text = std::string();
  }
  const auto edited = edit_sys_conf(*text, conf_file, key, value);
  if (!edited) return tl::unexpected(edited.error());
  return *edited ? save(conf_file, **edited) : Result<void>();
}

// Into FILE, with a reference to it in the configuration, or right into the configuration.
Result<void> store(const CliRun& run, const std::string& key, const std::string& value) {
  const auto conf_file = run.value("conf-file", kDefaultConfig);
  const auto file = run.value("file");
  if (file.empty()) return configure(conf_file, key, value);
  if (const auto saved = save(file, value + "\n"); !saved) return saved;
  // The daemons have another working directory.
  return configure(conf_file, key, "file://" + std::filesystem::absolute(file).string());
}

Result<void> execute(const CliRun& run) {
  if (run.command == "hostid") return store(run, "id", random_uuid());
  if (run.command == "clear-symname") {
    return configure(run.value("conf-file", kDefaultConfig), "symname", std::nullopt);
  }
  if (run.command == "set-symname") {
    const auto name = run.value("SYMNAME");
    for (const char c : name) {
      // A line feed would continue as configuration.
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
        return fail(ErrorKind::invalid_input, "SYMNAME: control characters are not allowed");
      }
    }
    return store(run, "symname", name);
  }
  const auto uuid =
      host_uuid([](const std::string& path) { return read_file_bounded(path, kMaxIdentityBytes); }, geteuid() == 0);
  if (!uuid) return tl::unexpected(uuid.error());
  return store(run, "nqn", std::string(kUuidNqnPrefix) + *uuid);
}

}  // namespace

int main(int argc, char** argv) {
  const auto outcome = parse_command_line(specification(), std::vector<std::string>(argv + 1, argv + argc));
  if (outcome.done) {
    std::fputs(outcome.err.c_str(), stderr);
    std::fputs(outcome.out.c_str(), stdout);
    return outcome.exit_code;
  }
  if (outcome.run.command == "convert") return run_convert(outcome.run);
  if (outcome.run.command == "doctor") return run_doctor(outcome.run);
  const auto done = execute(outcome.run);
  if (done) return 0;
  std::fprintf(stderr, "%s\n", done.error().text.c_str());
  return 1;
}
