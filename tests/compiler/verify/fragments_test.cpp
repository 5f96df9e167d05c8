#include "compiler/verify/fragments.h"

#include <map>
#include <random>
#include <set>
#include <vector>

#include <gmock/gmock.h>

namespace systole::verification {
namespace {

using ::testing::ElementsAre;

Place place(EngineKind engine, std::int32_t index) {
  return {.engine = engine, .index = index};
}

TEST(Fragment, KnowsTheLastReaderOfEachEngine) {
  Fragment fragment;
  fragment.add_reader(place(EngineKind::Vector, 3));
  fragment.add_reader(place(EngineKind::Host, 7));
  fragment.add_reader(place(EngineKind::Vector, 5));
  fragment.add_reader(place(EngineKind::Vector, 4));  // an earlier one changes nothing
  EXPECT_THAT(fragment.readers,
              ElementsAre(place(EngineKind::Host, 7), place(EngineKind::Vector, 5)));
}

/// Every byte's writer, by itself.
class ByteWriters {
 public:
  void write(const Rectangle& where, std::int32_t writer) {
    for_each_byte(where, [&](std::int64_t byte) { writers_[byte] = writer; });
  }
  /// Bytes of `where` by who wrote them.
  [[nodiscard]] std::map<std::int32_t, std::int64_t> count(const Rectangle& where) const {
    std::map<std::int32_t, std::int64_t> bytes;
    for_each_byte(where, [&](std::int64_t byte) {
      const auto found = writers_.find(byte);
      if (found != writers_.end()) {
        ++bytes[found->second];
      }
    });
    return bytes;
  }

 private:
  template <class Visit>
  static void for_each_byte(const Rectangle& where, const Visit& visit) {
    for (std::int64_t row = 0; row < where.rows; ++row) {
      for (std::int64_t byte = 0; byte < where.row_bytes; ++byte) {
        visit(where.base + row * where.pitch + byte);
      }
    }
  }

  std::map<std::int64_t, std::int32_t> writers_;
};

/// Short runs, blocks with a pitch, and columns that reach over most of the memory: those that
/// fragments keep in a list of their own.
Rectangle random_rectangle(std::mt19937_64& random, std::int64_t size) {
  const auto in = [&](std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 1));
  };
  const std::int64_t row_bytes = in(1, 12);
  const std::int64_t pitch = in(0, 2) == 0 ? size / 40 : row_bytes + in(0, 6);
  const std::int64_t rows = in(0, 3) == 0 ? 1 : in(1, 30);
  const std::int64_t span = (rows - 1) * pitch + row_bytes;
  return rectangle(in(0, size - span), rows, row_bytes, pitch);
}

/// Also with buckets of two sizes, as where many fragments are expected.
class FragmentsOfSomeNumber : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Expected, FragmentsOfSomeNumber, testing::Values(0, 20000));

TEST_P(FragmentsOfSomeNumber, KnowWhoWroteEachByteLast) {
  constexpr std::int64_t kSize = 5000;
  std::mt19937_64 random(11);
  Fragments fragments(kSize, GetParam());
  ByteWriters expected;
  for (std::int32_t writer = 0; writer < 400; ++writer) {
    const Rectangle asked = random_rectangle(random, kSize);
    std::map<std::int32_t, std::int64_t> found;
    for (const Fragments::Overlap& overlap : fragments.overlaps(asked)) {
      found[fragments.at(overlap.id).writer.index] += overlap.bytes;
    }
    ASSERT_EQ(found, expected.count(asked)) << "before write " << writer;
    const Rectangle where = random_rectangle(random, kSize);
    fragments.write({.where = where, .writer = place(EngineKind::Vector, writer)});
    expected.write(where, writer);
  }
}

/// What is left of a fragment keeps all that it was.
TEST(Fragments, PiecesKeepWriterLabelAndReaders) {
  Fragments fragments(100);
  Fragment whole{.where = rectangle(10, 1, 30, 0),
                 .label = Label::of_tensor(3),
                 .delta = 5,
                 .writer = place(EngineKind::Host, 1)};
  whole.add_reader(place(EngineKind::Matrix, 2));
  fragments.write(whole);
  fragments.write({.where = rectangle(20, 1, 5, 0), .writer = place(EngineKind::Vector, 0)});
  const auto around = fragments.overlaps(rectangle(0, 1, 100, 0));
  ASSERT_EQ(around.size(), 3U);
  std::set<std::int64_t> begins;
  for (const Fragments::Overlap& overlap : around) {
    const Fragment& piece = fragments.at(overlap.id);
    if (piece.writer.engine.kind == EngineKind::Host) {
      begins.insert(piece.where.base);
      EXPECT_EQ(piece.label, Label::of_tensor(3));
      EXPECT_EQ(piece.delta, 5);
      EXPECT_THAT(piece.readers, ElementsAre(place(EngineKind::Matrix, 2)));
    }
  }
  EXPECT_THAT(begins, ElementsAre(10, 25));
}

}  // namespace
}  // namespace systole::verification
