#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "arch/dram_spec.h"
#include "sim/dram/dram_types.h"

namespace systole::testing {

/// JEDEC's rules for the commands of one channel, checked one command at a time in memory that does
/// not grow with the log. Shares nothing with sim/dram but the type of a command: its own table, by
/// name of the timing; the data bus as intervals, the command buses as intervals, rows as state.
/// An ACT (of several bus cycles) counts from its last cycle, all else from its first.
class CommandChecker {
 public:
  explicit CommandChecker(const DramStandard& standard);

  /// Commands in order of time.
  void observe(const DramCommand& command);
  [[nodiscard]] std::int64_t commands() const { return commands_; }
  [[nodiscard]] std::int64_t violations() const { return violations_; }
  /// One line each of the first few.
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

 private:
  static constexpr std::int64_t kLongAgo = -(std::int64_t{1} << 40);
  enum class Among : std::uint8_t { Bank, Group, Rank };
  struct Rule {
    const char* name;
    DramCommandKind first;
    DramCommandKind second;
    Among among;
    std::int64_t cycles;
  };

  [[nodiscard]] std::int64_t length(DramCommandKind kind) const;
  [[nodiscard]] std::int64_t counted(DramCommandKind kind, std::int64_t at) const;
  void check_gaps(const DramCommand& command);
  void check_windows(const DramCommand& command);
  void check_buses(const DramCommand& command);
  void check_rows(const DramCommand& command);
  void check_power(const DramCommand& command);
  void record(DramCommandKind kind, std::size_t bank, std::int64_t at);
  void violate(const DramCommand& command, const std::string& rule);

  DramStandard standard_;
  std::size_t banks_per_group_;
  std::size_t banks_per_rank_;
  std::size_t ranks_per_pseudo_;
  std::vector<Rule> rules_;
  std::array<std::vector<std::int64_t>, kDramCommandKinds> last_;  ///< by kind and bank, counted
  std::vector<std::deque<std::int64_t>> activates_;                ///< by rank, the last 32
  std::vector<std::int64_t> row_;                                  ///< by bank, -1: closed
  struct Power {
    bool down = false;
    std::int64_t changed = kLongAgo;
  };
  std::vector<Power> power_;                ///< by rank
  std::array<std::int64_t, 2> bus_free_{};  ///< command buses
  struct Data {
    std::int64_t end = kLongAgo;
    std::size_t rank = 0;
  };
  std::vector<Data> data_;  ///< by pseudo-channel
  std::int64_t commands_ = 0;
  std::int64_t violations_ = 0;
  std::vector<std::string> lines_;
};

}  // namespace systole::testing
