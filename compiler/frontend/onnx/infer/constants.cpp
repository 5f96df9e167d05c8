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

// --- constants ---

void infer_constant(Inference& in) {
  const ImportNode& node = in.node();
  for (const auto& [key, attribute] : node.attributes) {
    using Kind = OnnxAttribute::Kind;
    switch (attribute.kind) {
      case Kind::Tensor:
        if (attribute.tensor.type() == OnnxType::String) {
          return;
        }
        in.set(attribute.tensor);
        return;
      case Kind::Float:
        in.set(OnnxConstant::of_floats({}, {attribute.number}));
        return;
      case Kind::Floats:
        in.set(OnnxConstant::of_floats({static_cast<std::int64_t>(attribute.numbers.size())},
                                       attribute.numbers));
        return;
      case Kind::Int:
        in.set(OnnxConstant::of_integers(OnnxType::Int64, {}, {attribute.integer}));
        return;
      case Kind::Ints:
        in.set(OnnxConstant::of_integers(OnnxType::Int64,
                                         {static_cast<std::int64_t>(attribute.integers.size())},
                                         attribute.integers));
        return;
      case Kind::String:
      case Kind::Graph:
      case Kind::Strings:
      case Kind::Other:
        break;
    }
  }
}

void infer_shape(Inference& in) {
  const OnnxShape& shape = in.shape(0);
  const auto rank = static_cast<std::int64_t>(shape.size());
  std::int64_t start = in.node().integer("start", 0);
  std::int64_t end = in.node().integer("end", rank);
  start = std::clamp<std::int64_t>(start < 0 ? start + rank : start, 0, rank);
  end = std::clamp<std::int64_t>(end < 0 ? end + rank : end, start, rank);
  const Integers part(shape.begin() + start, shape.begin() + end);
  in.set(OnnxConstant::of_integers(OnnxType::Int64, {end - start}, part));
}

void infer_size(Inference& in) {
  in.set(OnnxConstant::of_integers(OnnxType::Int64, {}, {elements_of(in.shape(0))}));
}

void infer_constant_of_shape(Inference& in) {
  const OnnxShape shape = in.required("shape", 0);
  const OnnxAttribute* value = in.node().attribute("value");
  const OnnxConstant one = value != nullptr && value->tensor.elements() == 1
                               ? value->tensor.reshaped({})
                               : OnnxConstant::of_floats({}, {0.0F});
  in.set(one.type(), shape);
  in.set(strided(one, shape, Integers(shape.size(), 0), 0));
}

void infer_range(Inference& in) {
  if (!in.all_constant()) {
    contradict("expected limits that do not depend on inputs, got such that do");
  }
  const double start = static_cast<double>(in.constant(0)->floats().at(0));
  const double limit = static_cast<double>(in.constant(1)->floats().at(0));
  const double step = static_cast<double>(in.constant(2)->floats().at(0));
  const double count = std::max(0.0, std::ceil((limit - start) / step));
  if (!(count <= static_cast<double>(kMostAtOnce) * 64)) {
    contradict("expected a range of numbers, got {} from {} to {} by {}", count, start, limit,
               step);
  }
  const OnnxShape shape{static_cast<std::int64_t>(count)};
  if (is_integral(in.type(0))) {
    Integers values;
    for (std::int64_t i = 0; i < shape[0]; ++i) {
      values.push_back(in.constant(0)->integers()[0] + i * in.constant(2)->integers()[0]);
    }
    in.set(OnnxConstant::of_integers(in.type(0), shape, values));
    return;
  }
  std::vector<float> values;
  for (std::int64_t i = 0; i < shape[0]; ++i) {
    values.push_back(static_cast<float>(start + static_cast<double>(i) * step));
  }
  in.set(OnnxConstant::of_floats(shape, values));
}

constexpr auto kConstantsRules = std::to_array<InferRule>({
    {"Constant", infer_constant},
    {"ConstantOfShape", infer_constant_of_shape},
    {"Range", infer_range},
    {"Shape", infer_shape},
    {"Size", infer_size},
});

}  // namespace

std::span<const InferRule> constant_shapes() {
  return kConstantsRules;
}

}  // namespace onnx_inference

}  // namespace systole
