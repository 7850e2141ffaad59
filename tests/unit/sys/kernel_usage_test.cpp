// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/kernel/usage.h"

#include <cerrno>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/sys/kernel_fake_root.h"

namespace stas {
namespace {

using test::FakeRoot;

constexpr char kQuiet[] = "  10 0 80 5 20 0 160 7 0 9 12 0 0 0 0 3 1\n";

class KernelUsageTest : public ::testing::Test {
 protected:
  KernelUsageTest() {
    root_.add("nvme3", test::io_controller());
    root_.write("proc/1/mountinfo", "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
    root_.write("proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n/dev/sda2 partition 1 0 -2\n");
  }

  // As native multipath has it: the controller has a path "nvme3c7n1" to the head "nvme3n1".
  void add_namespace(const std::string& device, const std::string& number, const std::string& path) {
    std::filesystem::create_directories(root_.path("sys/class/nvme/nvme3/" + path));
    root_.write("sys/class/block/" + device + "/dev", number + "\n");
    root_.write("sys/class/block/" + device + "/stat", kQuiet);
    std::filesystem::create_directories(root_.path("sys/class/block/" + device + "/holders"));
  }
  void add_partition(const std::string& device, const std::string& partition, const std::string& number) {
    for (const std::string& place : {device + "/" + partition, partition}) {
      root_.write("sys/class/block/" + place + "/dev", number + "\n");
      std::filesystem::create_directories(root_.path("sys/class/block/" + place + "/holders"));
    }
  }

  std::string look() {
    const UsageProbe probe{[this](const std::string& path) {
                             const std::string name = std::filesystem::path(path).filename();
                             EXPECT_EQ(path, root_.paths().dev + "/" + name);
                             opened_.push_back(name);
                             const auto it = errors_.find(name);
                             return it == errors_.end() ? 0 : it->second;
                           },
                           [this] {
                             ++watched_;
                             if (meanwhile_) meanwhile_();
                           }};
    const auto usage = read_usage(root_.paths(), read_device(root_.paths(), "nvme3")->ref, probe);
    return usage ? usage->by : "error: " + usage.error().text;
  }

  FakeRoot root_;
  std::map<std::string, int> errors_;  // of the exclusive open
  std::vector<std::string> opened_;
  int watched_ = 0;
  std::function<void()> meanwhile_;
};

TEST_F(KernelUsageTest, NothingUsesWhatCanBeClaimed) {
  add_namespace("nvme3n1", "259:1", "nvme3c7n1");
  add_namespace("nvme3n2", "259:2", "nvme3c7n2");
  EXPECT_EQ(look(), "");
  EXPECT_EQ(opened_, (std::vector<std::string>{"nvme3n1", "nvme3n2"}));
  EXPECT_EQ(watched_, 1);
}

TEST_F(KernelUsageTest, AControllerWithoutNamespacesHasNoUser) {
  std::filesystem::create_directories(root_.path("sys/class/nvme/nvme3/power"));
  std::filesystem::create_directories(root_.path("sys/class/nvme/nvme3/hwmon3"));
  std::filesystem::create_directories(root_.path("sys/class/nvme/nvme3/ng3n1"));
  EXPECT_EQ(look(), "");
  EXPECT_EQ(watched_, 0);
}

// Without native multipath the namespace is the controller's own.
TEST_F(KernelUsageTest, FindsTheBlockDeviceOfEachKindOfNamespace) {
  add_namespace("nvme3n1", "259:1", "nvme3n1");
  add_namespace("nvme12n345", "259:2", "nvme12c3n345");
  std::filesystem::create_directories(root_.path("sys/class/nvme/nvme3/nvme3n1p1"));
  std::filesystem::create_directories(root_.path("sys/class/nvme/nvme3/nvme3cn1"));
  look();
  EXPECT_EQ(opened_, (std::vector<std::string>{"nvme12n345", "nvme3n1"}));
}

TEST_F(KernelUsageTest, SaysWhatClaimsIt) {
  struct Row {
    const char* name;
    const char* mounts;
    const char* swaps;
    const char* holder;  // of the partition
    const char* expect;
  };
  for (const Row& row : {
           Row{"mounted", "40 21 259:1 / /srv rw - xfs /dev/nvme3n1 rw\n", "", "", "nvme3n1 is mounted on /srv"},
           Row{"a partition", "40 21 259:2 / /srv rw shared:1 - ext4 /dev/by-label/x rw\n", "", "",
               "nvme3n1p1 is mounted on /srv"},
           Row{"btrfs has a number of its own", "40 21 0:44 /a /srv rw - btrfs /dev/nvme3n1 rw\n", "", "",
               "nvme3n1 is mounted on /srv"},
           Row{"swap", "", "/dev/nvme3n1p1 partition 1 0 -2\n", "", "nvme3n1p1 is swap space"},
           Row{"LVM", "", "", "dm-4", "nvme3n1p1 is held by dm-4 (vg-data)"},
           Row{"md", "", "", "md127", "nvme3n1p1 is held by md127"},
           Row{"in another mount namespace", "", "", "", "nvme3n1 is claimed by something that does not show"},
           Row{"lines that are none", "40\n- - -\n259:1\n\n", "/dev/nvme3n1p10\n", "",
               "nvme3n1 is claimed by something that does not show"},
           Row{"control characters are not passed on", "40 21 259:1 / /s\x1brv rw - xfs x rw\n", "", "",
               "nvme3n1 is mounted on /s?rv"},
           Row{"too many to name",
               "1 0 259:1 / /a rw - x x rw\n2 0 259:1 / /b rw - x x rw\n3 0 259:1 / /c rw - x x rw\n"
               "4 0 259:1 / /d rw - x x rw\n5 0 259:1 / /e rw - x x rw\n",
               "", "",
               "nvme3n1 is mounted on /a, nvme3n1 is mounted on /b, nvme3n1 is mounted on /c, nvme3n1 is mounted on /d "
               "and 1 more"},
       }) {
    SCOPED_TRACE(row.name);
    std::filesystem::remove_all(root_.path("sys/class/block"));
    add_namespace("nvme3n1", "259:1", "nvme3c7n1");
    add_partition("nvme3n1", "nvme3n1p1", "259:2");
    root_.write("sys/class/block/dm-4/dm/name", "vg-data\n");
    if (*row.holder != 0)
      std::filesystem::create_directories(root_.path(std::string("sys/class/block/nvme3n1p1/holders/") + row.holder));
    root_.write("proc/1/mountinfo", row.mounts);
    root_.write("proc/swaps", row.swaps);
    errors_["nvme3n1"] = EBUSY;
    watched_ = 0;
    EXPECT_EQ(look(), row.expect);
    EXPECT_EQ(watched_, 0) << "no need to wait";
  }
}

TEST_F(KernelUsageTest, WhatCannotBeOpenedIsNoAnswer) {
  add_namespace("nvme3n1", "259:1", "nvme3c7n1");
  const std::string path = root_.paths().dev + "/nvme3n1";
  for (const auto& [error, text] : std::map<int, std::string>{{EPERM, "Operation not permitted"},
                                                              {ENOENT, "No such file or directory"},
                                                              {EMFILE, "Too many open files"},
                                                              {ENOTBLK, "Block device required"}}) {
    errors_["nvme3n1"] = error;
    EXPECT_EQ(look(), "error: " + path + ": " + text);
  }
  // What shows anyway is an answer.
  root_.write("proc/1/mountinfo", "40 21 259:1 / /srv rw - xfs /dev/nvme3n1 rw\n");
  EXPECT_EQ(look(), "nvme3n1 is mounted on /srv");
  root_.write("proc/1/mountinfo", "");
  errors_.clear();
  root_.write("sys/class/block/nvme3n1/stat", "nothing\n");
  EXPECT_EQ(look(), "error: nvme3n1: its I/O counters cannot be read");
  // Nobody uses what is gone.
  errors_["nvme3n1"] = ENXIO;
  EXPECT_EQ(look(), "");
}

TEST_F(KernelUsageTest, OneThatIsUsedIsEnough) {
  add_namespace("nvme3n1", "259:1", "nvme3c7n1");
  add_namespace("nvme3n2", "259:2", "nvme3c7n2");
  errors_ = {{"nvme3n1", EPERM}, {"nvme3n2", EBUSY}};
  EXPECT_EQ(look(), "nvme3n2 is claimed by something that does not show");
}

TEST_F(KernelUsageTest, WithoutProcAClaimIsStillSeen) {
  add_namespace("nvme3n1", "259:1", "nvme3c7n1");
  std::filesystem::remove_all(root_.path("proc"));
  errors_["nvme3n1"] = EBUSY;
  EXPECT_EQ(look(), "nvme3n1 is claimed by something that does not show");
}

// A virtual machine or a database has it open and claims nothing.
TEST_F(KernelUsageTest, IoShowsAUserWhoClaimsNothing) {
  add_namespace("nvme3n1", "259:1", "nvme3c7n1");
  add_namespace("nvme3n2", "259:2", "nvme3c7n2");
  const std::string stat = "sys/class/block/nvme3n2/stat";
  for (const auto& [text, busy] : std::map<std::string, bool>{{kQuiet, false},
                                                              {"11 0 80 5 20 0 160 7 0 9 12 0 0 0 0 3 1\n", true},
                                                              {"10 0 80 5 21 0 160 7 0 9 12 0 0 0 0 3 1\n", true},
                                                              {"10 0 80 5 20 0 160 7 0 9 12 1 0 0 0 3 1\n", true},
                                                              {"10 0 80 5 20 0 160 7 2 9 12 0 0 0 0 3 1\n", true},
                                                              {"", false}}) {
    root_.write(stat, kQuiet);
    meanwhile_ = [&, text = text] { root_.write(stat, text); };
    EXPECT_EQ(look(), busy ? "nvme3n2 has I/O under way" : "") << text;
  }
}

TEST_F(KernelUsageTest, TheNextBearerOfTheNameIsNotLookedAt) {
  const DeviceRef before = read_device(root_.paths(), "nvme3")->ref;
  root_.add("nvme3", test::io_controller());
  add_namespace("nvme3n1", "259:1", "nvme3c7n1");
  const auto usage = read_usage(root_.paths(), before, {[](const std::string&) { return EBUSY; }, [] {}});
  ASSERT_FALSE(usage);
  EXPECT_EQ(usage.error().kind, ErrorKind::not_found);
}

TEST_F(KernelUsageTest, MoreNamespacesThanAreLookedAtIsNoAnswer) {
  for (std::size_t i = 1; i <= kMaxInspectedNamespaces + 1; ++i)
    std::filesystem::create_directories(root_.path("sys/class/nvme/nvme3/nvme3c7n" + std::to_string(i)));
  EXPECT_TRUE(look().starts_with("error: ")) << look();
}

// The real open, of what is no block device.
TEST_F(KernelUsageTest, OnlyABlockDeviceCanBeClaimed) {
  root_.write("dev/nvme3n1", "");
  const auto probe = usage_probe();
  EXPECT_EQ(probe.claim(root_.paths().dev + "/nvme3n1"), ENOTBLK);
  EXPECT_EQ(probe.claim(root_.paths().dev + "/nvme4n1"), ENOENT);
}

}  // namespace
}  // namespace stas
