// SPDX-License-Identifier: Apache-2.0
//
// The JSON configuration and the control interface.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "tests/target/control/config_json.h"
#include "tests/target/target_thread.h"
#include "tests/unit/target/tcp_host.h"

namespace stas::target::testing {
namespace {

constexpr char kFull[] = R"({
  "discovery": {"nqn": "nqn.2024-01.org.example:discovery", "dctype": "ddc", "pleo": false, "epcsd": false, "padding": "space",
                "filter": "none", "version": "2.0", "raw_entries": [{"trtype": 1, "subnqn": "nqn.r:r"}]},
  "listeners": [{"id": 4, "transport": "loop"}, {"traddr": "127.0.0.1", "in_capsule": 0, "treq": "required", "tsas": "tls1.3"}],
  "subsystems": [{"nqn": "nqn.2024-01.org.example:one", "serial": "S1", "hosts": ["nqn.h:h"], "listeners": [1, 4],
                  "namespaces": [{"nsid": 3, "ram": "1MiB", "lba": 4096}, {"ram": 512}], "ncc": true}],
  "referrals": [{"transport": "rdma", "traddr": "192.0.2.1", "trsvcid": "4420", "portid": 9}]})";

TEST(Config, ErrorsNameTheirPath) {
  const struct {
    const char* json;
    const char* starts;
  } rows[] = {
      {R"([])", "$: is not an object"},
      {R"({"discovery": 1})", "$.discovery: is not an object"},
      {R"({"colour": 1})", "$.colour: is unknown"},
      {R"({"discovery": {"dctype": "cdd"}})", "$.discovery.dctype: is none of none, ddc, cdc"},
      {R"({"discovery": {"plea": true}})", "$.discovery.plea: is unknown"},
      {R"({"discovery": {"pleo": 1}})", "$.discovery.pleo: is neither"},
      {R"({"discovery": {"raw_entries": [{}, {"trtype": 256}]}})",
       "$.discovery.raw_entries[1].trtype: is not a number"},
      {R"({"listeners": {}})", "$.listeners: is not a list"},
      {R"({"listeners": [{"traddr": "127.0.0.1"}, {}]})", "$.listeners[1].traddr: is missing"},
      {R"({"listeners": [{"traddr": "::1", "id": 0}]})", "$.listeners[0].id: is not a number from 1"},
      {R"({"listeners": [{"traddr": "::1", "in_capsule": 17}]})", "$.listeners[0].in_capsule: is not a multiple"},
      {R"({"subsystems": [{}]})", "$.subsystems[0].nqn: is missing"},
      {R"({"subsystems": [{"nqn": "a:b", "hosts": ["x", 3]}]})", "$.subsystems[0].hosts[1]: is not a text"},
      {R"({"subsystems": [{"nqn": "a:b", "namespaces": [{"ram": "1MB"}]}]})",
       "$.subsystems[0].namespaces[0].ram: is no size"},
      {R"({"subsystems": [{"nqn": "a:b", "namespaces": [{"ram": 513}]}]})",
       "$.subsystems[0].namespaces[0].ram: is not a multiple"},
      {R"({"referrals": [{"traddr": 1}]})", "$.referrals[0].traddr: is not a text"},
      {R"({"referrals")", "$: "},
  };
  for (const auto& row : rows) {
    const auto config = parse_config(row.json);
    ASSERT_FALSE(config) << row.json;
    EXPECT_EQ(config.error().text.substr(0, std::string(row.starts).size()), row.starts) << config.error().text;
  }
}

