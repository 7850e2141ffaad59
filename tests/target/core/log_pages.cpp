// SPDX-License-Identifier: Apache-2.0
//
// Get Log Page: any dword-aligned piece of any page we have. Reading with RAE = 0 rearms the event that points to a
// page.
#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <vector>

#include "tests/target/core/commands.h"
#include "tests/target/core/visibility.h"

namespace stas::target {
namespace {

struct PageRead {
  std::uint8_t lid;
  std::uint8_t lsp;
  bool retain_event;
  std::uint64_t length;
  std::uint64_t offset;
};

PageRead parse(const Sqe& sqe) {
  PageRead request{};
  request.lid = static_cast<std::uint8_t>(sqe.cdw(10) & 0xFF);
  request.lsp = static_cast<std::uint8_t>((sqe.cdw(10) >> 8) & 0x7F);
  request.retain_event = (sqe.cdw(10) & 0x8000) != 0;
  const std::uint64_t dwords = ((static_cast<std::uint64_t>(sqe.cdw(11)) & 0xFFFF) << 16) | (sqe.cdw(10) >> 16);
  request.length = (dwords + 1) * 4;
  request.offset = sqe.qword(12);
  return request;
}

std::uint8_t supported_lsp(const DiscoveryConfig& config) {
  return static_cast<std::uint8_t>((config.extdlpe ? kExtdlpe : 0) | (config.pleo ? kPleo : 0) |
                                   (config.allsube ? kAllsube : 0));
}

Bytes smart_page() {
  Bytes page(512, 0);
  put16(&page[1], 300);  // kelvin
  page[3] = 100;         // available spare
  page[4] = 10;          // its threshold
  return page;
}

Bytes firmware_page(const Controller& controller) {
  Bytes page(512, 0);
  page[0] = 1;
  put_text(&page[8], 8, controller.subsystem->config.firmware, ' ');
  return page;
}

/// Log page 0Ch (NVMe base, Asymmetric Namespace Access): a group per descriptor, with its visible namespaces unless
/// only groups were asked for.
Bytes ana_page(const Engine& engine, Controller& controller, const PageRead& request) {
  constexpr std::size_t kHead = 16, kDescriptor = 32;
  constexpr std::uint8_t kGroupsOnly = 1;
  const Subsystem& subsystem = *controller.subsystem;
  std::map<std::uint32_t, std::vector<std::uint32_t>> groups;
  for (const Sight& sight : visible(engine.model(), controller)) {
    groups[sight.ns->config().ana_group].push_back(sight.ns->nsid());
  }
  Bytes page(kHead, 0);
  put64(page.data(), subsystem.ana_changes);
  put16(&page[8], static_cast<std::uint16_t>(groups.size()));
  for (const auto& [group, members] : groups) {
    const bool listed = (request.lsp & kGroupsOnly) == 0;
    const std::size_t at = page.size();
    page.resize(at + kDescriptor + (listed ? members.size() * 4 : 0), 0);
    put32(&page[at], group);
    put32(&page[at + 4], listed ? static_cast<std::uint32_t>(members.size()) : 0);
    put64(&page[at + 8], subsystem.ana_changes);
    page[at + 16] = static_cast<std::uint8_t>(ana_state(engine.model(), subsystem, controller.origin.listener, group));
    for (std::size_t i = 0; listed && i < members.size(); ++i) put32(&page[at + kDescriptor + i * 4], members[i]);
  }
  return page;
}

/// The list is handed over: reading it is what empties it, unless the event is retained.
Bytes changed_namespaces(Controller& controller, bool retain) {
  Bytes page(4096, 0);
  if (controller.changed_namespaces.size() > kMaxChangedNamespaces) {
    put32(page.data(), 0xFFFFFFFF);
  } else {
    std::size_t at = 0;
    for (const auto nsid : controller.changed_namespaces) {
      put32(&page[at], nsid);
      at += 4;
    }
  }
  if (!retain) controller.changed_namespaces.clear();
  return page;
}

Bytes effects_page() {
  Bytes page(4096, 0);
  constexpr std::uint32_t kSupported = 1, kChangesData = 2;
  for (const auto code : {opcode::kGetLogPage, opcode::kIdentify, opcode::kAbort, opcode::kSetFeatures,
                          opcode::kGetFeatures, opcode::kAsyncEvent, opcode::kKeepAlive}) {
    put32(&page[code * std::size_t{4}], kSupported);
  }
  for (const auto code : {opcode::kFlush, opcode::kRead, opcode::kCompare, opcode::kVerify}) {
    put32(&page[1024 + code * std::size_t{4}], kSupported);
  }
  for (const auto code :
       {opcode::kWrite, opcode::kWriteUncorrectable, opcode::kWriteZeroes, opcode::kDatasetManagement, opcode::kCopy}) {
    put32(&page[1024 + code * std::size_t{4}], kSupported | kChangesData);
  }
  return page;
}

Reply discovery_page(Engine& engine, const Queue& queue, const Sqe& sqe, const PageRead& request) {
  Controller& controller = *queue.controller;
  const Model& model = engine.model();
  const auto lsp = static_cast<std::uint8_t>(request.lsp & supported_lsp(model.discovery));
  if (!controller.page.is_current(model, lsp)) {
    controller.page = DiscoveryPage(model, controller.hostnqn, controller.origin, lsp);
  }
  if (!request.retain_event) controller.events.rearm(log_id::kDiscovery);
  Bytes data = controller.page.render(model, controller.origin, request.offset, request.length);
  constexpr std::uint64_t kNumrec = 8;
  if (request.offset <= kNumrec && request.offset + request.length >= kNumrec + 8) {
    if (const auto fault = engine.faults().strike(FaultKind::wrong_numrec, engine.occasion(queue, sqe))) {
      put64(&data[kNumrec - request.offset], fault->value);
    }
  }
  return Reply::with(std::move(data));
}

using MakePage = Bytes (*)(const Engine&, Controller&, const PageRead&);

struct Page {
  std::uint8_t lid;
  bool discovery;  ///< of a discovery controller, else of an I/O controller
  MakePage make;   ///< null: the discovery log page, which is made piece by piece
};

Bytes supported_pages(const Engine& engine, Controller& controller, const PageRead& request);

/// Every page there is; LID 00h lists this table.
constexpr std::array<Page, 11> kPages{{
    {log_id::kSupported, true, supported_pages},
    {log_id::kDiscovery, true, nullptr},
    {log_id::kSupported, false, supported_pages},
    {log_id::kError, false, [](const Engine&, Controller& c, const PageRead&) { return c.errors.page(); }},
    {log_id::kSmart, false, [](const Engine&, Controller&, const PageRead&) { return smart_page(); }},
    {log_id::kFirmware, false, [](const Engine&, Controller& c, const PageRead&) { return firmware_page(c); }},
    {log_id::kChangedNs, false,
     [](const Engine&, Controller& c, const PageRead& r) { return changed_namespaces(c, r.retain_event); }},
    {log_id::kEffects, false, [](const Engine&, Controller&, const PageRead&) { return effects_page(); }},
    {log_id::kAna, false, ana_page},
    {log_id::kFeatureEffects, false, [](const Engine&, Controller&, const PageRead&) { return feature_effects(); }},
    {log_id::kReservation, false, [](const Engine&, Controller& c, const PageRead&) { return c.take_notification(); }},
}};

bool has(const Engine& engine, const Controller& controller, const Page& page) {
  if (page.discovery != controller.is_discovery()) return false;
  if (page.lid == log_id::kSupported && page.discovery) return engine.model().discovery.supported_log_pages;
  return page.lid != log_id::kAna || controller.subsystem->config.ana;
}

/// LID 00h: a dword per page; bit 0 supported, LID-specific bits from 16 up.
Bytes supported_pages(const Engine& engine, Controller& controller, const PageRead& /*request*/) {
  Bytes out(1024, 0);
  for (const Page& page : kPages) {
    if (!has(engine, controller, page)) continue;
    const std::uint32_t specific = page.lid == log_id::kDiscovery ? supported_lsp(engine.model().discovery) : 0;
    put32(&out[page.lid * std::size_t{4}], (specific << 16) | 1);
  }
  return out;
}

const Page* find_page(const Engine& engine, const Controller& controller, std::uint8_t lid) {
  const auto it = std::find_if(kPages.begin(), kPages.end(),
                               [&](const Page& page) { return page.lid == lid && has(engine, controller, page); });
  return it == kPages.end() ? nullptr : it;
}

}  // namespace

Reply get_log_page(Engine& engine, const Queue& queue, const Sqe& sqe) {
  const PageRead request = parse(sqe);
  Controller& controller = *queue.controller;
  ++engine.stats().log_reads[request.lid];
  if (request.length > kMaxTransfer || request.offset % 4 != 0) return Reply::refuse(status::kInvalidField);
  if (sqe.sgl_length() != request.length) return Reply::refuse(status::kSglLength);
  const Page* kind = find_page(engine, controller, request.lid);
  if (kind == nullptr) return Reply::refuse(status::kInvalidLogPage);
  if (kind->make == nullptr) return discovery_page(engine, queue, sqe, request);
  const Bytes page = kind->make(engine, controller, request);
  if (request.offset > page.size()) return Reply::refuse(status::kInvalidField);
  if (!request.retain_event) controller.events.rearm(request.lid);
  Bytes data(request.length, 0);
  const auto from = static_cast<std::size_t>(request.offset);
  std::copy_n(page.begin() + static_cast<std::ptrdiff_t>(from), std::min(data.size(), page.size() - from),
              data.begin());
  return Reply::with(std::move(data));
}

}  // namespace stas::target
