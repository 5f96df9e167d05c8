#include "compiler/ops/append.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/ops/op.h"

namespace systole {

std::vector<OpEntry> AppendRows::entries() {
  return {
      {.name = "append",
       .onnx = "",
       .prototype = AppendRows{},
       .inputs = InputCount::Two,
       .attributes = {
           {"at", Attribute::Integer{.at = kAt<&AppendRows::at>, .most = kMaxFeatures, .least = 0},
            "row of the state that the first one becomes"},
           {"window", Attribute::Integer{.at = kAt<&AppendRows::window>, .least = 0},
            "rows that are looked at again: a state of so many is a ring; 0: all"},
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
  size = state[state.size() - 2];
  heads = by_head ? state[1] : 0;
  features = state.back();
  check_place(in);
  return {.type = in.types[1], .quantization = in.quantizations[1]};
}

void AppendRows::check_place(const InferInputs& in) const {
  if (is_ring()) {
    if (rows < size && at % size + rows > size) {
      in.where.fail("at", fmt::format("expected rows that do not go over the end of a ring of {}, "
                                      "got {} at {}",
                                      size, rows, at));
    }
    return;
  }
  if (window != 0 && size > window) {
    in.where.fail("window", fmt::format("expected a state of at most the window's {} tokens, got "
                                        "{}",
                                        window, size));
  }
  if (at + rows > size) {
    in.where.fail("at", fmt::format("expected a context of at most {} tokens, as many as the cache "
                                    "holds, got {}",
                                    size, at + rows));
  }
}

std::optional<std::int64_t> AppendRows::row_for(std::int64_t place) const {
  if (is_ring() && rows >= size) {
    // The last of the sequence's rows that are `place` modulo the size.
    return rows - 1 - (at + rows - 1 - place) % size;
  }
  const std::int64_t row = place - first_row();
  return row >= 0 && row < rows ? std::optional(row) : std::nullopt;
}

Work AppendRows::work() const {
  const bool all = is_ring() && rows >= size;
  const std::int64_t first = all ? 0 : first_row();
  const std::int64_t count = all ? size : rows;
  if (heads == 0) {
    return CopyWork{.source =
                        [append = *this](const Pixel& out) {
                          const std::optional<std::int64_t> row = append.row_for(out.row);
                          return row ? PixelSource{.at = {.row = *row, .col = out.col}}
                                     : PixelSource{.input = 1, .at = out};
                        },
                    .over = RowsOver{.input = 1, .first = first, .rows = count}};
  }
  return CopyWork{
      .source =
          [append = *this](const Pixel& out) {
            const std::optional<std::int64_t> row = append.row_for(out.col);
            if (!row) {
              return PixelSource{.input = 1, .at = out};
            }
            return append.side_by_side
                       ? PixelSource{.at = {.row = *row}, .channel = out.row * append.features}
                       : PixelSource{.at = {.row = out.row, .col = *row}};
          },
      .over = RowsOver{.input = 1, .first = 0, .rows = heads, .first_col = first, .cols = count}};
}

}  // namespace systole
