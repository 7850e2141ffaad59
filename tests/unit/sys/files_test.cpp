// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/os/files.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/sys/temporary_directory.h"

namespace stas {
namespace {

namespace fs = std::filesystem;
using test::TemporaryDirectory;

void put(const std::string& path, const std::string& content) { std::ofstream(path) << content; }

TEST(ReadFile, ReturnsTheWholeContent) {
  const TemporaryDirectory dir;
  const std::string content = std::string(200'000, 'x') + std::string("\0end", 4);
  put(dir / "a", content);
  EXPECT_EQ(read_file_bounded(dir / "a", 1U << 20).value(), content);
}

TEST(ReadFile, TheBoundIsExact) {
  const TemporaryDirectory dir;
  for (const std::size_t size : {0U, 1U, 10U, 65536U}) {
    put(dir / "a", std::string(size, 'x'));
    EXPECT_TRUE(read_file_bounded(dir / "a", size)) << size;
    if (size == 0) continue;
    const auto result = read_file_bounded(dir / "a", size - 1);
    ASSERT_FALSE(result) << size;
    EXPECT_EQ(result.error().kind, ErrorKind::invalid_input);
    EXPECT_NE(result.error().text.find(dir / "a"), std::string::npos);
  }
}

TEST(ReadFile, AnEndlessFileIsBounded) {
  const auto result = read_file_bounded("/dev/zero", 1000);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::invalid_input);
}

TEST(ReadFile, AFifoWithoutWriterDoesNotBlock) {
  const TemporaryDirectory dir;
  ASSERT_EQ(mkfifo((dir / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(read_file_bounded(dir / "fifo", 10).value(), "");
}

TEST(ReadFile, ARegularFileIsNoDirectoryNoFifoAndNoDevice) {
  const TemporaryDirectory dir;
  ASSERT_EQ(mkfifo((dir / "fifo").c_str(), 0600), 0);
  ASSERT_TRUE(write_file_atomic(dir / "file", "text"));
  EXPECT_EQ(read_regular_file(dir / "file", 4).value(), "text");
  EXPECT_EQ(read_regular_file(dir / "file", 3).error().errnum, EFBIG);
  EXPECT_EQ(read_regular_file(dir / "missing", 4).error().errnum, ENOENT);
  EXPECT_EQ(read_regular_file(dir.path(), 4).error().text, dir.path() + ": Is a directory");
  EXPECT_EQ(read_regular_file(dir / "fifo", 4).error().text, dir / "fifo" + ": is no regular file");
  EXPECT_EQ(read_regular_file("/dev/zero", 4).error().text, "/dev/zero: is no regular file");
}

TEST(ReadFile, NamesThePathAndTheCause) {
  const TemporaryDirectory dir;
  const auto missing = read_file_bounded(dir / "missing", 10);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::not_found);
  EXPECT_EQ(missing.error().errnum, ENOENT);
  EXPECT_NE(missing.error().text.find(dir / "missing"), std::string::npos);
  const auto directory = read_file_bounded(dir.path(), 10);
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().errnum, EISDIR);
}

mode_t mode_of(const std::string& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

TEST(WriteFile, ReplacesContentAndModeAndLeavesNothingElse) {
  const TemporaryDirectory dir;
  ASSERT_TRUE(write_file_atomic(dir / "a", "one"));
  EXPECT_EQ(mode_of(dir / "a"), 0600U);
  const mode_t before = umask(077);
  const auto written = write_file_atomic(dir / "a", std::string("two\0!", 5), 0644);
  umask(before);
  ASSERT_TRUE(written);
  EXPECT_EQ(mode_of(dir / "a"), 0644U);
  EXPECT_EQ(read_file_bounded(dir / "a", 100).value(), std::string("two\0!", 5));
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), {}), 1);
}

TEST(WriteFile, WhoHasTheOldFileOpenKeepsTheOldContent) {
  const TemporaryDirectory dir;
  put(dir / "a", "old");
  std::ifstream open(dir / "a");
  ASSERT_TRUE(write_file_atomic(dir / "a", "new"));
  std::string content;
  open >> content;
  EXPECT_EQ(content, "old");
}

TEST(WriteFile, FollowsNoSymbolicLink) {
  const TemporaryDirectory dir;
  put(dir / "victim", "precious");
  fs::create_symlink(dir / "victim", dir / "a");
  fs::create_symlink(dir / "victim", dir / ".a.new");
  ASSERT_TRUE(write_file_atomic(dir / "a", "new"));
  EXPECT_EQ(read_file_bounded(dir / "victim", 100).value(), "precious");
  EXPECT_EQ(read_file_bounded(dir / "a", 100).value(), "new");
  EXPECT_FALSE(fs::is_symlink(dir / "a"));
}

TEST(WriteFile, AFailureKeepsTheOldFile) {
  const TemporaryDirectory dir;
  fs::create_directories(dir / "a/b");  // a directory with content cannot be replaced
  const auto result = write_file_atomic(dir / "a", "x");
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().text.find(dir / "a"), std::string::npos);
  EXPECT_TRUE(fs::exists(dir / "a/b"));
  EXPECT_FALSE(fs::exists(dir / ".a.new"));
}

TEST(WriteFile, AMissingDirectoryIsNotFound) {
  const TemporaryDirectory dir;
  const auto result = write_file_atomic(dir / "missing/a", "x");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::not_found);
  EXPECT_FALSE(write_file_atomic(dir / "", "x"));
}

TEST(WriteFile, AnErrorWhileWritingKeepsTheOldFile) {
  const TemporaryDirectory dir;
  put(dir / "a", "old");
  // A limit on the size of files is what a full disk looks like.
  struct rlimit before {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit tiny { 4096, before.rlim_max };
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tiny), 0);
  const auto result = write_file_atomic(dir / "a", std::string(100'000, 'x'));
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().errnum, EFBIG);
  EXPECT_EQ(read_file_bounded(dir / "a", 100).value(), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), {}), 1);
}

TEST(RemoveFile, MissingCountsAsRemoved) {
  const TemporaryDirectory dir;
  put(dir / "a", "x");
  EXPECT_TRUE(remove_file(dir / "a"));
  EXPECT_FALSE(fs::exists(dir / "a"));
  EXPECT_TRUE(remove_file(dir / "a"));
  EXPECT_FALSE(remove_file(dir.path()));
}

class RuntimeDirectory : public testing::Test {
 protected:
  RuntimeDirectory() {
    if (const char* value = std::getenv("RUNTIME_DIRECTORY")) before_ = value;
  }
  ~RuntimeDirectory() override {
    if (before_) {
      setenv("RUNTIME_DIRECTORY", before_->c_str(), 1);
    } else {
      unsetenv("RUNTIME_DIRECTORY");
    }
  }

 private:
  std::optional<std::string> before_;
};

TEST_F(RuntimeDirectory, IsTheFirstOfTheList) {
  unsetenv("RUNTIME_DIRECTORY");
  EXPECT_EQ(runtime_directory("stafd"), "/run/stafd");
  for (const auto& [value, expected] : std::initializer_list<std::pair<const char*, const char*>>{
           {"", "/run/stafd"}, {"/a", "/a"}, {"/a:/b", "/a"}, {":/b", "/run/stafd"}}) {
    setenv("RUNTIME_DIRECTORY", value, 1);
    EXPECT_EQ(runtime_directory("stafd"), expected) << value;
  }
}

}  // namespace
}  // namespace stas
