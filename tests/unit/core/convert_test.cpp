// SPDX-License-Identifier: Apache-2.0
//
// stasadm convert: what each format says is what our own parser reads of the result, what cannot be said is told with
// its line, and there and back again means the same.
#include "libstas/core/convert/convert.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libstas/core/config/config.h"
#include "libstas/core/config/sys_conf.h"

namespace stas {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Result<Conversion> converted(const std::string& name, const std::string& text, ConfKind to = ConfKind::stas,
                             std::optional<ConfKind> from = std::nullopt) {
  return convert({{name, Secret(text)}}, from, to);
}

// The file without its comments; "" if there is none.
std::string body(const Conversion& done, ConfFile file) {
  for (const ConvertedFile& made : done.files) {
    if (made.file != file) continue;
    std::string text = made.text.reveal();
    while (text.starts_with('#')) text.erase(0, text.find('\n') + 1);
    return text;
  }
  return {};
}

std::vector<std::string> told(const Conversion& done) {
  std::vector<std::string> lines;
  for (const Complaint& complaint : done.complaints)
    lines.push_back((complaint.severity == Severity::error ? "lost " : "note ") + std::to_string(complaint.line) + " " +
                    complaint.text);
  return lines;
}

// --- discovery.conf ---

std::string stafd_of(const std::string& line) {
  const auto done = converted("discovery.conf", line + "\n");
  if (!done) return done.error().text;
  std::string text = body(*done, ConfFile::stafd);
  const std::string head = "\n[Controllers]\ncontroller=";
  if (text.starts_with(head)) text = text.substr(head.size());
  for (const std::string& lost : told(*done)) text += lost + "\n";
  return text;
}

TEST(DiscoveryConf, EveryFormOfAnOption) {
  const std::string same = "transport=tcp;traddr=192.0.2.1;trsvcid=8009\n";
  for (const auto* line :
       {"--transport=tcp --traddr=192.0.2.1 --trsvcid=8009", "--transport tcp --traddr 192.0.2.1 --trsvcid 8009",
        "-t tcp -a 192.0.2.1 -s 8009", "-ttcp -a=192.0.2.1 -s8009", "--transp=tcp --tradd=192.0.2.1 --trsv 8009",
        "  --TRANSPORT=tcp\t--traddr=192.0.2.1   --trsvcid=8009\r",
        "-p -v --quiet --force -o json -pv -t tcp -a 192.0.2.1 -s 8009",
        "-t rdma -a 192.0.2.9 -t tcp -a 192.0.2.1 -s 8009"})
    EXPECT_EQ(stafd_of(line), same) << line;
}

TEST(DiscoveryConf, EveryOptionWithACounterpart) {
  const std::string head = "-t tcp -a 192.0.2.1 ", start = "transport=tcp;traddr=192.0.2.1;";
  const struct {
    const char* option;
    const char* field;
  } rows[] = {
      {"--nqn=nqn.cdc", "nqn=nqn.cdc"},
      {"-n nqn.cdc", "nqn=nqn.cdc"},
      {"--host-traddr=192.0.2.2", "host-traddr=192.0.2.2"},
      {"-w 192.0.2.2", "host-traddr=192.0.2.2"},
      {"--host-iface=eth0", "host-iface=eth0"},
      {"-f eth0", "host-iface=eth0"},
      {"--dhchap-ctrl-secret=DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:",
       "dhchap-ctrl-secret=DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:"},
      {"--keep-alive-tmo=31", "kato=31"},
      {"-k 31", "kato=31"},
      {"--reconnect-delay=5", "reconnect-delay=5"},
      {"--ctrl-loss-tmo -1", "ctrl-loss-tmo=-1"},
      {"-l -1", "ctrl-loss-tmo=-1"},
      {"--queue-size=64", "queue-size=64"},
      {"--hdr-digest", "hdr-digest=true"},
      {"--hdr_digest", "hdr-digest=true"},
      {"-g", "hdr-digest=true"},
      {"--data-digest", "data-digest=true"},
      {"-G", "data-digest=true"},
      {"--disable-sqflow", "disable-sqflow=true"},
      {"--tls", "tls=true"},
      {"--keyring=17", "keyring=17"},
      {"--tls_key=1", "tls-key=1"},
      {"--concat", "tls-concat=true"},
  };
  for (const auto& row : rows) EXPECT_EQ(stafd_of(head + row.option), start + row.field + "\n") << row.option;
}

TEST(DiscoveryConf, EveryOptionWithoutOneIsToldAndTheLineIsKept) {
  for (const auto* option : {"--tls-key-identity=x", "--tos=3", "-T 3", "--fast_io_fail_tmo=5", "-F 5",
                             "--duplicate-connect", "-D", "--device=nvme0", "-d nvme0", "--config=/etc/x.json",
                             "-J /etc/x.json", "--context=x", "--owner=x", "--nbft", "--no-nbft", "--nbft-path=/x"}) {
    const std::string text = stafd_of("-t tcp -a 192.0.2.1 " + std::string(option));
    EXPECT_THAT(text, ::testing::StartsWith("transport=tcp;traddr=192.0.2.1\nlost 1 --")) << option;
    EXPECT_THAT(text, HasSubstr("has no counterpart: ")) << option;
  }
}

TEST(DiscoveryConf, AKeyWhereASerialNumberBelongsIsToldAndNotShown) {
  for (const auto* option : {"--tls-key=NVMeTLSkey-1:hush:", "--keyring=hush"}) {
    const std::string text = stafd_of("-t tcp -a 192.0.2.1 " + std::string(option));
    EXPECT_THAT(text, HasSubstr("lost 1 [Controllers]: controller - ")) << option;
    EXPECT_EQ(text.find("hush"), std::string::npos) << text;
  }
}

TEST(DiscoveryConf, WhatCannotBeReadIsToldOnceWithItsLine) {
  const struct {
    const char* line;
    const char* expect;
  } rows[] = {
      {"--transport=tcp", "lost 1 [Controllers]: controller - traddr is missing"},
      {"--traddr=192.0.2.1", "lost 1 [Controllers]: controller - transport is missing"},
      {"-t tcp -a 192.0.2.1 --trsvc", "--trsvcid has no value"},
      {"-t tcp -a 192.0.2.1 --trsvcidd=1", "unknown option `--trsvcidd` is ignored - did you mean `trsvcid`?"},
      {"-t tcp -a 192.0.2.1 --host=x", "unknown option `--host` is ignored"},
      {"-t tcp -a 192.0.2.1 -x y", "an unknown option of one letter is ignored"},
      {"-t tcp -a 192.0.2.1 word", "a word that belongs to no option is ignored"},
      {"-t tcp -a 192.0.2.1;nqn=x", "the value of --traddr contains a `;`"},
      {"-t tcp -a 192.0.2.1 -f eth0#x", "the value of --host-iface contains a `#`"},
      {"-t tcp -a 192.0.2.1 -f e\x01", "the value of --host-iface is no text"},
      {"-t tcp -a 192.0.2.1 -f \xff", "the value of --host-iface is no text"},
  };
  for (const auto& row : rows) EXPECT_THAT(stafd_of(row.line), HasSubstr(row.expect)) << row.line;
  EXPECT_THAT(stafd_of("-t tcp -a " + std::string(5000, 'a')), HasSubstr("longer than 4096 bytes"));
  std::string many = "-t tcp";
  for (int i = 0; i < 200; ++i) many += " -g";
  EXPECT_THAT(stafd_of(many), HasSubstr("more than 128 words"));
}

TEST(DiscoveryConf, WhatItConnectsGetsTheParametersThatAllLinesShare) {
  const auto done = converted("discovery.conf",
                              "-t tcp -a 192.0.2.1 -l 60 -i 4 -g\n"
                              "# none\n"
                              "-t tcp -a 192.0.2.2 -l 60 -i 8 -g\n");
  ASSERT_TRUE(done);
  EXPECT_EQ(body(*done, ConfFile::stacd), "\n[Global]\nhdr-digest=true\nctrl-loss-tmo=60\n");
  EXPECT_EQ(body(*done, ConfFile::stafd),
            "\n[Controllers]\ncontroller=transport=tcp;traddr=192.0.2.1;ctrl-loss-tmo=60;hdr-digest=true\n"
            "controller=transport=tcp;traddr=192.0.2.2;ctrl-loss-tmo=60;hdr-digest=true\n");
  EXPECT_THAT(told(*done), ElementsAre(HasSubstr("lost 1 nr-io-queues is not the same on all lines"),
                                       HasSubstr("lost 3 nr-io-queues is not the same on all lines")));
}

TEST(DiscoveryConf, OneHostGoesToSysConfAndSeveralOntoTheLines) {
  const std::string id = "01234567-0123-0123-0123-0123456789ab";
  const auto one =
      converted("discovery.conf", "-t tcp -a 192.0.2.1 -q nqn.h -I " + id +
                                      " -S DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:\n"
                                      "-t tcp -a 192.0.2.2 -q nqn.h -I " +
                                      id + " -S DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:\n");
  ASSERT_TRUE(one);
  EXPECT_EQ(body(*one, ConfFile::sys),
            "\n[Host]\nnqn=nqn.h\nid=" + id + "\nkey=DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:\n");
  EXPECT_EQ(body(*one, ConfFile::stafd),
            "\n[Controllers]\ncontroller=transport=tcp;traddr=192.0.2.1\n"
            "controller=transport=tcp;traddr=192.0.2.2\n");
  const auto two = converted("discovery.conf", "-t tcp -a 192.0.2.1 -q nqn.h -I " + id +
                                                   " -S DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:\n"
                                                   "-t tcp -a 192.0.2.2\n");
  ASSERT_TRUE(two);
  EXPECT_EQ(body(*two, ConfFile::sys), "");
  EXPECT_EQ(body(*two, ConfFile::stafd),
            "\n[Controllers]\ncontroller=transport=tcp;traddr=192.0.2.1;host-nqn=nqn.h;host-id=" + id +
                ";dhchap-secret=DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:\ncontroller=transport=tcp;"
                "traddr=192.0.2.2\n");
}

// --- config.json ---

std::string json(const std::string& ports, const std::string& subsystem = {}, const std::string& host = {}) {
  return "[\n {\n  \"hostnqn\": \"nqn.host\"," + host + "\n  \"subsystems\": [\n   {\n    \"nqn\": \"nqn.sub\"," +
         subsystem + "\n    \"ports\": [\n" + ports + "\n    ]\n   }\n  ]\n }\n]\n";
}

std::string port(const std::string& keys) {
  return R"({"transport": "tcp", "traddr": "192.0.2.1", "trsvcid": "4420")" + (keys.empty() ? "" : ",\n" + keys) + "}";
}

TEST(ConfigJson, HostsSubsystemsAndPorts) {
  const auto done = converted("config.json", json(port("") + "," + port(R"("discovery": true)"), {},
                                                  R"("hostid": "01234567-0123-0123-0123-0123456789ab",
                                                     "dhchap_key": "DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:", "hostsymname": "db server",
                                                     "persistent_discovery_ctrl": true,)"));
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_THAT(told(*done), IsEmpty());
  EXPECT_EQ(body(*done, ConfFile::sys),
            "\n[Host]\nnqn=nqn.host\nid=01234567-0123-0123-0123-0123456789ab\nkey=DHHC-1:00:"
            "ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:\nsymname=db server\n");
  EXPECT_EQ(body(*done, ConfFile::stacd),
            "\n[Controllers]\ncontroller=transport=tcp;traddr=192.0.2.1;trsvcid=4420;nqn=nqn.sub\n");
  EXPECT_EQ(body(*done, ConfFile::stafd),
            "\n[Controllers]\ncontroller=transport=tcp;traddr=192.0.2.1;trsvcid=4420;nqn=nqn.sub\n");
}

TEST(ConfigJson, EveryKeyOfAPort) {
  const struct {
    const char* key;
    const char* field;
  } rows[] = {
      {R"("host_traddr": "192.0.2.2")", "host-traddr=192.0.2.2"},
      {R"("host_iface": "eth0")", "host-iface=eth0"},
      {R"("dhchap_key": "DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:")",
       "dhchap-secret=DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:"},
      {R"("dhchap_ctrl_key": "DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:")",
       "dhchap-ctrl-secret=DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:"},
      {R"("nr_io_queues": 4)", "nr-io-queues=4"},
      {R"("nr_write_queues": 4)", "nr-write-queues=4"},
      {R"("nr_poll_queues": "4")", "nr-poll-queues=4"},
      {R"("queue_size": 64)", "queue-size=64"},
      {R"("keep_alive_tmo": 31)", "kato=31"},
      {R"("reconnect_delay": 5)", "reconnect-delay=5"},
      {R"("ctrl_loss_tmo": -1)", "ctrl-loss-tmo=-1"},
      {R"("disable_sqflow": true)", "disable-sqflow=true"},
      {R"("hdr_digest": true)", "hdr-digest=true"},
      {R"("data_digest": false)", "data-digest=false"},
      {R"("persistent": true)", ""},
      {R"("tls": false)", "tls=false"},
      {R"("concat": false)", "tls-concat=false"},
      {R"("tos": -1)", ""},
      {R"("fast_io_fail_tmo": 0)", ""},
      {R"("duplicate_connect": false)", ""},
  };
  for (const auto& row : rows) {
    const auto done = converted("config.json", json(port(row.key)));
    ASSERT_TRUE(done) << row.key;
    const std::string field = *row.field == '\0' ? "" : ";" + std::string(row.field);
    std::string start = "transport=tcp;traddr=192.0.2.1;trsvcid=4420;nqn=nqn.sub";
    const bool identity = field.starts_with(";host-");
    EXPECT_EQ(body(*done, ConfFile::stacd), "\n[Controllers]\ncontroller=" + start + field + "\n")
        << row.key << identity;
    EXPECT_THAT(told(*done), IsEmpty()) << row.key;
  }
}

TEST(ConfigJson, WhatHasNoCounterpartOrCannotBeReadIsToldWithItsLine) {
  const struct {
    const char* claim;
    std::string text;
    const char* expect;
  } rows[] = {
      {"an identity", json(port(R"("tls_key_identity": "x")")), "lost 9 `tls_key_identity` has no counterpart"},
      {"a type of service", json(port(R"("tos": 7)")), "lost 9 `tos` has no counterpart"},
      {"a time-out", json(port(R"("fast_io_fail_tmo": 600)")), "lost 9 `fast_io_fail_tmo` has no counterpart"},
      {"duplicates", json(port(R"("duplicate_connect": true)")), "lost 9 `duplicate_connect` has no counterpart"},
      {"an unknown key", json(port(R"("queue_sise": 7)")),
       "lost 9 unknown key `queue_sise` of a port is ignored - did you mean `queue_size`?"},
      {"a key that may be a secret", json(port(R"("DHHC-1:00:hush:": 7)")),
       "lost 9 unknown key a key with an unusual name"},
      {"a wrong type", json(port(R"("queue_size": [7])")), "lost 9 the value of `queue_size` is no integer"},
      {"a wrong flag", json(port(R"("hdr_digest": "yes")")), "lost 9 the value of `hdr_digest` is no boolean"},
      {"a value that no line can have", json(port(R"("host_iface": "eth0\n[Global]\ntron=true")")),
       "lost 9 the value of `host_iface` is no text"},
      {"a field in a value", json(port(R"("host_iface": "eth0;nqn=x")")),
       "lost 9 the value of `host_iface` contains a `;`"},
      {"a port without an address", json("{\"transport\": \"tcp\"}"),
       "lost 8 [Controllers]: controller - traddr is missing"},
      {"a port that is none", json("7"), "lost 7 an entry of `ports` is no object"},
      {"ports that are none", R"([{"hostnqn": "nqn.h", "subsystems": [{"nqn": "n", "ports": 7}]}])",
       "lost 1 `ports` is no array"},
      {"another program's", json(port(""), R"("application": "nbft",)"),
       "lost 6 the subsystem belongs to another program"},
      {"a subsystem without a name", R"([{"hostnqn": "nqn.h", "subsystems": [{"ports": []}]}])",
       "lost 1 a subsystem without a usable nqn"},
      {"a host without a name", R"([{"hostid": "x", "subsystems": []}])", "lost 1 a host without a usable hostnqn"},
      {"a host that is none", "[{\"hostnqn\": \"nqn.h\"}, 7]", "lost 1 a host is no object"},
      {"no persistence", json(port(""), {}, R"("persistent_discovery_ctrl": false,)"),
       "lost 3 stafd keeps its connections"},
  };
  for (const auto& row : rows) {
    const auto done = converted("config.json", row.text);
    ASSERT_TRUE(done) << row.claim << ": " << done.error().text;
    EXPECT_THAT(told(*done), ::testing::Contains(HasSubstr(row.expect))) << row.claim;
    for (const std::string& line : told(*done)) EXPECT_EQ(line.find("hush"), std::string::npos) << line;
    EXPECT_EQ(body(*done, ConfFile::stacd).find("tron"), std::string::npos) << row.claim;
  }
}

TEST(ConfigJson, TheFormOfTheSchemaIsReadAsWell) {
  const auto done = converted("x", R"({"other": {"a": [{"b": 1}]},
"hosts": [{"hostnqn": "nqn.h", "subsystems": [{"nqn": "nqn.2014-08.org.nvmexpress.discovery", "ports": [
{"transport": "rdma", "traddr": "192.0.2.1", "tos": 1}]}]}]})");
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_EQ(body(*done, ConfFile::stafd), "\n[Controllers]\ncontroller=transport=rdma;traddr=192.0.2.1\n");
  EXPECT_THAT(told(*done),
              ElementsAre("lost 1 unknown key `other` is ignored", HasSubstr("lost 3 `tos` has no counterpart")));
}

TEST(ConfigJson, WhatIsNoneIsRefusedWithTheLine) {
  const auto broken = converted("c.json", "[\n{\"hostnqn\": \"n\",,\n");
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().text, HasSubstr("c.json: JSON: syntax error at byte "));
  EXPECT_THAT(broken.error().text, HasSubstr("line 2"));
  for (const std::string text : {"{}", "{\"hosts\": 7}", "{\"a\": [1]}"}) {
    const auto other = converted("c.json", text);
    ASSERT_FALSE(other) << text;
    EXPECT_THAT(other.error().text, HasSubstr("c.json: is no array of hosts")) << text;
  }
  EXPECT_FALSE(
      converted("c.json", std::string(100, '[') + std::string(100, ']'), ConfKind::stas, ConfKind::config_json));
}

