// SPDX-License-Identifier: Apache-2.0
//
// sys.conf: what cannot be understood says nothing, so this host stays who it was. /etc/nvme speaks of another host
// here: whoever falls back to it when he should not is seen.
#include "libstas/sys/daemon/host_file.h"

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "libstas/sys/os/files.h"
#include "tests/unit/sys/temporary_directory.h"

namespace stas {
namespace {

const std::string kId = "01234567-0123-0123-0123-0123456789ab";
const std::string kOtherId = "11111111-1111-1111-1111-111111111111";
const std::string kGood =
    "[Host]\nnqn=nqn.good\nid=" + kId + "\nkey=DHHC-1:00:AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09pl1OOC:\n";

class HostFileTest : public testing::Test {
 protected:
  void put(const std::string& text) const {
    std::filesystem::remove_all(path_);
    ASSERT_TRUE(write_file_atomic(path_, text));
  }

  // "nqn id key", then what was logged.
  std::string told(const Result<HostFile::Host>& host) {
    std::string text = host ? (*host)->nqn +
                                  ((*host)->id == kId        ? " id"
                                   : (*host)->id == kOtherId ? " other-id"
                                                             : " ?") +
                                  ((*host)->key.empty() ? "" : " key")
                            : "refused: " + host.error().text;
    std::string log = testing::internal::GetCapturedStderr();
    for (auto at = log.find("File:" + path_); at != std::string::npos; at = log.find("File:" + path_))
      log.replace(at, 5 + path_.size(), "F");
    for (auto at = log.find(path_); at != std::string::npos; at = log.find(path_)) log.replace(at, path_.size(), "F");
    if (!log.empty()) text += " | " + log.substr(0, log.find('\n'));
    return text;
  }
  std::string start(const std::optional<KnownHost>& known) {
    testing::internal::CaptureStderr();
    return told(file_.at_start(known));
  }
  std::string reload(const HostFile::Host& in_force) {
    testing::internal::CaptureStderr();
    return told(file_.at_reload(file_.reader()(), in_force));
  }
  HostFile::Host in_force() { return file_.at_start(std::nullopt).value(); }

