#pragma once

#include <cstdint>

#include "arch/isa/data_type.h"
#include "compiler/graph/graph.h"

namespace systole::gpu {

enum class Epilogue : std::uint8_t {
  Sums,      ///< int32 or fp32, as they are
  Bias,      ///< plus a bias of the operands' type, rounded to that type; not for int8
  BiasRelu,  ///< the same, and what is below 0 becomes 0
};

/// c[m][n] = sum over k of a[m][k] * w[n][k], row-major and packed: weights go column by column.
/// k and n are multiples of kMatrixStep, which int8 matrix units ask for. int8: sums in int32,
/// modulo 2^32; floating types: sums in fp32, fp32 inputs as such and not cut to TF32.
struct MatrixProduct {
  DataType type = DataType::Int8;
  std::int64_t m = 0;
  std::int64_t k = 0;
  std::int64_t n = 0;
  Epilogue epilogue = Epilogue::Sums;
};
inline constexpr std::int64_t kMatrixStep = 16;

/// A convolution of floating type without groups, with bias, its epilogue Bias or BiasRelu. Weights
/// [n][ky][kx][c].
struct FusedConvolution {
  DataType type = DataType::Bf16;
  Shape input;
  Shape output;
  Kernel kernel;
  Epilogue epilogue = Epilogue::Bias;
};

}  // namespace systole::gpu
