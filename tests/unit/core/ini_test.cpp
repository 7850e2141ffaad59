// SPDX-License-Identifier: Apache-2.0
//
// The lexer (compatibility contract 2.1): what a line is, and that nothing of it is lost.
#include "libstas/core/config/ini.h"

#include <string>

#include <gtest/gtest.h>

#include "libstas/core/config/config.h"

namespace stas {
namespace {

// "LINE [section] key=value|...", '!' for an option without '=', "LINE !text" for errors.
std::string dump(const IniFile& file) {
  std::string out;
  for (const IniOption& option : file.options) {
    out += std::to_string(option.line) + " [" + option.section + "] " + option.key;
    out += option.value ? "=" + *option.value + "\n" : "!\n";
  }
  for (const IniError& error : file.errors) out += std::to_string(error.line) + " !" + error.text + "\n";
  return out;
}

TEST(Ini, LinesBecomeOptions) {
  const struct {
    const char* claim;
    const char* text;
    const char* expect;
  } rows[] = {
      {"keys are lower-cased, blanks trimmed", "[A]\n  Key \t=  v w \n", "2 [A] key=v w\n"},
      {"sections are case-sensitive, inner blanks count", "[ A ]\nk=1\n[a]\nk=2\n", "2 [ A ] k=1\n4 [a] k=2\n"},
      {"text after ] is ignored", "[A] # x ]\nk=1\n", "2 [A] k=1\n"},
      {"repeated sections merge, order kept", "[A]\nk=1\n[B]\nk=2\n[A]\nk=3\n", "2 [A] k=1\n4 [B] k=2\n6 [A] k=3\n"},
      {"comments are whole lines", "[A]\n# k=1\n  ; k=2\nk=3 # x\nj=a;b ; c\n", "4 [A] k=3 # x\n5 [A] j=a;b ; c\n"},
      {"only = delimits", "[A]\nkato: 5\n", "2 [A] kato: 5!\n"},
      {"split at the first =", "[A]\nk=a=b==\n", "2 [A] k=a=b==\n"},
      {"an empty value is a value", "[A]\nk=\nj\n", "2 [A] k=\n3 [A] j!\n"},
      {"deeper lines continue", "[A]\nk=a\n  b\n\tc=d\nj=e\n", "2 [A] k=a\n3 [A] k=b\n4 [A] k=c=d\n5 [A] j=e\n"},
      {"continuation survives blank and comment lines", "[A]\nk=a\n\n # x\n b\n", "2 [A] k=a\n5 [A] k=b\n"},
      {"elements may all stand below", "[A]\nk=\n a\n b\n", "3 [A] k=a\n4 [A] k=b\n"},
      {"the same indent is no continuation", "[A]\n  k=a\n  j=b\n k=c\n", "2 [A] k=a\n3 [A] j=b\n4 [A] k=c\n"},
      {"a blank line between repeats adds nothing", "[A]\nk=a\n\nk=b\n", "2 [A] k=a\n4 [A] k=b\n"},
      {"nothing continues a section header", "[A]\n   k=a\n", "2 [A] k=a\n"},
      {"carriage returns and a byte order mark", "\xef\xbb\xbf[A]\r\nk=a\r\n", "2 [A] k=a\n"},
      {"carriage returns alone end lines, too", "# c\r[A]\rk=a\r\r j=b\r", "3 [A] k=a\n5 [A] k=j=b\n"},
      {"names beyond inih", "[A]\nk;j=1\n: x=2\n", "2 [A] k;j=1\n3 [A] : x=2\n"},
      {"no newline at the end", "[A]\nk=a", "2 [A] k=a\n"},
      {"nothing", "", ""},
  };
  for (const auto& row : rows) EXPECT_EQ(dump(parse_ini(row.text)), row.expect) << row.claim;
}

TEST(Ini, SyntaxErrorsAreReportedAndTheRestIsRead) {
  EXPECT_EQ(dump(parse_ini("a=1\nb=2\n[A]\nk=v\n")), "4 [A] k=v\n1 !text before the first section header is ignored\n");
  EXPECT_EQ(dump(parse_ini("[A]\n=1\nk=v\n")),
            "3 [A] k=v\n2 !a line starts with `=`: the name of the option is missing\n");
  for (const char* header : {"[B", "[]"}) {
    const std::string text = std::string("[A]\nk=1\n") + header + "\nk=2\n[C]\nk=3\n";
    EXPECT_EQ(dump(parse_ini(text)), std::string("2 [A] k=1\n6 [C] k=3\n3 !broken section header `") + header +
                                         "`: write `[Name]`; options up to the next header are ignored\n");
  }
  // As the continuation of an option half the file would vanish.
  EXPECT_EQ(
      dump(parse_ini("[A]\nk=1\n  [B]\n  j=2\n[C]\nk=3\n")),
      "2 [A] k=1\n6 [C] k=3\n3 !section header `[B]` is indented, so it would continue the option above it: begin it "
      "in the first column; options up to the next header are ignored\n");
}

TEST(Ini, LinesMayBeLong) {
  const std::string value(100000, 'v'), key(300, 'k'), section(300, 's');
  const IniFile file = parse_ini("[" + section + "]\n" + key + "=" + value + ";x ; y\nj=1\n");
  ASSERT_EQ(file.options.size(), 2U);
  EXPECT_EQ(file.options[0].section, section);
  EXPECT_EQ(file.options[0].key, key);
  EXPECT_EQ(*file.options[0].value, value + ";x ; y");
  EXPECT_EQ(file.options[1].line, 3);
  EXPECT_TRUE(file.errors.empty());
}

TEST(Ini, SectionNamesThatAreNoneStayUnknown) {
  EXPECT_EQ(dump(parse_ini("[A]\nk=1\n[A ; x]\nk=2\n[;]\nk=3\n")), "2 [A] k=1\n4 [A ; x] k=2\n6 [;] k=3\n");
}

TEST(Ini, ALastLineWithoutEndIsTold) {
  EXPECT_EQ(parse_ini("[A]\nk=1\n").unended_line, 0);
  EXPECT_EQ(parse_ini("[A]\rk=1\r").unended_line, 0);
  EXPECT_EQ(parse_ini("").unended_line, 0);
  EXPECT_EQ(parse_ini("[A]\nk=1").unended_line, 2);
}

TEST(Ini, BytesBeyondTheBoundAreCutAtALine) {
  // Lines 1 and 2 fill the file up to the bound but for the last byte.
  std::string text = "[A]\n#";
  text.append(kMaxConfigBytes - text.size() - sizeof("\nk=1\n"), 'x');
  text += "\nk=1\n";
  EXPECT_EQ(parse_ini(text + "\n").truncated_at, 0);
  const IniFile file = parse_ini(text + "k=2\n");
  EXPECT_EQ(dump(file), "3 [A] k=1\n");
  EXPECT_EQ(file.truncated_at, 4);
}

TEST(Ini, TrailingCommentsNeedABlank) {
  EXPECT_EQ(without_trailing_comment("a=b # c"), "a=b");
  EXPECT_EQ(without_trailing_comment("a=b\t# c # d"), "a=b");
  EXPECT_EQ(without_trailing_comment("a=b#c"), "a=b#c");
  EXPECT_EQ(without_trailing_comment("# c"), "");
}

}  // namespace
}  // namespace stas
