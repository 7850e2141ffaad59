// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/os/cli.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <functional>

#include <getopt.h>

namespace stas {

namespace {

constexpr int kExitUsage = 2;
constexpr int kExitNoCommand = 1;
constexpr int kLongBase = 256;  // what getopt_long returns for options[i]: kLongBase + i

std::string joined(const std::vector<std::string>& items, const char* separator) {
  std::string text;
  for (const auto& item : items) text += (text.empty() ? "" : separator) + item;
  return text;
}

// "-t/--transport"
std::string display_name(const CliOption& option) {
  return (option.letter != 0 ? std::string("-") + option.letter + "/" : std::string()) + "--" + option.name;
}

// argparse takes "-5" for a value and "-x" for an option, also where a value is due.
bool looks_like_option(const std::string& text) {
  if (text.size() < 2 || text[0] != '-' || text.find(' ') != std::string::npos) return false;
  return !std::all_of(text.begin() + 1, text.end(), [](unsigned char c) { return std::isdigit(c) != 0 || c == '.'; });
}

// One level of a command line: options up to the end, or up to the first positional argument.
class LevelParser {
 public:
  enum class Positionals { collect, stop };

  LevelParser(const std::string& prog, const CliLevel& level, std::vector<CliOption> options)
      : prog_(prog), level_(level), options_(std::move(options)) {
    options_.push_back({'h', "help", false, {}, false});
  }

  // False: the outcome is final.
  bool parse(const std::vector<std::string>& args, Positionals mode, CliOutcome& outcome) {
    prepare(args);
    for (;;) {
      const auto start = static_cast<std::size_t>(optind);
      const int code =
          getopt_long(static_cast<int>(argv_.size()) - 1, argv_.data(), letters_.c_str(), table_.data(), nullptr);
      if (code == -1) break;
      if (code == 1) {
        positionals_.emplace_back(optarg);
        if (mode == Positionals::stop) break;
      } else if (code == '?') {
        if (!rejected(argv_[start], outcome)) return false;
      } else if (code == ':') {
        return error(display_name(option_of(optopt)), "expected one argument", outcome);
      } else if (!accepted(option_of(code), argv_[start], outcome)) {
        return false;
      }
    }
    for (auto i = static_cast<std::size_t>(optind); i + 1 < argv_.size(); ++i) rest_.emplace_back(argv_[i]);
    if (mode == Positionals::collect) {
      positionals_.insert(positionals_.end(), rest_.begin(), rest_.end());
    } else if (positionals_.empty() && !rest_.empty()) {  // behind "--"
      positionals_.push_back(rest_.front());
      rest_.erase(rest_.begin());
    }
    return true;
  }

  bool fail(const std::string& text, CliOutcome& outcome) const {
    outcome.done = true;
    outcome.exit_code = kExitUsage;
    outcome.err = level_.usage + prog_ + ": error: " + text + "\n";
    return false;
  }
  bool error(const std::string& argument, const std::string& text, CliOutcome& outcome) const {
    return fail("argument " + argument + ": " + text, outcome);
  }

  // Unknown options and the positional arguments beyond `known`, in the order of the command line.
  std::vector<std::string> leftovers(std::size_t known) const {
    std::vector<std::string> list;
    std::size_t next = 0;
    for (std::size_t i = 0; i <= positionals_.size(); ++i) {
      while (next < unknown_.size() && positionals_unknown_[next] == i) list.push_back(unknown_[next++]);
      if (i >= known && i < positionals_.size()) list.push_back(positionals_[i]);
    }
    return list;
  }

  const std::vector<std::string>& positionals() const { return positionals_; }
  const std::vector<std::string>& rest() const { return rest_; }

