// SPDX-License-Identifier: Apache-2.0
//
// The three configuration files. Besides not crashing: no usable line may hold what the connect string cannot carry, no
// rule may be empty, every complaint and doubt has a line that exists and is printable, and no key gets into a text. A
// broken file changes nothing that is in force, and at start cuts nothing.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "libstas/core/base/unicode.h"
#include "libstas/core/config/config.h"
#include "libstas/core/config/config_lines.h"
#include "libstas/core/config/sys_conf.h"
#include "libstas/core/identity/nqn.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_text(const std::string& text) {
  require(stas::is_valid_utf8(text) && text.find('\n') == std::string::npos);
  require(text.find("DHHC-1:") == std::string::npos || text.find("DHHC-1:<hash>") != std::string::npos);
}

int lines_of(std::string_view input) {
  int lines = 1;
  for (const char c : input) lines += c == '\n' || c == '\r' ? 1 : 0;
  return lines;
}

void check_complaints(const std::vector<stas::Complaint>& complaints, std::string_view input) {
  const int lines = lines_of(input);
  for (const stas::Complaint& complaint : complaints) {
    require(complaint.line >= 0 && complaint.line <= lines && !complaint.text.empty());
    check_text(complaint.text);
  }
}

void check_doubts(const std::vector<stas::ConfigDoubt>& doubts, std::string_view input) {
  const int lines = lines_of(input);
  require(doubts.size() <= stas::kMaxDoubts);
  int before = 0;
  for (const stas::ConfigDoubt& doubt : doubts) {
    require(doubt.line >= before && doubt.line <= lines && !doubt.text.empty());
    before = doubt.line;
    check_text(doubt.text);
    for (const auto* field : {&doubt.transport, &doubt.traddr, &doubt.trsvcid, &doubt.subsysnqn}) {
      if (*field) check_text(**field);
    }
  }
}

// `in_force`: another configuration than any default.
template <class Config, class Parse>
void check_reload(std::string_view text, const Config& in_force, Parse parse) {
  const auto start = parse(text, "f", nullptr);
  const auto reload = parse(text, "f", &in_force);
  check_doubts(start.value.doubts, text);
  check_doubts(reload.value.doubts, text);
  check_complaints(reload.complaints, text);
  require(start.broken == reload.broken);
  if (!start.broken) {
    // Lines do not depend on what is in force.
    require(start.value.controllers == reload.value.controllers && start.value.doubts == reload.value.doubts);
    return;
  }
  require(reload.value == in_force);
  require(start.value.doubts.size() == 1 && !start.value.doubts[0].transport && !start.value.doubts[0].traddr);
}

void check_common(const stas::CommonConfig& config) {
  for (const stas::ControllerLine& line : config.controllers) {
    require(line.traddr.empty() || stas::is_injection_free(line.traddr));
    require(stas::is_injection_free(line.subsysnqn) && stas::is_usable_nqn(line.subsysnqn));
    require(line.options.queue_size.value_or(16) >= 16 && line.options.queue_size.value_or(16) <= 1024);
    for (const auto& [key, value] : line.extra) {
      check_text(key);
      check_text(value);
    }
  }
  for (const auto* rules : {&config.excludes, &config.includes}) {
    for (const stas::ControllerRule& rule : *rules)
      require(rule.transport || rule.traddr || rule.trsvcid || rule.subsysnqn || rule.host_iface || rule.host_nqn);
  }
  for (const stas::IncludeDoubt& doubt : config.include_doubts) check_text(doubt.text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto stafd = stas::parse_stafd_conf(text, "f");
  check_common(stafd.value);
  check_complaints(stafd.complaints, text);
  stas::StafdConfig stafd_in_force;
  stafd_in_force.tron = true;
  stafd_in_force.zeroconf = false;
  check_reload(text, stafd_in_force, [](auto... a) { return stas::parse_stafd_conf(a...); });
  const auto stacd = stas::parse_stacd_conf(text, "f");
  // Every key that it names is the text itself.
  stas::NamedKeys keys;
  for (const std::string& name : stas::find_keys(text).named) keys[name].text = stas::Secret(std::string(text));
  const auto keyed = stas::parse_stacd_conf(text, "f", nullptr, keys);
  check_common(keyed.value);
  check_complaints(keyed.complaints, text);
  require(keyed.broken == stacd.broken && keyed.value.controllers.size() == stacd.value.controllers.size());
  check_common(stacd.value);
  check_complaints(stacd.complaints, text);
  stas::StacdConfig stacd_in_force;
  stacd_in_force.disconnect_trtypes = {true, true, true};
  check_reload(text, stacd_in_force, [](auto... a) { return stas::parse_stacd_conf(a...); });
  // Every file that sys.conf names holds the input itself.
  const auto sys = stas::parse_sys_conf(
      text, "f", [&](const std::string&) -> stas::Result<std::string> { return std::string(text); });
  if (!sys) {
    check_text(sys.error().text);
    return 0;
  }
  require(sys->host.nqn.starts_with("nqn.") && stas::is_injection_free(sys->host.nqn));
  check_complaints(sys->complaints, text);
  return 0;
}
