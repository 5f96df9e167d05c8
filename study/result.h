#pragma once

#include <optional>
#include <vector>

#include "arch/chip_spec.h"
#include "arch/counters.h"
#include "compiler/graph/graph.h"
#include "reference/check.h"
#include "reference/run_tensor.h"
#include "reference/user_numbers.h"
#include "silicon/area/area.h"
#include "silicon/cost/cost_report.h"
#include "silicon/energy/energy.h"
#include "study/language.h"
#include "study/provenance.h"
#include "study/training_course.h"

namespace systole {

/// One network on one chip, evaluated: everything a report shows.
struct Result {
  ChipSpec chip;
  Graph graph;
  Counters counters;
  std::optional<CheckResult> check;
  std::vector<RunTensor> tensors;            ///< those that were asked for
  std::optional<UserComparison> comparison;  ///< of them with the user's own numbers
  std::optional<ChipArea> area;              ///< of a chip with a technology
  std::optional<EnergyReport> energy;        ///< of the same
  std::optional<CostReport> cost;            ///< of a chip whose cost is described
  std::optional<Provenance> made_by;         ///< where files made it
  std::optional<Generation> generation;      ///< of which this run is the last step
  std::optional<TrainingCourse> training;    ///< of which this run is the last step
};

}  // namespace systole
