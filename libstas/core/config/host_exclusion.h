// SPDX-License-Identifier: Apache-2.0
//
// The host-wide exclusion list of nvme-cli 3 (/etc/nvme/exclusions.conf and exclusions.conf.d/*.conf): controllers that
// no program shall connect by itself (compatibility contract, appendix E). Beside exclude= of stafd.conf and
// stacd.conf, from which it differs: it is about connecting only, so what is connected stays; and an entry that cannot
// be understood matches nothing.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/base/complaint.h"
#include "libstas/core/identity/tid.h"

namespace stas {

inline constexpr std::size_t kMaxExclusionBytes = 1U << 20;  // of one file, as of nvme-cli
inline constexpr std::size_t kMaxExclusions = 8192;          // of all files together

// One entry: all fields that are set must match; at least one is set.
struct HostExclusion {
  std::string file;
  int line = 0;
  std::optional<std::string> transport;
  std::optional<std::string> traddr;  // compared as an address
  std::optional<std::string> trsvcid;
  std::optional<std::string> subsysnqn;
  std::optional<std::string> host_traddr;
  std::optional<std::string> host_iface;
  std::optional<std::string> host_nqn;
  std::optional<std::string> host_id;  // judged by exclusions_for(), not by matches()
  std::string place() const;           // "FILE:LINE"
  std::string to_string() const;       // "exclusion=transport=tcp;nqn=nqn.x"
  friend bool operator==(const HostExclusion&, const HostExclusion&) = default;
};
using HostExclusions = std::vector<HostExclusion>;

struct ParsedExclusions {
  HostExclusions entries;
  std::vector<Complaint> complaints;  // warnings: an entry that matches nothing, here and for nvme-cli
};
// Sections other than [exclusions] and keys other than `exclusion` are reserved, and passed over.
ParsedExclusions parse_exclusions(std::string_view text, std::string_view path);

bool matches(const HostExclusion& entry, const Tid& tid);
// The first that matches, or nullptr. Into `list`, which may be nullptr.
const HostExclusion* first_match(const std::shared_ptr<const HostExclusions>& list, const Tid& tid);

// Those that can be about a host with this ID; nullptr when there are none.
std::shared_ptr<const HostExclusions> exclusions_for(const std::shared_ptr<const HostExclusions>& list,
                                                     const std::string& host_id);

// The configuration with the list in it; the same when it has it already.
template <class Config>
std::shared_ptr<const Config> with_exclusions(std::shared_ptr<const Config> config,
                                              const std::shared_ptr<const HostExclusions>& list,
                                              const std::string& host_id) {
  auto mine = exclusions_for(list, host_id);
  if (mine == config->host_excludes) return config;
  auto other = std::make_shared<Config>(*config);
  other->host_excludes = std::move(mine);
  return other;
}

}  // namespace stas
