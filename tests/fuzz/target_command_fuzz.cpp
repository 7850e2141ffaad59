// SPDX-License-Identifier: Apache-2.0
//
// Commands of a host to the bundled target's core, without PDUs: an admin and an I/O queue of a subsystem and one of
// the discovery service, brought up, then whatever the input says. A record is 32 bytes (queue and flags, opcode, NSID
// or FCTYPE, milliseconds to pass, CDW10 to 15, length) and its data. Each command is answered at most once, no answer
// carries more than was asked for, and none carries data with an error.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>

#include "tests/target/control/config_json.h"
#include "tests/target/transport/loop_queue.h"

namespace {

using namespace stas::target;

constexpr std::size_t kRecord = 32, kMaxCommands = 64, kMaxData = 8192;
constexpr const char* kOne = "nqn.2024-01.org.example:one";

void require(bool holds) {
  if (!holds) std::abort();
}

struct Host {
  LoopQueue queue;
  std::array<std::uint32_t, 65536> asked{};
  std::set<std::uint16_t> open;
  std::uint16_t cid = 0;

  explicit Host(Engine& engine) : queue(engine, 1) {}

  void take() {
    while (const auto done = queue.take()) {
      const std::uint16_t answered = get16(&done->cqe[12]);
      require(open.erase(answered) == 1);
      require(done->data.size() <= asked[answered]);
      require(done->data.empty() || (get16(&done->cqe[14]) >> 1) == 0);
    }
  }
  void submit(std::array<std::uint8_t, 64> sqe, Bytes data, Instant now) {
    if (queue.is_closed()) return;
    put16(&sqe[2], ++cid);
    asked[cid] = get32(&sqe[32]);
    open.insert(cid);
    queue.submit(sqe, std::move(data), now);
    take();
  }
  void connect(const std::string& subnqn, std::uint16_t qid, std::uint16_t cntlid, Instant now) {
    std::array<std::uint8_t, 64> sqe{};
    sqe[0] = 0x7F;
    sqe[1] = 0x40;
    sqe[4] = 0x01;
    put32(&sqe[32], 1024);
    sqe[39] = 0x01;
    put16(&sqe[42], qid);
    put16(&sqe[44], 31);
    put32(&sqe[48], 120000);
    Bytes data(1024, 0);
    data[0] = 1;
    put16(&data[16], cntlid);
    put_text(&data[256], 256, subnqn);
    put_text(&data[512], 256, "nqn.2024-01.org.example:host");
    submit(sqe, std::move(data), now);
    if (qid != 0) return;
    std::array<std::uint8_t, 64> enable{};
    enable[0] = 0x7F;
    enable[1] = 0x40;
    put32(&enable[44], 0x14);
    put32(&enable[48], 0x00460001);
    submit(enable, {}, now);
  }
};

std::unique_ptr<Engine> make_engine() {
  auto config = parse_config(R"({"listeners": [{"id": 1, "transport": "loop"}], "discovery": {"dctype": "cdc"},
    "subsystems": [{"nqn": "nqn.2024-01.org.example:one", "ana": true, "namespaces": [
      {"ram": "64KiB"}, {"null": "64KiB", "lba": 4096}, {"ram": "64KiB", "read_only": true}]}]})");
  require(config.has_value());
  auto engine = std::make_unique<Engine>();
  require(engine->set_discovery(config->discovery) &&
          engine->add_listener({.config = config->listeners[0], .adrfam = 254}) &&
          engine->add_subsystem(config->subsystems[0]));
  return engine;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto engine = make_engine();
  Instant now{};
  std::array<Host, 3> hosts{Host(*engine), Host(*engine), Host(*engine)};
  hosts[0].connect(kOne, 0, 0xFFFF, now);
  hosts[1].connect(kOne, 1, 1, now);
  hosts[2].connect("nqn.2014-08.org.nvmexpress.discovery", 0, 0xFFFF, now);
  for (std::size_t count = 0; size >= kRecord && count < kMaxCommands; ++count) {
    const std::uint8_t* record = data;
    const bool writes = (record[0] & 4) != 0;
    const std::size_t length =
        std::min<std::size_t>(get16(record + 28) * ((record[0] & 8) != 0 ? std::size_t{512} : 1), kMaxData);
    const std::size_t inside = writes ? std::min(length, size - kRecord) : 0;
    std::array<std::uint8_t, 64> sqe{};
    sqe[0] = record[1];
    sqe[1] = 0x40;
    put32(&sqe[4], record[2] == 255 ? 0xFFFFFFFF : record[2]);
    put32(&sqe[32], static_cast<std::uint32_t>(length));
    sqe[39] = (record[0] & 16) != 0 ? 0x5A : 0x01;
    std::copy_n(record + 4, 24, &sqe[40]);
    Bytes payload(record + kRecord, record + kRecord + inside);
    payload.resize(writes ? length : 0, 0);
    hosts[record[0] % 3].submit(sqe, std::move(payload), now);
    now += Millis(record[3]);
    engine->advance(now);
    for (Host& host : hosts) host.take();
    data += kRecord + inside;
    size -= kRecord + inside;
  }
  return 0;
}
