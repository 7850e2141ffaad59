// SPDX-License-Identifier: Apache-2.0
//
// Discovery log page: wire to values to the dictionaries of the contract (3.4) and back; hostile pages (regressions 8,
// 14, 29, 35). The golden dictionaries were recorded from the peer.
#include "libstas/core/discovery/log_page.h"
#include "libstas/core/discovery/dlpe_text.h"

#include <algorithm>
#include <functional>
#include <string>

#include <gtest/gtest.h>

namespace stas {
namespace {

void put_text(std::string& bytes, std::size_t at, std::size_t size, std::string_view text, char pad) {
  std::string field(text.substr(0, size));
  field.resize(size, pad);
  bytes.replace(at, size, field);
}

// An entry as nvmet sends it; `pad` fills the text fields.
std::string wire(std::string_view subnqn = "nqn.2026-01.lab:sub1", std::string_view traddr = "10.0.0.2",
                 char pad = '\0') {
  std::string bytes(kDlpeSize, '\0');
  bytes[0] = 3;
  bytes[1] = 1;
  bytes[2] = 2;
  bytes[3] = 4;
  bytes[4] = 1;
  bytes[6] = bytes[7] = '\xff';
  bytes[8] = 32;
  put_text(bytes, 32, 32, "8009", pad);
  put_text(bytes, 256, 256, subnqn, pad);
  put_text(bytes, 512, 256, traddr, pad);
  return bytes;
}

std::string text_of(const TextDict& dict) {
  std::string text;
  for (const auto& [key, value] : dict) text += key + "=" + value + ";";
  return text;
}

std::string parsed(const std::string& bytes) {
  const auto entries = parse_dlp_entries(bytes, bytes.size() / kDlpeSize);
  if (!entries) return "error: " + entries.error().text;
  std::string text;
  for (const Dlpe& dlpe : entries->entries) text += text_of(to_dict(dlpe));
  return entries->skipped == 0 ? text : text + "skipped " + std::to_string(entries->skipped);
}

constexpr char kGolden[] =
    "trtype=tcp;adrfam=ipv4;traddr=10.0.0.2;trsvcid=8009;subnqn=nqn.2026-01.lab:sub1;subtype=nvme;treq=disable sqflow;"
    "portid=1;cntlid=65535;asqsz=32;eflags=0;";

TEST(LogPage, EntryBecomesTheRecordedDictionary) {
  EXPECT_EQ(parsed(wire()), kGolden);
  std::string dc = wire("nqn.2014-08.org.nvmexpress.discovery");
  dc[2] = 3;
  EXPECT_EQ(parsed(dc),
            "trtype=tcp;adrfam=ipv4;traddr=10.0.0.2;trsvcid=8009;subnqn=nqn.2014-08.org.nvmexpress.discovery;"
            "subtype=discovery;treq=disable sqflow;portid=1;cntlid=65535;asqsz=32;eflags=0;");
}

TEST(LogPage, PaddingIsTrimmed) {
  EXPECT_EQ(parsed(wire("nqn.2026-01.lab:sub1", "10.0.0.2", ' ')), kGolden);
  EXPECT_EQ(parsed(wire("  nqn.2026-01.lab:sub1", "\t10.0.0.2 \n")), kGolden);
  EXPECT_EQ(parsed(wire(std::string_view("nqn.2026-01.lab:sub1\0garbage\n", 29))), kGolden);
}

TEST(LogPage, TextsWithoutTerminatorStayInTheirField) {
  const std::string longest(223, 'q');
  const auto page = parse_dlp_entries(wire(longest, std::string(256, 'a')), 1);
  ASSERT_EQ(page->entries.size(), 1U);
  EXPECT_EQ(page->entries[0].subnqn, longest);
  EXPECT_EQ(page->entries[0].traddr, std::string(256, 'a'));
  EXPECT_EQ(parsed(wire(std::string(256, 'q'))), "skipped 1");
}

TEST(LogPage, UnusableEntriesAreSkippedAndCounted) {
  struct Row {
    const char* name;
    std::string subnqn, traddr;
  };
  const Row rows[] = {
      {"no address", "n", ""},
      {"blank address", "n", "   "},
      {"unspecified IPv4", "n", "0.0.0.0"},
      {"unspecified IPv6", "n", "::"},
      {"unspecified, spelled out", "n", "0:0:0:0:0:0:0:0"},
      {"injecting address", "n", "10.0.0.2,hostnqn=evil"},
      {"injecting NQN", "n,nqn=evil", "10.0.0.2"},
      {"control character in the address", "n", "10.0.0.2\x1b[2J"},
      {"line feed in the NQN", "n\nm", "10.0.0.2"},
      {"no NQN", "", "10.0.0.2"},
      {"NQN that is not UTF-8", "n\xff", "10.0.0.2"},
      {"address that is not UTF-8", "n", "10.0.0.2\xff"},
  };
  for (const auto& row : rows) EXPECT_EQ(parsed(wire(row.subnqn, row.traddr)), "skipped 1") << row.name;
  EXPECT_EQ(parsed(wire("n,m") + wire() + wire("n", "::")), std::string(kGolden) + "skipped 2");
  std::string port = wire();
  put_text(port, 32, 32, "1,x=y", '\0');
  EXPECT_EQ(parsed(port), "skipped 1");
}

TEST(LogPage, SkippedEntriesSayWhatTheyNamed) {
  const auto page =
      parse_dlp_entries(wire("n.b", "") + wire() + wire("n.a", "::") + wire("n.b", "0.0.0.0") + wire("x,y"), 5);
  EXPECT_EQ(page->skipped, 4U);
  EXPECT_EQ(page->skipped_nqns, (std::vector<std::string>{"", "n.a", "n.b"}));
}

TEST(LogPage, FcAndLoopEntriesAreUnderstood) {
  std::string fc = wire("n", "nn-0x1,pn-0x2");
  fc[0] = 2;
  fc[1] = 4;
  EXPECT_EQ(parsed(fc).substr(0, 44), "trtype=fc;adrfam=fc;traddr=nn-0x1:pn-0x2;trs");
  std::string loop = wire("n", "");
  loop[0] = loop[1] = '\xfe';
  EXPECT_EQ(parsed(loop).substr(0, 30), "trtype=loop;adrfam=254;traddr=");
}

TEST(LogPage, WhatIsLeftOutIsNamedUpToABound) {
  const auto text = [](const std::string& bytes) {
    const auto entries = parse_dlp_entries(bytes, bytes.size() / kDlpeSize);
    return entries ? left_out_text(entries->skipped, entries->left_out) : entries.error().text;
  };
  const std::string bad = wire("nqn.a", "0.0.0.0"), prefix = "Left out 1 unusable entries of the discovery log page: ";
  EXPECT_EQ(text(wire() + bad), prefix + "(tcp, 0.0.0.0, 8009, nqn.a): traddr cannot be used");
  EXPECT_EQ(text(wire("n,m", "::1")), prefix + "(tcp, ::1, 8009, n,m): subnqn cannot be used");
  EXPECT_EQ(text(wire("n\nm", "::1")), prefix + "(tcp, ::1, 8009, n?m): subnqn cannot be used");
  EXPECT_EQ(text(wire("n", "DHHC-1:00:x,")), prefix + "(tcp, ***, 8009, n): traddr cannot be used");
  std::string many;
  for (int i = 0; i < 9; ++i) many += bad;
  const std::string nine = text(many);
  EXPECT_TRUE(nine.starts_with("Left out 9 ")) << nine;
  EXPECT_TRUE(nine.ends_with("cannot be used, ...")) << nine;
  EXPECT_EQ(std::count(nine.begin(), nine.end(), '('), static_cast<long>(kMaxLeftOutNamed));
}

// A page that 2.4.1's stafd passes on has it as the target wrote it.
TEST(LogPage, AFibreChannelAddressFromTheBusHasAColon) {
  Dlpe dlpe;
  dlpe.trtype = kDlpTrtypeFc;
  dlpe.subnqn = "n";
  dlpe.traddr = "nn-0x200000110d000001,pn-0x200000110d000002";
  const auto back = dlpe_from_dict(to_dict(dlpe));
  ASSERT_TRUE(back) << back.error().text;
  EXPECT_EQ(back->traddr, "nn-0x200000110d000001:pn-0x200000110d000002");
}

TEST(LogPage, ValuesWithoutNameAreNumbers) {
  std::string odd = wire();
  odd[0] = 77;
  odd[1] = 5;
  odd[2] = 0;
  odd[3] = 5;
  odd[10] = 7;
  odd[11] = 1;
  EXPECT_EQ(parsed(odd),
            "trtype=77;adrfam=5;traddr=10.0.0.2;trsvcid=8009;subnqn=nqn.2026-01.lab:sub1;subtype=0;treq=5;"
            "portid=1;cntlid=65535;asqsz=32;eflags=263;");
}

TEST(LogPage, TsasHasPythonsSpelling) {
  const auto tsas = [](char trtype, std::string_view bytes) {
    std::string entry = wire();
    entry[0] = trtype;
    entry.replace(768, bytes.size(), bytes);
    return parse_dlp_entries(entry, 1)->entries.at(0).tsas;
  };
  EXPECT_EQ(tsas(3, std::string_view("\0", 1)), "");
  EXPECT_EQ(tsas(3, "\1"), "{'sectype': 'tls'}");
  EXPECT_EQ(tsas(3, "\2"), "{'sectype': 'tls1.3'}");
  EXPECT_EQ(tsas(3, "\3"), "{'sectype': 'reserved'}");
  EXPECT_EQ(tsas(1, "\1\1\1"), "{'qptype': 'connected', 'prtype': 'not specified', 'cms': 'cm'}");
  EXPECT_EQ(tsas(1, "\2\4\2"), "{'qptype': 'datagram', 'prtype': 'rocev2', 'cms': 'reserved'}");
  EXPECT_EQ(tsas(1, std::string_view("\0\5\0", 3)), "{'qptype': 'reserved', 'prtype': 'iwarp', 'cms': 'reserved'}");
  EXPECT_EQ(tsas(2, "\1\1\1"), "");
}

TEST(LogPage, FlagsHaveNames) {
  EXPECT_TRUE(Dlpe{.eflags = 4}.ncc());
  EXPECT_TRUE(Dlpe{.eflags = 2}.epcsd());
  EXPECT_TRUE(Dlpe{.eflags = 1}.dupretinfo());
  EXPECT_FALSE(Dlpe{.eflags = 3}.ncc());
}

TEST(LogPage, HeaderIsReadLittleEndian) {
  std::string bytes("\x08\x07\x06\x05\x04\x03\x02\x81\x02\x01\0\0\0\0\0\0\0\0\0\0", 20);
  const auto header = parse_dlp_header(bytes);
  ASSERT_TRUE(header);
  EXPECT_EQ(*header, (DlpHeader{0x8102030405060708U, 0x102, 0}));
}

TEST(LogPage, LyingHeadersAreRejected) {
  std::string bytes(20, '\0');
  EXPECT_TRUE(parse_dlp_header(bytes));
  EXPECT_FALSE(parse_dlp_header(bytes.substr(0, 19)));
  std::string many = bytes;
  many[10] = 1;
  EXPECT_TRUE(parse_dlp_header(many)) << "65536 records are the most";
  many[8] = 1;
  EXPECT_FALSE(parse_dlp_header(many));
  std::string overflow = bytes;
  overflow[15] = '\x40';  // times 1024 is zero in 64 bits
  EXPECT_FALSE(parse_dlp_header(overflow));
  std::string format = bytes;
  format[16] = 1;
  EXPECT_FALSE(parse_dlp_header(format));
}

TEST(LogPage, EntriesMustFitTheirCount) {
  EXPECT_EQ(parse_dlp_entries("", 0)->entries.size(), 0U);
  EXPECT_FALSE(parse_dlp_entries(wire(), 2));
  EXPECT_FALSE(parse_dlp_entries(wire(), 0));
  EXPECT_FALSE(parse_dlp_entries(wire() + "x", 1));
  EXPECT_FALSE(parse_dlp_entries("", std::uint64_t{1} << 54U));
}

TEST(LogPage, DictionaryGoesBackToTheSameEntry) {
  for (const char trtype : {'\0', '\1', '\2', '\3', '\xfe', '\x4d'})
    for (const char flags : {'\0', '\1', '\2', '\3', '\4', '\7'}) {
      std::string bytes = wire();
      bytes[0] = trtype;
      bytes[1] = bytes[2] = bytes[3] = bytes[10] = bytes[768] = flags;
      const Dlpe dlpe = parse_dlp_entries(bytes, 1)->entries.at(0);
      const auto back = dlpe_from_dict(to_dict(dlpe));
      ASSERT_TRUE(back) << back.error().text;
      EXPECT_EQ(*back, dlpe);
    }
}

TEST(LogPage, OddDictionariesAreRefusedWithTheNameOfTheField) {
  const TextDict good = to_dict(parse_dlp_entries(wire(), 1)->entries.at(0));
  for (std::size_t i = 0; i < good.size(); ++i) {
    TextDict missing = good;
    missing.erase(missing.begin() + static_cast<std::ptrdiff_t>(i));
    const auto result = dlpe_from_dict(missing);
    ASSERT_FALSE(result) << good[i].first;
    EXPECT_EQ(result.error().text, "log page entry: " + good[i].first + " is missing");
  }
  const std::pair<std::string, std::string> odd[] = {
      {"trtype", "pigeon"},
      {"trtype", "256"},
      {"adrfam", ""},
      {"subtype", "-1"},
      {"treq", "1 "},
      {"portid", "65536"},
      {"cntlid", "0x1"},
      {"asqsz", "+1"},
      {"eflags", "1.0"},
      {"traddr", ""},
      {"traddr", "a,b"},
      {"traddr", "0.0.0.0"},
      {"subnqn", ""},
      {"subnqn", "a\nb"},
      {"trsvcid", "1,b"},
      {"subnqn", "\xff"},
      {"trsvcid", std::string(33, '1')},
      {"traddr", std::string(257, 'a')},
      {"tsas", "a\nb"},
      {"tsas", std::string(257, 'x')},
  };
  for (const auto& [key, value] : odd) {
    TextDict dict = good;
    dict.emplace_back("tsas", "{'sectype': 'tls'}");
    for (auto& pair : dict)
      if (pair.first == key) pair.second = value;
    const auto result = dlpe_from_dict(dict);
    ASSERT_FALSE(result) << key << "=" << value;
    EXPECT_NE(result.error().text.find(key), std::string::npos) << result.error().text;
  }
}

TEST(LogPage, UpstreamsExtraKeysDoNotDisturb) {
  TextDict dict = to_dict(parse_dlp_entries(wire(), 1)->entries.at(0));
  dict.emplace_back("tsas", "{'sectype': 'none'}");
  dict.emplace_back("novel", "x");
  EXPECT_EQ(dlpe_from_dict(dict)->tsas, "{'sectype': 'none'}");
}

// TREQ bits 1:0; bit 2 is about flow control. A port that speaks TLS demands it unless TREQ says that it need not be.
TEST(LogPage, WhatDemandsTlsIsToldByTreqAndTsas) {
  const struct {
    const char* claim;
    std::uint8_t trtype, treq;
    const char* tsas;
    const char* demand;
  } rows[] = {
      {"nothing", kDlpTrtypeTcp, 0, "", ""},
      {"flow control alone", kDlpTrtypeTcp, 4, "", ""},
      {"required", kDlpTrtypeTcp, 1, "", "treq=required"},
      {"required, with flow control", kDlpTrtypeTcp, 5, "{'sectype': 'tls1.3'}", "treq=required"},
      {"TLS, and nothing said", kDlpTrtypeTcp, 4, "{'sectype': 'tls1.3'}", "tsas=tls1.3"},
      {"TLS 1.2", kDlpTrtypeTcp, 0, "{'sectype': 'tls'}", "tsas=tls"},
      {"TLS for whoever wants it", kDlpTrtypeTcp, 6, "{'sectype': 'tls1.3'}", ""},
      {"no security, as 2.4.1 says it", kDlpTrtypeTcp, 0, "{'sectype': 'none'}", ""},
      {"reserved", kDlpTrtypeTcp, 0, "{'sectype': 'reserved'}", ""},
      {"reserved TREQ", kDlpTrtypeTcp, 3, "{'sectype': 'tls1.3'}", ""},
      {"RDMA has none", kDlpTrtypeRdma, 1, "{'qptype': 'connected', 'prtype': 'roce', 'cms': 'cm'}", ""},
  };
  for (const auto& row : rows) {
    Dlpe dlpe;
    dlpe.trtype = row.trtype;
    dlpe.treq = row.treq;
    dlpe.tsas = row.tsas;
    EXPECT_EQ(tls_demand(dlpe), row.demand) << row.claim;
  }
}

TEST(SupportedLogPages, BitsOfPage70hAreFound) {
  std::string bytes(1024, '\0');
  EXPECT_EQ(*parse_supported_log_pages(bytes), SupportedDlp{});
  bytes[0x70 * 4] = 1;
  bytes[0x70 * 4 + 2] = 2;
  EXPECT_EQ(*parse_supported_log_pages(bytes), (SupportedDlp{false, true, false}));
  bytes[0x70 * 4 + 2] = 5;
  EXPECT_EQ(*parse_supported_log_pages(bytes), (SupportedDlp{true, false, true}));
  EXPECT_FALSE(parse_supported_log_pages(bytes.substr(0, 1023)));
}

}  // namespace
}  // namespace stas
