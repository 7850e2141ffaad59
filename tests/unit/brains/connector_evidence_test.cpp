// SPDX-License-Identifier: Apache-2.0
//
// Law 2 of stacd as stories (driver.h has the notation): nothing is cut but what somebody removed. Files that say
// nothing, sources that have not spoken yet, identities that change, replacements that are on their way; and the end of
// each hold, because a doubt about one controller must not keep the others.
#include <memory>

#include <gtest/gtest.h>

#include "stacd/connector.h"
#include "tests/unit/brains/driver.h"
#include "tests/unit/brains/notation.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_connector); }

TEST(ConnectorEvidence, BrokenIsNotRemoved) {
  check({
      {"a line that cannot be used any more, with a readable address",
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.b
          wait 20
          --
          doubt traddr=10.0.0.1
          conf
          wait 600
          ls)",
       "1.5s disconnect nvme1 10.0.0.2/nqn.b (no longer configured)\n600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"... whose subsystem can be read",
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.1/nqn.b
          wait 20
          --
          doubt nqn=nqn.b
          conf
          wait 600
          ls)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n600s ls 10.0.0.1/nqn.b nvme1\n"},
      {"... of which nothing can be read: it could be any, until it is corrected",
       R"(start controller=10.0.0.1/nqn.a
          --
          doubt all
          conf
          wait 600
          ls
          doubt none
          conf
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n601.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"... and the same after a restart",
       R"(start controller=10.0.0.1/nqn.a
          --
          doubt traddr=10.0.0.1
          conf
          restart
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"a doubt about another transport or port keeps nothing",
       R"(start controller=10.0.0.1/nqn.a
          wait 20
          --
          doubt transport=rdma traddr=10.0.0.1
          doubt traddr=10.0.0.1 trsvcid=4420
          conf
          wait 600)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"a doubt about a host name could be about any address",
       R"(start controller=10.0.0.1/nqn.a
          --
          doubt traddr=array.example nqn=nqn.a
          conf
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"a doubt says nothing about what pages list",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          doubt all
          conf
          --
          lists 10.0.0.1
          wait 600)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer listed by any discovery controller)\n"},
      {"a line that a doubt may mean is not forgotten while a page names the controller",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          lists 10.0.0.1 nqn.a
          doubt all
          conf
          --
          lists 10.0.0.1
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"another name of the same connection takes it over from a held one, and is delisted: the doubt counts for it, "
       "too",
       R"(iface eth0 10.0.0.9
          start controller=10.0.0.1/nqn.a
          change nvme0 src_addr=10.0.0.9
          stafd up
          lists 10.0.0.1%eth0
          doubt traddr=10.0.0.1
          conf
          lists 10.0.0.1%eth0 nqn.a
          wait 20
          --
          lists 10.0.0.1%eth0
          wait 600
          doubt none
          conf controller=10.0.0.1/nqn.a
          wait 20)",
       ""},
      {"an ordinary removal is not said to be kept first",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          wait 20
          journal
          --
          conf
          wait 1)",
       ""},
      {"the file is gone at a reload: it stays as it was",
       R"(start controller=10.0.0.1/nqn.a
          --
          unread conf
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"the file is gone at a restart: what was configured is kept, and said",
       R"(start controller=10.0.0.1/nqn.a
          unread conf
          --
          journal
          restart
          wait 600
          ls)",
       "0s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - Connection established! (existing connection adopted)\n"
       "0s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme0 - kept: it may be what stacd.conf: no such file was meant to "
       "say\n"
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
  });
}

