#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "compiler/graph/graph.h"

namespace systole::reference {

/// What a device does in one launch.
///  - MatrixProduct: `groups` products m x k times k x n;
///  - Direct: a convolution with too few columns a group for a matrix engine (depthwise);
///  - Attention: softmax(q x k') x v of `groups` heads in one kernel, m positions, k wide a head;
///    one head is the work of one unit; scores never reach memory;
///  - Elementwise: reads, writes, and little arithmetic (pooling, additions, normalisation).
enum class OperationKind : std::uint8_t { MatrixProduct, Direct, Attention, Elementwise };

/// All sizes are of one input (batch 1) but `weights`; the batch multiplies m of a matrix product
/// and the number of heads of an attention.
struct DeviceOperation {
  std::string name;
  OperationKind kind = OperationKind::Elementwise;
  GemmShape shape;
  std::int64_t input = 0;     ///< elements read
  std::int64_t residual = 0;  ///< elements read by a fused addition
  std::int64_t output = 0;    ///< elements written
  std::int64_t weights = 0;   ///< elements, the same for the whole batch
  std::size_t node = 0;       ///< of the network that it was launched for

  /// Of one input.
  [[nodiscard]] std::int64_t macs() const;
};

/// The operations that an inference library would launch. `fused`: activations, and an addition
/// behind a product that nobody else reads, join that product; otherwise normalisation, addition
/// and activation are launched one by one. Views cost nothing. A concatenation is a copy.
[[nodiscard]] std::vector<DeviceOperation> device_operations(const Graph& graph, bool fused);

}  // namespace systole::reference
