// SPDX-License-Identifier: Apache-2.0
//
// The user fabric against targets that refuse, are silent, talk garbage, vanish and return.
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libstas/sys/fabric/user/user_fabric.h"
#include "tests/target/target_thread.h"
#include "tests/unit/nvme_tcp/fabric_world.h"

namespace stas {
namespace {

using namespace std::chrono_literals;
using target::TargetThread;

constexpr const char* kIo = "nqn.2024-01.org.example:io";

std::unique_ptr<TargetThread> start_target(const std::string& port = "0") {
  auto started = TargetThread::start(R"({"listeners": [{"traddr": "127.0.0.1", "trsvcid": ")" + port +
                                     R"("}], "subsystems": [{"nqn": "nqn.2024-01.org.example:io"},
       {"nqn": "nqn.2024-01.org.example:private", "hosts": ["nqn.2024-01.org.example:somebody-else"]}]})");
  EXPECT_TRUE(started.has_value()) << (started ? "" : started.error().text);
  return started ? std::move(*started) : nullptr;
}

// A port of the loopback that answers nothing: connections are established and never read (listening), or refused.
class DeadPort {
 public:
  explicit DeadPort(bool listening) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof in;
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&in), length), 0);
    if (listening) {
      EXPECT_EQ(listen(fd_, 64), 0);
    }
    getsockname(fd_, reinterpret_cast<sockaddr*>(&in), &length);
    port_ = std::to_string(ntohs(in.sin_port));
  }
  ~DeadPort() { close(fd_); }
  DeadPort(const DeadPort&) = delete;
  DeadPort& operator=(const DeadPort&) = delete;
  const std::string& port() const { return port_; }

 private:
  int fd_;
  std::string port_;
};

UserFabricOptions impatient() {
  UserFabricOptions options;
  options.timeouts.session.exchange = 300ms;
  return options;
}

Connect reconnecting(Connect connect) {
  connect.options.reconnect_delay = 1;
  return connect;
}

void expect_words(const Error& error, const std::string& words) {
  EXPECT_NE(error.text.find(words), std::string::npos) << error.text;
}

TEST(UserFabricFaults, ARefusedPortIsToldAtOnce) {
  const DeadPort port(false);
  FabricWorld world;
  const auto error = world.refused(order(port.port()));
  EXPECT_EQ(error.kind, ErrorKind::refused);
  EXPECT_EQ(error.errnum, ECONNREFUSED);
  expect_words(error, "127.0.0.1:" + port.port() + ": TCP connect: Connection refused");
  EXPECT_TRUE(world.story.empty());
}

TEST(UserFabricFaults, SilenceEndsAtTheDeadlineAndDelaysNobody) {
  const DeadPort silent(true);
  const auto target = start_target();
  FabricWorld world(impatient());
  std::vector<OpId> dead;
  for (int i = 0; i < 6; ++i) {
    dead.push_back(world.begin(with(order(silent.port()), [](TidFields& f) { f.traddr = "127.0.0.2"; })));
    dead.push_back(world.begin(order(silent.port(), ControllerKind::discovery, "nqn.2024-01.org.example:d")));
  }
  const auto before = world.loop.now();
  (void)world.connected(with(order(target->port()), [](TidFields&) {}));
  EXPECT_LT(world.loop.now() - before, 2s);
  for (const auto op : dead) {
    const auto result = world.result(op);
    ASSERT_TRUE(std::holds_alternative<Error>(result));
    const auto kind = std::get<Error>(result).kind;
    // Nobody listens on the other loopback address.
    EXPECT_TRUE(kind == ErrorKind::timed_out || kind == ErrorKind::refused) << std::get<Error>(result).text;
  }
}

TEST(UserFabricFaults, NoIcRespIsSaid) {
  const DeadPort silent(true);
  FabricWorld world(impatient());
  const auto error = world.refused(order(silent.port()));
  EXPECT_EQ(error.kind, ErrorKind::timed_out);
  expect_words(error, "no ICResp");
}

struct Fault {
  const char* fault;
  ErrorKind kind;
  const char* words;
};

TEST(UserFabricFaults, EveryFailureOfAConnectHasWords) {
  const std::vector<Fault> rows = {
      {R"({"what": "refuse_accept"})", ErrorKind::closed, ""},
      {R"({"what": "bad_icresp"})", ErrorKind::protocol, "ICResp with PDU format version"},
      {R"({"what": "garbage"})", ErrorKind::protocol, "does not speak NVMe/TCP"},
      {R"({"what": "close"})", ErrorKind::closed, "before it was initialized"},
      {R"({"what": "close", "opcode": "connect"})", ErrorKind::closed, "closed the connection"},
      {R"({"what": "garbage", "opcode": "identify"})", ErrorKind::protocol, "broke the NVMe/TCP protocol"},
      {R"({"what": "drop", "opcode": "connect"})", ErrorKind::timed_out, "no answer to Connect"},
      {R"({"what": "drop", "opcode": "identify"})", ErrorKind::timed_out, "no answer to Identify"},
      {R"({"what": "wrong_cid", "opcode": "connect"})", ErrorKind::protocol, "unknown command"},
      {R"({"what": "wrong_cntlid"})", ErrorKind::protocol, "controller ID"},
      {R"({"what": "status", "opcode": "connect", "status": 385, "dnr": false})", ErrorKind::rejected, "busy"},
  };
  const auto target = start_target();
  for (const auto& row : rows) {
    FabricWorld world(impatient());
    const auto added = target->call("fault.add", row.fault);
    ASSERT_TRUE(added.has_value()) << row.fault << added.error().text;
    const auto error = world.refused(order(target->port()));
    EXPECT_EQ(error.kind, row.kind) << row.fault << ": " << error.text;
    EXPECT_NE(error.text.find(row.words), std::string::npos) << row.fault << ": " << error.text;
    EXPECT_EQ(error.text.rfind("127.0.0.1:", 0), 0U) << error.text;
    EXPECT_TRUE(target->call("fault.clear").has_value());
    EXPECT_FALSE(world.connected(order(target->port())).ref.name.empty()) << "after " << row.fault;
  }
}

