// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/kernel/kernel_options.h"

#include <array>

#include "libstas/core/base/text.h"

namespace stas {

namespace {

constexpr std::size_t kMaxOptions = 128;
constexpr unsigned kMaxReleaseNumber = 1000000;

struct Since {
  std::string_view option;
  unsigned major;
  unsigned minor;
};

// The first release of each option we may send; options older than anything we meet have 0.0.
constexpr std::array<Since, 26> kSince = {{
    {"transport", 0, 0},
    {"traddr", 0, 0},
    {"trsvcid", 0, 0},
    {"nqn", 0, 0},
    {"queue_size", 0, 0},
    {"nr_io_queues", 0, 0},
    {"reconnect_delay", 0, 0},
    {"ctrl_loss_tmo", 0, 0},
    {"keep_alive_tmo", 0, 0},
    {"hostnqn", 0, 0},
    {"host_traddr", 0, 0},
    {"hostid", 0, 0},
    {"disable_sqflow", 0, 0},
    {"hdr_digest", 5, 0},
    {"data_digest", 5, 0},
    {"nr_write_queues", 5, 1},
    {"nr_poll_queues", 5, 1},
    {"host_iface", 5, 14},
    {"discovery", 5, 16},
    {"dhchap_secret", 6, 0},
    {"dhchap_ctrl_secret", 6, 0},
    {"keyring", 6, 7},  // these three where the kernel was built with TLS for NVMe/TCP
    {"tls_key", 6, 7},
    {"tls", 6, 7},
    {"concat", 6, 16},
    {"duplicate_connect", 0, 0},
}};

}  // namespace

std::vector<unsigned> release_numbers(std::string_view release) {
  std::vector<unsigned> numbers;
  bool inside = false;
  for (const char c : release.substr(0, 256)) {
    if (!is_digit(c)) {
      inside = false;
      continue;
    }
    if (!inside) numbers.push_back(0);
    inside = true;
    if (numbers.back() < kMaxReleaseNumber) numbers.back() = numbers.back() * 10 + static_cast<unsigned>(c - '0');
  }
  return numbers;
}

SupportedOptions SupportedOptions::parse(std::string_view line) {
  line = line.substr(0, kMaxOptionsLine);
  line = line.substr(0, line.find('\n'));
  SupportedOptions options;
  while (!line.empty() && options.names_.size() < kMaxOptions) {
    const auto comma = line.find(',');
    const auto pattern = line.substr(0, comma);
    const auto name = pattern.substr(0, pattern.find('='));
    if (!name.empty() && name != "instance" && name != "cntlid") options.names_.emplace(name);
    if (comma == std::string_view::npos) break;
    line.remove_prefix(comma + 1);
  }
  return options;
}

SupportedOptions SupportedOptions::for_release(std::string_view release) {
  const auto numbers = release_numbers(release);
  const unsigned major = !numbers.empty() ? numbers[0] : 0;
  const unsigned minor = numbers.size() > 1 ? numbers[1] : 0;
  SupportedOptions options;
  for (const auto& since : kSince) {
    if (major > since.major || (major == since.major && minor >= since.minor)) options.names_.emplace(since.option);
  }
  return options;
}

SupportedOptions SupportedOptions::everything() {
  SupportedOptions options;
  for (const auto& since : kSince) options.names_.emplace(since.option);
  return options;
}

}  // namespace stas
