#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <string>

#include "compiler/frontend/onnx/spell/spelling.h"

namespace systole {

namespace onnx_spelling {

namespace {

// --- layers that carry a state from step to step: a node for each step ---

constexpr std::int64_t kMostSteps = 4096;

/// One of the functions of a cell, with its parameters.
struct CellFunction {
  std::string name;  ///< in small letters
  double alpha = 0;
  double beta = 0;
};

struct FunctionKind {
  std::string_view name;
  std::string_view op;
  double alpha = 0;
  double beta = 0;
  int parameters = 0;
};

constexpr auto kFunctions = std::to_array<FunctionKind>({
    {.name = "elu", .op = "Elu", .alpha = 1, .parameters = 1},
    {.name = "hardsigmoid", .op = "HardSigmoid", .alpha = 0.2, .beta = 0.5, .parameters = 2},
    {.name = "leakyrelu", .op = "LeakyRelu", .alpha = 0.01, .parameters = 1},
    {.name = "relu", .op = "Relu"},
    {.name = "sigmoid", .op = "Sigmoid"},
    {.name = "softplus", .op = "Softplus"},
    {.name = "softsign", .op = "Softsign"},
    {.name = "tanh", .op = "Tanh"},
    {.name = "thresholdedrelu", .op = "ThresholdedRelu", .alpha = 1, .parameters = 1},
});

const FunctionKind* kind_of(const std::string& name) {
  const auto* const found =
      std::find_if(kFunctions.begin(), kFunctions.end(),
                   [&](const FunctionKind& each) { return each.name == name; });
  return found == kFunctions.end() ? nullptr : found;
}

/// The functions of all directions, one behind the other.
std::vector<CellFunction> functions_of(const ImportNode& node,
                                       const std::vector<std::string>& usual,
                                       std::size_t directions) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < directions; ++i) {
    names.insert(names.end(), usual.begin(), usual.end());
  }
  if (const OnnxAttribute* given = node.attribute("activations"); given != nullptr) {
    names = given->texts;
  }
  if (names.size() != usual.size() * directions) {
    contradict("expected {} activations, got {}", usual.size() * directions, names.size());
  }
  const auto numbers = [&](std::string_view key) {
    const OnnxAttribute* given = node.attribute(key);
    return given == nullptr ? std::vector<float>{} : given->numbers;
  };
  const std::vector<float> alphas = numbers("activation_alpha");
  const std::vector<float> betas = numbers("activation_beta");
  std::size_t next_alpha = 0;
  std::size_t next_beta = 0;
  std::vector<CellFunction> functions;
  for (std::string name : names) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    const FunctionKind* kind = kind_of(name);
    if (kind == nullptr) {
      contradict("expected an activation that a cell has, got '{}'", name);
    }
    CellFunction function{.name = name, .alpha = kind->alpha, .beta = kind->beta};
    if (kind->parameters > 0 && next_alpha < alphas.size()) {
      function.alpha = static_cast<double>(alphas[next_alpha++]);
    }
    if (kind->parameters > 1 && next_beta < betas.size()) {
      function.beta = static_cast<double>(betas[next_beta++]);
    }
    functions.push_back(std::move(function));
  }
  return functions;
}

/// One direction of a layer: weights, and what it starts from.
struct Direction {
  ImportValueId input = kNoValue;      ///< times the input's weights: [steps, batch, gates * cells]
  ImportValueId recurrent = kNoValue;  ///< [cells, gates * cells]
  ImportValueId input_bias = kNoValue;      ///< [gates * cells]; kNoValue: none
  ImportValueId recurrent_bias = kNoValue;  ///< the same
  ImportValueId peepholes = kNoValue;       ///< [3 * cells]
  ImportValueId output = kNoValue;          ///< [batch, cells]
  ImportValueId cell = kNoValue;            ///< the same
  std::vector<CellFunction> functions;
};

