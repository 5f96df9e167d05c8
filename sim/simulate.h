#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "arch/chip_spec.h"
#include "arch/counters.h"
#include "arch/isa/program.h"
#include "arch/trace.h"

namespace systole {

/// Sees every result that a data-carrying run produces, when it becomes visible.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  /// A vector instruction wrote rows x cols bytes of `tensor` (read back from the unified buffer):
  /// row r starts at packed byte offset + r * pitch of the tensor. Of int8 tensors a byte is a
  /// value; wider elements are little-endian, as many bytes each as their type has.
  virtual void on_result(TensorId tensor, std::int64_t offset, std::int64_t rows, std::int64_t cols,
                         std::int64_t pitch, std::span<const std::int8_t> values) = 0;
  /// The int32 values (accumulator + bias) that a Requantize read, for the same elements. Convert
  /// has no such call: its sums are fp32.
  virtual void on_accumulators(TensorId tensor, std::int64_t offset, std::int64_t rows,
                               std::int64_t cols, std::int64_t pitch,
                               std::span<const std::int32_t> values) = 0;
};

/// The memories of a data-carrying run. `dram` and `host` are read and written in place.
struct RunData {
  std::vector<std::int8_t>* dram = nullptr;
  std::vector<std::int8_t>* host = nullptr;
  RunObserver* observer = nullptr;  ///< may stay null
};

/// A waveform's file that cannot be written. `what()` is the reason alone: who gave the file knows
/// what the user calls it.
class WaveformError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What is recorded of a run besides its counters. The cycles are the same with and without.
struct RunRecording {
  RunTrace* trace = nullptr;  ///< empty before the run; null: not recorded
  std::string waveform;       ///< a file `*.vcd`, written during the run; empty: none
};

/// Runs a program to its end. Weights and constants are in DRAM at cycle 0, inputs in host memory:
/// loading a model is not part of a run.
/// With `data` the same run also moves and computes every byte; the
/// cycles are identical. SystemC elaborates once per process: call this once per process (fork for
/// more; the second call throws InternalError). Throws InternalError with time and engine when the
/// program deadlocks, UserError (`systole: ...; ENGINE waits for ...`) when the memory serves
/// nobody any more or the run would take more than 2^63 fs of simulated time. Throws WaveformError
/// when the waveform could not be written whole.
[[nodiscard]] Counters simulate(const ChipSpec& chip, const Program& program,
                                const RunData* data = nullptr, const RunRecording& recording = {});

}  // namespace systole
