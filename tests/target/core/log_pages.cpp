// SPDX-License-Identifier: Apache-2.0
//
// Get Log Page: any dword-aligned piece of any page we have. Reading with RAE = 0 rearms the event that points to a
// page.
#include <algorithm>
#include <limits>

#include "tests/target/core/commands.h"

namespace stas::target {
namespace {

struct Request {
  std::uint8_t lid;
  std::uint8_t lsp;
  bool retain_event;
  std::uint64_t length;
  std::uint64_t offset;
};

Request parse(const Sqe& sqe) {
  Request request{};
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

/// LID 00h: a dword per page; bit 0 supported, LID-specific bits from 16 up.
Bytes supported_pages(const Engine& engine, const Controller& controller) {
  Bytes page(1024, 0);
  const auto mark = [&page](std::uint8_t lid, std::uint32_t specific = 0) {
    put32(&page[lid * std::size_t{4}], (specific << 16) | 1);
  };
  mark(log_id::kSupported);
  if (controller.is_discovery()) {
    mark(log_id::kDiscovery, supported_lsp(engine.model().discovery));
  } else {
    for (const auto lid : {log_id::kError, log_id::kSmart, log_id::kFirmware, log_id::kChangedNs, log_id::kEffects}) {
      mark(lid);
    }
  }
  return page;
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
  for (const auto code : {opcode::kFlush, opcode::kRead, opcode::kCompare}) {
    put32(&page[1024 + code * std::size_t{4}], kSupported);
  }
  for (const auto code : {opcode::kWrite, opcode::kWriteZeroes, opcode::kDatasetManagement}) {
    put32(&page[1024 + code * std::size_t{4}], kSupported | kChangesData);
  }
  return page;
}

Reply discovery_page(Engine& engine, const Queue& queue, const Sqe& sqe, const Request& request) {
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

std::optional<Bytes> plain_page(const Engine& engine, Controller& controller, const Request& request) {
  if (request.lid == log_id::kSupported) {
    if (controller.is_discovery() && !engine.model().discovery.supported_log_pages) return std::nullopt;
    return supported_pages(engine, controller);
  }
  if (controller.is_discovery()) return std::nullopt;
  switch (request.lid) {
    case log_id::kError:
      return Bytes(std::size_t{64} * 64, 0);
    case log_id::kSmart:
      return smart_page();
    case log_id::kFirmware:
      return firmware_page(controller);
    case log_id::kChangedNs:
      return changed_namespaces(controller, request.retain_event);
    case log_id::kEffects:
      return effects_page();
    default:
      return std::nullopt;
  }
}

}  // namespace

Reply get_log_page(Engine& engine, const Queue& queue, const Sqe& sqe) {
  const Request request = parse(sqe);
  Controller& controller = *queue.controller;
  ++engine.stats().log_reads[request.lid];
  if (request.length > kMaxTransfer || request.offset % 4 != 0) return Reply::refuse(status::kInvalidField);
  if (sqe.sgl_length() != request.length) return Reply::refuse(status::kSglLength);
  if (request.lid == log_id::kDiscovery && controller.is_discovery()) {
    return discovery_page(engine, queue, sqe, request);
  }
  auto page = plain_page(engine, controller, request);
  if (!page) return Reply::refuse(status::kInvalidLogPage);
  if (request.offset > page->size()) return Reply::refuse(status::kInvalidField);
  if (!request.retain_event) controller.events.rearm(request.lid);
  Bytes data(request.length, 0);
  const auto from = static_cast<std::size_t>(request.offset);
  std::copy_n(page->begin() + static_cast<std::ptrdiff_t>(from), std::min(data.size(), page->size() - from),
              data.begin());
  return Reply::with(std::move(data));
}

}  // namespace stas::target
