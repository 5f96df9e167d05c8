#pragma once

#include <optional>

#include "arch/chip_spec.h"
#include "arch/counters.h"
#include "compiler/graph/graph.h"
#include "reference/check.h"

namespace systole {

/// One network on one chip, evaluated: everything a report shows.
struct Result {
  ChipSpec chip;
  Graph graph;
  Counters counters;
  std::optional<CheckResult> check;
};

}  // namespace systole
