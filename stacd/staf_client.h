// SPDX-License-Identifier: Apache-2.0
//
// stafd seen over D-Bus: it appears, vanishes, changes, and answers with all its log pages. Asynchronous with a
// deadline, so that a hanging stafd hangs nobody (D-07). Works with the stafd of nvme-stas 2.4.1 as well.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "libstas/core/brain/event.h"
#include "libstas/sys/bus/bus.h"
#include "libstas/sys/os/journal.h"

namespace stas::stacd {

class StafClient {
 public:
  using Sink = std::function<void(Event)>;

  // `sink` gets StafAppeared, StafVanished, StafChanged and StafPages, from the loop.
  StafClient(Bus& bus, const Journal& journal, Sink sink);

  // Exactly one StafPages follows, unless stafd vanishes before (then only StafVanished).
  void fetch();

 private:
  void on_owner(const std::string& owner);
  // What stafd has answered so far to the questions of one fetch().
  struct Answers {
    std::optional<Result<std::vector<StafDc>>> pages;
    std::optional<std::vector<Tid>> ended;
    bool settled_said = false;
    std::optional<bool> settled;  // nullopt: it does not know the question
  };
  Result<std::vector<StafDc>> read_pages(const Result<BusValue>& answer);
  void deliver_if_complete();

  Bus& bus_;
  const Journal& journal_;
  Sink sink_;
  std::string owner_;
  std::string flaw_told_;
  Answers answers_;
  BusHandle watch_, changed_, removed_, settled_, pages_call_, ended_call_, settled_call_;
};

}  // namespace stas::stacd
