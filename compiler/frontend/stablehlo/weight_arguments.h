#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/frontend/onnx/constant.h"
#include "compiler/frontend/stablehlo/module.h"

namespace systole {

/// Which arguments of a module's entry are weights, and where their numbers come from.
struct WeightArguments {
  std::vector<bool> is_weight;     ///< by argument
  std::vector<std::string> files;  ///< empty: generated
};

/// What `choice` says: `none`; a list of numbers, ranges and names (`0-3,arg7,params`), a name
/// meaning all that begin with it and go on with `[` or `.`, too; or a directory whose files of
/// numbers are called as the arguments, or arg0.npy, arg1.npy, ... Empty: the only argument is an
/// input; else those whose label is a place within a tree (`params['dense']['kernel']`) are
/// weights. Throws UserError or WorkloadError: names that no argument has, files for none, nothing
/// to go by.
[[nodiscard]] WeightArguments weight_arguments(const HloModule& module, const HloFunction& entry,
                                               const std::string& choice);

/// The numbers of a weight: of its file, or generated: of one axis or none uniform within 1/2 and
/// 3/2, of more uniform with a variance of one by the elements of all axes but the last; whole
/// numbers within 0..7. A file is checked here where `opens_files`.
[[nodiscard]] OnnxConstant numbers_of_weight(const HloArgument& argument, const std::string& name,
                                             const std::string& file, std::uint64_t seed,
                                             bool opens_files);

}  // namespace systole