// --- releases of nvme-stas ---

const std::string kStacd2 =
    "# mine\n[Global]\ntron=true\nkato=7\nqueue-size=64\nip-family=ipv4\n"
    "[I/O controller connection management]\ndisconnect-scope=no-disconnect\ndisconnect-trtypes=tcp+rdma\n"
    "connect-attempts-on-ncc=3\n"
    "[Controllers]\ncontroller = transport=tcp; traddr=192.0.2.1; trsvcid=4420; nqn=nqn.a; "
    "dhchap-secret=DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:\n"
    "controller=transport=rdma;traddr=192.0.2.2;nqn=nqn.b;kato=9  # the other\n"
    "exclude=transport=tcp;traddr=192.0.2.3\n  host-iface=eth1\n";

const std::string kStafd2 =
    "[Global]\nhdr-digest=true\npleo=disabled\n[Service Discovery]\nzeroconf=disabled\n"
    "[Discovery controller connection management]\npersistent-connections=false\n"
    "zeroconf-connections-persistence=2days\n[Controllers]\ncontroller=transport=tcp;traddr=192.0.2.9\n";

// What is left without lines and files: the meaning.
template <class Config>
Config meaning(Config config) {
  for (auto& line : config.controllers) line.line = 0;
  for (auto& rule : config.excludes) rule.line = 0;
  for (auto& rule : config.includes) rule.line = 0;
  for (auto& [name, line] : config.connect_lines) line = 0;
  if constexpr (std::is_same_v<Config, StacdConfig>)
    for (auto& match : config.matches) {
      match.line = match.rule.line = 0;
      for (auto& [name, line] : match.lines) line = 0;
    }
  return config;
}

