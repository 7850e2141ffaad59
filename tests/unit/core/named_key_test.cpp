// SPDX-License-Identifier: Apache-2.0
//
// Keys that a configuration names instead of holding them: file:///PATH and credential:NAME.
#include "libstas/core/config/named_key.h"

#include <string>

#include <gtest/gtest.h>

#include "libstas/core/config/config.h"

namespace stas {
namespace {

const std::string kKey = "DHHC-1:00:AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09pl1OOC:";
const std::string kOther = "DHHC-1:01:AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09pl1OOC:";

NamedKey key_of(const std::string& text, const std::string& exposure = {}) {
  NamedKey key;
  key.text = Secret(text);
  key.exposure = exposure;
  return key;
}

NamedKey none(const std::string& why) {
  NamedKey key;
  key.why = why;
  return key;
}

// What there is. All other files are not read.
NamedKeys there() {
  NamedKeys keys;
  keys.emplace("file:///k", key_of(kKey + "\n"));
  keys.emplace("file:///etc/dhchap-secret", key_of("  " + kKey + " for array 1\r\nhush\n"));
  keys.emplace("file:///open", key_of(kKey + "\n", "others may read it - close it"));
  keys.emplace("file:///none", none("No such file or directory"));
  keys.emplace("file:///empty", key_of(""));
  keys.emplace("file:///second", key_of("\n" + kKey + "\n"));
  keys.emplace("file:///comma", key_of("DHHC-1:00:hush,nqn=hush"));
  keys.emplace("file:///long", key_of("DHHC-1:00:" + std::string(2000, 'h')));
  keys.emplace("file:///odd", key_of("hush"));
  keys.emplace("credential:array1", key_of(kOther));
  return keys;
}

TEST(NamedKey, IsReadFromItsPlace) {
  const std::string means(kNoKeyMeans);
  const std::string advice = " - `nvme gen-dhchap-key` makes one";
  const struct {
    const char* value;
    std::string key;
    std::string flaw;
    std::string warning;
  } rows[] = {
      {"file:///k", kKey, "", ""},
      {"file:///etc/dhchap-secret", kKey, "", ""},
      {"credential:array1", kOther, "", ""},
      {"file:///open", kKey, "", "is in /open: others may read it - close it"},
      {"file:///odd", "hush", "", "in /odd does not have the form DHHC-1:<hash>:<key>:" + advice},
      {"file:///none", "", "/none: No such file or directory", ""},
      {"file:///empty", "", "/empty: there is no key in its first line", ""},
      {"file:///second", "", "/second: there is no key in its first line", ""},
      {"file:///comma", "",
       "/comma: its first word is no key (it is too long, or contains a comma or a control character)", ""},
      {"file:///long", "",
       "/long: its first word is no key (it is too long, or contains a comma or a control character)", ""},
      {"file:///more", "", "/more: is not read, as there are more than 1024 files with keys", ""},
      {"file://etc/k", "", "wants file:///PATH, with the path from the root on", ""},
      {"file://DHHC-1:00:hush:", "", "wants file:///PATH, with the path from the root on", ""},
      {"file:///DHHC-1:00:hush:", "", "...: is not read, as there are more than 1024 files with keys", ""},
      {"credential:", "", "wants credential:NAME, with the name of a credential", ""},
      {"credential:../k", "", "wants credential:NAME, with the name of a credential", ""},
      {"credential:a/b", "", "wants credential:NAME, with the name of a credential", ""},
      {"credential:DHHC-1:00:hush:", "", "wants credential:NAME, with the name of a credential", ""},
  };
  for (const auto& row : rows) {
    const KeyOption read = read_dhchap_key(row.value, there());
    EXPECT_EQ(read.key.reveal(), row.key) << row.value;
    EXPECT_EQ(read.flaw, row.flaw) << row.value;
    EXPECT_EQ(read.warnings.empty() ? "" : read.warnings.front(), row.warning) << row.value;
  }
}

// 2.4.1 handed on whatever was there, and so do we (compatibility contract 8.3).
TEST(NamedKey, ALiteralOfAnotherFormIsAKeyWithAWarning) {
  for (const std::string key : {"super-secret", "DHHC-1:00:hush:", "DHHC-2:00:AAAA:"}) {
    const KeyOption read = read_dhchap_key(key, {});
    EXPECT_EQ(read.key.reveal(), key);
    EXPECT_EQ(read.flaw, "");
    EXPECT_EQ(read.warnings.size(), 1U);
  }
  EXPECT_TRUE(read_dhchap_key(kKey, {}).warnings.empty());
}

TEST(NamedKey, AFileIsSearchedForThem) {
  const auto found = find_keys(
      "# dhchap-secret=file:///comment\n[Controllers]\ncontroller=transport=tcp;dhchap-secret=file:///a # there\n"
      "  transport=tcp;dhchap-ctrl-secret = credential:b;dhchap-secret=file:///a\n"
      "exclude=dhchap-secret=file:///no\n[Match x]\nDHCHAP-SECRET = file:///c d\nnqn=file:///no\n");
  EXPECT_EQ(found.named, (std::set<std::string>{"credential:b", "file:///a", "file:///c d"}));
  EXPECT_FALSE(found.literal);
  EXPECT_TRUE(find_keys("[Match]\ndhchap-secret=x\n").literal);
  EXPECT_TRUE(find_keys("[Controllers]\ncontroller=dhchap-ctrl-secret=x\n").literal);
  EXPECT_FALSE(find_keys("[Match]\ndhchap-secret=\n").literal);
  std::string many = "[Match]\n";
  for (std::size_t i = 0; i < kMaxNamedKeys + 2; ++i) many += "dhchap-secret=file:///" + std::to_string(i) + "\n";
  EXPECT_EQ(find_keys(many).named.size(), kMaxNamedKeys);
}

// What a daemon does with it: line and section stay what they are, so that nothing is cut, and what says them that they
// cannot have their key keeps them from being connected without one.
TEST(NamedKey, OneThatCannotBeHadLeavesItsLineWithoutAConnection) {
  const std::string text =
      "[Controllers]\ncontroller=transport=tcp;traddr=10.0.0.1;dhchap-secret=file:///none;dhchap-ctrl-secret=file:///"
      "k\n"
      "controller=transport=tcp;traddr=10.0.0.2;dhchap-secret=file:///k\n";
  const auto parsed = parse_stafd_conf(text, "f", nullptr, there());
  EXPECT_FALSE(parsed.broken);
  EXPECT_TRUE(parsed.value.doubts.empty()) << "what the line means is clear";
  ASSERT_EQ(parsed.value.controllers.size(), 2U);
  const ConnectOptions& without = parsed.value.controllers[0].options;
  EXPECT_TRUE(without.dhchap_secret.empty());
  EXPECT_EQ(without.dhchap_ctrl_secret.reveal(), kKey);
  EXPECT_EQ(obstacle(without), "dhchap-secret= cannot be honoured: /none: No such file or directory");
  EXPECT_EQ(obstacle(merged({}, without)), obstacle(without));
  EXPECT_EQ(obstacle(parsed.value.controllers[1].options), "");
  ASSERT_EQ(parsed.complaints.size(), 1U);
  EXPECT_EQ(parsed.complaints[0].to_string(),
            "File:f:2: [Controllers]: controller - field `dhchap-secret`: /none: No such file or directory: nothing is "
            "connected without that key, and nothing is cut - put it there, and reload");
  EXPECT_EQ(parsed.complaints[0].severity, Severity::error);
  // Of two the later counts.
  const auto twice = parse_stafd_conf(
      "[Controllers]\ncontroller=transport=tcp;traddr=10.0.0.1;dhchap-secret=file:///none;dhchap-secret=file:///k\n",
      "f", nullptr, there());
  EXPECT_EQ(obstacle(twice.value.controllers.at(0).options), "");

  const auto match = parse_stacd_conf("[Match a]\nnqn=nqn.*\nkato=3\ndhchap-ctrl-secret=credential:none\n", "f",
                                      nullptr, {{"credential:none", none("there is no such credential")}});
  ASSERT_EQ(match.value.matches.size(), 1U);
  EXPECT_EQ(match.value.matches[0].options.kato, 3);
  EXPECT_EQ(obstacle(match.value.matches[0].options),
            "dhchap-ctrl-secret= cannot be honoured: credential none: there is no such credential");
  ASSERT_EQ(match.complaints.size(), 1U);
  EXPECT_EQ(match.complaints[0].to_string(),
            "File:f:4: [Match a]: dhchap-ctrl-secret - credential none: there is no such credential: nothing is "
            "connected without that key, and nothing is cut - put it there, and reload");
}

}  // namespace
}  // namespace stas