class RecurrentLayer {
 public:
  RecurrentLayer(Spelling& in, std::int64_t gates, const std::vector<std::string>& functions)
      : in_(in), gates_(gates) {
    const ImportNode& node = in.node();
    const std::string direction = node.text("direction", "forward");
    if (direction != "forward" && direction != "reverse" && direction != "bidirectional") {
      contradict("expected forward, reverse or bidirectional as direction, got '{}'", direction);
    }
    input_ = in.input(0, "an input");
    in.expect_rank(input_, 3, "an input");
    batch_first_ = node.integer("layout", 0) != 0;
    const OnnxShape shape = in.shape(input_);
    steps_ = shape[batch_first_ ? 1 : 0];
    batch_ = shape[batch_first_ ? 0 : 1];
    features_ = shape[2];
    const ImportValueId weights = in.input(1, "weights of the input");
    const ImportValueId recurrent = in.input(2, "weights of the state");
    in.expect_rank(weights, 3, "weights of the input");
    in.expect_rank(recurrent, 3, "weights of the state");
    cells_ = in.size(recurrent, 2);
    directions_ = in.size(weights, 0);
    const bool both = direction == "bidirectional";
    if (directions_ != (both ? 2 : 1) ||
        in.shape(weights) != OnnxShape{directions_, gates * cells_, features_} ||
        in.shape(recurrent) != OnnxShape{directions_, gates * cells_, cells_}) {
      contradict("expected weights of {} directions, {} gates and {} features, got {} and {}",
                 both ? 2 : 1, gates, features_, text_of(in.shape(weights)),
                 text_of(in.shape(recurrent)));
    }
    if (steps_ < 1 || steps_ > kMostSteps) {
      contradict("expected 1..{} steps, got {}", kMostSteps, steps_);
    }
    reversed_ = {direction == "reverse", true};
    functions_ = functions_of(node, functions, static_cast<std::size_t>(directions_));
    check_lengths();
  }

  [[nodiscard]] std::int64_t directions() const { return directions_; }
  [[nodiscard]] std::int64_t steps() const { return steps_; }
  [[nodiscard]] std::int64_t cells() const { return cells_; }

  /// `joins_biases`: those of the state are added to those of the input.
  [[nodiscard]] Direction direction(std::int64_t index, bool joins_biases) {
    Direction of;
    const auto of_direction = [&](std::size_t input, const Integers& shape) {
      return in_.reshaped(in_.part(in_.node().input(input), 0, index, 1), shape);
    };
    const std::int64_t width = gates_ * cells_;
    const ImportValueId weights = in_.transposed(of_direction(1, {width, features_}), {1, 0});
    of.recurrent = in_.transposed(of_direction(2, {width, cells_}), {1, 0});
    if (in_.has(3)) {
      const ImportValueId biases = of_direction(3, {2 * width});
      of.input_bias = in_.part(biases, 0, 0, width);
      of.recurrent_bias = in_.part(biases, 0, width, width);
      if (joins_biases) {
        of.input_bias = in_.sum(of.input_bias, of.recurrent_bias);
        of.recurrent_bias = kNoValue;
      }
    }
    of.input = in_.add("MatMul", {input_, weights});
    if (of.input_bias != kNoValue) {
      of.input = in_.sum(of.input, of.input_bias);
    }
    of.output = initial(5, index);
    if (in_.node().op == "LSTM") {
      of.cell = initial(6, index);
      if (in_.has(7)) {
        of.peepholes = of_direction(7, {3 * cells_});
      }
    }
    const auto first =
        functions_.begin() + index * static_cast<std::ptrdiff_t>(
                                         functions_.size() / static_cast<std::size_t>(directions_));
    of.functions.assign(first,
                        first + static_cast<std::ptrdiff_t>(functions_.size() /
                                                            static_cast<std::size_t>(directions_)));
    return of;
  }

  /// The step of the sequence that is the direction's `number`-th.
  [[nodiscard]] std::int64_t step(std::int64_t direction, std::int64_t number) const {
    return reversed_[static_cast<std::size_t>(direction)] ? steps_ - 1 - number : number;
  }

  /// [batch, gates * cells] of a step of the sequence.
  ImportValueId input_of(const Direction& direction, std::int64_t step) {
    return in_.reshaped(in_.part(direction.input, batch_first_ ? 1 : 0, step, 1),
                        {batch_, gates_ * cells_});
  }

  /// A state times the weights of some gates.
  ImportValueId recurrent_of(const Direction& direction, ImportValueId state, std::int64_t first,
                             std::int64_t count) {
    const ImportValueId made = in_.add(
        "MatMul", {state, in_.part(direction.recurrent, 1, first * cells_, count * cells_)});
    return direction.recurrent_bias == kNoValue
               ? made
               : in_.sum(made,
                         in_.part(direction.recurrent_bias, 0, first * cells_, count * cells_));
  }

  ImportValueId gate(ImportValueId gates, std::int64_t index) {
    return in_.part(gates, 1, index * cells_, cells_);
  }

  ImportValueId function(const Direction& direction, std::size_t index, ImportValueId value) {
    const CellFunction& function = direction.functions[index];
    const float clip = in_.node().number("clip", 0);
    if (clip > 0) {
      value = in_.add("Clip", {value, in_.number(-static_cast<double>(clip)),
                               in_.number(static_cast<double>(clip))});
    }
    const FunctionKind& kind = *kind_of(function.name);
    Attributes attributes;
    if (kind.parameters > 0) {
      attributes.emplace_back("alpha", function.alpha);
    }
    if (kind.parameters > 1) {
      attributes.emplace_back("beta", function.beta);
    }
    return in_.add(kind.op, {value}, attributes);
  }

