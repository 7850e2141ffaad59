// SPDX-License-Identifier: Apache-2.0
//
// The three configuration files. Besides not crashing: no usable line may hold what the connect string cannot carry, no
// rule may be empty, every complaint has a line that exists and is printable, and no key gets into a text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "libstas/core/base/unicode.h"
#include "libstas/core/config/config.h"
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

void check_complaints(const std::vector<stas::Complaint>& complaints, std::string_view input) {
  int lines = 1;
  for (const char c : input) lines += c == '\n' ? 1 : 0;
  for (const stas::Complaint& complaint : complaints) {
    require(complaint.line >= 0 && complaint.line <= lines && !complaint.text.empty());
    check_text(complaint.text);
  }
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
  for (const stas::ExcludeRule& rule : config.excludes) {
    require(rule.transport || rule.traddr || rule.trsvcid || rule.subsysnqn || rule.host_iface || rule.host_nqn);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto stafd = stas::parse_stafd_conf(text, "f");
  check_common(stafd.value);
  check_complaints(stafd.complaints, text);
  const auto stacd = stas::parse_stacd_conf(text, "f");
  check_common(stacd.value);
  check_complaints(stacd.complaints, text);
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
