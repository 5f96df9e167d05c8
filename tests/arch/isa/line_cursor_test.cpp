#include "arch/isa/line_cursor.h"

#include <gtest/gtest.h>

#include "tests/arch/message_of.h"

namespace systole {
namespace {

const std::string kFile = "p.txt";

TEST(LineCursor, ReadsWordsUpToBlanksBracketsAndEqualSigns) {
  LineCursor cursor(kFile, " fold  tile=3 window(a=b)", 1);
  EXPECT_EQ(cursor.word(), "fold");
  EXPECT_EQ(cursor.word(), "tile");
  EXPECT_TRUE(cursor.take('='));
  EXPECT_EQ(cursor.token(), "3");
  EXPECT_EQ(cursor.word(), "window");
  EXPECT_FALSE(cursor.take(')'));
  EXPECT_TRUE(cursor.take('('));
  EXPECT_EQ(cursor.token(), "a=b");  // a token ends at blanks and closing brackets alone
  EXPECT_EQ(cursor.peek(), ')');
  EXPECT_FALSE(cursor.at_end());
  EXPECT_TRUE(cursor.take(')'));
  EXPECT_TRUE(cursor.at_end());
  EXPECT_EQ(cursor.peek(), '\0');
  EXPECT_EQ(cursor.word(), "");
}

/// Carriage returns are blanks: a file may come from anywhere.
TEST(LineCursor, EndsAtACommentWhereATokenCouldBegin) {
  LineCursor cursor(kFile, "a#b\t# c d\r", 1);
  EXPECT_EQ(cursor.word(), "a#b");
  EXPECT_TRUE(cursor.at_end());
  LineCursor blank(kFile, " \t\r", 1);
  EXPECT_TRUE(blank.at_end());
}

TEST(LineCursor, QuotedNamesMayHoldAnything) {
  LineCursor cursor(kFile, R"("a # (b)\"\\\x0a\xfF" next)", 1);
  EXPECT_EQ(cursor.quoted(), "a # (b)\"\\\n\xff");
  EXPECT_EQ(cursor.word(), "next");
}

TEST(LineCursor, ErrorsPointAtTheTokenReadLast) {
  const std::string fault = message_of([] {
    LineCursor cursor(kFile, "  fold tile=x", 7);
    (void)cursor.word();
    const LineCursor::Path fold(cursor, "fold");
    (void)cursor.word();
    const LineCursor::Path tile(cursor, "tile");
    (void)cursor.take('=');
    (void)cursor.token();
    cursor.fail("an integer", "'x'");
  });
  EXPECT_EQ(fault, "p.txt:7:13: fold.tile: expected an integer, got 'x'");
}

TEST(LineCursor, PathsEndWithTheirScope) {
  const std::string fault = message_of([] {
    LineCursor cursor(kFile, "a b", 2);
    const LineCursor::Path outer(cursor, "outer");
    { const LineCursor::Path inner(cursor, "inner"); }
    (void)cursor.word();
    cursor.fail_here("'='");
  });
  EXPECT_EQ(fault, "p.txt:2:3: outer: expected '=', got 'b'");
}

TEST(LineCursor, ErrorsAtTheEndOfTheLineSaySo) {
  EXPECT_EQ(message_of([] { LineCursor(kFile, "  # c", 3).fail_here("'='"); }),
            "p.txt:3:3: expected '=', got the end of the line");
  EXPECT_EQ(message_of([] { (void)LineCursor(kFile, "\"ab", 3).quoted(); }),
            "p.txt:3:4: expected a closing double quote, got the end of the line");
  EXPECT_EQ(message_of([] { (void)LineCursor(kFile, "ab", 3).quoted(); }),
            "p.txt:3:1: expected a name in double quotes, got 'ab'");
  EXPECT_EQ(message_of([] { (void)LineCursor(kFile, R"("a\n")", 3).quoted(); }),
            R"(p.txt:3:3: expected an escape \", \\ or \xHH, got '\n')");
}

TEST(LineCursor, TokensInMessagesAreShortAndPrintable) {
  EXPECT_EQ(quote_for_message("a\tb"), "'a?b'");
  EXPECT_EQ(quote_for_message(std::string(60, 'x')), "'" + std::string(60, 'x') + "'");
  EXPECT_EQ(quote_for_message(std::string(61, 'x')), "'" + std::string(60, 'x') + "...'");
}

}  // namespace
}  // namespace systole
