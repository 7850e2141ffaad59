// SPDX-License-Identifier: Apache-2.0
#include "stafd/origin.h"

#include <utility>

#include "libstas/core/brain/explanation.h"
#include "libstas/core/config/filter.h"
#include "libstas/core/discovery/dlpe_text.h"
#include "libstas/core/discovery/entry_tid.h"

namespace stas {

namespace {

void add_announcement(const Finder& brain, const Tid& tid, std::vector<std::string>& list) {
  const auto before = list.size();
  for (const MdnsService& service : brain.mdns().services)
    if (service.resolved && service.transport == tid.transport() && same_ip(service.traddr, tid.traddr()) &&
        service.trsvcid == tid.trsvcid() && (tid.host_iface().empty() || tid.host_iface() == service.interface))
      list.push_back("mDNS service " + service.name + " on " + service.interface);
  if (list.size() == before) list.emplace_back("mDNS, which is silent about it now");
}

bool is_referral_to(const Tid& tid, const Dlpe& entry, const Tid& parent, bool ignore_iface) {
  if (entry.subtype != kDlpSubtypeReferral) return false;
  const auto meant = tid_of_entry(entry, parent, ignore_iface);
  return meant && with(*meant, &TidFields::host_nqn, tid.host_nqn()) == tid;
}

// The entry of its page that refers to this one; nullptr where it cannot be told. Nearly always its address is written
// as the Tid has it: a page can have many, and each of those it refers to asks.
const Dlpe* referral_to(const Tid& tid, const Dc& parent, bool ignore_iface) {
  for (const bool as_written : {true, false})
    for (const Dlpe* entry : parent.entries.services())
      if ((entry->traddr == tid.traddr()) == as_written && is_referral_to(tid, *entry, parent.tid, ignore_iface))
        return entry;
  return nullptr;
}

}  // namespace

std::string in_page(const Dlpe& entry, const Dc& dc) {
  const std::vector<Dlpe>& page = dc.entries;
  return "entry " + std::to_string(&entry - page.data() + 1) + " of the page of " + dc.tid.to_string();
}

const Dlpe* referral_to(const Finder& brain, const Dc& dc) {
  for (const Tid& parent : dc.sources.parents) {
    const Dc* known = brain.find(parent);
    const Dlpe* entry = known == nullptr ? nullptr : referral_to(dc.tid, *known, brain.config()->ignore_iface);
    if (entry != nullptr) return entry;
  }
  return nullptr;
}

std::string referral_tls_advice(const Finder& brain, const Dc& dc) {
  const Dlpe* entry = referral_to(brain, dc);
  if (entry == nullptr) return {};
  return tls_hint(*entry, dc.options,
                  dc.sources.configured ? "its controller= line" : "a controller= line for it, or for all in [Global]");
}

std::vector<std::string> named_by(const Finder& brain, const Tid& tid, const Sources& sources, bool sure,
                                  const std::string& file) {
  std::vector<std::string> list;
  if (sources.configured) list.push_back(sources.line == 0 || !sure ? "a controller= line" : place(file, sources.line));
  if (sources.announced) add_announcement(brain, tid, list);
  for (const Tid& parent : sources.parents) {
    const Dc* dc = brain.find(parent);
    const Dlpe* entry = dc == nullptr ? nullptr : referral_to(tid, *dc, brain.config()->ignore_iface);
    list.push_back(entry == nullptr ? "the page of " + parent.to_string() : in_page(*entry, *dc));
  }
  if (!sources.other.empty()) list.push_back(sources.other);
  return list;
}

std::string refused_by(const Verdict& verdict, const StafdConfig& config, const std::string& file) {
  if (verdict.reason == Reason::not_included) return include_lines(config, file);
  return verdict.reason == Reason::excluded && verdict.line != 0 ? place(file, verdict.line) : std::string();
}

}  // namespace stas
