// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/kernel/connect_inquiry.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "tests/unit/nvme_tcp/wire_peer.h"
#include "tests/unit/sys/kernel_listener.h"
#include "tests/unit/sys/kernel_loop.h"

namespace stas {
namespace {

namespace peer = nvme_tcp::peer;
using test::run_until;
using ::testing::HasSubstr;

constexpr std::size_t kConnectCapsule = 72 + 1024;
constexpr std::uint16_t kInvalidParameters = 0x182, kInvalidHost = 0x184;

// A controller that answers one Connect: with a status and a result, or not at all.
class Controller {
 public:
  struct Answer {
    std::uint16_t status = 0;
    std::uint64_t result = 0;
    bool silent = false;
  };

  Controller(Loop& loop, Answer answer) : loop_(loop), answer_(answer) {
    listener_ = UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), length);
    listen(listener_.get(), 1);
    getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &length);
    port_ = std::to_string(ntohs(address.sin_port));
    accept_ = loop_
                  .watch(listener_.get(), EPOLLIN,
                         [this](std::uint32_t) {
                           host_ = UniqueFd(accept(listener_.get(), nullptr, nullptr));
                           read_ = loop_.watch(host_.get(), EPOLLIN, [this](std::uint32_t) { on_bytes(); }).value();
                         })
                  .value();
  }

  const std::string& port() const { return port_; }
  std::string capsule() const {
    return bytes_.size() > nvme_tcp::kIcLength ? bytes_.substr(nvme_tcp::kIcLength) : std::string();
  }
  bool left() const { return left_; }

 private:
  void on_bytes() {
    char buffer[4096];
    const ssize_t got = recv(host_.get(), buffer, sizeof buffer, 0);
    if (got <= 0) {
      left_ = true;
      read_ = IoSource();
      return;
    }
    const auto before = bytes_.size();
    bytes_.append(buffer, static_cast<std::size_t>(got));
    if (before < nvme_tcp::kIcLength && bytes_.size() >= nvme_tcp::kIcLength) reply(peer::ic_resp());
    if (answer_.silent || bytes_.size() != nvme_tcp::kIcLength + kConnectCapsule) return;
    reply(peer::response(peer::cid_of(capsule()), answer_.result, answer_.status, true));
  }
  void reply(const std::string& pdu) const { send(host_.get(), pdu.data(), pdu.size(), MSG_NOSIGNAL); }

  Loop& loop_;
  Answer answer_;
  UniqueFd listener_, host_;
  IoSource accept_, read_;
  std::string port_, bytes_;
  bool left_ = false;
};

class Inquiry : public ::testing::Test {
 protected:
  static Connect order(const std::string& port) {
    TidFields fields{Transport::tcp, "127.0.0.1", port, "nqn.2014-08.org.example:sub", "", "", ""};
    Connect connect{.op = 1, .tid = Tid(fields), .options = {}, .host = {}};
    connect.host.nqn = "nqn.2014-08.org.example:host";
    connect.host.id = "2cd2c43b-a90a-45c1-a8cd-86b33ab273b5";
    return connect;
  }
  // What was learned, "" for nothing.
  std::string ask(const Connect& connect, Duration patience = std::chrono::seconds(20)) {
    std::optional<std::string> said;
    auto inquiry = ConnectInquiry::begin(
        loop_, connect,
        [&](const std::optional<Error>& why) {
          said = why ? why->text : "";
          inquiry_.reset();  // as owners do
        },
        patience);
    EXPECT_TRUE(inquiry);
    inquiry_ = std::move(inquiry);
    EXPECT_TRUE(run_until(loop_, [&] { return said.has_value(); }));
    return said.value_or("no end");
  }
  std::string ask(Controller::Answer answer) {
    Controller controller(loop_, answer);
    auto said = ask(order(controller.port()));
    EXPECT_EQ(controller.capsule().size(), kConnectCapsule);
    EXPECT_TRUE(run_until(loop_, [&] { return controller.left(); })) << "the association is kept";
    return said;
  }

  Loop loop_;
  std::unique_ptr<ConnectInquiry> inquiry_;
};

TEST_F(Inquiry, TellsWhatTheControllerSays) {
  const std::uint64_t subsystem_nqn = (std::uint64_t{1} << 16U) | 256;
  EXPECT_THAT(ask({kInvalidParameters, subsystem_nqn}), HasSubstr("nqn.2014-08.org.example:sub"));
  EXPECT_THAT(ask({kInvalidHost}), HasSubstr("the host nqn.2014-08.org.example:host is not allowed"));
}

TEST_F(Inquiry, AuthenticationIsNoAnswerOfConnectButADemand) {
  const std::uint64_t demand = std::uint64_t{1} << 17U;
  EXPECT_THAT(ask({0, demand}), HasSubstr("has no key"));
  Controller controller(loop_, {0, demand});
  auto connect = order(controller.port());
  connect.options.dhchap_secret = Secret("DHHC-1:00:secret:");
  const auto said = ask(connect);
  EXPECT_THAT(said, HasSubstr("likely the keys of host and controller differ"));
  EXPECT_EQ(said.find("DHHC"), std::string::npos);
}

TEST_F(Inquiry, OneThatDoesNotRefuseTellsNothing) { EXPECT_EQ(ask({}), ""); }

TEST_F(Inquiry, NothingIsLearnedFromOneThatClosesOrIsSilent) {
  test::Listener closing(loop_, "", test::After::close);
  EXPECT_EQ(ask(order(closing.port())), "");
  const test::ClosedPort nobody;
  EXPECT_EQ(ask(order(nobody.port())), "");
  test::Listener mute(loop_, "");
  EXPECT_EQ(ask(order(mute.port()), std::chrono::milliseconds(20)), "");
  Controller slow(loop_, {.silent = true});
  EXPECT_EQ(ask(order(slow.port()), std::chrono::milliseconds(50)), "");
}

TEST_F(Inquiry, OnlyTcpCanBeAsked) {
  auto connect = order("8009");
  TidFields fields = connect.tid.fields();
  fields.transport = Transport::rdma;
  connect.tid = Tid(fields);
  EXPECT_FALSE(ConnectInquiry::begin(loop_, connect, [](const auto&) {}));
}

}  // namespace
}  // namespace stas
