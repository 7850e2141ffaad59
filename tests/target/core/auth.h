// SPDX-License-Identifier: Apache-2.0
//
// The controller's side of DH-HMAC-CHAP on one queue (NVMe base, DH-HMAC-CHAP Protocol; TP8006): Negotiate, Challenge,
// Reply, Success1 and 2, Failure1 and 2. A new Negotiate on a live queue is a re-authentication.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tests/target/core/dhchap.h"
#include "tests/target/core/model.h"

namespace stas::target {

class AuthSession {
 public:
  /// `policy` outlives the session and counts as it is when an exchange begins.
  AuthSession(const PolicyConfig& policy, AuthConfig config, std::string hostnqn, std::string subnqn)
      : policy_(policy), config_(std::move(config)), hostnqn_(std::move(hostnqn)), subnqn_(std::move(subnqn)) {}

  /// Keys for the exchanges that begin from now on.
  void use(AuthConfig config) { config_ = std::move(config); }
  [[nodiscard]] bool is_authenticated() const { return authenticated_; }
  /// The last exchange has failed: the association is to end.
  [[nodiscard]] bool has_failed() const { return failed_; }

  /// What the last exchange has agreed on, as words of the configuration.
  [[nodiscard]] const char* digest_name() const;
  [[nodiscard]] const char* group_name() const;

  /// Data of an Authentication Send. False: no message of the protocol.
  bool take(View message);
  /// What the next Authentication Receive gets; a Failure1 when there is nothing to say.
  Bytes give();

 private:
  enum class State { idle, challenge, reply, success1, success2, failure1 };

  /// Explanations of a failure.
  enum class Why : std::uint8_t {
    failed = 1,
    protocol = 2,
    concatenation = 3,
    hash = 4,
    dhgroup = 5,
    payload = 6,
    message = 7
  };

  void fail(Why why);
  void negotiate(View message);
  void check_reply(View message);
  Bytes challenge();
  Bytes success1();
  /// A challenge as it goes into an HMAC: with a DH group, mixed with the session key.
  [[nodiscard]] Bytes augmented(View challenge) const;

  const PolicyConfig& policy_;
  AuthConfig config_;
  std::string hostnqn_;
  std::string subnqn_;
  State state_ = State::idle;
  bool authenticated_ = false;
  bool failed_ = false;
  Why why_ = Why::failed;
  std::uint16_t transaction_ = 0;
  std::uint8_t concatenation_ = 0;
  DhchapHash hash_ = DhchapHash::sha256;
  std::uint8_t group_ = 0;
  std::optional<DhExchange> exchange_;
  Bytes session_key_;  ///< digest of the shared secret
  Bytes challenge_;    ///< C1
  std::uint32_t sequence_ = 0;
  Bytes response_;  ///< R2, when the host has asked for it
};

}  // namespace stas::target
