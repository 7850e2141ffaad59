// SPDX-License-Identifier: Apache-2.0
//
// Which discovery controllers there should be: one pure function from facts (the configuration with its doubts, host
// identity, host names, mDNS, what is known of each name and its page) to a table of names with their sources, options
// and one verdict each, also of those that are refused (law 10). Connecting and removing follow from comparing this
// table with the connections.
//
// A name leaves on positive evidence against each of its sources (law 2):
// - its controller= line is gone from a file that was understood, and no host name that is still unknown could mean it;
// - its announcement: silence is none; it ends when it is lost for longer than its persistence time;
// - a referral: each discovery controller that referred to it has a known page without it, or is on its way out itself.
// Until its replacement is connected and read it stays for a bounded time (law 3).
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "libstas/core/brain/action.h"
#include "libstas/core/brain/event.h"
#include "libstas/core/brain/name_book.h"
#include "libstas/core/config/config_values.h"
#include "libstas/core/identity/host.h"
#include "stafd/dc.h"
#include "stafd/name_table.h"

namespace stas {

inline constexpr unsigned kMaxReferralDepth = 8;  // a chain of referrals longer than this is cut

struct DcFacts {
  const StafdConfig& config;
  const HostIdentity& host;
  const NameBook& names;
  const MdnsChanged& mdns;
  const NameTable& dcs;
  const FinderTiming& timing;
  Instant now;
  Instant started;     // first configuration
  bool devices_known;  // before that nobody knows what is connected
};

// One row of the table.
struct Wish {
  Origin origin = Origin::configured;
  Sources sources;
  bool present = false;      // mDNS announces it now
  bool replaced = false;     // nothing names it any more; it is only kept until its replacement is there
  bool for_a_while = false;  // it, or what refers to it, is held, and not for longer than a time
  Verdict verdict;
  ConnectOptions options;
  std::optional<std::string> host_id;
  std::string host_name;
  TextDict cfg;
  bool system_identity = true;
  unsigned depth = 0;  // of the chain of referrals that leads to it
};

struct DesiredDcs {
  std::map<Tid, Wish> wishes;
  std::vector<Tid> unresolved;  // controller= lines whose host name has no address yet
  std::map<Tid, Tid> renamed;   // known under an earlier NQN of the host and not connected -> its name now
  std::set<Tid> superseded;     // an older address of a host name, never read
  std::vector<Report> reports;  // surprises; the caller tells each once
};

DesiredDcs desire(const DcFacts& facts);

// What is known of a name that the table does not have: it leaves, and this is why.
Verdict farewell(const DcFacts& facts, const Dc& dc);

// When a lost announced controller is given up; kNever if it is not lost or kept for ever.
Instant lost_deadline(const Dc& dc, const StafdConfig& config);

}  // namespace stas
