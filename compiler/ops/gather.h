#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// Rows of a table, a state, by their numbers, as embeddings are looked up. Which are stated, a
/// list, the same for each image of the batch, or `count` of them for each that are drawn, or those
/// that an input of indices has: the program fetches each from its place in DRAM. The table is one
/// for all images, or each has its own.
struct GatherRows {
  using Numbers = std::shared_ptr<const std::vector<std::int64_t>>;

  std::string rows;        ///< a list as rearrange has it; empty: drawn, or an input's
  std::int64_t count = 0;  ///< of those that are drawn
  Numbers numbers;         ///< image by image, once known
  bool of_input = false;   ///< known before anything is inferred

  /// The numbers of an input.
  void take(Numbers of);

  static std::vector<OpEntry> entries();
  void complete(const OpPlace& written) const;
  [[nodiscard]] Inferred infer(const InferInputs& in);
  [[nodiscard]] Work work() const;
  void gradient(Backward& backward) const;

 private:
  void check_sources(const InferInputs& in) const;
  [[nodiscard]] Numbers listed_rows(const InferInputs& in) const;
};

}  // namespace systole
