// SPDX-License-Identifier: Apache-2.0
//
// max-disconnects-per-minute= (stacd/guard.h), as stories (driver.h has the notation): what is kept because so many
// have been cut already, when its turn comes, and what is told of it, also beside disconnect-guard=, which has tables
// of its own (connector_guard_test.cpp).
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_connector); }

TEST(ConnectorBudget, SoManyInAMinute) {
  check({
      {"the rest are kept, and go when there is room; told once",
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.b | controller=10.0.0.3/nqn.c
          stafd up
          --
          journal
          conf max-disconnects-per-minute=1
          wait 200)",
       "1.5s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - Disconnect initiated: no longer configured\n"
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "1.5s info: (tcp, 10.0.0.2, 8009, nqn.b) | nvme1 - kept: no longer configured, but max-disconnects-per-minute=1 "
       "is used up\n"
       "1.5s info: (tcp, 10.0.0.3, 8009, nqn.c) | nvme2 - kept: no longer configured, but max-disconnects-per-minute=1 "
       "is used up\n"
       "1.5s error: max-disconnects-per-minute=1 is used up. Connections that should be cut, and are kept for now: 2. "
       "`stacctl explain NQN` tells why, `stacctl release NQN` lets go\n"
       "1.5s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme? - Removed: no longer configured\n"
       "61.5s info: (tcp, 10.0.0.2, 8009, nqn.b) | nvme1 - Disconnect initiated: no longer configured\n"
       "61.5s disconnect nvme1 10.0.0.2/nqn.b (no longer configured)\n"
       "61.5s info: (tcp, 10.0.0.2, 8009, nqn.b) | nvme? - Removed: no longer configured\n"
       "121.5s info: (tcp, 10.0.0.3, 8009, nqn.c) | nvme2 - Disconnect initiated: no longer configured\n"
       "121.5s disconnect nvme2 10.0.0.3/nqn.c (no longer configured)\n"
       "121.5s info: (tcp, 10.0.0.3, 8009, nqn.c) | nvme? - Removed: no longer configured\n"},
      {"0 is no bound",
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.b
          stafd up
          --
          conf max-disconnects-per-minute=0
          wait 5)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "1.5s disconnect nvme1 10.0.0.2/nqn.b (no longer configured)\n"},
      {"named again in time",
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.b
          stafd up
          --
          conf max-disconnects-per-minute=1
          wait 30
          conf max-disconnects-per-minute=1 | controller=10.0.0.2/nqn.b
          wait 200
          ls)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "230s ls 10.0.0.2/nqn.b nvme1\n"},
      {"one that cannot be cut takes no more than its turn",
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.b
          stafd up
          target nvme0 undeletable
          --
          conf max-disconnects-per-minute=2
          wait 50)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "1.5s disconnect nvme1 10.0.0.2/nqn.b (no longer configured)\n"},
      {"what exclude= lines name as well; what is released goes at once",
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.b
          stafd up
          --
          conf max-disconnects-per-minute=1 | exclude=traddr=10.0.0.0/24
          wait 30
          plan max-disconnects-per-minute=1 | exclude=traddr=10.0.0.0/24
          explain nqn.b
          released nqn.b)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (excluded by an exclude= line)\n"
       "30s plan 31.5s disconnect nvme1 10.0.0.2/nqn.b (excluded by an exclude= line) [new:4]\n"
       "30s explain 10.0.0.2/nqn.b held (excluded by an exclude= line, but max-disconnects-per-minute=1 is used up) "
       "since "
       "30.0s until 31.5s [once a controller= line] {conf:4: exclude=traddr=10.0.0.0/24: refuses it} {conf [I/O "
       "controller connection management]: max-disconnects-per-minute=1: keeps the connection for now; `stacctl "
       "release "
       "nqn.b` lets go} on nvme1 live bound 30.0s\n"
       "30s release 10.0.0.2/nqn.b\n"
       "30s disconnect nvme1 10.0.0.2/nqn.b (excluded by an exclude= line)\n"},
      {"with the guard: what is in use takes no turn",
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.b
          stafd up
          usage nvme0 nvme0n1 is mounted on /srv
          --
          conf max-disconnects-per-minute=1 | disconnect-guard=hold
          wait 10)",
       "1.5s inspect nvme0\n"
       "1.5s inspect nvme1\n"
       "1.5s disconnect nvme1 10.0.0.2/nqn.b (no longer configured)\n"},
      {"what it keeps is held for something else for a while: not told again",
       R"(start max-disconnects-per-minute=1 | controller=10.0.0.1/nqn.a | controller=10.0.0.1/nqn.b
          stafd up
          wait 20
          conf max-disconnects-per-minute=1
          --
          journal
          wait 5
          unread 10.0.0.9
          wait 5
          lists 10.0.0.9
          wait 5)",
       "1.5s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - Disconnect initiated: no longer configured\n"
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "1.5s info: (tcp, 10.0.0.1, 8009, nqn.b) | nvme1 - kept: no longer configured, but max-disconnects-per-minute=1 "
       "is used up\n"
       "1.5s error: max-disconnects-per-minute=1 is used up. Connections that should be cut, and are kept for now: 1. "
       "`stacctl explain NQN` tells why, `stacctl release NQN` lets go\n"
       "1.5s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme? - Removed: no longer configured\n"},
  });
}

}  // namespace
}  // namespace stas::story
