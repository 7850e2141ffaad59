// SPDX-License-Identifier: Apache-2.0
#include "tests/model/history.h"

#include <algorithm>
#include <random>
#include <sstream>
#include <string_view>

#include "tests/model/themes.h"
#include "tests/model/world.h"

namespace stas::model {

namespace {

class Writer {
 public:
  explicit Writer(std::uint64_t seed) : rng_(seed) {}
  int pick(int n) { return static_cast<int>(rng_() % static_cast<unsigned>(n)); }

  void step(const Theme& theme, std::vector<std::string>& steps) {
    write(theme.steps[static_cast<std::size_t>(pick(static_cast<int>(theme.steps.size())))], steps);
  }
  void write(const char* at_once, std::vector<std::string>& steps) {
    std::istringstream in(at_once);
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

namespace {

std::vector<std::string> names_of(const std::vector<Theme>& all) {
  std::vector<std::string> names;
  names.reserve(all.size());
  for (const auto& one : all) names.emplace_back(one.name);
  return names;
}

const Theme* find(const std::vector<Theme>& all, const std::string& name) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Theme& one) { return name == one.name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

const std::vector<std::string>& themes() {
  static const std::vector<std::string> names = names_of(all_themes());
  return names;
}

const std::vector<std::string>& plots() {
  static const std::vector<std::string> names = names_of(all_plots());
  return names;
}

namespace {

// By a generator of its own: the histories without them stay what they were.
void add(const Theme& theme, int times, std::uint64_t seed, std::vector<std::string>& steps) {
  Writer writer(seed);
  for (int i = 0; i < times; ++i) {
    std::vector<std::string> some;
    writer.step(theme, some);
    const auto at = i == 0 ? 0 : writer.pick(static_cast<int>(steps.size()));
    steps.insert(steps.begin() + at, some.begin(), some.end());
  }
}

// Some discovery controllers take no persistent connections, for a while or from the start.
void add_parked(std::uint64_t seed, std::vector<std::string>& steps) {
  const Theme theme{"parked",
                    {"takes T off", "takes 1 off", "takes 2 off", "takes 1 off,takes 2 off", "takes T B", "takes 1 on",
                     "dc-line 1 0 on,takes 1 off", "mdns 2 0 on,takes 2 off", "wait 1000000"}};
  add(theme, 6, seed * 6007 + 5, steps);
}

// stafd takes its connections along when it stops.
void add_leaving(std::uint64_t seed, std::vector<std::string>& steps) {
  const Theme theme{"leaving",
                    {"stafd-leaves on", "stafd stop,stafd start", "stafd stop", "stafd start", "stafd-leaves B",
                     "stafd stop,wait 20000,stafd start", "host T down,stafd stop,stafd start"}};
  add(theme, 5, seed * 3571 + 11, steps);
  steps.insert(steps.begin(), "stafd-leaves on");
}

}  // namespace

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
  if (seed % 4 == 0) add_parked(seed, history.steps);
  if (seed % 8 == 1) add_leaving(seed, history.steps);
  return history;
}

History week_of(const std::string& theme, std::uint64_t seed) {
  History history{seed, {}};
  Writer writer(seed * 104729 + 7);
  const auto& all = all_themes();
  const auto* found = find(all, theme);
  if (found == nullptr) return history;
  for (long seconds = 7L * 24 * 3600; seconds > 0;) {
    writer.step(writer.pick(3) == 0 ? all.front() : *found, history.steps);
    const int pause = writer.pick(4) == 0 ? writer.pick(20) : writer.pick(1200);
    history.steps.push_back("wait " + std::to_string(pause * 1000));
    seconds -= pause;
  }
  return history;
}

// The first seed plays it bare.
History plot_of(const std::string& name, std::uint64_t seed) {
  History history{seed, {}};
  Writer writer(seed * 15485863 + 3);
  const auto* plot = find(all_plots(), name);
  if (plot == nullptr) return history;
  for (const char* at_once : plot->steps) {
    if (seed > 1 && writer.pick(6) == 0) writer.step(all_themes().front(), history.steps);
    writer.write(at_once, history.steps);
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
