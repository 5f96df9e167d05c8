#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/frontend/onnx/passes/passes.h"
#include "compiler/frontend/onnx/passes/pattern.h"
#include "compiler/frontend/onnx/rotary_table.h"

namespace systole {

namespace {

/// x whose last axis turns with another one, that of the tokens.
struct Turned {
  ImportValueId x = kNoValue;
  std::size_t tokens = 0;  ///< axis 1 or 2 of four
  RotaryTable table;
};

class RotaryRecogniser {
 public:
  explicit RotaryRecogniser(const ImportGraph& graph) : pattern_(graph) {}

  /// x * cosines + (-second half of x, first half of x) * sines, in any order.
  [[nodiscard]] std::optional<Turned> turned(const ImportNode& node) const {
    if (!node.is("Add") || node.outputs.empty()) {
      return std::nullopt;
    }
    for (const std::size_t side : kSides) {
      const ImportNode* straight = pattern_.maker(node.input(side), "Mul");
      const ImportNode* across = pattern_.maker(node.input(1 - side), "Mul");
      if (straight == nullptr || across == nullptr) {
        continue;
      }
      for (const std::size_t cosines : kSides) {
        for (const std::size_t sines : kSides) {
          const ImportValueId x = straight->input(1 - cosines);
          if (is_half_turn(across->input(1 - sines), x)) {
            if (auto found = table_of(x, straight->input(cosines), across->input(sines))) {
              return found;
            }
          }
        }
      }
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] const ImportGraph& graph() const { return pattern_.graph(); }

  [[nodiscard]] bool is_half_turn(ImportValueId value, ImportValueId x) const {
    const ImportNode* joined = pattern_.maker(value, "Concat");
    const auto& shape = graph().value(x).shape;
    if (joined == nullptr || joined->inputs.size() != 2 || !shape || shape->size() != 4 ||
        shape->back() % 2 != 0 || graph().value(value).shape != shape) {
      return false;
    }
    const std::int64_t axis = joined->integer("axis", 0);
    const ImportNode* negative = pattern_.maker(joined->input(0), "Neg");
    return (axis == -1 || axis == 3) && negative != nullptr &&
           is_half(negative->input(0), x, shape->back() / 2) && is_half(joined->input(1), x, 0);
  }

  /// Whether `value` is the half of the last axis of x that begins there.
  [[nodiscard]] bool is_half(ImportValueId value, ImportValueId x, std::int64_t first) const {
    const ImportNode* slice = pattern_.maker(value, "Slice");
    if (slice == nullptr || slice->input(0) != x) {
      return false;
    }
    OnnxShape wanted = *graph().value(x).shape;
    wanted.back() /= 2;
    const auto firsts = slice->integers("first");
    const auto steps = slice->integers("by");
    return graph().value(value).shape == wanted && firsts && steps &&
           *firsts == std::vector<std::int64_t>{0, 0, 0, first} &&
           *steps == std::vector<std::int64_t>{1, 1, 1, 1};
  }

  /// Both constants have a number for each token and feature, twice those of half of them.
  [[nodiscard]] std::optional<Turned> table_of(ImportValueId x, ImportValueId cosines,
                                               ImportValueId sines) const {
    const OnnxConstant* cosine = graph().constant(cosines);
    const OnnxConstant* sine = graph().constant(sines);
    const OnnxShape shape = *graph().value(x).shape;
    if (cosine == nullptr || sine == nullptr || cosine->shape() != sine->shape()) {
      return std::nullopt;
    }
    for (const std::size_t tokens : {std::size_t{2}, std::size_t{1}}) {
      OnnxShape wanted(4, 1);
      wanted[tokens] = shape[tokens];
      wanted[3] = shape[3];
      OnnxShape own = cosine->shape();
      own.insert(own.begin(), 4 - std::min<std::size_t>(own.size(), 4), 1);
      if (own != wanted) {
        continue;
      }
      const auto first = halves(*cosine, shape[tokens], shape[3]);
      const auto second = halves(*sine, shape[tokens], shape[3]);
      const auto table = first && second ? rotary_table_of(*first, *second) : std::nullopt;
      if (table) {
        return Turned{.x = x, .tokens = tokens, .table = *table};
      }
    }
    return std::nullopt;
  }

  /// The first half of each row, if the second one is the same.
  [[nodiscard]] static std::optional<OnnxConstant> halves(const OnnxConstant& from,
                                                          std::int64_t rows, std::int64_t cols) {
    const std::vector<float> numbers = from.floats();
    std::vector<float> first;
    for (std::int64_t row = 0; row < rows; ++row) {
      for (std::int64_t col = 0; col < cols / 2; ++col) {
        const auto at = static_cast<std::size_t>(row * cols + col);
        if (numbers[at] != numbers[at + static_cast<std::size_t>(cols / 2)]) {
          return std::nullopt;
        }
        first.push_back(numbers[at]);
      }
    }
    return OnnxConstant::of_floats({rows, cols / 2}, first);
  }

  Pattern pattern_;
};

/// The nodes that a rotation becomes.
class RotaryWriter {
 public:
  RotaryWriter(ImportGraph& graph, std::vector<ImportNode>& nodes) : graph_(graph), nodes_(nodes) {}

