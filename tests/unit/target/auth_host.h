// SPDX-License-Identifier: Apache-2.0
//
// The host's side of DH-HMAC-CHAP for the tests of the target, written from the specification and not from the target:
// messages as bytes at offsets, HMACs by OpenSSL's one-shot functions, Diffie-Hellman by big numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/unit/target/host_commands.h"

namespace stas::target::testing {

/// Text of a key: `length` bytes counting up from `seed`, transformed with `transform` (0 none, 1 to 3 hashes).
std::string make_key(std::size_t length, std::uint8_t seed, int transform = 0);

struct AuthHost {
  std::string hostnqn = kHost;
  std::string subnqn = kOne;
  std::string key{};             ///< ours
  std::string controller_key{};  ///< empty: we do not ask the controller to authenticate
  std::vector<std::uint8_t> hashes{1, 2, 3};
  std::vector<std::uint8_t> groups{0, 1, 2, 3, 4, 5};
  std::uint16_t transaction = 0x0102;

  struct Outcome {
    bool authenticated = false;       ///< by the controller
    bool controller_is_right = true;  ///< R2 is what it should be, if we asked
    int explanation = 0;              ///< of a Failure1
    std::uint8_t hash = 0;
    std::uint8_t group = 0;
    std::uint16_t status = 0;  ///< of a refused command
  };

  /// The whole exchange over one queue. `run` executes a command and gives its answer.
  Outcome authenticate(const std::function<Answer(Command)>& run) const;
};

/// Authentication Send with a message, Receive with room for 4096 bytes.
Command auth_send(std::vector<std::uint8_t> message);
Command auth_receive(std::uint32_t room = 4096);

}  // namespace stas::target::testing
