// SPDX-License-Identifier: Apache-2.0
//
// Reading the last known configuration. What can be taken is taken, the rest is complained about. A page that lost an
// entry on the way is no evidence any more (law 2), so it is read as "not known".
#include <algorithm>

#include "libstas/core/base/json.h"
#include "libstas/core/base/unicode.h"
#include "libstas/core/base/uuid.h"
#include "libstas/core/brain/last_known.h"
#include "libstas/core/discovery/dlpe_text.h"
#include "libstas/core/identity/nqn.h"
#include "libstas/core/identity/tid_fields.h"

namespace stas {
namespace {

constexpr std::size_t kMaxComplaints = 16;
constexpr std::size_t kMaxValues = 16 * kMaxKeptDlpes;  // JSON values in a file; an entry has up to 13
constexpr std::size_t kMaxName = 256;                   // bytes of a host name
constexpr std::size_t kMaxAddressesOfName = 65;         // as many as the resolver takes, and the one in use

class Reader {
 public:
  explicit Reader(std::string_view path) : path_(path) {}

  // The document, when it is one of ours for this daemon.
  std::optional<Json> open(std::string_view text, std::string_view daemon);

  // Calls `read` for each element of the array member `key`; what gives no value is skipped with a complaint.
  template <class T, class Read>
  std::vector<T> list(const Json& parent, std::string_view key, std::string_view what, const Read& read);

  std::optional<std::string> origin(const Json& parent);
  std::optional<std::string> any_origin(const Json& parent);
  std::optional<Dlpe> dlpe(const Json& json);
  std::map<std::string, std::vector<std::string>> resolved(const Json& root);
  std::optional<KnownHost> host(const Json& root);

  void complain(std::string text);
  std::vector<Complaint> take_complaints() { return std::move(complaints_); }

