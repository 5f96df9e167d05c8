#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "compiler/verify/rectangle.h"
#include "compiler/verify/wording.h"

namespace systole::verification {

/// Bytes of a memory that one instruction wrote and nothing has overwritten since.
struct Fragment {
  Rectangle where;
  Label label;
  std::int64_t delta = 0;  ///< offset in what `label` names - address
  Place writer;
  /// The last instruction of each engine that read any of it, in the order of engines.
  boost::container::small_vector<Place, 3> readers;

  void add_reader(Place reader);
};

/// The fragments that one memory holds; they are disjoint. Buckets of addresses find those that a
/// rectangle may touch in a time that depends on their number there, not in the whole memory: small
/// buckets where many fragments are expected, large ones for what reaches over many of these; those
/// that reach over many large buckets (the channels of a depthwise layer) stand in a list of their
/// own, and most of them are told apart by their columns alone. What was asked not long ago (a
/// layer's folds read the same activations for every part of its outputs) is remembered for as long
/// as nothing near it changes.
class Fragments {
 public:
  /// Of a memory of `size` bytes, in which so many fragments are to be expected.
  explicit Fragments(std::int64_t size, std::size_t expected = 0);

  struct Overlap {
    std::int32_t id = 0;
    std::int64_t bytes = 0;
  };
  /// The fragments that share bytes with `where`, and how many. Valid until the next call.
  [[nodiscard]] std::span<const Overlap> overlaps(const Rectangle& where);

  [[nodiscard]] Fragment& at(std::int32_t id) {
    return slots_[static_cast<std::size_t>(id)].fragment;
  }

  /// Replaces what lies under `fragment`.
  void write(const Fragment& fragment);

 private:
  struct Slot {
    Fragment fragment;
    std::int64_t visit = 0;  ///< number of the query that saw it last
  };

  /// What a query looks at first: it lies in a row with its neighbours.
  struct Entry {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    Columns columns;
    std::int32_t id = 0;

    [[nodiscard]] bool may_share(const Entry& other) const {
      return begin < other.end && other.begin < end && !are_beside(columns, other.columns);
    }
  };
  struct Grid {
    std::int64_t bucket_bytes = 1;
    std::vector<std::vector<Entry>> buckets;

    Grid(std::int64_t size, std::int64_t count);
    [[nodiscard]] std::size_t bucket_of(std::int64_t address) const;
    [[nodiscard]] bool is_wide(const Rectangle& where) const;
    /// Calls `visit` with each bucket under a rectangle.
    template <class Visit>
    void for_each_bucket(const Rectangle& where, const Visit& visit);
  };
  [[nodiscard]] static Entry entry_of(const Rectangle& where, std::int32_t id);

  /// A query's answer.
  struct Remembered {
    Rectangle where;
    std::int64_t when = -1;  ///< changes before it
    std::vector<Overlap> found;
  };
  [[nodiscard]] Remembered& slot_of(const Rectangle& where);
  [[nodiscard]] bool has_changed_since(std::int64_t when, const Rectangle& where) const;
  void find(const Rectangle& where, std::vector<Overlap>& found);

  [[nodiscard]] std::size_t area_of(std::int64_t address) const;
  void note_change(const Rectangle& where);
  /// Calls `visit` with each list that has an entry for a fragment there.
  template <class Visit>
  void for_each_list(const Rectangle& where, const Visit& visit);
  void offer(std::int32_t id, const Rectangle& where, std::vector<Overlap>& found);
  void insert(const Fragment& fragment);
  void remove(std::int32_t id);

  std::vector<Grid> grids_;  ///< small buckets first
  std::vector<Entry> wide_;  ///< those that reach over many buckets of all
  std::vector<Slot> slots_;
  std::vector<std::int32_t> free_;
  std::int64_t visits_ = 0;
  std::vector<Remembered> remembered_;
  std::int64_t area_bytes_;
  std::vector<std::int64_t> changed_;  ///< by area of the memory: the last change of its fragments
  std::int64_t changes_ = 0;
};

}  // namespace systole::verification
