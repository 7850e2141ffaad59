// SPDX-License-Identifier: Apache-2.0
//
// Files in memory: what was put in comes out, and nothing else is read, least of all what may never answer.
#include "libstas/sys/os/memory_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include "libstas/sys/os/files.h"
#include "tests/unit/sys/temporary_directory.h"

namespace stas {
namespace {

TEST(MemoryFile, HasWhatWasPutIn) {
  for (const std::string& text : {std::string(), std::string("a\0b\xff\n", 5), std::string(100000, 'x')}) {
    const auto file = make_memory_file(text);
    ASSERT_TRUE(file) << file.error().text;
    for (int time = 0; time < 2; ++time) EXPECT_EQ(read_memory_file(file->get(), text.size()).value(), text);
  }
}

TEST(MemoryFile, HasABoundAndCannotBeChanged) {
  const auto file = make_memory_file("12345");
  ASSERT_TRUE(file);
  const auto read = read_memory_file(file->get(), 4);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::invalid_input);
  EXPECT_LT(write(file->get(), "6", 1), 0);
  EXPECT_NE(ftruncate(file->get(), 0), 0);
}

TEST(MemoryFile, NothingElseIsRead) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(pipe(ends), 0);
  const UniqueFd pipe_out(ends[0]), pipe_in(ends[1]);
  const test::TemporaryDirectory dir;
  ASSERT_TRUE(write_file_atomic(dir / "file", "text"));
  const UniqueFd on_disk(open((dir / "file").c_str(), O_RDONLY | O_CLOEXEC));
  const UniqueFd unsealed(memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  for (const int fd : {pipe_out.get(), on_disk.get(), unsealed.get(), -1}) {
    const auto read = read_memory_file(fd, 100);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().text, "the descriptor is no sealed file in memory");
  }
}

}  // namespace
}  // namespace stas
