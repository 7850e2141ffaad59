// SPDX-License-Identifier: Apache-2.0
//
// Policy of stafd as stories (driver.h has the notation): what is no evidence against a discovery controller or what it
// listed, and what is made before something is broken.
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_finder); }

TEST(FinderEvidence, AFileThatWasNotUnderstood) {
  check({
      {"a place that could have been its line: it stays",
       R"(start pleo=disabled | controller=10.0.0.1
          mdns
          doubt anything
          --
          conf pleo=disabled
          wait 200
          why)",
       "0s page 10.0.0.1\n200s why 10.0.0.1 held for stafd.conf:7: no controller\n"},
      {"a place about another address: its line is gone",
       R"(start pleo=disabled | controller=10.0.0.1
          mdns
          doubt 10.0.0.9
          --
          conf pleo=disabled
          wait 60)",
       "0s page 10.0.0.1\n1.5s disconnect nvme0 10.0.0.1 (no longer configured)\n1.5s signal dc_removed\n"},
      {"the file is understood again: it counts then",
       R"(start pleo=disabled | controller=10.0.0.1
          mdns
          doubt anything
          conf pleo=disabled
          wait 100
          doubt none
          --
          conf pleo=disabled
          wait 60)",
       "0s page 10.0.0.1\n1.5s disconnect nvme0 10.0.0.1 (no longer configured)\n1.5s signal dc_removed\n"},
      {"the same at a start",
       R"(start pleo=disabled | controller=10.0.0.1
          mdns
          doubt anything
          conf pleo=disabled
          --
          restart
          mdns
          wait 200
          ls)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n200s ls 10.0.0.1 configured nvme0 entries=0\n"},
      {"what is held is connected again",
       R"(start pleo=disabled | controller=10.0.0.1
          mdns
          doubt anything
          conf pleo=disabled
          wait 100
          --
          vanish nvme0
          wait 10)",
       "3s connect 10.0.0.1\n3s page 10.0.0.1\n3s signal log_pages_changed 10.0.0.1 nvme0\n"},
      {"an exclude= line that was understood counts all the same",
       R"(start pleo=disabled | controller=10.0.0.1
          mdns
          doubt anything
          --
          conf pleo=disabled | exclude=traddr=10.0.0.1
          wait 60)",
       "0s page 10.0.0.1\n1.5s disconnect nvme0 10.0.0.1 (excluded by an exclude= line)\n1.5s signal dc_removed\n"},
      {"a host name without an address yet may mean it, for ten minutes",
       R"(start pleo=disabled | controller=10.0.0.1
          mdns
          dns hangs
          --
          conf pleo=disabled | controller=dc.example
          wait 1
          why
          wait 599
          wait 60)",
       "0s page 10.0.0.1\n0s resolve dc.example\n1s why 10.0.0.1 held for the address of dc.example\n"
       "300s page 10.0.0.1\n600s page 10.0.0.1\n601.5s disconnect nvme0 10.0.0.1 (no longer configured)\n"
       "601.5s signal dc_removed\n"},
      {"... it does not: it goes",
       R"(start pleo=disabled | controller=10.0.0.1
          mdns
          dns hangs
          dns dc.example 10.0.0.2
          target 10.0.0.2 down
          conf pleo=disabled | controller=dc.example:4420
          --
          wait 10)",
       "1.5s disconnect nvme0 10.0.0.1 (no longer configured)\n1.5s signal dc_removed\n"},
      {"is what is listed all that is configured?",
       R"(dns dc.example 10.0.0.1
          dns hangs
          conf pleo=disabled | controller=dc.example
          settled
          scan
          settled
          dns answers
          release
          settled
          doubt 10.0.0.9
          conf pleo=disabled | controller=dc.example
          settled)",
       "0s resolve dc.example\n0s not settled\n0s not settled\n0s connect 10.0.0.1\n0s page 10.0.0.1\n"
       "0s signal log_pages_changed 10.0.0.1 nvme0\n0s settled\n0s page 10.0.0.1\n0s resolve dc.example\n"
       "0s not settled\n"},
      {"a source that this version does not know: kept, with its page",
       R"(remember 10.0.0.1 nbft nqn.a
          page 10.0.0.1 nqn.a
          start pleo=disabled
          mdns
          wait 100
          ls
          --
          restart
          mdns
          wait 100
          ls)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n100s ls 10.0.0.1 nbft nvme0 entries=1\n"},
  });
}

