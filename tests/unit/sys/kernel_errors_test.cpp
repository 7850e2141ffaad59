// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <filesystem>
#include <vector>

#include <gtest/gtest.h>

#include "libstas/sys/fabric/kernel/connect_error.h"
#include "libstas/sys/fabric/kernel/connect_string.h"
#include "libstas/sys/fabric/kernel/fabrics_device.h"
#include "tests/unit/sys/kernel_fake_root.h"

namespace stas {
namespace {

Connect any_order() {
  TidFields fields{Transport::tcp, "10.0.0.6", "4420", "nqn.2014-08.org.example:sub", "", "eth7", "nqn.host"};
  Connect connect{.op = 1, .tid = Tid(fields), .kind = ControllerKind::io, .options = {}, .host = {}, .reason = {}};
  connect.host.nqn = "nqn.host";
  connect.host.id = "2cd2c43b-a90a-45c1-a8cd-86b33ab273b5";
  connect.options.dhchap_secret = Secret("DHHC-1:00:SESAMESESAME:");
  return connect;
}

TEST(ConnectErrors, EveryErrnoHasAKindAndWords) {
  struct Case {
    int errnum;
    ErrorKind kind;
    const char* says;
  };
  const std::vector<Case> cases = {
      {EALREADY, ErrorKind::already_connected, "already"},
      {EINVAL, ErrorKind::invalid_input, "host ID"},
      {EADDRINUSE, ErrorKind::invalid_input, "host NQN"},
      {EIO, ErrorKind::refused, "not allowed"},
      {ENODEV, ErrorKind::unreachable, "eth7"},
      {EOPNOTSUPP, ErrorKind::not_supported, ""},
      {ECONNREFUSED, ErrorKind::refused, "nothing listens"},
      {ECONNRESET, ErrorKind::closed, "closed"},
      {ETIMEDOUT, ErrorKind::timed_out, "silent"},
      {EAGAIN, ErrorKind::timed_out, "NVMe/TCP"},
      {EADDRNOTAVAIL, ErrorKind::unreachable, "source address"},
      {ENETUNREACH, ErrorKind::unreachable, "route"},
      {EHOSTUNREACH, ErrorKind::unreachable, "route"},
      {ENOKEY, ErrorKind::permission, "key"},
      {EKEYREJECTED, ErrorKind::permission, "authentication"},
      {EACCES, ErrorKind::permission, "root"},
      {EBUSY, ErrorKind::busy, "busy"},
      {ENOSPC, ErrorKind::io, "space"},
  };
  for (const auto& c : cases) {
    const auto error = connect_error(any_order(), c.errnum);
    EXPECT_EQ(error.kind, c.kind) << error.text;
    EXPECT_EQ(error.errnum, c.errnum);
    EXPECT_NE(error.text.find(c.says), std::string::npos) << error.text;
    EXPECT_NE(error.text.find("10.0.0.6"), std::string::npos) << error.text;
    EXPECT_EQ(error.text.find("SESAME"), std::string::npos) << error.text;
  }
}

// With TLS the same numbers mean other things: the kernel hands the handshake to a daemon of user space.
TEST(ConnectErrors, OverTlsTheySayWhatIsMissing) {
  const struct {
    int errnum;
    ErrorKind kind;
    const char* says;
  } cases[] = {
      {ESRCH, ErrorKind::not_supported, "tlshd is not running (package ktls-utils"},
      {ENOKEY, ErrorKind::permission, "no TLS key for this host NQN and subsystem in its keyring (`nvme check-tls-key"},
      {EKEYEXPIRED, ErrorKind::permission, "expired"},
      {EACCES, ErrorKind::permission, "the TLS keys of host and controller differ"},
      {EIO, ErrorKind::permission, "the kernel module tls is missing"},
      {ETIMEDOUT, ErrorKind::timed_out, "is that port one for TLS?"},
      {ECONNRESET, ErrorKind::closed, "is that port one for TLS?"},
      {ECONNREFUSED, ErrorKind::refused, "nothing listens"},
      {EALREADY, ErrorKind::already_connected, "already"},
  };
  auto order = any_order();
  order.options.tls = true;
  for (const auto& c : cases) {
    const auto error = connect_error(order, c.errnum);
    EXPECT_EQ(error.kind, c.kind) << error.text;
    EXPECT_NE(error.text.find(c.says), std::string::npos) << error.text;
    EXPECT_EQ(error.text.find("SESAME"), std::string::npos) << error.text;
  }
  order.options.tls_key = 26;
  EXPECT_NE(connect_error(order, ENOKEY).text.find("serial number of tls-key= or keyring="), std::string::npos);
  order.options.tls = false;
  EXPECT_NE(connect_error(order, EACCES).text.find("needs root"), std::string::npos);
}

TEST(FabricsDevice, RepliesNameTheController) {
  EXPECT_EQ(parse_fabrics_reply("instance=3,cntlid=1\n").value_or(""), "nvme3");
  EXPECT_EQ(parse_fabrics_reply("cntlid=1,instance=12").value_or(""), "nvme12");
  for (const char* reply : {"", "instance=-1,cntlid=-1", "instance=,", "cntlid=1", "instance=99999999999"}) {
    EXPECT_FALSE(parse_fabrics_reply(reply)) << reply;
  }
}

// A plain file does as the device: its first line is the list of options, and what follows the place where the written
// order ends is the reply.
constexpr const char* kOptions = "instance=-1,cntlid=-1,transport=%s,traddr=%s,nqn=%s,hostnqn=%s,hostid=%s\n";

TEST(FabricsDevice, OneWriteAndOneReadMakeAConnection) {
  test::FakeRoot root;
  auto connect = any_order();
  connect.options.dhchap_secret = {};
  auto fields = connect.tid.fields();
  fields.subsysnqn = std::string(200, 'n');
  connect.tid = Tid(fields);
  const auto text = connect_string(connect, SupportedOptions::parse(kOptions));
  ASSERT_TRUE(text);
  std::string content = kOptions;
  ASSERT_GT(text->reveal().size(), content.size());
  content.resize(text->reveal().size(), '.');
  root.write("dev/nvme-fabrics", content + "instance=4,cntlid=2\n");
  const auto name = connect_controller(root.paths(), connect);
  ASSERT_TRUE(name) << name.error().text;
  EXPECT_EQ(*name, "nvme4");
  EXPECT_EQ(root.read("dev/nvme-fabrics"), text->reveal() + "instance=4,cntlid=2\n");
  EXPECT_EQ(text->reveal().find("ctrl_loss_tmo"), std::string::npos) << "the kernel did not list it";
}

TEST(FabricsDevice, NothingIsWrittenToAKernelWithoutTls) {
  test::FakeRoot root;
  root.write("dev/nvme-fabrics", kOptions);
  auto connect = any_order();
  connect.options.tls = true;
  const auto name = connect_controller(root.paths(), connect);
  ASSERT_FALSE(name);
  EXPECT_NE(name.error().text.find("this kernel does not know the option tls"), std::string::npos);
  EXPECT_EQ(root.read("dev/nvme-fabrics"), kOptions);
}

TEST(FabricsDevice, AMissingDeviceSaysWhichModuleToLoad) {
  test::FakeRoot root;
  const auto name = connect_controller(root.paths(), any_order());
  ASSERT_FALSE(name);
  EXPECT_EQ(name.error().kind, ErrorKind::not_supported);
  EXPECT_NE(name.error().text.find("modprobe"), std::string::npos);
}

TEST(FabricsDevice, AFailedWriteIsToldByItsErrno) {
  test::FakeRoot root;
  std::filesystem::create_symlink("/dev/full", root.path("dev/nvme-fabrics"));
  const auto name = connect_controller(root.paths(), any_order());
  ASSERT_FALSE(name);
  EXPECT_EQ(name.error().errnum, ENOSPC);
  EXPECT_EQ(name.error().text.find("SESAME"), std::string::npos);
}

// Any file that answers a write with EINVAL.
TEST(FabricsDevice, AMissingModuleIsNamedWhereTheKernelOnlySaysEinval) {
  test::FakeRoot root;
  std::filesystem::create_symlink("/proc/self/oom_score_adj", root.path("dev/nvme-fabrics"));
  const auto missing = connect_controller(root.paths(), any_order());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::not_supported);
  EXPECT_NE(missing.error().text.find("modprobe nvme-tcp"), std::string::npos) << missing.error().text;
  std::filesystem::create_directories(root.path("sys/module/nvme_tcp"));
  const auto present = connect_controller(root.paths(), any_order());
  ASSERT_FALSE(present);
  EXPECT_EQ(present.error().kind, ErrorKind::invalid_input) << present.error().text;
}

TEST(FabricsDevice, AListWithoutTheBasicsIsNotBelieved) {
  test::FakeRoot root;
  root.write("dev/nvme-fabrics", "garbage");
  const auto options = read_supported_options(root.paths());
  ASSERT_TRUE(options);
  EXPECT_TRUE(options->has("nqn"));
}

}  // namespace
}  // namespace stas
