#include "reference/kernels/dot_products.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <dnnl.hpp>
#include <omp.h>

#include "arch/diag/check.h"
#include "reference/kernels/memory_errors.h"

namespace systole::reference {

namespace {

using Description = dnnl::memory::desc;
using Type = dnnl::memory::data_type;
using Layout = dnnl::memory::format_tag;

/// What turns x into u, and so the zero point into that of u.
constexpr std::int32_t kToUnsigned = 128;

/// Keeps oneDNN to the calling thread while it lives. Its thread pool does not survive a fork, and
/// beside other work two threads mostly wait for each other: measured on a busy two-core machine,
/// ResNet-50 took five times as long on two threads as on one.
class OneThread {
 public:
  OneThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

/// A oneDNN primitive with its operands: run() as often as there are slices of the source.
class BoundPrimitive {
 public:
  template <class PrimitiveDescription>
  BoundPrimitive(const dnnl::engine& engine, const PrimitiveDescription& description,
                 const Description& given_weights, std::span<const std::int8_t> weights)
      : stream_(engine),
        primitive_(description),
        source_(description.src_desc(), engine),
        weights_(description.weights_desc(), engine),
        destination_(description.dst_desc(), engine) {
    SYSTOLE_CHECK(given_weights.get_size() == weights.size(), "{} weights, expected {}",
                  weights.size(), given_weights.get_size());
    // oneDNN takes mutable pointers, but a reorder only reads its source.
    dnnl::memory given(given_weights, engine,
                       // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
                       const_cast<std::int8_t*>(weights.data()));
    dnnl::reorder(given, weights_).execute(stream_, given, weights_);
    stream_.wait();
  }

  [[nodiscard]] std::span<const std::int32_t> run(std::span<const std::uint8_t> source) {
    SYSTOLE_CHECK(source_.get_desc().get_size() == source.size(), "{} bytes, expected {}",
                  source.size(), source_.get_desc().get_size());
    std::memcpy(source_.get_data_handle(), source.data(), source.size());
    primitive_.execute(
        stream_,
        {{DNNL_ARG_SRC, source_}, {DNNL_ARG_WEIGHTS, weights_}, {DNNL_ARG_DST, destination_}});
    stream_.wait();
    return {static_cast<const std::int32_t*>(destination_.get_data_handle()),
            destination_.get_desc().get_size() / sizeof(std::int32_t)};
  }