  void write(const ImportNode& add, const Turned& turned) {
    const OnnxShape shape = *graph_.value(turned.x).shape;
    const std::int64_t heads = shape[3 - turned.tokens];
    const bool heads_first = turned.tokens == 2;
    OnnxShape by_token = shape;
    std::swap(by_token[1], by_token[heads_first ? 2 : 1]);
    const OnnxShape rows{by_token[0], by_token[1], by_token[2] * by_token[3]};
    ImportValueId value = turned.x;
    const std::vector<std::int64_t> exchange{0, 2, 1, 3};
    if (heads_first) {
      value = node(add, "Transpose", value, by_token);
      nodes_.back().set("perm", exchange);
    }
    value = node(add, "Reshape", value, rows);
    value = node(add, "Rotary", value, rows);
    nodes_.back().domain = "systole";
    nodes_.back().set("heads", heads);
    nodes_.back().set("base", static_cast<float>(turned.table.base));
    nodes_.back().set("first", turned.table.first);
    value = node(add, "Reshape", value, by_token);
    if (heads_first) {
      value = node(add, "Transpose", value, shape);
      nodes_.back().set("perm", exchange);
    }
    nodes_.back().outputs = add.outputs;
  }

 private:
  ImportValueId node(const ImportNode& add, const std::string& op, ImportValueId input,
                     const OnnxShape& shape) {
    const std::string name = add.name + "." + op;
    const OnnxType type = graph_.value(input).type;
    const ImportValueId made = graph_.add_value({.name = name, .type = type, .shape = shape});
    nodes_.push_back({.name = name,
                      .op = op,
                      .domain = {},
                      .inputs = {input},
                      .outputs = {made},
                      .attributes = {}});
    return made;
  }

  ImportGraph& graph_;
  std::vector<ImportNode>& nodes_;
};

}  // namespace

std::int64_t recognise_rotary(ImportGraph& graph) {
  std::vector<std::pair<std::size_t, Turned>> found;
  {
    const RotaryRecogniser recogniser(graph);
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
      if (auto turned = recogniser.turned(graph.nodes[i])) {
        found.emplace_back(i, *turned);
      }
    }
  }
  if (found.empty()) {
    return 0;
  }
  std::vector<ImportNode> nodes;
  auto next = found.begin();
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (next != found.end() && next->first == i) {
      RotaryWriter(graph, nodes).write(graph.nodes[i], next->second);
      ++next;
    } else {
      nodes.push_back(std::move(graph.nodes[i]));
    }
  }
  graph.nodes = std::move(nodes);
  remove_unused(graph);
  return static_cast<std::int64_t>(found.size());
}

}  // namespace systole
