// SPDX-License-Identifier: Apache-2.0
//
// The grouping of options into sections is inih's work. The texts do not pass through it, because its line buffer (200
// bytes by default) cuts longer lines, its inline comments would eat "; traddr=...", and it tells no line numbers: we
// read the lines, keep them, and hand inih a short stand-in for each - "[7]" for a header that is item 7, "8=8" for an
// option that is item 8.
#include "libstas/core/config/ini.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <ini.h>

#include "libstas/core/base/shown.h"
#include "libstas/core/base/text.h"

namespace stas {

namespace {

struct Item {
  enum class Kind { section, broken_section, option };
  Kind kind = Kind::option;
  std::string_view name;  // of the section or key
  std::optional<std::string_view> value;
  int line = 0;
  bool continued = false;
  int section = -1;  // index of the header it stands under, -1 for none; set by inih's handler
};

// Cuts the text into items and notes the lines that are none.
class Lexer {
 public:
  explicit Lexer(std::vector<IniError>& errors) : errors_(errors) {}

  void line(std::string_view raw, int number) {
    const std::string_view text = trimmed(raw);
    if (text.empty() || text.front() == '#' || text.front() == ';') return;
    const std::size_t indent = raw.find_first_not_of(kBlanks);
    if (option_ && indent > indent_) return continuation(text, number);
    indent_ = indent;
    option_ = false;
    if (text.front() == '[') return header(text, number);
    if (text.front() == '=') return error(number, "a line starts with `=`: the name of the option is missing");
    option(text, number);
  }
  std::vector<Item> take() { return std::move(items_); }

 private:
  void error(int number, std::string text) { errors_.push_back({number, std::move(text)}); }

  void continuation(std::string_view text, int number) {
    Item& first = items_.back();
    // "controller =" with all its elements on the lines below: the empty first element means nothing.
    if (!first.continued && (!first.value || first.value->empty())) {
      first.value = text;
      first.line = number;
      first.continued = true;
      return;
    }
    items_.push_back({Item::Kind::option, first.name, text, number, true});
  }

  // What follows the ']' is ignored.
  void header(std::string_view text, int number) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || end == 1) {
      error(number, "broken section header `" + shown(text) + "`: options up to the next header are ignored");
      items_.push_back({Item::Kind::broken_section, {}, std::nullopt, number});
      return;
    }
    items_.push_back({Item::Kind::section, text.substr(1, end - 1), std::nullopt, number});
  }

  void option(std::string_view text, int number) {
    const std::size_t equals = text.find('=');
    Item item{Item::Kind::option, trimmed(text.substr(0, equals)), std::nullopt, number};
    if (equals != std::string_view::npos) item.value = trimmed(text.substr(equals + 1));
    items_.push_back(item);
    option_ = true;
  }

  std::vector<Item> items_;
  std::vector<IniError>& errors_;
  bool option_ = false;  // the last item is an option that may be continued
  std::size_t indent_ = 0;
};

// What inih reads from and reports to. Nothing here throws: inih is C.
struct Grouping {
  std::vector<Item>& items;
  std::size_t next = 0;
};

char* read_line(char* buffer, int size, void* stream) {
  auto& grouping = *static_cast<Grouping*>(stream);
  if (grouping.next == grouping.items.size()) return nullptr;
  const std::size_t index = grouping.next++;
  const auto room = static_cast<std::size_t>(size);
  const int length = grouping.items[index].kind == Item::Kind::option
                         ? std::snprintf(buffer, room, "%zu=%zu\n", index, index)
                         : std::snprintf(buffer, room, "[%zu]\n", index);
  return length > 0 && length < size ? buffer : nullptr;
}

int group_option(void* user, const char* section, const char* name, const char*) {
  auto& items = static_cast<Grouping*>(user)->items;
  if (name == nullptr || section == nullptr || *section == '\0') return 1;
  const std::size_t index = std::strtoull(name, nullptr, 10);
  if (index < items.size()) items[index].section = std::atoi(section);
  return 1;
}

// Lines of `text`, each without its end.
template <class Line>
void for_each_line(std::string_view text, Line line) {
  int number = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    line(text.substr(0, end), ++number);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

}  // namespace

IniFile parse_ini(std::string_view text) {
  IniFile file;
  if (text.size() > kMaxConfigBytes) {
    text = text.substr(0, kMaxConfigBytes);
    text = text.substr(0, text.rfind('\n') + 1);
    file.truncated_at = static_cast<int>(std::count(text.begin(), text.end(), '\n')) + 1;
  }
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);

  Lexer lexer(file.errors);
  for_each_line(text, [&](std::string_view line, int number) { lexer.line(line, number); });
  std::vector<Item> items = lexer.take();
  Grouping grouping{items};
  ini_parse_stream(read_line, &grouping, group_option, &grouping);

  bool before_first = true;
  for (const Item& item : items) {
    if (item.kind == Item::Kind::section) {
      file.sections.push_back({std::string(item.name), item.line});
    } else if (item.kind == Item::Kind::option && item.section < 0) {
      if (before_first) file.errors.push_back({item.line, "text before the first section header is ignored"});
      before_first = false;
    } else if (item.kind == Item::Kind::option) {
      const Item& section = items[static_cast<std::size_t>(item.section)];
      if (section.kind == Item::Kind::broken_section) continue;
      std::optional<std::string> value;
      if (item.value) value = std::string(*item.value);
      file.options.push_back({std::string(section.name), to_lower(item.name), value, item.line, item.continued});
    }
  }
  return file;
}

std::string_view without_trailing_comment(std::string_view value) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '#' && (i == 0 || is_blank(value[i - 1]))) return trimmed(value.substr(0, i));
  }
  return value;
}

}  // namespace stas
