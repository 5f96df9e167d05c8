#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "compiler/graph/tensor.h"
#include "compiler/ops/op.h"

namespace systole {

/// Rows of features: 1 x rows x features; as an image of them where that were more rows than a
/// tensor may have.
[[nodiscard]] Extents extents_of_rows(std::int64_t rows, std::int64_t features);

/// Where operators write the nodes of a training step (compiler/training).
class StepNodes {
 public:
  virtual ~StepNodes() = default;

  [[nodiscard]] virtual const TensorType& type(GraphTensorId tensor) const = 0;
  /// A node behind all others; `what` becomes part of its name.
  virtual GraphTensorId add(std::string_view what, Op op, std::vector<GraphTensorId> inputs) = 0;
  /// The tensor under these extents: itself, or a view of it.
  virtual GraphTensorId view(GraphTensorId tensor, const Extents& extents) = 0;
  /// All axes but the last are rows, the last its features (extents_of_rows).
  GraphTensorId rows(GraphTensorId tensor);
  /// Throws at the node: its gradient is not covered, whatever its operator's is.
  [[noreturn]] virtual void refuse(std::string_view message) const = 0;
  /// Bytes of a part of an operand that a node needs whole, such as the left one of a product where
  /// it is written transposed. 0: any operand is taken whole.
  [[nodiscard]] virtual std::int64_t most_whole_bytes() const = 0;
  /// In how many parts it is taken at the least: in one where it is no larger than three times
  /// that, so that it can stream beside bands of the result, or where the whole result has room
  /// beside it within seven times that.
  [[nodiscard]] std::int64_t least_parts(std::int64_t bytes, std::int64_t result_bytes) const;
  /// Of what is done element by element: pixels side by side in rows of at most 1024 numbers, as
  /// many as divide all pixels, so that narrow pixels do not leave the lanes of a vector unit
  /// empty.
  [[nodiscard]] std::int64_t pixels_abreast(GraphTensorId tensor) const;
  GraphTensorId wide(GraphTensorId tensor);
  /// A row of numbers for all pixels, so many times side by side.
  GraphTensorId repeated(std::string_view what, GraphTensorId row, std::int64_t times);
  /// The mean of the pixels of each image in fp32, a node called `what`. Of a single image with
  /// `channels` numbers a pixel (0: as its extents say) the mean of means: of parts, and of pixels
  /// that lie side by side.
  GraphTensorId mean(std::string_view what, GraphTensorId tensor, std::int64_t channels = 0);
};

/// What an operator with parameters, or one whose gradient stands on another, is made of when it is
/// trained: `GraphTensorId train(Forward& forward) const`. An operator without parameters and
/// without this is taken as it is.
class Backward;

class Forward : public StepNodes {
 public:
  /// How the loss changes with what a node is made of, in place of its operator's own rule.
  using Rule = std::function<void(Backward&)>;
  virtual void set_rule(GraphTensorId made, Rule rule) = 0;
  /// The gradient by a tensor is kept in fp32, like that of a parameter.
  virtual void keep_exact(GraphTensorId made) = 0;
  /// Whether a ReLU follows; the operator has to do it then.
  [[nodiscard]] virtual bool takes_rectifier() = 0;
  /// Of the node: one that is no parameter, with the network's extents.
  [[nodiscard]] virtual GraphTensorId input(std::size_t index) = 0;
  /// A parameter of the node under these extents, in bf16 as products take it on their right.
  virtual GraphTensorId factor(std::size_t input, const Extents& extents) = 0;
  /// The same in fp32, for what computes in rows.
  virtual GraphTensorId summand(std::size_t input, const Extents& extents) = 0;
  /// A parameter in fp32 that the network, as it stands in files, has not; all `first` at first.
  virtual GraphTensorId invented(std::string_view what, const Extents& extents, double first) = 0;
};

/// What an operator needs to say how the loss changes with its inputs, from how it changes with its
/// output: `void gradient(Backward& backward) const`.
class Backward : public StepNodes {
 public:
  [[nodiscard]] virtual GraphTensorId input(std::size_t index) const = 0;
  [[nodiscard]] virtual GraphTensorId output() const = 0;
  /// Of the loss by the output, of its extents.
  [[nodiscard]] virtual GraphTensorId gradient() const = 0;
  /// Whether something that is trained stands behind the input.
  [[nodiscard]] virtual bool wants(std::size_t input) const = 0;
  /// The same of any tensor of the forward part.
  [[nodiscard]] virtual bool wants_tensor(GraphTensorId tensor) const = 0;
  /// A gradient by any tensor of the forward part, for rules.
  virtual void give_to(GraphTensorId tensor, GraphTensorId gradient) = 0;
  /// Of the gradient by the input: fp32 of what is trained, else the input's own.
  [[nodiscard]] virtual DataType element(std::size_t input) const = 0;
  [[nodiscard]] virtual DataType element_of(GraphTensorId tensor) const = 0;
  /// A tensor that is the gradient by the input, or one of several that are added.
  virtual void give(std::size_t input, GraphTensorId gradient) = 0;
  /// The gradient by the input's channels from `first` on.
  virtual void give_channels(std::size_t input, std::int64_t first, GraphTensorId gradient) = 0;
  /// The same as the first from a node of that operator, where the input wants one.
  virtual void give(std::size_t input, Op op, std::vector<GraphTensorId> inputs) = 0;
};

/// What a product's left operand is taken as where all images share the right one: rows of a single
/// matrix. Else as it is.
[[nodiscard]] Extents left_extents(const Op& op, const TensorType& left, const TensorType& right);

/// Of an operator that says its output's type, and said it of a network of another one.
void set_element(Op& op, DataType element);
/// Of one that may say it.
void say_element(Op& op, DataType element);

[[nodiscard]] bool has_gradient(const Op& op);
void gradient(const Op& op, Backward& backward);
/// Whether the operator says what it is made of when it is trained.
[[nodiscard]] bool has_training_form(const Op& op);
[[nodiscard]] GraphTensorId train(const Op& op, Forward& forward);

}  // namespace systole
