// SPDX-License-Identifier: Apache-2.0
//
// Identify data structures (CNS 00h to 03h, 05h to 08h, 10h to 13h, 1Ah, 1Ch) at the offsets of the NVMe base
// specification.
#include "tests/target/core/commands.h"

#include <algorithm>
#include <set>

#include "tests/target/core/visibility.h"

namespace stas::target {
namespace {

constexpr std::size_t kSize = 4096;
constexpr std::uint8_t kIoController = 1, kDiscoveryController = 2;
constexpr std::uint8_t kLpaEffects = 1 << 1, kLpaExtended = 1 << 2, kLpaSupportedPages = 1 << 5;
constexpr std::uint32_t kSglsInCapsuleOffset = (1U << 20) | 1;

constexpr std::uint8_t kWusl = 14;
static_assert(std::uint64_t{4096} << kWusl == ByteRanges::kMost);

enum Oncs : std::uint16_t {
  compare = 1 << 0,
  write_uncorrectable = 1 << 1,
  dataset_management = 1 << 2,
  write_zeroes = 1 << 3,
  save_features = 1 << 4,
  reservations = 1 << 5,
  verify = 1 << 7,
  copy = 1 << 8
};

std::uint8_t log2_of(std::uint32_t lba) { return lba == 4096 ? 12 : 9; }

void put_common(const Controller& controller, const Listener* listener, Bytes& out) {
  put16(&out[78], controller.cntlid);
  put32(&out[92], supported_events(controller));
  out[111] = controller.is_discovery() ? kDiscoveryController : kIoController;
  out[258] = 3;                                                               // ACL
  out[259] = static_cast<std::uint8_t>(kMaxAers - 1);                         // AERL
  put16(&out[514], listener != nullptr ? listener->config.queue_size : 128);  // MAXCMD
  put32(&out[536], kSglsInCapsuleOffset);
  put32(&out[1796], 1);  // IORCSZ
  out[1803] = 1;         // MSDBD
}

/// 128-bit host identifier; bit 6: traffic counts as keep-alive.
std::uint32_t ctratt(bool traffic_based) { return traffic_based ? 0x41 : 0x01; }

void put_discovery(const DiscoveryConfig& config, const std::string& nqn, Bytes& out) {
  put_text(&out[4], 20, "0000000000000000001", ' ');
  put_text(&out[24], 40, "stas target discovery", ' ');
  put_text(&out[64], 8, "1", ' ');
  out[77] = config.mdts;
  put32(&out[80], config.version);
  put32(&out[96], ctratt(config.tbkas));
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
  put16(&out[0], config.vid);
  put16(&out[2], config.ssvid);
  for (unsigned i = 0; i < 3; ++i) out[73 + i] = static_cast<std::uint8_t>((config.oui >> (8 * i)) & 0xFF);
  out[76] = static_cast<std::uint8_t>(config.ana ? 0x0B : 0x03);  // CMIC: several ports, several controllers, ANA
  out[77] = config.mdts;
  put32(&out[80], config.version);
  put32(&out[96], ctratt(config.tbkas));
  put16(&out[128], config.retry_delay);  // CRDT1
  put16(&out[256], 1 << 3);              // OACS: namespace attachment
  out[261] = kLpaEffects | kLpaExtended | kLpaSupportedPages;
  out[262] = 63;  // ELPE
  put16(&out[320], config.kas);
  out[512] = 0x66;
  out[513] = 0x44;
  const std::uint32_t highest = subsystem.namespaces.empty() ? 1 : subsystem.namespaces.rbegin()->first;
  const std::uint32_t most = config.ana ? std::max(highest, kMaxAnaNamespaces) : highest;
  put32(&out[516], config.max_namespaces != 0 ? config.max_namespaces : most);  // NN
  put16(&out[520], Oncs::compare | Oncs::write_uncorrectable | Oncs::dataset_management | Oncs::write_zeroes |
                       Oncs::save_features | Oncs::reservations | Oncs::verify | Oncs::copy);
  out[531] = 1;         // NWPC: namespaces can be write protected
  put16(&out[534], 1);  // OCFS: copy descriptor format 0
  if (config.ana) {
    out[342] = 10;    // ANATT, seconds
    out[343] = 0x1F;  // ANACAP: all five states
    put32(&out[344], kMaxAnaGroups);
    put32(&out[348], kMaxAnaGroups);
    put32(&out[540], kMaxAnaNamespaces);  // MNAN
  }
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

/// Faults that only the contents of Identify Controller can show.
void lie(Engine& engine, const Queue& queue, const Sqe& sqe, Bytes& out) {
  const Occasion where = engine.occasion(queue, sqe);
  if (engine.faults().strike(FaultKind::wrong_subnqn, where)) {
    put_text(&out[768], 256, get_text(View(out).subspan(768, 256)) + ":other");
  }
  if (const auto fault = engine.faults().strike(FaultKind::lying_identify, where)) {
    if (fault->result < out.size()) out[fault->result] = static_cast<std::uint8_t>(fault->value & 0xFF);
  }
}

std::uint32_t ana_group(const Subsystem& subsystem, const Namespace& ns) {
  return subsystem.config.ana ? ns.config().ana_group : 0;
}

Bytes identify_namespace(const Subsystem& subsystem, const Namespace& ns) {
  Bytes out(kSize, 0);
  put64(&out[0], ns.blocks());
  put64(&out[8], ns.blocks());
  put64(&out[16], ns.blocks());
  out[30] = ns.config().shared ? 1 : 0;  // NMIC
  out[31] = 0x7E;                        // RESCAP: every type of reservation
  put16(&out[74], kCopyRangeBlocks);     // MSSRL
  put32(&out[76], kCopyBlocks);          // MCL
  out[80] = kCopyRanges - 1;             // MSRC
  put32(&out[92], ana_group(subsystem, ns));
  out[99] = ns.is_read_only() ? 1 : 0;
  std::copy(ns.nguid().begin(), ns.nguid().end(), out.begin() + 104);
  std::copy(ns.eui64().begin(), ns.eui64().end(), out.begin() + 120);
  out[130] = log2_of(ns.lba());
  return out;
}

Bytes independent_namespace(const Subsystem& subsystem, const Namespace& ns) {
  Bytes out(kSize, 0);
  out[1] = ns.config().shared ? 1 : 0;  // NMIC
  out[2] = 0x7E;                        // RESCAP
  put32(&out[4], ana_group(subsystem, ns));
  out[8] = ns.is_read_only() ? 1 : 0;
  out[14] = 1;  // NSTAT: ready
  return out;
}

/// NSIDs in rising order, as many as fit: those that `listed` picks of the ones after `after`.
template <typename Listed>
Bytes namespace_list(const Subsystem& subsystem, std::uint32_t after, Listed listed) {
  Bytes out(kSize, 0);
  std::size_t at = 0;
  for (auto it = subsystem.namespaces.upper_bound(after); it != subsystem.namespaces.end() && at < kSize; ++it) {
    if (!listed(it->second)) continue;
    put32(&out[at], it->first);
    at += 4;
  }
  return out;
}

/// CNTLIDs from `least` up, with their number before them.
template <typename Listed>
Bytes controller_list(const Engine& engine, const Subsystem& subsystem, std::uint16_t least, Listed listed) {
  constexpr std::size_t kMost = 2047;
  std::set<std::uint16_t> ids;
  for (const auto& [key, controller] : engine.controllers()) {
    if (controller->subsystem == &subsystem && controller->cntlid >= least && listed(controller->cntlid)) {
      ids.insert(controller->cntlid);
    }
  }
  Bytes out(kSize, 0);
  std::size_t count = 0;
  for (const std::uint16_t id : ids) {
    if (count == kMost) break;
    put16(&out[2 * ++count], id);
  }
  put16(out.data(), static_cast<std::uint16_t>(count));
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

/// `all` finds namespaces that are allocated, whoever they are attached to (CNS 11h).
Reply of_namespace(const Engine& engine, const Controller& controller, std::uint8_t cns, std::uint32_t nsid, bool all) {
  const Subsystem& subsystem = *controller.subsystem;
  const auto it = subsystem.namespaces.find(nsid);
  if (it == subsystem.namespaces.end() || (!all && look_up(engine.model(), controller, nsid).ns == nullptr)) {
    // CNS 00h for an unused but valid id is a structure of zeroes; descriptors and CNS 08h need a namespace.
    const bool valid = nsid != 0 && !subsystem.namespaces.empty() && nsid <= subsystem.namespaces.rbegin()->first;
    if (valid && (cns == 0x00 || cns == 0x08 || cns == 0x11)) return Reply::with(Bytes(kSize, 0));
    return Reply::refuse(status::kInvalidNamespace);
  }
  if (cns == 0x00 || cns == 0x11) return Reply::with(identify_namespace(subsystem, it->second));
  if (cns == 0x03) return Reply::with(descriptors(it->second));
  if (cns == 0x08) return Reply::with(independent_namespace(subsystem, it->second));
  return Reply::with(Bytes(kSize, 0));  // CNS 05h for the NVM command set: nothing beyond the defaults
}

}  // namespace

std::uint32_t supported_events(const Controller& controller) {
  if (controller.is_discovery()) return 1U << 31;
  return (1U << 8) | (controller.subsystem->config.ana ? 1U << 11 : 0U);
}

Reply identify(Engine& engine, const Queue& queue, const Sqe& sqe) {
  if (sqe.sgl_length() != kSize) return Reply::refuse(status::kSglLength);
  const Controller& controller = *queue.controller;
  const auto cns = static_cast<std::uint8_t>(sqe.cdw(10) & 0xFF);
  const auto cntid = static_cast<std::uint16_t>(sqe.cdw(10) >> 16);
  const auto csi = static_cast<std::uint8_t>(sqe.cdw(11) >> 24);
  if (cns == 0x01) {
    Bytes out = identify_controller(engine, controller);
    lie(engine, queue, sqe, out);
    return Reply::with(std::move(out));
  }
  if (controller.is_discovery()) return Reply::refuse(status::kInvalidField);
  const Subsystem& subsystem = *controller.subsystem;
  const bool of_nvm = csi == 0;
  const auto seen = [&](const Namespace& ns) { return is_visible(ns, controller); };
  const auto any = [](const auto&) { return true; };
  switch (cns) {
    case 0x07:  // active, of a command set
    case 0x02:
      if (cns == 0x07 && !of_nvm) return Reply::refuse(status::kInvalidField);
      if (sqe.nsid() >= 0xFFFFFFFE) return Reply::refuse(status::kInvalidNamespace);
      return Reply::with(namespace_list(subsystem, sqe.nsid(), seen));
    case 0x10:  // allocated
    case 0x1A:
      if (cns == 0x1A && !of_nvm) return Reply::refuse(status::kInvalidField);
      if (sqe.nsid() >= 0xFFFFFFFE) return Reply::refuse(status::kInvalidNamespace);
      return Reply::with(namespace_list(subsystem, sqe.nsid(), any));
    case 0x06: {
      if (!of_nvm) return Reply::refuse(status::kInvalidField);
      Bytes out(kSize, 0);
      out[2] = kWusl;
      return Reply::with(std::move(out));
    }
    case 0x12: {  // controllers a namespace is attached to
      const auto it = subsystem.namespaces.find(sqe.nsid());
      if (it == subsystem.namespaces.end()) return Reply::refuse(status::kInvalidNamespace);
      return Reply::with(
          controller_list(engine, subsystem, cntid, [&](std::uint16_t id) { return it->second.attached_to(id); }));
    }
    case 0x13:
      return Reply::with(controller_list(engine, subsystem, cntid, any));
    case 0x1C: {  // I/O command set combinations: the NVM command set alone
      Bytes out(kSize, 0);
      out[0] = 1;
      return Reply::with(std::move(out));
    }
    case 0x05:
      if (!of_nvm) return Reply::refuse(status::kInvalidField);
      return of_namespace(engine, controller, cns, sqe.nsid(), false);
    case 0x11:
      return of_namespace(engine, controller, cns, sqe.nsid(), true);
    case 0x00:
    case 0x03:
    case 0x08:
      return of_namespace(engine, controller, cns, sqe.nsid(), false);
    default:
      return Reply::refuse(status::kInvalidField);
  }
}

}  // namespace stas::target
