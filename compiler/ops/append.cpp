#include "compiler/ops/append.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/ops/op.h"

namespace systole {

std::vector<OpEntry> AppendRows::entries() {
  return {{.name = "append",
           .onnx = "",
           .prototype = AppendRows{},
           .inputs = InputCount::Two,
           .attributes = {{"at", Attribute::Integer{.at = kAt<&AppendRows::at>, .least = 0},
                           "row of the state that the first one becomes"},
                          kept_output("an append keeps its state's")}}};
}

Inferred AppendRows::infer(const InferInputs& in) {
  constexpr std::size_t kByHead = 4;
  const Extents& written = in.types[0].extents;
  const Extents& state = in.types[1].extents;
  const bool by_head = state.size() == kByHead;
  side_by_side = by_head && written.size() + 1 == state.size();
  const bool fits = side_by_side
                        ? written.back() == state[1] * state.back()
                        : written.size() == state.size() && written.back() == state.back() &&
                              (!by_head || written[1] == state[1]);
  if ((!by_head && state.size() + 1 != kByHead) || !fits || written.front() != state.front()) {
    in.where.fail(fmt::format(
        "expected rows and a state of batch, rows and the same features (or batch, heads, rows and "
        "features of a head), got {} and {}",
        fmt::join(written, " x "), fmt::join(state, " x ")));
  }
  rows = side_by_side ? written[1] : written[written.size() - 2];
  heads = by_head ? state[1] : 0;
  features = state.back();
  const std::int64_t held = state[state.size() - 2];
  if (at + rows > held) {
    in.where.fail("at", fmt::format("expected a context of at most {} tokens, as many as the cache "
                                    "holds, got {}",
                                    held, at + rows));
  }
  return {.type = in.types[1], .quantization = in.quantizations[1]};
}

Work AppendRows::work() const {
  if (heads != 0) {
    return CopyWork{
        .source =
            [first = at, count = rows, aside = side_by_side, size = features](const Pixel& out) {
              if (out.col < first || out.col >= first + count) {
                return PixelSource{.input = 1, .at = out};
              }
              const std::int64_t row = out.col - first;
              return aside ? PixelSource{.at = {.row = row}, .channel = out.row * size}
                           : PixelSource{.at = {.row = out.row, .col = row}};
            },
        .over = RowsOver{.input = 1, .first = 0, .rows = heads, .first_col = at, .cols = rows}};
  }
  return CopyWork{.source =
                      [first = at, count = rows](const Pixel& out) {
                        const bool is_new = out.row >= first && out.row < first + count;
                        PixelSource source{.input = is_new ? 0 : 1, .at = out};
                        source.at.row -= is_new ? first : 0;
                        return source;
                      },
                  .over = RowsOver{.input = 1, .first = at, .rows = rows}};
}

}  // namespace systole
