#include "compiler/ops/rearrange.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <optional>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "arch/diag/printable.h"
#include "compiler/ops/listed_pixels.h"
#include "compiler/ops/op.h"

namespace systole {

namespace {

constexpr std::int64_t kMostPixels = std::int64_t{1} << 26;
constexpr double kLargestFill = std::numeric_limits<float>::max();

struct WrongMap : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class MapParser {
 public:
  explicit MapParser(std::string_view text) : text_(text) {}

  std::vector<MapAxis> run() {
    std::vector<MapAxis> axes;
    do {
      axes.push_back(axis());
    } while (take(' '));
    if (at_ != text_.size()) {
      expected("',', '*' or ' '");
    }
    return axes;
  }

 private:
  [[noreturn]] void expected(std::string_view what) const {
    const std::string_view rest = text_.substr(at_, 16);
    throw WrongMap(fmt::format("expected {} at letter {} of the map, got {}", what, at_ + 1,
                               rest.empty() ? "its end" : in_quotes(rest)));
  }
  bool take(std::string_view letters) {
    const bool found = text_.substr(at_).starts_with(letters);
    at_ += found ? letters.size() : 0;
    return found;
  }
  bool take(char letter) { return take(std::string_view(&letter, 1)); }

  std::int64_t number() {
    std::int64_t value = 0;
    const std::string_view rest = text_.substr(at_);
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    if (error != std::errc() || value < 0 || value > kMostPixels) {
      expected("a number of 0..2^26");
    }
    at_ += static_cast<std::size_t>(end - rest.data());
    return value;
  }

  void append(MapAxis& axis, std::int64_t index) {
    if (++count_ > kMostPixels) {
      throw WrongMap("expected a map of at most 2^26 indices, got more");
    }
    axis.indices.push_back(index);
  }

  MapAxis axis() {
    MapAxis axis;
    do {
      run_of(axis);
    } while (take(','));
    if (take('*')) {
      axis.stride = number();
    }
    return axis;
  }

