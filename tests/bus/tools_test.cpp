// SPDX-License-Identifier: Apache-2.0
//
// stafctl and stacctl as programs, against daemons with nothing behind them: what they print is what 2.4.1 printed.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libstas/core/base/pprint.h"
#include "tests/bus/fake_daemon.h"
#include "tests/bus/private_bus.h"

namespace stas::test {
namespace {

std::string data(const std::string& name) {
  std::ostringstream text;
  text << std::ifstream(std::string(std::getenv("STAS_TEST_DATA")) + "/ctl/" + name).rdbuf();
  return text.str();
}

struct Output {
  std::string text;  // both streams
  int exit_code = -1;
};

Output run(const std::string& tool, const std::string& args, const std::string& prefix = {}) {
  const auto variable = tool == "stafctl" ? "STAFCTL" : "STACCTL";
  Output output;
  FILE* pipe = popen((prefix + "'" + std::getenv(variable) + "' " + args + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return output;
  char buffer[4096];
  for (std::size_t n = 0; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) output.text.append(buffer, n);
  const int status = pclose(pipe);
  output.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return output;
}

// What 2.4.1 printed, and why.
std::string not_running(const std::string& daemon) {
  return "Unable to communicate with " + daemon + " over D-Bus. Is " + daemon + " running?\n" + daemon +
         " does not run: start it with \"systemctl start " + daemon + "\"; \"journalctl -u " + daemon +
         "\" tells why it ended\n";
}

class ToolsTest : public ::testing::Test {
 protected:
  PrivateBus bus_;
  FakeDaemon staf_{FakeDaemon::Kind::staf, Json::parse(data("staf.json")).value()};
  FakeDaemon stac_{FakeDaemon::Kind::stac, Json::parse(data("stac.json")).value()};
};

TEST_F(ToolsTest, PrintWhatTheOldToolsPrinted) {
  const struct {
    const char* tool;
    const char* args;
    const char* expected;
  } rows[] = {
      {"stafctl", "ls", "stafctl-ls.txt"},
      {"stafctl", "ls -d", "stafctl-ls-detailed.txt"},
      {"stafctl", "ls --det", "stafctl-ls-detailed.txt"},
      {"stafctl", "status", "stafctl-status.txt"},
      {"stafctl", "dlp -t tcp -a 10.0.0.2 -s 8009", "stafctl-dlp.txt"},
      {"stafctl", "dlp --traddr=10.0.0.2 --trsvcid 8009", "stafctl-dlp.txt"},
      {"stafctl", "adlp", "stafctl-adlp.txt"},
      {"stafctl", "adlp --detailed", "stafctl-adlp-detailed.txt"},
      {"stafctl", "--output=pprint ls", "stafctl-ls.txt"},
      {"stacctl", "ls", "stacctl-ls.txt"},
      {"stacctl", "ls -d", "stacctl-ls-detailed.txt"},
      {"stacctl", "status", "stacctl-status.txt"},
  };
  for (const auto& row : rows) {
    const auto output = run(row.tool, row.args);
    EXPECT_EQ(output.exit_code, 0) << row.tool << " " << row.args;
    EXPECT_EQ(output.text, data(row.expected)) << row.tool << " " << row.args;
  }
}

TEST_F(ToolsTest, UnknownControllerIsAnEmptyList) {
  const auto output = run("stafctl", "dlp -a 10.0.0.2 -s 8009 -f h0");
  EXPECT_EQ(output.text, "[]\n");
  EXPECT_EQ(output.exit_code, 0);
}

TEST_F(ToolsTest, TraceIsSwitchedAndReadBack) {
  EXPECT_EQ(run("stafctl", "tron").text, "tron = True\n");
  EXPECT_TRUE(staf_.tron());
  EXPECT_EQ(run("stafctl", "troff").text, "tron = False\n");
  EXPECT_FALSE(staf_.tron());
  EXPECT_EQ(run("stacctl", "tron").text, "tron = True\n");
  EXPECT_EQ(run("stacctl", "troff --output json").text, "{\n  \"tron\": false\n}\n");
}

TEST_F(ToolsTest, JsonSaysTheSameAsPprint) {
  for (const std::string args : {"ls", "ls -d", "status", "adlp", "dlp -a 10.0.0.2 -s 8009"}) {
    const auto output = run("stafctl", args + " --output json");
    const auto parsed = Json::parse(output.text);
    ASSERT_TRUE(parsed) << args << ": " << output.text;
    EXPECT_EQ(python_pprint(*parsed) + "\n", run("stafctl", args).text);
  }
}

TEST_F(ToolsTest, TableHasOneLineForEachController) {
  EXPECT_EQ(run("stafctl", "--output table ls").text,
            "device  transport  traddr     trsvcid  subsysnqn                             host-nqn\n"
            "nvme?   tcp        10.0.0.77  8009     nqn.2014-08.org.nvmexpress.discovery  "
            "nqn.2014-08.org.nvmexpress:uuid:2cd2c43b-a90a-45c1-a8cd-86b33ab273b5\n"
            "nvme0   tcp        10.0.0.2   8009     nqn.2014-08.org.nvmexpress.discovery  "
            "nqn.2014-08.org.nvmexpress:uuid:2cd2c43b-a90a-45c1-a8cd-86b33ab273b5\n");
}

TEST_F(ToolsTest, ReadingIsForEverybodyAndTracingForRoot) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to become somebody else";
  const std::string nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups ";
  if (run("stafctl", "--version", nobody).exit_code != 0) GTEST_SKIP() << "others cannot reach the build directory";
  EXPECT_EQ(run("stafctl", "ls", nobody).text, data("stafctl-ls.txt"));
  const auto output = run("stafctl", "tron", nobody);
  EXPECT_EQ(output.text.rfind("Unable to communicate with stafd over D-Bus. Is stafd running?\n", 0), 0U);
  EXPECT_NE(output.text.find("; try it as root\n"), std::string::npos) << output.text;
  EXPECT_EQ(output.exit_code, 1);
  EXPECT_FALSE(staf_.tron());
}

TEST(ToolsWithoutDaemon, SaySoAndExitWithOne) {
  const PrivateBus bus;
  for (const auto* args : {"status", "ls", "ls -d", "adlp", "tron", "troff", "dlp -t tcp -a 10.0.0.2 -s 8009"}) {
    const auto output = run("stafctl", args);
    EXPECT_EQ(output.text, not_running("stafd")) << args;
    EXPECT_EQ(output.exit_code, 1) << args;
  }
  EXPECT_EQ(run("stacctl", "ls").text, not_running("stacd"));
  EXPECT_EQ(run("stacctl", "explain nvme0").text, not_running("stacd"));
}

TEST(ToolsWithoutBus, SayTheSameAndThatThereIsNoBus) {
  setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/stas-bus", 1);
  const auto output = run("stacctl", "status");
  EXPECT_EQ(
      output.text.rfind(
          "Unable to communicate with stacd over D-Bus. Is stacd running?\ncannot connect to the system bus: ", 0),
      0U)
      << output.text;
  EXPECT_NE(output.text.find("; is D-Bus running (systemctl status dbus)?\n"), std::string::npos);
  EXPECT_EQ(run("stacctl", "health").text, output.text);
  EXPECT_EQ(output.exit_code, 1);
}

// Prints numbers for the reader; only a gross failure fails.
TEST(ToolsSpeed, ListAndLargeLogPageAreFast) {
  const PrivateBus bus;
  auto document = Json::parse(data("staf.json")).value();
  const auto entry = document.find("controllers")->as_array()->back().find("log-pages")->as_array()->back();
  Json::Array controllers = *document.find("controllers")->as_array();
  Json::Array pages;
  for (int i = 0; i < 1024; ++i) {
    pages.push_back(entry);
    pages.back().set("subnqn", "nqn.2026-01.lab:subsystem-number-" + std::to_string(i));
  }
  controllers.back().set("log-pages", std::move(pages));
  document.set("controllers", std::move(controllers));
  const FakeDaemon staf(FakeDaemon::Kind::staf, document);
  for (const std::string args : {"ls", "dlp -a 10.0.0.2 -s 8009", "adlp"}) {
    auto best = std::chrono::microseconds::max();
    std::size_t bytes = 0;
    for (int i = 0; i < 10; ++i) {
      const auto start = std::chrono::steady_clock::now();
      bytes = run("stafctl", args).text.size();
      const auto took = std::chrono::steady_clock::now() - start;
      best = std::min(best, std::chrono::duration_cast<std::chrono::microseconds>(took));
    }
    std::printf("stafctl %s: %.1f ms with the shell around it, %zu bytes\n", args.c_str(),
                static_cast<double>(best.count()) / 1000, bytes);
    EXPECT_LT(best, std::chrono::seconds(2));
  }
}

}  // namespace
}  // namespace stas::test
