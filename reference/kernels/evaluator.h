#pragma once

#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "arch/diag/check.h"
#include "compiler/graph/graph.h"
#include "compiler/graph/value.h"
#include "reference/kernels/bf16_numbers.h"
#include "reference/kernels/dot_products.h"
#include "reference/kernels/float_numbers.h"
#include "reference/kernels/integer_numbers.h"
#include "reference/kernels/live_tensors.h"
#include "reference/kernels/node_numbers.h"
#include "reference/kernels/row_kernels.h"

namespace systole::reference {

/// Computes a network's tensors node by node, in execution order. What a network computes is stated
/// here once; `Numbers` says in which arithmetic: that of int8 networks (integer_numbers.h), of
/// bf16 ones with the order of their additions (bf16_numbers.h), or of the reals behind a network's
/// files (float_numbers.h).
template <class Numbers>
class NetworkEvaluator {
 public:
  using Element = typename Numbers::Element;
  using Layer = NodeNumbers<Element, typename Numbers::Sum>;

  /// Reads the network's inputs. Graph and data must outlive the evaluator.
  NetworkEvaluator(const Graph& graph, const NetworkData& data, Numbers numbers = {})
      : graph_(graph), data_(data), numbers_(std::move(numbers)), live_(graph) {
    numbers_.check(graph);
    for (const GraphTensorId tensor : graph.given()) {
      live_.keep(tensor, share(Numbers::input(graph, data, tensor)));
    }
  }

  [[nodiscard]] bool done() const { return next_ == graph_.nodes.size(); }
  /// The node that evaluate_next() will evaluate.
  [[nodiscard]] const Node& next_node() const { return graph_.nodes[next_]; }
  [[nodiscard]] Layer evaluate_next() {
    SYSTOLE_CHECK(!done(), "the network has no more layers");
    const Node& node = next_node();
    const At at{graph_, data_, node, static_cast<NodeId>(next_), live_};
    Layer result = std::visit(OneNode{numbers_, at}, node.op);
    ++next_;
    live_.done(node);
    live_.keep(node.output(), result.values);
    return result;
  }

 private:
  using At = NodeInputs<Element>;

  /// One overload for each operator.
  struct OneNode {
    const Numbers& numbers;
    const At& at;

    Layer operator()(const Conv2d& convolution) const {
      return numbers.product(at,
                             {.input = at.tensor(0).shape(),
                              .output = at.output().shape(),
                              .kernel = convolution.kernel,
                              .groups = convolution.groups},
                             convolution.activation);
    }
    /// A convolution of the pixels by themselves.
    Layer operator()(const Dense& dense) const {
      constexpr std::size_t kImageAxes = 4;
      const Shape in = at.tensor(0).shape();
      SYSTOLE_CHECK(at.tensor(0).type.extents.size() < kImageAxes || (in.rows == 1 && in.cols == 1),
                    "{}: dense over {} x {} pixels", at.node.name, in.rows, in.cols);
      return numbers.product(
          at, {.input = in, .output = at.output().shape(), .kernel = {}, .groups = 1},
          dense.activation);
    }
    Layer operator()(const Matmul& matmul) const { return numbers.matmul(at, matmul); }
    Layer operator()(const ConvolveTensors& op) const { return numbers.convolution(at, op); }
    Layer operator()(const AddTensors& addition) const {
      return numbers.add(at, addition.activation.kind);
    }
    Layer operator()(const Activate& activation) const {
      return numbers.activate(at, activation.activation.kind);
    }
    Layer operator()(const PoolTensor& pooling) const { return numbers.pool(at, pooling); }
    Layer operator()(const Concat& /*concat*/) const {
      return computes_in_rows(at.node) ? numbers.rows(at) : numbers.concatenate(at);
    }
    Layer operator()(const SoftmaxChannels& /*softmax*/) const {
      return computes_in_rows(at.node) ? numbers.rows(at) : numbers.softmax(at);
    }
    Layer operator()(const Flatten& /*flatten*/) const { return view(); }
    Layer operator()(const ReshapeTensor& /*reshape*/) const { return view(); }
    Layer operator()(const NormalizeRows& /*norm*/) const { return numbers.rows(at); }
    Layer operator()(const CombineTensors& /*combine*/) const { return numbers.rows(at); }
    Layer operator()(const ReduceRows& /*reduce*/) const { return numbers.rows(at); }
    Layer operator()(const RotateRows& /*rotary*/) const { return numbers.rows(at); }
    Layer operator()(const SliceTensor& /*slice*/) const { return rows_or_view(); }
    Layer operator()(const RowFormula& /*formula*/) const { return rows_or_view(); }
    Layer operator()(const Rearrange& /*rearrange*/) const { return rows_or_view(); }
    Layer operator()(const ResizeTensor& /*resize*/) const { return numbers.rows(at); }
    Layer operator()(const EmbedPositions& /*embedding*/) const { return numbers.rows(at); }
    Layer operator()(const CombineConstant& /*combine*/) const { return numbers.rows(at); }
    Layer operator()(const AppendRows& /*append*/) const { return numbers.rows(at); }
    Layer operator()(const DepthToSpace& /*copy*/) const { return numbers.rows(at); }
    Layer operator()(const TransposePixels& /*copy*/) const { return numbers.rows(at); }

    Layer operator()(const MaskScores& /*mask*/) const { return numbers.rows(at); }
    Layer operator()(const GatherRows& /*gather*/) const { return numbers.rows(at); }
    Layer operator()(const AddShifted& /*sum*/) const { return numbers.rows(at); }
    Layer operator()(const ComposedOp& /*others*/) const {
      SYSTOLE_CHECK(false, "{}: an operator that is made of others", at.node.name);
      return {};
    }

    [[nodiscard]] Layer rows_or_view() const {
      return at.node.is_view() ? view() : numbers.rows(at);
    }
    [[nodiscard]] Layer view() const {
      return {.values = at.live.input(at.node, 0), .accumulators = {}};
    }
  };

  const Graph& graph_;
  const NetworkData& data_;
  Numbers numbers_;
  std::size_t next_ = 0;
  LiveTensors<Element> live_;
};

using Evaluator = NetworkEvaluator<IntegerNumbers>;
using RealEvaluator = NetworkEvaluator<Bf16Numbers>;
using FloatEvaluator = NetworkEvaluator<FloatNumbers>;
using LayerValues = Evaluator::Layer;
using RealLayerValues = RealEvaluator::Layer;

}  // namespace systole::reference
