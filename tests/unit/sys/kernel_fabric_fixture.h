// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the kernel fabric (kernel_fabric*_test.cpp) have in common: a fabric over a fake root, whose writer
// of /dev/nvme-fabrics is as slow as the test likes, the orders it is given, and the events and answers that came.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "libstas/sys/fabric/kernel/kernel_fabric.h"
#include "tests/unit/sys/kernel_fake_root.h"
#include "tests/unit/sys/kernel_loop.h"

namespace stas::test {

// The writer of /dev/nvme-fabrics, as slow as the test likes. Shared with worker threads that may outlive the test
// body.
struct FakeWriter {
  std::mutex mutex;
  std::condition_variable changed;
  unsigned inside = 0, most = 0;
  bool held = false;
  std::vector<OpId> order;
  Result<std::string> answer = fail(ErrorKind::io, "not set");

  Result<std::string> write(const Connect& connect) {
    std::unique_lock lock(mutex);
    order.push_back(connect.op);
    most = std::max(most, ++inside);
    changed.notify_all();
    changed.wait(lock, [&] { return !held; });
    --inside;
    return answer;
  }
  void hold(bool on) {
    const std::lock_guard lock(mutex);
    held = on;
    changed.notify_all();
  }
  std::size_t writes() {
    const std::lock_guard lock(mutex);
    return order.size();
  }
};

class KernelFabricTest : public ::testing::Test {
 protected:
  ~KernelFabricTest() override { writer_->hold(false); }

  KernelFabric& fabric() {
    if (fabric_) return *fabric_;
    KernelCalls calls = calls_;
    calls.connect = [writer = writer_](const Connect& connect) { return writer->write(connect); };
    calls.supported_options = [] { return SupportedOptions::parse("transport=%s,nqn=%s,discovery,host_iface=%s"); };
    fabric_ = std::make_unique<KernelFabric>(loop_, KindOfInterest(), root_.paths(), limits_, calls);
    const auto started = fabric_->start([this](Event event) { events_.push_back(std::move(event)); });
    EXPECT_TRUE(started) << started.error().text;
    EXPECT_TRUE(events_.empty()) << "called from inside start()";
    return *fabric_;
  }

  Connect order(OpId op, const std::string& port, Reason reason = Reason::configured) {
    TidFields fields{Transport::tcp, "127.0.0.1", port, "nqn.2014-08.org.example:sub", "", "", "nqn.host"};
    Connect connect{
        .op = op, .tid = Tid(fields), .kind = ControllerKind::io, .options = {}, .host = {}, .reason = reason};
    connect.host.nqn = "nqn.host";
    connect.host.id = "2cd2c43b-a90a-45c1-a8cd-86b33ab273b5";
    return connect;
  }

  const OpResult* answer(OpId op) const {
    for (const auto& event : events_) {
      if (const auto* done = std::get_if<OpDone>(&event); done != nullptr && done->op == op) return &done->result;
    }
    return nullptr;
  }
  std::size_t answers() const {
    std::size_t n = 0;
    for (const auto& event : events_) n += std::holds_alternative<OpDone>(event) ? 1 : 0;
    return n;
  }
  // Waits for the answer to `op`.
  OpResult result(OpId op) {
    EXPECT_TRUE(run_until(loop_, [&] { return answer(op) != nullptr; })) << "no answer to " << op;
    return answer(op) != nullptr ? *answer(op) : OpResult(Error{});
  }
  static ErrorKind kind(const OpResult& result) {
    const auto* error = std::get_if<Error>(&result);
    EXPECT_NE(error, nullptr);
    return error != nullptr ? error->kind : ErrorKind::io;
  }
  DeviceRef ref(const std::string& name) { return read_device(root_.paths(), name)->ref; }

  FakeRoot root_;
  Loop loop_;
  std::vector<Event> events_;
  KernelLimits limits_;
  KernelCalls calls_;
  std::shared_ptr<FakeWriter> writer_ = std::make_shared<FakeWriter>();
  std::unique_ptr<KernelFabric> fabric_;
};

}  // namespace stas::test
