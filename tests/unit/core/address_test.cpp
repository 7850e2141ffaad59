// SPDX-License-Identifier: Apache-2.0
//
// IP addresses: what counts as one, the canonical form, equality (compatibility contract 4.4 and 9.3; regressions 4).
#include "libstas/core/identity/address.h"

#include <string>

#include <gtest/gtest.h>

namespace stas {
namespace {

std::string canonical(std::string_view text) {
  const auto ip = IpAddress::parse(text);
  return ip ? ip->to_string() : "(none)";
}

TEST(IpAddress, HasOneCanonicalForm) {
  struct Row {
    std::string_view text, expect;
  };
  const Row rows[] = {
      {"1.2.3.4", "1.2.3.4"},
      {"0.0.0.0", "0.0.0.0"},
      {"::1", "::1"},
      {"FE80::aaaa:BBBB:cccc:dddd", "fe80::aaaa:bbbb:cccc:dddd"},
      {"2001:0db8:0:0:0:0:0:0001", "2001:db8::1"},
      {"::ffff:1.2.3.4", "1.2.3.4"},
      {"::FFFF:102:304", "1.2.3.4"},
      {"::ffff:1.2.3.4%eth0", "1.2.3.4"},
      {"fe80::1%eth0", "fe80::1%eth0"},
      {"fe80::1%eth0.100@x", "fe80::1%eth0.100@x"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(canonical(row.text), row.expect) << row.text;
    EXPECT_EQ(canonical(canonical(row.text)), row.expect) << "not idempotent: " << row.text;
  }
}

TEST(IpAddress, RefusesWhatIsNone) {
  for (std::string_view text : {"",
                                "not-an-ip",
                                "1.2.3",
                                "1.2.3.4.5",
                                "01.2.3.4",
                                "555.1.1.1",
                                " 1.2.3.4",
                                "1.2.3.4 ",
                                "[::1]",
                                "::1%",
                                "1.2.3.4%eth0",
                                "fe80::1%a,b",
                                "fe80::1%a b",
                                "fe80::1%a%b",
                                "fe80::1%a/b",
                                "fe80::1%\n",
                                ":::",
                                "1:2:3:4:5:6:7:8:9",
                                "0x1.2.3.4",
                                "1111:2222:3333:4444:5555:6666:111.122.133.1444"})
    EXPECT_EQ(canonical(text), "(none)") << text;
  EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0x", 9)));
  EXPECT_FALSE(IpAddress::parse("fe80::1%" + std::string(128, 'a')));
  EXPECT_FALSE(IpAddress::parse(std::string(100000, '1')));
}

TEST(IpAddress, ComesFromBytesAndGoesBack) {
  EXPECT_EQ(IpAddress::from_bytes("\x0a\x01\x02\x03")->to_string(), "10.1.2.3");
  EXPECT_EQ(IpAddress::from_bytes("\x0a\x01\x02\x03", "eth0")->to_string(), "10.1.2.3");
  const std::string v6("\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
  EXPECT_EQ(IpAddress::from_bytes(v6, "eth0")->to_string(), "fe80::1%eth0");
  EXPECT_EQ(IpAddress::from_bytes(v6)->bytes(), v6);
  EXPECT_FALSE(IpAddress::from_bytes("abc"));
  EXPECT_FALSE(IpAddress::from_bytes(v6, "a,b"));
}

TEST(IpAddress, KnowsItsKind) {
  const auto is = [](const char* text, auto question) { return ((*IpAddress::parse(text)).*question)(); };
  EXPECT_TRUE(is("::", &IpAddress::is_unspecified));
  EXPECT_TRUE(is("::ffff:0.0.0.0", &IpAddress::is_unspecified));
  EXPECT_FALSE(is("::1", &IpAddress::is_unspecified));
  EXPECT_TRUE(is("fe80::1", &IpAddress::is_link_local));
  EXPECT_TRUE(is("febf::1", &IpAddress::is_link_local));
  EXPECT_FALSE(is("fec0::1", &IpAddress::is_link_local));
  EXPECT_FALSE(is("254.128.0.1", &IpAddress::is_link_local));
  EXPECT_EQ(IpAddress::parse("::ffff:1.2.3.4")->family(), IpFamily::v4);
}

TEST(IpAddress, TakesAndLosesAScope) {
  const auto plain = *IpAddress::parse("fe80::1");
  EXPECT_EQ(plain.with_scope("eth0").to_string(), "fe80::1%eth0");
  EXPECT_EQ(plain.with_scope("eth0").with_scope({}), plain);
  EXPECT_NE(plain.with_scope("eth0"), plain);
  EXPECT_EQ(plain.with_scope("bad,scope"), plain);
  EXPECT_EQ(IpAddress::parse("1.2.3.4")->with_scope("eth0").to_string(), "1.2.3.4");
}

TEST(SameIp, ComparesMeaningNotSpelling) {
  struct Row {
    std::string_view a, b;
    bool expect;
  };
  const Row rows[] = {
      {"", "1.1.1.1", false},
      {"1.1.1.1", "", false},
      {"", "", false},
      {"host", "host", false},
      {"1.1.1.1", "1.1.1.1", true},
      {"1.2.3.4", "::ffff:102:304", true},
      {"1.2.3.4", "::102:304", false},
      {"FE80::1", "fe80:0::1", true},
      {"fe80::1%eth0", "fe80::1", true},
      {"fe80::1%eth0", "fe80::1%eth1", false},
      {"fe80::1%eth0", "fe80::1%eth0", true},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(same_ip(row.a, row.b), row.expect) << row.a << " | " << row.b;
    EXPECT_EQ(same_ip(row.b, row.a), row.expect) << row.b << " | " << row.a;
  }
}

}  // namespace
}  // namespace stas
