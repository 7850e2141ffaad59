// SPDX-License-Identifier: Apache-2.0
//
// [Match] sections in stacd: whose connection parameters they are, and that they are nobody's reason to connect or cut.
#include <memory>

#include <gtest/gtest.h>

#include "libstas/core/config/config.h"
#include "stacd/origin.h"
#include "tests/unit/brains/driver.h"
#include "tests/unit/brains/notation.h"

namespace stas::story {
namespace {

TEST(ConnectorMatch, ParametersAreOfTheFirstSectionThatIsAboutAListedController) {
  check(
      {
          {"beside [Global]",
           R"(options
              start kato=7 | [Match a];nqn=nqn.a*;ctrl-loss-tmo=-1 | [Match b];traddr=10.0.0.0/24;kato=9;dhchap-secret=DHHC-1:00:AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09pl1OOC:
              stafd up
              lists 10.0.0.1 nqn.a1 nqn.b 10.1.0.1/nqn.c)",
           "0s connect 10.0.0.1/nqn.a1 kato=7 ctrl-loss-tmo=-1\n"
           "0s connect 10.0.0.1/nqn.b kato=9 "
           "dhchap-secret=DHHC-1:00:AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09pl1OOC:\n"
           "0s connect 10.1.0.1/nqn.c kato=7\n"},
          {"a controller= line has its own, also when a page lists it",
           R"(options
              start controller=transport=tcp;traddr=10.0.0.1;nqn=nqn.a;kato=3 | [Match];nqn=*;kato=9;ctrl-loss-tmo=-1
              stafd up
              lists 10.0.0.1 nqn.a nqn.b)",
           "0s connect 10.0.0.1/nqn.a kato=3\n0s connect 10.0.0.1/nqn.b kato=9 ctrl-loss-tmo=-1\n"},
          {"a section that comes, changes or goes does nothing to a connection, until it is made again",
           R"(options
              start
              stafd up
              lists 10.0.0.1 nqn.a
              --
              conf [Match];nqn=nqn.a;ctrl-loss-tmo=-1
              wait 60
              vanish nvme0
              wait 10
              conf kato=1
              wait 60)",
           "63s connect 10.0.0.1/nqn.a ctrl-loss-tmo=-1\n"},
      },
      tell_connector);
}

// For those who ask where a parameter comes from.
TEST(ConnectorMatch, TheOriginOfEachParameterIsKnown) {
  auto config = std::make_shared<const StacdConfig>(
      parse_stacd_conf(conf_text("kato=7 | reconnect-delay=2 | [Match a];nqn=nqn.*;ctrl-loss-tmo=-1;kato=9 | "
                                 "controller=transport=tcp;traddr=10.0.0.1;nqn=nqn.a;queue-size=64"),
                       "f")
          .value);
  stas::Row listed(tid_of("10.0.0.1/nqn.b"));
  listed.match = &config->matches.at(0);
  stas::Row named(tid_of("10.0.0.1/nqn.a"));
  named.line = &config->controllers.at(0);
  const auto origin = [&](const stas::Row& row, const char* option) {
    return option_origin(row, *config, option, "f");
  };
  EXPECT_EQ(origin(listed, "ctrl-loss-tmo"), "f:7 [Match a]");
  EXPECT_EQ(origin(listed, "kato"), "f:8 [Match a]");
  EXPECT_EQ(origin(listed, "reconnect-delay"), "f:4");
  EXPECT_EQ(origin(listed, "queue-size"), "");
  EXPECT_EQ(origin(named, "queue-size"), "f:10");
  EXPECT_EQ(origin(named, "kato"), "f:2");
  EXPECT_EQ(origin(named, "ctrl-loss-tmo"), "");
}

}  // namespace
}  // namespace stas::story
