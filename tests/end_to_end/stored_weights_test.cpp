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
Network small_model(const std::string& phase, std::optional<WeightStorage> weights,
                    StateType states = StateType::Full, DataType type = DataType::Bf16) {
  const DimValues dims{{"layers", 1},   {"hidden", 160}, {"heads", 4},
                       {"kv_heads", 2}, {"ff", 200},     {"vocabulary", 150},
                       {"prompt", 17},  {"context", 20}, {"cache", 24}};
  return read_network(
      std::string(SYSTOLE_SOURCE_DIR) + "/workloads/llama2_7b.yaml",
      {.dims = dims, .phase = phase, .type = type, .weights = weights, .states = states});
}

struct StoredCase {
  std::string chip;
  std::string phase;
  WeightStorage weights;
  StateType states = StateType::Full;
};

class StoredModels : public ::testing::TestWithParam<StoredCase> {};

TEST_P(StoredModels, AreRight) {
  const StoredCase& wanted = GetParam();
  const ForkedResult child = run_forked([&] {
    const ChipSpec chip = shipped_chip(wanted.chip);
    const Network network = small_model(wanted.phase, wanted.weights, wanted.states);
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
                      StoredCase{"tpu_v5e", "decode", {}, StateType::Int8},
                      StoredCase{"tpu_v3", "prefill", {StorageType::Int4, 128}, StateType::Int8},
                      StoredCase{"asic_inference", "decode", {}, StateType::Fp8E4M3},
                      StoredCase{
                          "asic_inference", "decode", {StorageType::Int8, 0}, StateType::Fp8E5M2},
                      StoredCase{"asic_inference", "decode", {StorageType::Int4, 128}},
                      StoredCase{"asic_inference", "decode", {StorageType::Fp8E4M3, 0}},
                      StoredCase{"asic_inference", "prefill", {StorageType::Fp8E5M2, 48}}),
    [](const auto& each) {
      return fmt::format("{}_{}_{}_{}_{}", each.param.chip, each.param.phase,
                         name_of(each.param.weights.type), each.param.weights.group,
                         name_of(each.param.states));
    });

/// Products with weights are int8 x int16, those of two tensors stay int8 x int8. (The laws of
/// other tests are of networks with one kind.)
TEST(WideWeights, AreMultipliedAsTheyAre) {
  for (const std::string name : {"edge", "edge_is", "edge_os", "tpu_v1", "asic_inference"}) {
    for (const std::string phase : {"prefill", "decode"}) {
      const ForkedResult child = run_forked([&] {
        ChipSpec chip = shipped_chip(name);
        chip.io = IoMemory::Device;
        const Network network = small_model(phase, WeightStorage{.type = StorageType::Int16},
                                            StateType::Full, DataType::Int8);
        std::int64_t wide = 0;
        for (const Node& node : network.graph.nodes) {
          wide += has_weights(node) ? macs_of(network.graph, node) : 0;
        }
        const Result result = evaluate(chip, network, {.check = true});
        const ActionCounters& actions = result.counters.actions;
        const auto of_kind = [&](MacKind kind) {
          return actions.macs_of_kind[static_cast<std::size_t>(kind)];
        };
        return fmt::format("{} mismatches, {}", result.check->mismatches,
                           of_kind(MacKind::Int8xInt16) == wide ? "all wide" : "others");
      });
      EXPECT_EQ(child.exit_code, 0) << child.error;
      EXPECT_EQ(child.output, "0 mismatches, all wide") << name << " " << phase;
    }
  }
}

TEST(WideWeights, OfConvolutionsAndGroupsAreMultipliedAsTheyAre) {
  const ForkedResult child = run_forked([] {
    const Network network = parse_network(
        "network: n\nbatch: 2\ndefaults: {weights: {type: int16}, per_channel: true}\n"
        "inputs: [{name: x, rows: 9, cols: 7, channels: 6}]\nlayers:\n"
        "  - {name: a, op: conv2d, channels: 10, kernel: 3, padding: 1, activation: relu}\n"
        "  - {name: b, op: conv2d, channels: 10, groups: 10, kernel: 3, activation: sigmoid}\n"
        "  - {name: c, op: lstm, input: d, cells: 11}\n"
        "  - {name: d, op: reshape, input: b, extents: [35, 10]}\n",
        "n.yaml");
    const Result result = evaluate(shipped_chip("edge"), network, {.check = true});
    return fmt::format("{} mismatches", result.check->mismatches);
  });
  EXPECT_EQ(child.exit_code, 0) << child.error;
  EXPECT_EQ(child.output, "0 mismatches");
}

TEST(WideWeights, AreRefusedByWhatDoesNotMultiplyThem) {
  EXPECT_EQ(message_of([] {
              const ChipSpec chip = shipped_chip("tpu_v5e");
              (void)compile(chip, small_model("decode", WeightStorage{.type = StorageType::Int16},
                                              StateType::Full, DataType::Int8)
                                      .graph);
            }),
            std::string(SYSTOLE_SOURCE_DIR) +
                "/workloads/families/llama.yaml:67:7: layer.0.attention.query_0: expected operands "
                "that the matrix unit of tpu_v5e multiplies (bf16xbf16), got int8xint16");
}

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

/// No chip that ships multiplies them: one that does, at any pace.
TEST(TypedModels, AreRightInFp16AndFp8) {
  for (const DataType type : {DataType::Fp16, DataType::Fp8E4M3, DataType::Fp8E5M2}) {
    for (const std::string phase : {"prefill", "decode"}) {
      const ForkedResult child = run_forked([&] {
        ChipSpec chip = shipped_chip("tpu_v5e");
        chip.matrix.pace_of_kind[static_cast<std::size_t>(*mac_kind(type, type))] = CoreCycles(1);
        const Network network = small_model(phase, {}, StateType::Full, type);
        const Program program = compile(chip, network.graph);
        const Result result = evaluate_program(chip, network, program, {.check = true});
        return fmt::format("{}{} mismatches", broken_laws(result, program),
                           result.check->mismatches);
      });
      EXPECT_EQ(child.exit_code, 0) << child.error;
      EXPECT_EQ(child.output, "0 mismatches") << name_of(type) << " " << phase;
    }
  }
}

/// Of fp16 what is stored in int4 and int8 becomes fp16.
TEST(TypedModels, ConvertToFp16) {
  const ForkedResult child = run_forked([&] {
    ChipSpec chip = shipped_chip("tpu_v5e");
    chip.matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Fp16)] = CoreCycles(1);
    const Network network = small_model("decode", WeightStorage{StorageType::Int4, 64},
                                        StateType::Int8, DataType::Fp16);
    const Program program = compile(chip, network.graph);
    const Result result = evaluate_program(chip, network, program, {.check = true});
    return fmt::format("{}{} mismatches", broken_laws(result, program), result.check->mismatches);
  });
  EXPECT_EQ(child.exit_code, 0) << child.error;
  EXPECT_EQ(child.output, "0 mismatches");
}

TEST(TypedModels, AreRefusedByChipsThatDoNotMultiplyThem) {
  const Graph graph = small_model("decode", {}, StateType::Full, DataType::Fp8E4M3).graph;
  const std::string message = message_of([&] { (void)compile(shipped_chip("tpu_v5e"), graph); });
  EXPECT_EQ(message.substr(message.find("layer.")),
            "layer.0.attention.query_0: expected operands that the matrix unit of tpu_v5e "
            "multiplies (bf16xbf16), got fp8_e4m3xfp8_e4m3");
}

TEST(StoredModels, KeysAndValuesAreRefusedByChipsWithoutAConverter) {
  const Graph graph = small_model("decode", {}, StateType::Fp8E4M3).graph;
  const std::string message = message_of([&] { (void)compile(shipped_chip("tpu_v5e"), graph); });
  EXPECT_EQ(message.substr(message.find("layer.")),
            "layer.0.attention.scores: expected a right operand of a type that tpu_v5e converts on "
            "its way into the array (weight_fifo.convert: int8, int4), got fp8_e4m3");
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
