// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/config/controller_line.h"

#include <algorithm>

#include "libstas/core/base/did_you_mean.h"
#include "libstas/core/base/host_name.h"
#include "libstas/core/base/shown.h"
#include "libstas/core/base/text.h"
#include "libstas/core/base/unicode.h"
#include "libstas/core/config/line_fields.h"
#include "libstas/core/config/option_value.h"
#include "libstas/core/identity/address.h"
#include "libstas/core/identity/nqn.h"

namespace stas {

namespace {

constexpr std::string_view kHostSecret = "dhchap-secret", kControllerSecret = "dhchap-ctrl-secret";

const std::vector<std::string_view>& controller_keys() {
  static const std::vector<std::string_view> keys = [] {
    std::vector<std::string_view> out = {"transport",       "traddr",     "trsvcid",  "nqn",
                                         "subsysnqn",       "host-iface", "host-nqn", kHostSecret,
                                         kControllerSecret, "host-traddr"};
    out.insert(out.end(), connect_parameters().begin(), connect_parameters().end());
    return out;
  }();
  return keys;
}

// One controller= line in the making.
class ControllerParser {
 public:
  ControllerParser(std::string_view default_nqn, Problems& problems) : problems_(problems) {
    line_.subsysnqn = default_nqn;
  }

  std::optional<ControllerLine> parse(std::string_view value) {
    const LineFields split = split_fields(value);
    if (split.fields.empty()) {
      error(split.malformed > 0 ? "no field has a `=`" : "the value is empty");
      return finish();
    }
    if (split.malformed > 0) {
      warning(std::to_string(split.malformed) + " field(s) without a name, without `=` or beyond number " +
              std::to_string(kMaxLineFields) + " ignored");
    }
    for (const LineField& field : split.fields) take(field);
    check_identity();
    return finish();
  }

 private:
  void error(std::string text) {
    problems_.push_back({Severity::error, std::move(text) + ": the line is ignored"});
    usable_ = false;
  }
  void warning(std::string text) { problems_.push_back({Severity::warning, std::move(text)}); }

  std::optional<ControllerLine> finish() {
    if (!usable_) return std::nullopt;
    return std::move(line_);
  }

  void take(const LineField& field) {
    const std::string_view key = field.key;
    if (key == kHostSecret) return take_secret(field, line_.options.dhchap_secret);
    if (key == kControllerSecret) return take_secret(field, line_.options.dhchap_ctrl_secret);
    if (is_connect_parameter(key)) {
      const Result<void> set = set_connect_parameter(line_.options, key, field.value);
      if (!set) warning(std::string(key) + " - " + set.error().text);
      return;
    }
    const auto& keys = controller_keys();
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) return take_unknown(field);
    if (const std::string why = objection(field.value); !why.empty()) return error(field_name(key) + " " + why);
    take_identity(field);
  }

  void take_identity(const LineField& field) {
    const std::string value(field.value);
    if (field.key == "transport") {
      transport_ = value;
    } else if (field.key == "traddr") {
      line_.traddr = value;
    } else if (field.key == "trsvcid") {
      line_.trsvcid = value;
    } else if (field.key == "host-traddr") {
      line_.host_traddr = value;
    } else if (field.key == "host-iface") {
      line_.host_iface = value;
    } else if (field.key == "host-nqn") {
      if (!value.empty()) line_.host_nqn = value;
    } else if (field.key == "nqn") {
      nqn_ = value;
    } else {
      subsysnqn_ = value;
    }
  }

  // No word about the content, whatever is wrong with it.
  void take_secret(const LineField& field, Secret& secret) {
    if (field.value.empty()) return warning(field_name(field.key) + " is empty");
    if (field.value.size() > kMaxFieldLength || !is_injection_free(field.value)) {
      return error(field_name(field.key) + " is no key (it is too long, or contains a comma or a control character)");
    }
    if (!field.value.starts_with("DHHC-1:")) {
      warning(field_name(field.key) + " does not have the form DHHC-1:<hash>:<key>:");
    }
    secret = Secret(std::string(field.value));
  }

  void take_unknown(const LineField& field) {
    const std::string near = did_you_mean(field.key, controller_keys());
    const std::string name = field_name(field.key);
    if (name == "a field") return warning("a field with an unusual name is ignored");
    const bool secret = looks_secret(field.key) || holds_secret(field.value) || looks_secret(near);
    const bool keep = !secret && objection(field.value).empty();
    warning("unknown " + name + (keep ? " has no effect" : " is ignored") + near);
    if (keep) line_.extra[std::string(field.key)] = std::string(field.value);
  }

