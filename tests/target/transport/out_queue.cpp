// SPDX-License-Identifier: Apache-2.0
//
// The queue of pieces.
#include "tests/target/transport/out_queue.h"

#include <algorithm>
#include <utility>

namespace stas::target {
namespace {

constexpr std::size_t kSmall = 65536;  // where a buffer of small things is full, and what is kept of an empty one

}  // namespace

Bytes& OutQueue::tail() {
  if (pieces_.empty() || pieces_.back().shared || pieces_.back().own.size() >= kSmall) {
    pieces_.push_back({.own = std::exchange(spare_, {})});
  }
  return pieces_.back().own;
}

void OutQueue::append(const std::shared_ptr<const Bytes>& bytes, std::size_t from, std::size_t length) {
  pieces_.push_back({.own = {}, .shared = bytes, .begin = from, .end = from + length});
}

std::size_t OutQueue::size() const {
  std::size_t sum = 0;
  for (const Piece& piece : pieces_) sum += piece.size();
  return sum;
}

std::size_t OutQueue::pieces(std::array<iovec, 32>& into) const {
  std::size_t count = 0;
  for (const Piece& piece : pieces_) {
    if (count == into.size()) break;
    if (piece.size() > 0) into[count++] = {const_cast<std::uint8_t*>(piece.data()), piece.size()};
  }
  return count;
}

void OutQueue::consume(std::size_t count) {
  while (!pieces_.empty()) {
    Piece& front = pieces_.front();
    const std::size_t part = std::min(count, front.size());
    front.begin += part;
    count -= part;
    if (front.size() > 0) return;
    if (!front.shared && front.own.capacity() <= 2 * kSmall) {
      spare_ = std::move(front.own);
      spare_.clear();
    }
    pieces_.pop_front();
  }
}

}  // namespace stas::target
