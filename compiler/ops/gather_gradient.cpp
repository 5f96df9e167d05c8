#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"

namespace systole {

namespace {

constexpr std::size_t kMostOfARow = 64;

/// Rows of `count` by their numbers, none where one is kFilled.
GraphTensorId rows_of(Backward& backward, GraphTensorId from, std::vector<std::int64_t> numbers) {
  return backward.add("gradient_rows", rearrangement_of({{.indices = std::move(numbers)}}), {from});
}

}  // namespace

/// A row of the table has the sum of what its copies have, all other rows zeros. Copies of one row
/// are added first, then rows are put to where they were taken from.
void GatherRows::gradient(Backward& backward) const {
  if (!backward.wants(0)) {
    return;
  }
  const Extents table = backward.type(backward.input(0)).extents;
  if (table[0] != 1) {
    backward.refuse(fmt::format(
        "expected a table that all images share to train, got one for each of {}", table[0]));
  }
  std::map<std::int64_t, std::vector<std::int64_t>> copies;  // by row of the table
  const auto copies_in_all = static_cast<std::int64_t>(numbers->size());
  std::size_t most = 0;
  for (std::int64_t i = 0; i < copies_in_all; ++i) {
    std::vector<std::int64_t>& of_row = copies[(*numbers)[static_cast<std::size_t>(i)]];
    of_row.push_back(i);
    most = std::max(most, of_row.size());
  }
  if (most > kMostOfARow) {
    backward.refuse(
        fmt::format("expected rows that are looked up at most {} times to train, got one {} times",
                    kMostOfARow, most));
  }
  GraphTensorId sum =
      backward.add("exact_gradient", formula_of("a", DataType::Fp32),
                   {backward.view(backward.gradient(), {1, copies_in_all, 1, table[2]})});
  if (most > 1) {
    const GraphTensorId all = sum;
    for (std::size_t copy = 0; copy < most; ++copy) {
      std::vector<std::int64_t> places;
      for (const auto& [row, of_row] : copies) {
        places.push_back(copy < of_row.size() ? of_row[copy] : MapAxis::kFilled);
      }
      const GraphTensorId some = rows_of(backward, all, std::move(places));
      sum = copy == 0 ? some : backward.add("sum_of_copies", formula_of("a + b"), {sum, some});
    }
  }
  std::vector<std::int64_t> places(static_cast<std::size_t>(table[1]), MapAxis::kFilled);
  std::int64_t next = 0;
  for (const auto& [row, of_row] : copies) {
    places[static_cast<std::size_t>(row)] = most > 1 ? next++ : of_row.front();
  }
  backward.give(0, backward.view(rows_of(backward, sum, std::move(places)), table));
}

}  // namespace systole
