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
/// list, the same for each image of the batch, or `count` of them for each that are drawn: the
/// program fetches each from its place in DRAM. The table is one for all images, or each has its
/// own.
struct GatherRows {
  std::string rows;        ///< a list as rearrange has it; empty: drawn
  std::int64_t count = 0;  ///< of those that are drawn
  std::shared_ptr<const std::vector<std::int64_t>> numbers;  ///< image by image, once known

  static std::vector<OpEntry> entries();
  void complete(const OpPlace& written) const;
  [[nodiscard]] Inferred infer(const InferInputs& in);
  [[nodiscard]] Work work() const;
};

}  // namespace systole
