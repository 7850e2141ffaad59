// SPDX-License-Identifier: Apache-2.0
//
// stafd seen over D-Bus: it appears, vanishes, changes, and answers with all its log pages. Asynchronous with a
// deadline, so that a hanging stafd hangs nobody (D-07). Only pages that changed are read; the stafd of nvme-stas 2.4.1
// can only be asked for all of them in one message.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "libstas/core/brain/event.h"
#include "libstas/sys/bus/bus.h"
#include "libstas/sys/os/journal.h"
#include "stacd/page_reader.h"

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
  void ask();
  void ask_for_list();
  void ask_for_all();
  void on_list(const Result<BusValue>& answer);
  void on_pages(PageReader::Answer answer);
  Result<std::vector<StafDc>> read_all(const Result<BusValue>& answer);
  void pages_are(Result<std::vector<StafDc>> dcs);
  void tell(const Flaws& flaws);
  void deliver_if_complete();

  Bus& bus_;
  const Journal& journal_;
  Sink sink_;
  std::string owner_;
  std::string flaw_told_;
  Answers answers_;
  PageReader reader_;
  bool only_all_ = false;  // this stafd does not list its pages
  unsigned lists_ = 0;     // asked for in this fetch
  BusHandle watch_, changed_, removed_, settled_, pages_call_, ended_call_, settled_call_;
};

}  // namespace stas::stacd
