// SPDX-License-Identifier: Apache-2.0
//
// A central discovery controller as its hosts see it: so many requests a second, first come, first served; what nobody
// waits for any more costs it nothing. It counts what reaches it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <vector>

#include "libstas/core/discovery/entries.h"
#include "tests/fleet/clock.h"

namespace stas::fleet {

class Cdc {
 public:
  Cdc(Clock& clock, double requests_per_second, double loss) : clock_(clock), rate_(requests_per_second), loss_(loss) {}

  enum class Kind : std::uint8_t { connect, other, read };
  // So many requests, one after the other. `done(true)` when the last is answered; false: refused, as it is down, or
  // nothing came within `patience`.
  void ask(Kind kind, unsigned requests, Duration patience, std::function<void(bool)> done);

  bool up() const { return up_; }
  void set_up(bool up);
  std::uint64_t genctr() const { return genctr_; }
  const Entries& page() const { return page_; }
  void set_page(Entries page);

  // By second from the start: connects tried, pages asked for.
  const std::vector<unsigned>& connects() const { return connects_; }
  const std::vector<unsigned>& reads() const { return reads_; }
  unsigned given_up() const { return given_up_; }

 private:
  void count(std::vector<unsigned>& by_second) const;

  Clock& clock_;
  const double rate_, loss_;
  std::mt19937_64 random_{1};
  bool up_ = true;
  std::uint64_t epoch_ = 0;  // of its process
  Instant free_at_{};
  std::uint64_t genctr_ = 1;
  Entries page_;
  std::vector<unsigned> connects_, reads_;
  unsigned given_up_ = 0;
};

}  // namespace stas::fleet
