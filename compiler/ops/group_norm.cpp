#include "compiler/ops/group_norm.h"

#include <string>

#include <fmt/format.h>

#include "compiler/ops/composer.h"
#include "compiler/ops/make.h"

namespace systole {

namespace {

/// Four deviations of a norm's result either way.
constexpr PartialQuantization kNormal{.scale = 4.0 / 128, .zero_point = 0};

OpEntry entry(std::string_view name, std::string_view onnx, std::vector<Attribute> attributes) {
  constexpr double kMost = 1;
  attributes.push_back({"epsilon",
                        Attribute::Real{.at = kAt<&NormalizeGroups::epsilon>, .most = kMost},
                        "added to the variance"});
  attributes.push_back(output_attribute());
  return {.name = name,
          .onnx = onnx,
          .prototype = NormalizeGroups{},
          .attributes = std::move(attributes)};
}

Op channel_factors() {
  return formula_with({.of = "a * p + q", .middles = {1, 0}});
}

}  // namespace

std::vector<OpEntry> NormalizeGroups::entries() {
  return {entry("group_norm", "GroupNormalization",
                {{"groups", Attribute::Integer{kAt<&NormalizeGroups::groups>}, "of channels",
                  Attribute::Presence::Required}}),
          entry("instance_norm", "InstanceNormalization", {})};
}

GraphTensorId NormalizeGroups::compose(Composer& composer) const {
  const GraphTensorId input = composer.inputs().front();
  const Extents extents = composer.extents(input);
  const Shape in = composer.tensor(input).shape();
  const std::int64_t parts = groups == 0 ? in.channels : groups;
  if (in.channels % parts != 0) {
    composer.where().fail(
        "groups", fmt::format("expected a divisor of the {} channels, got {}", in.channels, parts));
  }
  const std::int64_t pixels = in.rows * in.cols;
  const std::int64_t channels = in.channels / parts;
  const GraphTensorId apart = composer.view("apart", input, {in.batch, pixels, parts, channels});
  const GraphTensorId gathered = composer.add("gathered", transposition_of_pixels(), {apart});
  const GraphTensorId rows = composer.view("rows", gathered, {in.batch, parts, pixels * channels});
  const double share = 1.0 / static_cast<double>(pixels * channels);
  const std::string centred = fmt::format("(a - sum(a) * {})", share);
  const GraphTensorId normal = composer.add(
      "normal",
      formula_of(fmt::format("{0} * rsqrt(sum({0} * {0}) * {1} + {2})", centred, share, epsilon)),
      {rows}, kNormal);
  const GraphTensorId image = composer.view("image", normal, {in.batch, parts, pixels, channels});
  const GraphTensorId back = composer.add("back", transposition_of_pixels(), {image});
  return composer.add_named(channel_factors(), {composer.view("whole", back, extents)});
}

std::vector<OpEntry> ScaleChannels::entries() {
  return {{.name = "batch_norm",
           .onnx = "",
           .prototype = ScaleChannels{},
           .attributes = {output_attribute()}}};
}

GraphTensorId ScaleChannels::compose(Composer& composer) {
  return composer.add_named(channel_factors(), {composer.inputs().front()});
}

}  // namespace systole