  test::TemporaryDirectory dir_;
  const std::string path_ = dir_ / "sys.conf";
  std::map<std::string, std::string> named_{
      {"/etc/nvme/hostnqn", "nqn.etc\n"},
      {"/etc/nvme/hostid", kOtherId + "\n"},
      {"/etc/nvme/hostkey", "DHHC-1:01:AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09pl1OOC:\n"}};
  const Journal journal_{"stacd", Journal::Sink::standard_error};
  HostFile file_{path_,
                 journal_,
                 [this](const std::string& path) -> Result<std::string> {
                   if (named_.contains(path)) return named_.at(path);
                   return fail(ErrorKind::not_found, path + ": No such file or directory");
                 },
                 {}};
};

const KnownHost kKnown{"nqn.known", kId};

struct Fault {
  const char* name;
  std::string text;
  const char* said;
};
// Nothing of these can be used.
const Fault kBroken[] = {
    {"unclosed section header", "[Host\nnqn=nqn.new\nid=" + kId + "\n",
     "F:1: broken section header `[Host`: write `[Name]`; options up to the next header are ignored"},
    {"text before the first section", "nqn=nqn.new\n[Host]\n", "F:1: text before the first section header is ignored"},
    {"no UTF-8", "[Host]\nid=" + kId + "\nnqn=nqn.\xff\n", "F:3: the line is no text (UTF-8)"},
    {"empty", "", "F: the file is empty"},
};
// These can be read, but not all of it.
const Fault kDoubtful[] = {
    {"a misspelt section", "[Hosts]\nnqn=nqn.new\nid=" + kId + "\n", "F:1: there is no section [Hosts]"},
    {"a misspelt option", "[Host]\nnqm=nqn.new\nid=" + kId + "\n", "F:2: there is no option nqm"},
    {"cut in a value", "[Host]\nid=" + kId + "\nnqn=nqn.n", "F:3: the line has no end, so the file may have been cut"},
    {"cut before the values", "[Host]", "F:1: the line has no end, so the file may have been cut"},
};

TEST_F(HostFileTest, AFileThatIsUnderstoodCounts) {
  put(kGood);
  EXPECT_EQ(start(kKnown), "nqn.good id key");
  const auto before = in_force();
  put("[Host]\nnqn=nqn.new\nid=" + kOtherId + "\nkey=\n");
  EXPECT_EQ(reload(before), "nqn.new other-id");
  put("# nothing but a comment\n");
  EXPECT_EQ(reload(before), "nqn.etc other-id key");
}

TEST_F(HostFileTest, AMissingFileMeansDefaultsUnlessThereWasOne) {
  EXPECT_EQ(start(kKnown), "nqn.etc other-id key");
  const auto defaults = in_force();
  named_["/etc/nvme/hostnqn"] = "nqn.changed";
  EXPECT_EQ(reload(defaults), "nqn.changed other-id key");
  put(kGood);
  const auto before = file_.at_reload(file_.reader()(), defaults);
  std::filesystem::remove(path_);
  EXPECT_EQ(reload(before),
            "nqn.good id key | F: the file is gone. An existing file with nothing but a comment in it means "
            "/etc/nvme/hostnqn and /etc/nvme/hostid; the previous host identity stays in force");
}

TEST_F(HostFileTest, WhatIsNotUnderstoodAtAReloadLeavesTheIdentityAndTheKey) {
  put(kGood);
  const auto before = in_force();
  for (const auto* faults : {std::begin(kBroken), std::begin(kDoubtful)}) {
    for (const auto* fault = faults; fault != faults + 4; ++fault) {
      put(fault->text);
      EXPECT_EQ(reload(before),
                "nqn.good id key | " + std::string(fault->said) + "; the previous host identity stays in force")
          << fault->name;
    }
  }
}

TEST_F(HostFileTest, WhatIsNotUnderstoodAtAStartMeansWhoTheHostWas) {
  for (const auto* faults : {std::begin(kBroken), std::begin(kDoubtful)}) {
    for (const auto* fault = faults; fault != faults + 4; ++fault) {
      put(fault->text);
      EXPECT_EQ(start(kKnown), "nqn.known id | " + std::string(fault->said) +
                                   "; this host stays what it was before the restart, nqn.known, without a host key")
          << fault->name;
    }
  }
}

TEST_F(HostFileTest, WithNothingKnownABrokenFileMeansEtcNvmeWithoutItsKey) {
  for (const auto& fault : kBroken) {
    put(fault.text);
    EXPECT_EQ(start(std::nullopt), "nqn.etc other-id | " + std::string(fault.said) +
                                       "; nothing says who this host was before, so it is what /etc/nvme says, "
                                       "nqn.etc, without a host key")
        << fault.name;
  }
  named_.clear();
  EXPECT_EQ(start(std::nullopt).rfind("refused: File:" + path_ + ": the file is empty; Error reading mandatory", 0),
            0U);
}

TEST_F(HostFileTest, WithNothingKnownADoubtfulFileCountsAsFarAsItCanBeRead) {
  put(kGood + "colour=red\n");
  EXPECT_EQ(start(std::nullopt), "nqn.good id key | F:5: there is no option colour");
  put("[Host]\nnqn=nqn.good\nid=" + kId);  // some editors end no last line
  EXPECT_EQ(start(std::nullopt), "nqn.good id key");
  EXPECT_EQ(start(KnownHost{"nqn.good", kId}), "nqn.good id key");
}

// A key file that is gone for a moment must not leave the next connection without authentication.
TEST_F(HostFileTest, AKeyThatCannotBeReadAnyMoreStays) {
  named_["/key"] = named_["/etc/nvme/hostkey"];
  put("[Host]\nnqn=nqn.good\nid=" + kId + "\nkey=file:///key\n");
  const auto before = in_force();
  EXPECT_EQ(reload(before), "nqn.good id key");
  named_.erase("/key");
  const std::string said =
      " | F:4: [Host]: key - Host DHCHAP secret key undefined: /key: No such file or directory; one that was read "
      "before stays in force";
  EXPECT_EQ(reload(before), "nqn.good id key" + said);
  EXPECT_EQ(start(kKnown), "nqn.good id" + said);
  put("[Host]\nnqn=nqn.good\nid=" + kId + "\nkey=\n");
  EXPECT_EQ(reload(before), "nqn.good id") << "an empty one is said to be none";
}

TEST_F(HostFileTest, AFileWithAKeyThatOthersMayReadIsTold) {
  put(kGood);
  std::filesystem::permissions(path_, std::filesystem::perms{0644});
  EXPECT_EQ(start(kKnown),
            "nqn.good id key | F: there is a key in it, and others than its owner may read or change the file (mode "
            "0644) - `chmod 600 F`");
}

TEST_F(HostFileTest, WhatIsNoFileIsNotUnderstood) {
  put(kGood);
  const auto before = in_force();
  std::filesystem::remove(path_);
  std::filesystem::create_directory(path_);
  EXPECT_EQ(reload(before), "nqn.good id key | F: Is a directory; the previous host identity stays in force");
  std::filesystem::remove(path_);
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(reload(before), "nqn.good id key | F: is no regular file; the previous host identity stays in force");
}

TEST_F(HostFileTest, AValueThatCannotBeUsedIsAsBad) {
  named_.erase("/etc/nvme/hostid");
  put("[Host]\nnqn=nqn.n");
  EXPECT_EQ(start(kKnown),
            "nqn.known id | F:2: the line has no end, so the file may have been cut (Error reading mandatory Host ID "
            "(see stasadm --help): /etc/nvme/hostid: No such file or directory); this host stays what it was before "
            "the restart, nqn.known, without a host key");
  put("[Host]\nnqn=iqn.wrong\nid=" + kId + "\n");
  const std::string said = "Error Host NQN \"iqn.wrong\" in F should start with \"nqn.\" (see stasadm --help)";
  EXPECT_EQ(start(kKnown), "nqn.known id | " + said +
                               "; this host stays what it was before the restart, nqn.known, without a host "
                               "key");
}

// Whether the next start may find it better decides whether there is one (kStatusNotConfigured).
TEST_F(HostFileTest, OnlyAValueInAWholeFileThatIsNoneStaysUntilSomebodyEditsIt) {
  named_["/empty"] = "\n";
  named_["/wrong"] = "iqn.wrong\n";
  const std::string id = "id=" + kId + "\n";
  const std::vector<std::pair<std::string, bool>> cases = {
      {"[Host]\nnqn=iqn.wrong\n" + id, true},       {"[Host]\nnqn=\n" + id, true},
      {"[Host]\nnqn=nqn.good\nid=7\n", true},       {"[Host]\nnqn=file:///wrong\n" + id, true},
      {"[Host]\nnqn=file:///absent\n" + id, false}, {"[Host]\nnqn=file:///empty\n" + id, false},  // to be generated
      {"[Host]\nnqn=nqn.good\nid=7", false},                                                      // being written
  };
  for (const auto& [text, stays] : cases) {
    put(text);
    testing::internal::CaptureStderr();
    const auto host = file_.at_start(std::nullopt);
    testing::internal::GetCapturedStderr();
    ASSERT_FALSE(host) << text;
    EXPECT_EQ(host.error().kind == ErrorKind::invalid_input, stays) << text;
  }
}

}  // namespace
}  // namespace stas
