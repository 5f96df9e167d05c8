#pragma once

#include <cstdint>

namespace systole {

/// results[m][n] = sum over k of activations[m][k] * weights[k][n] in arithmetic modulo 2^32; all
/// row-major and packed. Chooses AVX-512 or AVX2 code when the machine has them.
void multiply_modulo(const std::int32_t* activations, const std::int32_t* weights,
                     std::int32_t* results, std::int64_t rows_m, std::int64_t depth_k,
                     std::int64_t cols_n);

}  // namespace systole
