// SPDX-License-Identifier: Apache-2.0
//
// Commands and looks at a controller through the kernel fabric: log pages, registrations, what uses it. They go to the
// incarnation that was meant, and what hangs is answered in time and holds up nothing else.
#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/sys/kernel_fabric_fixture.h"

namespace stas {
namespace {

using test::FakeWriter;
using test::KernelFabricTest;

TEST_F(KernelFabricTest, AdminCommandsGoToTheIncarnationThatWasMeant) {
  auto registered = std::make_shared<std::string>();
  calls_.open_admin = [registered](const std::string& path, const std::string&) -> Result<AdminSession> {
    AdminSession session;
    session.get_log = [](const LogReader::Read& read) -> Result<std::string> { return std::string(read.length, '\0'); };
    session.dim_send = [registered, path](DimTask /*task*/, const std::string& data) -> Result<std::string> {
      *registered = path + " " + data;
      return std::string("no");
    };
    return session;
  };
  root_.add("nvme0", test::discovery_controller());
  const auto old = ref("nvme0");
  root_.add("nvme0", test::discovery_controller());
  const Tid tid = order(0, "8009").tid;
  fabric().submit(Register{.op = 1, .tid = tid, .device = old, .data = "old"});
  EXPECT_EQ(kind(result(1)), ErrorKind::not_found);
  EXPECT_EQ(*registered, "");
  fabric().submit(Register{.op = 2, .tid = tid, .device = ref("nvme0"), .data = "data"});
  fabric().submit(FetchLogPage{.op = 3, .tid = tid, .device = ref("nvme0"), .pleo = false, .known_genctr = {}});
  fabric().submit(FetchSupported{.op = 4, .tid = tid, .device = ref("nvme0")});
  const auto refusal = result(2);
  ASSERT_TRUE(std::holds_alternative<Registered>(refusal));
  EXPECT_EQ(std::get<Registered>(refusal).refusal, "no");
  EXPECT_EQ(*registered, root_.path("dev/nvme0").string() + " data");
  const auto page = result(3);
  ASSERT_TRUE(std::holds_alternative<LogPage>(page));
  EXPECT_TRUE(std::get<LogPage>(page).entries.empty());
  EXPECT_TRUE(std::holds_alternative<SupportedDlp>(result(4)));
}

TEST_F(KernelFabricTest, WhereTheKernelDoesNotTellTheControllerIsAskedWhetherItTakesRegistrations) {
  auto sent = std::make_shared<std::atomic<int>>(0);
  auto says = std::make_shared<std::string>("none");
  calls_.open_admin = [sent, says](const std::string&, const std::string&) -> Result<AdminSession> {
    AdminSession session;
    session.dctype = [says]() -> Result<std::string> {
      if (says->empty()) return fail(ErrorKind::rejected, "nvme0: Identify Controller: no");
      return *says;
    };
    session.dim_send = [sent](DimTask, const std::string&) -> Result<std::string> {
      ++*sent;
      return std::string();
    };
    return session;
  };
  auto attributes = test::discovery_controller();
  attributes.erase("dctype");
  root_.add("nvme0", attributes);
  OpId op = 0;
  const auto ask = [&](const char* kind_of_it) {
    *says = kind_of_it;
    ++op;
    fabric().submit(Register{op, order(0, "8009").tid, ref("nvme0"), "data", DimTask::register_, true});
    return result(op);
  };
  EXPECT_EQ(std::get<Registered>(ask("none")).dctype, "none");
  EXPECT_EQ(*sent, 0);
  EXPECT_EQ(std::get<Registered>(ask("ddc")).dctype, "ddc");
  EXPECT_EQ(*sent, 1);
  EXPECT_EQ(kind(ask("")), ErrorKind::rejected);
  EXPECT_EQ(*sent, 1);
}

TEST_F(KernelFabricTest, AStuckCommandIsAnsweredAndItsLateResultDropped) {
  limits_.admin = std::chrono::milliseconds(50);
  limits_.disconnect = std::chrono::milliseconds(50);
  root_.add("nvme0", test::discovery_controller());
  auto gate = writer_;
  calls_.remove = [gate](const DeviceRef&) -> Result<void> {
    std::unique_lock lock(gate->mutex);
    gate->changed.wait(lock, [&] { return !gate->held; });
    return {};
  };
  gate->hold(true);
  fabric().submit(Disconnect{.op = 1, .tid = order(0, "1").tid, .device = ref("nvme0"), .reason = {}});
  fabric().submit(Disconnect{.op = 2, .tid = order(0, "1").tid, .device = ref("nvme0"), .reason = {}});
  EXPECT_EQ(kind(result(1)), ErrorKind::timed_out);
  EXPECT_EQ(kind(result(2)), ErrorKind::timed_out);
  gate->hold(false);
  for (int i = 0; i < 20; ++i) loop_.run_once(std::chrono::milliseconds(2));
  EXPECT_EQ(answers(), 2U);
  EXPECT_EQ(fabric().pending(), 0U);
}

TEST_F(KernelFabricTest, ALookThatHangsIsAnsweredAndHoldsUpNoOther) {
  limits_.usage = std::chrono::milliseconds(50);
  auto gate = writer_;
  calls_.usage = [gate](const DeviceRef& device) -> Result<Usage> {
    std::unique_lock lock(gate->mutex);
    gate->changed.wait(lock, [&] { return !gate->held || device.name == "nvme1"; });
    return Usage{device.name + " is mounted on /srv"};
  };
  gate->hold(true);
  for (const char* name : {"nvme0", "nvme1"}) root_.add(name, test::io_controller());
  fabric().submit(InspectUsage{.op = 1, .tid = order(0, "1").tid, .device = ref("nvme0")});
  fabric().submit(InspectUsage{.op = 2, .tid = order(0, "1").tid, .device = ref("nvme1")});
  fabric().submit(Disconnect{.op = 3, .tid = order(0, "1").tid, .device = ref("nvme0"), .reason = {}});
  EXPECT_EQ(std::get<Usage>(result(2)).by, "nvme1 is mounted on /srv");
  EXPECT_TRUE(std::holds_alternative<Disconnected>(result(3)));
  EXPECT_EQ(kind(result(1)), ErrorKind::timed_out);
  gate->hold(false);
  for (int i = 0; i < 20; ++i) loop_.run_once(std::chrono::milliseconds(2));
  EXPECT_EQ(answers(), 3U);
}

TEST_F(KernelFabricTest, NoNumberOfMuteControllersDelaysADisconnect) {
  constexpr OpId kMute = 100;
  auto gate = std::make_shared<FakeWriter>();
  gate->held = true;
  calls_.open_admin = [gate](const std::string&, const std::string&) -> Result<AdminSession> {
    std::unique_lock lock(gate->mutex);
    gate->changed.wait(lock, [&] { return !gate->held; });
    return fail(ErrorKind::timed_out, "no answer");
  };
  for (OpId op = 1; op <= kMute; ++op) {
    const std::string name = "nvme" + std::to_string(op);
    root_.add(name, test::discovery_controller());
    fabric().submit(FetchLogPage{.op = op, .tid = order(0, "8009").tid, .device = ref(name), .known_genctr = {}});
  }
  root_.add("nvme0", test::io_controller());
  fabric().submit(
      Disconnect{.op = kMute + 1, .tid = order(0, "4420").tid, .device = ref("nvme0"), .reason = Reason::not_listed});
  EXPECT_TRUE(std::holds_alternative<Disconnected>(result(kMute + 1)));
  gate->hold(false);
}

}  // namespace
}  // namespace stas
