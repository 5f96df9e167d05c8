#include "compiler/ops/op.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"

namespace systole {
namespace {

namespace fs = std::filesystem;

std::string text_of_file(const fs::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// Names and numbers of a source.
std::set<std::string> words_of(const std::string& text) {
  std::set<std::string> words;
  std::string word;
  for (const char letter : text + ' ') {
    if (std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_') {
      word += letter;
    } else if (!word.empty()) {
      words.insert(std::move(word));
      word.clear();
    }
  }
  return words;
}

TEST(Operators, HaveANameEach) {
  std::set<std::string_view> names;
  for (const OpEntry& entry : op_entries()) {
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    EXPECT_EQ(find_entry(entry.name), &entry);
  }
  EXPECT_EQ(find_entry("perceptron"), nullptr);
}

/// The only layer of a network of one operator.
Node only_node(const std::string& layer) {
  return parse_network(
             "network: n\ninputs: [{name: x, rows: 9, cols: 9, channels: 4}]\n"
             "layers: [{name: l, " +
                 layer + "}]\n",
             "n.yaml")
      .graph.node(0);
}

TEST(Operators, ArePrintedAsTheyAreRead) {
  for (const std::string text :
       {"op: conv2d, channels: 8, kernel: [3, 2], stride: [2, 1], dilation: [1, 2], "
        "padding: [1, 0, 2, 0], groups: 2, batch_norm: true, activation: relu6",
        "op: conv2d, channels: 1, kernel: [1, 1], padding: same, bias: false", "op: relu",
        "op: add, activation: relu", "op: max_pool, kernel: [3, 3], stride: [2, 2]",
        "op: average_pool, kernel: [2, 2], stride: [2, 2], count_padding: true", "op: softmax",
        "op: softmax, scale: 0.125, symmetric: true", "op: gelu",
        "op: layer_norm, epsilon: 1e-12, bias: false", "op: rms_norm",
        "op: formula, of: \"max(a, 0.5) * p\", positions: [9]",
        "op: rearrange, map: \"0..8*9 -,8..0\", fill: 0.5"}) {
    const bool join = text.starts_with("op: add");
    const Node node = only_node(text + (join ? ", inputs: [x, x]" : ""));
    EXPECT_EQ(text_of(*find_entry(node.kind), node.op), text);
  }
}

TEST(Operators, StandInTheDocumentWithTheirAttributes) {
  std::ifstream document(SYSTOLE_SOURCE_DIR "/docs/workloads.md");
  std::vector<std::string> rows;
  for (std::string line; std::getline(document, line);) {
    if (line.starts_with("| `")) {
      rows.push_back(line);
    }
  }
  for (const OpEntry& entry : op_entries()) {
    const std::string name = "`" + std::string(entry.name) + "`";
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const std::string& candidate) {
      const std::string first = candidate.substr(0, candidate.find(" | "));
      return first.find(name) != std::string::npos;
    });
    ASSERT_NE(row, rows.end()) << name;
    for (const Attribute& attribute : entry.attributes) {
      if (attribute.key != "output") {  // has a column of its own
        EXPECT_NE(row->find("`" + std::string(attribute.key) + "`"), std::string::npos)
            << name << " " << attribute.key;
      }
    }
  }
}

/// Operators have names in their own files, the list of operators and the kernels of the reference,
/// nowhere else: that is all that one more operator touches beside its tests and documents. The
/// importer of ONNX stands apart: its operators are others, some of the same name, and it says
/// which of ours make one of them.
TEST(Operators, AreNamedInTheirFilesTheListAndTheReferenceKernelsAlone) {
  const std::map<std::string, std::string> file_of{{"Conv2d", "conv2d"},
                                                   {"ConvolveTensors", "convolve"},
                                                   {"Dense", "dense"},
                                                   {"AddTensors", "add"},
                                                   {"Activate", "activate"},
                                                   {"PoolTensor", "pool"},
                                                   {"Concat", "concat"},
                                                   {"Flatten", "flatten"},
                                                   {"SoftmaxChannels", "softmax"},
                                                   {"NormalizeRows", "layer_norm"},
                                                   {"Matmul", "matmul"},
                                                   {"CombineTensors", "combine"},
                                                   {"ReduceRows", "reduce"},
                                                   {"RotateRows", "rotary"},
                                                   {"SliceTensor", "slice"},
                                                   {"ResizeTensor", "resize"},
                                                   {"ReshapeTensor", "reshape"},
                                                   {"EmbedPositions", "position"},
                                                   {"CombineConstant", "constant"},
                                                   {"RowFormula", "formula"},
                                                   {"Rearrange", "rearrange"},
                                                   {"AppendRows", "append"},
                                                   {"DepthToSpace", "depth_to_space"},
                                                   {"TransposePixels", "transpose"},
                                                   {"MaskScores", "mask"},
                                                   {"AddShifted", "cumulative"},
                                                   {"GatherRows", "gather"},
                                                   {"CumulativeSum", "cumulative"},
                                                   {"AttendTokens", "attention"},
                                                   {"ConvTranspose", "conv_transpose"},
                                                   {"ConvTokens", "conv1d"},
                                                   {"NormalizeGroups", "group_norm"},
                                                   {"ScaleChannels", "group_norm"},
                                                   {"NamedFormula", "elementwise"},
                                                   {"ArgExtreme", "ranking"},
                                                   {"TopOfRows", "ranking"},
                                                   {"OneHot", "ranking"},
                                                   {"PadImage", "movement"},
                                                   {"ExpandTensor", "movement"},
                                                   {"ScatterRows", "movement"},
                                                   {"PermuteAxes", "movement"},
                                                   {"ResizeLinear", "movement"},
                                                   {"MixExperts", "experts"},
                                                   {"RunCells", "recurrent"}};
  ASSERT_EQ(file_of.size(), std::variant_size_v<Op>);
  const fs::path root(SYSTOLE_SOURCE_DIR);
  for (const std::string room : {"compiler", "reference", "study", "report"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / room)) {
      const std::string file = fs::relative(entry.path(), root).string();
      const std::string extension = entry.path().extension().string();
      if (!entry.is_regular_file() || (extension != ".h" && extension != ".cpp") ||
          file.starts_with("reference/kernels/") || file.starts_with("compiler/frontend/onnx/") ||
          file.starts_with("compiler/frontend/stablehlo/") || file == "compiler/ops/op.h") {
        continue;
      }
      const std::set<std::string> words = words_of(text_of_file(entry.path()));
      for (const auto& [name, stem] : file_of) {
        const bool own = file.starts_with("compiler/ops/" + stem + ".") ||
                         file == "compiler/ops/" + stem + "_gradient.cpp";
        EXPECT_TRUE(own || !words.contains(name)) << file << " names " << name;
      }
    }
  }
}

TEST(NumberFunctions, AreOneRowAKind) {
  for (const NumberFunction& function : number_functions()) {
    EXPECT_EQ(&function_of(function.kind), &function) << function.name();
    // What is looked up in int8 is what the vector unit computes on floating types.
    EXPECT_EQ(function.is_looked_up(), function.unit != RealFunction::None) << function.name();
  }
}

}  // namespace
}  // namespace systole
