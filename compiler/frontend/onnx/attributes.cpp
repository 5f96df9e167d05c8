#include "compiler/frontend/onnx/attributes.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arch/diag/printable.h"

namespace systole {

namespace {

/// The attributes of an operator in all its versions, as `name:type` or `name:type=words`. Types:
/// an integer (i), a real number (f), a word (s), a tensor (t), several integers (I), reals (F) or
/// words (S). Where others mean something that is not modelled, `words` are those that are.
/// `by` and `first` of Slice and `parts` of Split are the importer's own: shape rules write them.
struct OperatorAttributes {
  std::string_view op;
  std::string_view text;
};

constexpr auto kOperators = std::to_array<OperatorAttributes>({
    {"Abs", ""},
    {"Acos", ""},
    {"Acosh", ""},
    {"Add", "axis:i broadcast:i"},
    {"And", "axis:i broadcast:i"},
    {"ArgMax", "axis:i keepdims:i select_last_index:i"},
    {"ArgMin", "axis:i keepdims:i select_last_index:i"},
    {"Asin", ""},
    {"Asinh", ""},
    {"Atan", ""},
    {"Atanh", ""},
    {"AveragePool",
     "auto_pad:s=NOTSET|SAME_UPPER|SAME_LOWER|VALID ceil_mode:i count_include_pad:i "
     "kernel_shape:I pads:I strides:I dilations:I"},
    {"BatchNormalization", "epsilon:f is_test:i momentum:f spatial:i training_mode:i"},
    {"Cast", "to:i saturate:i round_mode:s"},
    {"CastLike", "saturate:i"},
    {"Ceil", ""},
    {"Celu", "alpha:f"},
    {"Clip", "max:f min:f"},
    {"Concat", "axis:i"},
    {"ConstantOfShape", "value:t"},
    {"Conv",
     "auto_pad:s=NOTSET|SAME_UPPER|SAME_LOWER|VALID dilations:I group:i kernel_shape:I "
     "pads:I strides:I"},
    {"ConvInteger",
     "auto_pad:s=NOTSET|SAME_UPPER|SAME_LOWER|VALID dilations:I group:i kernel_shape:I "
     "pads:I strides:I"},
    {"ConvTranspose",
     "auto_pad:s=NOTSET|SAME_UPPER|SAME_LOWER|VALID dilations:I group:i kernel_shape:I "
     "output_padding:I output_shape:I pads:I strides:I"},
    {"Cos", ""},
    {"Cosh", ""},
    {"CumSum", "exclusive:i reverse:i"},
    {"DepthToSpace", "blocksize:i mode:s=DCR|CRD"},
    {"DequantizeLinear", "axis:i block_size:i=0 output_dtype:i"},
    {"Div", "axis:i broadcast:i"},
    {"Dropout", "is_test:i ratio:f seed:i"},
    {"DynamicQuantizeLinear", ""},
    {"Einsum", "equation:s"},
    {"Elu", "alpha:f"},
    {"Equal", "axis:i broadcast:i"},
    {"Erf", ""},
    {"Exp", ""},
    {"Expand", ""},
    {"EyeLike", "dtype:i k:i"},
    {"Flatten", "axis:i"},
    {"Floor", ""},
    {"GRU",
     "activation_alpha:F activation_beta:F activations:S clip:f "
     "direction:s=forward|reverse|bidirectional hidden_size:i layout:i "
     "linear_before_reset:i output_sequence:i"},
    {"Gather", "axis:i"},
    {"GatherElements", "axis:i"},
    {"GatherND", "batch_dims:i"},
    {"Gelu", "approximate:s=none|tanh"},
    {"Gemm", "alpha:f beta:f broadcast:i transA:i transB:i"},
    {"GlobalAveragePool", ""},
    {"GlobalMaxPool", ""},
    {"Greater", "axis:i broadcast:i"},
    {"GreaterOrEqual", ""},
    {"GroupNormalization", "epsilon:f num_groups:i stash_type:i"},
    {"HardSigmoid", "alpha:f beta:f"},
    {"HardSwish", ""},
    {"Hardmax", "axis:i"},
    {"Identity", ""},
    {"InstanceNormalization", "epsilon:f"},
    {"IsInf", "detect_negative:i detect_positive:i"},
    {"IsNaN", ""},
    {"LRN", "alpha:f beta:f bias:f size:i"},
    {"LSTM",
     "activation_alpha:F activation_beta:F activations:S clip:f "
     "direction:s=forward|reverse|bidirectional hidden_size:i input_forget:i layout:i "
     "output_sequence:i"},
    {"LayerNormalization", "axis:i epsilon:f stash_type:i"},
    {"LeakyRelu", "alpha:f"},
    {"Less", "axis:i broadcast:i"},
    {"LessOrEqual", ""},
    {"Log", ""},
    {"LogSoftmax", "axis:i"},
    {"LpNormalization", "axis:i p:i"},
    {"MatMul", ""},
    {"MatMulInteger", ""},
    {"Max", ""},
    {"MaxPool",
     "auto_pad:s=NOTSET|SAME_UPPER|SAME_LOWER|VALID ceil_mode:i dilations:I "
     "kernel_shape:I pads:I storage_order:i strides:I"},
    {"Mean", ""},
    {"MeanVarianceNormalization", "axes:I"},
    {"Min", ""},
    {"Mish", ""},
    {"Mod", "fmod:i"},
    {"Mul", "axis:i broadcast:i"},
    {"Neg", ""},
    {"Not", ""},
    {"OneHot", "axis:i"},
    {"Or", "axis:i broadcast:i"},
    {"PRelu", ""},
    {"Pad", "mode:s=constant|reflect|edge|wrap paddings:I pads:I value:f"},
    {"Pow", "axis:i broadcast:i"},
    {"QLinearConv",
     "auto_pad:s=NOTSET|SAME_UPPER|SAME_LOWER|VALID dilations:I group:i kernel_shape:I "
     "pads:I strides:I"},
    {"QLinearMatMul", ""},
    {"QuantizeLinear", "axis:i block_size:i=0 output_dtype:i precision:i saturate:i"},
    {"RNN",
     "activation_alpha:F activation_beta:F activations:S clip:f "
     "direction:s=forward|reverse|bidirectional hidden_size:i layout:i "
     "output_sequence:i"},
    {"Range", ""},
    {"Reciprocal", ""},
    {"ReduceL1", "axes:I keepdims:i noop_with_empty_axes:i"},
    {"ReduceL2", "axes:I keepdims:i noop_with_empty_axes:i"},
    {"ReduceLogSum", "axes:I keepdims:i noop_with_empty_axes:i"},
    {"ReduceLogSumExp", "axes:I keepdims:i noop_with_empty_axes:i"},
    {"ReduceMax", "axes:I keepdims:i noop_with_empty_axes:i"},
    {"ReduceMean", "axes:I keepdims:i noop_with_empty_axes:i"},
    {"ReduceMin", "axes:I keepdims:i noop_with_empty_axes:i"},
    {"ReduceProd", "axes:I keepdims:i noop_with_empty_axes:i"},
    {"ReduceSum", "axes:I keepdims:i noop_with_empty_axes:i"},
    {"ReduceSumSquare", "axes:I keepdims:i noop_with_empty_axes:i"},
    {"Relu", ""},
    {"Reshape", "allowzero:i shape:I"},
    {"Resize",
     ""
     "coordinate_transformation_mode:s=half_pixel|pytorch_half_pixel|align_corners|asymmetric|tf_"
     "crop_and_resize|tf_half_pixel_for_nn "
     "cubic_coeff_a:f exclude_outside:i extrapolation_value:f "
     "mode:s=nearest|linear|cubic "
     "nearest_mode:s=round_prefer_floor|round_prefer_ceil|floor|ceil antialias:i=0 "
     "keep_aspect_ratio_policy:s=stretch"},
    {"ReverseSequence", "batch_axis:i time_axis:i"},
    {"Round", ""},
    {"Scatter", "axis:i"},
    {"ScatterElements", "axis:i reduction:s=none|add|mul|max|min"},
    {"ScatterND", "reduction:s=none|add|mul|max|min"},
    {"Selu", "alpha:f gamma:f"},
    {"Shape", "end:i start:i"},
    {"Shrink", "bias:f lambd:f"},
    {"Sigmoid", ""},
    {"Sign", ""},
    {"SimplifiedLayerNormalization", "axis:i epsilon:f stash_type:i"},
    {"Sin", ""},
    {"Sinh", ""},
    {"Size", ""},
    {"Slice", "axes:I by:I ends:I first:I starts:I"},
    {"Softmax", "axis:i"},
    {"Softplus", ""},
    {"Softsign", ""},
    {"SpaceToDepth", "blocksize:i"},
    {"Split", "axis:i num_outputs:i parts:I split:I"},
    {"Sqrt", ""},
    {"Squeeze", "axes:I"},
    {"Sub", "axis:i broadcast:i"},
    {"Sum", ""},
    {"Tan", ""},
    {"Tanh", ""},
    {"ThresholdedRelu", "alpha:f"},
    {"Tile", ""},
    {"TopK", "axis:i k:i largest:i sorted:i"},
    {"Transpose", "perm:I"},
    {"Trilu", "upper:i"},
    {"Unsqueeze", "axes:I"},
    {"Upsample", "height_scale:f mode:s=nearest|linear scales:F width_scale:f"},
    {"Where", ""},
    {"Xor", "axis:i broadcast:i"},
});

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

struct AttributeType {
  char letter = 0;
  OnnxAttribute::Kind kind;
  std::string_view name;
};

constexpr auto kTypes = std::to_array<AttributeType>({
    {'i', OnnxAttribute::Kind::Int, "an integer"},
    {'f', OnnxAttribute::Kind::Float, "a real number"},
    {'s', OnnxAttribute::Kind::String, "a word"},
    {'t', OnnxAttribute::Kind::Tensor, "a tensor"},
    {'I', OnnxAttribute::Kind::Ints, "several integers"},
    {'F', OnnxAttribute::Kind::Floats, "several real numbers"},
    {'S', OnnxAttribute::Kind::Strings, "several words"},
});

/// What differs from `name:type=words`.
std::optional<std::string> fault_of(std::string_view expected, const OnnxAttribute& got) {
  const std::size_t colon = expected.find(':');
  const std::string_view name = expected.substr(0, colon);
  const std::string_view rest = expected.substr(colon + 1);
  const auto* const type = std::find_if(
      kTypes.begin(), kTypes.end(), [&](const auto& one) { return one.letter == rest.front(); });
  if (got.kind != type->kind && got.kind != OnnxAttribute::Kind::Other) {
    const auto* const found = std::find_if(kTypes.begin(), kTypes.end(),
                                           [&](const auto& one) { return one.kind == got.kind; });
    return fmt::format("expected {} as attribute '{}', got {}", type->name, name,
                       found == kTypes.end() ? "a graph" : found->name);
  }
  if (rest.size() < 2) {
    return std::nullopt;
  }
  const std::vector<std::string_view> words = split(rest.substr(2), '|');
  const std::string value =
      got.kind == OnnxAttribute::Kind::Int ? std::to_string(got.integer) : got.text;
  if (std::find(words.begin(), words.end(), value) != words.end()) {
    return std::nullopt;
  }
  return fmt::format("expected {} as attribute '{}', got {}", fmt::join(words, " or "), name,
                     in_quotes(value));
}

}  // namespace

std::optional<std::string> attribute_fault(const ImportNode& node) {
  const auto* const found =
      std::lower_bound(kOperators.begin(), kOperators.end(), node.op,
                       [](const auto& one, const std::string& op) { return one.op < op; });
  if (!node.domain.empty() || found == kOperators.end() || found->op != node.op) {
    return std::nullopt;
  }
  const std::vector<std::string_view> known = split(found->text, ' ');
  for (const auto& [name, attribute] : node.attributes) {
    const auto is_it = [&name = name](std::string_view one) {
      return one.substr(0, one.find(':')) == name;
    };
    const auto expected = std::find_if(known.begin(), known.end(), is_it);
    if (expected != known.end()) {
      if (auto fault = fault_of(*expected, attribute)) {
        return fault;
      }
    } else if (name != "consumed_inputs") {  // of old files, a hint
      std::vector<std::string_view> names;
      std::transform(known.begin(), known.end(), std::back_inserter(names),
                     [](std::string_view one) { return one.substr(0, one.find(':')); });
      return names.empty() ? fmt::format("expected no attributes, got {}", in_quotes(name))
                           : fmt::format("expected attributes among {}, got {}",
                                         fmt::join(names, ", "), in_quotes(name));
    }
  }
  return std::nullopt;
}

}  // namespace systole
