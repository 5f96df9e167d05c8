#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "arch/isa/program.h"
#include "compiler/schedule/accesses.h"

namespace systole {

/// Collects instructions in program order and makes the streams safe: where an instruction
/// conflicts with an earlier one of another engine (one of the two writes what the other touches),
/// the earlier signals and the later waits. Only the latest conflicting instruction of each engine
/// is waited for, and only if a previous wait of the same engine has not covered it: streams are in
/// order and instructions complete in order, so the rest follows.
///
/// Unified buffer and accumulators are memories of a core: engines of two cores conflict in DRAM
/// and host memory alone.
///
/// Deadlock-free by construction: every wait points backwards in program order.
class ProgramBuilder {
 public:
  explicit ProgramBuilder(Program program);

  /// The core whose instructions follow; engines that `append` is given are its own.
  void set_core(std::uint16_t core) { core_ = core; }

  void append(EngineId engine, std::int32_t layer, Operation operation);

  /// A builder of instructions that are yet to be put in order with others: with the tables of this
  /// one's program, and without its instructions.
  [[nodiscard]] ProgramBuilder aside() const;

  /// The program so far; the builder is used up, and forgets what instructions touch.
  [[nodiscard]] Program finish() && {
    history_ = PerEngine<History>();
    return std::move(program_);
  }

  [[nodiscard]] Program& program() { return program_; }

 private:
  struct Dependency {
    std::size_t entry = 0;  ///< in the history of the engine waited for
    SemaphoreKind kind = SemaphoreKind::Data;
  };

  /// Among the entries of the engine's history from `first` on.
  [[nodiscard]] std::optional<Dependency> latest_conflict(EngineId other, std::size_t first,
                                                          const Accesses& accesses) const;
  [[nodiscard]] std::int32_t semaphore(EngineId from, EngineId to, SemaphoreKind kind);

  Program program_;
  Accesses accesses_;  ///< of the instruction that is appended
  RecentLoops loops_;
  std::uint16_t core_ = 0;
  /// What an instruction touches, those that touch nothing left out.
  struct Entry {
    std::uint32_t index = 0;  ///< in the engine's stream
    std::uint32_t reads = 0;  ///< numbers of lists
    std::uint32_t writes = 0;
  };
  /// A Region in fewer bytes.
  struct KeptRegion {
    std::int64_t base = 0;
    std::int64_t row_bytes = 0;
    std::int64_t pitch = 0;
    std::int32_t rows = 1;
    Memory memory = Memory::Buffer;

    explicit KeptRegion(const Region& region);
    [[nodiscard]] Region region() const;
    bool operator==(const KeptRegion&) const = default;
  };
  /// Lists of regions. One that comes again soon (the sums of an output's folds, the activations of
  /// a reduction slice) stands once.
  class RegionLists {
   public:
    [[nodiscard]] std::span<const KeptRegion> operator[](std::uint32_t number) const;
    /// The number of an equal list.
    std::uint32_t number_of(const std::vector<Region>& list);

   private:
    [[nodiscard]] bool is_equal(std::uint32_t number, const std::vector<Region>& list) const;

    static constexpr std::size_t kRecent = 1024;
    std::vector<KeptRegion> regions_;
    std::vector<std::uint32_t> firsts_{0};  ///< of each list; it ends where the next one begins
    std::vector<std::uint32_t> recent_;     ///< by the hash of a list: the last one of that hash
  };
  /// Addresses from the lowest to the highest that some accesses touch, by memory.
  struct Extent {
    std::array<std::int64_t, kMemoryCount> lowest{};
    std::array<std::int64_t, kMemoryCount> end{};  ///< 0: the memory is not touched

    void include(const std::vector<Region>& regions);
    [[nodiscard]] bool meets(const Extent& other) const;
  };
  /// Lets a search pass over many instructions at once: two that only read do not conflict.
  struct Reach {
    Extent reads;
    Extent writes;

    void include(const Accesses& accesses);
    [[nodiscard]] bool meets(const Reach& other) const;
  };
  struct EntryRange {
    std::size_t first = 0;
    std::size_t end = 0;
  };
  struct History {
    std::vector<Entry> entries;
    RegionLists lists;
    /// blocks[l][b]: of entries b * kBlock^(l+1) .. (b+1) * kBlock^(l+1) - 1, the last one perhaps
    /// fewer.
    std::array<std::vector<Reach>, 3> blocks;

    void add(std::size_t index, const Accesses& accesses);
    /// What is in `range` of the latest block that `reach` meets; none: no value.
    [[nodiscard]] std::optional<EntryRange> latest_block(EntryRange range,
                                                         const Reach& reach) const;
    /// What the accesses would have to wait for after that entry.
    [[nodiscard]] std::optional<SemaphoreKind> conflict(std::size_t entry,
                                                        const Accesses& accesses) const;
  };
  static constexpr std::size_t kBlock = 32;
  PerEngine<History> history_;
  /// covered_[to][from]: entries of the history of `from` that `to` has waited for.
  PerEngine<PerEngine<std::size_t>> covered_;
  std::map<std::tuple<EngineId, EngineId, SemaphoreKind>, std::int32_t> semaphores_;
};

}  // namespace systole
