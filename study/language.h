#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "arch/units/units.h"
#include "compiler/graph/graph.h"
#include "study/bound.h"

namespace systole {

struct Result;

/// One run of a language model, as far as its report tells of it.
struct PhaseRun {
  std::int64_t context = 0;  ///< that the last token attends to, itself included
  std::int64_t tokens = 0;   ///< of all sequences, computed
  CoreCycles cycles{0};
  double seconds = 0;
  Bound bound = Bound::None;       ///< the kind of engine with the most busy cycles of the run
  std::optional<double> roofline;  ///< share of the roofline, as total.roofline.fraction
  double dram = 0;                 ///< share of the DRAM's peak, as dram.utilisation

  bool operator==(const PhaseRun&) const = default;
};

/// A prompt and what was generated behind it. The first token comes from the prompt's run, each of
/// the others from a step; `steps` are those that were simulated, by context. Cycles of the others
/// lie on the straight line between their neighbours.
struct Generation {
  std::int64_t prompt = 0;
  std::int64_t generated = 0;  ///< tokens of a sequence
  PhaseRun prefill;
  std::vector<PhaseRun> steps;
  /// The farthest that a simulated step was off the line between the two around it that were
  /// simulated before, as a share of its cycles. Empty where all steps were simulated.
  std::optional<double> error;

  /// Of a step whose token attends to `context`, which lies within the simulated ones.
  [[nodiscard]] double cycles_at(std::int64_t context) const;
  /// Of all steps together.
  [[nodiscard]] double step_cycles() const;
};

/// What a report says of a network with the phases of a language model.
struct LanguageFigures {
  std::string_view phase;  ///< `prefill`, `decode` or `generate`
  std::optional<std::int64_t> prompt;
  std::optional<std::int64_t> generated;
  std::int64_t context = 0;  ///< of the last token
  std::optional<double> prefill_seconds;
  std::optional<double> decode_seconds;  ///< of all steps
  double tokens_per_second = 0;
  std::optional<double> time_to_first_token;
  std::optional<double> time_per_output_token;
  std::int64_t weight_bytes = 0;
  std::int64_t cache_bytes = 0;
  std::int64_t cache_bytes_per_token = 0;
  std::optional<PhaseRun> prefill;
  std::optional<PhaseRun> decode;  ///< the last step
  std::vector<PhaseRun> steps;     ///< of a generation: those that were simulated
  std::optional<double> step_error;
};

/// Bytes of all parameters.
[[nodiscard]] std::int64_t weight_bytes(const Graph& graph);
/// Bytes of what products have on their right beside weights: keys and values of all tokens.
[[nodiscard]] std::int64_t cache_bytes(const Graph& graph);

/// Of a network that has phases.
[[nodiscard]] PhaseRun phase_run(const Result& result);
/// Empty for networks without phases.
[[nodiscard]] std::optional<LanguageFigures> language_figures(const Result& result);

}  // namespace systole
