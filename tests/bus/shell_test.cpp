// SPDX-License-Identifier: Apache-2.0
//
// The shell of the daemons around a brain that only takes notes: what it hears, when it is asked, and what the service
// manager is told meanwhile.
#include "libstas/sys/daemon/shell.h"

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "libstas/sys/os/files.h"
#include "tests/bus/private_bus.h"
#include "tests/unit/sys/temporary_directory.h"

namespace stas::test {
namespace {

const std::string kId = "01234567-0123-0123-0123-0123456789ab";

std::string sys_conf(const std::string& nqn) { return "[Host]\nnqn=" + nqn + "\nid=" + kId + "\nkey=\n"; }
std::string stacd_conf(const std::string& name) {
  return "[Controllers]\ncontroller=transport=tcp;traddr=10.0.0.1;nqn=" + name + "\n";
}

// The service manager's socket.
class Manager {
 public:
  explicit Manager(const std::string& path) : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  ~Manager() {
    unsetenv("NOTIFY_SOCKET");
    close(fd_);
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  // What came since the last question, first words only; what is for people (STATUS=) is left out.
  std::string told() const {
    std::string all;
    std::array<char, 256> buffer{};
    for (ssize_t n = 0; (n = recv(fd_, buffer.data(), buffer.size(), 0)) > 0;) {
      const std::string_view text(buffer.data(), static_cast<std::size_t>(n));
      const auto word = text.substr(0, text.find('='));
      if (word != "STATUS") all += std::string(word) + " ";
    }
    return all;
  }

 private:
  int fd_;
};

// Has the members that both brains have.
class NotingBrain {
 public:
  explicit NotingBrain(const Manager& manager) : manager_(manager) {}

  void restore(const KnownStacd& known) { notes += known.host ? "restore " + known.host->nqn + "\n" : ""; }
  KnownStacd last_known() const { return {}; }
  void handle(const Event& event, Instant) {
    if (const auto* configured = std::get_if<StacdConfigured>(&event)) {
      config_ = configured->config;
      notes += "configured " + (config_->controllers.empty() ? "-" : config_->controllers[0].subsysnqn) + " as " +
               configured->host->nqn + "\n";
    } else if (std::holds_alternative<Stop>(event)) {
      notes += "stop\n";
      stopping_ = true;
    }
  }
  Actions advance(Instant) {
    notes += "run, the manager knows: " + manager_.told() + "\n";
    return std::exchange(orders, {});
  }
  Instant deadline() const { return kNever; }
  bool stopped() const { return stopping_; }
  const StacdConfig* config() const { return config_.get(); }

  std::string notes;
  Actions orders;

 private:
  const Manager& manager_;
  std::shared_ptr<const StacdConfig> config_;
  bool stopping_ = false;
};

class ShellTest : public testing::Test {
 protected:
  ShellTest() {
    pthread_sigmask(SIG_SETMASK, nullptr, &mask_);
    setenv("RUNTIME_DIRECTORY", dir_.path().c_str(), 1);
    put("sys.conf", sys_conf("nqn.host"));
    put("stacd.conf", stacd_conf("nqn.a"));
  }
  ~ShellTest() override {
    shell_.reset();
    unsetenv("RUNTIME_DIRECTORY");
    pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  }

  void put(const std::string& name, const std::string& text) const {
    ASSERT_TRUE(write_file_atomic(dir_ / name, text));
  }
  bool start() {
    DaemonOptions options;
    options.program = "stacd";
    options.conf_file = dir_ / "stacd.conf";
    options.sys_conf = dir_ / "sys.conf";
    options.fabric = FabricKind::user;
    shell_ = std::make_unique<Shell>(
        loop_, options, ControllerKind::io,
        port_of<StacdConfigured>(brain_, parse_known_stacd,
                                 ConfParser<StacdConfig>{parse_stacd_conf, unread_stacd_conf}),
        ShellHooks{[this](Bus& bus, Published done) { name_ = bus.request_name("org.example.shell", std::move(done)); },
                   [this] { brain_.notes += "hook\n"; }, [this](const Action&) { brain_.notes += "order\n"; },
                   [this] { brain_.notes += "stopping\n"; }});
    return shell_->start().has_value();
  }
  // And up to its first run, which is what the tests begin with.
  bool start_all() {
    if (!start()) return false;
    while (brain_.notes.find("run, ") == std::string::npos) loop_.run_once(std::chrono::seconds(1));
    return true;
  }
  // Up to the next run, which is to come, and on until nothing has happened for a moment.
  std::string notes_of_run() {
    for (int i = 0; i < 1000 && brain_.notes.find("run, ") == std::string::npos; ++i)
      loop_.run_once(std::chrono::milliseconds(20));
    return notes();
  }
  // Runs until nothing has happened for a moment; what the brain noted meanwhile.
  std::string notes() {
    constexpr Duration kQuiet = std::chrono::milliseconds(60);
    for (Instant since = loop_.now(); loop_.now() - since < kQuiet;) {
      const auto before = brain_.notes.size();
      loop_.run_once(std::chrono::milliseconds(20));
      if (brain_.notes.size() != before) since = loop_.now();
    }
    return std::exchange(brain_.notes, {});
  }

