// SPDX-License-Identifier: Apache-2.0
//
// The few operations on ASCII text that the parsers share. None of them depends on the locale.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stas {

inline constexpr std::string_view kBlanks = " \t\r\n\v\f";

inline bool is_blank(char c) { return kBlanks.find(c) != std::string_view::npos; }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
inline bool is_name_char(char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; }

// 0...15; nullopt for everything that is no hexadecimal digit.
inline std::optional<unsigned> hex_digit(char c) {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

inline std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// What a file that holds one word has: the first word of its first line. Into `text`.
inline std::string_view first_word_of_line(std::string_view text) {
  text = trimmed(text.substr(0, text.find('\n')));
  return text.substr(0, text.find_first_of(kBlanks));
}

// The text of a field of fixed size: padded with NULs (Linux), with blanks (SPDK), or filling it.
inline std::string_view field_text(std::string_view field) { return trimmed(field.substr(0, field.find('\0'))); }

inline std::string to_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// A port number 1...65535 in decimal, leading zeros allowed.
inline std::optional<int> parse_port(std::string_view text) {
  const std::size_t first = text.find_first_not_of('0');
  if (text.empty() || first == std::string_view::npos || text.size() - first > 5) return std::nullopt;
  int value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  if (value > 65535) return std::nullopt;
  return value;
}

}  // namespace stas
