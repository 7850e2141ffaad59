// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/kernel/kernel_fabric.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/sys/kernel_fake_root.h"
#include "tests/unit/sys/kernel_listener.h"
#include "tests/unit/sys/kernel_loop.h"

namespace stas {
namespace {

using testing::FakeRoot;
using testing::Listener;
using testing::run_until;

// The writer of /dev/nvme-fabrics, as slow as the test likes. Shared with worker threads that may outlive the test
// body.
struct FakeWriter {
  std::mutex mutex;
  std::condition_variable changed;
  unsigned inside = 0, most = 0;
  bool held = false;
  std::vector<OpId> order;
  Result<std::string> answer = fail(ErrorKind::io, "not set");

  Result<std::string> write(const Connect& connect) {
    std::unique_lock lock(mutex);
    order.push_back(connect.op);
    most = std::max(most, ++inside);
    changed.notify_all();
    changed.wait(lock, [&] { return !held; });
    --inside;
    return answer;
  }
  void hold(bool on) {
    const std::lock_guard lock(mutex);
    held = on;
    changed.notify_all();
  }
  std::size_t writes() {
    const std::lock_guard lock(mutex);
    return order.size();
  }
};

class KernelFabricTest : public ::testing::Test {
 protected:
  ~KernelFabricTest() override { writer_->hold(false); }

  KernelFabric& fabric() {
    if (fabric_) return *fabric_;
    KernelCalls calls = calls_;
    calls.connect = [writer = writer_](const Connect& connect) { return writer->write(connect); };
    calls.supported_options = [] { return SupportedOptions::parse("transport=%s,nqn=%s,discovery,host_iface=%s"); };
    fabric_ = std::make_unique<KernelFabric>(loop_, KindOfInterest(), root_.paths(), limits_, calls);
    const auto started = fabric_->start([this](Event event) { events_.push_back(std::move(event)); });
    EXPECT_TRUE(started) << started.error().text;
    EXPECT_TRUE(events_.empty()) << "called from inside start()";
    return *fabric_;
  }

  Connect order(OpId op, const std::string& port, Reason reason = Reason::configured) {
    TidFields fields{Transport::tcp, "127.0.0.1", port, "nqn.2014-08.org.example:sub", "", "", "nqn.host"};
    Connect connect{
        .op = op, .tid = Tid(fields), .kind = ControllerKind::io, .options = {}, .host = {}, .reason = reason};
    connect.host.nqn = "nqn.host";
    connect.host.id = "2cd2c43b-a90a-45c1-a8cd-86b33ab273b5";
    return connect;
  }

  const OpResult* answer(OpId op) const {
    for (const auto& event : events_) {
      if (const auto* done = std::get_if<OpDone>(&event); done != nullptr && done->op == op) return &done->result;
    }
    return nullptr;
  }
  std::size_t answers() const {
    std::size_t n = 0;
    for (const auto& event : events_) n += std::holds_alternative<OpDone>(event) ? 1 : 0;
    return n;
  }
  // Waits for the answer to `op`.
  OpResult result(OpId op) {
    EXPECT_TRUE(run_until(loop_, [&] { return answer(op) != nullptr; })) << "no answer to " << op;
    return answer(op) != nullptr ? *answer(op) : OpResult(Error{});
  }
  static ErrorKind kind(const OpResult& result) {
    const auto* error = std::get_if<Error>(&result);
    EXPECT_NE(error, nullptr);
    return error != nullptr ? error->kind : ErrorKind::io;
  }
  DeviceRef ref(const std::string& name) { return read_device(root_.paths(), name)->ref; }

