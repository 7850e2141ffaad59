// SPDX-License-Identifier: Apache-2.0
//
// Keys from files and credentials: bounded, no waiting, and who else may read them is told. Configuration files with
// keys of their own are looked at in the same way.
#include "libstas/sys/daemon/key_files.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libstas/sys/daemon/conf_file.h"
#include "libstas/sys/os/files.h"
#include "tests/unit/sys/temporary_directory.h"

namespace stas {
namespace {

const std::string kKey = "DHHC-1:00:AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09pl1OOC:";

constexpr ConfParser<StacdConfig> kParser{parse_stacd_conf, unread_stacd_conf};

class KeyFiles : public testing::Test {
 protected:
  std::string put(const std::string& name, const std::string& text, mode_t mode) const {
    EXPECT_TRUE(write_file_atomic(dir_ / name, text, mode));
    return dir_ / name;
  }
  static Parsed<StacdConfig> load(const std::string& path) {
    const StacdConfig* none = nullptr;
    return load_conf(path, read_conf(path), kParser, none);
  }
  static std::string complaints(const std::string& path) {
    std::string text;
    for (const Complaint& complaint : load(path).complaints) text += complaint.to_string() + "\n";
    return text;
  }

  test::TemporaryDirectory dir_;
};

TEST_F(KeyFiles, AFileForItsOwnerAloneIsReadWithoutAWord) {
  const NamedKey key = read_named_key("file://" + put("k", kKey + "\n", 0600));
  EXPECT_EQ(key.text.reveal(), kKey + "\n");
  EXPECT_EQ(key.why + key.exposure, "");
  EXPECT_EQ(read_named_key("file://" + put("k", kKey, 0400)).exposure, "");
}

TEST_F(KeyFiles, WhoElseMayReadItIsTold) {
  for (const mode_t mode : {0640U, 0604U, 0620U, 0644U, 0777U}) {
    const std::string path = put("k", kKey, mode);
    const NamedKey key = read_named_key("file://" + path);
    EXPECT_EQ(key.text.reveal(), kKey) << "it is used all the same";
    EXPECT_NE(key.exposure.find("others than its owner may read or change the file (mode 0"), std::string::npos);
    EXPECT_NE(key.exposure.find("`chmod 600 " + path + "`"), std::string::npos) << key.exposure;
  }
  EXPECT_EQ(exposure("/k", 0100640, 0),
            "others than its owner may read or change the file (mode 0640) - `chmod 600 /k`");
  EXPECT_EQ(exposure("/k", 0100600, 0), "");
  EXPECT_EQ(exposure("/k", 0100600, geteuid()), "");
  EXPECT_EQ(exposure("/k", 0100600, geteuid() + 4711),
            "the file belongs to user " + std::to_string(geteuid() + 4711) + ", who may read it - `chown root: /k`");
}

TEST_F(KeyFiles, WhatCannotBeReadSaysWhy) {
  ASSERT_EQ(mkfifo((dir_ / "fifo").c_str(), 0600), 0);
  std::filesystem::create_symlink(dir_ / "loop", dir_ / "loop");
  const struct {
    std::string value, why;
    bool absent;
  } rows[] = {
      {"file://" + (dir_ / "none"), "No such file or directory", true},
      {"file://" + (dir_ / "none/deeper"), "No such file or directory", true},
      {"file://" + dir_.path(), "Is a directory", false},
      {"file://" + (dir_ / "fifo"), "is no regular file", false},
      {"file://" + (dir_ / "loop"), "Too many levels of symbolic links", false},
      {"file:///dev/zero", "is no regular file", false},
      {"file://" + put("large", std::string(kMaxKeyFileBytes + 1, 'x'), 0600), "larger than 4096 bytes", false},
      {"file://relative", "it names nothing that can be read", false},
  };
  for (const auto& row : rows) {
    const NamedKey key = read_named_key(row.value);
    EXPECT_TRUE(key.text.empty()) << row.value;
    EXPECT_EQ(key.why, row.why) << row.value;
    EXPECT_EQ(key.absent, row.absent) << row.value;
  }
}

TEST_F(KeyFiles, ACredentialIsOneOfTheService) {
  const std::string before = "the service manager gave no ";
  const std::string after = "to this process (LoadCredential=array1:PATH in the unit, then a restart)";
  unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_EQ(read_named_key("credential:array1").why, before + "credentials " + after);
  setenv("CREDENTIALS_DIRECTORY", dir_.path().c_str(), 1);
  EXPECT_EQ(read_named_key("credential:array1").why, before + "such credential " + after);
  put("array1", kKey, 0440);
  const NamedKey key = read_named_key("credential:array1");
  EXPECT_EQ(key.text.reveal(), kKey);
  EXPECT_EQ(key.why + key.exposure, "") << "its modes are the service manager's business";
  unsetenv("CREDENTIALS_DIRECTORY");
}

TEST_F(KeyFiles, AConfigurationThatNamesOneIsReadWithIt) {
  const std::string key = put("k", kKey, 0600);
  const std::string path = put(
      "c", "[Controllers]\ncontroller=transport=tcp;traddr=10.0.0.1;trsvcid=1;nqn=n;dhchap-secret=file://" + key + "\n",
      0644);
  const auto conf = load(path);
  ASSERT_EQ(conf.value.controllers.size(), 1U);
  EXPECT_EQ(conf.value.controllers[0].options.dhchap_secret.reveal(), kKey);
  EXPECT_TRUE(conf.complaints.empty()) << "there is no key in the file that all may read";
  put("k", kKey, 0644);
  EXPECT_NE(complaints(path).find("field `dhchap-secret` is in " + key + ": others than its owner may read"),
            std::string::npos);
  std::filesystem::remove(key);
  EXPECT_NE(complaints(path).find(":2: [Controllers]: controller - field `dhchap-secret`: " + key + ": No such file"),
            std::string::npos)
      << complaints(path);
}

TEST_F(KeyFiles, AConfigurationThatHoldsOneIsLookedAt) {
  const std::string text = "[Match]\nnqn=nqn.*\ndhchap-secret=" + kKey + "\n";
  EXPECT_EQ(complaints(put("c", text, 0600)), "");
  const std::string path = put("c", text, 0644);
  EXPECT_EQ(
      complaints(path),
      "File:" + path +
          ": there are keys in it, and others than its owner may read or change the file (mode 0644) - `chmod 600 " +
          path + "`, or keep them in files of their own (file:///PATH)\n");
  EXPECT_EQ(complaints(put("c", "[Match]\nnqn=nqn.*\nkato=7\n", 0644)), "");
}

}  // namespace
}  // namespace stas
