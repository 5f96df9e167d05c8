#include "sim/simulate.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "tests/sim/support/program_builder.h"
#include "tests/sim/support/run_core.h"
#include "tests/sim/support/small_chip.h"
#include "tests/support/forked.h"

namespace systole::testing {
namespace {

/// Collects what a run reports, as text.
class Transcript : public RunObserver {
 public:
  void on_result(TensorId tensor, std::int64_t offset, std::int64_t rows, std::int64_t cols,
                 std::int64_t pitch, std::span<const std::int8_t> values) override {
    note("result", tensor, offset, rows, cols, pitch, values);
  }
  void on_accumulators(TensorId tensor, std::int64_t offset, std::int64_t rows, std::int64_t cols,
                       std::int64_t pitch, std::span<const std::int32_t> values) override {
    note("sums", tensor, offset, rows, cols, pitch, values);
  }
  std::vector<std::string> lines;

 private:
  template <class Values>
  void note(const char* what, TensorId tensor, std::int64_t offset, std::int64_t rows,
            std::int64_t cols, std::int64_t pitch, const Values& values) {
    std::string line =
        fmt::format("{} {} +{} {}x{} pitch {}:", what, tensor, offset, rows, cols, pitch);
    for (const auto value : values) {
      line += fmt::format(" {}", static_cast<int>(value));
    }
    lines.push_back(line);
  }
};

// A 2 x 3 by 3 x 2 product in two slices of the reduction (2 + 1), requantised and brought to the
// host; the activations come from the host, the weights and the bias from DRAM.
//   buffer: activations 2 x 3 at 0, bias at 64, result 2 x 2 at 128
//   DRAM:   tile 2 x 2 at 0, tile 1 x 2 at 16, bias at 32
struct Product {
  ProgramBuilder builder;
  TensorId result = builder.tensor(2, 5);

