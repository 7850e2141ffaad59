// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/net/probe.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <iterator>
#include <optional>
#include <vector>

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libstas/nvme_tcp/pdu.h"
#include "tests/unit/sys/kernel_listener.h"
#include "tests/unit/sys/kernel_loop.h"

namespace stas {
namespace {

using test::After;
using test::Listener;
using test::run_until;

class Probe : public ::testing::Test {
 protected:
  Result<void> ask(Prober& prober, const TcpEndpoint& target) {
    std::optional<Result<void>> answer;
    prober.probe(target, [&](Result<void> result) { answer = std::move(result); });
    EXPECT_FALSE(answer) << "called from inside probe()";
    EXPECT_TRUE(run_until(loop_, [&] { return answer.has_value(); }));
    return answer ? *answer : fail(ErrorKind::io, "no answer at all");
  }
  Loop loop_;
};

TEST_F(Probe, AControllerThatAnswersIcReqIsReachable) {
  Listener peer(loop_, test::icresp());
  Prober prober(loop_);
  const auto answer = ask(prober, peer.target());
  EXPECT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(peer.request(), nvme_tcp::encode_ic_req({}));
  EXPECT_TRUE(prober.is_fresh(peer.target()));
  EXPECT_EQ(prober.running(), 0U);
}

// What comes in the clear to a port for TLS ends the connection, and is an alarm over there.
TEST_F(Probe, NothingIsSaidInTheClearWhereTlsIsSpoken) {
  Listener peer(loop_, "");
  Prober prober(loop_);
  auto target = peer.target();
  target.tls = true;
  EXPECT_TRUE(ask(prober, target));
  EXPECT_TRUE(run_until(loop_, [&] { return peer.accepted() == 1; }));
  EXPECT_EQ(peer.request(), "");
  EXPECT_TRUE(prober.is_fresh(target));
  EXPECT_FALSE(prober.is_fresh(peer.target())) << "that it takes TCP connections says nothing about NVMe/TCP";
}

TEST_F(Probe, ARefusedPortIsReportedAtOnce) {
  test::ClosedPort closed;
  Prober prober(loop_);
  const auto answer = ask(prober, {*IpAddress::parse("127.0.0.1"), closed.number(), "", ""});
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
  using nvme_tcp::peer::ic_resp;
  auto length = ic_resp();
  length[4] = 64;
  const std::vector<Case> cases = {
      {"closes", "", ErrorKind::closed},
      {"speaks http", "HTTP/1.1 400 Bad Request\r\n\r\n", ErrorKind::protocol},
      {"terminates", nvme_tcp::peer::header(3, 0, 24, 0, 24), ErrorKind::closed},
      {"closes halfway", ic_resp().substr(0, 100), ErrorKind::closed},
      {"digest", ic_resp(1), ErrorKind::protocol},
      {"version", ic_resp(0, 0, 65536, 1), ErrorKind::protocol},
      {"length", length, ErrorKind::protocol},
      {"alignment", ic_resp(0, 32), ErrorKind::protocol},
      {"MAXH2CDATA too small", ic_resp(0, 0, 4092), ErrorKind::protocol},
      {"MAXH2CDATA odd", ic_resp(0, 0, 4097), ErrorKind::protocol},
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
  Listener peer(loop_, test::icresp());
  Prober prober(loop_);
  auto target = peer.target();
  target.host_traddr = "127.0.0.5";
  EXPECT_TRUE(ask(prober, target));
  EXPECT_EQ(peer.peer(), "127.0.0.5");
}

TEST_F(Probe, SourcesThisHostDoesNotHaveAreUnreachable) {
  Listener peer(loop_, test::icresp());
  Prober prober(loop_);
  struct Case {
    const char* source;
    ErrorKind kind;
  };
  for (const auto& c : {Case{"192.0.2.77", ErrorKind::unreachable}, Case{"::1", ErrorKind::invalid_input},
                        Case{"nonsense", ErrorKind::invalid_input}}) {
    auto target = peer.target();
    target.host_traddr = c.source;
    const auto answer = ask(prober, target);
    ASSERT_FALSE(answer) << c.source;
    EXPECT_EQ(answer.error().kind, c.kind) << answer.error().text;
  }
  auto target = peer.target();
  target.host_iface = "no-such-iface";
  EXPECT_FALSE(ask(prober, target));
  EXPECT_EQ(peer.accepted(), 0U);
}

TEST_F(Probe, AskersOfOnePortalShareOneProbe) {
  Listener peer(loop_, test::icresp());
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
  Listener good(loop_, test::icresp());
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

// The system refuses to bind to an interface, as Linux before 5.7 does without CAP_NET_RAW. Only this process.
void forbid_bind_to_device() {
  constexpr std::uint32_t kName = offsetof(seccomp_data, nr), kOption = offsetof(seccomp_data, args[2]);
  constexpr std::uint32_t kLowWord = std::endian::native == std::endian::big ? 4 : 0;
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kName),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setsockopt, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kOption + kLowWord),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SO_BINDTODEVICE, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{static_cast<unsigned short>(std::size(program)), program};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
    _exit(77);
  }
}

TEST(ProbeWithoutPrivilege, AnInterfaceStandsForItsAddress) {
  const auto probe_through_lo = [] {
    forbid_bind_to_device();
    Loop loop;
    Listener peer(loop, test::icresp());
    Prober prober(loop);
    auto target = peer.target();
    target.host_iface = "lo";
    std::optional<Result<void>> answer;
    prober.probe(target, [&](Result<void> result) { answer = std::move(result); });
    const bool answered = run_until(loop, [&] { return answer.has_value(); });
    if (answered && !*answer) std::fprintf(stderr, "%s\n", answer->error().text.c_str());
    _exit(answered && *answer ? 0 : 1);
  };
  EXPECT_EXIT(probe_through_lo(), ::testing::ExitedWithCode(0), "");
}

TEST(TcpEndpoint, NeedsAnAddressAndAPort) {
  const auto of = [](const char* traddr, const char* port) {
    return tcp_endpoint_of(Tid({Transport::tcp, traddr, port, "nqn.a", "", "", ""}));
  };
  EXPECT_EQ(to_text(*of("10.0.0.1", "8009")), "10.0.0.1:8009");
  EXPECT_EQ(to_text(*of("fe80::1", "04420")), "[fe80::1]:4420");
  EXPECT_FALSE(of("host", "8009"));
  for (const char* port : {"0", "65536", "http", "80,tls"}) {
    const auto endpoint = of("10.0.0.1", port);
    ASSERT_FALSE(endpoint) << port;
    EXPECT_EQ(endpoint.error().kind, ErrorKind::invalid_input);
  }
}

TEST_F(Probe, NothingIsCalledAfterTheProberIsGone) {
  Listener peer(loop_, test::icresp());
  {
    Prober prober(loop_);
    prober.probe(peer.target(), [](Result<void>) { FAIL(); });
  }
  loop_.run_once(Duration::zero());
}

}  // namespace
}  // namespace stas
