// SPDX-License-Identifier: Apache-2.0
//
// Orders. The brains (stafd/finder, stacd/connector) return them from advance(); the shells carry them out. Operations
// (the first six) go to a Fabric (sys/fabric/fabric.h) and always come back as OpDone with the same id, whatever
// happens; a deadline on each is the fabric's duty.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "libstas/core/base/report_level.h"
#include "libstas/core/base/time.h"
#include "libstas/core/base/topic.h"
#include "libstas/core/brain/reason.h"
#include "libstas/core/discovery/dim.h"
#include "libstas/core/identity/address.h"
#include "libstas/core/identity/connect_options.h"
#include "libstas/core/identity/device.h"
#include "libstas/core/identity/host.h"
#include "libstas/core/identity/tid.h"

namespace stas {

using OpId = std::uint64_t;

// At most that many addresses of one host name are asked at once: that of the Tid, and those beside it
// (Connect::others).
inline constexpr std::size_t kMaxRaced = 8;

// Make a connection. host.nqn is the Tid's host NQN. -> Connected or Error; with `others` also AnsweredElsewhere or
// NobodyAnswered.
struct Connect {
  OpId op = 0;
  Tid tid;
  ControllerKind kind = ControllerKind::io;
  ConnectOptions options;
  HostIdentity host;
  Reason reason = Reason::none;
  bool explain = false;  // a failure will be told, so it is worth finding out more about it
  // What its host name stands for beside the address of the Tid, in the order they are to be tried: where a probe goes
  // before the connect, they are raced with it (sys/fabric/connect_race), and one of them that is first is the answer.
  std::vector<IpAddress> others = {};
};

// Cut the connection of exactly this device (name and incarnation). -> Disconnected or Error.
struct Disconnect {
  OpId op = 0;
  Tid tid;
  DeviceRef device;
  Reason reason = Reason::none;
  // Not empty: only while one of these is live. The kernel tells nobody that it lost a connection, so they are looked
  // at once more; where none is, nothing is cut, and the answer is an Error of kind cancelled after what was seen.
  std::vector<DeviceRef> beside = {};
};

// DIM register or deregister. `data` as made by core/discovery/dim. -> Registered or Error. `ask_first`: nobody knows
// yet whether it takes registrations (Device::dctype_untold); it is asked, and told of the host if it does.
struct Register {
  OpId op = 0;
  Tid tid;
  DeviceRef device;
  std::string data;
  DimTask task = DimTask::register_;
  bool ask_first = false;
};

// Get Log Page 00h. -> SupportedDlp or Error.
struct FetchSupported {
  OpId op = 0;
  Tid tid;
  DeviceRef device;
};

// Get Log Page 70h, complete and self-consistent (core/discovery/log_reader says how); repeated while the generation
// counter moves, a bounded number of times. The last read has RAE=0, which re-arms the AEN.
//
// -> LogPage or Error. With `known_genctr` equal to the page's: LogPage{unchanged}, without reading entries.
struct FetchLogPage {
  OpId op = 0;
  Tid tid;
  DeviceRef device;
  bool pleo = false;  // LSP: port-local entries only
  std::optional<std::uint64_t> known_genctr;
};

// Does anybody use the namespaces that this device carries? -> Usage or Error, which is no information.
struct InspectUsage {
  OpId op = 0;
  Tid tid;
  DeviceRef device;
};

using FabricOp = std::variant<Connect, Disconnect, Register, FetchSupported, FetchLogPage, InspectUsage>;

// From here on what the shell itself does, without an OpDone.
//
// Look a host name up (-> Resolved). At most one per name is outstanding.
struct Resolve {
  std::string name;
};

// One line for the journal. `text` is complete ("tid | nvme3 - message"); tid, device, reason and topic feed the
// structured fields.
struct Report {
  Level level = Level::info;
  std::optional<Tid> tid;
  std::string device;
  std::string text;
  Reason reason = Reason::none;
  Instant by = kNever;  // a time that the text speaks of; its clock time goes in place of kByTime
  Topic topic = Topic::none;
};
inline constexpr std::string_view kByTime = "{time}";

// Write last_known() of the brain to the runtime directory.
struct SaveLastKnown {};

// stafd: emit the signal log_pages_changed.
struct NotifyLogPagesChanged {
  Tid tid;
  std::string device;
};
// stafd: emit the signal dc_removed.
struct NotifyDcRemoved {};
// stafd: what is_settled tells has changed: emit the signal settled_changed.
struct NotifySettled {};
// stafd: a discovery controller that is not ours has news; `unit` of nvme-cli connects what it lists.
struct LeaveToNvmeCli {
  std::string device;
  std::string unit;
};

// stacd: ask stafd for all log pages (-> StafPages).
struct FetchStafPages {};

using Action =
    std::variant<Connect, Disconnect, Register, FetchSupported, FetchLogPage, InspectUsage, Resolve, Report,
                 SaveLastKnown, NotifyLogPagesChanged, NotifyDcRemoved, NotifySettled, LeaveToNvmeCli, FetchStafPages>;
using Actions = std::vector<Action>;

}  // namespace stas
