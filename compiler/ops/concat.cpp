#include "compiler/ops/concat.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/ops/joined_pixels.h"
#include "compiler/ops/make.h"
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
           .attributes = {{"axis", Attribute::Integer{.at = kAt<&Concat::axis>},
                           "1 .. rank - 1; the last unless given"},
                          output_attribute()}}};
}

Inferred Concat::infer(const InferInputs& in) {
  TensorType type = in.types.front();
  rank = static_cast<std::int64_t>(type.extents.size());
  axis = axis == 0 ? rank - 1 : axis;
  if (axis != rank - 1) {
    static_cast<void>(check_copied(type.extents, axis, in.where));
  }
  const auto at = static_cast<std::size_t>(axis);
  if (axis >= rank) {
    in.where.fail("axis", fmt::format("expected an axis of 1..{}, got {}", rank - 1, axis));
  }
  std::int64_t size = 0;
  sizes.clear();
  for (std::size_t i = 0; i < in.types.size(); ++i) {
    Extents others = in.types[i].extents;
    if (others.size() == type.extents.size()) {
      sizes.push_back(others[at]);
      size += others[at];
      others[at] = in.types[0].extents[at];
    }
    if (others != in.types[0].extents) {
      in.where.fail(fmt::format("expected inputs of one height and width for concat, got {} and {}",
                                shape_text(in.image(0)), shape_text(in.image(i))));
    }
  }
  type.extents[at] = size;
  return {.type = type, .quantization = common_quantization(in)};
}

Work Concat::work() const {
  if (axis == 0 || axis == rank - 1) {
    return RescaleWork{};
  }
  return CopyWork{.source = JoinedPixels(sizes, axis == 2)};
}

Op joined_along(std::int64_t axis) {
  return Concat{.axis = axis, .sizes = {}};
}

}  // namespace systole
