// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon/udev_rules.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "tests/unit/sys/kernel_fake_root.h"

namespace stas {
namespace {

const std::string kName(kUdevRulesName);
constexpr const char* kInstalled =
    "ACTION!=\"change\", GOTO=\"end\"\nENV{NVME_TRTYPE}==\"*\", RUN+=\"x\"\nLABEL=\"end\"\n";

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
  testing::FakeRoot root_;
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
