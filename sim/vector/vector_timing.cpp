#include "sim/vector/vector_timing.h"

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
  template <class Other>
  VectorTiming operator()(const Other& /*operation*/) const {
    SYSTOLE_CHECK(false, "not an operation of the vector unit");
  }

 private:
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
  template <class Other>
  VectorSources operator()(const Other& /*operation*/) const {
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
