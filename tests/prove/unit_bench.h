#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/core/core_context.h"
#include "sim/matrix/matrix_unit.h"
#include "tests/prove/prove_case.h"
#include "tests/prove/unit_program.h"

namespace systole::testing {

/// The matrix unit of the simulator by itself, with the folds of a case as its program: all weight
/// tiles in the FIFO and all activations in the buffer at cycle 0, banks and ports without end, an
/// instruction queue that costs nothing. So what is left are the rules of the array.
///
/// Many benches may stand in one simulation; none knows of the others. Made before it starts.
class UnitBench {
 public:
  UnitBench(const std::string& name, const ProveCase& prove_case, ArrayModel model,
            UnitEntries entries);

  /// After the simulation, what became of each fold. Load: of weights alone, as the cycle in which
  /// the tile left its FIFO slot less the cycles of a load. Results: the lanes that the fold uses
  /// of those that an array shows, if it drains. Throws InternalError when folds are left.
  [[nodiscard]] std::vector<FoldOutcome> outcomes();
  /// After the simulation, C[m][n] of each product, row-major; of benches with OfProducts.
  [[nodiscard]] std::vector<std::vector<std::uint32_t>> sums() const;

  /// The clock of all benches.
  [[nodiscard]] static Clock<CoreCycles> clock();

 private:
  [[nodiscard]] std::uint32_t entry(const Fold& fold, std::int64_t position,
                                    std::int64_t channel) const;
  [[nodiscard]] Lanes results_of(std::size_t index) const;
  [[nodiscard]] std::vector<std::int64_t> load_ends() const;
  [[nodiscard]] const Fold& fold(std::size_t index) const;

  const ProveCase& case_;
  UnitProgram program_;
  ChipSpec chip_;
  std::vector<std::int8_t> no_bytes_;  // of DRAM and host
  Counters counters_;
  LayerAccount layers_;
  SemaphoreBank semaphores_;
  CoreTime time_;
  BufferPorts ports_;
  AccumulatorPorts accumulator_ports_;
  RunTrace trace_;
  WeightFifo fifo_;
  CoreMemories memories_;
  CoreContext context_;
  MatrixUnit unit_;
};

}  // namespace systole::testing
