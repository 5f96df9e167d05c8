#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "compiler/graph/tensor.h"
#include "compiler/ops/op.h"

namespace systole {

/// Where an operator that is made of others (`void compose(Composer&) const`) writes the layers
/// that take its place; the last of them gives its result.
class Composer {
 public:
  virtual ~Composer() = default;

  [[nodiscard]] virtual const std::vector<GraphTensorId>& inputs() const = 0;
  /// As it is now: type and quantisation.
  [[nodiscard]] virtual const GraphTensor& tensor(GraphTensorId id) const = 0;
  /// Of outputs where nothing is said of them.
  [[nodiscard]] virtual const QuantizationDefaults& defaults() const = 0;
  [[nodiscard]] virtual const OpPlace& where() const = 0;
  /// A layer NAME.what; `output`: how it is quantised, where it is open to wishes.
  virtual GraphTensorId add(std::string_view what, Op op, std::vector<GraphTensorId> inputs,
                            const PartialQuantization& output = {}) = 0;
  /// The one that has the operator's own name, to which parameters in files belong. What is said of
  /// the operator's output is said of this one's; else `output` holds.
  virtual GraphTensorId add_named(Op op, std::vector<GraphTensorId> inputs,
                                  const PartialQuantization& output = {}) = 0;

  /// As `add`, of a layer with weights alone: those of the one that made `like`, whose products are
  /// of the same sizes.
  virtual GraphTensorId add_like(GraphTensorId like, std::string_view what, Op op,
                                 std::vector<GraphTensorId> inputs,
                                 const PartialQuantization& output = {}) = 0;

  /// The tensor under these extents, the batch among them: itself, or a view.
  GraphTensorId view(std::string_view what, GraphTensorId id, const Extents& extents);
  [[nodiscard]] const Extents& extents(GraphTensorId id) const { return tensor(id).type.extents; }
};

/// Whether the operator, with its attributes, is made of others.
[[nodiscard]] bool is_composed(const Op& op);
/// Of such: its layers; returns what they make.
[[nodiscard]] GraphTensorId compose(const Op& op, Composer& composer);
/// As layers call the operator whose attributes it has.
[[nodiscard]] std::string_view name_of_operator(const Op& op);

}  // namespace systole
