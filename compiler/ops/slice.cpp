#include "compiler/ops/slice.h"

#include <utility>

#include <fmt/format.h>

#include "compiler/ops/make.h"
#include "compiler/ops/op.h"

namespace systole {

std::vector<OpEntry> SliceTensor::entries() {
  return {{.name = "slice",
           .onnx = "Slice",
           .prototype = SliceTensor{},
           .attributes = {
               {"axis", Attribute::Integer{.at = kAt<&SliceTensor::axis>}, "1 .. rank - 1",
                Attribute::Presence::Required},
               {"first", Attribute::Integer{.at = kAt<&SliceTensor::first>, .least = 0},
                "index that the part begins at"},
               {"size", Attribute::Integer{.at = kAt<&SliceTensor::size>, .most = kMaxFeatures},
                "of the part", Attribute::Presence::Required},
               {"step", Attribute::Integer{.at = kAt<&SliceTensor::step>}, "from one to the next"},
               output_attribute()}}};
}

Inferred SliceTensor::infer(const InferInputs& in) {
  Inferred inferred{.type = in.types[0], .quantization = in.quantizations[0]};
  Extents& extents = inferred.type.extents;
  input = in.image(0);
  rank = check_copied(extents, axis, in.where);
  const std::int64_t extent = extents[static_cast<std::size_t>(axis)];
  if (first + (size - 1) * step >= extent) {
    in.where.fail("size", fmt::format("expected a part within the {} of axis {}, got {}..{}",
                                      extent, axis, first, first + (size - 1) * step));
  }
  if (axis == rank - 1 && step != 1) {
    in.where.fail("step", fmt::format("expected 1 along the last axis, got {}", step));
  }
  extents[static_cast<std::size_t>(axis)] = size;
  return inferred;
}

Work SliceTensor::work() const {
  if (axis == rank - 1) {
    RowRecipe recipe;
    recipe.load(0, first);
    return RowWork{.pieces = {std::move(recipe).take(size)}, .parameters = {}, .tables = {}};
  }
  const bool cols = axis == 2;
  return CopyWork{.source = [cols, by = first, each = step](const Pixel& out) {
    PixelSource source{.input = 0, .at = out};
    (cols ? source.at.col : source.at.row) = by + each * (cols ? out.col : out.row);
    return source;
  }};
}

Op part_of(std::int64_t axis, std::int64_t first, std::int64_t size) {
  return SliceTensor{.axis = axis, .first = first, .size = size, .input = {}};
}

}  // namespace systole
