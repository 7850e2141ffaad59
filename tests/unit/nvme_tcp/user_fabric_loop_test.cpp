// SPDX-License-Identifier: Apache-2.0
//
// Transport loop: the user fabric calls a target in the same process and thread, no sockets.
#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "libstas/sys/fabric/user/user_fabric.h"
#include "libstas/sys/host/loop_link.h"
#include "tests/target/target.h"
#include "tests/target/transport/loop_queue.h"
#include "tests/unit/nvme_tcp/fabric_world.h"

namespace stas {
namespace {

constexpr std::uint16_t kListener = 1;

// The bundled target's core behind the product's interface. Completions are handed on by pump(), which the target's
// side calls after each command and the test after each change.
class EngineTargets : public LoopTargets {
 public:
  explicit EngineTargets(target::Engine& engine) : engine_(engine) {}

  Result<std::unique_ptr<LoopQueue>> open(const std::string& traddr, std::function<void()> closed) override {
    if (!traddr.empty()) return fail(ErrorKind::not_found, "there is no loop target " + traddr);
    auto queue = std::make_unique<EngineQueue>(*this, std::move(closed));
    queues_.push_back(queue.get());
    return queue;
  }

  void pump() {
    const auto queues = queues_;
    for (auto* queue : queues) queue->pump();
  }
  std::size_t open_queues() const { return queues_.size(); }

 private:
  class EngineQueue : public LoopQueue {
   public:
    EngineQueue(EngineTargets& owner, std::function<void()> closed)
        : owner_(owner), queue_(owner.engine_, kListener), closed_(std::move(closed)) {}
    ~EngineQueue() override { std::erase(owner_.queues_, this); }

    void submit(std::string_view sqe, std::string data_out, std::uint32_t, Done done) override {
      std::array<std::uint8_t, 64> entry{};
      std::copy(sqe.begin(), sqe.end(), entry.begin());
      waiting_[id_of(sqe, 2)] = std::move(done);
      queue_.submit(entry, target::Bytes(data_out.begin(), data_out.end()), std::chrono::steady_clock::now());
      pump();
    }

    void pump() {
      while (auto done = queue_.take()) {
        const std::string cqe(done->cqe.begin(), done->cqe.end());
        const auto node = waiting_.extract(id_of(cqe, 12));
        ASSERT_FALSE(node.empty());
        node.mapped()(cqe, std::string(done->data.begin(), done->data.end()));
      }
      if (queue_.is_closed()) closed_();
    }

   private:
    static unsigned id_of(std::string_view entry, std::size_t at) {
      return static_cast<unsigned char>(entry[at]) | static_cast<unsigned char>(entry[at + 1]) << 8;
    }
    EngineTargets& owner_;
    target::LoopQueue queue_;
    std::function<void()> closed_;
    std::map<unsigned, Done> waiting_;
  };

  target::Engine& engine_;
  std::vector<EngineQueue*> queues_;
};

struct LoopWorld {
  std::unique_ptr<target::Target> target;
  std::unique_ptr<EngineTargets> targets;
  std::unique_ptr<FabricWorld> world;

  LoopWorld() {
    auto made = target::Target::make(std::string_view(R"({"listeners": [{"id": 1, "transport": "loop"}],
      "subsystems": [{"nqn": "nqn.2024-01.org.example:io", "namespaces": [{"ram": "1MiB"}]}]})"));
    EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().text);
    target = std::move(*made);
    targets = std::make_unique<EngineTargets>(target->engine());
    UserFabricOptions options;
    options.loop_targets = targets.get();
    world = std::make_unique<FabricWorld>(options);
  }

  Connect loop_order(ControllerKind kind, const std::string& nqn) const {
    return with(order("", kind, nqn, ""), [](TidFields& f) { f.transport = Transport::loop; });
  }
};

TEST(UserFabricLoop, DiscoversAndHearsOfChanges) {
  LoopWorld w;
  const auto device = w.world->connected(w.loop_order(ControllerKind::discovery, std::string(kWellKnownDiscoveryNqn)));
  EXPECT_EQ(device.transport, "loop");
  const auto page = w.world->page(device);
  ASSERT_FALSE(page.entries.empty());
  EXPECT_EQ(page.entries[0].trtype, kDlpTrtypeLoop);
  w.target->engine().bump();
  w.targets->pump();
  EXPECT_TRUE(w.world->wait([&] { return w.world->aens == 1; }));
  EXPECT_EQ(w.world->page(device).genctr, page.genctr + 1);
}

TEST(UserFabricLoop, ConnectsAndDisconnectsAnIoController) {
  LoopWorld w;
  const auto connect = w.loop_order(ControllerKind::io, "nqn.2024-01.org.example:io");
  const auto device = w.world->connected(connect);
  EXPECT_EQ(device.cntrltype, "io");
  EXPECT_EQ(w.targets->open_queues(), 2U);
  EXPECT_TRUE(std::holds_alternative<Disconnected>(w.world->call(Disconnect{0, connect.tid, device.ref, {}})));
  EXPECT_EQ(w.targets->open_queues(), 0U);
}

TEST(UserFabricLoop, AClosedQueueIsALoss) {
  LoopWorld w;
  (void)w.world->connected(w.loop_order(ControllerKind::io, "nqn.2024-01.org.example:io"));
  w.target->engine().fail_controllers([](const target::Controller&) { return true; });
  w.targets->pump();
  EXPECT_TRUE(w.world->wait([&] { return w.world->heard("seen user0 connecting"); }));
}

TEST(UserFabricLoop, AnUnknownTargetIsAnError) {
  LoopWorld w;
  const auto connect = with(w.loop_order(ControllerKind::io, "nqn.2024-01.org.example:io"),
                            [](TidFields& f) { f.traddr = "elsewhere"; });
  EXPECT_EQ(w.world->refused(connect).kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace stas
