// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/discovery/mdns_txt.h"

#include <gtest/gtest.h>

namespace stas {
namespace {

struct Row {
  const char* claim;
  std::vector<std::string> strings;
  std::string expected;  // "transport nqn problems"
};

std::string as_text(const MdnsTxt& txt) {
  return (txt.transport ? std::string(to_text(*txt.transport)) : "-") + " " + (txt.nqn.empty() ? "-" : txt.nqn) + " " +
         std::to_string(txt.problems.size());
}

const std::string kLong(kMaxTxtStringLength, 'x');

const Row kRows[] = {
    {"nothing is no candidate", {}, "- - 1"},
    {"tcp", {"p=tcp"}, "tcp - 0"},
    {"case of key and value does not matter", {"P=TcP", "NqN=nqn.2014-08.com.x:A"}, "tcp nqn.2014-08.com.x:A 0"},
    {"blanks around key and value do not matter", {" p = tcp ", "\tnqn= a "}, "tcp - 0"},
    {"spaces around key and value do not matter", {" p = tcp ", " nqn = a "}, "tcp a 0"},
    {"roce is rdma", {"p=roce"}, "rdma - 0"},
    {"iwarp is rdma", {"p=iwarp"}, "rdma - 0"},
    {"rdma is rdma", {"p=rdma"}, "rdma - 0"},
    {"an unknown protocol is a problem", {"p=walmart"}, "- - 1"},
    {"a list of protocols is not understood", {"p=tcp,rdma"}, "- - 1"},
    {"an empty protocol is a problem", {"p="}, "- - 1"},
    {"fc is not announced by mDNS", {"p=fc"}, "- - 1"},
    {"the first of a repeated key counts", {"p=tcp", "p=rdma", "nqn=a", "nqn=b"}, "tcp a 0"},
    {"also when the first is useless", {"p=x", "p=tcp"}, "- - 1"},
    {"the value begins after the first '='", {"p=tcp", "nqn=a=b=c"}, "tcp a=b=c 0"},
    {"strings without '=' or key are left out", {"p", "=", "=tcp", " =x", "blah", "p=tcp"}, "tcp - 0"},
    {"other keys are left out", {"pp=rdma", "txtvers=1", "p=tcp"}, "tcp - 0"},
    {"strings with control characters are left out", {"p=rdma\x01", std::string("p=rd\0ma", 7), "p=tcp"}, "tcp - 0"},
    {"strings that are no UTF-8 are left out", {"p=tcp", "nqn=\xff\xfe"}, "tcp - 0"},
    {"an empty NQN means none", {"p=tcp", "nqn="}, "tcp - 0"},
    {"an NQN with a comma is no candidate", {"p=tcp", "nqn=a,host_traddr=1.2.3.4"}, "- - 1"},
    {"an NQN that is too long is no candidate", {"p=tcp", "nqn=" + std::string(224, 'x')}, "- - 1"},
    {"a string longer than DNS allows is left out", {"p=tcp", "nqn=" + kLong}, "tcp - 0"},
    {"two faults are two problems", {"nqn=a,b"}, "- - 2"},
};

TEST(MdnsTxt, FollowsTheRules) {
  for (const auto& row : kRows) EXPECT_EQ(as_text(parse_mdns_txt(row.strings)), row.expected) << row.claim;
}

TEST(MdnsTxt, LooksAtABoundedNumberOfStrings) {
  std::vector<std::string> strings(kMaxTxtStrings, "filler=1");
  strings.emplace_back("p=tcp");
  EXPECT_FALSE(parse_mdns_txt(strings).transport);
  strings[kMaxTxtStrings - 1] = "p=tcp";
  EXPECT_EQ(parse_mdns_txt(strings).transport, Transport::tcp);
}

TEST(MdnsTxt, NamesTheProblemWithoutControlCharactersAndBounded) {
  const auto problems = parse_mdns_txt({"p=" + std::string(250, 'w')}).problems;
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].rfind("Received invalid/undefined protocol in mDNS TXT field: ", 0), 0U);
  EXPECT_LT(problems[0].size(), 200U);
}

}  // namespace
}  // namespace stas
