// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/base/pprint.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <vector>

#include "libstas/core/base/unicode.h"

namespace stas {

namespace {

// Python's float repr: shortest digits that read back the same; exponent form below 1e-4 and from 1e16 on.
std::string repr_of(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[64];
  const auto write = [&](std::chars_format format) {
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, format).ptr;
    return std::string(buffer, end);
  };
  const auto magnitude = std::fabs(value);
  if (magnitude != 0 && (magnitude < 1e-4 || magnitude >= 1e16)) return write(std::chars_format::scientific);
  auto text = write(std::chars_format::fixed);
  if (text.find('.') == std::string::npos) text += ".0";
  return text;
}

// The members as a Python dictionary has them, in the order pprint shows them.
std::vector<const Json::Member*> sorted(const Json::Object& object) {
  std::vector<const Json::Member*> members;
  members.reserve(object.size());
  for (const auto& member : object) members.push_back(&member);
  std::stable_sort(members.begin(), members.end(), [](auto* a, auto* b) { return a->first < b->first; });
  std::vector<const Json::Member*> unique;
  for (const auto* member : members) {
    if (!unique.empty() && unique.back()->first == member->first) unique.pop_back();
    unique.push_back(member);
  }
  return unique;
}

// A text on one line that gives up as soon as it is longer than allowed: most containers are much longer.
class Line {
 public:
  explicit Line(std::size_t max) : max_(max) {}

  bool add(const Json& value) {
    if (const auto* array = value.as_array()) return add_array(*array);
    if (const auto* object = value.as_object()) return add_object(*object);
    if (const auto* text = value.as_string()) return put(text_repr(*text));
    if (const auto flag = value.as_bool()) return put(*flag ? "True" : "False");
    if (const auto number = value.as_int()) return put(std::to_string(*number));
    if (const auto number = value.as_uint()) return put(std::to_string(*number));
    if (const auto number = value.as_double()) return put(repr_of(*number));
    return put("None");
  }
  bool put(std::string_view text) {
    out_ += text;
    length_ += code_points(text);
    return length_ <= max_;
  }
  std::string take() { return std::move(out_); }

 private:
  bool add_array(const Json::Array& array) {
    bool first = true;
    if (!put("[")) return false;
    for (const auto& item : array) {
      if (!first && !put(", ")) return false;
      first = false;
      if (!add(item)) return false;
    }
    return put("]");
  }
  bool add_object(const Json::Object& object) {
    bool first = true;
    if (!put("{")) return false;
    for (const auto* member : sorted(object)) {
      if (!first && !put(", ")) return false;
      first = false;
      if (!put(text_repr(member->first)) || !put(": ") || !add(member->second)) return false;
    }
    return put("}");
  }

  std::size_t max_;
  std::size_t length_ = 0;
  std::string out_;
};

// Pieces of a text up to and including each place where `ends` says so.
template <class Ends>  // bool(code point, next code point or 0)
std::vector<std::string_view> cut(std::string_view text, Ends ends) {
  std::vector<std::string_view> pieces;
  std::size_t start = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto point = first_code_point(text.substr(at));
    at += point.bytes;
    const auto next = at < text.size() ? first_code_point(text.substr(at)).value : 0;
    if (at < text.size() && !ends(point.value, next)) continue;
    pieces.push_back(text.substr(start, at - start));
    start = at;
  }
  return pieces;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  return cut(text, [](char32_t c, char32_t next) { return ends_line(c) && !(c == '\r' && next == '\n'); });
}

// A word with the blanks behind it.
std::vector<std::string_view> words_of(std::string_view line) {
  return cut(line, [](char32_t c, char32_t next) { return is_space(c) && !is_space(next); });
}

// pprint counts columns as signed numbers: deep nesting may leave fewer than none.
using Columns = std::ptrdiff_t;

Columns repr_length(std::string_view text) { return static_cast<Columns>(code_points(text_repr(text))); }

