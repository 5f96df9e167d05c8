#include "report/buffer_levels.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <tuple>

#include "arch/isa/buffer_bytes.h"

namespace systole {

namespace {

constexpr CoreCycles kNever{-1};

/// Neighbouring bytes of one history. The key of the map is where they begin.
struct Piece {
  std::int64_t end = 0;
  CoreCycles written{0};
  CoreCycles last_read = kNever;
};

/// The bytes of the buffer that have been written, as disjoint pieces.
class Contents {
 public:
  void read(const ByteRun& run, CoreCycles at) {
    auto piece = split(run.begin);
    for (; piece != pieces_.end() && piece->first < run.end; ++piece) {
      if (piece->second.end > run.end) {
        split_piece(piece, run.end);
      }
      piece->second.last_read = at;
      piece = join_with_previous(piece);
    }
    if (piece != pieces_.end()) {
      join_with_previous(piece);
    }
  }

  void write(const ByteRun& run, CoreCycles at) {
    auto piece = split(run.begin);
    while (piece != pieces_.end() && piece->first < run.end) {
      if (piece->second.end > run.end) {
        split_piece(piece, run.end);
      }
      retire(piece);
      piece = pieces_.erase(piece);
    }
    join_with_previous(
        pieces_.emplace_hint(piece, run.begin, Piece{.end = run.end, .written = at}));
  }

  /// Nothing is read any more.
  std::vector<LevelChange> take_changes() {
    for (auto piece = pieces_.begin(); piece != pieces_.end(); ++piece) {
      retire(piece);
    }
    return std::move(changes_);
  }

 private:
  using Pieces = std::map<std::int64_t, Piece>;

  /// The first piece that ends after `address`, cut so that it does not begin before it.
  Pieces::iterator split(std::int64_t address) {
    auto piece = pieces_.upper_bound(address);
    if (piece == pieces_.begin()) {
      return piece;
    }
    const auto before = std::prev(piece);
    if (before->first == address) {
      return before;
    }
    return before->second.end > address ? split_piece(before, address) : piece;
  }

  /// Cuts at `address`, which is inside; returns the later part.
  Pieces::iterator split_piece(Pieces::iterator piece, std::int64_t address) {
    Piece later = piece->second;
    piece->second.end = address;
    return pieces_.emplace_hint(std::next(piece), address, later);
  }

  Pieces::iterator join_with_previous(Pieces::iterator piece) {
    if (piece == pieces_.begin()) {
      return piece;
    }
    const auto before = std::prev(piece);
    const bool same = before->second.end == piece->first &&
                      before->second.written == piece->second.written &&
                      before->second.last_read == piece->second.last_read;
    if (!same) {
      return piece;
    }
    before->second.end = piece->second.end;
    pieces_.erase(piece);
    return before;
  }

  void retire(Pieces::const_iterator piece) {
    if (piece->second.last_read == kNever) {
      return;
    }
    const std::int64_t bytes = piece->second.end - piece->first;
    changes_.push_back({.at = piece->second.written, .change = bytes});
    changes_.push_back({.at = piece->second.last_read, .change = -bytes});
  }

  Pieces pieces_;
  std::vector<LevelChange> changes_;
};

struct Completion {
  CoreCycles at{0};
  Engine engine = Engine::Host;
  std::size_t index = 0;

  auto operator<=>(const Completion&) const = default;
};

std::vector<Completion> completions(const RunTrace& trace) {
  std::vector<Completion> all;
  for (const auto& [engine, name] : kEnumNames<Engine>) {
    const auto& instructions = trace.engine(engine).instructions;
    for (std::size_t index = 0; index < instructions.size(); ++index) {
      all.push_back({.at = instructions[index].completed, .engine = engine, .index = index});
    }
  }
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

Levels buffer_levels(const Program& program, const RunTrace& trace) {
  Contents contents;
  BufferBytes bytes;
  for (const auto& [at, engine, index] : completions(trace)) {
    find_buffer_bytes(program.stream(engine)[index].operation, bytes);
    for (const ByteRun& run : bytes.reads) {
      contents.read(run, at);
    }
    for (const ByteRun& run : bytes.writes) {
      contents.write(run, at);
    }
  }
  return sum_of(contents.take_changes());
}

}  // namespace systole
