// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/os/notify.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/sys/loop_helper.h"
#include "tests/unit/sys/no_descriptors.h"
#include "tests/unit/sys/temporary_directory.h"

namespace stas {
namespace {

// Plays the service manager.
class Notify : public testing::Test {
 protected:
  void SetUp() override {
    bind_to(dir_ / "notify");
    setenv("NOTIFY_SOCKET", (dir_ / "notify").c_str(), 1);
  }
  ~Notify() override {
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    if (fd_ >= 0) close(fd_);
  }
  // A path, or a zero and an abstract name.
  void bind_to(const std::string& name) {
    if (fd_ >= 0) close(fd_);
    fd_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ASSERT_GE(fd_, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    ASSERT_LT(name.size(), sizeof address.sun_path);
    std::memcpy(address.sun_path, name.data(), name.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    ASSERT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), size), 0);
  }
  void start() {
    const auto started = notifier_.start();
    ASSERT_TRUE(started) << started.error().text;
  }
  std::string received() const {
    std::array<char, 4096> buffer{};
    const ssize_t n = recv(fd_, buffer.data(), buffer.size(), 0);
    return n < 0 ? "(nothing)" : std::string(buffer.data(), static_cast<std::size_t>(n));
  }

  test::TemporaryDirectory dir_;
  int fd_ = -1;
  Loop loop_;
  Notifier notifier_{loop_};
};

TEST_F(Notify, SaysWhatTheManagerUnderstands) {
  start();
  EXPECT_TRUE(notifier_.ready());
  EXPECT_EQ(received(), "READY=1");
  EXPECT_TRUE(notifier_.stopping());
  EXPECT_EQ(received(), "STOPPING=1");
  loop_.run_once(Duration::zero());
  EXPECT_EQ(received(), "(nothing)") << "there is no watchdog";
}

TEST_F(Notify, AStatusIsToldWhenItIsAnotherOne) {
  start();
  notifier_.status("1 of 2");
  EXPECT_EQ(received(), "STATUS=1 of 2");
  notifier_.status("1 of 2");
  EXPECT_EQ(received(), "(nothing)");
  notifier_.status("2 of 2");
  EXPECT_EQ(received(), "STATUS=2 of 2");
}

TEST_F(Notify, AReloadCarriesItsTime) {
  start();
  timespec before{};
  clock_gettime(CLOCK_MONOTONIC, &before);
  EXPECT_TRUE(notifier_.reloading());
  const std::string text = received();
  const std::string head = "RELOADING=1\nMONOTONIC_USEC=";
  ASSERT_EQ(text.rfind(head, 0), 0U) << text;
  EXPECT_GE(std::stoll(text.substr(head.size())), static_cast<long long>(before.tv_sec) * 1'000'000);
}

TEST_F(Notify, AnAbstractSocketIsOneAsWell) {
  const std::string name = dir_ / "abstract";
  bind_to('\0' + name);
  setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);
  start();
  EXPECT_TRUE(notifier_.ready());
  EXPECT_EQ(received(), "READY=1");
}

TEST_F(Notify, WithoutAManagerNothingHappens) {
  unsetenv("NOTIFY_SOCKET");
  setenv("WATCHDOG_USEC", "1000", 1);
  start();
  EXPECT_TRUE(notifier_.ready());
  loop_.run_once(std::chrono::milliseconds(5));
  EXPECT_EQ(received(), "(nothing)");
}

TEST_F(Notify, WhatIsNoAddressIsAnErrorOnce) {
  for (const auto& address : {std::string("vsock:2:1"), "/" + std::string(sizeof sockaddr_un::sun_path, 'x')}) {
    setenv("NOTIFY_SOCKET", address.c_str(), 1);
    EXPECT_FALSE(notifier_.start());
    EXPECT_TRUE(notifier_.ready());
  }
}

TEST_F(Notify, AManagerThatIsGoneIsAnError) {
  start();
  close(std::exchange(fd_, -1));
  const auto told = notifier_.ready();
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().text, "the service manager was not told READY=1: Connection refused");
  EXPECT_FALSE(is_passing(told));
}

TEST_F(Notify, AManagerThatWasReplacedIsToldWithoutAnotherSocket) {
  start();
  close(std::exchange(fd_, -1));
  ASSERT_EQ(unlink((dir_ / "notify").c_str()), 0);
  bind_to(dir_ / "notify");
  EXPECT_TRUE(notifier_.ready());
  EXPECT_EQ(received(), "READY=1");
}

TEST_F(Notify, NobodyWaitsForAManagerThatDoesNotRead) {
  start();
  while (notifier_.ready()) continue;
  const auto told = notifier_.ready();
  EXPECT_EQ(told.error().errnum, EAGAIN);
  EXPECT_TRUE(is_passing(told));
  while (received() != "(nothing)") continue;
  EXPECT_TRUE(notifier_.ready());
}

// What sd_notify(3) and sd-event cannot do: each of their messages takes a descriptor.
TEST_F(Notify, NeedsNoDescriptorOnceStarted) {
  setenv("WATCHDOG_USEC", "10000", 1);
  start();
  const test::NoDescriptors none;
  int fed = 0;
  ASSERT_TRUE(test::run_until(loop_, [&] { return (fed += received() == "WATCHDOG=1") == 3; }));
  EXPECT_TRUE(notifier_.ready());
  std::string said;
  while (said != "READY=1") ASSERT_NE(said = received(), "(nothing)");
}

TEST_F(Notify, WithoutADescriptorItDoesNotStart) {
  const test::NoDescriptors none;
  EXPECT_TRUE(is_passing(notifier_.start()));
}

TEST_F(Notify, TheWatchdogIsFedAtOnce) {
  setenv("WATCHDOG_USEC", "60000000", 1);
  start();
  EXPECT_EQ(received(), "WATCHDOG=1") << "at once";
}

}  // namespace
}  // namespace stas
