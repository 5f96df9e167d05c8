#include "reference/cpu/cpu_network.h"

#include <chrono>
#include <cstddef>
#include <cstring>

#include <omp.h>

#include "arch/diag/check.h"

namespace systole::cpu {

namespace {

using Clock = std::chrono::steady_clock;
using Type = dnnl::memory::data_type;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

dnnl::memory::desc packed(const Shape& shape, Type type) {
  return {
      {shape.batch, shape.channels, shape.rows, shape.cols}, type, dnnl::memory::format_tag::nhwc};
}

}  // namespace

CpuNetwork::CpuNetwork(const Graph& graph, const NetworkData& data, DataType type, int threads)
    : graph_(graph),
      type_(type),
      threads_(threads),
      threads_before_(omp_get_max_threads()),
      engine_(dnnl::engine::kind::cpu, 0),
      stream_(engine_),
      tensors_(graph.tensors.size()) {
  use_threads();  // oneDNN shares work out when a primitive is made
  for (const GraphTensorId input : graph.inputs) {
    const GraphTensor& tensor = graph.tensor(input);
    memory(input) =
        dnnl::memory(packed(tensor.shape(), storage_of(type, tensor.quantization).type), engine_);
  }
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    LayerSource source{.graph = graph,
                       .node = static_cast<NodeId>(i),
                       .type = type,
                       .inputs = {},
                       .data = data,
                       .engine = engine_,
                       .stream = stream_};
    for (const GraphTensorId input : graph.data_inputs(node)) {
      source.inputs.push_back(memory(input));
    }
    layers_.push_back(layer_steps(source));
    memory(node.output()) = layers_.back().output;
  }
  // Real numbers for the first pass: times of bf16 and fp32 depend on what they multiply.
  for (const GraphTensorId input : graph.inputs) {
    if (type == DataType::Int8) {
      const std::vector<std::int8_t> stored = data.value(graph, input).bytes;
      CpuNetwork::write(input, std::vector<float>(stored.begin(), stored.end()));
    } else {
      CpuNetwork::write(input, data.value(graph, input).numbers());
    }
  }
}

CpuNetwork::~CpuNetwork() {
  omp_set_num_threads(threads_before_);
}

void CpuNetwork::write(GraphTensorId tensor, std::span<const float> values) {
  use_threads();
  dnnl::memory packed = packed_like(tensor);
  SYSTOLE_CHECK(
      static_cast<std::int64_t>(values.size()) == graph_.tensor(tensor).shape().elements(),
      "{} values of {}", values.size(), graph_.tensor(tensor).name);
  const Storage storage = storage_of(type_, graph_.tensor(tensor).quantization);
  auto* const bytes = static_cast<std::uint8_t*>(packed.get_data_handle());
  auto* const reals = static_cast<float*>(packed.get_data_handle());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (type_ == DataType::Int8) {
      bytes[i] = static_cast<std::uint8_t>(static_cast<std::int32_t>(values[i]) + storage.offset);
    } else {
      reals[i] = values[i];
    }
  }
  dnnl::reorder(packed, memory(tensor)).execute(stream_, packed, memory(tensor));
  stream_.wait();
}

std::vector<float> CpuNetwork::read(GraphTensorId tensor) {
  use_threads();
  dnnl::memory packed = packed_like(tensor);
  dnnl::reorder(memory(tensor), packed).execute(stream_, memory(tensor), packed);
  stream_.wait();
  const Storage storage = storage_of(type_, graph_.tensor(tensor).quantization);
  std::vector<float> values(static_cast<std::size_t>(graph_.tensor(tensor).shape().elements()));
  const auto* const bytes = static_cast<const std::uint8_t*>(packed.get_data_handle());
  const auto* const reals = static_cast<const float*>(packed.get_data_handle());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (type_ != DataType::Int8) {
      values[i] = reals[i];
    } else if (storage.type == Type::s8) {
      values[i] = static_cast<float>(static_cast<std::int8_t>(bytes[i]));
    } else {
      values[i] = static_cast<float>(bytes[i] - storage.offset);
    }
  }
  return values;
}

void CpuNetwork::run(NodeId node) {
  use_threads();
  issue(layers_[static_cast<std::size_t>(node)]);
  stream_.wait();
}

std::string CpuNetwork::kernel(NodeId node) const {
  return layers_[static_cast<std::size_t>(node)].kernel;
}

double CpuNetwork::time_pass() {
  use_threads();
  const Clock::time_point begin = Clock::now();
  for (const LayerSteps& layer : layers_) {
    issue(layer);
  }
  stream_.wait();
  return seconds_since(begin);
}

std::vector<double> CpuNetwork::time_layers() {
  use_threads();
  std::vector<double> seconds;
  seconds.reserve(layers_.size());
  for (const LayerSteps& layer : layers_) {
    const Clock::time_point begin = Clock::now();
    issue(layer);
    stream_.wait();
    seconds.push_back(seconds_since(begin));
  }
  return seconds;
}

dnnl::memory& CpuNetwork::memory(GraphTensorId tensor) {
  return tensors_[static_cast<std::size_t>(tensor)];
}

/// NHWC; floating types as fp32.
dnnl::memory CpuNetwork::packed_like(GraphTensorId tensor) {
  const GraphTensor& described = graph_.tensor(tensor);
  const Type type =
      type_ == DataType::Int8 ? storage_of(type_, described.quantization).type : Type::f32;
  return {packed(described.shape(), type), engine_};
}

void CpuNetwork::issue(const LayerSteps& layer) {
  for (const Step& step : layer.steps) {
    step.primitive.execute(stream_, step.arguments);
  }
}

/// Others of the process may have asked OpenMP for another number since.
void CpuNetwork::use_threads() const {
  omp_set_num_threads(threads_);
}

}  // namespace systole::cpu
