// SPDX-License-Identifier: Apache-2.0
//
// `stacctl release` (stacd/guard.h), as stories (driver.h and guard_rows.h have the notation): an administrator lets go
// of what disconnect-guard=hold keeps, now and not for later. The same for what max-disconnects-per-minute= keeps:
// connector_budget_test.cpp.
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"
#include "tests/unit/brains/guard_rows.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_guarded); }

TEST(ConnectorGuard, AnAdministratorLetsGo) {
  check({
      {"of all that leads to the subsystem, at once",
       R"(guarded 10.0.0.1/nqn.a 10.0.0.2/nqn.a 10.0.0.3/nqn.b
          usage nvme1 nvme0n1 is mounted on /srv
          usage nvme2 nvme2n1 is mounted on /usr
          conf disconnect-guard=hold
          wait 5
          --
          released nqn.x
          released nqn.a
          ls)",
       "0s release 10.0.0.1/nqn.a\n"
       "0s release 10.0.0.2/nqn.a\n"
       "0s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "0s disconnect nvme1 10.0.0.2/nqn.a (no longer configured)\n"
       "0s ls 10.0.0.3/nqn.b nvme2\n"},
      {"what is wanted is not let go of, and the order is not kept for later",
       R"(guarded 10.0.0.1/nqn.a
          --
          released nqn.a
          conf disconnect-guard=hold
          wait 5
          ls)",
       "1.5s inspect nvme0\n"
       "5s ls 10.0.0.1/nqn.a nvme0\n"},
      {"nor after it was named again",
       R"(guarded 10.0.0.1/nqn.a
          target nvme0 undeletable
          conf disconnect-guard=hold
          wait 5
          released nqn.a
          conf controller=10.0.0.1/nqn.a | disconnect-guard=hold
          target nvme0 deletable
          --
          conf disconnect-guard=hold
          wait 15
          ls)",
       "1.5s inspect nvme0\n"
       "15s inspect nvme0\n"
       "15s ls 10.0.0.1/nqn.a nvme0\n"},
      {"it is told",
       R"(kept 10.0.0.1/nqn.a
          journal
          --
          released nqn.a)",
       "0s release 10.0.0.1/nqn.a\n"
       "0s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - Disconnect initiated: no longer configured, and released\n"
       "0s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "0s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme? - Removed: no longer configured\n"},
  });
}

}  // namespace
}  // namespace stas::story