TEST(ConnectorEvidence, AChangedIdentityKeepsWhatExists) {
  check({
      {"the host NQN changes: connections stay, new ones use it, and so does the next one of the same controller",
       R"(start controller=10.0.0.1/nqn.a
          --
          hostnqn nqn.other
          conf controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.b
          wait 600
          ls
          vanish nvme0
          wait 10
          ls)",
       "0s connect 10.0.0.2/nqn.b@nqn.other\n"
       "600s ls 10.0.0.1/nqn.a nvme0\n600s ls 10.0.0.2/nqn.b@nqn.other nvme1\n"
       "600s connect 10.0.0.1/nqn.a@nqn.other\n"
       "610s ls 10.0.0.2/nqn.b@nqn.other nvme1\n610s ls 10.0.0.1/nqn.a@nqn.other nvme0\n"},
      {"... at a restart",
       R"(start controller=10.0.0.1/nqn.a
          --
          hostnqn nqn.other
          restart
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"... at a restart, with a stafd that does not answer",
       R"(start controller=10.0.0.1/nqn.a
          stafd hangs
          stafd up
          --
          hostnqn nqn.other
          restart
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"... and what a page lists",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          --
          hostnqn nqn.other
          conf
          drops 10.0.0.1
          lists 10.0.0.1@nqn.other nqn.a
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"... which a page lists under the old one, when the connection was made again",
       R"(start controller=10.0.0.1/nqn.a
          hostnqn nqn.other
          conf controller=10.0.0.1/nqn.a
          vanish nvme0
          wait 10
          --
          stafd up
          lists 10.0.0.1 nqn.a
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a@nqn.other nvme0\n"},
      {"a removed line is removed all the same",
       R"(start controller=10.0.0.1/nqn.a
          wait 20
          --
          hostnqn nqn.other
          conf
          wait 600
          ls)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"the host NQN of stafd is not known yet: a name that does not answer has its back-off",
       R"(start controller=10.0.0.9/nqn.x
          stafd up
          lists 10.0.0.1 nqn.a
          wait 100
          target 10.0.0.1 down
          change nvme1 state=connecting
          drops 10.0.0.1
          --
          lists 10.0.0.1@nqn.other nqn.a
          wait 1
          signal
          wait 1
          lists 10.0.0.2 nqn.b
          wait 10
          ls)",
       "0s connect 10.0.0.1/nqn.a@nqn.other\n"
       "2s connect 10.0.0.2/nqn.b\n"
       "3s connect 10.0.0.1/nqn.a@nqn.other\n"
       "9s connect 10.0.0.1/nqn.a@nqn.other\n"
       "12s ls 10.0.0.9/nqn.x nvme0\n"
       "12s ls 10.0.0.1/nqn.a nvme1\n"
       "12s ls 10.0.0.1/nqn.a@nqn.other -\n"
       "12s ls 10.0.0.2/nqn.b nvme2\n"},
      {"it is connected under one that is not known here: no second connection",
       R"(target 10.0.0.1 down
          start
          stafd up
          lists 10.0.0.9 10.0.0.1/nqn.a
          wait 1
          target 10.0.0.1 up
          --
          lists 10.0.0.8@nqn.other 10.0.0.1/nqn.a
          wait 100
          ls)",
       "0s connect 10.0.0.1/nqn.a@nqn.other\n"
       "100s ls 10.0.0.1/nqn.a@nqn.other nvme0\n"},
      {"a new stafd knows its discovery controller under the new one, and cannot read it",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          wait 100
          hostnqn nqn.other
          conf
          stafd down
          drops 10.0.0.1
          unread 10.0.0.1@nqn.other
          --
          stafd up
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
  });
}

