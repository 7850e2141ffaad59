// SPDX-License-Identifier: Apache-2.0
#include "stafd/page_book.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "libstas/core/base/json.h"
#include "libstas/core/discovery/dlpe_text.h"

namespace stas::stafd {

namespace {

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::vector<std::uint64_t> PageBook::list(const std::vector<Shown>& pages) {
  std::map<Tid, Page> listed;
  std::unordered_map<const void*, std::uint64_t> shared;
  std::vector<std::uint64_t> numbers;
  numbers.reserve(pages.size());
  for (const auto& [tid, entries] : pages) {
    const auto before = pages_.find(*tid);
    auto& number = shared[entries->identity()];
    if (number == 0 && before != pages_.end() && before->second.entries == *entries) number = before->second.number;
    if (number == 0) number = ++last_;
    listed[*tid] = Page{number, *entries};
    numbers.push_back(number);
  }
  pages_ = std::move(listed);
  return numbers;
}

std::optional<std::string> PageBook::piece(std::string_view page, std::string_view first) const {
  const auto number = number_of(page), at = number_of(first);
  const auto it =
      std::find_if(pages_.begin(), pages_.end(), [&](const auto& item) { return item.second.number == number; });
  if (!number || !at || it == pages_.end() || *at > it->second.entries.size()) return std::nullopt;
  const std::vector<Dlpe>& entries = it->second.entries;
  auto index = static_cast<std::size_t>(*at);
  auto json = JsonWriter::python();
  json.begin_object().key("log-pages").begin_array();
  for (; index < entries.size() && json.size() < kPieceBytes; ++index) json.value(to_dict(entries[index]));
  json.end().key("next").text(index < entries.size() ? std::to_string(index) : std::string());
  return json.end().take();
}

const std::string& PageBook::text_of(const Entries& entries) {
  auto& text = texts_[entries.identity()];
  text.used = true;
  if (text.json.empty()) {
    text.entries = entries;
    auto json = JsonWriter::python();
    json.begin_array();
    for (const auto& entry : entries) json.value(to_dict(entry));
    text.json = json.end().take();
  }
  return text.json;
}

void PageBook::forget_texts() {
  for (auto it = texts_.begin(); it != texts_.end();)
    it = std::exchange(it->second.used, false) ? std::next(it) : texts_.erase(it);
}

}  // namespace stas::stafd
