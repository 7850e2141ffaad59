// SPDX-License-Identifier: Apache-2.0
//
// What waits to be sent on one connection: small pieces gathered in buffers of their own, large ones by reference, all
// in order, sent by scatter-gather.
#pragma once

#include <sys/uio.h>

#include <array>
#include <deque>
#include <memory>

#include "tests/target/core/wire.h"

namespace stas::target {

class OutQueue {
 public:
  /// Where to append small things. Valid until the next call of anything here.
  Bytes& tail();
  /// Appends a range of something that is shared, without copying it.
  void append(const std::shared_ptr<const Bytes>& bytes, std::size_t from, std::size_t length);

  [[nodiscard]] std::size_t size() const;
  /// The pieces next in line; how many of `into` are filled.
  std::size_t pieces(std::array<iovec, 32>& into) const;
  /// The first `count` bytes have been sent.
  void consume(std::size_t count);

 private:
  struct Piece {
    Bytes own;
    std::shared_ptr<const Bytes> shared{};
    std::size_t begin = 0;
    std::size_t end = 0;  ///< of `shared`

    [[nodiscard]] std::size_t size() const { return (shared ? end : own.size()) - begin; }
    [[nodiscard]] const std::uint8_t* data() const { return (shared ? shared->data() : own.data()) + begin; }
  };

  std::deque<Piece> pieces_;
  Bytes spare_;  ///< a buffer that has been emptied, for the next tail
};

}  // namespace stas::target