TEST(ConnectorEvidence, MissingIsNotGone) {
  check({
      {"listed by two; stafd restarts and has read only one, which delists: the other may still list it",
       R"(start
          stafd up
          lists 10.0.0.1 10.0.0.9/nqn.a
          lists 10.0.0.2 10.0.0.9/nqn.a
          stafd down
          quiet 10.0.0.1 10.0.0.9/nqn.a
          unread 10.0.0.2
          --
          stafd up
          wait 5
          lists 10.0.0.1
          wait 600
          ls
          lists 10.0.0.2
          wait 600)",
       "605s ls 10.0.0.9/nqn.a nvme0\n"
       "606.5s disconnect nvme0 10.0.0.9/nqn.a (no longer listed by any discovery controller)\n"},
      {"a line moved to a page while stafd is being restarted",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          wait 100
          stafd down
          --
          conf
          wait 5
          stafd up
          lists 10.0.0.2 10.0.0.1/nqn.a
          wait 600
          ls)",
       "605s ls 10.0.0.1/nqn.a nvme0\n"},
      {"... and it does not come back",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          wait 100
          stafd down
          --
          conf
          wait 600)",
       "10s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"a line moved to a discovery controller whose page is not read yet",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          lists 10.0.0.2
          --
          unread 10.0.0.1
          conf
          wait 20
          lists 10.0.0.1 nqn.a
          wait 600
          ls)",
       "620s ls 10.0.0.1/nqn.a nvme0\n"},
      {"... which is never read: given up when it has been listed for a minute",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          --
          unread 10.0.0.1
          conf
          wait 600)",
       "61.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"a discovery service moves: the old one is ended, and what it listed stays until the new one is read",
       R"(start
          stafd up
          lists 10.0.0.1=discovered 10.0.0.9/nqn.a 10.0.0.9/nqn.b
          wait 20
          --
          unread 10.0.0.2=discovered
          ends 10.0.0.1
          wait 20
          lists 10.0.0.2=discovered 10.0.0.9/nqn.a
          wait 60
          ls)",
       "21.5s disconnect nvme1 10.0.0.9/nqn.b (its discovery controller was removed)\n"
       "80s ls 10.0.0.9/nqn.a nvme0\n"},
      {"... and that one is there already: nothing happens",
       R"(start
          stafd up
          lists 10.0.0.1=discovered 10.0.0.9/nqn.a
          wait 20
          lists 10.0.0.2=discovered 10.0.0.9/nqn.a
          --
          ends 10.0.0.1
          wait 60
          ls)",
       "60s ls 10.0.0.9/nqn.a nvme0\n"},
      {"... a controller that has been unread for long keeps nothing",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          unread 10.0.0.2
          wait 61
          --
          conf
          wait 600)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"a page with an entry that cannot be used is not complete about what that could be",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a nqn.b
          --
          lists 10.0.0.1 skip=nqn.a
          wait 600
          ls)",
       "1.5s disconnect nvme1 10.0.0.1/nqn.b (no longer listed by any discovery controller)\n"
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"... nothing of it can be read",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a nqn.b
          --
          lists 10.0.0.1 skip
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n600s ls 10.0.0.1/nqn.b nvme1\n"},
      {"... an address that is none: the same",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          --
          lists 10.0.0.1 0.0.0.0/nqn.a
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"a 2.4.1 stafd that lost its cache and waits for a slow name",
       R"(stafd old
          start
          stafd up
          lists 10.0.0.1 nqn.a
          stafd down
          drops 10.0.0.1
          --
          stafd up
          wait 600
          ls
          lists 10.0.0.1
          wait 600)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"
       "601.5s disconnect nvme0 10.0.0.1/nqn.a (no longer listed by any discovery controller)\n"},
      {"an origin that this version does not know",
       R"(start
          stafd up
          lists 10.0.0.1=nbft nqn.a
          stafd down
          drops 10.0.0.1
          --
          stafd up
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
  });
}

TEST(ConnectorEvidence, NamesOfOneConnectionShareWhatIsKnown) {
  check({
      {"after a restart, without stafd: a page listed it under another name, so a removed line is not enough",
       R"(iface eth0 10.0.0.9
          start controller=10.0.0.1/nqn.a
          change nvme0 src_addr=10.0.0.9
          stafd up
          lists 10.0.0.1%eth0 nqn.a
          wait 20
          vanish nvme0
          wait 20
          change nvme0 src_addr=10.0.0.9
          stafd down
          --
          conf
          restart
          wait 600)",
       ""},
      {"two names become one: the connection that works is kept",
       R"(iface eth0 10.0.0.9
          device nvme0 10.0.0.1/nqn.a state=connecting host_iface=eth0
          device nvme1 10.0.0.1/nqn.a state=live
          --
          start controller=10.0.0.1/nqn.a
          ls)",
       "0s ls 10.0.0.1/nqn.a nvme1\n"},
  });
}

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

