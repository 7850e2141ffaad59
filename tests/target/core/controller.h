// SPDX-License-Identifier: Apache-2.0
//
// State of one controller and of the queues that lead to it, shared by both transports. Only the core touches it; the
// command handlers (fabrics, admin, identify, log pages, io) are functions over it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "tests/target/backend/namespace.h"
#include "tests/target/core/command.h"
#include "tests/target/core/discovery.h"
#include "tests/target/core/events.h"
#include "tests/target/core/model.h"
#include "tests/target/core/properties.h"

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
  bool ended = false;  ///< told to close; nothing is executed any more
};

/// A subsystem with what exists only while it runs.
struct Subsystem {
  SubsystemConfig config;  ///< without namespaces: those are below
  std::map<std::uint32_t, Namespace> namespaces;
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
  std::map<std::uint8_t, std::uint32_t> features{};
  std::array<std::uint8_t, 8> timestamp{};
  std::array<std::uint8_t, 512> host_behavior{};
  std::set<std::uint32_t> changed_namespaces{};
  DiscoveryPage page{};
  std::uint64_t commands = 0;

  [[nodiscard]] bool is_discovery() const { return subsystem == nullptr; }
};

}  // namespace stas::target
