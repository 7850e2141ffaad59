// SPDX-License-Identifier: Apache-2.0
//
// What messages say about foreign texts: bounded, printable, silent about secrets, helpful about misspellings.
#include "libstas/core/base/shown.h"

#include <string>

#include <gtest/gtest.h>

#include "libstas/core/base/complaint.h"
#include "libstas/core/base/did_you_mean.h"

namespace stas {
namespace {

TEST(Shown, SecretsAreNeverShown) {
  for (const char* text : {"DHHC-1:00:YWJj:", "tcp,dhchap-secret=x", "NVMeTLSkey-1:01:abc:", "my-secret", "dhhc-1:"}) {
    EXPECT_EQ(shown(text), "***") << text;
  }
  EXPECT_EQ(shown("nqn.2020-01.com.example:a"), "nqn.2020-01.com.example:a");
}

TEST(Shown, OnlySpellingsOfKeysCountAsHeldSecrets) {
  EXPECT_TRUE(holds_secret("nqn.x dhchap-secret=abc"));
  EXPECT_TRUE(holds_secret("DHHC-1:00:"));
  EXPECT_TRUE(holds_secret("nqn.x PSK = abc"));
  EXPECT_TRUE(holds_secret("nqn.x tls_key=abc"));
  EXPECT_FALSE(holds_secret("nqn.2020-01.com.monkey:psk"));
  EXPECT_FALSE(holds_secret("nqn.2020-01.com.secret-lab:a"));
}

TEST(Shown, ControlCharactersAndBrokenTextAreReplaced) {
  EXPECT_EQ(shown("a\nb\x1b[31m\x7f"), "a?b?[31m?");
  EXPECT_EQ(shown("a\xff"), "a?");
  EXPECT_EQ(shown("\xc3\xa9"), "\xc3\xa9");
}

TEST(Shown, LongTextsAreCutBetweenCharacters) {
  EXPECT_EQ(shown(std::string(kMaxShown, 'x')), std::string(kMaxShown, 'x'));
  EXPECT_EQ(shown(std::string(5000, 'x')), std::string(kMaxShown, 'x') + "...");
  const std::string cut = shown(std::string(kMaxShown - 1, 'x') + "\xc3\xa9\xc3\xa9");
  EXPECT_EQ(cut, std::string(kMaxShown - 1, 'x') + "...");
}

TEST(DidYouMean, ProposesTheNearestName) {
  const std::vector<std::string_view> names = {"hdr-digest", "data-digest", "kato", "tron"};
  const struct {
    const char* text;
    const char* expect;
  } rows[] = {
      {"hdr-digst", "hdr-digest"},
      {"HDR-DIGEST", "hdr-digest"},
      {"hdr_digest", "hdr-digest"},
      {"dtaa-digest", "data-digest"},
      {"kat", "kato"},
      {"otrn", ""},
      {"torn", "tron"},
      {"frob", ""},
      {"", ""},
      {"x", ""},
  };
  for (const auto& row : rows) EXPECT_EQ(closest(row.text, names), row.expect) << row.text;
  EXPECT_EQ(closest(std::string(100000, 'a'), names), "");
  EXPECT_EQ(did_you_mean("hdr-digst", names), " - did you mean `hdr-digest`?");
  EXPECT_EQ(did_you_mean("frob", names), "");
}

TEST(DidYouMean, NearestNamesMayBeLong) {
  const std::string uuid = "nqn.2014-08.org.nvmexpress:uuid:2cd2c43b-a90a-45c1-a8cd-86b33ab273b";
  const std::string first = uuid + "5", second = uuid + "66", far = "nqn.2024-01.org.example:" + std::string(100, 'x');
  const std::vector<std::string_view> names = {far, second, "10.0.0.1", first};
  using List = std::vector<std::string_view>;
  EXPECT_EQ(nearest(uuid + "7", names, 5), (List{first, second}));
  EXPECT_EQ(nearest(uuid + "7", names, 1), List{first});
  EXPECT_EQ(nearest("EXAMPLE", names, 5), List{far});
  EXPECT_EQ(nearest("10.0.0.2", names, 5), List{"10.0.0.1"});
  EXPECT_EQ(nearest(std::string(200, 'a'), names, 5), List{});
  EXPECT_EQ(nearest("", names, 5), List{});
}

TEST(Complaint, NamesFileAndLine) {
  EXPECT_EQ((Complaint{Severity::error, "/etc/x", 7, "bad"}).to_string(), "File:/etc/x:7: bad");
  EXPECT_EQ((Complaint{Severity::error, "/etc/x", 0, "bad"}).to_string(), "File:/etc/x: bad");
}

}  // namespace
}  // namespace stas
