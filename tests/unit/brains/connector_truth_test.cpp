// SPDX-License-Identifier: Apache-2.0
//
// "When is a connection cut?" (compatibility contract 6.4): every row under every disconnect-scope.
#include <array>
#include <regex>

#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

struct Scope {
  const char* name;
  const char* options;
};
constexpr std::array<Scope, 4> kScopes{{
    {"only-stas", "disconnect-scope=only-stas-connections"},
    {"all, tcp listed", "disconnect-scope=all-connections-matching-disconnect-trtypes | disconnect-trtypes=tcp"},
    {"all, tcp not listed", "disconnect-scope=all-connections-matching-disconnect-trtypes | disconnect-trtypes=rdma"},
    {"no-disconnect", "disconnect-scope=no-disconnect"},
}};

struct TruthRow {
  const char* event;
  const char* script;                 // $ stands for the options of the scope
  std::array<const char*, 4> expect;  // under each scope
};

constexpr const char* kCutListed =
    "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer listed by any discovery controller)\n"
    "60s ls 10.0.0.1/nqn.b nvme1\n";
constexpr const char* kKeptListed = "60s ls 10.0.0.1/nqn.b nvme1\n";  // forgotten, and left alone
constexpr const char* kCutLine = "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n";
constexpr const char* kCutExcluded = "1.5s disconnect nvme0 10.0.0.1/nqn.a (excluded by an exclude= line)\n";
constexpr const char* kCutOthers = "1.5s disconnect nvme7 10.0.0.1/nqn.x (excluded by an exclude= line)\n";
constexpr const char* kCutHostName =
    "0s resolve array\n1.5s disconnect nvme0 10.0.0.1/nqn.a (excluded by an exclude= line)\n";
constexpr const char* kKeptHostName = "0s resolve array\n60s ls 10.0.0.1/nqn.a nvme0\n";
constexpr const char* kCutIncluded = "1.5s disconnect nvme0 10.0.0.1/nqn.a (matches no include= line)\n";
constexpr const char* kKeptIncluded =
    "0s error [Controllers] contains invalid options: {'inclde'} - did you mean `include`?; the line includes nothing, "
    "and no connection that it may mean is cut\n60s ls 10.0.0.1/nqn.a nvme0\n";
constexpr const char* kCutFamily = "1.5s disconnect nvme0 10.0.0.1/nqn.a (address family disabled by ip-family=)\n";

