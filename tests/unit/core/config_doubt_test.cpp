// SPDX-License-Identifier: Apache-2.0
//
// Lines that may have been controller= lines: each is a doubt with what can be read of it for certain, and no secret.
#include "libstas/core/config/doubt.h"

#include <string>

#include <gtest/gtest.h>

#include "libstas/core/config/config.h"
#include "libstas/core/config/config_lines.h"

namespace stas {
namespace {

std::string field(const std::optional<std::string>& value) { return value.value_or("?"); }

// "LINE transport traddr trsvcid nqn" of each doubt, '?' for what cannot be read.
std::string doubts(const CommonConfig& config) {
  std::string out;
  for (const ConfigDoubt& doubt : config.doubts) {
    out += std::to_string(doubt.line) + " " + field(doubt.transport) + " " + field(doubt.traddr) + " " +
           field(doubt.trsvcid) + " " + field(doubt.subsysnqn) + "\n";
  }
  return out;
}

template <class T>
std::string texts(const Parsed<T>& parsed) {
  std::string out;
  for (const Complaint& complaint : parsed.complaints) out += complaint.to_string() + "\n";
  for (const ConfigDoubt& doubt : parsed.value.doubts) out += "doubt " + doubt.to_string() + "\n";
  return out;
}

TEST(ConfigDoubt, WhatCanBeReadOfALineIsKept) {
  const struct {
    const char* line;
    const char* expect;
    const char* text;  // part of the doubt's
  } rows[] = {
      {"controller=transprt=tcp;traddr=1.2.3.4;trsvcid=4420;nqn=nqn.a", "? 1.2.3.4 4420 nqn.a", "transport is missing"},
      {"controller=transport=tcp;traddr=1.2.3.4;trsvcid=80O9;nqn=nqn.a", "tcp 1.2.3.4 ? nqn.a",
       "trsvcid \"80O9\" is no port number"},
      {"controller=transport=udp;traddr=dc.example;nqn=nqn.a", "? dc.example ? nqn.a", "Invalid transport udp"},
      {"controller=transport=tcp;traddr=1.2.3.4;trsvcid=04420", "tcp 1.2.3.4 4420 ?", "nqn is missing"},
      {"controller=transport=tcp;trddr=1.2.3.4;nqn=nqn.a", "tcp ? ? nqn.a", "traddr is missing"},
      {"controller=transport=tcp;traddr=1.2.3.400;nqn=nqn.a", "tcp ? ? nqn.a", "IP address is not valid"},
      {"controller=transport=tcp;traddr=[::1];nqn=nqn.a", "tcp ? ? nqn.a", "IP address is not valid"},
      {"controller=transport=tcp,traddr=1.2.3.4,nqn=nqn.a", "? ? ? ?", "field `transport` contains a comma"},
      {"controller=transport=tcp;traddr=1.2.3.4;nqn=nqn.a,b", "tcp 1.2.3.4 ? ?", "field `nqn` contains a comma"},
      {"controller=transport=udp;traddr=1.1.1.1;traddr=2.2.2.2;nqn=;subsysnqn=n", "? ? ? n", "Invalid transport"},
      {"controller=transport=fc;traddr=nn-0x200000110D000001,pn-0x200000110d000002;nqn=n",
       "fc nn-0x200000110d000001:pn-0x200000110d000002 ? n", "host-traddr is missing"},
      {"controller=transport=tcp;traddr=1.2.3.4;trscvid=4420;nqn=nqn.a", "tcp 1.2.3.4 ? nqn.a",
       "unknown field `trscvid`"},
      {"controller=transport=tcp;traddr=1.2.3.4;nqn=nqn.a;trsvcid 4420", "tcp 1.2.3.4 ? nqn.a", "1 field(s) without"},
      {"controller=", "? ? ? ?", "the value is empty"},
      {"controller", "? ? ? ?", "the value is empty"},
      {"controler=transport=tcp;traddr=1.2.3.4;nqn=nqn.a", "tcp 1.2.3.4 ? nqn.a", "controler - may have been"},
      {"CONTROLLERS=transport=tcp;traddr=1.2.3.4", "tcp 1.2.3.4 ? ?", "controllers - may have been"},
      {"target=transport=tcp;traddr=1.2.3.4", "tcp 1.2.3.4 ? ?", "target - may have been"},
      {"transport=tcp;traddr=1.2.3.4", "tcp 1.2.3.4 ? ?", "transport - may have been"},
      {"controller transport=tcp;traddr=1.2.3.4;nqn=N", "tcp 1.2.3.4 ? N", "controller - may have been"},
      {"controller:transport=tcp;traddr=1.2.3.4", "tcp 1.2.3.4 ? ?", "controller - may have been"},
      {"controller: transport", "? ? ? ?", "controller - may have been"},
      {"exclude=nqn=nqn.x\n  controller=transport=tcp;traddr=1.2.3.4;nqn=nqn.a", "tcp 1.2.3.4 ? nqn.a",
       "may have been"},
  };
  for (const auto& row : rows) {
    const auto parsed = parse_stacd_conf("[Controllers]\n" + std::string(row.line) + "\n", "/etc/f", nullptr);
    const bool below = std::string(row.line).find('\n') != std::string::npos;
    EXPECT_EQ(doubts(parsed.value), (below ? "3 " : "2 ") + std::string(row.expect) + "\n") << row.line;
    ASSERT_EQ(parsed.value.doubts.size(), 1U) << row.line;
    const ConfigDoubt& doubt = parsed.value.doubts[0];
    EXPECT_NE(doubt.text.find(row.text), std::string::npos) << row.line << " -> " << doubt.text;
    EXPECT_EQ(doubt.file, "/etc/f");
    EXPECT_EQ(doubt.text.find("line is ignored"), std::string::npos) << doubt.text;
    EXPECT_FALSE(parsed.complaints.empty()) << row.line;
    EXPECT_FALSE(parsed.broken) << row.line;
  }
}

TEST(ConfigDoubt, LinesInASectionThatNobodyKnows) {
  const StafdConfig previous;
  const auto parsed = parse_stafd_conf(
      "[controllers]\ncontroller=transport=tcp;traddr=1.2.3.4\nexclude=traddr=1.1.1.1\ncontroller=transport=rdma;"
      "traddr=h\n"
      "[Hosts]\ncontroler=transport=tcp;traddr=2.2.2.2\nx=traddr=3.3.3.3\ny=z\n[Controllers]\ncontroller=transport="
      "loop\n",
      "f", &previous);
  EXPECT_EQ(doubts(parsed.value), "2 tcp 1.2.3.4 ? ?\n4 rdma h ? ?\n6 tcp 2.2.2.2 ? ?\n7 ? 3.3.3.3 ? ?\n");
  ASSERT_EQ(parsed.value.controllers.size(), 1U) << "the new lines, not the previous ones";
  EXPECT_NE(texts(parsed).find("f:1: contains invalid sections: {'controllers'} - did you mean `Controllers`?"),
            std::string::npos)
      << texts(parsed);
  EXPECT_NE(
      texts(parsed).find("f:2: [controllers]: controller - the section is not known; the line connects nothing, and "
                         "no connection that it may mean is cut"),
      std::string::npos)
      << texts(parsed);
}

TEST(ConfigDoubt, WhatIsClearIsNoDoubt) {
  for (const char* text :
       {"", "# x\n\n", "[Controllers]\ncontroller=transport=loop;frob=1\n#controller=transprt=tcp\n",
        "[Controllers]\nexclud=traddr=1.1.1.1\nexclude=trddr=1\nblaklist=traddr=1.1.1.1\n", "[Bogus]\nx=1\n",
        "[Global]\nfrob=1\nkatto=5\n", "[Controllers]\ncontroller=transport=loop;kato=abc;hdr-digst=true\n",
        "[Controllers]\ncontroller =\n  kato=5;transport=loop\n  transport=tcp;traddr=1.1.1.1\n"}) {
    const auto parsed = parse_stafd_conf(text, "f", nullptr);
    EXPECT_EQ(doubts(parsed.value), "") << text;
    EXPECT_FALSE(parsed.broken) << text;
  }
}

TEST(ConfigDoubt, NoSecretIsInAnyText) {
  for (const char* line :
       {"controller=transprt=tcp;psk=hush", "controler=transport=tcp;tls-key=hush;traddr=hush.dhchap-secret",
        "psk=hush", "psk: hush", "tls_key hush", "secrets=psk=hush;traddr=psk=hush", "controller psk=hush",
        "controller=transport=tcp;traddr=1.2.3.4;nqn=tls-key=hush", "[Global psk=hush", "dhchap-secret=DHHC-1:00:hush:",
        "exclude=psk=hush", "tron=true\n  psk=hush", "hushhushhushhushhushhushhush==", "host-key=hush;transport=tcp",
        "controller=transport=tcp;traddr=psk=hush;trsvcid=psk=hush;nqn=psk=hush;subsysnqn=key=hush"}) {
    for (const char* section : {"[Controllers]\n", "[Global]\n", "[Bogus]\n"}) {
      const auto parsed = parse_stacd_conf(std::string(section) + line + "\n", "f", nullptr);
      EXPECT_FALSE(parsed.complaints.empty()) << section << line;
      EXPECT_EQ(texts(parsed).find("hush"), std::string::npos) << texts(parsed);
      EXPECT_EQ(doubts(parsed.value).find("hush"), std::string::npos) << line;
    }
  }
}

TEST(ConfigDoubt, TheirNumberIsBounded) {
  std::string text = "[Controllers]\n";
  for (std::size_t i = 0; i < kMaxDoubts; ++i) text += "controller=transport=udp\n";
  EXPECT_EQ(parse_stacd_conf(text, "f", nullptr).value.doubts.size(), kMaxDoubts);
  text += "controler=x\ncontroller=transport=udp\n";
  const auto parsed = parse_stacd_conf(text, "f", nullptr);
  ASSERT_EQ(parsed.value.doubts.size(), kMaxDoubts);
  const ConfigDoubt& rest = parsed.value.doubts.back();
  EXPECT_FALSE(rest.transport || rest.traddr || rest.trsvcid || rest.subsysnqn) << "it may mean every controller";
  EXPECT_LT(parsed.complaints.size(), 1000U);
}

TEST(ConfigDoubt, TheHostIdsOfSeveralLinesMustFit) {
  const std::string a = ";host-id=11111111-2222-4333-8444-555555555555",
                    b = ";host-id=AAAAAAAA-2222-4333-8444-555555555555";
  const struct {
    std::string first, second;
    bool fits;
  } rows[] = {
      {"host-nqn=nqn.h" + a, "host-nqn=nqn.h" + a, true},
      {"host-nqn=nqn.h" + a, "host-nqn=nqn.i" + b, true},
      {"host-nqn=nqn.h" + a, "host-nqn=nqn.h" + b, false},
      {"host-nqn=nqn.h" + a, "host-nqn=nqn.i" + a, false},
      {"host-nqn=nqn.h" + a, "host-nqn=nqn.2014-08.org.nvmexpress:uuid:11111111-2222-4333-8444-555555555555", false},
  };
  for (const auto& row : rows) {
    const auto parsed = parse_stafd_conf("[Controllers]\ncontroller=transport=loop;" + row.first +
                                             "\ncontroller=transport=loop;nqn=nqn.b;" + row.second + "\n",
                                         "f", nullptr);
    EXPECT_EQ(parsed.value.controllers.size(), 2U);
    EXPECT_EQ(texts(parsed).empty(), row.fits) << row.first << row.second << texts(parsed);
    if (!row.fits) {
      EXPECT_NE(texts(parsed).find("f:3: [Controllers]: controller - another line has"), std::string::npos);
    }
  }
}

TEST(CouldMean, FieldsThatCanBeReadNarrowIt) {
  const Tid v4({Transport::tcp, "10.0.0.1", "", "nqn.a", "", "", ""}),
      name({Transport::tcp, "dc.example", "", "nqn.a"}),
      fc({Transport::fc, "nn-0x200000110d000001:pn-0x200000110d000002", "", "nqn.a", "", "", ""});
  using Text = std::optional<std::string>;
  const struct {
    Text transport, traddr, trsvcid, nqn;
    bool v4, name, fc;
  } rows[] = {
      {{}, {}, {}, {}, true, true, true},
      {"tcp", {}, {}, {}, true, true, false},
      {{}, "10.0.0.1", {}, {}, true, true, false},  // the name may stand for it
      {{}, "::ffff:10.0.0.1", {}, {}, true, true, false},
      {{}, "10.0.0.2", {}, {}, false, true, false},
      {{}, "DC.example", {}, {}, true, true, false},
      {{}, "other.example", {}, {}, true, true, false},
      {{}, "NN-0x200000110d000001:pn-0x200000110d000002", {}, {}, false, false, true},
      {{}, {}, "08009", {}, true, true, true},
      {{}, {}, "4420", {}, false, false, true},
      {{}, {}, {}, "nqn.a", true, true, true},
      {{}, {}, {}, "nqn.b", false, false, false},
  };
  for (const auto& row : rows) {
    CommonConfig config;
    config.doubts.push_back({"f", 1, "", row.transport, row.traddr, row.trsvcid, row.nqn});
    const std::string claim = field(row.transport) + field(row.traddr) + field(row.trsvcid) + field(row.nqn);
    EXPECT_EQ(doubt_about(config.doubts, v4) != nullptr, row.v4) << claim;
    EXPECT_EQ(doubt_about(config.doubts, name) != nullptr, row.name) << claim;
    EXPECT_EQ(doubt_about(config.doubts, fc) != nullptr, row.fc) << claim;
  }
}

}  // namespace
}  // namespace stas
