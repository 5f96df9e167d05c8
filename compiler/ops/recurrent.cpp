#include "compiler/ops/recurrent.h"

#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/ops/composer.h"
#include "compiler/ops/make.h"

namespace systole {

namespace {

constexpr std::int64_t kMostSteps = 1024;
/// Outputs are within 1; cells within 4 of most networks.
constexpr PartialQuantization kOutput{.scale = 1.0 / 128, .zero_point = 0};
constexpr PartialQuantization kCells{.scale = 4.0 / 128, .zero_point = 0};

class CellLayer {
 public:
  CellLayer(const RunCells& run, Composer& to)
      : run_(run), to_(to), input_(to.inputs().front()), extents_(to.extents(input_)) {
    check();
    batch_ = extents_.front();
    steps_ = extents_.size() == kSequenceAxes ? extents_[1] : 1;
    if (to.inputs().size() > 1) {
      output_ = given(1, "last", kOutput);
    }
    if (to.inputs().size() > 2) {
      cells_ = given(2, "cells", kCells);
    }
  }

  GraphTensorId make() {
    std::vector<GraphTensorId> outputs(static_cast<std::size_t>(steps_), -1);
    for (std::int64_t number = 0; number < steps_; ++number) {
      step_ = run_.reverse ? steps_ - 1 - number : number;
      // What the layer gives has its name.
      is_named_ = number + 1 == steps_ && !run_.state && (run_.last || steps_ == 1);
      output_ = run_.is_gru ? gru() : lstm();
      outputs[static_cast<std::size_t>(step_)] = *output_;
    }
    if (run_.state) {
      return to_.add_named(joined_along(1), {*output_, *cells_}, kCells);
    }
    return run_.last ? *output_ : sequence(outputs);
  }

 private:
  static constexpr std::size_t kSequenceAxes = 3;

  void check() const {
    const OpPlace& where = to_.where();
    const std::size_t most = run_.is_gru ? 2 : 3;
    const std::size_t count = to_.inputs().size();
    if (count != 1 && count != most) {
      where.fail(
          "inputs",
          fmt::format("expected an input alone or with {}, got {} inputs",
                      run_.is_gru ? "the last output" : "the last output and the cells", count));
    }
    if (extents_.size() != kSequenceAxes && extents_.size() != 2) {
      where.fail(
          fmt::format("expected an input of steps and features, or of features alone, got "
                      "{} axes behind the batch",
                      extents_.size() - 1));
    }
    const std::int64_t steps = extents_.size() == kSequenceAxes ? extents_[1] : 1;
    if (steps > kMostSteps) {
      where.fail(fmt::format("expected at most {} steps, got {}", kMostSteps, steps));
    }
    for (std::size_t i = 1; i < count; ++i) {
      const Extents& extents = to_.extents(to_.inputs()[i]);
      if (extents != Extents{extents_.front(), run_.cells}) {
        where.fail("inputs", fmt::format("expected {} x {} as input {}, got {}", extents_.front(),
                                         run_.cells, i + 1, fmt::join(extents, " x ")));
      }
    }
  }

  /// In the quantisation that the layer's own have.
  GraphTensorId given(std::size_t index, std::string_view what,
                      const PartialQuantization& quantization) {
    const GraphTensorId input = to_.inputs()[index];
    const Quantization own = to_.tensor(input).quantization;
    return own == quantization.over(own) ? input
                                         : to_.add(what, formula_of("a"), {input}, quantization);
  }

  [[nodiscard]] PartialQuantization before(ActivationKind function) const {
    const Quantization usual = to_.defaults().before[static_cast<std::size_t>(function)];
    return {.scale = usual.scale, .zero_point = usual.zero_point};
  }

  /// Weights of a gate: for the input of all steps, and for the last output.
  struct Gate {
    std::string_view name;
    ActivationKind function = ActivationKind::Sigmoid;
    std::optional<GraphTensorId> input = std::nullopt;  ///< of all steps
    std::optional<GraphTensorId> first = std::nullopt;  ///< the first step's product
  };

  [[nodiscard]] std::string of_step(std::string_view what) const {
    return fmt::format("step{}.{}", step_, what);
  }

  /// The step's part of what the input makes of a gate.
  GraphTensorId from_input(Gate& gate) {
    if (!gate.input) {
      gate.input =
          to_.add(gate.name, dense_with_biases(run_.cells), {input_}, before(gate.function));
    }
    const std::string name = of_step(gate.name);
    const GraphTensorId part =
        steps_ == 1 ? *gate.input : to_.add(name, part_of(1, step_, 1), {*gate.input});
    return to_.view(name + ".row", part, {batch_, run_.cells});
  }

  GraphTensorId from_last(Gate& gate) {
    const std::string own = fmt::format("{}_last", gate.name);
    if (!gate.first) {
      gate.first = to_.add(own, dense_of(run_.cells), {*output_}, before(gate.function));
      return *gate.first;
    }
    return to_.add_like(*gate.first, of_step(own), dense_of(run_.cells), {*output_},
                        before(gate.function));
  }

