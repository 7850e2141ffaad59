// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon/udev_rules.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/sys/kernel_fake_root.h"

namespace stas {
namespace {

const std::string kName(kUdevRulesName);
constexpr const char* kInstalled =
    "ACTION!=\"change\", GOTO=\"end\"\nENV{NVME_TRTYPE}==\"*\", RUN+=\"x\"\nLABEL=\"end\"\n";

// As nvme-stas 2.4.1 writes it (compatibility contract 1.4), with the path of systemctl.
std::string of_2_4_1(const std::string& systemctl) {
  return "\nACTION==\"change\", SUBSYSTEM==\"fc\", ENV{FC_EVENT}==\"nvmediscovery\", \\\n"
         "  ENV{NVMEFC_HOST_TRADDR}==\"*\",  ENV{NVMEFC_TRADDR}==\"*\", \\\n  RUN+=\"" +
         systemctl +
         R"( --no-block restart nvmf-connect@--device\x3dnone\x09--transport\x3dfc\x09--traddr\x3d$env{NVMEFC_TRADDR})"
         R"(\x09--trsvcid\x3dnone\x09--host-traddr\x3d$env{NVMEFC_HOST_TRADDR}.service")"
         "\n";
}

class UdevOverrides : public ::testing::Test {
 protected:
  UdevPaths paths() const {
    return {root_.path("etc").string(),
            root_.path("run/udev/rules.d").string(),
            {root_.path("local").string(), root_.path("usr").string()}};
  }
  void install_nvme_cli() const { root_.write("usr/" + kName, kInstalled); }
  std::string ours() const { return root_.read("run/udev/rules.d/" + kName); }
  bool present() const { return std::filesystem::exists(root_.path("run/udev/rules.d/" + kName)); }
  void put(const std::string& text) const { root_.write("run/udev/rules.d/" + kName, text); }
  UdevOverride install() const {
    const auto result = install_udev_override(paths());
    EXPECT_TRUE(result) << result.error().text;
    return result.value_or(UdevOverride::left_alone);
  }
  test::FakeRoot root_;
};

TEST_F(UdevOverrides, AreTheInstalledRulesWithoutTcp) {
  install_nvme_cli();
  EXPECT_EQ(install(), UdevOverride::installed);
  const auto text = ours();
  EXPECT_EQ(text.rfind(kUdevOverrideMarker, 0), 0U);
  const auto jump = text.find("ENV{NVME_TRTYPE}==\"tcp\", GOTO=\"stas_no_tcp\"");
  const auto rules = text.find("ENV{NVME_TRTYPE}==\"*\", RUN+=\"x\"");
  const auto label = text.find("\nLABEL=\"stas_no_tcp\"\n");
  ASSERT_NE(label, std::string::npos);
  EXPECT_LT(jump, rules);
  EXPECT_LT(rules, label);
  const auto mode = std::filesystem::status(root_.path("run/udev/rules.d/" + kName)).permissions();
  EXPECT_NE(mode & std::filesystem::perms::others_read, std::filesystem::perms::none);
}

TEST_F(UdevOverrides, KeepTheLabelOnALineOfItsOwn) {
  for (const char* end : {"RUN+=\"x\"", "RUN+=\"x\", \\", "RUN+=\"x\", \\\n\n"}) {
    EXPECT_NE(udev_rules_without_tcp(end).find("\n\nLABEL=\"stas_no_tcp\"\n"), std::string::npos) << end;
    EXPECT_EQ(udev_rules_without_tcp(end).find("\\\n"), std::string::npos) << end;
  }
}

TEST_F(UdevOverrides, AreRemovedAtStop) {
  install_nvme_cli();
  install();
  EXPECT_TRUE(remove_udev_override(paths()));
  EXPECT_FALSE(present());
  EXPECT_TRUE(remove_udev_override(paths()));
}

TEST_F(UdevOverrides, LeaveAnAdministratorsFileAlone) {
  install_nvme_cli();
  put("# mine\n");
  EXPECT_EQ(install(), UdevOverride::left_alone);
  EXPECT_TRUE(remove_udev_override(paths()));
  EXPECT_EQ(ours(), "# mine\n");
}

TEST_F(UdevOverrides, LeaveAMaskAlone) {
  install_nvme_cli();
  std::filesystem::create_directories(root_.path("run/udev/rules.d"));
  std::filesystem::create_symlink("/dev/null", root_.path("run/udev/rules.d/" + kName));
  EXPECT_EQ(install(), UdevOverride::left_alone);
  EXPECT_TRUE(remove_udev_override(paths()));
  EXPECT_TRUE(std::filesystem::is_symlink(root_.path("run/udev/rules.d/" + kName)));
}

TEST_F(UdevOverrides, GiveWayToAFileInEtc) {
  install_nvme_cli();
  install();
  root_.write("etc/" + kName, "# mine\n");
  EXPECT_EQ(install(), UdevOverride::left_alone);
  EXPECT_FALSE(present());
}

TEST_F(UdevOverrides, ReplaceTheLeftoverOfACrash) {
  install_nvme_cli();
  put(std::string(kUdevOverrideMarker) + "\n# from an older nvme-cli\n");
  EXPECT_EQ(install(), UdevOverride::installed);
  EXPECT_EQ(ours(), udev_rules_without_tcp(kInstalled));
}

TEST_F(UdevOverrides, AreNotTakenForTheAdministratorsWhenNvmeStasLeftThem) {
  install_nvme_cli();
  for (const char* systemctl : {"/usr/bin/systemctl", "/bin/systemctl"}) {
    put(of_2_4_1(systemctl));
    EXPECT_EQ(ours().size(), 319 + std::string(systemctl).size());  // 337 bytes with the first of them
    EXPECT_TRUE(udev_override_in_force(paths()));
    EXPECT_EQ(install(), UdevOverride::installed);
    EXPECT_EQ(ours(), udev_rules_without_tcp(kInstalled));
    put(of_2_4_1(systemctl));
    EXPECT_TRUE(remove_udev_override(paths()));
    EXPECT_FALSE(present());
  }
}

TEST_F(UdevOverrides, AreTheAdministratorsWhenTheyOnlyResembleThoseOfNvmeStas) {
  install_nvme_cli();
  const std::string old = of_2_4_1("/usr/bin/systemctl");
  const std::string rows[] = {
      "# kept by hand\n" + old,
      old + "ACTION==\"add\", RUN+=\"x\"\n",
      of_2_4_1("/bin/true\", RUN+=\"/usr/bin/systemctl"),
      old.substr(0, old.size() - 3),
      old.substr(0, old.find("RUN+=")) + "RUN+=\"x\"\n",
  };
  for (const auto& text : rows) {
    put(text);
    EXPECT_EQ(install(), UdevOverride::left_alone) << text;
    EXPECT_TRUE(remove_udev_override(paths()));
    EXPECT_EQ(ours(), text);
  }
}

TEST_F(UdevOverrides, AreInADirectoryThatEverybodyMayLookInto) {
  install_nvme_cli();
  std::filesystem::create_directory(root_.path("run"));
  std::filesystem::permissions(root_.path("run"), std::filesystem::perms(0711));
  const mode_t before = umask(0077);  // of our unit
  EXPECT_EQ(install(), UdevOverride::installed);
  umask(before);
  const auto mode = [&](const char* path) { return std::filesystem::status(root_.path(path)).permissions(); };
  EXPECT_EQ(mode("run"), std::filesystem::perms(0711)) << "was there before";
  EXPECT_EQ(mode("run/udev"), std::filesystem::perms(0755));
  EXPECT_EQ(mode("run/udev/rules.d"), std::filesystem::perms(0755));
  EXPECT_EQ(mode(("run/udev/rules.d/" + kName).c_str()), std::filesystem::perms(0644));
}

TEST_F(UdevOverrides, AreNotNeededWithoutNvmeCli) {
  EXPECT_EQ(install(), UdevOverride::not_needed);
  EXPECT_FALSE(present());
  put(std::string(kUdevOverrideMarker) + "\n");
  EXPECT_EQ(install(), UdevOverride::not_needed);
  EXPECT_FALSE(present());
}

TEST_F(UdevOverrides, CopyTheStrongestInstalledFile) {
  install_nvme_cli();
  root_.write("local/" + kName, "# local\n");
  install();
  EXPECT_NE(ours().find("# local"), std::string::npos);
}

TEST_F(UdevOverrides, AreInForceWhenTheFileIsOursAndNothingIsStronger) {
  EXPECT_FALSE(udev_override_in_force(paths()));
  install_nvme_cli();
  EXPECT_FALSE(udev_override_in_force(paths()));
  install();
  EXPECT_TRUE(udev_override_in_force(paths()));
  root_.write("etc/" + kName, "");
  EXPECT_FALSE(udev_override_in_force(paths()));
  std::filesystem::remove(root_.path("etc/" + kName));
  put("# mine\n");
  EXPECT_FALSE(udev_override_in_force(paths()));
}

TEST_F(UdevOverrides, RefuseAnAbsurdlyLargeFile) {
  root_.write("usr/" + kName, std::string(kMaxUdevRules + 1, '#'));
  EXPECT_FALSE(install_udev_override(paths()));
  EXPECT_FALSE(present());
}

}  // namespace
}  // namespace stas
