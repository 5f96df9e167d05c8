#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "compiler/graph/graph.h"
#include "compiler/graph/value.h"
#include "reference/gpu/layer_program.h"
#include "reference/measured/device_network.h"

namespace systole::gpu {

/// A network on a GPU. `Backend` is CUDA, or in tests the host, and offers
///   void* allocate(bytes); void upload(to, from, bytes); void download(to, from, bytes);
///   launch(op, count): op(i) for i in 0..count-1; wait();
///   multiply(MatrixProduct): a call (a, w, biases, c), and its name;
///   convolve(FusedConvolution): the same, or nothing where there is no such kernel;
///   record(work), replay(): work issued once, then run as often as wanted; returns seconds;
///   time_each(list of work): seconds of each, one behind the other.
/// T is the element type: std::int8_t, Bf16, Fp16 or float. Every tensor has memory of its own.
template <class Backend, class T>
class GpuNetwork : public DeviceNetwork {
 public:
  /// All references must outlive the network.
  GpuNetwork(Backend& backend, const Graph& graph, const NetworkData& data)
      : backend_(backend), graph_(graph), program_(backend, graph, data) {
    for (const GraphTensorId input : graph.inputs) {
      GpuNetwork::write(input, input_values<T>(graph, data, input));
    }
    backend_.record([this] {
      for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
        program_.issue(static_cast<NodeId>(i));
      }
    });
  }

  void write(GraphTensorId tensor, std::span<const float> values) override {
    std::vector<T> stored(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      stored[i] = element_of<T>(values[i]);
    }
    backend_.upload(program_.tensor(tensor), stored.data(), stored.size() * sizeof(T));
  }
  [[nodiscard]] std::vector<float> read(GraphTensorId tensor) override {
    std::vector<T> stored(static_cast<std::size_t>(graph_.tensor(tensor).shape().elements()));
    backend_.download(stored.data(), program_.tensor(tensor), stored.size() * sizeof(T));
    std::vector<float> values(stored.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = to_float(stored[i]);
    }
    return values;
  }
  void run(NodeId node) override {
    program_.issue(node);
    backend_.wait();
  }
  [[nodiscard]] std::string kernel(NodeId node) const override { return program_.kernel(node); }
  [[nodiscard]] double time_pass() override { return backend_.replay(); }
  [[nodiscard]] std::vector<double> time_layers() override {
    std::vector<std::function<void()>> work;
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      work.emplace_back([this, i] { program_.issue(static_cast<NodeId>(i)); });
    }
    return backend_.time_each(work);
  }
  [[nodiscard]] bool requantises_exactly() const override { return true; }
  [[nodiscard]] DataType bias_type() const override { return program_.bias_type(); }

 private:
  Backend& backend_;
  const Graph& graph_;
  LayerProgram<Backend, T> program_;
};

}  // namespace systole::gpu
