// SPDX-License-Identifier: Apache-2.0
//
// The files of the host-wide exclusion list: what is read at start, that a change is noticed, and that a file which
// cannot be read changes nothing.
#include "libstas/sys/daemon/exclusion_files.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/sys/loop_helper.h"
#include "tests/unit/sys/temporary_directory.h"

namespace stas {
namespace {

namespace fs = std::filesystem;

class ExclusionFilesTest : public ::testing::Test {
 protected:
  ExclusionFiles& files() {
    if (!files_)
      files_ = std::make_unique<ExclusionFiles>(
          loop_, journal_, [this](std::shared_ptr<const HostExclusions> list) { list_ = std::move(list), ++news_; },
          directory_.path());
    return *files_;
  }
  void write(const std::string& name, const std::string& entries) const {
    std::ofstream(directory_ / (name + ".new")) << "[exclusions]\n" << entries;
    fs::rename(directory_ / (name + ".new"), directory_ / name);
  }
  // "nqn.a nqn.b"
  std::string nqns() const {
    std::string text;
    if (list_)
      for (const auto& entry : *list_) text += (text.empty() ? "" : " ") + entry.subsysnqn.value_or("?");
    return text;
  }
  bool becomes(const std::string& text) {
    return test::run_until(loop_, [&] { return nqns() == text; });
  }

  Loop loop_;
  test::TemporaryDirectory directory_;
  Journal journal_{"test", Journal::Sink::standard_error};
  std::shared_ptr<const HostExclusions> list_;
  int news_ = 0;
  std::unique_ptr<ExclusionFiles> files_;
};

TEST_F(ExclusionFilesTest, WithoutAnyThereIsNothingToTell) {
  files().start();
  EXPECT_EQ(news_, 0);
  EXPECT_TRUE(fs::is_empty(directory_.path()));
}

TEST_F(ExclusionFilesTest, AllFilesAreReadAtStartTheMainOneFirst) {
  fs::create_directory(directory_ / "exclusions.conf.d");
  write("exclusions.conf", "exclusion = nqn=nqn.main\n");
  write("exclusions.conf.d/b.conf", "exclusion = nqn=nqn.b\n");
  write("exclusions.conf.d/a.conf", "exclusion = nqn=nqn.a1\nexclusion = nqn=nqn.a2\n");
  write("exclusions.conf.d/c.conf.bak", "exclusion = nqn=nqn.c\n");
  write("exclusions.conf.d/.conf", "exclusion = nqn=nqn.d\n");
  files().start();
  EXPECT_EQ(nqns(), "nqn.main nqn.a1 nqn.a2 nqn.b");
  EXPECT_EQ(news_, 1);
}

TEST_F(ExclusionFilesTest, AChangeIsNoticed) {
  files().start();
  write("exclusions.conf", "exclusion = nqn=nqn.a\n");
  EXPECT_TRUE(becomes("nqn.a"));
  std::ofstream(directory_ / "exclusions.conf", std::ios::app) << "exclusion = nqn=nqn.b\n";
  EXPECT_TRUE(becomes("nqn.a nqn.b"));
  fs::create_directory(directory_ / "exclusions.conf.d");
  EXPECT_TRUE(becomes("nqn.a nqn.b"));
  write("exclusions.conf.d/x.conf", "exclusion = nqn=nqn.x\n");
  EXPECT_TRUE(becomes("nqn.a nqn.b nqn.x"));
  fs::remove_all(directory_ / "exclusions.conf.d");
  EXPECT_TRUE(becomes("nqn.a nqn.b"));
  fs::remove(directory_ / "exclusions.conf");
  EXPECT_TRUE(becomes(""));
}

TEST_F(ExclusionFilesTest, WhatCannotBeReadStaysAsItWas) {
  fs::create_directory(directory_ / "exclusions.conf.d");
  write("exclusions.conf", "exclusion = nqn=nqn.main\n");
  write("exclusions.conf.d/a.conf", "exclusion = nqn=nqn.a\n");
  files().start();
  testing::internal::CaptureStderr();
  fs::remove(directory_ / "exclusions.conf");
  fs::create_directory(directory_ / "exclusions.conf");
  write("exclusions.conf.d/b.conf", "exclusion = nqn=nqn.b\nexclusion = wrong\n");
  EXPECT_TRUE(becomes("nqn.main nqn.a nqn.b"));
  files().read_again();
  write("exclusions.conf.d/b.conf", "exclusion = nqn=nqn.c\nexclusion = wrong\n");
  EXPECT_TRUE(becomes("nqn.main nqn.a nqn.c"));
  const std::string said = testing::internal::GetCapturedStderr();
  const std::string main = directory_ / "exclusions.conf: ";
  EXPECT_NE(said.find(main), std::string::npos) << said;
  EXPECT_EQ(said.find(main), said.rfind(main)) << "once: " << said;
  EXPECT_NE(said.find("b.conf:3: field `wrong` is not known"), std::string::npos) << said;
}

}  // namespace
}  // namespace stas
