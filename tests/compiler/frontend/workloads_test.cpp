// The networks that ship, against published shapes and totals (tests/compiler/data/cnn_layers.csv).
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"

namespace systole {
namespace {

namespace fs = std::filesystem;

Network workload(const std::string& name, std::int64_t batch = 0) {
  return read_network(SYSTOLE_SOURCE_DIR "/workloads/" + name + ".yaml", {.batch = batch});
}

struct PublishedLayer {
  std::string name;
  Shape in;
  Shape out;
  std::int64_t kernel_rows = 0;
  std::int64_t kernel_cols = 0;
  std::int64_t stride = 0;
  std::int64_t groups = 0;
  std::int64_t macs = 0;
  std::int64_t weights = 0;

  bool operator==(const PublishedLayer&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const PublishedLayer& layer) {
    return out << layer.name << " with " << layer.macs << " MACs";
  }
};

/// conv2_1a is layer a of block conv2_1; dw3 and pw3 are MobileNet's third block, b3_dw is version
/// 2's; Inception's convolutions are blocks, and so are the forks that it ends with.
std::string our_name(const std::string& network, const std::string& name) {
  if (network == "mobilenet_v2" && name.front() == 'b') {
    return name.substr(0, name.find('_')) + "." + name.substr(name.find('_') + 1);
  }
  if (network == "inception_v3" && name != "fc") {
    const bool is_fork =
        name.ends_with("3_2a") || name.ends_with("3_2b") ||
        (name.starts_with("7") && (name.ends_with("d3a") || name.ends_with("d3b")));
    const bool is_line = name.starts_with("6") || name.starts_with("7a");
    const std::string part = name.substr(name.find('.') + 1);
    const bool is_long =
        is_line && (part == "7_2" || part == "7_3" ||
                    (part.front() == 'd' && !name.starts_with("6a") && part != "d1"));
    const std::string own = is_fork ? name.substr(0, name.size() - 1) + "." + name.back() : name;
    return own + (is_long ? ".conv.conv" : ".conv");
  }
  if (network.starts_with("resnet") && name.size() == 8) {
    const std::string part = name.back() == 's' ? "shortcut" : name.substr(7);
    return name.substr(0, 7) + "." + part;
  }
  if (name.starts_with("dw")) {
    return "block" + name.substr(2) + ".depthwise";
  }
  if (name.starts_with("pw")) {
    return "block" + name.substr(2) + ".pointwise";
  }
  return name;
}

/// Columns: network, layer, kind, in_h, in_w, in_c, k_h, k_w, out_c, stride, pad, groups, out_h,
/// out_w, macs, weights.
std::vector<PublishedLayer> published(const std::string& network) {
  std::ifstream file(SYSTOLE_SOURCE_DIR "/tests/compiler/data/cnn_layers.csv");
  std::vector<PublishedLayer> layers;
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, ',');) {
      cells.push_back(cell);
    }
    if (cells.size() != 16 || cells[0] != network) {
      continue;
    }
    const auto number = [&](std::size_t column) { return std::stoll(cells[column]); };
    layers.push_back(
        {.name = our_name(network, cells[1]),
         .in = {.batch = 1, .rows = number(3), .cols = number(4), .channels = number(5)},
         .out = {.batch = 1, .rows = number(12), .cols = number(13), .channels = number(8)},
         .kernel_rows = number(6),
         .kernel_cols = number(7),
         .stride = number(9),
         .groups = number(11),
         .macs = number(14),
         .weights = number(15)});
  }
  return layers;
}

struct Totals {
  std::string network;
  std::size_t weighted_layers = 0;
  std::int64_t macs = 0;        ///< at batch 1
  std::int64_t parameters = 0;  ///< biases and batch normalisation included
};

Totals totals_of(const Network& network) {
  Totals totals{.network = network.graph.name};
  for (const Node& node : network.graph.nodes) {
    totals.weighted_layers += gemm_shape(network.graph, node) ? 1U : 0U;
    totals.macs += macs_of(network.graph, node);
    totals.parameters += parameters_of(network.graph, node);
  }
  return totals;
}

