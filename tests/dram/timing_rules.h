#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arch/dram_spec.h"
#include "sim/dram/dram_types.h"

namespace systole::testing {

/// The JEDEC rules of one channel as a table of gaps between pairs of commands, and what follows
/// from it. Shares nothing with sim/dram but the type of a command: no registers, no state, always
/// the whole list of commands.
class TimingRules {
 public:
  TimingRules(const DramOrganization& organization, const DramTiming& timing);

  /// The earliest cycle, `from` or later, at which `command` may follow all of `before`.
  [[nodiscard]] std::int64_t earliest(const std::vector<DramCommand>& before, DramCommand command,
                                      std::int64_t from) const;
  /// One line for every broken rule, among the commands of one channel in any order.
  [[nodiscard]] std::vector<std::string> violations(std::vector<DramCommand> commands) const;

 private:
  enum class Scope : std::uint8_t { Bank, Group, Rank, OtherRank, Channel };
  struct Rule {
    const char* name;
    DramCommandKind first;
    DramCommandKind second;
    Scope scope;
    std::int64_t gap;
  };

  [[nodiscard]] bool applies(const Rule& rule, const DramCommand& first,
                             const DramCommand& second) const;
  [[nodiscard]] std::int64_t group(const DramCommand& command) const;
  [[nodiscard]] std::int64_t rank(const DramCommand& command) const;
  [[nodiscard]] bool four_activates_ahead(const std::vector<DramCommand>& before,
                                          const DramCommand& command) const;
  void check_gaps(const std::vector<DramCommand>& commands, std::vector<std::string>& lines) const;
  void check_states(const std::vector<DramCommand>& commands,
                    std::vector<std::string>& lines) const;

  DramOrganization organization_;
  DramTiming timing_;
  std::vector<Rule> rules_;
  std::int64_t longest_ = 0;  ///< gap of all
};

/// "ACT bank 3 row 5 at 120".
std::string describe(const DramCommand& command);

}  // namespace systole::testing
