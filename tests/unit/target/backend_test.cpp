// SPDX-License-Identifier: Apache-2.0
//
// What holds the bytes: every kind of backend through the NVM command set, by loop (in the call) and by TCP (on worker
// threads), with resizing and the commands beyond read and write.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "tests/target/target_thread.h"
#include "tests/unit/target/loop_host.h"
#include "tests/unit/target/tcp_host.h"

namespace stas::target::testing {
namespace {

namespace fs = std::filesystem;

std::vector<std::uint8_t> pattern(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::uint8_t> data(size);
  for (auto& byte : data) byte = static_cast<std::uint8_t>(random());
  return data;
}

class Folder {
 public:
  Folder() {
    std::string name = fs::temp_directory_path() / "stas-target-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path_); }
  [[nodiscard]] std::string file(const char* name) const { return path_ / name; }

 private:
  fs::path path_;
};

std::string with_namespace(const std::string& json) {
  return R"({"subsystems": [{"nqn": "nqn.2024-01.org.example:one", "namespaces": [)" + json + "]}]}";
}

/// A host with an admin and an I/O queue.
struct Pair {
  explicit Pair(LoopTarget& target) : admin(target), io(target) {
    cntlid = admin.bring_up({.subnqn = kOne});
    io.bring_up({.subnqn = kOne, .qid = 1, .cntlid = cntlid});
  }
  LoopHost admin;
  LoopHost io;
  std::uint16_t cntlid = 0;
};

class EveryKind : public ::testing::TestWithParam<const char*> {};

TEST_P(EveryKind, KeepsWhatIsWrittenAndForgetsWhatIsDeallocated) {
  const Folder folder;
  std::string json = GetParam();
  if (const auto at = json.find("PATH"); at != std::string::npos) json.replace(at, 4, folder.file("disk"));
  LoopTarget target(with_namespace(json));
  Pair host(target);
  const auto data = pattern(8 * 512, 1);
  EXPECT_EQ(host.io.run(write(8, data, true)).status, 0);
  EXPECT_EQ(host.io.run(read(8, 8)).data, data);
  Command compare = write(8, data, true);
  compare.sqe[0] = 0x05;
  EXPECT_EQ(host.io.run(compare).status, 0);
  compare.data[5] ^= 1;
  EXPECT_EQ(host.io.run(compare).status, 0x285);
  EXPECT_EQ(host.io.run(any(0x00, 1)).status, 0) << "flush";
  std::vector<std::uint8_t> ranges(4096, 0);
  ranges[4] = 4;  // 4 blocks from 8
  ranges[8] = 8;
  EXPECT_EQ(host.io.run(any(0x09, 1, ranges).at(44, std::uint32_t{4})).status, 0);
  std::vector<std::uint8_t> expected(4 * 512, 0);
  expected.insert(expected.end(), data.begin() + 4 * 512, data.end());
  EXPECT_EQ(host.io.run(read(8, 8)).data, expected);
  EXPECT_EQ(host.io.run(any(0x08, 1).at(40, std::uint64_t{12}).at(48, std::uint32_t{3})).status, 0) << "write zeroes";
  EXPECT_EQ(host.io.run(read(8, 8)).data, std::vector<std::uint8_t>(8 * 512, 0));
  EXPECT_EQ(host.io.run(read(127, 2)).status, 0x080);
}

INSTANTIATE_TEST_SUITE_P(Backends, EveryKind,
                         ::testing::Values(R"({"ram": "64KiB"})", R"({"file": "PATH", "size": "64KiB"})"));

TEST(Backends, NullForgetsEverything) {
  LoopTarget target(with_namespace(R"({"null": "1GiB"})"));
  Pair host(target);
  EXPECT_EQ(host.io.run(write(0, pattern(512, 1), true)).status, 0);
  EXPECT_EQ(host.io.run(read(0, 1)).data, std::vector<std::uint8_t>(512, 0));
}

TEST(Backends, AFileIsThereAfterwardsAndMayGrow) {
  const Folder folder;
  const std::string path = folder.file("disk");
  const auto data = pattern(4096, 2);
  {
    LoopTarget target(with_namespace(R"({"file": ")" + path + R"(", "size": "64KiB"})"));
    Pair host(target);
    EXPECT_EQ(host.io.run(write(120, data, true)).status, 0);
  }
  EXPECT_EQ(fs::file_size(path), 65536U);
  fs::resize_file(path, 131072);
  LoopTarget target(with_namespace(R"({"file": ")" + path + R"("})"));
  Pair host(target);
  EXPECT_EQ(host.io.run(read(120, 8)).data, data);
  EXPECT_EQ(host.admin.run(identify(0, 1)).number(0, 8), 256U);
  host.admin.run(set_features(0x0B, 0x100));
  host.admin.submit(plain(0x0C));
  fs::resize_file(path, 262144);
  ASSERT_TRUE(target.engine.resize_namespace(kOne, 1, 0));
  EXPECT_EQ(host.admin.take()->result, 0x00040002U);
  EXPECT_EQ(host.admin.run(identify(0, 1)).number(0, 8), 512U);
  EXPECT_EQ(host.io.run(read(511, 1)).status, 0);
}

TEST(Backends, WhatCannotBeOpenedIsNamed) {
  const Folder folder;
  Engine engine;
  for (const std::string& path : {folder.file("absent"), folder.file(".")}) {
    const auto added =
        engine.add_subsystem({.nqn = kOne, .namespaces = {{.backend = {.kind = BackendKind::file, .path = path}}}});
    ASSERT_FALSE(added);
    EXPECT_NE(added.error().text.find(path), std::string::npos) << added.error().text;
  }
  EXPECT_TRUE(engine.model().subsystems.empty()) << "nothing changed";
}

TEST(Backends, NamedOnesAreSharedAndHeldWhileUsed) {
  LoopTarget target(R"({"backends": [{"name": "malloc0", "type": "ram", "size": "1MiB"}],
    "subsystems": [{"nqn": "nqn.2024-01.org.example:one", "namespaces": [{"backend": "malloc0"}, {"backend": "malloc0"}]}]})");
  Pair host(target);
  const auto data = pattern(512, 3);
  EXPECT_EQ(host.io.run(write(0, data, true, 1)).status, 0);
  EXPECT_EQ(host.io.run(read(0, 1, 2)).data, data);
  const auto removed = target.engine.remove_backend("malloc0");
  ASSERT_FALSE(removed);
  EXPECT_NE(removed.error().text.find("is used by"), std::string::npos);
  ASSERT_TRUE(target.engine.resize_backend("malloc0", 2 << 20));
  EXPECT_EQ(host.admin.run(identify(0, 1)).number(0, 8), 4096U);
  EXPECT_EQ(host.io.run(read(0, 1, 2)).data, data);
  ASSERT_TRUE(target.engine.remove_namespace(kOne, 1));
  ASSERT_TRUE(target.engine.remove_namespace(kOne, 2));
  EXPECT_TRUE(target.engine.remove_backend("malloc0"));
}

TEST(Backends, CopyAndVerify) {
  LoopTarget target(with_namespace(R"({"ram": "1MiB"})"));
  Pair host(target);
  const auto data = pattern(4 * 512, 4);
  host.io.run(write(0, data, true));
  std::vector<std::uint8_t> ranges(64, 0);
  ranges[8] = 2;   // from block 2,
  ranges[16] = 1;  // two blocks
  ranges[32 + 8] = 0;
  ranges[32 + 16] = 0;  // from block 0, one
  const auto copy = [&] { return any(0x19, 1, ranges).at(40, std::uint64_t{100}).at(48, std::uint32_t{1}); };
  EXPECT_EQ(host.io.run(copy()).status, 0);
  std::vector<std::uint8_t> expected(data.begin() + 1024, data.end());
  expected.insert(expected.end(), data.begin(), data.begin() + 512);
  EXPECT_EQ(host.io.run(read(100, 3)).data, expected);
  ranges[16] = 128;  // 129 blocks
  EXPECT_EQ(host.io.run(copy()).status, 0x183);
  EXPECT_EQ(host.io.run(any(0x0C, 1).at(48, std::uint32_t{99})).status, 0) << "verify";
  EXPECT_EQ(host.io.run(any(0x0C, 1).at(40, std::uint64_t{2047}).at(48, std::uint32_t{1})).status, 0x080);
}

Command uncorrectable(std::uint64_t lba, std::uint32_t blocks) { return any(0x04, 1).at(40, lba).at(48, blocks - 1); }

TEST(Backends, UncorrectableUntilWritten) {
  LoopTarget target(with_namespace(R"({"ram": "1MiB"})"));
  Pair host(target);
  EXPECT_EQ(host.admin.run(identify(1)).number(520, 2) & 2U, 2U) << "ONCS";
  const auto data = pattern(8 * 512, 6);
  host.io.run(write(0, data, true));
  EXPECT_EQ(host.io.run(uncorrectable(3, 1)).status, 0);
  EXPECT_EQ(host.io.run(uncorrectable(2, 4)).status, 0) << "2 to 5";
  EXPECT_EQ(host.io.run(read(0, 2)).status, 0);
  EXPECT_EQ(host.io.run(read(6, 2)).status, 0);
  for (const std::uint64_t lba : {1, 2, 5}) EXPECT_EQ(host.io.run(read(lba, 2)).status, 0x281) << lba;
  EXPECT_EQ(host.io.run(any(0x0C, 1).at(48, std::uint32_t{7})).status, 0x281) << "verify";
  Command compare = write(0, data, true);
  compare.sqe[0] = 0x05;
  EXPECT_EQ(host.io.run(compare).status, 0x281);
  const std::vector<std::uint8_t> one(data.begin(), data.begin() + 512);
  EXPECT_EQ(host.io.run(write(3, one, true)).status, 0);
  EXPECT_EQ(host.io.run(read(3, 1)).data, one);
  EXPECT_EQ(host.io.run(read(2, 1)).status, 0x281) << "before what was written";
  EXPECT_EQ(host.io.run(read(4, 1)).status, 0x281) << "behind it";
  EXPECT_EQ(host.io.run(any(0x08, 1).at(40, std::uint64_t{4}).at(48, std::uint32_t{1})).status, 0) << "write zeroes";
  EXPECT_EQ(host.io.run(read(3, 4)).status, 0);
  EXPECT_EQ(host.io.run(uncorrectable(2047, 2)).status, 0x080);
  // What a smaller size has cut off is not bad when it comes back.
  EXPECT_EQ(host.io.run(uncorrectable(2046, 2)).status, 0);
  ASSERT_TRUE(target.engine.resize_namespace(kOne, 1, 2047 * 512));
  ASSERT_TRUE(target.engine.resize_namespace(kOne, 1, 2048 * 512));
  EXPECT_EQ(host.io.run(read(2047, 1)).status, 0);
  EXPECT_EQ(host.io.run(read(2046, 1)).status, 0x281);
}

TEST(Backends, UncorrectableRangesAreBounded) {
  LoopTarget target(with_namespace(R"({"null": "1GiB"})"));
  Pair host(target);
  constexpr std::uint32_t kMost = 131072;  // blocks: 64 MiB
  const auto wusl = host.admin.run(identify(6)).number(2, 1);
  EXPECT_EQ(std::uint64_t{4096} << wusl, std::uint64_t{kMost} * 512);
  EXPECT_EQ(host.io.run(uncorrectable(0, 65536)).status, 0);
  EXPECT_EQ(host.io.run(uncorrectable(100, 65536)).status, 0) << "the overlap counts once";
  EXPECT_EQ(host.io.run(uncorrectable(200000, 65536)).status, 0x006);
  EXPECT_EQ(host.io.run(read(200000, 1)).status, 0) << "nothing is marked then";
  EXPECT_EQ(host.io.run(any(0x08, 1).at(40, std::uint64_t{1000}).at(48, std::uint32_t{99})).status, 0);
  EXPECT_EQ(host.io.run(uncorrectable(200000, 65536)).status, 0) << "what was zeroed has made room";
}

TEST(Backends, WriteProtectionIsAFeatureOfANamespace) {
  LoopTarget target(with_namespace(R"({"ram": "64KiB"})"));
  Pair host(target);
  const auto protect = [&](std::uint32_t state) { return host.admin.run(set_features(0x84, state).at(4, 1U)).status; };
  EXPECT_EQ(protect(1), 0);
  EXPECT_EQ(host.admin.run(get_features(0x84).at(4, 1U)).result, 1U);
  EXPECT_EQ(host.io.run(write(0, pattern(512, 1), true)).status, 0x020);
  EXPECT_EQ(host.admin.run(identify(0, 1)).number(99, 1), 1U);
  EXPECT_EQ(protect(0), 0);
  EXPECT_EQ(host.io.run(write(0, pattern(512, 1), true)).status, 0);
  EXPECT_EQ(protect(3), 0);
  EXPECT_EQ(protect(0), 0x10E) << "permanent";
}

TEST(Backends, FilesOverTcpByWorkerThreads) {
  const Folder folder;
  for (const bool direct : {false, true}) {
    const std::string path = folder.file(direct ? "direct" : "buffered");
    auto target = TargetThread::start(R"({"listeners": [{"traddr": "127.0.0.1"}], "subsystems": [
      {"nqn": "nqn.2024-01.org.example:one", "namespaces": [{"file": ")" +
                                      path + R"(", "size": "4MiB", "lba": 4096,
       "direct": )" + (direct ? "true" : "false") +
                                      "}]}]}");
    if (!target && direct) continue;  // a file system without O_DIRECT
    ASSERT_TRUE(target) << target.error().text;
    TcpHost admin((*target)->port());
    ASSERT_TRUE(admin.initialize());
    const auto cntlid = admin.bring_up({.subnqn = kOne});
    ASSERT_TRUE(cntlid);
    TcpHost io((*target)->port());
    ASSERT_TRUE(io.initialize());
    ASSERT_TRUE(io.bring_up({.subnqn = kOne, .qid = 1, .cntlid = *cntlid}));
    const auto data = pattern(65536, 5);
    Command store = write(0, data, false);
    store.at(48, std::uint32_t{15});  // 16 blocks of 4096
    EXPECT_EQ(io.run(store)->status, 0);
    EXPECT_EQ(io.run(any(0x00, 1))->status, 0);
    // Many at once: answers come in any order, each to its command.
    std::vector<std::uint16_t> cids;
    for (int i = 0; i < 20; ++i) {
      Command load = read(0, 1);
      load.at(32, std::uint32_t{65536}).at(48, std::uint32_t{15});
      cids.push_back(io.submit(load));
    }
    for (std::size_t i = 0; i < cids.size(); ++i) {
      const auto answer = io.collect();
      ASSERT_TRUE(answer);
      EXPECT_EQ(answer->status, 0);
      EXPECT_EQ(answer->data, data);
      std::erase(cids, answer->cid);
      --i;
    }
    std::ifstream file(path, std::ios::binary);
    std::vector<char> bytes(65536);
    file.read(bytes.data(), 65536);
    EXPECT_TRUE(std::equal(data.begin(), data.end(), bytes.begin(),
                           [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); }));
  }
}

}  // namespace
}  // namespace stas::target::testing