  FakeRoot root_;
  Loop loop_;
  std::vector<Event> events_;
  KernelLimits limits_;
  KernelCalls calls_;
  std::shared_ptr<FakeWriter> writer_ = std::make_shared<FakeWriter>();
  std::unique_ptr<KernelFabric> fabric_;
};

TEST_F(KernelFabricTest, BeginsWithInterfacesAndAScan) {
  root_.add("nvme1", testing::io_controller());
  fabric();
  ASSERT_TRUE(run_until(loop_, [&] { return events_.size() >= 2; }));
  EXPECT_TRUE(std::holds_alternative<InterfacesSeen>(events_[0]));
  EXPECT_EQ(std::get<DevicesScanned>(events_[1]).devices.size(), 1U);
  fabric().rescan();
  fabric().rescan();
  ASSERT_TRUE(run_until(loop_, [&] { return events_.size() >= 4; }));
  EXPECT_EQ(events_.size(), 4U);
}

// The brain judges a connection by the interface it comes from, so it hears of a new one first, however long the look
// at it takes, and of nothing else in between.
TEST_F(KernelFabricTest, AControllerFromAnAddressNotHeardOfWaitsForTheInterfacesAndAllElseBehindIt) {
  struct Kernel {
    std::atomic<bool> has_eth9 = false;
    std::atomic<int> looks = 0;
  };
  const auto kernel = std::make_shared<Kernel>();
  calls_.interfaces = [kernel] {
    ++kernel->looks;
    if (!kernel->has_eth9) return Interfaces{{"lo", {}, true}};
    return Interfaces{{"lo", {}, true}, {"eth9", {*IpAddress::parse("192.0.2.9")}, true}};
  };
  fabric();
  ASSERT_TRUE(run_until(loop_, [&] { return events_.size() >= 2; }));
  events_.clear();
  kernel->has_eth9 = true;
  auto controller = testing::io_controller();
  controller["address"] = "traddr=192.0.2.1,trsvcid=4420,src_addr=192.0.2.9";
  root_.add("nvme7", controller);
  fabric().submit(
      Disconnect{.op = 1, .tid = order(0, "4420").tid, .device = ref("nvme7"), .reason = Reason::not_listed});
  EXPECT_TRUE(run_until(loop_, [&] { return events_.size() >= 3; }));
  ASSERT_EQ(events_.size(), 3U);
  EXPECT_EQ(std::get<InterfacesSeen>(events_[0]).interfaces.size(), 2U);
  EXPECT_EQ(std::get<DeviceSeen>(events_[1]).device.src_addr, "192.0.2.9");
  EXPECT_EQ(std::get<OpDone>(events_[2]).op, 1U);
  EXPECT_EQ(kernel->looks, 2);
}

TEST_F(KernelFabricTest, AFailedScanIsRepeatedAndSaysNothingUntilItWorks) {
  std::filesystem::rename(root_.path("sys"), root_.path("gone"));
  fabric();
  ASSERT_TRUE(run_until(loop_, [&] { return !events_.empty(); }));
  fabric().rescan();
  ASSERT_TRUE(run_until(loop_, [&] { return events_.size() >= 2; }));
  for (const auto& event : events_) EXPECT_FALSE(std::holds_alternative<DevicesScanned>(event));
  std::filesystem::rename(root_.path("gone"), root_.path("sys"));
  EXPECT_TRUE(run_until(loop_, [&] { return std::holds_alternative<DevicesScanned>(events_.back()); }));
}

TEST_F(KernelFabricTest, ConnectsAndDescribesTheController) {
  Listener target(loop_, testing::icresp());
  root_.add("nvme3", testing::io_controller());
  writer_->answer = std::string("nvme3");
  fabric().submit(order(1, target.port()));
  EXPECT_EQ(answer(1), nullptr) << "called from inside submit()";
  EXPECT_EQ(fabric().pending(), 1U);
  const auto done = result(1);
  ASSERT_TRUE(std::holds_alternative<Connected>(done));
  EXPECT_EQ(std::get<Connected>(done).device.ref, ref("nvme3"));
  EXPECT_EQ(fabric().pending(), 0U);
}

TEST_F(KernelFabricTest, NothingIsWrittenForAPortalThatDoesNotAnswer) {
  limits_.connect.probe.deadline = std::chrono::milliseconds(50);
  Listener silent(loop_, "");
  const testing::ClosedPort closed;
  fabric().submit(order(1, silent.port()));
  fabric().submit(order(2, closed.port()));
  EXPECT_EQ(kind(result(1)), ErrorKind::timed_out);
  EXPECT_EQ(kind(result(2)), ErrorKind::refused);
  EXPECT_EQ(writer_->writes(), 0U);
}

TEST_F(KernelFabricTest, WhatTheKernelDoesNotExplainTheControllerIsAskedFor) {
  Listener target(loop_, testing::icresp(), testing::After::close);
  limits_.connect.probe.fresh = std::chrono::minutes(1);
  writer_->answer = fail(ErrorKind::refused, "the general message", EIO);
  auto explained = order(1, target.port());
  explained.explain = true;
  fabric().submit(explained);
  EXPECT_EQ(kind(result(1)), ErrorKind::refused);
  EXPECT_EQ(std::get<Error>(result(1)).text, "the general message") << "nothing was learned";
  EXPECT_EQ(target.accepted(), 2U);
  fabric().submit(order(2, target.port()));
  result(2);
  EXPECT_EQ(target.accepted(), 2U) << "nobody wants to know";
  writer_->answer = fail(ErrorKind::invalid_input, "the kernel's own refusal", EINVAL);
  explained.op = 3;
  fabric().submit(explained);
  result(3);
  EXPECT_EQ(target.accepted(), 2U);
}

TEST_F(KernelFabricTest, AStopDoesNotWaitForTheReasonOfAFailure) {
  Listener target(loop_, testing::icresp());  // nothing more
  writer_->answer = fail(ErrorKind::refused, "the general message", EIO);
  auto explained = order(1, target.port());
  explained.explain = true;
  fabric().submit(explained);
  ASSERT_TRUE(run_until(loop_, [&] { return target.accepted() == 2; }));
  EXPECT_EQ(answer(1), nullptr);
  fabric().stop_connecting();
  EXPECT_EQ(kind(result(1)), ErrorKind::refused);
}

TEST_F(KernelFabricTest, AnInjectionStopsBeforeAnyPacketIsSent) {
  Listener target(loop_, testing::icresp());
  auto connect = order(1, target.port());
  TidFields fields = connect.tid.fields();
  fields.subsysnqn = "nqn.x,duplicate_connect";
  connect.tid = Tid(fields);
  fabric().submit(connect);
  EXPECT_EQ(answer(1), nullptr);
  EXPECT_EQ(kind(result(1)), ErrorKind::invalid_input);
  EXPECT_EQ(target.accepted(), 0U);
}

TEST_F(KernelFabricTest, OnlyOneWriteIsInFlightAndConfiguredOnesGoFirst) {
  Listener target(loop_, testing::icresp());
  limits_.connect.probe.fresh = std::chrono::minutes(1);
  writer_->hold(true);
  fabric().submit(order(1, target.port(), Reason::listed));
  ASSERT_TRUE(run_until(loop_, [&] { return writer_->writes() == 1; }));
  fabric().submit(order(2, target.port(), Reason::listed));
  fabric().submit(order(3, target.port(), Reason::listed));
  for (OpId op = 10; op < 20; ++op) fabric().submit(order(op, target.port(), Reason::configured));
  for (int i = 0; i < 20; ++i) loop_.run_once(Duration::zero());
  writer_->hold(false);
  ASSERT_TRUE(run_until(loop_, [&] { return answers() == 13; }));
  EXPECT_EQ(writer_->most, 1U);
  EXPECT_EQ(writer_->order, (std::vector<OpId>{1, 10, 11, 12, 13, 14, 15, 16, 17, 2, 18, 19, 3}));
}

TEST_F(KernelFabricTest, AnAnswerThatBecameOldInTheQueueIsAskedForAgain) {
  Listener target(loop_, testing::icresp());
  limits_.connect.probe.fresh = std::chrono::milliseconds(1);
  writer_->hold(true);
  fabric().submit(order(1, target.port()));
  ASSERT_TRUE(run_until(loop_, [&] { return writer_->writes() == 1; }));
  fabric().submit(order(2, target.port()));
  for (int i = 0; i < 20; ++i) loop_.run_once(std::chrono::milliseconds(2));
  const auto asked = target.accepted();
  writer_->hold(false);
  result(2);
  EXPECT_GT(target.accepted(), asked);
}

TEST_F(KernelFabricTest, AStuckWriteIsAnsweredByItsDeadlineAndHoldsOnlyTheQueue) {
  Listener target(loop_, testing::icresp());
  limits_.connect.write = std::chrono::milliseconds(50);
  limits_.connect.queue = std::chrono::milliseconds(200);
  writer_->hold(true);
  fabric().submit(order(1, target.port()));
  EXPECT_EQ(kind(result(1)), ErrorKind::timed_out);
  fabric().submit(order(2, target.port()));
  EXPECT_EQ(kind(result(2)), ErrorKind::busy);
  EXPECT_EQ(writer_->writes(), 1U);
  const auto begin = loop_.now();
  fabric_.reset();
  EXPECT_LT(loop_.now() - begin, std::chrono::seconds(10)) << "the end waited for the stuck write";
  EXPECT_EQ(answers(), 2U);
}

TEST_F(KernelFabricTest, AStopCallsOffWhatTheKernelHasNotBegun) {
  Listener target(loop_, testing::icresp());
  Listener silent(loop_, "");
  limits_.connect.probe.fresh = std::chrono::minutes(1);
  root_.add("nvme3", testing::io_controller());
  writer_->answer = std::string("nvme3");
  writer_->hold(true);
  fabric().submit(order(1, target.port()));
  ASSERT_TRUE(run_until(loop_, [&] { return writer_->writes() == 1; }));
  fabric().submit(order(2, target.port()));
  fabric().submit(order(3, silent.port()));
  for (int i = 0; i < 20; ++i) loop_.run_once(Duration::zero());
  const auto begin = loop_.now();
  fabric().stop_connecting();
  fabric().submit(order(4, target.port()));
  for (const OpId op : {2, 3, 4}) EXPECT_EQ(kind(result(op)), ErrorKind::cancelled) << op;
  EXPECT_LT(loop_.now() - begin, std::chrono::seconds(1)) << "did not wait for the silent one";
  EXPECT_EQ(answer(1), nullptr) << "the kernel is at it";
  writer_->hold(false);
  EXPECT_TRUE(std::holds_alternative<Connected>(result(1)));
  EXPECT_EQ(writer_->order, std::vector<OpId>{1});
}

// A host name with several addresses: the kernel gets the one that answers, by another order.
TEST_F(KernelFabricTest, AnotherAddressThatAnswersFirstIsTheAnswerAndNothingIsWritten) {
  Listener target(loop_, testing::icresp());
  Listener other(loop_, testing::icresp(), testing::After::keep_open, "127.0.0.2", target.number());
  testing::DeafListener deaf(target.number(), "127.0.0.3");
  testing::ClosedPort closed;
  ASSERT_TRUE(other.is_bound() && deaf.is_bound());
  root_.add("nvme3", testing::io_controller());
  writer_->answer = std::string("nvme3");
  const auto named = [&](OpId op, const char* address, const std::string& port, std::vector<const char*> others) {
    auto connect = order(op, port);
    TidFields fields = connect.tid.fields();
    fields.traddr = address;
    connect.tid = Tid(fields);
    for (const char* text : others) connect.others.push_back(*IpAddress::parse(text));
    return connect;
  };
  fabric().submit(named(1, "127.0.0.3", target.port(), {"127.0.0.2"}));
  const auto elsewhere = result(1);
  ASSERT_TRUE(std::holds_alternative<AnsweredElsewhere>(elsewhere));
  EXPECT_EQ(std::get<AnsweredElsewhere>(elsewhere).address.to_string(), "127.0.0.2");
  EXPECT_EQ(writer_->writes(), 0U);
  fabric().submit(named(2, "127.0.0.1", target.port(), {"127.0.0.2"}));
  EXPECT_TRUE(std::holds_alternative<Connected>(result(2)));
  EXPECT_EQ(writer_->order, std::vector<OpId>{2});
  fabric().submit(named(3, "127.0.0.1", closed.port(), {"127.0.0.4"}));
  const auto nobody = result(3);
  ASSERT_TRUE(std::holds_alternative<NobodyAnswered>(nobody));
  EXPECT_EQ(std::get<NobodyAnswered>(nobody).others.size(), 1U);
  const std::string& text = std::get<NobodyAnswered>(nobody).error.text;
  EXPECT_NE(text.find("127.0.0.1:"), std::string::npos) << text;
  EXPECT_NE(text.find("127.0.0.4:"), std::string::npos) << text;
  fabric().submit(named(4, "127.0.0.3", target.port(), {"127.0.0.3"}));
  fabric().stop_connecting();
  EXPECT_EQ(kind(result(4)), ErrorKind::cancelled) << "the end does not wait for the race";
}

TEST_F(KernelFabricTest, AControllerThatHeldUpTheKernelRestsAndItsPortalLessLong) {
  Listener target(loop_, testing::icresp());
  Listener other(loop_, testing::icresp());
  limits_.connect.patience = std::chrono::milliseconds(50);
  limits_.connect.rest_factor = 10;
  const auto of_another_subsystem = [&](OpId op) {
    auto connect = order(op, target.port());
    TidFields fields = connect.tid.fields();
    fields.subsysnqn = "nqn.2014-08.org.example:another";
    connect.tid = Tid(fields);
    return connect;
  };
  writer_->hold(true);
  fabric().submit(order(1, target.port()));
  ASSERT_TRUE(run_until(loop_, [&] { return writer_->writes() == 1; }));
  fabric().submit(of_another_subsystem(2));
  const auto begin = loop_.now();
  ASSERT_TRUE(run_until(loop_, [&] { return loop_.now() - begin > std::chrono::milliseconds(100); }));
  writer_->hold(false);
  EXPECT_EQ(kind(result(1)), ErrorKind::io);
  EXPECT_EQ(kind(result(2)), ErrorKind::busy) << "it was in the queue already";
  fabric().submit(order(3, target.port()));
  EXPECT_EQ(kind(result(3)), ErrorKind::busy);
  fabric().submit(order(4, other.port()));
  EXPECT_EQ(kind(result(4)), ErrorKind::io) << "another portal is not concerned";
  OpId op = 10;
  ASSERT_TRUE(run_until(loop_, [&] {
    fabric().submit(of_another_subsystem(++op));
    return kind(result(op)) == ErrorKind::io;
  })) << "the portal's rest never ends";
  fabric().submit(order(5, target.port()));
  EXPECT_EQ(kind(result(5)), ErrorKind::busy) << "the controller's own rest is longer";
  auto other_key = order(6, target.port());
  other_key.options.dhchap_secret = Secret("DHHC-1:00:b3RoZXI=:");
  fabric().submit(other_key);
  EXPECT_EQ(kind(result(6)), ErrorKind::io) << "with another key it may well be answered";
}

TEST_F(KernelFabricTest, DisconnectCutsExactlyTheDeviceThatWasMeant) {
  root_.add("nvme3", testing::io_controller());
  const auto old = ref("nvme3");
  root_.add("nvme3", testing::io_controller());
  const Tid tid = order(0, "4420").tid;
  fabric().submit(Disconnect{.op = 1, .tid = tid, .device = old, .reason = Reason::not_listed});
  EXPECT_EQ(kind(result(1)), ErrorKind::not_found);
  EXPECT_EQ(root_.deleted("nvme3"), "");
  fabric().submit(Disconnect{.op = 2, .tid = tid, .device = ref("nvme3"), .reason = Reason::not_listed});
  EXPECT_TRUE(std::holds_alternative<Disconnected>(result(2)));
  EXPECT_EQ(root_.deleted("nvme3"), "1");
}

// The kernel sends no event when it loses a connection.
TEST_F(KernelFabricTest, NothingIsCutBesidePathsThatAreLost) {
  for (const char* name : {"nvme0", "nvme1", "nvme2"}) root_.add(name, testing::io_controller());
  fabric();
  ASSERT_TRUE(run_until(loop_, [&] { return events_.size() >= 2; }));
  const Tid tid = order(0, "4420").tid;
  const std::vector<DeviceRef> others{ref("nvme1"), ref("nvme2")};
  const auto cut = [&](OpId op, const char* name) {
    fabric().submit(
        Disconnect{.op = op, .tid = tid, .device = ref(name), .reason = Reason::not_listed, .beside = others});
    return result(op);
  };
  root_.set("nvme1", "state", "connecting");
  root_.set("nvme2", "state", "resetting");
  events_.clear();
  EXPECT_EQ(kind(cut(1, "nvme0")), ErrorKind::cancelled);
  EXPECT_EQ(root_.deleted("nvme0"), "");
  std::string heard;
  for (const auto& event : events_) {
    if (const auto* seen = std::get_if<DeviceSeen>(&event)) heard += seen->device.state + " ";
    if (std::holds_alternative<OpDone>(event)) heard += "and the answer";
  }
  EXPECT_EQ(heard, "connecting resetting and the answer") << "the brain hears why";
  root_.add("nvme1", testing::io_controller());
  EXPECT_EQ(kind(cut(2, "nvme0")), ErrorKind::cancelled) << "another controller of that name";
  root_.set("nvme2", "state", "live");
  EXPECT_TRUE(std::holds_alternative<Disconnected>(cut(3, "nvme0")));
  EXPECT_EQ(root_.deleted("nvme0"), "1");
}

TEST_F(KernelFabricTest, OursAreInTheRegistryUntilTheyAreDisconnected) {
  std::filesystem::create_directories(root_.path("registry"));
  Listener target(loop_, testing::icresp());
  root_.add("nvme3", testing::io_controller());
  root_.write("registry/nvme3/owner", "nbft\n");  // of an earlier bearer of the name
  writer_->answer = std::string("nvme3");
  fabric().submit(order(1, target.port()));
  const auto connected = result(1);
  ASSERT_TRUE(std::holds_alternative<Connected>(connected));
  EXPECT_EQ(std::get<Connected>(connected).device.owner, "");
  EXPECT_EQ(root_.read("registry/nvme3/owner"), "stas\n");
  fabric().submit(Disconnect{.op = 2, .tid = order(0, "1").tid, .device = ref("nvme3"), .reason = {}});
  EXPECT_TRUE(std::holds_alternative<Disconnected>(result(2)));
  EXPECT_EQ(root_.deleted("nvme3"), "1");
  EXPECT_TRUE(std::filesystem::is_empty(root_.path("registry")));
}

TEST_F(KernelFabricTest, WhatBelongsToSomebodyElseIsNotCutAlsoWhereNobodyKnewItYet) {
  root_.add("nvme3", testing::io_controller());
  fabric();
  ASSERT_TRUE(run_until(loop_, [&] { return events_.size() >= 2; }));
  EXPECT_EQ(std::get<DevicesScanned>(events_[1]).devices.at(0).owner, "");
  root_.write("registry/nvme3/owner", "discoverd\n");
  fabric().submit(Disconnect{.op = 1, .tid = order(0, "1").tid, .device = ref("nvme3"), .reason = {}});
  EXPECT_EQ(kind(result(1)), ErrorKind::permission);
  EXPECT_EQ(root_.deleted("nvme3"), "");
  EXPECT_TRUE(run_until(loop_, [&] {
    const auto* scan = std::get_if<DevicesScanned>(&events_.back());
    return scan != nullptr && scan->devices.at(0).owner == "discoverd";
  })) << "the brain hears why";
  EXPECT_EQ(root_.read("registry/nvme3/owner"), "discoverd\n");
}

TEST_F(KernelFabricTest, ARegistryThatCannotBeWrittenIsTold) {
  root_.write("registry", "a file");
  Listener target(loop_, testing::icresp());
  root_.add("nvme3", testing::io_controller());
  writer_->answer = std::string("nvme3");
  fabric().submit(order(1, target.port()));
  EXPECT_TRUE(std::holds_alternative<Connected>(result(1)));
  const auto told = std::any_of(events_.begin(), events_.end(), [](const Event& event) {
    const auto* trouble = std::get_if<Trouble>(&event);
    return trouble != nullptr && trouble->text.find("nvme disconnect-all") != std::string::npos;
  });
  EXPECT_TRUE(told);
}

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
  root_.add("nvme0", testing::discovery_controller());
  const auto old = ref("nvme0");
  root_.add("nvme0", testing::discovery_controller());
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
  auto attributes = testing::discovery_controller();
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
  root_.add("nvme0", testing::discovery_controller());
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
  for (const char* name : {"nvme0", "nvme1"}) root_.add(name, testing::io_controller());
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
    root_.add(name, testing::discovery_controller());
    fabric().submit(FetchLogPage{.op = op, .tid = order(0, "8009").tid, .device = ref(name), .known_genctr = {}});
  }
  root_.add("nvme0", testing::io_controller());
  fabric().submit(
      Disconnect{.op = kMute + 1, .tid = order(0, "4420").tid, .device = ref("nvme0"), .reason = Reason::not_listed});
  EXPECT_TRUE(std::holds_alternative<Disconnected>(result(kMute + 1)));
  gate->hold(false);
}

TEST_F(KernelFabricTest, TellsWhatTheKernelCanDo) {
  fabric();
  // The list of the fake kernel has both, whatever the machine of the test runs.
  EXPECT_TRUE(run_until(loop_, [&] { return fabric().supports_tp8013() && fabric().supports_host_iface(); }));
}

}  // namespace
}  // namespace stas
