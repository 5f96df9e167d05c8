// Networks whose weights are stored in fewer bits than they are multiplied, on the chips that ship.
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "compiler/frontend/read_network.h"
#include "study/evaluate.h"
#include "study/language.h"
#include "tests/arch/message_of.h"
#include "tests/end_to_end/support/laws.h"
#include "tests/support/forked.h"

namespace systole {
namespace {

ChipSpec shipped_chip(const std::string& name) {
  return read_chip(fmt::format("{}/configs/chips/{}.yaml", SYSTOLE_SOURCE_DIR, name));
}

/// Llama's layer with 4 heads and 2 of keys and values; 160 features are more than a tile's rows.
Network small_model(const std::string& phase, std::optional<WeightStorage> weights) {
  const DimValues dims{{"layers", 1},   {"hidden", 160}, {"heads", 4},
                       {"kv_heads", 2}, {"ff", 200},     {"vocabulary", 150},
                       {"prompt", 17},  {"context", 20}, {"cache", 24}};
  return read_network(std::string(SYSTOLE_SOURCE_DIR) + "/workloads/llama2_7b.yaml",
                      {.dims = dims, .phase = phase, .type = DataType::Bf16, .weights = weights});
}

struct StoredCase {
  std::string chip;
  std::string phase;
  WeightStorage weights;
};

class StoredModels : public ::testing::TestWithParam<StoredCase> {};

TEST_P(StoredModels, AreRight) {
  const StoredCase& wanted = GetParam();
  const ForkedResult child = run_forked([&] {
    const ChipSpec chip = shipped_chip(wanted.chip);
    const Network network = small_model(wanted.phase, wanted.weights);
    const Program program = compile(chip, network.graph);
    const Result result = evaluate_program(chip, network, program, {.check = true});
    return fmt::format("{}{} mismatches", broken_laws(result, program), result.check->mismatches);
  });
  EXPECT_EQ(child.exit_code, 0) << child.error;
  EXPECT_EQ(child.output, "0 mismatches");
}

INSTANTIATE_TEST_SUITE_P(
    All, StoredModels,
    ::testing::Values(StoredCase{"tpu_v5e", "decode", {StorageType::Int8, 0}},
                      StoredCase{"tpu_v5e", "decode", {StorageType::Int4, 128}},
                      StoredCase{"tpu_v5e", "prefill", {StorageType::Int4, 32}},
                      StoredCase{"tpu_v3", "decode", {StorageType::Int4, 100}},
                      StoredCase{"tpu_v2", "prefill", {StorageType::Int8, 64}},
                      StoredCase{"asic_inference", "decode", {StorageType::Int4, 128}},
                      StoredCase{"asic_inference", "decode", {StorageType::Fp8E4M3, 0}},
                      StoredCase{"asic_inference", "prefill", {StorageType::Fp8E5M2, 48}}),
    [](const auto& each) {
      return fmt::format("{}_{}_{}_{}", each.param.chip, each.param.phase,
                         name_of(each.param.weights.type), each.param.weights.group);
    });

/// Weights of the layer (query, key, value, output, gate, up, down) and of the logits; norms are
/// fp32 in every type.
TEST(StoredModels, SayHowManyBytesTheyTake) {
  const std::int64_t kv = 160 * 80;
  const std::int64_t weights = 2 * 160 * 160 + 2 * kv + 3 * 160 * 200 + 160 * 150;
  const std::int64_t norms = 3 * 160 * 4;
  const auto bytes = [](std::optional<WeightStorage> storage) {
    return weight_bytes(small_model("decode", storage).graph);
  };
  EXPECT_EQ(bytes({}), 2 * weights + norms);
  // A scale of 2 bytes for each output channel.
  const std::int64_t channels = 2 * 160 + 2 * 80 + 2 * 200 + 160 + 150;
  EXPECT_EQ(bytes(WeightStorage{StorageType::Int8, 0}), weights + 2 * channels + norms);
  // In groups of 128 two for each, 160 and 200 elements being more than one group.
  EXPECT_EQ(bytes(WeightStorage{StorageType::Int4, 128}), weights / 2 + 2 * 2 * channels + norms);
}

TEST(StoredModels, AreRefusedByChipsWithoutAConverter) {
  ChipSpec chip = shipped_chip("tpu_v5e");
  chip.weight_fifo.convert[static_cast<std::size_t>(DataType::Int4)] = CoreCycles(0);
  const Graph graph = small_model("decode", WeightStorage{StorageType::Int4, 128}).graph;
  const std::string message = message_of([&] { (void)compile(chip, graph); });
  EXPECT_EQ(message.substr(message.find("layer.")),
            "layer.0.attention.query_0: expected weights of a type that tpu_v5e converts on its "
            "way into the array (weight_fifo.convert: int8), got int4");
}

}  // namespace
}  // namespace systole
