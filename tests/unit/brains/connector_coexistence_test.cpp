// SPDX-License-Identifier: Apache-2.0
//
// Others on the same host, as nvme-cli 3 lets them say it: the ownership registry, whose connections are never cut, and
// the host-wide exclusion list, which keeps what it names from being connected and cuts nothing; as stories (driver.h
// has the notation).
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_connector); }

TEST(ConnectorCoexistence, WhatBelongsToSomebodyElseIsNeverCut) {
  check({
      {"all-connections-matching-disconnect-trtypes: what nobody owns goes, what somebody owns stays",
       R"(device nvme4 10.0.0.4/nqn.d owner=nbft
          device nvme5 10.0.0.5/nqn.e
          start disconnect-scope=all-connections-matching-disconnect-trtypes
          stafd up
          wait 600
          ls)",
       "10s disconnect nvme5 10.0.0.5/nqn.e (not wanted by anything)\n"},
      {"it was nobody's when it was found, and is somebody's before the soak is over",
       R"(device nvme4 10.0.0.4/nqn.d
          start disconnect-scope=all-connections-matching-disconnect-trtypes
          stafd up
          wait 1
          alter nvme4 owner=discoverd
          scan
          wait 600
          ls)",
       ""},
      {"wanted, it is used; its line goes, and it stays",
       R"(device nvme4 10.0.0.4/nqn.d owner=nbft
          start controller=10.0.0.4/nqn.d
          stafd up
          ls
          journal
          conf
          wait 600
          ls)",
       "0s ls 10.0.0.4/nqn.d nvme4\n"
       "1.5s info: (tcp, 10.0.0.4, 8009, nqn.d) | nvme4 - Not wanted any more (no longer configured); the connection "
       "stays, as it belongs to nbft\n"},
      {"an exclude= line does not cut it either",
       R"(device nvme4 10.0.0.4/nqn.d owner=nbft
          start controller=10.0.0.4/nqn.d
          stafd up
          conf controller=10.0.0.4/nqn.d | exclude=nqn=nqn.d
          wait 600
          ls)",
       ""},
      {"nobody's any more: it is ours to cut again",
       R"(device nvme4 10.0.0.4/nqn.d owner=nbft
          start controller=10.0.0.4/nqn.d
          stafd up
          change nvme4 owner=
          conf
          wait 600)",
       "1.5s disconnect nvme4 10.0.0.4/nqn.d (no longer configured)\n"},
      {"our own is nobody else's",
       R"(start controller=10.0.0.4/nqn.d
          stafd up
          conf
          wait 600)",
       "0s connect 10.0.0.4/nqn.d\n1.5s disconnect nvme0 10.0.0.4/nqn.d (no longer configured)\n"},
      {"beside ours, which goes: looked at then",
       R"(start disconnect-scope=all-connections-matching-disconnect-trtypes
          stafd up
          lists 10.0.0.1 nqn.a
          wait 100
          device nvme5 10.0.0.1/nqn.a
          wait 100
          --
          lists 10.0.0.1
          wait 300
          ls)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer listed by any discovery controller)\n"
       "3s disconnect nvme5 10.0.0.1/nqn.a (not wanted by anything)\n"},
  });
}

TEST(ConnectorCoexistence, TheOwnerIsExplained) {
  check({
      {"of what nobody names",
       R"(device nvme4 10.0.0.4/nqn.d owner=nbft
          start
          explain nvme4)",
       "0s explain 10.0.0.4/nqn.d foreign (it belongs to nbft, and no source names it) {ownership registry: "
       "owner=nbft: keeps "
       "the connection from being cut} on nvme4 live, owner: nbft\n"},
      {"of what is used",
       R"(device nvme4 10.0.0.4/nqn.d owner=nbft
          start controller=10.0.0.4/nqn.d
          explain nvme4)",
       "0s explain 10.0.0.4/nqn.d wanted (configured) since 0.0s [conf:2] {ownership registry: owner=nbft: keeps the "
       "connection "
       "from being cut} ctrl-loss-tmo=600<default> trsvcid=8009<conf:2> on nvme4 live bound 0.0s, owner: nbft\n"},
  });
}

TEST(ConnectorCoexistence, TheHostWideListKeepsFromConnecting) {
  check({
      {"a line, a page, by any field; another one is connected",
       R"(hostlist nqn=nqn.a | traddr=10.0.0.2;trsvcid=8009 | host-iface=eth9
          stafd up
          lists 10.9.9.9 10.0.0.2/nqn.b 10.0.0.3/nqn.c
          start controller=10.0.0.1/nqn.a | controller=10.0.0.4/nqn.d
          wait 60
          ls)",
       "0s connect 10.0.0.4/nqn.d\n0s connect 10.0.0.3/nqn.c\n60s ls 10.0.0.4/nqn.d nvme0\n60s ls 10.0.0.3/nqn.c "
       "nvme1\n"},
      {"what is connected stays, until it is lost; then it is not connected again until the entry goes",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          --
          hostlist nqn=nqn.a
          wait 60
          ls
          vanish nvme0
          wait 60
          ls
          hostlist
          wait 1
          ls)",
       "60s ls 10.0.0.1/nqn.a nvme0\n120s connect 10.0.0.1/nqn.a\n121s ls 10.0.0.1/nqn.a nvme0\n"},
      {"its line goes as well: it is given up on that evidence",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          hostlist nqn=nqn.a
          --
          conf
          wait 60)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"an entry that cannot be read, an empty one, and one of another host: nothing",
       R"(hostlist nqnn=nqn.a | ; | nqn=nqn.a;hostid=00000000-0000-0000-0000-000000000000
          start controller=10.0.0.1/nqn.a)",
       "0s connect 10.0.0.1/nqn.a\n"},
      {"one of this host",
       R"(hostlist hostid=11111111-2222-3333-4444-555555555555
          start controller=10.0.0.1/nqn.a
          wait 60)",
       ""},
      {"over a restart what is connected stays",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          hostlist nqn=nqn.a
          --
          restart
          wait 600
          ls)",
       "600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"a reload keeps it; the plan of one says so",
       R"(hostlist nqn=nqn.a
          start controller=10.0.0.1/nqn.a
          stafd up
          plan controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.b
          conf controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.b)",
       "0s plan connect 10.0.0.2/nqn.b (configured) [new:4]\n"
       "0s plan refuse 10.0.0.1/nqn.a (list:2 says not to connect it) [list:2]\n0s connect 10.0.0.2/nqn.b\n"},
      {"explained",
       R"(hostlist transport=tcp;nqn=nqn.a
          start controller=10.0.0.1/nqn.a
          stafd up
          explain nqn.a)",
       "0s explain 10.0.0.1/nqn.a refused (list:2 says not to connect it) [conf:2] {list:2: "
       "exclusion=transport=tcp;nqn=nqn.a: "
       "keeps it from being connected} missing\n"},
  });
}

}  // namespace
}  // namespace stas::story
