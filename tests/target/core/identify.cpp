// SPDX-License-Identifier: Apache-2.0
//
// Identify data structures (CNS 00h 01h 02h 03h 05h 06h 08h) at the offsets of the NVMe base specification.
#include "tests/target/core/commands.h"

#include <algorithm>

namespace stas::target {
namespace {

constexpr std::size_t kSize = 4096;
constexpr std::uint8_t kIoController = 1, kDiscoveryController = 2;
constexpr std::uint8_t kLpaEffects = 1 << 1, kLpaExtended = 1 << 2, kLpaSupportedPages = 1 << 5;
constexpr std::uint32_t kSglsInCapsuleOffset = (1U << 20) | 1;

enum Oncs : std::uint16_t { compare = 1 << 0, dataset_management = 1 << 2, write_zeroes = 1 << 3 };

std::uint8_t log2_of(std::uint32_t lba) { return lba == 4096 ? 12 : 9; }

void put_common(const Controller& controller, const Listener* listener, Bytes& out) {
  put16(&out[78], controller.cntlid);
  put32(&out[92], supported_events(controller));
  put32(&out[96], 1);  // CTRATT: 128-bit host identifier
  out[111] = controller.is_discovery() ? kDiscoveryController : kIoController;
  out[258] = 3;                                                               // ACL
  out[259] = static_cast<std::uint8_t>(kMaxAers - 1);                         // AERL
  put16(&out[514], listener != nullptr ? listener->config.queue_size : 128);  // MAXCMD
  put32(&out[536], kSglsInCapsuleOffset);
  put32(&out[1796], 1);  // IORCSZ
  out[1803] = 1;         // MSDBD
}

void put_discovery(const DiscoveryConfig& config, const std::string& nqn, Bytes& out) {
  put_text(&out[4], 20, "0000000000000000001", ' ');
  put_text(&out[24], 40, "stas target discovery", ' ');
  put_text(&out[64], 8, "1", ' ');
  out[77] = config.mdts;
  put32(&out[80], config.version);
  out[261] = static_cast<std::uint8_t>(kLpaExtended | (config.supported_log_pages ? kLpaSupportedPages : 0));
  put16(&out[320], config.kas);
  put_text(&out[768], 256, nqn);
  put32(&out[1792], 4);  // IOCCSZ: no I/O queues, the least a host accepts
  out[1806] = static_cast<std::uint8_t>(config.dctype);
}

void put_io(const Subsystem& subsystem, const Listener* listener, Bytes& out) {
  const SubsystemConfig& config = subsystem.config;
  put_text(&out[4], 20, config.serial, ' ');
  put_text(&out[24], 40, config.model, ' ');
  put_text(&out[64], 8, config.firmware, ' ');
  out[76] = 3;  // CMIC: several ports, several controllers
  out[77] = config.mdts;
  put32(&out[80], config.version);
  out[261] = kLpaEffects | kLpaExtended | kLpaSupportedPages;
  out[262] = 63;  // ELPE
  put16(&out[320], config.kas);
  out[512] = 0x66;
  out[513] = 0x44;
  put32(&out[516], subsystem.namespaces.empty() ? 1 : subsystem.namespaces.rbegin()->first);  // NN
  put16(&out[520], Oncs::compare | Oncs::dataset_management | Oncs::write_zeroes);
  out[525] = 1;  // VWC
  put_text(&out[768], 256, config.nqn);
  put32(&out[1792], 4 + (listener != nullptr ? listener->config.in_capsule / 16 : 0));  // IOCCSZ
}

Bytes identify_controller(const Engine& engine, const Controller& controller) {
  Bytes out(kSize, 0);
  const Model& model = engine.model();
  const auto it = model.listeners.find(controller.origin.listener);
  const Listener* listener = it == model.listeners.end() ? nullptr : &it->second;
  put_common(controller, listener, out);
  if (controller.is_discovery()) {
    put_discovery(model.discovery, model.discovery_nqn(), out);
  } else {
    put_io(*controller.subsystem, listener, out);
  }
  return out;
}

Bytes identify_namespace(const Namespace& ns) {
  Bytes out(kSize, 0);
  put64(&out[0], ns.blocks());
  put64(&out[8], ns.blocks());
  put64(&out[16], ns.blocks());
  out[30] = 1;  // NMIC: shared
  out[99] = ns.config().read_only ? 1 : 0;
  std::copy(ns.nguid().begin(), ns.nguid().end(), out.begin() + 104);
  std::copy(ns.eui64().begin(), ns.eui64().end(), out.begin() + 120);
  out[130] = log2_of(ns.config().lba);
  return out;
}

Bytes independent_namespace(const Namespace& ns) {
  Bytes out(kSize, 0);
  out[1] = 1;  // NMIC: shared
  out[8] = ns.config().read_only ? 1 : 0;
  out[14] = 1;  // NSTAT: ready
  return out;
}

Bytes namespace_list(const Subsystem& subsystem, std::uint32_t after) {
  Bytes out(kSize, 0);
  std::size_t at = 0;
  for (auto it = subsystem.namespaces.upper_bound(after); it != subsystem.namespaces.end() && at < kSize; ++it) {
    put32(&out[at], it->first);
    at += 4;
  }
  return out;
}

Bytes descriptors(const Namespace& ns) {
  Bytes out(kSize, 0);
  std::size_t at = 0;
  const auto add = [&](std::uint8_t type, View value) {
    if (value.empty()) return;
    out[at] = type;
    out[at + 1] = static_cast<std::uint8_t>(value.size());
    std::copy(value.begin(), value.end(), out.begin() + static_cast<std::ptrdiff_t>(at + 4));
    at += 4 + value.size();
  };
  constexpr std::array<std::uint8_t, 1> kNvmCommandSet{0};
  add(1, ns.eui64());
  add(2, ns.nguid());
  add(3, ns.uuid());
  add(4, kNvmCommandSet);
  return out;
}

Reply of_namespace(const Subsystem& subsystem, std::uint8_t cns, std::uint32_t nsid) {
  const auto it = subsystem.namespaces.find(nsid);
  if (it == subsystem.namespaces.end()) {
    // CNS 00h for an unused but valid id is a structure of zeroes; descriptors and CNS 08h need a namespace.
    const bool valid = nsid != 0 && !subsystem.namespaces.empty() && nsid <= subsystem.namespaces.rbegin()->first;
    if (valid && (cns == 0x00 || cns == 0x08)) return Reply::with(Bytes(kSize, 0));
    return Reply::refuse(status::kInvalidNamespace);
  }
  if (cns == 0x00) return Reply::with(identify_namespace(it->second));
  if (cns == 0x03) return Reply::with(descriptors(it->second));
  if (cns == 0x08) return Reply::with(independent_namespace(it->second));
  return Reply::with(Bytes(kSize, 0));  // CNS 05h for the NVM command set: nothing beyond the defaults
}

}  // namespace

std::uint32_t supported_events(const Controller& controller) { return controller.is_discovery() ? 1U << 31 : 1U << 8; }

Reply identify(const Engine& engine, const Controller& controller, const Sqe& sqe) {
  if (sqe.sgl_length() != kSize) return Reply::refuse(status::kSglLength);
  const auto cns = static_cast<std::uint8_t>(sqe.cdw(10) & 0xFF);
  const auto csi = static_cast<std::uint8_t>(sqe.cdw(11) >> 24);
  if (cns == 0x01) return Reply::with(identify_controller(engine, controller));
  if (controller.is_discovery()) return Reply::refuse(status::kInvalidField);
  switch (cns) {
    case 0x02:
      if (sqe.nsid() >= 0xFFFFFFFE) return Reply::refuse(status::kInvalidNamespace);
      return Reply::with(namespace_list(*controller.subsystem, sqe.nsid()));
    case 0x06:
      if (csi != 0) return Reply::refuse(status::kInvalidField);
      return Reply::with(Bytes(kSize, 0));
    case 0x05:
      if (csi != 0) return Reply::refuse(status::kInvalidField);
      return of_namespace(*controller.subsystem, cns, sqe.nsid());
    case 0x00:
    case 0x03:
    case 0x08:
      return of_namespace(*controller.subsystem, cns, sqe.nsid());
    default:
      return Reply::refuse(status::kInvalidField);
  }
}

}  // namespace stas::target
