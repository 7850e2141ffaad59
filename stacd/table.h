// SPDX-License-Identifier: Apache-2.0
//
// The table of what should be: a row for every controller that any source names, also the refused ones, and for every
// controller that was known before. desired() makes it; the Connector acts by it, and whoever wants to show or explain
// reads it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "libstas/core/base/time.h"
#include "libstas/core/brain/event.h"
#include "libstas/core/brain/reason.h"
#include "libstas/core/config/config_values.h"
#include "libstas/core/discovery/dlpe.h"
#include "libstas/core/identity/tid.h"

namespace stas {

enum class Standing : std::uint8_t {
  wanted,   // a source names it
  held,     // none names it any more, but information is missing: it stays as it is
  leaving,  // evidence says that it is gone; it is given up when the soak is over
  refused,  // a source names it, and it must not be used
  foreign,  // a connection that is not ours and stays
};
std::string_view to_text(Standing standing);

// What keeps a connection against the evidence (stacd/guard).
enum class Keeper : std::uint8_t { none, guard, budget };

struct Row {
  explicit Row(Tid id) : tid(std::move(id)) {}

  Tid tid;
  Standing standing = Standing::wanted;
  // Who names it now. Into the configuration and the pages of the facts.
  const ControllerLine* line = nullptr;
  std::vector<const StafDc*> dcs;
  bool boot = false;                    // this host was booted from it: it is never cut
  const Dlpe* entry = nullptr;          // of the last of `dcs`, without NCC if one is
  const MatchSection* match = nullptr;  // listed and wanted: the [Match] section that is about it
  // Why: wanted: configured or listed; leaving, refused: the evidence.
  Reason reason = Reason::none;
  const ControllerRule* rule = nullptr;  // the one that refuses it
  std::string owner;                     // who else its connection belongs to; then it is not cut
  bool not_included = false;     // no include= line lets it in; with `because`: it is not known whether one does
  std::string because;           // held, foreign, refused: what is missing
  Instant until = kNever;        // held: looked at again then; kNever: when the information comes
  bool passing = false;          // held: for the moment that a question takes, not worth telling
  Instant not_before = kNever;   // leaving, refused: the soak is over then
  bool cut = false;              // leaving, refused: disconnect-scope lets the connection be cut
  Keeper keeper = Keeper::none;  // held: in spite of `reason`
  bool last_path = false;        // `cut`: no live path stays where it leads to, and the guard minds that
  bool inspect = false;          // it has to be found out whether it is in use
  // `cut`, and the guard minds: the live paths that stay, as far as is known. Empty for the last path.
  std::vector<DeviceRef> beside;

  bool named() const { return line != nullptr || !dcs.empty(); }
  // Refused only until the host name of its line has an address.
  bool waits() const { return standing == Standing::refused && reason == Reason::unusable && !because.empty(); }
};

// Not to be cut, and not wanted: follows "the connection stays, as".
std::string why_it_stays(const Row& row);

struct Desired {
  std::vector<Row> rows;  // lines first, in the order of the file; then pages; then what is only known
  std::unordered_map<Tid, std::size_t> by_tid;
  std::vector<std::size_t> of_known;     // the row of each of the known, in their order
  std::vector<std::size_t> fresh;        // rows that are wanted and not tracked yet
  Instant next = kNever;                 // time alone changes it then
  bool by_connection = false;            // so does the end or success of a connect ...
  std::unordered_set<Tid> alternatives;  // ... of one of these: a host name in a line stands for it, or it leaves
  bool by_devices = false;               // so does any news of a device
  bool ask_staf = false;                 // an answer to a question that goes out from now on would decide something

  const Row* find(const Tid& tid) const;
  // The table may be another one when this gets or loses its connection.
  bool depends_on(const Tid& tid) const { return by_connection || alternatives.contains(tid); }
};

}  // namespace stas