  /// Peephole number `index`: from a cell to a gate.
  ImportValueId peeped(const Direction& direction, ImportValueId gate, ImportValueId cell,
                       std::int64_t index) {
    return direction.peepholes == kNoValue
               ? gate
               : in_.sum(gate, in_.product(
                                   cell, in_.part(direction.peepholes, 0, index * cells_, cells_)));
  }

  /// `outputs[direction][step of the sequence]`, `last` by direction, `cells` too or empty.
  void give(const std::vector<std::vector<ImportValueId>>& outputs,
            const std::vector<ImportValueId>& last, const std::vector<ImportValueId>& cells) {
    // [batch, directions, cells] of a step, side by side in memory.
    std::vector<ImportValueId> sequence;
    for (std::int64_t step = 0; step < steps_; ++step) {
      std::vector<ImportValueId> both;
      for (const auto& direction : outputs) {
        both.push_back(direction[static_cast<std::size_t>(step)]);
      }
      sequence.push_back(in_.reshaped(in_.joined(both, 1), {batch_, 1, directions_ * cells_}));
    }
    if (in_.wants(0)) {
      const ImportValueId all =
          in_.reshaped(in_.joined(sequence, 1), {batch_, steps_, directions_, cells_});
      in_.give(0, batch_first_ ? all : in_.transposed(all, {1, 2, 0, 3}));
    }
    give_last(1, last);
    give_last(2, cells);
  }

 private:
  void check_lengths() const {
    if (!in_.has(4)) {
      return;
    }
    const auto lengths = in_.constant(in_.node().input(4));
    if (!lengths || lengths->integers() != Integers(static_cast<std::size_t>(batch_), steps_)) {
      contradict("expected sequences of {} steps each, got {}", steps_,
                 lengths ? text_of(lengths->integers()) : "lengths that depend on inputs");
    }
  }

  ImportValueId initial(std::size_t input, std::int64_t direction) {
    if (!in_.has(input)) {
      return kNoValue;
    }
    if (const auto constant = in_.constant(in_.node().input(input))) {
      const std::vector<float> numbers = constant->floats();
      if (std::all_of(numbers.begin(), numbers.end(), [](float number) { return number == 0; })) {
        return kNoValue;
      }
    }
    return in_.reshaped(in_.part(in_.node().input(input), batch_first_ ? 1 : 0, direction, 1),
                        {batch_, cells_});
  }

  void give_last(std::size_t output, const std::vector<ImportValueId>& states) {
    if (!in_.wants(output) || states.empty()) {
      return;
    }
    const ImportValueId all = in_.reshaped(in_.joined(states, 1), {batch_, directions_, cells_});
    in_.give(output, batch_first_ ? all : in_.transposed(all, {1, 0, 2}));
  }

  Spelling& in_;
  std::int64_t gates_;
  ImportValueId input_ = kNoValue;
  bool batch_first_ = false;
  std::int64_t steps_ = 0;
  std::int64_t batch_ = 0;
  std::int64_t features_ = 0;
  std::int64_t cells_ = 0;
  std::int64_t directions_ = 1;
  std::array<bool, 2> reversed_{};
  std::vector<CellFunction> functions_;
};

/// A sum of which either part may be missing.
ImportValueId plus(Spelling& in, ImportValueId a, ImportValueId b) {
  return b == kNoValue ? a : in.sum(a, b);
}

void spell_lstm(Spelling& in) {
  RecurrentLayer layer(in, 4, {"Sigmoid", "Tanh", "Tanh"});
  const bool couples = in.node().integer("input_forget", 0) != 0;
  std::vector<std::vector<ImportValueId>> outputs;
  std::vector<ImportValueId> last;
  std::vector<ImportValueId> cells;
  for (std::int64_t d = 0; d < layer.directions(); ++d) {
    const Direction of = layer.direction(d, true);
    ImportValueId output = of.output;
    ImportValueId cell = of.cell;
    auto& sequence = outputs.emplace_back(static_cast<std::size_t>(layer.steps()), kNoValue);
    for (std::int64_t number = 0; number < layer.steps(); ++number) {
      const std::int64_t step = layer.step(d, number);
      ImportValueId gates = layer.input_of(of, step);  // input, output, forget, cell
      if (output != kNoValue) {
        gates = in.sum(gates, layer.recurrent_of(of, output, 0, 4));
      }
      const auto gate = [&](std::int64_t index, ImportValueId peeped_at, std::int64_t peephole) {
        const ImportValueId value = layer.gate(gates, index);
        return layer.function(
            of, 0, peeped_at == kNoValue ? value : layer.peeped(of, value, peeped_at, peephole));
      };
      const ImportValueId input = gate(0, cell, 0);
      const ImportValueId fresh = in.product(input, layer.function(of, 1, layer.gate(gates, 3)));
      if (cell != kNoValue) {
        const ImportValueId forget =
            couples ? in.add("Sub", {in.number(1), input}) : gate(2, cell, 2);
        cell = in.sum(in.product(forget, cell), fresh);
      } else {
        cell = fresh;
      }
      output = in.product(gate(1, cell, 1), layer.function(of, 2, cell));
      sequence[static_cast<std::size_t>(step)] = output;
    }
    last.push_back(output);
    cells.push_back(cell);
  }
  layer.give(outputs, last, cells);
}