StacdConfig stacd(const std::string& text) { return meaning(parse_stacd_conf(text, "f").value); }
StafdConfig stafd(const std::string& text) { return meaning(parse_stafd_conf(text, "f").value); }

TEST(ConvertVersions, ThereAndBackAgainMeansTheSame) {
  for (const ConfKind other : {ConfKind::nvme_stas_3, ConfKind::nvme_stas_2, ConfKind::stas}) {
    const auto there = converted("stacd.conf", kStacd2, other);
    ASSERT_TRUE(there);
    EXPECT_THAT(told(*there), IsEmpty());
    const auto back = converted("stacd.conf", body(*there, ConfFile::stacd), ConfKind::nvme_stas_2, other);
    ASSERT_TRUE(back);
    EXPECT_THAT(told(*back), IsEmpty());
    EXPECT_EQ(stacd(body(*back, ConfFile::stacd)), stacd(kStacd2)) << to_text(other);
    const auto dc = converted("stafd.conf", kStafd2, other);
    ASSERT_TRUE(dc);
    EXPECT_EQ(stafd(body(*converted("stafd.conf", body(*dc, ConfFile::stafd), ConfKind::nvme_stas_2, other),
                         ConfFile::stafd)),
              stafd(kStafd2));
  }
}

TEST(ConvertVersions, OldNamesBecomeNewOnes) {
  const auto done =
      converted("stafd.conf", "[Global]\npersistent-connections=false\n[Controllers]\nblacklist=transport=rdma\n",
                ConfKind::nvme_stas_3);
  ASSERT_TRUE(done);
  EXPECT_EQ(body(*done, ConfFile::stafd),
            "\n[Controllers]\nexclude=transport=rdma\n\n[Discovery controller connection management]\n"
            "persistent-connections=false\n");
  const auto both = converted("stafd.conf",
                              "[Global]\npersistent-connections=false\n[Discovery controller connection management]\n"
                              "persistent-connections=true\npersistent-connections=true\n",
                              ConfKind::nvme_stas_3);
  ASSERT_TRUE(both);
  EXPECT_EQ(body(*both, ConfFile::stafd),
            "\n[Discovery controller connection management]\npersistent-connections=true\n");
}

