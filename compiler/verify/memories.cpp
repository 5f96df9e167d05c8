#include "compiler/verify/memories.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "compiler/verify/accesses.h"

namespace systole::verification {

namespace {

constexpr std::int32_t kNobody = -1;

/// A row loop may write its results over rows that it loads, byte for byte: it is done with a row
/// when it stores it.
bool may_overwrite(const Access& read) {
  return read.operand == kLoadedRows;
}

std::int64_t lowest_address(const Rectangles& rectangles) {
  return std::min_element(rectangles.begin(), rectangles.end(),
                          [](const Rectangle& a, const Rectangle& b) { return a.base < b.base; })
      ->base;
}

/// What memory holds of each tile, as its loads say.
struct TileContent {
  DataType type = DataType::Int8;
  std::int64_t scale_bytes = 0;

  bool operator==(const TileContent&) const = default;
};
/// Whether two tiles at one address are the same part of weights that their layers share.
bool are_one(const WeightTile& a, const WeightTile& b) {
  return a.k_first == b.k_first && a.rows == b.rows && a.n_first == b.n_first && a.cols == b.cols &&
         a.zeros == b.zeros;
}
std::vector<TileContent> tile_contents(const Program& program) {
  std::vector<TileContent> contents(program.tiles.size());
  for (const EngineId engine : program.engines()) {
    if (engine.kind != EngineKind::Weights) {
      continue;
    }
    for (const StreamInstruction instruction : program.stream(engine)) {
      const auto& load = instruction.get<LoadTile>();
      contents[static_cast<std::size_t>(load.tile)] = {.type = load.type,
                                                       .scale_bytes = bytes_of_scales(load)};
    }
  }
  return contents;
}

}  // namespace

Memories::Memories(const ChipSpec& chip, const Program& program, const Order& order)
    : chip_(chip),
      program_(program),
      order_(order),
      first_of_(program.tiles.size()),
      buffers_(static_cast<std::size_t>(program.engines().cores),
               Fragments(size_of(Space::Buffer))),
      dram_(size_of(Space::Dram), program.tiles.size()),
      host_(size_of(Space::Host)),
      readers_(kReaders) {
  std::iota(first_of_.begin(), first_of_.end(), 0);
}

std::int64_t Memories::size_of(Space space) const {
  switch (space) {
    case Space::Buffer:
      return chip_.buffer.capacity.count();
    case Space::Dram:
      return program_.dram_bytes;
    case Space::Host:
      return program_.host_bytes;
  }
  return 0;
}

std::optional<std::string> Memories::fill() {
  for (std::size_t index = 0; index < program_.tensors.size(); ++index) {
    const ProgramTensor& tensor = program_.tensors[index];
    if (tensor.role == TensorRole::Output || tensor.role == TensorRole::Intermediate) {
      continue;
    }
    const bool host = tensor.role == TensorRole::Input && tensor.io == IoMemory::Host;
    const Space space = host ? Space::Host : Space::Dram;
    const Label label = Label::of_tensor(static_cast<TensorId>(index));
    if (auto violation = put(space, tensor.home, tensor.bytes(), label)) {
      return violation;
    }
  }
  const std::vector<TileContent> contents = tile_contents(program_);
  for (std::size_t index = 0; index < program_.tiles.size(); ++index) {
    const WeightTile& tile = program_.tiles[index];
    if (tile.tensor != kNoTensor) {
      continue;  // what a layer computes, or an input
    }
    const Label label = Label::of_tile(static_cast<std::int32_t>(index));
    const std::int64_t elements = chip_.weight_fifo.whole_tiles
                                      ? chip_.matrix.rows * chip_.matrix.cols
                                      : tile.rows * tile.cols;
    const std::int64_t bytes =
        bytes_of(contents[index].type, elements) + contents[index].scale_bytes;
    const auto first = tile_at(rectangle(tile.dram_address, 1, bytes, 0));
    if (first && are_one(program_.tiles[static_cast<std::size_t>(*first)], tile) &&
        contents[static_cast<std::size_t>(*first)] == contents[index]) {
      first_of_[index] = *first;
      continue;
    }
    if (auto violation = put(Space::Dram, tile.dram_address, bytes, label)) {
      return violation;
    }
  }
  return {};
}

std::optional<std::int32_t> Memories::tile_at(const Rectangle& where) {
  for (const Fragments::Overlap& overlap : dram_.overlaps(where)) {
    const Fragment& fragment = dram_.at(overlap.id);
    if (fragment.label.is_tile() && fragment.where.base == where.base) {
      return fragment.label.tile();
    }
  }
  return {};
}

std::optional<std::string> Memories::put(Space space, std::int64_t address, std::int64_t bytes,
                                         Label label) {
  const Rectangle where = rectangle(address, 1, bytes, 0);
  if (where.end() > size_of(space)) {
    return fmt::format("{}: lies at {} {}..{}, which has {} bytes", name_of(program_, label),
                       systole::name_of(space), address, where.end() - 1, size_of(space));
  }
  const auto overlaps = fragments(space).overlaps(where);
  if (!overlaps.empty()) {
    const Fragment& other = fragments(space).at(overlaps.front().id);
    return fmt::format("{}: overlaps {} at {} {}", name_of(program_, label),
                       name_of(program_, other.label), systole::name_of(space),
                       lowest_address(intersection(where, other.where)));
  }
  fragments(space).write(
      {.where = where, .label = label, .delta = -address, .writer = {}, .readers = {}});
  return {};
}

std::optional<std::string> Memories::execute(Place place, const Accesses& accesses) {
  if (auto violation = check_overlap(place, accesses)) {
    return violation;
  }
  for (const Access& access : accesses.reads) {
    if (auto violation = read(place, access)) {
      return violation;
    }
  }
  for (const Access& access : accesses.writes) {
    if (auto violation = write(place, access)) {
      return violation;
    }
  }
  return {};
}

std::string Memories::phrase(Place place, std::string_view verb, const Access& access,
                             std::int64_t address) const {
  return fmt::format("{}: {} {} {} byte {} at {} {}", name_of(program_, place), access.operand,
                     verb, name_of(program_, access.label), address + access.delta,
                     systole::name_of(access.space), address);
}

std::optional<std::string> Memories::check_range(Place place, const Access& access) const {
  const Rectangle& where = access.where;
  if (where.base < 0 || where.end() > size_of(access.space)) {
    return fmt::format("{}: {} lies at {} {}..{}, which has {} bytes", name_of(program_, place),
                       access.operand, systole::name_of(access.space), where.base, where.end() - 1,
                       size_of(access.space));
  }
  if (!access.label.is_tensor()) {
    return {};
  }
  const auto& tensor = program_.tensors[static_cast<std::size_t>(access.label.tensor())];
  if (where.base + access.delta < 0 || where.end() + access.delta > tensor.bytes()) {
    return fmt::format("{}: {} is bytes {}..{} of '{}', which has {}", name_of(program_, place),
                       access.operand, where.base + access.delta, where.end() + access.delta - 1,
                       tensor.name, tensor.bytes());
  }
  if (access.space != Space::Buffer && access.delta != -tensor.home) {
    return fmt::format("{}: {} has byte {} of '{}' at {} {}, but its home is {}",
                       name_of(program_, place), access.operand, where.base + access.delta,
                       tensor.name, systole::name_of(access.space), where.base, tensor.home);
  }
  return {};
}

std::optional<std::string> Memories::check_overlap(Place place, const Accesses& accesses) const {
  for (const Access& write : accesses.writes) {
    for (const Access& read : accesses.reads) {
      if (read.space != write.space || (may_overwrite(read) && read.where == write.where)) {
        continue;
      }
      const Rectangles common = intersection(read.where, write.where);
      if (!common.empty()) {
        return fmt::format("{} before {} has been read",
                           phrase(place, "overwrites", write, lowest_address(common)),
                           read.operand);
      }
    }
  }
  return {};
}

std::optional<std::string> Memories::read(Place place, const Access& access) {
  const bool is_tile = access.label.is_tile();
  if (is_tile && first_of(access.label.tile()) != access.label.tile()) {
    Access first = access;
    first.label = Label::of_tile(first_of(access.label.tile()));
    return read(place, first);
  }
  if (auto violation = check_range(place, access)) {
    return violation;
  }
  std::int64_t bytes = 0;
  bool matches = true;
  Fragments& memory = fragments(access.space, place.engine.core);
  const Fragment* unordered = nullptr;
  for (const Fragments::Overlap& overlap : memory.overlaps(access.where)) {
    Fragment& fragment = memory.at(overlap.id);
    bytes += overlap.bytes;
    matches = matches && fragment.label == access.label && fragment.delta == access.delta;
    if (!order_.is_before(fragment.writer)) {
      unordered = &fragment;
    }
    fragment.add_reader(place);
  }
  if (!matches || bytes < access.where.bytes()) {
    return fmt::format("{}: {} reads {}", name_of(program_, place), access.operand,
                       find_wrong_bytes(access, place.engine.core));
  }
  if (unordered != nullptr) {
    const std::int64_t address = lowest_address(intersection(unordered->where, access.where));
    return fmt::format("{}, not ordered after {}, which writes it",
                       phrase(place, "reads", access, address),
                       name_of(program_, unordered->writer));
  }
  return {};
}

std::string Memories::find_wrong_bytes(const Access& access, std::uint16_t core) {
  Fragments& memory = fragments(access.space, core);
  Rectangles missing{access.where};
  const Fragment* other = nullptr;
  for (const Fragments::Overlap& overlap : memory.overlaps(access.where)) {
    const Fragment& fragment = memory.at(overlap.id);
    if (fragment.label != access.label || fragment.delta != access.delta) {
      other = &fragment;
    }
    Rectangles rest;
    for (const Rectangle& piece : missing) {
      const Rectangles pieces = difference(piece, fragment.where);
      rest.insert(rest.end(), pieces.begin(), pieces.end());
    }
    missing = std::move(rest);
  }
  const std::int64_t address = other == nullptr
                                   ? lowest_address(missing)
                                   : lowest_address(intersection(other->where, access.where));
  std::string text = fmt::format("{} byte {} at {} {}, which ", name_of(program_, access.label),
                                 address + access.delta, systole::name_of(access.space), address);
  if (other == nullptr) {
    return text + "was never written";
  }
  text += fmt::format("holds {} byte {}", name_of(program_, other->label), address + other->delta);
  if (other->writer.index != kNobody) {
    text += fmt::format(" from {}", name_of(program_, other->writer));
  }
  return text;
}

const Accesses* Memories::accesses_of(Place reader) {
  const auto end = readers_.begin() + static_cast<std::ptrdiff_t>(reader_count_);
  const auto known =
      std::find_if(readers_.begin(), end, [&](const Reader& each) { return each.place == reader; });
  if (known != end) {
    return &known->accesses;
  }
  if (reader_count_ == kReaders) {
    reader_count_ = 0;  // who is asked about next is near the last ones
  }
  Reader& next = readers_[reader_count_];
  next.place = reader;
  if (derive_accesses(program_, reader, next.accesses)) {
    return nullptr;
  }
  ++reader_count_;
  return &next.accesses;
}

std::optional<Place> Memories::find_unordered_reader(Place latest, Place writer,
                                                     const Access& access,
                                                     const Fragment& fragment) {
  if (latest.index < 0 || order_.is_before(latest)) {
    return {};
  }
  const Rectangles common = intersection(fragment.where, access.where);
  for (Place reader = latest; reader.index >= 0 && !order_.is_before(reader); --reader.index) {
    if (reader == writer) {
      continue;
    }
    const Accesses* const accesses = accesses_of(reader);
    if (accesses == nullptr) {
      return reader;
    }
    for (const Access& read : accesses->reads) {
      const bool touches = read.space == access.space &&
                           std::any_of(common.begin(), common.end(), [&](const Rectangle& part) {
                             return !intersection(read.where, part).empty();
                           });
      if (touches) {
        return reader;
      }
    }
  }
  return {};
}

std::optional<std::string> Memories::write(Place place, const Access& access) {
  if (auto violation = check_range(place, access)) {
    return violation;
  }
  Fragments& memory = fragments(access.space, place.engine.core);
  for (const Fragments::Overlap& overlap : memory.overlaps(access.where)) {
    const Fragment& fragment = memory.at(overlap.id);
    const auto conflict = [&](Place earlier, std::string_view what) {
      Access old = access;
      old.label = fragment.label;
      old.delta = fragment.delta;
      return fmt::format("{}, not ordered after {}, which {} it",
                         phrase(place, "overwrites", old,
                                lowest_address(intersection(fragment.where, access.where))),
                         name_of(program_, earlier), what);
    };
    if (!order_.is_before(fragment.writer)) {
      return conflict(fragment.writer, "writes");
    }
    for (const Place latest : fragment.readers) {
      if (const auto reader = find_unordered_reader(latest, place, access, fragment)) {
        return conflict(*reader, "reads");
      }
    }
  }
  memory.write({.where = access.where,
                .label = access.label,
                .delta = access.delta,
                .writer = place,
                .readers = {}});
  return {};
}

std::optional<std::string> Memories::check_outputs() {
  for (std::size_t index = 0; index < program_.tensors.size(); ++index) {
    const ProgramTensor& tensor = program_.tensors[index];
    if (tensor.role != TensorRole::Output && tensor.role != TensorRole::State) {
      continue;
    }
    const Space space = tensor.is_in_host_memory() ? Space::Host : Space::Dram;
    const Access access{.operand = systole::name_of(tensor.role),
                        .space = space,
                        .where = rectangle(tensor.home, 1, tensor.bytes(), 0),
                        .label = Label::of_tensor(static_cast<TensorId>(index)),
                        .delta = -tensor.home};
    std::int64_t bytes = 0;
    for (const Fragments::Overlap& overlap : fragments(space).overlaps(access.where)) {
      const Fragment& fragment = fragments(space).at(overlap.id);
      const bool same = fragment.label == access.label && fragment.delta == access.delta;
      bytes += same ? overlap.bytes : 0;
    }
    if (bytes < tensor.bytes()) {
      return fmt::format("end of the program: needs {}", find_wrong_bytes(access));
    }
  }
  return {};
}

}  // namespace systole::verification
