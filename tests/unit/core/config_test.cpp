// SPDX-License-Identifier: Apache-2.0
//
// stafd.conf and stacd.conf: every option, its default and what happens to bad values (compatibility contract 2.2-2.7,
// 9.1; regressions 5, 21, 22, 34).
#include "libstas/core/config/config.h"
#include "libstas/core/config/ini.h"

#include <string>

#include <gtest/gtest.h>

namespace stas {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

template <class T>
std::string complaints(const Parsed<T>& parsed) {
  std::string out;
  for (const Complaint& complaint : parsed.complaints) {
    const char* level = complaint.severity == Severity::error     ? "error "
                        : complaint.severity == Severity::warning ? "warning "
                                                                  : "info ";
    out += level + complaint.to_string() + "\n";
  }
  return out;
}

Parsed<StafdConfig> stafd(const std::string& text) { return parse_stafd_conf(text, "f"); }
Parsed<StacdConfig> stacd(const std::string& text) { return parse_stacd_conf(text, "f"); }

TEST(StafdConf, DefaultsAreThoseOfTheContract) {
  const auto parsed = stafd("");
  StafdConfig expect;
  expect.connect.kato = 30;
  EXPECT_EQ(parsed.value, expect);
  EXPECT_TRUE(expect.pleo && expect.zeroconf && expect.persistent_connections && !expect.tron && !expect.ignore_iface);
  EXPECT_EQ(expect.zeroconf_persistence, hours(72));
  EXPECT_EQ(expect.families, (IpFamilies{true, true}));
  EXPECT_FALSE(parsed.broken);
  EXPECT_EQ(complaints(parsed), "");
}

TEST(StafdConf, EveryOptionIsRead) {
  const auto parsed = stafd(
      "[Global]\ntron=true\nhdr-digest = TRUE\ndata-digest=false\nkato=1_20\nqueue-size=1024\nreconnect-delay=+5\n"
      "ctrl-loss-tmo=-1\ndisable-sqflow=true\nignore-iface=True\nip-family=ipv6\nPLEO=Disabled\n"
      "[Service Discovery]\nzeroconf=DISABLED\n"
      "[Discovery controller connection management]\npersistent-connections=false\n"
      "zeroconf-connections-persistence=1 day 10:00:00\n"
      "[Controllers]\ncontroller=transport=tcp;traddr=1.1.1.1\nexclude=transport=rdma\ncontroller=transport=loop\n");
  EXPECT_EQ(complaints(parsed), "");
  const StafdConfig& config = parsed.value;
  EXPECT_TRUE(config.tron);
  EXPECT_EQ(config.connect.hdr_digest, true);
  EXPECT_EQ(config.connect.data_digest, false);
  EXPECT_EQ(config.connect.kato, 120);
  EXPECT_EQ(config.connect.queue_size, 1024);
  EXPECT_EQ(config.connect.reconnect_delay, 5);
  EXPECT_EQ(config.connect.ctrl_loss_tmo, -1);
  EXPECT_EQ(config.connect.disable_sqflow, true);
  EXPECT_TRUE(config.ignore_iface);
  EXPECT_EQ(config.families, (IpFamilies{false, true}));
  EXPECT_FALSE(config.pleo);
  EXPECT_FALSE(config.zeroconf);
  EXPECT_FALSE(config.persistent_connections);
  EXPECT_EQ(config.zeroconf_persistence, seconds(122400));
  ASSERT_EQ(config.controllers.size(), 2U);
  EXPECT_EQ(config.controllers[0].line, 19);
  EXPECT_EQ(config.controllers[1].line, 21);
  EXPECT_EQ(config.controllers[1].subsysnqn, "nqn.2014-08.org.nvmexpress.discovery");
  ASSERT_EQ(config.excludes.size(), 1U);
  EXPECT_EQ(config.excludes[0].line, 20);
}

TEST(StacdConf, DefaultsAreThoseOfTheContract) {
  const auto parsed = stacd("");
  EXPECT_EQ(parsed.value, StacdConfig{});
  EXPECT_EQ(parsed.value.connect, ConnectOptions{});
  EXPECT_EQ(parsed.value.disconnect_scope, DisconnectScope::only_stas_connections);
  EXPECT_EQ(parsed.value.disconnect_trtypes, (TransportSet{true, false, false}));
  EXPECT_EQ(parsed.value.connect_attempts_on_ncc, 0);
  EXPECT_EQ(parsed.value.disconnect_guard, DisconnectGuard::warn);
  EXPECT_EQ(parsed.value.max_disconnects_per_minute, 0);
  EXPECT_FALSE(parsed.value.udev_rule);
}

TEST(StacdConf, EveryOptionIsRead) {
  const auto parsed = stacd(
      "[Global]\nnr-io-queues=8\nnr-write-queues=6\nnr-poll-queues=4\nudev-rule=enabled\nip-family=ipv6+ipv4\n"
      "[I/O controller connection management]\ndisconnect-scope = all-connections-matching-disconnect-trtypes\n"
      "disconnect-trtypes = tcp+rdma+fc+tcp\nconnect-attempts-on-ncc=5\n"
      "disconnect-guard=hold\nmax-disconnects-per-minute=10\n"
      "[Controllers]\ncontroller=transport=tcp;traddr=1.1.1.1;trsvcid=8009;nqn=nqn.a\n");
  EXPECT_EQ(complaints(parsed), "");
  const StacdConfig& config = parsed.value;
  EXPECT_EQ(config.connect.nr_io_queues, 8);
  EXPECT_EQ(config.connect.nr_write_queues, 6);
  EXPECT_EQ(config.connect.nr_poll_queues, 4);
  EXPECT_TRUE(config.udev_rule);
  EXPECT_EQ(config.disconnect_scope, DisconnectScope::all_connections_matching_disconnect_trtypes);
  EXPECT_EQ(config.disconnect_trtypes, (TransportSet{true, true, true}));
  EXPECT_TRUE(config.disconnect_trtypes.contains(Transport::fc));
  EXPECT_FALSE(config.disconnect_trtypes.contains(Transport::loop));
  EXPECT_EQ(config.connect_attempts_on_ncc, 5);
  EXPECT_EQ(config.disconnect_guard, DisconnectGuard::hold);
  EXPECT_EQ(config.max_disconnects_per_minute, 10);
  EXPECT_EQ(config.controllers.size(), 1U);
}

TEST(Conf, TheLastOfRepeatedOptionsCounts) {
  EXPECT_EQ(stafd("[Global]\nkato=1\nkato=2\n[X]\n[Global]\nKATO=3\n").value.connect.kato, 3);
}

TEST(StacdConf, OneAttemptOnNccActsAsTwo) {
  const std::string section = "[I/O controller connection management]\nconnect-attempts-on-ncc=";
  EXPECT_EQ(stacd(section + "1\n").value.connect_attempts_on_ncc, 2);
  EXPECT_EQ(stacd(section + "2\n").value.connect_attempts_on_ncc, 2);
  EXPECT_EQ(stacd(section + "-3\n").value.connect_attempts_on_ncc, 0);
  EXPECT_EQ(complaints(stacd(section + "-3\n")),
            "warning File:f:2: [I/O controller connection management]: connect-attempts-on-ncc - \"-3\" is negative. "
            "Default will be used: 0 is in force - give 0 or more\n");
  EXPECT_EQ(stacd(section + "hello\n").value.connect_attempts_on_ncc, 0);
}

TEST(StafdConf, PersistenceIsATimeSpan) {
  const std::string section = "[Discovery controller connection management]\nzeroconf-connections-persistence=";
  EXPECT_EQ(stafd(section + "-1\n").value.zeroconf_persistence, std::nullopt);
  EXPECT_EQ(stafd(section + "0\n").value.zeroconf_persistence, seconds(0));
  EXPECT_EQ(stafd(section + "1:01\n").value.zeroconf_persistence, seconds(61));
  const auto bad = stafd(section + "soon\n");
  EXPECT_EQ(bad.value.zeroconf_persistence, std::nullopt) << "for ever cuts least";
  EXPECT_EQ(complaints(bad),
            "error File:f:2: [Discovery controller connection management]: zeroconf-connections-persistence - Data "
            "converter found invalid value \"soon\"; -1 (for ever) is in force\n");
}

TEST(Conf, BadValuesGiveTheDefaultAndOneMessage) {
  const struct {
    const char* text;
    const char* expect;
  } rows[] = {
      {"[Global]\ntron=maybe\n",
       "warning File:f:2: [Global]: tron - Text check found invalid value \"maybe\". Default will be used: false is in "
       "force\n"},
      {"[Global]\ntron=1\n",
       "warning File:f:2: [Global]: tron - Text check found invalid value \"1\". Default will be used: false is in "
       "force - "
       "did you mean `true`?\n"},
      {"[Global]\ntron\n",
       "warning File:f:2: [Global]: tron - Text check found invalid value \"\". Default will be used: false is in "
       "force - "
       "the option has no `=`\n"},
      {"[Global]\ntron=true\n  kato=5\n",
       "warning File:f:3: [Global]: tron - Text check found invalid value \"kato=5\". Default will be used: false is "
       "in "
       "force - the line is indented, so it continues the option above it\n"},
      {"[Global]\nkato=abc\n",
       "warning File:f:2: [Global]: kato - Data converter found invalid value \"abc\". Default will be used\n"},
      {"[Global]\nkato=10 # x\n",
       "warning File:f:2: [Global]: kato - Data converter found invalid value \"10 # x\". Default will be used\n"},
      {"[Global]\nkato=\n",
       "warning File:f:2: [Global]: kato - Data converter found invalid value \"\". Default will be used\n"},
      {"[Global]\nkato=99999999999\n",
       "warning File:f:2: [Global]: kato - Data converter found invalid value \"99999999999\". Default will be used\n"},
      {"[Global]\nqueue-size=15\n",
       "warning File:f:2: [Global]: queue-size - \"15\" is not within range 16..1024. Default will be used\n"},
      {"[Global]\nkato=-5\n",
       "warning File:f:2: [Global]: kato - \"-5\" is negative. Default will be used - give 0 or more\n"},
      {"[Global]\nreconnect-delay=-1\n",
       "warning File:f:2: [Global]: reconnect-delay - \"-1\" is negative. Default will be used - give 0 or more\n"},
      {"[Global]\nip-family=ipv4 + ipv6\n",
       "warning File:f:2: [Global]: ip-family - Text check found invalid value \"ipv4 + ipv6\". Default will be used: "
       "ipv4+ipv6 is in force - did you mean `ipv4+ipv6`?\n"},
      {"[Global]\nhdr-digst=true\n",
       "error File:f:2: [Global] contains invalid options: {'hdr-digst'} - did you mean `hdr-digest`?\n"},
      {"[Global]\nkato: 5\n",
       "error File:f:2: [Global] contains invalid options: {'kato'} - did you mean `kato = ...`?\n"},
      {"[Global]\nnr-io-queues=1\nnr-io-queues=2\n",
       "error File:f:2: [Global] contains invalid options: {'nr-io-queues'} - the option belongs to stacd.conf\n"},
      {"[Global]\nzeroconf=enabled\n",
       "error File:f:2: [Global] contains invalid options: {'zeroconf'} - the option belongs to section [Service "
       "Discovery]\n"},
      {"[Controllers]\nfrob=1\n[Bogus]\nx=1\n[Bogus]\n",
       "error File:f:2: [Controllers] contains invalid options: {'frob'}\n"
       "error File:f:3: contains invalid sections: {'Bogus'}\n"},
      {"[global]\ntron=true\n", "error File:f:1: contains invalid sections: {'global'} - did you mean `Global`?\n"},
      {"[I/O controller connection management]\n",
       "error File:f:1: contains invalid sections: {'I/O controller connection management'} - the section belongs to "
       "stacd.conf\n"},
  };
  StafdConfig defaults;
  defaults.connect.kato = 30;
  for (const auto& row : rows) {
    const auto parsed = stafd(row.text);
    EXPECT_EQ(complaints(parsed), row.expect);
    EXPECT_EQ(parsed.value, defaults) << row.text;
    EXPECT_FALSE(parsed.broken);
  }
}

TEST(StacdConf, BadValuesNeverCutMoreThanTheDefault) {
  const auto parsed = stacd(
      "[Global]\npleo=enabled\nudev-rule=maybe\n[I/O controller connection management]\ndisconnect-scope = joe\n"
      "disconnect-trtypes = bob\ndisconnect-scope = no-disconect\n");
  EXPECT_EQ(
      complaints(parsed),
      "error File:f:2: [Global] contains invalid options: {'pleo'} - the option belongs to stafd.conf\n"
      "warning File:f:3: [Global]: udev-rule - Text check found invalid value \"maybe\". Default will be used: "
      "disabled is "
      "in force\n"
      "warning File:f:6: [I/O controller connection management]: disconnect-trtypes - List checker found invalid item "
      "\"bob\" will be ignored; none is in force\n"
      "warning File:f:7: [I/O controller connection management]: disconnect-scope - Text check found invalid value "
      "\"no-disconect\"; no-disconnect is in force - did you mean `no-disconnect`?\n");
  StacdConfig expect;
  expect.disconnect_scope = DisconnectScope::no_disconnect;
  expect.disconnect_trtypes = {false, false, false};
  EXPECT_EQ(parsed.value, expect);
  EXPECT_EQ(stacd("[I/O controller connection management]\ndisconnect-trtypes=rdma+bob\n").value.disconnect_trtypes,
            (TransportSet{false, true, false}));
}

TEST(StacdConf, AMissingPortIsThatOfDiscoveryAndSaidSo) {
  const auto parsed = stacd("[Controllers]\ncontroller=transport=tcp;traddr=1.1.1.1;nqn=nqn.a\n");
  EXPECT_EQ(
      complaints(parsed),
      "warning File:f:2: [Controllers]: controller - trsvcid is missing: 8009 is assumed, the port of discovery "
      "controllers; most I/O controllers listen on 4420 - add `trsvcid=4420`, or `trsvcid=8009` if that is meant\n");
  EXPECT_EQ(parsed.value.controllers.size(), 1U);
  EXPECT_EQ(complaints(stacd("[Controllers]\ncontroller=transport=rdma;traddr=1.1.1.1;nqn=nqn.a\n")), "");
  EXPECT_EQ(complaints(stafd("[Controllers]\ncontroller=transport=tcp;traddr=1.1.1.1\n")), "");
}

TEST(Conf, BadLinesAreNamedAndSkipped) {
  const auto parsed = stacd(
      "[Controllers]\ncontroller=transport=tcp;traddr=1.1.1.1\nexclude=\n\nexclude=transport=tcp;trddr=1.1.1.1\n"
      "exclude\ncontroller\nexclude=traddr=2.2.2.2 # why\n");
  EXPECT_EQ(
      complaints(parsed),
      "error File:f:2: [Controllers]: controller - nqn is missing: the line is ignored - add `nqn=` with the NQN "
      "of the subsystem\n"
      "error File:f:3: [Controllers]: exclude - the rule is empty: the rule is ignored and excludes nothing - say "
      "what to exclude: transport, traddr, trsvcid, nqn, host-iface or host-nqn\n"
      "error File:f:5: [Controllers]: exclude - unknown field `trddr` - did you mean `traddr`?: the rule is "
      "ignored and excludes nothing\n"
      "error File:f:6: [Controllers]: exclude - the rule is empty: the rule is ignored and excludes nothing - say "
      "what to exclude: transport, traddr, trsvcid, nqn, host-iface or host-nqn - the option has no `=`\n"
      "error File:f:7: [Controllers]: controller - the value is empty: the line is ignored - write fields as "
      "`transport=tcp;traddr=ADDRESS` - the option has no `=`\n");
  EXPECT_TRUE(parsed.value.controllers.empty());
  ASSERT_EQ(parsed.value.excludes.size(), 1U);
  EXPECT_EQ(parsed.value.excludes[0].traddr, "2.2.2.2");
  EXPECT_EQ(parsed.value.excludes[0].line, 8);
}

TEST(Conf, AnEmptyLineBetweenExcludesExcludesNothing) {
  const auto parsed = stafd("[Controllers]\nexclude=traddr=1.1.1.1\n\nexclude=traddr=2.2.2.2\n\n");
  EXPECT_EQ(complaints(parsed), "");
  EXPECT_EQ(parsed.value.excludes.size(), 2U);
}

// A file of nvme-stas may have had such lines for years.
TEST(Conf, WhatExcludesMoreThanItDidInNvmeStasIsTold) {
  const auto parsed = stacd(
      "[Controllers]\nexclude=traddr=192.0.2.0/24\nexclude=transport=tcp;nqn=nqn.x*\nexclude=traddr=192.0.2.1\n"
      "include=traddr=192.0.2.0/24\n");
  const std::string same =
      ": all that it matches is excluded. nvme-stas 2.x compares text, and excludes nothing by it\n";
  EXPECT_EQ(complaints(parsed), "info File:f:2: [Controllers]: exclude - traddr \"192.0.2.0/24\" is a subnet" + same +
                                    "info File:f:3: [Controllers]: exclude - \"nqn.x*\" is a pattern" + same);
  EXPECT_EQ(parsed.value.excludes.size(), 3U);
  EXPECT_TRUE(parsed.value.doubts.empty());
}

TEST(Conf, IndentedLinesAreFurtherControllers) {
  const auto parsed = stafd("[Controllers]\ncontroller =\n  transport=tcp;traddr=1.1.1.1\n  transport=loop\n");
  EXPECT_EQ(complaints(parsed), "");
  ASSERT_EQ(parsed.value.controllers.size(), 2U);
  EXPECT_EQ(parsed.value.controllers[1].line, 4);
}

TEST(Conf, DeprecatedNamesAreHonouredWithOneWarning) {
  const auto black =
      stafd("[Controllers]\nblacklist=traddr=1.1.1.1\nexclude=traddr=2.2.2.2\nblacklist=traddr=3.3.3.3\n");
  EXPECT_EQ(complaints(black),
            "warning File:f:2: [Controllers]: blacklist - the option is deprecated: it acts as `exclude`, use that\n");
  ASSERT_EQ(black.value.excludes.size(), 3U);
  EXPECT_EQ(black.value.excludes[2].traddr, "3.3.3.3");

  const std::string section = "[Discovery controller connection management]\npersistent-connections=";
  EXPECT_TRUE(stafd(section + "false\n[Global]\npersistent-connections=true\n").value.persistent_connections);
  EXPECT_FALSE(stafd(section + "false\n[Global]\npersistent-connections=false\n").value.persistent_connections);
  EXPECT_FALSE(stafd("[Global]\npersistent-connections=false\n").value.persistent_connections) << "it decides alone";
  EXPECT_TRUE(stafd("[Global]\npersistent-connections=true\n").value.persistent_connections);
  EXPECT_TRUE(stafd(section + "true\n[Global]\npersistent-connections=false\n").value.persistent_connections);
  EXPECT_FALSE(stafd(section + "false\n[Global]\npersistent-connections=maybe\n").value.persistent_connections);
  EXPECT_TRUE(stafd("[Global]\npersistent-connections=maybe\n").value.persistent_connections);
  EXPECT_EQ(stafd("[Global]\npersistent-connections=true\n").complaints.size(), 1U);
  EXPECT_EQ(stafd("[Global]\npersistent-connections=true\n").complaints[0].severity, Severity::warning);

  const auto sticky = stacd("[Global]\nsticky-connections=enabled\n");
  EXPECT_EQ(sticky.value.disconnect_scope, DisconnectScope::no_disconnect);
  ASSERT_EQ(sticky.complaints.size(), 1U);
  EXPECT_EQ(sticky.complaints[0].severity, Severity::warning);
  EXPECT_EQ(stacd("[Global]\nsticky-connections=disabled\n").value, StacdConfig{});
  EXPECT_EQ(stacd("[Global]\nsticky-connections=enabled\n[I/O controller connection management]\n"
                  "disconnect-scope=only-stas-connections\n")
                .value.disconnect_scope,
            DisconnectScope::only_stas_connections);
}

TEST(Conf, SyntaxErrorsAreToldAndTheRestIsRead) {
  for (const char* text : {"orphan=1\n[Global]\ntron=true\n", "[Broken\nkato=1\n[Global]\ntron=true\n",
                           "[Global]\n=5\ntron=true\n", "[]\n[Global]\ntron=true\n"}) {
    const auto parsed = stafd(text);
    EXPECT_TRUE(parsed.broken) << text;
    EXPECT_EQ(parsed.complaints.size(), 1U) << complaints(parsed);
    EXPECT_EQ(parsed.complaints[0].severity, Severity::error);
    EXPECT_TRUE(parsed.value.tron) << text;
    EXPECT_EQ(parsed.value.connect.kato, 30) << text;
  }
}

TEST(Conf, NumbersOfLinesAndComplaintsAreBounded) {
  std::string text = "[Controllers]\n";
  for (std::size_t i = 0; i < kMaxRules + 5; ++i) text += "exclude=traddr=1.1.1.1\n";
  const auto full = stafd(text);
  EXPECT_EQ(full.value.excludes.size(), kMaxRules);
  EXPECT_EQ(full.complaints.size(), 1U);
  EXPECT_TRUE(full.broken) << "rules that are missing would look like rules that were removed";

  std::string noise = "[Controllers]\n";
  for (int i = 0; i < 5000; ++i) noise += "exclude=\nopt" + std::to_string(i) + "=1\n";
  EXPECT_LT(stafd(noise).complaints.size(), 1000U);
}

// At a reload the old configuration stays (regressions 34).
TEST(Config, AFileBeyondItsBoundsIsBroken) {
  std::string text = "[Controllers]\ncontroller=transport=tcp;traddr=10.0.0.1;nqn=nqn.a\n#";
  EXPECT_FALSE(stafd(text).broken);
  text.append(kMaxConfigBytes, 'x');
  const auto parsed = stafd(text);
  EXPECT_TRUE(parsed.broken);
  ASSERT_EQ(parsed.complaints.size(), 1U);
  EXPECT_EQ(parsed.complaints[0].severity, Severity::error);
}

TEST(ConnectOptions, TheNearerLevelWins) {
  ConnectOptions global, line;
  global.kato = 1;
  global.queue_size = 128;
  global.dhchap_secret = Secret("a");
  line.kato = 2;
  line.hdr_digest = false;
  line.dhchap_ctrl_secret = Secret("b");
  const ConnectOptions both = merged(global, line);
  EXPECT_EQ(both.kato, 2);
  EXPECT_EQ(both.queue_size, 128);
  EXPECT_EQ(both.hdr_digest, false);
  EXPECT_EQ(both.dhchap_secret.reveal(), "a");
  EXPECT_EQ(both.dhchap_ctrl_secret.reveal(), "b");
  EXPECT_EQ(merged(global, {}), global);
  EXPECT_EQ(merged({}, global), global);
}

}  // namespace
}  // namespace stas