TEST(FinderEvidence, WhatIsRefusedIsKnownWithTheReason) {
  check({
      {"by an exclude= line, and by family",
       R"(page 10.0.0.1 referral=10.0.0.2
          dns dc.example 10.0.0.3
          journal
          start pleo=disabled | exclude=traddr=10.0.0.2 | exclude=traddr=dc.example | ip-family=ipv4 | controller=10.0.0.1 | controller=[fd00::1] | controller=dc.example
          --
          conf pleo=disabled | exclude=traddr=10.0.0.2 | exclude=traddr=dc.example | ip-family=ipv4 | controller=10.0.0.1 | controller=[fd00::1] | controller=dc.example
          why)",
       "0s warning: Excluding configured IP address fd00::1 based on \"ip-family\" setting\n"
       "0s page 10.0.0.1\n0s resolve dc.example\n"
       "0s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Received discovery log pages "
       "(num records=1).\n"
       "0s why 10.0.0.1 wanted: configured\n"
       "0s why 10.0.0.2 refused: excluded by an exclude= line in line 4\n"
       "0s why 10.0.0.3 refused: excluded by an exclude= line in line 6\n"
       "0s why [fd00::1] refused: address family disabled by ip-family=\n"},
      {"by its address",
       R"(page 10.0.0.1 referral=host.example
          journal
          start pleo=disabled | controller=10.0.0.1
          --
          aen nvme0
          wait 1
          why)",
       "0s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Received AEN: 0x70f002\n"
       "0s page 10.0.0.1\n"
       "0s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Received discovery log pages "
       "(num records=1).\n"
       "1s why 10.0.0.1 wanted: configured\n1s why host.example refused: address or NQN unusable\n"},
  });
}

