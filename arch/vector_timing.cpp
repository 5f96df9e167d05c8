#include "arch/vector_timing.h"

#include <algorithm>
#include <vector>

#include "arch/isa/program_operands.h"

namespace systole {

namespace {

/// What the stages of a pass ask of the vector unit for a row, in slots.
struct Slots {
  std::int64_t elementwise = 0;
  std::int64_t reduction = 0;
  std::int64_t transcendental = 0;
  std::int64_t activation = 0;
  std::int64_t pooling = 0;
  std::int64_t most = 0;  ///< of one stage
};

/// Adds a stage to its pass; `slots` are its own.
struct SlotRule {
  Slots& pass;
  std::int64_t slots;

  /// Moving elements across lanes is worth an operation.
  void operator()(const LoadStage& load) const { pass.elementwise += load.swapped ? slots : 0; }
  void operator()(const SumsStage& /*sums*/) const { pass.activation += slots; }
  void operator()(const WindowStage& /*window*/) const { pass.pooling += slots; }
  void operator()(const NumberStage& /*number*/) const {}
  void operator()(const PairStage& /*pair*/) const { pass.elementwise += slots; }
  void operator()(const FunctionStage& function) const {
    if (function.function != RealFunction::None) {
      pass.transcendental += slots;
    }
  }
  void operator()(const ReduceStage& /*reduce*/) const { pass.reduction += slots; }
  void operator()(const MaskStage& /*mask*/) const { pass.elementwise += slots; }
  /// A constant scale is a part of what makes the number.
  void operator()(const ScaleStage& scale) const {
    pass.elementwise += scale.divisor == kNoStage ? 0 : slots;
  }
  void operator()(const ColumnScaleStage& /*scale*/) const {}
  void operator()(const ClampStage& /*clamp*/) const {}
  void operator()(const LookupStage& /*lookup*/) const {}
  void operator()(const RoundStage& /*round*/) const {}
};

class VectorRule {
 public:
  VectorRule(const VectorUnitSpec& spec, Bytes port_width, const RowLoop& loop)
      : spec_(spec), width_(port_width), loop_(loop), passes_(passes_of(loop.stages())) {}

  [[nodiscard]] VectorTiming timing() const {
    const std::int64_t cols = result_cols(loop_);
    VectorTiming timing{
        .compute = spec_.latency + CoreCycles(row_cycles()) * loop_.rows,
        .writes = loop_.rows * accesses(bytes_of(loop_.body->to.type, cols)),
        .accumulator_reads = sums_of(*loop_.body) ? loop_.rows : 0,
        .elements = loop_.rows * cols * (1 + residuals()),
    };
    add_reads(timing);
    return timing;
  }

 private:
  [[nodiscard]] std::int64_t slots_of(const Stage& stage, bool is_single) const {
    const std::int64_t steps = ceil_div(loop_.cols, spec_.lanes);
    if (const auto* walk = std::get_if<WindowStage>(&stage)) {
      return steps * walk->window.kernel_rows * walk->window.kernel_cols;
    }
    return is_single && !std::holds_alternative<ReduceStage>(stage) ? 1 : steps;
  }

  /// Rows that are added to sums on their way: each is worth an element-wise loop of its own.
  [[nodiscard]] std::int64_t residuals() const {
    if (!sums_of(*loop_.body)) {
      return 0;
    }
    const std::vector<Stage>& stages = loop_.stages();
    return std::count_if(stages.begin(), stages.end(), [](const Stage& stage) {
      return std::holds_alternative<LoadStage>(stage);
    });
  }

  [[nodiscard]] std::int64_t row_cycles() const {
    const std::vector<Stage>& stages = loop_.stages();
    const std::vector<bool> singles = singles_of(stages);
    std::vector<Slots> passes(passes_.empty() ? 0 : static_cast<std::size_t>(passes_.back()) + 1);
    for (std::size_t i = 0; i < stages.size(); ++i) {
      const std::int64_t own = slots_of(stages[i], singles[i]);
      Slots& pass = passes[static_cast<std::size_t>(passes_[i])];
      std::visit(SlotRule{pass, own}, stages[i]);
      pass.most = std::max(pass.most, own);
    }
    std::int64_t cycles = 0;
    for (const Slots& pass : passes) {
      cycles += pass_cycles(pass);
    }
    return cycles;
  }

