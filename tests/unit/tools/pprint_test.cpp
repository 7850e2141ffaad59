// SPDX-License-Identifier: Apache-2.0
//
// The expectations in pprint.json were written by Python's own pprint with width=120.
#include "libstas/core/base/pprint.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "libstas/core/base/unicode.h"
#include "libstas/tools/ctl_output.h"

namespace stas {
namespace {

TEST(Pprint, WritesWhatPythonWrites) {
  std::ostringstream text;
  text << std::ifstream(std::string(std::getenv("STAS_TEST_DATA")) + "/pprint.json").rdbuf();
  const auto cases = Json::parse(text.str());
  ASSERT_TRUE(cases) << cases.error().text;
  ASSERT_GT(cases->as_array()->size(), 20U);
  for (const auto& row : *cases->as_array()) {
    EXPECT_EQ(python_pprint(*row.find("document")), *row.find("expected")->as_string())
        << *row.find("name")->as_string();
  }
}

TEST(Pprint, LastOfEqualKeysCounts) {
  EXPECT_EQ(python_repr(Json::parse(R"({"b": 1, "a": 2, "b": 3})").value()), "{'a': 2, 'b': 3}");
}

TEST(Pprint, BytesThatAreNotUtf8AreEscaped) {
  EXPECT_EQ(text_repr("a\xff\xc0\x80z"), R"('a\xff\xc0\x80z')");
  EXPECT_EQ(text_repr("\xed\xa0\x80"), R"('\xed\xa0\x80')");  // a surrogate
}

TEST(Unicode, TerminalControlIsNeverShown) {
  const struct {
    const char* text;
    const char* expected;
  } rows[] = {
      {"plain ~", "plain ~"},
      {"\x1b[31mred", "\\x1b[31mred"},
      {"a\nb\tc\r", "a\\nb\\tc\\r"},
      {"\x7f", "\\x7f"},
      {"\xc2\x9b"
       "2J",
       "\\x9b2J"},
      {"\xe2\x80\xae", "\\u202e"},
      {"caf\xc3\xa9", "caf\xc3\xa9"},
      {"\xf3\xa0\x80\x81", "\\U000e0001"},
      {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
  };
  for (const auto& row : rows) EXPECT_EQ(escaped(row.text), row.expected);
}

TEST(CtlOutput, TableEscapesAndLeavesEmptyColumnsOut) {
  const auto document = Json::parse(R"([{"device": "nvme0", "traddr": "10.0.0.1\u001b[2J", "host-iface": ""},
                                        {"device": "nvme10", "traddr": "::1", "host-iface": ""}])");
  EXPECT_EQ(format_document(*document, OutputFormat::table),
            "device  traddr\n"
            "nvme0   10.0.0.1\\x1b[2J\n"
            "nvme10  ::1\n");
}

TEST(CtlOutput, StatusTableHasScalarsThenControllers) {
  const auto document = Json::parse(R"({"tron": false, "hostkey": null, "controllers": [{"device": "nvme0"}]})");
  EXPECT_EQ(format_document(*document, OutputFormat::table),
            "tron: False\nhostkey: None\n\ncontrollers: 1\n  device\n  nvme0\n");
}

TEST(CtlOutput, EmptyListIsEmptyInEveryFormat) {
  EXPECT_EQ(format_document(Json::array(), OutputFormat::pprint), "[]\n");
  EXPECT_EQ(format_document(Json::array(), OutputFormat::json), "[]\n");
  EXPECT_EQ(format_document(Json::array(), OutputFormat::table), "");
}

}  // namespace
}  // namespace stas
