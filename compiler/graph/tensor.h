#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include <boost/container/static_vector.hpp>

#include "arch/enum_names.h"
#include "arch/isa/data_type.h"

namespace systole {

using GraphTensorId = std::int32_t;

inline constexpr std::size_t kMaxRank = 6;
/// Sizes of the axes, row-major: the last axis is contiguous.
using Extents = boost::container::static_vector<std::int64_t, kMaxRank>;

/// A tensor as an image, N H W C: how operators over pixels see one of any rank. Feature vectors
/// have rows = cols = 1.
struct Shape {
  std::int64_t batch = 1;
  std::int64_t rows = 1;
  std::int64_t cols = 1;
  std::int64_t channels = 1;

  [[nodiscard]] std::int64_t pixels() const { return batch * rows * cols; }
  [[nodiscard]] std::int64_t elements() const { return pixels() * channels; }
  bool operator==(const Shape&) const = default;
};

/// What a tensor is made of. Packed: element (i, j, ..., z) is number ((i * J + j) * ...) * Z + z.
struct TensorType {
  DataType element = DataType::Int8;
  Extents extents;

  [[nodiscard]] std::int64_t elements() const;
  [[nodiscard]] std::int64_t bytes() const { return bytes_of(element, elements()); }
  bool operator==(const TensorType&) const = default;
};

/// Four axes, batch x rows x cols x channels.
[[nodiscard]] TensorType image_type(DataType element, const Shape& shape);
/// Two axes, batch x features.
[[nodiscard]] TensorType feature_type(DataType element, std::int64_t batch, std::int64_t features);
/// The first axis is the batch, the last the channels; the one before them the columns where there
/// are four or more, and what is left of them the rows. A single axis is channels.
[[nodiscard]] Shape image_of(const TensorType& type);

/// real = scale * (q - zero_point)
struct Quantization {
  double scale = 1.0;
  std::int32_t zero_point = 0;

  bool operator==(const Quantization&) const = default;
};

/// Scales of a tensor whose zero points are 0 and whose blocks have one each: `block` elements
/// along each axis share it, at the end of an axis fewer. Scales are row-major over the blocks.
///  - by axis: a block is 1 along that axis and as long as the tensor along all others;
///  - in groups along an axis: as many elements as a group has.
struct BlockScales {
  Extents block;  ///< empty: the tensor has one scale
  std::vector<double> scales;

  bool operator==(const BlockScales&) const = default;
};

/// What a tensor is to its network. State is in memory before and after a run.
enum class GraphTensorRole : std::uint8_t { Input, Output, Parameter, State, Intermediate };

template <>
inline constexpr auto kEnumNames<GraphTensorRole> = std::to_array<EnumName<GraphTensorRole>>({
    {GraphTensorRole::Input, "input"},
    {GraphTensorRole::Output, "output"},
    {GraphTensorRole::Parameter, "parameter"},
    {GraphTensorRole::State, "state"},
    {GraphTensorRole::Intermediate, "intermediate"},
});

/// Parameters that are stored narrower than what the layer multiplies with: each stands for element
/// x scale, rounded to the type of the layer's other operand (docs/numerics.md). Scales are numbers
/// of that type, [group of the reduction][output channel, those of all groups counted].
struct StoredScales {
  GraphTensorId tensor = -1;  ///< a parameter; -1: the elements are what is multiplied
  std::int64_t group = 0;     ///< elements of the reduction that share a scale

  [[nodiscard]] bool exist() const { return tensor >= 0; }
  bool operator==(const StoredScales&) const = default;
};

/// Of int8, elements are stored numbers that `quantization` maps to reals; of floating types they
/// are the real numbers themselves, and the quantisation is Quantization{}, which nothing uses.
/// Parameters of int8 may have `blocks` instead.
struct GraphTensor {
  std::string name;
  TensorType type;
  GraphTensorRole role = GraphTensorRole::Intermediate;
  Quantization quantization;
  BlockScales blocks = {};
  StoredScales stored = {};  ///< of weights of a network of a floating type

  /// Of an element, by its place in the packed tensor.
  [[nodiscard]] double scale_of(std::int64_t element) const;
  [[nodiscard]] Shape shape() const { return image_of(type); }
  [[nodiscard]] std::int64_t bytes() const { return type.bytes(); }
};

/// Blocks of one element along some axes, of all along the others.
[[nodiscard]] Extents blocks_along(const TensorType& type, std::initializer_list<std::size_t> axes);

}  // namespace systole
