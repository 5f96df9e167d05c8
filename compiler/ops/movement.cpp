#include "compiler/ops/movement.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/ops/composer.h"
#include "compiler/ops/make.h"

namespace systole {

namespace {

constexpr double kLargestPad = 1e30;

PartialQuantization same_as(const Composer& composer, GraphTensorId tensor) {
  const Quantization& in = composer.tensor(tensor).quantization;
  return {.scale = in.scale, .zero_point = in.zero_point};
}

MapAxis counting(std::int64_t count, std::int64_t stride) {
  MapAxis axis{.indices = {}, .stride = stride};
  for (std::int64_t i = 0; i < count; ++i) {
    axis.indices.push_back(i);
  }
  return axis;
}

/// Index i is i + by, within 0 .. count - 1.
MapAxis moved(std::int64_t count, std::int64_t by, std::int64_t stride) {
  MapAxis axis{.indices = {}, .stride = stride};
  for (std::int64_t i = 0; i < count; ++i) {
    axis.indices.push_back(std::clamp<std::int64_t>(i + by, 0, count - 1));
  }
  return axis;
}

}  // namespace

std::vector<OpEntry> PadImage::entries() {
  return {
      {.name = "pad",
       .onnx = "Pad",
       .prototype = PadImage{},
       .attributes = {{"padding", Attribute::Padding{kAt<&PadImage::kernel>}, "around the input",
                       Attribute::Presence::Required},
                      {"value",
                       Attribute::Real{
                           .at = kAt<&PadImage::value>, .least = -kLargestPad, .most = kLargestPad},
                       "of the border"},
                      output_attribute()}}};
}

GraphTensorId PadImage::compose(Composer& composer) const {
  constexpr std::size_t kImageAxes = 4;
  const GraphTensorId input = composer.inputs().front();
  if (composer.extents(input).size() != kImageAxes) {
    composer.where().fail("expected an image for pad, got a tensor of other axes");
  }
  if (kernel.same_padding) {
    composer.where().fail("padding", "expected numbers for pad, got same");
  }
  const Shape in = composer.tensor(input).shape();
  Shape out = in;
  out.rows += kernel.pad_top + kernel.pad_bottom;
  out.cols += kernel.pad_left + kernel.pad_right;
  check_size(out, composer.where().op);
  return composer.add_named(
      gathered_pixels(in, out, {.shift_rows = kernel.pad_top, .shift_cols = kernel.pad_left},
                      value),
      {input}, same_as(composer, input));
}

std::vector<OpEntry> ExpandTensor::entries() {
  return {{.name = "expand",
           .onnx = "Expand",
           .prototype = ExpandTensor{},
           .attributes = {
               {"rows", Attribute::Integer{kAt<&ExpandTensor::rows>}, "of the output"},
               {"cols", Attribute::Integer{kAt<&ExpandTensor::cols>}, "of the output"},
               {"channels", Attribute::Integer{kAt<&ExpandTensor::channels>}, "of the output"},
               output_attribute()}}};
}

GraphTensorId ExpandTensor::compose(Composer& composer) const {
  const GraphTensorId input = composer.inputs().front();
  const Shape in = composer.tensor(input).shape();
  const auto check = [&](std::string_view key, std::int64_t from, std::int64_t to) {
    if (to != 1 && from != 1) {
      composer.where().fail(key, fmt::format("expected an axis of size 1 to repeat, got {}", from));
    }
  };
  check("rows", in.rows, rows);
  check("cols", in.cols, cols);
  check("channels", in.channels, channels);
  const PartialQuantization same = same_as(composer, input);
  if (rows == 1 && cols == 1) {
    return composer.add_named(
        channels == 1 ? formula_of("a")
                      : formula_with({.of = "min(a, max(a, column))", .columns = channels}),
        {input}, same);
  }
  const auto axis = [](std::int64_t from, std::int64_t to, std::int64_t stride) {
    return to == 1 ? counting(from, stride)
                   : MapAxis{.indices = std::vector<std::int64_t>(static_cast<std::size_t>(to), 0),
                             .stride = stride};
  };
  const Op repeated = rearrangement_of({axis(in.rows, rows, in.cols), axis(in.cols, cols, 1)});
  if (channels == 1) {
    return composer.add_named(repeated, {input}, same);
  }
  return composer.add_named(formula_with({.of = "min(a, max(a, column))", .columns = channels}),
                            {composer.add("repeated", repeated, {input}, same)}, same);
}

std::vector<OpEntry> PermuteAxes::entries() {
  return {{.name = "permute",
           .onnx = "Transpose",
           .prototype = PermuteAxes{},
           .attributes = {
               {"order", Attribute::Sizes{kAt<&PermuteAxes::order>},
                "of the axes behind the batch, which are 1, 2, ...", Attribute::Presence::Required},
               output_attribute()}}};
}

GraphTensorId PermuteAxes::compose(Composer& composer) const {
  constexpr std::size_t kMostAxes = 4;
  const GraphTensorId input = composer.inputs().front();
  const Extents in = composer.extents(input);
  Extents sorted = order;
  std::sort(sorted.begin(), sorted.end());
  bool is_order = in.size() <= kMostAxes && order.size() + 1 == in.size();
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    is_order = is_order && sorted[i] == static_cast<std::int64_t>(i) + 1;
  }
  if (!is_order) {
    composer.where().fail("order",
                          fmt::format("expected the axes 1..{} of at most {} in some "
                                      "order, got {}",
                                      in.size() - 1, kMostAxes - 1, fmt::join(order, ", ")));
  }
  // Pixels move with their channels where these stay last; else each number by itself.
  const bool moves_pixels = order.back() == static_cast<std::int64_t>(in.size()) - 1;
  const std::size_t moved = moves_pixels ? in.size() - 1 : in.size();
  const auto distance = [&](std::size_t axis) {
    std::int64_t pixels = 1;
    for (std::size_t behind = axis + 1; behind < moved; ++behind) {
      pixels *= in[behind];
    }
    return pixels;
  };
  Extents out{in.front()};
  std::vector<MapAxis> axes;
  std::int64_t pixels = 1;
  for (const std::int64_t number : order) {
    const auto axis = static_cast<std::size_t>(number);
    out.push_back(in[axis]);
    if (axis < moved) {
      axes.push_back(counting(in[axis], distance(axis)));
      pixels *= in[axis];
    }
  }
  if (axes.empty()) {
    axes.push_back(counting(1, 1));
  }
  const GraphTensorId apart =
      moves_pixels ? input : composer.view("apart", input, {in.front(), pixels, 1, 1});
  const GraphTensorId made =
      composer.add_named(rearrangement_of(axes), {apart}, same_as(composer, input));
  return composer.view("axes", made, out);
}

