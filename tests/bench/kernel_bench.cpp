#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "arch/isa/float_format.h"
#include "sim/matrix/fold_data.h"

namespace systole {
namespace {

struct Types {
  DataType activations;
  DataType weights;
};

/// Numbers around 1 in every type: no infinities, NaNs or subnormals.
std::vector<std::int8_t> random_bytes(std::mt19937_64& random, DataType type, std::int64_t count) {
  std::vector<std::int8_t> bytes;
  const std::int64_t size = bytes_of(type, count);
  while (static_cast<std::int64_t>(bytes.size()) < size) {
    std::uint64_t bits = random();
    if (is_float(type)) {
      bits = rounded(float_format(type), 0.5F + 1e-3F * static_cast<float>(bits % 1000));
    }
    for (std::int64_t byte = 0; byte < bytes_of(type); ++byte, bits >>= 8U) {
      bytes.push_back(static_cast<std::int8_t>(bits & 255U));
    }
  }
  return bytes;
}

/// What data costs a fold of a data-carrying run: reading `rows` rows of activations, then the
/// products with a tile of size x size. Tiles are made once per fold, too.
void fold(benchmark::State& state, Types types) {
  const std::int64_t size = state.range(0);
  const std::int64_t rows = state.range(1);
  std::mt19937_64 random(1);
  std::vector<std::int8_t> bytes = random_bytes(random, types.activations, rows * size);
  const ByteMemory buffer("buffer", bytes);
  const Tile tile{.rows = size,
                  .cols = size,
                  .type = types.weights,
                  .bytes = random_bytes(random, types.weights, size * size)};
  Fold fold;
  fold.rows = size;
  fold.cols = size;
  fold.count = rows;
  fold.activation_type = types.activations;
  fold.weight_type = types.weights;
  fold.window.edit().channels = size;
  fold.window.edit().in_cols = rows;
  fold.window.edit().out_cols = rows;
  fold.window.edit().pixel_pitch = bytes_of(types.activations, size);
  FoldInputs inputs;
  for (auto _ : state) {
    inputs = fold_inputs(fold, buffer, std::move(inputs));
    benchmark::DoNotOptimize(fold_sums(fold, inputs, resident_tile(tile)));
  }
  state.counters["GMAC/s"] = benchmark::Counter(1e-9 * static_cast<double>(rows * size * size),
                                                benchmark::Counter::kIsIterationInvariantRate);
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->Args({256, 196})->Args({256, 784})->Args({256, 3136});
  benchmark->Args({32, 196})->Args({32, 3136});
}

BENCHMARK_CAPTURE(fold, int8, Types{DataType::Int8, DataType::Int8})->Apply(sizes);
BENCHMARK_CAPTURE(fold, int8xint16, Types{DataType::Int8, DataType::Int16})->Apply(sizes);
BENCHMARK_CAPTURE(fold, int16, Types{DataType::Int16, DataType::Int16})->Apply(sizes);
BENCHMARK_CAPTURE(fold, int4, Types{DataType::Int4, DataType::Int4})->Apply(sizes);
BENCHMARK_CAPTURE(fold, bf16, Types{DataType::Bf16, DataType::Bf16})->Apply(sizes);
BENCHMARK_CAPTURE(fold, fp16, Types{DataType::Fp16, DataType::Fp16})->Apply(sizes);
BENCHMARK_CAPTURE(fold, fp8, Types{DataType::Fp8E4M3, DataType::Fp8E5M2})->Apply(sizes);

}  // namespace
}  // namespace systole
