// SPDX-License-Identifier: Apache-2.0
#include "tests/model/history.h"

#include <algorithm>
#include <random>
#include <sstream>
#include <string_view>

#include "tests/model/world.h"

namespace stas::model {

namespace {

// Steps by theme. T and U stand for a host, K for a subsystem (mostly of the first two), V and W for a kind of a line,
// Q for 0 or 1, N for a number, B for on or off; a|b|c for one of the words; a history mostly says "on" and seldom
// "off". What comes several times comes oftener. Steps with ',' are several steps at the same instant.
struct Theme {
  const char* name;
  std::vector<const char*> steps;
};

const std::vector<Theme>& all_themes() {
  static const std::vector<Theme> all{
      {"base",
       {"add T T K", "add T U K", "remove T T K", "remove T U K", "clear T", "host T down", "host T up", "host T up",
        "host T reboot", "dc-line T 0 B", "dc-line T 0 B", "mdns T 0 B", "ioc-line U K 0 B", "ioc-line U K 0 B",
        "refer T U 0", "unrefer T U 0", "dc-exclude T b", "ioc-exclude U K b"}},
      {"restarts",
       {"stafd stop", "stafd kill", "stafd start", "stafd start", "stacd stop", "stacd kill", "stacd start",
        "stacd start", "stafd kill,stafd start", "stacd kill,stacd start", "remove T U K,stafd kill,stafd start",
        "host T down,stafd kill,stafd start"}},
      {"lost state", {"stafd lose", "stafd lose,stafd start", "stacd lose", "stacd lose,stacd start"}},
      {"old stafd", {"legacy on", "legacy on", "legacy off", "stafd kill,stafd start", "resolver T slow|works"}},
      {"broken files",
       {"fault stafd|stacd absent|unreadable|directory|empty|unclosed|section|key|port|value,reload stafd,reload stacd",
        "fault stafd|stacd absent|unreadable|directory|empty|unclosed|section|key|port|value,stafd kill,stafd "
        "start,stacd kill,stacd start",
        "fault stacd key|port|section|unclosed,ioc-line U K V b", "fault stafd key|port|section|unclosed,dc-line T V b",
        "fault stafd none,fault stacd none", "scope no|only|all,fault stacd value,reload stacd",
        "reload stafd,reload stacd"}},
      {"aliases",
       {"dc-line T V B", "mdns T 1 B", "mdns T 0 B", "refer T U 1", "unrefer T U 1", "dc-line T 4 B",
        "ignore-iface stafd b", "dc-line T 0 off,mdns T 0 on", "mdns T Q off"}},
      {"edits",
       {"dc-edit T V W", "dc-edit T 0 V", "ioc-edit U K V W", "ioc-edit U K 0 1|2", "to-page T U K 0",
        "ioc-line U K 0 on", "dc-line T 0 on", "ioc-line U K V B"}},
      {"interfaces",
       {"iface down", "iface up", "iface up", "ioc-line U K 2 B", "dc-line T 2 B", "ioc-line U K 1 B",
        "ignore-iface stacd b"}},
      {"identity",
       {"identity Q,reload stafd,reload stacd", "identity Q,reload stacd", "identity Q", "symname a|b",
        "ioc-line U 3 4 B", "reload stafd,reload stacd"}},
      {"names",
       {"ioc-line U K 3 B", "dc-line T 3 B", "resolver T two|fails|slow", "resolver T works",
        "resolver T two,host T up", "reload stafd,reload stacd"}},
      {"families", {"family stafd 0|4|6", "family stacd 0|4|6", "dc-line 3 0 B", "add T 3 K", "ioc-line 3 K 0 B"}},
      {"ncc", {"ncc T U K B", "ncc T U K b", "ncc-attempts 0|2|2|3", "add T U K", "serve U K b", "host U down"}},
      {"transports",
       {"add T U 4", "add T U 5", "remove T U 4", "remove T U 5", "ioc-line U 4 0 B", "ioc-line U 5 0 B",
        "trtypes few|all", "scope all|only|no", "ioc-exclude U 5 b"}},
      {"attributes come late", {"unsettled B", "device-vanish N", "admin-connect U K"}},
      {"deletes", {"deletes fail|hang", "deletes work", "remove T U K", "ioc-exclude U K B", "ioc-line U K 0 b"}},
      {"unusable entries", {"unusable T U K on", "unusable T U K off", "add T U K", "clear T"}},
      {"slow pages",
       {"host T slow", "host T fast", "reload stafd,reload stacd", "host T slow,reload stafd", "to-page T U K 0",
        "host T reads-fail", "host T reads-work", "host T slow,stafd kill,stafd start"}},
      {"young pages", {"host T young", "host T young", "add T U K", "host T young,stafd kill,stafd start"}},
      {"duplicates", {"refer T U 0", "refer T U 0", "duplicates T B", "host U down", "unrefer T U 0"}},
      {"losses", {"lossy B", "lossy off", "aen-storm T", "device-vanish N", "device-vanish N"}},
      {"hangs", {"hanging B", "hanging off", "host T down"}},
      {"administrators",
       {"admin-connect U K", "admin-disconnect U K", "admin-dc T", "scope only|only|all|no", "scope all",
        "trtypes few|all", "serve U K b", "serve U K on"}},
      {"announcements",
       {"mdns T Q B", "mdns T 0 b", "mdns T 0 off", "mdns-daemon off", "persistence short|long", "host T down",
        "mdns T 0 off,host T down"}},
      {"outages", {"host T down,wait 700000,host T up", "host T down,wait 70000,host T up", "serve U K off"}},
  };
  return all;
}

class Writer {
 public:
  explicit Writer(std::uint64_t seed) : rng_(seed) {}
  int pick(int n) { return static_cast<int>(rng_() % static_cast<unsigned>(n)); }

