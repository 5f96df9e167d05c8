#include "sim/vector/vector_timing.h"

#include <algorithm>
#include <vector>

#include "arch/diag/check.h"

namespace systole {

namespace {

constexpr std::int64_t kSoftmaxPasses = 3;

class VectorRule {
 public:
  VectorRule(const VectorUnitSpec& spec, Bytes port_width) : spec_(spec), width_(port_width) {}

  VectorTiming operator()(const Requantize& requantize) const {
    const std::int64_t rows = requantize.rows;
    const std::int64_t bias_bytes = requantize.cols * bytes_of(DataType::Int32);
    return {.compute = compute(VectorClass::Activation, rows * steps(requantize.cols)),
            .first_reads = accesses(bias_bytes) + lookup_accesses(requantize.lookup),
            .writes = rows * row_accesses(requantize.cols, requantize.to.type),
            .accumulator_reads = rows,
            .elements = rows * requantize.cols};
  }
  VectorTiming operator()(const Rescale& rescale) const {
    const std::int64_t all_rows = rescale.rows * row_accesses(rescale.cols, rescale.to.type);
    return {.compute = compute(VectorClass::Elementwise, rescale.rows * steps(rescale.cols)),
            .first_reads = lookup_accesses(rescale.lookup) + all_rows,
            .writes = all_rows,
            .elements = rescale.rows * rescale.cols};
  }
  VectorTiming operator()(const Add& add) const {
    const std::int64_t all_rows = add.rows * row_accesses(add.cols, add.to.type);
    return {.compute = compute(VectorClass::Elementwise, add.rows * steps(add.cols)),
            .first_reads = all_rows,
            .second_reads = all_rows,
            .writes = all_rows,
            .elements = add.rows * add.cols};
  }
  VectorTiming operator()(const Pool& pool) const {
    const std::int64_t kernel = pool.window.kernel_rows * pool.window.kernel_cols;
    const std::int64_t channels = pool.window.channels;
    return {.compute = compute(VectorClass::Pooling, pool.count * steps(channels) * kernel),
            .first_reads = pool.count * kernel * row_accesses(channels, pool.to.type),
            .writes = pool.count * row_accesses(channels, pool.to.type),
            .elements = pool.count * channels};
  }
  VectorTiming operator()(const Softmax& softmax) const {
    const std::int64_t all_rows = softmax.rows * row_accesses(softmax.cols, softmax.to.type);
    const std::int64_t table = is_float(softmax.to.type) ? 0 : accesses(kSoftmaxTableBytes);
    const std::int64_t row_steps = softmax.rows * steps(softmax.cols);
    return {.compute = compute(VectorClass::Softmax, row_steps * kSoftmaxPasses),
            .first_reads = table + all_rows * kSoftmaxPasses,
            .writes = all_rows,
            .elements = softmax.rows * softmax.cols};
  }
  VectorTiming operator()(const Convert& convert) const {
    return {.compute = compute(VectorClass::Activation, convert.rows * steps(convert.cols)),
            .first_reads = accesses(convert.cols * bytes_of(DataType::Fp32)),
            .writes = convert.rows * row_accesses(convert.cols, convert.to.type),
            .accumulator_reads = convert.rows,
            .elements = convert.rows * convert.cols};
  }
  VectorTiming operator()(const RowLoop& loop) const {
    VectorTiming timing{
        .compute = spec_.latency + CoreCycles(row_cycles(loop)) * loop.rows,
        .writes = loop.rows * row_accesses(result_cols(loop), loop.to.type),
        .elements = loop.rows * result_cols(loop),
    };
    add_reads(loop, timing);
    return timing;
  }
  VectorTiming operator()(const Transfer& /*transfer*/) const { not_here(); }
  VectorTiming operator()(const LoadTile& /*load*/) const { not_here(); }
  VectorTiming operator()(const Fold& /*fold*/) const { not_here(); }

 private:
  [[noreturn]] static void not_here() {
    SYSTOLE_CHECK(false, "not an operation of the vector unit");
  }

  /// What the stages of a pass ask of the vector unit for a row.
  struct Slots {
    std::int64_t elementwise = 0;
    std::int64_t reduction = 0;
    std::int64_t transcendental = 0;
    std::int64_t least = 0;
  };

  /// Adds a stage; `slots` are its own.
  struct SlotRule {
    Slots& pass;
    std::int64_t slots;

    void operator()(const LoadStage& /*load*/) const {}
    void operator()(const NumberStage& /*number*/) const {}
    void operator()(const PairStage& /*pair*/) const { pass.elementwise += slots; }
    void operator()(const MaskStage& /*mask*/) const { pass.elementwise += slots; }
    void operator()(const ReduceStage& /*reduce*/) const { pass.reduction += slots; }
    void operator()(const FunctionStage& function) const {
      if (function.function != RealFunction::None) {
        pass.transcendental += slots;
      }
    }
  };

