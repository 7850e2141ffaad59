// SPDX-License-Identifier: Apache-2.0
//
// Which controller has which connection: adoption, aliases, taking over, as stories (driver.h has the notation).
#include <gtest/gtest.h>

#include "tests/unit/brains/driver.h"

namespace stas::story {
namespace {

void check(const std::vector<Row>& rows) { story::check(rows, tell_connector); }

TEST(ConnectorOwnership, OneConnectionHasOneOwner) {
  check({
      {"with and without interface: one connect, one owner: #40, D-44",
       R"(iface eth0 10.0.0.7
          start controller=10.0.0.1/nqn.a | controller=10.0.0.1/nqn.a%eth0
          wait 60
          ls)",
       "0s connect 10.0.0.1/nqn.a\n"
       "60s ls 10.0.0.1/nqn.a nvme0\n60s ls 10.0.0.1/nqn.a%eth0 - = 10.0.0.1/nqn.a\n"},
      {"a removed one does not snatch, and then cut, the connection that another one is making: #40",
       R"(iface eth0 10.0.0.7
          uevents
          stafd up
          start controller=10.0.0.1/nqn.a
          wait 1
          conf controller=10.0.0.1/nqn.a%eth0
          lose nvme0
          --
          restart
          stafd up
          wait 60
          ls)",
       "0s connect 10.0.0.1/nqn.a%eth0\n60s ls 10.0.0.1/nqn.a%eth0 nvme0\n"},
      {"the owner goes, the other takes over, nothing is cut: #40",
       R"(iface eth0 10.0.0.7
          start controller=10.0.0.1/nqn.a | controller=10.0.0.1/nqn.a%eth0
          --
          conf controller=10.0.0.1/nqn.a%eth0
          wait 60
          ls)",
       "60s ls 10.0.0.1/nqn.a%eth0 nvme0\n"},
      {"the other goes: nothing happens: #40",
       R"(iface eth0 10.0.0.7
          start controller=10.0.0.1/nqn.a | controller=10.0.0.1/nqn.a%eth0
          --
          conf controller=10.0.0.1/nqn.a
          wait 60
          ls)",
       "60s ls 10.0.0.1/nqn.a nvme0\n"},
      {"both go: one disconnect: #40",
       R"(iface eth0 10.0.0.7
          start controller=10.0.0.1/nqn.a | controller=10.0.0.1/nqn.a%eth0
          stafd up
          --
          conf
          wait 60
          ls)",
       "1.5s disconnect nvme0 10.0.0.1/nqn.a (no longer configured)\n"},
      {"an existing connection with another source is not ours: #13",
       R"(iface eth0 10.0.0.7
          iface eth1 10.0.0.8
          device nvme5 10.0.0.1/nqn.a src_addr=10.0.0.8
          start controller=10.0.0.1/nqn.a%eth0)",
       "0s connect 10.0.0.1/nqn.a%eth0\n"},
      {"src_addr decides: made without an interface, found with it: #13, D-06",
       R"(iface eth0 10.0.0.7
          device nvme5 10.0.0.1/nqn.a src_addr=10.0.0.7
          start disconnect-scope=all-connections-matching-disconnect-trtypes | controller=10.0.0.1/nqn.a
          stafd up
          wait 60
          ls)",
       "60s ls 10.0.0.1/nqn.a nvme5\n"},
      {"another host NQN: not adopted: #12",
       R"(device nvme5 10.0.0.1/nqn.a@nqn.other
          start controller=10.0.0.1/nqn.a)",
       "0s connect 10.0.0.1/nqn.a\n"},
      {"made by hand while we wait: adopted",
       R"(target 10.0.0.1 down
          start controller=10.0.0.1/nqn.a
          --
          device nvme5 10.0.0.1/nqn.a
          wait 60
          ls)",
       "60s ls 10.0.0.1/nqn.a nvme5\n"},
      {"a name taken by another connection: nothing hits the new one: #28",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          --
          lists 10.0.0.1
          wait 1
          lose nvme0
          device nvme0 10.0.0.9/nqn.other
          wait 60
          ls)",
       ""},
      {"... also when the disconnect is on its way: #28",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          hold 10.0.0.1 disconnect
          lists 10.0.0.1
          wait 2
          --
          vanish nvme0
          device nvme0 10.0.0.1/nqn.b
          lists 10.0.0.1 nqn.b
          wait 60
          release
          wait 60
          ls)",
       "120s ls 10.0.0.1/nqn.b nvme0\n"},
      {"listed again while it is being cut: connected again, once that has ended: D-08",
       R"(start
          stafd up
          lists 10.0.0.1 nqn.a
          hold 10.0.0.1 disconnect
          lists 10.0.0.1
          wait 2
          --
          lists 10.0.0.1 nqn.a
          wait 60
          release
          wait 60
          ls)",
       "60s connect 10.0.0.1/nqn.a\n120s ls 10.0.0.1/nqn.a nvme0\n"},
      {"a late remove event of the predecessor does nothing: #28",
       R"(start controller=10.0.0.1/nqn.a
          wait 10
          --
          lose nvme0
          device nvme0 10.0.0.1/nqn.a
          wait 60
          ls)",
       "60s ls 10.0.0.1/nqn.a nvme0\n"},
      {"PCIe is never touched: #19",
       R"(device nvme9 10.0.0.1/nqn.x transport=pcie
          start disconnect-scope=all-connections-matching-disconnect-trtypes
          stafd up
          wait 600
          ls)",
       ""},
      {"attributes that are not complete: no judgement: #18, D-16",
       R"(start disconnect-scope=all-connections-matching-disconnect-trtypes
          stafd up
          device nvme5 10.0.0.1/nqn.x cntrltype= state=connecting subsysnqn=
          wait 600
          ls)",
       ""},
      {"discovery controllers are never touched",
       R"(start disconnect-scope=all-connections-matching-disconnect-trtypes
          stafd up
          device nvme5 10.0.0.1 cntrltype=discovery
          device nvme6 10.0.0.1/nqn.dc cntrltype=discovery
          wait 600
          ls)",
       ""},
      {"the scope is left before the audit's soak ends: kept and forgotten",
       R"(start disconnect-scope=all-connections-matching-disconnect-trtypes
          stafd up
          device nvme5 10.0.0.1/nqn.x
          wait 9
          conf
          wait 60
          ls)",
       ""},
      {"an external one becomes wanted during the soak: adopted",
       R"(start disconnect-scope=all-connections-matching-disconnect-trtypes
          stafd up
          device nvme5 10.0.0.1/nqn.x
          wait 9
          lists 10.0.0.1 nqn.x
          wait 60
          ls)",
       "69s ls 10.0.0.1/nqn.x nvme5\n"},
      {"an external one under another spelling becomes wanted: adopted: #13, D-06",
       R"(iface eth0 10.0.0.7
          start disconnect-scope=all-connections-matching-disconnect-trtypes
          stafd up
          device nvme5 10.0.0.1/nqn.x src_addr=10.0.0.7
          wait 9
          lists 10.0.0.1 nqn.x
          wait 60
          ls)",
       "69s ls 10.0.0.1/nqn.x nvme5\n"},
      {"one goes, the other is refused a second later: its time counts as well",
       R"(iface eth0 10.0.0.7
          start
          stafd up
          lists 10.0.0.9 10.0.0.1/nqn.a
          lists 10.0.0.9%eth0 10.0.0.1/nqn.a
          change nvme0 state=connecting
          wait 100
          --
          lists 10.0.0.9
          wait 1
          conf exclude=traddr=10.0.0.1;host-iface=eth0
          wait 100
          ls)",
       "2.5s disconnect nvme0 10.0.0.1/nqn.a (no longer listed by any discovery controller)\n"},
  });
}

}  // namespace
}  // namespace stas::story
