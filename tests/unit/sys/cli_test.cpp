// SPDX-License-Identifier: Apache-2.0
//
// Command lines, told apart as Python's argparse does; the messages are recorded ones where 2.4.1 was recorded.
#include "libstas/sys/os/cli.h"

#include <sstream>

#include <gtest/gtest.h>

namespace stas {
namespace {

CliSpec spec() {
  CliSpec spec;
  spec.prog = "tool";
  spec.version = "stas 1";
  spec.usage = "usage: tool\n";
  spec.help = "HELP\n";
  spec.options = {{'c', "conf-file", true, {}, false}};
  spec.anywhere = {{0, "output", true, {"pprint", "json"}, false}};
  CliCommand ls;
  ls.name = "ls";
  ls.usage = "usage: tool ls\n";
  ls.help = "LS HELP\n";
  ls.options = {{'d', "detailed", false, {}, false}};
  CliCommand dlp;
  dlp.name = "dlp";
  dlp.usage = "usage: tool dlp\n";
  dlp.options = {{'t', "transport", true, {"tcp", "fc"}, false},
                 {'a', "traddr", true, {}, true},
                 {'s', "trsvcid", true, {}, true},
                 {'f', "host-iface", true, {}, false},
                 {'q', "host-nqn", true, {}, false}};
  CliCommand set;
  set.name = "set";
  set.usage = "usage: tool set\n";
  set.options = {{'f', "file", true, {}, false}};
  set.arguments = {"NAME"};
  spec.commands = {ls, dlp, set};
  return spec;
}

// "CODE: out/err" when there is nothing to run, else "command key=value ...".
std::string parsed(const std::vector<std::string>& args) {
  const auto outcome = parse_command_line(spec(), args);
  if (outcome.done) return std::to_string(outcome.exit_code) + ": " + outcome.out + outcome.err;
  std::string text = outcome.run.command;
  for (const auto& [key, value] : outcome.run.values) text += " " + key + "=" + value;
  return text;
}

TEST(Cli, UnderstandsWhatArgparseUnderstands) {
  const struct {
    std::vector<std::string> args;
    const char* expected;
  } rows[] = {
      {{"ls"}, "ls"},
      {{"ls", "-d"}, "ls detailed="},
      {{"ls", "--detailed"}, "ls detailed="},
      {{"ls", "--det"}, "ls detailed="},
      {{"-c", "x", "ls"}, "ls conf-file=x"},
      {{"--conf=x", "ls"}, "ls conf-file=x"},
      {{"-c", "", "ls"}, "ls conf-file="},
      {{"--output", "json", "ls"}, "ls output=json"},
      {{"ls", "--output=json", "-d"}, "ls detailed= output=json"},
      {{"dlp", "-a1", "-s=2"}, "dlp traddr=1 trsvcid=2"},
      {{"dlp", "-s", "-5", "-a", "1"}, "dlp traddr=1 trsvcid=-5"},
      {{"dlp", "-a", "1", "-s", "2", "-a", "3"}, "dlp traddr=3 trsvcid=2"},
      {{"dlp", "--traddr=-x", "-s", "2"}, "dlp traddr=-x trsvcid=2"},
      {{"set", "a b"}, "set NAME=a b"},
      {{"set", "x", "-f", "y"}, "set NAME=x file=y"},
      {{"set", "--", "-x"}, "set NAME=-x"},
  };
  for (const auto& row : rows) EXPECT_EQ(parsed(row.args), row.expected);
}

TEST(Cli, ComplainsAsArgparseComplains) {
  const std::string usage = "2: usage: tool\ntool: error: ";
  const std::string dlp = "2: usage: tool dlp\ntool dlp: error: ";
  const struct {
    std::vector<std::string> args;
    std::string expected;
  } rows[] = {
      {{"bogus"}, usage + "argument {ls,dlp,set}: invalid choice: 'bogus' (choose from ls, dlp, set)\n"},
      {{"--bogus"}, usage + "unrecognized arguments: --bogus\n"},
      {{"ls", "-x", "y"}, usage + "unrecognized arguments: -x y\n"},
      {{"ls", "y", "-d", "--zz=1"}, usage + "unrecognized arguments: y --zz=1\n"},
      {{"--bogus", "ls", "z"}, usage + "unrecognized arguments: --bogus z\n"},
      {{"dlp"}, dlp + "the following arguments are required: -a/--traddr, -s/--trsvcid\n"},
      {{"dlp", "-s", "1"}, dlp + "the following arguments are required: -a/--traddr\n"},
      {{"dlp", "-t", "foo", "-a", "1"}, dlp + "argument -t/--transport: invalid choice: 'foo' (choose from tcp, fc)\n"},
      {{"dlp", "-a"}, dlp + "argument -a/--traddr: expected one argument\n"},
      {{"dlp", "-a", "-s", "1"}, dlp + "argument -a/--traddr: expected one argument\n"},
      {{"dlp", "--host", "x"}, dlp + "ambiguous option: --host could match --host-iface, --host-nqn\n"},
      {{"ls", "--detailed=x"},
       "2: usage: tool ls\ntool ls: error: argument -d/--detailed: ignored explicit argument 'x'\n"},
      {{"ls", "--output", "xml"},
       "2: usage: tool ls\ntool ls: error: argument --output: invalid choice: 'xml' (choose from pprint, json)\n"},
      {{"set"}, "2: usage: tool set\ntool set: error: the following arguments are required: NAME\n"},
      {{"set", "a", "b"}, usage + "unrecognized arguments: b\n"},
      {{"ls", "-v"}, usage + "unrecognized arguments: -v\n"},
  };
  for (const auto& row : rows) EXPECT_EQ(parsed(row.args), row.expected);
}

// A program without commands, as the daemons are; two of its options are newer than 2.4.1.
std::string parsed_plain(const std::vector<std::string>& args) {
  CliSpec plain;
  plain.prog = "daemon";
  plain.version = "stas 1";
  plain.usage = "usage: daemon\n";
  plain.options = {{'f', "conf-file", true, {}, false},
                   {'s', "syslog", false, {}, false},
                   {0, "sys-conf", true, {}, false, true},
                   {0, "check", true, {}, false, true}};
  const auto outcome = parse_command_line(plain, args);
  if (outcome.done) return std::to_string(outcome.exit_code) + ": " + outcome.out + outcome.err;
  std::string text;
  for (const auto& [key, value] : outcome.run.values) text += " " + key + "=" + value;
  return text;
}

TEST(Cli, AProgramWithoutCommandsComplainsInTheSameWords) {
  const std::string error = "2: usage: daemon\ndaemon: error: ";
  const struct {
    std::vector<std::string> args;
    std::string expected;
  } rows[] = {
      {{}, ""},
      {{"-s", "-f", "x"}, " conf-file=x syslog="},
      {{"-sfx"}, " conf-file=x syslog="},
      {{"--conf-file=-x"}, " conf-file=-x"},
      {{"-f"}, error + "argument -f/--conf-file: expected one argument\n"},
      {{"--check"}, error + "argument --check: expected one argument\n"},
      {{"-f", "-s"}, error + "argument -f/--conf-file: expected one argument\n"},
      {{"-f", "-dash"}, error + "argument -f/--conf-file: expected one argument\n"},
      {{"--bogus"}, error + "unrecognized arguments: --bogus\n"},
      {{"x", "-s", "y"}, error + "unrecognized arguments: x y\n"},
      {{"--syslog=x"}, error + "argument -s/--syslog: ignored explicit argument 'x'\n"},
      {{"-v"}, "0: stas 1\n"},
  };
  for (const auto& row : rows) EXPECT_EQ(parsed_plain(row.args), row.expected);
}

// "--sys" meant --syslog before there was --sys-conf.
TEST(Cli, WhatWasAnAbbreviationStaysOne) {
  EXPECT_EQ(parsed_plain({"--s"}), " syslog=");
  EXPECT_EQ(parsed_plain({"--sys", "--c=x"}), " conf-file=x syslog=");
  EXPECT_EQ(parsed_plain({"--c", "x"}), " conf-file=x");
  EXPECT_EQ(parsed_plain({"--sys-", "x"}), " sys-conf=x");
  EXPECT_EQ(parsed_plain({"--sys-conf", "x"}), " sys-conf=x");
  EXPECT_EQ(parsed_plain({"--", "--s"}), "2: usage: daemon\ndaemon: error: unrecognized arguments: --s\n");
}

TEST(Cli, HelpVersionAndNothing) {
  EXPECT_EQ(parsed({"-h"}), "0: usage: tool\nHELP\n");
  EXPECT_EQ(parsed({"--help", "bogus"}), "0: usage: tool\nHELP\n");
  EXPECT_EQ(parsed({"ls", "--he"}), "0: usage: tool ls\nLS HELP\n");
  EXPECT_EQ(parsed({"-v"}), "0: stas 1\n");
  EXPECT_EQ(parsed({"--vers"}), "0: stas 1\n");
  EXPECT_EQ(parsed({}), "1: usage: tool\n");
}

}  // namespace
}  // namespace stas
