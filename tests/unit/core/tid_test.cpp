// SPDX-License-Identifier: Apache-2.0
//
// Transport IDs: canonical from birth, equal by all seven fields, printed as the contract says (4.1-4.3, 9.2).
#include "libstas/core/identity/tid.h"

#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include <gtest/gtest.h>

namespace stas {
namespace {

const std::string kNqn = "nqn.1988-11.com.dell:SFSS:2:20220208134025e8";
const std::string kHost = "nqn.2014-08.org.nvmexpress:uuid:01234567-0123-0123-0123-0123456789ab";

TidFields sample() { return {Transport::tcp, "10.10.10.10", "8009", kNqn, "1.2.3.4", "wlp0s20f3", kHost}; }

TEST(Tid, KeepsItsFields) {
  const Tid tid(sample());
  EXPECT_EQ(tid.fields(), sample());
  EXPECT_EQ(tid.ip()->to_string(), "10.10.10.10");
  EXPECT_EQ(tid.to_string(), "(tcp, 10.10.10.10, 8009, " + kNqn + ", wlp0s20f3, 1.2.3.4)");
  EXPECT_EQ(tid, Tid(sample()));
  EXPECT_EQ(tid.hash(), Tid(sample()).hash());
}

TEST(Tid, EveryFieldCountsForEqualityAndHash) {
  std::vector<TidFields> variants(8, sample());
  variants[1].transport = Transport::rdma;
  variants[2].traddr = "10.10.10.11";
  variants[3].trsvcid = "8010";
  variants[4].subsysnqn += "x";
  variants[5].host_traddr = "1.2.3.5";
  variants[6].host_iface.clear();
  variants[7].host_nqn += "x";
  std::unordered_set<Tid> hashed;
  std::set<Tid> ordered;
  std::set<std::size_t> hashes;
  for (const auto& fields : variants) {
    hashed.insert(Tid(fields));
    ordered.insert(Tid(fields));
    hashes.insert(Tid(fields).hash());
  }
  EXPECT_EQ(hashed.size(), variants.size());
  EXPECT_EQ(ordered.size(), variants.size());
  EXPECT_EQ(hashes.size(), variants.size());
}

TEST(Tid, SwappedFieldsAreAnotherController) {
  TidFields swapped = sample();
  std::swap(swapped.host_iface, swapped.host_nqn);
  EXPECT_NE(Tid(sample()), Tid(swapped));
  EXPECT_NE(Tid(sample()).hash(), Tid(swapped).hash());
}

TEST(Tid, TwoSpellingsAreOneController) {
  struct Row {
    const char* name;
    TidFields fields, expect;
  };
  const Row rows[] = {
      {"default tcp port", {Transport::tcp, "1.1.1.1", ""}, {Transport::tcp, "1.1.1.1", "8009"}},
      {"default rdma port", {Transport::rdma, "1.1.1.1", ""}, {Transport::rdma, "1.1.1.1", "4420"}},
      {"leading zeros", {Transport::tcp, "1.1.1.1", "08009"}, {Transport::tcp, "1.1.1.1", "8009"}},
      {"port zero", {Transport::tcp, "1.1.1.1", "000"}, {Transport::tcp, "1.1.1.1", "0"}},
      {"port by name", {Transport::tcp, "1.1.1.1", "0x1F"}, {Transport::tcp, "1.1.1.1", "0x1F"}},
      {"mapped", {Transport::tcp, "::ffff:1.1.1.1", "1"}, {Transport::tcp, "1.1.1.1", "1"}},
      {"long IPv6", {Transport::rdma, "FE80:0::1%eth0", "1"}, {Transport::rdma, "fe80::1%eth0", "1"}},
      {"host name", {Transport::tcp, "Array.Example", "1"}, {Transport::tcp, "Array.Example", "1"}},
      {"source",
       {Transport::tcp, "1.1.1.1", "1", "n", "::FFFF:2.2.2.2"},
       {Transport::tcp, "1.1.1.1", "1", "n", "2.2.2.2"}},
      {"fc",
       {Transport::fc, "NN-0xAB:PN-0xCD", "4420", "n", "NN-0xEF"},
       {Transport::fc, "nn-0xab:pn-0xcd", "", "n", "nn-0xef"}},
      {"loop", {Transport::loop, "", "8009", "n"}, {Transport::loop, "", "", "n"}},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Tid(row.fields).fields(), row.expect) << row.name;
    EXPECT_EQ(Tid(row.fields), Tid(row.expect)) << row.name;
    EXPECT_EQ(Tid(row.fields).hash(), Tid(row.expect).hash()) << row.name;
  }
}

TEST(Tid, HasAnAddressOnlyWhereThereIsOne) {
  EXPECT_TRUE(Tid({Transport::tcp, "::1"}).ip());
  EXPECT_FALSE(Tid({Transport::tcp, "array.example"}).ip());
  EXPECT_FALSE(Tid({Transport::loop, "1.1.1.1"}).ip());
  EXPECT_FALSE(Tid({Transport::fc, "1.1.1.1"}).ip());
}

TEST(Tid, PrintsEmptyPartsAsTheContractSays) {
  EXPECT_EQ(Tid({Transport::fc, "nn-0x1:pn-0x2", "", "nqn.x"}).to_string(), "(fc, nn-0x1:pn-0x2, , nqn.x)");
  EXPECT_EQ(Tid({Transport::tcp, "1.1.1.1"}).to_string(), "(tcp, 1.1.1.1, 8009)");
  EXPECT_EQ(Tid({Transport::tcp, "1.1.1.1", "1", "n", "2.2.2.2", "", "host"}).to_string(),
            "(tcp, 1.1.1.1, 1, n, 2.2.2.2)");
  EXPECT_EQ(Tid({Transport::tcp, "a\nb\x1b", "1", "n\x9b"}).to_string(), "(tcp, a?b?, 1, n?)");
}

TEST(Transport, NamesGoBothWays) {
  for (std::string_view name : {"tcp", "rdma", "fc", "loop"}) EXPECT_EQ(to_text(*parse_transport(name)), name);
  for (std::string_view name : {"", "TCP", "pcie", "blah"}) EXPECT_FALSE(parse_transport(name)) << name;
}

}  // namespace
}  // namespace stas
