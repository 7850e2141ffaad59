// SPDX-License-Identifier: Apache-2.0
//
// Situations that random steps seldom meet, as rows of steps. In the beginning stafd has a line for host 0, which lists
// its subsystems 0 and 1. Path 2 2 (subsystem 2 of host 2) is on no page.
#include "tests/model/themes.h"

namespace stas::model {

const std::vector<Theme>& all_plots() {
  static const std::vector<Theme> all{
      // --- stafd is away, silent, or new ---
      {"it was removed just before stafd went",
       {"wait 4000", "remove 0 0 1", "wait 700", "stafd kill", "wait 15000", "stafd start"}},
      {"the answer of a stafd that is gone",
       {"wait 4000", "answers late", "remove 0 0 1", "wait 300", "stafd kill", "wait 130000"}},
      {"a line goes while stafd forgets",
       {"dc-line 1 0 on", "wait 4000", "stafd lose", "dc-line 1 0 off", "stafd start", "wait 8000", "wait 40000"}},
      {"a line goes while both are away",
       {"ioc-line 2 2 0 on", "wait 4000", "stafd stop", "stacd stop", "ioc-line 2 2 0 off", "stacd start", "wait 8000",
        "wait 40000"}},
      {"a foreign connection meets a new stafd",
       {"scope all", "stafd stop", "admin-connect 3 2", "wait 1000", "stafd start", "wait 8000", "wait 40000"}},
      {"a referral ends while stacd is away",
       {"scope all", "refer 0 1 0", "wait 15000", "stacd stop", "unrefer 0 1 0", "wait 15000", "stacd start",
        "wait 130000"}},
      {"a second source that cannot be read",
       {"dc-line 2 0 on", "add 2 0 1", "wait 15000", "host 2 down,stafd lose,stafd start", "wait 4000", "remove 0 0 1",
        "wait 15000"}},
      {"a source of long ago",
       {"scope all", "refer 0 1 0", "add 1 0 1", "wait 15000", "remove 1 0 1", "wait 4000", "unrefer 0 1 0",
        "wait 15000", "stafd lose,stafd start", "wait 4000", "remove 0 0 1", "wait 130000"}},
      {"whoever wanted it is forgotten",
       {"ioc-line 2 2 0 on", "wait 4000", "stacd stop", "ioc-line 2 2 0 off", "stacd strip,stacd start", "wait 30000"}},
      {"the stafd that settles late", {"resolver 1 slow,dc-line 1 3 on,stafd kill,stafd start", "wait 70000"}},
      {"the parent of a referral is silent after a restart",
       {"refer 0 1 0", "wait 15000", "stafd stop,stafd strip,host 0 down,stafd start", "wait 70000"}},
      {"mDNS answers late",
       {"dc-line 1 0 on", "wait 15000", "stafd stop,dc-line 1 0 off,mdns 1 0 on,mdns-daemon slow,stafd start",
        "wait 12000"}},
      // --- between the two daemons ---
      {"a signal while the answer is on its way",
       {"answers late", "wait 4000", "remove 0 0 1", "wait 300", "remove 0 0 0", "wait 70000"}},
      {"a question without an answer",
       {"wait 4000", "answers fail", "remove 0 0 1", "wait 300", "answers work", "wait 60000"}},
      {"stacd is reloaded", {"wait 4000", "reload stacd", "wait 8000"}},
      {"an entry that stacd cannot read", {"wait 4000", "garble 0 1 on,reload stacd", "wait 15000"}},
      // --- pages ---
      {"a notice while the page is read",
       {"reads late", "wait 4000", "remove 0 0 1", "wait 300", "remove 0 0 0", "wait 70000"}},
      {"a page that changes during an outage",
       {"kernel old", "wait 4000", "host 0 down", "wait 1000", "remove 0 0 1", "wait 1000", "host 0 reboot",
        "wait 70000"}},
      {"the link drops while PLEO is asked for",
       {"reads late", "dc-line 2 0 on", "wait 400", "host 2 down", "wait 20000", "host 2 up", "wait 30000"}},
      {"two that are the same", {"duplicates 0 on,refer 0 1 0,refer 0 2 0", "wait 30000"}},
      {"NCC ends",
       {"ncc-attempts 9", "serve 0 1 off", "wait 40000", "ncc 0 0 1 on", "wait 1000", "serve 0 1 on,ncc 0 0 1 off",
        "wait 7000"}},
      // --- names and interfaces ---
      {"a line becomes a host name that does not resolve",
       {"ioc-line 2 2 0 on", "wait 4000", "resolver 2 fails", "ioc-edit 2 2 0 3", "wait 15000"}},
      {"the line of a DC becomes a host name that does not resolve",
       {"dc-line 1 0 on", "wait 15000", "resolver 1 fails", "dc-edit 1 0 3", "wait 40000"}},
      {"a host name moves while it is connected",
       {"ioc-line 2 2 3 on", "wait 15000", "resolver 2 moved,reload stacd", "wait 100000"}},
      {"two addresses that are dead", {"connects slow,resolver 2 two,host 2 down,ioc-line 2 2 3 on", "wait 70000"}},
      {"two names of a DC at once", {"dc-line 1 0 on,dc-line 1 1 on,mdns 1 0 on", "wait 15000"}},
      {"two names of a controller at once", {"ioc-line 2 2 0 on,ioc-line 2 2 1 on", "wait 15000"}},
      {"another interface, which is down",
       {"ioc-line 2 2 1 on", "wait 4000", "iface down", "ioc-edit 2 2 1 2", "wait 8000"}},
      {"another interface, which fails at once",
       {"ioc-line 2 2 1 on", "wait 4000", "ioc-edit 2 2 1 2", "wait 100", "iface down", "wait 8000"}},
      {"another interface of a DC, which fails before it is read again",
       {"dc-line 1 1 on", "wait 15000", "dc-edit 1 1 2", "wait 400", "iface down,host 1 slow,iface up", "wait 30000"}},
      {"adopted while it is down",
       {"ioc-line 2 2 0 on", "wait 4000", "host 2 down", "stacd lose", "ioc-edit 2 2 0 2,stacd start", "wait 1000",
        "host 2 up", "wait 30000"}},
      {"two become one, and one is broken",
       {"ioc-line 2 2 2 on", "wait 4000", "ioc-line 2 2 1 on", "wait 4000", "ioc-edit 2 2 2 0", "wait 4000",
        "iface down", "wait 1000", "ioc-line 2 2 1 off", "wait 70000"}},
      // --- policy and devices ---
      {"excluded under no-disconnect", {"scope no", "wait 4000", "ioc-exclude 0 1 on", "wait 130000"}},
      {"not included under no-disconnect", {"scope no", "wait 4000", "ioc-include 0 1 on", "wait 130000"}},
      {"included, a line, and neither",
       {"ioc-include 0 1 on,ioc-line 0 0 0 on", "wait 15000", "ioc-include 0 1 off,ioc-include 2 2 on", "wait 15000",
        "ioc-line 0 0 0 off", "wait 130000", "ioc-include 2 2 off", "wait 15000"}},
      {"an include= line that cannot be read",
       {"ioc-include 0 1 on,ioc-include 0 2 on", "wait 4000", "fault stacd include,reload stacd", "wait 130000",
        "fault stacd none,reload stacd", "wait 130000"}},
      {"include= lines in a section that nobody knows",
       {"ioc-include 0 1 on", "wait 4000", "fault stacd section,ioc-include 0 0 on", "wait 130000",
        "stacd kill,stacd start", "wait 15000", "fault stacd none,reload stacd", "wait 130000"}},
      {"the only include= line cannot be read at a start",
       {"wait 15000", "stacd stop,ioc-include 0 1 on,fault stacd include", "stacd start", "wait 130000"}},
      {"a removal that is told late", {"wait 4000", "device-vanish N", "wait 15000", "late-gone", "wait 15000"}},
      {"a removal that is not told",
       {"wait 4000", "lossy on", "device-vanish 0", "device-vanish 1", "device-vanish 2", "lossy off", "wait 400000"}},
  };
  return all;
}

}  // namespace stas::model
