// SPDX-License-Identifier: Apache-2.0
//
// fleet [--hosts N] [--plots DIR] [--check]: so many hosts with the real brains and one central discovery controller,
// in simulated time. What reaches the CDC, and how long it takes until every host has what it should have; beside that
// the same with the constants of nvme-stas 2.4.1. --check: few hosts, and exit status 1 when not all of them get there,
// or when they ask in waves long afterwards.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/fleet/host.h"

namespace stas::fleet {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr auto kAll = seconds(30);        // within which the hosts are powered up
constexpr auto kQuiet = minutes(20);      // after which something happens to the settled fleet
constexpr auto kLater = minutes(10);      // after what happened; from then on there must be no waves ...
constexpr auto kWatched = minutes(30);    // ... for so long
constexpr auto kPatience = minutes(240);  // for all hosts to settle

struct Scenario {
  const char* name;
  const char* file;
  double rate;  // of the CDC, requests a second
  double loss;
  enum class What : std::uint8_t { power_up, restart, zoning } what;
};

constexpr Scenario kScenarios[] = {
    {"all hosts powered up within 30 s", "power-up", 10000, 0, Scenario::What::power_up},
    {"the same, 1 % packet loss", "loss", 10000, 0.01, Scenario::What::power_up},
    {"the same, CDC of 100 requests/s", "slow", 100, 0, Scenario::What::power_up},
    {"CDC restarted, away for 60 s", "restart", 10000, 0, Scenario::What::restart},
    {"the same, CDC of 1,000 requests/s", "slow-restart", 1000, 0, Scenario::What::restart},
    {"zoning of all hosts changed", "zoning", 10000, 0, Scenario::What::zoning},
    {"the same, CDC of 1,000 requests/s", "slow-zoning", 1000, 0, Scenario::What::zoning},
};

Entries page_of(int subsystems) {
  std::vector<Dlpe> entries;
  for (int i = 0; i < subsystems; ++i) {
    Dlpe entry;
    entry.trtype = kDlpTrtypeTcp;
    entry.adrfam = 1;
    entry.subtype = kDlpSubtypeNvme;
    entry.traddr = "10.0.1." + std::to_string(i + 1);
    entry.trsvcid = "4420";
    entry.subnqn = "nqn.2024-01.org.example:array" + std::to_string(i);
    entries.push_back(std::move(entry));
  }
  return Entries(std::move(entries));
}

// Fixed times, no jitter, no safety poll.
FinderTiming timing_of_2_4_1() {
  FinderTiming timing;
  timing.connect = {seconds(60), seconds(60), 0};
  timing.register_retry = timing.page_retry = {seconds(20), seconds(20), 0};
  timing.poll = std::chrono::hours(10000);
  timing.poll_jitter = 0;
  return timing;
}

struct Outcome {
  double half = -1, most = -1, all = -1;  // seconds from the event until so many hosts were settled; -1: never
  unsigned connects = 0, reads = 0;       // the most in a second, from the event on
  unsigned given_up = 0;
  double wave = 0;  // later: the busiest ten seconds, compared with the average
};

unsigned most(const std::vector<unsigned>& by_second, std::size_t from) {
  return by_second.size() <= from ? 0 : *std::max_element(by_second.begin() + static_cast<long>(from), by_second.end());
}

double wave_of(const std::vector<unsigned>& connects, const std::vector<unsigned>& reads, std::size_t from,
               std::size_t to) {
  constexpr std::size_t kBucket = 10;
  double peak = 0, sum = 0;
  std::size_t buckets = 0;
  for (std::size_t at = from; at + kBucket <= to; at += kBucket, ++buckets) {
    double here = 0;
    for (std::size_t i = at; i < at + kBucket; ++i)
      here += (i < connects.size() ? connects[i] : 0) + (i < reads.size() ? reads[i] : 0);
    peak = std::max(peak, here);
    sum += here;
  }
  return sum == 0 ? 0 : peak / (sum / static_cast<double>(buckets));
}

std::size_t second_of(Instant at) {
  return static_cast<std::size_t>(std::chrono::duration_cast<seconds>(at.time_since_epoch()).count());
}

Outcome play(const Scenario& scenario, unsigned count, const FinderTiming& timing, const std::string& plot) {
  Clock clock;
  clock.run_until(Instant{} + seconds(1));
  // A slow CDC is slow for ten thousand; fewer hosts get a slower one.
  Cdc cdc(clock, scenario.rate * count / 10000, scenario.loss);
  cdc.set_page(page_of(2));
  std::vector<std::unique_ptr<Host>> hosts;
  for (unsigned i = 0; i < count; ++i) {
    hosts.push_back(std::make_unique<Host>(clock, cdc, i + 1, timing));
    clock.after(kAll * i / count, [host = hosts.back().get()] { host->power_up(); });
  }
  Instant begin = clock.now();
  const auto all = [&](void (Host::*what)()) {
    for (const auto& host : hosts) ((*host).*what)();
  };
  if (scenario.what != Scenario::What::power_up) {
    clock.run_until(begin + kQuiet);
    begin = clock.now();
    if (scenario.what == Scenario::What::zoning) {
      cdc.set_page(page_of(3));
      all(&Host::tell_change);
    } else {
      cdc.set_up(false);
      all(&Host::lose_cdc);
      clock.after(seconds(60), [&cdc] { cdc.set_up(true); });
    }
  }
  Outcome outcome;
  const unsigned given_up_before = cdc.given_up();
  std::ofstream settled;
  if (!plot.empty()) settled.open(plot + ".settled");
  for (Instant at = begin; outcome.all < 0 && at < begin + kPatience; at += seconds(1)) {
    clock.run_until(at);
    const auto done = std::count_if(hosts.begin(), hosts.end(), [](const auto& host) { return host->is_settled(); });
    const double since = std::chrono::duration<double>(at - begin).count();
    if (settled) settled << since << '\t' << done << '\n';
    const double share = static_cast<double>(done) / count;
    if (outcome.half < 0 && share >= 0.5) outcome.half = since;
    if (outcome.most < 0 && share >= 0.99) outcome.most = since;
    // One that is restarted is not gone yet in the first seconds.
    if (share >= 1 && (scenario.what != Scenario::What::restart || since > 60)) outcome.all = since;
  }
  const Instant later = std::max(begin + kLater, clock.now());
  clock.run_until(later + kWatched);
  const auto first = second_of(begin);
  outcome.connects = most(cdc.connects(), first);
  outcome.reads = most(cdc.reads(), first);
  outcome.given_up = cdc.given_up() - given_up_before;
  outcome.wave = wave_of(cdc.connects(), cdc.reads(), second_of(later), second_of(clock.now()));
  if (!plot.empty()) {
    std::ofstream load(plot + ".load");
    for (std::size_t i = first; i < first + 3600 && i < std::max(cdc.connects().size(), cdc.reads().size()); ++i)
      load << i - first << '\t' << (i < cdc.connects().size() ? cdc.connects()[i] : 0) << '\t'
           << (i < cdc.reads().size() ? cdc.reads()[i] : 0) << '\n';
  }
  return outcome;
}

std::string time_of(double since) {
  if (since < 0) return "never";
  char text[32];
  std::snprintf(text, sizeof text, since < 100 ? "%.0f s" : "%.1f min", since < 100 ? since : since / 60);
  return text;
}

void print(const char* who, const Outcome& o) {
  std::printf("  %-12s %9s %9s %9s %9u %9u %9u %7.1f\n", who, time_of(o.half).c_str(), time_of(o.most).c_str(),
              time_of(o.all).c_str(), o.connects, o.reads, o.given_up, o.wave);
  std::fflush(stdout);
}

int run(unsigned hosts, const std::string& plots, bool check) {
  std::printf("%u hosts, one CDC; a connect is 5 requests, a registration 1, a page 3 (1 when it is unchanged)\n",
              hosts);
  std::printf("  %-12s %9s %9s %9s %9s %9s %9s %7s\n", "", "50 %", "99 %", "all", "connects", "reads", "in vain",
              "wave");
  bool good = true;
  for (const Scenario& scenario : kScenarios) {
    std::printf("%s\n", scenario.name);
    const auto file = [&](const char* who) {
      return plots.empty() ? std::string() : plots + "/" + scenario.file + "-" + who;
    };
    const auto ours = play(scenario, hosts, FinderTiming{}, file("ours"));
    print("ours", ours);
    good = good && ours.all >= 0 && ours.wave < 2.4;
    if (!check) print("2.4.1's", play(scenario, hosts, timing_of_2_4_1(), file("2.4.1")));
  }
  if (check && !good) std::puts("FAILED: not all hosts were settled, or they asked in waves");
  return check && !good ? 1 : 0;
}

}  // namespace
}  // namespace stas::fleet

int main(int argc, char** argv) {
  unsigned hosts = 10000;
  std::string plots;
  bool check = false;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--check") == 0) {
      check = true;
    } else if (std::strcmp(argv[i], "--hosts") == 0 && i + 1 < argc) {
      const char* text = argv[++i];
      std::from_chars(text, text + std::strlen(text), hosts);
    } else if (std::strcmp(argv[i], "--plots") == 0 && i + 1 < argc) {
      plots = argv[++i];
    } else {
      std::fputs("usage: fleet [--hosts N] [--plots DIR] [--check]\n", stderr);
      return 2;
    }
  }
  return stas::fleet::run(hosts, plots, check);
}
