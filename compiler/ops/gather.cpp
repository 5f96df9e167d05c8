#include "compiler/ops/gather.h"

#include <utility>

#include <fmt/format.h>

#include "compiler/ops/op.h"

namespace systole {

namespace {

/// Of a sequence of numbers as good as drawn, the next one. Source: Steele et al., Fast Splittable
/// Pseudorandom Number Generators, OOPSLA 2014 (SplitMix64).
std::uint64_t drawn(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15U;
  std::uint64_t mixed = state;
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
  return mixed ^ (mixed >> 31U);
}

}  // namespace

std::vector<OpEntry> GatherRows::entries() {
  return {{.name = "gather",
           .onnx = "",
           .prototype = GatherRows{.rows = {}, .numbers = {}},
           .attributes = {
               {"rows", Attribute::Text{kAt<&GatherRows::rows>}, "of the table, a list"},
               {"count", Attribute::Integer{.at = kAt<&GatherRows::count>, .most = kMaxFeatures},
                "rows that are drawn, in place of a list"},
               kept_output("rows are as their table holds them")}}};
}

void GatherRows::complete(const OpPlace& written) const {
  if (!rows.empty() && count != 0) {
    written.fail("count", "expected either rows or count, got both");
  }
}

Inferred GatherRows::infer(const InferInputs& in) {
  constexpr std::size_t kAxes = 3;
  const Extents& table = in.types[0].extents;
  if (table.size() != kAxes) {
    in.where.fail(fmt::format("expected a table of rows and features, got {} axes behind the batch",
                              table.size() - 1));
  }
  if (rows.empty() && count == 0) {
    in.where.fail("expected either rows or count, got none");
  }
  auto found = std::make_shared<std::vector<std::int64_t>>();
  std::int64_t each = count;
  if (rows.empty()) {
    auto state = static_cast<std::uint64_t>(table[1]);
    for (std::int64_t i = 0; i < in.batch * count; ++i) {
      found->push_back(
          static_cast<std::int64_t>(drawn(state) % static_cast<std::uint64_t>(table[1])));
    }
  } else {
    const PixelMap map = parse_pixel_map(rows);
    if (!map.error.empty()) {
      in.where.fail("rows", map.error);
    }
    const std::vector<std::int64_t>& list = map.axes.front().indices;
    each = static_cast<std::int64_t>(list.size());
    for (const std::int64_t row : list) {
      if (row < 0 || row >= table[1]) {
        in.where.fail("rows", fmt::format("expected rows of 0..{}, got {}", table[1] - 1, row));
      }
    }
    for (std::int64_t image = 0; image < in.batch; ++image) {
      found->insert(found->end(), list.begin(), list.end());
    }
  }
  numbers = std::move(found);
  TensorType type = in.types[0];
  type.extents[0] = in.batch;
  type.extents[1] = each;
  return {.type = std::move(type), .quantization = in.quantizations[0]};
}

Work GatherRows::work() const {
  return CopyWork{.source =
                      [of = numbers](const Pixel& out) {
                        return PixelSource{
                            .input = 0,
                            .at = {.row = (*of)[static_cast<std::size_t>(out.row)], .col = 0}};
                      },
                  .gathers = true};
}

}  // namespace systole
