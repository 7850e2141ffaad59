// SPDX-License-Identifier: Apache-2.0
#include "libstas/nvme_tcp/dhchap.h"

#include <utility>

#include "libstas/core/base/endian.h"

namespace stas::nvme_tcp {

namespace {

constexpr std::uint8_t kTypeCommon = 0x00, kTypeDhchap = 0x01;
constexpr std::uint8_t kNegotiate = 0x00, kChallenge = 0x01, kReply = 0x02, kSuccess1 = 0x03, kSuccess2 = 0x04,
                       kFailure2 = 0xF0, kFailure1 = 0xF1;
constexpr std::size_t kHeader = 16;
constexpr std::size_t kNegotiateSize = 72, kAtHashes = 12, kAtGroups = 42;
constexpr std::uint8_t kHashes = 3, kGroups = 6;  // SHA-256 to SHA-512; no group, ffdhe2048 to ffdhe8192

std::string failure_text(unsigned explanation) {
  switch (explanation) {
    case 1:
      return "the controller does not accept our key";
    case 2:
      return "the controller does not know DH-HMAC-CHAP";
    case 3:
      return "the controller wants another kind of secure channel";
    case 4:
      return "the controller accepts none of our hash functions";
    case 5:
      return "the controller accepts none of our Diffie-Hellman groups";
    case 6:
    case 7:
      return "the controller did not understand our message";
    default:
      return "the controller gives reason " + std::to_string(explanation);
  }
}

std::uint8_t byte_at(std::string_view text, std::size_t at) { return static_cast<std::uint8_t>(text[at]); }

bool equal_in_constant_time(std::string_view one, std::string_view other) {
  if (one.size() != other.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < one.size(); ++i) difference |= byte_at(one, i) ^ static_cast<unsigned>(byte_at(other, i));
  return difference == 0;
}

std::string little_endian(std::uint64_t value, std::size_t bytes) {
  std::string out(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) out[i] = static_cast<char>(value >> (8 * i) & 0xFFU);
  return out;
}

}  // namespace

std::size_t digest_size(DhchapHash hash) {
  constexpr std::size_t kStep = 16;
  return hash == DhchapHash::none ? 0 : kStep * (1 + static_cast<std::size_t>(hash));
}

std::string DhchapHost::header(std::uint8_t type, std::uint8_t id) const {
  std::string out(kHeader, '\0');
  out[0] = static_cast<char>(type);
  out[1] = static_cast<char>(id);
  put_le(out, 4, transaction_);
  return out;
}

tl::unexpected<Error> DhchapHost::refuse(Explanation why, ErrorKind kind, std::string text) {
  explanation_ = static_cast<std::uint8_t>(why);
  return fail(kind, std::move(text));
}

Result<std::string> DhchapHost::begin() {
  const auto number = config_.crypto->random(sizeof transaction_);
  if (!number) return tl::unexpected(number.error());
  transaction_ = get_le<std::uint16_t>(*number, 0);
  auto out = header(kTypeCommon, kNegotiate);
  out.resize(kNegotiateSize, '\0');
  out[7] = 1;  // one protocol: DH-HMAC-CHAP
  out[8] = 1;
  out[10] = static_cast<char>(kHashes);
  out[11] = static_cast<char>(kGroups);
  for (std::uint8_t i = 0; i < kHashes; ++i) out[kAtHashes + i] = static_cast<char>(i + 1);
  for (std::uint8_t i = 0; i < kGroups; ++i) out[kAtGroups + i] = static_cast<char>(i);
  return out;
}

std::string DhchapHost::take(std::string_view message) {
  return answer([&]() -> Result<std::string> {
    if (message.size() < kHeader) return refuse(Explanation::payload, ErrorKind::protocol, "a message is too short");
    const auto type = byte_at(message, 0);
    const auto id = byte_at(message, 1);
    if (type == kTypeCommon && id == kFailure1) return fail(ErrorKind::permission, failure_text(byte_at(message, 7)));
    if (type != kTypeDhchap || id != (replied_ ? kSuccess1 : kChallenge))
      return refuse(Explanation::message, ErrorKind::protocol, "a message is out of place");
    if (get_le<std::uint16_t>(message, 4) != transaction_)
      return refuse(Explanation::payload, ErrorKind::protocol, "a message belongs to another exchange");
    return replied_ ? conclude(message) : challenged(message);
  }());
}

std::string DhchapHost::agreed(Result<DhAgreement> result) {
  wanted_.reset();
  return answer([&]() -> Result<std::string> {
    if (!result) return refuse(Explanation::payload, result.error().kind, result.error().text);
    auto digest = config_.crypto->digest(hash_, result->secret.reveal());
    if (!digest) return digest;
    session_ = Secret(std::move(*digest));
    return reply(result->own);
  }());
}

std::string DhchapHost::answer(Result<std::string> step) {
  if (step) return std::move(*step);
  finished_ = true;
  error_ = std::move(step.error());
  error_->text = "DH-HMAC-CHAP: " + error_->text;
  if (explanation_ == 0) return {};
  auto out = header(kTypeCommon, kFailure2);
  out[6] = 1;  // authentication failed
  out[7] = static_cast<char>(explanation_);
  return out;
}

Result<std::string> DhchapHost::response(const DhchapSecret& secret, std::string_view nonce, std::uint32_t sequence,
                                         std::string_view label, std::string_view speaker,
                                         std::string_view listener) const {
  const auto& crypto = *config_.crypto;
  auto augmented =
      session_.empty() ? Result<std::string>(std::string(nonce)) : crypto.hmac(hash_, session_.reveal(), nonce);
  if (!augmented) return augmented;
  auto text = std::move(*augmented) + little_endian(sequence, 4) + little_endian(transaction_, 2) + '\0';
  text.append(label).append(speaker).append(1, '\0').append(listener);
  if (secret.transform == DhchapHash::none) return crypto.hmac(hash_, secret.key.reveal(), text);
  auto made = crypto.hmac(secret.transform, secret.key.reveal(), std::string(speaker) + "NVMe-over-Fabrics");
  if (!made) return made;
  const Secret key(std::move(*made));
  return crypto.hmac(hash_, key.reveal(), text);
}

Result<std::string> DhchapHost::challenged(std::string_view challenge) {
  const auto hash = byte_at(challenge, 8);
  const auto group = byte_at(challenge, 9);
  if (hash < 1 || hash > kHashes)
    return refuse(Explanation::hash, ErrorKind::protocol, "the controller chose a hash function we did not offer");
  if (group >= kGroups)
    return refuse(Explanation::group, ErrorKind::protocol, "the controller chose a group we did not offer");
  hash_ = static_cast<DhchapHash>(hash);
  const auto length = digest_size(hash_);
  const std::size_t value_length = get_le<std::uint16_t>(challenge, 10);
  if (byte_at(challenge, 6) != length || challenge.size() < kHeader + length + value_length ||
      (group == 0) != (value_length == 0))
    return refuse(Explanation::payload, ErrorKind::protocol, "the lengths in the challenge are wrong");
  sequence_ = get_le<std::uint32_t>(challenge, 12);
  nonce_ = challenge.substr(kHeader, length);
  if (group == 0) return reply({});
  wanted_ = Agreement{group, std::string(challenge.substr(kHeader + length, value_length))};
  return std::string();
}

Result<std::string> DhchapHost::reply(std::string_view own) {
  const auto length = digest_size(hash_);
  const auto first = response(config_.host, nonce_, sequence_, "HostHost", hostnqn_, subsysnqn_);
  if (!first) return first;
  const bool both = !config_.controller.key.empty();
  std::string counter(length, '\0');
  std::uint32_t counter_sequence = 0;  // 0: not asked to prove itself
  if (both) {
    const auto random = config_.crypto->random(length + sizeof counter_sequence);
    if (!random) return random;
    counter = random->substr(0, length);
    counter_sequence = get_le<std::uint32_t>(*random, length) | 1U;
    auto second = response(config_.controller, counter, counter_sequence, "Controller", subsysnqn_, hostnqn_);
    if (!second) return second;
    expected_ = std::move(*second);
  }
  auto out = header(kTypeDhchap, kReply);
  out[6] = static_cast<char>(length);
  out[8] = both ? 1 : 0;
  put_le(out, 10, static_cast<std::uint16_t>(own.size()));
  put_le(out, 12, counter_sequence);
  replied_ = true;
  return out.append(*first).append(counter).append(own);
}

Result<std::string> DhchapHost::conclude(std::string_view success) {
  if (expected_.empty()) {
    finished_ = true;
    return std::string();
  }
  const bool answered = (byte_at(success, 8) & 1U) != 0 && byte_at(success, 6) == expected_.size() &&
                        success.size() >= kHeader + expected_.size();
  if (!answered || !equal_in_constant_time(success.substr(kHeader, expected_.size()), expected_))
    return refuse(Explanation::failed, ErrorKind::permission,
                  "the controller does not know its key (dhchap-ctrl-secret=)");
  finished_ = true;
  return header(kTypeDhchap, kSuccess2);
}

}  // namespace stas::nvme_tcp
