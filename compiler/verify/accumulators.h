#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "arch/chip_spec.h"
#include "arch/isa/program.h"
#include "compiler/verify/order.h"

namespace systole::verification {

/// Follows the sums in the accumulators of a core through a program's order: which outputs an entry
/// belongs to and which part of the reduction it holds. A fold may add only to sums of the same
/// layer, output channels, positions and type, never the same part twice; row loops
/// may read only sums over the whole reduction, of the type that they name; no sum is
/// overwritten unread. Sums that a fold leaves in the array are continued by the next fold, of the
/// same outputs and entries, where the reduction stopped.
class Accumulators {
 public:
  Accumulators(const ChipSpec& chip, const Program& program, const Order& order)
      : program_(program), order_(order), held_(static_cast<std::size_t>(chip.matrix.count)) {}

  /// The tiles of each layer must cut the reduction and the channels without gaps or overlaps.
  [[nodiscard]] std::optional<std::string> check_tiles();
  [[nodiscard]] std::optional<std::string> fold(Place place, const Fold& fold);
  /// Entries that a vector instruction takes for whole sums.
  struct Read {
    std::int64_t first = 0;
    std::int64_t count = 0;
    std::int64_t cols = 0;
    DataType type = DataType::Int32;
  };
  [[nodiscard]] std::optional<std::string> read(Place place, const Read& read);
  /// Every sum must have been read.
  [[nodiscard]] std::optional<std::string> check_end() const;

 private:
  /// A part of the reduction, half-open.
  struct Range {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    bool operator==(const Range&) const = default;
  };
  using Ranges = boost::container::small_vector<Range, 2>;
  /// Neighbouring entries in the same state.
  struct Sums {
    std::int64_t end = 0;  ///< one behind the last entry
    std::int32_t layer = 0;
    std::int64_t n_first = 0;
    std::int64_t cols = 0;
    DataType type = DataType::Int32;                             ///< or fp32
    std::int64_t position_minus_entry = 0;                       ///< output position of an entry
    std::int64_t out_rows = 0, out_cols = 0, first_out_row = 0;  ///< how positions decode
    Ranges done;  ///< parts of the reduction, sorted, not touching
    Place writer;
    Place reader;  ///< index -1 while nobody has read
  };
  using Entries = std::map<std::int64_t, Sums>;

  /// Whether a tile goes on down the columns of the one before.
  [[nodiscard]] bool continues(const WeightTile& before, const WeightTile& tile) const;
  [[nodiscard]] bool turns_back(const WeightTile& before, const WeightTile& tile,
                                DataType type) const;
  /// Makes an interval border at `entry`; returns the first interval at or after it.
  Entries::iterator cut_at(std::int64_t entry);
  /// Puts the sums in the array, if there are any, in front of `sums`, which go on with them.
  [[nodiscard]] std::optional<std::string> join_held(Place place, std::int64_t first,
                                                     Sums& sums) const;
  /// Write `sums` to accumulators from `first` on, or add them to what these hold.
  [[nodiscard]] std::optional<std::string> start(Place place, std::int64_t first, Sums sums);
  [[nodiscard]] std::optional<std::string> add(Place place, std::int64_t first, const Sums& sums);
  /// Runs `visit(entry, sums)` over the intervals of [begin, end) after cutting at both ends; the
  /// first violation ends it. Entries without sums are a violation.
  template <class Visit>
  [[nodiscard]] std::optional<std::string> visit_sums(Place place, std::int64_t begin,
                                                      std::int64_t end, Visit visit);
  /// Adds `range` to `done`; false where they overlap.
  [[nodiscard]] static bool include(Ranges& done, Range range);
  [[nodiscard]] static bool same_outputs(const Sums& a, const Sums& b);
  [[nodiscard]] Sums sums_of(Place place, const Fold& fold) const;
  [[nodiscard]] std::string layer_name(std::int32_t layer) const;

  const Program& program_;
  const Order& order_;
  std::vector<std::int64_t> reduction_;  ///< of each layer
  Entries entries_;
  struct Held {
    std::int64_t first = 0;  ///< the accumulator to which they go
    Sums sums;
  };
  std::vector<std::optional<Held>> held_;  ///< by unit: what its last fold left in the array
};

}  // namespace systole::verification
