// SPDX-License-Identifier: Apache-2.0
//
// The ownership registry of nvme-cli 3: what is read, what is written, and what happens to entries of earlier bearers
// of a name.
#include "libstas/sys/fabric/kernel/registry.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/sys/kernel_fake_root.h"

namespace stas {
namespace {

using test::FakeRoot;

class RegistryTest : public ::testing::Test {
 protected:
  void entry(const std::string& name, const std::string& owner) const {
    std::filesystem::remove_all(root_.path("registry/" + name));
    root_.write("registry/" + name + "/owner", owner);
  }
  // All that is in the registry, hidden names as well.
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& item : std::filesystem::directory_iterator(root_.path("registry")))
      found.push_back(item.path().filename().string());
    std::sort(found.begin(), found.end());
    return found;
  }
  mode_t mode(const std::string& below) const {
    struct stat status {};
    return ::stat(root_.path(below).c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
  }

  FakeRoot root_;
  const KernelPaths paths_ = root_.paths();
};

TEST_F(RegistryTest, WhoseAControllerIs) {
  EXPECT_EQ(read_registry(paths_, "nvme0").owner, "") << "there is no registry";
  entry("nvme0", "nbft\n");
  EXPECT_EQ(read_registry(paths_, "nvme0").owner, "nbft");
  EXPECT_NE(read_registry(paths_, "nvme0").id, 0U);
  EXPECT_EQ(read_registry(paths_, "nvme1").id, 0U);
  for (const std::string nobody : {"", "\n", "  \n"}) {
    entry("nvme0", nobody);
    EXPECT_EQ(read_registry(paths_, "nvme0").owner, "") << nobody;
  }
  std::filesystem::create_directories(root_.path("registry/nvme2"));
  EXPECT_EQ(read_registry(paths_, "nvme2").owner, "") << "an entry without an owner";
  entry("nvme0", "a\x1b[2Jb\nsecond\n");
  EXPECT_EQ(read_registry(paths_, "nvme0").owner, "a?[2Jb");
}

TEST_F(RegistryTest, WhatCannotBeReadBelongsToSomebody) {
  const auto is_unknown = [&](const std::string& name) {
    const auto read = read_registry(paths_, name);
    return read.owner == "an unknown owner" && read.trouble.find(name) != std::string::npos;
  };
  entry("nvme0", std::string(5000, 'a'));
  EXPECT_TRUE(is_unknown("nvme0"));
  std::filesystem::create_directories(root_.path("registry/nvme1/owner"));
  EXPECT_TRUE(is_unknown("nvme1"));
  root_.write("registry/nvme2", "a file");
  EXPECT_TRUE(is_unknown("nvme2"));
  std::filesystem::create_directories(root_.path("registry/nvme3"));
  ASSERT_EQ(mkfifo(root_.path("registry/nvme3/owner").c_str(), 0644), 0);
  EXPECT_TRUE(is_unknown("nvme3")) << "and nobody waits for a writer";
}

TEST_F(RegistryTest, NothingIsMadeWhereThereIsNone) {
  EXPECT_TRUE(claim_controller(paths_, "nvme0"));
  EXPECT_FALSE(std::filesystem::exists(root_.path("registry")));
}

TEST_F(RegistryTest, OursIsWrittenAsLibnvmeWritesIt) {
  std::filesystem::create_directories(root_.path("registry"));
  root_.write("sys/kernel/uevent_seqnum", "4711\n");
  entry("nvme0", "nbft\n");
  root_.write("registry/nvme0/note", "private to others");
  const auto stale = read_registry(paths_, "nvme0");
  ASSERT_TRUE(claim_controller(paths_, "nvme0"));
  EXPECT_EQ(root_.read("registry/nvme0/owner"), "stas\n");
  EXPECT_EQ(root_.read("registry/nvme0/seqnum"), "4711\n");
  EXPECT_FALSE(std::filesystem::exists(root_.path("registry/nvme0/note")));
  EXPECT_NE(read_registry(paths_, "nvme0").id, stale.id);
  EXPECT_EQ(mode("registry/nvme0"), 0755U);
  EXPECT_EQ(mode("registry/nvme0/owner"), 0644U);
  EXPECT_EQ(names(), std::vector<std::string>{"nvme0"}) << "nothing half-made is left";
}

TEST_F(RegistryTest, WhatIsRemovedIsTheEntryThatWasMeant) {
  entry("nvme0", "stas\n");
  const auto ours = read_registry(paths_, "nvme0");
  std::filesystem::rename(root_.path("registry/nvme0"), root_.path("kept"));
  entry("nvme0", "discoverd\n");
  remove_entry(paths_, "nvme0", ours);
  EXPECT_EQ(root_.read("registry/nvme0/owner"), "discoverd\n") << "somebody connected under the same name meanwhile";
  remove_entry(paths_, "nvme0", read_registry(paths_, "nvme0"));
  remove_entry(paths_, "nvme0", ours);
  EXPECT_TRUE(names().empty());
}

TEST_F(RegistryTest, AnEntryOfAnEarlierBearerOfTheNameIsNobodys) {
  Owners owners(paths_);
  std::string trouble;
  entry("nvme0", "nbft\n");
  EXPECT_EQ(owners.owner_of({"nvme0", 7}, trouble), "nbft");
  EXPECT_EQ(owners.owner_of({"nvme0", 7}, trouble), "nbft");
  EXPECT_EQ(owners.owner_of({"nvme0", 8}, trouble), "") << "another controller, and nobody removed the entry";
  EXPECT_EQ(owners.owner_of({"nvme0", 8}, trouble), "");
  std::filesystem::rename(root_.path("registry/nvme0"), root_.path("kept"));
  entry("nvme0", "discoverd\n");
  EXPECT_EQ(owners.owner_of({"nvme0", 8}, trouble), "discoverd") << "a new entry";
  entry("nvme0", "stas\n");
  EXPECT_EQ(owners.owner_of({"nvme0", 8}, trouble), "") << "we are nobody else";
  EXPECT_EQ(trouble, "");
  std::filesystem::remove_all(root_.path("registry/nvme0"));
  root_.write("registry/nvme0", "x");
  EXPECT_EQ(owners.owner_of({"nvme0", 8}, trouble), "an unknown owner");
  EXPECT_NE(trouble, "");
}

}  // namespace
}  // namespace stas
