// SPDX-License-Identifier: Apache-2.0
//
// What became of a TCP connection to each controller that is known: does anything answer, who refused it if not, and is
// the path as wide as the interface. Rules of firewalls are not read: what they do shows here, and only that.
#include <string>

#include "libstas/core/base/shown.h"
#include "libstas/core/doctor/facts.h"
#include "libstas/core/doctor/finding.h"

namespace stas::doctor {

namespace {

// Of IP and TCP headers and options: what a segment may lack to the MTU without anybody having cut it.
constexpr int kHeaders = 100;

// What a connection meets that is made as the daemons make theirs.
Finding not_reached(const Reached& one) {
  const auto weight = one.configured ? Weight::problem : Weight::warning;
  switch (one.answer) {
    case Answer::refused:
      return {"connect-refused", weight,
              one.where + " refuses TCP connections: nothing listens there, or a firewall says so",
              "check address and port; on the target: does it run, and does its firewall let this host in"};
    case Answer::denied:
      return {
          "connect-denied", weight, one.where + " must not be connected to: " + shown(one.words),
          "a rule says so, of this host (nft list ruleset; ip route get ADDRESS; eBPF programs) or, with IPv6, of a "
          "router: let outgoing TCP to that port pass"};
    case Answer::unreachable:
      return {
          "connect-unreachable", weight, one.where + " cannot be reached: " + shown(one.words),
          "ip route get ADDRESS shows the way, ip -br link what is down; a firewall on the way may answer so as well"};
    case Answer::silent:
      return {"connect-silent", weight,
              one.where + " does not answer: switched off, another address, or packets that are dropped without a word",
              "ping ADDRESS; nft list ruleset here (output) and on the target (input); firewalls on the way"};
    case Answer::connected:
    case Answer::failed:
      break;
  }
  return {"connect-failed", weight, one.where + " was not connected to: " + shown(one.words),
          "stacd and stafd meet the same"};
}

}  // namespace

void examine_reach(const Facts& facts, Findings& out) {
  for (const auto& one : facts.reached) {
    if (one.answer != Answer::connected) {
      out.push_back(not_reached(one));
      continue;
    }
    if (one.interface_mtu == 0 || one.carries == 0 || one.carries + kHeaders >= one.interface_mtu) continue;
    out.push_back({"mtu-narrow", Weight::note,
                   shown(one.interface) + " has an MTU of " + std::to_string(one.interface_mtu) + ", and the path to " +
                       one.where + " carries " + std::to_string(one.carries) + " bytes in a packet",
                   "TCP keeps to it; if large packets are meant, set the same MTU at the target and on each switch and "
                   "router between"});
  }
  if (facts.reach_left_out != 0) {
    out.push_back({"connect-left-out", Weight::note,
                   std::to_string(facts.reach_left_out) + " controllers were not tried: there are more than " +
                       std::to_string(kMaxReached),
                   "stacctl health tells of all that are wanted"});
  }
}

}  // namespace stas::doctor
