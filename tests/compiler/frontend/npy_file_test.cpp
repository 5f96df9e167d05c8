#include "compiler/frontend/npy_file.h"

#include <functional>
#include <limits>

#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "compiler/frontend/random_stream.h"
#include "tests/compiler/frontend/npy_writer.h"
#include "tests/support/temporary_directory.h"

namespace systole {
namespace {

/// What `use` says about a file, its path replaced by `f`; nothing when it succeeds.
std::string error_of(const std::string& file, const std::function<void(const NpyFile&)>& use) {
  try {
    use(NpyFile(file));
  } catch (const WorkloadError& error) {
    const std::string message = error.what();
    EXPECT_TRUE(message.starts_with(file + ": ")) << message;
    return message.substr(file.size() + 2);
  }
  return "";
}

std::string error_of_bytes(const std::string& bytes) {
  const TemporaryDirectory folder;
  return error_of(folder.write("a.npy", bytes), [](const NpyFile&) {});
}

TEST(NpyFile, ReadsThreeTypes) {
  const TemporaryDirectory folder;
  const NpyFile floats(folder.write("f.npy", npy("(2, 2)", std::vector<float>{1, -2.5, 3, 4})));
  EXPECT_EQ(floats.type(), NpyType::Float32);
  EXPECT_EQ(floats.shape(), (std::vector<std::int64_t>{2, 2}));
  EXPECT_EQ(floats.floats(), (std::vector<float>{1, -2.5, 3, 4}));
  const NpyFile bytes(folder.write("b.npy", npy("(3,)", std::vector<std::int8_t>{-128, 0, 127})));
  EXPECT_EQ(bytes.int8s(), (std::vector<std::int8_t>{-128, 0, 127}));
  const NpyFile words(folder.write("w.npy", npy("(1,)", std::vector<std::int32_t>{-70000})));
  EXPECT_EQ(words.int32s(), (std::vector<std::int32_t>{-70000}));
}

template <class T>
std::string npy_of(const std::string& type, const std::vector<T>& values) {
  return npy_with_header(npy_header_text(type, fmt::format("({},)", values.size())),
                         bytes_of_values(values));
}

TEST(NpyFile, ReadsFloatsOfEveryWidth) {
  const TemporaryDirectory folder;
  // 1.5 + 2^-30 is 1.5 in binary32.
  EXPECT_EQ(NpyFile(folder.write("d.npy", npy("(3,)", std::vector<double>{-0.1, 1.5 + 0x1p-30, 0})))
                .floats(),
            (std::vector<float>{-0.1F, 1.5F, 0}));
  // binary16: sign, 5 bits of exponent (bias 15), 10 of fraction; 1 is 15 << 10, the least 2^-24.
  const std::vector<std::uint16_t> halves{0x3c00, 0xc100, 0x0001, 0x7bff};
  EXPECT_EQ(NpyFile(folder.write("h.npy", npy_of("<f2", halves))).floats(),
            (std::vector<float>{1, -2.5F, 0x1p-24F, 65504}));
}

TEST(NpyFile, ReadsIntegersOfEveryWidthAsNumbers) {
  const TemporaryDirectory folder;
  const auto numbers = [&](const std::string& bytes) {
    return NpyFile(folder.write("n.npy", bytes)).numbers();
  };
  EXPECT_EQ(numbers(npy_of<std::int8_t>("|i1", {-128, 127})), (std::vector<double>{-128, 127}));
  EXPECT_EQ(numbers(npy_of<std::uint8_t>("|u1", {0, 255})), (std::vector<double>{0, 255}));
  EXPECT_EQ(numbers(npy_of<std::uint8_t>("|b1", {0, 1})), (std::vector<double>{0, 1}));
  EXPECT_EQ(numbers(npy_of<std::int16_t>("<i2", {-300})), (std::vector<double>{-300}));
  EXPECT_EQ(numbers(npy_of<std::uint16_t>("<u2", {65535})), (std::vector<double>{65535}));
  EXPECT_EQ(numbers(npy_of<std::int32_t>("<i4", {-70000})), (std::vector<double>{-70000}));
  EXPECT_EQ(numbers(npy_of<std::int64_t>("<i8", {std::int64_t{1} << 40})),
            (std::vector<double>{0x1p40}));
  EXPECT_EQ(numbers(npy("(2,)", std::vector<double>{0.1, -2})), (std::vector<double>{0.1, -2}));
}

TEST(NpyFile, ReadsInt32FromInt64WithinItsRange) {
  const TemporaryDirectory folder;
  const auto read = [](const NpyFile& a) { static_cast<void>(a.int32s()); };
  const std::vector<std::int64_t> values{-5, 2147483647};
  EXPECT_EQ(NpyFile(folder.write("a.npy", npy("(2,)", values))).int32s(),
            (std::vector<std::int32_t>{-5, 2147483647}));
  EXPECT_EQ(
      error_of(folder.write("b.npy", npy("(1,)", std::vector<std::int64_t>{2147483648})), read),
      "expected numbers that int32 holds, got 2147483648 at element 0");
}

TEST(NpyFile, PutsFortranOrderIntoC) {
  const TemporaryDirectory folder;
  // [[0, 1, 2], [3, 4, 5]]: column by column in the file.
  const std::string header = "{'descr': '|i1', 'fortran_order': True, 'shape': (2, 3), }";
  const std::vector<std::int8_t> columns{0, 3, 1, 4, 2, 5};
  const NpyFile file(folder.write("f.npy", npy_with_header(header, bytes_of_values(columns))));
  EXPECT_EQ(file.int8s(), (std::vector<std::int8_t>{0, 1, 2, 3, 4, 5}));
  // Axes 2, 1, 2: element (i, 0, j) lies at i + 2 * j.
  const std::string deep = "{'descr': '|i1', 'fortran_order': True, 'shape': (2, 1, 2), }";
  const std::vector<std::int8_t> four{10, 20, 11, 21};
  EXPECT_EQ(NpyFile(folder.write("g.npy", npy_with_header(deep, bytes_of_values(four)))).int8s(),
            (std::vector<std::int8_t>{10, 11, 20, 21}));
}

TEST(NpyFile, ReadsAScalarAndAnEmptyArray) {
  const TemporaryDirectory folder;
  EXPECT_EQ(NpyFile(folder.write("s.npy", npy("()", std::vector<float>{7}))).floats(),
            (std::vector<float>{7}));
  EXPECT_TRUE(NpyFile(folder.write("e.npy", npy("(0, 4)", std::vector<float>{}))).floats().empty());
}

TEST(NpyFile, ReadsVersionTwoAndKeysInAnyOrder) {
  const TemporaryDirectory folder;
  const std::string header = "{'shape': (2,), 'fortran_order': False, 'descr': '|i1'}   \n";
  EXPECT_EQ(NpyFile(folder.write("v.npy", npy_with_header(header, "\x01\x02", 2))).int8s(),
            (std::vector<std::int8_t>{1, 2}));
}

TEST(NpyFileErrors, NameAFileThatIsMissingOrAFolder) {
  const TemporaryDirectory folder;
  const auto nothing = [](const NpyFile&) {};
  EXPECT_EQ(error_of((folder.path() / "none.npy").string(), nothing),
            "expected a readable .npy file, got none");
  EXPECT_EQ(error_of(folder.path().string(), nothing), "expected a readable .npy file, got none");
}

TEST(NpyFileErrors, NameWhatIsNoNpyFile) {
  EXPECT_EQ(error_of_bytes(""), "expected a .npy file, got something else");
  EXPECT_EQ(error_of_bytes("PK\x03\x04 a zip archive"), "expected a .npy file, got something else");
}

TEST(NpyFileErrors, NameAnotherVersion) {
  EXPECT_EQ(error_of_bytes(npy_with_header("{}", "", 3)),
            "expected .npy version 1.0 or 2.0, got 3.0");
}

TEST(NpyFileErrors, NameATruncatedHeader) {
  const std::string whole = npy("(2,)", std::vector<float>{1, 2});
  for (const std::size_t length : {6U, 7U, 8U, 9U, 10U, 40U}) {
    EXPECT_EQ(error_of_bytes(whole.substr(0, length)),
              "expected a whole .npy header, got a truncated one")
        << length;
  }
}

TEST(NpyFileErrors, NameAHugeHeader) {
  EXPECT_EQ(error_of_bytes(std::string("\x93NUMPY\x02\0\xFF\xFF\xFF\x7F", 12)),
            "expected a .npy header of at most 65536 bytes, got 2147483647");
}

TEST(NpyFileErrors, NameTruncatedAndSurplusData) {
  const std::string whole = npy("(2, 3)", std::vector<float>(6));
  EXPECT_EQ(error_of_bytes(whole.substr(0, whole.size() - 1)),
            "expected 24 bytes of data for <f4 (2, 3), got 23");
  EXPECT_EQ(error_of_bytes(whole + "x"), "expected 24 bytes of data for <f4 (2, 3), got 25");
}

TEST(NpyFileErrors, NameOtherTypes) {
  const std::string known = "expected <f2, <f4, <f8, |i1, |u1, |b1, <i2, <u2, <i4 or <i8, got ";
  for (const std::string type : {">f4", "<c8"}) {
    EXPECT_EQ(error_of_bytes(npy_with_header(npy_header_text(type, "(1,)"), std::string(4, 0))),
              known + type);
  }
}

TEST(NpyFileErrors, NameNumbersThatFloat32CannotHold) {
  const TemporaryDirectory folder;
  EXPECT_EQ(error_of(folder.write("a.npy", npy("(2,)", std::vector<double>{1, -1e39})),
                     [](const NpyFile& a) { static_cast<void>(a.floats()); }),
            "expected numbers that float32 holds, up to 3.40282e+38, got -1e+39 at element 1");
}

struct HeaderMistake {
  std::string header;
  std::string message;
};

class NpyHeaderErrors : public testing::TestWithParam<HeaderMistake> {};

TEST_P(NpyHeaderErrors, AreToldInOneLine) {
  EXPECT_EQ(error_of_bytes(npy_with_header(GetParam().header, "")), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Headers, NpyHeaderErrors,
    testing::ValuesIn(std::vector<HeaderMistake>{
        {"", "expected '{' in the .npy header, got its end"},
        {"[1, 2]", "expected '{' in the .npy header, got '[1, 2]'"},
        {"{'descr' '<f4'}", "expected ':' in the .npy header, got ''<f4'}'"},
        {"{'descr': <f4}", "expected ''' in the .npy header, got '<f4}'"},
        {"{'descr", "expected a short quoted text in the .npy header, got 'descr'"},
        {"{'shape': (a,)}", "expected a size in the .npy header, got 'a,)}'"},
        {"{'shape': (1 2)}", "expected ')' in the .npy header, got '2)}'"},
        {"{'shape': (-1,)}", "expected a size in the .npy header, got '-1,)}'"},
        {"{'fortran_order': 0}", "expected 'False' in the .npy header, got '0}'"},
        {"{'descr': '<f4'} x", "expected the end of the header in the .npy header, got 'x'"},
        {"{'shape': (1,), 'shape': (1,)}",
         "expected descr, fortran_order and shape once each, got 'shape'"},
        {"{'descr': '<f4'}", "expected descr, fortran_order and shape once each, got fewer"},
        {"{'shape': (4194305,)}",
         "expected axes of at most 2^22 elements in the .npy header, got '5,)}'"},
        {"{'des\ncr': 1}", "expected descr, fortran_order and shape once each, got 'des\\ncr'"},
        {"{'shape': (4194304, 4194304)}",
         "expected at most 8 axes and 2^40 elements in the .npy header, got ')}'"},
        {"{'shape': (1, 1, 1, 1, 1, 1, 1, 1, 1)}",
         "expected at most 8 axes and 2^40 elements in the .npy header, got ')}'"}}));

TEST(NpyFileErrors, NameUnexpectedTypeAndShape) {
  const TemporaryDirectory folder;
  const std::string file = folder.write("a.npy", npy("(3,)", std::vector<float>(3)));
  EXPECT_EQ(error_of(file, [](const NpyFile& a) { a.expect_type({NpyType::Int8}); }),
            "expected |i1, got <f4");
  EXPECT_EQ(error_of(file,
                     [](const NpyFile& a) {
                       a.expect_type({NpyType::Int8, NpyType::Int32});
                     }),
            "expected |i1 or <i4, got <f4");
  EXPECT_EQ(error_of(file,
                     [](const NpyFile& a) {
                       a.expect_shape({3, 1});
                     }),
            "expected shape (3, 1), got (3,)");
}

TEST(NpyFileErrors, NameNumbersThatAreNotFinite) {
  const TemporaryDirectory folder;
  const auto read = [](const NpyFile& a) { static_cast<void>(a.floats()); };
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(error_of(folder.write("a.npy", npy("(2,)", std::vector<float>{0, -infinity})), read),
            "expected finite numbers, got -inf at element 1");
  EXPECT_EQ(error_of(folder.write("b.npy", npy("(1,)", std::vector<float>{std::nanf("")})), read),
            "expected finite numbers, got nan at element 0");
}

/// Damages a text by a few random edits.
class Damage {
 public:
  std::string apply(std::string bytes) {
    for (std::size_t changes = 1 + below(3); changes > 0; --changes) {
      const std::size_t at = below(bytes.size());
      switch (below(4)) {
        case 0:
          bytes[at] = static_cast<char>(below(256));
          break;
        case 1:
          bytes.resize(at + 1);
          break;
        case 2:
          bytes.insert(at, bytes.substr(below(bytes.size()), 9));
          break;
        default:
          bytes.erase(at, 1 + below(4));
          break;
      }
      bytes += bytes.empty() ? "x" : "";
    }
    return bytes;
  }

 private:
  std::size_t below(std::size_t limit) { return random_.word(draw_++) % limit; }

  RandomStream random_{1, "npy fuzz"};
  std::uint64_t draw_ = 0;
};

void expect_one_line(const UserError& error) {
  EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
}

TEST(NpyFuzz, OfHeadersEndsInAHeaderOrAMessage) {
  const std::string whole = npy_header_text("<f4", "(2, 3)");
  Damage damage;
  int read = 0;
  for (int round = 0; round < 20000; ++round) {
    try {
      EXPECT_LE(parse_npy_header(damage.apply(whole), "a.npy").elements(), std::int64_t{1} << 40);
      ++read;
    } catch (const UserError& error) {
      expect_one_line(error);
    }
  }
  EXPECT_GT(read, 100);
}

TEST(NpyFuzz, OfFilesEndsInNumbersOrAMessage) {
  const TemporaryDirectory folder;
  const std::string whole = npy("(2, 3)", std::vector<float>{1, 2, 3, 4, 5, 6});
  Damage damage;
  int read = 0;
  for (int round = 0; round < 400; ++round) {
    const std::string bytes = damage.apply(whole);
    try {
      const NpyFile file(folder.write("a.npy", bytes));
      file.expect_type({NpyType::Float32});
      EXPECT_LE(file.floats().size() * 4, bytes.size());
      ++read;
    } catch (const UserError& error) {
      expect_one_line(error);
    }
  }
  EXPECT_GT(read, 0);
}

}  // namespace
}  // namespace systole
