#pragma once

#include <string>
#include <vector>

#include "sim/simulate.h"
#include "tests/sim/support/fake_memory.h"

namespace systole::testing {

struct CoreRun {
  Counters counters;
  std::vector<FakeMemory::Arrival> requests;  // that the memory saw, in their order

  [[nodiscard]] std::int64_t elapsed() const { return counters.elapsed.count(); }
  [[nodiscard]] std::int64_t cycles(EngineId engine, Cause cause) const {
    return counters.engine(engine)[cause].count();
  }
};

/// As simulate(), with a FakeMemory for the DRAM. Fails the test when an engine's causes do not add
/// up to the elapsed cycles, or the layers' shares to the engines'.
[[nodiscard]] CoreRun run_core(const ChipSpec& chip, const Program& program,
                               const RunData* data = nullptr, const FakeMemoryRule& rule = {},
                               RunTrace* trace = nullptr);

/// Fails the test when a law of accounts is broken.
void expect_accounts_add_up(const Counters& counters);

/// Every number of the counters, one line each.
[[nodiscard]] std::string text_of(const Counters& counters);

}  // namespace systole::testing
