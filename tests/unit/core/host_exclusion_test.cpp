// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/config/host_exclusion.h"

#include <string>

#include <gtest/gtest.h>

#include "libstas/core/config/filter.h"

namespace stas {
namespace {

std::string told(const ParsedExclusions& parsed) {
  std::string out;
  for (const Complaint& complaint : parsed.complaints) out += complaint.to_string() + "\n";
  return out;
}

Tid tid(const std::string& traddr = "192.0.2.1", Transport transport = Transport::tcp) {
  return Tid({transport, traddr, "4420", "nqn.a", "192.0.2.9", "eth0", "nqn.host"});
}

TEST(HostExclusion, AFileAsNvmeCliReadsIt) {
  const auto parsed = parse_exclusions(
      "# comment\n\nexclusion = nqn=early\n[ exclusions ] # x\n  exclusion = transport=tcp; traddr = 192.0.2.1 ;;\r\n"
      "exclusion=nqn=nqn.b\nother = nqn=nqn.c\nword\n[future]\nexclusion = nqn=nqn.d\n[exclusions]\nexclusion = "
      "nqn=nqn.e\n",
      "f");
  ASSERT_EQ(parsed.entries.size(), 3U);
  EXPECT_EQ(parsed.entries[0].place() + " " + parsed.entries[0].to_string(),
            "f:5 exclusion=transport=tcp;traddr=192.0.2.1");
  EXPECT_EQ(parsed.entries[1].place() + " " + parsed.entries[1].to_string(), "f:6 exclusion=nqn=nqn.b");
  EXPECT_EQ(parsed.entries[2].line, 12);
  EXPECT_EQ(told(parsed),
            "File:f:3: an entry outside of [exclusions] excludes nothing\n"
            "File:f:10: an entry outside of [exclusions] excludes nothing\n");
}

TEST(HostExclusion, AnEntryThatIsNotUnderstoodMatchesNothing) {
  for (const std::string entry : {"", ";;", "nqn", "nqn=", "subsysnqn=nqn.a", "NQN=nqn.a", "nqn=nqn.a;kato=5",
                                  "nqn=nqn.a;host_iface=eth0", "nqn=nqn.a;word", "nqn=\x01", "nqn=\xff"}) {
    const auto parsed = parse_exclusions("[exclusions]\nexclusion = " + entry + "\n", "f");
    EXPECT_TRUE(parsed.entries.empty()) << entry;
    EXPECT_EQ(parsed.complaints.size(), 1U) << entry;
    EXPECT_EQ(told(parsed).rfind("File:f:2: ", 0), 0U) << told(parsed);
  }
  EXPECT_TRUE(parse_exclusions("[exclusions\nexclusion = nqn=nqn.a\n", "f").entries.empty());
  EXPECT_TRUE(parse_exclusions("[exclusions]\nexclusion = nqn=" + std::string(5000, 'a') + "\n", "f").entries.empty());
}

TEST(HostExclusion, OnlyTheFieldsOfAnEntryAreCompared) {
  const struct {
    const char* entry;
    Tid tid;
    bool expect;
  } rows[] = {
      {"nqn=nqn.a", tid(), true},
      {"nqn=nqn.A", tid(), false},
      {"nqn=nqn.*", tid(), false},
      {"transport=tcp", tid(), true},
      {"transport=rdma", tid(), false},
      {"trsvcid=4420", tid(), true},
      {"trsvcid=8009", tid(), false},
      {"traddr=192.0.2.1", tid(), true},
      {"traddr=::ffff:192.0.2.1", tid(), true},
      {"traddr=192.0.2.0/24", tid(), false},
      {"traddr=2001:DB8:0::1", tid("2001:db8::1"), true},
      {"traddr=2001:db8::2", tid("2001:db8::1"), false},
      {"traddr=NN-0x0123456789ABCDEF:pn-0x0123456789abcdef",
       tid("nn-0x0123456789abcdef:pn-0x0123456789abcdef", Transport::fc), true},
      {"host-traddr=192.0.2.9", tid(), true},
      {"host-traddr=192.0.2.8", tid(), false},
      {"host-iface=eth0", tid(), true},
      {"host-iface=eth1", tid(), false},
      {"host-iface=eth0", Tid({Transport::tcp, "192.0.2.1", "4420", "nqn.a", {}, {}, {}}), false},
      {"host-traddr=192.0.2.9", Tid({Transport::tcp, "192.0.2.1", "4420", "nqn.a", {}, {}, {}}), false},
      {"hostnqn=nqn.host", tid(), true},
      {"hostnqn=nqn.other", tid(), false},
      {"nqn=nqn.a;traddr=192.0.2.2", tid(), false},
      {"nqn=nqn.a;traddr=192.0.2.1;host-iface=eth0", tid(), true},
  };
  for (const auto& row : rows) {
    const auto parsed = parse_exclusions("[exclusions]\nexclusion = " + std::string(row.entry), "f");
    ASSERT_EQ(parsed.entries.size(), 1U) << row.entry;
    EXPECT_EQ(matches(parsed.entries[0], row.tid), row.expect) << row.entry;
  }
  EXPECT_EQ(first_match(std::shared_ptr<const HostExclusions>(), tid()), nullptr);
}

TEST(HostExclusion, AHostIdIsThatOfThisHostOrTheEntryIsAboutAnother) {
  const auto list = std::make_shared<const HostExclusions>(
      parse_exclusions("[exclusions]\nexclusion = hostid=ABCD\nexclusion = nqn=nqn.b;hostid=other\n", "f").entries);
  EXPECT_EQ(exclusions_for(list, "abcd")->size(), 1U);
  EXPECT_NE(first_match(exclusions_for(list, "abcd"), tid()), nullptr);
  EXPECT_EQ(exclusions_for(list, "nobody"), nullptr);
  EXPECT_EQ(exclusions_for(nullptr, "abcd"), nullptr);
}

TEST(HostExclusion, RefusesWhatIsUsableOtherwise) {
  CommonConfig config;
  EXPECT_EQ(usability(config, tid()), Usability::usable);
  config.host_excludes =
      std::make_shared<const HostExclusions>(parse_exclusions("[exclusions]\nexclusion = nqn=nqn.a\n", "f").entries);
  EXPECT_EQ(usability(config, tid()), Usability::host_excluded);
  EXPECT_EQ(usability_of_discovered(config, tid()), Usability::host_excluded);
  EXPECT_EQ(usability(config, tid("none")), Usability::invalid_address) << "what else is wrong with it goes first";
  ControllerRule rule;
  rule.transport = "tcp";
  config.excludes = {rule};
  EXPECT_EQ(usability(config, tid()), Usability::excluded);
}

}  // namespace
}  // namespace stas
