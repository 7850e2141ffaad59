// SPDX-License-Identifier: Apache-2.0
//
// The commands a host without data path needs (NVM Express Base Specification 2.0: fabrics commands of clause 6, admin
// commands of clause 5): submission entries to build, completions and Identify data to understand, statuses as words.
// Command ids and data descriptors belong to the queue that carries the command.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libstas/core/base/result.h"
#include "libstas/core/base/uuid.h"
#include "libstas/core/discovery/log_reader.h"

namespace stas::nvme_tcp {

inline constexpr std::size_t kSqeSize = 64;
inline constexpr std::size_t kCqeSize = 16;
inline constexpr std::uint32_t kIdentifySize = 4096;
using Sqe = std::array<char, kSqeSize>;

struct Command {
  Sqe sqe{};
  std::string data_out;           // to the controller
  std::uint32_t read_length = 0;  // bytes expected from the controller
};

struct Completion {
  std::uint64_t result = 0;  // DW0 and DW1
  std::uint16_t status = 0;  // SCT * 256 + SC
  bool dnr = false;          // do not retry
  std::string data;
  bool ok() const { return status == 0; }
  std::uint32_t dw0() const { return static_cast<std::uint32_t>(result); }
};
// `cqe` is kCqeSize bytes.
Completion parse_cqe(std::string_view cqe);
std::uint16_t cqe_cid(std::string_view cqe);

inline constexpr std::uint16_t kStatusTransientTransport = 0x022;

// "invalid field in command (002h)".
std::string status_text(std::uint16_t status);
// "<what>: <words>"; refused with DNR, else rejected; permission where it is about authentication.
Error status_error(std::string_view what, const Completion& completion);

// Fabrics commands. Connect makes a queue, and with the admin queue the association with a controller; properties are
// what a PCIe controller has in registers.
inline constexpr std::uint16_t kAnyController = 0xFFFF;
inline constexpr std::uint16_t kAdminQueueEntries = 32;  // as Linux asks for it

struct ConnectParameters {
  std::uint16_t qid = 0;
  std::uint16_t sqsize = 0;  // 0's based
  bool disable_sqflow = false;
  std::uint32_t kato_ms = 0;
  std::uint16_t cntlid = kAnyController;
  Uuid hostid{};
  std::string subsysnqn;
  std::string hostnqn;
};
Command connect_command(const ConnectParameters& parameters);
// What a refused Connect means, in words for an administrator.
Error connect_error(const ConnectParameters& parameters, const Completion& completion);
// What the accepted Connect demands before anything else is allowed: ATR, authentication; ASCR, that and TLS made of
// it.
bool demands_authentication(const Completion& completion);
bool demands_secure_channel(const Completion& completion);

// Messages of DH-HMAC-CHAP travel in these, on the queue that is authenticated.
inline constexpr std::uint32_t kMaxAuthMessage = 4096;
Command authentication_send(std::string message);
Command authentication_receive();

enum class Property : std::uint32_t { cap = 0x00, vs = 0x08, cc = 0x14, csts = 0x1C };
Command property_get(Property property);
Command property_set(Property property, std::uint32_t value);

inline constexpr std::uint32_t kCcEnable = 1U << 0;
inline constexpr std::uint32_t kCcShutdownNormal = 1U << 14;
inline constexpr std::uint32_t kCcEntrySizes = 0x00460000;     // IOCQES 16 bytes, IOSQES 64 bytes
inline constexpr std::uint32_t kCcAllCommandSets = 6U << 4;    // CSS 110b
inline constexpr std::uint64_t kCapCommandSets = 1ULL << 43U;  // CSS bit 6
inline constexpr std::uint32_t kCstsReady = 1U << 0, kCstsFatal = 1U << 1;
inline bool is_shutdown_complete(std::uint32_t csts) { return ((csts >> 2U) & 3U) == 2; }

// Admin commands. Those that read data say how much they expect (Command::read_length), those that send data have it
// with them (Command::data_out).
Command identify_controller();
Command get_log_page(const LogReader::Read& read);
Command keep_alive();
Command asynchronous_event_request();
Command discovery_information_management(std::uint8_t task, std::string data);

enum class Feature : std::uint8_t { queue_count = 0x07, asynchronous_events = 0x0B };
Command set_feature(Feature feature, std::uint32_t value);
inline constexpr std::uint32_t kEventNamespaces = 1U << 8, kEventFirmware = 1U << 9, kEventAna = 1U << 11,
                               kEventDiscovery = 1U << 31;

enum class ControllerType : std::uint8_t { reserved = 0, io = 1, discovery = 2, admin = 3 };

struct IdentifyController {
  std::string serial;  // trimmed, printable
  std::string model;
  std::string subsysnqn;           // "" when the controller reports none that can be used
  std::uint32_t max_transfer = 0;  // bytes from MDTS; 0 = no limit
  std::uint16_t cntlid = 0;
  std::uint32_t oaes = 0;
  std::uint8_t cntrltype = 0;
  std::uint16_t maxcmd = 0;
  std::uint8_t dctype = 0;
};
Result<IdentifyController> parse_identify_controller(std::string_view data);

}  // namespace stas::nvme_tcp
