// SPDX-License-Identifier: Apache-2.0
//
// JSON: Python's spelling to the byte (contract 3.5), bounds on what is read, order kept.
#include "libstas/core/base/json.h"

#include <cstdint>
#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace stas {
namespace {

std::string python(std::string_view text) {
  const auto json = Json::parse(text);
  return json ? json->dump_python() : "error: " + json.error().text;
}

TEST(Json, IsWrittenAsPythonWritesIt) {
  Json json;
  json.set("tron", false);
  json.set("hostkey", nullptr);
  json.set("n", 7);
  json.set("timer", 60.0);
  json.set("types", Json::Array{"_nvme-disc._udp", "_nvme-disc._tcp"});
  json.set("services", Json::object());
  json.set("none", Json::array());
  json.set("nested", Json::Object{{"a", Json::Object{{"b", true}}}});
  EXPECT_EQ(
      json.dump_python(),
      R"({"tron": false, "hostkey": null, "n": 7, "timer": 60.0, "types": ["_nvme-disc._udp", "_nvme-disc._tcp"], )"
      R"("services": {}, "none": [], "nested": {"a": {"b": true}}})");
}

// Expected texts: output of Python 3's json.dumps.
TEST(Json, StringsAreAsciiWithPythonsEscapes) {
  struct Row {
    std::string text, expect;
  };
  const Row rows[] = {
      {"", R"("")"},
      {"a\"b\\c/", R"("a\"b\\c/")"},
      {"\b\f\n\r\t", R"("\b\f\n\r\t")"},
      {std::string("\0\x1f\x7f", 3), R"("\u0000\u001f\u007f")"},
      {"d\xc3\xa9j\xc3\xa0", R"("d\u00e9j\u00e0")"},
      {"\xf0\x9f\x98\x80", R"("\ud83d\ude00")"},
      {"bad \xff byte", R"("bad \ufffd byte")"},
  };
  for (const auto& row : rows) EXPECT_EQ(Json(row.text).dump_python(), row.expect);
  EXPECT_EQ(Json(Json::Object{{"k\xc3\xa9\"", 1}}).dump_python(), R"({"k\u00e9\"": 1})");
  EXPECT_EQ(Json("d\xc3\xa9j\xc3\xa0").dump_pretty(), "\"d\xc3\xa9j\xc3\xa0\"");
}

TEST(Json, PrettyIsIndentedDownToTheFlatLevel) {
  const Json json = *Json::parse(R"({"a":[1,{"b":[2,3]}],"c":{},"d":[]})");
  EXPECT_EQ(json.dump_pretty(), R"({
  "a": [
    1,
    {
      "b": [
        2,
        3
      ]
    }
  ],
  "c": {},
  "d": []
})");
  EXPECT_EQ(json.dump_pretty(2), "{\n  \"a\": [\n    1,\n    {\"b\": [2, 3]}\n  ],\n  \"c\": {},\n  \"d\": []\n}");
  EXPECT_EQ(json.dump_pretty(0), json.dump_python());
}

