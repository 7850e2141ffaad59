// SPDX-License-Identifier: Apache-2.0
//
// Keys as text: what is one, and that the answer to what is none has no part of it. Made with `nvme gen-dhchap-key` and
// `nvme gen-tls-key`, or like them.
#include "libstas/core/config/key_format.h"

#include <string>

#include <gtest/gtest.h>

namespace stas {
namespace {

const std::string k32 = "AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09pl1OOC";
const std::string k48 = "AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09rh6O/2/QQLEhkgJy41PENKDH94wg==";
const std::string k64 = "AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09rh6O/2/QQLEhkgJy41PENKUVhfZm10e4KJkJeepayzuiyBBng=";
// With a right check sum, of 16, 33 and 80 bytes.
const std::string k16 = "AQgPFh0kKzI5QEdOVVxjajOicY0=";
const std::string k33 = "AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09rhYEtVOA==";
const std::string k80 =
    "AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09rh6O/2/QQLEhkgJy41PENKUVhfZm10e4KJkJeepayzusHIz9bd5Ovy+QAHDhUcIypnu6/"
    "O";

struct Row {
  const char* claim;
  std::string key;
  std::string flaw;
};

// Of both formats; `body` goes between the prefix with the hash and the colon at the end.
std::vector<Row> rows(const std::string& prefix) {
  const std::string shape = "does not have the form " + prefix + "<hash>:<key>:";
  std::string mistyped = k32;
  mistyped[5] = 'Z';
  return {
      {"32 bytes", prefix + "00:" + k32 + ":", ""},
      {"with a hash", prefix + "01:" + k32 + ":", ""},
      {"48 bytes", prefix + "02:" + k48 + ":", ""},
      {"empty", "", shape},
      {"no prefix", k32, shape},
      {"another prefix", "DHCH-1:00:" + k32 + ":", shape},
      {"lower case", "dhhc-1:00:" + k32 + ":", shape},
      {"prefix alone", prefix, shape},
      {"no hash", prefix + k32 + ":", shape},
      {"a hash of one digit", prefix + "0:" + k32 + ":", shape},
      {"a hash of letters", prefix + "ab:" + k32 + ":", shape},
      {"no key", prefix + "00:", shape + " (the colon at its end is missing, so it may have been cut)"},
      {"cut before the colon", prefix + "00:" + k32,
       shape + " (the colon at its end is missing, so it may have been cut)"},
      {"something behind it", prefix + "00:" + k32 + ": hush", shape + " (something follows its end)"},
      {"an empty key", prefix + "00::", "is not base64 between its colons"},
      {"not four by four", prefix + "00:" + k32.substr(1) + ":", "is not base64 between its colons"},
      {"a character that is none", prefix + "00:" + k32.substr(4) + "hu-h:", "is not base64 between its colons"},
      {"padding in the middle", prefix + "00:AQ==" + k32.substr(4) + ":", "is not base64 between its colons"},
      {"nothing but padding", prefix + "00:====:", "is not base64 between its colons"},
      {"mistyped", prefix + "00:" + mistyped + ":", "has a wrong check sum, so it was mistyped"},
  };
}

TEST(KeyFormat, SaysWhatIsWrong) {
  for (const Row& row : rows("DHHC-1:")) EXPECT_EQ(dhchap_key_flaw(row.key), row.flaw) << row.claim;
  for (const Row& row : rows("NVMeTLSkey-1:")) EXPECT_EQ(tls_key_flaw(row.key), row.flaw) << row.claim;
}

TEST(KeyFormat, TheTwoDifferInHashesAndLengths) {
  const std::string dhchap = "DHHC-1:", tls = "NVMeTLSkey-1:";
  EXPECT_EQ(dhchap_key_flaw(dhchap + "03:" + k64 + ":"), "");
  EXPECT_EQ(dhchap_key_flaw(dhchap + "04:" + k64 + ":"), "has a hash that is none (known are 00 to 03)");
  EXPECT_EQ(tls_key_flaw(tls + "03:" + k32 + ":"), "has a hash that is none (known are 00 to 02)");
  for (const std::string& key : {k16, k33, k80, std::string("AAAA"), std::string("AA=="), std::string(4000, 'A')})
    EXPECT_EQ(dhchap_key_flaw(dhchap + "00:" + key + ":"),
              "is too short or too long: it may have 32, 48 or 64 bytes and a check sum")
        << key;
  for (const std::string& key : {k16, k33, k64, k80})
    EXPECT_EQ(tls_key_flaw(tls + "00:" + key + ":"),
              "is too short or too long: it may have 32 or 48 bytes and a check sum")
        << key;
}

// Whatever single character is changed, it is noticed.
TEST(KeyFormat, EveryCharacterCounts) {
  const std::string key = "DHHC-1:00:" + k48 + ":";
  ASSERT_EQ(dhchap_key_flaw(key), "");
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (i == 8) continue;  // the digit of the hash has other right values
    std::string other = key;
    other[i] = other[i] == 'B' ? 'C' : 'B';
    EXPECT_NE(dhchap_key_flaw(other), "") << i;
  }
}

}  // namespace
}  // namespace stas
