#include "compiler/verify/accumulators.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "arch/isa/mac_kind.h"

namespace systole::verification {

std::string Accumulators::layer_name(std::int32_t layer) const {
  return fmt::format("'{}'", program_.layers[static_cast<std::size_t>(layer)].name);
}

bool Accumulators::include(Ranges& done, Range range) {
  const auto next =
      std::lower_bound(done.begin(), done.end(), range,
                       [](const Range& a, const Range& b) { return a.begin < b.begin; });
  if (next != done.end() && next->begin < range.end) {
    return false;
  }
  if (next != done.begin() && std::prev(next)->end > range.begin) {
    return false;
  }
  auto added = done.insert(next, range);
  if (std::next(added) != done.end() && std::next(added)->begin == range.end) {
    added->end = std::next(added)->end;
    added = std::prev(done.erase(std::next(added)));
  }
  if (added != done.begin() && std::prev(added)->end == added->begin) {
    std::prev(added)->end = added->end;
    done.erase(added);
  }
  return true;
}

bool Accumulators::continues(const WeightTile& before, const WeightTile& tile) const {
  if (tile.tensor == kNoTensor || before.tensor == kNoTensor) {
    return tile.tensor == before.tensor;
  }
  const DataType type = program_.tensors[static_cast<std::size_t>(tile.tensor)].type;
  const std::int64_t step =
      before.transposed ? bytes_of(type, before.rows) : before.rows * before.pitch;
  return tile.tensor == before.tensor && tile.transposed == before.transposed &&
         tile.pitch == before.pitch &&
         (tile.offset == before.offset + step || turns_back(before, tile, type));
}

/// Weights whose kernel is turned by half a turn, as a convolution's gradient by its input has
/// them: behind the end of a kernel position's runs comes the position before it, which lies a run
/// for each of the layer's columns further ahead.
bool Accumulators::turns_back(const WeightTile& before, const WeightTile& tile,
                              DataType type) const {
  std::int64_t columns = 0;
  for (const WeightTile& other : program_.tiles) {
    columns = other.layer == tile.layer ? std::max(columns, other.n_first + other.cols) : columns;
  }
  if (!before.transposed) {  // runs of one element
    return before.rows == 1 && tile.offset == before.offset - bytes_of(type, columns);
  }
  const std::int64_t within = before.offset % before.pitch;
  return within + bytes_of(type, before.rows) == before.pitch &&
         tile.offset == before.offset - within - columns * before.pitch;
}

std::optional<std::string> Accumulators::check_tiles() {
  std::vector<const WeightTile*> tiles;
  tiles.reserve(program_.tiles.size());
  for (const WeightTile& tile : program_.tiles) {
    tiles.push_back(&tile);
  }
  const auto is_before = [](const WeightTile* a, const WeightTile* b) {
    return std::tie(a->layer, a->n_first, a->k_first) < std::tie(b->layer, b->n_first, b->k_first);
  };
  if (!std::is_sorted(tiles.begin(), tiles.end(), is_before)) {
    std::sort(tiles.begin(), tiles.end(), is_before);
  }
  reduction_.assign(program_.layers.size(), 0);
  const WeightTile* last = nullptr;
  for (const WeightTile* tile : tiles) {
    const bool same_layer = last != nullptr && last->layer == tile->layer;
    const bool same_block = same_layer && last->n_first == tile->n_first;
    const std::int64_t expected_k = same_block ? last->k_first + last->rows : 0;
    const std::int64_t lowest_n = same_layer ? last->n_first + last->cols : 0;
    const bool fits = same_block ? tile->cols == last->cols : tile->n_first >= lowest_n;
    if (tile->k_first != expected_k || !fits) {
      return fmt::format(
          "tile {}: starts at reduction {} of channels {}..{} of layer {}, expected "
          "{} tiles to continue at reduction {}",
          tile - program_.tiles.data(), tile->k_first, tile->n_first,
          tile->n_first + tile->cols - 1, layer_name(tile->layer), same_block ? "its" : "new",
          expected_k);
    }
    if (same_block && !continues(*last, *tile)) {
      return fmt::format(
          "tile {}: is no part of the matrix of tile {}, whose reduction of layer {} it continues",
          tile - program_.tiles.data(), last - program_.tiles.data(), layer_name(tile->layer));
    }
    auto& reduction = reduction_[static_cast<std::size_t>(tile->layer)];
    reduction = std::max(reduction, tile->k_first + tile->rows);
    last = tile;
  }
  return {};
}

Accumulators::Entries::iterator Accumulators::cut_at(std::int64_t entry) {
  auto next = entries_.lower_bound(entry);
  if (next == entries_.begin()) {
    return next;
  }
  const auto before = std::prev(next);
  if (before->second.end <= entry) {
    return next;
  }
  Sums rest = before->second;
  before->second.end = entry;
  return entries_.emplace_hint(next, entry, std::move(rest));
}

template <class Visit>
std::optional<std::string> Accumulators::visit_sums(Place place, std::int64_t begin,
                                                    std::int64_t end, Visit visit) {
  cut_at(end);
  auto current = cut_at(begin);
  for (std::int64_t entry = begin; entry < end; entry = current++->second.end) {
    if (current == entries_.end() || current->first != entry) {
      return fmt::format("{}: accumulator {} holds no sums", name_of(program_, place), entry);
    }
    if (auto violation = visit(entry, current->second)) {
      return violation;
    }
  }
  return {};
}

Accumulators::Sums Accumulators::sums_of(Place place, const Fold& fold) const {
  const WeightTile& tile = program_.tiles[static_cast<std::size_t>(fold.tile)];
  return {.end = fold.accumulator + fold.count,
          .layer = tile.layer,
          .n_first = tile.n_first,
          .cols = tile.cols,
          .type = sum_type(*mac_kind(fold.activation_type, fold.weight_type)),
          .position_minus_entry = fold.first - fold.accumulator,
          .out_rows = fold.window->out_rows,
          .out_cols = fold.window->out_cols,
          .first_out_row = fold.window->first_out_row,
          .done = {{fold.k_first, fold.k_first + fold.rows}},
          .writer = place,
          .reader = {}};
}

std::optional<std::string> Accumulators::fold(Place place, const Fold& fold) {
  const Window& window = *fold.window;
  const auto layer = static_cast<std::size_t>(instruction_at(program_, place).layer());
  const std::int64_t depth = window.kernel_rows * window.kernel_cols * window.channels;
  // Where images are channels a window is one image's part of the reduction.
  const bool is_part = window.channels == 1 && depth > 0 &&
                       window.image_pitch == bytes_of(fold.activation_type, 1) &&
                       reduction_[layer] % depth == 0;
  if (depth != reduction_[layer] && !is_part) {
    return fmt::format("{}: the window has {} reduction elements, the tiles of the layer have {}",
                       name_of(program_, place), depth, reduction_[layer]);
  }
  Sums sums = sums_of(place, fold);
  if (auto violation = join_held(place, fold.accumulator, sums)) {
    return violation;
  }
  std::optional<Held>& held = held_[place.engine.unit];
  if (!fold.drain) {
    held = {.first = fold.accumulator, .sums = std::move(sums)};
    return {};
  }
  held.reset();
  return fold.accumulate ? add(place, fold.accumulator, sums)
                         : start(place, fold.accumulator, std::move(sums));
}

std::optional<std::string> Accumulators::join_held(Place place, std::int64_t first,
                                                   Sums& sums) const {
  const std::optional<Held>& left = held_[place.engine.unit];
  if (!left) {
    return {};
  }
  const Sums& held = left->sums;
  if (first != left->first || sums.end != held.end) {
    return fmt::format(
        "{}: is of accumulators {}..{}, but the sums that {} left in the array "
        "are of {}..{}",
        name_of(program_, place), first, sums.end - 1, name_of(program_, held.writer), left->first,
        held.end - 1);
  }
  if (!same_outputs(sums, held)) {
    return fmt::format(
        "{}: goes on with the sums that {} left in the array, which are of other "
        "outputs",
        name_of(program_, place), name_of(program_, held.writer));
  }
  Range& part = sums.done.front();
  const Range& before = held.done.front();
  if (part.begin != before.end) {
    return fmt::format(
        "{}: goes on at reduction {} with the sums that {} left in the array, "
        "expected {}",
        name_of(program_, place), part.begin, name_of(program_, held.writer), before.end);
  }
  part.begin = before.begin;
  return {};
}

std::optional<std::string> Accumulators::start(Place place, std::int64_t first, Sums fresh) {
  cut_at(fresh.end);
  auto current = cut_at(first);
  while (current != entries_.end() && current->first < fresh.end) {
    const auto& [entry, sums] = *current;
    if (sums.reader.index < 0) {
      return fmt::format("{}: overwrites accumulator {}, whose sums from {} nobody has read",
                         name_of(program_, place), entry, name_of(program_, sums.writer));
    }
    if (!order_.is_before(sums.reader)) {
      return fmt::format("{}: overwrites accumulator {}, not ordered after {}, which reads it",
                         name_of(program_, place), entry, name_of(program_, sums.reader));
    }
    current = entries_.erase(current);
  }
  entries_.emplace_hint(current, first, std::move(fresh));
  return {};
}

bool Accumulators::same_outputs(const Sums& a, const Sums& b) {
  const auto outputs_of = [](const Sums& sums) {
    return std::tie(sums.layer, sums.n_first, sums.cols, sums.type, sums.position_minus_entry,
                    sums.out_rows, sums.out_cols, sums.first_out_row);
  };
  return outputs_of(a) == outputs_of(b);
}

std::optional<std::string> Accumulators::add(Place place, std::int64_t first, const Sums& more) {
  return visit_sums(
      place, first, more.end, [&](std::int64_t entry, Sums& sums) -> std::optional<std::string> {
        if (sums.type != more.type) {
          return fmt::format("{}: adds {} sums to accumulator {}, which holds {} sums, of {}",
                             name_of(program_, place), systole::name_of(more.type), entry,
                             systole::name_of(sums.type), name_of(program_, sums.writer));
        }
        if (!same_outputs(sums, more)) {
          return fmt::format("{}: adds to accumulator {}, which holds other outputs, of {}",
                             name_of(program_, place), entry, name_of(program_, sums.writer));
        }
        if (sums.reader.index >= 0) {
          return fmt::format("{}: adds to accumulator {}, which {} has already read",
                             name_of(program_, place), entry, name_of(program_, sums.reader));
        }
        const Range& part = more.done.front();
        if (!include(sums.done, part)) {
          return fmt::format("{}: adds reduction {}..{} to accumulator {} a second time",
                             name_of(program_, place), part.begin, part.end - 1, entry);
        }
        sums.writer = place;
        return {};
      });
}

std::optional<std::string> Accumulators::read(Place place, const Read& read) {
  const std::int32_t layer = instruction_at(program_, place).layer();
  const Range whole{0, reduction_[static_cast<std::size_t>(layer)]};
  return visit_sums(
      place, read.first, read.first + read.count,
      [&](std::int64_t entry, Sums& sums) -> std::optional<std::string> {
        if (sums.layer != layer || sums.cols != read.cols) {
          return fmt::format("{}: reads {} columns of accumulator {}, which holds {} of layer {}",
                             name_of(program_, place), read.cols, entry, sums.cols,
                             layer_name(sums.layer));
        }
        if (sums.type != read.type) {
          return fmt::format("{}: takes accumulator {} for {} sums, but {} has written {} sums",
                             name_of(program_, place), entry, systole::name_of(read.type),
                             name_of(program_, sums.writer), systole::name_of(sums.type));
        }
        if (!order_.is_before(sums.writer)) {
          return fmt::format("{}: reads accumulator {}, not ordered after {}, which writes it",
                             name_of(program_, place), entry, name_of(program_, sums.writer));
        }
        if (sums.done.size() != 1 || sums.done.front() != whole) {
          const std::int64_t missing = sums.done.front().begin > 0 ? 0 : sums.done.front().end;
          return fmt::format("{}: reads accumulator {}, whose sums lack reduction {} of 0..{}",
                             name_of(program_, place), entry, missing, whole.end - 1);
        }
        sums.reader = place;
        return {};
      });
}

std::optional<std::string> Accumulators::check_end() const {
  for (const std::optional<Held>& held : held_) {
    if (held) {
      return fmt::format("end of the program: {} has left its sums in the array",
                         name_of(program_, held->sums.writer));
    }
  }
  for (const auto& [entry, sums] : entries_) {
    if (sums.reader.index < 0) {
      return fmt::format(
          "end of the program: accumulator {} holds sums from {} that nobody has read", entry,
          name_of(program_, sums.writer));
    }
  }
  return {};
}

}  // namespace systole::verification
