#pragma once

#include <optional>
#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

struct PoolTensor {
  PoolKind kind = PoolKind::Max;
  Kernel kernel;  ///< of the whole input where `global`
  bool global = false;
  bool count_padding = false;
  std::optional<DataType> element = std::nullopt;  ///< of the output; none: the input's

  static std::vector<OpEntry> entries();
  void complete(const OpPlace& written);
  [[nodiscard]] Inferred infer(const InferInputs& in);
  [[nodiscard]] Work work() const;
  void gradient(Backward& backward) const;
};

}  // namespace systole
