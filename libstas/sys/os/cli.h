// SPDX-License-Identifier: Apache-2.0
//
// Command lines: of the tools, `PROG [options] COMMAND [options] [arguments]`, and of the daemons, `PROG [options]`,
// with the messages and exit codes of the old product's argparse. getopt_long(3) does the parsing, abbreviated long
// options included; usage and help are literal texts. Nothing is printed here. Not for several threads: getopt keeps
// its state in globals.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace stas {

struct CliOption {
  char letter = 0;   // 0: only the long form
  std::string name;  // long form, without dashes; also the key in CliRun::values
  bool takes_value = false;
  std::vector<std::string> choices;  // empty: any value
  bool required = false;
  bool newer = false;  // not in 2.4.1: an abbreviation that fits an older option as well means that one
};

// Every level understands -h/--help by itself.
struct CliLevel {
  std::string usage;  // "usage: ..." with a trailing newline; starts the help
  std::string help;   // what follows the usage in --help
  std::vector<CliOption> options;
};

struct CliCommand : CliLevel {
  std::string name;
  std::vector<std::string> arguments;  // names of the positional arguments, all mandatory ...
  std::string last_argument;           // ... and of one behind them that may be left out; "": none
  bool repeats = false;                // the last mandatory argument may be there many times: CliRun::repeated
};

struct CliSpec : CliLevel {
  std::string prog;
  std::string version;               // printed by -v/--version
  std::vector<CliCommand> commands;  // none: a program of options only, CliRun::command stays empty
  std::vector<CliOption> anywhere;   // long options that are understood before and after the command
};

// What the command line asks for.
struct CliRun {
  std::string command;
  std::map<std::string, std::string> values;  // by option or argument name; flags have ""
  std::vector<std::string> repeated;          // all values of an argument that repeats
  bool has(const std::string& name) const { return values.count(name) != 0; }
  std::string value(const std::string& name, const std::string& fallback = {}) const;
};

// Either a command to run, or texts to print and a code to exit with.
struct CliOutcome {
  bool done = false;  // nothing to run
  int exit_code = 0;
  std::string out;
  std::string err;
  CliRun run;
};

// `args` without the name of the program.
CliOutcome parse_command_line(const CliSpec& spec, const std::vector<std::string>& args);

}  // namespace stas
