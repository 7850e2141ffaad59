// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/os/notify.h"

#include <array>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/sys/temporary_directory.h"

namespace stas {
namespace {

// Plays the service manager.
class Notify : public testing::Test {
 protected:
  void SetUp() override {
    fd_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ASSERT_GE(fd_, 0);
    const std::string path = dir_ / "notify";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    ASSERT_LT(path.size(), sizeof address.sun_path);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    ASSERT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  ~Notify() override {
    unsetenv("NOTIFY_SOCKET");
    if (fd_ >= 0) close(fd_);
  }
  std::string received() const {
    std::array<char, 4096> buffer{};
    const ssize_t n = recv(fd_, buffer.data(), buffer.size(), 0);
    return n < 0 ? "(nothing)" : std::string(buffer.data(), static_cast<std::size_t>(n));
  }

  test::TemporaryDirectory dir_;
  int fd_ = -1;
};

TEST_F(Notify, SaysWhatTheManagerUnderstands) {
  EXPECT_TRUE(notify_ready());
  EXPECT_EQ(received(), "READY=1");
  EXPECT_TRUE(notify_stopping());
  EXPECT_EQ(received(), "STOPPING=1");
}

TEST_F(Notify, AReloadCarriesItsTime) {
  timespec before{};
  clock_gettime(CLOCK_MONOTONIC, &before);
  EXPECT_TRUE(notify_reloading());
  const std::string text = received();
  const std::string head = "RELOADING=1\nMONOTONIC_USEC=";
  ASSERT_EQ(text.rfind(head, 0), 0U) << text;
  EXPECT_GE(std::stoll(text.substr(head.size())), static_cast<long long>(before.tv_sec) * 1'000'000);
}

TEST_F(Notify, WithoutAManagerNothingHappens) {
  unsetenv("NOTIFY_SOCKET");
  EXPECT_TRUE(notify_ready());
  EXPECT_EQ(received(), "(nothing)");
}

TEST_F(Notify, AManagerThatIsGoneIsAnError) {
  close(std::exchange(fd_, -1));
  const auto told = notify_ready();
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().text, "the service manager was not told READY=1: Connection refused");
}

}  // namespace
}  // namespace stas
