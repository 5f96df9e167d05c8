#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <map>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "arch/diag/printable.h"
#include "compiler/frontend/onnx/infer/inference.h"

namespace systole {

namespace onnx_inference {

namespace {

void infer_pool(Inference& in) {
  const OnnxShape& image = in.shape(0);
  const auto kernel = in.node().integers("kernel_shape");
  if (image.size() < 3 || !kernel) {
    contradict("expected an image and a kernel, got {}", text_of(image));
  }
  OnnxShape to{image[0], image[1]};
  const ImportWindow window = window_of(in.node(), image, *kernel);
  to.insert(to.end(), window.out.begin(), window.out.end());
  in.set(in.type(0), to);
  in.set(OnnxType::Int64, to, 1);
}

void infer_global_pool(Inference& in) {
  OnnxShape to = in.shape(0);
  if (to.size() < 3) {
    contradict("expected an image, got {}", text_of(to));
  }
  std::fill(to.begin() + 2, to.end(), 1);
  in.set(in.type(0), to);
}

void infer_resize(Inference& in) {
  const OnnxShape& from = in.shape(0);
  const bool has_region = in.node().op == "Resize" && in.opset() > 10;
  const std::size_t scales_at = has_region ? 2 : 1;
  OnnxShape to = from;
  std::vector<float> scales;
  if (const OnnxAttribute* attribute = in.node().attribute("scales")) {
    scales = attribute->numbers;
  } else if (in.has(scales_at)) {
    const OnnxConstant* found = in.constant(scales_at);
    if (found == nullptr) {
      contradict("expected scales that do not depend on inputs, got such that do");
    }
    scales = found->floats();
  }
  if (scales.empty()) {
    const auto sizes = in.integers("sizes", 3);
    if (!sizes || sizes->size() != from.size()) {
      contradict("expected scales or sizes of {} axes, got neither", from.size());
    }
    to = *sizes;
  } else if (scales.size() == from.size()) {
    for (std::size_t axis = 0; axis < to.size(); ++axis) {
      const double size =
          std::floor(static_cast<double>(from[axis]) * static_cast<double>(scales[axis]));
      if (!(size >= 0 && size <= static_cast<double>(kMaxElements))) {
        contradict("expected scales, got {}", scales[axis]);
      }
      to[axis] = static_cast<std::int64_t>(size);
    }
  } else {
    contradict("expected scales of {} axes, got {}", from.size(), scales.size());
  }
  in.set(in.type(0), to);
}

constexpr auto kImagesRules = std::to_array<InferRule>({
    {"AveragePool", infer_pool},
    {"GlobalAveragePool", infer_global_pool},
    {"GlobalMaxPool", infer_global_pool},
    {"MaxPool", infer_pool},
    {"Resize", infer_resize},
    {"Upsample", infer_resize},
});

}  // namespace

std::span<const InferRule> image_shapes() {
  return kImagesRules;
}

}  // namespace onnx_inference

ImportWindow window_of(const ImportNode& node, const OnnxShape& image,
                       const std::vector<std::int64_t>& kernel) {
  const std::size_t axes = image.size() - 2;
  const onnx_inference::Integers ones(axes, 1);
  ImportWindow window{.kernel = kernel,
                      .strides = node.integers("strides").value_or(ones),
                      .dilations = node.integers("dilations").value_or(ones),
                      .pads_before = onnx_inference::Integers(axes, 0),
                      .pads_after = onnx_inference::Integers(axes, 0),
                      .ceil_mode = node.integer("ceil_mode", 0) != 0,
                      .out = {}};
  const onnx_inference::Integers pads =
      node.integers("pads").value_or(onnx_inference::Integers(2 * axes, 0));
  if (kernel.size() != axes || window.strides.size() != axes || window.dilations.size() != axes ||
      pads.size() != 2 * axes) {
    onnx_inference::contradict(
        "expected kernel, strides, dilations and pads of {} axes, got others", axes);
  }
  const std::string padding = node.text("auto_pad", "NOTSET");
  for (std::size_t axis = 0; axis < axes; ++axis) {
    const std::int64_t size = image[axis + 2];
    const std::int64_t stride = window.strides[axis];
    constexpr std::int64_t kMost = 1 << 24;
    if (pads[axis] < 0 || pads[axis + axes] < 0 || pads[axis] > kMost ||
        pads[axis + axes] > kMost) {
      onnx_inference::contradict("expected pads in 0..{}, got {}", kMost, text_of(pads));
    }
    if (kernel[axis] < 1 || stride < 1 || window.dilations[axis] < 1 || kernel[axis] > kMost ||
        stride > kMost || window.dilations[axis] > kMost) {
      onnx_inference::contradict(
          "expected a kernel, strides and dilations above 0, got {}, {} and {}", text_of(kernel),
          text_of(window.strides), text_of(window.dilations));
    }
    const std::int64_t extent = window.dilations[axis] * (kernel[axis] - 1) + 1;
    std::int64_t before = pads[axis];
    std::int64_t after = pads[axis + axes];
    if (padding == "SAME_UPPER" || padding == "SAME_LOWER") {
      const std::int64_t out = (size + stride - 1) / stride;
      const std::int64_t total = std::max<std::int64_t>(0, (out - 1) * stride + extent - size);
      before = padding == "SAME_UPPER" ? total / 2 : total - total / 2;
      after = total - before;
    } else if (padding == "VALID") {
      before = after = 0;
    }
    const std::int64_t room = size + before + after - extent;
    if (room < 0) {
      onnx_inference::contradict("expected a kernel within the padded image, got {} on {}",
                                 text_of(kernel), text_of(image));
    }
    window.pads_before[axis] = before;
    window.pads_after[axis] = after;
    window.out.push_back((window.ceil_mode ? (room + stride - 1) / stride : room / stride) + 1);
  }
  return window;
}

TransposedWindow transposed_window_of(const ImportNode& node, const OnnxShape& image,
                                      const OnnxShape& weights) {
  const std::size_t axes = image.size() - 2;
  const onnx_inference::Integers ones(axes, 1);
  const onnx_inference::Integers zeros(axes, 0);
  TransposedWindow window{.kernel = onnx_inference::Integers(weights.begin() + 2, weights.end()),
                          .strides = node.integers("strides").value_or(ones),
                          .dilations = node.integers("dilations").value_or(ones),
                          .pads_before = zeros,
                          .out = {}};
  const onnx_inference::Integers pads =
      node.integers("pads").value_or(onnx_inference::Integers(2 * axes, 0));
  const onnx_inference::Integers more = node.integers("output_padding").value_or(zeros);
  const auto wanted = node.integers("output_shape");
  const std::string padding = node.text("auto_pad", "NOTSET");
  if (window.strides.size() != axes || window.dilations.size() != axes || pads.size() != 2 * axes ||
      more.size() != axes || (wanted && wanted->size() < axes)) {
    onnx_inference::contradict("expected strides, dilations and pads of {} axes, got others", axes);
  }
  for (std::size_t axis = 0; axis < axes; ++axis) {
    constexpr std::int64_t kMost = 1 << 16;
    const std::int64_t stride = window.strides[axis];
    if (stride < 1 || stride > kMost || window.dilations[axis] < 1 ||
        window.dilations[axis] > kMost || more[axis] < 0 || more[axis] > kMost) {
      onnx_inference::contradict("expected strides and dilations of 1..65536, got {} and {}",
                                 text_of(window.strides), text_of(window.dilations));
    }
    const std::int64_t whole = stride * (image[axis + 2] - 1) + more[axis] +
                               (window.kernel[axis] - 1) * window.dilations[axis] + 1;
    std::int64_t size = whole - pads[axis] - pads[axis + axes];
    std::int64_t before = pads[axis];
    if (wanted || padding.starts_with("SAME")) {
      size = wanted ? (*wanted)[wanted->size() - axes + axis] : image[axis + 2] * stride;
      const std::int64_t total = std::max<std::int64_t>(0, whole - size);
      before = padding == "SAME_UPPER" ? total / 2 : total - total / 2;
    }
    window.pads_before[axis] = before;
    window.out.push_back(size);
  }
  return window;
}

}  // namespace systole