  [[nodiscard]] std::int64_t pass_cycles(const Slots& pass) const {
    switch (loop_.body->cost) {
      case LoopClass::Stages:
        return std::max({ceil_div(pass.elementwise, spec_.alus) * pace(VectorClass::Elementwise),
                         pass.reduction * pace(VectorClass::Reduction),
                         pass.transcendental * pace(VectorClass::Transcendental),
                         pass.activation * pace(VectorClass::Activation),
                         pass.pooling * pace(VectorClass::Pooling), pass.most});
      case LoopClass::Activation:
        return pass.most * pace(VectorClass::Activation);
      case LoopClass::Elementwise:
        return pass.most * pace(VectorClass::Elementwise);
      case LoopClass::Pooling:
        return pass.most * pace(VectorClass::Pooling);
      case LoopClass::Softmax:
        return pass.most * pace(VectorClass::Softmax);
    }
    return 0;
  }

  void add_reads(VectorTiming& timing) const {
    std::vector<std::int32_t> parameters;  // read once, however many stages take them
    std::int32_t last_pass = -1;           // that has had its first operand
    for (std::size_t i = 0; i < loop_.stages().size(); ++i) {
      const Stage& stage = loop_.stages()[i];
      const StageRead read = read_of(stage, loop_);
      switch (read.what) {
        case StageRead::What::Nothing:
          break;
        case StageRead::What::Parameter:
          if (std::find(parameters.begin(), parameters.end(), read.operand) == parameters.end()) {
            parameters.push_back(read.operand);
            timing.first_reads += accesses(read.row_bytes);
          }
          break;
        case StageRead::What::Window:
          last_pass = passes_[i];
          timing.first_reads += window_accesses(std::get<WindowStage>(stage));
          break;
        case StageRead::What::Rows:
          if (read.pitch == 0) {
            timing.first_reads += accesses(read.row_bytes);
          } else if (passes_[i] > last_pass) {
            last_pass = passes_[i];
            timing.first_reads += read.rows * accesses(read.row_bytes);
          } else {
            timing.second_reads += read.rows * accesses(read.row_bytes);
          }
          break;
      }
    }
  }

  [[nodiscard]] std::int64_t window_accesses(const WindowStage& walk) const {
    return loop_.rows * walk.window.kernel_rows * walk.window.kernel_cols *
           accesses(bytes_of(walk.type, walk.window.channels));
  }

  [[nodiscard]] std::int64_t pace(VectorClass kind) const { return spec_.pace_of(kind).count(); }
  [[nodiscard]] std::int64_t accesses(std::int64_t bytes) const {
    return ceil_div(bytes, width_.count());
  }

  const VectorUnitSpec& spec_;
  Bytes width_;
  const RowLoop& loop_;
  std::vector<std::int32_t> passes_;
};

}  // namespace

VectorOperands operands_of(const RowLoop& loop) {
  const std::vector<std::int32_t> passes = passes_of(loop.stages());
  VectorOperands operands{.has_sums = sums_of(*loop.body).has_value()};
  std::int32_t parameter = -1;
  std::int32_t last_pass = -1;
  const auto take_first = [](std::int32_t& operand, std::int32_t candidate) {
    operand = operand < 0 ? candidate : operand;
  };
  for (std::size_t i = 0; i < loop.stages().size(); ++i) {
    const StageRead read = read_of(loop.stages()[i], loop);
    switch (read.what) {
      case StageRead::What::Nothing:
        break;
      case StageRead::What::Parameter:
        take_first(parameter, read.operand);
        break;
      case StageRead::What::Rows:
      case StageRead::What::Window: {
        take_first(operands.first, read.operand);
        const bool is_shared = read.what == StageRead::What::Rows && read.pitch == 0;
        if (!is_shared && passes[i] == last_pass) {
          take_first(operands.second, read.operand);
        }
        last_pass = is_shared ? last_pass : passes[i];
        break;
      }
    }
  }
  operands.first = parameter < 0 ? operands.first : parameter;
  return operands;
}

VectorSources sources_of(const RowLoop& loop, const VectorOperands& operands) {
  const auto address = [&](std::int32_t operand) {
    return operand < 0 ? 0 : loop.operand(operand).address;
  };
  return {.first = address(operands.first),
          .second = address(operands.second),
          .accumulator = operands.has_sums ? loop.accumulator : 0};
}

VectorSources sources_of(const RowLoop& loop) {
  return sources_of(loop, operands_of(loop));
}

VectorTiming vector_timing(const VectorUnitSpec& spec, Bytes port_width, const RowLoop& loop) {
  return VectorRule(spec, port_width, loop).timing();
}

}  // namespace systole
