// SPDX-License-Identifier: Apache-2.0
//
// NQN rules: what the grammar takes, what Linux takes (contract 7.8), and texts that could inject.
#include "libstas/core/identity/nqn.h"
#include "libstas/core/base/unicode.h"

#include <string>

#include <gtest/gtest.h>

namespace stas {
namespace {

const std::string kUuid = "nqn.2014-08.org.nvmexpress:uuid:";
const std::string kSpdk = "nqn.2016-06.io.spdk:";

std::string long_nqn(std::size_t size) {
  std::string nqn = "nqn.2014-08.com.example:";
  return nqn + std::string(size - nqn.size(), 'a');
}

TEST(Nqn, StrictGrammar) {
  struct Row {
    int number;
    std::string nqn;
    bool strict;
  };
  const Row rows[] = {
      {1, "nqn.2014-08.org.nvmexpress.discovery", true},
      {2, "nqn.2014-08.org.nvmexpress.Discovery", false},
      {3, kUuid + "11111111-aaaa-bbdd-ffee-123456789abc", true},
      {4, kUuid + "11111111-AAAA-BBDD-FFEE-123456789ABC", true},
      {5, kUuid + "11111111aaaabbddffee123456789abc", false},
      {6, kUuid + "11111111-aaaa-bbdd-ffee-123456789abg", false},
      {7, kUuid + "11111111-aaaa-bbdd-ffee-123456789abcd", false},
      {8, kUuid, false},
      {9, "nqn.2014-08.org.nvmexpress:NVMf:uuid:11111111-aaaa-bbdd-ffee-123456789abc", true},
      {10, "nqn.2016-06.io.spdk:cnode1", true},
      {11, "nqn.2019-08.org.qemu:subsys0", true},
      {12, "nqn.2016-06.io.spdk", false},
      {13, "nqn.2016-06.io.spdk:", false},
      {14, "nqn.2016-13.io.spdk:x", false},
      {14, "nqn.2016-00.io.spdk:x", false},
      {15, "nqn.2016-6.io.spdk:x", false},
      {15, "nqn.16-06.io.spdk:x", false},
      {16, "NQN.2016-06.io.spdk:x", false},
      {16, "iqn.2016-06.io.spdk:x", false},
      {17, "nqn.2016-06.:x", false},
      {17, "nqn.2016-06..io:x", false},
      {18, "nqn.2016-06.3com.example:x", false},
      {19, "nqn.2016-06.io.sp-dk:x", true},
      {20, "nqn.2016-06.io.spdk-:x", false},
      {20, "nqn.2016-06.io.-spdk:x", false},
      {20, "nqn.2016-06.io.sp_dk:x", false},
      {21, "nqn.2016-06.io." + std::string(63, 'a') + ":x", true},
      {21, "nqn.2016-06.io." + std::string(64, 'a') + ":x", false},
      {22, kSpdk + "a:b:c", true},
      {23, kSpdk + "with space", true},
      {24, kSpdk + "a,b", true},
      {25, kSpdk + "d\xc3\xa9j\xc3\xa0", true},
      {25, kSpdk + "de\xcc\x81ja\xcc\x80", true},
      {26, kSpdk + "\xc3\x28", false},
      {27, long_nqn(222), true},
      {28, long_nqn(223), true},
      {29, long_nqn(224), false},
      {30, long_nqn(221) + "\xc3\xa9", true},
      {31, "testnqn", false},
      {31, "klingons", false},
      {31, "blktests-subsystem-1", false},
      {31, "", false},
  };
  for (const auto& row : rows) EXPECT_EQ(is_strict_nqn(row.nqn), row.strict) << row.number << ": " << row.nqn;
}

TEST(Nqn, NamesOutsideTheGrammarAreUsable) {
  for (const std::string& nqn : {std::string("testnqn"), std::string("klingons"), kSpdk + "a,b", long_nqn(223)})
    EXPECT_TRUE(is_usable_nqn(nqn)) << nqn;
  for (const std::string& nqn : {std::string(), std::string("a\nb"), std::string("a\0b", 3), std::string("a\x7f"),
                                 std::string("\xc3\x28"), long_nqn(224)})
    EXPECT_FALSE(is_usable_nqn(nqn)) << nqn;
}

TEST(Nqn, WhatCouldInjectIsNoticed) {
  EXPECT_TRUE(is_injection_free("10.0.0.1"));
  EXPECT_TRUE(is_injection_free("nn-0x1:pn-0x2"));
  for (std::string_view text : {"", "a,hostnqn=b", "a\nb", "a\tb", "\x7f"})
    EXPECT_FALSE(is_injection_free(text)) << text;
  EXPECT_FALSE(is_injection_free(std::string_view("a\0", 2)));
}

TEST(Utf8, IsCheckedStrictly) {
  for (std::string_view good :
       {"", "ascii", "\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_valid_utf8(good)) << good;
  for (std::string_view bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80",
                               "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xe2\x82"})
    EXPECT_FALSE(is_valid_utf8(bad));
}

TEST(Printable, NothingReachesATerminalThatItWouldObey) {
  EXPECT_EQ(printable("plain"), "plain");
  EXPECT_EQ(printable("a\x1b[2Jb\n"), "a?[2Jb?");
  EXPECT_EQ(printable("d\xc3\xa9j\xc3\xa0"), "d\xc3\xa9j\xc3\xa0");
  EXPECT_EQ(printable("csi \xc2\x9b"
                      "31m"),
            "csi ?31m");
  EXPECT_EQ(printable("\xc2\xa0\xc2\x80"), "\xc2\xa0?");
  EXPECT_EQ(printable("broken \xc3\x28"), "broken ?(");
  EXPECT_EQ(printable("d\xc3\xa9j\xc3\xa0", 7), "d\xc3\xa9j\xc3\xa0");
  EXPECT_EQ(printable("d\xc3\xa9j\xc3\xa0", 5), "d\xc3\xa9j...") << "not inside a character";
}

}  // namespace
}  // namespace stas
