// SPDX-License-Identifier: Apache-2.0
//
// The host's side of DH-HMAC-CHAP (NVM Express Base Specification 2.0, clause 8.13): which message follows which and
// what must be in it. One exchange authenticates one queue, and the controller as well where its key is known. What
// computes is behind DhchapCrypto, so nothing here depends on a library.
//
//   Negotiate -> Challenge -> Reply -> Success1 -> [Success2, if the controller had to prove itself]
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "libstas/core/base/result.h"
#include "libstas/core/base/secret.h"

namespace stas::nvme_tcp {

// Numbers of the messages and of keys; none: a key is used as it is.
enum class DhchapHash : std::uint8_t { none = 0, sha256 = 1, sha384 = 2, sha512 = 3 };
std::size_t digest_size(DhchapHash hash);

struct DhAgreement {
  std::string own;  // our public value, big-endian, as long as the prime
  Secret secret;    // shared, as long as the prime
};

// What computes. Any thread; agree() takes up to some 300 ms, so its place is a worker.
class DhchapCrypto {
 public:
  DhchapCrypto() = default;
  DhchapCrypto(const DhchapCrypto&) = delete;
  DhchapCrypto& operator=(const DhchapCrypto&) = delete;
  virtual ~DhchapCrypto() = default;

  virtual Result<std::string> digest(DhchapHash hash, std::string_view data) const = 0;
  virtual Result<std::string> hmac(DhchapHash hash, std::string_view key, std::string_view data) const = 0;
  // Group 1 (ffdhe2048) to 5 (ffdhe8192) of RFC 7919. Error protocol: the peer's value is none of the group.
  virtual Result<DhAgreement> agree(std::uint8_t group, std::string_view peer) const = 0;
  virtual Result<std::string> random(std::size_t count) const = 0;
};

struct DhchapSecret {
  Secret key;  // 32, 48 or 64 bytes
  DhchapHash transform = DhchapHash::none;
};

struct DhchapConfig {
  DhchapSecret host;        // empty: we cannot authenticate
  DhchapSecret controller;  // empty: it need not prove itself
  std::string flaw;         // not empty: a key was given that is none, "has a wrong check sum, ..."
  const DhchapCrypto* crypto = nullptr;
};

class DhchapHost {
 public:
  DhchapHost(const DhchapConfig& config, std::string hostnqn, std::string subsysnqn)
      : config_(config), hostnqn_(std::move(hostnqn)), subsysnqn_(std::move(subsysnqn)) {}

  // The first message.
  Result<std::string> begin();
  // The controller's message; the answer is what to send, "" when nothing is. Once finished, what is to be sent is the
  // last message, and error() says whether the exchange succeeded.
  std::string take(std::string_view message);
  // Not null: the owner has DhchapCrypto agree on this and says the result with agreed(), whose answer is that of
  // take().
  struct Agreement {
    std::uint8_t group = 0;
    std::string peer;
  };
  const std::optional<Agreement>& wanted() const { return wanted_; }
  std::string agreed(Result<DhAgreement> result);

  bool finished() const { return finished_; }
  // Permission: somebody is not who it should be; protocol: a message is none. Names no secret.
  const std::optional<Error>& error() const { return error_; }

 private:
  enum class Explanation : std::uint8_t { failed = 1, hash = 4, group = 5, payload = 6, message = 7 };

  std::string answer(Result<std::string> step);
  Result<std::string> challenged(std::string_view challenge);
  Result<std::string> reply(std::string_view own);
  Result<std::string> conclude(std::string_view success);
  Result<std::string> response(const DhchapSecret& secret, std::string_view nonce, std::uint32_t sequence,
                               std::string_view label, std::string_view speaker, std::string_view listener) const;
  // Ends the exchange: `why` is for the controller, `error` for the owner.
  tl::unexpected<Error> refuse(Explanation why, ErrorKind kind, std::string text);
  std::string header(std::uint8_t type, std::uint8_t id) const;

  DhchapConfig config_;
  std::string hostnqn_;
  std::string subsysnqn_;
  std::uint16_t transaction_ = 0;
  DhchapHash hash_ = DhchapHash::none;
  std::string nonce_;  // C1
  std::uint32_t sequence_ = 0;
  std::optional<Agreement> wanted_;
  Secret session_;        // digest of the Diffie-Hellman secret; empty without a group
  std::string expected_;  // R2, what the controller has to answer; empty: it is not asked
  bool replied_ = false;
  bool finished_ = false;
  std::uint8_t explanation_ = 0;  // for Failure2; 0: none is due
  std::optional<Error> error_;
};

}  // namespace stas::nvme_tcp
