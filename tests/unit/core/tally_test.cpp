// SPDX-License-Identifier: Apache-2.0
//
// The counters of the metrics: from facts and orders to text.
#include "libstas/core/brain/tally.h"

#include <string>

#include <gtest/gtest.h>

#include "libstas/core/discovery/aen.h"

namespace stas {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class TallyTest : public ::testing::Test {
 protected:
  static Connect connect(OpId op, Reason reason = Reason::listed) {
    Connect order{op, Tid({}), ControllerKind::io, {}, {}, reason, false};
    return order;
  }
  static FetchLogPage fetch(OpId op, std::optional<std::uint64_t> genctr) {
    return {op, Tid({}), DeviceRef{"nvme0", 1}, false, genctr};
  }
  void hear(Event event) { tally_.heard(event, now_); }
  void end(OpId op, OpResult result) { hear(OpDone{op, std::move(result)}); }
  void read(OpId op, bool unchanged) {
    LogPage page;
    page.unchanged = unchanged;
    end(op, std::move(page));
  }
  bool says(const std::string& line, const char* daemon = "stafd") const {
    std::string text;
    tally_.print(daemon, text);
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
  }

  Tally tally_;
  Instant now_{seconds(100)};
};

TEST_F(TallyTest, ConnectsAndDisconnectsAreCountedWhenTheyEnd) {
  tally_.ordered({connect(1), connect(2)});
  EXPECT_TRUE(says("stacd_connects_total 0", "stacd"));
  end(1, Connected{});
  end(2, Error{ErrorKind::io, 5, "no"});
  end(99, Connected{});  // of nobody
  tally_.ordered({Disconnect{3, Tid({}), {}, Reason::excluded}, Disconnect{4, Tid({}), {}, Reason::excluded},
                  Disconnect{5, Tid({}), {}, Reason::not_listed}});
  end(3, Disconnected{});
  end(4, Error{ErrorKind::io, 5, "no"});
  end(5, Disconnected{});
  for (const char* line :
       {"stacd_connects_total 1", "stacd_connect_failures_total 1", "stacd_disconnect_failures_total 1",
        "stacd_disconnects_total{reason=\"excluded by an exclude= line\"} 1",
        "stacd_disconnects_total{reason=\"no longer listed by any discovery controller\"} 1"})
    EXPECT_TRUE(says(line, "stacd")) << line;
}

TEST_F(TallyTest, AChangeThatNoEventToldIsARepairOfThePoll) {
  tally_.ordered({fetch(1, std::nullopt)});
  read(1, false);
  hear(AenReceived{{"nvme0", 1}, kAenDiscoveryLogChanged});
  now_ += milliseconds(200);
  tally_.ordered({fetch(2, 7)});
  read(2, false);
  EXPECT_TRUE(says("stafd_poll_repairs_total 0"));
  tally_.ordered({fetch(3, 7)});
  read(3, true);
  EXPECT_TRUE(says("stafd_poll_repairs_total 0")) << "nothing was new";
  tally_.ordered({fetch(4, 7)});
  read(4, false);
  EXPECT_TRUE(says("stafd_poll_repairs_total 1"));
  hear(DeviceReconnected{{"nvme0", 1}, true});
  tally_.ordered({fetch(5, 7)});
  read(5, false);
  EXPECT_TRUE(says("stafd_poll_repairs_total 1")) << "after a reconnect it is read anyway";
  EXPECT_TRUE(says("stafd_page_reads_total 5"));
  EXPECT_TRUE(says("stafd_aens_total 1"));
  for (const char* line :
       {"stafd_aen_to_page_seconds_bucket{le=\"0.1\"} 0", "stafd_aen_to_page_seconds_bucket{le=\"0.25\"} 1",
        "stafd_aen_to_page_seconds_bucket{le=\"+Inf\"} 1", "stafd_aen_to_page_seconds_sum 0.2",
        "stafd_aen_to_page_seconds_count 1"})
    EXPECT_TRUE(says(line)) << line;
}

TEST_F(TallyTest, FromTheNoticeToTheConnectionOfWhatIsNew) {
  hear(StafChanged{});
  now_ += milliseconds(30);
  hear(StafChanged{});
  hear(StafPages{{}, {}});
  tally_.ordered({connect(1), connect(2, Reason::configured)});
  now_ += milliseconds(50);
  end(1, Connected{});
  end(2, Connected{});
  tally_.ordered({connect(3)});  // tried again later: it waited for something else
  now_ += seconds(5);
  end(3, Connected{});
  EXPECT_TRUE(says("stacd_notice_to_live_seconds_count 1", "stacd"));
  EXPECT_TRUE(says("stacd_notice_to_live_seconds_bucket{le=\"0.05\"} 0", "stacd"));
  EXPECT_TRUE(says("stacd_notice_to_live_seconds_bucket{le=\"0.1\"} 1", "stacd"));
}

TEST(MetricText, LabelsAreEscaped) { EXPECT_EQ(label_value("a\"b\\c\nd"), "a\\\"b\\\\c\\nd"); }

}  // namespace
}  // namespace stas
