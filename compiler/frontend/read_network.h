#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "compiler/frontend/dims.h"
#include "compiler/frontend/weight_storage.h"
#include "compiler/graph/graph.h"
#include "compiler/graph/value.h"

namespace systole {

struct NetworkOptions {
  std::int64_t batch = 0;  ///< 0: the file's own default
  std::uint64_t seed = 1;
  DimValues dims;                  ///< in place of the network's sizes by name
  std::string phase;               ///< one of the network's phases, or nothing
  DataType type = DataType::Int8;  ///< of all tensors: int8, or any floating type
  /// In place of the network's own default; of layers that say nothing themselves.
  std::optional<WeightStorage> weights;
  std::optional<StateType> states;  ///< the same of states
  /// False for who wants shapes and time alone: no file of weights or inputs is opened, nothing
  /// asks for the network's data, and weight scales that would follow from files mean nothing.
  bool numbers = true;
  /// Files of numbers by input, in place of what the description says. Of names that are no inputs
  /// WorkloadError tells.
  std::map<std::string, std::string> input_files;
  /// Which experts the tokens of layers with such go to, a line for each token; empty: as the
  /// description says.
  std::string routing_file = {};
  /// Which arguments of a StableHLO module are weights: a list, a directory of their numbers, or
  /// nothing (docs/stablehlo.md).
  std::string parameters = {};
};

struct Network {
  Graph graph;
  std::shared_ptr<const NetworkData> data;
};

/// Reads a layer description (docs/workloads.md), infers every shape, checks it. Throws
/// WorkloadError. Weight files named in the description are opened when their numbers are asked
/// for, but missing or malformed ones are reported here.
[[nodiscard]] Network read_network(const std::string& file, const NetworkOptions& options = {});
/// The same for a text; `file` stands in messages, and paths in the text start at its folder.
[[nodiscard]] Network parse_network(const std::string& text, const std::string& file,
                                    const NetworkOptions& options = {});

}  // namespace systole