TEST(ConvertVersions, WhatReleaseOneDoesByDefaultIsSaid) {
  const auto plain = converted("stacd.conf", "[Controllers]\nblacklist=transport=rdma\n");
  ASSERT_TRUE(plain);
  EXPECT_EQ(stacd(body(*plain, ConfFile::stacd)).disconnect_scope, DisconnectScope::no_disconnect);
  EXPECT_TRUE(stacd(body(*plain, ConfFile::stacd)).udev_rule);
  EXPECT_THAT(told(*plain), IsEmpty());
  const auto loose = converted("stacd.conf", "[Global]\nsticky-connections=disabled\nudev-rule=disabled\n");
  ASSERT_TRUE(loose);
  EXPECT_EQ(stacd(body(*loose, ConfFile::stacd)).disconnect_scope, DisconnectScope::only_stas_connections);
  EXPECT_FALSE(stacd(body(*loose, ConfFile::stacd)).udev_rule);

  const auto back = converted("stacd.conf", "[Controllers]\nexclude=transport=rdma\n", ConfKind::nvme_stas_1);
  ASSERT_TRUE(back);
  EXPECT_EQ(body(*back, ConfFile::stacd),
            "\n[Controllers]\nblacklist=transport=rdma\n\n[Global]\nsticky-connections=disabled\nudev-rule=disabled\n");
}

