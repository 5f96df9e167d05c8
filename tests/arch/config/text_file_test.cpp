#include "arch/config/text_file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace systole {
namespace {

std::string fault_of_file(const std::string& file, std::size_t max_bytes = 100) {
  try {
    (void)read_text_file(file, max_bytes);
  } catch (const TextFault& fault) {
    EXPECT_EQ(fault.line, 0);
    return fault.message;
  }
  return "no error";
}

std::string fault_of_text(std::string_view text) {
  try {
    check_text(text);
  } catch (const TextFault& fault) {
    return fmt::format("{}:{}: {}", fault.line, fault.column, fault.message);
  }
  return "no error";
}

TEST(ReadTextFile, ReturnsEveryByte) {
  const TemporaryDirectory directory;
  const std::string text("a\r\n\0b\xff", 6);
  EXPECT_EQ(read_text_file(directory.write("file", text), 6), text);
  EXPECT_EQ(read_text_file(directory.write("empty", ""), 6), "");
}

TEST(ReadTextFile, ReadsMoreThanOneBlock) {
  const TemporaryDirectory directory;
  const std::string text(200'000, 'x');
  EXPECT_EQ(read_text_file(directory.write("file", text), 200'000), text);
}

TEST(ReadTextFile, SaysWhyAFileIsUnreadable) {
  const TemporaryDirectory directory;
  EXPECT_EQ(fault_of_file((directory.path() / "missing").string()),
            "expected a readable file, got no such file");
  EXPECT_EQ(fault_of_file(directory.path().string()), "expected a readable file, got a directory");
  EXPECT_EQ(fault_of_file(directory.write("file", "") + "/below"),
            "expected a readable file, got Not a directory");
  EXPECT_EQ(fault_of_file(""), "expected a readable file, got no such file");
}

TEST(ReadTextFile, HasASizeLimit) {
  const TemporaryDirectory directory;
  EXPECT_EQ(fault_of_file(directory.write("fits", std::string(100, 'x'))), "no error");
  EXPECT_EQ(fault_of_file(directory.write("large", std::string(101, 'x'))),
            "expected a file of at most 100 bytes, got more");
  EXPECT_EQ(fault_of_file("/dev/zero"), "expected a file of at most 100 bytes, got more");
}

TEST(CheckText, AcceptsEveryLengthOfCharacter) {
  EXPECT_EQ(fault_of_text("a \t\r\n"), "no error");
  EXPECT_EQ(fault_of_text("\xc2\x80 \xdf\xbf"), "no error");  // U+0080, U+07FF
  EXPECT_EQ(fault_of_text("\xe0\xa0\x80 \xed\x9f\xbf \xef\xbf\xbf"), "no error");
  EXPECT_EQ(fault_of_text("\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"), "no error");  // U+10000, U+10FFFF
}

TEST(CheckText, RefusesWhatIsNoCharacter) {
  EXPECT_EQ(fault_of_text("\x80"), "1:1: expected UTF-8 text, got the byte 0x80");  // continuation
  EXPECT_EQ(fault_of_text("\xc1\xbf"), "1:1: expected UTF-8 text, got the byte 0xc1");  // overlong
  EXPECT_EQ(fault_of_text("\xe0\x9f\xbf"), "1:1: expected UTF-8 text, got the byte 0xe0");
  EXPECT_EQ(fault_of_text("\xed\xa0\x80"), "1:1: expected UTF-8 text, got the byte 0xed");
  EXPECT_EQ(fault_of_text("\xf0\x8f\xbf\xbf"), "1:1: expected UTF-8 text, got the byte 0xf0");
  EXPECT_EQ(fault_of_text("\xf4\x90\x80\x80"), "1:1: expected UTF-8 text, got the byte 0xf4");
  EXPECT_EQ(fault_of_text("\xf5\x80\x80\x80"), "1:1: expected UTF-8 text, got the byte 0xf5");
  EXPECT_EQ(fault_of_text("ab\xe2\x82"), "1:3: expected UTF-8 text, got the byte 0xe2");  // cut
  EXPECT_EQ(fault_of_text("\xc3("), "1:1: expected UTF-8 text, got the byte 0xc3");
}

TEST(CheckText, RefusesControlCharactersWithTheirPlace) {
  EXPECT_EQ(fault_of_text(std::string_view("a: 1\nb\0", 7)),
            "2:2: expected UTF-8 text, got the byte 0x00");
  EXPECT_EQ(fault_of_text("\n\n \x1b[31m"), "3:2: expected UTF-8 text, got the byte 0x1b");
  EXPECT_EQ(fault_of_text("\x7f"), "1:1: expected UTF-8 text, got the byte 0x7f");
}

TEST(InQuotes, StaysOnOneLine) {
  EXPECT_EQ(in_quotes("128x"), "'128x'");
  EXPECT_EQ(in_quotes(""), "''");
  EXPECT_EQ(in_quotes("a\nb\tc\x01"), "'a\\nb\\x09c\\x01'");
  EXPECT_EQ(in_quotes("gr\xc3\xbc\xc3\x9f"), "'gr\xc3\xbc\xc3\x9f'");
  EXPECT_EQ(in_quotes("\xff"), "'\\xff'");
}

TEST(InQuotes, CutsLongTextBetweenCharacters) {
  EXPECT_EQ(in_quotes(std::string(60, 'x')), "'" + std::string(60, 'x') + "'");
  EXPECT_EQ(in_quotes(std::string(61, 'x')), "'" + std::string(60, 'x') + "...'");
  EXPECT_EQ(in_quotes(std::string(59, 'x') + "\xc3\xbcy"),
            "'" + std::string(59, 'x') + "\xc3\xbc...'");
}

/// NEL and the separators of lines and paragraphs end a line too, CSI begins an escape sequence.
TEST(InQuotes, EscapesControlCharactersBeyondAscii) {
  EXPECT_EQ(in_quotes("a\xc2\x85"
                      "b\xc2\x9b"
                      "1m"),
            "'a\\xc2\\x85b\\xc2\\x9b1m'");
  EXPECT_EQ(in_quotes("\xe2\x80\xa8\xc2\xa0"), "'\\xe2\\x80\\xa8\xc2\xa0'");
}

TEST(PathInQuotes, KeepsTheEndOfALongPath) {
  EXPECT_EQ(path_in_quotes("a\nb"), "'a\\nb'");
  EXPECT_EQ(path_in_quotes(std::string(255, 'x')), "'" + std::string(255, 'x') + "'");
  EXPECT_EQ(path_in_quotes(std::string(60, 'a') + std::string(10'000, 'b') + std::string(190, 'c')),
            "'" + std::string(60, 'a') + "..." + std::string(190, 'c') + "'");
}

}  // namespace
}  // namespace systole