/// The same facts of one of our layers; the kernel and stride of dense layers count as 1.
PublishedLayer facts_of(const Graph& graph, const Node& node) {
  const auto gemm = gemm_shape(graph, node);
  PublishedLayer facts{.name = node.name,
                       .in = graph.tensor(node.inputs[0]).shape(),
                       .out = graph.tensor(node.output()).shape(),
                       .kernel_rows = 1,
                       .kernel_cols = 1,
                       .stride = 1,
                       .groups = gemm->groups,
                       .macs = macs_of(graph, node),
                       .weights = gemm->groups * gemm->k * gemm->n};
  if (const auto* conv = std::get_if<Conv2d>(&node.op)) {
    facts.kernel_rows = conv->kernel.rows;
    facts.kernel_cols = conv->kernel.cols;
    facts.stride = conv->kernel.stride_cols;
  }
  return facts;
}

std::vector<PublishedLayer> weighted_layers(const Graph& graph) {
  std::vector<PublishedLayer> layers;
  for (const Node& node : graph.nodes) {
    if (gemm_shape(graph, node)) {
      layers.push_back(facts_of(graph, node));
    }
  }
  return layers;
}

class PublishedNetworks : public testing::TestWithParam<Totals> {};

TEST_P(PublishedNetworks, HaveThePublishedLayersInOrder) {
  EXPECT_EQ(weighted_layers(workload(GetParam().network, 1).graph), published(GetParam().network));
}

TEST_P(PublishedNetworks, HaveThePublishedTotals) {
  const Totals totals = totals_of(workload(GetParam().network, 1));
  EXPECT_EQ(totals.weighted_layers, GetParam().weighted_layers);
  EXPECT_EQ(totals.macs, GetParam().macs);
  EXPECT_EQ(totals.parameters, GetParam().parameters);
}

