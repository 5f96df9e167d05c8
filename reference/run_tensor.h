#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/graph/graph.h"

namespace systole {

/// A tensor of the network as a run that carries data left it.
struct RunTensor {
  std::string name;
  Shape shape;
  DataType type = DataType::Int8;
  Quantization quantization;        ///< of int8
  std::vector<std::int8_t> stored;  ///< packed NHWC elements of the type, little-endian

  /// The real numbers that the elements stand for: scale * (q - zero_point) of int8.
  [[nodiscard]] std::vector<double> reals() const;
};

}  // namespace systole
