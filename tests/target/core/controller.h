// SPDX-License-Identifier: Apache-2.0
//
// State of one controller and of the queues that lead to it, shared by both transports. Only the core touches it; the
// command handlers (fabrics, admin, identify, log pages, io) are functions over it.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>

#include "tests/target/backend/namespace.h"
#include "tests/target/core/auth.h"
#include "tests/target/core/command.h"
#include "tests/target/core/discovery.h"
#include "tests/target/core/error_log.h"
#include "tests/target/core/events.h"
#include "tests/target/core/model.h"
#include "tests/target/core/properties.h"
#include "tests/target/core/stats.h"

namespace stas::target {

struct Controller;

/// What a transport lends the core for one queue. The core may call both at any time while the queue is open; neither
/// may call back into the core before it has returned.
class Port {
 public:
  Port() = default;
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  virtual ~Port() = default;

  virtual void complete(Completion completion) = 0;
  /// The association has ended: hang up. close_queue() follows from the transport's side.
  virtual void close() = 0;
};

struct Queue {
  std::uint64_t key = 0;
  Port* port = nullptr;
  Origin origin;
  Controller* controller = nullptr;
  std::uint16_t qid = 0;
  std::uint16_t sqsize = 0;  ///< entries, 1's based; 0 before Connect
  std::uint16_t sqhd = 0;
  bool flow_control = true;
  bool ended = false;                                     ///< told to close; nothing is executed any more
  std::unordered_map<std::uint16_t, Request> requests{};  ///< by CID, from admission to the answer
  std::unique_ptr<AuthSession> auth{};                    ///< while this queue is asked to authenticate, and after

  [[nodiscard]] bool must_authenticate() const { return auth != nullptr && !auth->is_authenticated(); }
};

using FeatureValues = std::map<std::uint8_t, std::uint32_t>;

/// A subsystem with what exists only while it runs.
struct Subsystem {
  SubsystemConfig config;  ///< without namespaces: those are below
  std::map<std::uint32_t, Namespace> namespaces;
  FeatureValues saved_features{};  ///< Set Features with SV; what controllers start with
  std::uint64_t ana_changes = 0;   ///< CHGCNT of log page 0Ch
};

struct Controller {
  std::uint64_t key = 0;
  Subsystem* subsystem = nullptr;  ///< null: a discovery controller
  std::string subnqn;              ///< as named in Connect
  std::string hostnqn;
  std::array<std::uint8_t, 16> hostid{};
  std::uint16_t cntlid = 0;
  Origin origin;  ///< of the admin queue
  Properties properties;
  Events events{};
  std::uint32_t kato_ms = 0;
  Instant last_heard{};
  std::uint16_t granted_queues = 0;
  std::map<std::uint16_t, Queue*> queues{};
  FeatureValues features{};
  std::array<std::uint8_t, 8> timestamp{};
  std::array<std::uint8_t, 512> host_behavior{};
  std::set<std::uint32_t> changed_namespaces{};
  std::map<std::uint32_t, std::uint32_t> reservation_masks{};  ///< feature 82h by NSID
  ErrorLog errors{};
  DiscoveryPage page{};
  CommandCounts counts{};
  std::deque<std::pair<std::uint32_t, std::uint8_t>> notifications{};  ///< of reservations: NSID and kind
  std::uint64_t notification_count = 0;
  std::uint64_t bytes_in = 0;   ///< data of commands, from the host
  std::uint64_t bytes_out = 0;  ///< and to it

  [[nodiscard]] bool is_discovery() const { return subsystem == nullptr; }
  /// Log page 80h: the oldest notification, handed over.
  Bytes take_notification();
};

}  // namespace stas::target
