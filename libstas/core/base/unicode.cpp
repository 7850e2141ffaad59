// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/base/unicode.h"

#include <locale.h>
#include <algorithm>
#include <array>
#include <cwctype>

namespace stas {

namespace {

struct Range {
  char32_t first;
  char32_t last;
};

bool contains(const auto& ranges, char32_t value) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [value](const Range& r) { return value >= r.first && value <= r.last; });
}

// Where the C library is more generous than Python: format characters, separators, surrogates, private use.
constexpr std::array kNotShown{
    Range{0xA0, 0xA0},       Range{0xAD, 0xAD},       Range{0x600, 0x605},     Range{0x61C, 0x61C},
    Range{0x6DD, 0x6DD},     Range{0x70F, 0x70F},     Range{0x890, 0x891},     Range{0x8E2, 0x8E2},
    Range{0x1680, 0x1680},   Range{0x180E, 0x180E},   Range{0x2000, 0x200F},   Range{0x2028, 0x202F},
    Range{0x205F, 0x206F},   Range{0x3000, 0x3000},   Range{0xD800, 0xF8FF},   Range{0xFEFF, 0xFEFF},
    Range{0xFFF9, 0xFFFB},   Range{0x110BD, 0x110BD}, Range{0x110CD, 0x110CD}, Range{0x13430, 0x1343F},
    Range{0x1BCA0, 0x1BCA3}, Range{0x1D173, 0x1D17A}, Range{0xE0001, 0xE007F}, Range{0xF0000, 0x10FFFF},
};

constexpr std::array kSpaces{
    Range{0x09, 0x0D},     Range{0x1C, 0x20},     Range{0x85, 0x85},     Range{0xA0, 0xA0},     Range{0x1680, 0x1680},
    Range{0x2000, 0x200A}, Range{0x2028, 0x2029}, Range{0x202F, 0x202F}, Range{0x205F, 0x205F}, Range{0x3000, 0x3000},
};

// The C library's character table; "C.UTF-8" is always there on the systems we build on. Without it only ASCII is
// shown.
bool is_assigned(char32_t value) {
  static const locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return utf8 != nullptr && iswprint_l(static_cast<wint_t>(value), utf8) != 0;
}

void append_hex(std::string& out, char kind, unsigned digits, char32_t value) {
  out += '\\';
  out += kind;
  for (unsigned shift = digits * 4; shift > 0; shift -= 4) out += "0123456789abcdef"[(value >> (shift - 4)) & 0xF];
}

// In well-formed UTF-8.
bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

CodePoint first_code_point(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const char32_t lead = byte(0);
  const CodePoint broken{lead, 1, false};
  if (lead < 0x80) return {lead, 1, true};
  const std::uint8_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4) return broken;
  char32_t value = lead & (0x7FU >> length);
  for (std::uint8_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return broken;
    value = value << 6 | (byte(i) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
  if (value < kSmallest[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return broken;
  return {value, length, true};
}

bool is_printable(char32_t value) {
  if (value < 0x7F) return value >= 0x20;
  return value > 0xA0 && !contains(kNotShown, value) && is_assigned(value);
}

bool is_space(char32_t value) { return contains(kSpaces, value); }

bool ends_line(char32_t value) {
  return (value >= 0x0A && value <= 0x0D) || (value >= 0x1C && value <= 0x1E) || value == 0x85 || value == 0x2028 ||
         value == 0x2029;
}

void append_escaped(std::string& out, CodePoint point, std::string_view text) {
  if (!point.valid) return append_hex(out, 'x', 2, point.value);
  if (is_printable(point.value)) {
    out.append(text.substr(0, point.bytes));
  } else if (point.value == '\n') {
    out += "\\n";
  } else if (point.value == '\r') {
    out += "\\r";
  } else if (point.value == '\t') {
    out += "\\t";
  } else if (point.value < 0x100) {
    append_hex(out, 'x', 2, point.value);
  } else if (point.value < 0x10000) {
    append_hex(out, 'u', 4, point.value);
  } else {
    append_hex(out, 'U', 8, point.value);
  }
}

std::string escaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto point = first_code_point(text);
    append_escaped(out, point, text);
    text.remove_prefix(point.bytes);
  }
  return out;
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

std::string_view first_code_points(std::string_view text, std::size_t count) {
  const auto* const end =
      std::find_if(text.begin(), text.end(), [&](char c) { return starts_character(c) && count-- == 0; });
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

bool has_control(std::string_view text) { return std::any_of(text.begin(), text.end(), is_control); }

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto point = first_code_point(text);
    if (!point.valid) return false;
    text.remove_prefix(point.bytes);
  }
  return true;
}

bool is_injection_free(std::string_view text) {
  return !text.empty() && text.find(',') == std::string_view::npos && !has_control(text);
}

std::string printable(std::string_view text) {
  std::string result(text);
  std::replace_if(result.begin(), result.end(), is_control, '?');
  if (is_ascii(text)) return result;
  if (!is_valid_utf8(text)) {
    std::replace_if(
        result.begin(), result.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
    return result;
  }
  // U+0080...U+009F are control characters too; some terminals obey them.
  for (std::size_t at = 0; (at = result.find('\xc2', at)) != std::string::npos; ++at)
    if (static_cast<unsigned char>(result[at + 1]) < 0xa0) result.replace(at, 2, "?");
  return result;
}

std::string printable(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return printable(text);
  while (limit > 0 && !starts_character(text[limit])) --limit;
  return printable(text.substr(0, limit)) + "...";
}

}  // namespace stas