TEST(UserFabricFaults, AControllerThatIsNeverReadyIsGivenUp) {
  const auto target = start_target();
  auto options = impatient();
  options.timeouts.session.ready = 200ms;
  FabricWorld world(options);
  ASSERT_TRUE(target->call("fault.add", R"({"what": "stuck_csts", "count": 0})").has_value());
  const auto error = world.refused(order(target->port()));
  EXPECT_EQ(error.kind, ErrorKind::timed_out);
  expect_words(error, "CSTS.RDY");
}

TEST(UserFabricFaults, ASplitIcRespIsNoProblem) {
  const auto target = start_target();
  FabricWorld world;
  ASSERT_TRUE(target->call("fault.add", R"({"what": "split_icresp", "delay_ms": 20})").has_value());
  EXPECT_EQ(world.connected(order(target->port())).state, "live");
}

TEST(UserFabricFaults, RefusalsOfTheControllerHaveWords) {
  const auto target = start_target();
  FabricWorld world;
  const auto unknown = world.refused(order(target->port(), ControllerKind::io, "nqn.2024-01.org.example:nobody"));
  EXPECT_EQ(unknown.kind, ErrorKind::refused);
  expect_words(unknown, "does not know the subsystem NQN nqn.2024-01.org.example:nobody");
  const auto denied = world.refused(order(target->port(), ControllerKind::io, "nqn.2024-01.org.example:private"));
  EXPECT_EQ(denied.kind, ErrorKind::refused);
  expect_words(denied, "is not allowed");
  const auto other_kind = world.refused(order(target->port(), ControllerKind::discovery, kIo));
  EXPECT_EQ(other_kind.kind, ErrorKind::refused);
  expect_words(other_kind, "not a discovery controller");
}

TEST(UserFabricFaults, OrdersThatCannotBeCarriedOutAreRefused) {
  FabricWorld world;
  const auto good = order("4420");
  const auto kind_of = [&](const Connect& connect) { return world.refused(connect).kind; };
  EXPECT_EQ(kind_of(with(good, [](TidFields& f) { f.transport = Transport::rdma; })), ErrorKind::not_supported);
  EXPECT_EQ(kind_of(with(good, [](TidFields& f) { f.transport = Transport::loop; })), ErrorKind::not_supported);
  EXPECT_EQ(kind_of(with(good, [](TidFields& f) { f.traddr = "not-resolved.example.org"; })), ErrorKind::invalid_input);
  EXPECT_EQ(kind_of(with(good, [](TidFields& f) { f.traddr = "fe80::1"; })), ErrorKind::invalid_input);
  EXPECT_EQ(kind_of(with(good, [](TidFields& f) { f.trsvcid = "99999"; })), ErrorKind::invalid_input);
  EXPECT_EQ(kind_of(with(good, [](TidFields& f) { f.subsysnqn = std::string(224, 'x'); })), ErrorKind::invalid_input);
  EXPECT_EQ(kind_of(with(good, [](TidFields& f) { f.subsysnqn = "a\nb"; })), ErrorKind::invalid_input);
  auto no_id = good;
  no_id.host.id = "no uuid";
  EXPECT_EQ(kind_of(no_id), ErrorKind::invalid_input);
  EXPECT_EQ(std::get<Error>(world.call(FetchSupported{0, good.tid, {"user99", 0}})).kind, ErrorKind::not_found);
}

TEST(UserFabricFaults, ALostControllerReturnsUnderItsName) {
  auto target = start_target();
  const auto port = target->port();
  FabricWorld world;
  const auto device = world.connected(reconnecting(order(port)));
  target.reset();
  ASSERT_TRUE(world.wait([&] { return world.heard("seen user0 connecting"); }));
  const auto while_lost = world.call(FetchLogPage{0, world.some_tid(), device.ref, false, {}});
  EXPECT_EQ(std::get<Error>(while_lost).kind, ErrorKind::closed);
  target = start_target(port);
  ASSERT_NE(target, nullptr);
  ASSERT_TRUE(world.wait([&] { return world.heard("reconnected user0"); }));
  EXPECT_EQ(world.story, (std::vector<std::string>{"seen user0 live", "seen user0 connecting", "seen user0 live",
                                                   "reconnected user0"}));
  EXPECT_FALSE(world.page(device).entries.empty());
}