TEST(ConnectorEvidence, TheNewIsMadeBeforeTheOldGoes) {
  check({
      {"a line gets another address: the old one goes when the new one is connected",
       R"(target 10.0.0.2 down
          start controller=10.0.0.1/nqn.a
          wait 20
          --
          conf controller=10.0.0.2/nqn.a
          wait 2
          target 10.0.0.2 up
          wait 600
          ls)",
       "0s connect 10.0.0.2/nqn.a\n3s connect 10.0.0.2/nqn.a\n4.5s disconnect nvme0 10.0.0.1/nqn.a (no longer "
       "configured)\n602s ls 10.0.0.2/nqn.a nvme1\n"},
      {"... which never answers: after a minute",
       R"(target 10.0.0.2 down
          start controller=10.0.0.1/nqn.a
          --
          conf controller=10.0.0.2/nqn.a
          wait 61.6)",
       "0s connect 10.0.0.2/nqn.a\n3s connect 10.0.0.2/nqn.a\n9s connect 10.0.0.2/nqn.a\n21s connect 10.0.0.2/nqn.a\n"
       "45s connect 10.0.0.2/nqn.a\n61.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"a portal moves on a page",
       R"(target 10.0.0.3 down
          start
          stafd up
          lists 10.0.0.1 10.0.0.2/nqn.a
          --
          lists 10.0.0.1 10.0.0.3/nqn.a
          wait 2
          target 10.0.0.3 up
          wait 600
          ls)",
       "0s connect 10.0.0.3/nqn.a\n3s connect 10.0.0.3/nqn.a\n"
       "4.5s disconnect nvme0 10.0.0.2/nqn.a (no longer listed by any discovery controller)\n"
       "602s ls 10.0.0.3/nqn.a nvme1\n"},
      {"a path that has been down before is no replacement",
       R"(target 10.0.0.3 down
          start
          stafd up
          lists 10.0.0.1 10.0.0.2/nqn.a 10.0.0.3/nqn.a
          wait 100
          --
          lists 10.0.0.1 10.0.0.3/nqn.a
          wait 1.6)",
       "0s connect 10.0.0.3/nqn.a\n1.5s disconnect nvme0 10.0.0.2/nqn.a (no longer listed by any discovery "
       "controller)\n"},
      {"what has been held for long is replaced in the same way",
       R"(target 10.0.0.2 down
          start controller=10.0.0.1/nqn.a
          unread conf
          restart
          wait 600
          --
          mend
          conf controller=10.0.0.2/nqn.a
          wait 2
          target 10.0.0.2 up
          wait 600)",
       "0s connect 10.0.0.2/nqn.a\n3s connect 10.0.0.2/nqn.a\n4.5s disconnect nvme0 10.0.0.1/nqn.a (no longer "
       "configured)\n"},
      {"a line gets an interface: the same device, nothing is cut",
       R"(iface eth0 10.0.0.9
          start controller=10.0.0.1/nqn.a
          change nvme0 src_addr=10.0.0.9
          --
          conf controller=10.0.0.1/nqn.a%eth0
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a%eth0 nvme0\n"},
  });
}

TEST(ConnectorEvidence, RetriesAreFair) {
  check({
      {"a name with two addresses: the second is tried when the first does not answer",
       R"(target 10.0.0.1 down
          dns array 10.0.0.1 10.0.0.2
          --
          start controller=array/nqn.a
          wait 60
          ls)",
       "0s resolve array\n0s connect 10.0.0.1/nqn.a\n0s resolve array\n0s connect 10.0.0.2/nqn.a\n"
       "60s ls 10.0.0.2/nqn.a nvme0\n"},
      {"a chatty discovery controller is not the clock of a dead I/O controller",
       R"(target 10.0.0.1 down
          start
          stafd up
          lists 10.0.0.1 nqn.a
          wait 45
          --
          signal
          wait 4
          signal
          wait 4
          signal
          wait 4
          signal
          wait 4)",
       "3s connect 10.0.0.1/nqn.a\n"},
      {"a silent address over one interface does not delay it over the other",
       R"(hold 10.0.0.1 connect
          --
          start controller=10.0.0.1/nqn.a%eth0 | controller=10.0.0.1/nqn.a%eth1)",
       "0s connect 10.0.0.1/nqn.a%eth0\n0s connect 10.0.0.1/nqn.a%eth1\n"},
      {"NCC of an entry that is gone no longer counts",
       R"(target 10.0.0.1 down
          start connect-attempts-on-ncc=2 | controller=10.0.0.1/nqn.a
          stafd up
          lists 10.0.0.1 nqn.a+ncc
          wait 600
          --
          lists 10.0.0.1
          wait 60)",
       "0s connect 10.0.0.1/nqn.a\n12s connect 10.0.0.1/nqn.a\n36s connect 10.0.0.1/nqn.a\n"},
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
      {"a line that cannot be read and has its NQN may be to replace the page that listed it; another is none of its",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a nqn.b
          doubt transport=tcp nqn=nqn.a
          wait 20
          --
          conf
          lists 10.0.0.1
          wait 20
          doubt none
          conf
          wait 3)",
       "1.5s disconnect nvme1 10.0.0.1/nqn.b (no longer listed by any discovery controller)\n"
       "21.5s disconnect nvme0 10.0.0.1/nqn.a (no longer listed by any discovery controller)\n"},
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
      {"a device that is going away is not adopted",
       R"(device nvme0 10.0.0.1/nqn.a state=deleting
          --
          start controller=10.0.0.1/nqn.a
          wait 4
          vanish nvme0
          wait 4
          ls)",
       "0s connect 10.0.0.1/nqn.a\n8s ls 10.0.0.1/nqn.a nvme1\n"},
      {"a connection that does not last is not tried every three seconds",
       R"(start controller=10.0.0.1/nqn.a
          vanish nvme0
          --
          wait 3
          vanish nvme0
          wait 6
          vanish nvme0
          wait 12
          vanish nvme0
          wait 60)",
       "3s connect 10.0.0.1/nqn.a\n9s connect 10.0.0.1/nqn.a\n21s connect 10.0.0.1/nqn.a\n45s connect "
       "10.0.0.1/nqn.a\n"},
  });
}