TEST(FinderEvidence, AChangedHostNqn) {
  check({
      {"what is connected stays as it is; what is new has the new one",
       R"(start pleo=disabled | controller=10.0.0.1
          mdns
          hostnqn nqn.new
          --
          conf pleo=disabled | controller=10.0.0.1 | controller=10.0.0.2@nqn.new
          wait 200
          ls)",
       "0s page 10.0.0.1\n0s connect 10.0.0.2@nqn.new\n0s page 10.0.0.2@nqn.new\n"
       "0s signal log_pages_changed 10.0.0.2@nqn.new nvme1\n200s ls 10.0.0.1 configured nvme0 entries=0\n"
       "200s ls 10.0.0.2@nqn.new configured nvme1 entries=0\n"},
      {"told once",
       R"(start pleo=disabled | zeroconf=disabled | controller=10.0.0.1
          hostnqn nqn.new
          hold 10.0.0.1 page
          journal
          --
          conf pleo=disabled | zeroconf=disabled | controller=10.0.0.1
          wait 200)",
       "0s warning: The host NQN is nqn.new now; existing connections keep the one they were made with. Disconnect "
       "them (nvme disconnect) to have them made again under the new one\n0s page 10.0.0.1\n"},
      {"when its connection ends it goes on under the new one, and shows what it showed",
       R"(page 10.0.0.1 nqn.a
          start pleo=disabled | controller=10.0.0.1
          mdns
          hostnqn nqn.new
          wait 100
          conf pleo=disabled | controller=10.0.0.1
          wait 1
          --
          vanish nvme0
          ls
          wait 10
          ls)",
       "0s signal log_pages_changed 10.0.0.1@nqn.new nvme?\n0s ls 10.0.0.1@nqn.new configured - entries=1\n"
       "3s connect 10.0.0.1@nqn.new\n3s page 10.0.0.1@nqn.new\n"
       "3s signal log_pages_changed 10.0.0.1@nqn.new nvme0\n10s ls 10.0.0.1@nqn.new configured nvme0 entries=1\n"},
      {"over a restart; a referral too",
       R"(page 10.0.0.1 referral=10.0.0.2
          start pleo=disabled | controller=10.0.0.1
          mdns
          hostnqn nqn.new
          --
          restart
          mdns
          wait 200
          ls)",
       "0s page 10.0.0.1\n0s page 10.0.0.2\n0s signal log_pages_changed 10.0.0.1 nvme0\n"
       "0s signal log_pages_changed 10.0.0.2 nvme1\n"
       "200s ls 10.0.0.1 configured nvme0 entries=1\n200s ls 10.0.0.2 referral nvme1 entries=0\n"},
      {"while it is being connected: under the new one when that has failed",
       R"(page 10.0.0.1 nqn.a
          start pleo=disabled | controller=10.0.0.1
          mdns
          wait 100
          target 10.0.0.1 down
          vanish nvme0
          hold 10.0.0.1 connect
          wait 5
          hostnqn nqn.new
          --
          conf pleo=disabled | controller=10.0.0.1
          wait 5
          ls
          release
          target 10.0.0.1 up
          wait 10
          ls)",
       "5s ls 10.0.0.1 configured - entries=1\n5s signal log_pages_changed 10.0.0.1@nqn.new nvme?\n"
       "8s connect 10.0.0.1@nqn.new\n8s page 10.0.0.1@nqn.new\n"
       "8s signal log_pages_changed 10.0.0.1@nqn.new nvme0\n"
       "15s ls 10.0.0.1@nqn.new configured nvme0 entries=1\n"},
      {"while it is being connected: what it refers to stays",
       R"(page 10.0.0.1 referral=10.0.0.2
          start pleo=disabled | controller=10.0.0.1
          mdns
          wait 100
          target 10.0.0.1 down
          vanish nvme0
          hold 10.0.0.1 connect
          wait 5
          hostnqn nqn.new
          --
          conf pleo=disabled | controller=10.0.0.1
          wait 20
          ls)",
       "0s page 10.0.0.2\n20s ls 10.0.0.1 configured - entries=1\n20s ls 10.0.0.2 referral nvme1 entries=0\n"},
      {"one with a host NQN of its own is another matter: its line is gone",
       R"(start pleo=disabled | controller=10.0.0.1@nqn.tenant
          mdns
          --
          conf pleo=disabled
          wait 10)",
       "0s page 10.0.0.1@nqn.tenant\n1.5s disconnect nvme0 10.0.0.1@nqn.tenant (no longer configured)\n"
       "1.5s signal dc_removed\n"},
  });
}

