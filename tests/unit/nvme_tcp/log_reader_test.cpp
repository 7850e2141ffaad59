// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/discovery/log_reader.h"

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "libstas/core/base/endian.h"

namespace stas {
namespace {

// The page of a controller, which may change between two reads.
struct Page {
  std::uint64_t genctr = 5;
  std::uint64_t numrec = 0;

  std::string read(const LogReader::Read& read) const {
    std::string page(kDlpHeaderSize + std::min<std::uint64_t>(numrec, 8192) * kDlpeSize, '\0');
    put_le(page, 0, genctr);
    put_le(page, 8, numrec);
    for (std::size_t i = 0; kDlpHeaderSize + (i + 1) * kDlpeSize <= page.size(); ++i) {
      const auto at = kDlpHeaderSize + i * kDlpeSize;
      page[at] = 3;
      page[at + 1] = 1;
      page[at + 2] = 2;
      const auto text = std::to_string(4420 + i % 1000);
      page.replace(at + 32, text.size(), text);
      const std::string nqn = "nqn.2024-01.org.example:" + std::to_string(i);
      page.replace(at + 256, nqn.size(), nqn);
      page.replace(at + 512, 9, "127.0.0.1");
    }
    page.resize(std::max<std::size_t>(page.size(), read.offset + read.length), '\0');
    return page.substr(read.offset, read.length);
  }
};

struct Run {
  std::vector<LogReader::Read> reads;
  std::optional<LogPage> page;
  std::optional<Error> error;
};

Run run(LogReader reader, Page page, const std::function<void(Page&, std::size_t reads)>& change = {}) {
  Run result;
  for (;;) {
    auto step = reader.next();
    if (auto* done = std::get_if<LogPage>(&step)) {
      result.page = std::move(*done);
      return result;
    }
    if (const auto* error = std::get_if<Error>(&step)) {
      result.error = *error;
      return result;
    }
    const auto read = std::get<LogReader::Read>(step);
    result.reads.push_back(read);
    EXPECT_LE(result.reads.size(), 1000U);
    if (result.reads.size() > 1000) return result;
    reader.feed(page.read(read));
    if (change) change(page, result.reads.size());
  }
}

TEST(LogReader, EmptyPageIsTwoHeadersTheSecondRearms) {
  const auto result = run(LogReader(false), {5, 0});
  EXPECT_EQ(result.reads, (std::vector<LogReader::Read>{{0x70, 0, true, 0, 20}, {0x70, 0, false, 0, 20}}));
  ASSERT_TRUE(result.page.has_value());
  EXPECT_EQ(result.page->genctr, 5U);
  EXPECT_TRUE(result.page->entries.empty());
  EXPECT_FALSE(result.page->unchanged);
}

TEST(LogReader, WhatFitsIntoOneTransferIsOneCommandThatRearms) {
  for (const std::uint32_t transfer : {5U << 10, 1U << 20}) {
    const auto result = run(LogReader(true, std::nullopt, transfer), {5, 4});
    EXPECT_EQ(result.reads, (std::vector<LogReader::Read>{{0x70, 2, true, 0, 20}, {0x70, 2, false, 0, 5 << 10}}));
    ASSERT_TRUE(result.page.has_value());
    EXPECT_EQ(result.page->genctr, 5U);
    ASSERT_EQ(result.page->entries.size(), 4U);
    EXPECT_EQ(result.page->entries[3].subnqn, "nqn.2024-01.org.example:3");
  }
}

TEST(LogReader, EntriesComeInTheLargestTransfersAllowed) {
  const auto result = run(LogReader(true, std::nullopt, 4096 + 100), {5, 9});
  EXPECT_EQ(result.reads, (std::vector<LogReader::Read>{{0x70, 2, true, 0, 20},
                                                        {0x70, 2, true, 1024, 4096},
                                                        {0x70, 2, true, 5120, 4096},
                                                        {0x70, 2, true, 9216, 1024},
                                                        {0x70, 2, false, 0, 20}}));
  ASSERT_TRUE(result.page.has_value());
  ASSERT_EQ(result.page->entries.size(), 9U);
  EXPECT_EQ(result.page->entries[8].subnqn, "nqn.2024-01.org.example:8");
}

// A page of entries of this port only has a count of its own (D-15).
TEST(LogReader, HeaderAndEntriesAreAskedForInTheSameWay) {
  for (const bool pleo : {false, true})
    for (const std::uint64_t records : {0U, 3U, 2048U})
      for (const auto& read : run(LogReader(pleo), {5, records}).reads)
        EXPECT_EQ(read.lsp, pleo ? kLspPleo : 0) << records << " records, offset " << read.offset;
}

TEST(LogReader, TransferLimitsAreBroughtIntoBounds) {
  EXPECT_EQ(run(LogReader(false, std::nullopt, 0), {5, 3}).reads.size(), 5U) << "an entry at a time";
  EXPECT_EQ(run(LogReader(false, std::nullopt, 0xFFFFFFFF), {5, 2048}).reads.size(), 4U) << "a MiB at a time";
}

TEST(LogReader, KnownGenerationIsNotReadAgainButRearmed) {
  const auto result = run(LogReader(false, 5), {5, 9});
  EXPECT_EQ(result.reads, (std::vector<LogReader::Read>{{0x70, 0, true, 0, 20}, {0x70, 0, false, 0, 20}}));
  ASSERT_TRUE(result.page.has_value());
  EXPECT_TRUE(result.page->unchanged);
  EXPECT_EQ(result.page->genctr, 5U);
}

TEST(LogReader, KnownGenerationThatMovesMeanwhileIsRead) {
  const auto result = run(LogReader(false, 5), {5, 1}, [](Page& page, std::size_t reads) {
    if (reads == 1) page = {6, 2};
  });
  ASSERT_TRUE(result.page.has_value());
  EXPECT_FALSE(result.page->unchanged);
  EXPECT_EQ(result.page->genctr, 6U);
  EXPECT_EQ(result.page->entries.size(), 2U);
}

TEST(LogReader, AnotherGenerationThanTheKnownOneIsRead) {
  const auto result = run(LogReader(false, 4), {5, 1});
  ASSERT_TRUE(result.page.has_value());
  EXPECT_FALSE(result.page->unchanged);
  EXPECT_EQ(result.page->entries.size(), 1U);
}

TEST(LogReader, ChangeDuringTheReadIsReadAgain) {
  struct Row {
    const char* what;
    Page changed;
  };
  for (const auto& row : {Row{"generation", {6, 4}}, Row{"more", {6, 7}}, Row{"fewer", {6, 1}}, Row{"none", {6, 0}},
                          Row{"count without generation", {5, 3}}}) {
    for (const bool in_pieces : {false, true}) {
      const auto result =
          run(LogReader(false, std::nullopt, in_pieces ? 2048 : 1U << 20), {5, 4}, [&](Page& page, std::size_t reads) {
            if (reads == (in_pieces ? 2 : 1)) page = row.changed;
          });
      ASSERT_TRUE(result.page.has_value()) << row.what;
      EXPECT_EQ(result.page->genctr, row.changed.genctr) << row.what;
      EXPECT_EQ(result.page->entries.size(), row.changed.numrec) << row.what;
      EXPECT_FALSE(result.reads.back().rae) << row.what;
    }
  }
}

TEST(LogReader, EndlessChangeEndsBusyAfterSixRounds) {
  const auto in_pieces =
      run(LogReader(false, std::nullopt, 2048), {5, 4}, [](Page& page, std::size_t) { ++page.genctr; });
  ASSERT_TRUE(in_pieces.error.has_value());
  EXPECT_EQ(in_pieces.error->kind, ErrorKind::busy);
  EXPECT_EQ(in_pieces.reads.size(), 1U + 3U * LogReader::kMaxRounds);
  const auto growing = run(LogReader(false), {5, 4}, [](Page& page, std::size_t) { ++page.numrec; });
  ASSERT_TRUE(growing.error.has_value());
  EXPECT_EQ(growing.error->kind, ErrorKind::busy);
  EXPECT_EQ(growing.reads.size(), 1U + LogReader::kMaxRounds);
}

TEST(LogReader, ImpossibleRecordCountsAreErrors) {
  for (const std::uint64_t numrec : {kMaxDlpes + 1, std::uint64_t{1} << 54, ~std::uint64_t{0}}) {
    const auto result = run(LogReader(false), {5, numrec});
    ASSERT_TRUE(result.error.has_value()) << numrec;
    EXPECT_EQ(result.reads.size(), 1U) << numrec;
  }
}

TEST(LogReader, DataOfAnotherLengthIsAnError) {
  for (const std::size_t length : {0U, 19U, 21U, 1024U}) {
    LogReader reader(false);
    reader.feed(std::string(length, '\0'));
    const auto step = reader.next();
    ASSERT_TRUE(std::holds_alternative<Error>(step)) << length;
    EXPECT_EQ(std::get<Error>(step).kind, ErrorKind::protocol) << length;
  }
}

}  // namespace
}  // namespace stas
