#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/frontend/network_description.h"
#include "compiler/frontend/npy_file.h"
#include "compiler/graph/graph.h"
#include "compiler/graph/value.h"

namespace systole {

/// Real weights from .npy files, one set a layer (docs/workloads.md has names and axes):
///  - float `weight` (of 16, 32 or 64 bits; numbers that float32 holds), with float `bias` or the
///    four of `batch_norm`: folded and quantised here;
///  - int8 `weight` with int32 `bias` (folded by whoever wrote them; int64 within its range will
///  do):
///    taken as they are, with a scale that the description has or one `scale` a channel.
class ParameterFiles {
 public:
  ParameterFiles(std::string directory, double batch_norm_epsilon);

  /// Opens and checks all files of a layer. Returns the weight scales: the layer's own, else the
  /// one that maps the largest magnitude of the folded float weights to 127, or a larger one where
  /// the biases or the fixed-point multiplier would not fit; `per_channel`: the same channel by
  /// channel, beside int8 weights from the file `scale`.
  [[nodiscard]] WeightScales check(const LayerDescription& layer, bool per_channel,
                                   const Graph& graph, const Node& node) const;

  /// Of a layer whose files were checked and whose scale is in the graph.
  [[nodiscard]] LayerParameters parameters(const Graph& graph, const Node& node) const;
  /// The same as reals: folded float weights, or what the int8 ones stand for. Not rounded to the
  /// type of a network; `graph` is the int8 one.
  [[nodiscard]] RealParameters real_parameters(const Graph& graph, const Node& node) const;

  /// Of a parameter that rows take by feature: floats, from the file of its name.
  [[nodiscard]] std::vector<float> by_feature(const Graph& graph, GraphTensorId parameter,
                                              Infinities infinities) const;

  /// The files themselves; empty where the weights are int8.
  [[nodiscard]] std::optional<FloatParameters> float_parameters(const Graph& graph,
                                                                const Node& node) const;

 private:
  /// Path of a layer's files up to and including `<layer>.`.
  [[nodiscard]] std::string stem(const Node& node) const;

  std::string directory_;
  double epsilon_;
};

/// Throws unless `file` holds a network input: int8, or floats to be quantised, batch first, at
/// least `shape.batch` images.
void check_input_file(const std::string& file, const Shape& shape);

/// The first `shape.batch` images of a checked file.
[[nodiscard]] std::vector<std::int8_t> read_input_file(const std::string& file,
                                                       const GraphTensor& tensor);
/// The same of a file of floats, as they stand there; empty for one of int8.
[[nodiscard]] std::optional<std::vector<float>> read_float_input_file(const std::string& file,
                                                                      const GraphTensor& tensor);
/// The same as reals; `tensor` is the int8 one.
[[nodiscard]] std::vector<float> read_real_input_file(const std::string& file,
                                                      const GraphTensor& tensor);

}  // namespace systole
