// SPDX-License-Identifier: Apache-2.0
//
// stafd seen over D-Bus: it appears, vanishes, changes, and answers with all its log pages. Asynchronous with a
// deadline, so that a hanging stafd hangs nobody (D-07). Works with the stafd of nvme-stas 2.4.1 as well.
#pragma once

#include <functional>
#include <string>

#include "libstas/core/event.h"
#include "libstas/sys/bus.h"
#include "libstas/sys/journal.h"

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
  void on_answer(Result<BusValue> answer);
  void on_ended(std::vector<StafDc> dcs, Result<BusValue> ended);

  Bus& bus_;
  const Journal& journal_;
  Sink sink_;
  std::string owner_;
  std::string flaw_told_;
  BusHandle watch_, changed_, removed_, call_;
};

}  // namespace stas::stacd
