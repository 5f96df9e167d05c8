#pragma once

#include <cstdint>
#include <vector>

#include <dnnl.hpp>

#include "compiler/graph/graph.h"
#include "compiler/graph/value.h"
#include "reference/cpu/layer_steps.h"
#include "reference/measured/device_network.h"

namespace systole::cpu {

/// A network in oneDNN on `threads` threads of this machine. Every tensor has memory of its own:
/// reuse of memory is not modelled, so large batches see fewer cache hits than they might.
class CpuNetwork : public DeviceNetwork {
 public:
  /// Throws WorkloadError as layer_steps(). `graph` must outlive the network.
  CpuNetwork(const Graph& graph, const NetworkData& data, DataType type, int threads);
  ~CpuNetwork() override;

  void write(GraphTensorId tensor, std::span<const float> values) override;
  [[nodiscard]] std::vector<float> read(GraphTensorId tensor) override;
  void run(NodeId node) override;
  [[nodiscard]] std::string kernel(NodeId node) const override;
  [[nodiscard]] double time_pass() override;
  [[nodiscard]] std::vector<double> time_layers() override;
  [[nodiscard]] bool requantises_exactly() const override { return false; }

 private:
  [[nodiscard]] dnnl::memory& memory(GraphTensorId tensor);
  [[nodiscard]] dnnl::memory packed_like(GraphTensorId tensor);
  void issue(const LayerSteps& layer);
  void use_threads() const;

  const Graph& graph_;
  DataType type_;
  int threads_;
  int threads_before_;
  dnnl::engine engine_;
  dnnl::stream stream_;
  std::vector<dnnl::memory> tensors_;
  std::vector<LayerSteps> layers_;
};

}  // namespace systole::cpu