std::vector<OpEntry> ScatterRows::entries() {
  return {{.name = "scatter",
           .onnx = "",
           .prototype = ScatterRows{},
           .inputs = InputCount::Two,
           .attributes = {
               {"rows", Attribute::Text{kAt<&ScatterRows::rows>},
                "of the first input, for each of the second's", Attribute::Presence::Required},
               output_attribute()}}};
}

GraphTensorId ScatterRows::compose(Composer& composer) const {
  const Shape into = composer.tensor(composer.inputs()[0]).shape();
  const Shape from = composer.tensor(composer.inputs()[1]).shape();
  const PixelMap map = parse_pixel_map(rows);
  const OpPlace& where = composer.where();
  if (!map.error.empty()) {
    where.fail("rows", map.error);
  }
  const std::vector<std::int64_t>& places = map.axes.front().indices;
  if (map.axes.size() != 1 || static_cast<std::int64_t>(places.size()) != from.rows ||
      from.cols != into.cols) {
    where.fail("rows", fmt::format("expected a list of {} rows, one for each of the second "
                                   "input's, of {} columns, got {} of {}",
                                   from.rows, into.cols, places.size(), from.cols));
  }
  MapAxis axis = counting(into.rows, into.cols);
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i] < 0 || places[i] >= into.rows) {
      where.fail("rows", fmt::format("expected rows of 0..{}, got {}", into.rows - 1, places[i]));
    }
    axis.indices[static_cast<std::size_t>(places[i])] = into.rows + static_cast<std::int64_t>(i);
  }
  const Extents extents = composer.extents(composer.inputs()[0]);
  const GraphTensorId made =
      composer.add_named(rearrangement_of({axis, counting(into.cols, 1)}), composer.inputs(),
                         same_as(composer, composer.inputs()[0]));
  return composer.view("rows", made, extents);
}

