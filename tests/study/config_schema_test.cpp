#include "arch/config/config_schema.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "arch/chip_spec.h"
#include "compiler/frontend/read_description.h"
#include "study/space/study_spec.h"
#include "tests/study/explore/small_study.h"

namespace systole {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(fs::path(SYSTOLE_SOURCE_DIR) / folder)) {
    if (entry.path().extension() == ".yaml") {
      files.push_back(entry.path().string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// The schema that ships, which readers must not have left behind. UPDATE_GOLDEN=1 writes it.
void expect_shipped(const std::string& name, const std::string& schema) {
  const std::string file = std::string(SYSTOLE_SOURCE_DIR) + "/configs/schema/" + name + ".json";
  const char* const update = std::getenv("UPDATE_GOLDEN");
  if (update != nullptr && std::string(update) == "1") {
    fs::create_directories(fs::path(file).parent_path());
    std::ofstream(file) << schema;
  }
  std::ifstream stream(file);
  std::ostringstream shipped;
  shipped << stream.rdbuf();
  EXPECT_EQ(shipped.str(), schema)
      << "configs/schema/" << name << ".json is not what the reader asks for; if the reader is "
      << "right:\n  UPDATE_GOLDEN=1 ctest --test-dir build/dev -R ConfigSchema";
}

TEST(ConfigSchema, OfChipsIsWhatTheirReaderAsksFor) {
  std::vector<ConfigNode> read;
  for (const std::string& file : files_in("configs/chips")) {
    read.push_back(ConfigNode::open(file));
    static_cast<void>(read_chip(read.back(), {}));
  }
  // Sections that no shipped chip has.
  const ConfigNode edge =
      ConfigNode::open(std::string(SYSTOLE_SOURCE_DIR) + "/configs/chips/edge.yaml");
  std::vector<ConfigOverride> values{{"dram.mapping", "lin", {}},
                                     {"vector_unit.alus", "4", {}},
                                     {"vector_unit.pace.reduction", "1 cycle", {}},
                                     {"vector_unit.pace.transcendental", "1 cycle", {}}};
  for (const char* part : {"matrix_unit", "accumulators", "unified_buffer", "weight_fifo",
                           "vector_unit", "control", "dram_interface", "host_link"}) {
    values.push_back({std::string("silicon.area.") + part, "1 mm2", {}});
    values.push_back({std::string("silicon.energy.") + part + ".leakage", "1 W", {}});
  }
  read.push_back(edge.with(values));
  static_cast<void>(read_chip(read.back(), {}));
  expect_shipped("chip", json_schema(read, "Systole chip",
                                     "A chip of configs/chips; every key is "
                                     "described in docs/chips.md."));
}

/// Every operator with every key that it takes.
constexpr const char* kEveryOperator = R"(
network: every
description: every operator
batch: 1
dims: {width: 8, twice: 2 * $width}
phases:
  wide: {width: 16}
defaults:
  output: {scale: 0.0625, zero_point: 0}
  weight_gain: 1.0
weights: {directory: weights}
states:
  - {name: table, extents: [16, 8], shared: true}
inputs:
  - {name: image, rows: 8, cols: 8, channels: 4, quantization: {scale: 0.5, zero_point: 0}}
  - {name: words, features: 4, file: words.npy}
  - {name: rows, extents: [$width, $twice], when: 1}
  - {name: numbers, indices: 4, below: $width, file: numbers.npy}
blocks:
  again:
    - {name: inner, block: once, when: $width, with: {kind: relu}}
  once:
    - {name: r, op: $kind, repeat: 2}
layers:
  - {name: again, repeat: 2, block: again, input: rows}
  - {name: c, op: conv2d, input: image, channels: 8, kernel: 3, stride: 1, padding: same, dilation: 1,
     groups: 1, bias: true, weights: {scale: 0.5, gain: 1.0}, output: {scale: 0.5, zero_point: 1}}
  - {name: c2, op: conv2d, channels: 8, kernel: [3, 3], stride: [1, 1], padding: [1, 1, 1, 1],
     dilation: [1, 1], activation: tanh, before: {scale: 0.5, zero_point: 1}}
  - {name: d, op: dense, features: 8, batch_norm: true, activation: relu}
  - {name: a, op: add, inputs: [c, c2], activation: relu}
  - {name: r, op: relu}
  - {name: r6, op: relu6}
  - {name: s, op: sigmoid}
  - {name: t, op: tanh}
  - {name: mp, op: max_pool, kernel: 2, stride: 2, padding: 0}
  - {name: ap, op: average_pool, kernel: 2, stride: 2, count_padding: true}
  - {name: g, op: global_average_pool}
  - {name: k, op: concat, inputs: [c, c2]}
  - {name: f, op: flatten}
  - {name: so, op: softmax, scale: 0.5, causal: true, symmetric: true}
  - {name: ln, op: layer_norm, epsilon: 1e-6, bias: false}
  - {name: sl, op: slice, axis: 1, first: 0, size: 1, step: 1}
  - {name: rs, op: resize, factor: 2}
  - {name: rh, op: reshape, extents: [1, 8]}
  - {name: ro, op: rotary, heads: 2, base: 10000, first: 0}
  - {name: kx, op: concat, inputs: [c, c2], axis: 1}
  - {name: fo, op: formula, input: c, of: "a * p", positions: [1]}
  - {name: ra, op: rearrange, input: c, map: "0..3", fill: 0.5}
  - {name: at, op: attention, inputs: [rows, rows, rows], heads: 2, kv_heads: 2, scale: 0.5,
     causal: true, window: 4, alibi: true, block_size: 0}
  - {name: ma, op: mask, causal: true, offset: 0, window: 4, alibi: false, first: 0}
  - {name: ct, op: conv_transpose2d, input: c, channels: 8, kernel: 2, output_padding: 0}
  - {name: c1, op: conv1d, input: rows, channels: 8, kernel: 3, causal: true}
  - {name: gn, op: group_norm, input: c, groups: 2, epsilon: 1e-5}
  - {name: le, op: leaky_relu, alpha: 0.1}
  - {name: cl, op: clip, low: 0, high: 1}
  - {name: pw, op: pow, exponent: 2}
  - {name: tk, op: top_k, count: 2}
  - {name: oh, op: one_hot, depth: 2}
  - {name: cs, op: cumulative_sum, reverse: true}
  - {name: gr, op: gather, input: table, rows: "0..3"}
  - {name: gc, op: gather, input: table, count: 3}
  - {name: as, op: add_shifted, by: 1, reverse: false}
  - {name: pd, op: pad, input: c, padding: 1, value: 0}
  - {name: ex, op: expand, rows: 1, cols: 1, channels: 1}
  - {name: pe, op: permute, input: c, order: [2, 1, 3]}
  - {name: sc, op: scatter, inputs: [c, c], rows: "0..7"}
  - {name: rb, op: resize_bilinear, input: c, factor: 2}
  - {name: me, op: experts, inputs: [rows, rows], experts: 2, per_token: 1, features: 4,
     routing: balanced}
  - {name: gi, op: gather, inputs: [table, numbers]}
  - {name: ls, op: lstm, input: rows, cells: 4, reverse: true, last: false, state: true}
  - {name: gu, op: gru, input: rows, cells: 4, reverse: false, last: true}
)";

TEST(ConfigSchema, OfNetworksIsWhatTheirReaderAsksFor) {
  std::vector<ConfigNode> read;
  for (const std::string& file : files_in("workloads")) {
    read.push_back(ConfigNode::open(file, ConfigNode::Kind::Workload));
    static_cast<void>(read_description(read.back()));
  }
  read.push_back(ConfigNode::parse(kEveryOperator, "every.yaml", ConfigNode::Kind::Workload));
  static_cast<void>(read_description(read.back()));
  expect_shipped(
      "network",
      json_schema(read, "Systole network",
                  "A network of workloads; every key is described in docs/workloads.md."));
}

TEST(ConfigSchema, OfStudiesIsWhatTheirReaderAsksFor) {
  std::vector<ConfigNode> read;
  for (const std::string& file : files_in("configs/studies")) {
    read.push_back(ConfigNode::open(file));
    static_cast<void>(read_study(read.back(), shipped_places()));
  }
  const StudyFolder folder(std::string(kSmallStudy) +
                           "arrival_rate: 10\n"
                           "constraints: [area < 50 mm2]\n"
                           "sampler: {kind: nsga2, points: 18, population: 8, seed: 3}\n"
                           "limits: {memory: 1 GiB, seconds: 60}\n");
  read.push_back(ConfigNode::open(folder.file()));
  static_cast<void>(read_study(read.back(), shipped_places()));
  expect_shipped("study", json_schema(read, "Systole study",
                                      "A study of configs/studies; every key is described in "
                                      "docs/studies.md."));
}

TEST(ConfigSchema, SaysTypesLimitsAndWhatIsRequired) {
  const ConfigNode node = ConfigNode::parse("rows: 3\nsize: 1 KiB\n", "a.yaml");
  static_cast<void>(node.integer("rows", {.min = 1, .max = 8}));
  static_cast<void>(node.bytes("size"));
  static_cast<void>(node.optional_boolean("fast"));
  const nlohmann::json schema = nlohmann::json::parse(json_schema({node}, "t", "d"));
  EXPECT_EQ(schema["properties"]["rows"]["anyOf"][0],
            nlohmann::json::parse(R"({"type": "integer", "minimum": 1, "maximum": 8})"));
  EXPECT_EQ(schema["required"], nlohmann::json({"rows", "size"}));
  EXPECT_EQ(schema["properties"]["fast"]["anyOf"][0]["type"], "boolean");
  EXPECT_EQ(schema["additionalProperties"], false);
}

}  // namespace
}  // namespace systole