// The literals a long text is split into. `last` columns are lost on the last line.
std::vector<std::string> split_text(std::string_view text, Columns width, Columns last) {
  std::vector<std::string> chunks;
  const auto lines = lines_of(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool last_line = i + 1 == lines.size();
    if (repr_length(lines[i]) <= (last_line ? width - last : width)) {
      chunks.push_back(text_repr(lines[i]));
      continue;
    }
    std::string current;
    const auto words = words_of(lines[i]);
    for (std::size_t j = 0; j < words.size(); ++j) {
      const auto room = last_line && j + 1 == words.size() ? width - last : width;
      auto candidate = current + std::string(words[j]);
      if (repr_length(candidate) > room) {
        if (!current.empty()) chunks.push_back(text_repr(current));
        current = words[j];
      } else {
        current = std::move(candidate);
      }
    }
    if (!current.empty()) chunks.push_back(text_repr(current));
  }
  return chunks;
}

class Printer {
 public:
  explicit Printer(Columns width) : width_(width) {}

  // `allowance`: columns that the closing brackets behind the value will take. `level`: nesting, 0 = outermost.
  void format(const Json& value, Columns indent, Columns allowance, int level) {
    Line line(static_cast<std::size_t>(std::max<Columns>(0, width_ - indent - allowance)));
    if (line.add(value)) {
      out_ += line.take();
    } else if (const auto* object = value.as_object(); object != nullptr && !object->empty()) {
      format_object(*object, indent, allowance + 1, level + 1);
    } else if (const auto* array = value.as_array(); array != nullptr && !array->empty()) {
      format_array(*array, indent, allowance + 1, level + 1);
    } else if (const auto* text = value.as_string(); text != nullptr && !text->empty()) {
      format_text(*text, indent, allowance, level + 1);
    } else {
      out_ += python_repr(value);
    }
  }
  std::string take() { return std::move(out_); }

 private:
  void new_line(Columns indent) {
    out_ += '\n';
    out_.append(static_cast<std::size_t>(indent), ' ');
  }

  void format_object(const Json::Object& object, Columns indent, Columns allowance, int level) {
    const auto members = sorted(object);
    out_ += '{';
    for (const auto* member : members) {
      const auto key = text_repr(member->first);
      out_ += key;
      out_ += ": ";
      const bool last = member == members.back();
      format(member->second, indent + 1 + static_cast<Columns>(code_points(key)) + 2, last ? allowance : 1, level);
      if (last) break;
      out_ += ',';
      new_line(indent + 1);
    }
    out_ += '}';
  }

  void format_array(const Json::Array& array, Columns indent, Columns allowance, int level) {
    out_ += '[';
    for (const auto& item : array) {
      const bool last = &item == &array.back();
      format(item, indent + 1, last ? allowance : 1, level);
      if (last) break;
      out_ += ',';
      new_line(indent + 1);
    }
    out_ += ']';
  }

  // Adjacent literals; only a text that is the whole document needs parentheses.
  void format_text(const std::string& text, Columns indent, Columns allowance, int level) {
    const bool outermost = level == 1;
    if (outermost) {
      ++indent;
      ++allowance;
    }
    const auto chunks = split_text(text, width_ - indent, allowance);
    if (chunks.size() == 1) {
      out_ += text_repr(text);
      return;
    }
    if (outermost) out_ += '(';
    for (const auto& chunk : chunks) {
      if (&chunk != &chunks.front()) new_line(indent);
      out_ += chunk;
    }
    if (outermost) out_ += ')';
  }

  Columns width_;
  std::string out_;
};

}  // namespace

std::string text_repr(std::string_view text) {
  const bool single = text.find('\'') == std::string_view::npos || text.find('"') != std::string_view::npos;
  const char quote = single ? '\'' : '"';
  std::string out(1, quote);
  out.reserve(text.size() + 2);
  // Nearly all texts are plain ASCII and copied as they are.
  const auto plain = [](char c) { return c >= ' ' && c <= '~' && c != '\'' && c != '\\'; };
  const auto rest = std::find_if_not(text.begin(), text.end(), plain);
  out.append(text.begin(), rest);
  text.remove_prefix(static_cast<std::size_t>(rest - text.begin()));
  while (!text.empty()) {
    const auto point = first_code_point(text);
    if (point.value == static_cast<char32_t>(quote) || point.value == '\\') out += '\\';
    append_escaped(out, point, text);
    text.remove_prefix(point.bytes);
  }
  out += quote;
  return out;
}

std::string python_repr(const Json& value) {
  Line line(static_cast<std::size_t>(-1));
  line.add(value);
  return line.take();
}

std::string python_pprint(const Json& value, std::size_t width) {
  Printer printer(static_cast<Columns>(width));
  printer.format(value, 0, 0, 0);
  return printer.take();
}

}  // namespace stas
