// SPDX-License-Identifier: Apache-2.0
//
// The table of the seven fields: written and read back by every name it gives them, and one judge for all who read.
#include "libstas/core/identity/tid_fields.h"

#include <string>

#include <gtest/gtest.h>

#include "libstas/core/base/unicode.h"
#include "libstas/core/brain/last_known.h"
#include "libstas/core/brain/view.h"

namespace stas {
namespace {

Tid sample() {
  return Tid({Transport::rdma, "fe80::1%eth1", "4421", "nqn.2026-01.lab:a", "fe80::2", "eth0", "nqn.2026-01.lab:host"});
}

Json json_of(const TidTexts& texts) {
  auto object = Json::object();
  for (std::size_t i = 0; i < kTidFields.size(); ++i) object.add(std::string(kTidFields[i].key), Json(texts[i]));
  return object;
}

std::string complaint(const TidTexts& texts) {
  const auto fields = read_tid(texts);
  return fields ? "" : fields.error().text;
}

TEST(TidFields, HaveTheNamesAndTheOrderOfTheContract) {
  std::string arguments, keys;
  for (const auto& field : kTidFields) arguments += std::string(field.argument) + " ";
  for (const auto& [key, value] : id_dict(sample(), {}, "nvme3")) keys += key + "=" + value + " ";
  EXPECT_EQ(arguments, "transport traddr trsvcid subsysnqn host_traddr host_iface host_nqn ");
  EXPECT_EQ(keys,
            "traddr=fe80::1%eth1 trsvcid=4421 transport=rdma subsysnqn=nqn.2026-01.lab:a host-iface=eth0 "
            "host-traddr=fe80::2 host-nqn=nqn.2026-01.lab:host device=nvme3 ");
}

TEST(TidFields, AreReadBackAsWritten) {
  const Tid tid = sample();
  const TidTexts texts = texts_of(tid);
  EXPECT_EQ(Tid(*read_tid(texts)), tid);
  EXPECT_EQ(read_tid(json_of(texts)).value(), tid);
  EXPECT_EQ(tid_of_args(texts, false), tid);
  EXPECT_EQ(tid_of_args(texts, true)->host_iface(), "");
}

TEST(TidFields, WhatIsMissingIsEmpty) {
  const auto tid = read_tid(Json(Json::Object{{"transport", "loop"}, {"subsysnqn", "nqn.a"}, {"more", 7}}));
  ASSERT_TRUE(tid);
  EXPECT_EQ(*tid, Tid({Transport::loop, "", "", "nqn.a", "", "", ""}));
}

TEST(TidFields, OneJudgeForAllWhoRead) {
  const struct {
    std::size_t field;
    std::string text;
    const char* why;
  } rows[] = {
      {0, "pcie", "the transport of a controller is not known"},
      {0, "", "the transport of a controller is not known"},
      {1, "", "the traddr of a controller is missing"},
      {1, "10.0.0.2,hostnqn=x", "the traddr of a controller has a comma or a control character in it"},
      {1, std::string(257, 'a'), "the traddr of a controller is too long"},
      {2, "80\n09", "the trsvcid of a controller has a comma or a control character in it"},
      {3, "", "the subsysnqn of a controller is missing"},
      {3, std::string(224, 'n'), "the subsysnqn of a controller is no NQN"},
      {3, "nqn.\xff", "the subsysnqn of a controller is no NQN"},
      {4, "10.0.0.1,", "the host-traddr of a controller has a comma or a control character in it"},
      {5, std::string("eth\0", 4), "the host-iface of a controller has a comma or a control character in it"},
      {6, "a,", "the host-nqn of a controller has a comma or a control character in it"},
      {6, std::string(224, 'n'), "the host-nqn of a controller is no NQN"},
  };
  const Tid good({Transport::tcp, "10.0.0.2", "8009", "nqn.a", "10.0.0.1", "eth0", "nqn.host"});
  for (const auto& row : rows) {
    SCOPED_TRACE(row.why);
    TidTexts texts = texts_of(good);
    texts[row.field] = row.text;
    EXPECT_EQ(complaint(texts), row.why);
    EXPECT_FALSE(tid_of_args(texts, false));
    EXPECT_FALSE(read_tid(json_of(texts)));
    if (!is_valid_utf8(row.text)) continue;  // JSON cannot carry it
    KnownStafd known;
    known.ended.push_back(good);
    std::string file = format_last_known(known);
    const auto key = "\"" + std::string(kTidFields[row.field].key) + "\": ";
    const auto at = file.find(key) + key.size();
    file.replace(at, file.find_first_of(",\n", at) - at, Json(row.text).dump_python());
    EXPECT_EQ(parse_known_stafd(file, "f").known.ended.size(), 0U) << file;
  }
  EXPECT_EQ(complaint(texts_of(good)), "");
}

TEST(TidFields, AMemberThatIsNoTextIsRefused) {
  auto object = json_of(texts_of(sample()));
  object.set("trsvcid", 4421);
  EXPECT_EQ(read_tid(object).error().text, "the trsvcid of a controller is no text");
  EXPECT_EQ(read_tid(Json(7)).error().text, "a controller is no object");
}

}  // namespace
}  // namespace stas
