// SPDX-License-Identifier: Apache-2.0
//
// Asynchronous events of one controller: which are enabled, which are masked until their log page is read, which wait
// for an Asynchronous Event Request. Pure bookkeeping; the owner carries what next() returns to the host.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>

namespace stas::target {

enum class Event : std::uint8_t { namespace_changed, ana_changed, discovery_changed, reservation };
inline constexpr std::size_t kEventKinds = 4;

class Events {
 public:
  struct Delivery {
    std::uint16_t cid;
    std::uint32_t result;
  };

  /// Keeps an Asynchronous Event Request. False: more of them than AERL allows.
  bool park(std::uint16_t cid);
  bool abort(std::uint16_t cid);
  void configure(std::uint32_t enabled) { enabled_ = enabled; }
  [[nodiscard]] std::uint32_t enabled() const { return enabled_; }
  /// Something happened. Without effect while the event is disabled, or masked since it was last raised.
  void raise(Event event);
  /// The host has read that log page with RAE = 0.
  void rearm(std::uint8_t lid);
  /// One event and the request that carries it, while there is a pair.
  std::optional<Delivery> next();
  void reset();

  [[nodiscard]] std::size_t parked() const { return requests_.size(); }
  [[nodiscard]] bool is_masked(Event event) const { return state_[static_cast<std::size_t>(event)].masked; }

 private:
  struct State {
    bool masked = false;
    bool pending = false;
  };

  std::uint32_t enabled_ = 0;
  std::array<State, kEventKinds> state_{};
  std::deque<std::uint16_t> requests_;
};

}  // namespace stas::target
