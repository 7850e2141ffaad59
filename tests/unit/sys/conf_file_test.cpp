// SPDX-License-Identifier: Apache-2.0
//
// stafd.conf and stacd.conf in files that are none: one complaint that names the file and what counts instead, and
// where it may be meant, how to mean it.
#include "libstas/sys/daemon/conf_file.h"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libstas/sys/os/files.h"
#include "tests/unit/sys/temporary_directory.h"

namespace stas {
namespace {

const std::string kMeant =
    ". An existing file with nothing but a comment in it means the defaults, without any controller\n";
const std::string kReload = "; the previous configuration stays in force";
const std::string kStart =
    "; the defaults that cut least apply, and no connection that is known from before is cut for what the file does "
    "not "
    "say";

constexpr ConfParser<StafdConfig> kStafd{parse_stafd_conf, unread_stafd_conf};
constexpr ConfParser<StacdConfig> kStacd{parse_stacd_conf, unread_stacd_conf};

class ConfFile : public testing::Test {
 protected:
  struct Fault {
    const char* why;
    std::string advice;
    std::function<void()> spoil;
  };

  std::vector<Fault> faults() const {
    std::vector<Fault> all{
        {"No such file or directory", kMeant, [] {}},
        {"No such file or directory", kMeant, [&] { std::filesystem::create_symlink("nowhere", path_); }},
        {"the file is empty", kMeant, [&] { put(""); }},
        {"Is a directory", "\n", [&] { std::filesystem::create_directory(path_); }},
        {"is no regular file", "\n", [&] { EXPECT_EQ(mkfifo(path_.c_str(), 0600), 0); }},
    };
    if (geteuid() != 0) all.push_back({"Permission denied", "\n", [&] { put("[Global]\n", 0); }});
    return all;
  }
  void put(const std::string& text, mode_t mode = 0600) const { ASSERT_TRUE(write_file_atomic(path_, text, mode)); }

  // What is said about the file at a reload and at a start; what is in force afterwards has to be what was, or nothing.
  template <class Config>
  void check(const ConfParser<Config>& parser, const std::string& line) const {
    const Config in_force = parser.parse("[Controllers]\ncontroller=" + line + "\n", path_, nullptr, {}).value;
    ASSERT_EQ(in_force.controllers.size(), 1U);
    for (const Fault& fault : faults()) {
      std::filesystem::remove(path_);
      fault.spoil();
      const auto reload = load_conf(path_, read_conf(path_), parser, &in_force);
      EXPECT_EQ(said(reload), "File:" + path_ + ": " + fault.why + kReload + fault.advice);
      EXPECT_EQ(reload.value, in_force) << fault.why;
      const Config* nothing = nullptr;
      const auto start = load_conf(path_, read_conf(path_), parser, nothing);
      EXPECT_EQ(said(start), "File:" + path_ + ": " + fault.why + kStart + fault.advice);
      ASSERT_EQ(start.value.doubts.size(), 1U) << fault.why;
      EXPECT_EQ(start.value.doubts[0].to_string(), path_ + ": " + fault.why) << "what is held for it says no more";
      EXPECT_TRUE(reload.broken && start.broken);
    }
    put("# nothing\n");
    const auto meant = load_conf(path_, read_conf(path_), parser, &in_force);
    EXPECT_EQ(said(meant), "");
    EXPECT_EQ(meant.value, parser.parse("[Controllers]\n", path_, nullptr, {}).value) << "as the advice says";
    EXPECT_TRUE(meant.value.controllers.empty() && meant.value.doubts.empty());
  }

  template <class Config>
  static std::string said(const Parsed<Config>& parsed) {
    std::string text;
    for (const Complaint& complaint : parsed.complaints)
      text += (complaint.severity == Severity::error ? "" : "not as an error: ") + complaint.to_string() + "\n";
    return text;
  }

  test::TemporaryDirectory dir_;
  std::string path_ = dir_ / "some.conf";
};

TEST_F(ConfFile, WhatIsNoFileIsSaidInOneLineWithHowToMeanIt) {
  check(kStafd, "transport=tcp;traddr=10.0.0.1");
  check(kStacd, "transport=tcp;traddr=10.0.0.1;nqn=nqn.a");
}

}  // namespace
}  // namespace stas
