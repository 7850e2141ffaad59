// SPDX-License-Identifier: Apache-2.0
#include "libstas/tools/stasadm/host_uuid.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

namespace stas {

namespace {

using Uuid = std::array<std::uint8_t, 16>;

constexpr std::string_view kApplication = "$nvmexpress.org$";
constexpr std::size_t kUuidLength = 36;

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Exactly 32 hexadecimal digits.
std::optional<Uuid> from_digits(std::string_view digits) {
  Uuid uuid{};
  if (digits.size() != uuid.size() * 2) return std::nullopt;
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    const int high = digit(digits[2 * i]);
    const int low = digit(digits[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    uuid[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return uuid;
}

// "8-4-4-4-12" at the front of the text.
std::optional<Uuid> from_text(std::string_view text) {
  if (text.size() < kUuidLength) return std::nullopt;
  std::string digits;
  for (std::size_t i = 0; i < kUuidLength; ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-')) return std::nullopt;
    if (!dash) digits += text[i];
  }
  return from_digits(digits);
}

std::string to_text(const Uuid& uuid) {
  std::string text;
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += "0123456789abcdef"[uuid[i] >> 4];
    text += "0123456789abcdef"[uuid[i] & 0xF];
  }
  return text;
}

std::string to_version_4(Uuid uuid) {
  uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0F) | 0x40);
  uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3F) | 0x80);
  return to_text(uuid);
}

}  // namespace

std::string random_uuid() {
  Uuid uuid{};
  // No entropy is no reason to hand out an identity that another host may have as well.
  if (RAND_bytes(uuid.data(), static_cast<int>(uuid.size())) != 1) std::abort();
  return to_version_4(uuid);
}

std::optional<std::string> uuid_of_machine_id(std::string_view text) {
  const auto id = from_digits(text.substr(0, 32));
  if (!id) return std::nullopt;
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> hash{};
  unsigned length = 0;
  HMAC(EVP_sha256(), kApplication.data(), static_cast<int>(kApplication.size()), id->data(), id->size(), hash.data(),
       &length);
  Uuid uuid{};
  if (length < uuid.size()) return std::nullopt;
  std::copy_n(hash.begin(), uuid.size(), uuid.begin());
  return to_version_4(uuid);
}

std::optional<std::string> uuid_of_product(std::string_view text) {
  auto uuid = from_text(text);
  if (!uuid) return std::nullopt;
  auto& u = *uuid;
  std::swap(u[0], u[3]);
  std::swap(u[1], u[2]);
  std::swap(u[4], u[5]);
  std::swap(u[6], u[7]);
  return to_text(u);
}

Result<std::string> host_uuid(const ReadHostFile& read_file, bool is_root) {
  if (const auto text = read_file(kMachineIdPath)) {
    if (const auto uuid = uuid_of_machine_id(*text)) return *uuid;
  }
  if (!is_root) return fail(ErrorKind::permission, "Permission denied. Root privileges required.");
  if (const auto text = read_file(kProductUuidPath)) {
    if (const auto uuid = uuid_of_product(*text)) return *uuid;
  }
  if (const auto text = read_file(kPartitionUuidPath)) {
    if (const auto uuid = from_text(*text)) return to_text(*uuid);
  }
  return random_uuid();
}

}  // namespace stas