TEST(ConvertVersions, WhatATargetDoesNotKnowIsLostWithItsLine) {
  const std::string ours =
      "[Global]\nudev-rule=enabled\nkato=5\n[I/O controller connection management]\ndisconnect-guard=hold\n"
      "max-disconnects-per-minute=3\n[Controllers]\ncontroller=transport=tcp;traddr=192.0.2.1;nqn=n;host-nqn=nqn.h;"
      "host-id=01234567-0123-0123-0123-0123456789ab\ninclude=transport=tcp\nexclude=traddr=10.0.0.0/8\n"
      "[Match all]\nnqn=nqn.*\nctrl-loss-tmo=-1\ndhchap-secret=DHHC-1:00:hush:\n";
  const auto second = converted("stacd.conf", ours, ConfKind::nvme_stas_2);
  ASSERT_TRUE(second) << second.error().text;
  EXPECT_EQ(body(*second, ConfFile::stacd),
            "\n[Global]\nkato=5\n\n[Controllers]\ncontroller=transport=tcp;traddr=192.0.2.1;nqn=n;host-nqn=nqn.h\n");
  std::vector<int> lines;
  for (const Complaint& complaint : second->complaints) {
    if (complaint.severity != Severity::error) continue;
    lines.push_back(complaint.line);
    EXPECT_THAT(complaint.text, HasSubstr("no counterpart in nvme-stas-2"));
    EXPECT_EQ(complaint.text.find("hush"), std::string::npos);
  }
  EXPECT_THAT(lines, ElementsAre(2, 5, 6, 8, 9, 10, 12, 13, 14));
  const auto same = converted("stacd.conf", ours, ConfKind::stas);
  ASSERT_TRUE(same);
  EXPECT_EQ(stacd(body(*same, ConfFile::stacd)), stacd(ours));

  const auto first = converted("stacd.conf", kStacd2, ConfKind::nvme_stas_1);
  ASSERT_TRUE(first);
  EXPECT_EQ(body(*first, ConfFile::stacd),
            "\n[Global]\ntron=true\nkato=7\nip-family=ipv4\nsticky-connections=enabled\nudev-rule=disabled\n\n"
            "[Controllers]\ncontroller=transport=tcp;traddr=192.0.2.1;trsvcid=4420;nqn=nqn.a\n"
            "controller=transport=rdma;traddr=192.0.2.2;nqn=nqn.b\n"
            "blacklist=transport=tcp;traddr=192.0.2.3\nblacklist=host-iface=eth1\n");
}