  [[nodiscard]] std::int64_t row_cycles(const RowLoop& loop) const {
    const std::vector<std::int32_t> passes = passes_of(loop.stages);
    const std::vector<bool> singles = singles_of(loop.stages);
    std::vector<Slots> slots(passes.empty() ? 0 : static_cast<std::size_t>(passes.back()) + 1);
    for (std::size_t i = 0; i < loop.stages.size(); ++i) {
      const bool reduces = std::holds_alternative<ReduceStage>(loop.stages[i]);
      const std::int64_t own = singles[i] && !reduces ? 1 : steps(loop.cols);
      Slots& pass = slots[static_cast<std::size_t>(passes[i])];
      std::visit(SlotRule{pass, own}, loop.stages[i]);
      pass.least = std::max(pass.least, own);
    }
    std::int64_t cycles = 0;
    for (const Slots& pass : slots) {
      cycles += std::max({ceil_div(pass.elementwise, spec_.alus) * pace(VectorClass::Elementwise),
                          pass.reduction * pace(VectorClass::Reduction),
                          pass.transcendental * pace(VectorClass::Transcendental), pass.least});
    }
    return cycles;
  }

  void add_reads(const RowLoop& loop, VectorTiming& timing) const {
    const std::vector<std::int32_t> passes = passes_of(loop.stages);
    std::int32_t last_pass = -1;  // that has had its first operand
    for (std::size_t i = 0; i < loop.stages.size(); ++i) {
      const auto* load = std::get_if<LoadStage>(&loop.stages[i]);
      if (load == nullptr) {
        continue;
      }
      const std::int64_t of_a_row = row_accesses(load->single ? 1 : loop.cols, load->type);
      if (load->pitch == 0) {
        timing.first_reads += of_a_row;
      } else if (passes[i] > last_pass) {
        last_pass = passes[i];
        timing.first_reads += loop.rows * of_a_row;
      } else {
        timing.second_reads += loop.rows * of_a_row;
      }
    }
  }

  [[nodiscard]] std::int64_t pace(VectorClass kind) const { return spec_.pace_of(kind).count(); }
  [[nodiscard]] std::int64_t steps(std::int64_t cols) const { return ceil_div(cols, spec_.lanes); }
  [[nodiscard]] std::int64_t accesses(std::int64_t bytes) const {
    return ceil_div(bytes, width_.count());
  }
  [[nodiscard]] std::int64_t row_accesses(std::int64_t cols, DataType type) const {
    return accesses(bytes_of(type, cols));
  }
  [[nodiscard]] std::int64_t lookup_accesses(const Operand& lookup) const {
    return lookup.tensor == kNoTensor ? 0 : accesses(kLookupBytes);
  }
  [[nodiscard]] CoreCycles compute(VectorClass kind, std::int64_t step_count) const {
    return spec_.latency + spec_.pace_of(kind) * step_count;
  }

  const VectorUnitSpec& spec_;
  Bytes width_;
};

struct SourcesRule {
  VectorSources operator()(const Requantize& requantize) const {
    return {.first = requantize.bias.address, .accumulator = requantize.accumulator};
  }
  VectorSources operator()(const Convert& convert) const {
    return {.first = convert.bias.address, .accumulator = convert.accumulator};
  }
  VectorSources operator()(const Rescale& rescale) const {
    return {.first =
                rescale.lookup.tensor == kNoTensor ? rescale.in.address : rescale.lookup.address};
  }
  VectorSources operator()(const Add& add) const {
    return {.first = add.a.address, .second = add.b.address};
  }
  VectorSources operator()(const Pool& pool) const { return {.first = pool.window.source.address}; }
  VectorSources operator()(const Softmax& softmax) const {
    return {.first = is_float(softmax.to.type) ? softmax.in.address : softmax.table.address};
  }
  /// The first load begins the first stream, the first other tensor's the second.
  VectorSources operator()(const RowLoop& loop) const {
    VectorSources sources;
    const LoadStage* first = nullptr;
    for (const Stage& stage : loop.stages) {
      const auto* load = std::get_if<LoadStage>(&stage);
      if (load != nullptr && first == nullptr) {
        first = load;
        sources.first = load->from.address;
      } else if (load != nullptr && load->pitch != 0 && load->from != first->from) {
        sources.second = load->from.address;
        break;
      }
    }
    return sources;
  }
  VectorSources operator()(const Transfer& /*transfer*/) const { not_here(); }
  VectorSources operator()(const LoadTile& /*load*/) const { not_here(); }
  VectorSources operator()(const Fold& /*fold*/) const { not_here(); }
  [[noreturn]] static void not_here() {
    SYSTOLE_CHECK(false, "not an operation of the vector unit");
  }
};

}  // namespace

VectorSources sources_of(const Operation& operation) {
  return std::visit(SourcesRule{}, operation);
}

VectorTiming vector_timing(const VectorUnitSpec& spec, Bytes port_width,
                           const Operation& operation) {
  return std::visit(VectorRule(spec, port_width), operation);
}

}  // namespace systole
