// SPDX-License-Identifier: Apache-2.0
//
// Host names of controller= lines and the addresses they stand for. A look-up that fails or rotates never takes an
// address away: the last good one stays (decisions, answer 8; regressions 31).
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "libstas/core/base/backoff.h"
#include "libstas/core/brain/action.h"
#include "libstas/core/brain/event.h"
#include "libstas/core/identity/address.h"

namespace stas {

class NameBook {
 public:
  // Addresses remembered from before a restart.
  void restore(const std::map<std::string, std::vector<std::string>>& resolved);

  // These names matter from now on, others are forgotten; all of them are looked up (again).
  void set_names(const std::set<std::string>& names);
  // The address does not answer: every name that uses it is looked up again, and the next of its addresses is used, the
  // families by turns, IPv4 first (RFC 8305, clause 4), each in the resolver's order, and round again; after each whole
  // round not before a growing delay (3 s to 60 s). Who is connected to one of them stays there
  // (prefer_connected()): that others are, by other lines, is no reason not to try the next. Returns true when an
  // address to use changed.
  bool failed(const std::string& address, Instant now);
  // Of the addresses of `name`, `first` answered a probe before `asked`: it is used next, at once, and the name is
  // looked up again. Returns true when the address to use changed; not when another than `asked` is in use meanwhile.
  bool outrun(const std::string& name, const std::string& asked, const IpAddress& first, Instant now);
  // What is left of the round beside `address`, the one in use, in the order they are tried; at most kMaxRaced - 1.
  std::vector<IpAddress> others(const std::string& name, const std::string& address) const;
  // Something may be reachable now that was not: names that did not resolve are looked up, and rounds begin anew, at
  // once, but not within 3 s of the attempt before.
  void hint(Instant now);
  // Who is meant by the name is connected to this address: the delays between rounds start anew.
  void reached(const std::string& name, const std::string& address);
  // When the address to use may be tried: after a whole round not before its delay is over.
  Instant not_before(const std::string& name) const;
  // This address failed since one of the same name answered, and that was told.
  bool has_failed(const std::string& address) const;

  // The answer to a Resolve. `keep` says whether the present address must stay although the answer does not have it
  // (a controller that a line with this name means is connected there). Returns true when the address to use changed.
  // Appends what is worth telling.
  bool answered(const Resolved& resolved, IpFamilies families, Instant now,
                const std::function<bool(const std::string& address)>& keep, Actions& out);

  // The address to use, nullopt as long as there was never one.
  std::optional<std::string> address(const std::string& name) const;
  // All that the name stands for, as the resolver last said, of enabled families; empty without an answer.
  const std::vector<std::string>& addresses(const std::string& name) const;

  // Orders the look-ups that are due.
  void advance(Instant now, Actions& out);
  Instant deadline() const;

  // What restore() takes: the address in use first.
  std::map<std::string, std::vector<std::string>> last_good() const;

 private:
  static std::vector<std::string> in_order(const std::vector<IpAddress>& addresses, IpFamilies families);
  struct Entry {
    std::string address;              // "" = never resolved
    std::vector<std::string> usable;  // of the latest good answer, in the order they are tried
    std::size_t tried = 0;            // rotations in this round
    Instant next_round{};             // the first of a round is not tried before
    std::set<std::string> failed;     // of the usable ones, since one of them answered
    Backoff rounds{{std::chrono::seconds(3), std::chrono::seconds(60), 0.1}};
    bool pending = false;  // a Resolve is outstanding
    bool told = false;     // that it fails
    Instant asked{};       // when it was looked up last
    Instant next{};        // when to look it up (again); kNever = not until asked
    Backoff backoff{{std::chrono::seconds(5), std::chrono::seconds(60), 0.1}};

    void use_next(Instant now);
  };
  std::map<std::string, Entry> entries_;
  std::map<std::string, std::vector<std::string>> restored_;
};

}  // namespace stas
