// SPDX-License-Identifier: Apache-2.0
//
// Which names can be used (contract 7.8), and which texts could inject or upset a terminal.
#include "libstas/core/identity/nqn.h"
#include "libstas/core/base/unicode.h"

#include <string>

#include <gtest/gtest.h>

namespace stas {
namespace {

const std::string kSpdk = "nqn.2016-06.io.spdk:";

std::string long_nqn(std::size_t size) {
  std::string nqn = "nqn.2014-08.com.example:";
  return nqn + std::string(size - nqn.size(), 'a');
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
