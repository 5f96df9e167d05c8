#include "compiler/verify/rectangle.h"

#include <algorithm>

namespace systole::verification {

namespace {

/// Half-open ranges of rows and columns in a grid that lays memory out `pitch` bytes a row.
struct Box {
  std::int64_t row_begin = 0;
  std::int64_t row_end = 0;
  std::int64_t col_begin = 0;
  std::int64_t col_end = 0;

  [[nodiscard]] bool empty() const { return row_begin >= row_end || col_begin >= col_end; }
};

struct Grid {
  std::int64_t origin = 0;
  std::int64_t pitch = 1;
};

std::int64_t floor_div(std::int64_t value, std::int64_t divisor) {
  const std::int64_t quotient = value / divisor;
  return value % divisor < 0 ? quotient - 1 : quotient;
}

/// Calls `visit` unless the box is empty.
template <class Visit>
void offer(const Box& box, Visit visit) {
  if (!box.empty()) {
    visit(box);
  }
}

/// One run of bytes: the rest of a row, whole rows, the beginning of a row.
template <class Visit>
void for_each_box_of_run(const Grid& grid, std::int64_t base, std::int64_t bytes, Visit visit) {
  const std::int64_t begin = base - grid.origin;
  const std::int64_t end = begin + bytes;
  const std::int64_t first = floor_div(begin, grid.pitch);
  const std::int64_t last = floor_div(end, grid.pitch);
  const std::int64_t begin_col = begin - first * grid.pitch;
  const std::int64_t end_col = end - last * grid.pitch;
  if (first == last) {
    offer({first, first + 1, begin_col, end_col}, visit);
    return;
  }
  const std::int64_t whole = begin_col == 0 ? first : first + 1;
  offer({first, whole, begin_col, grid.pitch}, visit);
  offer({whole, last, 0, grid.pitch}, visit);
  offer({last, last + 1, 0, end_col}, visit);
}

/// The boxes of a rectangle in a grid: at most three, unless it has rows of another pitch.
template <class Visit>
void for_each_box(const Rectangle& rectangle, const Grid& grid, Visit visit) {
  if (rectangle.rows > 1 && rectangle.pitch == grid.pitch) {
    const std::int64_t distance = rectangle.base - grid.origin;
    const std::int64_t row = floor_div(distance, grid.pitch);
    const std::int64_t col = distance - row * grid.pitch;
    const std::int64_t col_end = col + rectangle.row_bytes;
    offer({row, row + rectangle.rows, col, std::min(col_end, grid.pitch)}, visit);
    offer({row + 1, row + 1 + rectangle.rows, 0, col_end - grid.pitch}, visit);
    return;
  }
  for (std::int64_t row = 0; row < rectangle.rows; ++row) {
    for_each_box_of_run(grid, rectangle.base + row * rectangle.pitch, rectangle.row_bytes, visit);
  }
}

Rectangle rectangle_of(const Box& box, const Grid& grid) {
  return rectangle(grid.origin + box.row_begin * grid.pitch + box.col_begin,
                   box.row_end - box.row_begin, box.col_end - box.col_begin, grid.pitch);
}

Box common(const Box& one, const Box& other) {
  return {std::max(one.row_begin, other.row_begin), std::min(one.row_end, other.row_end),
          std::max(one.col_begin, other.col_begin), std::min(one.col_end, other.col_end)};
}

/// `from` without `what`: above, below, left, right.
template <class Visit>
void for_each_box_outside(const Box& from, const Box& what, Visit visit) {
  const Box hole = common(from, what);
  if (hole.empty()) {
    visit(from);
    return;
  }
  offer({from.row_begin, hole.row_begin, from.col_begin, from.col_end}, visit);
  offer({hole.row_end, from.row_end, from.col_begin, from.col_end}, visit);
  offer({hole.row_begin, hole.row_end, from.col_begin, hole.col_begin}, visit);
  offer({hole.row_begin, hole.row_end, hole.col_end, from.col_end}, visit);
}

/// Both are single runs: at most two runs stay.
Rectangles run_difference(const Rectangle& from, const Rectangle& what) {
  Rectangles rest;
  if (from.base < what.base) {
    rest.push_back(rectangle(from.base, 1, what.base - from.base, 0));
  }
  if (what.end() < from.end()) {
    rest.push_back(rectangle(what.end(), 1, from.end() - what.end(), 0));
  }
  return rest;
}

/// Adds a part of a row; where a row before it, `pitch` bytes ahead, has lost the same, the two go
/// together.
void add_part_of_row(Rectangles& rest, std::int64_t begin, std::int64_t end, std::int64_t pitch) {
  constexpr std::ptrdiff_t kBack = 4;  // parts of a row, rarely more
  const std::int64_t bytes = end - begin;
  const auto first = rest.end() - std::min<std::ptrdiff_t>(kBack, std::ssize(rest));
  const auto before = std::find_if(first, rest.end(), [&](const Rectangle& part) {
    return part.row_bytes == bytes && (part.rows == 1 || part.pitch == pitch) &&
           part.base + part.rows * pitch == begin;
  });
  if (before != rest.end()) {
    *before = rectangle(before->base, before->rows + 1, bytes, pitch);
  } else {
    rest.push_back(rectangle(begin, 1, bytes, 0));
  }
}

/// Of rows of different pitches: row by row where they meet.
Rectangles rows_difference(const Rectangle& from, const Rectangle& what) {
  const auto begin_of = [&](std::int64_t row) { return from.base + row * from.pitch; };
  const std::int64_t first =
      std::clamp(floor_div(what.base - from.row_bytes - from.base, from.pitch) + 1, std::int64_t{0},
                 from.rows);
  const std::int64_t behind =
      std::clamp(floor_div(what.end() - 1 - from.base, from.pitch) + 1, first, from.rows);
  Rectangles rest;
  if (first > 0) {
    rest.push_back(rectangle(from.base, first, from.row_bytes, from.pitch));
  }
  for (std::int64_t row = first; row < behind; ++row) {
    std::int64_t begin = begin_of(row);
    const std::int64_t end = begin + from.row_bytes;
    std::int64_t hole =
        std::max(floor_div(begin - what.row_bytes - what.base, what.pitch) + 1, std::int64_t{0});
    for (; hole < what.rows && what.base + hole * what.pitch < end; ++hole) {
      const std::int64_t hole_begin = what.base + hole * what.pitch;
      if (begin < hole_begin) {
        add_part_of_row(rest, begin, hole_begin, from.pitch);
      }
      begin = std::max(begin, hole_begin + what.row_bytes);
    }
    if (begin < end) {
      add_part_of_row(rest, begin, end, from.pitch);
    }
  }
  if (behind < from.rows) {
    rest.push_back(rectangle(begin_of(behind), from.rows - behind, from.row_bytes, from.pitch));
  }
  return rest;
}

bool are_apart(const Rectangle& one, const Rectangle& other) {
  return one.end() <= other.base || other.end() <= one.base;
}

/// The part of `rectangle` whose rows can reach [begin, end): spares work row by row.
Rectangle clipped(const Rectangle& rectangle, std::int64_t begin, std::int64_t end) {
  const std::int64_t first = std::clamp(floor_div(begin - rectangle.base, rectangle.pitch),
                                        std::int64_t{0}, rectangle.rows - 1);
  const std::int64_t last =
      std::clamp(floor_div(end - 1 - rectangle.base, rectangle.pitch), first, rectangle.rows - 1);
  return {.base = rectangle.base + first * rectangle.pitch,
          .rows = last - first + 1,
          .row_bytes = rectangle.row_bytes,
          .pitch = rectangle.pitch};
}

template <class Visit>
void for_each_common_box(const Rectangle& one, const Rectangle& other, const Grid& grid,
                         Visit visit) {
  const bool same = one.rows == 1 || other.rows == 1 || one.pitch == other.pitch;
  const Rectangle near = same ? other : clipped(other, one.base, one.end());
  for_each_box(one, grid, [&](const Box& a) {
    for_each_box(near, grid, [&](const Box& b) { offer(common(a, b), visit); });
  });
}

/// Of rows of one pitch: a row of `other` lies over the rows of `one` that its first byte is in,
/// and over the next ones where it goes on past their pitch.
std::int64_t common_bytes_of_pitch(const Rectangle& one, const Rectangle& other) {
  const std::int64_t distance = other.base - one.base;
  const std::int64_t row = floor_div(distance, one.pitch);
  const std::int64_t col = distance - row * one.pitch;
  const auto rows = [&](std::int64_t first) {
    return std::max(std::min(one.rows, first + other.rows) - std::max(first, std::int64_t{0}),
                    std::int64_t{0});
  };
  const std::int64_t here = std::min(one.row_bytes, col + other.row_bytes) - col;
  const std::int64_t beyond = std::min(one.row_bytes, col + other.row_bytes - one.pitch);
  return rows(row) * std::max(here, std::int64_t{0}) +
         rows(row + 1) * std::max(beyond, std::int64_t{0});
}

/// Those that lie below an address.
std::int64_t bytes_below(const Rectangle& rectangle, std::int64_t address) {
  const std::int64_t distance =
      std::clamp(address - rectangle.base, std::int64_t{0}, rectangle.rows * rectangle.pitch);
  const std::int64_t rows = distance / rectangle.pitch;
  return rows * rectangle.row_bytes +
         std::min(distance - rows * rectangle.pitch, rectangle.row_bytes);
}

/// Run by run of `one`.
std::int64_t common_bytes_of_runs(const Rectangle& one, const Rectangle& other) {
  std::int64_t bytes = 0;
  for (std::int64_t run = 0; run < one.rows; ++run) {
    const std::int64_t begin = one.base + run * one.pitch;
    bytes += bytes_below(other, begin + one.row_bytes) - bytes_below(other, begin);
  }
  return bytes;
}

/// A grid in which at least one of the two is a single box.
Grid grid_of(const Rectangle& one, const Rectangle& other) {
  const Rectangle& shaped = one.rows > 1 ? one : other;
  return {.origin = shaped.base, .pitch = shaped.pitch};
}

}  // namespace

Rectangle rectangle(std::int64_t base, std::int64_t rows, std::int64_t row_bytes,
                    std::int64_t pitch) {
  if (rows == 1 || pitch == row_bytes) {
    return {.base = base, .rows = 1, .row_bytes = rows * row_bytes, .pitch = rows * row_bytes};
  }
  return {.base = base, .rows = rows, .row_bytes = row_bytes, .pitch = pitch};
}

Columns columns_of(const Rectangle& rectangle) {
  if (rectangle.rows <= 1) {
    return {};
  }
  const std::int64_t begin =
      rectangle.base - floor_div(rectangle.base, rectangle.pitch) * rectangle.pitch;
  return Columns::of_row(begin, rectangle.row_bytes, rectangle.pitch);
}

Rectangles intersection(const Rectangle& one, const Rectangle& other) {
  Rectangles rectangles;
  if (!are_apart(one, other)) {
    const Grid grid = grid_of(one, other);
    for_each_common_box(one, other, grid,
                        [&](const Box& box) { rectangles.push_back(rectangle_of(box, grid)); });
  }
  return rectangles;
}

std::int64_t common_bytes(const Rectangle& one, const Rectangle& other) {
  if (are_apart(one, other)) {
    return 0;
  }
  if (one.rows == 1 && other.rows == 1) {
    return std::min(one.end(), other.end()) - std::max(one.base, other.base);
  }
  if (one.rows > 1 && one.pitch == other.pitch) {
    return common_bytes_of_pitch(one, other);
  }
  const bool fewer = one.rows < other.rows;
  const Rectangle& runs = fewer ? one : other;
  const Rectangle& rows = fewer ? other : one;
  return common_bytes_of_runs(clipped(runs, rows.base, rows.end()), rows);
}

Rectangles difference(const Rectangle& from, const Rectangle& what) {
  if (are_apart(from, what)) {
    return {from};
  }
  if (from.rows == 1 && what.rows == 1) {
    return run_difference(from, what);
  }
  if (from.rows > 1 && what.rows > 1 && from.pitch != what.pitch) {
    return rows_difference(from, what);
  }
  const Grid grid = grid_of(what, from);
  std::vector<Box> rest;
  for_each_box(from, grid, [&](const Box& box) { rest.push_back(box); });
  for_each_box(what, grid, [&](const Box& hole) {
    std::vector<Box> next;
    for (const Box& box : rest) {
      for_each_box_outside(box, hole, [&](const Box& outside) { next.push_back(outside); });
    }
    rest = std::move(next);
  });
  Rectangles rectangles;
  for (const Box& box : rest) {
    rectangles.push_back(rectangle_of(box, grid));
  }
  return rectangles;
}

}  // namespace systole::verification