const TruthRow kRows[] = {
    {"the log page entry is gone",
     R"(start $
        stafd up
        lists 10.0.0.1 nqn.a nqn.b
        --
        lists 10.0.0.1 nqn.b
        wait 60
        ls)",
     {kCutListed, kCutListed, kKeptListed, kKeptListed}},
    {"the controller= line is removed",
     R"(start $ | controller=10.0.0.1/nqn.a
        stafd up
        --
        conf $
        wait 60
        ls)",
     {kCutLine, kCutLine, "", ""}},
    {"the controller= line is removed, but a log page lists it",
     R"(start $ | controller=10.0.0.1/nqn.a
        stafd up
        lists 10.0.0.1 nqn.a
        --
        conf $
        wait 60
        ls)",
     {"60s ls 10.0.0.1/nqn.a nvme0\n", "60s ls 10.0.0.1/nqn.a nvme0\n", "60s ls 10.0.0.1/nqn.a nvme0\n",
      "60s ls 10.0.0.1/nqn.a nvme0\n"}},
    // The manual: an exclude= line ends a connection of ours whatever the scope and the transports (decisions, answer
    // 6).
    {"an exclude= line matches a configured controller",
     R"(start $ | controller=10.0.0.1/nqn.a
        --
        conf $ | controller=10.0.0.1/nqn.a | exclude=nqn=nqn.a
        wait 60
        ls)",
     {kCutExcluded, kCutExcluded, kCutExcluded, kCutExcluded}},
    {"an exclude= line matches a listed controller",
     R"(start $
        stafd up
        lists 10.0.0.1 nqn.a
        --
        conf $ | exclude=traddr=10.0.0.1
        wait 60
        ls)",
     {kCutExcluded, kCutExcluded, kCutExcluded, kCutExcluded}},
    {"an exclude= line says the host name of its line",
     R"(dns array 10.0.0.1
        start $ | controller=array/nqn.a
        --
        conf $ | controller=array/nqn.a | exclude=traddr=array
        wait 60
        ls)",
     {kCutHostName, kCutHostName, kCutHostName, kCutHostName}},
    {"... and a log page lists its address: that one has no name",
     R"(dns array 10.0.0.1
        start $ | controller=array/nqn.a
        stafd up
        lists 10.0.0.9 10.0.0.1/nqn.a
        --
        conf $ | controller=array/nqn.a | exclude=traddr=array
        wait 60
        ls)",
     {kKeptHostName, kKeptHostName, kKeptHostName, kKeptHostName}},
    {"a page lists it, and no include= line lets it in",
     R"(start $
        stafd up
        lists 10.0.0.1 nqn.a
        --
        conf $ | include=nqn=nqn.b
        wait 60
        ls)",
     {kCutIncluded, kCutIncluded, kCutIncluded, kCutIncluded}},
    {"an include= line cannot be read",
     R"(start $
        stafd up
        lists 10.0.0.1 nqn.a
        --
        conf $ | inclde=nqn=nqn.b
        wait 60
        ls)",
     {kKeptIncluded, kKeptIncluded, kKeptIncluded, kKeptIncluded}},
    {"ip-family= excludes it",
     R"(start $ | controller=10.0.0.1/nqn.a
        --
        conf $ | controller=10.0.0.1/nqn.a | ip-family=ipv6
        wait 60
        ls)",
     {kCutFamily, kCutFamily, "", ""}},
    // Not as 2.4.1: a name that does not resolve is no information (regressions 31).
    {"the name of a controller= line no longer resolves",
     R"(dns array 10.0.0.1
        start $ | controller=array/nqn.a
        dns array fails
        --
        conf $ | controller=array/nqn.a
        wait 4
        ls)",
     {"0s resolve array\n4s ls 10.0.0.1/nqn.a nvme0\n", "0s resolve array\n4s ls 10.0.0.1/nqn.a nvme0\n",
      "0s resolve array\n4s ls 10.0.0.1/nqn.a nvme0\n", "0s resolve array\n4s ls 10.0.0.1/nqn.a nvme0\n"}},
    {"a connection of somebody else, not wanted (audit: after stafd has settled)",
     R"(start $
        stafd up
        --
        device nvme7 10.0.0.1/nqn.x
        wait 60
        ls)",
     {"", "10s disconnect nvme7 10.0.0.1/nqn.x (not wanted by anything)\n", "", ""}},
    // stacd.conf(5), disconnect-scope=.
    {"a connection of somebody else that an exclude= line matches",
     R"(start $ | exclude=traddr=10.0.0.1
        stafd up
        --
        device nvme7 10.0.0.1/nqn.x
        wait 60
        ls)",
     {"", kCutOthers, "", ""}},
    {"... and that a controller= line names",
     R"(device nvme7 10.0.0.1/nqn.x
        start $ | controller=10.0.0.1/nqn.x | exclude=traddr=10.0.0.1
        stafd up
        --
        wait 60
        ls)",
     {"", kCutOthers, "", ""}},
    {"a connection of somebody else that is wanted",
     R"(device nvme7 10.0.0.1/nqn.a
        start $ | controller=10.0.0.1/nqn.a
        stafd up
        wait 60
        ls)",
     {"60s ls 10.0.0.1/nqn.a nvme7\n", "60s ls 10.0.0.1/nqn.a nvme7\n", "60s ls 10.0.0.1/nqn.a nvme7\n",
      "60s ls 10.0.0.1/nqn.a nvme7\n"}},
    {"an adopted connection is ours from then on",
     R"(device nvme0 10.0.0.1/nqn.a
        start $ | controller=10.0.0.1/nqn.a
        stafd up
        --
        conf $
        wait 60)",
     {kCutLine, kCutLine, "", ""}},
    {"listed in controller=: never cut, whatever stafd says",
     R"(start $ | controller=10.0.0.1/nqn.a
        stafd up
        lists 10.0.0.1 nqn.a
        --
        lists 10.0.0.1
        ends 10.0.0.1
        wait 60
        ls)",
     {"60s ls 10.0.0.1/nqn.a nvme0\n", "60s ls 10.0.0.1/nqn.a nvme0\n", "60s ls 10.0.0.1/nqn.a nvme0\n",
      "60s ls 10.0.0.1/nqn.a nvme0\n"}},
    {"stacd stops: #44",
     R"(start $ | controller=10.0.0.1/nqn.a
        stafd up
        lists 10.0.0.1 nqn.b
        --
        stop
        wait 60)",
     {"", "", "", ""}},
    {"stacd restarts: #44",
     R"(start $ | controller=10.0.0.1/nqn.a
        stafd up
        lists 10.0.0.2 nqn.b
        --
        restart
        wait 60
        ls)",
     {"60s ls 10.0.0.1/nqn.a nvme0\n60s ls 10.0.0.2/nqn.b nvme1\n",
      "60s ls 10.0.0.1/nqn.a nvme0\n60s ls 10.0.0.2/nqn.b nvme1\n",
      "60s ls 10.0.0.1/nqn.a nvme0\n60s ls 10.0.0.2/nqn.b nvme1\n",
      "60s ls 10.0.0.1/nqn.a nvme0\n60s ls 10.0.0.2/nqn.b nvme1\n"}},
};

TEST(ConnectorPolicy, EveryRowOfTheTruthTableHoldsUnderEveryScope) {
  for (const auto& row : kRows)
    for (std::size_t i = 0; i < kScopes.size(); ++i) {
      SCOPED_TRACE(std::string(row.event) + " / " + kScopes[i].name);
      EXPECT_EQ(tell_connector(std::regex_replace(row.script, std::regex("\\$"), kScopes[i].options)), row.expect[i]);
    }
}

}  // namespace
}  // namespace stas::story