  void step(const Theme& theme, std::vector<std::string>& steps) {
    std::istringstream in(theme.steps[static_cast<std::size_t>(pick(static_cast<int>(theme.steps.size())))]);
    for (std::string one; std::getline(in, one, ',');) steps.push_back(fill(one));
  }
  void wait(std::vector<std::string>& steps) {
    static const char* waits[] = {"wait 1",    "wait 3",    "wait 20",    "wait 100",   "wait 700",
                                  "wait 1600", "wait 4000", "wait 15000", "wait 70000", "wait 400000"};
    steps.emplace_back(waits[pick(10)]);
  }

 private:
  std::string fill(const std::string& pattern) {
    std::istringstream in(pattern);
    std::string text;
    for (std::string word; in >> word;) text += (text.empty() ? "" : " ") + fill_word(word);
    return text;
  }
  std::string fill_word(const std::string& word) {
    if (word.find('|') != std::string::npos) {
      std::vector<std::string> choices;
      std::istringstream in(word);
      for (std::string one; std::getline(in, one, '|');) choices.push_back(one);
      return choices[static_cast<std::size_t>(pick(static_cast<int>(choices.size())))];
    }
    if (word == "T" || word == "U") return std::to_string(pick(kHosts));
    if (word == "K") return std::to_string(pick(5) == 0 ? pick(kSubs) : pick(2));
    if (word == "V" || word == "W") return std::to_string(pick(kVariants));
    if (word == "Q") return std::to_string(pick(2));
    if (word == "N") return std::to_string(pick(12));
    if (word == "B") return pick(3) == 0 ? "off" : "on";
    if (word == "b") return pick(3) == 0 ? "on" : "off";
    return word;
  }
  std::mt19937_64 rng_;
};

}  // namespace

const std::vector<std::string>& themes() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& theme : all_themes()) all.emplace_back(theme.name);
    return all;
  }();
  return names;
}

// Few themes at a time, each often: what only goes wrong in a row of three is found that way.
History random_history(std::uint64_t seed, unsigned steps) {
  History history{seed, {}};
  Writer writer(seed * 7919 + 1);
  const auto& all = all_themes();
  std::vector<const Theme*> mix;
  const int extra = 1 + writer.pick(4);
  for (int i = 0; i < extra; ++i)
    mix.push_back(&all[static_cast<std::size_t>(1 + writer.pick(static_cast<int>(all.size()) - 1))]);
  for (unsigned i = 0; i < steps; ++i) {
    const bool base = writer.pick(5) < 2;
    writer.step(base ? all.front() : *mix[static_cast<std::size_t>(writer.pick(extra))], history.steps);
    if (writer.pick(4) != 0) writer.wait(history.steps);
  }
  return history;
}

History week_of(const std::string& theme, std::uint64_t seed) {
  History history{seed, {}};
  Writer writer(seed * 104729 + 7);
  const auto& all = all_themes();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Theme& t) { return theme == t.name; });
  if (found == all.end()) return history;
  for (long seconds = 7L * 24 * 3600; seconds > 0;) {
    writer.step(writer.pick(3) == 0 ? all.front() : *found, history.steps);
    const int pause = writer.pick(4) == 0 ? writer.pick(20) : writer.pick(1200);
    history.steps.push_back("wait " + std::to_string(pause * 1000));
    seconds -= pause;
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

namespace {

// "5000 ms: VIOLATION cut: ..." -> "cut"
std::string law_of(const std::string& violation) {
  const auto from = violation.find("VIOLATION ");
  if (from == std::string::npos) return violation;
  return violation.substr(from, violation.find(':', from) - from);
}

}  // namespace

// As long as the same law is broken.
History shrink(History history) {
  const auto law = law_of(run(history));
  for (std::size_t chunk = std::max<std::size_t>(history.steps.size() / 2, 1); chunk > 0; chunk /= 2) {
    for (std::size_t i = 0; i + chunk <= history.steps.size();) {
      History shorter = history;
      const auto from = shorter.steps.begin() + static_cast<std::ptrdiff_t>(i);
      shorter.steps.erase(from, from + static_cast<std::ptrdiff_t>(chunk));
      if (law_of(run(shorter)) == law)
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
