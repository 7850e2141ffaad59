// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon/metrics_file.h"

#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "libstas/sys/os/files.h"
#include "tests/unit/sys/loop_helper.h"
#include "tests/unit/sys/temporary_directory.h"

namespace stas {
namespace {

class MetricsFileTest : public ::testing::Test {
 protected:
  std::unique_ptr<MetricsFile> make(std::string text) {
    return std::make_unique<MetricsFile>(loop_, path_, journal_, [this, text = std::move(text)] {
      ++texts_;
      return text;
    });
  }
  std::string content() const { return read_file_bounded(path_, 100).value_or("none"); }

  Loop loop_;
  test::TemporaryDirectory directory_;
  std::string path_ = directory_ / "metrics.prom";
  Journal journal_{"test", Journal::Sink::standard_error};
  int texts_ = 0;
};

TEST_F(MetricsFileTest, WritesAtOnceThenSeldomAndTakesItsFileAway) {
  auto file = make("a 1\n");
  file->changed();  // before start() there is none
  file->start();
  ASSERT_TRUE(test::run_until(loop_, [&] { return content() == "a 1\n"; }));
  struct stat status = {};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0644U) << "who collects it is somebody else";
  for (int i = 0; i < 100; ++i) file->changed();
  test::run_until(
      loop_, [] { return false; }, std::chrono::milliseconds(50));
  EXPECT_EQ(texts_, 1);
  file.reset();
  EXPECT_FALSE(std::filesystem::exists(path_)) << "what it says is not true any more";
}

TEST_F(MetricsFileTest, ASecondWriterRefuses) {
  testing::internal::CaptureStderr();
  auto first = make("first 1\n");
  auto second = make("second 1\n");
  first->start();
  second->start();
  ASSERT_TRUE(test::run_until(loop_, [&] { return content() == "first 1\n"; }));
  second->changed();
  second.reset();
  EXPECT_EQ(content(), "first 1\n");
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("No metrics are written: another process writes " + path_), std::string::npos) << said;
  first.reset();
  auto third = make("third 1\n");
  third->start();
  EXPECT_TRUE(test::run_until(loop_, [&] { return content() == "third 1\n"; })) << "the lock went with the first";
}

}  // namespace
}  // namespace stas
