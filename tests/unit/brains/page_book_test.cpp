// SPDX-License-Identifier: Apache-2.0
//
// Pages by number, in pieces: from stafd's book to stacd's parser.
#include "stafd/page_book.h"

#include <gtest/gtest.h>

#include "libstas/core/base/json.h"
#include "stacd/staf_pages.h"
#include "tests/unit/brains/notation.h"

namespace stas::stafd {
namespace {

using story::tid_of;

Entries page(std::size_t count, const std::string& name = "nqn.x") {
  std::vector<Dlpe> entries;
  for (std::size_t i = 0; i < count; ++i) {
    Dlpe entry;
    entry.trtype = kDlpTrtypeTcp;
    entry.adrfam = 1;
    entry.subtype = kDlpSubtypeNvme;
    entry.traddr = "10.0.0.9";
    entry.trsvcid = "4420";
    entry.subnqn = "nqn.2024-01.org.example:" + name + std::to_string(i);
    entries.push_back(entry);
  }
  return entries;
}

// All pieces, as stacd puts them together; nothing when one of them is missing.
std::vector<Dlpe> read(const PageBook& book, std::uint64_t number, std::size_t* pieces = nullptr) {
  std::vector<Dlpe> entries;
  std::string next = "0";
  do {
    const auto text = book.piece(std::to_string(number), next);
    if (!text) return {};
    EXPECT_LT(text->size(), 2 * kPieceBytes);
    const auto piece = stacd::parse_page_piece(*text);
    if (!piece || piece->flaws.count > 0) return {};
    entries.insert(entries.end(), piece->entries.begin(), piece->entries.end());
    next = piece->next;
    if (pieces != nullptr) ++*pieces;
  } while (!next.empty());
  return entries;
}

TEST(PageBook, ALongPageComesInPiecesAndWhole) {
  PageBook book;
  const Tid tid = tid_of("10.0.0.1");
  const Entries entries = page(20'000);
  const auto numbers = book.list({{&tid, &entries}});
  std::size_t pieces = 0;
  EXPECT_EQ(read(book, numbers.at(0), &pieces), static_cast<const std::vector<Dlpe>&>(entries));
  EXPECT_GT(pieces, 2U);
}

TEST(PageBook, WhatWasListedStaysAsItWasUntilTheNextList) {
  PageBook book;
  const Tid tid = tid_of("10.0.0.1");
  const Entries before = page(3), after = page(2, "nqn.y");
  const auto first = book.list({{&tid, &before}}).at(0);
  EXPECT_EQ(read(book, first).size(), 3U);
  const auto second = book.list({{&tid, &after}}).at(0);
  EXPECT_NE(second, first);
  EXPECT_TRUE(read(book, first).empty()) << "it is not shown any more";
  EXPECT_EQ(read(book, second).size(), 2U);
}

TEST(PageBook, AnEqualPageKeepsItsNumberAndNamesOfOneConnectionShareIt) {
  PageBook book;
  const Tid one = tid_of("10.0.0.1"), two = tid_of("10.0.0.2");
  const Entries entries = page(3), again = page(3), other = page(3);
  const auto first = book.list({{&one, &entries}}).at(0);
  EXPECT_EQ(book.list({{&one, &again}}).at(0), first) << "read again, and nothing is new";
  EXPECT_EQ(book.list({{&one, &again}, {&two, &again}}), (std::vector{first, first}));
  const auto apart = book.list({{&one, &again}, {&two, &other}});
  EXPECT_EQ(apart.at(0), first);
  EXPECT_EQ(apart.at(1), first) << "equal to what it showed before";
}

TEST(PageBook, ANumberIsNeverUsedAgain) {
  PageBook book;
  const Tid one = tid_of("10.0.0.1");
  const Entries entries = page(1);
  const auto first = book.list({{&one, &entries}}).at(0);
  EXPECT_TRUE(book.list({}).empty());
  EXPECT_NE(book.list({{&one, &entries}}).at(0), first);
}

TEST(PageBook, NonsenseIsNoPage) {
  PageBook book;
  const Tid tid = tid_of("10.0.0.1");
  const Entries entries = page(3);
  const auto number = std::to_string(book.list({{&tid, &entries}}).at(0));
  for (const char* text : {"", "-1", "0x1", "1 ", "4", "99999999999999999999"})
    EXPECT_FALSE(book.piece(number, text)) << text;
  for (const char* text : {"", "0", "2", "-1", "1.0"}) EXPECT_FALSE(book.piece(text, "0")) << text;
  EXPECT_TRUE(book.piece(number, "3")) << "behind the last one there is an empty piece";
}

TEST(PageBook, TheTextOfAPageIsKeptWhileItIsAskedFor) {
  PageBook book;
  const Entries entries = page(2);
  const auto* text = &book.text_of(entries);
  book.forget_texts();
  EXPECT_EQ(&book.text_of(entries), text);
  const auto parsed = Json::parse(*text);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->as_array()->size(), 2U);
  EXPECT_EQ(book.text_of(Entries()), "[]");
}

}  // namespace
}  // namespace stas::stafd
