// SPDX-License-Identifier: Apache-2.0
//
// libstas/sys/daemon/nvme_cli against a bus daemon and somebody who answers as systemd.
#include "libstas/sys/daemon/nvme_cli.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/bus/private_bus.h"
#include "tests/unit/sys/temporary_directory.h"

namespace stas::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* kUnit = R"(nvmf-connect@--device\x3dnvme3\t--transport\x3dtcp.service)";

class NvmeCliTest : public ::testing::Test {
 protected:
  void SetUp() override {
    systemd_ = connect_bus(loop_).value();
    bus_ = connect_bus(loop_).value();
    BusInterface manager;
    manager.name = "org.freedesktop.systemd1.Manager";
    manager.methods.push_back({"RestartUnit",
                               {{BusType::text, "name"}, {BusType::text, "mode"}},
                               {{BusType::text, "job"}},
                               [this](const BusArgs& args) -> Result<BusValue> {
                                 asked_ += std::get<std::string>(args[0]) + " " + std::get<std::string>(args[1]) + "\n";
                                 if (refuses_) return fail(ErrorKind::invalid_input, "Unit not found");
                                 return std::string("/org/freedesktop/systemd1/job/1");
                               }});
    ASSERT_TRUE(systemd_->export_object("/org/freedesktop/systemd1", {manager}));
    ASSERT_TRUE(take_name(loop_, *systemd_, "org.freedesktop.systemd1"));
  }

  UdevPaths paths() const { return {path("etc"), path("run"), {path("usr")}}; }
  std::string path(const std::string& name) const { return directory_ / name; }
  void put(const std::string& directory, std::string_view text) const {
    std::filesystem::create_directories(path(directory));
    std::ofstream(path(directory) + "/" + std::string(kUdevRulesName)) << text;
  }
  // Lets everything that is on its way arrive: calls of one connection are answered in order.
  std::string asked_after(NvmeCli& nvme_cli) {
    nvme_cli.restart("nvme3", kUnit);
    bool over = false;
    const auto ping = bus_->call_async({"org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.x"},
                                       "Last", {}, BusType::none, 5s, [&](const Result<BusValue>&) { over = true; });
    const auto end = loop_.now() + 5s;
    while (!over && loop_.now() < end) loop_.run_once(50ms);
    EXPECT_TRUE(over);
    return std::exchange(asked_, {});
  }

  TemporaryDirectory directory_;
  PrivateBus daemon_;
  Loop loop_;
  Journal journal_{"test", Journal::Sink::standard_error};
  std::unique_ptr<Bus> systemd_;
  std::unique_ptr<Bus> bus_;
  std::string asked_;
  bool refuses_ = false;
};

TEST_F(NvmeCliTest, RestartsTheUnitOnlyWhileOurOverrideIsInForce) {
  NvmeCli nvme_cli(*bus_, journal_, paths());
  EXPECT_EQ(asked_after(nvme_cli), "");
  put("run", std::string(kUdevOverrideMarker) + "\n");
  EXPECT_EQ(asked_after(nvme_cli), std::string(kUnit) + " replace\n");
  EXPECT_EQ(asked_after(nvme_cli), std::string(kUnit) + " replace\n");
  put("run", "# mine\n");
  EXPECT_EQ(asked_after(nvme_cli), "");
}

TEST_F(NvmeCliTest, ARefusalIsToldOnce) {
  put("run", std::string(kUdevOverrideMarker) + "\n");
  refuses_ = true;
  NvmeCli nvme_cli(*bus_, journal_, paths());
  ::testing::internal::CaptureStderr();
  asked_after(nvme_cli);
  asked_after(nvme_cli);
  const auto said = ::testing::internal::GetCapturedStderr();
  const auto first = said.find("nvme3 - Cannot leave its changed log page to nvme-cli");
  EXPECT_NE(first, std::string::npos) << said;
  EXPECT_EQ(said.find("Cannot leave", first + 10), std::string::npos) << said;
}

}  // namespace
}  // namespace stas::test
