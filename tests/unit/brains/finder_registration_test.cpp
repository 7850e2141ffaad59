// SPDX-License-Identifier: Apache-2.0
//
// The registration of this host with direct and central discovery controllers (DIM; TP 8010), from its first to its
// last command.
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas {
namespace {

TEST(FinderRegistration, FromTheFirstToTheLastCommand) {
  story::check(
      {
          {"what is deliberately ended is told first",
           R"(dctype 10.0.0.1 cdc
              start controller=10.0.0.1
              wait 5
              --
              conf
              wait 5)",
           "0s register 10.0.0.1\n"
           "0s page 10.0.0.1\n"
           "1.5s deregister 10.0.0.1\n"
           "1.5s disconnect nvme0 10.0.0.1 (no longer configured)\n"
           "1.5s signal dc_removed\n"},
          {"not while another of its addresses stays, which its registry is for as well",
           R"(dctype 10.0.0.1 cdc
              dctype 10.0.0.2 cdc
              unique 10.0.0.1 nqn.cdc
              unique 10.0.0.2 nqn.cdc
              start controller=10.0.0.1 | controller=10.0.0.2
              wait 5
              --
              conf controller=10.0.0.2
              wait 100
              conf
              wait 5)",
           "0s register 10.0.0.1\n"
           "0s register 10.0.0.2\n"
           "0s page 10.0.0.1\n"
           "0s page 10.0.0.2\n"
           "1.5s disconnect nvme0 10.0.0.1 (no longer configured)\n"
           "1.5s signal dc_removed\n"
           "100s register 10.0.0.2\n"
           "100s page 10.0.0.2\n"
           "101.5s deregister 10.0.0.2\n"
           "101.5s disconnect nvme1 10.0.0.2 (no longer configured)\n"
           "101.5s signal dc_removed\n"},
          {"nor where nobody can tell whether it is the same one",
           R"(dctype 10.0.0.1 ddc
              start controller=10.0.0.1 | controller=10.0.0.2
              wait 5
              --
              conf controller=10.0.0.2
              wait 100)",
           "0s register 10.0.0.1\n"
           "0s page 10.0.0.2\n"
           "0s page 10.0.0.1\n"
           "1.5s disconnect nvme0 10.0.0.1 (no longer configured)\n"
           "1.5s signal dc_removed\n"},
          {"who was refused, and who never had to, has nothing to take back",
           R"(dctype 10.0.0.1 ddc
              dim 10.0.0.1 refuses
              start controller=10.0.0.1
              wait 5
              --
              conf
              wait 5
              conf controller=10.0.0.9
              wait 5
              conf
              wait 5)",
           "0s register 10.0.0.1\n"
           "0s page 10.0.0.1\n"
           "1.5s disconnect nvme0 10.0.0.1 (no longer configured)\n"
           "1.5s signal dc_removed\n"
           "5s connect 10.0.0.9\n"
           "5s supported 10.0.0.9\n"
           "5s page 10.0.0.9\n"
           "5s signal log_pages_changed 10.0.0.9 nvme0\n"
           "10s page 10.0.0.9\n"
           "11.5s disconnect nvme0 10.0.0.9 (no longer configured)\n"
           "11.5s signal dc_removed\n"},
          {"an answer that comes late is awaited",
           R"(dctype 10.0.0.1 cdc
              start controller=10.0.0.1
              wait 5
              --
              conf
              wait 1
              hold 10.0.0.1 register
              wait 15
              release
              wait 5)",
           "0s register 10.0.0.1\n"
           "0s page 10.0.0.1\n"
           "1.5s deregister 10.0.0.1\n"
           "16s disconnect nvme0 10.0.0.1 (no longer configured)\n"
           "16s signal dc_removed\n"},
          {"it is wanted again meanwhile: it registers again",
           R"(dctype 10.0.0.1 cdc
              start controller=10.0.0.1
              wait 5
              --
              conf
              wait 1
              hold 10.0.0.1 register
              wait 1
              conf controller=10.0.0.1
              release
              wait 5)",
           "0s register 10.0.0.1\n"
           "0s page 10.0.0.1\n"
           "1.5s deregister 10.0.0.1\n"
           "2s register 10.0.0.1\n"
           "2s page 10.0.0.1\n"},
          {"the host leaves, for those that it leaves",
           R"(dctype 10.0.0.1 cdc
              start controller=10.0.0.1 | persistent-connections=false
              wait 5
              --
              stop)",
           "0s deregister 10.0.0.1\n"
           "0s disconnect nvme0 10.0.0.1 (stopping with persistent-connections=false)\n"},
          {"a symbolic name that changes while the old one is on its way",
           R"(dctype 10.0.0.1 cdc
              symname one
              hold 10.0.0.1 register
              start controller=10.0.0.1
              wait 1
              --
              symname two
              conf controller=10.0.0.1
              wait 1
              release
              wait 5)",
           "1s register 10.0.0.1 symname=two\n"
           "1s page 10.0.0.1\n"
           "1s signal log_pages_changed 10.0.0.1 nvme0\n"},
      },
      story::tell_finder);
}

}  // namespace
}  // namespace stas
