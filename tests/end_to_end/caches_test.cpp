// Keys and values in caches, head by head, on chips: what is written and what is read.
#include <cstdint>
#include <string>

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

/// A step of attention over a cache: tokens from `at` on, some heads, each row of the cache shared
/// by heads / kv_heads of them.
struct Step {
  std::string name;
  std::int64_t batch = 1;
  std::int64_t tokens = 1;
  std::int64_t at = 0;
  std::int64_t heads = 1;
  std::int64_t kv_heads = 1;
  std::int64_t head = 8;
  std::int64_t cache = 16;
  bool apart = false;  ///< what is written has an axis of heads

  [[nodiscard]] std::string text() const {
    const std::string first = fmt::format(
        "network: step\nbatch: {}\ndefaults: {{output: {{scale: 0.05}}}}\n"
        "inputs:\n  - {{name: x, extents: [{}, {}], quantization: {{scale: 0.05}}}}\n"
        "states:\n  - {{name: keys, extents: [{}, {}, {}], quantization: {{scale: 0.05}}}}\n"
        "  - {{name: values, extents: [{}, {}, {}], quantization: {{scale: 0.05}}}}\nlayers:\n"
        "  - {{name: q, op: dense, input: x, features: {}}}\n"
        "  - {{name: k, op: dense, input: x, features: {}}}\n"
        "  - {{name: v, op: dense, input: x, features: {}}}\n",
        batch, tokens, heads * head, kv_heads, cache, head, kv_heads, cache, head, heads * head,
        kv_heads * head, kv_heads * head);
    const std::string turned =
        apart ? fmt::format(
                    "  - {{name: k_heads, op: reshape, input: k, extents: [{0}, {1}, {2}]}}\n"
                    "  - {{name: v_heads, op: reshape, input: v, extents: [{0}, {1}, {2}]}}\n",
                    kv_heads, tokens, head)
              : std::string();
    return first + turned +
           fmt::format(
               "  - {{name: all_keys, op: append, inputs: [{0}, keys], at: {2}}}\n"
               "  - {{name: all_values, op: append, inputs: [{1}, values], at: {2}}}\n"
               "  - {{name: scores, op: matmul, inputs: [q, all_keys], used: {3}, heads: {4}, "
               "kv_heads: {5}, transpose_b: true, scale: 0.25}}\n"
               "  - {{name: p, op: softmax, symmetric: true}}\n"
               "  - {{name: contexts, op: matmul, inputs: [p, all_values], used: {3}, heads: {4}, "
               "kv_heads: {5}, merge_heads: true}}\n"
               "  - {{name: out, op: dense, features: 9}}\n",
               apart ? "k_heads" : "k", apart ? "v_heads" : "v", at, at + tokens, heads, kv_heads);
  }
  friend std::ostream& operator<<(std::ostream& out, const Step& step) { return out << step.name; }
};

class Caches : public ::testing::TestWithParam<Step> {};

TEST_P(Caches, ByHeadHaveTheRightNumbersOnEveryChip) {
  for (const std::string name : {"edge", "edge_os", "tpu_v3", "tpu_v5e"}) {
    const ChipSpec chip =
        read_chip(fmt::format("{}/configs/chips/{}.yaml", SYSTOLE_SOURCE_DIR, name));
    for (const DataType type : kNetworkTypes) {
      if (!multiplies(chip, type)) {
        continue;
      }
      const ForkedResult child = run_forked([&] {
        const Network network = parse_network(GetParam().text(), "step.yaml", {.type = type});
        const Program program = compile(chip, network.graph);
        const Result result = evaluate_program(chip, network, program, {.check = true});
        return fmt::format("{}{} mismatches", broken_laws(result, program),
                           result.check->mismatches);
      });
      EXPECT_EQ(child.exit_code, 0) << child.error;
      EXPECT_EQ(child.output, "0 mismatches") << name << ' ' << name_of(type);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Steps, Caches,
    ::testing::Values(
        Step{.name = "one_head", .at = 3}, Step{.name = "first_token", .heads = 4, .kv_heads = 4},
        Step{.name = "last_token_of_the_cache", .at = 15, .heads = 4, .kv_heads = 2},
        Step{.name = "whole_cache", .tokens = 16, .heads = 2, .kv_heads = 2},
        Step{.name = "odd_sizes", .tokens = 5, .at = 7, .heads = 6, .kv_heads = 3, .head = 13},
        Step{.name = "sequences",
             .batch = 3,
             .at = 40,
             .heads = 4,
             .kv_heads = 1,
             .head = 33,
             .cache = 41},
        Step{.name = "prompts",
             .batch = 2,
             .tokens = 70,
             .heads = 5,
             .kv_heads = 5,
             .head = 16,
             .cache = 100},
        Step{.name = "larger_than_the_buffer",
             .tokens = 400,
             .at = 48,
             .heads = 16,
             .kv_heads = 16,
             .head = 32,
             .cache = 500},
        Step{.name = "heads_apart", .batch = 2, .at = 9, .heads = 4, .kv_heads = 2, .apart = true}),
    [](const auto& step) { return step.param.name; });

/// A head's tokens stand together: all that a head reads is one run of memory. With 64 features of
/// two bytes and 4 KiB requests, 512 tokens of each of 4 heads of keys and of values are 128 runs
/// of 4 KiB that nothing lies between, and few of them change rows.
TEST(Caches, ByHeadAreReadInWholeRows) {
  const Step step{.at = 511, .heads = 4, .kv_heads = 4, .head = 64, .cache = 4096};
  const ForkedResult child = run_forked([&] {
    ChipSpec chip = read_chip(fmt::format("{}/configs/chips/tpu_v3.yaml", SYSTOLE_SOURCE_DIR));
    chip.io = IoMemory::Device;
    const Network network = parse_network(step.text(), "step.yaml", {.type = DataType::Bf16});
    const Result result = evaluate_program(chip, network, compile(chip, network.graph));
    const auto& dram = result.counters.dram;
    return fmt::format(
        "{:.2f}", static_cast<double>(dram.row_hits) /
                      static_cast<double>(dram.row_hits + dram.row_misses + dram.row_conflicts));
  });
  EXPECT_EQ(child.exit_code, 0) << child.error;
  EXPECT_GE(std::stod(child.output), 0.8);
}

}  // namespace
}  // namespace systole
