#include "sim/matrix/tile_array.h"

#include <utility>

#include "arch/dataflow.h"

namespace systole {

void TileArray::load_weights(const Tile& tile) {
  shadow_ = resident_tile(tile);
}

void TileArray::load_inputs(const Fold& fold, const ByteMemory* buffer,
                            const PhaseAccesses& /*accesses*/) {
  if (buffer != nullptr) {
    inputs_ = fold_inputs(fold, *buffer, std::move(inputs_));
  }
}

void TileArray::stream(const Fold& fold, bool takes_load, const Tile& tile,
                       const ByteMemory* buffer, const PhaseAccesses& /*accesses*/) {
  const DataflowRule& rule = rule_of(spec_.dataflow);
  if (buffer == nullptr) {
    results_.emplace_back();
    return;
  }
  if (rule.loads_weights && takes_load) {
    active_ = std::move(shadow_);
  } else if (!rule.loads_weights) {
    active_ = resident_tile(tile);
  }
  if (!rule.loads_inputs) {
    inputs_ = fold_inputs(fold, *buffer, std::move(inputs_));
  }
  std::vector<std::int32_t> sums = fold_sums(fold, inputs_, active_, held_);
  held_.clear();
  if (!fold.drain) {
    held_ = std::move(sums);
    sums.clear();
  }
  results_.push_back(std::move(sums));
}

std::vector<std::int32_t> TileArray::finish() {
  std::vector<std::int32_t> results = std::move(results_.front());
  results_.pop_front();
  return results;
}

}  // namespace systole
