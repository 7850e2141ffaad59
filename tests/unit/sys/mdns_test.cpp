// SPDX-License-Identifier: Apache-2.0
//
// Without a bus; tests/bus/mdns_test.sh has the real daemon.
#include "libstas/sys/mdns/mdns.h"

#include <cstdlib>
#include <optional>

#include <gtest/gtest.h>

#include "tests/unit/sys/loop_helper.h"
#include "tests/unit/sys/temporary_directory.h"

namespace stas {
namespace {

using test::run_until;

class MdnsTest : public testing::Test {
 protected:
  MdnsTest() {
    if (const char* value = std::getenv("DBUS_SYSTEM_BUS_ADDRESS")) before_ = value;
    setenv("DBUS_SYSTEM_BUS_ADDRESS", ("unix:path=" + (dir_ / "no-bus")).c_str(), 1);
    timing_.retry = {std::chrono::milliseconds(1), std::chrono::milliseconds(1), 0};
  }
  ~MdnsTest() override {
    if (before_) {
      setenv("DBUS_SYSTEM_BUS_ADDRESS", before_->c_str(), 1);
    } else {
      unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
    }
  }

  test::TemporaryDirectory dir_;
  std::optional<std::string> before_;
  MdnsTiming timing_;
  Loop loop_;
  int views_ = 0;
  MdnsChanged last_;
  std::vector<std::string> warnings_;
  int attempts_ = 0;

  Mdns::Sink sink() {
    return [this](const MdnsChanged& changed) {
      ++views_;
      last_ = changed;
    };
  }
  Mdns::Report report() {
    return [this](Level level, const std::string& text) {
      if (level == Level::debug) ++attempts_;
      if (level == Level::warning) warnings_.push_back(text);
    };
  }
};

TEST_F(MdnsTest, AnAbsentBusIsReportedOnceAndTriedAgain) {
  Mdns mdns(loop_, sink(), report(), timing_);
  mdns.enable(true);
  ASSERT_TRUE(run_until(loop_, [&] { return attempts_ >= 3 && views_ > 0; }));
  EXPECT_FALSE(last_.available);
  EXPECT_TRUE(last_.services.empty());
  EXPECT_NE(mdns.wake_up_at(), kNever);
  EXPECT_EQ(warnings_, std::vector<std::string>{"avahi-daemon not available, operating w/o mDNS discovery."});
}

TEST_F(MdnsTest, DisabledItTriesNothing) {
  Mdns mdns(loop_, sink(), report(), timing_);
  mdns.enable(true);
  ASSERT_TRUE(run_until(loop_, [&] { return attempts_ >= 1; }));
  mdns.enable(false);
  ASSERT_TRUE(run_until(loop_, [&] { return views_ > 0 && mdns.wake_up_at() == kNever; }));
  const int attempts = attempts_;
  loop_.run_once(std::chrono::milliseconds(20));
  EXPECT_EQ(attempts_, attempts);
}

TEST_F(MdnsTest, ItEndsWithoutACall) {
  for (int i = 0; i < 20; ++i) {
    Mdns mdns(
        loop_, [](const MdnsChanged&) { ADD_FAILURE() << "called"; },
        [](Level, const std::string&) { ADD_FAILURE() << "called"; }, timing_);
    mdns.enable(true);
  }
  loop_.run_once(Duration::zero());
}

}  // namespace
}  // namespace stas
