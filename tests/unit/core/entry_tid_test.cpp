// SPDX-License-Identifier: Apache-2.0
//
// What an entry of a log page means: its address, and what it inherits (compatibility contract 6.3).
#include "libstas/core/discovery/entry_tid.h"

#include <string>

#include <gtest/gtest.h>

#include "libstas/core/identity/nqn.h"

namespace stas {
namespace {

// A link-local address is one only together with an interface of ours; the target's own name for it means nothing here.
TEST(EntryTid, ALinkLocalAddressHasTheScopeOfItsDiscoveryController) {
  const struct {
    const char* dc_traddr;
    const char* dc_iface;
    const char* entry;
    bool ignore_iface;
    const char* traddr;
    const char* iface;
  } rows[] = {
      {"fe80::1%h0", "", "fe80::2", false, "fe80::2%h0", ""},
      {"fe80::1%h0", "", "fe80::2%t0", false, "fe80::2%h0", ""},
      {"fe80::1%h0", "", "fe80::2%t0", true, "fe80::2%h0", ""},
      {"fe80::1", "h0", "fe80::2%t0", false, "fe80::2", "h0"},
      {"fe80::1", "h0", "fe80::2", true, "fe80::2%h0", ""},
      {"10.0.0.1", "h0", "fe80::2%t0", false, "fe80::2", "h0"},
      {"10.0.0.1", "", "fe80::2%t0", false, "fe80::2%t0", ""},  // nothing better is known
      {"fe80::1%h0", "", "fd00::2", false, "fd00::2", ""},
      {"fe80::1%h0", "", "10.0.0.2", false, "10.0.0.2", ""},
  };
  for (const auto& row : rows) {
    const Tid dc({Transport::tcp, row.dc_traddr, "", std::string(kWellKnownDiscoveryNqn), "", row.dc_iface, "nqn.h"});
    Dlpe entry;
    entry.trtype = kDlpTrtypeTcp;
    entry.subtype = kDlpSubtypeNvme;
    entry.traddr = row.entry;
    entry.trsvcid = "4420";
    entry.subnqn = "nqn.a";
    const auto tid = tid_of_entry(entry, dc, row.ignore_iface);
    ASSERT_TRUE(tid);
    EXPECT_EQ(tid->traddr(), row.traddr) << row.dc_traddr << ' ' << row.dc_iface << ' ' << row.entry;
    EXPECT_EQ(tid->host_iface(), row.iface) << row.dc_traddr << ' ' << row.dc_iface << ' ' << row.entry;
  }
}

}  // namespace
}  // namespace stas
