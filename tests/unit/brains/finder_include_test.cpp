// SPDX-License-Identifier: Apache-2.0
//
// include= in stafd: which announced and referred discovery controllers are let in, and that a line that cannot be read
// never cuts anything (law 2).
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_finder); }

TEST(FinderInclude, OnlyWhatMatchesALineIsConnected) {
  check({
      {"of what is announced, and of referrals",
       R"(page 10.0.0.1 referral=10.0.0.5 referral=10.9.0.5
          start pleo=disabled | include=traddr=10.0.0.0/24
          mdns 10.0.0.1%eth0 10.9.0.1%eth0
          why)",
       "0s connect 10.0.0.1%eth0\n0s page 10.0.0.1%eth0\n0s signal log_pages_changed 10.0.0.1%eth0 nvme0\n"
       "0s connect 10.0.0.5%eth0\n0s page 10.0.0.5%eth0\n0s signal log_pages_changed 10.0.0.5%eth0 nvme1\n"
       "0s why 10.0.0.1%eth0 wanted: discovered by mDNS\n"
       "0s why 10.0.0.5%eth0 wanted: referred to by a discovery controller\n"
       "0s why 10.9.0.1%eth0 refused: matches no include= line\n"
       "0s why 10.9.0.5%eth0 refused: matches no include= line\n"},
      {"a controller= line is not asked, whether or not it is announced as well",
       R"(start pleo=disabled | include=traddr=10.0.0.0/24 | controller=10.9.0.1%eth0
          mdns 10.9.0.1%eth0)",
       "0s connect 10.9.0.1%eth0\n0s page 10.9.0.1%eth0\n0s signal log_pages_changed 10.9.0.1%eth0 nvme0\n"},
      {"of two duplicate referrals the one that is let in",
       R"(page 10.0.0.1 referral=10.9.0.5+dup referral=10.0.0.5+dup
          start pleo=disabled | include=traddr=10.0.0.0/24 | controller=10.0.0.1
          mdns)",
       "0s connect 10.0.0.1\n0s page 10.0.0.1\n0s signal log_pages_changed 10.0.0.1 nvme0\n"
       "0s connect 10.0.0.5\n0s page 10.0.0.5\n0s signal log_pages_changed 10.0.0.5 nvme1\n"},
  });
}

TEST(FinderInclude, AChangedLineIsAnOrderLikeExclude) {
  check({
      {"what is announced and not included goes after the soak",
       R"(start pleo=disabled
          mdns 10.0.0.1%eth0
          --
          conf pleo=disabled | include=traddr=10.9.0.0/24
          wait 60)",
       "0s page 10.0.0.1%eth0\n1.5s disconnect nvme0 10.0.0.1%eth0 (matches no include= line)\n"
       "1.5s signal dc_removed\n"},
      {"... while its controller= line names it: not",
       R"(start pleo=disabled | controller=10.0.0.1%eth0
          mdns 10.0.0.1%eth0
          --
          conf pleo=disabled | controller=10.0.0.1%eth0 | include=traddr=10.9.0.0/24
          wait 60)",
       "0s page 10.0.0.1%eth0\n"},
      {"... or while that line is in doubt",
       R"(start pleo=disabled | controller=10.0.0.1%eth0
          mdns 10.0.0.1%eth0
          doubt 10.0.0.1
          --
          conf pleo=disabled | include=traddr=10.9.0.0/24
          wait 600)",
       "0s page 10.0.0.1%eth0\n300s page 10.0.0.1%eth0\n600s page 10.0.0.1%eth0\n"},
  });
}

TEST(FinderInclude, ALineThatCannotBeReadCutsNothing) {
  check({
      {"what is known stays, and is connected again; what is new waits",
       R"(start pleo=disabled
          mdns 10.0.0.1%eth0
          --
          conf pleo=disabled | include=traddr=10.9.0.0/99
          mdns 10.0.0.1%eth0 10.0.0.2%eth0
          wait 60
          why
          vanish nvme0
          wait 10)",
       "0s error [Controllers]: include - traddr \"10.9.0.0/99\" is no subnet: the rule includes nothing, and no "
       "connection that it may mean is cut - write the length of its prefix behind the `/`, at most 32 (IPv4) or 128 "
       "(IPv6)\n"
       "0s page 10.0.0.1%eth0\n"
       "60s why 10.0.0.1%eth0 held for stafd.conf:4: [Controllers]: include - traddr \"10.9.0.0/99\" is no subnet\n"
       "60s why 10.0.0.2%eth0 refused: matches no include= line\n"
       "63s connect 10.0.0.1%eth0\n63s page 10.0.0.1%eth0\n63s signal log_pages_changed 10.0.0.1%eth0 nvme0\n"},
  });
}

}  // namespace
}  // namespace stas::story