  void check_identity() {
    if (transport_.empty()) return error("transport is missing");
    const std::optional<Transport> transport = parse_transport(transport_);
    if (!transport) return error(bad_transport(transport_));
    line_.transport = *transport;
    check_address();
    if (!is_ip_transport(*transport)) {
      line_.trsvcid.clear();
    } else if (!line_.trsvcid.empty() && !parse_port(line_.trsvcid)) {
      error("trsvcid \"" + shown(line_.trsvcid) + "\" is no port number");
    }
    const std::string& nqn = nqn_.empty() ? subsysnqn_ : nqn_;
    if (!nqn.empty()) line_.subsysnqn = nqn;
    if (line_.subsysnqn.empty()) {
      error("nqn is missing");
    } else if (!is_usable_nqn(line_.subsysnqn)) {
      error("nqn \"" + shown(line_.subsysnqn) + "\" is longer than " + std::to_string(kMaxNqnLength) + " bytes");
    }
    if (line_.host_nqn && !is_usable_nqn(*line_.host_nqn)) {
      error("host-nqn \"" + shown(*line_.host_nqn) + "\" is longer than " + std::to_string(kMaxNqnLength) + " bytes");
    }
  }

  void check_address() {
    if (line_.traddr.empty()) {
      if (line_.transport != Transport::loop) error("traddr is missing");
      return;
    }
    if (!is_ip_transport(line_.transport)) return;
    if (!IpAddress::parse(line_.traddr) && !is_host_name(line_.traddr)) {
      error("traddr \"" + shown(line_.traddr) + "\" is neither an IP address nor a host name");
    }
    if (!line_.host_traddr.empty() && !IpAddress::parse(line_.host_traddr)) {
      error("host-traddr \"" + shown(line_.host_traddr) + "\" is no IP address");
    }
  }

  Problems& problems_;
  ControllerLine line_;
  std::string transport_, nqn_, subsysnqn_;
  bool usable_ = true;
};

std::optional<std::string>* rule_member(ExcludeRule& rule, std::string_view key) {
  if (key == "transport") return &rule.transport;
  if (key == "traddr") return &rule.traddr;
  if (key == "trsvcid") return &rule.trsvcid;
  if (key == "nqn" || key == "subsysnqn") return &rule.subsysnqn;
  if (key == "host-iface") return &rule.host_iface;
  if (key == "host-nqn") return &rule.host_nqn;
  return nullptr;
}

// Why the field cannot be part of a rule, or empty.
std::string rule_objection(const LineField& field) {
  static const std::vector<std::string_view> keys = {"transport", "traddr",     "trsvcid",  "nqn",
                                                     "subsysnqn", "host-iface", "host-nqn", "host-traddr"};
  if (field.key == "host-traddr") return {};
  if (std::find(keys.begin(), keys.end(), field.key) == keys.end()) {
    const std::string name = field_name(field.key);
    if (is_connect_parameter(field.key)) return name + " cannot be part of a rule";
    return name == "a field" ? "a field with an unusual name" : "unknown " + name + did_you_mean(field.key, keys);
  }
  if (field.value.empty()) return field_name(field.key) + " is empty";
  if (const std::string why = objection(field.value); !why.empty()) return field_name(field.key) + " " + why;
  if (field.key == "transport" && !parse_transport(field.value)) return bad_transport(field.value);
  if (field.key == "trsvcid" && !parse_port(field.value)) {
    return "trsvcid \"" + shown(field.value) + "\" is no port number";
  }
  return {};
}

}  // namespace

std::optional<ControllerLine> parse_controller_line(std::string_view value, std::string_view default_nqn,
                                                    Problems& problems) {
  return ControllerParser(default_nqn, problems).parse(value);
}

std::optional<ExcludeRule> parse_exclude_rule(std::string_view value, Problems& problems) {
  ExcludeRule rule;
  const LineFields split = split_fields(value);
  std::string why;
  if (split.malformed > 0) why = "a field has no name, no `=` or is beyond number " + std::to_string(kMaxLineFields);
  bool usable = false, has_nqn = false;
  for (const LineField& field : split.fields) {
    if (why.empty()) why = rule_objection(field);
    std::optional<std::string>* const member = rule_member(rule, field.key);
    if (member == nullptr) continue;  // host-traddr takes no part in a rule (stacd.conf(5))
    usable = true;
    if (field.key == "nqn") has_nqn = true;
    if (field.key != "subsysnqn" || !has_nqn) *member = std::string(field.value);
  }
  if (why.empty() && !usable) why = split.fields.empty() ? "the rule is empty" : "host-traddr alone is no rule";
  if (why.empty()) return rule;
  problems.push_back({Severity::error, why + ": the rule is ignored and excludes nothing"});
  return std::nullopt;
}

}  // namespace stas
