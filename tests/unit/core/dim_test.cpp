// SPDX-License-Identifier: Apache-2.0
//
// DIM registration, byte by byte against compatibility contract, appendix C.
#include "libstas/core/discovery/dim.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace stas {
namespace {

const std::string kNqn = "nqn.2014-08.org.nvmexpress:uuid:2cd2c43b-a90a-45c1-a8cd-86b33ab273b5";
const std::string kIdBytes = "\x2c\xd2\xc4\x3b\xa9\x0a\x45\xc1\xa8\xcd\x86\xb3\x3a\xb2\x73\xb5";

HostIdentity host() {
  HostIdentity h;
  h.nqn = kNqn;
  h.id = "2cd2c43b-a90a-45c1-a8cd-86B33AB273B5";
  h.hostname = "lab1";
  h.os_version = "Linux 6.12.107 Debian GNU/Linux 13";
  return h;
}

std::uint64_t number(const std::string& data, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8U | static_cast<unsigned char>(data.at(at + i));
  return value;
}

std::string padded(std::string text, std::size_t size) {
  text.resize(size, '\0');
  return text;
}

TEST(Dim, HeaderNamesTheHost) {
  const std::string data = *dim_host_entry(host(), IpFamily::v4);
  ASSERT_EQ(data.size(), 1024U + 1032U + 20U);
  EXPECT_EQ(number(data, 0, 4), data.size());  // TDL
  EXPECT_EQ(number(data, 4, 4), 0U);
  EXPECT_EQ(number(data, 8, 8), 1U);      // NUMENT
  EXPECT_EQ(number(data, 16, 2), 2U);     // ENTFMT extended
  EXPECT_EQ(number(data, 18, 2), 1U);     // ETYPE host
  EXPECT_EQ(number(data, 20, 2), 0U);     // PORTLCL and reserved
  EXPECT_EQ(number(data, 22, 2), 0x5fU);  // EKTYPE
  EXPECT_EQ(data.substr(24, 256), padded(kNqn, 256));
  EXPECT_EQ(data.substr(280, 256), padded("lab1", 256));
  EXPECT_EQ(data.substr(536, 64), padded("Linux 6.12.107 Debian GNU/Linux 13", 64));
  EXPECT_EQ(data.substr(600, 424), padded("", 424));
}

TEST(Dim, EntryLeavesTheAddressToTheController) {
  const std::string entry = dim_host_entry(host(), IpFamily::v4)->substr(1024);
  EXPECT_EQ(entry.substr(0, 2), "\3\1");
  EXPECT_EQ(entry.substr(2, 254), padded("", 254));
  EXPECT_EQ(entry.substr(256, 256), padded(kNqn, 256));
  EXPECT_EQ(entry.substr(512, 512), padded("", 512));
  EXPECT_EQ(number(entry, 1024, 4), 1052U);  // TEL
  EXPECT_EQ(number(entry, 1028, 2), 1U);     // NUMEXAT
  EXPECT_EQ(number(entry, 1032, 2), 1U);
  EXPECT_EQ(number(entry, 1034, 2), 16U);
  EXPECT_EQ(entry.substr(1036), kIdBytes);
  EXPECT_EQ((*dim_host_entry(host(), IpFamily::v6))[1025], 2);
}

TEST(Dim, SymbolicNameIsTheSecondAttribute) {
  struct Row {
    std::string name, value;
  };
  const Row rows[] = {
      {"abcd", "abcd"}, {"abcde", "abcde   "}, {"a\xc3\xa9\n", "a???"}, {std::string(300, 'x'), std::string(256, 'x')}};
  for (const auto& row : rows) {
    HostIdentity h = host();
    h.symname = row.name;
    const std::string data = *dim_host_entry(h, IpFamily::v4);
    const std::string entry = data.substr(1024);
    EXPECT_EQ(number(data, 0, 4), data.size());
    EXPECT_EQ(number(entry, 1024, 4), entry.size());
    EXPECT_EQ(entry.size(), 1032U + 20U + 4U + row.value.size());
    EXPECT_EQ(number(entry, 1028, 2), 2U);
    EXPECT_EQ(number(entry, 1052, 2), 2U);
    EXPECT_EQ(number(entry, 1054, 2), row.value.size());
    EXPECT_EQ(entry.substr(1056), row.value);
  }
}

TEST(Dim, LongTextsStayInTheirFields) {
  HostIdentity h = host();
  h.nqn = "nqn.2014-08.com.example:" + std::string(199, 'a');
  h.hostname = std::string(300, 'h');
  h.os_version = std::string(300, 'v');
  const std::string data = *dim_host_entry(h, IpFamily::v4);
  EXPECT_EQ(data.substr(24, 256), padded(h.nqn, 256));
  EXPECT_EQ(data.substr(280, 256), std::string(256, 'h'));
  EXPECT_EQ(data.substr(536, 64), std::string(64, 'v'));
  EXPECT_EQ(data[600], '\0');
}

TEST(Dim, WithoutAUsableIdentityThereIsNoRegistration) {
  for (const char* id : {"", "x", "2cd2c43b-a90a-45c1-a8cd-86b33ab273b", "2cd2c43b-a90a-45c1-a8cd-86b33ab273b55",
                         "2cd2c43ba90a-45c1-a8cd-86b33ab273b5-", "2cd2c43g-a90a-45c1-a8cd-86b33ab273b5",
                         "2cd2c43-ba90a-45c1-a8cd-86b33ab273b5"}) {
    HostIdentity h = host();
    h.id = id;
    EXPECT_FALSE(dim_host_entry(h, IpFamily::v4)) << id;
  }
  for (const std::string& nqn : {std::string(), std::string("a\nb"), std::string(224, 'n')}) {
    HostIdentity h = host();
    h.nqn = nqn;
    EXPECT_FALSE(dim_host_entry(h, IpFamily::v4)) << nqn;
  }
}

}  // namespace
}  // namespace stas
