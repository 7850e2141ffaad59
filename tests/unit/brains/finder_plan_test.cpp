// SPDX-License-Identifier: Apache-2.0
//
// What a reload of stafd would do, asked beforehand (stafd/rehearsal.h): each plan beside what the reload then did.
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_finder); }

TEST(FinderPlan, SaysWhatTheReloadThenDoes) {
  check({
      {"nothing changes",
       R"(start controller=10.0.0.1
          --
          plan controller=10.0.0.1)",
       ""},
      {"a line comes, another goes",
       R"(start controller=10.0.0.1 | controller=10.0.0.3
          --
          plan controller=10.0.0.2 | controller=10.0.0.3
          conf controller=10.0.0.2 | controller=10.0.0.3
          wait 100)",
       "0s plan connect 10.0.0.2 (configured) [new:2]\n"
       "0s plan 5.0s disconnect nvme0 10.0.0.1 (no longer configured) [was old:2]\n"
       "0s page 10.0.0.1\n"
       "0s page 10.0.0.3\n"
       "0s connect 10.0.0.2\n"
       "0s supported 10.0.0.2\n"
       "0s page 10.0.0.2\n"
       "0s signal log_pages_changed 10.0.0.2 nvme2\n"
       "5s disconnect nvme0 10.0.0.1 (no longer configured)\n"
       "5s signal dc_removed\n"},
      {"an exclude= line",
       R"(start controller=10.0.0.1
          --
          plan controller=10.0.0.1 | exclude=traddr=10.0.0.1
          conf controller=10.0.0.1 | exclude=traddr=10.0.0.1
          wait 100
          plan controller=10.0.0.1 | exclude=traddr=10.0.0.1)",
       "0s plan 5.0s disconnect nvme0 10.0.0.1 (excluded by an exclude= line) [new:4]\n"
       "0s page 10.0.0.1\n"
       "5s disconnect nvme0 10.0.0.1 (excluded by an exclude= line)\n"
       "5s signal dc_removed\n"
       "100s plan refuse 10.0.0.1 (excluded by an exclude= line) [new:4]\n"},
      {"who was referred to goes with who referred",
       R"(page 10.0.0.1 referral=10.0.0.2
          start controller=10.0.0.1
          --
          plan kato=7
          conf kato=7
          wait 100)",
       "0s plan 5.0s disconnect nvme0 10.0.0.1 (no longer configured) [was old:2]\n"
       "0s plan 5.0s disconnect nvme1 10.0.0.2 (no longer referred to) [was entry 1 of the page of (tcp, 10.0.0.1, "
       "8009, "
       "nqn.2014-08.org.nvmexpress.discovery)]\n"
       "0s page 10.0.0.1\n"
       "0s page 10.0.0.2\n"
       "5s disconnect nvme0 10.0.0.1 (no longer configured)\n"
       "5s disconnect nvme1 10.0.0.2 (no longer referred to)\n"
       "5s signal dc_removed\n"},
      {"another name of the same connection: nothing is cut",
       R"(iface eth0 10.0.0.9
          start controller=10.0.0.1
          --
          plan controller=10.0.0.1%eth0
          conf controller=10.0.0.1%eth0
          wait 100)",
       "0s plan 5.0s forget nvme0 10.0.0.1 (its connection goes on as (tcp, 10.0.0.1, 8009, "
       "nqn.2014-08.org.nvmexpress.discovery, eth0)) [was old:2]\n"
       "0s signal log_pages_changed 10.0.0.1%eth0 nvme0\n"
       "0s page 10.0.0.1\n"
       "5s signal dc_removed\n"},
      {"another way to the same controller: the new one first",
       R"(iface eth0 10.0.0.9
          iface eth1 10.0.0.8
          mdns
          start controller=10.0.0.1%eth0
          --
          plan controller=10.0.0.1%eth1
          conf controller=10.0.0.1%eth1
          wait 100)",
       "0s plan connect 10.0.0.1%eth1 (configured) [new:2]\n"
       "0s plan 1.5s disconnect nvme0 10.0.0.1%eth0 (no longer configured) [was old:2]\n"
       "0s page 10.0.0.1%eth0\n"
       "0s connect 10.0.0.1%eth1\n"
       "0s supported 10.0.0.1%eth1\n"
       "0s page 10.0.0.1%eth1\n"
       "0s signal log_pages_changed 10.0.0.1%eth1 nvme1\n"
       "1.5s disconnect nvme0 10.0.0.1%eth0 (no longer configured)\n"
       "1.5s signal dc_removed\n"},
      {"what is not clear holds what it may mean",
       R"(start controller=10.0.0.1
          doubt 10.0.0.1
          --
          plan kato=7
          conf kato=7
          wait 100)",
       "0s plan hold nvme0 10.0.0.1 (stafd.conf:7: no controller) [was old:2]\n"
       "0s page 10.0.0.1\n"},
      {"a host name without an address waits",
       R"(start kato=7
          dns hangs
          --
          plan controller=array.example)",
       "0s plan wait array.example (its host name has no address yet) [new:2]\n"},
      {"what mDNS announced stays, also when it is not asked any more",
       R"(iface eth0 10.0.0.9
          start zeroconf=enabled
          mdns 10.0.0.1%eth0
          wait 1
          --
          plan zeroconf=enabled
          plan zeroconf=disabled
          conf zeroconf=disabled
          wait 100)",
       "0s page 10.0.0.1%eth0\n"},
      {"what is on its way arrives",
       R"(start controller=10.0.0.1
          hold 10.0.0.3 connect
          hold 10.0.0.1 page
          aen nvme0
          conf controller=10.0.0.1 | controller=10.0.0.3
          wait 5
          --
          plan controller=10.0.0.3)",
       "0s plan connect 10.0.0.3 (being connected) [old:4]\n"
       "0s plan 1.5s disconnect nvme0 10.0.0.1 (no longer configured) [was old:2]\n"},
  });
}

}  // namespace
}  // namespace stas::story
