// SPDX-License-Identifier: Apache-2.0
//
// The host ID that goes out with a connect: that of the line, else the UUID in the host NQN, else this host's. As
// stories (driver.h has the notation) of stacd and of stafd, whose referrals and registrations have that of their
// discovery controller.
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

TEST(ConnectorHostId, ThatOfTheLineGoesOut) {
  check(
      {
          {"host-id= with the connect of its line, and of no other",
           R"(options
              start controller=transport=tcp;traddr=10.0.0.1;nqn=nqn.a;host-nqn=nqn.tenant;host-id=22222222-2222-3333-4444-555555555555 | controller=10.0.0.2/nqn.b
              explain nqn.a)",
           "0s connect 10.0.0.1/nqn.a@nqn.tenant host-id=22222222-2222-3333-4444-555555555555\n"
           "0s connect 10.0.0.2/nqn.b\n"
           "0s explain 10.0.0.1/nqn.a@nqn.tenant wanted (configured) since 0.0s [conf:2] ctrl-loss-tmo=600<default> "
           "trsvcid=8009<default> host-id=22222222-2222-3333-4444-555555555555<conf:2> on nvme0 live bound 0.0s\n"},
          {"changed by a reload: the connection stays, the next one has the new one",
           R"(options
              start controller=transport=tcp;traddr=10.0.0.1;nqn=nqn.a;host-nqn=nqn.tenant;host-id=22222222-2222-3333-4444-555555555555
              --
              conf controller=transport=tcp;traddr=10.0.0.1;nqn=nqn.a;host-nqn=nqn.tenant;host-id=33333333-2222-3333-4444-555555555555
              wait 100
              vanish nvme0
              wait 4)",
           "103s connect 10.0.0.1/nqn.a@nqn.tenant host-id=33333333-2222-3333-4444-555555555555\n"},
          {"without one: the UUID of the line's host NQN; what has none: this host's",
           R"(options
              start controller=10.0.0.1/nqn.a@nqn.2014-08.org.nvmexpress:uuid:44444444-2222-3333-4444-555555555555 | controller=10.0.0.2/nqn.b@nqn.tenant)",
           "0s connect 10.0.0.1/nqn.a@nqn.2014-08.org.nvmexpress:uuid:44444444-2222-3333-4444-555555555555 "
           "host-id=44444444-2222-3333-4444-555555555555\n"
           "0s connect 10.0.0.2/nqn.b@nqn.tenant\n"},
          {"not with this host's own NQN",
           R"(options
              start controller=transport=tcp;traddr=10.0.0.1;nqn=nqn.a;host-nqn=nqn.host;host-id=22222222-2222-3333-4444-555555555555)",
           "0s connect 10.0.0.1/nqn.a\n"},
      },
      tell_connector);
}

TEST(FinderHostId, ThatOfTheLineGoesOut) {
  check(
      {
          {"host-id= with the connect of its line, the registration, and what its page refers to",
           R"(options
              dctype 10.0.0.1 cdc
              page 10.0.0.1 referral=10.0.0.3
              start pleo=disabled | controller=transport=tcp;traddr=10.0.0.1;host-nqn=nqn.tenant;host-id=22222222-2222-3333-4444-555555555555 | controller=10.0.0.2
              explain 10.0.0.1)",
           "0s connect 10.0.0.1@nqn.tenant kato=30 host-id=22222222-2222-3333-4444-555555555555\n"
           "0s connect 10.0.0.2 kato=30\n"
           "0s register 10.0.0.1@nqn.tenant host-id=22222222-2222-3333-4444-555555555555\n"
           "0s page 10.0.0.2\n"
           "0s signal log_pages_changed 10.0.0.2 nvme1\n"
           "0s page 10.0.0.1@nqn.tenant\n"
           "0s signal log_pages_changed 10.0.0.1@nqn.tenant nvme0\n"
           "0s connect 10.0.0.3@nqn.tenant kato=30 host-id=22222222-2222-3333-4444-555555555555\n"
           "0s page 10.0.0.3@nqn.tenant\n"
           "0s signal log_pages_changed 10.0.0.3@nqn.tenant nvme2\n"
           "0s explain 10.0.0.1@nqn.tenant wanted (configured) since 0.0s [conf:4] kato=30<default> "
           "ctrl-loss-tmo=600<default> trsvcid=8009<default> host-id=22222222-2222-3333-4444-555555555555<conf:4> on "
           "nvme0 live bound 0.0s, log page: 1 entry, generation 2, read or checked 0 s ago, type: cdc, registration: "
           "done\n"},
          {"changed by a reload: the next connection has the new one",
           R"(options
              start pleo=disabled | controller=transport=tcp;traddr=10.0.0.1;host-nqn=nqn.tenant;host-id=22222222-2222-3333-4444-555555555555
              wait 100
              --
              conf pleo=disabled | controller=transport=tcp;traddr=10.0.0.1;host-nqn=nqn.tenant;host-id=33333333-2222-3333-4444-555555555555
              wait 100
              vanish nvme0
              wait 4)",
           "0s page 10.0.0.1@nqn.tenant\n"
           "103s connect 10.0.0.1@nqn.tenant kato=30 host-id=33333333-2222-3333-4444-555555555555\n"
           "103s page 10.0.0.1@nqn.tenant\n"
           "103s signal log_pages_changed 10.0.0.1@nqn.tenant nvme0\n"},
          {"not with this host's own NQN",
           R"(options
              dctype 10.0.0.1 ddc
              start pleo=disabled | controller=transport=tcp;traddr=10.0.0.1;host-nqn=nqn.host;host-id=22222222-2222-3333-4444-555555555555)",
           "0s connect 10.0.0.1 kato=30\n0s register 10.0.0.1\n0s page 10.0.0.1\n"
           "0s signal log_pages_changed 10.0.0.1 nvme0\n"},
      },
      tell_finder);
}

}  // namespace
}  // namespace stas::story
