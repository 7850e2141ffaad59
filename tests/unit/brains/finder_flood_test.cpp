// SPDX-License-Identifier: Apache-2.0
//
// The table of stafd has an end, and each source its share of it: what a page may refer to, and who makes room for
// what is configured. Floods of announcements: finder_connections_test.cpp.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "stafd/finder.h"
#include "tests/unit/brains/notation.h"

namespace stas::story {
namespace {

std::string address(int network, std::size_t number) {
  return "10." + std::to_string(network) + "." + std::to_string(number / 250) + "." + std::to_string(number % 250 + 1);
}

// A finder that knows of no device, and a network in which nobody answers unless the test does.
class FinderFlood : public testing::Test {
 protected:
  FinderFlood() {
    host_->nqn = kHostNqn;
    finder_.restore({});
    configure(0);
    finder_.handle(DevicesScanned{}, now_);
    announce(0);
  }

  // So many lines, the first of which is 10.0.0.1.
  void configure(std::size_t lines) {
    auto config = std::make_shared<StafdConfig>();
    config->pleo = false;
    for (std::size_t i = 0; i < lines; ++i) {
      config->controllers.emplace_back();
      config->controllers.back().traddr = address(0, i);
    }
    finder_.handle(StafdConfigured{config, host_}, now_);
  }
  void announce(std::size_t services, std::size_t first = 0) {
    MdnsChanged view{true, {}};
    for (std::size_t i = first; i < first + services; ++i) {
      MdnsService service;
      service.resolved = true;
      service.transport = Transport::tcp;
      service.traddr = address(1, i);
      service.trsvcid = "8009";
      view.services.push_back(service);
    }
    finder_.handle(view, now_);
  }
  void refer(std::size_t referrals) {
    page_.entries.clear();
    ++page_.genctr;
    for (std::size_t i = 0; i < referrals; ++i)
      page_.entries.push_back(entry_of("referral=" + address(2, i), tid_of("10.0.0.1")));
  }

  // Until nothing is ordered any more; what was said meanwhile.
  void run() {
    for (bool busy = true; busy;) {
      busy = false;
      for (const auto& action : finder_.advance(now_)) {
        if (const auto* report = std::get_if<Report>(&action)) {
          if (report->topic == Topic::limit_reached || report->topic == Topic::dc_lost) said_.push_back(*report);
        } else if (const auto* connect = std::get_if<Connect>(&action)) {
          if (silent_ && connect->tid.traddr() != "10.0.0.1") continue;
          finder_.handle(OpDone{connect->op, answer(*connect)}, now_);
          busy = true;
        } else if (const auto* page = std::get_if<FetchLogPage>(&action)) {
          finder_.handle(OpDone{page->op, page_}, now_);
          busy = true;
        }
      }
    }
  }

  OpResult answer(const Connect& connect) const {
    if (connect.tid.traddr() != "10.0.0.1") return Error{ErrorKind::unreachable, 113, "nobody there"};
    Device device;
    device.ref = {"nvme0", 1};
    device.transport = "tcp";
    device.traddr = connect.tid.traddr();
    device.trsvcid = connect.tid.trsvcid();
    device.subsysnqn = connect.tid.subsysnqn();
    device.hostnqn = kHostNqn;
    device.cntrltype = "discovery";
    device.dctype = "none";
    device.state = "live";
    return Connected{device};
  }

  std::size_t known(int network, bool present_only = false) const {
    const std::string prefix = "10." + std::to_string(network) + ".";
    return static_cast<std::size_t>(std::ranges::count_if(finder_.controllers(), [&](const Dc& dc) {
      return dc.tid.traddr().starts_with(prefix) && (!present_only || dc.announced.present());
    }));
  }
  std::size_t said(Level level, const std::string& text) const {
    return static_cast<std::size_t>(std::ranges::count_if(said_, [&](const Report& report) {
      return report.level == level && report.text.find(text) != std::string::npos;
    }));
  }

  Instant now_{std::chrono::hours(1)};
  std::shared_ptr<HostIdentity> host_ = std::make_shared<HostIdentity>();
  Finder finder_;
  LogPage page_;
  std::vector<Report> said_;
  bool silent_ = false;  // 10.0.0.1 alone answers; else what is about others fails at once
};

TEST_F(FinderFlood, APageFillsNoMoreThanTheShareOfReferrals) {
  silent_ = true;
  refer(kMaxReferred + 100);
  configure(1);
  run();
  EXPECT_EQ(known(2), kMaxReferred);
  EXPECT_EQ(said(Level::error, "more of origin \"referral\" are ignored"), 1U);

  refer(kMaxReferred + 200);
  finder_.handle(AenReceived{{"nvme0", 1}, 0x70f002}, now_ += std::chrono::minutes(1));
  run();
  EXPECT_EQ(known(2), kMaxReferred);
  EXPECT_EQ(said(Level::error, "are ignored"), 1U) << "told once";

  announce(1);
  configure(2);
  run();
  EXPECT_EQ(known(0), 2U) << "there is room for what is configured";
  EXPECT_EQ(known(1), 1U) << "and for what is announced";
  EXPECT_EQ(known(2), kMaxReferred);
}

TEST_F(FinderFlood, TheLostMakeRoomForWhatIsConfigured) {
  announce(kMaxAnnounced);
  configure(kMaxDcs - kMaxAnnounced);
  run();
  ASSERT_EQ(finder_.controllers().size(), kMaxDcs);
  EXPECT_TRUE(finder_.is_settled());

  configure(kMaxDcs - kMaxAnnounced + 2);
  run();
  EXPECT_EQ(known(0), kMaxDcs - kMaxAnnounced) << "what is there is not lost, and keeps its place";
  EXPECT_EQ(said(Level::error, "more of origin \"configured\" are ignored"), 1U);
  EXPECT_FALSE(finder_.is_settled()) << "nobody may take what is configured and not known for removed";

  announce(kMaxAnnounced - 10);
  run();
  EXPECT_EQ(known(0), kMaxDcs - kMaxAnnounced + 2);
  EXPECT_EQ(known(1, true), kMaxAnnounced - 10) << "all that are announced are there";
  EXPECT_EQ(known(1), kMaxAnnounced - 2);
  EXPECT_EQ(finder_.controllers().size(), kMaxDcs);
  EXPECT_EQ(said(Level::info, "Given up: it is lost, and others need its place"), 2U);
  EXPECT_TRUE(finder_.is_settled());
}

TEST_F(FinderFlood, TheLostMakeRoomForWhatIsAnnounced) {
  announce(kMaxAnnounced);
  run();
  ASSERT_EQ(known(1), kMaxAnnounced);
  announce(kMaxAnnounced, 10);
  run();
  EXPECT_EQ(known(1), kMaxAnnounced);
  EXPECT_EQ(known(1, true), kMaxAnnounced) << "each newcomer has the place of a lost one";
  EXPECT_EQ(said(Level::info, "Given up: it is lost, and others need its place"), 10U);
  EXPECT_EQ(said(Level::error, "are ignored"), 0U);
}

}  // namespace
}  // namespace stas::story
