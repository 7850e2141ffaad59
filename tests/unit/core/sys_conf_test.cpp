// SPDX-License-Identifier: Apache-2.0
//
// sys.conf(5): compatibility contract 2.8, 8.1, 8.2 and rows C12-C17 of 9.1.
#include "libstas/core/config/sys_conf.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

namespace stas {
namespace {

const std::string kId = "01234567-89ab-cdef-0123-456789abcdef";

Result<SysConf> parse(const std::string& text, std::map<std::string, std::string> files = {}) {
  files.try_emplace("/etc/nvme/hostnqn", "nqn.default\n");
  files.try_emplace("/etc/nvme/hostid", kId + "\n");
  return parse_sys_conf(text, "/etc/stas/sys.conf", [files](const std::string& path) -> Result<std::string> {
    const auto found = files.find(path);
    if (found == files.end() || found->second == "MISSING") {
      return fail(ErrorKind::not_found, path + ": No such file or directory");
    }
    return found->second;
  });
}

TEST(SysConf, DefaultsNameTheFilesOfNvmeCli) {
  const auto conf =
      parse("", {{"/etc/nvme/hostkey", "DHHC-1:00:AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09pl1OOC: \n"}});
  ASSERT_TRUE(conf);
  EXPECT_EQ(conf->host.nqn, "nqn.default");
  EXPECT_EQ(conf->host.id, kId);
  EXPECT_EQ(conf->host.key.reveal(), "DHHC-1:00:AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09pl1OOC:");
  EXPECT_EQ(conf->host.symname, "");
  EXPECT_TRUE(conf->complaints.empty());
  EXPECT_TRUE(parse("")->host.key.empty());
  EXPECT_TRUE(parse("")->complaints.empty());
}

TEST(SysConf, DirectValuesKeepInnerBlanksFilesGiveTheFirstWord) {
  const auto conf = parse(
      "[Host]\nnqn=nqn.old\nNQN = nqn.new\nid=file:///id\nkey="
      "DHHC-1:01:AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09pl1OOC:\nsymname=my big host\n",
      {{"/id", "  " + kId + " rest\nsecond"}});
  ASSERT_TRUE(conf);
  EXPECT_EQ(conf->host.nqn, "nqn.new");
  EXPECT_EQ(conf->host.id, kId);
  EXPECT_EQ(conf->host.key.reveal(), "DHHC-1:01:AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09pl1OOC:");
  EXPECT_EQ(conf->host.symname, "my big host");
  EXPECT_EQ(parse("[Host]\nsymname=file:///s\n", {{"/s", "one two\n"}})->host.symname, "one");
}

TEST(SysConf, MandatoryValuesAreCheckedAndTheErrorHelps) {
  const struct {
    const char* claim;
    std::string text;
    const char* cause;
  } rows[] = {
      {"nqn prefix", "[Host]\nnqn=qnq.x\n", "Host NQN \"qnq.x\" in /etc/stas/sys.conf should start with \"nqn.\""},
      {"nqn too long", "[Host]\nnqn=nqn." + std::string(220, 'x') + "\n", "is longer than 223 characters"},
      {"nqn empty file", "[Host]\nnqn=file:///empty\n", "Host NQN \"\" in /empty should start with \"nqn.\""},
      {"nqn injects", "[Host]\nnqn=nqn.x,hostid=1\n", "contains a comma or a control character"},
      {"nqn missing", "[Host]\nnqn=file:///none\n", "mandatory Host NQN (see stasadm --help): /none: No such file"},
      {"nqn without value", "[Host]\nnqn\n", "should start with"},
      {"id missing", "[Host]\nid=file:///none\n", "mandatory Host ID (see stasadm --help): /none: No such file"},
      {"id no uuid", "[Host]\nid=12\n", "Host ID \"12\" in /etc/stas/sys.conf should be a UUID"},
      {"id empty", "[Host]\nid=file:///empty\n", "Host ID \"\" in /empty should be a UUID"},
  };
  for (const auto& row : rows) {
    const auto conf = parse(row.text, {{"/empty", ""}});
    ASSERT_FALSE(conf) << row.claim;
    EXPECT_NE(conf.error().text.find(row.cause), std::string::npos) << row.claim << ": " << conf.error().text;
    EXPECT_NE(conf.error().text.find("stasadm"), std::string::npos) << row.claim;
  }
  EXPECT_TRUE(parse("[Host]\nnqn=nqn." + std::string(219, 'x') + "\n"));
}

TEST(SysConf, OptionalValuesMayBeMissing) {
  const auto conf = parse("[Host]\nkey=file:///none\nsymname=file:///none\n[Other]\nx=y\n");
  ASSERT_TRUE(conf);
  EXPECT_TRUE(conf->host.key.empty());
  EXPECT_TRUE(conf->host.symname.empty());
  ASSERT_EQ(conf->complaints.size(), 2U);
  EXPECT_EQ(conf->complaints[0].severity, Severity::error);
  EXPECT_EQ(conf->complaints[0].to_string(),
            "File:/etc/stas/sys.conf:2: [Host]: key - Host DHCHAP secret key undefined: /none: No such file or "
            "directory; one that was read before stays in force");
  EXPECT_TRUE(conf->key_missing);
  EXPECT_EQ(conf->complaints[1].severity, Severity::warning);
  EXPECT_EQ(conf->complaints[1].to_string(),
            "File:/etc/stas/sys.conf:3: [Host]: symname - Error reading host symbolic name (will remain undefined): "
            "/none: No such file or directory");
}

TEST(SysConf, AMalformedKeyIsNotUsedAndNotShown) {
  const auto conf = parse("[Host]\nkey=hush,nqn=evil\nsymname=" + std::string(300, 's') + "\n");
  ASSERT_TRUE(conf);
  EXPECT_TRUE(conf->host.key.empty());
  EXPECT_TRUE(conf->host.symname.empty());
  ASSERT_EQ(conf->complaints.size(), 2U);
  EXPECT_EQ(conf->complaints[0].severity, Severity::error);
  EXPECT_EQ(conf->complaints[0].to_string().find("hush"), std::string::npos);
}

TEST(SysConf, AnIdentityThatIsNotClearIsTold) {
  const struct {
    const char* text;
    bool broken;
    std::size_t complaints;
  } rows[] = {
      {"", false, 0},
      {"[Host]\nnqn=nqn.x\n[Other]\nx=y\n", false, 0},
      {"[Host]\nnqm=nqn.x\n", true, 1},
      {"[host]\nnqn=nqn.x\n", true, 1},
      {"[Host]\nnqn: nqn.x\n", true, 1},
      {"[Host]\nsymnam=a\n", false, 1},
      {"[Host\nnqn=nqn.x\n", true, 1},
      {"nqn=nqn.x\n", true, 1},
      {"[Host]\nnqn=nqn.x\nsymn", true, 1},
      {"[Host]\nnqn=nqn.x\npsk=hush", false, 0},
  };
  for (const auto& row : rows) {
    const auto conf = parse(row.text);
    ASSERT_TRUE(conf) << row.text;
    EXPECT_EQ(conf->broken, row.broken) << row.text;
    EXPECT_EQ(conf->complaints.size(), row.complaints) << row.text;
  }
}

TEST(SysConf, SyntaxErrorsAreComplaints) {
  const auto conf = parse("garbage\n[Host]\nnqn=nqn.x\n");
  ASSERT_TRUE(conf);
  EXPECT_EQ(conf->host.nqn, "nqn.x");
  EXPECT_EQ(conf->complaints.size(), 1U);
}

}  // namespace
}  // namespace stas