std::vector<OpEntry> ResizeLinear::entries() {
  constexpr std::int64_t kMost = 64;
  return {{.name = "resize_bilinear",
           .onnx = "",
           .prototype = ResizeLinear{},
           .attributes = {
               {"factor", Attribute::Integer{.at = kAt<&ResizeLinear::factor>, .most = kMost},
                "of rows and columns"},
               output_attribute()}}};
}

GraphTensorId ResizeLinear::compose(Composer& composer) const {
  constexpr std::size_t kImageAxes = 4;
  GraphTensorId image = composer.inputs().front();
  if (composer.extents(image).size() != kImageAxes) {
    composer.where().fail("expected an image for resize_bilinear, got a tensor of other axes");
  }
  const PartialQuantization same = same_as(composer, image);
  // Along one axis: of each pixel and a neighbour, at each of the places between them; then pixels
  // of these images in turn.
  const auto along = [&](std::string_view name, bool is_rows, bool is_last) {
    const Shape in = composer.tensor(image).shape();
    const std::int64_t size = is_rows ? in.rows : in.cols;
    const auto neighbour = [&](std::int64_t by) {
      return composer.add(fmt::format("{}.{}", name, by < 0 ? "before" : "behind"),
                          rearrangement_of({moved(in.rows, is_rows ? by : 0, in.cols),
                                            moved(in.cols, is_rows ? 0 : by, 1)}),
                          {image}, same);
    };
    const GraphTensorId before = neighbour(-1);
    const GraphTensorId behind = neighbour(1);
    std::vector<GraphTensorId> places;
    for (std::int64_t i = 0; i < factor; ++i) {
      const double at =
          (static_cast<double>(i) + 0.5) / static_cast<double>(factor) - 0.5;  // of its centre
      if (at == 0) {
        places.push_back(image);
        continue;
      }
      const double far = at < 0 ? -at : at;
      places.push_back(composer.add(fmt::format("{}.place{}", name, i),
                                    formula_of(fmt::format("a * {} + b * {}", 1 - far, far)),
                                    {image, at < 0 ? before : behind}, same));
    }
    // Pixel i of the axis is pixel i / factor of image i % factor; images lie one behind the other.
    MapAxis turn{.indices = {}, .stride = is_rows ? in.cols : 1};
    const std::int64_t pixels = is_rows ? in.rows : in.rows * in.cols;
    for (std::int64_t i = 0; i < size * factor; ++i) {
      turn.indices.push_back(i % factor * pixels + i / factor);
    }
    const std::vector<MapAxis> axes = is_rows
                                          ? std::vector<MapAxis>{turn, counting(in.cols, 1)}
                                          : std::vector<MapAxis>{counting(in.rows, in.cols), turn};
    image = is_last
                ? composer.add_named(rearrangement_of(axes), places, same)
                : composer.add(fmt::format("{}.turn", name), rearrangement_of(axes), places, same);
  };
  if (factor == 1) {
    return composer.add_named(formula_of("a"), {image}, same);
  }
  along("rows", true, false);
  along("cols", false, true);
  return image;
}

}  // namespace systole
