#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <systemc>
#include <vector>

#include "sim/core/core_time.h"
#include "sim/matrix/pe_array.h"
#include "sim/matrix/phase_plan.h"
#include "sim/matrix/systolic_array.h"
#include "sim/memory/memory_ports.h"

namespace systole {

/// The array carried out PE by PE: moves every operand of every fold through PeArray, one clock
/// cycle at a time, held back by the memories' accesses as each phase needs them. Sums are those
/// that leave the bottom of the array.
///
/// Errors: InternalError when a load, the last phase or the last result of a fold does not come in
/// the very cycle that the closed rules of the matrix unit foretell.
/// The array's clock stands still while nothing is in it. A cycle is carried out at its end, when
/// it is known which accesses were served in it. PEs take a stationary operand when its fold
/// starts, whether or not the first phase has its accesses then: the signal goes ahead by itself.
class PeLevelArray : public sc_core::sc_module, public SystolicArray {
 public:
  PeLevelArray(const sc_core::sc_module_name& name, const MatrixUnitSpec& spec,
               const CoreTime& time, BufferPorts& buffer, AccumulatorPorts& accumulators,
               std::uint8_t unit = 0);

  void load_weights(const Tile& tile) override;
  void load_inputs(const Fold& fold, const ByteMemory* buffer,
                   const PhaseAccesses& accesses) override;
  void loaded(CoreCycles end) override;
  void stream(const Fold& fold, bool takes_load, const Tile& tile, const ByteMemory* buffer,
              const PhaseAccesses& accesses) override;
  void streamed() override;
  [[nodiscard]] std::vector<std::int32_t> finish() override;

 private:
  using Lanes = std::vector<std::uint32_t>;

  /// Lanes of one operand of a fold: a matrix that is read along either axis, zero outside.
  struct Operand2d {
    std::int64_t rows = 0;
    std::int64_t cols = 0;
    std::vector<std::int32_t> values;  // empty in a run without data

    [[nodiscard]] std::uint32_t at(std::int64_t row, std::int64_t col) const {
      if (row >= rows || col >= cols || values.empty()) {
        return 0;
      }
      return static_cast<std::uint32_t>(values[static_cast<std::size_t>(row * cols + col)]);
    }
  };
  struct Loading {
    Operand2d operand;
    bool transposed = false;  // activations: a position is a column of the array
    PhaseAccesses accesses;
    std::int64_t next = 0;  // row
  };
  struct Streaming {
    const Fold* fold = nullptr;
    Operand2d inputs;
    Operand2d weights;
    std::vector<PhaseSlices> slices;  // phases of a step
    PhaseAccesses accesses;
    bool takes_load = false;
    bool clears = false;
    std::int64_t next = 0;  // phase
  };
  /// A fold whose results are leaving; each column shows its values one after another.
  struct Leaving {
    const Fold* fold = nullptr;
    std::int64_t values_of_column = 0;  // 0: its sums stay
    std::int64_t slices = 1;            // values that make up one sum
    bool has_data = false;
    std::int64_t outstanding = 0;    // columns with values to come
    std::vector<std::int64_t> seen;  // by column
    std::vector<std::int32_t> sums;
    std::optional<CoreCycles> completed;
  };

  void tick();  // process
  void wake();
  void catch_up();
  void pass_cycle();
  [[nodiscard]] bool has_served(const PhaseAccesses& accesses, std::int64_t phase, bool loading);
  [[nodiscard]] std::span<const std::uint32_t> next_row();
  [[nodiscard]] const Phase* next_phase();
  void collect(const ColumnResult& result);
  void complete_oldest(bool stays);
  void add(Leaving& fold, std::int64_t column, std::int64_t index, std::uint32_t value) const;
  [[nodiscard]] bool is_busy() const;

  const MatrixUnitSpec& spec_;
  CoreTime time_;
  BufferPorts& buffer_;
  AccumulatorPorts& accumulators_;
  std::uint8_t unit_;
  PeArray array_;

  CoreCycles present_{0};  // the cycle that is to be carried out next
  bool is_awake_ = false;
  bool sums_are_held_ = false;  // by the fold streamed last
  std::optional<Loading> loading_;
  std::optional<Streaming> streaming_;
  Operand2d loaded_inputs_;
  CoreCycles load_ended_{-1};    // the cycle after the last row of a load entered
  CoreCycles stream_ended_{-1};  // the cycle after the last phase of a fold entered
  std::deque<Leaving> leaving_;
  CoreCycles finished_{-1};  // the cycle in which the last fold finished
  Lanes row_;
  Lanes left_;
  Lanes top_;
  Phase phase_;
  sc_core::sc_event woken_;
};

}  // namespace systole
