// SPDX-License-Identifier: Apache-2.0
//
// stasadm doctor: what it finds in trees of plain files, one thing wrong at a time, and what it makes of facts that a
// tree cannot have.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "libstas/core/base/json.h"
#include "libstas/core/doctor/facts.h"
#include "libstas/core/doctor/finding.h"
#include "libstas/sys/doctor/collect.h"
#include "libstas/sys/net/tcp_socket.h"
#include "libstas/tools/stasadm/doctor_command.h"
#include "tests/unit/sys/temporary_directory.h"

namespace stas::doctor {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUuid = "2cd2c43b-a90a-45c1-a8cd-86b33ab273b5";
constexpr const char* kRules = "70-nvmf-autoconnect.rules";

class Doctor : public testing::Test {
 protected:
  void SetUp() override {
    write("dev/null", "");
    write("dev/nvme-fabrics", "");
    write("proc/sys/kernel/osrelease", "6.12.0-1\n");
    write("sys/module/nvme_tcp/refcnt", "0\n");
    write("sys/module/nvme_fabrics/refcnt", "1\n");
    write("etc/nvme/hostnqn", std::string("nqn.2014-08.org.nvmexpress:uuid:") + kUuid + "\n");
    write("etc/nvme/hostid", std::string(kUuid) + "\n");
    write("etc/machine-id", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n");
    write("etc/stas/stafd.conf", "[Global]\n");
    write("etc/stas/stacd.conf", "[Global]\n");
    process(10, "stafd", "/usr/sbin/stafd --syslog");
    process(11, "stacd", "/usr/sbin/stacd --syslog");
    process(12, "avahi-daemon", "avahi-daemon: running [host.local]");
    write("proc/net/udp", kUdpHead + socket("14E9") + socket("0044"));
    write("proc/net/udp6", kUdpHead + socket("14E9"));
    interface("lo", 65536, "unknown");
    interface("eth0", 1500, "up");
    write("proc/sys/net/ipv4/igmp_max_memberships", "20\n");
    write("proc/sys/net/ipv4/tcp_mtu_probing", "0\n");
    write(std::string("usr/lib/udev/rules.d/") + kRules, "RUN+=\"nvmf-connect@x.service\"\n");
  }

  void write(const std::string& path, const std::string& text) {
    fs::create_directories((fs::path(root_.path()) / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  // As the kernel has it: zeros between the arguments.
  void process(int pid, const std::string& name, std::string command) {
    std::replace(command.begin(), command.end(), ' ', '\0');
    write("proc/" + std::to_string(pid) + "/comm", name + "\n");
    write("proc/" + std::to_string(pid) + "/cmdline", command);
  }
  void interface(const std::string& name, int mtu, const std::string& state) {
    write("sys/class/net/" + name + "/mtu", std::to_string(mtu) + "\n");
    write("sys/class/net/" + name + "/operstate", state + "\n");
    write("sys/class/net/" + name + "/flags", "0x1003\n");
  }
  void controller(const std::string& name, const std::string& transport, const std::string& nqn,
                  const std::string& id) {
    write("sys/class/nvme/" + name + "/transport", transport + "\n");
    write("sys/class/nvme/" + name + "/hostnqn", nqn + "\n");
    write("sys/class/nvme/" + name + "/hostid", id + "\n");
  }
  static std::string socket(const std::string& port) {
    return "  12: 00000000:" + port + " 00000000:0000 07 00000000:00000000 00:00000000 00000000   0        0 1 2 0 0\n";
  }
  Facts facts() { return collect(root_.path()); }
  std::string found() { return ids(examine(facts())); }
  static std::string ids(const Findings& findings) {
    std::string text;
    for (const auto& finding : findings)
      text += (text.empty() ? "" : " ") + std::string(word(finding.weight)) + ":" + finding.id;
    return text;
  }

  static constexpr const char* kUdpHead = "   sl  local_address rem_address   st\n";
  test::TemporaryDirectory root_;
};

TEST_F(Doctor, FindsNothingWhereNothingIsWrong) {
  const auto findings = examine(facts());
  EXPECT_EQ(ids(findings), "");
  EXPECT_EQ(exit_status(findings), 0);
  EXPECT_EQ(doctor_text(findings, true), "0 problems, 0 warnings, 0 notes\n");
}

TEST_F(Doctor, WhatIsNoMistakeInAFileIsNoFinding) {
  write("etc/stas/stacd.conf", "[Controllers]\nexclude=traddr=192.0.2.0/24\n");
  EXPECT_EQ(found(), "");
}

TEST_F(Doctor, NothingIsConcludedFromWhatIsNotThere) {
  const test::TemporaryDirectory empty;
  EXPECT_EQ(ids(examine(collect(empty.path()))), "problem:no-identity");
}

TEST_F(Doctor, FindsEachThingThatIsWrong) {
  const std::string nqn = "nqn.2014-08.org.nvmexpress:uuid:";
  const std::string zeros = "00000000-0000-0000-0000-000000000000";
  const struct {
    const char* expected;
    std::function<void()> spoil;
  } rows[] = {
      {"problem:module-missing", [&] { fs::remove_all(root_ / "sys/module/nvme_tcp"); }},
      {"note:module-not-loaded",
       [&] {
         fs::remove_all(root_ / "sys/module/nvme_tcp");
         write("lib/modules/6.12.0-1/kernel/drivers/nvme/host/nvme-tcp.ko.xz", "");
       }},
      {"",
       [&] {
         fs::remove_all(root_ / "sys/module/nvme_tcp");
         write("lib/modules/6.12.0-1/modules.builtin", "kernel/drivers/nvme/host/nvme-tcp.ko\n");
       }},
      {"problem:module-missing",
       [&] {
         write(
             "etc/stas/stacd.conf",
             "[Controllers]\ncontroller=transport=rdma;traddr=192.0.2.1;nqn=nqn.2024-01.org.example:a;trsvcid=4420\n");
       }},
      {"problem:no-fabrics-device", [&] { fs::remove(root_ / "dev/nvme-fabrics"); }},
      {"problem:no-identity", [&] { fs::remove(root_ / "etc/nvme/hostnqn"); }},
      {"problem:host-nqn-malformed", [&] { write("etc/nvme/hostnqn", nqn + "2cd2c43b\n"); }},
      {"problem:host-nqn-hollow", [&] { write("etc/nvme/hostnqn", nqn + zeros + "\n"); }},
      {"problem:host-id-hollow", [&] { write("etc/nvme/hostid", "ffffffff-ffff-ffff-ffff-ffffffffffff\n"); }},
      {"problem:host-pair-differs", [&] { write("etc/stas/sys.conf", "[Host]\nnqn=nqn.2024-01.org.example:other\n"); }},
      {"problem:host-pair-differs",
       [&] { write("etc/stas/sys.conf", "[Host]\nid=3cd2c43b-a90a-45c1-a8cd-86b33ab273b5\n"); }},
      {"warning:host-nqn-differs",
       [&] {
         write("etc/stas/sys.conf",
               "[Host]\nnqn=nqn.2024-01.org.example:other\nid=3cd2c43b-a90a-45c1-a8cd-86b33ab273b5\n");
       }},
      {"problem:host-pair-in-use", [&] { controller("nvme3", "tcp", "nqn.2024-01.org.example:other", kUuid); }},
      {"", [&] { controller("nvme3", "tcp", nqn + kUuid, kUuid); }},
      {"", [&] { controller("nvme0", "pcie", nqn + kUuid, zeros); }},
      {"warning:conf-complaints", [&] { write("etc/stas/stafd.conf", "[Global]\nkato=soon\n"); }},
      {"problem:conf-complaints", [&] { write("etc/stas/stafd.conf", "[Controllers]\nexclude=nqn=*\n"); }},
      {"note:not-running", [&] { fs::remove_all(root_ / "proc/10"); }},
      {"problem:other-nvme-stas", [&] { process(20, "stafd", "/usr/bin/python3 -u /usr/sbin/stafd --syslog"); }},
      {"problem:other-nvme-stas",
       [&] {
         fs::remove_all(root_ / "proc/11");
         process(20, "python3", "/usr/bin/python3 -u /usr/sbin/stacd --syslog");
       }},
      {"problem:other-discoverd", [&] { process(20, "nvme-discoverd", "/usr/sbin/nvme-discoverd"); }},
      {"", [&] { write("etc/nvme/discovery.conf", "-t tcp -a 192.0.2.1\n"); }},
      {"warning:other-autoconnect",
       [&] {
         write("etc/nvme/discovery.conf", "# example\n-t tcp -a 192.0.2.1\n");
         write("etc/systemd/system/default.target.wants/nvmf-autoconnect.service", "");
       }},
      {"warning:udev-left-over",
       [&] {
         write(
             std::string("run/udev/rules.d/") + kRules,
             "ACTION==\"change\", SUBSYSTEM==\"fc\", ENV{FC_EVENT}==\"nvmediscovery\", ENV{NVMEFC_HOST_TRADDR}==\"*\", "
             "ENV{NVMEFC_TRADDR}==\"*\", RUN+=\"/usr/bin/systemctl --no-block restart "
             "nvmf-connect@--device\\x3dnone\\x09--transport\\x3dfc\\x09--traddr\\x3d$env{NVMEFC_TRADDR}\\x09--trsvcid"
             "\\x3dnone\\x09--host-traddr\\x3d$env{NVMEFC_HOST_TRADDR}.service\"\n");
       }},
      {"note:udev-by-hand", [&] { write(std::string("etc/udev/rules.d/") + kRules, "RUN+=\"nvme connect-all\"\n"); }},
      {"", [&] { write(std::string("etc/udev/rules.d/") + kRules, "# masked\n"); }},
      {"warning:udev-conflict",
       [&] { write("etc/udev/rules.d/71-array.rules", "ACTION==\"add\", RUN+=\"/usr/sbin/nvme connect-all\"\n"); }},
      {"", [&] { write("etc/udev/rules.d/71-array.rules", "# RUN+=\"/usr/sbin/nvme connect-all\"\n"); }},
      {"note:udev-enabled", [&] { write("etc/stas/stacd.conf", "[Global]\nudev-rule=enabled\n"); }},
      {"warning:no-avahi", [&] { fs::remove_all(root_ / "proc/12"); }},
      {"note:no-avahi",
       [&] {
         fs::remove_all(root_ / "proc/12");
         write("etc/stas/stafd.conf", "[Controllers]\ncontroller=transport=tcp;traddr=192.0.2.1\n");
       }},
      {"",
       [&] {
         fs::remove_all(root_ / "proc/12");
         write("etc/stas/stafd.conf", "[Service Discovery]\nzeroconf=disabled\n");
       }},
      {"problem:mdns-deaf",
       [&] {
         write("proc/net/udp", kUdpHead);
         write("proc/net/udp6", kUdpHead);
       }},
      {"warning:mdns-shared", [&] { write("proc/net/udp", kUdpHead + socket("14E9") + socket("14E9")); }},
      {"note:firewall", [&] { process(20, "firewalld", "/usr/bin/python3 -s /usr/sbin/firewalld"); }},
      {"problem:igmp-memberships", [&] { write("proc/sys/net/ipv4/igmp_max_memberships", "0\n"); }},
      {"note:mtu-black-hole", [&] { interface("eth0", 9000, "up"); }},
      {"", [&] { interface("eth0", 9000, "down"); }},
      {"",
       [&] {
         interface("eth0", 9000, "up");
         write("proc/sys/net/ipv4/tcp_mtu_probing", "1\n");
       }},
  };
  for (const auto& row : rows) {
    fs::remove_all(root_.path());
    SetUp();
    row.spoil();
    EXPECT_EQ(found(), row.expected) << "row " << &row - rows;
  }
}

TEST_F(Doctor, AnIdentityFromAnImageIsSeenByItsAge) {
  auto facts = this->facts();
  facts.uuids_of_machine = {"11111111-2222-4333-8444-555555555555"};
  facts.hostnqn.modified = 1000;
  facts.machine_id.modified = 2000;
  EXPECT_EQ(ids(examine(facts)), "warning:host-nqn-cloned");
  facts.uuids_of_machine.insert(kUuid);
  EXPECT_EQ(ids(examine(facts)), "");
  facts.uuids_of_machine.erase(kUuid);
  facts.hostnqn.modified = 3000;
  EXPECT_EQ(ids(examine(facts)), "") << "somebody made it on this machine";
}

TEST_F(Doctor, TlsNeedsAKernelTlshdAKeyringAndAKey) {
  write("etc/stas/stacd.conf", "[Match a]\nnqn=nqn.2024-01.org.example:a\ntls=true\n");
  auto facts = this->facts();
  facts.root = true;
  facts.options = "instance=-1,transport=%s,tls_key=%d\n";
  EXPECT_EQ(ids(examine(facts)), "problem:tls-kernel");
  facts.options = "instance=-1,transport=%s,tls,tls_key=%d\n";
  facts.keys = "1 I------ 1 perm 1f0b0000 0 0 keyring   .builtin_trusted_keys: empty\n";
  EXPECT_EQ(ids(examine(facts)), "problem:tls-no-tlshd problem:tls-no-keyring");
  facts.processes.push_back({30, "tlshd", "/usr/sbin/tlshd"});
  facts.keys = *facts.keys + "2 I------ 1 perm 1f0b0000 0 0 keyring   .nvme: empty\n";
  EXPECT_EQ(ids(examine(facts)), "problem:tls-no-key");
  facts.keys = *facts.keys + "3 I--Q--- 1 perm 3f010000 0 0 psk       NVMe0R01 nqn.a nqn.b: 32\n";
  EXPECT_EQ(ids(examine(facts)), "");
  facts.keys = "";
  facts.root = false;
  EXPECT_EQ(ids(examine(facts)), "") << "who is not root does not see them";
}

// A socket on a port of its own. Bound, it refuses; listening, it answers once and is silent then.
class Listener {
 public:
  explicit Listener(bool listens) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
    EXPECT_EQ(getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
    if (listens) {
      EXPECT_EQ(listen(fd_.get(), 0), 0);
    }
    port_ = std::to_string(ntohs(address.sin_port));
  }
  std::string line(const std::string& more = {}) const {
    return "controller=transport=tcp;traddr=127.0.0.1;trsvcid=" + port_ + more + "\n";
  }
  const std::string& port() const { return port_; }

 private:
  UniqueFd fd_;
  std::string port_;
};

TEST_F(Doctor, ControllersAreTriedWhenThatIsAskedFor) {
  const Listener here(true), not_here(false), connected(true);
  write("etc/stas/stafd.conf", "[Controllers]\n" + here.line() + not_here.line() +
                                   "controller=transport=tcp;traddr=storage.example.org\n" + here.line());
  write("etc/stas/stacd.conf", "[Controllers]\n" +
                                   not_here.line(";nqn=nqn.2024-01.org.example:a;host-iface=no-such-one") +
                                   "controller=transport=rdma;traddr=127.0.0.1;nqn=nqn.2024-01.org.example:b\n");
  controller("nvme3", "tcp", std::string("nqn.2014-08.org.nvmexpress:uuid:") + kUuid, kUuid);
  write("sys/class/nvme/nvme3/address", "traddr=127.0.0.1,trsvcid=" + connected.port() + ",src_addr=127.0.0.1\n");
  auto facts = this->facts();
  EXPECT_TRUE(facts.reached.empty());
  try_controllers(facts, std::chrono::seconds(20));
  std::map<std::string, std::pair<Answer, bool>> seen;
  for (const auto& one : facts.reached) {
    seen[one.where] = {one.answer, one.configured};
    EXPECT_EQ(one.interface, "") << "the loopback interface is no path";
    if (one.answer == Answer::connected) {
      EXPECT_GT(one.carries, 1000);
    }
  }
  const std::map<std::string, std::pair<Answer, bool>> expected = {
      {"127.0.0.1:" + here.port(), {Answer::connected, true}},
      {"127.0.0.1:" + not_here.port(), {Answer::refused, true}},
      {"127.0.0.1:" + not_here.port() + " through no-such-one", {Answer::unreachable, true}},
      {"127.0.0.1:" + connected.port(), {Answer::connected, false}}};
  EXPECT_EQ(seen, expected);
}

TEST_F(Doctor, WhoIsSilentIsWaitedForOnlySoLong) {
  const Listener full(true);
  write("etc/stas/stafd.conf", "[Controllers]\n" + full.line());
  auto facts = this->facts();
  const auto address = *IpAddress::parse("127.0.0.1");
  const auto port = static_cast<std::uint16_t>(std::stoi(full.port()));
  const auto taken = begin_tcp_connect(TcpEndpoint{address, port, {}, {}});  // the one place of its queue
  ASSERT_TRUE(taken);
  pollfd ready{taken->get(), POLLOUT, 0};
  ASSERT_EQ(poll(&ready, 1, 20000), 1);
  try_controllers(facts, std::chrono::milliseconds(50));
  ASSERT_EQ(facts.reached.size(), 1U);
  EXPECT_EQ(facts.reached.front().answer, Answer::silent);
}

TEST_F(Doctor, NoMoreAreTriedThanFit) {
  std::string lines;
  const Listener not_here(false);
  for (std::size_t i = 0; i < kMaxReached + 3; ++i)
    lines += not_here.line(";host-traddr=127.1." + std::to_string(i / 200) + "." + std::to_string(i % 200 + 1));
  write("etc/stas/stafd.conf", "[Controllers]\n" + lines);
  auto facts = this->facts();
  try_controllers(facts, std::chrono::seconds(20));
  EXPECT_EQ(facts.reached.size(), kMaxReached);
  EXPECT_EQ(facts.reach_left_out, 3U);
  EXPECT_NE(ids(examine(facts)).find("note:connect-left-out"), std::string::npos);
}

TEST_F(Doctor, HowAnAttemptEndedIsTold) {
  Reached fits{.where = "192.0.2.1:8009", .configured = true, .answer = Answer::connected};
  fits.interface = "eth0";
  fits.interface_mtu = 9000;
  fits.carries = 8948;  // less the time stamps
  Reached narrow = fits, unknown = fits, v6 = fits;
  narrow.carries = 1500;
  unknown.carries = 0;
  v6.interface_mtu = 1500;
  v6.carries = 1280;
  const struct {
    std::string expected;
    Reached reached;
  } rows[] = {
      {"", fits},
      {"note:mtu-narrow", narrow},
      {"", unknown},
      {"note:mtu-narrow", v6},
      {"problem:connect-refused", {"192.0.2.1:8009", true, Answer::refused, "Connection refused"}},
      {"warning:connect-refused", {"192.0.2.1:8009", false, Answer::refused, "Connection refused"}},
      {"problem:connect-denied", {"192.0.2.1:8009", true, Answer::denied, "Permission denied"}},
      {"problem:connect-unreachable", {"192.0.2.1:8009", true, Answer::unreachable, "No route to host"}},
      {"problem:connect-silent", {"192.0.2.1:8009", true, Answer::silent, {}}},
      {"warning:connect-failed", {"192.0.2.1:8009", false, Answer::failed, "Too many open files"}},
  };
  for (const auto& row : rows) {
    auto facts = this->facts();
    facts.reached = {row.reached};
    const auto findings = examine(facts);
    EXPECT_EQ(ids(findings), row.expected) << "row " << &row - rows;
    for (const auto& finding : findings) EXPECT_NE(finding.fact.find("192.0.2.1:8009"), std::string::npos);
  }
}

TEST_F(Doctor, TheClock) {
  auto facts = this->facts();
  facts.now = 86400;
  EXPECT_EQ(ids(examine(facts)), "problem:clock-wrong");
  facts.now = 1800000000;
  facts.clock_synchronized = false;
  EXPECT_EQ(ids(examine(facts)), "note:clock-not-synchronized");
}

// Keys are in no finding, whatever is wrong with them.
TEST_F(Doctor, NoSecretIsTold) {
  const std::string key = "DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:";
  write("etc/stas/stacd.conf", "[Controllers]\ncontroller=transport=tcp;traddr=192.0.2.1;trsvcid=4420;dhchap-secret=" +
                                   key + "\ncontroller=" + key + "\n");
  write("etc/nvme/hostid", key + "\n");
  chmod((root_ / "etc/stas/stacd.conf").c_str(), 0644);
  const auto findings = examine(facts());
  EXPECT_EQ(exit_status(findings), 2);
  EXPECT_EQ(doctor_text(findings, true).find(key.substr(12)), std::string::npos);
  EXPECT_EQ(doctor_json(findings, true).find(key.substr(12)), std::string::npos);
}

TEST_F(Doctor, TheProgramPrintsBothFormsAndItsExitStatusIsTheHeaviest) {
  const auto run = [&](const std::string& options) {
    const std::string command = std::string(std::getenv("STASADM")) + " doctor --root " + root_.path() + options;
    FILE* pipe = popen(command.c_str(), "r");
    std::string text;
    char buffer[4096];
    for (std::size_t n = 0; pipe != nullptr && (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
    return std::pair(text, WEXITSTATUS(pclose(pipe)));
  };
  EXPECT_EQ(run("").second, 0);
  fs::remove_all(root_ / "proc/12");
  EXPECT_EQ(run("").second, 1);
  fs::remove(root_ / "dev/nvme-fabrics");
  const auto [text, status] = run("");
  EXPECT_EQ(status, 2);
  EXPECT_EQ(text.rfind("problem  there is no /dev/nvme-fabrics", 0), 0U) << text;
  const auto json = Json::parse(run(" --output=json").first);
  ASSERT_TRUE(json);
  EXPECT_EQ(*json->find("format"), Json("stas-doctor"));
  EXPECT_EQ(*json->find("version"), Json(1));
  EXPECT_EQ(*json->find("status"), Json("problem"));
  EXPECT_EQ(run(" --connect 2>/dev/null"), std::pair(std::string(), 2)) << "that would be this host, not the tree";
  ASSERT_EQ(json->find("findings")->as_array()->size(), 2U);
  EXPECT_EQ(*json->find("findings")->as_array()->front().find("id"), Json("no-fabrics-device"));
}

}  // namespace
}  // namespace stas::doctor
