// SPDX-License-Identifier: Apache-2.0
//
// The configuration files we install are understood by our own parsers: as they are, and with every option they
// document switched on. What they show as defaults are the defaults.
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "libstas/core/config/config.h"
#include "libstas/core/config/sys_conf.h"

namespace stas {
namespace {

std::string shipped(const std::string& name) {
  std::ifstream file(std::string(STAS_ETC_DIR) + "/" + name);
  EXPECT_TRUE(file.is_open()) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// "#key=value" becomes "key=value"; prose has a blank after the "#". "#controller=" and "#exclude=" are there for
// scripts that put lines behind them.
std::string switched_on(const std::string& text) {
  std::istringstream in(text);
  std::string out;
  for (std::string line; std::getline(in, line);) {
    if (line.size() > 1 && line[0] == '#' && line[1] != ' ' && line != "#controller=" && line != "#exclude=")
      line.erase(0, 1);
    out += line + '\n';
  }
  return out;
}

template <class T>
std::string complaints(const Parsed<T>& parsed) {
  std::string all;
  for (const auto& complaint : parsed.complaints) all += complaint.to_string() + '\n';
  return all;
}

TEST(ShippedConf, StafdConfAsItIsMeansTheDefaults) {
  const auto parsed = parse_stafd_conf(shipped("stafd.conf"), "stafd.conf");
  EXPECT_EQ(complaints(parsed), "");
  EXPECT_EQ(parsed.value, parse_stafd_conf("", "empty").value);
}

TEST(ShippedConf, StacdConfAsItIsMeansTheDefaults) {
  const auto parsed = parse_stacd_conf(shipped("stacd.conf"), "stacd.conf");
  EXPECT_EQ(complaints(parsed), "");
  EXPECT_EQ(parsed.value, parse_stacd_conf("", "empty").value);
}

TEST(ShippedConf, EveryOptionInStafdConfIsUnderstood) {
  const auto parsed = parse_stafd_conf(switched_on(shipped("stafd.conf")), "stafd.conf");
  EXPECT_EQ(complaints(parsed), "");
  EXPECT_FALSE(parsed.broken);
  EXPECT_EQ(parsed.value.controllers.size(), 3U);
  EXPECT_EQ(parsed.value.excludes.size(), 2U);
  EXPECT_EQ(parsed.value.includes.size(), 2U);
}

TEST(ShippedConf, EveryOptionInStacdConfIsUnderstood) {
  const auto parsed = parse_stacd_conf(switched_on(shipped("stacd.conf")), "stacd.conf");
  EXPECT_EQ(complaints(parsed), "");
  EXPECT_FALSE(parsed.broken);
  EXPECT_EQ(parsed.value.controllers.size(), 2U);
  EXPECT_EQ(parsed.value.matches.size(), 1U);
  EXPECT_EQ(parsed.value.excludes.size(), 2U);
  EXPECT_EQ(parsed.value.includes.size(), 2U);
}

TEST(ShippedConf, StafdConfShowsTheDefaults) {
  auto shown = parse_stafd_conf(switched_on(shipped("stafd.conf")), "stafd.conf").value;
  const auto defaults = parse_stafd_conf("", "empty").value;
  shown.controllers.clear();
  shown.excludes.clear();
  shown.includes.clear();
  shown.connect_lines.clear();
  shown.connect = defaults.connect;  // where "not set" and the kernel's default are not the same value
  EXPECT_EQ(shown, defaults);
}

TEST(ShippedConf, StacdConfShowsTheDefaults) {
  auto shown = parse_stacd_conf(switched_on(shipped("stacd.conf")), "stacd.conf").value;
  const auto defaults = parse_stacd_conf("", "empty").value;
  shown.controllers.clear();
  shown.excludes.clear();
  shown.includes.clear();
  shown.matches.clear();
  shown.connect = defaults.connect;
  shown.connect_lines.clear();
  EXPECT_EQ(shown, defaults);
}

// "[Section] key" of each line "#key=" or "key=" of a file.
std::set<std::string> shown_options(const std::string& text) {
  std::istringstream in(text);
  std::set<std::string> shown;
  std::string section;
  for (std::string line; std::getline(in, line);) {
    if (line.size() > 1 && line[0] == '#' && line[1] != ' ') line.erase(0, 1);
    if (line.rfind("[", 0) == 0) section = line.rfind("[Match", 0) == 0 ? "[Match *]" : line;
    const auto equals = line.find('=');
    if (equals != std::string::npos && line[0] != '#') shown.insert(section + " " + line.substr(0, equals));
  }
  return shown;
}

// No option is undocumented: each name that the parser knows is in the file we ship, in its section, and in the manual
// page. Names of older releases are in the page only, with what to write instead.
TEST(ShippedConf, EveryOptionThatTheParserKnowsIsShownAndInTheManual) {
  const std::set<std::string> older{"[Controllers] blacklist", "[Global] persistent-connections",
                                    "[Global] sticky-connections"};
  const struct {
    const char* name;
    const OptionNames& options;
  } files[] = {{"stafd.conf", stafd_names()}, {"stacd.conf", stacd_names()}};
  for (const auto& file : files) {
    const auto shown = shown_options(shipped(file.name));
    auto page = shipped(std::string("../man/") + file.name + ".5");
    for (std::size_t at = 0; (at = page.find("\\-", at)) != std::string::npos;) page.erase(at, 1);
    EXPECT_GT(file.options.size(), 3U);
    for (const auto& [section, keys] : file.options) {
      for (const auto& key : keys) {
        const auto option = "[" + section + "] " + key;
        EXPECT_NE(page.find(key), std::string::npos) << file.name << "(5) does not mention " << option;
        if (older.count(option) != 0 || section == "Match *") continue;  // as in [Global] and exclude=
        EXPECT_EQ(shown.count(option), 1U) << file.name << " does not show " << option;
      }
    }
    for (const auto& option : shown) {
      const auto section = option.substr(1, option.find("] ") - 1);
      EXPECT_TRUE(has_option(file.options, section, option.substr(section.size() + 3))) << file.name << ": " << option;
    }
  }
}

TEST(ShippedConf, SysConfDocIsUnderstood) {
  const auto read = [](const std::string& path) -> Result<std::string> {
    if (path == "/etc/nvme/hostnqn") return std::string("nqn.2014-08.org.nvmexpress:uuid:x\n");
    if (path == "/etc/nvme/hostid") return std::string("01234567-89ab-cdef-0123-456789abcdef\n");
    return std::string("DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:\n");
  };
  const auto text = switched_on(shipped("sys.conf.doc"));
  const auto parsed = parse_sys_conf(text, "sys.conf.doc", read);
  ASSERT_TRUE(parsed.has_value()) << parsed.error().text;
  EXPECT_EQ(parsed->host.nqn, "nqn.2014-08.org.nvmexpress:uuid:x");
  EXPECT_EQ(parsed->host.id, "01234567-89ab-cdef-0123-456789abcdef");
}

}  // namespace
}  // namespace stas