TEST(ConvertVersions, WhatTheSourceIgnoresIsNotMadeTrue) {
  const auto done = converted("stacd.conf",
                              "[Global]\nsticky-connections=enabled\n[Controllers]\nexclude=\ninclude=transport=tcp\n"
                              "exclude=transport=rdma\nbare\n=x\n[Unknown]\na=b\n",
                              ConfKind::stas, ConfKind::nvme_stas_2);
  ASSERT_TRUE(done);
  EXPECT_EQ(body(*done, ConfFile::stacd), "\n[Controllers]\nexclude=transport=rdma\n");
  EXPECT_THAT(told(*done),
              ElementsAre(HasSubstr("lost 2 [Global] sticky-connections means nothing to nvme-stas-2"),
                          HasSubstr("lost 4 exclude= without a field excludes every controller there"),
                          HasSubstr("lost 5 [Controllers] include means nothing"),
                          HasSubstr("lost 7 [Controllers] bare has no `=`"), HasSubstr("lost 8 a line starts with `=`"),
                          HasSubstr("lost 10 [Unknown] a means nothing")));
}

TEST(ConvertVersions, TheFilesOfOneConfigurationGoTogether) {
  const auto done = convert({{"/a/stafd.conf", Secret(kStafd2)},
                             {"/a/stacd.conf", Secret(kStacd2)},
                             {"/a/sys.conf", Secret(std::string("[Host]\nsymname=a b\nkey=file:///k\n"))}},
                            std::nullopt, ConfKind::nvme_stas_3);
  ASSERT_TRUE(done) << done.error().text;
  ASSERT_EQ(done->files.size(), 3U);
  EXPECT_EQ(body(*done, ConfFile::sys), "\n[Host]\nsymname=a b\nkey=file:///k\n");
  EXPECT_EQ(stacd(body(*done, ConfFile::stacd)), stacd(kStacd2));
}

