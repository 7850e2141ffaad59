// SPDX-License-Identifier: Apache-2.0
//
// A load on a block device: reads or writes at random places past the page cache, a number of them at a time, by the
// kernel's asynchronous I/O. Prints operations done. What measures is the caller: everything that works for the device
// on this machine is to be counted, not this program alone.
//
//   block-load DEVICE read|write BYTES DEPTH SECONDS
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace {

constexpr unsigned kMaxDepth = 128;

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  const bool reading = std::string(argv[2]) == "read";
  const auto bytes = static_cast<std::size_t>(std::atol(argv[3]));
  const auto depth = static_cast<unsigned>(std::atoi(argv[4]));
  if (bytes == 0 || bytes % 512 != 0 || depth == 0 || depth > kMaxDepth) return 2;
  const int device = ::open(argv[1], O_RDWR | O_DIRECT | O_CLOEXEC);
  std::uint64_t size = 0;
  if (device < 0 || ::ioctl(device, BLKGETSIZE64, &size) != 0) give_up(argv[1]);
  aio_context_t context = 0;
  if (::syscall(SYS_io_setup, depth, &context) != 0) give_up("io_setup");

  std::vector<iocb> blocks(depth);
  std::mt19937_64 random(1);
  const auto submit = [&](iocb& block) {
    block.aio_offset = static_cast<std::int64_t>(random() % (size / bytes) * bytes);
    iocb* list = &block;
    if (::syscall(SYS_io_submit, context, 1, &list) != 1) give_up("io_submit");
  };
  for (iocb& block : blocks) {
    void* buffer = nullptr;
    if (::posix_memalign(&buffer, 4096, bytes) != 0) return 1;
    std::memset(buffer, 0x5A, bytes);
    block.aio_fildes = static_cast<std::uint32_t>(device);
    block.aio_lio_opcode = reading ? IOCB_CMD_PREAD : IOCB_CMD_PWRITE;
    block.aio_buf = reinterpret_cast<std::uint64_t>(buffer);
    block.aio_nbytes = bytes;
    block.aio_data = reinterpret_cast<std::uint64_t>(&block);
    submit(block);
  }
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(std::atof(argv[5]));
  std::uint64_t done = 0;
  for (unsigned outstanding = depth; outstanding > 0;) {
    std::array<io_event, kMaxDepth> events{};
    const auto got = ::syscall(SYS_io_getevents, context, 1, depth, events.data(), nullptr);
    if (got < 0) give_up("io_getevents");
    const bool more = std::chrono::steady_clock::now() < until;
    for (unsigned i = 0; i < static_cast<unsigned>(got); ++i) {
      if (events[i].res != static_cast<std::int64_t>(bytes))
        return std::fprintf(stderr, "failed: %lld\n", events[i].res), 1;
      if (more) {
        ++done;
        submit(*reinterpret_cast<iocb*>(events[i].data));
      } else {
        --outstanding;
      }
    }
  }
  std::printf("%llu\n", static_cast<unsigned long long>(done));
  return 0;
}
