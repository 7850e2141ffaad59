// SPDX-License-Identifier: Apache-2.0
//
// What exists: facts about devices, recycled names (regressions 28), and which device could serve a Tid.
#include "libstas/core/brain/device_book.h"

#include <gtest/gtest.h>

#include "tests/unit/brains/notation.h"

namespace stas::story {
namespace {

Device device(const std::string& name, std::uint64_t incarnation, const std::string& controller) {
  const Tid tid = tid_of(controller);
  Device out;
  out.ref = {name, incarnation};
  out.transport = to_text(tid.transport());
  out.traddr = tid.traddr();
  out.trsvcid = tid.trsvcid();
  out.subsysnqn = tid.subsysnqn();
  out.hostnqn = tid.host_nqn();
  out.host_iface = tid.host_iface();
  out.cntrltype = "io";
  out.state = "live";
  return out;
}

std::string show(const std::vector<DeviceRef>& refs) {
  std::string text;
  for (const auto& ref : refs) text += ref.name + "#" + std::to_string(ref.incarnation) + " ";
  return text;
}

std::string matching(const DeviceBook& book, const std::string& controller) {
  std::string text;
  for (const auto* found : book.matching(tid_of(controller), ControllerKind::io)) text += found->ref.name + " ";
  return text;
}

TEST(DeviceBook, IsCompleteAfterTheFirstScanOnly) {
  DeviceBook book;
  book.seen(device("nvme0", 1, "10.0.0.1/nqn.a"));
  EXPECT_FALSE(book.complete());
  book.scanned({});
  EXPECT_TRUE(book.complete());
}

TEST(DeviceBook, ARecycledNameIsAnotherDevice) {
  DeviceBook book;
  book.seen(device("nvme0", 1, "10.0.0.1/nqn.a"));
  EXPECT_EQ(show(book.seen(device("nvme0", 2, "10.0.0.1/nqn.b"))), "nvme0#1 ");
  EXPECT_EQ(book.find({"nvme0", 1}), nullptr);
  EXPECT_NE(book.find({"nvme0", 2}), nullptr);
  EXPECT_NE(book.find({"nvme0", 0}), nullptr) << "0 means any";
  EXPECT_EQ(show(book.gone({"nvme0", 1})), "") << "a late event of the predecessor";
  EXPECT_EQ(show(book.gone({"nvme0", 0})), "nvme0#2 ");
  EXPECT_EQ(show(book.gone({"nvme0", 2})), "");
}

TEST(DeviceBook, AScanTellsWhatIsGone) {
  DeviceBook book;
  book.scanned({device("nvme0", 1, "10.0.0.1/nqn.a"), device("nvme1", 2, "10.0.0.1/nqn.b")});
  EXPECT_EQ(show(book.scanned({device("nvme0", 3, "10.0.0.1/nqn.a"), device("nvme2", 4, "10.0.0.1/nqn.c")})),
            "nvme0#1 nvme1#2 ");
  EXPECT_EQ(matching(book, "10.0.0.1/nqn.b"), "");
  EXPECT_EQ(matching(book, "10.0.0.1/nqn.c"), "nvme2 ");
}

TEST(DeviceBook, FindsWhatMayServe) {
  DeviceBook book;
  book.scanned({device("nvme2", 1, "10.0.0.1/nqn.a"), device("nvme10", 2, "10.0.0.1/nqn.a%eth0"),
                device("nvme3", 3, "10.0.0.1:4420/nqn.a"), device("nvme4", 4, "10.0.0.1/nqn.a@nqn.other"),
                device("nvme5", 5, "[fe80::1%eth0]/nqn.a"), device("nvme6", 6, "rdma:10.0.0.1:8009/nqn.a")});
  const struct {
    const char* claim;
    const char* controller;
    const char* expect;
  } rows[] = {
      {"all that fit, sorted by name", "10.0.0.1/nqn.a", "nvme10 nvme2 "},
      {"a mapped address is the same: #4", "[::ffff:10.0.0.1]/nqn.a", "nvme10 nvme2 "},
      {"another port is another controller", "10.0.0.1:4420/nqn.a", "nvme3 "},
      {"another host NQN as well: #12", "10.0.0.1/nqn.a@nqn.other", "nvme4 "},
      {"link-local without its scope: #41", "[fe80::1]/nqn.a", "nvme5 "},
      {"another transport", "rdma:10.0.0.1:8009/nqn.a", "nvme6 "},
      {"another NQN", "10.0.0.1/nqn.b", ""},
      {"another address", "10.0.0.2/nqn.a", ""},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.claim);
    EXPECT_EQ(matching(book, row.controller), row.expect);
  }
}

TEST(DeviceBook, AChangedDeviceIsFoundUnderWhatItIsNow) {
  DeviceBook book;
  book.scanned({});
  Device late = device("nvme0", 1, "10.0.0.1/nqn.a");
  late.traddr.clear();
  book.seen(late);
  EXPECT_EQ(matching(book, "10.0.0.1/nqn.a"), "");
  const auto before = book.version();
  book.seen(device("nvme0", 1, "10.0.0.1/nqn.a"));
  EXPECT_EQ(matching(book, "10.0.0.1/nqn.a"), "nvme0 ");
  EXPECT_NE(book.version(), before);
  const auto after = book.version();
  book.seen(device("nvme0", 1, "10.0.0.1/nqn.a"));
  EXPECT_EQ(book.version(), after) << "nothing new";
}

}  // namespace
}  // namespace stas::story
