// SPDX-License-Identifier: Apache-2.0
#include "tests/model/history.h"

#include <algorithm>
#include <random>
#include <sstream>

#include "tests/model/world.h"

namespace stas::model {

History random_history(std::uint64_t seed, unsigned steps) {
  History history{seed, {}};
  std::mt19937_64 rng(seed * 7919 + 1);
  const auto pick = [&](int n) { return static_cast<int>(rng() % static_cast<unsigned>(n)); };
  const auto t = [&] { return std::to_string(pick(kTargets)); };
  const auto k = [&] { return std::to_string(pick(kSubsystems)); };
  const auto on = [&] { return pick(3) == 0 ? std::string(" off") : std::string(" on"); };
  const auto off = [&] { return pick(3) == 0 ? std::string(" on") : std::string(" off"); };
  const char* target_verbs[] = {" down", " up", " up", " reboot", " reads-fail", " reads-work"};
  const char* waits[] = {"wait 1",    "wait 3",    "wait 20",    "wait 100",   "wait 700",
                         "wait 1600", "wait 4000", "wait 15000", "wait 70000", "wait 400000"};
  for (unsigned i = 0; i < steps; ++i) {
    switch (pick(24)) {
      case 0:
      case 1:
        history.steps.push_back("add " + t() + " " + k());
        break;
      case 2:
      case 3:
        history.steps.push_back("remove " + t() + " " + k());
        break;
      case 4:
        history.steps.push_back("clear " + t());
        break;
      case 5:
        history.steps.push_back("refer " + t() + " " + t());
        break;
      case 6:
        history.steps.push_back("unrefer " + t() + " " + t());
        break;
      case 7:
      case 8:
      case 9:
        history.steps.push_back("target " + t() + target_verbs[pick(6)]);
        break;
      case 10:
      case 11:
        history.steps.push_back("dc-line " + t() + on());
        break;
      case 12:
        history.steps.push_back("dc-exclude " + t() + off());
        break;
      case 13:
        history.steps.push_back("mdns " + t() + on());
        break;
      case 14:
        history.steps.push_back(pick(2) == 0 ? "mdns-daemon off" : "mdns " + t() + off());
        break;
      case 15:
        history.steps.push_back("ioc-line " + t() + " " + k() + on());
        break;
      case 16:
        history.steps.push_back("ioc-exclude " + t() + " " + k() + off());
        break;
      case 17:
        history.steps.push_back(pick(3) == 0 ? "stafd lose" : "stafd stop");
        break;
      case 18:
        history.steps.push_back("stafd start");
        break;
      case 19:
        history.steps.push_back(pick(2) == 0 ? "stacd stop" : "stacd start");
        break;
      case 20:
        history.steps.push_back("device-vanish " + std::to_string(pick(8)));
        break;
      case 21:
        history.steps.push_back((pick(2) == 0 ? "admin-connect " : "admin-disconnect ") + t() + " " + k());
        break;
      case 22:
        history.steps.push_back(pick(2) == 0 ? "lossy" + off() : "hanging" + off());
        break;
      case 23: {
        const char* scopes[] = {"scope only", "scope only", "scope all", "scope no"};
        history.steps.push_back(scopes[pick(4)]);
        break;
      }
    }
    if (pick(4) != 0) history.steps.push_back(waits[pick(10)]);
  }
  return history;
}

namespace {

std::string play(World& world, const History& history) {
  for (const auto& step : history.steps) {
    if (!world.step(step)) return "no such step: " + step;
    if (!world.violation().empty()) return world.violation();
  }
  world.settle();
  return world.violation();
}

}  // namespace

std::string run(const History& history) {
  World world(history.seed);
  return play(world, history);
}

std::string explain(const History& history) {
  World world(history.seed);
  std::string text = play(world, history) + "\n--- journal ---\n";
  const auto& journal = world.journal();
  for (std::size_t i = journal.size() > 60 ? journal.size() - 60 : 0; i < journal.size(); ++i)
    text += journal[i] + "\n";
  return text + "--- world ---\n" + world.print();
}

History shrink(History history) {
  for (std::size_t chunk = std::max<std::size_t>(history.steps.size() / 2, 1); chunk > 0; chunk /= 2) {
    for (std::size_t i = 0; i + chunk <= history.steps.size();) {
      History shorter = history;
      const auto from = shorter.steps.begin() + static_cast<std::ptrdiff_t>(i);
      shorter.steps.erase(from, from + static_cast<std::ptrdiff_t>(chunk));
      if (!run(shorter).empty())
        history = std::move(shorter);
      else
        i += chunk;
    }
  }
  return history;
}

std::string format(const History& history) {
  std::string text = "seed " + std::to_string(history.seed) + "\n";
  for (const auto& step : history.steps) text += step + "\n";
  return text;
}

History parse(const std::string& text) {
  History history;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    if (line.rfind("seed ", 0) == 0)
      history.seed = std::stoull(line.substr(5));
    else
      history.steps.push_back(line);
  }
  return history;
}

}  // namespace stas::model
