#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "arch/dram_controller_spec.h"
#include "arch/dram_spec.h"
#include "sim/dram/bit_field_map.h"
#include "sim/dram/burst_source.h"
#include "sim/dram/command_controller.h"
#include "sim/dram/gap_table.h"

namespace systole::testing {

/// The statement of command_controller.h done the slow way: every cycle, every buffered burst,
/// every gap against the last commands of every bank. Uses nothing of sim/dram but the table of
/// gaps and the types. One channel. In every cycle: offers, then `step`.
class ControllerOracle {
 public:
  ControllerOracle(const DramStandard& standard, const DramControllerSpec& spec);

  [[nodiscard]] std::int64_t now() const { return now_; }
  /// False where its buffer is full.
  bool offer(const BurstRequest& request);
  /// What the controller does in the cycle; goes on to the next.
  void step();
  [[nodiscard]] bool is_idle() const {
    return reads_.empty() && writes_.empty() && active_.empty();
  }
  [[nodiscard]] const std::vector<DramCommand>& commands() const { return commands_; }
  [[nodiscard]] const std::vector<CompletedBurst>& completions() const { return done_; }

 private:
  struct Waiting {
    BurstRequest request;
    std::int64_t arrival = 0;
  };

  void fall_due();
  [[nodiscard]] bool rests(std::size_t rank) const;
  [[nodiscard]] std::int64_t quiet_since(std::size_t rank) const;
  void sleep();
  void wake(std::size_t rank);
  [[nodiscard]] bool in_reach(GapScope scope, std::size_t from, std::size_t to) const;
  [[nodiscard]] bool legal(DramCommandKind kind, std::size_t bank) const;
  [[nodiscard]] bool is_active(std::size_t bank) const;
  [[nodiscard]] bool wanted(std::size_t bank) const;
  [[nodiscard]] std::vector<std::size_t> pending(std::size_t rank) const;
  bool refresh();
  [[nodiscard]] bool blocked(std::size_t bank) const;
  [[nodiscard]] bool starves(const std::vector<Waiting>& buffer) const;
  void choose_direction();
  void issue(bool columns, bool rows, std::size_t bus);
  bool issue_active();
  bool issue_buffered(bool columns, bool rows);
  void close_unwanted();
  void complete(const Waiting& burst, DramCommandKind kind);
  void send(DramCommandKind kind, std::size_t bank, RowIndex row);

  DramStandard standard_;
  DramControllerSpec spec_;
  std::vector<CommandGap> gaps_;
  std::vector<ActivateWindow> windows_;
  std::size_t banks_;
  std::size_t per_rank_;
  std::int64_t now_ = 0;
  std::vector<Waiting> reads_, writes_, active_;  ///< oldest first
  bool writing_ = false;
  std::array<std::vector<std::int64_t>, kDramCommandKinds> last_;
  std::vector<RowIndex> row_;
  std::vector<std::int64_t> last_column_;
  std::int64_t due_ = 0;
  std::vector<std::int64_t> owed_;
  std::vector<std::size_t> turn_;
  std::vector<std::deque<std::int64_t>> activates_;
  std::array<std::int64_t, 2> free_{};
  std::vector<std::int64_t> asleep_since_;  ///< by rank, -1: it is up
  std::vector<std::int64_t> awake_from_;    ///< by rank: no command before
  std::vector<DramCommand> commands_;
  std::vector<CompletedBurst> done_;
};

struct ControllerOracleResult {
  std::vector<DramCommand> commands;
  std::vector<CompletedBurst> completions;  ///< by id
};

/// The oracle fed as channel_replay.h says.
[[nodiscard]] ControllerOracleResult controller_oracle(const DramStandard& standard,
                                                       const DramControllerSpec& spec,
                                                       const BitFieldMap& map, std::int64_t window,
                                                       BurstSource& source);

}  // namespace systole::testing
