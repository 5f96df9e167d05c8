#include "tests/prove/sides.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "sim/chip/kernel.h"
#include "tests/prove/pe_array_port.h"
#include "tests/prove/scalar_product.h"
#include "tests/prove/unit_bench.h"
#include "tests/rtl/rtl_array.h"

namespace systole::testing {

namespace {

Side driven(const ProveCase& prove_case, const std::string& name, ArrayPort& port) {
  const ArrayConfig config = port_config(prove_case.array, is_float(prove_case.activation));
  Side side{.name = name, .folds = run_folds(port, config, prove_case.folds), .sums = {}};
  side.sums = accumulated(prove_case, side.folds);
  return side;
}

/// The lanes that a fold uses.
std::optional<std::string> difference_in_results(const ProveCase& prove_case, std::size_t index,
                                                 const Lanes& a, const Lanes& b) {
  if (a.empty() && b.empty()) {
    return std::nullopt;
  }
  if (a.empty() || b.empty()) {
    return "results on one of them alone";
  }
  const FoldPlace& place = prove_case.places[index];
  const bool sums_stay = axes_of(prove_case.array.dataflow).sums_stay;
  const auto lines = static_cast<std::size_t>(sums_stay ? place.rows : place.steps);
  for (std::size_t line = 0; line < lines; ++line) {
    for (std::size_t col = 0; col < static_cast<std::size_t>(place.cols); ++col) {
      if (a.at(line).at(col) != b.at(line).at(col)) {
        return fmt::format("column {} shows {:08x} and {:08x} as its result {}", col, a[line][col],
                           b[line][col], line);
      }
    }
  }
  return std::nullopt;
}

std::string bench_name(const ProveCase& prove_case, ArrayModel model) {
  return fmt::format("case_{}_pace_{}_{}", prove_case.number, prove_case.pace, name_of(model));
}

/// The two benches of a unit.
class UnitPair {
 public:
  UnitPair(const ProveCase& prove_case, ArrayModel model)
      : name_(fmt::format("the matrix unit, model {}", name_of(model))),
        alone_(fmt::format("{}_folds", bench_name(prove_case, model)), prove_case, model,
               UnitEntries::OfEachFold),
        added_(fmt::format("{}_products", bench_name(prove_case, model)), prove_case, model,
               UnitEntries::OfProducts) {}

  [[nodiscard]] Side side() {
    Side side{.name = name_, .folds = alone_.outcomes(), .sums = added_.sums()};
    const std::vector<FoldOutcome> again = added_.outcomes();
    for (std::size_t i = 0; i < again.size(); ++i) {
      SYSTOLE_CHECK(times_text(again[i]) == times_text(side.folds[i]),
                    "fold {}: {} alone, {} where it adds to sums", i, times_text(side.folds[i]),
                    times_text(again[i]));
    }
    return side;
  }

