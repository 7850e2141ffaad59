// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/config/controller_rule.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "libstas/core/base/did_you_mean.h"
#include "libstas/core/base/host_name.h"
#include "libstas/core/base/shown.h"
#include "libstas/core/base/text.h"
#include "libstas/core/config/address_text.h"
#include "libstas/core/config/option_value.h"
#include "libstas/core/config/wildcard.h"
#include "libstas/core/identity/address.h"

namespace stas {

namespace {

// Why a rule cannot be used, and what to do about it.
struct Objection {
  std::string why{};
  std::string advice{};
};

std::optional<std::string>* rule_member(ControllerRule& rule, std::string_view key) {
  if (key == "transport") return &rule.transport;
  if (key == "traddr") return &rule.traddr;
  if (key == "trsvcid") return &rule.trsvcid;
  if (key == "nqn" || key == "subsysnqn") return &rule.subsysnqn;
  if (key == "host-iface") return &rule.host_iface;
  if (key == "host-nqn") return &rule.host_nqn;
  return nullptr;
}

Objection unknown_field(std::string_view key) {
  static const std::vector<std::string_view> keys = {"transport", "traddr",     "trsvcid",  "nqn",
                                                     "subsysnqn", "host-iface", "host-nqn", "host-traddr"};
  const std::string name = field_name(key);
  if (is_connect_parameter(key)) return {name + " cannot be part of a rule", "remove it"};
  return {name == "a field" ? "a field with an unusual name" : "unknown " + name + did_you_mean(key, keys)};
}

Objection address_objection(std::string_view text) {
  if (fc_address(text)) return {};
  if (const std::string why = objection(text); !why.empty()) return {field_name("traddr") + " " + why};
  const std::string lower = to_lower(text);
  const bool fc = lower.starts_with("nn-0x") || lower.starts_with("pn-0x");
  if (IpAddress::parse(text) || IpSubnet::parse(text) || (is_host_name(text) && !fc)) return {};
  const std::string what = "traddr \"" + shown(text) + "\" ";
  if (has_wildcard(text)) {
    // One IPv6 address has many spellings, so text does not match it.
    if (text.find(':') == std::string_view::npos || lower.find("n-") != std::string::npos) return {};
    return {what + "has a wildcard in an IPv6 address", "write a subnet, as `2001:db8::/32`"};
  }
  if (const std::size_t slash = text.find('/');
      slash != std::string_view::npos && IpAddress::parse(text.substr(0, slash))) {
    return {what + "is no subnet", "write the length of its prefix behind the `/`, at most 32 (IPv4) or 128 (IPv6)"};
  }
  if (fc) return {what + "is no Fibre Channel address", "write " + std::string(kFcForm)};
  return {what + "is neither an address nor a host name", address_advice(text)};
}

Objection field_objection(const LineField& field, bool loop) {
  ControllerRule unused;
  if (field.key == "host-traddr") return {};
  if (rule_member(unused, field.key) == nullptr) return unknown_field(field.key);
  if (field.value.empty()) return {field_name(field.key) + " is empty", "remove the field or give it a value"};
  if (field.key == "traddr" && !loop) return address_objection(field.value);
  if (const std::string why = objection(field.value); !why.empty()) return {field_name(field.key) + " " + why};
  if (field.key == "transport" && !parse_transport(field.value)) return {bad_transport(field.value)};
  if (field.key == "trsvcid" && !parse_port(field.value)) {
    return {"trsvcid \"" + shown(field.value) + "\" is no port number", "write 1 to 65535"};
  }
  return {};
}

bool is_everything(const std::optional<std::string>& field) {
  return !field || field->find_first_not_of('*') == std::string::npos;
}

Objection rule_objection(const ControllerRule& rule, RuleKind kind, const LineFields& split) {
  const std::string what = kind == RuleKind::exclude ? "exclude" : "include";
  if (!rule.has_fields() && kind == RuleKind::match) {
    return {"it does not say which controllers it is about",
            "add nqn, traddr, trsvcid, transport, host-iface or host-nqn"};
  }
  if (!rule.has_fields()) {
    return {split.fields.empty() ? "the rule is empty" : "host-traddr alone is no rule",
            "say what to " + what + ": transport, traddr, trsvcid, nqn, host-iface or host-nqn"};
  }
  if (kind != RuleKind::exclude) return {};
  // No more than an empty rule may a `*` alone mean every controller.
  for (const auto* field :
       {&rule.transport, &rule.traddr, &rule.trsvcid, &rule.subsysnqn, &rule.host_iface, &rule.host_nqn}) {
    if (!is_everything(*field)) return {};
  }
  return {"`*` alone would exclude every controller", "say more, or `systemctl stop` the daemon"};
}

std::string_view consequence(RuleKind kind) {
  switch (kind) {
    case RuleKind::exclude:
      return ": the rule is ignored and excludes nothing";
    case RuleKind::include:
      return ": the rule includes nothing, and no connection that it may mean is cut";
    case RuleKind::match:
      return ": the section is not used";
  }
  return {};
}

void settle_address(ControllerRule& rule, bool loop) {
  if (!rule.traddr || loop) return;
  rule.traddr = fc_address(*rule.traddr).value_or(*rule.traddr);
  rule.subnet = IpSubnet::parse(*rule.traddr);
}

// The rule without the fields that are wrong, or given with two values.
ControllerRule certain_part(const LineFields& split, bool loop) {
  ControllerRule rule;
  std::set<std::string_view> open;
  for (const LineField& field : split.fields) {
    std::optional<std::string>* const member = rule_member(rule, field.key);
    if (member == nullptr) continue;
    const std::string_view name = field.key == "subsysnqn" ? std::string_view("nqn") : field.key;
    const bool other = *member && **member != field.value;
    if (other || !field_objection(field, loop).why.empty()) open.insert(name);
    *member = std::string(field.value);
  }
  for (const std::string_view name : open) rule_member(rule, name)->reset();
  settle_address(rule, loop);
  return rule;
}

}  // namespace

ParsedRule parse_controller_rule(std::string_view value, RuleKind kind, Problems& problems) {
  return parse_rule_fields(split_fields(value), kind, problems);
}

ParsedRule parse_rule_fields(const LineFields& split, RuleKind kind, Problems& problems) {
  ParsedRule parsed;
  ControllerRule& rule = parsed.rule.emplace();
  const bool loop = std::any_of(split.fields.begin(), split.fields.end(), [](const LineField& field) {
    return field.key == "transport" && field.value == "loop";
  });
  Objection found;
  if (split.malformed > 0) {
    found = {"a field has no name, no `=` or is beyond number " + std::to_string(kMaxLineFields),
             "write fields as `name=value`, separated by `;`"};
  }
  bool has_nqn = false;
  for (const LineField& field : split.fields) {
    if (found.why.empty()) found = field_objection(field, loop);
    std::optional<std::string>* const member = rule_member(rule, field.key);
    if (member == nullptr) continue;  // host-traddr takes no part in a rule (stacd.conf(5))
    if (field.key == "nqn") has_nqn = true;
    if (field.key != "subsysnqn" || !has_nqn) *member = std::string(field.value);
  }
  settle_address(rule, loop);
  if (found.why.empty()) found = rule_objection(rule, kind, split);
  if (found.why.empty()) return parsed;
  parsed.rule.reset();
  parsed.certain = certain_part(split, loop);
  problems.push_back({Severity::error,
                      found.why + std::string(consequence(kind)) + (found.advice.empty() ? "" : " - " + found.advice)});
  return parsed;
}

std::string to_text(const ControllerRule& rule) {
  std::string text;
  const auto add = [&](std::string_view name, const std::optional<std::string>& value) {
    if (value) text.append(text.empty() ? "" : ";").append(name).append("=").append(*value);
  };
  add("transport", rule.transport);
  add("traddr", rule.traddr);
  add("trsvcid", rule.trsvcid);
  add("nqn", rule.subsysnqn);
  add("host-iface", rule.host_iface);
  add("host-nqn", rule.host_nqn);
  return text;
}

}  // namespace stas
