#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// Rows are written into a state, over those that are there: new keys or values into a cache. The
/// output is the state behind it, in the same memory.
///  - A state of three axes is [batch, rows, features], as what is written.
///  - One of four is [batch, heads, rows, features of a head]: the rows of a head stand together,
///  so
///    that whoever reads one head reads on. What is written has the same axes, or three with the
///    heads side by side in the last one.
///  - With a window, a state of as many rows is a ring: row i of the sequence is row i modulo the
///    window, so that those before the last `window` are written over; of more rows than the window
///    the last ones are written.
struct AppendRows {
  std::int64_t at = 0;        ///< row of the state that the first one becomes
  std::int64_t window = 0;    ///< rows that are looked at again; 0: all
  std::int64_t rows = 1;      ///< of each sequence, once they are known
  std::int64_t size = 1;      ///< rows of the state
  std::int64_t heads = 0;     ///< of a state of four axes
  bool side_by_side = false;  ///< heads, in what is written
  std::int64_t features = 0;  ///< of a head

  [[nodiscard]] static bool changes_state() { return true; }
  [[nodiscard]] bool is_ring() const { return window != 0 && size == window; }
  /// Of the state, that the first row becomes.
  [[nodiscard]] std::int64_t first_row() const { return is_ring() ? at % size : at; }

  static std::vector<OpEntry> entries();
  [[nodiscard]] Inferred infer(const InferInputs& in);
  [[nodiscard]] Work work() const;

 private:
  void check_place(const InferInputs& in) const;
  /// Of what is written, that the state's row `place` becomes; none where it stays.
  [[nodiscard]] std::optional<std::int64_t> row_for(std::int64_t place) const;
};

}  // namespace systole