  explicit Product(bool waits_for_activations = true) {
    const auto activations = builder.semaphore(EngineKind::Host, EngineKind::Matrix);
    const auto bias = builder.semaphore(EngineKind::DmaIn, EngineKind::Vector);
    const auto sums = builder.semaphore(EngineKind::Matrix, EngineKind::Vector);
    const auto done = builder.semaphore(EngineKind::Vector, EngineKind::Host);
    using Links = ProgramBuilder::Links;
    builder.add(EngineKind::Host, transfer_of(true, 0, 0, 6), {.signals = {activations}});
    builder.add(EngineKind::DmaIn, transfer_of(true, 32, 64, 8), {.signals = {bias}});
    builder.add(EngineKind::Weights, load_of(2, 2, 0)).add(EngineKind::Weights, load_of(1, 2, 16));
    Fold fold = fold_of(2, 3, 2);
    fold.rows = 2;
    builder.add(EngineKind::Matrix, fold,
                waits_for_activations ? Links{.waits = {activations}} : Links{});
    fold.k_first = 2;
    fold.rows = 1;
    fold.accumulate = true;
    builder.add(EngineKind::Matrix, fold, {.signals = {sums}});
    Requantize requantize = requantize_of(2, 2, 128, 64);
    requantize.scale = {.multiplier = 1, .shift = 1};
    requantize.to.out.tensor = result;
    requantize.to.out.offset = 1;
    builder.add(EngineKind::Vector, requantize, {.waits = {bias, sums}, .signals = {done}});
    builder.add(EngineKind::Host, transfer_of(false, 100, 128, 4), {.waits = {done}});
  }
};

std::vector<std::int8_t> product_dram() {
  std::vector<std::int8_t> dram(4096, 0);
  const std::vector<std::int8_t> tile{1, 2, 3, 4};  // k = 0: (1, 2), k = 1: (3, 4)
  std::copy(tile.begin(), tile.end(), dram.begin());
  dram[16] = 5;  // k = 2: (5, 6)
  dram[17] = 6;
  dram[32] = 10;  // bias (10, 1)
  dram[36] = 1;
  return dram;
}

std::vector<std::int8_t> product_host() {
  std::vector<std::int8_t> host(4096, 0);
  const std::vector<std::int8_t> activations{1, 2, 3, -1, -2, -3};
  std::copy(activations.begin(), activations.end(), host.begin());
  return host;
}

TEST(Simulate, ComputesAProductThroughAllEngines) {
  const Product product;
  auto dram = product_dram();
  auto host = product_host();
  Transcript transcript;
  const RunData data{.dram = &dram, .host = &host, .observer = &transcript};
  const Counters counters = simulate(small_chip(), product.builder.program(), &data);
  // (1, 2, 3) * W = (1 + 6 + 15, 2 + 8 + 18) = (22, 28); the second row is its negative.
  // With the bias (32, 29) and (-12, -27); halves: 16, 14.5 -> 15, -6, -13.5 -> -14.
  EXPECT_THAT(transcript.lines, ::testing::ElementsAre("sums 0 +1 2x2 pitch 2: 32 29 -12 -27",
                                                       "result 0 +1 2x2 pitch 2: 16 15 -6 -14"));
  EXPECT_EQ(std::vector<std::int8_t>(host.begin() + 100, host.begin() + 104),
            (std::vector<std::int8_t>{16, 15, -6, -14}));
  expect_accounts_add_up(counters);
  EXPECT_EQ(counters.dram.read_bytes, 4 + 2 + 8);
  EXPECT_EQ(counters.layers[0].dram_read_bytes, 4 + 2 + 8);
  EXPECT_EQ(counters.actions.macs, 2 * 2 * 2 + 2 * 1 * 2);
  EXPECT_EQ(counters.actions.accumulator_writes, 4);
  EXPECT_EQ(counters.actions.accumulator_reads, 2 + 2);
}

TEST(Simulate, MissingWaitGivesWrongNumbers) {
  const Product product(false);
  auto dram = product_dram();
  auto host = product_host();
  const RunData data{.dram = &dram, .host = &host};
  ChipSpec chip = small_chip();
  chip.host.latency = CoreCycles(1000);
  static_cast<void>(simulate(chip, product.builder.program(), &data));
  // The folds read a buffer full of 0x55: 85 * (1 + 3 + 5) + 10, halved, clamped.
  EXPECT_EQ(host[100], 127);
}

TEST(Simulate, CountsTheSameWithAndWithoutData) {
  const Product product;
  const ForkedResult with_data = run_forked([&] {
    auto dram = product_dram();
    auto host = product_host();
    const RunData data{.dram = &dram, .host = &host};
    return text_of(simulate(small_chip(), product.builder.program(), &data));
  });
  ASSERT_EQ(with_data.error, "");
  EXPECT_EQ(text_of(simulate(small_chip(), product.builder.program())), with_data.output);
}

TEST(Simulate, RefusesASecondRunInOneProcess) {
  const Product product;
  static_cast<void>(simulate(small_chip(), product.builder.program()));
  try {
    static_cast<void>(simulate(small_chip(), product.builder.program()));
    FAIL();
  } catch (const InternalError& error) {
    EXPECT_STREQ(error.what(), "a process can simulate once; fork for more");
  }
}

std::string failure_of(const ChipSpec& chip, const Program& program) {
  try {
    static_cast<void>(simulate(chip, program));
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

TEST(Simulate, RefusesARunBeyondWhatTimesHold) {
  // 1 ns a cycle: 2^63 fs end in cycle 9,223,372,036,854.
  constexpr std::int64_t kLast = 9'223'372'036'854;
  for (const std::int64_t latency : {kLast - 1000, kLast + 1, std::int64_t{1} << 60}) {
    const ForkedResult run = run_forked([&] {
      ChipSpec chip = small_chip();
      chip.host.latency = CoreCycles(latency);
      ProgramBuilder builder;
      builder.add(EngineKind::Host, transfer_of(true, 0, 0, 6));
      return failure_of(chip, builder.program());
    });
    EXPECT_EQ(run.error, "");
    EXPECT_EQ(run.output, latency < kLast
                              ? ""
                              : "systole: the run takes more than 9,223 s of simulated time, the "
                                "most that 64 bits of femtoseconds hold");
  }
}

TEST(Simulate, EndsWhenTheMemoryServesNobodyAndNamesWhoWaits) {
  ChipSpec chip = small_chip();
  chip.host.latency = CoreCycles(1'000'000);
  // Refreshes of single banks that take longer than the time until the next one, and block all.
  chip.dram.standard.timing.nREFI = DramCycles(1600);
  chip.dram.standard.timing.nRFCpb =
      DramCycles(1600 / chip.dram.standard.organization.banks_per_rank() + 20);
  chip.dram.controller = {.name = "blocking", .refresh = RefreshKind::PerBank};
  ProgramBuilder builder;
  const auto sent = builder.semaphore(EngineKind::Host, EngineKind::DmaIn);
  const auto never = builder.semaphore(EngineKind::DmaIn, EngineKind::Vector);
  builder.add(EngineKind::Host, transfer_of(true, 0, 0, 6), {.signals = {sent}});
  builder.add(EngineKind::DmaIn, transfer_of(true, 0, 64, 6),
              {.waits = {sent}, .signals = {never}});
  builder.add(EngineKind::Vector, rescale_of(1, 4, 0, 64), {.waits = {never}});
  EXPECT_EQ(failure_of(chip, builder.program()),
            "systole: DRAM channel 0 (DDR3-1600, controller blocking): no request has been served "
            "for 67108914 cycles in DRAM cycle 67908919: 1 read and 0 writes wait in the "
            "controller, which serves writes; a refresh is pending; dma_in waits for the memory in "
            "instruction 0; vector waits for semaphore 1 (data from dma_in, 0 of 1) in instruction "
            "0");
}

TEST(Simulate, PrintsNothing) {
  const Product product;
  ::testing::internal::CaptureStdout();
  static_cast<void>(simulate(small_chip(), product.builder.program()));
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
}

TEST(Simulate, MovesStridedDataThroughBothDmaEngines) {
  ProgramBuilder builder;
  Transfer in = transfer_of(true, 8, 0, 5);  // rows of 5 at 8, 40, 72 to 0, 6, 12
  in.rows = 3;
  in.far_pitch = 32;
  in.buffer_pitch = 6;
  Transfer out = transfer_of(false, 1000, 0, 18);
  const auto here = builder.semaphore(EngineKind::DmaIn, EngineKind::DmaOut);
  builder.add(EngineKind::DmaIn, in, {.signals = {here}});
  builder.add(EngineKind::DmaOut, out, {.waits = {here}});
  std::vector<std::int8_t> dram(4096);
  for (std::size_t i = 0; i < dram.size(); ++i) {
    dram[i] = static_cast<std::int8_t>(i % 251 - 125);
  }
  const std::vector<std::int8_t> before = dram;
  std::vector<std::int8_t> host(4096);
  const RunData data{.dram = &dram, .host = &host};
  const Counters counters = simulate(small_chip(), builder.program(), &data);
  for (std::size_t row = 0; row < 3; ++row) {
    for (std::size_t i = 0; i < 5; ++i) {
      EXPECT_EQ(dram[1000 + 6 * row + i], before[8 + 32 * row + i]);
    }
    EXPECT_EQ(dram[1000 + 6 * row + 5], 0x55);  // never written
  }
  EXPECT_EQ(counters.dram.write_bytes, 18);
}

TEST(Simulate, StreamsWeightsNearTheMemorysRate) {
  ChipSpec chip = small_chip();
  chip.dma.request = Bytes(4096);
  chip.dma.outstanding = 8;
  chip.matrix.rows = 64;
  chip.matrix.cols = 64;
  chip.weight_fifo.tiles = 4;
  chip.buffer.port_width = Bytes(64);
  ProgramBuilder builder;
  constexpr std::int64_t kTiles = 200;
  builder.memories(kTiles * 4096, 0);
  for (std::int64_t i = 0; i < kTiles; ++i) {
    builder.add(EngineKind::Weights, load_of(64, 64, i * 4096));
    builder.add(EngineKind::Matrix, fold_of(1, 8, 4));
  }
  const Counters counters = simulate(chip, builder.program());
  expect_accounts_add_up(counters);
  // 4096 bytes at 12.8 bytes per cycle: 320 cycles a tile, well above the shift's 64. Refresh takes
  // 208 of 6240 memory cycles; rows cost little. The memory gives at least 90 % of its peak.
  const CoreCycles busy = counters.engine(EngineKind::Weights)[Cause::Busy];
  EXPECT_LE(busy.count(), kTiles * 320);
  EXPECT_GT(counters.elapsed.count(), kTiles * 320);
  EXPECT_LT(counters.elapsed.count(), kTiles * 320 * 10 / 9);
}

}  // namespace
}  // namespace systole::testing
