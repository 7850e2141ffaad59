// SPDX-License-Identifier: Apache-2.0
#include "stacd/staf_pages.h"

#include <utility>

#include "libstas/core/base/json.h"
#include "libstas/core/discovery/dlpe_text.h"
#include "libstas/core/identity/nqn.h"
#include "libstas/core/identity/tid_fields.h"

namespace stas::stacd {

namespace {

std::string text_of(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  const auto* text = value != nullptr ? value->as_string() : nullptr;
  return text != nullptr ? *text : std::string();
}

// "The page was read completely": it has entries, or the operation that reads it says that it went well.
bool page_known(const Json& dc, bool has_entries) {
  if (has_entries) return true;
  const auto operation = text_of(dc, "get log page operation");
  return operation.find("'completed': True") != std::string::npos &&
         operation.find("'fail count': 0,") != std::string::npos;
}

TextDict dict_of(const Json& entry) {
  TextDict dict;
  if (const auto* members = entry.as_object(); members != nullptr)
    for (const auto& [key, value] : *members)
      if (const auto* text = value.as_string(); text != nullptr) dict.emplace_back(key, *text);
  return dict;
}

// What an entry that cannot be used is about, "" when it does not say.
std::string nqn_of(const Json& entry) {
  auto nqn = entry.as_object() != nullptr ? text_of(entry, "subnqn") : std::string();
  return is_usable_nqn(nqn) ? nqn : std::string();
}

// Those that can be used go to `into`, what the others are about to `skipped`.
void read_entries(const Json::Array& entries, std::vector<Dlpe>& into, std::vector<std::string>& skipped,
                  Flaws& flaws) {
  for (const auto& entry : entries) {
    auto dlpe = dlpe_from_dict(dict_of(entry));
    if (dlpe) {
      into.push_back(std::move(*dlpe));
    } else {
      skipped.push_back(nqn_of(entry));
      if (flaws.count++ == 0) flaws.first = dlpe.error().text;
    }
  }
}

Result<StafDc> parse_dc(const Json& item, StafAnswer& answer) {
  const Json* dc = item.find("discovery-controller");
  const Json* pages = item.find("log-pages");
  const auto* entries = pages != nullptr ? pages->as_array() : nullptr;
  if (dc == nullptr || dc->as_object() == nullptr || entries == nullptr)
    return fail(ErrorKind::protocol, "an element lacks discovery-controller or log-pages");
  auto tid = read_tid(*dc);
  if (!tid) return tl::unexpected(tid.error());
  StafDc out{std::move(*tid), text_of(*dc, "origin"), page_known(*dc, !entries->empty()), {}, {}};
  if (entries->size() > kMaxDlpes) return fail(ErrorKind::protocol, "a log page has too many entries");
  std::vector<Dlpe> usable;
  read_entries(*entries, usable, out.skipped, answer.flaws);
  out.entries = std::move(usable);
  return out;
}

Error too_many_dcs() { return Error{ErrorKind::protocol, 0, "stafd lists too many discovery controllers"}; }

}  // namespace

std::optional<Tid> tid_of_dict(const TextDict& dict) {
  auto tid = read_tid(to_json(dict));
  return tid ? std::optional(std::move(*tid)) : std::nullopt;
}

Result<StafAnswer> parse_staf_pages(std::string_view json) {
  auto document = Json::parse(json);
  if (!document) return tl::unexpected(document.error());
  const auto* list = document->as_array();
  if (list == nullptr) return fail(ErrorKind::protocol, "the answer of stafd is no list");
  if (list->size() > kMaxStafDcs) return tl::unexpected(too_many_dcs());
  StafAnswer answer;
  for (const auto& item : *list) {
    auto dc = parse_dc(item, answer);
    if (!dc) return tl::unexpected(dc.error());
    answer.dcs.push_back(std::move(*dc));
  }
  return answer;
}

Result<std::vector<ListedPage>> parse_page_list(const std::vector<TextDict>& dicts) {
  if (dicts.size() > kMaxStafDcs) return tl::unexpected(too_many_dcs());
  std::vector<ListedPage> list;
  list.reserve(dicts.size());
  for (const auto& dict : dicts) {
    const Json json = to_json(dict);
    auto tid = read_tid(json);
    if (!tid) return tl::unexpected(tid.error());
    if (json.find("page known") == nullptr || json.find("page") == nullptr)
      return fail(ErrorKind::protocol, "an element lacks its page");
    list.push_back({StafDc{std::move(*tid),
                           text_of(json, "origin"),
                           text_of(json, "page known") == "True",
                           {},
                           {},
                           text_of(json, "reading") == "True"},
                    text_of(json, "page")});
  }
  return list;
}

Result<PagePiece> parse_page_piece(std::string_view json) {
  const auto document = Json::parse(json);
  if (!document) return tl::unexpected(document.error());
  const Json* pages = document->find("log-pages");
  const auto* entries = pages != nullptr ? pages->as_array() : nullptr;
  const Json* next = document->find("next");
  if (entries == nullptr || next == nullptr || next->as_string() == nullptr)
    return fail(ErrorKind::protocol, "a piece of a log page lacks its entries, or what comes next");
  PagePiece piece{{}, {}, *next->as_string(), {}};
  if (entries->empty() && !piece.next.empty()) return fail(ErrorKind::protocol, "an empty piece of a log page");
  read_entries(*entries, piece.entries, piece.skipped, piece.flaws);
  return piece;
}

}  // namespace stas::stacd
