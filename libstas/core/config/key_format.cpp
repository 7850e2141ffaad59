// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/config/key_format.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <optional>

#include "libstas/core/base/text.h"

namespace stas {

namespace {

constexpr std::size_t kCrcBytes = 4;
constexpr std::size_t kMaxBytes = 64 + kCrcBytes;  // of the longest key

struct Format {
  std::string_view prefix;  // as it is written
  const char* shape;        // for messages, in which no prefix of a real key must appear
  unsigned hashes;          // 0 is none, the others are numbered from 1
  const char* known;
  std::initializer_list<std::size_t> lengths;  // of the key without its CRC
  const char* lengths_text;
};

constexpr Format kDhchap{"DHHC-1:", "DHHC-1:<hash>:<key>:", 3, "00 to 03", {32, 48, 64}, "32, 48 or 64"};
constexpr Format kTls{"NVMeTLSkey-1:", "NVMeTLSkey-1:<hash>:<key>:", 2, "00 to 02", {32, 48}, "32 or 48"};

// Overwritten in the end.
struct Bytes {
  std::array<unsigned char, kMaxBytes> at{};
  std::size_t size = 0;

  Bytes() = default;
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  ~Bytes() { explicit_bzero(at.data(), at.size()); }
};

std::optional<unsigned> base64_digit(char c) {
  constexpr unsigned kSmall = 26, kDigits = 52, kPlus = 62, kSlash = 63;
  if (c >= 'A' && c <= 'Z') return static_cast<unsigned>(c - 'A');
  if (c >= 'a' && c <= 'z') return static_cast<unsigned>(c - 'a') + kSmall;
  if (is_digit(c)) return static_cast<unsigned>(c - '0') + kDigits;
  if (c == '+') return kPlus;
  if (c == '/') return kSlash;
  return std::nullopt;
}

enum class Decoded { good, no_base64, too_long };

// RFC 4648 with padding. Of a text that is too long the first bytes are kept.
Decoded decode(std::string_view text, Bytes& out) {
  if (text.empty() || text.size() % 4 != 0) return Decoded::no_base64;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::uint32_t bits = 0;
  unsigned held = 0;
  bool fits = true;
  for (const char c : text.substr(0, text.size() - padding)) {
    const auto digit = base64_digit(c);
    if (!digit) return Decoded::no_base64;
    bits = (bits << 6U) | *digit;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    if (out.size == out.at.size())
      fits = false;
    else
      out.at[out.size++] = static_cast<unsigned char>(bits >> held);
  }
  return fits ? Decoded::good : Decoded::too_long;
}

// CRC-32 of IEEE 802.3. No library that core may use has it.
std::uint32_t crc32(const unsigned char* bytes, std::size_t size) {
  constexpr std::uint32_t kPolynomial = 0xEDB88320U;
  std::uint32_t crc = ~std::uint32_t{0};
  for (const unsigned char* end = bytes + size; bytes != end; ++bytes) {
    crc ^= *bytes;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? kPolynomial : 0);
  }
  return ~crc;
}

struct Parsed {
  unsigned hash = 0;
  std::size_t length = 0;  // without the CRC
  Bytes bytes;
};

std::string parse(std::string_view key, const Format& format, Parsed& out) {
  const std::string shape = std::string("does not have the form ") + format.shape;
  if (!key.starts_with(format.prefix)) return shape;
  key.remove_prefix(format.prefix.size());
  if (key.size() < 3 || !is_digit(key[0]) || !is_digit(key[1]) || key[2] != ':') return shape;
  out.hash = static_cast<unsigned>((key[0] - '0') * 10 + (key[1] - '0'));
  if (out.hash > format.hashes) return std::string("has a hash that is none (known are ") + format.known + ")";
  key.remove_prefix(3);
  const std::size_t end = key.find(':');
  if (end == std::string_view::npos) return shape + " (the colon at its end is missing, so it may have been cut)";
  if (end + 1 != key.size()) return shape + " (something follows its end)";
  auto& bytes = out.bytes;
  const Decoded decoded = decode(key.substr(0, end), bytes);
  if (decoded == Decoded::no_base64) return "is not base64 between its colons";
  const std::size_t length = bytes.size < kCrcBytes ? 0 : bytes.size - kCrcBytes;
  if (decoded == Decoded::too_long ||
      std::find(format.lengths.begin(), format.lengths.end(), length) == format.lengths.end())
    return std::string("is too short or too long: it may have ") + format.lengths_text + " bytes and a check sum";
  std::uint32_t told = 0;
  for (std::size_t i = kCrcBytes; i > 0; --i) told = (told << 8U) | bytes.at[length + i - 1];
  if (crc32(bytes.at.data(), length) != told) return "has a wrong check sum, so it was mistyped";
  out.length = length;
  return {};
}

std::string flaw_of(std::string_view key, const Format& format) {
  Parsed parsed;
  return parse(key, format, parsed);
}

}  // namespace

std::string dhchap_key_flaw(std::string_view key) { return flaw_of(key, kDhchap); }

std::string tls_key_flaw(std::string_view key) { return flaw_of(key, kTls); }

std::optional<DhchapKey> dhchap_key(std::string_view key) {
  Parsed parsed;
  if (!parse(key, kDhchap, parsed).empty()) return std::nullopt;
  return DhchapKey{Secret(std::string(parsed.bytes.at.begin(), parsed.bytes.at.begin() + parsed.length)), parsed.hash};
}

}  // namespace stas
