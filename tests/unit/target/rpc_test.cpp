// SPDX-License-Identifier: Apache-2.0
//
// The control socket as other people's clients use it: where a request ends, batches, no descriptors left; and bounds
// on memory that hosts can take.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <memory>
#include <thread>

#include "tests/target/control/rpc.h"
#include "tests/target/target_thread.h"
#include "tests/unit/target/tcp_host.h"

namespace stas::target::testing {
namespace {

namespace fs = std::filesystem;

TEST(RpcFraming, ARequestEndsWhereItsJsonEnds) {
  auto target = Target::make(R"({})");
  ASSERT_TRUE(target);
  const struct {
    const char* name;
    std::string text;
    std::size_t bytes;
    const char* answer;
  } rows[] = {
      {"indented, no newline", "{\n \"jsonrpc\": \"2.0\",\n \"id\": 1,\n \"method\": \"zone.list\"\n}", 55, "[]"},
      {"half of one", R"({"jsonrpc": "2.0", "id": 1, "params": {})", 0, ""},
      {"a bracket in a text", R"({"jsonrpc": "2.0", "id": "}")", 0, ""},
      {"one and a half", R"({"jsonrpc":"2.0","id":1,"method":"zone.list"}{"json)", 45, "[]"},
      {"blanks", " \n\t", 3, ""},
      {"garbage to the end of its line", "hello\n{}", 6, "-32700"},
      {"a bad one is dropped with its line", "{]}\n{}", 4, "-32700"},
      {"a batch", R"([{"jsonrpc":"2.0","id":1,"method":"zone.list"},{"jsonrpc":"2.0","id":2,"method":"x"}])", 85,
       "-32601"},
      {"an empty batch", "[]", 2, "-32600"},
      {"a number", "7\n", 2, "-32600"},
  };
  for (const auto& row : rows) {
    const auto taken = answer_rpc(**target, row.text);
    EXPECT_EQ(taken.bytes, row.bytes) << row.name;
    EXPECT_NE(taken.answer.find(row.answer), std::string::npos) << row.name << ": " << taken.answer;
  }
}

TEST(RpcFraming, ARequestMayBeCutAnywhere) {
  auto target = Target::make(R"({})");
  ASSERT_TRUE(target);
  const std::string request =
      R"([{"jsonrpc": "2.0", "id": -1.5e2, "method": "fault.add", "params": {"what": "drop", "queue": "io"}},)"
      R"( {"jsonrpc": "2.0", "id": "\u00e9\"}", "method": "host.allow_any", "params": {"nqn": "ü", "allow": false}}])";
  for (std::size_t length = 1; length < request.size(); ++length) {
    const auto taken = answer_rpc(**target, std::string_view(request).substr(0, length));
    EXPECT_EQ(taken.bytes, 0U) << request.substr(0, length) << ": " << taken.answer;
  }
  EXPECT_EQ(answer_rpc(**target, request).bytes, request.size());
  const std::string overflow = R"({"jsonrpc": "2.0", "id": 1e999, "method": "zone.list"})";
  EXPECT_EQ(answer_rpc(**target, overflow).bytes, overflow.size());
}

