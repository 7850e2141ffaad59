// SPDX-License-Identifier: Apache-2.0
//
// What a file does not say clearly never cuts more (law 2): a value that cannot be read leaves the one in force, and at
// start the one that cuts least counts. The complaint says which.
#include "libstas/core/config/config.h"
#include "libstas/core/config/ini.h"

#include <string>

#include <gtest/gtest.h>

namespace stas {
namespace {

// A connection in the clear is no default for one that somebody wanted to be encrypted.
TEST(ConfigPrevious, TlsThatCannotBeReadIsTheOneInForceOrNoConnection) {
  const auto tls = [](const char* text, const StacdConfig* previous) {
    const auto parsed = parse_stacd_conf(text, "f", previous);
    const ConnectOptions& options = parsed.value.connect;
    return std::string(!obstacle(options).empty() ? "none"
                       : wants_tls(options)       ? "tls"
                                                  : "clear") +
           (parsed.complaints.empty() ? "" : " | " + parsed.complaints.front().to_string());
  };
  StacdConfig on, off, never;
  on.connect.tls = true;
  off.connect.tls = false;
  const std::string unclear =
      " | File:f:2: [Global]: tls - Text check found invalid value \"yes\": nothing is connected until that is clear, "
      "and nothing is cut - did you mean `true`?";
  const std::string stays =
      " | File:f:2: [Global]: tls - Text check found invalid value \"yes\"; the previous value stays - did you mean "
      "`true`?";
  EXPECT_EQ(tls("[Global]\ntls=true\n", nullptr), "tls");
  EXPECT_EQ(tls("[Global]\ntls-key=7\n", nullptr), "tls");
  EXPECT_EQ(tls("[Global]\ntls=false\ntls-key=7\n", nullptr), "clear");
  EXPECT_EQ(tls("[Global]\n", &on), "clear");
  EXPECT_EQ(tls("[Global]\ntls=yes\n", nullptr), "none" + unclear);
  EXPECT_EQ(tls("[Global]\ntls=yes\n", &never), "none" + unclear);
  EXPECT_EQ(tls("[Global]\ntls=yes\n", &on), "tls" + stays);
  EXPECT_EQ(tls("[Global]\ntls=yes\n", &off), "clear" + stays);
  EXPECT_EQ(tls("[Global]\ntlss=true\n", nullptr).substr(0, 7), "clear |") << "as with every unknown name";
  // A file that cannot be read at all speaks of nothing.
  EXPECT_EQ(obstacle(unread_stacd_conf("f", "no such file", nullptr).value.connect), "");
  // What a line says for itself is clear.
  const auto parsed = parse_stacd_conf("[Global]\ntls=yes\n", "f", nullptr);
  ConnectOptions own;
  own.tls = false;
  EXPECT_EQ(obstacle(merged(parsed.value.connect, own)), "");
}

using std::chrono::hours;

constexpr const char* kIocs = "[I/O controller connection management]\n";
constexpr const char* kDcs = "[Discovery controller connection management]\n";

template <class T>
std::string complaints(const Parsed<T>& parsed) {
  std::string out;
  for (const Complaint& complaint : parsed.complaints) out += complaint.to_string() + "\n";
  return out;
}

// Everything other than the default and other than what cuts least.
StacdConfig stacd_in_force() {
  StacdConfig config;
  config.disconnect_scope = DisconnectScope::all_connections_matching_disconnect_trtypes;
  config.disconnect_trtypes = {true, true, true};
  config.connect_attempts_on_ncc = 7;
  config.disconnect_guard = DisconnectGuard::off;
  config.max_disconnects_per_minute = 9;
  config.udev_rule = true;
  config.tron = true;
  config.ignore_iface = true;
  config.families = {false, true};
  config.connect.kato = 77;
  config.connect.queue_size = 99;
  return config;
}

StafdConfig stafd_in_force() {
  StafdConfig config;
  config.pleo = true;
  config.zeroconf = false;
  config.persistent_connections = false;
  config.zeroconf_persistence = hours(1);
  config.families = {true, false};
  config.connect.kato = 77;
  return config;
}

StacdConfig least(void (*change)(StacdConfig&)) {
  StacdConfig config;
  change(config);
  return config;
}
StacdConfig no_disconnect() {
  return least([](StacdConfig& c) { c.disconnect_scope = DisconnectScope::no_disconnect; });
}
StacdConfig no_types() {
  return least([](StacdConfig& c) { c.disconnect_trtypes = {false, false, false}; });
}
StacdConfig rdma() {
  return least([](StacdConfig& c) { c.disconnect_trtypes = {false, true, false}; });
}
StacdConfig hold() {
  return least([](StacdConfig& c) { c.disconnect_guard = DisconnectGuard::hold; });
}
StacdConfig one_a_minute() {
  return least([](StacdConfig& c) { c.max_disconnects_per_minute = 1; });
}
StacdConfig unclear_iface() {
  return least([](StacdConfig& c) { c.ignore_iface_unclear = true; });
}
StacdConfig defaults() { return {}; }

TEST(ConfigPrevious, AnOptionOfStacdThatIsNotClearKeepsItsValueOrCutsLeast) {
  const std::string iocs = kIocs;
  const struct {
    std::string text;
    StacdConfig (*at_start)();
    const char* said;  // at start
  } rows[] = {
      {iocs + "disconnect-scope=no-disconect\n", no_disconnect,
       ":2: [I/O controller connection management]: disconnect-scope"},
      {iocs + "disconnect-scope=no-disconect\n", no_disconnect, "; no-disconnect is in force - did you mean"},
      {iocs + "disconnect-scope\n", no_disconnect, "; no-disconnect is in force"},
      {iocs + "disconnect-scope=only-stas-connections\ndisconnect-scope=joe\n", no_disconnect, ":3: "},
      {iocs + "disconnect-scop=only-stas-connections\n", no_disconnect,
       "`disconnect-scope`?; no-disconnect is in force"},
      {iocs + "disconnect_scope=only-stas-connections\n", no_disconnect, "; no-disconnect is in force"},
      {iocs + "disconnect-scope: only-stas-connections\n", no_disconnect, "; no-disconnect is in force"},
      {"[Global]\ndisconnect-scope=only-stas-connections\n", no_disconnect, "belongs to section [I/O"},
      {"[I/O controller conection management]\ndisconnect-scope=only-stas-connections\n", no_disconnect,
       ":2: [I/O controller conection management]: disconnect-scope - the section is not known; no-disconnect is in"},
      {"[Global]\nip-family=ipv4+ipv6\n   disconnect-scope=only-stas-connections\n", no_disconnect,
       "the line is indented, so it continues the option above it, but seems to mean `disconnect-scope`; "
       "no-disconnect"},
      {"[Global]\nsticky-connections=enabeld\n", no_disconnect, "; no-disconnect is in force"},
      {iocs + "disconnect-trtypes=rmda\n", no_types,
       "List checker found invalid item \"rmda\" will be ignored; none is"},
      {iocs + "disconnect-trtypes=rmda\n", no_types, "did you mean `rdma`?"},
      {iocs + "disconnect-trtypes=tpc+rdma\n", rdma, "\"tpc\" will be ignored; rdma is in force"},
      {iocs + "disconnect-trtypes=\n", no_types, "; none is in force"},
      {iocs + "disconnect-trtype=tcp\n", no_types, "; none is in force"},
      {iocs + "disconnect-guard=wran\n", hold, "; hold is in force - did you mean `warn`?"},
      {iocs + "disconnect-gaurd=off\n", hold, "; hold is in force"},
      {iocs + "max-disconnects-per-minute=ten\n", one_a_minute, "; 1 is in force"},
      {iocs + "max-disconnects-per-minute=-1\n", one_a_minute, "\"-1\" is negative; 1 is in force"},
      {iocs + "connect-attempts-on-ncc=-1\n", defaults, "\"-1\" is negative. Default will be used: 0 is in force"},
      {"[Global]\nip-family=ipv5\n", defaults, "Default will be used: ipv4+ipv6 is in force"},
      {"[Global]\nkato=abc\n", defaults, "Data converter found invalid value \"abc\". Default will be used"},
      {"[Global]\nkatto=4\n", defaults, "did you mean `kato`?"},
      {"[Global]\nqueue-size=5\n", defaults, "\"5\" is not within range 16..1024. Default will be used"},
      {"[Global]\nudev-rule=no\n", defaults, "Default will be used: disabled is in force"},
      {"[Global]\nignore-iface=ye\n", unclear_iface, "Default will be used: false is in force"},
  };
  const StacdConfig in_force = stacd_in_force();
  for (const auto& row : rows) {
    const auto start = parse_stacd_conf(row.text, "f", nullptr);
    EXPECT_EQ(start.value, row.at_start()) << row.text;
    EXPECT_NE(complaints(start).find(row.said), std::string::npos) << row.text << " -> " << complaints(start);
    const auto reload = parse_stacd_conf(row.text, "f", &in_force);
    EXPECT_NE(complaints(reload).find("; the previous value stays"), std::string::npos) << complaints(reload);
    EXPECT_FALSE(reload.broken);
    // Nothing but this one option differs from what the file says, which is nothing.
    StacdConfig expect;
    if (row.text.find("scop") != std::string::npos || row.text.find("sticky") != std::string::npos) {
      expect.disconnect_scope = in_force.disconnect_scope;
    }
    if (row.text.find("trtype") != std::string::npos) expect.disconnect_trtypes = in_force.disconnect_trtypes;
    if (row.text.find("disconnect-g") != std::string::npos) expect.disconnect_guard = in_force.disconnect_guard;
    if (row.text.find("minute") != std::string::npos) expect.max_disconnects_per_minute = 9;
    if (row.text.find("ncc") != std::string::npos) expect.connect_attempts_on_ncc = 7;
    if (row.text.find("ip-family") != std::string::npos) expect.families = in_force.families;
    if (row.text.find("kat") != std::string::npos) expect.connect.kato = 77;
    if (row.text.find("queue") != std::string::npos) expect.connect.queue_size = 99;
    if (row.text.find("udev") != std::string::npos) expect.udev_rule = true;
    if (row.text.find("iface") != std::string::npos) expect.ignore_iface = true;
    EXPECT_EQ(reload.value, expect) << row.text;
  }
}

TEST(ConfigPrevious, AnOptionOfStafdThatIsNotClearKeepsItsValueOrCutsLeast) {
  const std::string dcs = kDcs;
  const struct {
    std::string text;
    void (*at_start)(StafdConfig&);
    void (*at_reload)(StafdConfig&);
    const char* said;  // at start
  } rows[] = {
      {dcs + "persistent-connections=yes\n", [](StafdConfig&) {},
       [](StafdConfig& c) { c.persistent_connections = false; }, "Default will be used: true is in force"},
      {dcs + "persistent-conections=false\n", [](StafdConfig&) {},
       [](StafdConfig& c) { c.persistent_connections = false; }, "did you mean `persistent-connections`?"},
      {dcs + "zeroconf-connections-persistence=soon\n", [](StafdConfig& c) { c.zeroconf_persistence = std::nullopt; },
       [](StafdConfig& c) { c.zeroconf_persistence = hours(1); }, "; -1 (for ever) is in force"},
      {dcs + "zeroconf-connection-persistence=0\n", [](StafdConfig& c) { c.zeroconf_persistence = std::nullopt; },
       [](StafdConfig& c) { c.zeroconf_persistence = hours(1); }, "; -1 (for ever) is in force"},
      {"[Service Discovery]\nzeroconf=of\n", [](StafdConfig&) {}, [](StafdConfig& c) { c.zeroconf = false; },
       "Default will be used: enabled is in force"},
      {"[Service discovery]\nzeroconf=disabled\n", [](StafdConfig&) {}, [](StafdConfig& c) { c.zeroconf = false; },
       "did you mean `Service Discovery`?"},
      {"[Global]\npleo=disabeld\n", [](StafdConfig& c) { c.pleo = false; }, [](StafdConfig& c) { c.pleo = true; },
       "; disabled is in force"},
      {"[Global]\nip-famly=ipv4\n", [](StafdConfig&) {},
       [](StafdConfig& c) {
         c.families = {true, false};
       },
       "did you mean `ip-family`?"},
      {"[Global]\nkato=-2\n", [](StafdConfig&) {}, [](StafdConfig& c) { c.connect.kato = 77; }, "is negative"},
  };
  const StafdConfig in_force = stafd_in_force();
  for (const auto& row : rows) {
    StafdConfig start, reload;
    start.connect.kato = reload.connect.kato = 30;
    row.at_start(start);
    row.at_reload(reload);
    const auto parsed = parse_stafd_conf(row.text, "f", nullptr);
    EXPECT_EQ(parsed.value, start) << row.text;
    EXPECT_NE(complaints(parsed).find(row.said), std::string::npos) << row.text << " -> " << complaints(parsed);
    const auto again = parse_stafd_conf(row.text, "f", &in_force);
    EXPECT_EQ(again.value, reload) << row.text;
    EXPECT_NE(complaints(again).find("; the previous value stays"), std::string::npos) << complaints(again);
  }
}

TEST(ConfigPrevious, WhatTheFileSaysClearlyCounts) {
  const StacdConfig in_force = stacd_in_force();
  EXPECT_EQ(parse_stacd_conf("# nothing\n\n", "f", &in_force).value, StacdConfig{}) << "understood whole";
  EXPECT_EQ(parse_stacd_conf(std::string(kIocs) + "disconnect-scop=x\ndisconnect-scope=only-stas-connections\n", "f",
                             &in_force)
                .value,
            StacdConfig{});
  EXPECT_TRUE(complaints(parse_stacd_conf("\n", "f", &in_force)).empty());
}

TEST(ConfigPrevious, AnExcludeLineInAMisspeltSectionStaysInForce) {
  const std::string lines = "exclude=traddr=10.0.0.1\nexclude=transport=rdma\n";
  const StacdConfig in_force = parse_stacd_conf("[Controllers]\n" + lines, "f", nullptr).value;
  ASSERT_EQ(in_force.excludes.size(), 2U);
  const std::vector<std::string> texts{"[Controlers]\n" + lines,
                                       "[Controllers]\nexclud=traddr=10.0.0.1\nexclude=transport=rdma\n"};
  for (const std::string& text : texts) {
    const auto parsed = parse_stacd_conf(text, "f", &in_force);
    EXPECT_EQ(parsed.value.excludes.size(), 2U) << text;
    EXPECT_NE(complaints(parsed).find("; what it excludes stays excluded"), std::string::npos) << complaints(parsed);
    EXPECT_LT(parse_stacd_conf(text, "f", nullptr).value.excludes.size(), 2U) << "at start nobody knows";
  }
  EXPECT_TRUE(parse_stacd_conf("[Controlers]\nexclude=traddr=10.0.0.2\n", "f", &in_force).value.excludes.empty());
  EXPECT_TRUE(parse_stacd_conf("[Controllers]\n", "f", &in_force).value.excludes.empty());
}

TEST(ConfigPrevious, ABrokenFileLeavesEverythingInForce) {
  StacdConfig in_force = stacd_in_force();
  in_force.doubts.push_back({"old", 3, "text", {}, {}, {}, {}});
  in_force.controllers.emplace_back().traddr = "1.2.3.4";
  const std::string good = "[Controllers]\ncontroller=transport=tcp;traddr=9.9.9.9;nqn=nqn.a\n";
  for (const std::string& text :
       {good + "[Global\ntron=false\n", "orphan=1\n" + good, good + "=5\n", good + "[]\n",
        good + "  [Global]\ntron=false\n", std::string(8, '\0'), good + "controller=transport=tcp;traddr=12",
        good + "contr", good + std::string(kIocs) + "disconnect-scope=no-dis",
        good + "#" + std::string(kMaxConfigBytes, 'x'), std::string("garbage")}) {
    const auto parsed = parse_stacd_conf(text, "f", &in_force);
    EXPECT_TRUE(parsed.broken) << text.substr(0, 200);
    EXPECT_EQ(parsed.value, in_force) << text.substr(0, 200);
    EXPECT_NE(complaints(parsed).find("; the previous configuration stays in force"), std::string::npos)
        << complaints(parsed);
  }
  // A last line without end that can be understood is no break, nor is a whole name that is not known.
  EXPECT_FALSE(parse_stacd_conf(good + "frob=1", "f", &in_force).broken);
  EXPECT_EQ(complaints(parse_stacd_conf("[Global]\ntron=true\n[Bogus]\ncontr", "f", &in_force)),
            "File:f:3: contains invalid sections: {'Bogus'}\nFile:f:4: the file ends in the middle of this line; the "
            "previous configuration stays in force\n");
  EXPECT_FALSE(parse_stacd_conf(good + "exclude=transport=rdma", "f", &in_force).broken);
}

TEST(ConfigPrevious, ABrokenFileAtStartCutsNothing) {
  const auto stacd = parse_stacd_conf(
      "[Global]\ntron=true\n[Controllers]\ncontroller=transport=tcp;traddr=9.9.9.9;nqn=n\n"
      "exclude=transport=rdma\n[I/O contr\ndisconnect-scope=only-stas-connections\n",
      "/etc/f", nullptr);
  EXPECT_TRUE(stacd.broken);
  EXPECT_TRUE(stacd.value.tron) << "what could be read counts";
  EXPECT_EQ(stacd.value.controllers.size(), 1U);
  EXPECT_EQ(stacd.value.excludes.size(), 1U);
  EXPECT_EQ(stacd.value.disconnect_scope, DisconnectScope::no_disconnect);
  EXPECT_EQ(stacd.value.disconnect_trtypes, (TransportSet{false, false, false}));
  ASSERT_EQ(stacd.value.doubts.size(), 1U);
  EXPECT_EQ(stacd.value.doubts[0],
            (ConfigDoubt{"/etc/f", 6, "the file cannot be understood as a whole", {}, {}, {}, {}}));
  EXPECT_NE(complaints(stacd).find("File:/etc/f:6: broken section header"), std::string::npos) << complaints(stacd);
  EXPECT_NE(complaints(stacd).find("; what can be read counts"), std::string::npos) << complaints(stacd);

  const auto stafd = parse_stafd_conf("zeroconf=disabled\n", "f", nullptr);
  EXPECT_TRUE(stafd.value.zeroconf && stafd.value.persistent_connections);
  EXPECT_EQ(stafd.value.zeroconf_persistence, std::nullopt);
  // What was said clearly before the break counts, also when the break shows late.
  const auto late =
      parse_stacd_conf(std::string(kIocs) + "disconnect-trtypes=rdma\nconnect-attempts-on-ncc=x", "f", nullptr);
  EXPECT_TRUE(late.broken);
  EXPECT_EQ(late.value.disconnect_scope, DisconnectScope::no_disconnect);
  EXPECT_EQ(late.value.disconnect_trtypes, (TransportSet{false, true, false}));
}

TEST(ConfigPrevious, TheNewerOptionCounts) {
  const std::string iocs = kIocs, dcs = kDcs;
  EXPECT_NE(complaints(parse_stacd_conf("[Global]\nsticky-connections=x\n" + iocs + "disconnect-scope=no-disconnect\n",
                                        "f", nullptr))
                .find("invalid value \"x\"; the newer option is in force"),
            std::string::npos);
  EXPECT_NE(complaints(parse_stafd_conf("[Global]\npersistent-connections=x\n" + dcs + "persistent-connections=true\n",
                                        "f", nullptr))
                .find("invalid value \"x\"; the newer option is in force"),
            std::string::npos);
}

TEST(ConfigPrevious, NamesThatNobodyKnowsAreBounded) {
  std::string names = "[X]\n", lines = "[X]\n";
  for (int i = 0; i < 1001; ++i) names += "n" + std::to_string(i) + "=1\n";
  for (int i = 0; i < 20000; ++i) lines += "n=1\n";
  for (const std::string& text : {names, lines}) {
    const auto parsed = parse_stacd_conf(text, "f", nullptr);
    EXPECT_TRUE(parsed.broken);
    EXPECT_NE(complaints(parsed).find("too many names"), std::string::npos);
    EXPECT_LT(parsed.complaints.size(), 5U);
  }
}

TEST(ConfigPrevious, AFileThatWasNotReadIsNoInformation) {
  const StafdConfig in_force = stafd_in_force();
  const auto reload = unread_stafd_conf("/etc/f", "the file is empty", &in_force);
  EXPECT_EQ(reload.value, in_force);
  EXPECT_EQ(complaints(reload), "File:/etc/f: the file is empty; the previous configuration stays in force\n");
  const auto start = unread_stafd_conf("/etc/f", "is a directory", nullptr);
  EXPECT_EQ(start.value.connect.kato, 30);
  ASSERT_EQ(start.value.doubts.size(), 1U);
  EXPECT_EQ(start.value.doubts[0], (ConfigDoubt{"/etc/f", 0, "is a directory", {}, {}, {}, {}}));
  EXPECT_TRUE(start.broken && reload.broken);
  EXPECT_EQ(start.value.zeroconf_persistence, std::nullopt);
  EXPECT_EQ(unread_stacd_conf("/etc/f", "is a directory", nullptr).value.disconnect_scope,
            DisconnectScope::no_disconnect);
}

}  // namespace
}  // namespace stas
