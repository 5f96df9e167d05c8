#include "tests/compiler/verify/support/chain_program.h"

#include <fmt/format.h>

#include "arch/isa/recipes.h"

namespace systole::testing {

namespace {

constexpr std::int64_t kArray = 32;
constexpr std::int64_t kSide = 14;
constexpr std::int64_t kPixels = kSide * kSide;
constexpr std::int64_t kChannels = 256;
constexpr std::int64_t kBlocks = kChannels / kArray;
constexpr std::int64_t kTensorBytes = kPixels * kChannels;
constexpr std::int64_t kBiasBytes = 4 * kChannels;
constexpr std::int64_t kTileBytes = kArray * kArray;
constexpr std::int64_t kBiasAddress = 2 * kTensorBytes;

constexpr std::int32_t kInputReady = 0;
constexpr std::int32_t kBiasReady = 1;
constexpr std::int32_t kSumsReady = 2;
constexpr std::int32_t kSumsFree = 3;
constexpr std::int32_t kLayerReady = 4;
constexpr std::int32_t kOutputReady = 5;

std::int64_t place_of(std::int32_t tensor) {
  return tensor % 2 * kTensorBytes;
}

/// Adds the instructions of one layer, which turns tensor `layer` into tensor `layer + 1`.
class ChainBuilder {
 public:
  explicit ChainBuilder(std::int32_t layers) : layers_(layers) {}

  Program build() {
    add_tables();
    add_transfer(EngineKind::Host, true, 0, 0, place_of(0), kTensorBytes, {}, {{kInputReady, 1}});
    add_transfer(EngineKind::DmaIn, true, bias(), 0, kBiasAddress, kBiasBytes, {},
                 {{kBiasReady, 1}});
    for (std::int32_t layer = 0; layer < layers_; ++layer) {
      add_layer(layer);
    }
    add_transfer(EngineKind::Host, false, layers_, kTensorBytes, place_of(layers_), kTensorBytes,
                 {{kOutputReady, 1}}, {});
    return std::move(program_);
  }

 private:
  [[nodiscard]] std::int32_t bias() const { return layers_ + 1; }

  void add_tables() {
    program_.network = "chain";
    program_.chip = "edge_like";
    program_.host_bytes = 2 * kTensorBytes;
    program_.dram_bytes = kBiasBytes + layers_ * kBlocks * kBlocks * kTileBytes;
    for (std::int32_t tensor = 0; tensor <= layers_; ++tensor) {
      const TensorRole role = tensor == 0         ? TensorRole::Input
                              : tensor == layers_ ? TensorRole::Output
                                                  : TensorRole::Intermediate;
      program_.tensors.push_back({fmt::format("t{}", tensor), role, DataType::Int8, kPixels,
                                  kChannels, tensor == layers_ ? kTensorBytes : 0});
    }
    program_.tensors.push_back({"bias", TensorRole::Constant, DataType::Int32, 1, kChannels, 0});
    program_.semaphores = {{EngineKind::Host, EngineKind::Matrix, SemaphoreKind::Data},
                           {EngineKind::DmaIn, EngineKind::Vector, SemaphoreKind::Data},
                           {EngineKind::Matrix, EngineKind::Vector, SemaphoreKind::Data},
                           {EngineKind::Vector, EngineKind::Matrix, SemaphoreKind::Space},
                           {EngineKind::Vector, EngineKind::Matrix, SemaphoreKind::Data},
                           {EngineKind::Vector, EngineKind::Host, SemaphoreKind::Data}};
  }

  void add_transfer(EngineKind engine, bool to_buffer, TensorId tensor, std::int64_t home,
                    std::int64_t address, std::int64_t bytes, std::vector<SemaphoreUse> waits,
                    std::vector<SemaphoreUse> signals) {
    const Transfer transfer{.to_buffer = to_buffer,
                            .far = {.address = home, .tensor = tensor, .offset = 0},
                            .buffer = {.address = address, .tensor = tensor, .offset = 0},
                            .row_bytes = bytes};
    const std::int32_t layer = to_buffer ? 0 : layers_ - 1;
    program_.stream(engine).push_back(
        {layer, std::move(waits), std::move(signals), Operation(transfer)});
  }

