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
  constexpr std::size_t kAxes = 3;
  const Extents& written = in.types[0].extents;
  const Extents& state = in.types[1].extents;
  if (written.size() != kAxes || state.size() != kAxes || written.front() != state.front() ||
      written.back() != state.back()) {
    in.where.fail(
        fmt::format("expected rows and a state of batch, rows and the same features, got {} and {}",
                    fmt::join(written, " x "), fmt::join(state, " x ")));
  }
  rows = written[1];
  if (at + rows > state[1]) {
    in.where.fail("at", fmt::format("expected a context of at most {} tokens, as many as the cache "
                                    "holds, got {}",
                                    state[1], at + rows));
  }
  return {.type = in.types[1], .quantization = in.quantizations[1]};
}

Work AppendRows::work() const {
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