TEST(FinderEvidence, APageThatMayNotSayAll) {
  check({
      {"an entry that cannot be used may be the one that is missing",
       R"(page 10.0.0.1 referral=10.0.0.2 nqn.a
          start pleo=disabled | controller=10.0.0.1
          mdns
          page 10.0.0.1 nqn.a skipped=
          --
          aen nvme0
          wait 200
          ls)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"
       "200s ls 10.0.0.1 configured nvme0 entries=2\n200s ls 10.0.0.2 referral nvme1 entries=0\n"},
      {"... with another NQN it is not",
       R"(page 10.0.0.1 nqn.a nqn.b
          start pleo=disabled | controller=10.0.0.1
          page 10.0.0.1 nqn.a skipped=nqn.c
          --
          aen nvme0
          ls)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n0s ls 10.0.0.1 configured nvme0 entries=1\n"},
      {"... with the same NQN it may be; a page without it decides",
       R"(page 10.0.0.1 nqn.a nqn.b
          start pleo=disabled | controller=10.0.0.1
          page 10.0.0.1 nqn.a skipped=nqn.b
          --
          aen nvme0
          ls
          page 10.0.0.1 nqn.a
          wait 20
          aen nvme0
          ls)",
       "0s page 10.0.0.1\n0s ls 10.0.0.1 configured nvme0 entries=2\n20s page 10.0.0.1\n"
       "20s signal log_pages_changed 10.0.0.1 nvme0\n20s ls 10.0.0.1 configured nvme0 entries=1\n"},
      {"just back with an empty page: not believed until it has been read for 30 s",
       R"(page 10.0.0.1 nqn.a referral=10.0.0.2
          start pleo=disabled | controller=10.0.0.1
          mdns
          wait 100
          page 10.0.0.1
          --
          reconnected nvme0
          wait 29
          ls
          wait 5
          ls)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"
       "5s page 10.0.0.1\n10s page 10.0.0.1\n15s page 10.0.0.1\n20s page 10.0.0.1\n25s page 10.0.0.1\n"
       "29s ls 10.0.0.1 configured nvme0 entries=2\n29s ls 10.0.0.2 referral nvme1 entries=0\n"
       "30s page 10.0.0.1\n30s signal log_pages_changed 10.0.0.1 nvme0\n"
       "31.5s disconnect nvme1 10.0.0.2 (no longer referred to)\n31.5s signal dc_removed\n"
       "34s ls 10.0.0.1 configured nvme0 entries=0\n34s ls ended 10.0.0.2\n"},
      {"what a page says of its own controller does not count: the one subsystem is most of it",
       R"(page 10.0.0.1 self=10.0.0.1 nqn.a
          start pleo=disabled | controller=10.0.0.1
          wait 100
          page 10.0.0.1 self=10.0.0.1
          --
          reconnected nvme0
          wait 4
          ls)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n4s ls 10.0.0.1 configured nvme0 entries=2\n"},
      {"it fills up again in time: nothing was lost, and what is new counts at once",
       R"(page 10.0.0.1 nqn.a nqn.b nqn.c
          start pleo=disabled | controller=10.0.0.1
          wait 100
          target 10.0.0.1 down
          vanish nvme0
          wait 10
          target 10.0.0.1 up
          page 10.0.0.1 nqn.d
          wait 20
          ls
          page 10.0.0.1 nqn.a nqn.b nqn.c nqn.d
          --
          wait 10
          ls
          wait 100)",
       "2s page 10.0.0.1\n2s signal log_pages_changed 10.0.0.1 nvme0\n"
       "10s ls 10.0.0.1 configured nvme0 entries=4\n"},
      {"... the same after a restart",
       R"(page 10.0.0.1 nqn.a nqn.b
          start pleo=disabled | controller=10.0.0.1
          wait 100
          page 10.0.0.1
          --
          restart
          wait 10
          ls
          wait 30
          ls)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n5s page 10.0.0.1\n10s page 10.0.0.1\n"
       "10s ls 10.0.0.1 configured nvme0 entries=2\n"
       "15s page 10.0.0.1\n20s page 10.0.0.1\n25s page 10.0.0.1\n30s page 10.0.0.1\n"
       "30s signal log_pages_changed 10.0.0.1 nvme0\n40s ls 10.0.0.1 configured nvme0 entries=0\n"},
      {"half of it is gone: that is believed",
       R"(page 10.0.0.1 nqn.a nqn.b
          start pleo=disabled | controller=10.0.0.1
          wait 100
          page 10.0.0.1 nqn.a
          --
          reconnected nvme0
          ls)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n0s ls 10.0.0.1 configured nvme0 entries=1\n"},
      {"a connection that is older: believed at once",
       R"(page 10.0.0.1 nqn.a nqn.b
          start pleo=disabled | controller=10.0.0.1
          wait 100
          reconnected nvme0
          wait 61
          page 10.0.0.1
          --
          aen nvme0
          ls)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n0s ls 10.0.0.1 configured nvme0 entries=0\n"},
      {"the first empty page was on its way when the connection was lost again: told once",
       R"(page 10.0.0.1 nqn.a nqn.b
          start pleo=disabled | controller=10.0.0.1
          mdns
          wait 100
          hold 10.0.0.1 page
          page 10.0.0.1
          aen nvme0
          wait 1
          change nvme0 state=connecting
          change nvme0 state=live
          --
          journal
          release
          wait 3)",
       "0s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Received discovery log pages "
       "(num records=0).\n"
       "0s signal log_pages_changed 10.0.0.1 nvme0\n"
       "0s page 10.0.0.1\n"
       "0s info: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - Received discovery log pages "
       "(num records=0).\n"
       "0s warning: (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery) | nvme0 - It has just come back and "
       "lists 0 where it listed 2 before; it is read again before that is believed\n"
       "0s signal log_pages_changed 10.0.0.1 nvme0\n"},
  });
}

