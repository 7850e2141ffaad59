// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/config/filter.h"

#include "libstas/core/base/text.h"
#include "libstas/core/base/unicode.h"
#include "libstas/core/config/wildcard.h"
#include "libstas/core/identity/address.h"
#include "libstas/core/identity/nqn.h"

namespace stas {

namespace {

// Names of hosts do not depend on letter case (RFC 4343), nor do the digits of Fibre Channel.
bool same_address(const std::string& rule, const Tid& tid) {
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

bool matches(const ExcludeRule& rule, const Tid& tid) {
  if (rule.transport && *rule.transport != to_text(tid.transport())) return false;
  if (rule.traddr && !same_address(*rule.traddr, tid)) return false;
  if (rule.trsvcid && !same_port(*rule.trsvcid, tid.trsvcid())) return false;
  if (rule.subsysnqn && !same_text(*rule.subsysnqn, tid.subsysnqn())) return false;
  if (rule.host_iface && !same_text(*rule.host_iface, tid.host_iface())) return false;
  if (rule.host_nqn && !same_text(*rule.host_nqn, tid.host_nqn())) return false;
  // A rule without any field comes from no file; it must not mean everything (D-02).
  return rule.transport || rule.traddr || rule.trsvcid || rule.subsysnqn || rule.host_iface || rule.host_nqn;
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

const ExcludeRule* find_exclusion(const std::vector<ExcludeRule>& rules, const Tid& tid) {
  for (const ExcludeRule& rule : rules) {
    if (matches(rule, tid)) return &rule;
  }
  return nullptr;
}

std::vector<const ExcludeRule*> find_exclusions(const std::vector<ExcludeRule>& rules, const Tid& tid) {
  std::vector<const ExcludeRule*> found;
  for (const ExcludeRule& rule : rules)
    if (matches(rule, tid)) found.push_back(&rule);
  return found;
}

Usability usability(const CommonConfig& config, const Tid& tid) {
  return find_exclusion(config.excludes, tid) != nullptr ? Usability::excluded : fitness(config, tid);
}

Usability fitness(const CommonConfig& config, const Tid& tid) {
  if (!is_valid_address(tid)) return Usability::invalid_address;
  if (!is_valid_name(tid)) return Usability::invalid_nqn;
  if (is_ip_transport(tid.transport()) && !config.families.allows(tid.ip()->family())) {
    return Usability::family_disabled;
  }
  return Usability::usable;
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
  }
  return "";
}

}  // namespace stas
