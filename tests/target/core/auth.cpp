// SPDX-License-Identifier: Apache-2.0
//
// Messages of DH-HMAC-CHAP and the responses in them.
#include "tests/target/core/auth.h"

#include <algorithm>
#include <array>

namespace stas::target {
namespace {

constexpr std::uint8_t kCommon = 0x00, kDhchap = 0x01;
constexpr std::uint8_t kNegotiate = 0x00, kChallenge = 0x01, kReply = 0x02, kSuccess1 = 0x03, kSuccess2 = 0x04,
                       kFailure2 = 0xF0, kFailure1 = 0xF1;
constexpr std::size_t kHead = 16;
constexpr std::size_t kNegotiateSize = 72;  // with one protocol descriptor
constexpr std::size_t kHashes = 12, kGroups = 42, kListRoom = 30;

/// The wanted identifier if it is offered, else the highest offered one, both of those allowed; empty: none fits.
std::optional<std::uint8_t> choose(View offered, std::optional<std::uint8_t> wanted,
                                   const std::set<std::uint8_t>& allowed) {
  std::optional<std::uint8_t> best;
  for (const std::uint8_t id : offered) {
    if (!allowed.contains(id)) continue;
    if (wanted && *wanted != id) continue;
    if (!best || id > *best) best = id;
  }
  return best;
}

Bytes head(std::uint8_t type, std::uint8_t id, std::uint16_t transaction, std::size_t size = kHead) {
  Bytes out(size, 0);
  out[0] = type;
  out[1] = id;
  put16(&out[4], transaction);
  return out;
}

}  // namespace

void AuthSession::fail(Why why) {
  why_ = why;
  state_ = State::failure1;
  authenticated_ = false;
}

const char* AuthSession::digest_name() const {
  constexpr std::array<const char*, 4> kNames{"none", "sha256", "sha384", "sha512"};
  return kNames[static_cast<std::size_t>(hash_)];
}

const char* AuthSession::group_name() const {
  constexpr std::array<const char*, 6> kNames{"null", "ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192"};
  return kNames[group_];
}

bool AuthSession::take(View message) {
  if (message.size() < kHead) return false;
  const std::uint8_t type = message[0];
  const std::uint8_t id = message[1];
  if (type == kCommon && id == kNegotiate) {
    negotiate(message);
    return true;
  }
  if (type == kCommon && id == kFailure2) {
    authenticated_ = false;
    failed_ = true;
    state_ = State::idle;
    return true;
  }
  if (type != kDhchap || get16(&message[4]) != transaction_) {
    fail(Why::payload);
  } else if (id == kReply && state_ == State::reply) {
    check_reply(message);
  } else if (id == kSuccess2 && state_ == State::success2) {
    authenticated_ = true;
    state_ = State::idle;
  } else {
    fail(Why::message);
  }
  return true;
}

void AuthSession::negotiate(View message) {
  transaction_ = get16(&message[4]);
  concatenation_ = message[6];
  response_.clear();
  session_key_.clear();
  exchange_.reset();
  if (message.size() < kNegotiateSize || message[7] == 0) return fail(Why::payload);
  if (message[8] != 1) return fail(Why::protocol);
  if (concatenation_ != 0) return fail(Why::concatenation);
  if (message[10] > kListRoom || message[11] > kListRoom) return fail(Why::payload);
  const auto wanted = [](std::uint8_t value, std::uint8_t any) {
    return value == any ? std::nullopt : std::optional(value);
  };
  const auto hash = choose(message.subspan(kHashes, message[10]), wanted(config_.hash, 0), policy_.hashes);
  if (!hash) return fail(Why::hash);
  const auto group = choose(message.subspan(kGroups, message[11]), wanted(config_.dhgroup, 0xFF), policy_.dhgroups);
  if (!group) return fail(Why::dhgroup);
  hash_ = static_cast<DhchapHash>(*hash);
  group_ = *group;
  if (group_ != 0) {
    auto exchange = DhExchange::make(group_);
    if (!exchange) return fail(Why::dhgroup);
    exchange_ = std::move(*exchange);
  }
  state_ = State::challenge;
}

Bytes AuthSession::challenge() {
  const std::size_t length = length_of(hash_);
  const Bytes value = exchange_ ? exchange_->public_value() : Bytes();
  challenge_ = random_bytes(length);
  sequence_ = get32(random_bytes(4).data()) | 1;  // 0 would say that there is no sequence
  Bytes out = head(kDhchap, kChallenge, transaction_);
  out[6] = static_cast<std::uint8_t>(length);
  out[8] = static_cast<std::uint8_t>(hash_);
  out[9] = group_;
  put16(&out[10], static_cast<std::uint16_t>(value.size()));
  put32(&out[12], sequence_);
  out.insert(out.end(), challenge_.begin(), challenge_.end());
  out.insert(out.end(), value.begin(), value.end());
  state_ = State::reply;
  return out;
}

Bytes AuthSession::augmented(View challenge) const {
  if (session_key_.empty()) return {challenge.begin(), challenge.end()};
  return hmac(hash_, session_key_, {challenge});
}

void AuthSession::check_reply(View message) {
  const std::size_t length = length_of(hash_);
  const std::size_t value_length = get16(&message[10]);
  if (message[6] != length || message.size() < kHead + 2 * length + value_length) return fail(Why::payload);
  const View response = message.subspan(kHead, length);
  const View counter = message.subspan(kHead + length, length);
  if (exchange_) {
    const auto secret = exchange_->shared_secret(message.subspan(kHead + 2 * length, value_length));
    if (!secret) return fail(Why::payload);
    session_key_ = digest(hash_, *secret);
  } else if (value_length != 0) {
    return fail(Why::payload);
  }
  const std::uint8_t zero = 0;
  const auto respond = [&](const std::string& key_text, View challenge, std::uint32_t sequence, std::string_view label,
                           const std::string& speaker, const std::string& listener) -> Bytes {
    const auto key = dhchap_key(key_text, speaker);
    if (!key) return {};
    std::array<std::uint8_t, 7> numbers{};
    put32(numbers.data(), sequence);
    put16(&numbers[4], transaction_);
    numbers[6] = concatenation_;
    return hmac(hash_, *key,
                {augmented(challenge), numbers, view_of(label), view_of(speaker), View(&zero, 1), view_of(listener)});
  };
  const Bytes expected = respond(config_.key, challenge_, sequence_, "HostHost", hostnqn_, subnqn_);
  if (expected.empty() || !equal_in_constant_time(expected, response)) return fail(Why::failed);
  if ((message[8] & 1) != 0) {
    if (config_.controller_key.empty()) return fail(Why::failed);
    response_ = respond(config_.controller_key, counter, get32(&message[12]), "Controller", subnqn_, hostnqn_);
    if (response_.empty()) return fail(Why::failed);
  }
  state_ = State::success1;
}

Bytes AuthSession::success1() {
  Bytes out = head(kDhchap, kSuccess1, transaction_);
  out[6] = static_cast<std::uint8_t>(length_of(hash_));
  out[8] = response_.empty() ? 0 : 1;
  out.insert(out.end(), response_.begin(), response_.end());
  authenticated_ = authenticated_ || response_.empty();  // else Success2 says whether the host agrees
  state_ = response_.empty() ? State::idle : State::success2;
  return out;
}

Bytes AuthSession::give() {
  if (state_ == State::challenge) return challenge();
  if (state_ == State::success1) return success1();
  if (state_ != State::failure1) fail(Why::message);
  Bytes out = head(kCommon, kFailure1, transaction_);
  out[6] = 1;  // reason: authentication failed
  out[7] = static_cast<std::uint8_t>(why_);
  failed_ = true;
  state_ = State::idle;
  return out;
}

}  // namespace stas::target
