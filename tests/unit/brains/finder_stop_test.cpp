// SPDX-License-Identifier: Apache-2.0
//
// Policy of stafd as stories (driver.h has the notation): what a stop and a restart do, and do not. Numbers with '#'
// are rows of the list of regressions.
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_finder); }

TEST(FinderPolicy, StopAndRestartCutNothing) {
  check({
      {"stop, persistent-connections=true: #44",
       R"(start pleo=disabled | controller=10.0.0.1
          --
          stop
          wait 60)",
       ""},
      {"stop, persistent-connections=false",
       R"(start pleo=disabled | persistent-connections=false | controller=10.0.0.1
          --
          stop
          wait 60)",
       "0s disconnect nvme0 10.0.0.1 (stopping with persistent-connections=false)\n"},
      {"... while a host name does not resolve: no look-up is waited for",
       R"(dns a.example fails
          start pleo=disabled | persistent-connections=false | controller=10.0.0.1 | controller=a.example
          wait 1
          hold 10.0.0.1 disconnect
          --
          stop
          wait 60
          release)",
       "0s disconnect nvme0 10.0.0.1 (stopping with persistent-connections=false)\n"},
      {"stop while a connect is pending, persistent-connections=false: it is undone",
       R"(hold 10.0.0.1 connect
          start pleo=disabled | persistent-connections=false | controller=10.0.0.1
          --
          stop
          wait 1
          release)",
       "1s disconnect nvme0 10.0.0.1 (stopping with persistent-connections=false)\n"},
      {"restart: adopted, with its page and its referral: #44",
       R"(page 10.0.0.1 referral=10.0.0.2 nqn.a
          start pleo=disabled | controller=10.0.0.1
          reads 10.0.0.1 fail
          reads 10.0.0.2 fail
          --
          restart
          wait 10
          ls)",
       "0s page 10.0.0.1\n0s page 10.0.0.2\n1s page 10.0.0.1\n1s page 10.0.0.2\n3s page 10.0.0.1\n3s page 10.0.0.2\n7s "
       "page 10.0.0.1\n"
       "7s page 10.0.0.2\n"
       "10s ls 10.0.0.1 configured nvme0 entries=2\n10s ls 10.0.0.2 referral nvme1 entries=0\n"},
      {"restart before mDNS has answered: what it had announced stays: #44",
       R"(mdns 10.0.0.1
          start pleo=disabled | zeroconf-connections-persistence=0
          --
          restart
          wait 600
          ls)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n300s page 10.0.0.1\n600s page 10.0.0.1\n"
       "600s ls 10.0.0.1 discovered nvme0 entries=0\n"},
      {"its line was removed while stafd was down: removed when mDNS has answered",
       R"(start pleo=disabled | controller=10.0.0.1
          conf pleo=disabled
          --
          restart
          mdns
          wait 60
          ls)",
       "0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"
       "1.5s disconnect nvme0 10.0.0.1 (no longer configured)\n1.5s signal dc_removed\n60s ls ended 10.0.0.1\n"},
      {"ended controllers are remembered over a restart",
       R"(start pleo=disabled | controller=10.0.0.1
          mdns
          conf pleo=disabled
          wait 60
          --
          restart
          ls)",
       "0s ls ended 10.0.0.1\n"},
      {"its host name does not resolve after a restart: the saved address counts: #31",
       R"(dns dc.example 10.0.0.1
          start pleo=disabled | controller=dc.example
          dns dc.example fails
          --
          restart
          wait 4
          ls)",
       "0s resolve dc.example\n0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"
       "4s ls 10.0.0.1 configured nvme0 entries=0\n"},
  });
}

}  // namespace
}  // namespace stas::story
