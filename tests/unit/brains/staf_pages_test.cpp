// SPDX-License-Identifier: Apache-2.0
//
// What stacd makes of the answer of get_all_log_pages: of this stafd, of that of nvme-stas 2.4.1, and of nonsense.
#include "stacd/staf_pages.h"

#include <gtest/gtest.h>

#include "tests/unit/brains/notation.h"

namespace stas::stacd {
namespace {

using story::show;

constexpr const char* kEntry =
    R"({"trtype": "tcp", "adrfam": "ipv4", "traddr": "10.0.0.9", "trsvcid": "4420", "subnqn": "nqn.a",
        "subtype": "nvme", "treq": "disable sqflow", "portid": "1", "cntlid": "65535", "asqsz": "32", "eflags": "4"})";
constexpr const char* kDc =
    R"("transport": "tcp", "traddr": "10.0.0.1", "trsvcid": "8009",
       "subsysnqn": "nqn.2014-08.org.nvmexpress.discovery", "host-traddr": "10.0.0.7", "host-iface": "eth0",
       "host-nqn": "nqn.tenant", "device": "nvme0")";

std::string answer(const std::string& dc, const std::string& entries) {
  return R"([{"discovery-controller": {)" + dc + R"(}, "log-pages": [)" + entries + "]}]";
}

// "controller origin known|unknown entry..." per discovery controller, then what was skipped; or the error.
std::string read(const std::string& json) {
  const auto parsed = parse_staf_pages(json);
  if (!parsed) return "error";
  std::string text;
  for (const auto& dc : parsed->dcs) {
    text += show(dc.tid) + " " + dc.origin + (dc.page_known ? " known" : " unknown");
    for (const auto& entry : dc.entries) text += " " + entry.traddr + "/" + entry.subnqn + (entry.ncc() ? "+ncc" : "");
    text += "\n";
  }
  if (parsed->flaws.count > 0) text += "skipped " + std::to_string(parsed->flaws.count) + "\n";
  return text;
}

TEST(StafPages, AnAnswerIsReadOrRefusedAsAWhole) {
  const std::string dc = kDc, entry = kEntry;
  const std::string tid = "10.0.0.1%eth0<10.0.0.7@nqn.tenant ";
  const auto operation = [](const char* text) { return R"(, "get log page operation": ")" + std::string(text) + '"'; };
  const struct {
    const char* claim;
    std::string json;
    std::string expect;
  } rows[] = {
      {"nothing is nothing", "[]", ""},
      {"a page with entries is known", answer(dc + R"(, "origin": "configured")", entry),
       tid + "configured known 10.0.0.9/nqn.a+ncc\n"},
      {"no origin, as the short form of 2.4.1", answer(dc, entry), tid + " known 10.0.0.9/nqn.a+ncc\n"},
      {"an empty page is known when the last read went well: #25",
       answer(dc + operation("{'fail count': 0, 'completed': True, 'alive': True}"), ""), tid + " known\n"},
      {"... is unknown while the first read runs: #1",
       answer(dc + operation("{'fail count': 0, 'completed': False, 'alive': True}"), ""), tid + " unknown\n"},
      {"... is unknown after failures: #1",
       answer(dc + operation("{'fail count': 2, 'completed': True, 'alive': True}"), ""), tid + " unknown\n"},
      {"... is unknown when nothing is said: #1", answer(dc, ""), tid + " unknown\n"},
      {"a controller whose name has not been resolved",
       answer(R"("transport": "tcp", "traddr": "dc.example", "subsysnqn": "nqn.dc", "host-nqn": "nqn.host")", ""),
       "dc.example/nqn.dc  unknown\n"},
      {"an entry that cannot be used is skipped and counted: #8", answer(dc, entry + R"(, {"trtype": "tcp"})"),
       tid + " known 10.0.0.9/nqn.a+ncc\nskipped 1\n"},
      {"a controller that cannot be used spoils it all: its absence would look like its removal",
       answer(R"("transport": "carrier pigeon", "traddr": "10.0.0.1", "subsysnqn": "nqn.dc")", entry), "error"},
      {"... also one whose address would be two options of a connect",
       answer(R"("transport": "tcp", "traddr": "10.0.0.1,hostnqn=x", "subsysnqn": "nqn.dc")", entry), "error"},
      {"no discovery-controller", R"([{"log-pages": []}])", "error"},
      {"no log-pages", R"([{"discovery-controller": {"transport": "tcp", "traddr": "10.0.0.1"}}])", "error"},
      {"pages that are no list", R"([{"discovery-controller": {"transport": "tcp"}, "log-pages": {}}])", "error"},
      {"an object", "{}", "error"},
      {"cut off", answer(dc, entry).substr(0, 100), "error"},
      {"no text at all", "", "error"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.claim);
    EXPECT_EQ(read(row.json), row.expect);
  }
}