 private:
  std::string name_;
  UnitBench alone_;
  UnitBench added_;
};

}  // namespace

Side closed_rules(const ProveCase& prove_case) {
  Side side{.name = "the closed rules", .folds = {}, .sums = {}};
  const std::vector<FoldTimes> rules = fold_sequence_times(prove_case.array, prove_case.shapes);
  for (std::size_t i = 0; i < rules.size(); ++i) {
    FoldOutcome fold{.load_start = {},
                     .start = rules[i].start.count(),
                     .end = rules[i].end.count(),
                     .completion = rules[i].completion.count(),
                     .results = {}};
    if (!prove_case.folds[i].tile.empty()) {
      fold.load_start = rules[i].load.count();
    }
    side.folds.push_back(std::move(fold));
  }
  return side;
}

Side closed_rules_on_unit(const ProveCase& prove_case) {
  Side side = closed_rules(prove_case);
  side.name += ", as a unit is seen";
  const bool sums_stay = axes_of(prove_case.array.dataflow).sums_stay;
  std::int64_t free = 0;  // the engine
  std::int64_t completed = 0;
  for (std::size_t i = 0; i < side.folds.size(); ++i) {
    FoldOutcome& fold = side.folds[i];
    if (prove_case.array.dataflow == Dataflow::InputStationary) {
      fold.load_start.reset();
    }
    if (sums_stay) {
      fold.start = prove_case.shapes[i].phases == 1 ? free : fold.start;
      fold.completion = std::max(fold.completion, completed);
    }
    completed = fold.completion;
    free = prove_case.array.overlap == Overlap::None ? fold.completion : fold.end;
  }
  return side;
}

Side scalar_arithmetic(const ProveCase& prove_case) {
  Side side{.name = "scalar arithmetic", .folds = {}, .sums = {}};
  for (const Product& product : prove_case.products) {
    side.sums.push_back(scalar_product(prove_case, product));
  }
  return side;
}

ArraySides::ArraySides() {
  for (const RtlSize size : {RtlSize::Square16x16, RtlSize::Wide5x19}) {
    std::unique_ptr<RtlArray> rtl = make_rtl_array(size);
    const std::int64_t rows = rtl->physical_rows();
    const std::int64_t cols = rtl->physical_cols();
    ports_.push_back({fmt::format("the RTL of {} x {}", rows, cols), std::move(rtl), rows, cols});
  }
}

std::vector<Side> ArraySides::run(const ProveCase& prove_case) {
  std::vector<Side> sides{run_pe_level(prove_case)};
  for (const NamedPort& named : ports_) {
    if (prove_case.array.rows <= named.max_rows && prove_case.array.cols <= named.max_cols) {
      sides.push_back(driven(prove_case, named.name, *named.port));
    }
  }
  return sides;
}

Side ArraySides::run_pe_level(const ProveCase& prove_case) {
  PeArrayPort port;
  return driven(prove_case, "the PE level", port);
}

std::vector<std::vector<Side>> run_units(std::span<const ProveCase> cases) {
  prepare_kernel();
  std::vector<std::vector<std::unique_ptr<UnitPair>>> units;
  for (const ProveCase& prove_case : cases) {
    units.emplace_back();
    for (const ArrayModel model : {ArrayModel::Tile, ArrayModel::Pe}) {
      units.back().push_back(std::make_unique<UnitPair>(prove_case, model));
    }
  }
  run_kernel(UnitBench::clock());
  std::vector<std::vector<Side>> sides;
  for (const auto& of_case : units) {
    sides.emplace_back();
    for (const auto& unit : of_case) {
      sides.back().push_back(unit->side());
    }
  }
  return sides;
}

std::string times_text(const FoldOutcome& outcome) {
  return fmt::format("load {}, start {}, end {}, completion {}",
                     outcome.load_start ? fmt::to_string(*outcome.load_start) : "-", outcome.start,
                     outcome.end, outcome.completion);
}

std::optional<std::string> difference_in_folds(const ProveCase& prove_case, const Side& a,
                                               const Side& b) {
  const bool have_results = a.sums.size() == b.sums.size();
  for (std::size_t i = 0; i < a.folds.size(); ++i) {
    if (times_text(a.folds[i]) != times_text(b.folds.at(i))) {
      return fmt::format("fold {}: {} on {}, {} on {}", i, times_text(a.folds[i]), a.name,
                         times_text(b.folds[i]), b.name);
    }
    const auto found =
        have_results ? difference_in_results(prove_case, i, a.folds[i].results, b.folds[i].results)
                     : std::nullopt;
    if (found) {
      return fmt::format("fold {}: {}, on {} and on {}", i, *found, a.name, b.name);
    }
  }
  return std::nullopt;
}

std::optional<std::string> difference_in_sums(const ProveCase& prove_case, const Side& a,
                                              const Side& b) {
  for (std::size_t p = 0; p < prove_case.products.size(); ++p) {
    const auto n = static_cast<std::size_t>(prove_case.products[p].n);
    for (std::size_t i = 0; i < a.sums.at(p).size(); ++i) {
      if (a.sums[p][i] != b.sums.at(p).at(i)) {
        return fmt::format("product {}: C[{}][{}] is {:08x} by {}, {:08x} on {}", p, i / n, i % n,
                           a.sums[p][i], a.name, b.sums[p][i], b.name);
      }
    }
  }
  return std::nullopt;
}

}  // namespace systole::testing
