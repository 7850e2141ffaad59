// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/config/host_exclusion.h"

#include <algorithm>
#include <utility>

#include "libstas/core/base/shown.h"
#include "libstas/core/base/text.h"
#include "libstas/core/base/unicode.h"
#include "libstas/core/config/line_fields.h"

namespace stas {

namespace {

constexpr std::size_t kMaxExclusionLine = 4095;       // bytes that nvme-cli reads of one
constexpr std::size_t kMaxExclusionComplaints = 100;  // of one file

// One name for each, the option of `nvme connect`; no other spelling counts.
std::optional<std::string>* exclusion_member(HostExclusion& entry, std::string_view key) {
  if (key == "transport") return &entry.transport;
  if (key == "traddr") return &entry.traddr;
  if (key == "trsvcid") return &entry.trsvcid;
  if (key == "nqn") return &entry.subsysnqn;
  if (key == "host-traddr") return &entry.host_traddr;
  if (key == "host-iface") return &entry.host_iface;
  if (key == "hostnqn") return &entry.host_nqn;
  if (key == "hostid") return &entry.host_id;
  return nullptr;
}

class ExclusionParser {
 public:
  explicit ExclusionParser(std::string_view path) : path_(path) {}

  ParsedExclusions parse(std::string_view text) {
    for (int line = 1; !text.empty() && out_.entries.size() <= kMaxExclusions; ++line) {
      const std::size_t end = text.find('\n');
      take(text.substr(0, end), line);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return std::move(out_);
  }

 private:
  void warn(int line, std::string text) {
    if (out_.complaints.size() < kMaxExclusionComplaints)
      out_.complaints.push_back({Severity::warning, path_, line, std::move(text)});
  }

  void take(std::string_view raw, int line) {
    const std::string_view text = trimmed(raw);
    if (text.empty() || text.front() == '#') return;
    if (text.front() == '[') {
      const std::size_t end = text.find(']');
      inside_ = end != std::string_view::npos && trimmed(text.substr(1, end - 1)) == "exclusions";
      if (end == std::string_view::npos) warn(line, "a section header without `]`: entries below it exclude nothing");
      return;
    }
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || trimmed(text.substr(0, equals)) != "exclusion") return;
    if (!inside_) return warn(line, "an entry outside of [exclusions] excludes nothing");
    if (raw.size() > kMaxExclusionLine) return warn(line, "the line is too long: it excludes nothing");
    take_entry(trimmed(text.substr(equals + 1)), line);
  }

  void take_entry(std::string_view value, int line) {
    HostExclusion entry;
    entry.file = path_;
    entry.line = line;
    bool any = false;
    while (!value.empty()) {
      const std::size_t end = value.find(';');
      const std::string_view field = trimmed(value.substr(0, end));
      value.remove_prefix(end == std::string_view::npos ? value.size() : end + 1);
      if (field.empty()) continue;
      const std::size_t equals = field.find('=');
      const std::string_view key = trimmed(field.substr(0, equals));
      auto* const member = exclusion_member(entry, key);
      if (equals == std::string_view::npos || member == nullptr)
        return warn(line, field_name(key) + " is not known: the entry excludes nothing");
      const std::string_view text = trimmed(field.substr(equals + 1));
      if (text.empty() || has_control(text) || !is_valid_utf8(text))
        return warn(line, field_name(key) + " is empty or no text: the entry excludes nothing");
      *member = std::string(text);
      any = true;
    }
    if (!any) return warn(line, "the entry is empty: it excludes nothing");
    out_.entries.push_back(std::move(entry));
  }

  const std::string path_;
  ParsedExclusions out_;
  bool inside_ = false;
};

// Fibre Channel addresses have no letter case.
bool same_exclusion_address(const std::string& entry, const std::string& address, Transport transport) {
  if (transport == Transport::fc) return to_lower(entry) == to_lower(address);
  return entry == address || same_ip(entry, address);
}

bool says(const std::optional<std::string>& field, std::string_view value) { return !field || *field == value; }

}  // namespace

std::string HostExclusion::place() const { return file + ":" + std::to_string(line); }

std::string HostExclusion::to_string() const {
  std::string text;
  const auto add = [&](std::string_view name, const std::optional<std::string>& value) {
    if (value) text.append(text.empty() ? "" : ";").append(name).append("=").append(shown(*value));
  };
  add("transport", transport);
  add("traddr", traddr);
  add("trsvcid", trsvcid);
  add("nqn", subsysnqn);
  add("host-traddr", host_traddr);
  add("host-iface", host_iface);
  add("hostnqn", host_nqn);
  add("hostid", host_id);
  return "exclusion=" + text;
}

ParsedExclusions parse_exclusions(std::string_view text, std::string_view path) {
  return ExclusionParser(path).parse(text);
}

// What an entry asks for and the connection does not say is no match: no value is not any value.
bool matches(const HostExclusion& entry, const Tid& tid) {
  if (!says(entry.transport, to_text(tid.transport()))) return false;
  if (entry.traddr && !same_exclusion_address(*entry.traddr, tid.traddr(), tid.transport())) return false;
  if (entry.host_traddr && !same_exclusion_address(*entry.host_traddr, tid.host_traddr(), tid.transport()))
    return false;
  return says(entry.trsvcid, tid.trsvcid()) && says(entry.subsysnqn, tid.subsysnqn()) &&
         says(entry.host_iface, tid.host_iface()) && says(entry.host_nqn, tid.host_nqn());
}

const HostExclusion* first_match(const std::shared_ptr<const HostExclusions>& list, const Tid& tid) {
  if (list == nullptr) return nullptr;
  const auto found = std::find_if(list->begin(), list->end(), [&](const auto& entry) { return matches(entry, tid); });
  return found == list->end() ? nullptr : &*found;
}

std::shared_ptr<const HostExclusions> exclusions_for(const std::shared_ptr<const HostExclusions>& list,
                                                     const std::string& host_id) {
  const auto is_other = [&](const HostExclusion& entry) {
    return entry.host_id && to_lower(*entry.host_id) != to_lower(host_id);
  };
  if (list == nullptr || std::all_of(list->begin(), list->end(), is_other)) return nullptr;
  if (std::none_of(list->begin(), list->end(), is_other)) return list;
  auto mine = std::make_shared<HostExclusions>(*list);
  std::erase_if(*mine, is_other);
  return mine;
}

}  // namespace stas
