// SPDX-License-Identifier: Apache-2.0
//
// controller= and exclude= values (compatibility contract 2.5, 2.6, 9.1 C2-C4, C8, C11; regressions 5, 32, 33).
#include "libstas/core/config/controller_line.h"

#include <string>

#include <gtest/gtest.h>

#include "libstas/core/config/line_fields.h"
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
  auto line = parse_controller_line(value, kWellKnownDiscoveryNqn, list);
  if (problems != nullptr) *problems = text_of(list);
  return line;
}

TEST(ControllerLine, TakesTheIdentityAndTheOverrides) {
  std::string problems;
  const auto line = parse(
      "transport=tcp ; traddr = 100.100.100.100;host-iface=enp0s8;trsvcid=08009;;host-traddr=1.2.3.4;host-nqn=nqn.h;"
      "dhchap-secret=DHHC-1:01:aGVsbG8=:;dhchap-ctrl-secret=DHHC-1:00:eA==:;hdr-digest=true;data-digest=FALSE;"
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
  const ConnectOptions& options = line->options;
  EXPECT_EQ(options.dhchap_secret.reveal(), "DHHC-1:01:aGVsbG8=:");
  EXPECT_EQ(options.dhchap_ctrl_secret.reveal(), "DHHC-1:00:eA==:");
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
        "transport=fc;traddr=nn-0x1:pn-0x2;host-traddr=nn-0x3:pn-0x4", "traddr=10.0.0.1;transport=tcp",
        "transport=tcp;traddr=10.0.0.1 # a comment; nqn=x", "transport=rdma;transport=tcp;traddr=10.0.0.1;",
        "transport=loop;trsvcid=abc"}) {
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
  EXPECT_FALSE(parse_controller_line("transport=loop", "", problems));
  EXPECT_EQ(text_of(problems), "error: nqn is missing: the line is ignored\n");
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
      {"transport=TCP;traddr=1.2.3.4", "transport \"TCP\" is not known - did you mean `tcp`?"},
      {"transport=tpc;traddr=1.2.3.4", "did you mean `tcp`?"},
      {"transport=tcp", "traddr is missing"},
      {"transport=fc;traddr=", "traddr is missing"},
      {"transport=tcp;traddr=555.555.555.555", "\"555.555.555.555\" is neither an IP address nor a host name"},
      {"transport=tcp;traddr=[::1]", "\"[::1]\" is neither"},
      {"transport=tcp;traddr=a b", "\"a b\" is neither"},
      {"transport=tcp;traddr=a..b", "\"a..b\" is neither"},
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

TEST(ControllerLine, FieldsThatMeanNothingAreWarnings) {
  const struct {
    const char* value;
    const char* cause;
  } rows[] = {
      {"transport=loop;noequalsign;traddr=x", "1 field(s) without a name, without `=`"},
      {"transport=loop;queue-size=5", "queue-size - \"5\" is not within range 16..1024. Default will be used"},
      {"transport=loop;kato=abc", "kato - Data converter found invalid value \"abc\". Default will be used"},
      {"transport=loop;hdr-digest=yes", "hdr-digest - Text check found invalid value \"yes\". Default will be used"},
      {"transport=loop;hdr-digest=yes", "did you mean `true`?"},
      {"transport=loop;hdr-digst=true", "unknown field `hdr-digst` has no effect - did you mean `hdr-digest`?"},
      {"transport=loop;TRADDR=x", "did you mean `traddr`?"},
      {"transport=loop;dhchap-secret=plain", "does not have the form DHHC-1:"},
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

TEST(ControllerLine, UnknownFieldsAreKeptForTheBus) {
  const auto line = parse("transport=loop;frob=1;tron=true;Kato=5");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->extra, (std::map<std::string, std::string>{{"frob", "1"}, {"tron", "true"}, {"Kato", "5"}}));
}

TEST(ControllerLine, SecretsStayInside) {
  for (const char* value :
       {"transport=loop;dhchap-secert=hush", "transport=loop;DHCHAP-SECRET=DHHC-1:00:hush:",
        "transport=loop;dhchap_secret=hush", "transport=loop;frob=DHHC-1:00:hush:",
        "transport=loop;dhchap-secret:DHHC-1:00:hush==:", "transport=loop;dhchap-secret DHHC-1:00:hush:",
        "transport=tcp,traddr=1.2.3.4,dhchap-secret=DHHC-1:00:hush:", "transport=loop;dhchap-secret=hush,x",
        "transport=loop;nqn=nqn.a dhchap-secret=DHHC-1:00:hush:", "transport=tcp;traddr=DHHC-1:00:hush:",
        "transport=loop;dhchap-ctrl-secret=DHHC-1:00:hush\x01:", "transport=loop;kato=DHHC-1:00:hush:",
        "transport=loop;DHHC-1:00:hushhushhushhushhushhush=:", "transport=loop;hushhushhushhushhushhushhush==:"}) {
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

TEST(ExcludeRule, TakesTheFieldsThatIdentify) {
  Problems problems;
  const auto rule = parse_exclude_rule(
      "transport=tcp;traddr=1.1.1.1;trsvcid=8009;nqn=nqn.a;host-iface=eth0;host-nqn=nqn.h;host-traddr=2.2.2.2 # x",
      problems);
  ASSERT_TRUE(rule);
  EXPECT_EQ(*rule, (ExcludeRule{"tcp", "1.1.1.1", "8009", "nqn.a", "eth0", "nqn.h", 0}));
  EXPECT_EQ(parse_exclude_rule("subsysnqn=a", problems)->subsysnqn, "a");
  EXPECT_EQ(parse_exclude_rule("nqn=b;subsysnqn=a", problems)->subsysnqn, "b");
  EXPECT_EQ(text_of(problems), "");
}

TEST(ExcludeRule, WhatIsNotUnderstoodExcludesNothing) {
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
      {"transport=TCP", "did you mean `tcp`?"},
      {"transport=", "field `transport` is empty"},
      {"traddr=1.1.1.1;kato=5", "field `kato` cannot be part of a rule"},
      {"trsvcid=x", "is no port number"},
      {"dhchap-secret=hush", "unknown field `dhchap-secret`"},
  };
  for (const auto& row : rows) {
    Problems problems;
    EXPECT_FALSE(parse_exclude_rule(row.value, problems)) << row.value;
    ASSERT_EQ(problems.size(), 1U) << row.value;
    EXPECT_NE(text_of(problems).find(row.cause), std::string::npos) << text_of(problems);
    EXPECT_TRUE(problems[0].text.ends_with(": the rule is ignored and excludes nothing"));
    EXPECT_EQ(problems[0].text.find("hush"), std::string::npos);
  }
}

}  // namespace
}  // namespace stas