// --- what is what ---

TEST(ConvertKinds, AreToldByNameAndContentOrRefused) {
  const struct {
    const char* name;
    const char* text;
    const char* expect;  // of the refusal, or what the comment says it is
  } rows[] = {
      {"discovery.conf", "--transport=tcp --traddr=192.0.2.1", "(discovery.conf)"},
      {"x", "# c\n\n  -t tcp -a 192.0.2.1", "(discovery.conf)"},
      {"stafd.conf.old", "[Controllers]\ncontroller=transport=tcp;traddr=192.0.2.1\n", "(nvme-stas-2)"},
      {"x", "[Global]\npleo=enabled\n", "(nvme-stas-2)"},
      {"x", "#exclude=\n[Global]\nnr-io-queues=1\n", "(nvme-stas-2)"},
      {"stacd.conf", "[Global]\nkato=1\n#blacklist=\n", "(nvme-stas-1)"},
      {"stacd.conf", "[Global]\nkato=1\n#include=\n#blacklist=\n#exclude=\n", "(stas)"},
      {"x", "[Match a]\nnqn=nqn.*\nkato=1\n", "(stas)"},
      {"x", "[Host]\nnqn=nqn.h\n", "(nvme-stas-2)"},
      {"stacd.conf", "[Global]\nkato=1\n", "say --from="},
      {"x", "[Global]\nkato=1\n", "neither its name nor what is in it"},
      {"x", "[Global]\npleo=enabled\nudev-rule=enabled\n", "neither its name nor what is in it"},
      {"x", "", "is neither a discovery.conf or config.json"},
      {"x",
       "\x7f"
       "ELF\x02\x01",
       "is neither a discovery.conf or config.json"},
  };
  for (const auto& row : rows) {
    const auto done = converted(row.name, row.text);
    EXPECT_THAT(done ? done->files.at(0).text.reveal() : done.error().text, HasSubstr(row.expect)) << row.text;
  }
  EXPECT_FALSE(
      convert({{"a", Secret(std::string("-t tcp"))}, {"stafd.conf", Secret(kStafd2)}}, std::nullopt, ConfKind::stas));
  EXPECT_FALSE(
      convert({{"stafd.conf", Secret(kStafd2)}, {"b/stafd.conf", Secret(kStafd2)}}, std::nullopt, ConfKind::stas));
}

TEST(ConvertKinds, WhatNvmeCliReadsIsKnownForCheck) {
  EXPECT_EQ(foreign_conf("--transport=tcp --traddr=1.1.1.1\n", "/etc/nvme/discovery.conf"),
            "this is a discovery.conf of nvme-cli, which is not read here; `stasadm convert /etc/nvme/discovery.conf` "
            "writes what to use instead");
  EXPECT_THAT(foreign_conf(json(port("")), "c"), HasSubstr("this is a config.json of nvme-cli"));
  EXPECT_THAT(foreign_conf("# c\n[exclusions]\nexclusion = nqn=x\n", "e"), HasSubstr("this is an exclusion list"));
  EXPECT_THAT(foreign_conf("[Subsystem]\nnqn = x\n", "e"), HasSubstr("this is an nvme-fabrics.conf of nvme-cli 3"));
  for (const std::string& text : {kStafd2, kStacd2, std::string(), std::string("[Global]\n"), std::string("garbage\n")})
    EXPECT_EQ(foreign_conf(text, "f"), "") << text;
}

}  // namespace
}  // namespace stas