  void add_layer(std::int32_t layer) {
    program_.layers.push_back({fmt::format("layer{}", layer), "conv2d", 0});
    for (std::int64_t block = 0; block < kBlocks; ++block) {
      for (std::int64_t slice = 0; slice < kBlocks; ++slice) {
        add_fold(layer, block, slice);
      }
      add_requantize(layer, block);
    }
  }

  void add_fold(std::int32_t layer, std::int64_t block, std::int64_t slice) {
    const auto tile = static_cast<std::int32_t>(program_.tiles.size());
    const std::int64_t address = kBiasBytes + tile * kTileBytes;
    program_.tiles.push_back({layer, slice * kArray, kArray, block * kArray, kArray, address});
    const LoadTile load{
        .tile = tile, .source = {.address = address}, .rows = kArray, .cols = kArray};
    program_.stream(EngineKind::Weights).push_back({layer, {}, {}, Operation(load)});

    Fold fold;
    fold.tile = tile;
    fold.rows = fold.cols = kArray;
    Window& window = fold.window.edit();
    window.source = {.address = place_of(layer), .tensor = layer, .offset = 0};
    window.image_pitch = kTensorBytes;
    window.row_pitch = kSide * kChannels;
    window.pixel_pitch = window.channels = kChannels;
    window.in_rows = window.in_cols = kSide;
    window.out_rows = window.out_cols = kSide;
    fold.k_first = slice * kArray;
    fold.count = kPixels;
    fold.accumulator = block % 2 * kPixels;
    fold.accumulate = slice > 0;
    std::vector<SemaphoreUse> waits;
    if (slice == 0 && layer * kBlocks + block >= 2) {
      waits.push_back({kSumsFree, 1});
    }
    if (slice == 0 && block == 0) {
      waits.push_back({layer == 0 ? kInputReady : kLayerReady, 1});
    }
    std::vector<SemaphoreUse> signals;
    if (slice + 1 == kBlocks) {
      signals.push_back({kSumsReady, 1});
    }
    program_.stream(EngineKind::Matrix)
        .push_back({layer, std::move(waits), std::move(signals), Operation(fold)});
  }

  void add_requantize(std::int32_t layer, std::int64_t block) {
    Requantize requantize;
    requantize.accumulator = block % 2 * kPixels;
    requantize.rows = kPixels;
    requantize.cols = kArray;
    requantize.bias = Operand{.address = kBiasAddress + 4 * block * kArray,
                              .tensor = bias(),
                              .offset = 4 * block * kArray};
    requantize.to.out = {.address = place_of(layer + 1) + block * kArray,
                         .tensor = layer + 1,
                         .offset = block * kArray};
    requantize.to.pitch = kChannels;
    const bool first = layer == 0 && block == 0;
    const bool last_of_layer = block + 1 == kBlocks;
    const bool last_layer = layer + 1 == layers_;
    std::vector<SemaphoreUse> waits{{kSumsReady, 1}};
    if (first) {
      waits.push_back({kBiasReady, 1});
    }
    std::vector<SemaphoreUse> signals;
    if (!last_layer || block + 2 < kBlocks) {
      signals.push_back({kSumsFree, 1});
    }
    if (last_of_layer) {
      signals.push_back({last_layer ? kOutputReady : kLayerReady, 1});
    }
    program_.stream(EngineKind::Vector)
        .push_back({layer, std::move(waits), std::move(signals), Operation(requantize)});
  }

  std::int32_t layers_;
  Program program_;
};

}  // namespace

ChipSpec edge_like_chip() {
  ChipSpec chip;
  chip.name = "edge_like";
  chip.matrix.rows = kArray;
  chip.matrix.cols = kArray;
  chip.matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Int8)] = CoreCycles(1);
  chip.accumulators.entries = 512;
  chip.weight_fifo.tiles = 4;
  chip.buffer.capacity = Bytes(std::int64_t{1} << 20);
  chip.dram.capacity = Bytes(std::int64_t{1} << 32);
  return chip;
}

Program chain_program(std::int32_t layers) {
  return ChainBuilder(layers).build();
}

}  // namespace systole::testing
