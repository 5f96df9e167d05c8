#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arch/diag/error.h"
#include "arch/enum_names.h"
#include "arch/isa/limits.h"
#include "compiler/graph/graph.h"

namespace systole {

/// The operators of the layer description, in the order in which messages list them.
enum class LayerOp : std::uint8_t {
  Conv2d,
  Dense,
  Add,
  Relu,
  Relu6,
  Sigmoid,
  Tanh,
  MaxPool,
  AveragePool,
  GlobalAveragePool,
  Concat,
  Flatten,
  Softmax,
};

template <>
inline constexpr auto kEnumNames<LayerOp> = std::to_array<EnumName<LayerOp>>({
    {LayerOp::Conv2d, "conv2d"},
    {LayerOp::Dense, "dense"},
    {LayerOp::Add, "add"},
    {LayerOp::Relu, "relu"},
    {LayerOp::Relu6, "relu6"},
    {LayerOp::Sigmoid, "sigmoid"},
    {LayerOp::Tanh, "tanh"},
    {LayerOp::MaxPool, "max_pool"},
    {LayerOp::AveragePool, "average_pool"},
    {LayerOp::GlobalAveragePool, "global_average_pool"},
    {LayerOp::Concat, "concat"},
    {LayerOp::Flatten, "flatten"},
    {LayerOp::Softmax, "softmax"},
});

/// Most features of an input or a dense layer, as large vocabularies have them.
inline constexpr std::int64_t kMaxFeatures = std::int64_t{1} << 20;

/// What a message about a piece of the description names.
struct Place {
  SourceLocation location;
  std::string path;

  [[noreturn]] void fail(std::string_view message) const {
    throw WorkloadError(location, path, message);
  }
};

/// The use of a tensor by name: a network input, a layer, or a block (its last layer).
struct TensorReference {
  std::string name;
  Place place;
};

/// A quantisation of which the file gives all, some or nothing.
struct PartialQuantization {
  std::optional<double> scale;
  std::optional<std::int32_t> zero_point;

  [[nodiscard]] Quantization over(const Quantization& other) const {
    return {.scale = scale.value_or(other.scale),
            .zero_point = zero_point.value_or(other.zero_point)};
  }
};

/// One layer after blocks are expanded: every name is global and every `$` has its value.
struct LayerDescription {
  std::string name;
  LayerOp op = LayerOp::Conv2d;
  Place place;                          ///< path: the layer's name
  std::vector<TensorReference> inputs;  ///< never empty
  std::int64_t channels = 0;            ///< conv2d and dense: of the output
  Kernel kernel;                        ///< pads are ignored where `same_padding`
  bool same_padding = false;
  Place kernel_place;
  std::int64_t groups = 1;
  Place groups_place;
  bool count_padding = false;
  ActivationKind activation = ActivationKind::None;
  bool bias = true;
  bool batch_norm = false;
  std::optional<double> weight_scale;
  std::optional<double> weight_gain;
  PartialQuantization before;
  PartialQuantization output;
};

struct InputDescription {
  std::string name;
  Place place;      ///< path: the input's name
  TensorType type;  ///< of batch 1
  Quantization quantization;
  std::optional<std::string> file;  ///< relative to the description
};

/// What holds where a layer says nothing.
struct NetworkDefaults {
  Quantization output{.scale = 0.0625, .zero_point = 0};
  Quantization relu_output{.scale = 0.0625, .zero_point = -128};
  Quantization sigmoid_before{.scale = 8.0 / 128, .zero_point = 0};
  Quantization tanh_before{.scale = 4.0 / 128, .zero_point = 0};
  double weight_gain = 1.0;
};

/// Where real weights lie.
struct WeightFiles {
  std::string directory;  ///< relative to the description
  double batch_norm_epsilon = 1e-5;
};

/// A layer entry that became the layers of a block. Its name stands for the last of them.
struct UsedBlock {
  std::string last_layer;
  Place place;
};

/// A network file as plain values, names not yet resolved, nothing inferred.
struct NetworkDescription {
  std::string name;
  std::string file;
  Place place;
  std::int64_t batch = 1;
  NetworkDefaults defaults;
  std::optional<WeightFiles> weight_files;
  std::vector<InputDescription> inputs;
  std::vector<LayerDescription> layers;
  std::map<std::string, UsedBlock> blocks;  ///< by the user's name
  std::vector<TensorReference> outputs;     ///< empty: what nobody consumes
};

}  // namespace systole