TEST(FinderEvidence, ReferralsOfWhatIsNotThere) {
  check({
      {"DUPRETINFO: the first comes back: the one that serves goes on",
       R"(target 10.0.0.2 down
          page 10.0.0.1 referral=10.0.0.2+dup referral=10.0.0.3+dup
          start pleo=disabled | controller=10.0.0.1
          mdns
          wait 100
          ls
          target 10.0.0.2 up
          --
          aen nvme0
          wait 100
          restart
          mdns
          wait 100
          ls)",
       "0s page 10.0.0.1\n100s page 10.0.0.1\n100s page 10.0.0.3\n100s signal log_pages_changed 10.0.0.1 nvme0\n"
       "100s signal log_pages_changed 10.0.0.3 nvme1\n"
       "200s ls 10.0.0.1 configured nvme0 entries=2\n200s ls 10.0.0.3 referral nvme1 entries=0\n"
       "200s ls ended 10.0.0.2\n"},
      {"DUPRETINFO: a dead one is put before it: the one that serves goes on",
       R"(page 10.0.0.1 referral=10.0.0.3+dup
          start pleo=disabled | controller=10.0.0.1
          mdns
          wait 100
          target 10.0.0.2 down
          page 10.0.0.1 referral=10.0.0.2+dup referral=10.0.0.3+dup
          --
          aen nvme0
          wait 100
          ls)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"
       "100s ls 10.0.0.1 configured nvme0 entries=2\n100s ls 10.0.0.3 referral nvme1 entries=0\n"},
      {"DUPRETINFO: the one that served is lost: it stays until another serves",
       R"(page 10.0.0.1 referral=10.0.0.2+dup referral=10.0.0.3+dup
          page 10.0.0.2 nqn.a
          start pleo=disabled | controller=10.0.0.1
          mdns
          wait 100
          target 10.0.0.2 down
          target 10.0.0.3 down
          vanish nvme1
          wait 100
          ls
          target 10.0.0.3 up
          --
          wait 100
          ls)",
       "56s connect 10.0.0.2\n59s connect 10.0.0.3\n59s page 10.0.0.3\n"
       "59s signal log_pages_changed 10.0.0.3 nvme1\n60.5s signal dc_removed\n100s page 10.0.0.1\n"
       "100s ls 10.0.0.1 configured nvme0 entries=2\n100s ls 10.0.0.3 referral nvme1 entries=0\n"
       "100s ls ended 10.0.0.2\n"},
      {"announced and referred to, lost: the end of its persistence time is not its end",
       R"(page 10.0.0.1 referral=10.0.0.2
          page 10.0.0.2 nqn.a
          mdns 10.0.0.2
          start pleo=disabled | zeroconf-connections-persistence=60 | controller=10.0.0.1
          mdns
          wait 100
          target 10.0.0.2 down
          vanish nvme1
          --
          wait 250
          ls)",
       "3s connect 10.0.0.2\n6s connect 10.0.0.2\n12s connect 10.0.0.2\n24s connect 10.0.0.2\n"
       "48s connect 10.0.0.2\n96s connect 10.0.0.2\n156s connect 10.0.0.2\n200s page 10.0.0.1\n"
       "216s connect 10.0.0.2\n250s ls 10.0.0.1 configured nvme0 entries=1\n"
       "250s ls 10.0.0.2 referral - entries=1\n"},
      {"who referred to it was not saved: not before every page is known can one say that nobody does",
       R"(remember 10.0.0.3 referral
          reads 10.0.0.1 fail
          start pleo=disabled | controller=10.0.0.1
          mdns
          wait 100
          ls
          reads 10.0.0.1 work
          --
          wait 100
          ls)",
       "23s page 10.0.0.1\n23s signal log_pages_changed 10.0.0.1 nvme0\n"
       "24.5s disconnect nvme1 10.0.0.3 (no longer referred to)\n24.5s signal dc_removed\n"
       "100s ls 10.0.0.1 configured nvme0 entries=0\n100s ls ended 10.0.0.3\n"},
      {"what is kept for a name that is not read refers to who referred to it: it stays kept",
       R"(page 10.0.0.1 referral=10.0.0.2
          start pleo=disabled | controller=10.0.0.1
          mdns
          target 10.0.0.1 down
          vanish nvme0
          wait 10
          conf pleo=disabled | controller=10.0.0.1%eth0
          wait 70
          page 10.0.0.2 referral=10.0.0.1
          aen nvme1
          wait 1
          --
          wait 60
          ls
          why)",
       "2s connect 10.0.0.1\n"
       "8s connect 10.0.0.1\n"
       "20s connect 10.0.0.1\n"
       "22s connect 10.0.0.1%eth0\n"
       "44s connect 10.0.0.1\n"
       "60s ls 10.0.0.2 referral nvme1 entries=1\n"
       "60s ls 10.0.0.1%eth0 configured - entries=?\n"
       "60s ls 10.0.0.1 referral - entries=?\n"
       "60s why 10.0.0.2 held for the log page of (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery, eth0)\n"
       "60s why 10.0.0.1%eth0 wanted: configured\n"
       "60s why 10.0.0.1 wanted: referred to by a discovery controller\n"},
      {"... for ten minutes and one: that the two refer to each other makes it no longer",
       R"(page 10.0.0.1 referral=10.0.0.2
          page 10.0.0.2 referral=10.0.0.1
          start pleo=disabled | controller=10.0.0.1
          mdns
          wait 100
          target 10.0.0.1 down
          vanish nvme0
          wait 1
          conf pleo=disabled | controller=10.0.0.1%eth1
          wait 650
          --
          wait 30
          why)",
       "10s signal dc_removed\n11.5s disconnect nvme1 10.0.0.2 (no longer referred to)\n11.5s signal dc_removed\n"
       "30s why 10.0.0.1%eth1 wanted: configured\n"},
      {"the one that goes had a newer page than the one that stays, and cannot be read",
       R"(iface eth0 10.0.0.7
          iface eth1 10.0.1.7
          page 10.0.0.1 nqn.a
          start pleo=disabled | controller=10.0.0.1%eth0 | controller=10.0.0.1%eth1
          mdns
          change nvme0 src_addr=10.0.0.7
          change nvme1 src_addr=10.0.1.7
          wait 10
          change nvme1 state=connecting src_addr=
          page 10.0.0.1 nqn.a referral=10.0.0.2
          aen nvme0
          wait 1
          conf pleo=disabled | controller=10.0.0.1%eth1
          --
          wait 100
          ls
          why)",
       "60s disconnect nvme0 10.0.0.1%eth0 (no longer configured)\n"
       "60s signal dc_removed\n"
       "100s ls 10.0.0.1%eth1 configured nvme1 entries=1\n"
       "100s ls 10.0.0.2%eth0 referral nvme2 entries=0\n"
       "100s ls ended 10.0.0.1%eth0\n"
       "100s why 10.0.0.1%eth1 wanted: configured\n"
       "100s why 10.0.0.2%eth0 held for the log page of (tcp, 10.0.0.1, 8009, nqn.2014-08.org.nvmexpress.discovery, "
       "eth1)\n"},
  });
}

