// SPDX-License-Identifier: Apache-2.0
//
// What a reload would do, asked beforehand (stacd/rehearsal.h): each plan beside what the reload then did.
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_connector); }

TEST(ConnectorPlan, SaysWhatTheReloadThenDoes) {
  check({
      {"nothing changes",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          --
          plan controller=10.0.0.1/nqn.a
          conf controller=10.0.0.1/nqn.a
          wait 100)",
       ""},
      {"a line comes, another goes",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          --
          plan controller=10.0.0.2/nqn.b
          conf controller=10.0.0.2/nqn.b
          wait 100)",
       "0s plan connect 10.0.0.2/nqn.b (configured) [new:2]\n"
       "0s plan 1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured) [was old:2]\n"
       "0s connect 10.0.0.2/nqn.b\n"
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"a key that cannot be had keeps nobody from staying, and connects nobody",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          lists 10.0.0.9 10.0.0.3/nqn.c
          conf controller=10.0.0.1/nqn.a | exclude=nqn=nqn.c
          wait 10
          --
          plan controller=transport=tcp;traddr=10.0.0.1;nqn=nqn.a;dhchap-secret=file:///k | [Match];nqn=nqn.c;dhchap-secret=file:///k)",
       "0s error [Controllers]: controller - field `dhchap-secret`: /k: is not read, as there are more than 1024 files "
       "with keys: nothing is connected without that key, and nothing is cut - put it there, and reload\n"
       "0s error [Match]: dhchap-secret - /k: is not read, as there are more than 1024 files with keys: nothing is "
       "connected without that key, and nothing is cut - put it there, and reload\n"
       "0s plan connect 10.0.0.3/nqn.c (listed by a discovery controller; it will fail: dhchap-secret= cannot be "
       "honoured: "
       "/k: is not read, as there are more than 1024 files with keys) [entry 1 of the page of (tcp, 10.0.0.9, "
       "8009, nqn.2014-08.org.nvmexpress.discovery)]\n"},
      {"what demands TLS, and is to be connected without",
       R"(start exclude=nqn=nqn.c
          stafd up
          lists 10.0.0.9 10.0.0.3/nqn.c+tls
          wait 10
          --
          plan kato=7
          plan tls=true)",
       "0s plan connect 10.0.0.3/nqn.c (listed by a discovery controller; its log page entry demands TLS "
       "(treq=required), which is not asked for - write `tls=true` in a [Match] section with `nqn=nqn.c`) [entry 1 of "
       "the page of (tcp, 10.0.0.9, 8009, nqn.2014-08.org.nvmexpress.discovery)]\n"
       "0s plan connect 10.0.0.3/nqn.c (listed by a discovery controller) [entry 1 of the page of (tcp, 10.0.0.9, "
       "8009, "
       "nqn.2014-08.org.nvmexpress.discovery)]\n"},
      {"without stafd a removed line waits longer",
       R"(start controller=10.0.0.1/nqn.a
          --
          plan kato=7
          conf kato=7
          wait 100)",
       "0s plan 10.0s disconnect nvme0 10.0.0.1/nqn.a (no longer configured) [was old:2]\n"
       "10s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"an exclude= line, and what is refused for good",
       R"(start controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.b
          stafd up
          lists 10.0.0.9 10.0.0.3/nqn.c
          --
          plan controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.b | exclude=nqn=nqn.c | exclude=traddr=10.0.0.2
          conf controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.b | exclude=nqn=nqn.c | exclude=traddr=10.0.0.2
          wait 100
          plan controller=10.0.0.1/nqn.a | exclude=nqn=nqn.c)",
       "0s plan 1.5s disconnect nvme1 10.0.0.2/nqn.b (excluded by an exclude= line) [new:8]\n"
       "0s plan 1.5s disconnect nvme2 10.0.0.3/nqn.c (excluded by an exclude= line) [new:6]\n"
       "1.5s disconnect nvme1 10.0.0.2/nqn.b (excluded by an exclude= line)\n"
       "1.5s disconnect nvme2 10.0.0.3/nqn.c (excluded by an exclude= line)\n"
       "100s plan refuse 10.0.0.3/nqn.c (excluded by an exclude= line) [new:4]\n"},
      {"under no-disconnect it is let go",
       R"(start controller=10.0.0.1/nqn.a | disconnect-scope=no-disconnect
          stafd up
          --
          plan disconnect-scope=no-disconnect
          conf disconnect-scope=no-disconnect
          wait 100)",
       "0s plan 1.5s release nvme0 10.0.0.1/nqn.a (no longer configured; the connection stays, as disconnect-scope "
       "says) [was old:2]\n"},
      {"an edited line: the new one first",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          --
          plan controller=10.0.0.1:4420/nqn.a
          conf controller=10.0.0.1:4420/nqn.a
          wait 100)",
       "0s plan connect 10.0.0.1:4420/nqn.a (configured) [new:2]\n"
       "0s plan 1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured) [was old:2]\n"
       "0s connect 10.0.0.1:4420/nqn.a\n"
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"another name for the same connection: nothing is cut",
       R"(iface eth0 10.0.0.9
          start controller=10.0.0.1/nqn.a
          stafd up
          --
          plan controller=10.0.0.1/nqn.a%eth0
          conf controller=10.0.0.1/nqn.a%eth0
          wait 100)",
       "0s plan 1.5s forget nvme0 10.0.0.1/nqn.a (its connection goes on as (tcp, 10.0.0.1, 8009, nqn.a, eth0)) [was "
       "old:2]\n"},
      {"what is not clear holds what it may mean",
       R"(start controller=10.0.0.1/nqn.a
          stafd up
          doubt nqn=nqn.a
          --
          plan kato=7
          conf kato=7
          wait 100)",
       "0s plan hold nvme0 10.0.0.1/nqn.a (it may be what stacd.conf:7: cannot be understood was meant to say) [was "
       "old:2]\n"},
      {"a stafd that does not answer holds what it listed",
       R"(start
          stafd up
          lists 10.0.0.9 10.0.0.3/nqn.c
          stafd hangs
          restart
          --
          plan exclude=nqn=nqn.x
          conf exclude=nqn=nqn.x
          wait 100)",
       "0s plan hold nvme0 10.0.0.3/nqn.c (stafd has not answered) [was the page of (tcp, 10.0.0.9, 8009, "
       "nqn.2014-08.org.nvmexpress.discovery)]\n"},
      {"a host name without an address waits",
       R"(start
          dns hangs
          --
          plan controller=array.example/nqn.a)",
       "0s plan wait array.example/nqn.a (its host name has no address yet) [new:2]\n"},
      {"what does not answer is tried at once, and what is on its way arrives",
       R"(start controller=10.0.0.1/nqn.a
          target 10.0.0.2 down
          hold 10.0.0.3 connect
          conf controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.b | controller=10.0.0.3/nqn.c
          wait 30
          --
          plan controller=10.0.0.1/nqn.a | controller=10.0.0.2/nqn.b | controller=10.0.0.3/nqn.c)",
       "0s plan connect 10.0.0.3/nqn.c (being connected) [old:6]\n"
       "0s plan connect 10.0.0.2/nqn.b (configured) [new:4]\n"},
  });
}

}  // namespace
}  // namespace stas::story