void spell_gru(Spelling& in) {
  RecurrentLayer layer(in, 3, {"Sigmoid", "Tanh"});
  const bool resets_behind = in.node().integer("linear_before_reset", 0) != 0;
  std::vector<std::vector<ImportValueId>> outputs;
  std::vector<ImportValueId> last;
  for (std::int64_t d = 0; d < layer.directions(); ++d) {
    const Direction of = layer.direction(d, !resets_behind);
    ImportValueId output = of.output;
    auto& sequence = outputs.emplace_back(static_cast<std::size_t>(layer.steps()), kNoValue);
    for (std::int64_t number = 0; number < layer.steps(); ++number) {
      const std::int64_t step = layer.step(d, number);
      const ImportValueId gates = layer.input_of(of, step);  // update, reset, new
      const bool starts = number == 0 && of.output == kNoValue;
      const auto biases = [&](std::int64_t first, std::int64_t count) {
        return of.recurrent_bias == kNoValue
                   ? kNoValue
                   : in.part(of.recurrent_bias, 0, first * layer.cells(), count * layer.cells());
      };
      const auto recurrent = [&](std::int64_t first, std::int64_t count, ImportValueId state) {
        return starts ? biases(first, count) : layer.recurrent_of(of, state, first, count);
      };
      const std::int64_t at_once = resets_behind ? 3 : 2;
      const ImportValueId state = recurrent(0, at_once, output);
      const auto gate = [&](std::int64_t index) {
        const ImportValueId own = layer.gate(gates, index);
        if (state == kNoValue) {
          return own;
        }
        const bool is_row = in.shape(state).size() == 1;
        return in.sum(own, is_row ? in.part(state, 0, index * layer.cells(), layer.cells())
                                  : layer.gate(state, index));
      };
      const ImportValueId update = layer.function(of, 0, gate(0));
      const ImportValueId reset = layer.function(of, 0, gate(1));
      ImportValueId fresh = layer.gate(gates, 2);
      if (resets_behind && state != kNoValue) {
        const bool is_row = in.shape(state).size() == 1;
        fresh = in.sum(
            fresh, in.product(reset, is_row ? in.part(state, 0, 2 * layer.cells(), layer.cells())
                                            : layer.gate(state, 2)));
      } else if (!resets_behind) {
        fresh = plus(in, fresh, recurrent(2, 1, starts ? output : in.product(reset, output)));
      }
      fresh = layer.function(of, 1, fresh);
      // (1 - update) fresh + update output = fresh + update (output - fresh)
      output = starts ? in.add("Sub", {fresh, in.product(update, fresh)})
                      : in.sum(fresh, in.product(update, in.add("Sub", {output, fresh})));
      sequence[static_cast<std::size_t>(step)] = output;
    }
    last.push_back(output);
  }
  layer.give(outputs, last, {});
}

void spell_rnn(Spelling& in) {
  RecurrentLayer layer(in, 1, {"Tanh"});
  std::vector<std::vector<ImportValueId>> outputs;
  std::vector<ImportValueId> last;
  for (std::int64_t d = 0; d < layer.directions(); ++d) {
    const Direction of = layer.direction(d, true);
    ImportValueId output = of.output;
    auto& sequence = outputs.emplace_back(static_cast<std::size_t>(layer.steps()), kNoValue);
    for (std::int64_t number = 0; number < layer.steps(); ++number) {
      const std::int64_t step = layer.step(d, number);
      ImportValueId sum = layer.input_of(of, step);
      if (output != kNoValue) {
        sum = in.sum(sum, layer.recurrent_of(of, output, 0, 1));
      }
      output = layer.function(of, 0, sum);
      sequence[static_cast<std::size_t>(step)] = output;
    }
    last.push_back(output);
  }
  layer.give(outputs, last, {});
}

constexpr auto kRecurrentRules = std::to_array<SpellRule>({
    {"GRU", spell_gru},
    {"LSTM", spell_lstm},
    {"RNN", spell_rnn},
});

}  // namespace

std::span<const SpellRule> recurrent_spellings() {
  return kRecurrentRules;
}

}  // namespace onnx_spelling

}  // namespace systole