// What the driver cannot tell, because the shells do not do it, or a file of another version would have to say it.
class ConnectorDirectly : public testing::Test {
 protected:
  ConnectorDirectly() {
    device_.ref = {"nvme0", 1};
    device_.transport = "tcp";
    device_.traddr = "10.0.0.1";
    device_.trsvcid = "8009";
    device_.subsysnqn = "nqn.a";
    device_.hostnqn = kHostNqn;
    device_.cntrltype = "io";
    device_.state = "live";
  }
  void begin(KnownIoc known, const StacdConfig& config = {}) {
    brain_.restore({{std::move(known)}, {}});
    auto host = std::make_shared<HostIdentity>();
    host->nqn = kHostNqn;
    brain_.handle(StacdConfigured{std::make_shared<StacdConfig>(config), std::move(host)}, now_);
    brain_.handle(DevicesScanned{{device_}}, now_);
  }
  // Is a connection cut within ten minutes?
  bool cuts() {
    for (const Instant end = now_ + std::chrono::minutes(10); now_ < end; now_ += std::chrono::seconds(1)) {
      for (const Action& action : brain_.advance(now_))
        if (std::holds_alternative<Disconnect>(action)) return true;
    }
    return false;
  }
  Connector brain_;
  Device device_;
  Instant now_{std::chrono::hours(1)};
};

TEST_F(ConnectorDirectly, OneOfWhichNobodyKnowsWhoWantedItStays) {
  begin({tid_of("10.0.0.1/nqn.a"), false, {}, std::nullopt});
  EXPECT_FALSE(cuts());
}

TEST_F(ConnectorDirectly, IncludeLinesSayNothingAboutIt) {
  StacdConfig config;
  config.includes.push_back({.subsysnqn = "nqn.other"});
  begin({tid_of("10.0.0.1/nqn.a"), false, {}, std::nullopt}, config);
  EXPECT_FALSE(cuts());
}

TEST_F(ConnectorDirectly, TheLateAnswerOfAStafdThatIsGoneIsNotBelieved) {
  const Tid dc = tid_of("10.0.0.1");
  begin({tid_of("10.0.0.1/nqn.a"), false, {{dc, "configured"}}, std::nullopt});
  brain_.handle(StafAppeared{}, now_);
  brain_.advance(now_);
  brain_.handle(StafVanished{}, now_);
  brain_.handle(StafPages{std::vector<StafDc>{{dc, "configured", true, {}}}, {}, true}, now_);
  EXPECT_FALSE(cuts());
  brain_.handle(StafAppeared{}, now_);
  brain_.advance(now_);
  brain_.handle(StafPages{std::vector<StafDc>{{dc, "configured", true, {}}}, {}, true}, now_);
  EXPECT_TRUE(cuts()) << "the present one is";
}

TEST_F(ConnectorDirectly, AChangeDuringAQuestionIsAskedForAgain) {
  begin({tid_of("10.0.0.1/nqn.a"), true, {}, std::nullopt});
  const auto questions = [&] {
    std::size_t count = 0;
    for (const Action& action : brain_.advance(now_)) count += std::holds_alternative<FetchStafPages>(action) ? 1 : 0;
    return count;
  };
  brain_.handle(StafAppeared{}, now_);
  EXPECT_EQ(questions(), 1U);
  brain_.handle(StafChanged{}, now_);
  EXPECT_EQ(questions(), 0U) << "one is in flight";
  brain_.handle(StafPages{std::vector<StafDc>(), {}, true}, now_);
  EXPECT_EQ(questions(), 1U);
}

}  // namespace
}  // namespace stas::story
