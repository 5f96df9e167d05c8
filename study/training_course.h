#pragma once

#include <optional>
#include <vector>

#include "study/compared.h"

namespace systole {

/// Steps of a training that were simulated with their numbers, and how long one is wanted.
struct TrainingCourse {
  std::vector<double> losses;           ///< by step; empty where time alone was wanted
  std::optional<double> all_samples;    ///< to train to the end
  std::vector<ComparedDevice> devices;  ///< a step on CPUs and GPUs, where that is wanted
};

}  // namespace systole
