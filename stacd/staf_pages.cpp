// SPDX-License-Identifier: Apache-2.0
#include "stacd/staf_pages.h"

#include <utility>

#include "libstas/core/base/json.h"
#include "libstas/core/discovery/dlpe_text.h"
#include "libstas/core/identity/nqn.h"
#include "libstas/core/identity/tid_fields.h"

namespace stas {

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
  for (const auto& entry : *entries) {
    auto dlpe = dlpe_from_dict(dict_of(entry));
    if (dlpe) {
      out.entries.push_back(std::move(*dlpe));
    } else {
      out.skipped.push_back(nqn_of(entry));
      if (answer.skipped++ == 0) answer.first_flaw = dlpe.error().text;
    }
  }
  return out;
}

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
  if (list->size() > kMaxStafDcs) return fail(ErrorKind::protocol, "stafd lists too many discovery controllers");
  StafAnswer answer;
  for (const auto& item : *list) {
    auto dc = parse_dc(item, answer);
    if (!dc) return tl::unexpected(dc.error());
    answer.dcs.push_back(std::move(*dc));
  }
  return answer;
}

}  // namespace stas
