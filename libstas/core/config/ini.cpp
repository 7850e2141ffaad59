// SPDX-License-Identifier: Apache-2.0
//
// inih takes sections and names apart. Values go past it by reference, because its line buffer (200 bytes by default)
// cuts longer lines, its inline comments would eat "; traddr=...", and it tells no line numbers: we read the lines,
// keep them, and hand inih "[section]" and "name=8", where 8 is the item that has the value. A name that inih cannot
// carry (49 bytes at most, no ':' and ';') is none of ours; it is kept as it is written, so that a complaint can show
// it.
#include "libstas/core/config/ini.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <ini.h>

#include "libstas/core/base/shown.h"
#include "libstas/core/base/text.h"

namespace stas {

namespace {

constexpr std::size_t kMaxIniName = 49;  // inih's MAX_SECTION and MAX_NAME, without the NUL

struct Item {
  enum class Kind { section, broken_section, option };
  Kind kind = Kind::option;
  std::string_view name;  // of the section or key
  std::optional<std::string_view> value;
  int line = 0;
  bool continued = false;
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
    // Half a file would become the value of one option.
    if (text.front() == '[') {
      return broken_header(number,
                           "section header `" + shown(text) +
                               "` is indented, so it would continue the option "
                               "above it: begin it in the first column; options up to the next header are ignored");
    }
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

  void broken_header(int number, std::string text) {
    error(number, std::move(text));
    items_.push_back({Item::Kind::broken_section, {}, std::nullopt, number});
    option_ = false;
  }

  // What follows the ']' is ignored.
  void header(std::string_view text, int number) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || end == 1) {
      return broken_header(number, "broken section header `" + shown(text) +
                                       "`: write `[Name]`; options up to the next header are ignored");
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

// What inih reads from and reports to. Nothing that inih calls throws: it is C.
struct Grouping {
  const std::vector<Item>& items;
  IniFile& file;
  std::size_t next = 0;
  const Item* header = nullptr;  // the last one
  bool orphans = false;          // text before the first header was told
};

bool is_carried(std::string_view name) {
  return name.size() <= kMaxIniName && name.find_first_of(std::string_view(":;\0", 3)) == std::string_view::npos;
}

char* read_line(char* buffer, int size, void* stream) {
  auto& grouping = *static_cast<Grouping*>(stream);
  if (grouping.next == grouping.items.size()) return nullptr;
  const std::size_t index = grouping.next++;
  const Item& item = grouping.items[index];
  const bool option = item.kind == Item::Kind::option;
  if (!option) grouping.header = &item;
  const std::string_view name = is_carried(item.name) ? item.name : "?";
  const auto room = static_cast<std::size_t>(size);
  const int width = static_cast<int>(name.size());
  const int length = option ? std::snprintf(buffer, room, "%.*s=%zu\n", width, name.data(), index)
                            : std::snprintf(buffer, room, "[%.*s]\n", width, name.data());
  return length > 0 && length < size ? buffer : nullptr;
}

void add_option(Grouping& grouping, std::string_view section, std::string_view name, const Item& item) {
  const Item* const header = grouping.header;
  if (header != nullptr && header->kind == Item::Kind::broken_section) return;
  if (header == nullptr || section.empty()) {
    if (!grouping.orphans)
      grouping.file.errors.push_back({item.line, "text before the first section header is ignored"});
    grouping.orphans = true;
    return;
  }
  std::optional<std::string> value;
  if (item.value) value = std::string(*item.value);
  const std::string key = to_lower(is_carried(item.name) ? name : item.name);
  const std::string_view group = is_carried(header->name) ? section : header->name;
  grouping.file.options.push_back({std::string(group), key, std::move(value), item.line, item.continued});
}

int take_option(void* user, const char* section, const char* name, const char* value) noexcept {
  auto& grouping = *static_cast<Grouping*>(user);
  if (section == nullptr || name == nullptr || value == nullptr) return 1;
  const std::size_t index = std::strtoull(value, nullptr, 10);
  if (index < grouping.items.size()) add_option(grouping, section, name, grouping.items[index]);
  return 1;
}

// Lines of `text`, each without its end: "\n", "\r\n" or "\r".
template <class Line>
void for_each_line(std::string_view text, Line line) {
  int number = 0;
  while (!text.empty()) {
    const std::size_t end = text.find_first_of("\r\n");
    line(text.substr(0, end), ++number);
    if (end == std::string_view::npos) return;
    text.remove_prefix(text.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
  }
}

}  // namespace

IniFile parse_ini(std::string_view text) {
  IniFile file;
  const bool too_long = text.size() > kMaxConfigBytes;
  if (too_long) {
    text = text.substr(0, kMaxConfigBytes);
    text = text.substr(0, text.find_last_of("\r\n") + 1);
  }
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);

  Lexer lexer(file.errors);
  int last = 0;
  for_each_line(text, [&](std::string_view line, int number) { lexer.line(line, last = number); });
  if (too_long) file.truncated_at = last + 1;
  if (!text.empty() && text.back() != '\n' && text.back() != '\r') file.unended_line = last;
  const std::vector<Item> items = lexer.take();
  for (const Item& item : items) {
    if (item.kind == Item::Kind::section) file.sections.push_back({std::string(item.name), item.line});
  }
  Grouping grouping{items, file};
  ini_parse_stream(read_line, &grouping, take_option, &grouping);
  return file;
}

std::string_view without_trailing_comment(std::string_view value) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '#' && (i == 0 || is_blank(value[i - 1]))) return trimmed(value.substr(0, i));
  }
  return value;
}

}  // namespace stas
