/// Whole runs against public DRAM simulators with the same timings, geometry and requests.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <ostream>
#include <queue>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sim/dram/dram_system.h"
#include "tests/sim/dram/dram_specs.h"
#include "tests/sim/dram/dram_traffic.h"

namespace systole::testing {
namespace {

enum class Pattern : std::uint8_t { Sequential, Random, BankRotation };

/// `requests` reads or writes of one burst, at most `window` of them accepted and not complete; one
/// is offered every cycle, the first in cycle 0; a completion in cycle t makes room in cycle t + 1.
/// `reference`: cycles until the last completion on Ramulator 2 c5b1c3a (v2.1: FR-FCFS that
/// protects row hits, open page, all-bank refresh, buffers of 32) with the same geometry, timings
/// and mapping row : rank : bank : bank group : column. DRAMSys v5.1 (GrpFrFcfsWm, ReadWrite 32)
/// needs 833,804, 427,616 and 415,372 cycles for the first, second and third run.
struct Workload {
  std::string name;
  DramStandard standard;
  Pattern pattern = Pattern::Sequential;
  DramOperation operation = DramOperation::Read;
  std::int64_t window = 1;
  std::int64_t requests = 0;
  std::int64_t reference = 0;
  std::int64_t longer = 0;  ///< our cycles minus the reference's; why, see `workloads`

  friend std::ostream& operator<<(std::ostream& out, const Workload& run) {
    return out << run.name;
  }
};

std::int64_t address_of(const Workload& run, std::int64_t index) {
  const DramOrganization& shape = run.standard.organization;
  const std::int64_t burst = shape.burst_bytes().count();
  const std::int64_t bursts = shape.capacity().count() / burst;
  switch (run.pattern) {
    case Pattern::Sequential:
      return index * burst;
    case Pattern::Random: {
      const auto step = static_cast<std::uint64_t>(index) * 0x9E3779B97F4A7C15U;
      return static_cast<std::int64_t>(splitmix64(0x5EED + step) %
                                       static_cast<std::uint64_t>(bursts)) *
             burst;
    }
    case Pattern::BankRotation:
      return index % (shape.banks() * shape.rows) * shape.row_bytes().count();
  }
  return 0;
}

struct Outcome {
  std::int64_t cycles = 0;
  DramCounters counters;
};

Outcome simulate_run(const Workload& run) {
  DramSystem system(memory_of(run.standard, 1));
  std::priority_queue<std::int64_t, std::vector<std::int64_t>, std::greater<>> ends;
  Outcome outcome;
  std::int64_t sent = 0;
  std::int64_t completed = 0;
  for (std::int64_t cycle = 0; sent < run.requests || !ends.empty() || system.next_news();
       ++cycle) {
    while (!ends.empty() && ends.top() < cycle) {
      ends.pop();
      ++completed;
    }
    const DramSpan next{static_cast<SpanId>(sent),
                        {},
                        run.operation,
                        address_of(run, sent),
                        run.standard.organization.burst_bytes()};
    if (sent < run.requests && system.has_room(next) && sent - completed < run.window) {
      system.submit(next, DramCycles(cycle));
      ++sent;
    }
    for (const FinishedSpan& span : system.decide(DramCycles(cycle))) {
      ends.push(span.at.count());
      outcome.cycles = std::max(outcome.cycles, span.at.count());
    }
  }
  outcome.counters = system.counters();
  return outcome;
}

class ReferenceRun : public ::testing::TestWithParam<Workload> {};

TEST_P(ReferenceRun, TakesTheCyclesOfThePublicSimulatorButForStatedDifferences) {
  const Workload& run = GetParam();
  const Outcome outcome = simulate_run(run);
  EXPECT_EQ(outcome.cycles - run.reference, run.longer);
  EXPECT_EQ(outcome.counters.reads + outcome.counters.writes, run.requests);
}

std::vector<Workload> workloads() {
  using enum Pattern;
  using enum DramOperation;
  const std::int64_t open = std::int64_t{1} << 40;
  return {
      // Every read activates the next bank: nRRD, nFAW, nRC and refresh alone decide.
      {"ddr3_rotation", ddr3_1600(), BankRotation, Read, open, 100000, 623647, 0},
      {"lpddr4_rotation", lpddr4_3200(), BankRotation, Read, open, 100000, 1700417, 0},
      {"ddr4_rotation", ddr4_2400(), BankRotation, Read, open, 100000, 683870, 0},
      {"ddr3_sequential_1", ddr3_1600(), Sequential, Read, 1, 50000, 833803, 0},
      {"ddr4_sequential_1", ddr4_2400(), Sequential, Read, 1, 50000, 1161642, 0},
      {"lpddr4_sequential_1", lpddr4_3200(), Sequential, Read, 1, 50000, 1976485, 0},
      {"ddr3_random_1", ddr3_1600(), Random, Read, 1, 50000, 1947972, 0},
      {"ddr4_random_1", ddr4_2400(), Random, Read, 1, 50000, 2853163, 0},
      {"lpddr4_random_1", lpddr4_3200(), Random, Read, 1, 50000, 4832940, 0},
      {"ddr3_random_4", ddr3_1600(), Random, Read, 4, 100000, 1265752, 0},
      {"ddr3_sequential_4", ddr3_1600(), Sequential, Read, 4, 100000, 427615, 0},
      {"ddr4_sequential_4", ddr4_2400(), Sequential, Read, 4, 100000, 642810, 0},
      {"lpddr4_sequential_4", lpddr4_3200(), Sequential, Read, 4, 100000, 1038234, 0},
      {"ddr3_sequential_16", ddr3_1600(), Sequential, Read, 16, 100000, 415352, 0},
      {"ddr4_sequential_16", ddr4_2400(), Sequential, Read, 16, 100000, 599594, 0},
      {"ddr3_sequential", ddr3_1600(), Sequential, Read, open, 100000, 415360, 0},
      {"lpddr4_sequential", lpddr4_3200(), Sequential, Read, open, 100000, 848185, 0},
      // A chip's write ends with its last beat, nCWL 8 + nBL 4 after the WR that ends it there.
      {"ddr3_sequential_write", ddr3_1600(), Sequential, Write, open, 100000, 416507, 12},
  };
}

INSTANTIATE_TEST_SUITE_P(Dram, ReferenceRun, ::testing::ValuesIn(workloads()),
                         [](const auto& run) { return run.param.name; });

}  // namespace
}  // namespace systole::testing