 private:
  std::string_view path_;
  std::vector<Complaint> complaints_;
};

void Reader::complain(std::string text) {
  if (complaints_.size() > kMaxComplaints) return;
  if (complaints_.size() == kMaxComplaints) text = "more elements cannot be used";
  complaints_.push_back({Severity::warning, std::string(path_), 0, std::move(text)});
}

std::optional<Json> Reader::open(std::string_view text, std::string_view daemon) {
  if (text.empty()) return std::nullopt;  // the first start after boot: no file yet
  auto json = Json::parse(text, {.bytes = kMaxLastKnownBytes, .values = kMaxValues});
  if (!json) {
    complain("ignored: " + json.error().text);
    return std::nullopt;
  }
  const auto is = [&](std::string_view key, const Json& expected) {
    const Json* value = json->find(key);
    return value != nullptr && *value == expected;
  };
  const bool ours = is("format", kLastKnownFormat) && is("daemon", daemon);
  if (!ours || !is("version", kLastKnownVersion)) {
    complain(ours ? "ignored: written by another version" : "ignored: not a last known config of this daemon");
    return std::nullopt;
  }
  return std::move(*json);
}

template <class T, class Read>
std::vector<T> Reader::list(const Json& parent, std::string_view key, std::string_view what, const Read& read) {
  std::vector<T> result;
  const Json* member = parent.find(key);
  const Json::Array* items = member == nullptr ? nullptr : member->as_array();
  if (items == nullptr) {
    complain("no list \"" + std::string(key) + "\"");
    return result;
  }
  for (std::size_t i = 0; i < items->size(); ++i) {
    if (auto value = read((*items)[i]))
      result.push_back(std::move(*value));
    else
      complain(std::string(what) + " " + std::to_string(i) + " skipped: it cannot be used");
  }
  return result;
}

std::optional<Tid> tid_of(const Json* json) {
  if (json == nullptr) return std::nullopt;
  auto tid = read_tid(*json);
  return tid ? std::optional(std::move(*tid)) : std::nullopt;
}

std::optional<std::string> Reader::origin(const Json& parent) {
  static constexpr std::string_view kOrigins[] = {"", "configured", "discovered", "referral"};
  const Json* json = parent.find("origin");
  const std::string* text = json == nullptr ? nullptr : json->as_string();
  if (text == nullptr || std::find(std::begin(kOrigins), std::end(kOrigins), *text) == std::end(kOrigins))
    return std::nullopt;
  return *text;
}

// Also one that another version knows: what is kept for it must not be lost.
std::optional<std::string> Reader::any_origin(const Json& parent) {
  const Json* json = parent.find("origin");
  const std::string* text = json == nullptr ? nullptr : json->as_string();
  if (text == nullptr || text->size() > kMaxName || (!text->empty() && !is_injection_free(*text))) return std::nullopt;
  return *text;
}

std::optional<Dlpe> Reader::dlpe(const Json& json) {
  const Json::Object* members = json.as_object();
  if (members == nullptr) return std::nullopt;
  TextDict dict;
  dict.reserve(std::min<std::size_t>(members->size(), 16));
  for (const auto& [key, value] : *members)
    if (const std::string* text = value.as_string()) dict.emplace_back(key, *text);
  auto dlpe = dlpe_from_dict(dict);
  return dlpe ? std::optional(std::move(*dlpe)) : std::nullopt;
}

std::map<std::string, std::vector<std::string>> Reader::resolved(const Json& root) {
  std::map<std::string, std::vector<std::string>> result;
  const Json* json = root.find("resolved");
  const Json::Object* members = json == nullptr ? nullptr : json->as_object();
  if (members == nullptr) return result;
  for (const auto& [name, value] : *members) {
    const Json::Array* elements = value.as_array();
    bool good = elements != nullptr && name.size() <= kMaxName && is_injection_free(name);
    for (std::size_t i = 0; good && i < elements->size(); ++i) {
      const std::string* address = (*elements)[i].as_string();
      good = address != nullptr && IpAddress::parse(*address) && i < kMaxAddressesOfName;
      if (good) result[name].push_back(*address);
    }
    if (!good) complain("an address of a host name skipped: it cannot be used");
  }
  return result;
}

std::optional<KnownHost> Reader::host(const Json& root) {
  const Json* json = root.find("host");
  if (json == nullptr) return std::nullopt;
  const Json* nqn = json->find("nqn");
  const Json* id = json->find("id");
  const std::string* name = nqn == nullptr ? nullptr : nqn->as_string();
  const std::string* uuid = id == nullptr ? nullptr : id->as_string();
  if (name == nullptr || uuid == nullptr || !is_usable_nqn(*name) || !is_injection_free(*name) || !parse_uuid(*uuid)) {
    complain("the host identity skipped: it cannot be used");
    return std::nullopt;
  }
  return KnownHost{*name, *uuid};
}

// "" without one that can be used.
std::string name_of(const Json& json, std::string_view key) {
  const Json* value = json.find(key);
  const std::string* name = value == nullptr ? nullptr : value->as_string();
  return name != nullptr && name->size() <= kMaxName && is_injection_free(*name) ? *name : std::string();
}

std::optional<std::string> read_nqn(const Json& json) {
  const std::string* nqn = json.as_string();
  if (nqn == nullptr || nqn->empty() || nqn->size() > kMaxName || !is_injection_free(*nqn)) return std::nullopt;
  return *nqn;
}

std::optional<KnownDc> read_dc(Reader& reader, const Json& json) {
  const auto tid = tid_of(json.find("tid"));
  const auto origin = reader.any_origin(json);
  if (!tid || !origin) return std::nullopt;
  KnownDc dc{*tid, *origin, false, {}, {}, {}, {}, false};
  dc.entries =
      reader.list<Dlpe>(json, "entries", "log page entry", [&](const Json& item) { return reader.dlpe(item); });
  const Json* entries = json.find("entries");
  const bool complete = entries != nullptr && entries->as_array() != nullptr &&
                        entries->as_array()->size() == dc.entries.size() && dc.entries.size() <= kMaxDlpes;
  const Json* page_known = json.find("page-known");
  const Json* genctr = json.find("genctr");
  if (complete) {
    dc.page_known = page_known != nullptr && page_known->as_bool().value_or(false);
    if (genctr != nullptr) dc.genctr = genctr->as_uint();
  }
  // Files of before have none of these.
  if (json.find("parents") != nullptr)
    dc.parents = reader.list<Tid>(json, "parents", "parent", [&](const Json& item) { return tid_of(&item); });
  dc.host_name = name_of(json, "host-name");
  dc.device = name_of(json, "device");
  const Json* system_identity = json.find("system-identity");
  dc.system_identity = system_identity != nullptr && system_identity->as_bool().value_or(false);
  return dc;
}

std::optional<KnownIoc::Source> read_source(Reader& reader, const Json& json) {
  const auto dc = tid_of(json.find("dc"));
  const auto origin = reader.origin(json);
  if (!dc || !origin) return std::nullopt;
  return KnownIoc::Source{*dc, *origin};
}

std::optional<KnownIoc> read_ioc(Reader& reader, const Json& json) {
  const auto tid = tid_of(json.find("tid"));
  if (!tid) return std::nullopt;
  KnownIoc ioc{*tid, false, {}, {}};
  const Json* configured = json.find("configured");
  ioc.configured = configured != nullptr && configured->as_bool().value_or(false);
  ioc.sources = reader.list<KnownIoc::Source>(json, "sources", "source",
                                              [&](const Json& item) { return read_source(reader, item); });
  const Json* dlpe = json.find("dlpe");
  if (dlpe != nullptr && !dlpe->is_null()) {
    ioc.dlpe = reader.dlpe(*dlpe);
    if (!ioc.dlpe) reader.complain("the log page entry of " + tid->to_string() + " skipped: it cannot be used");
  }
  return ioc;
}

}  // namespace

LastKnownRead<KnownStafd> parse_known_stafd(std::string_view text, std::string_view path) {
  Reader reader(path);
  KnownStafd known;
  if (const auto root = reader.open(text, "stafd")) {
    known.dcs = reader.list<KnownDc>(*root, "dcs", "discovery controller",
                                     [&](const Json& item) { return read_dc(reader, item); });
    known.resolved = reader.resolved(*root);
    known.host = reader.host(*root);
    known.ended = reader.list<Tid>(*root, "ended", "ended controller", [&](const Json& item) { return tid_of(&item); });
  }
  return {std::move(known), reader.take_complaints()};
}

LastKnownRead<KnownStacd> parse_known_stacd(std::string_view text, std::string_view path) {
  Reader reader(path);
  KnownStacd known;
  if (const auto root = reader.open(text, "stacd")) {
    known.iocs = reader.list<KnownIoc>(*root, "iocs", "I/O controller",
                                       [&](const Json& item) { return read_ioc(reader, item); });
    known.resolved = reader.resolved(*root);
    known.host = reader.host(*root);
    if (root->find("host-nqns") != nullptr)  // files of before have none
      known.host_nqns = reader.list<std::string>(*root, "host-nqns", "host NQN", read_nqn);
    if (known.host_nqns.size() > kMaxHostNqns) known.host_nqns.resize(kMaxHostNqns);
  }
  return {std::move(known), reader.take_complaints()};
}

}  // namespace stas
