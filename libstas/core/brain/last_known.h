// SPDX-License-Identifier: Apache-2.0
//
// Last known configuration: what a daemon saves in its runtime directory to survive a restart. Versioned JSON,
// readable, bounded, without secrets. Reading never fails as a whole: a file that is truncated, from another version or
// not ours gives an empty state and one complaint.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/base/complaint.h"
#include "libstas/core/discovery/entries.h"
#include "libstas/core/discovery/log_page.h"
#include "libstas/core/identity/tid.h"

namespace stas {

inline constexpr std::string_view kLastKnownFormat = "stas last known config";
inline constexpr int kLastKnownVersion = 1;
inline constexpr std::size_t kMaxHostNqns = 16;  // remembered; who changes it more often begins anew
inline constexpr std::size_t kMaxLastKnownBytes = 512U << 20;

// Who the host was (sys.conf), never its key: what counts should sys.conf not be readable after a restart.
struct KnownHost {
  std::string nqn;
  std::string id;
  friend bool operator==(const KnownHost&, const KnownHost&) = default;
};

// What stafd remembers of one DC.
struct KnownDc {
  Tid tid;
  // configured, discovered, referral; another text is a source that this version does not know, and kept as it is.
  std::string origin;
  bool page_known = false;
  std::optional<std::uint64_t> genctr;
  Entries entries;
  std::vector<Tid> parents;      // the discovery controllers that referred to it
  std::string host_name;         // of its controller= line, when that has no address
  bool system_identity = false;  // its host NQN was the system's, not one of its own
  std::string device;            // that it had, a hint: "nvme3"
  friend bool operator==(const KnownDc&, const KnownDc&) = default;
};
struct KnownStafd {
  std::vector<KnownDc> dcs;
  std::map<std::string, std::vector<std::string>> resolved;  // host name -> its addresses, the one in use first
  std::vector<Tid> ended;                                    // controllers that were deliberately removed, oldest first
  std::optional<KnownHost> host;                             // nullopt: written by a version that did not save it
  friend bool operator==(const KnownStafd&, const KnownStafd&) = default;
};

// What stacd remembers of one IOC: it is ours, and who wanted it.
struct KnownIoc {
  Tid tid;
  bool configured = false;
  struct Source {
    Tid dc;
    std::string origin;
    friend bool operator==(const Source&, const Source&) = default;
  };
  std::vector<Source> sources;  // the discovery controllers that listed it
  std::optional<Dlpe> dlpe;
  friend bool operator==(const KnownIoc&, const KnownIoc&) = default;
};
struct KnownStacd {
  std::vector<KnownIoc> iocs;
  std::map<std::string, std::vector<std::string>> resolved;  // as in KnownStafd
  std::optional<KnownHost> host;
  std::vector<std::string> host_nqns;  // that the system had while connections were made
  friend bool operator==(const KnownStacd&, const KnownStacd&) = default;
};

std::string format_last_known(const KnownStafd& known);
std::string format_last_known(const KnownStacd& known);

template <class T>
struct LastKnownRead {
  T known;
  std::vector<Complaint> complaints;
};
LastKnownRead<KnownStafd> parse_known_stafd(std::string_view text, std::string_view path);
LastKnownRead<KnownStacd> parse_known_stacd(std::string_view text, std::string_view path);

}  // namespace stas
