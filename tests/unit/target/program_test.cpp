// SPDX-License-Identifier: Apache-2.0
//
// stas-target as a process: what it prints, how it ends. The program is named by STAS_TARGET (the build sets it).
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/unit/target/tcp_host.h"

namespace stas::target::testing {
namespace {

namespace fs = std::filesystem;

class Program {
 public:
  explicit Program(const std::string& config)
      : folder_(fs::temp_directory_path() / ("stas-target-" + std::to_string(::getpid()))) {
    fs::create_directory(folder_);
    std::ofstream(folder_ / "config") << config;
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    output_ = UniqueFd(ends[0]);
    const UniqueFd input(ends[1]);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, input.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, input.get(), STDERR_FILENO);
    const std::string program = std::getenv("STAS_TARGET");
    const std::string config_path = folder_ / "config";
    const std::string socket_path = socket();
    std::array<const char*, 6> arguments{program.c_str(), "--config",          config_path.c_str(),
                                         "--rpc",         socket_path.c_str(), nullptr};
    EXPECT_EQ(::posix_spawn(&pid_, program.c_str(), &actions, nullptr, const_cast<char**>(arguments.data()), environ),
              0);
    ::posix_spawn_file_actions_destroy(&actions);
  }

  ~Program() {
    if (pid_ > 0) end(SIGKILL);
    fs::remove_all(folder_);
  }

  /// One line of output; empty at its end.
  std::string line() {
    std::string text;
    for (char c = 0; ::read(output_.get(), &c, 1) == 1 && c != '\n';) text.push_back(c);
    return text;
  }

  int end(int signal) {
    int status = 0;
    if (signal != 0) ::kill(pid_, signal);
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  [[nodiscard]] std::string socket() const { return folder_ / "socket"; }

 private:
  fs::path folder_;
  UniqueFd output_;
  pid_t pid_ = 0;
};

class ProgramTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv("STAS_TARGET") == nullptr) GTEST_SKIP() << "STAS_TARGET names no program";
  }
};

TEST_F(ProgramTest, SaysItsPortsAndEndsCleanlyOnSigterm) {
  Program program(R"({"listeners": [{"traddr": "127.0.0.1"}, {"transport": "loop"}]})");
  const std::string listener = program.line();
  const std::string before = R"({"listener":{"id":1,"transport":"tcp","traddr":"127.0.0.1","trsvcid":")";
  ASSERT_EQ(listener.substr(0, before.size()), before);
  const std::string port = listener.substr(before.size(), listener.find('"', before.size()) - before.size());
  EXPECT_EQ(program.line(), R"({"listener":{"id":2,"transport":"loop","discovery":true}})");
  EXPECT_EQ(program.line(), R"({"ready": true})");
  TcpHost host(port);
  ASSERT_TRUE(host.initialize());
  EXPECT_TRUE(host.bring_up({}));
  EXPECT_TRUE(fs::is_socket(program.socket()));
  EXPECT_EQ(program.end(SIGTERM), 0);
  EXPECT_TRUE(host.wait_closed());
  EXPECT_FALSE(fs::exists(program.socket()));
}

TEST_F(ProgramTest, BadConfigurationIsOneLineAndStatusOne) {
  Program program(R"({"listeners": [{"traddr": "127.0.0.1", "colour": "red"}]})");
  const std::string complaint = program.line();
  EXPECT_NE(complaint.find("$.listeners[0].colour: is unknown"), std::string::npos) << complaint;
  EXPECT_EQ(program.line(), "");
  EXPECT_EQ(program.end(0), 1);
}

}  // namespace
}  // namespace stas::target::testing
