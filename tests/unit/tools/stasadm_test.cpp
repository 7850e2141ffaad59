// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "libstas/tools/stasadm/host_uuid.h"
#include "libstas/tools/stasadm/sys_conf_edit.h"

namespace stas {
namespace {

namespace fs = std::filesystem;

// --- UUIDs ---

TEST(HostUuid, OfTheMachineIdIsTheDocumentedHash) {
  EXPECT_EQ(uuid_of_machine_id("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"), "3da64a01-16c5-4e10-ac46-397e2372b964");
  EXPECT_EQ(uuid_of_machine_id("0123456789ABCDEF0123456789abcdef"), "f2782346-4809-484a-9a8b-952a04b57ba4");
  for (const auto* bad :
       {"", "uninitialized\n", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaag"}) {
    EXPECT_EQ(uuid_of_machine_id(bad), std::nullopt) << bad;
  }
}

TEST(HostUuid, OfTheFirmwareHasItsFirstGroupsSwapped) {
  EXPECT_EQ(uuid_of_product("4c4c4544-0034-3610-8038-b2c04f313233\n"), "44454c4c-3400-1036-8038-b2c04f313233");
  EXPECT_EQ(uuid_of_product("4C4C4544-0034-3610-8038-B2C04F313233"), "44454c4c-3400-1036-8038-b2c04f313233");
  EXPECT_EQ(uuid_of_product("4c4c4544-0034-3610-8038-b2c04f31323"), std::nullopt);
  EXPECT_EQ(uuid_of_product("4c4c4544x0034-3610-8038-b2c04f313233"), std::nullopt);
}

TEST(HostUuid, SourcesAreTriedInOrder) {
  const std::string machine = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n";
  const std::string uuid = "4c4c4544-0034-3610-8038-b2c04f313233";
  std::map<std::string, std::string> files{
      {kMachineIdPath, machine}, {kProductUuidPath, uuid}, {kPartitionUuidPath, uuid + std::string(1, '\0')}};
  const ReadHostFile read = [&](const std::string& path) -> Result<std::string> {
    const auto it = files.find(path);
    if (it == files.end()) return fail(ErrorKind::not_found, path);
    return it->second;
  };
  EXPECT_EQ(host_uuid(read, false).value(), "3da64a01-16c5-4e10-ac46-397e2372b964");
  files[kMachineIdPath] = "short\n";
  EXPECT_EQ(host_uuid(read, true).value(), "44454c4c-3400-1036-8038-b2c04f313233");
  const auto refused = host_uuid(read, false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text, "Permission denied. Root privileges required.");
  files.erase(kProductUuidPath);
  EXPECT_EQ(host_uuid(read, true).value(), uuid);
  files.clear();
  const auto a = host_uuid(read, true).value();
  EXPECT_TRUE(std::regex_match(a, std::regex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")));
  EXPECT_NE(a, host_uuid(read, true).value());
}

// --- sys.conf ---

TEST(SysConfEdit, RewritesInTheOldForm) {
  const struct {
    const char* name;
    const char* before;
    const char* key;
    std::optional<std::string> value;
    std::optional<std::string> after;
  } rows[] = {
      {"new file", "", "nqn", "file:///n", "[Host]\nnqn = file:///n\n\n"},
      {"replace", "[Host]\nnqn=a\nid=b\n", "nqn", "c", "[Host]\nnqn = c\nid = b\n\n"},
      {"append", "[Host]\nnqn=a\n", "symname", "x y", "[Host]\nnqn = a\nsymname = x y\n\n"},
      {"comments and case", "# c\n[Host]\n;d\nNQN=a\n\n\nbare\n[Other]\nKey = v\n", "id", "i",
       "[Host]\nnqn = a\nbare\nid = i\n\n[Other]\nkey = v\n\n"},
      {"other sections first", "[Other]\na=1\n", "id", "i", "[Other]\na = 1\n\n[Host]\nid = i\n\n"},
      {"repeated", "[Host]\nid=1\n[Host]\nid=2\n", "nqn", "n", "[Host]\nid = 2\nnqn = n\n\n"},
      {"remove", "[Host]\nnqn = a\nsymname = s\n", "symname", std::nullopt, "[Host]\nnqn = a\n\n"},
      {"remove nothing", "[Host]\nnqn = a\n", "symname", std::nullopt, std::nullopt},
      {"remove from another section", "[Other]\nsymname = a\n", "symname", std::nullopt, std::nullopt},
  };
  for (const auto& row : rows) {
    const auto edited = edit_sys_conf(row.before, "sys.conf", row.key, row.value);
    ASSERT_TRUE(edited) << row.name << ": " << edited.error().text;
    EXPECT_EQ(*edited, row.after) << row.name;
  }
}

TEST(SysConfEdit, AFileItCannotReadIsLeftAlone) {
  const auto edited = edit_sys_conf("[Host]\nnqn=a\n= b\n", "/etc/stas/sys.conf", "id", "i");
  ASSERT_FALSE(edited);
  EXPECT_EQ(edited.error().text.rfind("/etc/stas/sys.conf:3: ", 0), 0U) << edited.error().text;
}

// --- the program ---

class StasadmTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/stasadm-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
  }
  void TearDown() override { fs::remove_all(directory_); }

  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  static std::string read(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  int run(const std::string& args) {
    output_.clear();
    FILE* pipe = popen(("umask 022; '" + std::string(std::getenv("STASADM")) + "' " + args + " 2>&1").c_str(), "r");
    for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe)) output_ += static_cast<char>(c);
    const int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  std::string directory_;
  std::string output_;
};

TEST_F(StasadmTest, ValueGoesIntoTheFileAndItsNameIntoTheConfiguration) {
  const auto conf = path("sys.conf");
  EXPECT_EQ(run("-c " + conf + " hostid -f " + path("hostid")), 0);
  EXPECT_EQ(output_, "");
  EXPECT_EQ(read(conf), "[Host]\nid = file://" + path("hostid") + "\n\n");
  EXPECT_TRUE(std::regex_match(read(path("hostid")), std::regex("[0-9a-f-]{36}\n")));
  struct stat info {};
  ASSERT_EQ(stat(path("hostid").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0644U);

  EXPECT_EQ(run("-c " + conf + " set-symname labhost"), 0);
  EXPECT_EQ(run("-c " + conf + " hostnqn"), 0);
  EXPECT_TRUE(std::regex_match(read(conf), std::regex("\\[Host\\]\nid = file://[^\n]*\nsymname = labhost\n"
                                                      "nqn = nqn\\.2014-08\\.org\\.nvmexpress:uuid:[0-9a-f-]{36}\n\n")))
      << read(conf);
  EXPECT_EQ(run("-c " + conf + " clear-symname"), 0);
  EXPECT_EQ(read(conf).find("symname"), std::string::npos);
}

TEST_F(StasadmTest, EmptyConfigurationNameWritesOnlyTheFile) {
  EXPECT_EQ(run("-c '' set-symname -f " + path("symname") + " other"), 0);
  EXPECT_EQ(read(path("symname")), "other\n");
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_), fs::directory_iterator()), 1);
}

TEST_F(StasadmTest, KeepsTheModeAndTheSymbolicLinkOfTheConfiguration) {
  std::ofstream(path("real.conf")) << "[Host]\nkey = secret\n";
  fs::permissions(path("real.conf"), fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("real.conf", path("sys.conf"));
  EXPECT_EQ(run("-c " + path("sys.conf") + " set-symname x"), 0);
  EXPECT_TRUE(fs::is_symlink(path("sys.conf")));
  EXPECT_EQ(read(path("real.conf")), "[Host]\nkey = secret\nsymname = x\n\n");
  EXPECT_EQ(fs::status(path("real.conf")).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(StasadmTest, DeviceIsWrittenToNotReplaced) {
  EXPECT_EQ(run("-c '' set-symname -f /dev/stdout hello"), 0);
  EXPECT_EQ(output_, "hello\n");
  EXPECT_TRUE(fs::is_symlink("/dev/stdout"));
}

TEST_F(StasadmTest, ErrorsAreOneLineThatNamesTheFile) {
  EXPECT_EQ(run("-c '' hostnqn -f " + path("no/such/file")), 1);
  EXPECT_EQ(output_, path("no/such/file") + ": cannot write: No such file or directory\n");
  std::ofstream(path("bad.conf")) << "nqn = x\n";
  EXPECT_EQ(run("-c " + path("bad.conf") + " hostid"), 1);
  EXPECT_EQ(output_.rfind(path("bad.conf") + ":1: ", 0), 0U) << output_;
  EXPECT_EQ(read(path("bad.conf")), "nqn = x\n");
  EXPECT_EQ(run("-c " + path("sys.conf") + " set-symname \"$(printf 'a\\nnqn = b')\""), 1);
  EXPECT_FALSE(fs::exists(path("sys.conf")));
}

TEST_F(StasadmTest, ConvertsToStandardOutputOrIntoADirectory) {
  std::ofstream(path("discovery.conf")) << "# arrays\n--transport=tcp --traddr=192.0.2.1 --hdr-digest\n";
  EXPECT_EQ(run("convert " + path("discovery.conf")), 0);
  EXPECT_EQ(output_, "### stafd.conf\n# Made from " + path("discovery.conf") +
                         " (discovery.conf) by stasadm convert.\n\n[Controllers]\n"
                         "controller=transport=tcp;traddr=192.0.2.1;hdr-digest=true\n\n### stacd.conf\n# Made from " +
                         path("discovery.conf") +
                         " (discovery.conf) by stasadm convert.\n\n[Global]\nhdr-digest=true\n");
  fs::create_directory(path("out"));
  const std::string into = "convert --output-dir " + path("out") + " " + path("discovery.conf");
  EXPECT_EQ(run(into), 0) << output_;
  EXPECT_EQ(output_, "");
  EXPECT_EQ(fs::status(path("out/stafd.conf")).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_FALSE(fs::exists(path("out/sys.conf")));

  // Nothing is overwritten, also not one of two.
  const std::string before = read(path("out/stafd.conf"));
  fs::remove(path("out/stacd.conf"));
  std::ofstream(path("discovery.conf")) << "-t tcp -a 192.0.2.2 -g\n";
  EXPECT_EQ(run(into), 1);
  EXPECT_EQ(output_, path("out/stafd.conf") + ": exists already; --force overwrites it\n");
  EXPECT_EQ(read(path("out/stafd.conf")), before);
  EXPECT_FALSE(fs::exists(path("out/stacd.conf")));
  EXPECT_EQ(run(into + " --force"), 0) << output_;
  EXPECT_NE(read(path("out/stafd.conf")).find("192.0.2.2"), std::string::npos);
  EXPECT_TRUE(fs::exists(path("out/stacd.conf")));
}

TEST_F(StasadmTest, WhatIsLostIsToldWithItsLineAndWithoutItsKeys) {
  const std::string key = "DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:";
  std::ofstream(path("discovery.conf")) << "-t tcp -a 192.0.2.1 -S " << key << " --tos=7\n"
                                        << "--transport=tcp\n"
                                        << "-t tcp -a 192.0.2.2 --tls-key=NVMeTLSkey-1:hush\n";
  EXPECT_EQ(run("convert --output-dir " + directory_ + " " + path("discovery.conf")), 3);
  EXPECT_NE(read(path("stafd.conf")).find("dhchap-secret=" + key), std::string::npos);
  EXPECT_EQ(output_.find("ia6zGod"), std::string::npos) << output_;
  EXPECT_EQ(output_.find("hush"), std::string::npos) << output_;
  EXPECT_NE(output_.find("lost: File:" + path("discovery.conf") + ":1: --tos has no counterpart"), std::string::npos)
      << output_;
  EXPECT_NE(output_.find("lost: File:" + path("discovery.conf") + ":2: "), std::string::npos) << output_;
}

TEST_F(StasadmTest, ConvertRefusesWhatItCannotRead) {
  EXPECT_EQ(run("convert"), 2);
  EXPECT_EQ(run("convert --to discovery.conf x"), 2);
  EXPECT_EQ(run("convert " + path("none")), 1);
  EXPECT_EQ(run("convert " + directory_), 1);
  EXPECT_EQ(run("convert /dev/null"), 1);
  EXPECT_EQ(output_, "/dev/null: is no regular file\n");
  std::ofstream(path("x.conf")) << "[Controllers]\ncontroller=transport=tcp;traddr=192.0.2.1\n";
  EXPECT_EQ(run("convert " + path("x.conf")), 1);
  EXPECT_EQ(output_.rfind(path("x.conf") + ": neither its name nor what is in it says", 0), 0U) << output_;
}

TEST_F(StasadmTest, CommandLineIsTheOldOne) {
  EXPECT_EQ(run(""), 1);
  EXPECT_EQ(output_,
            "usage: stasadm [-h] [-v] [-c FILE]\n               "
            "{hostnqn,hostid,set-symname,clear-symname,convert,doctor} ...\n");
  EXPECT_EQ(run("clear-symname -f /tmp/sys.conf"), 2);
  EXPECT_EQ(output_,
            "usage: stasadm [-h] [-v] [-c FILE]\n               "
            "{hostnqn,hostid,set-symname,clear-symname,convert,doctor} ...\n"
            "stasadm: error: unrecognized arguments: -f /tmp/sys.conf\n");
  EXPECT_EQ(run("set-symname --help"), 0);
  EXPECT_EQ(output_,
            "usage: stasadm set-symname [-h] [-f FILE] SYMNAME\n\npositional arguments:\n"
            "  SYMNAME          Symbolic name\n\noptions:\n"
            "  -h, --help       show this help message and exit\n"
            "  -f, --file FILE  Optional file where to save the symbolic name.\n");
}

}  // namespace
}  // namespace stas
