#include "compiler/ops/concat.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/ops/op.h"

namespace systole {

namespace {

/// Inputs that agree need no rescaling; others meet in the network's default.
Quantization common_quantization(const InferInputs& in) {
  const bool agree =
      std::all_of(in.quantizations.begin(), in.quantizations.end(),
                  [&](const Quantization& input) { return input == in.quantizations.front(); });
  return agree ? in.quantizations.front() : in.defaults.output;
}

}  // namespace

std::vector<OpEntry> Concat::entries() {
  return {{.name = "concat",
           .onnx = "Concat",
           .prototype = Concat{},
           .inputs = InputCount::AtLeastTwo,
           .attributes = {output_attribute()}}};
}

Inferred Concat::infer(const InferInputs& in) {
  TensorType type = in.types.front();
  std::int64_t channels = 0;
  for (std::size_t i = 0; i < in.types.size(); ++i) {
    const Shape image = in.image(i);
    if (image.rows != in.image(0).rows || image.cols != in.image(0).cols) {
      in.where.fail(fmt::format("expected inputs of one height and width for concat, got {} and {}",
                                shape_text(in.image(0)), shape_text(image)));
    }
    channels += image.channels;
  }
  type.extents.back() = channels;
  return {.type = type, .quantization = common_quantization(in)};
}

Work Concat::work() {
  return RescaleWork{};
}

}  // namespace systole
