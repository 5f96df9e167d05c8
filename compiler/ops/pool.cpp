#include "compiler/ops/pool.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/ops/op.h"

namespace systole {

namespace {

/// Every window must hold at least one element of the image.
void check_pads(const Kernel& kernel, const OpPlace& where) {
  if (std::max(kernel.pad_top, kernel.pad_bottom) >= kernel.rows ||
      std::max(kernel.pad_left, kernel.pad_right) >= kernel.cols) {
    where.fail("kernel",
               fmt::format("expected a pooling kernel larger than its padding, got {} x {} with "
                           "padding {}, {}, {}, {}",
                           kernel.rows, kernel.cols, kernel.pad_top, kernel.pad_bottom,
                           kernel.pad_left, kernel.pad_right));
  }
}

}  // namespace

std::vector<OpEntry> PoolTensor::entries() {
  std::vector<Attribute> max = kernel_attributes<PoolTensor>(Dilation::One);
  std::vector<Attribute> average = max;
  append(max, {kept_output("a max_pool keeps its input's")});
  append(average, {{"count_padding", Attribute::Flag{kAt<&PoolTensor::count_padding>},
                    "divide by the kernel's size at the borders too"},
                   output_attribute()});
  const PoolTensor mean{.kind = PoolKind::Average};
  const PoolTensor global{.kind = PoolKind::Average, .global = true};
  return {{.name = "max_pool", .onnx = "MaxPool", .prototype = PoolTensor{}, .attributes = max},
          {.name = "average_pool", .onnx = "AveragePool", .prototype = mean, .attributes = average},
          {.name = "global_average_pool",
           .onnx = "GlobalAveragePool",
           .prototype = global,
           .attributes = {output_attribute()}}};
}

void PoolTensor::complete(const OpPlace& written) {
  if (!written.has("stride")) {
    kernel.stride_rows = kernel.rows;
    kernel.stride_cols = kernel.cols;
  }
}

Inferred PoolTensor::infer(const InferInputs& in) {
  const Shape image = in.image(0);
  Shape out{.batch = image.batch, .channels = image.channels};
  if (global) {
    kernel.rows = image.rows;
    kernel.cols = image.cols;
    kernel.stride_rows = kernel.stride_cols = 1;
    if (!is_float(in.types[0].element)) {
      check_reduction(kernel.positions(), in.where);
    }
  } else {
    settle_pads(kernel, image, in.where);
    check_pads(kernel, in.where);
    check_reduction(kernel.positions(), in.where);
    out = window_shape(kernel, image, image.channels, in.where);
  }
  const bool flat = in.types[0].extents.size() == 2;
  const DataType type = element.value_or(in.types[0].element);
  return {.type = flat ? feature_type(type, out.batch, out.channels) : image_type(type, out),
          .quantization = in.quantizations[0]};
}

Work PoolTensor::work() const {
  return PoolWork{.kind = kind, .kernel = kernel, .count_padding = count_padding};
}

}  // namespace systole