  void run_of(MapAxis& axis) {
    if (take('-')) {
      const std::int64_t times = take('x') ? number() : 1;
      for (std::int64_t i = 0; i < times; ++i) {
        append(axis, MapAxis::kFilled);
      }
      return;
    }
    const std::int64_t first = number();
    const std::int64_t last = take("..") ? number() : first;
    const std::int64_t step = take('/') ? number() : 1;
    if (step == 0) {
      throw WrongMap("expected a map whose steps are above 0, got 0");
    }
    const std::int64_t way = last < first ? -step : step;
    for (std::int64_t i = 0; i <= std::abs(last - first) / step; ++i) {
      append(axis, first + i * way);
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::int64_t count_ = 0;
};

/// How many of the indices from `first` on are a run of one step.
std::size_t run_length(const std::vector<std::int64_t>& indices, std::size_t first) {
  std::size_t size = 1;
  while (first + size < indices.size() &&
         (indices[first] == MapAxis::kFilled
              ? indices[first + size] == MapAxis::kFilled
              : indices[first + size] != MapAxis::kFilled &&
                    (size == 1 ? indices[first + 1] != indices[first]
                               : indices[first + size] - indices[first + size - 1] ==
                                     indices[first + 1] - indices[first]))) {
    ++size;
  }
  return size;
}

/// Follows the axes; empty where one of them leads nowhere.
std::optional<std::int64_t> source_pixel(const std::vector<MapAxis>& axes, std::int64_t pixel) {
  std::int64_t source = 0;
  for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
    const auto size = static_cast<std::int64_t>(axis->indices.size());
    const std::int64_t index = axis->indices[static_cast<std::size_t>(pixel % size)];
    pixel /= size;
    if (index == MapAxis::kFilled) {
      return std::nullopt;
    }
    source += index * axis->stride;
  }
  return source;
}

}  // namespace

PixelMap parse_pixel_map(std::string_view text) {
  try {
    return {.axes = MapParser(text).run(), .error = {}};
  } catch (const WrongMap& wrong) {
    return {.axes = {}, .error = wrong.what()};
  }
}

std::string text_of(const std::vector<MapAxis>& axes) {
  std::string text;
  for (const MapAxis& axis : axes) {
    text += text.empty() ? "" : " ";
    std::string list;
    for (std::size_t first = 0; first < axis.indices.size();) {
      const std::size_t size = run_length(axis.indices, first);
      list += list.empty() ? "" : ",";
      const std::int64_t index = axis.indices[first];
      if (index == MapAxis::kFilled) {
        list += size == 1 ? "-" : fmt::format("-x{}", size);
      } else if (size == 1) {
        list += fmt::format("{}", index);
      } else {
        const std::int64_t step = std::abs(axis.indices[first + 1] - index);
        list += fmt::format("{}..{}", index, axis.indices[first + size - 1]);
        list += step == 1 ? "" : fmt::format("/{}", step);
      }
      first += size;
    }
    text += list + (axis.stride == 1 ? "" : fmt::format("*{}", axis.stride));
  }
  return text;
}

std::vector<OpEntry> Rearrange::entries() {
  return {{.name = "rearrange",
           .onnx = "",
           .prototype = Rearrange{},
           .inputs = InputCount::AtLeastOne,
           .attributes = {
               {"map", Attribute::Text{kAt<&Rearrange::map>},
                "where the pixels of each axis come from", Attribute::Presence::Required},
               {"fill",
                Attribute::Real{
                    .at = kAt<&Rearrange::fill>, .least = -kLargestFill, .most = kLargestFill},
                "of pixels that come from nowhere"},
               output_attribute()}}};
}

Inferred Rearrange::infer(const InferInputs& in) {
  PixelMap parsed = parse_pixel_map(map);
  if (!parsed.error.empty()) {
    in.where.fail("map", parsed.error);
  }
  axes = std::move(parsed.axes);
  const Shape first = in.image(0);
  std::vector<std::int64_t> ends;  // of the inputs' pixels
  for (std::size_t i = 0; i < in.types.size(); ++i) {
    const Shape shape = in.image(i);
    if (shape.batch != first.batch || shape.channels != first.channels ||
        in.quantizations[i] != in.quantizations[0]) {
      in.where.fail(
          fmt::format("expected inputs of one batch, number of channels and "
                      "quantisation, got {} and {}",
                      shape_text(first), shape_text(shape)));
    }
    ends.push_back((ends.empty() ? 0 : ends.back()) + shape.rows * shape.cols);
  }
  std::int64_t pixels = 1;
  std::int64_t furthest = 0;
  for (const MapAxis& axis : axes) {
    const auto size = static_cast<std::int64_t>(axis.indices.size());
    if (size == 0 || pixels > kMostPixels / size) {
      in.where.fail("map", fmt::format("expected a map of 1..2^26 pixels, got {}",
                                       size == 0 ? "none" : "more"));
    }
    pixels *= size;
    furthest += *std::max_element(axis.indices.begin(), axis.indices.end()) * axis.stride;
  }
  if (furthest >= ends.back()) {
    in.where.fail("map", fmt::format("expected a map to the {} pixels of the inputs, got one to "
                                     "number {}",
                                     ends.back(), furthest));
  }
  cols = pixels / static_cast<std::int64_t>(axes.front().indices.size());
  for (std::size_t axis = 1; axis < axes.size() && cols > kMaxSize; ++axis) {
    cols /= static_cast<std::int64_t>(axes[axis].indices.size());
  }
  auto found = std::make_shared<std::vector<PixelSource>>();
  found->reserve(static_cast<std::size_t>(pixels));
  for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
    const auto source = source_pixel(axes, pixel);
    PixelSource& to = found->emplace_back();
    if (!source) {
      to.filled = true;
      continue;
    }
    const auto input = std::upper_bound(ends.begin(), ends.end(), *source) - ends.begin();
    const std::int64_t within =
        *source - (input == 0 ? 0 : ends[static_cast<std::size_t>(input) - 1]);
    const std::int64_t in_cols = in.image(static_cast<std::size_t>(input)).cols;
    to.input = static_cast<std::int32_t>(input);
    to.at = {.row = within / in_cols, .col = within % in_cols};
  }
  sources = std::move(found);
  const Shape out{
      .batch = first.batch, .rows = pixels / cols, .cols = cols, .channels = first.channels};
  check_size(out, in.where.op);
  return {.type = image_type(in.types[0].element, out), .quantization = in.quantizations[0]};
}

Work Rearrange::work() const {
  return CopyWork{.source = ListedPixels(sources, cols), .fill = fill, .period = period};
}

}  // namespace systole