TEST(Config, SavedTextReadsBackTheSame) {
  const auto config = parse_config(kFull);
  ASSERT_TRUE(config) << config.error().text;
  // Ids that the configuration leaves open are known once the target runs.
  const auto target = TargetThread::start(kFull);
  ASSERT_TRUE(target) << target.error().text;
  const auto saved = (*target)->call("target.save");
  ASSERT_TRUE(saved) << saved.error().text;
  const auto loaded = parse_config(*saved);
  ASSERT_TRUE(loaded) << loaded.error().text;
  const std::string text = format_config(*loaded);
  EXPECT_EQ(format_config(*parse_config(text)), text);
  EXPECT_EQ(loaded->listeners.size(), 2U);
  EXPECT_EQ(loaded->subsystems[0].namespaces.size(), 2U);
  EXPECT_EQ(loaded->subsystems[0].namespaces[1].nsid, 4U);
  EXPECT_EQ(loaded->discovery.raw_entries[0].fixed, config->discovery.raw_entries[0].fixed);
}

TEST(Config, WhatCannotRunIsRefusedWithItsName) {
  const struct {
    const char* json;
    const char* contains;
  } rows[] = {
      {R"({"listeners": [{"traddr": "localhost"}]})", "localhost"},
      {R"({"listeners": [{"traddr": "203.0.113.77"}]})", "203.0.113.77"},
      {R"({"listeners": [{"id": 2, "transport": "loop"}, {"id": 2, "transport": "loop"}]})", "listener 2 exists"},
      {R"({"subsystems": [{"nqn": "a:b"}, {"nqn": "a:b"}]})", "a:b exists already"},
      {R"({"subsystems": [{"nqn": "nqn.2014-08.org.nvmexpress.discovery"}]})", "is the discovery subsystem"},
      {R"({"subsystems": [{"nqn": "a:b", "namespaces": [{"ram": 512, "uuid": "x"}]}]})", "uuid 'x'"},
  };
  for (const auto& row : rows) {
    const auto target = Target::make(std::string_view(row.json));
    ASSERT_FALSE(target) << row.json;
    EXPECT_NE(target.error().text.find(row.contains), std::string::npos) << target.error().text;
  }
}

TEST(Rpc, MalformedRequestsAreAnsweredNotExecuted) {
  const auto target = Target::make(std::string_view("{}"));
  ASSERT_TRUE(target);
  const struct {
    const char* request;
    const char* contains;
  } rows[] = {
      {"", "-32700"},
      {"{", "-32700"},
      {"[]", "-32600"},
      {R"({"id": 1, "method": "target.stats"})", "-32600"},
      {R"({"jsonrpc": "2.0", "id": [], "method": "target.stats"})", "-32600"},
      {R"({"jsonrpc": "2.0", "id": 1, "method": 5})", "-32600"},
      {R"({"jsonrpc": "2.0", "id": 1, "method": "target.explode"})", "-32601"},
      {R"({"jsonrpc": "2.0", "id": 1, "method": "target.stats", "params": [1]})", "-32602"},
      {R"({"jsonrpc": "2.0", "id": 1, "method": "subsystem.remove", "params": {}})", "$.params.nqn: is missing"},
      {R"({"jsonrpc": "2.0", "id": 1, "method": "subsystem.remove", "params": {"nqn": "a"}})", "-32000"},
      {R"({"jsonrpc": "2.0", "id": 1, "method": "fault.add", "params": {"what": "x"}})", "$.params.what"},
      {R"({"jsonrpc": "2.0", "id": "seven", "method": "target.stats"})", R"("id":"seven","result")"},
  };
  for (const auto& row : rows) {
    const std::string response = (*target)->rpc(row.request);
    EXPECT_NE(response.find(row.contains), std::string::npos) << row.request << " -> " << response;
  }
  EXPECT_EQ((*target)->rpc(R"({"jsonrpc": "2.0", "method": "discovery.bump"})"), "") << "a notification";
  EXPECT_EQ((*target)->engine().model().genctr, 2U);
}

