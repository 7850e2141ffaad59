// SPDX-License-Identifier: Apache-2.0
//
// Who may be used: exclude rules (compatibility contract 2.6, 9.3 X1, X2), addresses and families (9.3 I6, I7).
#include "libstas/core/config/filter.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "libstas/core/config/controller_rule.h"
#include "libstas/core/config/wildcard.h"

namespace stas {
namespace {

ControllerRule rule(std::string_view text) {
  Problems problems;
  const auto parsed = parse_controller_rule(text, RuleKind::exclude, problems).rule;
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(ControllerRule{});
}

Tid tid(Transport transport, const std::string& traddr, const std::string& nqn = "nqn.a") {
  return Tid({transport, traddr, "", nqn, "9.9.9.9", "eth0", "nqn.host"});
}

TEST(Exclusion, AllFieldsOfARuleMustMatch) {
  const Tid v4 = tid(Transport::tcp, "10.10.10.10"), v6 = tid(Transport::tcp, "2001:db8::1"),
            name = tid(Transport::tcp, "Host.example"),
            fc = tid(Transport::fc, "nn-0x200000110D00001A:pn-0x200000110d00002b");
  const struct {
    const char* rule;
    const Tid& tid;
    bool expect;
  } rows[] = {
      {"transport=tcp;traddr=10.10.10.10;trsvcid=8009;nqn=nqn.a;host-iface=eth0;host-nqn=nqn.host", v4, true},
      {"transport=tcp", v4, true},
      {"transport=rdma", v4, false},
      {"transport=tcp;traddr=10.10.10.11", v4, false},
      {"transport=tcp;traddr=10.10.10.10;trsvcid=4420", v4, false},
      {"trsvcid=08009", v4, true},
      {"traddr=::ffff:10.10.10.10", v4, true},
      {"traddr=2001:DB8:0::1", v6, true},
      {"traddr=2001:db8::2", v6, false},
      {"traddr=Host.example", name, true},
      {"traddr=other.example", name, false},
      {"transport=fc;traddr=NN-0x200000110d00001a:PN-0x200000110d00002B", fc, true},
      {"traddr=nn-0x200000110d00001a,pn-0x200000110d00002b", fc, true},
      {"traddr=nn-0x200000110d00001a:*", fc, true},
      {"traddr=nn-0x200000110d00001b:*", fc, false},
      {"traddr=host.EXAMPLE", name, true},
      {"traddr=*.example", name, true},
      {"traddr=*.exam", name, false},
      {"traddr=10.10.10.*", v4, true},
      {"traddr=10.10.?0.10", v4, true},
      {"traddr=10.10.1.*", v4, false},
      {"traddr=*;transport=rdma", v4, false},
      {"nqn=nqn.*", v4, true},
      {"nqn=*.a", v4, true},
      {"nqn=nqn.?", v4, true},
      {"nqn=nqn.??", v4, false},
      {"host-iface=eth*", v4, true},
      {"host-iface=ens*", v4, false},
      {"host-nqn=*host", v4, true},
      {"subsysnqn=nqn.a", v4, true},
      {"nqn=nqn.A", v4, false},
      {"nqn=nqn.b", v4, false},
      {"host-iface=eth0", v4, true},
      {"host-iface=eth1", v4, false},
      {"host-nqn=nqn.other", v4, false},
      {"host-traddr=1.2.3.4;nqn=nqn.a", v4, true},  // host-traddr takes no part
      {"trsvcid=8009", fc, false},                  // fc has no port
      {"traddr=10.10.10.0/24", v4, true},
      {"traddr=10.10.10.77/24", v4, true},
      {"traddr=10.10.10.11/31", v4, true},
      {"traddr=10.10.10.12/31", v4, false},
      {"traddr=10.10.11.0/24", v4, false},
      {"traddr=10.10.10.10/32", v4, true},
      {"traddr=0.0.0.0/0", v4, true},
      {"traddr=::ffff:10.10.0.0/112", v4, true},
      {"traddr=::ffff:10.11.0.0/112", v4, false},
      {"traddr=::/0", v4, false},
      {"traddr=2001:DB8::/32", v6, true},
      {"traddr=2001:db8::/127", v6, true},
      {"traddr=2001:db8::2/127", v6, false},
      {"traddr=2001:db8:8000::/33", v6, false},
      {"traddr=0.0.0.0/0", name, false},
      {"traddr=0.0.0.0/0", fc, false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(first_match({rule(row.rule)}, row.tid) != nullptr, row.expect) << row.rule;
  }
}

TEST(Exclusion, WildcardsStandForOtherCharacters) {
  const struct {
    const char* pattern;
    const char* text;
    bool expect;
  } rows[] = {
      {"", "", true},
      {"*", "", true},
      {"**", "abc", true},
      {"?", "", false},
      {"a*b*c", "aXbYbZc", true},
      {"a*b", "aXbX", false},
      {"*a", "aaab", false},
      {"*ab", "aab", true},
      {"a?c", "abc", true},
      {"abc", "abcd", false},
      {"a[b]", "ab", false},
      {"a[b]", "a[b]", true},
      {"*?", "x", true},
      {"*?", "", false},
  };
  for (const auto& row : rows) EXPECT_EQ(matches_wildcards(row.pattern, row.text), row.expect) << row.pattern;
  EXPECT_FALSE(matches_wildcards("*a*a*a*a*a*a*a*a*a*b", std::string(1000, 'a'))) << "and at once";
}

TEST(Exclusion, TheFirstRuleThatMatchesIsNamed) {
  const std::vector<ControllerRule> rules = {rule("traddr=10.10.10.10"), rule("transport=rdma"), rule("transport=tcp")};
  EXPECT_EQ(first_match(std::vector<ControllerRule>{}, tid(Transport::tcp, "1.1.1.1")), nullptr);
  EXPECT_EQ(first_match(rules, tid(Transport::tcp, "10.10.10.10")), &rules[0]);
  EXPECT_EQ(first_match(rules, tid(Transport::rdma, "1.1.1.1")), &rules[1]);
  EXPECT_EQ(first_match(rules, tid(Transport::tcp, "1.1.1.1")), &rules[2]);
  EXPECT_EQ(first_match(rules, tid(Transport::loop, "")), nullptr);
}

TEST(Exclusion, AllRulesThatMatchAreNamedInOrder) {
  const std::vector<ControllerRule> rules = {rule("nqn=nqn.*"), rule("traddr=1.1.1.2"), rule("transport=tcp")};
  const auto found = all_matches(rules, tid(Transport::tcp, "1.1.1.1"));
  EXPECT_EQ(found, (std::vector<const ControllerRule*>{&rules[0], &rules[2]}));
  EXPECT_TRUE(all_matches({}, tid(Transport::tcp, "1.1.1.1")).empty());
}

TEST(Exclusion, ARuleReadsAsItsLine) {
  for (const char* text : {"transport=tcp;traddr=10.1.*;trsvcid=8009;nqn=nqn.?;host-iface=eth0;host-nqn=nqn.host",
                           "traddr=array.example", "host-iface=eth*"})
    EXPECT_EQ(to_text(rule(text)), text);
}

TEST(Exclusion, ARuleWithoutFieldsMatchesNothing) {
  EXPECT_EQ(first_match({ControllerRule{}}, tid(Transport::tcp, "1.1.1.1")), nullptr);
}

TEST(Inclusion, OneRuleMustMatchAndWithoutRulesAllAreIn) {
  CommonConfig config;
  const Tid a = tid(Transport::tcp, "10.10.10.10"), b = tid(Transport::rdma, "10.20.0.1", "nqn.b");
  EXPECT_EQ(inclusion(config, a), Inclusion::included);
  config.includes = {rule("traddr=10.10.0.0/16"), rule("nqn=nqn.x*")};
  EXPECT_EQ(inclusion(config, a), Inclusion::included);
  EXPECT_EQ(inclusion(config, b), Inclusion::not_included);
  EXPECT_EQ(usability(config, b), Usability::usable) << "a controller= line is not subject to it";
  EXPECT_EQ(usability_of_discovered(config, b), Usability::not_included);
  config.excludes = {rule("transport=tcp")};
  EXPECT_EQ(usability_of_discovered(config, a), Usability::excluded) << "exclude= wins";
}

TEST(Inclusion, ALineThatCannotBeReadRefusesNothing) {
  CommonConfig config;
  const Tid a = tid(Transport::tcp, "10.10.10.10"), b = tid(Transport::rdma, "10.20.0.1", "nqn.b");
  ControllerRule rdma;
  rdma.transport = "rdma";
  rdma.line = 3;
  config.include_doubts = {{"f", "is broken", rdma}};
  // Alone it is not known whether anything is to be refused at all.
  EXPECT_EQ(inclusion(config, a), Inclusion::unclear);
  EXPECT_EQ(inclusion(config, b), Inclusion::unclear);
  config.includes = {rule("nqn=nqn.x*")};
  EXPECT_EQ(inclusion(config, a), Inclusion::not_included);
  EXPECT_EQ(inclusion(config, b), Inclusion::unclear);
  EXPECT_EQ(include_doubt_about(config, b)->to_string(), "f:3: is broken");
  EXPECT_EQ(usability_of_discovered(config, b), Usability::not_included);
}

TEST(Inclusion, ItsLinesAreNamedUpToABound) {
  CommonConfig config;
  for (int line = 1; line <= 6; ++line) {
    config.includes.push_back(rule("transport=tcp"));
    config.includes.back().line = line;
  }
  EXPECT_EQ(include_lines(config, "f"), "f:1, f:2, f:3, f:4 and 2 more");
}

TEST(Usability, ChecksAddressNameAndFamily) {
  using U = Usability;
  const struct {
    const char* claim;
    Tid tid;
    U both, only_v4, only_v6;
  } rows[] = {
      {"v4", tid(Transport::tcp, "10.10.10.10"), U::usable, U::usable, U::family_disabled},
      {"mapped is v4", tid(Transport::tcp, "::ffff:10.1.1.1"), U::usable, U::usable, U::family_disabled},
      {"v6", tid(Transport::tcp, "::1"), U::usable, U::family_disabled, U::usable},
      {"rdma", tid(Transport::rdma, "192.168.0.1"), U::usable, U::usable, U::family_disabled},
      {"name", tid(Transport::tcp, "not-an-ip"), U::invalid_address, U::invalid_address, U::invalid_address},
      {"no ip", tid(Transport::tcp, "555.555.555.555"), U::invalid_address, U::invalid_address, U::invalid_address},
      {"unspecified", tid(Transport::tcp, "0.0.0.0"), U::invalid_address, U::invalid_address, U::invalid_address},
      {"fc", tid(Transport::fc, "blah"), U::usable, U::usable, U::usable},
      {"fc without address", tid(Transport::fc, ""), U::invalid_address, U::invalid_address, U::invalid_address},
      {"loop", tid(Transport::loop, ""), U::usable, U::usable, U::usable},
      {"comma", tid(Transport::loop, "a,b"), U::invalid_address, U::invalid_address, U::invalid_address},
      {"nqn injects", tid(Transport::loop, "", "a,b=c"), U::invalid_nqn, U::invalid_nqn, U::invalid_nqn},
      {"no nqn", tid(Transport::loop, "", ""), U::invalid_nqn, U::invalid_nqn, U::invalid_nqn},
      {"long nqn", tid(Transport::loop, "", std::string(224, 'n')), U::invalid_nqn, U::invalid_nqn, U::invalid_nqn},
      {"port", Tid({Transport::tcp, "1.1.1.1", "http", "n", "", "", ""}), U::invalid_address, U::invalid_address,
       U::invalid_address},
      {"iface", Tid({Transport::tcp, "1.1.1.1", "", "n", "", "e\n", ""}), U::invalid_address, U::invalid_address,
       U::invalid_address},
  };
  for (const auto& row : rows) {
    CommonConfig config;
    EXPECT_EQ(usability(config, row.tid), row.both) << row.claim;
    config.families = {true, false};
    EXPECT_EQ(usability(config, row.tid), row.only_v4) << row.claim;
    config.families = {false, true};
    EXPECT_EQ(usability(config, row.tid), row.only_v6) << row.claim;
  }
}

TEST(Usability, ExclusionComesFirst) {
  CommonConfig config;
  config.excludes = {rule("traddr=not.an.ip")};
  EXPECT_EQ(usability(config, tid(Transport::tcp, "not.an.ip")), Usability::excluded);
  EXPECT_FALSE(to_text(Usability::excluded).empty());
}

}  // namespace
}  // namespace stas