  /// Before the gate's function.
  GraphTensorId sum(Gate& gate) {
    const GraphTensorId part = from_input(gate);
    return output_ ? to_.add(of_step(fmt::format("{}_sum", gate.name)), sum_of_tensors(),
                             {from_last(gate), part}, before(gate.function))
                   : part;
  }

  GraphTensorId output(std::string of, const std::vector<GraphTensorId>& inputs) {
    return is_named_ ? to_.add_named(formula_of(std::move(of)), inputs, kOutput)
                     : to_.add(of_step("output"), formula_of(std::move(of)), inputs, kOutput);
  }

  GraphTensorId lstm() {
    const GraphTensorId in = sum(in_);
    const GraphTensorId fresh = sum(new_);
    cells_ =
        cells_ ? to_.add(of_step("cells"), formula_of("sigmoid(a) * b + sigmoid(c) * tanh(d)"),
                         {sum(forget_), *cells_, in, fresh}, kCells)
               : to_.add(of_step("cells"), formula_of("sigmoid(a) * tanh(b)"), {in, fresh}, kCells);
    return output("sigmoid(a) * tanh(b)", {sum(out_), *cells_});
  }

  GraphTensorId gru() {
    const GraphTensorId update = sum(update_);
    const GraphTensorId reset = sum(reset_);
    const GraphTensorId fresh = from_input(new_);
    if (!bias_) {
      bias_ = to_.add("bias", formula_with({.of = "a * 0 + p", .middles = {0}}), {fresh},
                      before(ActivationKind::Tanh));
    }
    const GraphTensorId made =
        output_ ? to_.add(of_step("candidate"), formula_of("tanh(a + sigmoid(b) * (c + d))"),
                          {fresh, reset, from_last(new_), *bias_}, kOutput)
                : to_.add(of_step("candidate"), formula_of("tanh(a + sigmoid(b) * c)"),
                          {fresh, reset, *bias_}, kOutput);
    return output_ ? output("c + sigmoid(a) * (b - c)", {update, *output_, made})
                   : output("b - sigmoid(a) * b", {update, made});
  }

  GraphTensorId sequence(const std::vector<GraphTensorId>& outputs) {
    if (steps_ == 1) {
      Extents one = extents_;
      one.back() = run_.cells;
      return to_.view("steps", outputs.front(), one);
    }
    std::vector<GraphTensorId> rows;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      rows.push_back(to_.view(fmt::format("step{}.steps", i), outputs[i], {batch_, 1, run_.cells}));
    }
    return to_.add_named(joined_along(1), rows, kOutput);
  }

  const RunCells& run_;
  Composer& to_;
  GraphTensorId input_;
  Extents extents_;
  std::int64_t batch_ = 1;
  std::int64_t steps_ = 1;
  std::int64_t step_ = 0;
  bool is_named_ = false;
  std::optional<GraphTensorId> output_;  ///< of the step before; none: zeros
  std::optional<GraphTensorId> cells_;   ///< the same
  std::optional<GraphTensorId> bias_;    ///< of a GRU: beside the product that is reset
  Gate in_{.name = "in"};
  Gate forget_{.name = "forget"};
  Gate out_{.name = "out"};
  Gate update_{.name = "update"};
  Gate reset_{.name = "reset"};
  Gate new_{.name = "new", .function = ActivationKind::Tanh};
};

OpEntry entry(std::string_view name, bool is_gru) {
  RunCells prototype;
  prototype.is_gru = is_gru;
  std::vector<Attribute> attributes{
      {"cells", Attribute::Integer{.at = kAt<&RunCells::cells>, .most = kMaxReduction},
       "of the layer", Attribute::Presence::Required},
      {"reverse", Attribute::Flag{kAt<&RunCells::reverse>}, "from the last step to the first"},
      {"last", Attribute::Flag{kAt<&RunCells::last>},
       "the output of the step that is done last alone"}};
  if (!is_gru) {
    attributes.push_back({"state", Attribute::Flag{kAt<&RunCells::state>},
                          "the output of that step and its cells, side by side"});
  }
  attributes.push_back(output_attribute());
  return {.name = name,
          .onnx = "",
          .prototype = prototype,
          .inputs = InputCount::AtLeastOne,
          .attributes = std::move(attributes)};
}

}  // namespace

std::vector<OpEntry> RunCells::entries() {
  return {entry("lstm", false), entry("gru", true)};
}

void RunCells::complete(const OpPlace& written) const {
  if (last && state) {
    written.fail("state", "expected either last or state, got both");
  }
}

GraphTensorId RunCells::compose(Composer& composer) const {
  return CellLayer(*this, composer).make();
}

}  // namespace systole
