// SPDX-License-Identifier: Apache-2.0
//
// Time spans: the table of the compatibility contract (2.10), row by row (regressions 21).
#include "libstas/core/config/duration.h"

#include <string>

#include <gtest/gtest.h>

namespace stas {
namespace {

TEST(TimeSpan, EveryAcceptedFormHasItsValue) {
  const struct {
    const char* text;
    double seconds;
  } rows[] = {
      {"1", 1},
      {"0.5", 0.5},
      {"-1", -1},
      {"1e3", 1000},
      {"+2", 2},
      {"1_000", 1000},
      {" 72 ", 72},
      {"1s", 1},
      {"1 sec", 1},
      {"1 second", 1},
      {"1 seconds", 1},
      {"1 secs", 1},
      {"1 min", 60},
      {"1M", 60},
      {"5 m", 300},
      {"5minutes", 300},
      {"1 hour", 3600},
      {"1hr", 3600},
      {"2 hrs", 7200},
      {"1.5h", 5400},
      {"72hours", 259200},
      {"72 HOURS", 259200},
      {"1.2 minutes", 72},
      {"- 1 minute", -60},
      {"+ 1 minute", 60},
      {"| 1 minute", 60},
      {"1 dy", 86400},
      {"2 dys", 172800},
      {"1:01", 61},
      {":05", 5},
      {":05.5", 5.5},
      {"10:00:00", 36000},
      {"100:00:00", 360000},
      {"1:02:03:04", 93784},
      {"1 day 10:00:00", 122400},
      {"3 days 5 hours", 277200},
      {"2 days, 3 hrs/4m", 183840},
      {"1h30m", 5400},
      {"1 minute, 24 secs", 84},
      {"1.2 seconds", 1.2},
      {"-1.5 days 2 secs", -129598},
      {"-1 day 2 secs", -86402},
      {"-1:30", -90},
      {"0", 0},
  };
  for (const auto& row : rows) {
    const auto seconds = parse_time_span(row.text);
    ASSERT_TRUE(seconds) << row.text;
    EXPECT_DOUBLE_EQ(*seconds, row.seconds) << row.text;
  }
}

TEST(TimeSpan, GarbageIsRefused) {
  for (const char* text : {"blah",
                           "",
                           " ",
                           "1w",
                           "1 week",
                           "1h30",
                           ":5",
                           "1:5",
                           "1 minute 30",
                           "1.2.3 s",
                           "inf",
                           "nan",
                           "-inf",
                           "1e400",
                           "1e30",
                           "40000 days",
                           "101 weeks",
                           "-",
                           "1:",
                           "::",
                           "1::01",
                           "123:01",
                           "1:1:01",
                           "0x10",
                           "1 hour 10:00:00",
                           "1s 1m",
                           "1_",
                           "_1",
                           "1__0",
                           "+-1",
                           "--1",
                           "1 day day",
                           ".",
                           ". s",
                           "1s,",
                           "1:01.",
                           "1:02:03:04:05",
                           "h"}) {
    EXPECT_FALSE(parse_time_span(text)) << text;
  }
  EXPECT_FALSE(parse_time_span(std::string(1000, '1')));
  EXPECT_FALSE(parse_time_span(std::string("1\0s", 3)));
}

}  // namespace
}  // namespace stas
