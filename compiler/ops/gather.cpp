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

std::shared_ptr<const std::vector<std::int64_t>> drawn_rows(std::int64_t count, std::int64_t of) {
  auto found = std::make_shared<std::vector<std::int64_t>>();
  auto state = static_cast<std::uint64_t>(of);
  for (std::int64_t i = 0; i < count; ++i) {
    found->push_back(static_cast<std::int64_t>(drawn(state) % static_cast<std::uint64_t>(of)));
  }
  return found;
}

}  // namespace

std::vector<OpEntry> GatherRows::entries() {
  return {{.name = "gather",
           .onnx = "",
           .prototype = GatherRows{.rows = {}, .numbers = {}},
           .inputs = InputCount::AtLeastOne,  // beside the table one of indices
           .attributes = {
               {"rows", Attribute::Text{kAt<&GatherRows::rows>}, "of the table, a list"},
               {"count", Attribute::Integer{.at = kAt<&GatherRows::count>, .most = kMaxFeatures},
                "rows that are drawn, in place of a list"},
               kept_output("rows are as their table holds them")}}};
}

void GatherRows::take(Numbers of) {
  numbers = std::move(of);
  of_input = true;
}

void GatherRows::complete(const OpPlace& written) const {
  if (!rows.empty() && count != 0) {
    written.fail("count", "expected either rows or count, got both");
  }
}

void GatherRows::check_sources(const InferInputs& in) const {
  if (in.types.size() != 1) {
    in.where.fail("inputs", fmt::format("expected a table, and beside it an input of indices, got "
                                        "{} tensors",
                                        in.types.size()));
  }
  const bool is_stated = !rows.empty() || count != 0;
  if (of_input && is_stated) {
    in.where.fail(count != 0 ? "count" : "rows",
                  "expected none beside an input of indices, got one");
  }
  if (!of_input && !is_stated) {
    in.where.fail("expected rows, count or an input of indices, got none");
  }
}

GatherRows::Numbers GatherRows::listed_rows(const InferInputs& in) const {
  const PixelMap map = parse_pixel_map(rows);
  if (!map.error.empty()) {
    in.where.fail("rows", map.error);
  }
  const std::vector<std::int64_t>& list = map.axes.front().indices;
  auto all = std::make_shared<std::vector<std::int64_t>>();
  for (std::int64_t image = 0; image < in.batch; ++image) {
    all->insert(all->end(), list.begin(), list.end());
  }
  return all;
}

Inferred GatherRows::infer(const InferInputs& in) {
  constexpr std::size_t kAxes = 3;
  const Extents& table = in.types[0].extents;
  if (table.size() != kAxes) {
    in.where.fail(fmt::format("expected a table of rows and features, got {} axes behind the batch",
                              table.size() - 1));
  }
  check_sources(in);
  if (!of_input) {
    numbers = rows.empty() ? drawn_rows(in.batch * count, table[1]) : listed_rows(in);
  }
  for (const std::int64_t row : *numbers) {
    if (row < 0 || row >= table[1]) {
      in.where.fail(rows.empty() ? "inputs" : "rows",
                    fmt::format("expected rows of 0..{}, got {}", table[1] - 1, row));
    }
  }
  TensorType type = in.types[0];
  type.extents[0] = in.batch;
  type.extents[1] = static_cast<std::int64_t>(numbers->size()) / in.batch;
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
