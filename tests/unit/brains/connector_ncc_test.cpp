// SPDX-License-Identifier: Apache-2.0
//
// connect-attempts-on-ncc=, as stories (driver.h has the notation): when stacd gives up on what the pages mark with NCC
// (no connectivity), when it begins anew, and how it is told. Numbers with '#' are rows of the list of regressions.
#include <memory>

#include <gtest/gtest.h>

#include "libstas/core/config/config.h"
#include "stacd/connector.h"
#include "tests/unit/brains/driver.h"
#include "tests/unit/brains/notation.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_connector); }

TEST(ConnectorPolicy, GivesUpOnNccAsConfigured) {
  check({
      {"N = 0: never",
       R"(target 10.0.0.1 down
          start connect-attempts-on-ncc=0
          stafd up
          lists 10.0.0.1 nqn.a+ncc
          wait 30)",
       "0s connect 10.0.0.1/nqn.a\n3s connect 10.0.0.1/nqn.a\n9s connect 10.0.0.1/nqn.a\n21s connect 10.0.0.1/nqn.a\n"},
      {"N = 1 acts as 2: #22",
       R"(target 10.0.0.1 down
          start connect-attempts-on-ncc=1
          stafd up
          lists 10.0.0.1 nqn.a+ncc
          wait 3600)",
       "0s connect 10.0.0.1/nqn.a\n3s connect 10.0.0.1/nqn.a\n"},
      {"N = 2",
       R"(target 10.0.0.1 down
          start connect-attempts-on-ncc=2
          stafd up
          lists 10.0.0.1 nqn.a+ncc
          wait 3600)",
       "0s connect 10.0.0.1/nqn.a\n3s connect 10.0.0.1/nqn.a\n"},
      {"a clear bit: for ever",
       R"(target 10.0.0.1 down
          start connect-attempts-on-ncc=2
          stafd up
          lists 10.0.0.1 nqn.a
          wait 10)",
       "0s connect 10.0.0.1/nqn.a\n3s connect 10.0.0.1/nqn.a\n9s connect 10.0.0.1/nqn.a\n"},
      {"the bit is set while it retries: the attempts so far count",
       R"(target 10.0.0.1 down
          start connect-attempts-on-ncc=2
          stafd up
          lists 10.0.0.1 nqn.a
          wait 4
          --
          lists 10.0.0.1 nqn.a+ncc
          wait 3600)",
       ""},
      {"the bit clears: at once, and from the start",
       R"(target 10.0.0.1 down
          start connect-attempts-on-ncc=2
          stafd up
          lists 10.0.0.1 nqn.a+ncc
          wait 3600
          --
          lists 10.0.0.1 nqn.a
          wait 4)",
       "0s connect 10.0.0.1/nqn.a\n3s connect 10.0.0.1/nqn.a\n"},
      {"SIGHUP: one more try",
       R"(target 10.0.0.1 down
          start connect-attempts-on-ncc=2
          stafd up
          lists 10.0.0.1 nqn.a+ncc
          wait 3600
          --
          conf connect-attempts-on-ncc=2
          wait 3600)",
       "0s connect 10.0.0.1/nqn.a\n"},
      {"news from stafd are no further attempt",
       R"(target 10.0.0.1 down
          start connect-attempts-on-ncc=2
          stafd up
          lists 10.0.0.1 nqn.a+ncc
          wait 3600
          --
          signal
          wait 3600)",
       ""},
      {"an existing connection stays",
       R"(start connect-attempts-on-ncc=2
          stafd up
          lists 10.0.0.1 nqn.a
          --
          lists 10.0.0.1 nqn.a+ncc
          wait 3600
          ls)",
       "3600s ls 10.0.0.1/nqn.a nvme0\n"},
      {"a controller= line without an entry: the bit counts as clear",
       R"(target 10.0.0.1 down
          start connect-attempts-on-ncc=2 | controller=10.0.0.1/nqn.a
          wait 10)",
       "0s connect 10.0.0.1/nqn.a\n3s connect 10.0.0.1/nqn.a\n9s connect 10.0.0.1/nqn.a\n"},
      {"it is told",
       R"(target 10.0.0.1 down
          start connect-attempts-on-ncc=2
          stafd up
          lists 10.0.0.1 nqn.a+ncc
          journal
          --
          wait 3600)",
       "3s connect 10.0.0.1/nqn.a\n"
       "3s info: (tcp, 10.0.0.1, 8009, nqn.a) | nvme? - No further attempts: the central discovery controller reports "
       "no connectivity (NCC), connect-attempts-on-ncc=2\n"},
      {"one page has the bit and another one has not: it counts as clear",
       R"(target 10.0.0.1 down
          start connect-attempts-on-ncc=2
          stafd up
          lists 10.0.0.9 10.0.0.1/nqn.a
          lists 10.0.0.8 10.0.0.1/nqn.a+ncc
          --
          wait 20)",
       "3s connect 10.0.0.1/nqn.a\n"
       "9s connect 10.0.0.1/nqn.a\n"},
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
  });
}

// Both in one iteration of the loop: the row of the controller still points to the page before. For the address
// sanitizer.
TEST(ConnectorPolicy, AFailureBesideANewPageLooksAtNoPageThatIsGone) {
  const Instant now{};
  const auto page = [](const char* entry) {
    const Tid dc = tid_of("10.0.0.9");
    return StafPages{std::vector<StafDc>{StafDc{dc, "configured", true, {entry_of(entry, dc)}}}, {}, true};
  };
  auto host = std::make_shared<HostIdentity>();
  host->nqn = kHostNqn;
  Connector brain;
  brain.handle(StacdConfigured{std::make_shared<const StacdConfig>(
                                   parse_stacd_conf(conf_text("connect-attempts-on-ncc=2"), "f", nullptr).value),
                               host},
               now);
  brain.handle(DevicesScanned{}, now);
  brain.handle(StafAppeared{}, now);
  static_cast<void>(brain.advance(now));
  brain.handle(page("10.0.0.1/nqn.a+ncc"), now);
  OpId op = 0;
  for (const Action& action : brain.advance(now))
    if (const auto* connect = std::get_if<Connect>(&action)) op = connect->op;
  ASSERT_NE(op, 0U);
  brain.handle(page("10.0.0.1/nqn.a"), now);
  brain.handle(OpDone{op, Error{ErrorKind::refused, 0, "no"}}, now);
  static_cast<void>(brain.advance(now));
  EXPECT_EQ(brain.find(tid_of("10.0.0.1/nqn.a"))->last_error, "no");
}

}  // namespace
}  // namespace stas::story
