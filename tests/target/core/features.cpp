// SPDX-License-Identifier: Apache-2.0
//
// Set and Get Features with current, default and saved values, from one table; log page 12h is made of it as well. A
// discovery controller knows asynchronous events and keep-alive only.
#include <algorithm>
#include <array>

#include "tests/target/core/commands.h"
#include "tests/target/core/visibility.h"

namespace stas::target {
namespace {

struct Feature {
  std::uint8_t fid;
  std::uint32_t initial;  ///< default value of a plain one
  bool plain;             ///< just remembered: a value of 32 bits that changes nothing here
  bool saveable;
  bool changeable = true;
  bool of_namespace = false;
  bool discovery = false;  ///< a discovery controller has it, too
};

constexpr std::array<Feature, 17> kFeatures{{
    {.fid = 0x01, .initial = 0, .plain = true, .saveable = true},       // arbitration
    {.fid = 0x02, .initial = 0, .plain = true, .saveable = true},       // power management
    {.fid = 0x04, .initial = 0x0157, .plain = true, .saveable = true},  // temperature threshold: 343 K
    {.fid = 0x05, .initial = 0, .plain = true, .saveable = true},       // error recovery
    {.fid = feature::kVolatileWriteCache, .initial = 1, .plain = true, .saveable = true},
    {.fid = feature::kNumberOfQueues, .initial = 0, .plain = false, .saveable = false},
    {.fid = 0x08, .initial = 0, .plain = true, .saveable = false},  // interrupt coalescing
    {.fid = 0x09, .initial = 0, .plain = true, .saveable = false},  // interrupt vector
    {.fid = 0x0A, .initial = 0, .plain = true, .saveable = true},   // write atomicity
    {.fid = feature::kAsyncEvents, .initial = 0, .plain = false, .saveable = false, .discovery = true},
    {.fid = feature::kTimestamp, .initial = 0, .plain = false, .saveable = false},
    {.fid = feature::kKeepAlive, .initial = 0, .plain = false, .saveable = false, .discovery = true},
    {.fid = feature::kHostBehavior, .initial = 0, .plain = false, .saveable = false},
    {.fid = feature::kHostId, .initial = 0, .plain = false, .saveable = false, .changeable = false},
    {.fid = feature::kReservationMask, .initial = 0, .plain = false, .saveable = false, .of_namespace = true},
    {.fid = feature::kReservationPersistence, .initial = 0, .plain = false, .saveable = false, .of_namespace = true},
    {.fid = feature::kWriteProtection, .initial = 0, .plain = false, .saveable = false, .of_namespace = true},
}};

const Feature* find(const Controller& controller, std::uint8_t fid) {
  const auto it =
      std::find_if(kFeatures.begin(), kFeatures.end(), [fid](const Feature& feature) { return feature.fid == fid; });
  if (it == kFeatures.end() || (controller.is_discovery() && !it->discovery)) return nullptr;
  return it;
}

std::uint32_t queues_granted(const Controller& controller) {
  const std::uint32_t limit = controller.subsystem->config.max_io_queues;
  return controller.granted_queues != 0 ? controller.granted_queues : limit;
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

/// Write Protection State (NVMe base, feature 84h): once permanent it stays.
Reply set_write_protection(Engine& engine, Controller& controller, std::uint32_t nsid, std::uint32_t value) {
  constexpr std::uint8_t kPermanent = 3;
  const Sight sight = look_up(engine.model(), controller, nsid);
  if (sight.ns == nullptr) return Reply::refuse(status::kInvalidNamespace);
  if ((value & 7) > kPermanent) return Reply::refuse(status::kInvalidField);
  if (sight.ns->write_protection == kPermanent) return Reply::refuse(status::kNotChangeable);
  sight.ns->write_protection = static_cast<std::uint8_t>(value & 7);
  engine.namespaces_changed(*controller.subsystem, nsid, &controller);
  return Reply::ok();
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

Reply set_plain(Controller& controller, const Feature& feature, std::uint32_t value, bool save) {
  controller.features[feature.fid] = value;
  if (save) controller.subsystem->saved_features[feature.fid] = value;
  return Reply::ok();
}

std::uint32_t value_in(const FeatureValues& values, const Feature& feature) {
  const auto it = values.find(feature.fid);
  return it == values.end() ? feature.initial : it->second;
}

Reply get_current(const Controller& controller, const Feature& feature, const Sqe& sqe) {
  switch (feature.fid) {
    case feature::kAsyncEvents:
      return Reply::ok(controller.events.enabled());
    case feature::kKeepAlive:
      return Reply::ok(controller.kato_ms);
    case feature::kNumberOfQueues: {
      const std::uint32_t last = queues_granted(controller) - 1;
      return Reply::ok((last << 16) | last);
    }
    case feature::kTimestamp:
      return load(controller.timestamp, sqe);
    case feature::kHostBehavior:
      return load(controller.host_behavior, sqe);
    case feature::kHostId:
      if ((sqe.cdw(11) & 1) == 0) return Reply::refuse(status::kInvalidField);  // 128 bits in fabrics
      return load(controller.hostid, sqe);
    case feature::kWriteProtection:
    case feature::kReservationMask:
    case feature::kReservationPersistence: {
      const auto it = controller.subsystem->namespaces.find(sqe.nsid());
      if (it == controller.subsystem->namespaces.end() || !is_visible(it->second, controller)) {
        return Reply::refuse(status::kInvalidNamespace);
      }
      if (feature.fid == feature::kWriteProtection) return Reply::ok(it->second.write_protection);
      if (feature.fid == feature::kReservationPersistence) return Reply::ok(0);
      const auto mask = controller.reservation_masks.find(sqe.nsid());
      return Reply::ok(mask == controller.reservation_masks.end() ? 0 : mask->second);
    }
    default:
      return Reply::ok(value_in(controller.features, feature));
  }
}

}  // namespace

Reply set_features(Engine& engine, Controller& controller, const Sqe& sqe, View data) {
  const Feature* feature = find(controller, static_cast<std::uint8_t>(sqe.cdw(10) & 0xFF));
  const std::uint32_t value = sqe.cdw(11);
  const bool save = (sqe.cdw(10) & 0x80000000) != 0;
  if (feature == nullptr) return Reply::refuse(status::kInvalidField);
  if (!feature->changeable) return Reply::refuse(status::kSequenceError);
  if (save && !feature->saveable) return Reply::refuse(status::kNotSaveable);
  switch (feature->fid) {
    case feature::kAsyncEvents:
      return set_async_events(engine, controller, value);
    case feature::kKeepAlive:
      return set_keep_alive(engine, controller, value);
    case feature::kNumberOfQueues:
      return set_number_of_queues(controller, value);
    case feature::kTimestamp:
      return store(controller.timestamp, data);
    case feature::kHostBehavior:
      return store(controller.host_behavior, data);
    case feature::kWriteProtection:
      return set_write_protection(engine, controller, sqe.nsid(), value);
    case feature::kReservationMask:
      if (look_up(engine.model(), controller, sqe.nsid()).ns == nullptr) {
        return Reply::refuse(status::kInvalidNamespace);
      }
      controller.reservation_masks[sqe.nsid()] = value & 0xE;
      return Reply::ok();
    case feature::kReservationPersistence:
      return Reply::refuse(status::kInvalidField);  // reservations here do not outlive the target
    default:
      return set_plain(controller, *feature, value, save);
  }
}

Reply get_features(const Controller& controller, const Sqe& sqe) {
  enum Select : std::uint32_t { current = 0, initial = 1, saved = 2, capabilities = 3 };
  const Feature* feature = find(controller, static_cast<std::uint8_t>(sqe.cdw(10) & 0xFF));
  if (feature == nullptr) return Reply::refuse(status::kInvalidField);
  switch ((sqe.cdw(10) >> 8) & 7) {
    case Select::current:
      return get_current(controller, *feature, sqe);
    case Select::initial:
      if (feature->plain) return Reply::ok(feature->initial);
      return feature->fid == feature::kNumberOfQueues
                 ? Reply::ok((controller.subsystem->config.max_io_queues - 1U) * 0x10001U)
                 : Reply::ok(0);
    case Select::saved:
      if (!feature->plain) return Reply::ok(0);
      return Reply::ok(value_in(controller.subsystem->saved_features, *feature));
    case Select::capabilities:
      return Reply::ok((feature->saveable ? 1U : 0U) | (feature->of_namespace ? 2U : 0U) |
                       (feature->changeable ? 4U : 0U));
    default:
      return Reply::refuse(status::kInvalidField);
  }
}

/// A dword per feature: bit 0 supported, bit 2 changes namespace capabilities, bit 20 namespace scope, 21 controller.
Bytes feature_effects() {
  Bytes page(1024, 0);
  for (const Feature& feature : kFeatures) {
    const std::uint32_t scope = feature.of_namespace ? 1U << 20 : 1U << 21;
    put32(&page[feature.fid * std::size_t{4}], scope | 1);
  }
  return page;
}

}  // namespace stas::target
