// SPDX-License-Identifier: Apache-2.0
//
// controller= and exclude= values (compatibility contract 2.5, 2.6, 9.1 C2-C4, C8, C11; regressions 5, 32, 33).
#include "libstas/core/config/controller_line.h"

#include <string>

#include <gtest/gtest.h>

#include "libstas/core/config/controller_rule.h"
#include "libstas/core/identity/nqn.h"

namespace stas {
namespace {

std::string text_of(const Problems& problems) {
  std::string out;
  for (const Problem& problem : problems) {
    out += (problem.severity == Severity::error ? "error: " : "warning: ") + problem.text + "\n";
  }
  return out;
}

std::optional<ControllerLine> parse(std::string_view value, std::string* problems = nullptr) {
  Problems list;
  auto parsed = parse_controller_line(value, kWellKnownDiscoveryNqn, list);
  if (problems != nullptr) *problems = text_of(list);
  return parsed.line;
}

TEST(ControllerLine, TakesTheIdentityAndTheOverrides) {
  std::string problems;
  const auto line = parse(
      "transport=tcp ; traddr = "
      "100.100.100.100;host-iface=enp0s8;trsvcid=08009;;host-traddr=1.2.3.4;host-nqn=nqn.h;host-id=01234567-89AB-cdef-"
      "0123-456789abcdef;"
      "dhchap-secret=DHHC-1:01:AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09pl1OOC:;"
      "dhchap-ctrl-secret=DHHC-1:00:AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09pl1OOC:;hdr-digest=true;data-digest="
      "FALSE;"
      "nr-io-queues=8;nr-write-queues=6;nr-poll-queues=4;queue-size=400;kato=71;reconnect-delay=13;ctrl-loss-tmo=666;"
      "disable-sqflow=true",
      &problems);
  ASSERT_TRUE(line);
  EXPECT_EQ(problems, "");
  EXPECT_EQ(line->transport, Transport::tcp);
  EXPECT_EQ(line->traddr, "100.100.100.100");
  EXPECT_EQ(line->trsvcid, "08009");
  EXPECT_EQ(line->subsysnqn, kWellKnownDiscoveryNqn);
  EXPECT_EQ(line->host_traddr, "1.2.3.4");
  EXPECT_EQ(line->host_iface, "enp0s8");
  EXPECT_EQ(line->host_nqn, "nqn.h");
  EXPECT_EQ(line->host_id, "01234567-89AB-cdef-0123-456789abcdef");
  const ConnectOptions& options = line->options;
  EXPECT_EQ(options.dhchap_secret.reveal(), "DHHC-1:01:AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09pl1OOC:");
  EXPECT_EQ(options.dhchap_ctrl_secret.reveal(), "DHHC-1:00:AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09pl1OOC:");
  EXPECT_EQ(options.hdr_digest, true);
  EXPECT_EQ(options.data_digest, false);
  EXPECT_EQ(options.disable_sqflow, true);
  EXPECT_EQ(options.nr_io_queues, 8);
  EXPECT_EQ(options.nr_write_queues, 6);
  EXPECT_EQ(options.nr_poll_queues, 4);
  EXPECT_EQ(options.queue_size, 400);
  EXPECT_EQ(options.kato, 71);
  EXPECT_EQ(options.reconnect_delay, 13);
  EXPECT_EQ(options.ctrl_loss_tmo, 666);
  EXPECT_TRUE(line->extra.empty());
}

TEST(ControllerLine, AcceptsEveryTransportAndAddressForm) {
  for (const char* value :
       {"transport=tcp;traddr=10.0.0.1", "transport=rdma;traddr=2001:db8::1", "transport=tcp;traddr=fe80::1%eth0",
        "transport=tcp;traddr=dc.example.com.", "transport=tcp;traddr=my_host", "transport=loop",
        "transport=fc;traddr="
        "nn-0x200000110d000001:pn-0x200000110d000002;host-traddr=nn-0x200000110d000003:pn-0x200000110d000004",
        "traddr=10.0.0.1;transport=tcp", "transport=tcp;traddr=10.0.0.1 # a comment; nqn=x",
        "transport=rdma;transport=tcp;traddr=10.0.0.1;", "transport=loop;trsvcid=abc"}) {
    std::string problems;
    EXPECT_TRUE(parse(value, &problems)) << value;
    EXPECT_EQ(problems, "") << value;
  }
  EXPECT_EQ(parse("transport=loop;trsvcid=abc")->trsvcid, "");
}

TEST(ControllerLine, TheNqnHasTwoNames) {
  EXPECT_EQ(parse("transport=loop;subsysnqn=nqn.a")->subsysnqn, "nqn.a");
  EXPECT_EQ(parse("transport=loop;nqn=nqn.b;subsysnqn=nqn.a")->subsysnqn, "nqn.b");
  EXPECT_EQ(parse("transport=loop;nqn=;subsysnqn=nqn.a")->subsysnqn, "nqn.a");
  EXPECT_EQ(parse("transport=loop;nqn=a=b")->subsysnqn, "a=b");
  Problems problems;
  EXPECT_FALSE(parse_controller_line("transport=loop", "", problems).line);
  EXPECT_EQ(text_of(problems),
            "error: nqn is missing: the line is ignored - add `nqn=` with the NQN of the subsystem\n");
}

TEST(ControllerLine, UnusableLinesAreErrors) {
  const struct {
    const char* value;
    const char* cause;
  } rows[] = {
      {"", "the value is empty"},
      {"   # only a comment", "the value is empty"},
      {";;", "the value is empty"},
      {"noequalsign", "no field has a `=`"},
      {"key=val=extra", "transport is missing"},
      {"traddr=1.2.3.4", "transport is missing"},
      {"transport=TCP;traddr=1.2.3.4", "Invalid transport TCP - did you mean `tcp`?"},
      {"transport=tpc;traddr=1.2.3.4", "did you mean `tcp`?"},
      {"transport=tcp", "traddr is missing"},
      {"transport=fc;traddr=", "traddr is missing"},
      {"transport=tcp", "add `traddr=ADDRESS`"},
      {"transport=udp;traddr=1.2.3.4", "Invalid transport udp - write tcp, rdma, fc or loop"},
      {"transport=tcp;traddr=555.555.555.555;trsvcid=4420",
       "(tcp, 555.555.555.555, 4420, nqn.2014-08.org.nvmexpress.discovery) IP address is not valid: the line is "
       "ignored "
       "- an IPv4 address has four numbers from 0 to 255"},
      {"transport=tcp;traddr=[::1]", "IP address is not valid: the line is ignored - write it without brackets: `::1`"},
      {"transport=tcp;traddr=[::1]:8009", "write `traddr=::1;trsvcid=8009`"},
      {"transport=tcp;traddr=[::1", "write it without brackets: `::1`"},
      {"transport=rdma;traddr=1.2.3.4:4420", "write `traddr=1.2.3.4;trsvcid=4420`"},
      {"transport=tcp;traddr=dc.example:8009", "write `traddr=dc.example;trsvcid=8009`"},
      {"transport=tcp;traddr=1.2.3.0/24", "write one address, without `/`"},
      {"transport=tcp;traddr=tcp://1.2.3.4", "write the address alone"},
      {"transport=tcp;traddr=nn-0x200000110d000001:pn-0x200000110d000002", "Fibre Channel needs `transport=fc`"},
      {"transport=tcp;traddr=a b", "IP address is not valid"},
      {"transport=tcp;traddr=a..b", "write an IPv4 or IPv6 address or the name of a host"},
      {"transport=loop;host-nqn=nqn.h;host-id=12", "host-id \"12\" is no UUID: the line is ignored"},
      {"transport=tcp;traddr=1.2.3.4;trsvcid=http", "trsvcid \"http\" is no port number"},
      {"transport=tcp;traddr=1.2.3.4;trsvcid=65536", "is no port number"},
      {"transport=tcp;traddr=1.2.3.4;trsvcid=0", "is no port number"},
      {"transport=tcp;traddr=1.2.3.4;host-traddr=eth0", "host-traddr \"eth0\" is no IP address"},
      {"transport=loop;nqn=nqn.a,hostnqn=b", "field `nqn` contains a comma"},
      {"transport=loop;host-iface=e\x01", "field `host-iface` contains a comma or a control character"},
      {"transport=loop;nqn=\xff", "field `nqn` is not UTF-8"},
  };
  for (const auto& row : rows) {
    std::string problems;
    EXPECT_FALSE(parse(row.value, &problems)) << row.value;
    EXPECT_NE(problems.find("error: "), std::string::npos) << row.value;
    EXPECT_NE(problems.find(row.cause), std::string::npos) << row.value << " -> " << problems;
  }
  EXPECT_FALSE(parse("transport=loop;nqn=" + std::string(224, 'n')));
  EXPECT_FALSE(parse("transport=loop;traddr=" + std::string(kMaxFieldLength + 1, 'n')));
}

TEST(ControllerLine, FibreChannelNeedsBothAddressesAsTheKernelTakesThem) {
  const std::string good = "nn-0x200000110d000001:pn-0x200000110d000002", host = ";host-traddr=" + good;
  for (const char* text :
       {"nn-0x200000110d000001,pn-0x200000110d000002", "NN-0x200000110D000001:PN-0x200000110D000002"}) {
    std::string problems;
    const auto line = parse("transport=fc;host-traddr=" + std::string(text) + ";traddr=" + text, &problems);
    ASSERT_TRUE(line) << problems;
    EXPECT_EQ(line->traddr, good);
    EXPECT_EQ(line->host_traddr, good);
    EXPECT_EQ(problems, "");
  }
  EXPECT_EQ(parse("transport=fc;traddr=nn-200000110d000001:pn-200000110d000002" + host)->traddr,
            "nn-200000110d000001:pn-200000110d000002");
  for (const char* text :
       {"pn-0x200000110d000002:nn-0x200000110d000001", "20:00:00:11:0d:00:00:01", "pn-0x200000110d000002",
        "x200000110d000001:x200000110d000002", "nn-0x1:pn-0x2", "nn-0x200000110d000001:pn-0x200000110d0000020",
        "nn-0x200000110d000001-pn-0x200000110d000002", "nn-0x200000110d000001:pn-200000110d000002",
        "nn-0x200000110d00000g:pn-0x200000110d000002", "nn-0x200000110d000001"}) {
    std::string problems;
    EXPECT_FALSE(parse("transport=fc;traddr=" + std::string(text) + host, &problems)) << text;
    EXPECT_NE(problems.find("16 hexadecimal digits"), std::string::npos) << problems;
    EXPECT_FALSE(parse("transport=fc;traddr=" + good + ";host-traddr=" + text)) << text;
  }
  std::string problems;
  EXPECT_FALSE(parse("transport=fc;traddr=" + good, &problems));
  EXPECT_NE(problems.find("host-traddr is missing, which the kernel demands"), std::string::npos) << problems;
  EXPECT_NE(problems.find("/sys/class/fc_host"), std::string::npos) << "what to write";
}

TEST(ControllerLine, AHostNqnNeedsAHostIdOfItsOwn) {
  const struct {
    const char* fields;
    const char* cause;  // "": nothing
  } rows[] = {
      {"host-nqn=nqn.2014-08.org.nvmexpress:uuid:11111111-2222-4333-8444-555555555555", ""},
      {"host-nqn=nqn.h;host-id=11111111-2222-4333-8444-555555555555", ""},
      {"host-nqn=nqn.h", "add `host-id=`"},
      {"host-id=11111111-2222-4333-8444-555555555555", "host-id without host-nqn has no effect"},
      {"host-nqn=;host-id=", ""},
  };
  for (const auto& row : rows) {
    std::string problems;
    const auto line = parse("transport=loop;" + std::string(row.fields), &problems);
    ASSERT_TRUE(line) << row.fields;
    if (*row.cause == '\0') {
      EXPECT_EQ(problems, "") << row.fields;
    }
    EXPECT_NE(problems.find(row.cause), std::string::npos) << problems;
    EXPECT_EQ(problems.find("error"), std::string::npos) << problems;
  }
}

TEST(ControllerLine, AFieldThatMayMeanAnotherControllerIsUnclear) {
  const struct {
    const char* value;
    bool unclear;
  } rows[] = {
      {"transport=tcp;traddr=1.2.3.4", false},
      {"transport=tcp;traddr=1.2.3.4;frob=1", false},
      {"transport=tcp;traddr=1.2.3.4;hdr-digst=true", false},
      {"transport=tcp;traddr=1.2.3.4;dhchap-secert=x", false},
      {"transport=tcp;traddr=1.2.3.4;trscvid=4420", true},
      {"transport=tcp;traddr=1.2.3.4;nqm=nqn.a", true},
      {"transport=tcp;traddr=1.2.3.4;host-ifcae=eth0", true},
      {"transport=tcp;traddr=1.2.3.4;nqn nqn.a", true},
      {"transport=tcp;traddr=1.2.3.4;trsvcid:4420=", true},
      {"transport=tcp", true},
  };
  for (const auto& row : rows) {
    Problems problems;
    EXPECT_EQ(parse_controller_line(row.value, kWellKnownDiscoveryNqn, problems).unclear, row.unclear) << row.value;
  }
}

TEST(ControllerLine, FieldsThatMeanNothingAreWarnings) {
  const struct {
    const char* value;
    const char* cause;
  } rows[] = {
      {"transport=loop;noequalsign;traddr=x", "1 field(s) without a name, without `=`"},
      {"transport=loop;kato=-1", "kato - \"-1\" is negative. Default will be used - give 0 or more"},
      {"transport=loop;queue-size=5", "queue-size - \"5\" is not within range 16..1024. Default will be used"},
      {"transport=loop;kato=abc", "kato - Data converter found invalid value \"abc\". Default will be used"},
      {"transport=loop;hdr-digest=yes", "hdr-digest - Text check found invalid value \"yes\". Default will be used"},
      {"transport=loop;hdr-digest=yes", "did you mean `true`?"},
      {"transport=loop;hdr-digst=true", "unknown field `hdr-digst` has no effect - did you mean `hdr-digest`?"},
      {"transport=loop;TRADDR=x", "did you mean `traddr`?"},
      {"transport=loop;dhchap-secret=plain",
       "field `dhchap-secret` does not have the form DHHC-1:<hash>:<key>: - `nvme gen-dhchap-key` makes one"},
      {"transport=loop;dhchap-ctrl-secret=DHHC-1:00:AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09pl1OOD:",
       "field `dhchap-ctrl-secret` has a wrong check sum, so it was mistyped - `nvme gen-dhchap-key` makes one"},
  };
  for (const auto& row : rows) {
    std::string problems;
    const auto line = parse(row.value, &problems);
    ASSERT_TRUE(line) << row.value;
    EXPECT_EQ(line->options.queue_size, std::nullopt);
    EXPECT_EQ(line->options.kato, std::nullopt);
    EXPECT_EQ(line->options.hdr_digest, std::nullopt);
    EXPECT_EQ(problems.find("error"), std::string::npos) << problems;
    EXPECT_NE(problems.find(row.cause), std::string::npos) << row.value << " -> " << problems;
  }
}

TEST(ControllerLine, WhatProtectsAConnectionHasNoDefaultInPlaceOfAWrongValue) {
  const auto good = parse("transport=tcp;traddr=1.2.3.4;tls=TRUE;keyring=0x1F;tls-key=26;tls-concat=false");
  ASSERT_TRUE(good);
  EXPECT_EQ(good->options.tls, true);
  EXPECT_EQ(good->options.keyring, 31);
  EXPECT_EQ(good->options.tls_key, 26);
  EXPECT_EQ(good->options.tls_concat, false);
  EXPECT_EQ(obstacle(parse("transport=tcp;traddr=1.2.3.4;tls=yes;tls=true")->options), "");
  EXPECT_EQ(obstacle(good->options), "");
  const std::string unclear = ": nothing is connected until that is clear, and nothing is cut";
  const std::string serial = "tls-key - is no serial number of a key or keyring" + unclear +
                             " - write it in decimal, or in hexadecimal with 0x in front of it";
  const std::string insert = " - put it into the kernel's keyring (`nvme check-tls-key --insert`) and write `tls=true`";
  const struct {
    std::string field, text;
  } rows[] = {
      {"tls=yes", "tls - Text check found invalid value \"yes\"" + unclear + " - did you mean `true`?"},
      {"tls=", "tls - Text check found invalid value \"\"" + unclear},
      {"tls-concat=1", "tls-concat - Text check found invalid value \"1\"" + unclear + " - did you mean `true`?"},
      {"keyring=.nvme", "keyring - is no serial number of a key or keyring" + unclear},
      {"tls-key=0", serial},
      {"tls-key=-1", serial},
      {"tls-key=26b3260e", serial},
      {"tls-key=0x", serial},
      {"tls-key=99999999999", serial},
      {"tls-key=0x80000000", serial},
      {"tls-key=file:///hush", serial},
      {"tls-key=NVMeTLSkey-1:01:AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09pl1OOC:",
       "tls-key - is a key, not the serial number of one" + unclear + insert},
      {"tls-key=NVMeTLSkey-1:01:hush:",
       "tls-key - is a key that is too short or too long: it may have 32 or 48 bytes and a check sum, not the serial "
       "number of one" +
           unclear + insert},
  };
  for (const auto& row : rows) {
    std::string problems;
    const auto line = parse("transport=tcp;traddr=1.2.3.4;" + row.field, &problems);
    ASSERT_TRUE(line) << row.field;
    EXPECT_EQ(problems.find("error: " + row.text), 0U) << row.field << " -> " << problems;
    EXPECT_NE(obstacle(line->options), "") << row.field;
    EXPECT_EQ(problems.find("hush"), std::string::npos);
    EXPECT_EQ(problems.find("AQgP"), std::string::npos);
  }
}

TEST(ControllerLine, UnknownFieldsAreKeptForTheBus) {
  const auto line = parse("transport=loop;frob=1;tron=true;Kato=5");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->extra, (std::map<std::string, std::string>{{"frob", "1"}, {"tron", "true"}, {"Kato", "5"}}));
}

TEST(ControllerLine, SecretsStayInside) {
  for (const char* value : {"transport=loop;dhchap-secert=hush",
                            "transport=loop;DHCHAP-SECRET=DHHC-1:00:hush:",
                            "transport=loop;dhchap_secret=hush",
                            "transport=loop;frob=DHHC-1:00:hush:",
                            "transport=loop;dhchap-secret:DHHC-1:00:hush==:",
                            "transport=loop;dhchap-secret DHHC-1:00:hush:",
                            "transport=tcp,traddr=1.2.3.4,dhchap-secret=DHHC-1:00:hush:",
                            "transport=loop;dhchap-secret=hush,x",
                            "transport=loop;nqn=nqn.a dhchap-secret=DHHC-1:00:hush:",
                            "transport=tcp;traddr=DHHC-1:00:hush:",
                            "transport=loop;dhchap-ctrl-secret=DHHC-1:00:hush\x01:",
                            "transport=loop;kato=DHHC-1:00:hush:",
                            "transport=loop;psk=hush",
                            "transport=loop;tls-key=hush",
                            "transport=loop;tls_key=hush",
                            "transport=loop;host-key=hush",
                            "transport=loop;passphrase=hush",
                            "transport=loop;keyring=hush",
                            "transport=loop;password=hush",
                            "transport=loop;nqn=nqn.a psk=hush",
                            "transport=loop;traddr=a tls-key = hush",
                            "transport=tcp;traddr=psk=hush",
                            "transport=loop;host-iface=e;kato=1 psk=hush",
                            "transport=loop;DHHC-1:00:hushhushhushhushhushhush=:",
                            "transport=loop;hushhushhushhushhushhushhush==:"}) {
    std::string problems;
    const auto line = parse(value, &problems);
    EXPECT_NE(problems, "") << value;
    EXPECT_EQ(problems.find("hush"), std::string::npos) << value << " -> " << problems;
    if (!line) continue;
    EXPECT_TRUE(line->extra.empty()) << value;
    EXPECT_EQ(line->subsysnqn, kWellKnownDiscoveryNqn) << value;
  }
}

TEST(ControllerLine, TheNumberOfFieldsIsBounded) {
  std::string value = "transport=loop";
  for (int i = 0; i < 1000; ++i) value += ";x" + std::to_string(i) + "=1";
  const auto line = parse(value);
  ASSERT_TRUE(line);
  EXPECT_EQ(line->extra.size(), kMaxLineFields - 1);
}

TEST(ControllerRule, TakesTheFieldsThatIdentify) {
  Problems problems;
  const auto parse_rule = [&](const char* text) {
    return parse_controller_rule(text, RuleKind::exclude, problems).rule;
  };
  const auto rule = parse_rule(
      "transport=tcp;traddr=1.1.1.1;trsvcid=8009;nqn=nqn.a;host-iface=eth0;host-nqn=nqn.h;host-traddr=2.2.2.2 # x");
  ASSERT_TRUE(rule);
  EXPECT_EQ(*rule, (ControllerRule{"tcp", "1.1.1.1", "8009", "nqn.a", "eth0", "nqn.h", 0, {}}));
  EXPECT_EQ(parse_rule("subsysnqn=a")->subsysnqn, "a");
  EXPECT_EQ(parse_rule("nqn=b;subsysnqn=a")->subsysnqn, "b");
  EXPECT_EQ(parse_rule("traddr=nn-0x200000110D000001,pn-0x200000110d000002")->traddr,
            "nn-0x200000110d000001:pn-0x200000110d000002");
  for (const char* value : {"traddr=dc.example", "traddr=10.0.*", "nqn=nqn.*:scratch?", "traddr=nn-0x2000*:pn-*",
                            "transport=loop;traddr=a/b", "traddr=*;transport=tcp", "host-iface=eth*",
                            "traddr=192.0.2.0/25", "traddr=2001:db8::/32"}) {
    EXPECT_TRUE(parse_rule(value)) << value;
  }
  EXPECT_EQ(text_of(problems), "");
}

TEST(ControllerRule, WhatIsNotUnderstoodExcludesNothing) {
  const struct {
    const char* value;
    const char* cause;
  } rows[] = {
      {"", "the rule is empty"},
      {" # comment", "the rule is empty"},
      {"foo", "a field has no name, no `=`"},
      {"transport=tcp;foo", "a field has no name, no `=`"},
      {"host-traddr=1.2.3.4", "host-traddr alone is no rule"},
      {"transport=tcp;trddr=1.1.1.1", "unknown field `trddr` - did you mean `traddr`?"},
      {"TRANSPORT=tcp", "did you mean `transport`?"},
      {"traddr=[2001:db8::2]", "write it without brackets: `2001:db8::2`"},
      {"traddr=192.0.2.1:8009", "write `traddr=192.0.2.1;trsvcid=8009`"},
      {"traddr=192.0.2.0/33", " - write the length of its prefix behind the `/`"},
      {"traddr=192.0.2.0/", "is no subnet"},
      {"traddr=192.0.2.0/-1", "is no subnet"},
      {"traddr=192.0.2.0/24/8", "is no subnet"},
      {"traddr=192.0.2.0/255.255.255.0", "is no subnet"},
      {"traddr=2001:db8::/129", "is no subnet"},
      {"traddr=::ffff:192.0.2.0/24", "is no subnet"},
      {"traddr=2001:db8::*", "has a wildcard in an IPv6 address"},
      {"traddr=192.0.2.300", "an IPv4 address has four numbers from 0 to 255"},
      {"traddr=nn-0x1:pn-0x2", "is no Fibre Channel address"},
      {"traddr=pn-0x200000110d000002", "16 hexadecimal digits"},
      {"traddr=a b", "is neither an address nor a host name"},
      {"nqn=*", "`*` alone would exclude every controller"},
      {"nqn=*;traddr=**", "`*` alone would exclude every controller"},
      {"trsvcid=*", "is no port number"},
      {"traddr=psk=hush", "contains a secret"},
      {"transport=TCP", "did you mean `tcp`?"},
      {"transport=", "field `transport` is empty"},
      {"traddr=1.1.1.1;kato=5", "field `kato` cannot be part of a rule"},
      {"trsvcid=x", "is no port number"},
      {"dhchap-secret=hush", "unknown field `dhchap-secret`"},
  };
  for (const auto& row : rows) {
    Problems problems;
    EXPECT_FALSE(parse_controller_rule(row.value, RuleKind::exclude, problems).rule) << row.value;
    ASSERT_EQ(problems.size(), 1U) << row.value;
    EXPECT_NE(text_of(problems).find(row.cause), std::string::npos) << text_of(problems);
    EXPECT_NE(problems[0].text.find(": the rule is ignored and excludes nothing"), std::string::npos);
    EXPECT_EQ(problems[0].text.find("hush"), std::string::npos);
  }
}

TEST(ControllerRule, AnIncludeRuleMayMeanAll) {
  Problems problems;
  EXPECT_TRUE(parse_controller_rule("nqn=*", RuleKind::include, problems).rule);
  EXPECT_EQ(text_of(problems), "");
  EXPECT_FALSE(parse_controller_rule("", RuleKind::include, problems).rule);
  EXPECT_NE(text_of(problems).find("the rule is empty: the rule includes nothing, and no connection that it may mean "
                                   "is cut - say what to include"),
            std::string::npos)
      << text_of(problems);
}

// What a rule that cannot be used could mean is bounded by the fields that are certain.
TEST(ControllerRule, WhatCanBeReadOfABrokenRuleIsKept) {
  const struct {
    const char* value;
    ControllerRule certain;
  } rows[] = {
      {"", {}},
      {"transport=tpc;nqn=nqn.a*", {{}, {}, {}, "nqn.a*", {}, {}, 0, {}}},
      {"transport=tcp;nqn", {"tcp", {}, {}, {}, {}, {}, 0, {}}},
      {"transport=tcp;nqm=nqn.a", {"tcp", {}, {}, {}, {}, {}, 0, {}}},
      {"trddr=1.1.1.1;traddr=10.0.0.0/8", {{}, "10.0.0.0/8", {}, {}, {}, {}, 0, IpSubnet::parse("10.0.0.0/8")}},
      {"x=y;nqn=a;subsysnqn=b;host-iface=eth0", {{}, {}, {}, {}, "eth0", {}, 0, {}}},
      {"x=y;nqn=a;nqn=a", {{}, {}, {}, "a", {}, {}, 0, {}}},
      {"transport=tcp,nqn=a", {}},
      {"nqn=psk=hush;trsvcid=4420", {{}, {}, "4420", {}, {}, {}, 0, {}}},
  };
  for (const auto& row : rows) {
    Problems problems;
    const auto parsed = parse_controller_rule(row.value, RuleKind::include, problems);
    EXPECT_FALSE(parsed.rule) << row.value;
    EXPECT_EQ(parsed.certain, row.certain) << row.value;
  }
}

}  // namespace
}  // namespace stas
