#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "compiler/schedule/region.h"

namespace systole {

/// Addresses from the lowest to the highest that some accesses touch, by memory.
class Extent {
 public:
  void include(const std::vector<Region>& regions);
  void include(const Extent& other);
  [[nodiscard]] bool meets(const Extent& other) const;

 private:
  std::array<std::int64_t, kMemoryCount> lowest_{};
  std::array<std::int64_t, kMemoryCount> end_{};  ///< 0: the memory is not touched
};

/// What an instruction reads, or what it writes.
struct Touched {
  explicit Touched(const std::vector<Region>& of) : regions(of) { extent.include(of); }

  const std::vector<Region>& regions;
  Extent extent;
};

/// Lists of regions, by number. One that comes again soon (the sums of an output's folds, the
/// activations of a reduction slice) stands once, and remembers how far histories have been
/// searched for it.
class RegionLists {
 public:
  /// A Region in fewer bytes.
  struct Kept {
    std::int64_t base = 0;
    std::int64_t row_bytes = 0;
    std::int64_t pitch = 0;
    std::int32_t rows = 1;
    Memory memory = Memory::Buffer;

    explicit Kept(const Region& region);
    [[nodiscard]] Region region() const;
    bool operator==(const Kept&) const = default;
  };
  /// What regions are to the instruction that has been searched for.
  enum class Role : std::uint8_t { Read, Written };

  /// `histories`: that are searched.
  explicit RegionLists(std::size_t histories) : histories_(histories) {}

  [[nodiscard]] std::span<const Kept> operator[](std::uint32_t number) const;
  /// The number of an equal list; of an empty one 0.
  std::uint32_t number_of(const std::vector<Region>& list);
  /// How many entries of a history have been searched for the list; null: nobody knows any more.
  [[nodiscard]] std::uint32_t* searched(std::uint32_t number, Role role, std::size_t history);

 private:
  [[nodiscard]] bool is_equal(std::uint32_t number, const std::vector<Region>& list) const;

  static constexpr std::size_t kRecent = 1024;
  static constexpr std::size_t kRoles = 2;
  std::size_t histories_;
  std::vector<Kept> regions_;
  std::vector<std::uint32_t> firsts_{0};  ///< of each list; it ends where the next one begins
  std::vector<std::uint16_t> places_{0};  ///< of each list: among the recent ones
  std::vector<std::uint32_t> recent_;     ///< by the hash of a list: the last one of that hash
  std::vector<std::uint32_t> searched_;   ///< by place, role and history
};

/// What the instructions of an engine touch, in their order; those that touch nothing are left out.
class AccessHistory {
 public:
  /// Numbers are those of lists that others find by `lists`.
  struct Entry {
    std::uint32_t index = 0;  ///< in the engine's stream
    std::uint32_t reads = 0;  ///< numbers of lists
    std::uint32_t writes = 0;
  };

  explicit AccessHistory(std::size_t histories) : lists_(histories) {}

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::size_t index_of(std::size_t entry) const { return entries_[entry].index; }
  [[nodiscard]] RegionLists& lists() { return lists_; }

  void add(const Entry& entry, const Touched& reads, const Touched& writes);

  /// The latest entry from `first` on that writes some of what is read.
  [[nodiscard]] std::optional<std::size_t> latest_writer(std::size_t first,
                                                         const Touched& read) const;
  /// That reads or writes some of what is written.
  [[nodiscard]] std::optional<std::size_t> latest_user(std::size_t first,
                                                       const Touched& written) const;

 private:
  /// Lets a search pass over many instructions at once.
  struct Reach {
    Extent reads;
    Extent writes;
  };
  template <class Meets, class Conflicts>
  [[nodiscard]] std::optional<std::size_t> latest(std::size_t first, const Meets& meets,
                                                  const Conflicts& conflicts) const;

  static constexpr std::size_t kBlock = 32;
  std::vector<Entry> entries_;
  RegionLists lists_;
  /// blocks_[l][b]: of entries b * kBlock^(l+1) .. (b+1) * kBlock^(l+1) - 1, the last one perhaps
  /// fewer.
  std::array<std::vector<Reach>, 3> blocks_;
};

}  // namespace systole
