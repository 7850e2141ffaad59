// SPDX-License-Identifier: Apache-2.0
//
// When stacd acts, as stories (driver.h has the notation): what is new is connected at once, what is removed is cut
// after the soak, and a disconnect that fails is tried again. Numbers with '#' are rows of the list of regressions,
// D-nn findings of the compatibility contract.
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_connector); }

TEST(ConnectorPolicy, AddsAtOnceAndCutsAfterTheSoak) {
  check({
      {"an entry is connected at once, its end is acted on after 1.5 s",
       R"(start
          stafd up
          --
          wait 5
          lists 10.0.0.1 nqn.a
          wait 5
          lists 10.0.0.1
          wait 1.499
          ls
          wait 0.001)",
       "5s connect 10.0.0.1/nqn.a\n"
       "11.499s ls 10.0.0.1/nqn.a nvme0\n"
       "11.5s disconnect nvme0 10.0.0.1/nqn.a (no longer listed by any discovery controller)\n"},
      {"listed again during the soak: nothing happens",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          --
          lists 10.0.0.1
          wait 1.4
          lists 10.0.0.1 nqn.a
          wait 60
          ls)",
       "61.4s ls 10.0.0.1/nqn.a nvme0\n"},
      {"unlisted again: a new soak",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          --
          lists 10.0.0.1
          wait 1.4
          lists 10.0.0.1 nqn.a
          lists 10.0.0.1
          wait 60)",
       "2.9s disconnect nvme0 10.0.0.1/nqn.a (no longer listed by any discovery controller)\n"},
      {"stafd vanishes during the soak: the evidence is gone with it",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          --
          lists 10.0.0.1
          wait 1
          stafd down
          wait 600
          ls)",
       "601s ls 10.0.0.1/nqn.a nvme0\n"},
      {"the complete page is empty: #25",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a nqn.b
          --
          lists 10.0.0.1
          wait 60)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer listed by any discovery controller)\n"
       "1.5s disconnect nvme1 10.0.0.1/nqn.b (no longer listed by any discovery controller)\n"},
      {"changes that never end neither delay additions nor put removals off: #36, D-26",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          --
          lists 10.0.0.1 nqn.1
          wait 0.5
          lists 10.0.0.1 nqn.1 nqn.2
          wait 0.5
          lists 10.0.0.1 nqn.1 nqn.2 nqn.3
          wait 0.4
          lists 10.0.0.1 nqn.1 nqn.2 nqn.3 nqn.4
          wait 0.5
          lists 10.0.0.1 nqn.1 nqn.2 nqn.3 nqn.4 nqn.5)",
       "0s connect 10.0.0.1/nqn.1\n"
       "0.5s connect 10.0.0.1/nqn.2\n"
       "1s connect 10.0.0.1/nqn.3\n"
       "1.4s connect 10.0.0.1/nqn.4\n"
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer listed by any discovery controller)\n"
       "1.9s connect 10.0.0.1/nqn.5\n"},
      {"nothing is connected before the first scan: #44",
       R"(conf controller=10.0.0.1/nqn.a
          stafd up
          lists 10.0.0.2 nqn.b
          wait 60
          device nvme0 10.0.0.1/nqn.a
          wait 1
          scan)",
       "61s connect 10.0.0.2/nqn.b\n"},
      {"soon after the start without a stafd: it gets 10 s to come, it may list the controller as well",
       R"(start controller=10.0.0.1/nqn.a
          --
          wait 2
          conf
          wait 60)",
       "10s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"long after the start without a stafd",
       R"(start controller=10.0.0.1/nqn.a
          wait 60
          --
          conf
          wait 60)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"a disconnect that fails is tried again, with back-off",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          --
          target nvme0 undeletable
          lists 10.0.0.1
          wait 5
          target nvme0 deletable
          wait 60)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer listed by any discovery controller)\n"
       "4.5s disconnect nvme0 10.0.0.1/nqn.a (no longer listed by any discovery controller)\n"
       "10.5s disconnect nvme0 10.0.0.1/nqn.a (no longer listed by any discovery controller)\n"},
      {"what cannot be disconnected is told once",
       R"(start controller=10.0.0.1/nqn.a
          target nvme0 undeletable
          journal
          wait 20
          --
          conf
          wait 8)",
       "1.5s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - Disconnect initiated: no longer configured\n"
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"
       "1.5s error: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - Failed to disconnect. cannot delete nvme0\n"
       "4.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"a cut that failed is looked at again before the next: what is listed by then stays",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          target nvme0 undeletable
          wait 20
          --
          lists 10.0.0.1
          wait 2
          quiet 10.0.0.1 nqn.a
          wait 20
          ls)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer listed by any discovery controller)\n"
       "22s ls 10.0.0.1/nqn.a nvme0\n"},
  });
}

}  // namespace
}  // namespace stas::story
