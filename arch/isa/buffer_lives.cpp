#include "arch/isa/buffer_lives.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "arch/isa/buffer_bytes.h"

namespace systole {

namespace {

using LastReaders = std::vector<InstructionRef>;

void set_last_reader(LastReaders& readers, const InstructionRef& reader) {
  const auto place = std::lower_bound(
      readers.begin(), readers.end(), reader,
      [](const InstructionRef& a, const InstructionRef& b) { return a.engine < b.engine; });
  if (place != readers.end() && place->engine == reader.engine) {
    place->index = reader.index;
  } else {
    readers.insert(place, reader);
  }
}

/// Neighbouring bytes of one history. The key of the map is where they begin.
struct Piece {
  std::int64_t end = 0;
  InstructionRef writer;
  LastReaders last_readers;
};

/// The bytes of the buffer that have been written, as disjoint pieces.
class Contents {
 public:
  void read(const ByteRun& run, const InstructionRef& reader) {
    auto piece = split(run.begin);
    for (; piece != pieces_.end() && piece->first < run.end; ++piece) {
      if (piece->second.end > run.end) {
        split_piece(piece, run.end);
      }
      set_last_reader(piece->second.last_readers, reader);
      piece = join_with_previous(piece);
    }
    if (piece != pieces_.end()) {
      join_with_previous(piece);
    }
  }

  void write(const ByteRun& run, const InstructionRef& writer) {
    auto piece = split(run.begin);
    while (piece != pieces_.end() && piece->first < run.end) {
      if (piece->second.end > run.end) {
        split_piece(piece, run.end);
      }
      retire(piece);
      piece = pieces_.erase(piece);
    }
    join_with_previous(pieces_.emplace_hint(
        piece, run.begin, Piece{.end = run.end, .writer = writer, .last_readers = {}}));
  }

  /// Nothing is read any more.
  std::vector<BufferLife> take_lives() {
    for (auto piece = pieces_.begin(); piece != pieces_.end(); ++piece) {
      retire(piece);
    }
    return std::move(lives_);
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
                      before->second.writer == piece->second.writer &&
                      before->second.last_readers == piece->second.last_readers;
    if (!same) {
      return piece;
    }
    before->second.end = piece->second.end;
    pieces_.erase(piece);
    return before;
  }

  void retire(Pieces::const_iterator piece) {
    if (!piece->second.last_readers.empty()) {
      lives_.push_back({.bytes = piece->second.end - piece->first,
                        .writer = piece->second.writer,
                        .last_readers = piece->second.last_readers});
    }
  }

  Pieces pieces_;
  std::vector<BufferLife> lives_;
};

}  // namespace

std::vector<BufferLife> buffer_lives(const Program& program,
                                     std::span<const InstructionRef> order) {
  Contents contents;
  BufferBytes bytes;
  for (const InstructionRef& instruction : order) {
    find_buffer_bytes(program.stream(instruction.engine)[instruction.index], bytes);
    for (const ByteRun& run : bytes.reads) {
      contents.read(run, instruction);
    }
    for (const ByteRun& run : bytes.writes) {
      contents.write(run, instruction);
    }
  }
  return contents.take_lives();
}

}  // namespace systole
