// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/net/probe.h"

#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "libstas/sys/net/probe_socket.h"
#include "tests/unit/sys/kernel_listener.h"
#include "tests/unit/sys/kernel_loop.h"

namespace stas {
namespace {

using testing::After;
using testing::Listener;
using testing::run_until;

class Probe : public ::testing::Test {
 protected:
  Result<void> ask(Prober& prober, const ProbeTarget& target) {
    std::optional<Result<void>> answer;
    prober.probe(target, [&](Result<void> result) { answer = std::move(result); });
    EXPECT_FALSE(answer) << "called from inside probe()";
    EXPECT_TRUE(run_until(loop_, [&] { return answer.has_value(); }));
    return answer ? *answer : fail(ErrorKind::io, "no answer at all");
  }
  Loop loop_;
};

TEST_F(Probe, AControllerThatAnswersIcReqIsReachable) {
  Listener peer(loop_, testing::icresp());
  Prober prober(loop_);
  const auto answer = ask(prober, peer.target());
  EXPECT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(peer.request(), icreq_pdu());
  EXPECT_TRUE(prober.is_fresh(peer.target()));
  EXPECT_EQ(prober.running(), 0U);
}

TEST_F(Probe, ARefusedPortIsReportedAtOnce) {
  testing::ClosedPort closed;
  Prober prober(loop_);
  const auto answer = ask(prober, {*IpAddress::parse("127.0.0.1"), closed.port(), "", ""});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::refused);
  EXPECT_NE(answer.error().text.find("127.0.0.1:" + closed.port()), std::string::npos) << answer.error().text;
}

TEST_F(Probe, SilenceAfterTheTcpConnectEndsAtTheDeadline) {
  Listener peer(loop_, "");
  Prober prober(loop_, {.deadline = std::chrono::milliseconds(60)});
  const auto answer = ask(prober, peer.target());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::timed_out);
  EXPECT_NE(answer.error().text.find("ICReq"), std::string::npos) << answer.error().text;
  EXPECT_FALSE(prober.is_fresh(peer.target()));
}

TEST_F(Probe, APeerThatIsNoControllerIsRefused) {
  struct Case {
    const char* name;
    std::string answer;
    ErrorKind kind;
  };
  auto term = std::string(24, '\0');
  term[0] = 3;
  auto digest = testing::icresp();
  digest[11] = 1;
  auto version = testing::icresp();
  version[8] = 1;
  auto length = testing::icresp();
  length[4] = 64;
  auto maxh2c = testing::icresp();
  maxh2c[14] = 0;
  const std::vector<Case> cases = {
      {"closes", "", ErrorKind::closed},
      {"speaks http", "HTTP/1.1 400 Bad Request\r\n\r\n", ErrorKind::protocol},
      {"terminates", term, ErrorKind::protocol},
      {"closes halfway", testing::icresp().substr(0, 100), ErrorKind::protocol},
      {"digest", digest, ErrorKind::protocol},
      {"version", version, ErrorKind::protocol},
      {"length", length, ErrorKind::protocol},
      {"MAXH2CDATA", maxh2c, ErrorKind::protocol},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Listener peer(loop_, c.answer, After::close);
    Prober prober(loop_);
    const auto answer = ask(prober, peer.target());
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, c.kind) << answer.error().text;
  }
}

TEST_F(Probe, UsesTheSourceAddressOfTheConnection) {
  Listener peer(loop_, testing::icresp());
  Prober prober(loop_);
  auto target = peer.target();
  target.host_traddr = "127.0.0.5";
  EXPECT_TRUE(ask(prober, target));
  EXPECT_EQ(peer.peer(), "127.0.0.5");
}

TEST_F(Probe, SourcesThisHostDoesNotHaveAreUnreachable) {
  Listener peer(loop_, testing::icresp());
  Prober prober(loop_);
  for (const char* source : {"192.0.2.77", "::1", "nonsense"}) {
    auto target = peer.target();
    target.host_traddr = source;
    const auto answer = ask(prober, target);
    ASSERT_FALSE(answer) << source;
    EXPECT_EQ(answer.error().kind, ErrorKind::unreachable) << answer.error().text;
  }
  auto target = peer.target();
  target.host_iface = "no-such-iface";
  EXPECT_FALSE(ask(prober, target));
  EXPECT_EQ(peer.accepted(), 0U);
}

TEST_F(Probe, AskersOfOnePortalShareOneProbe) {
  Listener peer(loop_, testing::icresp());
  Prober prober(loop_);
  unsigned good = 0;
  for (int i = 0; i < 100; ++i) {
    prober.probe(peer.target(), [&](Result<void> result) { good += result ? 1 : 0; });
  }
  ASSERT_TRUE(run_until(loop_, [&] { return good == 100; }));
  EXPECT_TRUE(ask(prober, peer.target())) << "a fresh answer counts";
  EXPECT_EQ(peer.accepted(), 1U);
}

TEST_F(Probe, SilentPeersDoNotDelayOthers) {
  std::list<Listener> silent;
  for (int i = 0; i < 20; ++i) silent.emplace_back(loop_, "");
  Listener good(loop_, testing::icresp());
  Prober prober(loop_, {.deadline = std::chrono::minutes(10)});
  unsigned answers = 0;
  for (const auto& peer : silent) prober.probe(peer.target(), [&](Result<void>) { ++answers; });
  EXPECT_TRUE(ask(prober, good.target()));
  EXPECT_EQ(answers, 0U);
}

TEST_F(Probe, OpenSocketsAreBoundedAndTheRestWaitsItsTurn) {
  std::list<Listener> silent;
  for (int i = 0; i < 6; ++i) silent.emplace_back(loop_, "");
  Prober prober(loop_, {.deadline = std::chrono::milliseconds(30), .parallel = 2});
  std::size_t most = 0;
  unsigned answers = 0;
  for (const auto& peer : silent) prober.probe(peer.target(), [&](Result<void>) { ++answers; });
  ASSERT_TRUE(run_until(loop_, [&] {
    most = std::max(most, prober.running());
    return answers == 6;
  }));
  EXPECT_EQ(most, 2U);
}

TEST_F(Probe, ABadPortIsAnAnswerNotACrash) {
  Prober prober(loop_);
  for (const char* port : {"", "0", "65536", "http", "80,tls"}) {
    EXPECT_FALSE(ask(prober, {*IpAddress::parse("127.0.0.1"), port, "", ""})) << port;
  }
}

TEST_F(Probe, NothingIsCalledAfterTheProberIsGone) {
  Listener peer(loop_, testing::icresp());
  {
    Prober prober(loop_);
    prober.probe(peer.target(), [](Result<void>) { FAIL(); });
  }
  loop_.run_once(Duration::zero());
}

}  // namespace
}  // namespace stas
