// SPDX-License-Identifier: Apache-2.0
//
// A stack of free buffers for the process: the one that was used last is the one in the cache.
#include "tests/target/core/buffers.h"

#include <mutex>
#include <utility>

namespace stas::target {
namespace {

constexpr std::size_t kSmallest = 16384;  // below it the heap is as good
constexpr std::size_t kLargest = std::size_t{1} << 20;
constexpr std::size_t kKept = std::size_t{8} << 20;  // 64 transfers of 128 KiB
constexpr std::size_t kLooked = 8;                   // at how many for one that is large enough

struct Stack {
  std::mutex mutex;
  std::vector<Bytes> free;
  std::size_t kept = 0;
};

/// Never destroyed: threads may give buffers back while the process ends.
Stack& stack() {
  static auto* const instance = new Stack;
  return *instance;
}

}  // namespace

Bytes take_buffer(std::size_t size) {
  Bytes found;
  if (size >= kSmallest && size <= kLargest) {
    Stack& all = stack();
    const std::lock_guard lock(all.mutex);
    for (std::size_t i = all.free.size(), looked = 0; i-- > 0 && looked < kLooked; ++looked) {
      if (all.free[i].capacity() < size) continue;
      found = std::exchange(all.free[i], std::move(all.free.back()));
      all.free.pop_back();
      all.kept -= found.capacity();
      break;
    }
  }
  found.resize(size);
  return found;
}

void give_buffer(Bytes&& buffer) {
  Bytes mine = std::move(buffer);
  if (mine.capacity() < kSmallest || mine.capacity() > kLargest) return;
  Stack& all = stack();
  const std::lock_guard lock(all.mutex);
  if (all.kept + mine.capacity() > kKept) return;
  all.kept += mine.capacity();
  all.free.push_back(std::move(mine));
}

}  // namespace stas::target