class Socket {
 public:
  explicit Socket(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  std::string call(const std::string& text) {
    EXPECT_EQ(::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    std::string answer;
    for (char c = 0; ::recv(fd_.get(), &c, 1, 0) == 1 && c != '\n';) answer.push_back(c);
    return answer;
  }

 private:
  UniqueFd fd_;
};

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

TEST(RpcServer, WaitsWithoutSpinningWhenNoDescriptorIsLeft) {
  std::string folder = fs::temp_directory_path() / "stas-target-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  auto target = Target::make(R"({})");
  ASSERT_TRUE(target);
  ASSERT_TRUE((*target)->serve(folder + "/rpc"));
  Socket client(folder + "/rpc");
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const int lowest = ::dup(0);
  ::close(lowest);
  const rlimit none{.rlim_cur = static_cast<rlim_t>(lowest), .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(250);
  const double cpu = cpu_seconds();
  std::size_t rounds = 0;
  for (; std::chrono::steady_clock::now() < until; ++rounds) (*target)->poll(Millis(50));
  const double used = cpu_seconds() - cpu;
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_LT(rounds, 40U);
  EXPECT_LT(used, 0.1);
  // With descriptors again the client that waited is served.
  std::thread loop([&] {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while ((*target)->engine().model().zone_groups.empty() && std::chrono::steady_clock::now() < limit) {
      (*target)->poll(Millis(20));
    }
    (*target)->poll(Millis(0));
  });
  const auto answer =
      client.call(R"({"jsonrpc":"2.0","id":1,"method":"zone.set","params":{"name":"z","members":["nqn.a:a"]}})");
  EXPECT_NE(answer.find("genctr"), std::string::npos) << answer;
  loop.join();
  fs::remove_all(folder);
}

TEST(Memory, UnfinishedWritesTakeNoMoreThanTheBudget) {
  auto target = TargetThread::start(R"({"listeners": [{"traddr": "127.0.0.1"}],
    "memory": {"per_connection": "2MiB", "total": "4MiB"},
    "subsystems": [{"nqn": "nqn.2024-01.org.example:one", "namespaces": [{"ram": "4MiB"}]}]})");
  ASSERT_TRUE(target) << target.error().text;
  TcpHost admin((*target)->port());
  ASSERT_TRUE(admin.initialize());
  const auto cntlid = admin.bring_up({.subnqn = kOne});
  ASSERT_TRUE(cntlid);
  const auto used = [&] {
    std::uint64_t bytes = 0;
    (*target)->run([&](Target& t) { bytes = t.budget().used(); });
    return bytes;
  };
  std::vector<std::unique_ptr<TcpHost>> queues;
  const std::vector<std::uint8_t> data(1 << 20, 0x77);
  for (std::uint16_t qid = 1; qid <= 4; ++qid) {
    queues.push_back(std::make_unique<TcpHost>((*target)->port()));
    TcpHost& io = *queues.back();
    ASSERT_TRUE(io.initialize());
    ASSERT_TRUE(io.bring_up({.subnqn = kOne, .qid = qid, .cntlid = *cntlid, .sqsize = 31}));
    for (int i = 0; i < 8; ++i) io.submit(write(0, data, false));
  }
  EXPECT_EQ(admin.run(property_get(0x1C))->status, 0) << "the target is alive";
  EXPECT_LE(used(), std::uint64_t{4} << 20);
  EXPECT_GE(used(), std::uint64_t{2} << 20);
  // Those that get their turn finish, then the others do.
  for (auto& io : queues) {
    for (int i = 0; i < 8; ++i) {
      const auto answer = io->collect();
      ASSERT_TRUE(answer);
      EXPECT_EQ(answer->status, 0);
    }
  }
  EXPECT_EQ(used(), 0U);
}

TEST(Accepting, PausedAndBlackHoleListeners) {
  auto target = TargetThread::start(R"({"listeners": [{"traddr": "127.0.0.1"}]})");
  ASSERT_TRUE(target) << target.error().text;
  const auto set = [&](const char* how) {
    const auto done = (*target)->call("listener.set", std::string(R"({"id": 1, "accepting": ")") + how + "\"}");
    EXPECT_TRUE(done) << (done ? "" : done.error().text);
  };
  const auto connects = [&] {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi((*target)->port())));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    pollfd waiting{.fd = fd.get(), .events = POLLOUT, .revents = 0};
    return ::poll(&waiting, 1, 100) == 1;
  };
  set("paused");
  EXPECT_TRUE(connects()) << "by the kernel";
  TcpHost unanswered((*target)->port());
  set("black-hole");
  EXPECT_FALSE(connects()) << "the SYN is lost";
  set("yes");
  TcpHost host((*target)->port());
  EXPECT_TRUE(host.initialize());
}

}  // namespace
}  // namespace stas::target::testing
