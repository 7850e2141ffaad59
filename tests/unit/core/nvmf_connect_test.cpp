// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/brain/nvmf_connect.h"

#include <gtest/gtest.h>

namespace stas {
namespace {

// "device transport traddr trsvcid host_traddr host_iface", "-" for none.
std::string unit(const std::string& name, const std::string& transport, const std::string& traddr,
                 const std::string& trsvcid, const std::string& host_traddr, const std::string& host_iface) {
  Device device;
  device.ref = {name, 7};
  device.transport = transport;
  device.traddr = traddr;
  device.trsvcid = trsvcid;
  device.host_traddr = host_traddr;
  device.host_iface = host_iface;
  return nvmf_connect_unit(device).value_or("refused");
}

TEST(NvmfConnectUnit, IsTheOneOfNvmeClisRule) {
  EXPECT_EQ(unit("nvme3", "tcp", "10.0.0.2", "8009", "", ""),
            R"(nvmf-connect@--device\x3dnvme3\t--transport\x3dtcp\t--traddr\x3d10.0.0.2\t--trsvcid\x3d8009)"
            R"(\t--host-traddr\x3dnone\t--host-iface\x3dnone.service)");
  EXPECT_EQ(unit("nvme12", "tcp", "fe80::1%eth0", "", "fe80::2%eth0", "eth0.100"),
            R"(nvmf-connect@--device\x3dnvme12\t--transport\x3dtcp\t--traddr\x3dfe80::1\x25eth0\t--trsvcid\x3dnone)"
            R"(\t--host-traddr\x3dfe80::2\x25eth0\t--host-iface\x3deth0.100.service)");
}

TEST(NvmfConnectUnit, LeavesOtherTransportsToNvmeClisRule) {
  for (const char* transport : {"rdma", "fc", "loop", "pcie", ""})
    EXPECT_EQ(unit("nvme0", transport, "10.0.0.2", "8009", "", ""), "refused") << transport;
}

TEST(NvmfConnectUnit, TakesNothingThatIsNoArgument) {
  EXPECT_NE(unit("nvme0", "tcp", "10.0.0.2", "8009", "10.0.0.1", "br-lan_0"), "refused");
  for (const char* bad : {"nvme", "nvme0n1", "nvmeX", "../nvme0", "nvme0\n", "nvme00000000000"})
    EXPECT_EQ(unit(bad, "tcp", "10.0.0.2", "8009", "", ""), "refused") << bad;
  for (const char* bad : {"", "host.example", "10.0.0.2 --keep", "$(id)", "fe80::1%e'0", "fe80::1%e\\x20"})
    EXPECT_EQ(unit("nvme0", "tcp", bad, "8009", "", ""), "refused") << bad;
  for (const char* bad : {"http", "8009 ", "800900", "-1"})
    EXPECT_EQ(unit("nvme0", "tcp", "10.0.0.2", bad, "", ""), "refused") << bad;
  for (const char* bad : {"h0", "10.0.0.1;", "10.0.0.1\t"})
    EXPECT_EQ(unit("nvme0", "tcp", "10.0.0.2", "8009", bad, ""), "refused") << bad;
  for (const char* bad : {"eth0'", "e\\t--x", "e 0", "e`id`", "e/0", "interface-too-long", "e\"", "e$0", "e%0"})
    EXPECT_EQ(unit("nvme0", "tcp", "10.0.0.2", "8009", "", bad), "refused") << bad;
}

}  // namespace
}  // namespace stas
