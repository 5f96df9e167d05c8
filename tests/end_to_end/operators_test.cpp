// Every operator that is made of others, and what the machine has for them, at sizes that are odd
// against every array: the chip's numbers are the reference's, bit for bit.
#include <algorithm>
#include <cstdint>
#include <ostream>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "compiler/frontend/read_network.h"
#include "compiler/network_type.h"
#include "study/evaluate.h"
#include "tests/end_to_end/support/laws.h"
#include "tests/support/forked.h"

namespace systole {
namespace {

struct OperatorCase {
  std::string name;
  std::string inputs;
  std::string layers;
  bool integers = true;  ///< of int8, too
};

void PrintTo(const OperatorCase& of, std::ostream* stream) {
  *stream << of.name;
}

class OperatorsOnChips : public testing::TestWithParam<OperatorCase> {};

TEST_P(OperatorsOnChips, ComputeTheReferencesNumbers) {
  for (const std::string name : {"edge", "edge_os", "tpu_v1", "tpu_v3"}) {
    ChipSpec spec = read_chip(fmt::format("{}/configs/chips/{}.yaml", SYSTOLE_SOURCE_DIR, name));
    spec.io = IoMemory::Device;  // tpu_v1 takes tiles from DRAM alone
    for (const DataType type : kNetworkTypes) {
      if (!multiplies(spec, type) || (type == DataType::Int8 && !GetParam().integers)) {
        continue;
      }
      const ForkedResult child = run_forked([&] {
        const Network network =
            parse_network(fmt::format("network: n\nbatch: 2\ninputs:\n{}\nlayers:\n{}",
                                      GetParam().inputs, GetParam().layers),
                          "n.yaml", {.type = type});
        const Program program = compile(spec, network.graph);
        const Result result = evaluate_program(spec, network, program, {.check = true});
        return fmt::format("{}{} mismatches", broken_laws(result, program),
                           result.check->mismatches);
      });
      EXPECT_EQ(child.exit_code, 0) << child.error;
      EXPECT_EQ(child.output, "0 mismatches") << name << " " << name_of(type);
    }
  }
}

constexpr const char* kQkv =
    "  - {name: q, extents: [37, 52]}\n  - {name: k, extents: [41, 26]}\n"
    "  - {name: v, extents: [41, 26]}\n";
constexpr const char* kSelf =
    "  - {name: q, extents: [67, 39]}\n  - {name: k, extents: [67, 39]}\n"
    "  - {name: v, extents: [67, 39]}\n";
constexpr const char* kImage = "  - {name: x, rows: 7, cols: 9, channels: 6}\n";
constexpr const char* kTokens = "  - {name: x, extents: [13, 21]}\n";

INSTANTIATE_TEST_SUITE_P(
    All, OperatorsOnChips,
    testing::Values(
        OperatorCase{"attention", kQkv,
                     "  - {name: a, op: attention, inputs: [q, k, v], heads: 4, kv_heads: 2}\n"},
        OperatorCase{"attention_of_windows", kSelf,
                     "  - {name: a, op: attention, inputs: [q, k, v], heads: 3, causal: true, "
                     "window: 19, alibi: true}\n"},
        OperatorCase{"attention_in_blocks", kSelf,
                     "  - {name: a, op: attention, inputs: [q, k, v], heads: 3, causal: true, "
                     "block_size: 17}\n",
                     false},
        OperatorCase{"all_in_blocks", kSelf,
                     "  - {name: a, op: attention, inputs: [q, k, v], heads: 3, causal: true, "
                     "window: 29, alibi: true, block_size: 16}\n",
                     false},
        OperatorCase{"window_softmax", "  - {name: x, extents: [3, 11, 23]}\n",
                     "  - {name: s, op: softmax, causal: true, window: 5, alibi: true}\n"},
        OperatorCase{"mask", "  - {name: x, extents: [3, 11, 23]}\n",
                     "  - {name: m, op: mask, offset: 4, window: 7, alibi: true, first: 3}\n"},
        OperatorCase{"rotary", kTokens,
                     "  - {name: s, op: slice, axis: 2, first: 1, size: 20}\n"
                     "  - {name: r, op: rotary, heads: 2, rotated: 6, interleaved: true, "
                     "first: 2}\n"},
        OperatorCase{"conv_transpose", kImage,
                     "  - {name: t, op: conv_transpose2d, channels: 10, kernel: 3, stride: 2, "
                     "padding: 1, output_padding: 1, activation: relu}\n"
                     "  - {name: u, op: conv_transpose2d, channels: 4, kernel: [2, 4], stride: "
                     "[3, 1], dilation: [1, 2], groups: 2}\n"},
        OperatorCase{"conv1d", kTokens,
                     "  - {name: c, op: conv1d, channels: 17, kernel: 5, stride: 2, padding: 2, "
                     "activation: gelu}\n"
                     "  - {name: d, op: conv1d, channels: 17, kernel: 3, dilation: 2, causal: "
                     "true, groups: 17}\n"},
        OperatorCase{"group_norm", kImage,
                     "  - {name: g, op: group_norm, groups: 2}\n"
                     "  - {name: i, op: instance_norm}\n  - {name: b, op: batch_norm}\n"},
        OperatorCase{"functions", kImage,
                     "  - {name: l, op: leaky_relu, alpha: 0.1}\n"
                     "  - {name: e, op: elu, alpha: 0.7}\n"
                     "  - {name: c, op: clip, low: -0.5, high: 1.5}\n"
                     "  - {name: p, op: pow, exponent: 2}\n"
                     "  - {name: s, op: select, inputs: [p, l, e]}\n"},
        OperatorCase{"ranking", kTokens,
                     "  - {name: m, op: arg_max}\n  - {name: n, op: arg_min, input: x}\n"
                     "  - {name: t, op: top_k, count: 3, input: x}\n"
                     "  - {name: u, op: top_k_columns, count: 3, input: x}\n"
                     "  - {name: o, op: one_hot, depth: 25, input: m}\n"},
        OperatorCase{"cumulative_sum", kTokens,
                     "  - {name: s, op: cumulative_sum}\n"
                     "  - {name: r, op: cumulative_sum, reverse: true, input: x}\n"},
        OperatorCase{"movement", kImage,
                     "  - {name: p, op: pad, padding: [1, 2, 0, 3], value: -0.25}\n"
                     "  - {name: r, op: resize_bilinear, factor: 3, input: x}\n"
                     "  - {name: g, op: global_average_pool, input: x}\n"
                     "  - {name: e, op: expand, rows: 3, cols: 5, input: g}\n"
                     "  - {name: o, op: permute, order: [3, 1, 2], input: x}\n"
                     "  - {name: q, op: permute, order: [2, 1, 3], input: x}\n"
                     "  - {name: w, op: scatter, inputs: [x, s], rows: \"4,0\"}\n"
                     "  - {name: s, op: slice, axis: 1, first: 2, size: 2, input: x}\n"},
        OperatorCase{
            "gather",
            "  - {name: x, extents: [5, 19]}\nstates:\n"
            "  - {name: t, extents: [301, 19]}\n  - {name: u, extents: [9, 19], shared: true}\n"
            "  - {name: v, extents: [50, 19], shared: true}\n",
            "  - {name: g, op: gather, input: t, count: 67}\n"
            "  - {name: h, op: gather, input: u, rows: \"7,0,0,3..5\"}\n"
            "  - {name: i, op: gather, input: v, count: 4}\n"
            "  - {name: c, op: concat, inputs: [g, h, i, x], axis: 1}\n"},
        OperatorCase{"gather_of_indices",
                     "  - {name: x, extents: [5, 19]}\n  - {name: n, indices: 11, below: 301}\n"
                     "states:\n  - {name: t, extents: [301, 19], shared: true}\n"
                     "  - {name: u, extents: [310, 19]}\n",
                     "  - {name: g, op: gather, inputs: [t, n]}\n"
                     "  - {name: h, op: gather, inputs: [u, n]}\n"
                     "  - {name: c, op: concat, inputs: [g, h, x], axis: 1}\n"},
        OperatorCase{"lstm",
                     "  - {name: x, extents: [5, 19]}\n  - {name: h, features: 37}\n"
                     "  - {name: k, features: 37}\n",
                     "  - {name: a, op: lstm, cells: 37, inputs: [x, h, k]}\n"
                     "  - {name: b, op: lstm, cells: 23, input: a, reverse: true}\n"
                     "  - {name: c, op: lstm, cells: 9, input: b, last: true}\n"
                     "  - {name: d, op: lstm, cells: 37, inputs: [a, h, k], state: true}\n"
                     "  - {name: e, op: lstm, cells: 37, inputs: [c, h, k], state: true}\n"},
        OperatorCase{"gru", "  - {name: x, extents: [4, 19]}\n  - {name: h, features: 37}\n",
                     "  - {name: a, op: gru, cells: 37, inputs: [x, h]}\n"
                     "  - {name: b, op: gru, cells: 23, input: a, reverse: true}\n"
                     "  - {name: c, op: gru, cells: 9, input: b, last: true}\n"
                     "  - {name: d, op: gru, cells: 37, inputs: [c, h]}\n"},
        OperatorCase{"experts", "  - {name: x, extents: [7, 19]}\n  - {name: w, extents: [7, 5]}\n",
                     "  - {name: e, op: experts, inputs: [x, w], experts: 5, per_token: 2, "
                     "features: 23}\n"
                     "  - {name: f, op: experts, inputs: [x, w], experts: 5, per_token: 3, "
                     "features: 9, routing: \"0 1 2; 4 1 0\"}\n"}),
    [](const auto& of) { return of.param.name; });

/// Llama's layer with 4 heads and 2 of keys and values.
Network small_model(DimValues dims, const std::string& phase, DataType type) {
  dims.insert({{"layers", 1},
               {"hidden", 64},
               {"heads", 4},
               {"kv_heads", 2},
               {"ff", 96},
               {"vocabulary", 100}});
  return read_network(std::string(SYSTOLE_SOURCE_DIR) + "/workloads/llama2_7b.yaml",
                      {.dims = std::move(dims), .phase = phase, .type = type});
}

/// Mismatches and bytes that the DRAM gives.
std::string checked(const std::string& chip, const DimValues& dims, const std::string& phase) {
  const ForkedResult child = run_forked([&] {
    ChipSpec spec = read_chip(fmt::format("{}/configs/chips/{}.yaml", SYSTOLE_SOURCE_DIR, chip));
    spec.io = IoMemory::Device;
    const Network network = small_model(dims, phase, default_network_type(spec));
    const Result result = evaluate(spec, network, {.check = true});
    return fmt::format("{} mismatches, {} bytes", result.check->mismatches,
                       result.counters.dram.read_bytes);
  });
  EXPECT_EQ(child.exit_code, 0) << child.error;
  return child.output;
}

TEST(Window, AStepBeyondItReadsTheRingAlone) {
  for (const std::string chip : {"edge", "tpu_v3"}) {
    const std::string at_its_end = checked(chip, {{"window", 16}, {"context", 16}}, "decode");
    EXPECT_TRUE(at_its_end.starts_with("0 mismatches")) << at_its_end;
    EXPECT_EQ(checked(chip, {{"window", 16}, {"context", 1000}}, "decode"), at_its_end);
    EXPECT_NE(checked(chip, {{"context", 1000}}, "decode"), at_its_end);
  }
  const Network network =
      small_model({{"window", 16}, {"context", 1000}}, "decode", DataType::Int8);
  for (const GraphTensorId state : network.graph.states) {
    EXPECT_EQ(network.graph.tensor(state).type.extents, (Extents{1, 2, 16, 16}));
  }
}

TEST(Window, APromptBeyondItMasksAndKeepsItsLastTokens) {
  for (const std::string chip : {"edge", "tpu_v3"}) {
    for (const std::int64_t prompt : {9, 16, 37}) {
      const std::string result = checked(chip, {{"window", 16}, {"prompt", prompt}}, "prefill");
      EXPECT_TRUE(result.starts_with("0 mismatches")) << result;
    }
  }
  const std::string blocks =
      checked("tpu_v3", {{"window", 16}, {"prompt", 37}, {"block", 8}}, "prefill");
  EXPECT_TRUE(blocks.starts_with("0 mismatches")) << blocks;
}

/// 2^30 scores, of which 528 blocks of 2^20 are looked at, one after the other.
TEST(LongPrompts, HaveNoMatrixOfAllTheirScores) {
  const ForkedResult child = run_forked([] {
    ChipSpec spec = read_chip(SYSTOLE_SOURCE_DIR "/configs/chips/tpu_v3.yaml");
    spec.io = IoMemory::Device;
    const Network network = parse_network(
        "network: n\ninputs:\n  - {name: q, extents: [32768, 64]}\n"
        "  - {name: k, extents: [32768, 64]}\n  - {name: v, extents: [32768, 64]}\nlayers:\n"
        "  - {name: a, op: attention, inputs: [q, k, v], heads: 1, causal: true, block_size: "
        "1024}\n",
        "n.yaml", {.type = DataType::Bf16});
    std::int64_t largest = 0;
    std::int64_t products = 0;
    for (const GraphTensor& tensor : network.graph.tensors) {
      largest = std::max(largest, tensor.type.elements());
    }
    for (const Node& node : network.graph.nodes) {
      products += node.name.ends_with(".scores") ? 1 : 0;
    }
    const Program program = compile(spec, network.graph);
    return fmt::format("{} elements at most, {} blocks, {} MiB of DRAM", largest, products,
                       program.dram_bytes >> 20);
  });
  EXPECT_EQ(child.exit_code, 0) << child.error;
  EXPECT_EQ(child.output, "2097152 elements at most, 528 blocks, 24 MiB of DRAM");
}

/// Token numbers in place of embeddings.
TEST(TokenNumbers, AreLookedUpInATable) {
  for (const std::string chip : {"edge", "tpu_v3"}) {
    for (const auto& [phase, dims] :
         {std::pair{"prefill", DimValues{{"prompt", 9}}}, {"decode", DimValues{{"context", 20}}}}) {
      DimValues own = dims;
      own.insert({"embed", 1});
      const std::string result = checked(chip, own, phase);
      EXPECT_TRUE(result.starts_with("0 mismatches")) << result;
    }
  }
}

}  // namespace
}  // namespace systole
