#pragma once

#include <cstdint>
#include <optional>

#include "arch/isa/instruction.h"
#include "arch/units/units.h"

namespace systole {

/// A piece of a descriptor that travels as one request.
struct DmaRequest {
  std::int64_t far_address = 0;
  std::int64_t buffer_address = 0;  ///< of LoadTile: offset in the tile, run by run
  std::int64_t bytes = 0;

  bool operator==(const DmaRequest&) const = default;
};

/// Splits a descriptor into requests of at most `limit` bytes, in the order of addresses: each row
/// by itself, except that rows which are neighbours on both sides count as one long row. Rows of a
/// tile are its runs.
/// Not modelled: alignment of requests to multiples of their size.
class RequestSplitter {
 public:
  RequestSplitter(const Transfer& transfer, Bytes limit);
  RequestSplitter(const LoadTile& load, Bytes limit);

  /// The next request; empty after the last.
  [[nodiscard]] std::optional<DmaRequest> next();
  [[nodiscard]] bool is_done() const { return row_ == rows_; }
  [[nodiscard]] std::int64_t total_bytes() const { return rows_ * row_bytes_; }

 private:
  void join_neighbours();

  std::int64_t limit_;
  std::int64_t far_address_;
  std::int64_t far_pitch_;
  std::int64_t buffer_address_;
  std::int64_t buffer_pitch_;
  std::int64_t rows_;
  std::int64_t row_bytes_;
  std::int64_t row_ = 0;
  std::int64_t offset_ = 0;  // in the row
};

}  // namespace systole
