// SPDX-License-Identifier: Apache-2.0
//
// How long the brains think, and how long it takes to read what they think about. Numbers for reviews; they fail no
// build. The goal that stands behind them: 10,000 log page entries against 10,000 controllers in less than 20 ms.
#include <algorithm>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>

#include "libstas/core/base/json.h"
#include "libstas/core/discovery/dlpe_text.h"
#include "stacd/connector.h"
#include "stacd/explain.h"
#include "stacd/health.h"
#include "stacd/rehearsal.h"
#include "stacd/staf_pages.h"
#include "stacd/topology.h"
#include "stafd/finder.h"

namespace stas {
namespace {

constexpr int kEntriesPerDc = 1000;
const std::string kHostNqn = "nqn.2014-08.org.nvmexpress:uuid:11111111-2222-3333-4444-555555555555";

std::shared_ptr<const HostIdentity> host() {
  auto identity = std::make_shared<HostIdentity>();
  identity->nqn = kHostNqn;
  identity->id = "11111111-2222-3333-4444-555555555555";
  return identity;
}

std::string address(int i) {
  return "10." + std::to_string(i / 65536 % 256) + "." + std::to_string(i / 256 % 256) + "." + std::to_string(i % 256);
}

// Subsystem i: four controllers of one array share a name, as in real fabrics.
Dlpe entry(int i) {
  Dlpe out;
  out.trtype = kDlpTrtypeTcp;
  out.adrfam = 1;
  out.subtype = kDlpSubtypeNvme;
  out.traddr = address(i);
  out.trsvcid = "4420";
  out.subnqn = "nqn.2024-01.com.example:array:" + std::to_string(i / 4);
  return out;
}

Tid dc_tid(int i) {
  return Tid(TidFields{Transport::tcp, "192.168." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1), "8009",
                       "nqn.2014-08.org.nvmexpress.discovery", "", "", kHostNqn});
}

StafPages pages(int entries) {
  std::vector<StafDc> dcs;
  for (int first = 0; first < entries; first += kEntriesPerDc) {
    std::vector<Dlpe> page;
    for (int i = first; i < std::min(first + kEntriesPerDc, entries); ++i) page.push_back(entry(i));
    dcs.push_back({dc_tid(first / kEntriesPerDc), "configured", true, std::move(page)});
  }
  return {std::move(dcs), {}};
}

Device device(const Tid& tid, int i) {
  Device out;
  out.ref = {"nvme" + std::to_string(i), static_cast<std::uint64_t>(i) + 1};
  out.transport = to_text(tid.transport());
  out.traddr = tid.traddr();
  out.trsvcid = tid.trsvcid();
  out.subsysnqn = tid.subsysnqn();
  out.hostnqn = tid.host_nqn();
  out.cntrltype = "io";
  out.state = "live";
  return out;
}

// A stacd that has been told everything but the pages.
std::unique_ptr<Connector> connector(std::vector<Device> devices, Instant now) {
  auto brain = std::make_unique<Connector>();
  brain->handle(StacdConfigured{std::make_shared<StacdConfig>(), host()}, now);
  brain->handle(DevicesScanned{std::move(devices)}, now);
  brain->handle(StafAppeared{}, now);
  brain->advance(now);
  return brain;
}

// The first pass: every entry is new, every controller gets a connect.
void BM_ConnectorOrdersAll(benchmark::State& state) {
  const auto answer = pages(static_cast<int>(state.range(0)));
  const Instant now{std::chrono::hours(1)};
  for ([[maybe_unused]] auto _ : state) {
    state.PauseTiming();
    auto brain = connector({}, now);
    brain->handle(answer, now);
    state.ResumeTiming();
    auto actions = brain->advance(now);
    if (actions.size() < static_cast<std::size_t>(state.range(0))) state.SkipWithError("not all were ordered");
    state.PauseTiming();
    brain.reset();
    actions.clear();
    state.ResumeTiming();
  }
  state.SetComplexityN(state.range(0));
}
BENCHMARK(BM_ConnectorOrdersAll)
    ->Arg(1000)
    ->Arg(5000)
    ->Arg(10000)
    ->Arg(20000)
    ->Complexity()
    ->Unit(benchmark::kMillisecond);

// A stacd whose controllers are all connected.
std::unique_ptr<Connector> connected(const StafPages& answer, Instant now) {
  auto first = connector({}, now);
  first->handle(answer, now);
  first->advance(now);
  std::vector<Device> devices;
  for (const auto& ioc : first->controllers()) devices.push_back(device(ioc.tid, static_cast<int>(devices.size())));
  auto brain = connector(std::move(devices), now);
  brain->handle(answer, now);
  brain->advance(now);
  return brain;
}

// The steady state: one discovery controller said that something changed, nothing did.
void BM_ConnectorReconciles(benchmark::State& state) {
  const auto answer = pages(static_cast<int>(state.range(0)));
  Instant now{std::chrono::hours(1)};
  auto brain = connected(answer, now);
  const Event again = answer;
  for ([[maybe_unused]] auto _ : state) {
    now += std::chrono::seconds(1);
    brain->handle(again, now);
    const auto actions = brain->advance(now);
    if (!actions.empty()) state.SkipWithError("something was ordered");
  }
  state.SetComplexityN(state.range(0));
}
BENCHMARK(BM_ConnectorReconciles)
    ->Arg(1000)
    ->Arg(5000)
    ->Arg(10000)
    ->Arg(20000)
    ->Complexity()
    ->Unit(benchmark::kMillisecond);

// One entry of one page changed: the table is made anew, all is compared.
void reconcile_changes(benchmark::State& state, StafPages answer) {
  Instant now{std::chrono::hours(1)};
  auto brain = connected(answer, now);
  for ([[maybe_unused]] auto _ : state) {
    state.PauseTiming();
    std::vector<Dlpe> page = answer.dcs->front().entries;
    ++page.front().asqsz;
    answer.dcs->front().entries = std::move(page);
    Event news = answer;
    now += std::chrono::seconds(1);
    state.ResumeTiming();
    brain->handle(std::move(news), now);
    const auto actions = brain->advance(now);
    if (!actions.empty()) state.SkipWithError("something was ordered");
  }
  state.SetComplexityN(state.range(0));
}

void BM_ConnectorReconcilesAChange(benchmark::State& state) {
  reconcile_changes(state, pages(static_cast<int>(state.range(0))));
}
BENCHMARK(BM_ConnectorReconcilesAChange)
    ->Arg(1000)
    ->Arg(5000)
    ->Arg(10000)
    ->Arg(20000)
    ->Complexity()
    ->Unit(benchmark::kMillisecond);

// As many discovery controllers, each of which lists the same 10,000.
void BM_ConnectorReconcilesTheSameFromMany(benchmark::State& state) {
  StafPages answer{std::vector<StafDc>(), {}};
  for (int dc = 0; dc < state.range(0); ++dc) {
    std::vector<Dlpe> page;
    for (int i = 0; i < 10000; ++i) page.push_back(entry(i));
    answer.dcs->push_back({dc_tid(dc), "configured", true, std::move(page)});
  }
  reconcile_changes(state, std::move(answer));
}
BENCHMARK(BM_ConnectorReconcilesTheSameFromMany)->Arg(10)->Arg(100)->Complexity()->Unit(benchmark::kMillisecond);

// A timer, one device event: nothing else changed.
void BM_ConnectorIdleAdvance(benchmark::State& state) {
  const auto answer = pages(static_cast<int>(state.range(0)));
  Instant now{std::chrono::hours(1)};
  auto brain = connected(answer, now);
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(brain->advance(now += std::chrono::seconds(1)));
}
BENCHMARK(BM_ConnectorIdleAdvance)->Arg(10000)->Unit(benchmark::kMillisecond);

// What a reload would do (stacctl plan): with the same configuration, with one that excludes everything, and with one
// that lets go of everything.
void plans(benchmark::State& state, const StacdConfig& config) {
  const auto answer = pages(static_cast<int>(state.range(0)));
  const Instant now{std::chrono::hours(1)};
  const auto brain = connected(answer, now);
  const StacdConfigured reload{std::make_shared<StacdConfig>(config), host()};
  for ([[maybe_unused]] auto _ : state) {
    const Plan told = plan(*brain, reload, {"stacd.conf", "stacd.conf"}, now);
    if (told.steps.size() < static_cast<std::size_t>(state.range(0))) state.SkipWithError("not all are in the plan");
  }
  state.SetComplexityN(state.range(0));
}
void BM_PlanOfTheSame(benchmark::State& state) { plans(state, {}); }
void BM_PlanThatCutsAll(benchmark::State& state) {
  StacdConfig config;
  config.excludes.emplace_back().transport = "tcp";
  plans(state, config);
}
void BM_PlanThatLetsAllGo(benchmark::State& state) {
  StacdConfig config;
  config.disconnect_scope = DisconnectScope::no_disconnect;
  config.families.v4 = false;
  plans(state, config);
}
BENCHMARK(BM_PlanOfTheSame)->Arg(1000)->Arg(10000)->Complexity()->Unit(benchmark::kMillisecond);
BENCHMARK(BM_PlanThatCutsAll)->Arg(1000)->Arg(10000)->Complexity()->Unit(benchmark::kMillisecond);
BENCHMARK(BM_PlanThatLetsAllGo)->Arg(1000)->Arg(10000)->Complexity()->Unit(benchmark::kMillisecond);

// What everybody may ask for: it runs on the loop, so it must stay a matter of a few reloads at most.
void BM_Health(benchmark::State& state) {
  const Instant now{std::chrono::hours(1)};
  const auto brain = connected(pages(static_cast<int>(state.range(0))), now);
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(to_json(health(*brain, now)).dump_python());
}
void BM_Topology(benchmark::State& state) {
  const Instant now{std::chrono::hours(1)};
  const auto brain = connected(pages(static_cast<int>(state.range(0))), now);
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(topology(*brain, "stacd.conf", now).dump_python());
}
// As many as are explained at once, beside as many rules as a file may have; and a name that nobody knows.
void explains(benchmark::State& state, std::string_view question) {
  const Instant now{std::chrono::hours(1)};
  const auto brain = connected(pages(static_cast<int>(state.range(0))), now);
  auto config = std::make_shared<StacdConfig>();
  for (std::size_t i = 0; i < kMaxRules; ++i)
    config->excludes.emplace_back().subsysnqn = "nqn.*:no-such-subsystem-" + std::to_string(i);
  brain->handle(StacdConfigured{std::move(config), host()}, now);
  brain->advance(now);
  for ([[maybe_unused]] auto _ : state)
    benchmark::DoNotOptimize(to_json(explain(*brain, question, {"stacd.conf", "sys.conf"}, now), now).dump_python());
}
void BM_ExplainMany(benchmark::State& state) { explains(state, "(tcp"); }
void BM_ExplainUnknown(benchmark::State& state) { explains(state, "nqn.unknown"); }
BENCHMARK(BM_Health)->Arg(10000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Topology)->Arg(10000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_ExplainMany)->Arg(10000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_ExplainUnknown)->Arg(10000)->Unit(benchmark::kMillisecond);

// stafd with as many discovery controllers, configured and connected, at a reload.
void BM_FinderReconciles(benchmark::State& state) {
  const int count = static_cast<int>(state.range(0));
  Instant now{std::chrono::hours(1)};
  auto config = std::make_shared<StafdConfig>();
  DevicesScanned scanned;
  for (int i = 0; i < count; ++i) {
    const Tid tid = dc_tid(i);
    ControllerLine line;
    line.traddr = tid.traddr();
    line.trsvcid = tid.trsvcid();
    line.subsysnqn = tid.subsysnqn();
    config->controllers.push_back(line);
    scanned.devices.push_back(device(tid, i));
    scanned.devices.back().cntrltype = "discovery";
  }
  Finder brain;
  brain.handle(StafdConfigured{config, host()}, now);
  brain.handle(scanned, now);
  brain.advance(now);
  for ([[maybe_unused]] auto _ : state) {
    now += std::chrono::seconds(1);
    brain.handle(MdnsChanged{true, {}}, now);
    benchmark::DoNotOptimize(brain.advance(now));
  }
  state.SetComplexityN(count);
}
BENCHMARK(BM_FinderReconciles)->Arg(100)->Arg(1000)->Arg(4000)->Complexity()->Unit(benchmark::kMillisecond);

// The bytes of a log page, as a controller sends them.
void BM_ParseLogPage(benchmark::State& state) {
  const auto count = static_cast<std::uint64_t>(state.range(0));
  std::string bytes(count * kDlpeSize, '\0');
  for (std::uint64_t i = 0; i < count; ++i) {
    const Dlpe dlpe = entry(static_cast<int>(i));
    char* at = bytes.data() + i * kDlpeSize;
    at[0] = static_cast<char>(dlpe.trtype);
    at[1] = static_cast<char>(dlpe.adrfam);
    at[2] = static_cast<char>(dlpe.subtype);
    dlpe.trsvcid.copy(at + 32, 32);
    dlpe.subnqn.copy(at + 256, 256);
    dlpe.traddr.copy(at + 512, 256);
  }
  for ([[maybe_unused]] auto _ : state) {
    auto parsed = parse_dlp_entries(bytes, count);
    if (!parsed || parsed->entries.size() != count) state.SkipWithError("not all entries were read");
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes.size()) * static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(BM_ParseLogPage)->Arg(1000)->Arg(65536)->Unit(benchmark::kMillisecond);

// get_all_log_pages as it arrives on the bus.
void BM_ParseStafPages(benchmark::State& state) {
  auto list = Json::array();
  const auto answer = pages(static_cast<int>(state.range(0)));
  for (const auto& dc : *answer.dcs) {
    auto entries = Json::array();
    for (const auto& one : dc.entries) entries.append(to_json(to_dict(one)));
    auto item = Json::object();
    item.add("discovery-controller", to_json({{"transport", "tcp"},
                                              {"traddr", dc.tid.traddr()},
                                              {"trsvcid", dc.tid.trsvcid()},
                                              {"subsysnqn", dc.tid.subsysnqn()},
                                              {"host-nqn", dc.tid.host_nqn()}}));
    item.add("log-pages", std::move(entries));
    list.append(std::move(item));
  }
  const std::string text = list.dump_python();
  for ([[maybe_unused]] auto _ : state) {
    const auto parsed = stacd::parse_staf_pages(text);
    if (!parsed || parsed->flaws.count > 0) state.SkipWithError("not all entries were read");
  }
  state.counters["bytes"] = static_cast<double>(text.size());
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(BM_ParseStafPages)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace stas

BENCHMARK_MAIN();
