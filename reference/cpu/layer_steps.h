#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include <dnnl.hpp>

#include "arch/isa/data_type.h"
#include "compiler/graph/graph.h"
#include "compiler/graph/value.h"

namespace systole::cpu {

/// How a tensor's numbers lie in oneDNN memory. int8 networks store q as s8 where the zero point is
/// 0, and otherwise as u8 = q + 128: behind a ReLU with zero point -128 the stored zero point is 0
/// then, which oneDNN's kernels handle best.
struct Storage {
  dnnl::memory::data_type type = dnnl::memory::data_type::undef;
  std::int32_t offset = 0;      ///< stored = q + offset
  std::int32_t zero_point = 0;  ///< as stored
};
[[nodiscard]] Storage storage_of(DataType type, const Quantization& quantization);

/// One oneDNN call.
struct Step {
  dnnl::primitive primitive;
  std::unordered_map<int, dnnl::memory> arguments;
};

/// A layer as oneDNN runs it, and where its result lies. No steps: a view.
struct LayerSteps {
  std::vector<Step> steps;
  std::string kernel;  ///< oneDNN's names of the implementations, joined by ` + `
  dnnl::memory output;
  std::vector<dnnl::memory> owners;  ///< of bytes that other memories look at
};

/// Where a layer's operands come from.
struct LayerSource {
  const Graph& graph;
  NodeId node = 0;
  DataType type = DataType::Int8;
  std::vector<dnnl::memory> inputs;  ///< of the producers' making
  const NetworkData& data;
  dnnl::engine engine;
  dnnl::stream stream;  ///< for what is done once: weights into the kernel's layout
};

/// Each operator as oneDNN does it best on its own: layouts of convolutions are left to oneDNN,
/// reorders are steps of the layer that needs them, activations are fused as in the graph. int8:
/// u8 or s8 sources, s8 weights, one float scale; what oneDNN has no int8 kernel for (softmax,
/// activations alone, average pooling into another quantisation) goes through binary32.
/// Throws WorkloadError at the layer where oneDNN has no kernel of this type for it on this CPU.
[[nodiscard]] LayerSteps layer_steps(const LayerSource& source);

}  // namespace systole::cpu
