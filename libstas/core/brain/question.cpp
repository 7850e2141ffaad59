// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/brain/question.h"

#include "libstas/core/base/text.h"
#include "libstas/core/config/wildcard.h"
#include "libstas/core/identity/address.h"

namespace stas {

namespace {

constexpr std::string_view kDevices = "/dev/";

// Anybody may ask, and each name is compared: what differs in length costs nothing.
bool same_name(std::string_view a, std::string_view b) {
  return !a.empty() && a.size() == b.size() && to_lower(a) == to_lower(b);
}

}  // namespace

Question::Question(std::string_view text) : text_(trimmed(text)), device_(text_) {
  if (device_.starts_with(kDevices)) device_.remove_prefix(kDevices.size());
  split_port();
}

bool Question::means_address(const std::string& address) const {
  return !address.empty() && (same_name(address, text_) || same_ip(address, text_));
}

bool Question::means(const Tid& tid) const {
  if (means_nqn(tid.subsysnqn()) || means_address(tid.traddr())) return true;
  if (!host_.empty() && tid.trsvcid() == port_ && (same_name(tid.traddr(), host_) || same_ip(tid.traddr(), host_)))
    return true;
  if (!text_.starts_with('(')) return false;
  const std::string name = tid.to_string();
  const std::string_view begin = text_.ends_with(')') ? text_.substr(0, text_.size() - 1) : text_;
  return name.starts_with(begin) && begin.size() < name.size() &&
         (name[begin.size()] == ',' || name[begin.size()] == ')');
}

bool Question::means(const ControllerRule& rule) const {
  if (rule.traddr && means_address(*rule.traddr)) return true;
  if (!rule.subsysnqn) return false;
  return means_nqn(*rule.subsysnqn) ||
         (text_.starts_with("nqn.") && has_wildcard(*rule.subsysnqn) && matches_wildcards(*rule.subsysnqn, text_));
}

bool Question::means(const ConfigDoubt& doubt) const {
  return (doubt.subsysnqn && means_nqn(*doubt.subsysnqn)) || (doubt.traddr && means_address(*doubt.traddr));
}

// "10.0.0.1:4420", "[fe80::1]:4420"; an IPv6 address without brackets has no port.
void Question::split_port() {
  const auto colon = text_.rfind(':');
  if (colon == std::string_view::npos || !parse_port(text_.substr(colon + 1))) return;
  std::string_view host = text_.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return;
  host_ = host;
  port_ = std::to_string(*parse_port(text_.substr(colon + 1)));
}

}  // namespace stas
