#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tests/prove/accumulated.h"
#include "tests/prove/prove_case.h"
#include "tests/support_array/array_port.h"

namespace systole::testing {

/// What one of those who carry out a case says about it.
struct Side {
  std::string name;
  /// Per fold. The closed rules have no results.
  std::vector<FoldOutcome> folds;
  /// Per product, where the side computes them; scalar arithmetic has these alone.
  ProductSums sums;
};

[[nodiscard]] Side closed_rules(const ProveCase& prove_case);
[[nodiscard]] Side scalar_arithmetic(const ProveCase& prove_case);
/// The closed rules in the terms of a matrix unit's trace, in which differ:
/// - load: activations leave no trace of theirs (input stationary);
/// - start: a fold of one phase that waits for the output registers has started, as the engine is
///   taken, while the array has not seen its phase;
/// - completion: in order, so a fold whose sums stay completes no sooner than the fold before it.
[[nodiscard]] Side closed_rules_on_unit(const ProveCase& prove_case);

/// The arrays that are driven from their edges, cycle by cycle: the PE level and each elaboration
/// of the RTL. Once in a process, which simulates nothing else: the RTL is SystemC.
class ArraySides {
 public:
  ArraySides();
  /// The PE level, then the RTL that the case fits.
  [[nodiscard]] std::vector<Side> run(const ProveCase& prove_case);
  [[nodiscard]] static Side run_pe_level(const ProveCase& prove_case);

 private:
  struct NamedPort {
    std::string name;
    std::unique_ptr<ArrayPort> port;
    std::int64_t max_rows;
    std::int64_t max_cols;
  };
  std::vector<NamedPort> ports_;
};

/// Matrix units with `model: tile` and with `model: pe`, in this order, for each of the cases: as
/// UnitBench, results from folds with entries of their own, sums from a second run in which folds
/// add to the entries of their product. Throws InternalError when the two runs differ in a cycle.
/// Once in a process, which simulates nothing else.
[[nodiscard]] std::vector<std::vector<Side>> run_units(std::span<const ProveCase> cases);

/// Load, start, end and completion, for people; the same text for the same times.
[[nodiscard]] std::string times_text(const FoldOutcome& outcome);

/// What differs first between two sides, of times and of results that both have, in lanes that
/// folds use; empty when nothing does.
[[nodiscard]] std::optional<std::string> difference_in_folds(const ProveCase& prove_case,
                                                             const Side& a, const Side& b);
[[nodiscard]] std::optional<std::string> difference_in_sums(const ProveCase& prove_case,
                                                            const Side& a, const Side& b);

}  // namespace systole::testing