 private:
  // What could mean several options, of which 2.4.1 had but one, means that one: its scripts go on.
  std::string spelt_out(const std::string& token) const {
    const auto name = token.substr(2, token.find('=') - 2);
    const CliOption* older = nullptr;
    for (const auto& option : options_) {
      if (option.name == name) return token;
      if (option.name.rfind(name, 0) != 0 || option.newer) continue;
      if (older != nullptr) return token;
      older = &option;
    }
    return older == nullptr ? token : "--" + older->name + token.substr(2 + name.size());
  }

  void prepare(const std::vector<std::string>& args) {
    strings_ = args;
    for (auto& text : strings_) {
      if (text == "--") break;
      if (text.rfind("--", 0) == 0) text = spelt_out(text);
    }
    strings_.insert(strings_.begin(), prog_);
    for (auto& text : strings_) argv_.push_back(text.data());
    argv_.push_back(nullptr);
    // '-': positional arguments are reported in place; ':': a missing value is told apart.
    letters_ = "-:";
    for (std::size_t i = 0; i < options_.size(); ++i) {
      const auto& option = options_[i];
      if (option.letter != 0) letters_ += std::string(1, option.letter) + (option.takes_value ? ":" : "");
      table_.push_back({option.name.c_str(), option.takes_value ? required_argument : no_argument, nullptr,
                        kLongBase + static_cast<int>(i)});
    }
    table_.push_back({nullptr, 0, nullptr, 0});
    optind = 0;  // GNU: start afresh
    getopt_long(1, argv_.data(), letters_.c_str(), table_.data(), nullptr);
    opterr = 0;
    optind = 1;
  }

  const CliOption& option_of(int code) const {
    if (code >= kLongBase) return options_[static_cast<std::size_t>(code - kLongBase)];
    return *std::find_if(options_.begin(), options_.end(),
                         [code](const CliOption& o) { return o.letter == static_cast<char>(code); });
  }

  bool accepted(const CliOption& option, const char* token, CliOutcome& outcome) {
    if (option.name == "help" || option.name == "version") {
      outcome.done = true;
      outcome.out = level_.usage + level_.help;
      outcome.run.command = option.name;
      return false;
    }
    std::string value;
    if (option.takes_value) {
      value = optarg;
      // "-tVALUE" and "--name=VALUE" point into the token itself.
      const bool attached =
          std::less_equal<>{}(token, optarg) && std::less_equal<>{}(optarg, token + std::strlen(token));
      if (!attached && looks_like_option(value)) return error(display_name(option), "expected one argument", outcome);
      // argparse reads -t=tcp like -t tcp.
      if (attached && token[1] != '-' && !value.empty() && value.front() == '=') value.erase(0, 1);
    }
    if (!option.choices.empty() &&
        std::find(option.choices.begin(), option.choices.end(), value) == option.choices.end()) {
      return error(display_name(option),
                   "invalid choice: '" + value + "' (choose from " + joined(option.choices, ", ") + ")", outcome);
    }
    outcome.run.values[option.name] = value;
    return true;
  }

  // An option that getopt does not like. True: it is unknown, which is reported after all others.
  bool rejected(const std::string& token, CliOutcome& outcome) {
    if (token.rfind("--", 0) == 0) {
      const auto name = token.substr(2, token.find('=') - 2);
      std::vector<std::string> matches;
      for (const auto& option : options_) {
        if (option.name == name) {
          return error(display_name(option), "ignored explicit argument '" + token.substr(name.size() + 3) + "'",
                       outcome);
        }
        if (option.name.rfind(name, 0) == 0) matches.push_back("--" + option.name);
      }
      if (matches.size() == 1) {
        return error(display_name(option_of(optopt)),
                     "ignored explicit argument '" + token.substr(name.size() + 3) + "'", outcome);
      }
      if (!matches.empty()) {
        return fail("ambiguous option: " + token + " could match " + joined(matches, ", "), outcome);
      }
    }
    if (unknown_.empty() || unknown_.back() != token) {
      unknown_.push_back(token);
      positionals_unknown_.push_back(positionals_.size());
    }
    return true;
  }