  PrivateBus bus_;
  TemporaryDirectory dir_;
  sigset_t mask_{};
  Manager manager_{dir_ / "notify"};
  Loop loop_;
  NotingBrain brain_{manager_};
  BusHandle name_;
  std::unique_ptr<Shell> shell_;
};

TEST_F(ShellTest, ReadyFollowsTheRunThatAppliesTheConfiguration) {
  ASSERT_TRUE(start_all());
  const std::string said = notes() + manager_.told();
  EXPECT_EQ(said.rfind("configured nqn.a as nqn.host\nhook\nrun, the manager knows: \n", 0), 0U) << said;
  EXPECT_NE(said.find("READY "), std::string::npos);
  put("stacd.conf", stacd_conf("nqn.b"));
  raise(SIGHUP);
  EXPECT_EQ(notes_of_run(), "configured nqn.b as nqn.host\nhook\nrun, the manager knows: RELOADING \n");
  std::string told = manager_.told();
  for (int i = 0; i < 1000 && told.empty(); ++i) {
    loop_.run_once(std::chrono::milliseconds(20));
    told = manager_.told();
  }
  EXPECT_EQ(told, "READY ");
}

TEST_F(ShellTest, AReloadIsOneEventWithWhatOfBothFilesCanBeUsed) {
  ASSERT_TRUE(start_all());
  notes();
  const struct {
    const char* sys_conf;
    const char* stacd_conf;
    const char* heard;
  } rows[] = {
      {"nqn.other", "nqn.b", "configured nqn.b as nqn.other\nhook\n"},
      {nullptr, "nqn.c", "configured nqn.c as nqn.other\nhook\n"},
      {"nqn.third", nullptr, "configured nqn.c as nqn.third\nhook\n"},
      {nullptr, nullptr, "configured nqn.c as nqn.third\nhook\n"},
  };
  for (const auto& row : rows) {
    put("sys.conf", row.sys_conf != nullptr ? sys_conf(row.sys_conf) : "[Host\n");
    put("stacd.conf", row.stacd_conf != nullptr ? stacd_conf(row.stacd_conf) : "[Controllers\n");
    manager_.told();
    raise(SIGHUP);
    EXPECT_EQ(notes_of_run(), row.heard + std::string("run, the manager knows: RELOADING \n"));
  }
}

TEST_F(ShellTest, FilesThatAreNoneLeaveTheConfiguration) {
  ASSERT_TRUE(start_all());
  notes();
  const std::string path = dir_ / "stacd.conf";
  const std::function<void()> faults[] = {[&] { std::filesystem::remove(path); }, [&] { put("stacd.conf", ""); },
                                          [&] {
                                            std::filesystem::remove(path);
                                            std::filesystem::create_directory(path);
                                          },
                                          [&] {
                                            std::filesystem::remove(path);
                                            ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
                                          }};
  for (const auto& fault : faults) {
    fault();
    manager_.told();
    raise(SIGHUP);
    EXPECT_EQ(notes_of_run(), "configured nqn.a as nqn.host\nhook\nrun, the manager knows: RELOADING \n");
  }
}

TEST_F(ShellTest, TheHostIsSavedAndFoundAgain) {
  ASSERT_TRUE(start_all());
  const std::string path = dir_ / "last-known-config.json";
  for (int i = 0; i < 200 && !std::filesystem::exists(path); ++i) loop_.run_once(std::chrono::milliseconds(20));
  const auto read = parse_known_stacd(read_file_bounded(path, 10000).value(), path);
  EXPECT_EQ(read.known.host, (KnownHost{"nqn.host", kId}));
  shell_.reset();
  notes();
  put("sys.conf", "[Host\n");
  ASSERT_TRUE(start_all());
  EXPECT_EQ(notes().rfind("restore nqn.host\nconfigured nqn.a as nqn.host\n", 0), 0U);
}

TEST_F(ShellTest, OrdersAreCarriedOutAndFactsThatComeTogetherAreOneRun) {
  ASSERT_TRUE(start_all());
  notes();
  manager_.told();
  brain_.orders = {FetchStafPages{}, Report{Level::debug, std::nullopt, {}, "not shown"}};
  shell_->handle(StafChanged{});
  shell_->handle(StafChanged{});
  EXPECT_EQ(notes_of_run(), "run, the manager knows: \norder\n");
}

TEST_F(ShellTest, AControllerThatIsSurprisingForEverFillsNoJournal) {
  ASSERT_TRUE(start());
  notes();
  const auto tid = Tid({Transport::tcp, "10.0.0.1", "8009", "nqn.hostile", "", "", "nqn.host"});
  const auto other = Tid({Transport::tcp, "10.0.0.2", "8009", "nqn.honest", "", "", "nqn.host"});
  constexpr int kSurprises = 1000;
  testing::internal::CaptureStderr();
  for (int i = 0; i < kSurprises; ++i)
    brain_.orders.emplace_back(Report{Level::error, tid, "", "surprise " + std::to_string(i)});
  brain_.orders.emplace_back(Report{Level::info, other, "", "honest"});
  shell_->handle(StafChanged{});
  notes();
  shell_.reset();
  const std::string said = testing::internal::GetCapturedStderr();
  const auto told = static_cast<int>(LogBounds{}.per_subject);
  EXPECT_NE(said.find("surprise " + std::to_string(told - 1) + "\n"), std::string::npos) << said;
  EXPECT_EQ(said.find("surprise " + std::to_string(told)), std::string::npos) << said;
  EXPECT_NE(said.find("honest\n"), std::string::npos) << said;
  EXPECT_NE(said.find(tid.to_string() + " - " + std::to_string(kSurprises - told) + " more messages like these"),
            std::string::npos)
      << said;
}

TEST_F(ShellTest, AStopIsHeardOnceAndEndsWhenTheBrainHasStopped) {
  ASSERT_TRUE(start_all());
  notes();
  manager_.told();
  raise(SIGTERM);
  EXPECT_EQ(loop_.run(), 0);
  EXPECT_EQ(brain_.notes, "stopping\nstop\nrun, the manager knows: STOPPING \n");
  EXPECT_TRUE(std::filesystem::exists(dir_ / "last-known-config.json"));
}

TEST_F(ShellTest, ALostBusEndsTheProcessWithItsStateSaved) {
  ASSERT_TRUE(start_all());
  notes();
  std::filesystem::remove(dir_ / "last-known-config.json");
  bus_.kill();
  EXPECT_EQ(loop_.run(), 1);
  EXPECT_TRUE(std::filesystem::exists(dir_ / "last-known-config.json"));
}

TEST_F(ShellTest, ABusThatHangsKeepsNobodyFromStoppingADaemonThatStarts) {
  put("last-known-config.json", "as it was");
  bus_.hang(true);
  ASSERT_TRUE(start());
  raise(SIGHUP);
  for (int i = 0; i < 3; ++i) loop_.run_once(std::chrono::milliseconds(20));
  raise(SIGTERM);
  EXPECT_EQ(loop_.run(), 0);
  shell_.reset();
  bus_.hang(false);
  EXPECT_EQ(brain_.notes.find("run, "), std::string::npos) << brain_.notes;
  EXPECT_EQ(read_file_bounded(dir_ / "last-known-config.json", 100).value(), "as it was");
}

TEST_F(ShellTest, SecretsThatNvmeStasLeftGoWithTheFirstStart) {
  put("last-known-config.pickle", "secrets");
  ASSERT_TRUE(start());
  EXPECT_TRUE(std::filesystem::exists(dir_ / "last-known-config.pickle")) << "it may not succeed";
  while (brain_.notes.find("run, ") == std::string::npos) loop_.run_once(std::chrono::seconds(1));
  EXPECT_FALSE(std::filesystem::exists(dir_ / "last-known-config.pickle"));
}

TEST_F(ShellTest, ASecondInstanceDoesNotStart) {
  const auto first = connect_bus(loop_).value();
  ASSERT_TRUE(take_name(loop_, *first, "org.example.shell"));
  ASSERT_TRUE(start());
  EXPECT_EQ(loop_.run(), 1);
  EXPECT_EQ(brain_.notes, "configured nqn.a as nqn.host\n") << "it was never asked what to do";
}

}  // namespace
}  // namespace stas::test