// Published: 0.7142, 4.089 and 0.5687 GMAC; the exact counts are the sums of the table's rows.
// Parameters are torchvision's num_params and, of MobileNet v1, the paper's 4.2 million.
// Inception's 27,161,264 have 3,326,696 in the auxiliary classifier (98,304 + 2 * 128, 2,457,600 +
// 2 * 768, 768,000 + 1000), which is left out.
INSTANTIATE_TEST_SUITE_P(Networks, PublishedNetworks,
                         testing::Values(Totals{"alexnet", 8, 714'188'480, 61'100'840},
                                         Totals{"resnet50", 54, 4'089'184'256, 25'557'032},
                                         Totals{"mobilenet_v1", 28, 568'740'352, 4'231'976},
                                         Totals{"resnet18", 21, 1'814'073'344, 11'689'512},
                                         Totals{"vgg16", 16, 15'470'264'320, 138'357'544},
                                         Totals{"mobilenet_v2", 53, 300'774'272, 3'504'872},
                                         Totals{"inception_v3", 95, 5'713'216'096, 23'834'568},
                                         Totals{"mobilenet_v3_large", 64, 216'589'760, 5'483'032},
                                         Totals{"efficientnet_b0", 82, 385'814'752, 5'288'548}),
                         [](const auto& network) { return network.param.network; });

class OtherNetworks : public testing::TestWithParam<Totals> {};

TEST_P(OtherNetworks, HaveThePublishedTotals) {
  const Totals totals = totals_of(workload(GetParam().network, 1));
  EXPECT_EQ(totals.weighted_layers, GetParam().weighted_layers);
  EXPECT_EQ(totals.macs, GetParam().macs);
  EXPECT_EQ(totals.parameters, GetParam().parameters);
}

// U-Net's 23 convolutions: 150.428 GMAC; SSD300: 34.8582; YOLOv3-tiny: 2.78248; the exact counts
// are sums of in * out * kernel * pixels. Parameters are torchvision's, and those of darknet's file
// without running statistics. Six LSTM layers of four products of 2048 x 1024. A GRU: two products
// of 2048 x 1024, two of 1024 x 1024. GNMT's step: eight layers of four products of 3072 x 1024, a
// query of 1024 x 1024, 50 x 1024 twice for attention, 1024 x 32000; a bias for each gate and
// score. Its encoder of 20 tokens: nine layers of four gates, of the input for all steps, and for
// all but the first of the last output; inputs of 1024 features, of one layer 2048. SSD with
// MobileNet v1: 28 convolutions less the last, eight more, twelve heads; 1.24 GMAC and 6.8M
// parameters are published (MLPerf inference).
INSTANTIATE_TEST_SUITE_P(Networks, OtherNetworks,
                         testing::Values(Totals{"ssd_mobilenet_v1", 47, 1'237'129'408, 6'819'839},
                                         Totals{"unet", 23, 150'428'424'448, 31'030'658},
                                         Totals{"ssd300_vgg16", 35, 34'858'153'472, 35'641'826},
                                         Totals{"yolov3_tiny", 13, 2'782'480'896, 8'852'366},
                                         Totals{"lstm_1024", 1, 8'388'608, 8'392'704},
                                         Totals{"lstm0", 24, 50'331'648, 50'356'224},
                                         Totals{"gru_1024", 4, 6'291'456, 6'295'552},
                                         Totals{"gnmt", 36, 134'582'272, 134'545'664},
                                         Totals{"gnmt_encoder", 720, 1'556'086'784, 79'728'640}),
                         [](const auto& network) { return network.param.network; });

TEST(Mlp0, HasFiveSquareLayers) {
  const Network network = workload("mlp0");
  EXPECT_EQ(network.graph.batch, 200);
  const Totals totals = totals_of(network);
  EXPECT_EQ(totals.weighted_layers, 5U);
  EXPECT_EQ(totals.parameters, 20'971'520 + 5 * 2048);
  EXPECT_EQ(totals.macs, 200 * std::int64_t{20'971'520});
}

// The TPU paper's Table 1: 4 dense layers of 5M weights at batch 168; 16 convolutions of 8M weights
// at batch 8, each weight used 2888 / 8 = 361 times an input.
TEST(Mlp1, HasTheWeightsThatArePublished) {
  const Network network = workload("mlp1");
  EXPECT_EQ(network.graph.batch, 168);
  const Totals totals = totals_of(network);
  EXPECT_EQ(totals.weighted_layers, 4U);
  EXPECT_EQ(totals.macs, 168 * std::int64_t{5'000'000});
}

TEST(Cnn0, HasTheWeightsThatArePublished) {
  const Network network = workload("cnn0");
  EXPECT_EQ(network.graph.batch, 8);
  const Totals totals = totals_of(network);
  EXPECT_EQ(totals.weighted_layers, 16U);
  constexpr std::int64_t kWeights = 13 * 9 * 256 * 256 + 3 * 256 * 256;  // 7.9M
  EXPECT_EQ(totals.macs, 8 * 361 * kWeights);
  EXPECT_EQ(totals.parameters, kWeights + 16 * 256);
}

// Table 1: 72 convolutions and 4 dense layers of 100M weights at batch 32, 1750 operations a weight
// byte, so 54.7 uses of each an image; 37 dense layers of 34M weights, matrices of 600 x 600.
TEST(Cnn1, HasTheWeightsThatArePublished) {
  const Network network = workload("cnn1");
  EXPECT_EQ(network.graph.batch, 32);
  std::int64_t weights = 0;
  std::int64_t macs = 0;
  std::int64_t channels = 3;
  for (const auto& [size, width] : {std::pair{28, 80}, {14, 232}, {7, 464}}) {
    for (int i = 0; i < 24; ++i) {
      weights += 9 * channels * width;
      macs += 9 * channels * width * size * size;
      channels = width;
    }
  }
  const std::int64_t dense = 49 * 464 * 1600 + 2 * 1600 * 1600 + 1600 * 1000;
  const Totals totals = totals_of(network);
  EXPECT_EQ(totals.weighted_layers, 76U);
  EXPECT_EQ(totals.macs, 32 * (macs + dense));
  EXPECT_EQ(totals.parameters, weights + dense + 2 * 24 * (80 + 232 + 464) + 3 * 1600 + 1000);
  EXPECT_NEAR(static_cast<double>(weights + dense), 100e6, 1.5e6);
  EXPECT_NEAR(static_cast<double>(macs + dense) / static_cast<double>(weights + dense), 1750.0 / 32,
              0.2);
  const auto& nodes = network.graph.nodes;
  EXPECT_EQ(std::count_if(nodes.begin(), nodes.end(),
                          [](const Node& node) { return node.kind.ends_with("pool"); }),
            13);
}

TEST(Lstm1, HasTheWeightsThatArePublished) {
  const Network network = workload("lstm1");
  EXPECT_EQ(network.graph.batch, 96);
  const Totals totals = totals_of(network);
  EXPECT_EQ(totals.weighted_layers, 37U);
  constexpr std::int64_t kWeights = 36 * 2 * 600 * 600 + 600 * 13'500;  // 34.0M
  EXPECT_EQ(totals.macs, 96 * kWeights);
  EXPECT_EQ(totals.parameters, kWeights + 36 * 600 + 13'500);
}

// 13 * 512 + 512 * 256 + 256 * 128 and 479 * 1024 + 1024 * 1024 + 1024 * 512 + 512 * 256 + 256.
TEST(DlrmMlp, HasBothStacks) {
  const Totals totals = totals_of(workload("dlrm_mlp", 1));
  EXPECT_EQ(totals.macs, 170'496 + 2'194'688);
  EXPECT_EQ(totals.parameters, 171'392 + 2'197'505);
}

// Beside the stacks 27 x 27 dot products of 128 numbers; tables are states.
TEST(Dlrm, LooksRowsUpInItsTables) {
  const Network network = workload("dlrm", 2);
  const Totals totals = totals_of(network);
  EXPECT_EQ(totals.macs, 2 * (170'496 + 27 * 27 * 128 + 2'194'688));
  EXPECT_EQ(totals.parameters, 171'392 + 2'197'505);
  EXPECT_EQ(network.graph.states.size(), 26U);
  EXPECT_EQ(network.graph.tensor(network.graph.states[0]).type.extents, (Extents{1, 65536, 128}));
}

TEST(Gemm, TakesItsSizesByName) {
  const Network network = read_network(SYSTOLE_SOURCE_DIR "/workloads/gemm.yaml",
                                       {.dims = {{"m", 300}, {"k", 70}, {"n", 500}}});
  const auto gemm = gemm_shape(network.graph, network.graph.nodes.at(0));
  EXPECT_EQ(gemm->m, 300);
  EXPECT_EQ(gemm->k, 70);
  EXPECT_EQ(gemm->n, 500);
  EXPECT_EQ(totals_of(network).parameters, 70 * 500);
}

TEST(Conv, TakesItsSizesByName) {
  const Network network = read_network(
      SYSTOLE_SOURCE_DIR "/workloads/conv.yaml",
      {.dims = {{"rows", 20}, {"cols", 30}, {"channels", 8}, {"filters", 6}, {"kernel", 5}}});
  // The padding follows the kernel: 20 x 30 positions.
  EXPECT_EQ(totals_of(network).macs, 20 * 30 * 25 * 8 * 6);
}

struct Transformer {
  std::string network;
  DimValues dims;
  std::string phase;
  std::int64_t macs = 0;
  std::int64_t parameters = 0;
};

class Transformers : public testing::TestWithParam<Transformer> {};

TEST_P(Transformers, HaveThePublishedTotals) {
  const Network network =
      read_network(SYSTOLE_SOURCE_DIR "/workloads/" + GetParam().network + ".yaml",
                   {.batch = 1, .dims = GetParam().dims, .phase = GetParam().phase});
  const Totals totals = totals_of(network);
  EXPECT_EQ(totals.macs, GetParam().macs);
  EXPECT_EQ(totals.parameters, GetParam().parameters);
}

// A layer of s tokens has s * (4 h^2 + 2 h ff) + 2 s^2 h MACs. BERT's published 109,482,240 and
// 335,141,888 parameters have (30522 + 512 + 2) * h of embeddings and h^2 + h of the pooler, which
// are no part of the network: 11.17, 35.33 and 39.46 GMAC are published.
constexpr std::int64_t encoder_macs(std::int64_t layers, std::int64_t h, std::int64_t s) {
  return layers * (s * 12 * h * h + 2 * s * s * h);
}
// GPT-2's 124,439,808 and so on have 1024 * h of positions; the head is tied to the embeddings and
// counts once. Decoding one of t tokens: all matrices once and 2 h t a layer (Radford et al. 2019).
constexpr std::int64_t decode_macs(std::int64_t matrices, std::int64_t layers, std::int64_t h,
                                   std::int64_t t) {
  return matrices + layers * 2 * h * t;
}
// Mixtral: of 8 experts two compute a token; query and output take h^2, key and value a quarter.
constexpr std::int64_t mixtral_prefill(std::int64_t s) {
  constexpr std::int64_t kHidden = 4096;
  constexpr std::int64_t kToken =
      (2 * kHidden + 2 * 1024) * kHidden + 2 * 3 * kHidden * 14336 + 8 * kHidden;
  return 32 * (s * kToken + 2 * s * s * kHidden) + kHidden * 32000;
}
// T5's decoder: four matrices of its own, two for its tokens and two for the encoder's, 15.848
// GMAC. Embeddings and the tables of positions are no part of the network; the head is the
// embeddings'.
constexpr std::int64_t t5_decoder(std::int64_t target, std::int64_t source) {
  constexpr std::int64_t kHidden = 768;
  const std::int64_t layer = target * (6 + 8) * kHidden * kHidden + source * 2 * kHidden * kHidden +
                             2 * target * target * kHidden + 2 * target * source * kHidden;
  return 12 * layer + target * kHidden * 32128;
}
// Whisper base: 3000 frames of 80 bands, 1500 tokens; 43.684 GMAC.
constexpr std::int64_t whisper_encoder() {
  return std::int64_t{3000} * 3 * 80 * 512 + std::int64_t{1500} * 3 * 512 * 512 +
         encoder_macs(6, 512, 1500);
}
// Its decoder: six matrices a layer (keys and values of what was heard are made once) and two dense
// layers; of 52,003,328 parameters 448 * 512 are positions, and these of the keys and values.
constexpr std::int64_t whisper_decoder(std::int64_t tokens, std::int64_t context) {
  constexpr std::int64_t kHidden = 512;
  return 6 * (tokens * 14 * kHidden * kHidden + 2 * tokens * context * kHidden +
              2 * tokens * 1500 * kHidden) +
         kHidden * 51865;
}
constexpr std::int64_t kWhisperDecoder = 52'003'328 - 448 * 512 - 6 * (2 * 512 * 512 + 512);
// Mistral: query and output take h^2, key and value a quarter, three of h x 14336; the head.
constexpr std::int64_t mistral_matrices() {
  constexpr std::int64_t kHidden = 4096;
  return 32 * ((2 * kHidden + 2 * 1024) * kHidden + 3 * kHidden * 14336) + kHidden * 32000;
}
// A token goes through two of Mixtral's experts, which alone are read.
constexpr std::int64_t mixtral_step() {
  constexpr std::int64_t kHidden = 4096;
  return (2 * kHidden + 2 * 1024) * kHidden + 2 * 3 * kHidden * 14336 + 8 * kHidden +
         2 * kHidden * 2048 + kHidden * 32000;
}
constexpr std::int64_t mixtral_read() {
  constexpr std::int64_t kHidden = 4096;
  return (2 * kHidden + 2 * 1024) * kHidden + 2 * 3 * kHidden * 14336 + 8 * kHidden + 3 * kHidden +
         kHidden * 32000;
}
// ViT's 86,567,656 parameters have 768 of the class token, which is an input; 17.5638 GMAC. Llama
// and its kin: a prompt takes all matrices but the head for each token, and the head once.
// Embeddings (vocabulary * hidden) are no part of the network; Gemma's are the head.
INSTANTIATE_TEST_SUITE_P(
    Networks, Transformers,
    testing::Values(
        Transformer{"vit_b_16",
                    {},
                    "",
                    encoder_macs(12, 768, 197) + 196 * 768 * 768 + 768 * 1000,
                    86'567'656 - 768},
        Transformer{"llama2_7b",
                    {{"prompt", 2048}},
                    "prefill",
                    2048 * 6'476'005'376 + 32 * 2 * 4096 * std::int64_t{2048} * 2048 + 4096 * 32000,
                    6'738'415'616 - 32000 * 4096},
        Transformer{"llama2_7b",
                    {},
                    "decode",
                    decode_macs(6'607'077'376, 32, 4096, 2048),
                    6'738'415'616 - 32000 * 4096},
        Transformer{"llama2_13b",
                    {},
                    "decode",
                    decode_macs(12'851'609'600, 40, 5120, 2048),
                    13'015'864'320 - 32000 * 5120},
        Transformer{"llama2_70b",
                    {},
                    "decode",
                    decode_macs(68'713'185'280, 80, 8192, 2048),
                    68'976'648'192 - 32000 * 8192},
        Transformer{"llama3_8b",
                    {},
                    "decode",
                    decode_macs(7'504'658'432, 32, 4096, 2048),
                    8'030'261'248 - std::int64_t{128256} * 4096},
        Transformer{"llama3_70b",
                    {},
                    "decode",
                    decode_macs(69'501'714'432, 80, 8192, 2048),
                    70'553'706'496 - std::int64_t{128256} * 8192},
        Transformer{"mistral_7b",
                    {},
                    "decode",
                    decode_macs(7'110'393'856, 32, 4096, 2048),
                    7'241'732'096 - 32000 * 4096},
        Transformer{
            "gemma_2b", {}, "decode", decode_macs(2'506'096'640, 18, 2048, 2048), 2'506'172'416},
        Transformer{
            "gemma_7b", {}, "decode", decode_macs(8'537'505'792, 28, 4096, 2048), 8'537'680'896},
        Transformer{"bert_base",
                    {},
                    "",
                    encoder_macs(12, 768, 128),
                    109'482'240 - (30522 + 512 + 2) * 768 - 768 * 768 - 768},
        Transformer{"bert_base",
                    {{"seq", 384}},
                    "",
                    encoder_macs(12, 768, 384),
                    109'482'240 - (30522 + 512 + 2) * 768 - 768 * 768 - 768},
        Transformer{"bert_large",
                    {},
                    "",
                    encoder_macs(24, 1024, 128),
                    335'141'888 - (30522 + 512 + 2) * 1024 - 1024 * 1024 - 1024},
        Transformer{"gpt2",
                    {{"prompt", 1024}},
                    "prefill",
                    encoder_macs(12, 768, 1024) + std::int64_t{1024} * 768 * 50257,
                    124'439'808 - 1024 * 768},
        Transformer{"gpt2",
                    {},
                    "decode",
                    decode_macs(123'532'032, 12, 768, 1024),
                    124'439'808 - 1024 * 768},
        Transformer{"gpt2_medium",
                    {},
                    "decode",
                    decode_macs(353'453'056, 24, 1024, 1024),
                    354'823'168 - 1024 * 1024},
        Transformer{"gpt2_large",
                    {},
                    "decode",
                    decode_macs(772'117'760, 36, 1280, 1024),
                    774'030'080 - 1024 * 1280},
        Transformer{"gpt2_xl",
                    {},
                    "decode",
                    decode_macs(1'554'971'200, 48, 1600, 1024),
                    1'557'611'200 - 1024 * 1600},
        Transformer{"gpt_j_6b",
                    {},
                    "decode",
                    decode_macs(5'843'582'976, 28, 4096, 2048),
                    6'050'882'784 - 50400 * 4096},
        Transformer{
            "mixtral_8x7b", {}, "prefill", mixtral_prefill(512), 46'702'792'704 - 32000 * 4096},
        Transformer{"t5_base",
                    {},
                    "encode",
                    encoder_macs(12, 768, 512),
                    std::int64_t{12} * (12 * 768 * 768 + 2 * 768) + 768},
        Transformer{"t5_base",
                    {},
                    "decoder",
                    t5_decoder(64, 512),
                    std::int64_t{12} * (16 * 768 * 768 + 3 * 768) + 768 + 768 * 32128},
        Transformer{"whisper_base", {}, "encode", whisper_encoder(), 20'590'592},
        Transformer{"whisper_base",
                    {},
                    "cross",
                    whisper_encoder() + std::int64_t{6} * 2 * 1500 * 512 * 512,
                    20'590'592 + 6 * (2 * 512 * 512 + 512)},
        Transformer{"whisper_base", {}, "decode", whisper_decoder(1, 100), kWhisperDecoder},
        Transformer{"whisper_base", {}, "prefill", whisper_decoder(4, 4), kWhisperDecoder},
        Transformer{"mistral_7b",
                    {{"context", 32768}},
                    "decode",
                    decode_macs(mistral_matrices(), 32, 4096, 4096),
                    7'241'732'096 - 32000 * 4096},
        Transformer{"mixtral_8x7b", {{"layers", 1}}, "decode", mixtral_step(), mixtral_read()}),
    [](const auto& transformer) {
      const Transformer& each = transformer.param;
      return each.network + each.phase + (each.dims.empty() ? "" : "OfOtherSizes");
    });

TEST(ResNet50, AddsSixteenResidualsAndEndsInOneTensor) {
  const Network network = workload("resnet50");
  const auto& nodes = network.graph.nodes;
  EXPECT_EQ(std::count_if(nodes.begin(), nodes.end(),
                          [](const Node& node) { return node.kind == "add"; }),
            3 + 4 + 6 + 3);
  ASSERT_EQ(network.graph.outputs.size(), 1U);
  EXPECT_EQ(network.graph.tensor(network.graph.outputs[0]).name, "fc");
  EXPECT_EQ(network.graph.tensor(network.graph.outputs[0]).shape().channels, 1000);
}

std::vector<fs::path> shipped_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(SYSTOLE_SOURCE_DIR "/workloads")) {
    if (entry.path().extension() == ".yaml") {
      files.push_back(entry.path());
    }
  }
  return files;
}

TEST(Workloads, AllLoadAtBatchOneAndAtTheirOwn) {
  const auto files = shipped_files();
  EXPECT_GE(files.size(), 4U);
  for (const fs::path& file : files) {
    const Network own = read_network(file.string());
    const Network one = read_network(file.string(), {.batch = 1});
    EXPECT_EQ(own.graph.name, file.stem()) << "a network is found by its file's name";
    EXPECT_EQ(totals_of(own).macs, totals_of(one).macs * own.graph.batch) << file;
  }
}

/// The YAML block of docs/workloads.md.
std::string documented_example() {
  std::ifstream file(SYSTOLE_SOURCE_DIR "/docs/workloads.md");
  std::stringstream text;
  text << file.rdbuf();
  const std::string page = text.str();
  const std::string opening = "```yaml\n";
  const std::size_t first = page.find(opening) + opening.size();
  return page.substr(first, page.find("```", first) - first);
}

TEST(DocumentedExample, IsANetwork) {
  const Graph graph = parse_network(documented_example(), "example.yaml").graph;
  EXPECT_EQ(graph.batch, 4);
  EXPECT_EQ(graph.nodes.size(), 1U + 2 * 3 + 3);
  EXPECT_EQ(graph.tensor(graph.outputs[0]).shape(), (Shape{4, 1, 1, 10}));
}

TEST(DocumentedExample, ShowsTheBuiltInDefaults) {
  const std::string text = documented_example();
  const std::size_t defaults = text.find("defaults:");
  const std::string without = text.substr(0, defaults) + text.substr(text.find("inputs:"));
  const Graph with_them = parse_network(text, "example.yaml").graph;
  const Graph without_them = parse_network(without, "example.yaml").graph;
  for (std::size_t i = 0; i < with_them.tensors.size(); ++i) {
    EXPECT_EQ(with_them.tensors[i].quantization, without_them.tensors[i].quantization) << i;
  }
}

}  // namespace
}  // namespace systole
