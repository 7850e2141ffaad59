// SPDX-License-Identifier: Apache-2.0
//
// Set and Get Features. A discovery controller knows asynchronous events and keep-alive only.
#include "tests/target/core/commands.h"

#include <algorithm>

namespace stas::target {
namespace {

/// Features an I/O controller just remembers: arbitration, power, temperature, error recovery, interrupts, atomicity.
bool is_plain(std::uint8_t fid) {
  constexpr std::uint8_t kPlain[] = {0x01, 0x02, 0x04, 0x05, feature::kVolatileWriteCache, 0x08, 0x09, 0x0A};
  return std::find(std::begin(kPlain), std::end(kPlain), fid) != std::end(kPlain);
}

Reply set_number_of_queues(Controller& controller, std::uint32_t wanted) {
  const std::uint32_t submission = wanted & 0xFFFF;
  const std::uint32_t completion = wanted >> 16;
  if (submission == 0xFFFF || completion == 0xFFFF) return Reply::refuse(status::kInvalidField);
  const std::uint32_t limit = controller.subsystem->config.max_io_queues;
  const std::uint32_t granted = std::min(std::min(submission, completion) + 1, limit);
  controller.granted_queues = static_cast<std::uint16_t>(granted);
  return Reply::ok(((granted - 1) << 16) | (granted - 1));
}

Reply set_async_events(Engine& engine, Controller& controller, std::uint32_t wanted) {
  if ((wanted & ~supported_events(controller)) != 0) return Reply::refuse(status::kInvalidField);
  controller.events.configure(wanted);
  engine.deliver_events(controller);
  return Reply::ok();
}

Reply set_keep_alive(Engine& engine, Controller& controller, std::uint32_t kato_ms) {
  const std::uint32_t kas = controller.is_discovery() ? engine.model().discovery.kas : controller.subsystem->config.kas;
  const std::uint64_t unit = kas * std::uint64_t{100};
  const std::uint64_t rounded = (kato_ms + unit - 1) / unit * unit;
  controller.kato_ms = static_cast<std::uint32_t>(std::min<std::uint64_t>(rounded, 0xFFFFFFFF));
  engine.arm_keep_alive(controller);
  return Reply::ok(controller.kato_ms);
}

template <std::size_t N>
Reply store(std::array<std::uint8_t, N>& to, View data) {
  if (data.size() < N) return Reply::refuse(status::kSglLength);
  std::copy_n(data.begin(), N, to.begin());
  return Reply::ok();
}

template <typename Range>
Reply load(const Range& from, const Sqe& sqe) {
  if (sqe.sgl_length() < from.size()) return Reply::refuse(status::kSglLength);
  return Reply::with(Bytes(from.begin(), from.end()));
}

}  // namespace

Reply set_features(Engine& engine, Controller& controller, const Sqe& sqe, View data) {
  const auto fid = static_cast<std::uint8_t>(sqe.cdw(10) & 0xFF);
  const std::uint32_t value = sqe.cdw(11);
  if (fid == feature::kAsyncEvents) return set_async_events(engine, controller, value);
  if (fid == feature::kKeepAlive) return set_keep_alive(engine, controller, value);
  if (controller.is_discovery()) return Reply::refuse(status::kInvalidField);
  if (fid == feature::kNumberOfQueues) return set_number_of_queues(controller, value);
  if (fid == feature::kTimestamp) return store(controller.timestamp, data);
  if (fid == feature::kHostBehavior) return store(controller.host_behavior, data);
  if (fid == feature::kHostId) return Reply::refuse(status::kSequenceError);
  if (!is_plain(fid)) return Reply::refuse(status::kInvalidField);
  controller.features[fid] = value;
  return Reply::ok();
}

Reply get_features(const Controller& controller, const Sqe& sqe) {
  const auto fid = static_cast<std::uint8_t>(sqe.cdw(10) & 0xFF);
  if (fid == feature::kAsyncEvents) return Reply::ok(controller.events.enabled());
  if (fid == feature::kKeepAlive) return Reply::ok(controller.kato_ms);
  if (controller.is_discovery()) return Reply::refuse(status::kInvalidField);
  if (fid == feature::kNumberOfQueues) {
    const std::uint32_t granted =
        controller.granted_queues != 0 ? controller.granted_queues : controller.subsystem->config.max_io_queues;
    return Reply::ok(((granted - 1) << 16) | (granted - 1));
  }
  if (fid == feature::kTimestamp) return load(controller.timestamp, sqe);
  if (fid == feature::kHostBehavior) return load(controller.host_behavior, sqe);
  if (fid == feature::kHostId) {
    if ((sqe.cdw(11) & 1) == 0) return Reply::refuse(status::kInvalidField);  // 128 bits in fabrics
    return load(controller.hostid, sqe);
  }
  if (!is_plain(fid)) return Reply::refuse(status::kInvalidField);
  const auto it = controller.features.find(fid);
  if (it != controller.features.end()) return Reply::ok(it->second);
  return Reply::ok(fid == feature::kVolatileWriteCache ? 1 : 0);
}

}  // namespace stas::target