  const std::string prog_;
  const CliLevel& level_;
  std::vector<CliOption> options_;
  std::vector<std::string> strings_;
  std::vector<char*> argv_;
  std::string letters_;
  std::vector<option> table_;
  std::vector<std::string> positionals_;
  std::vector<std::string> rest_;
  std::vector<std::string> unknown_;
  std::vector<std::size_t> positionals_unknown_;  // how many positionals came before each of them
};

std::vector<CliOption> concatenated(std::vector<CliOption> a, const std::vector<CliOption>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// What is mandatory and missing, in the order of the specification.
std::vector<std::string> missing(const CliCommand& command, const CliRun& run, std::size_t positionals) {
  std::vector<std::string> names;
  for (const auto& option : command.options) {
    if (option.required && !run.has(option.name)) names.push_back(display_name(option));
  }
  for (auto i = positionals; i < command.arguments.size(); ++i) names.push_back(command.arguments[i]);
  return names;
}

}  // namespace

std::string CliRun::value(const std::string& name, const std::string& fallback) const {
  const auto it = values.find(name);
  return it == values.end() ? fallback : it->second;
}

CliOutcome parse_command_line(const CliSpec& spec, const std::vector<std::string>& args) {
  CliOutcome outcome;
  auto options = concatenated(spec.options, spec.anywhere);
  options.push_back({'v', "version", false, {}, false});
  LevelParser top(spec.prog, spec, std::move(options));
  const bool plain = spec.commands.empty();
  if (!top.parse(args, plain ? LevelParser::Positionals::collect : LevelParser::Positionals::stop, outcome)) {
    if (outcome.run.command == "version") outcome.out = spec.version + "\n";
    return outcome;
  }
  auto extras = top.leftovers(plain ? 0 : 1);
  if (plain) {
    if (!extras.empty()) top.fail("unrecognized arguments: " + joined(extras, " "), outcome);
    return outcome;
  }
  if (top.positionals().empty()) {
    if (!extras.empty()) {
      top.fail("unrecognized arguments: " + joined(extras, " "), outcome);
      return outcome;
    }
    outcome.done = true;
    outcome.exit_code = kExitNoCommand;
    outcome.out = spec.usage;
    return outcome;
  }

  const auto& name = top.positionals().front();
  const auto command =
      std::find_if(spec.commands.begin(), spec.commands.end(), [&](const auto& c) { return c.name == name; });
  if (command == spec.commands.end()) {
    std::vector<std::string> names;
    for (const auto& c : spec.commands) names.push_back(c.name);
    top.error("{" + joined(names, ",") + "}",
              "invalid choice: '" + name + "' (choose from " + joined(names, ", ") + ")", outcome);
    return outcome;
  }

  LevelParser sub(spec.prog + " " + name, *command, concatenated(command->options, spec.anywhere));
  if (!sub.parse(top.rest(), LevelParser::Positionals::collect, outcome)) return outcome;
  const auto& arguments = sub.positionals();
  if (const auto names = missing(*command, outcome.run, arguments.size()); !names.empty()) {
    sub.fail("the following arguments are required: " + joined(names, ", "), outcome);
    return outcome;
  }
  for (std::size_t i = 0; i < command->arguments.size(); ++i) {
    outcome.run.values[command->arguments[i]] = arguments[i];
  }
  auto known = command->arguments.size();
  if (command->repeats && known > 0) {
    outcome.run.repeated.assign(arguments.begin() + static_cast<std::ptrdiff_t>(known) - 1, arguments.end());
    known = arguments.size();
  }
  if (!command->last_argument.empty() && arguments.size() > known)
    outcome.run.values[command->last_argument] = arguments[known++];
  const auto more = sub.leftovers(known);
  extras.insert(extras.end(), more.begin(), more.end());
  if (!extras.empty()) {
    top.fail("unrecognized arguments: " + joined(extras, " "), outcome);
    return outcome;
  }
  outcome.run.command = name;
  return outcome;
}

}  // namespace stas