TEST(Json, ReadingKeepsOrderAndValues) {
  EXPECT_EQ(python(R"( {"z":1,"a":[true,false,null,-5,1.5,"x"],"m":{}} )"),
            R"({"z": 1, "a": [true, false, null, -5, 1.5, "x"], "m": {}})");
  EXPECT_EQ(python(R"("\u00e9\ud83d\ude00")"), R"("\u00e9\ud83d\ude00")");
  EXPECT_EQ(python("18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(python("-9223372036854775808"), "-9223372036854775808");
}

TEST(Json, MalformedTextIsAnErrorWithAPosition) {
  for (std::string_view text : {"", " ", "{", "[1,]", "{\"a\"}", "{'a': 1}", "nul", "1 2", "[1] x", "\"\n\"",
                                "\"\xff\"", "\"\\ud83d\"", "01", "NaN", "1e999", "// x\n1", "[}"}) {
    const auto json = Json::parse(text);
    ASSERT_FALSE(json) << text;
    EXPECT_EQ(json.error().text.rfind("JSON: syntax error at byte ", 0), 0U) << json.error().text;
  }
}

TEST(Json, InputIsBoundedInDepthValuesAndBytes) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(Json::parse(nested(32)));
  EXPECT_EQ(Json::parse(nested(33)).error().text, "JSON: nested deeper than 32");
  EXPECT_FALSE(Json::parse(std::string(1000000, '[')));
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
  EXPECT_EQ(Json::parse(objects).error().text, "JSON: nested deeper than 32");
  EXPECT_TRUE(Json::parse("[1,2,3]", {.values = 4}));
  EXPECT_EQ(Json::parse("[1,2,3,4]", {.values = 4}).error().text, "JSON: more than 4 values");
  EXPECT_TRUE(Json::parse("[1,2]", {.bytes = 5}));
  EXPECT_EQ(Json::parse("[1,2]", {.bytes = 4}).error().text, "JSON: more than 4 bytes");
}

TEST(Json, AccessorsAnswerOnlyForTheirKind) {
  EXPECT_EQ(Json(true).as_bool(), true);
  EXPECT_FALSE(Json(1).as_bool());
  EXPECT_FALSE(Json(true).as_int());
  EXPECT_EQ(Json(-1).as_int(), -1);
  EXPECT_FALSE(Json(-1).as_uint());
  EXPECT_EQ(Json(7U).as_int(), 7);
  EXPECT_EQ(Json(7).as_uint(), 7U);
  EXPECT_EQ(Json(std::numeric_limits<std::uint64_t>::max()).as_uint(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_FALSE(Json(std::numeric_limits<std::uint64_t>::max()).as_int());
  EXPECT_EQ(Json(3).as_double(), 3.0);
  EXPECT_FALSE(Json("3").as_double());
  EXPECT_EQ(*Json("x").as_string(), "x");
  EXPECT_EQ(Json(1).as_string(), nullptr);
  EXPECT_TRUE(Json().is_null());
  EXPECT_EQ(Json("x").find("x"), nullptr);
  EXPECT_EQ(Json::parse("7"), Json(7U)) << "equal numbers are equal values";
}

TEST(Json, OfEqualKeysTheLastCounts) {
  const Json json = *Json::parse(R"({"a":1,"b":2,"a":3})");
  EXPECT_EQ(*json.find("a"), Json(3));
  EXPECT_EQ(json.find("c"), nullptr);
}

TEST(Json, SetReplacesAndAddAppends) {
  Json json;
  json.set("a", 1);
  json.set("b", 2);
  json.set("a", 3);
  EXPECT_EQ(json.dump_python(), R"({"a": 3, "b": 2})");
  Json list;
  list.append(1).is_null();
  list.append("x");
  EXPECT_EQ(list.dump_python(), R"([1, "x"])");
}

TEST(Json, TextDictionariesBecomeObjects) {
  EXPECT_EQ(to_json({{"trtype", "tcp"}, {"traddr", ""}}).dump_python(), R"({"trtype": "tcp", "traddr": ""})");
  EXPECT_EQ(to_json({}).dump_python(), "{}");
}

TEST(Json, ReadingWhatWasWrittenGivesTheSame) {
  for (std::string_view text :
       {R"({"a":[1,-1,18446744073709551615,0.1,1e300,"\u0000é\\\""],"b":{"c":null}})", "[[],{}]", "\"\"", "true"}) {
    const auto json = Json::parse(text);
    ASSERT_TRUE(json) << text;
    EXPECT_EQ(*Json::parse(json->dump_python()), *json);
    EXPECT_EQ(*Json::parse(json->dump_pretty()), *json);
    EXPECT_EQ(*Json::parse(json->dump_pretty(1)), *json);
  }
}

}  // namespace
}  // namespace stas
