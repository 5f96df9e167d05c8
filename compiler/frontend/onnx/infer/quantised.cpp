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

// --- quantised ---

void infer_quantize(Inference& in) {
  in.set(in.has(2) ? in.type(2) : OnnxType::Uint8, in.shape(0));
}

void infer_dequantize(Inference& in) {
  in.set(OnnxType::Float, in.shape(0));
}

void infer_dynamic_quantize(Inference& in) {
  in.set(OnnxType::Uint8, in.shape(0));
  in.set(OnnxType::Float, {}, 1);
  in.set(OnnxType::Uint8, {}, 2);
}

constexpr auto kQuantisedRules = std::to_array<InferRule>({
    {"DequantizeLinear", infer_dequantize},
    {"DynamicQuantizeLinear", infer_dynamic_quantize},
    {"QuantizeLinear", infer_quantize},
});

}  // namespace

std::span<const InferRule> quantised_shapes() {
  return kQuantisedRules;
}

}  // namespace onnx_inference

}  // namespace systole