 private:
  dnnl::stream stream_;
  dnnl::primitive primitive_;
  dnnl::memory source_;
  dnnl::memory weights_;
  dnnl::memory destination_;
};

/// Sums of (u - zero point of u) * w for the whole source, whatever the width of a slice.
std::vector<std::int32_t> sum_of_slices(BoundPrimitive& primitive,
                                        std::span<const std::uint8_t> source,
                                        std::int32_t zero_point, const WeightSums& sums,
                                        int source_bits) {
  std::vector<std::uint32_t> totals;  // unsigned: an int32 accumulator wraps
  const int bits = slice_bits(sums.largest_partial, source_bits);
  for (int first = 0; first < kByteBits; first += bits) {
    const std::span<const std::int32_t> part =
        bits == kByteBits ? primitive.run(source) : primitive.run(slice(source, first, bits));
    totals.resize(part.size());
    for (std::size_t i = 0; i < part.size(); ++i) {
      totals[i] += static_cast<std::uint32_t>(part[i]) << first;
    }
  }
  std::vector<std::int32_t> accumulators(totals.size());
  const auto unsigned_zero_point = static_cast<std::uint32_t>(zero_point + kToUnsigned);
  const std::size_t channels = sums.columns.size();
  for (std::size_t i = 0; i < totals.size(); i += channels) {
    for (std::size_t channel = 0; channel < channels; ++channel) {
      const auto share = unsigned_zero_point * static_cast<std::uint32_t>(sums.columns[channel]);
      accumulators[i + channel] = static_cast<std::int32_t>(totals[i + channel] - share);
    }
  }
  return accumulators;
}

std::uint8_t to_unsigned(std::int32_t value) {
  return static_cast<std::uint8_t>(value + kToUnsigned);
}

Shape padded_shape(const Shape& shape, const Kernel& kernel) {
  return {.batch = shape.batch,
          .rows = shape.rows + kernel.pad_top + kernel.pad_bottom,
          .cols = shape.cols + kernel.pad_left + kernel.pad_right,
          .channels = shape.channels};
}

/// The input as u8, framed by its zero point.
std::vector<std::uint8_t> padded_source(const ConvolutionGeometry& geometry,
                                        std::span<const std::int8_t> input,
                                        std::int32_t zero_point) {
  const Shape& in = geometry.input;
  SYSTOLE_CHECK(static_cast<std::int64_t>(input.size()) == in.elements(), "{} values, expected {}",
                input.size(), in.elements());
  const Shape framed = padded_shape(in, geometry.kernel);
  std::vector<std::uint8_t> source(static_cast<std::size_t>(framed.elements()),
                                   to_unsigned(zero_point));
  const std::int64_t row_length = in.cols * in.channels;
  for (std::int64_t row = 0; row < in.batch * in.rows; ++row) {
    const std::int64_t framed_row =
        row / in.rows * framed.rows + geometry.kernel.pad_top + row % in.rows;
    const std::int8_t* from = input.data() + row * row_length;
    std::uint8_t* to =
        source.data() + (framed_row * framed.cols + geometry.kernel.pad_left) * in.channels;
    std::transform(from, from + row_length, to, to_unsigned);
  }
  return source;
}

BoundPrimitive bind_convolution(const ConvolutionGeometry& geometry,
                                std::span<const std::int8_t> weights) {
  const Kernel& kernel = geometry.kernel;
  const std::int64_t groups = geometry.groups;
  const Shape in = padded_shape(geometry.input, kernel);
  const Shape& out = geometry.output;
  const dnnl::memory::dims weight_dims = {groups, out.channels / groups, in.channels / groups,
                                          kernel.rows, kernel.cols};
  const Description source({in.batch, in.channels, in.rows, in.cols}, Type::u8, Layout::nhwc);
  const Description destination({out.batch, out.channels, out.rows, out.cols}, Type::s32,
                                Layout::nhwc);
  // Grouped or not is a different number of dimensions in oneDNN.
  const dnnl::memory::dims dims =
      groups == 1 ? dnnl::memory::dims(weight_dims.begin() + 1, weight_dims.end()) : weight_dims;
  const Description given(dims, Type::s8, groups == 1 ? Layout::hwio : Layout::ghwio);
  const Description preferred(dims, Type::s8, Layout::any);
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  const dnnl::convolution_forward::primitive_desc description(
      {dnnl::prop_kind::forward_inference,
       dnnl::algorithm::convolution_direct,
       source,
       preferred,
       destination,
       {kernel.stride_rows, kernel.stride_cols},
       {kernel.dilation_rows - 1, kernel.dilation_cols - 1},  // oneDNN counts the skipped pixels
       {0, 0},
       {0, 0}},
      engine);
  return {engine, description, given, weights};
}

}  // namespace

std::vector<std::int32_t> convolve(const ConvolutionGeometry& geometry,
                                   std::span<const std::int8_t> input, std::int32_t zero_point,
                                   std::span<const std::int8_t> weights, int source_bits) {
  const Kernel& kernel = geometry.kernel;
  const std::int64_t k = kernel.rows * kernel.cols * (geometry.input.channels / geometry.groups);
  const OneThread one_thread;
  return with_memory_errors([&] {
    BoundPrimitive primitive = bind_convolution(geometry, weights);
    const WeightSums sums =
        weight_sums(weights, geometry.groups, k, geometry.output.channels / geometry.groups);
    return sum_of_slices(primitive, padded_source(geometry, input, zero_point), zero_point, sums,
                         source_bits);
  });
}

std::vector<std::int32_t> contract(std::int64_t batch, std::int64_t k, std::int64_t n,
                                   std::span<const std::int8_t> input, std::int32_t zero_point,
                                   std::span<const std::int8_t> weights, int source_bits) {
  const OneThread one_thread;
  const Description source({batch, k}, Type::u8, Layout::nc);
  const Description destination({batch, n}, Type::s32, Layout::nc);
  const Description given({n, k}, Type::s8, Layout::io);
  const Description preferred({n, k}, Type::s8, Layout::any);
  std::vector<std::uint8_t> bytes(input.size());
  std::transform(input.begin(), input.end(), bytes.begin(), to_unsigned);
  return with_memory_errors([&] {
    const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    const dnnl::inner_product_forward::primitive_desc description(
        {dnnl::prop_kind::forward_inference, source, preferred, destination}, engine);
    BoundPrimitive primitive(engine, description, given, weights);
    return sum_of_slices(primitive, bytes, zero_point, weight_sums(weights, 1, k, n), source_bits);
  });
}

}  // namespace systole::reference
