// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/os/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stas {
namespace {

using testing::ElementsAre;

TEST(LogLine, KeepsTextAndReplacesWhatTerminalsObey) {
  EXPECT_EQ(log_line("nvme3 - f\xc3\xbcr \xe2\x82\xac"), "nvme3 - f\xc3\xbcr \xe2\x82\xac");
  EXPECT_EQ(log_line("a\nb\tc\x1b[31m\x7f"), "a?b?c?[31m?");
  EXPECT_EQ(log_line(std::string("a\0b", 3)), "a?b");
  EXPECT_EQ(log_line("a\xc2\x9b"
                     "b"),
            "a?b");                             // U+009B, one-byte CSI
  EXPECT_EQ(log_line("\xc2\xa0"), "\xc2\xa0");  // U+00A0 is no control character
  EXPECT_EQ(log_line("bad\xff\xc3\xbc"), "bad???");
}

TEST(LogLine, CutsBetweenCharacters) {
  EXPECT_EQ(log_line(std::string(kMaxLogText, 'a')), std::string(kMaxLogText, 'a'));
  EXPECT_EQ(log_line(std::string(kMaxLogText + 1, 'a')), std::string(kMaxLogText, 'a') + "...");
  const std::string before(kMaxLogText - 1, 'a');
  EXPECT_EQ(log_line(before + "\xe2\x82\xac" + "end"), before + "...");
}

TEST(Journal, AnEntryCarriesPriorityIdentifierAndFields) {
  const Journal journal("stafd", Journal::Sink::journal);
  EXPECT_THAT(journal.entry(Level::error, "tid | nvme3 - lost", {{"STAS_TID", "(tcp)"}, {"STAS_DEVICE", ""}}),
              ElementsAre("MESSAGE=tid | nvme3 - lost", "PRIORITY=3", "SYSLOG_IDENTIFIER=stafd", "STAS_TID=(tcp)"));
  EXPECT_EQ(journal.entry(Level::warning, "", {})[1], "PRIORITY=4");
  EXPECT_EQ(journal.entry(Level::info, "", {})[1], "PRIORITY=6");
  EXPECT_EQ(journal.entry(Level::debug, "", {})[1], "PRIORITY=7");
  EXPECT_EQ(journal.entry(Level::info, "a\nPRIORITY=0", {})[0], "MESSAGE=a?PRIORITY=0");
}

TEST(Journal, StandardErrorGetsTheMessageOnly) {
  const Journal journal("stafd", Journal::Sink::standard_error);
  testing::internal::CaptureStderr();
  journal.log(Level::error, "first", {{"STAS_TID", "(tcp)"}});
  journal.info("second\nline");
  journal.debug("not without tron");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "first\nsecond?line\n");
}

TEST(Journal, TronShowsDebug) {
  Journal journal("stafd", Journal::Sink::standard_error);
  EXPECT_EQ(journal.level_name(), "INFO");
  EXPECT_FALSE(journal.wants(Level::debug));
  journal.set_tron(true);
  EXPECT_EQ(journal.level_name(), "DEBUG");
  testing::internal::CaptureStderr();
  journal.debug("detail");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "detail\n");
}

}  // namespace
}  // namespace stas
