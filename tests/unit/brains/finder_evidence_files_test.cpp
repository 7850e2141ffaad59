// SPDX-License-Identifier: Apache-2.0
//
// Law 2 of stafd as stories (driver.h has the notation): nothing is ended but what somebody removed. Here: what a file
// does not say. Lines that were not understood, host names without an address, sources that this version does not know.
// Pages and identities: the other finder_evidence files.
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

}  // namespace
}  // namespace stas::story
