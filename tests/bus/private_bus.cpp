// SPDX-License-Identifier: Apache-2.0
#include "tests/bus/private_bus.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace stas::test {

namespace {

constexpr const char* kConfig = R"(<busconfig>
  <type>system</type>
  <listen>unix:path=@DIR@/socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_type="method_return"/>
    <allow send_type="error"/>
    <allow send_type="signal"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <deny send_interface="org.freedesktop.DBus.Properties" send_member="Set"/>
  </policy>
  <policy user="@UID@">
    <allow send_interface="org.freedesktop.DBus.Properties" send_member="Set"/>
  </policy>
</busconfig>
)";

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::_Exit(1);
}

}  // namespace

PrivateBus::PrivateBus() {
  char name[] = "/tmp/stas-bus-XXXXXX";
  if (mkdtemp(name) == nullptr) give_up("mkdtemp");
  directory_ = name;
  chmod(name, 0755);  // other users connect too
  std::string config = kConfig;
  config.replace(config.find("@DIR@"), 5, directory_);
  config.replace(config.find("@UID@"), 5, std::to_string(geteuid()));
  std::ofstream(directory_ + "/bus.conf") << config;

  int fds[2];
  if (pipe(fds) != 0) give_up("pipe");
  pid_ = fork();
  if (pid_ < 0) give_up("fork");
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(fds[0]);
    const auto file = "--config-file=" + directory_ + "/bus.conf";
    const auto print = "--print-address=" + std::to_string(fds[1]);
    execlp("dbus-daemon", "dbus-daemon", file.c_str(), "--nofork", "--nosyslog", print.c_str(), nullptr);
    give_up("dbus-daemon");
  }
  close(fds[1]);
  for (char c = 0; ::read(fds[0], &c, 1) == 1 && c != '\n';) address_ += c;
  close(fds[0]);
  if (address_.empty()) give_up("dbus-daemon printed no address");
  setenv("DBUS_SYSTEM_BUS_ADDRESS", address_.c_str(), 1);
}

void PrivateBus::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void PrivateBus::hang(bool hangs) { ::kill(pid_, hangs ? SIGSTOP : SIGCONT); }

PrivateBus::~PrivateBus() {
  kill();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

Result<std::unique_ptr<Bus>> connect_bus(Loop& loop) {
  Worker worker(loop);
  std::optional<Result<std::unique_ptr<Bus>>> bus;
  Bus::connect(loop, worker, [&](Result<std::unique_ptr<Bus>> made) { bus = std::move(made); });
  while (!bus) loop.run_once(std::chrono::seconds(1));
  return *std::move(bus);
}

Result<void> take_name(Loop& loop, Bus& bus, const std::string& name) {
  std::optional<Result<void>> outcome;
  const auto handle = bus.request_name(name, [&](Result<void> told) { outcome = std::move(told); });
  while (!outcome) loop.run_once(std::chrono::seconds(1));
  return *outcome;
}

}  // namespace stas::test