TEST(Rpc, WorksOverItsSocketLineByLine) {
  const auto folder = std::filesystem::temp_directory_path() / ("stas-rpc-" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  const std::string path = folder / "socket";
  {
    const auto target = TargetThread::start(R"({"listeners": [{"traddr": "127.0.0.1"}]})");
    ASSERT_TRUE(target) << target.error().text;
    (*target)->run([&](Target& t) { EXPECT_TRUE(t.serve(path)); });
    const UniqueFd client(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    const std::string requests = R"({"jsonrpc":"2.0","id":1,"method":"subsystem.add","params":{"nqn":"nqn.a:a"}})"
                                 "\n"
                                 R"({"jsonrpc":"2.0","id":2,"method":"target.stats"})"
                                 "\n";
    ASSERT_EQ(::send(client.get(), requests.data(), requests.size(), 0), static_cast<ssize_t>(requests.size()));
    std::string answers;
    std::array<char, 4096> piece{};
    while (std::count(answers.begin(), answers.end(), '\n') < 2) {
      const auto got = ::recv(client.get(), piece.data(), piece.size(), 0);
      ASSERT_GT(got, 0);
      answers.append(piece.data(), static_cast<std::size_t>(got));
    }
    EXPECT_NE(answers.find(R"("id":1,"result":{"genctr":2})"), std::string::npos) << answers;
    // An endless line ends the client, not the target.
    const std::string endless(std::size_t{2} << 20, 'x');
    std::size_t sent = 0;
    while (sent < endless.size()) {
      const auto done = ::send(client.get(), &endless[sent], endless.size() - sent, MSG_NOSIGNAL);
      if (done <= 0) break;
      sent += static_cast<std::size_t>(done);
    }
    EXPECT_LE(::recv(client.get(), piece.data(), piece.size(), 0), 0);
    EXPECT_TRUE((*target)->call("target.stats"));
  }
  EXPECT_FALSE(std::filesystem::exists(path)) << "the socket file is taken away";
  std::filesystem::remove_all(folder);
}

TEST(Rpc, EveryChangeReachesTheHostsThatAreConnected) {
  const auto started = TargetThread::start(R"({"listeners": [{"traddr": "127.0.0.1"}],
    "subsystems": [{"nqn": "nqn.2024-01.org.example:one"}]})");
  ASSERT_TRUE(started) << started.error().text;
  TargetThread& target = **started;
  TcpHost host(target.port());
  ASSERT_TRUE(host.initialize());
  ASSERT_TRUE(host.bring_up({.kato_ms = 30000}));
  ASSERT_EQ(host.run(set_features(0x0B, 0x80000000))->status, 0);
  const struct {
    const char* method;
    const char* params;
  } rows[] = {
      {"subsystem.add", R"({"nqn": "nqn.a:a"})"},
      {"subsystem.set", R"({"nqn": "nqn.a:a", "ncc": true})"},
      {"host.deny", R"({"nqn": "nqn.a:a", "host": "nqn.h:h"})"},
      {"referral.add", R"({"traddr": "192.0.2.1"})"},
      {"referral.remove", R"({"traddr": "192.0.2.1"})"},
      {"listener.add", R"({"id": 9, "traddr": "127.0.0.1"})"},
      {"listener.remove", R"({"id": 9})"},
      {"discovery.set", R"({"dctype": "cdc"})"},
      {"discovery.bump", "{}"},
      {"subsystem.remove", R"({"nqn": "nqn.2024-01.org.example:one"})"},
  };
  std::uint64_t genctr = 1;
  for (const auto& row : rows) {
    const auto cid = host.submit(plain(0x0C));
    const auto done = target.call(row.method, row.params);
    ASSERT_TRUE(done) << row.method << ": " << done.error().text;
    const auto event = host.collect();
    ASSERT_TRUE(event) << row.method;
    EXPECT_EQ(event->cid, cid);
    EXPECT_EQ(event->result, 0x0070F002U);
    const auto page = host.run(get_log_page({.length = 20, .rae = false}));
    EXPECT_EQ(page->number(0, 8), ++genctr) << row.method;
  }
}

}  // namespace
}  // namespace stas::target::testing