TEST(UserFabricFaults, OperationsUnderWayEndWithTheConnection) {
  const auto target = start_target();
  FabricWorld world;
  const auto device = world.connected(reconnecting(order(target->port())));
  ASSERT_TRUE(target->call("fault.add", R"({"what": "drop", "opcode": "get_log_page"})").has_value());
  const auto op = world.begin(FetchLogPage{0, world.some_tid(), device.ref, false, {}});
  ASSERT_TRUE(world.wait([&] { return target->call("fault.list")->find("drop") == std::string::npos; }));
  ASSERT_TRUE(target->call("controller.fail").has_value());
  EXPECT_EQ(std::get<Error>(world.result(op)).kind, ErrorKind::closed);
  EXPECT_TRUE(world.wait([&] { return world.heard("reconnected user0"); }));
}

TEST(UserFabricFaults, AFinalRefusalEndsTheController) {
  const auto target = start_target();
  FabricWorld world;
  (void)world.connected(reconnecting(order(target->port(), ControllerKind::io, kIo)));
  ASSERT_TRUE(target->call("subsystem.remove", R"({"nqn": "nqn.2024-01.org.example:io"})").has_value());
  ASSERT_TRUE(world.wait([&] { return world.heard("gone user0"); }));
  EXPECT_EQ(world.story, (std::vector<std::string>{"seen user0 live", "seen user0 connecting", "gone user0"}));
}

TEST(UserFabricFaults, CtrlLossTmoEndsTheController) {
  auto target = start_target();
  FabricWorld world;
  auto connect = order(target->port());
  connect.options.ctrl_loss_tmo = 1;  // before the first attempt to reconnect
  (void)world.connected(connect);
  target.reset();
  ASSERT_TRUE(world.wait([&] { return world.heard("gone user0"); }));
  EXPECT_EQ(world.story, (std::vector<std::string>{"seen user0 live", "seen user0 connecting", "gone user0"}));
}

TEST(UserFabricFaults, DisconnectWhileReconnecting) {
  auto target = start_target();
  FabricWorld world;
  const auto connect = order(target->port());
  const auto device = world.connected(connect);
  target.reset();
  ASSERT_TRUE(world.wait([&] { return world.heard("seen user0 connecting"); }));
  EXPECT_TRUE(std::holds_alternative<Disconnected>(world.call(Disconnect{0, connect.tid, device.ref, {}})));
  EXPECT_TRUE(world.heard("gone user0"));
}

TEST(UserFabricFaults, ASilentControllerIsLostByKeepAlive) {
  const auto target = start_target();
  FabricWorld world;
  auto connect = reconnecting(order(target->port()));
  connect.options.kato = 1;
  (void)world.connected(connect);
  ASSERT_TRUE(target->call("fault.add", R"({"what": "drop", "opcode": "keep_alive", "count": 0})").has_value());
  EXPECT_TRUE(world.wait([&] { return world.heard("seen user0 connecting"); }));
}

TEST(UserFabricFaults, ALyingRecordCountIsAnError) {
  const auto target = start_target();
  FabricWorld world;
  const auto device = world.connected(order(target->port()));
  ASSERT_TRUE(target->call("fault.add", R"({"what": "wrong_numrec", "value": 1152921504606846976})").has_value());
  const auto result = world.call(FetchLogPage{0, world.some_tid(), device.ref, false, {}});
  ASSERT_TRUE(std::holds_alternative<Error>(result));
  expect_words(std::get<Error>(result), "discovery log page");
  EXPECT_FALSE(world.page(device).entries.empty());
}

TEST(UserFabricFaults, AChangeDuringTheReadIsReadToo) {
  const auto target = start_target();
  // 8 KiB at a time: one transfer holds all but what is about to be added.
  ASSERT_TRUE(target->call("discovery.set", R"({"mdts": 1})").has_value());
  FabricWorld world;
  const auto device = world.connected(order(target->port()));
  ASSERT_TRUE(target->call("fault.add", R"({"what": "inject_change"})").has_value());
  const auto before = world.page(device).genctr;
  for (const char name : std::string("abcdefgh")) {
    const auto added =
        target->call("subsystem.add", R"({"nqn": "nqn.2024-01.org.example:)" + std::string(1, name) + R"("})");
    ASSERT_TRUE(added.has_value());
  }
  ASSERT_TRUE(target->call("fault.add", R"({"what": "inject_change", "skip": 1})").has_value());
  EXPECT_EQ(world.page(device).genctr, before + 9) << "in pieces, twice";
  ASSERT_TRUE(target->call("fault.add", R"({"what": "inject_change", "count": 0})").has_value());
  const auto result = world.call(FetchLogPage{0, world.some_tid(), device.ref, false, {}});
  ASSERT_TRUE(std::holds_alternative<Error>(result));
  EXPECT_EQ(std::get<Error>(result).kind, ErrorKind::busy);
}

}  // namespace
}  // namespace stas
