// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/config/filter.h"

#include <algorithm>

#include "libstas/core/base/text.h"
#include "libstas/core/base/unicode.h"
#include "libstas/core/config/wildcard.h"
#include "libstas/core/identity/address.h"
#include "libstas/core/identity/nqn.h"

namespace stas {

namespace {

// Names of hosts do not depend on letter case (RFC 4343), nor do the digits of Fibre Channel.
bool same_address(const ControllerRule& pattern, const Tid& tid) {
  const std::string& rule = *pattern.traddr;
  if (pattern.subnet) return tid.ip() && pattern.subnet->contains(*tid.ip());
  if (rule == tid.traddr()) return true;
  if (tid.transport() == Transport::loop) return false;
  if (has_wildcard(rule)) return matches_wildcards(to_lower(rule), to_lower(tid.traddr()));
  if (tid.ip()) return same_ip(rule, tid.traddr());
  return to_lower(rule) == to_lower(tid.traddr());
}

bool same_text(const std::string& rule, const std::string& text) {
  return rule == text || (has_wildcard(rule) && matches_wildcards(rule, text));
}

bool same_port(const std::string& rule, const std::string& port) {
  if (rule == port) return true;
  const auto a = parse_port(rule), b = parse_port(port);
  return a && b && *a == *b;
}

bool fits(const ControllerRule& rule, const Tid& tid) {
  if (rule.transport && *rule.transport != to_text(tid.transport())) return false;
  if (rule.traddr && !same_address(rule, tid)) return false;
  if (rule.trsvcid && !same_port(*rule.trsvcid, tid.trsvcid())) return false;
  if (rule.subsysnqn && !same_text(*rule.subsysnqn, tid.subsysnqn())) return false;
  if (rule.host_iface && !same_text(*rule.host_iface, tid.host_iface())) return false;
  return !rule.host_nqn || same_text(*rule.host_nqn, tid.host_nqn());
}

bool is_harmless(const std::string& value) { return value.empty() || is_injection_free(value); }

bool is_valid_address(const Tid& tid) {
  for (const std::string* field : {&tid.traddr(), &tid.trsvcid(), &tid.host_traddr(), &tid.host_iface()}) {
    if (!is_harmless(*field)) return false;
  }
  switch (tid.transport()) {
    case Transport::tcp:
    case Transport::rdma:
      return tid.ip() && !tid.ip()->is_unspecified() && parse_port(tid.trsvcid()).has_value();
    case Transport::fc:
      return !tid.traddr().empty();
    case Transport::loop:
      return true;
  }
  return false;
}

bool is_valid_name(const Tid& tid) {
  const bool host_nqn = tid.host_nqn().empty() || is_usable_nqn(tid.host_nqn());
  return is_usable_nqn(tid.subsysnqn()) && is_injection_free(tid.subsysnqn()) && host_nqn &&
         is_harmless(tid.host_nqn());
}

}  // namespace

// A rule without any field comes from no file; it must not mean everything (D-02).
bool matches(const ControllerRule& rule, const Tid& tid) { return rule.has_fields() && fits(rule, tid); }

const ControllerRule* first_match(const std::vector<ControllerRule>& rules, const Tid& tid) {
  for (const ControllerRule& rule : rules) {
    if (matches(rule, tid)) return &rule;
  }
  return nullptr;
}

std::vector<const ControllerRule*> all_matches(const std::vector<ControllerRule>& rules, const Tid& tid) {
  std::vector<const ControllerRule*> found;
  for (const ControllerRule& rule : rules)
    if (matches(rule, tid)) found.push_back(&rule);
  return found;
}

Inclusion inclusion(const CommonConfig& config, const Tid& tid) {
  if (config.includes.empty() && config.include_doubts.empty()) return Inclusion::included;
  if (first_match(config.includes, tid) != nullptr) return Inclusion::included;
  return include_doubt_about(config, tid) != nullptr ? Inclusion::unclear : Inclusion::not_included;
}

const IncludeDoubt* include_doubt_about(const CommonConfig& config, const Tid& tid) {
  for (const IncludeDoubt& doubt : config.include_doubts)
    if (config.includes.empty() || fits(doubt.could, tid)) return &doubt;
  return nullptr;
}

std::string include_lines(const CommonConfig& config, const std::string& file) {
  constexpr std::size_t kMaxPlaces = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(config.includes.size(), kMaxPlaces); ++i)
    text += (i == 0 ? "" : ", ") + file + ":" + std::to_string(config.includes[i].line);
  if (config.includes.size() > kMaxPlaces)
    text += " and " + std::to_string(config.includes.size() - kMaxPlaces) + " more";
  return text;
}

std::string IncludeDoubt::to_string() const { return file + ":" + std::to_string(could.line) + ": " + text; }

Usability usability(const CommonConfig& config, const Tid& tid) {
  if (first_match(config.excludes, tid) != nullptr) return Usability::excluded;
  const Usability fit = fitness(config, tid);
  const bool listed = fit == Usability::usable && first_match(config.host_excludes, tid) != nullptr;
  return listed ? Usability::host_excluded : fit;
}

Usability fitness(const CommonConfig& config, const Tid& tid) {
  if (!is_valid_address(tid)) return Usability::invalid_address;
  if (!is_valid_name(tid)) return Usability::invalid_nqn;
  if (is_ip_transport(tid.transport()) && !config.families.allows(tid.ip()->family())) {
    return Usability::family_disabled;
  }
  return Usability::usable;
}

Usability usability_of_discovered(const CommonConfig& config, const Tid& tid) {
  const Usability own = usability(config, tid);
  if (own != Usability::usable) return own;
  return inclusion(config, tid) == Inclusion::included ? Usability::usable : Usability::not_included;
}

std::string_view to_text(Usability usability) {
  switch (usability) {
    case Usability::usable:
      return "usable";
    case Usability::excluded:
      return "excluded by the configuration";
    case Usability::family_disabled:
      return "address family disabled by ip-family";
    case Usability::invalid_address:
      return "address cannot be used";
    case Usability::invalid_nqn:
      return "NQN cannot be used";
    case Usability::not_included:
      return "matches no include= line";
    case Usability::host_excluded:
      return "excluded by the host-wide exclusion list";
  }
  return "";
}

}  // namespace stas
