#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <map>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "arch/diag/printable.h"
#include "compiler/frontend/onnx/infer/inference.h"

namespace systole {

namespace onnx_inference {

namespace {

// --- reductions ---

/// Which axes of `rank` a node reduces.
std::vector<bool> reduced_axes(Inference& in, std::size_t rank) {
  std::vector<bool> reduced(rank, false);
  const auto axes = in.integers("axes", 1);
  if (axes && !axes->empty()) {
    for (const std::int64_t axis : *axes) {
      reduced[checked_axis(axis, rank)] = true;
    }
  } else if (in.node().integer("noop_with_empty_axes", 0) == 0) {
    reduced.assign(rank, true);
  }
  return reduced;
}

/// The elements of a constant, put together along the axes of size 1 in `kept`.
std::vector<double> reduced_numbers(const OnnxConstant& source, const OnnxShape& kept,
                                    std::string_view op) {
  std::vector<double> sums(static_cast<std::size_t>(elements_of(kept)), op == "ReduceProd" ? 1 : 0);
  std::vector<bool> seen(sums.size(), false);
  const std::vector<float> values = source.floats();
  std::size_t next = 0;
  walk(source.shape(), broadcast_strides(kept, source.shape()), 0, [&](std::int64_t offset) {
    const auto place = static_cast<std::size_t>(offset);
    const auto value = static_cast<double>(values[next++]);
    double& sum = sums[place];
    if (op == "ReduceProd") {
      sum *= value;
    } else if (op == "ReduceSum" || op == "ReduceMean") {
      sum += value;
    } else {
      const double better = op == "ReduceMin" ? std::min(sum, value) : std::max(sum, value);
      sum = seen[place] ? better : value;
    }
    seen[place] = true;
  });
  if (op == "ReduceMean") {
    for (double& sum : sums) {
      sum /= static_cast<double>(values.size()) / static_cast<double>(sums.size());
    }
  }
  return sums;
}

void infer_reduce(Inference& in) {
  const OnnxShape& from = in.shape(0);
  const std::vector<bool> reduced = reduced_axes(in, from.size());
  const bool keeps = in.node().integer("keepdims", 1) != 0;
  OnnxShape to;
  OnnxShape kept;
  Integers found;
  for (std::size_t axis = 0; axis < from.size(); ++axis) {
    kept.push_back(reduced[axis] ? 1 : from[axis]);
    if (reduced[axis]) {
      found.push_back(static_cast<std::int64_t>(axis));
    }
    if (!reduced[axis] || keeps) {
      to.push_back(kept.back());
    }
  }
  in.node().set("axes", found);
  in.node().inputs.resize(1);
  in.set(in.type(0), to);
  const OnnxConstant* source = in.constant(0);
  const std::string& op = in.node().op;
  const bool folds = op == "ReduceSum" || op == "ReduceProd" || op == "ReduceMin" ||
                     op == "ReduceMax" || op == "ReduceMean";
  if (source == nullptr || source->elements() > kMostAtOnce || !folds) {
    return;
  }
  const std::vector<double> sums = reduced_numbers(*source, kept, op);
  if (is_integral(source->type())) {
    Integers integers;
    std::transform(sums.begin(), sums.end(), std::back_inserter(integers), whole);
    in.set(OnnxConstant::of_integers(source->type(), to, integers));
  } else {
    in.set(OnnxConstant::of_floats(to, std::vector<float>(sums.begin(), sums.end())));
  }
}

void infer_arg(Inference& in) {
  OnnxShape to = in.shape(0);
  const std::size_t axis = checked_axis(in.node().integer("axis", 0), to.size());
  if (in.node().integer("keepdims", 1) != 0) {
    to[axis] = 1;
  } else {
    to.erase(to.begin() + static_cast<std::ptrdiff_t>(axis));
  }
  in.set(OnnxType::Int64, to);
}

void infer_top(Inference& in) {
  OnnxShape to = in.shape(0);
  const std::size_t axis = checked_axis(in.node().integer("axis", -1), to.size());
  const OnnxConstant* count = in.inputs() > 1 ? in.constant(1) : nullptr;
  if (in.inputs() > 1 && (count == nullptr || count->elements() != 1)) {
    contradict("expected a number of elements that stands in the file, got one that does not");
  }
  const std::int64_t wanted =
      count != nullptr ? count->integers().front() : in.node().integer("k", 0);
  if (wanted < 1 || wanted > to[axis]) {
    contradict("expected 1..{} of {} elements, got {}", to[axis], to[axis], wanted);
  }
  to[axis] = wanted;
  in.set(in.type(0), to);
  in.set(OnnxType::Int64, to, 1);
}

void infer_layer_norm(Inference& in) {
  in.set(in.type(0), in.shape(0));
  OnnxShape to = in.shape(0);
  const std::size_t axis = checked_axis(in.node().integer("axis", -1), to.size());
  std::fill(to.begin() + static_cast<std::ptrdiff_t>(axis), to.end(), 1);
  in.set(OnnxType::Float, to, 1);
  in.set(OnnxType::Float, to, 2);
}

constexpr auto kRowsRules = std::to_array<InferRule>({
    {"ArgMax", infer_arg},
    {"ArgMin", infer_arg},
    {"LayerNormalization", infer_layer_norm},
    {"ReduceL1", infer_reduce},
    {"ReduceL2", infer_reduce},
    {"ReduceLogSum", infer_reduce},
    {"ReduceLogSumExp", infer_reduce},
    {"ReduceMax", infer_reduce},
    {"ReduceMean", infer_reduce},
    {"ReduceMin", infer_reduce},
    {"ReduceProd", infer_reduce},
    {"ReduceSum", infer_reduce},
    {"ReduceSumSquare", infer_reduce},
    {"TopK", infer_top},
});

}  // namespace

std::span<const InferRule> row_shapes() {
  return kRowsRules;
}

}  // namespace onnx_inference

}  // namespace systole
