// SPDX-License-Identifier: Apache-2.0
//
// [Match NAME] sections of stacd.conf: what they set, for whom, and that one that is not clear is about nobody.
#include "libstas/core/config/match_section.h"

#include <string>

#include <gtest/gtest.h>

#include "libstas/core/config/config.h"

namespace stas {
namespace {

Parsed<StacdConfig> parse(const std::string& text) { return parse_stacd_conf(text, "f", nullptr); }

std::string told(const Parsed<StacdConfig>& parsed) {
  std::string out;
  for (const Complaint& complaint : parsed.complaints) out += complaint.to_string() + "\n";
  return out;
}

Tid tid(const std::string& traddr, const std::string& nqn) {
  return Tid({Transport::tcp, traddr, "4420", nqn, {}, "eth0", "nqn.host"});
}

TEST(MatchSection, SetsParametersOfWhatItIsAbout) {
  const auto parsed = parse(
      "[Global]\nkato=7\n[Match arrays]\nnqn = nqn.array*   # all of them\nctrl-loss-tmo=-1\nKATO=9\n"
      "[Match]\ntraddr=10.0.0.0/8\ndhchap-secret="
      "DHHC-1:00:AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09pl1OOC:\n[Match  two  words ]\nhost-iface=eth?\n"
      "queue-size=64\n[Controllers]\n");
  EXPECT_EQ(told(parsed), "");
  const auto& matches = parsed.value.matches;
  ASSERT_EQ(matches.size(), 3U);
  EXPECT_EQ(matches[0].name, "arrays");
  EXPECT_EQ(matches[0].line, 3);
  EXPECT_EQ(matches[0].rule.subsysnqn, "nqn.array*");
  EXPECT_EQ(matches[0].options.ctrl_loss_tmo, -1);
  EXPECT_EQ(matches[0].options.kato, 9);
  EXPECT_EQ(matches[0].lines, (OptionLines{{"ctrl-loss-tmo", 5}, {"kato", 6}}));
  EXPECT_EQ(matches[1].name, "");
  EXPECT_EQ(matches[1].options.dhchap_secret.reveal(), "DHHC-1:00:AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09pl1OOC:");
  EXPECT_EQ(matches[2].name, "two  words ");
  EXPECT_EQ(parsed.value.connect.kato, 7);
  EXPECT_EQ(parsed.value.connect_lines, (OptionLines{{"kato", 2}}));
}

TEST(MatchSection, TheFirstThatIsAboutAControllerCounts) {
  const auto config =
      parse("[Match a]\nnqn=nqn.a*\nkato=1\n[Match b]\ntraddr=10.0.0.0/8\nkato=2\n[Match c]\nnqn=*\nkato=3\n");
  EXPECT_EQ(told(config), "");
  const auto name = [&](const Tid& of) { return find_match(config.value, of)->name; };
  EXPECT_EQ(name(tid("10.0.0.1", "nqn.a1")), "a");
  EXPECT_EQ(name(tid("10.0.0.1", "nqn.b")), "b");
  EXPECT_EQ(name(tid("192.0.2.1", "nqn.b")), "c");
  EXPECT_EQ(find_match(parse("[Match b]\ntraddr=10.0.0.0/8\n").value, tid("192.0.2.1", "nqn.b")), nullptr);
}

TEST(MatchSection, SectionsWithTheSameNameAreTwo) {
  const auto parsed = parse("[Match a]\nnqn=nqn.a\nkato=1\n[Match a]\nnqn=nqn.b\nkato=2\n");
  EXPECT_EQ(told(parsed), "");
  ASSERT_EQ(parsed.value.matches.size(), 2U);
  EXPECT_EQ(parsed.value.matches[1].rule.subsysnqn, "nqn.b");
  EXPECT_EQ(parsed.value.matches[1].options.kato, 2);
}

TEST(MatchSection, OneThatIsNotClearIsAboutNobody) {
  const struct {
    const char* lines;
    const char* text;
  } rows[] = {
      {"kato=1\n", "f:1: [Match x]: it does not say which controllers it is about: the section is not used - add nqn,"},
      {"nqn=\n", "f:1: [Match x]: field `nqn` is empty: the section is not used"},
      {"nqn=a\nnqn=b\n", "f:3: [Match x]: nqn is given twice: the section is not used - write a section for each"},
      {"nqn=a\ntransport=TCP\n",
       "f:1: [Match x]: Invalid transport TCP - did you mean `tcp`?: the section is not used"},
      {"traddr=10.0.0.0/64\nnqn=a\n", "f:1: [Match x]: traddr \"10.0.0.0/64\" is no subnet: the section is not used"},
      {"nqn=a\ntradr=10.0.0.1\n",
       "f:3: [Match x]: what is not known here may say which controllers it is about: the section"},
      {"nqn=a\ntradr=10.0.0.1\n", "f:3: [Match x] contains invalid options: {'tradr'} - did you mean `traddr`?"},
      {"nqn=a\nfrobnicate=1\n", "f:3: [Match x]: what is not known here may say"},
      {"nqn=psk=hush\n", "f:1: [Match x]: field `nqn` contains a secret"},
  };
  for (const auto& row : rows) {
    const auto parsed = parse("[Match x]\n" + std::string(row.lines));
    EXPECT_TRUE(parsed.value.matches.empty()) << row.lines;
    EXPECT_NE(told(parsed).find(row.text), std::string::npos) << row.lines << told(parsed);
    EXPECT_EQ(told(parsed).find("hush"), std::string::npos) << told(parsed);
    EXPECT_FALSE(parsed.broken);
  }
}

TEST(MatchSection, AParameterThatCannotBeReadIsLeftToGlobal) {
  const auto parsed = parse(
      "[Global]\nctrl-loss-tmo=5\n[Match x]\nnqn=a\nctrl-loss-tmo=never\nctrl-los-tmo=1\nqueue-size=1\n"
      "dhchap-secret=hush,hush\nkato=3\n");
  ASSERT_EQ(parsed.value.matches.size(), 1U);
  const auto& match = parsed.value.matches[0];
  EXPECT_FALSE(match.options.ctrl_loss_tmo);
  EXPECT_FALSE(match.options.queue_size);
  EXPECT_TRUE(match.options.dhchap_secret.empty());
  EXPECT_NE(obstacle(match.options), "") << "a connection without it may be to somebody else";
  EXPECT_EQ(match.lines, (OptionLines{{"dhchap-secret", 8}, {"kato", 9}}));
  for (const char* text :
       {"f:5: [Match x]: ctrl-loss-tmo - Data converter found invalid value \"never\". What [Global] says will be used",
        "f:6: [Match x] contains invalid options: {'ctrl-los-tmo'} - did you mean `ctrl-loss-tmo`?",
        "f:7: [Match x]: queue-size - \"1\" is not within range 16..1024",
        "f:8: [Match x]: dhchap-secret - is no key (it is too long, or contains a comma or a control character): "
        "nothing is connected without that key"})
    EXPECT_NE(told(parsed).find(text), std::string::npos) << text << "\n" << told(parsed);
  EXPECT_EQ(told(parsed).find("hush"), std::string::npos);
  EXPECT_EQ(parsed.value.connect.ctrl_loss_tmo, 5) << "what a section says does not touch [Global]";
}

TEST(MatchSection, TlsThatCannotBeReadLetsNothingBeConnected) {
  const auto parsed = parse("[Global]\ntls=false\n[Match x]\nnqn=a\ntls=yes\n[Match y]\nnqn=*\ntls=true\ntls-key=7\n");
  ASSERT_EQ(parsed.value.matches.size(), 2U);
  EXPECT_EQ(obstacle(merged(parsed.value.connect, parsed.value.matches[0].options)),
            "tls= cannot be honoured: its value is not clear");
  EXPECT_NE(
      told(parsed).find("f:5: [Match x]: tls - Text check found invalid value \"yes\": nothing is connected until "
                        "that is clear, and nothing is cut - did you mean `true`?"),
      std::string::npos)
      << told(parsed);
  EXPECT_TRUE(wants_tls(merged(parsed.value.connect, parsed.value.matches[1].options)));
}

TEST(MatchSection, SectionsNearItAreNone) {
  EXPECT_NE(told(parse("[Matches]\nkato=1\n")).find("contains invalid sections: {'Matches'}"), std::string::npos);
  EXPECT_NE(told(parse("[match a]\nkato=1\n")).find("contains invalid sections: {'match a'}"), std::string::npos);
  const auto stafd = parse_stafd_conf("[Match a]\nkato=1\n", "f", nullptr);
  std::string text;
  for (const Complaint& complaint : stafd.complaints) text += complaint.to_string() + "\n";
  EXPECT_NE(text.find("contains invalid sections: {'Match a'} - the section belongs to stacd.conf"), std::string::npos)
      << text;
}

// What was appended to a file after a [Match] section is not lost without a word.
TEST(MatchSection, AControllerLineBelowOneIsADoubt) {
  const auto parsed = parse("[Match a]\nnqn=a\ncontroller=transport=tcp;traddr=10.0.0.1;nqn=nqn.a\n");
  EXPECT_EQ(parsed.value.doubts.size(), 1U) << told(parsed);
  EXPECT_NE(told(parsed).find("{'controller'} - the option belongs to section [Controllers]"), std::string::npos)
      << told(parsed);
}

TEST(MatchSection, TheirNumberIsBounded) {
  std::string text;
  for (std::size_t i = 0; i < kMaxMatchSections + 2; ++i) text += "[Match]\nnqn=a\n";
  const auto parsed = parse(text);
  EXPECT_EQ(parsed.value.matches.size(), kMaxMatchSections);
  EXPECT_TRUE(parsed.broken) << "sections that are missing would look like sections that were removed";
}

}  // namespace
}  // namespace stas