TEST(StafPages, ListsAreBounded) {
  const std::string one = R"({"discovery-controller": {"transport": "tcp", "traddr": "1.1.1.1", "subsysnqn": "n"},
                             "log-pages": []})";
  std::string json = "[" + one;
  for (std::size_t i = 1; i < kMaxStafDcs; ++i) json += "," + one;
  EXPECT_TRUE(parse_staf_pages(json + "]"));
  EXPECT_FALSE(parse_staf_pages(json + "," + one + "]"));
}

TEST(StafPages, AListOfPagesIsReadOrRefusedAsAWhole) {
  const TextDict dc = {{"transport", "tcp"},     {"traddr", "10.0.0.1"}, {"trsvcid", "8009"}, {"subsysnqn", "nqn.dc"},
                       {"origin", "configured"}, {"page known", "True"}, {"page", "7"}};
  const auto list = parse_page_list({dc});
  ASSERT_TRUE(list);
  EXPECT_EQ(list->at(0).dc.tid.traddr(), "10.0.0.1");
  EXPECT_EQ(list->at(0).dc.origin, "configured");
  EXPECT_TRUE(list->at(0).dc.page_known);
  EXPECT_EQ(list->at(0).page, "7");
  for (std::size_t missing : {0U, 1U, 3U, 5U, 6U}) {
    auto broken = dc;
    broken.erase(broken.begin() + static_cast<std::ptrdiff_t>(missing));
    EXPECT_FALSE(parse_page_list({dc, broken})) << dc[missing].first;
  }
  EXPECT_TRUE(parse_page_list(std::vector<TextDict>(kMaxStafDcs, dc)));
  EXPECT_FALSE(parse_page_list(std::vector<TextDict>(kMaxStafDcs + 1, dc)));
}

TEST(StafPages, APieceSaysWhatComesNext) {
  const std::string entry = kEntry;
  const auto piece = parse_page_piece(R"({"log-pages": [)" + entry + R"(, {"subnqn": "nqn.b"}], "next": "2"})");
  ASSERT_TRUE(piece);
  EXPECT_EQ(piece->entries.size(), 1U);
  EXPECT_EQ(piece->skipped, std::vector<std::string>{"nqn.b"});
  EXPECT_EQ(piece->flaws.count, 1U);
  EXPECT_EQ(piece->next, "2");
  EXPECT_TRUE(parse_page_piece(R"({"log-pages": [], "next": ""})"));
  for (const char* text : {"", "[]", "{}", R"({"log-pages": []})", R"({"log-pages": {}, "next": ""})",
                           R"({"log-pages": [], "next": 2})", R"({"next": "2"})", R"({"log-pages": [], "next": "2"})"})
    EXPECT_FALSE(parse_page_piece(text)) << text;
}

TEST(StafPages, DictionariesNameControllers) {
  const auto tid = tid_of_dict(
      {{"transport", "tcp"}, {"traddr", "10.0.0.1"}, {"subsysnqn", "nqn.a"}, {"host-iface", "eth0"}, {"x", "y"}});
  ASSERT_TRUE(tid);
  EXPECT_EQ(tid->traddr(), "10.0.0.1");
  EXPECT_EQ(tid->host_iface(), "eth0");
  EXPECT_FALSE(tid_of_dict({{"traddr", "10.0.0.1"}}));
  EXPECT_FALSE(tid_of_dict({}));
}

}  // namespace
}  // namespace stas::stacd
