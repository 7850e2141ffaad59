// SPDX-License-Identifier: Apache-2.0
//
// What stafd costs: a long log page on its way from the wire to the bus (goal: 10,000 entries in less than 20 ms), and
// a day of its life, in which it must not grow. Numbers for reviews; they fail no build.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include <benchmark/benchmark.h>
#include <malloc.h>

#include "stafd/finder.h"
#include "stafd/page_book.h"

namespace stas {
namespace {

const std::string kHostNqn = "nqn.2014-08.org.nvmexpress:uuid:11111111-2222-3333-4444-555555555555";

std::shared_ptr<const HostIdentity> host() {
  auto identity = std::make_shared<HostIdentity>();
  identity->nqn = kHostNqn;
  identity->id = "11111111-2222-3333-4444-555555555555";
  return identity;
}

std::string address(int i) { return "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1); }

// Entries as a controller sends them; `version` is in the first one.
std::string page_bytes(std::uint64_t count, std::uint64_t version) {
  std::string bytes(count * kDlpeSize, '\0');
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto at = i * kDlpeSize;
    bytes[at] = 3;
    bytes[at + 1] = 1;
    bytes[at + 2] = 2;
    bytes.replace(at + 32, 4, "4420");
    const std::string nqn = "nqn.2024-01.com.example:array:" + std::to_string(i == 0 ? count + version : i / 4);
    bytes.replace(at + 256, nqn.size(), nqn);
    const std::string traddr = address(static_cast<int>(i % 60000));
    bytes.replace(at + 512, traddr.size(), traddr);
  }
  return bytes;
}

// A Finder with so many connected discovery controllers, whose operations all succeed at once.
class World {
 public:
  explicit World(int count) {
    auto config = std::make_shared<StafdConfig>();
    config->zeroconf_persistence = std::chrono::minutes(10);
    DevicesScanned scanned;
    for (int i = 0; i < count; ++i) {
      ControllerLine line;
      line.traddr = address(i);
      line.trsvcid = "8009";
      line.subsysnqn = "nqn.2014-08.org.nvmexpress.discovery";
      config->controllers.push_back(line);
      Device device;
      device.ref = {"nvme" + std::to_string(i), static_cast<std::uint64_t>(i) + 1};
      device.transport = "tcp";
      device.traddr = line.traddr;
      device.trsvcid = line.trsvcid;
      device.subsysnqn = line.subsysnqn;
      device.hostnqn = kHostNqn;
      device.cntrltype = "discovery";
      device.dctype = "ddc";
      device.state = "live";
      scanned.devices.push_back(device);
    }
    finder.handle(StafdConfigured{config, host()}, now);
    finder.handle(std::move(scanned), now);
    run();
  }

  // Until nothing is left to do at this time.
  void run() {
    for (auto actions = finder.advance(now); !actions.empty(); actions = finder.advance(now))
      for (auto& action : actions) answer(action);
  }

  void run_until(Instant end) {
    while (finder.deadline() <= end) {
      now = std::max(now, finder.deadline());
      run();
    }
    now = end;
  }

  Finder finder;
  Instant now{std::chrono::hours(1)};
  LogPage page;

 private:
  void answer(const Action& action) {
    if (const auto* connect = std::get_if<Connect>(&action))
      finder.handle(OpDone{connect->op, Error{ErrorKind::unreachable, 113, "nobody there"}}, now);
    if (const auto* dim = std::get_if<Register>(&action)) finder.handle(OpDone{dim->op, Registered{}}, now);
    if (const auto* supported = std::get_if<FetchSupported>(&action))
      finder.handle(OpDone{supported->op, SupportedDlp{}}, now);
    if (const auto* fetch = std::get_if<FetchLogPage>(&action)) {
      LogPage read = page;
      read.unchanged = fetch->known_genctr == page.genctr;
      finder.handle(OpDone{fetch->op, std::move(read)}, now);
    }
  }
};

void BM_PageToBus(benchmark::State& state) {
  const auto count = static_cast<std::uint64_t>(state.range(0));
  World world(1);
  stafd::PageBook book;
  std::size_t bytes = 0;
  for ([[maybe_unused]] auto _ : state) {
    state.PauseTiming();
    const std::string wire = page_bytes(count, ++world.page.genctr);
    world.now += std::chrono::seconds(20);
    state.ResumeTiming();
    auto parsed = parse_dlp_entries(wire, count);
    if (!parsed || parsed->entries.size() != count) return state.SkipWithError("not all entries were read");
    world.page.entries = std::move(parsed->entries);
    world.finder.handle(AenReceived{{"nvme0", 1}, 0x70f002}, world.now);
    world.run();
    bytes = book.text_of(world.finder.controllers().begin()->entries).size();
    benchmark::DoNotOptimize(bytes);
    state.PauseTiming();
    book.forget_texts();
    book.forget_texts();
    state.ResumeTiming();
  }
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(BM_PageToBus)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);

// Announcements come and go, links flap, pages change; what the heap holds after some hours and at the end.
void BM_ADay(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) {
    World world(20);
    std::size_t early = 0;
    for (int minute = 0; minute < 24 * 60; ++minute) {
      MdnsChanged view{true, {}};
      for (int i = 0; i < 5; ++i) {
        MdnsService service;
        service.resolved = true;
        service.transport = Transport::tcp;
        service.interface = "eth0";
        service.traddr = address(1000 + (minute % 60 * 5 + i));
        service.trsvcid = "8009";
        view.services.push_back(std::move(service));
      }
      world.finder.handle(std::move(view), world.now);
      ++world.page.genctr;
      auto parsed = parse_dlp_entries(page_bytes(50, static_cast<std::uint64_t>(minute)), 50);
      world.page.entries = std::move(parsed->entries);
      const DeviceRef ref{"nvme" + std::to_string(minute % 20), static_cast<std::uint64_t>(minute % 20) + 1};
      world.finder.handle(AenReceived{ref, 0x70f002}, world.now);
      world.run_until(world.now + std::chrono::minutes(1));
      if (minute == 3 * 60) early = mallinfo2().uordblks;
    }
    state.counters["KiB_after_3_hours"] = static_cast<double>(early) / 1024;
    state.counters["KiB_after_24_hours"] = static_cast<double>(mallinfo2().uordblks) / 1024;
    state.counters["controllers"] = static_cast<double>(world.finder.controllers().size());
  }
}
BENCHMARK(BM_ADay)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace stas

BENCHMARK_MAIN();
