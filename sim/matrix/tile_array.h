#pragma once

#include <deque>

#include "sim/matrix/fold_data.h"
#include "sim/matrix/systolic_array.h"

namespace systole {

/// The array of which the matrix unit's timing is all that is modelled: computes the sums of a
/// whole fold when it begins to stream.
class TileArray : public SystolicArray {
 public:
  explicit TileArray(const MatrixUnitSpec& spec) : spec_(spec) {}

  void load_weights(const Tile& tile) override;
  void load_inputs(const Fold& fold, const ByteMemory* buffer,
                   const PhaseAccesses& accesses) override;
  void loaded(CoreCycles /*end*/) override {}
  void stream(const Fold& fold, bool takes_load, const Tile& tile, const ByteMemory* buffer,
              const PhaseAccesses& accesses) override;
  void streamed() override {}
  [[nodiscard]] std::vector<std::int32_t> finish() override;

 private:
  const MatrixUnitSpec& spec_;
  ResidentTile shadow_;  // weights
  ResidentTile active_;
  FoldInputs inputs_;               // loaded, or of the fold before
  std::vector<std::int32_t> held_;  // sums that stay in the PEs
  std::deque<std::vector<std::int32_t>> results_;
};

}  // namespace systole
