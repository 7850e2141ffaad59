// SPDX-License-Identifier: Apache-2.0
//
// Last known configuration: what was written is read back; what was damaged costs only itself.
#include "libstas/core/brain/last_known.h"

#include <algorithm>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "libstas/core/identity/nqn.h"

namespace stas {
namespace {

const std::string kHost = "nqn.2014-08.org.nvmexpress:uuid:01234567-0123-0123-0123-0123456789ab";
const std::string kHostId = "01234567-0123-0123-0123-0123456789ab";

Dlpe sample_dlpe(unsigned i = 1) {
  Dlpe dlpe;
  dlpe.trtype = kDlpTrtypeTcp;
  dlpe.adrfam = 1;
  dlpe.subtype = kDlpSubtypeNvme;
  dlpe.portid = static_cast<std::uint16_t>(i);
  dlpe.cntlid = 0xffff;
  dlpe.asqsz = 32;
  dlpe.trsvcid = "4420";
  dlpe.subnqn = "nqn.2026-01.lab:sub" + std::to_string(i);
  dlpe.traddr = "10.0." + std::to_string(i / 250 % 250) + "." + std::to_string(i % 250 + 1);
  return dlpe;
}

Tid sample_tid(std::string traddr = "10.0.0.2", std::string nqn = std::string(kWellKnownDiscoveryNqn)) {
  return Tid({Transport::tcp, std::move(traddr), "8009", std::move(nqn), "10.0.0.1", "eth0", kHost});
}

KnownStafd sample_stafd() {
  KnownStafd known;
  known.dcs.push_back({sample_tid(), "configured", true, 18446744073709551615U, {sample_dlpe(1), sample_dlpe(2)}});
  // Its source is one that this version does not know.
  known.dcs.push_back(
      {sample_tid("array.example"), "nbft", false, {}, {}, {sample_tid()}, "array.example", true, "nvme3"});
  known.resolved = {{"array.example", {"10.0.0.3"}}};
  known.host = {kHost, kHostId};
  return known;
}

KnownStacd sample_stacd() {
  KnownStacd known;
  known.iocs.push_back({sample_tid("10.0.0.2", "nqn.a"), true, {}, {}});
  known.iocs.push_back({sample_tid("10.0.0.2", "nqn.b"),
                        false,
                        {{sample_tid(), "referral"}, {sample_tid("fe80::1%eth0"), ""}},
                        sample_dlpe()});
  known.resolved = {{"array.example", {"fe80::1%eth0", "10.0.0.3"}}};
  known.host = {kHost, kHostId};
  known.host_nqns = {kHost, "nqn.earlier"};
  return known;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

std::string complaints_of(const std::vector<Complaint>& complaints) {
  std::string text;
  for (const auto& complaint : complaints) text += complaint.file + ": " + complaint.text + "\n";
  return text;
}

TEST(LastKnown, IsReadBackAsWritten) {
  const auto stafd = parse_known_stafd(format_last_known(sample_stafd()), "f");
  EXPECT_EQ(stafd.known, sample_stafd());
  EXPECT_EQ(complaints_of(stafd.complaints), "");
  const auto stacd = parse_known_stacd(format_last_known(sample_stacd()), "f");
  EXPECT_EQ(stacd.known, sample_stacd());
  EXPECT_EQ(complaints_of(stacd.complaints), "");
  EXPECT_EQ(parse_known_stafd(format_last_known(KnownStafd{}), "f").complaints.size(), 0U);
}

TEST(LastKnown, IsReadableText) {
  KnownStafd known;
  known.dcs.push_back({sample_tid(), "configured", true, 7, {sample_dlpe(1)}, {}, "array.example", true});
  EXPECT_EQ(format_last_known(known), R"({
  "format": "stas last known config",
  "version": 1,
  "daemon": "stafd",
  "dcs": [
    {
      "tid": {
        "transport": "tcp",
        "traddr": "10.0.0.2",
        "trsvcid": "8009",
        "subsysnqn": "nqn.2014-08.org.nvmexpress.discovery",
        "host-traddr": "10.0.0.1",
        "host-iface": "eth0",
        "host-nqn": ")" + kHost + R"("
      },
      "origin": "configured",
      "page-known": true,
      "genctr": 7,
      "entries": [
        {"trtype": "tcp", "adrfam": "ipv4", "traddr": "10.0.0.2", "trsvcid": "4420", "subnqn": "nqn.2026-01.lab:sub1", "subtype": "nvme", "treq": "not specified", "portid": "1", "cntlid": "65535", "asqsz": "32", "eflags": "0"}
      ],
      "parents": [],
      "host-name": "array.example",
      "device": "",
      "system-identity": true
    }
  ],
  "resolved": {},
  "ended": []
}
)");
}

TEST(LastKnown, AnyTruncationGivesAnEmptyStateAndOneComplaint) {
  const std::string text = format_last_known(sample_stafd());
  const std::size_t document = text.size() - 1;  // the final line feed is not part of it
  for (std::size_t size = 1; size < document; size += size < 40 ? 1 : 37) {
    const auto read = parse_known_stafd(text.substr(0, size), "f");
    EXPECT_EQ(read.known, KnownStafd{}) << size;
    EXPECT_EQ(read.complaints.size(), 1U) << size;
  }
}

TEST(LastKnown, NoTextIsAnEmptyStateWithoutComplaint) {
  const auto read = parse_known_stacd("", "f");
  EXPECT_EQ(read.known, KnownStacd{});
  EXPECT_TRUE(read.complaints.empty());
}

TEST(LastKnown, ForeignFilesAreIgnoredWithOneComplaint) {
  const std::string good = format_last_known(sample_stafd());
  const std::string foreign[] = {
      replaced(good, "\"version\": 1", "\"version\": 2"),
      replaced(good, "\"version\": 1", "\"version\": \"1\""),
      replaced(good, "stas last", "another"),
      replaced(good, "\"daemon\": \"stafd\"", "\"daemon\": \"stacd\""),
      std::string("[]"),
      std::string("null"),
      std::string("\x80\x04]\x94.", 5),
      std::string("{}"),
  };
  for (const auto& text : foreign) {
    const auto read = parse_known_stafd(text, "/run/f");
    EXPECT_EQ(read.known, KnownStafd{}) << text;
    ASSERT_EQ(read.complaints.size(), 1U) << text;
    EXPECT_EQ(read.complaints[0].text.rfind("ignored: ", 0), 0U);
    EXPECT_EQ(read.complaints[0].file, "/run/f");
  }
  EXPECT_EQ(parse_known_stacd(good, "f").known, KnownStacd{});
}

TEST(LastKnown, ABadElementCostsOnlyItself) {
  struct Row {
    std::string from, to;
  };
  const Row rows[] = {
      {"\"transport\": \"tcp\"", "\"transport\": \"pcie\""},
      {"\"transport\": \"tcp\"", "\"transport\": 7"},
      {"\"traddr\": \"10.0.0.2\"", "\"traddr\": \"10.0.0.2,hostnqn=x\""},
      {"\"traddr\": \"10.0.0.2\"", "\"traddr\": \"\""},
      {"\"traddr\": \"10.0.0.2\"", "\"traddr\": \"" + std::string(257, 'a') + "\""},
      {"\"subsysnqn\": \"nqn", "\"subsysnqn\": \"n\\u0000qn"},
      {"\"host-nqn\": \"", "\"host-nqn\": \"a,"},
      {"\"origin\": \"configured\"", "\"origin\": \"a,b\""},
      {"\"tid\": {", "\"tad\": {"},
  };
  for (const auto& row : rows) {
    const auto read = parse_known_stafd(replaced(format_last_known(sample_stafd()), row.from, row.to), "f");
    ASSERT_EQ(read.known.dcs.size(), 1U) << row.to;
    EXPECT_EQ(read.known.dcs[0], sample_stafd().dcs[1]) << row.to;
    EXPECT_EQ(complaints_of(read.complaints), "f: discovery controller 0 skipped: it cannot be used\n");
  }
}

TEST(LastKnown, APageThatLostAnEntryIsNoEvidence) {
  const auto read =
      parse_known_stafd(replaced(format_last_known(sample_stafd()), "\"trtype\": \"tcp\"", "\"trtype\": \"x\""), "f");
  ASSERT_EQ(read.known.dcs.size(), 2U);
  EXPECT_EQ(read.known.dcs[0].entries, std::vector<Dlpe>{sample_dlpe(2)});
  EXPECT_FALSE(read.known.dcs[0].page_known);
  EXPECT_FALSE(read.known.dcs[0].genctr);
  EXPECT_EQ(complaints_of(read.complaints), "f: log page entry 0 skipped: it cannot be used\n");
}

TEST(LastKnown, BadSourcesEntriesAndNamesAreSkipped) {
  std::string text = format_last_known(sample_stacd());
  text = replaced(text, "\"origin\": \"referral\"", "\"origin\": null");
  text = replaced(text, "\"subtype\": \"nvme\"", "\"subtype\": []");
  text = replaced(text, "\"10.0.0.3\"", "\"10.0.0.x\"");
  const auto read = parse_known_stacd(text, "f");
  KnownStacd expect = sample_stacd();
  expect.iocs[1].sources.erase(expect.iocs[1].sources.begin());
  expect.iocs[1].dlpe.reset();
  expect.resolved["array.example"].pop_back();
  EXPECT_EQ(read.known, expect);
  EXPECT_EQ(read.complaints.size(), 3U);
}

TEST(LastKnown, TheHostIsSavedWithoutItsKeyAndMayBeMissing) {
  KnownStacd known;
  known.host = {"nqn.h", kHostId};
  const std::string text = format_last_known(known);
  EXPECT_NE(text.find(R"("host": {
    "nqn": "nqn.h",
    "id": ")" + kHostId +
                      R"("
  })"),
            std::string::npos)
      << text;
  const auto old = parse_known_stacd(format_last_known(KnownStacd{}), "f");
  EXPECT_FALSE(old.known.host);
  EXPECT_EQ(complaints_of(old.complaints), "");
  for (const auto& [from, to] : {std::pair<std::string, std::string>{"\"nqn.h\"", "\"n,h\""},
                                 {"\"nqn.h\"", "\"\""},
                                 {"\"nqn.h\"", "null"},
                                 {kHostId, kHostId.substr(1)},
                                 {"\"id\"", "\"di\""}}) {
    const auto read = parse_known_stacd(replaced(text, from, to), "f");
    EXPECT_FALSE(read.known.host) << to;
    EXPECT_EQ(complaints_of(read.complaints), "f: the host identity skipped: it cannot be used\n");
  }
}

TEST(LastKnown, HostNqnsAreBoundedAndMayBeMissing) {
  const std::string text = format_last_known(sample_stacd());
  auto read = parse_known_stacd(replaced(text, "\"nqn.earlier\"", "\"n,h\""), "f");
  EXPECT_EQ(read.known.host_nqns, (std::vector{kHost}));
  EXPECT_EQ(complaints_of(read.complaints), "f: host NQN 1 skipped: it cannot be used\n");
  read = parse_known_stacd(replaced(text, "\"host-nqns\"", "\"of-later\""), "f");
  EXPECT_EQ(read.known.host_nqns, std::vector<std::string>());
  EXPECT_EQ(complaints_of(read.complaints), "");
  KnownStacd many;
  for (std::size_t i = 0; i < 2 * kMaxHostNqns; ++i) many.host_nqns.push_back("nqn.h" + std::to_string(i));
  EXPECT_EQ(parse_known_stacd(format_last_known(many), "f").known.host_nqns.size(), kMaxHostNqns);
}

TEST(LastKnown, ComplaintsAreBounded) {
  KnownStafd known;
  for (unsigned i = 0; i < 100; ++i) known.dcs.push_back({sample_tid(), "configured", true, 1, {sample_dlpe(i)}});
  for (auto& dc : known.dcs) dc.origin = "a,b";
  const auto read = parse_known_stafd(format_last_known(known), "f");
  EXPECT_EQ(read.known.dcs.size(), 0U);
  EXPECT_EQ(read.complaints.size(), 17U);
  EXPECT_EQ(read.complaints.back().text, "more elements cannot be used");
}

TEST(LastKnown, RandomStatesAreReadBackAsWritten) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
    const auto random_tid = [&] {
      const std::string addresses[] = {"10.0.0.1", "fe80::1%eth0", "array.example", "nn-0x1:pn-0x2", "caf\xc3\xa9"};
      return Tid({static_cast<Transport>(below(4)), addresses[below(5)], std::to_string(below(65536)),
                  "nqn.x:" + std::to_string(below(9)) + "\"\\", below(2) ? "10.1.1.1" : "", below(2) ? "eth0" : "",
                  below(2) ? kHost : ""});
    };
    const auto random_dlpe = [&] {
      Dlpe dlpe = sample_dlpe(below(60000));
      dlpe.trtype = static_cast<std::uint8_t>(below(256));
      dlpe.adrfam = static_cast<std::uint8_t>(below(256));
      dlpe.subtype = static_cast<std::uint8_t>(below(256));
      dlpe.treq = static_cast<std::uint8_t>(below(256));
      dlpe.eflags = static_cast<std::uint16_t>(below(65536));
      if (below(2)) dlpe.tsas = "{'sectype': 'tls1.3'}";
      return dlpe;
    };
    const std::string origins[] = {"", "configured", "discovered", "referral"};
    KnownStafd stafd;
    KnownStacd stacd;
    for (unsigned i = below(6); i-- > 0;) {
      KnownDc dc{random_tid(), origins[below(4)], below(2) == 1, {}, {}};
      if (below(2)) dc.genctr = std::uint64_t{random()} << below(33);
      std::vector<Dlpe> entries(below(5));
      std::generate(entries.begin(), entries.end(), random_dlpe);
      dc.entries = std::move(entries);
      stafd.dcs.push_back(std::move(dc));
      KnownIoc ioc{random_tid(), below(2) == 1, {}, {}};
      for (unsigned k = below(3); k-- > 0;) ioc.sources.push_back({random_tid(), origins[below(4)]});
      if (below(2)) ioc.dlpe = random_dlpe();
      stacd.iocs.push_back(std::move(ioc));
      stafd.resolved["h" + std::to_string(below(9))] = {below(2) ? "10.0.0.1" : "fe80::1%eth0", "10.0.0.2"};
    }
    stacd.resolved = stafd.resolved;
    ASSERT_EQ(parse_known_stafd(format_last_known(stafd), "f").known, stafd) << "seed " << seed;
    ASSERT_EQ(parse_known_stacd(format_last_known(stacd), "f").known, stacd) << "seed " << seed;
  }
}

TEST(LastKnown, ALargeFabricFitsTheBounds) {
  KnownStafd known;
  for (unsigned i = 0; i < 20; ++i) {
    std::vector<Dlpe> entries;
    for (unsigned k = 0; k < 100; ++k) entries.push_back(sample_dlpe(k));
    known.dcs.push_back({sample_tid("10.1.0." + std::to_string(i + 1)), "discovered", true, i, std::move(entries)});
  }
  EXPECT_EQ(parse_known_stafd(format_last_known(known), "f").known, known);
}

}  // namespace
}  // namespace stas
