// SPDX-License-Identifier: Apache-2.0
//
// Facts. The shells turn callbacks of libraries into these values and hand them to the brains. An event only says what
// is so; what to do about it comes from comparing wanted with actual in advance().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "libstas/core/base/result.h"
#include "libstas/core/brain/action.h"
#include "libstas/core/config/config.h"
#include "libstas/core/discovery/entries.h"
#include "libstas/core/discovery/log_page.h"
#include "libstas/core/identity/device.h"
#include "libstas/core/identity/host.h"
#include "libstas/core/identity/tid.h"

namespace stas {

// Results of operations. Which of them an operation has is said where it is ordered (core/brain/action.h); Error is
// one of each.
struct Connected {
  Device device;  // attributes as far as known
};
// Nothing was connected: another address of the host name (Connect::others) answered before that of the Tid.
struct AnsweredElsewhere {
  IpAddress address;
  std::string why = {};  // in words, what there is to say of the address of the Tid
};
// Nothing was connected: neither the address of the Tid nor those beside it answered.
struct NobodyAnswered {
  Error error;
  std::vector<IpAddress> others = {};  // that were asked, in the order of Connect::others
};
struct Disconnected {};
struct Registered {
  std::string refusal;      // not empty: the controller said no, in words
  std::string dctype = {};  // where that was asked first: "none" was not registered with
};
struct Usage {
  std::string by;  // what uses it, in words: "nvme0n1 is mounted on /srv"; "" nothing that shows
};
using OpResult = std::variant<Connected, AnsweredElsewhere, NobodyAnswered, Disconnected, Registered, SupportedDlp,
                              LogPage, Usage, Error>;

struct OpDone {
  OpId op = 0;
  OpResult result;
};

// What shows on this host, up to Resolved: controllers, interfaces, and whether it slept.
//
// A controller exists, with these attributes (new or changed).
struct DeviceSeen {
  Device device;
};
struct DeviceGone {
  DeviceRef ref;
};
// The complete truth: what is not in it does not exist.
struct DevicesScanned {
  std::vector<Device> devices;
  bool events_lost = false;  // since the scan before; so perhaps AENs and reconnects as well
};
// The controller is connected again after a loss ("rediscover" and "connected" uevents): events may have been missed.
struct DeviceReconnected {
  DeviceRef ref;
  bool rediscover = false;  // the kernel asks user space to read the log page again
};
struct AenReceived {
  DeviceRef ref;
  std::uint32_t value = 0;  // core/discovery/aen.h
};
struct InterfacesSeen {
  Interfaces interfaces;
};

// The host was asleep, and is awake again: its clock stood still, the network perhaps did not.
struct Resumed {};

// Answer to Resolve: addresses in the resolver's order, or why not.
struct Resolved {
  std::string name;
  Result<std::vector<IpAddress>> addresses;
};

// mDNS, which only stafd listens to.
//
// One service instance, as far as known. Identity: interface, protocol, name, stype, domain.
struct MdnsService {
  std::string interface;  // name, "" if unknown
  bool ipv6 = false;
  std::string name;
  std::string stype;  // "_nvme-disc._tcp" or "_nvme-disc._udp"
  std::string domain;
  bool resolved = false;               // the rest is only valid then
  std::optional<Transport> transport;  // nullopt: TXT "p" missing or unknown; never a candidate
  std::string traddr;                  // link-local IPv6 carries no scope: interface has it
  std::string trsvcid;
  std::string nqn;  // TXT "nqn", "" if absent
  friend bool operator==(const MdnsService&, const MdnsService&) = default;
};
// The present view. `available` false: there is no avahi-daemon, or it has only just begun to answer; what is listed
// counts then, what is missing says nothing (law 2).
struct MdnsChanged {
  bool available = false;
  std::vector<MdnsService> services;
};

// At the start, and at each reload: what the files say, which may leave doubts (CommonConfig::doubts), and who this
// host is.
struct StafdConfigured {
  std::shared_ptr<const StafdConfig> config;
  std::shared_ptr<const HostIdentity> host;
};
struct StacdConfigured {
  std::shared_ptr<const StacdConfig> config;
  std::shared_ptr<const HostIdentity> host;
};

// The host-wide exclusion list of nvme-cli 3, all its files; nullptr: there is none.
struct HostExclusionsRead {
  std::shared_ptr<const HostExclusions> list;
};

// stafd as stacd sees it: whether it is there, that it has news, and what it answers when it is asked for its
// log pages (stacd/staf_client).
struct StafAppeared {};  // its bus name has an owner (first seen, or a new one)
struct StafVanished {};
struct StafChanged {};  // one of its two signals
// One discovery controller of get_all_log_pages.
struct StafDc {
  Tid tid;                  // traddr may be a host name not resolved yet
  std::string origin;       // "configured", "discovered", "referral", or what this version does not know
  bool page_known = false;  // the page was read completely at least once: its entries, also none, are evidence
  Entries entries;
  std::vector<std::string> skipped = {};  // NQNs of entries that cannot be used; "" when that is not readable either
  bool reading = false;                   // stafd is about to know a newer page; nvme-stas 2.4.1 does not say
};
// Answer to FetchStafPages. An error is no information.
struct StafPages {
  Result<std::vector<StafDc>> dcs;
  std::vector<Tid> ended;  // controllers that stafd says were deliberately removed (unknown to nvme-stas 2.4.1)
  // Does it list every controller of its configuration? nullopt: it does not say (nvme-stas 2.4.1).
  std::optional<bool> settled = std::nullopt;
};

// stacd: an administrator lets go of what is kept in spite of the evidence against it (disconnect-guard=).
struct ReleaseOrdered {
  std::string subsysnqn;
};

// Something that an administrator should know, and that changes nothing here. Told once.
struct Trouble {
  std::string text;
};

// The daemon was told to stop.
struct Stop {};

using Event =
    std::variant<OpDone, DeviceSeen, DeviceGone, DevicesScanned, DeviceReconnected, AenReceived, InterfacesSeen,
                 Resumed, Resolved, MdnsChanged, StafdConfigured, StacdConfigured, HostExclusionsRead, StafAppeared,
                 StafVanished, StafChanged, StafPages, ReleaseOrdered, Trouble, Stop>;

}  // namespace stas
