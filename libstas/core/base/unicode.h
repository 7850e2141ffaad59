// SPDX-License-Identifier: Apache-2.0
//
// Text of others for a terminal: code points of UTF-8, which of them may be shown, and the escapes Python uses for the
// rest. "Printable" is Python's str.isprintable(): no control and format characters (so no terminal escapes and no
// bidirectional overrides), no private or unassigned code points, no blank but the ordinary one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace stas {

struct CodePoint {
  char32_t value = 0;
  std::uint8_t bytes = 0;  // how many it takes in the text
  bool valid = false;      // false: `value` is one byte that is not part of well-formed UTF-8
};

// The first code point of a text that is not empty.
CodePoint first_code_point(std::string_view text);

bool is_printable(char32_t value);
bool is_space(char32_t value);   // Python's str.isspace()
bool ends_line(char32_t value);  // where Python's str.splitlines() cuts

// Appends it as it is if it is printable, else as \n, \r, \t, \xNN, \uNNNN or \UNNNNNNNN.
void append_escaped(std::string& out, CodePoint point, std::string_view text);

// For tables: everything that is not printable is escaped.
std::string escaped(std::string_view text);

// How many code points well-formed UTF-8 has: columns on a terminal, as Python counts them.
std::size_t code_points(std::string_view text);
// The beginning of it, so many code points long at most.
std::string_view first_code_points(std::string_view text, std::size_t count);

bool is_valid_utf8(std::string_view text);
bool has_control(std::string_view text);  // of ASCII

// Can the text be a value of the kernel's connect string? No comma, no control character (they would end the value
// and start another option), not empty.
bool is_injection_free(std::string_view text);

// The text with '?' for control characters, and for all bytes above ASCII when they are not UTF-8: fit for a journal
// line, a terminal and D-Bus.
std::string printable(std::string_view text);

// The same, cut after `limit` bytes, not inside a character, and then with "..." at its end.
std::string printable(std::string_view text, std::size_t limit);

}  // namespace stas
