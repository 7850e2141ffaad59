// SPDX-License-Identifier: Apache-2.0
//
// How far a doubt reaches and when it ends, as stories (driver.h has the notation): a doubt about one controller must
// not keep the others, and none keeps anything for ever without a reason. What each doubt keeps: the other
// connector_evidence files.
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_connector); }

TEST(ConnectorEvidence, AHoldIsAsNarrowAsTheDoubt) {
  check({
      {"a name that never resolves keeps only what it could mean",
       R"(dns array fails
          start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.b | controller=array/nqn.a
          wait 20
          --
          conf controller=array/nqn.a
          wait 3
          ls)",
       "0s resolve array\n1.5s disconnect nvme1 10.0.0.2/nqn.b (no longer configured)\n3s ls 10.0.0.1/nqn.a nvme0\n"},
      {"a line with a host name that is new, for what has been held for long: it has its minute to resolve",
       R"(dns hangs
          start
          stafd up
          lists 10.0.0.1 nqn.a
          stafd down
          restart
          drops 10.0.0.1
          wait 400
          --
          conf controller=array/nqn.a
          stafd up
          wait 200)",
       "0s resolve array\n61.5s disconnect nvme0 10.0.0.1/nqn.a (its discovery controller was removed)\n"},
      {"a silent stafd keeps a removed line for a minute, not for ever",
       R"(start controller=10.0.0.1/nqn.a
          stafd hangs
          stafd up
          --
          conf
          wait 600)",
       "61.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"another name of a discovery controller does not stop the audit, with a 2.4.1 stafd",
       R"(stafd old
          device nvme0 10.0.0.7/nqn.x
          start disconnect-scope=all-connections-matching-disconnect-trtypes
          stafd up
          lists 10.0.0.1 nqn.a
          unread 10.0.0.1/nqn.unique
          --
          wait 20)",
       "10s disconnect nvme0 10.0.0.7/nqn.x (not wanted by anything)\n"},
      {"... one that has not been read does",
       R"(device nvme0 10.0.0.7/nqn.x
          start disconnect-scope=all-connections-matching-disconnect-trtypes
          stafd up
          lists 10.0.0.1 nqn.a
          unread 10.0.0.2
          --
          wait 600)",
       ""},
      {"a doubt in the file is one about foreign connections, too",
       R"(device nvme0 10.0.0.7/nqn.x
          device nvme1 10.0.0.8/nqn.y
          doubt traddr=10.0.0.7
          start disconnect-scope=all-connections-matching-disconnect-trtypes
          stafd up
          --
          wait 20)",
       "10s disconnect nvme1 10.0.0.8/nqn.y (not wanted by anything)\n"},
  });
}

}  // namespace
}  // namespace stas::story