TEST(FinderEvidence, MakeBeforeBreak) {
  check({
      {"the line gets an interface: the new connection first",
       R"(iface eth0 10.0.0.7
          iface eth1 10.0.0.8
          start pleo=disabled | controller=10.0.0.1<10.0.0.7
          mdns
          hold 10.0.0.1 page
          --
          conf pleo=disabled | controller=10.0.0.1<10.0.0.8
          wait 10
          ls
          release
          wait 5
          ls)",
       "0s page 10.0.0.1<10.0.0.7\n0s connect 10.0.0.1<10.0.0.8\n0s page 10.0.0.1<10.0.0.8\n"
       "10s ls 10.0.0.1<10.0.0.7 configured nvme0 entries=0\n"
       "10s ls 10.0.0.1<10.0.0.8 configured nvme1 entries=?\n"
       "10s signal log_pages_changed 10.0.0.1<10.0.0.8 nvme1\n"
       "10s disconnect nvme0 10.0.0.1<10.0.0.7 (no longer configured)\n10s signal dc_removed\n"
       "15s ls 10.0.0.1<10.0.0.8 configured nvme1 entries=0\n15s ls ended 10.0.0.1<10.0.0.7\n"},
      {"... it cannot be made: the old one stays a minute",
       R"(start pleo=disabled | controller=10.0.0.1
          mdns
          target 10.0.0.2 down
          --
          conf pleo=disabled | controller=10.0.0.2
          wait 59
          why
          wait 10)",
       "0s page 10.0.0.1\n0s connect 10.0.0.2\n3s connect 10.0.0.2\n9s connect 10.0.0.2\n"
       "21s connect 10.0.0.2\n45s connect 10.0.0.2\n"
       "59s why 10.0.0.1 held for the log page of (tcp, 10.0.0.2, 8009, nqn.2014-08.org.nvmexpress.discovery), "
       "which takes its place, at rest\n"
       "59s why 10.0.0.2 wanted: configured\n60s disconnect nvme0 10.0.0.1 (no longer configured)\n"
       "60s signal dc_removed\n"},
      {"a referral moves: the children of the old one stay with it until the new one is read",
       R"(page 10.0.0.1 referral=10.0.0.2
          page 10.0.0.2 referral=10.0.0.4
          page 10.0.0.3 referral=10.0.0.4
          start pleo=disabled | controller=10.0.0.1
          mdns
          hold 10.0.0.3 connect
          page 10.0.0.1 referral=10.0.0.3
          --
          aen nvme0
          wait 20
          ls
          release
          wait 20
          ls)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n0s connect 10.0.0.3\n"
       "20s ls 10.0.0.1 configured nvme0 entries=1\n20s ls 10.0.0.2 referral nvme1 entries=1\n"
       "20s ls 10.0.0.4 referral nvme2 entries=0\n20s ls 10.0.0.3 referral - entries=?\n20s page 10.0.0.3\n"
       "20s signal log_pages_changed 10.0.0.3 nvme3\n20s disconnect nvme1 10.0.0.2 (no longer referred to)\n"
       "20s signal dc_removed\n40s ls 10.0.0.1 configured nvme0 entries=1\n"
       "40s ls 10.0.0.4 referral nvme2 entries=0\n40s ls 10.0.0.3 referral nvme3 entries=1\n"
       "40s ls ended 10.0.0.2\n"},
      {"... the new one is referred to before the old one is not any more",
       R"(page 10.0.0.1 referral=10.0.0.2
          page 10.0.0.2 nqn.a
          start pleo=disabled | controller=10.0.0.1
          mdns
          target 10.0.0.3 down
          page 10.0.0.1 referral=10.0.0.2 referral=10.0.0.3
          aen nvme0
          wait 10
          page 10.0.0.1 referral=10.0.0.3
          --
          aen nvme0
          wait 10
          why
          target 10.0.0.3 up
          wait 50)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n10s why 10.0.0.1 wanted: configured\n"
       "10s why 10.0.0.2 held for the log page of (tcp, 10.0.0.3, 8009, nqn.2014-08.org.nvmexpress.discovery), which "
       "takes its place, at rest\n10s why 10.0.0.3 wanted: referred to by a discovery controller\n"
       "11s connect 10.0.0.3\n11s page 10.0.0.3\n11s signal log_pages_changed 10.0.0.3 nvme2\n"
       "11s disconnect nvme1 10.0.0.2 (no longer referred to)\n11s signal dc_removed\n"},
      {"one that was there before is no replacement",
       R"(target 10.0.0.2 down
          start pleo=disabled | controller=10.0.0.1 | controller=10.0.0.2
          mdns
          wait 60
          --
          conf pleo=disabled | controller=10.0.0.2
          wait 2)",
       "0s page 10.0.0.1\n0s connect 10.0.0.2\n1.5s disconnect nvme0 10.0.0.1 (no longer configured)\n"
       "1.5s signal dc_removed\n"},
      {"ignore-iface= changes: the old name goes, the connection does not",
       R"(iface eth0 10.0.0.7
          mdns 10.0.0.1%eth0
          start pleo=disabled
          wait 10
          --
          conf pleo=disabled | ignore-iface=true
          wait 10
          ls)",
       "0s signal log_pages_changed 10.0.0.1 nvme0\n0s page 10.0.0.1%eth0\n1.5s signal dc_removed\n"
       "10s ls 10.0.0.1 discovered nvme0 entries=0\n10s ls ended 10.0.0.1%eth0\n"},
      {"a line that cannot be read and has its address may be to replace the referral; a doubt about anything is not",
       R"(page 10.0.0.1 referral=10.0.0.2
          start pleo=disabled | controller=10.0.0.1
          wait 20
          --
          doubt 10.0.0.2
          page 10.0.0.1
          conf pleo=disabled | controller=10.0.0.1
          wait 10
          doubt anything
          conf pleo=disabled | controller=10.0.0.1
          wait 3)",
       "0s page 10.0.0.1\n0s page 10.0.0.2\n0s signal log_pages_changed 10.0.0.1 nvme0\n10s page 10.0.0.1\n"
       "10s page 10.0.0.2\n11.5s disconnect nvme1 10.0.0.2 (no longer referred to)\n11.5s signal dc_removed\n"},
      {"a line with an interface becomes one with a host name, which leaves the interface open and has no address yet",
       R"(dns dc.example fails
          start pleo=disabled | controller=10.0.0.1%eth0
          --
          conf pleo=disabled | controller=dc.example
          wait 10
          ls)",
       "0s page 10.0.0.1%eth0\n0s resolve dc.example\n4.6664s resolve dc.example\n"
       "10s ls 10.0.0.1%eth0 configured nvme0 entries=0\n"},
      {"a host name with two addresses: the second is tried; what the first said stays until then",
       R"(dns dc.example 10.0.0.1 10.0.0.2
          page 10.0.0.1 nqn.a
          page 10.0.0.2 nqn.b
          start pleo=disabled | controller=dc.example
          mdns
          wait 100
          target 10.0.0.1 down
          target 10.0.0.2 down
          vanish nvme0
          wait 100
          ls
          why
          target 10.0.0.2 up
          --
          wait 100
          ls)",
       "56s connect 10.0.0.1\n56s connect 10.0.0.2\n56s resolve dc.example\n56s page 10.0.0.2\n"
       "56s signal log_pages_changed 10.0.0.2 nvme0\n57.5s signal dc_removed\n"
       "100s ls 10.0.0.2 configured nvme0 entries=1\n100s ls ended 10.0.0.1\n"},
      {"a line with its NQN becomes one without, with a host name that has no address yet",
       R"(dns dc.example fails
          unique 10.0.0.1 nqn.dc1
          start pleo=disabled | controller=10.0.0.1/nqn.dc1
          mdns
          wait 1
          --
          conf pleo=disabled | controller=dc.example
          wait 60
          why)",
       "0s page 10.0.0.1/nqn.dc1\n"
       "0s resolve dc.example\n"
       "4.6664s resolve dc.example\n"
       "14.6862s resolve dc.example\n"
       "36.5884s resolve dc.example\n"
       "60s why 10.0.0.1/nqn.dc1 held for the address of dc.example\n"},
  });
}

}  // namespace
}  // namespace stas::story
