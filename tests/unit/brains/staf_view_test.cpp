// SPDX-License-Identifier: Apache-2.0
//
// How much stacd remembers of what stafd listed once (stacd/staf_view.h): enough for every controller of an answer,
// whatever else was listed before, and no more than a bound.
#include "stacd/staf_view.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "stacd/staf_pages.h"

namespace stas {
namespace {

constexpr std::size_t kBound = 2 * stacd::kMaxStafDcs;

// The controllers of a network, as many as one answer may hold. The later ones sort before the earlier ones.
std::vector<Tid> network(int number) {
  std::vector<Tid> tids;
  for (std::size_t i = 0; i < stacd::kMaxStafDcs; ++i)
    tids.emplace_back(TidFields{
        Transport::tcp,
        "10." + std::to_string(99 - number) + "." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1), "8009",
        "nqn.dc", "", "", "nqn.host"});
  return tids;
}

TEST(StafView, WhatWasListedBeforeIsRememberedUpToABound) {
  StafView view;
  std::vector<Tid> all;
  Instant now{std::chrono::hours(1)};
  view.appeared(now);
  for (int number = 0; number < 4; ++number) {
    now += std::chrono::minutes(1);
    StafPages pages{std::vector<StafDc>(), {}, true};
    const auto tids = network(number);
    for (const Tid& tid : tids) pages.dcs->push_back(StafDc{tid, "configured", true, {}});
    all.insert(all.end(), tids.begin(), tids.end());
    ASSERT_TRUE(view.answered(std::move(pages), now, now));
    const auto remembered = std::ranges::count_if(all, [&](const Tid& tid) { return view.listed_before(tid); });
    EXPECT_EQ(static_cast<std::size_t>(remembered), std::min(all.size(), kBound)) << "after answer " << number;
    EXPECT_TRUE(std::ranges::all_of(tids, [&](const Tid& tid) { return view.first_listed(tid) == now; }))
        << "what is listed is not forgotten";
  }
  view.vanished(now);
  view.appeared(now);
  EXPECT_TRUE(std::ranges::none_of(all, [&](const Tid& tid) { return view.listed_before(tid); }))
      << "another instance has listed nothing so far";
}

}  // namespace
}  // namespace stas
