#include "silicon/energy/energy.h"

#include <cmath>

#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "silicon/energy/activity.h"
#include "silicon/energy/dram_energy.h"

namespace systole {
namespace {

ChipSpec shipped(const std::string& name) {
  return read_chip(std::string(SYSTOLE_SOURCE_DIR) + "/configs/chips/" + name + ".yaml");
}

/// Two layers with counts of every kind, none of them alike.
Counters sample_counters() {
  Counters counters;
  counters.layers.resize(2);
  std::int64_t count = 1000;
  for (LayerCounters& layer : counters.layers) {
    ActionCounters& actions = layer.actions;
    for (std::int64_t* value :
         {&actions.weight_tiles, &actions.array_loads, &actions.weight_bytes, &actions.buffer_reads,
          &actions.buffer_writes, &actions.accumulator_reads, &actions.accumulator_writes,
          &actions.vector_elements, &actions.host_in_bytes, &actions.host_out_bytes,
          &layer.dram_read_bytes, &layer.dram_write_bytes}) {
      *value = count;
      count += 777;
    }
    actions.macs = 1'000'000 + count;
    actions.macs_of_kind[static_cast<std::size_t>(MacKind::Int8)] = actions.macs;
    layer.exposed = CoreCycles(100'000 + count);
    layer.active = layer.exposed;
    layer.engines[EngineKind::Matrix][Cause::Busy] = CoreCycles(count);
    layer.engines[EngineKind::Matrix][Cause::Shift] = CoreCycles(256);
    layer.engines[EngineKind::Vector][Cause::Busy] = CoreCycles(count / 2);
    layer.engines[EngineKind::Vector].instructions = count / 100;
    counters.elapsed += layer.exposed;
    counters.actions.add(actions);
    counters.dram.read_bytes += layer.dram_read_bytes;
    counters.dram.write_bytes += layer.dram_write_bytes;
    for (std::size_t engine = 0; engine < counters.engines.size(); ++engine) {
      counters.engines[engine].instructions += layer.engines[engine].instructions;
      for (std::size_t cause = 0; cause < kCauseCount; ++cause) {
        counters.engines[engine].cycles[cause] += layer.engines[engine].cycles[cause];
      }
    }
  }
  counters.dram.reads = 500;
  counters.dram.writes = 70;
  counters.dram.activates = 30;
  counters.dram.refreshes = 4;
  return counters;
}

double seconds_of(const ChipSpec& chip, const Counters& counters) {
  return static_cast<double>(counters.elapsed.count() * chip.clock().period().count()) * 1e-15;
}

TEST(EnergyReport, LayersAddUpToTheTotalInEveryComponent) {
  for (const auto& [mode, name] : kEnumNames<IdleMode>) {
    ChipSpec chip = shipped("tpu_v1");
    chip.silicon->idle = mode;
    chip.silicon->supply_efficiency = 0.8;
    const EnergyReport report = energy_report(chip, sample_counters(), 1);
    for (const auto& [component, component_name] : kEnumNames<Component>) {
      double sum = 0.0;
      for (const EnergyBreakdown& layer : report.layers) {
        sum += layer.of(component).count();
      }
      const double total = report.total.of(component).count();
      EXPECT_GT(total, 0.0) << component_name;
      EXPECT_NEAR(sum / total, 1.0, 1e-12) << name << " " << component_name;
    }
  }
}

TEST(EnergyReport, IsCountsTimesTheTable) {
  const ChipSpec chip = shipped("tpu_v1");
  const Counters counters = sample_counters();
  const EnergyTable table = energy_table(chip, chip_area(chip));
  const EnergyBreakdown total = energy_report(chip, counters, 1).total;
  const ActionCounters& actions = counters.actions;
  const auto pj = [&](Action action, std::int64_t count) {
    return table.of(action) * static_cast<double>(count);
  };
  EXPECT_NEAR(total.of(Component::MatrixUnit).count() * 1e12,
              pj(Action::MacInt8, actions.macs) + pj(Action::TileLoad, actions.array_loads), 1e-3);
  EXPECT_NEAR(
      total.of(Component::UnifiedBuffer).count() * 1e12,
      pj(Action::BufferRead, actions.buffer_reads) + pj(Action::BufferWrite, actions.buffer_writes),
      1e-3);
  EXPECT_NEAR(total.of(Component::Accumulators).count() * 1e12,
              pj(Action::AccumulatorRead, actions.accumulator_reads) +
                  pj(Action::AccumulatorWrite, actions.accumulator_writes),
              1e-3);
  const std::int64_t host = actions.host_in_bytes + actions.host_out_bytes;
  EXPECT_NEAR(total.of(Component::HostLink).count(),
              pj(Action::HostLinkByte, host) * 1e-12 +
                  chip.silicon->host_port.idle.count() * seconds_of(chip, counters),
              1e-15);
}

TEST(EnergyReport, TakesTheMemorysEnergyFromItsCommandsAndItsTime) {
  const ChipSpec chip = shipped("tpu_v1");
  const Counters counters = sample_counters();
  const DramRunResult run = dram_run_of(chip, counters);
  EXPECT_EQ(run.reads, 500);
  EXPECT_EQ(run.rows_closed, 30);
  // elapsed core cycles in cycles of 937.5 ps, two channels of one rank
  const double cycles = seconds_of(chip, counters) / 937.5e-12;
  EXPECT_NEAR(static_cast<double>(run.rank_cycles.count()), 2.0 * std::floor(cycles), 0.5);
  EXPECT_NEAR(energy_report(chip, counters, 1).total.of(Component::DramDevice).count() * 1e12,
              dram_energy(chip.dram.standard, run).total(), 1.0);
}

/// Every cycle of a rank costs what its state draws; a state that a sum forgot would cost nothing.
TEST(EnergyReport, CountsTheMemorysTimeInPowerDown) {
  const ChipSpec chip = shipped("edge");  // 2 channels of one x16 rank, 1.2 V, tCK 625 ps
  Counters counters = sample_counters();
  counters.dram = {};
  counters.dram.active_power_down = DramCycles(100'000);
  counters.dram.precharged_power_down = DramCycles(60'000);
  // elapsed core cycles of 2 ns; currents in mA, 1.2 V x 625 ps = 0.75 pJ for each mA and cycle
  const double cycles = 2.0 * std::floor(seconds_of(chip, counters) / 625e-12);
  const double expected = 0.75 * (47 * (cycles - 160'000) + 41 * 100'000 + 25 * 60'000);
  const double device =
      energy_report(chip, counters, 1).total.of(Component::DramDevice).count() * 1e12;
  EXPECT_NEAR(device, expected, 0.75 * 47 * 4);
}

TEST(IdleMemory, IsRefreshedAsTheControllerDoesIt) {
  ChipSpec chip = shipped("edge");
  // LPDDR4 bank by bank: 1.6e9 cycles a second, 8 refreshes in 6246 cycles, two ranks
  const std::int64_t of_a_rank = std::int64_t{1'600'000'000} * 8 / 6246;
  EXPECT_EQ(idle_dram_second(chip).bank_refreshes, 2 * of_a_rank);
  EXPECT_EQ(idle_dram_second(chip).refreshes, 0);
  EXPECT_EQ(idle_dram_second(chip).precharged_power_down_cycles, DramCycles(0));
  chip.dram.controller.refresh = RefreshKind::AllBank;
  EXPECT_EQ(idle_dram_second(chip).refreshes, 2 * (1'600'000'000 / 6246));
  EXPECT_EQ(idle_dram_second(chip).bank_refreshes, 0);
  chip.dram.controller.refresh = RefreshKind::Off;
  EXPECT_EQ(idle_dram_second(chip).refreshes + idle_dram_second(chip).bank_refreshes, 0);
}

TEST(IdleMemory, SleepsBetweenItsRefreshesWhereTheControllerPowersItDown) {
  ChipSpec chip = shipped("edge");
  chip.dram.controller.power_down = DramCycles(64);
  // awake for each refresh: nXP 12, nRFCpb 144, and 64 until it goes down again
  const std::int64_t of_a_rank = 1'600'000'000 - std::int64_t{1'600'000'000} * 8 / 6246 * 220;
  EXPECT_EQ(idle_dram_second(chip).precharged_power_down_cycles, DramCycles(2 * of_a_rank));
  chip.dram.controller.power_down = DramCycles(1000);  // longer than from refresh to refresh
  EXPECT_EQ(idle_dram_second(chip).precharged_power_down_cycles, DramCycles(0));
  chip.dram.controller.refresh = RefreshKind::Off;
  EXPECT_EQ(idle_dram_second(chip).precharged_power_down_cycles,
            DramCycles(std::int64_t{2} * 1'600'000'000));
}

TEST(IdlePower, FallsWithPowerDownAndFullLoadDoesNot) {
  ChipSpec chip = shipped("edge");
  const Joules idle = idle_second(chip).of(Component::DramDevice);
  const Joules full = full_load_second(chip).total();
  chip.dram.controller.power_down = DramCycles(64);
  const double down =
      static_cast<double>(idle_dram_second(chip).precharged_power_down_cycles.count());
  // IDD2N 34 mA less IDD2P 25 mA
  EXPECT_NEAR((idle - idle_second(chip).of(Component::DramDevice)).count(), 0.75e-12 * 9 * down,
              1e-9);
  EXPECT_EQ(full_load_second(chip).total(), full);
}

TEST(EnergyReport, DerivesItsFiguresFromTheTotal) {
  const ChipSpec chip = shipped("tpu_v1");
  const Counters counters = sample_counters();
  const EnergyReport report = energy_report(chip, counters, 4);
  const double joules = report.total.total().count();
  const double seconds = seconds_of(chip, counters);
  EXPECT_DOUBLE_EQ(report.per_inference.count(), joules / 4.0);
  EXPECT_NEAR(report.average_power.count(), joules / seconds, 1e-9);
  EXPECT_NEAR(report.tops_per_watt,
              2.0 * static_cast<double>(counters.actions.macs) * 1e-12 / joules, 1e-12);
  EXPECT_NEAR(report.energy_delay_product, joules / 4.0 * seconds, 1e-18);
  EXPECT_EQ(report.tdp, Watts(75.0));
}

TEST(EnergyReport, ScalesOnlyWhatSwitchesByTheOtherSource) {
  ChipSpec chip = shipped("tpu_v1");
  chip.silicon->supply_efficiency = 0.8;
  const Counters counters = sample_counters();
  const EnergyReport report = energy_report(chip, counters, 1);
  double expected = 0.0;
  for (const auto& [component, name] : kEnumNames<Component>) {
    const bool fixed = component == Component::Leakage || component == Component::DramInterface ||
                       component == Component::HostLink || component == Component::DramDevice;
    if (component != Component::Supply) {
      expected += report.total.of(component).count() *
                  (fixed ? 1.0 : chip.silicon->technology.other_scaling);
    }
  }
  EXPECT_NEAR(report.total_other_scaling.count(), expected / 0.8, 1e-12);
}

TEST(IdleMode, SavesClocksAndThenLeakage) {
  const auto idle = [](IdleMode mode) {
    ChipSpec chip = shipped("tpu_v1");
    chip.silicon->idle = mode;
    return idle_second(chip);
  };
  const EnergyBreakdown ungated = idle(IdleMode::Ungated);
  const EnergyBreakdown clocks = idle(IdleMode::ClockGated);
  const EnergyBreakdown power = idle(IdleMode::PowerGated);
  // matrix and vector clocks fall to a tenth, the control's run on
  const ChipSpec chip = shipped("tpu_v1");
  const EnergyTable table = energy_table(chip, chip_area(chip));
  const double per_cycle = 0.1 * (table.of(Action::MatrixClock) + table.of(Action::VectorClock)) +
                           table.of(Action::ControlClock);
  // a second of 700 MHz cycles of 1,428,571 fs each is 0.3 parts per million short
  EXPECT_NEAR(clocks.of(Component::Clock).count(), per_cycle * 700e6 * 1e-12, 1e-9);
  EXPECT_EQ(clocks.of(Component::Leakage), ungated.of(Component::Leakage));
  EXPECT_EQ(power.of(Component::Clock), clocks.of(Component::Clock));
  const double gated = 0.95 * (table.leakage[static_cast<std::size_t>(Component::MatrixUnit)] +
                               table.leakage[static_cast<std::size_t>(Component::VectorUnit)])
                                  .count();
  EXPECT_NEAR(ungated.of(Component::Leakage).count() - power.of(Component::Leakage).count(), gated,
              1e-5);
}

TEST(FullLoad, IsMoreThanAnyRunOfTheCountersAllow) {
  const ChipSpec chip = shipped("tpu_v1");
  const EnergyReport report = energy_report(chip, sample_counters(), 1);
  EXPECT_GT(report.peak_power, report.average_power);
  EXPECT_GT(report.average_power, report.idle_power);
  EXPECT_LT(report.peak_power, report.tdp);
}

TEST(FullLoad, CountsTheProductThatDrawsMost) {
  ChipSpec chip = shipped("tpu_v1");
  const double int8 = full_load_second(chip).of(Component::MatrixUnit).count();
  chip.silicon->energies.push_back({Action::MacInt16, 100.0, "mine:1"});
  const double int16 = full_load_second(chip).of(Component::MatrixUnit).count();
  // a quarter of 4.59e13 products a second at 100 pJ
  EXPECT_NEAR(int16, 65536.0 * 700e6 / 4.0 * 100e-12, 5.0);
  EXPECT_GT(int16, int8);
}

TEST(EnergyTable, GivesTheProductOfEachKindItsOperandsRegisters) {
  const ChipSpec chip = shipped("tpu_v1");
  const Technology& technology = chip.silicon->technology;
  const EnergyTable table = energy_table(chip, chip_area(chip));
  // weight stationary: activation 8, product 16, sum 32; activity 0.7
  const double int8 =
      0.7 * (technology.multiplier_of(MacKind::Int8).picojoules +
             technology.adder_int32.picojoules + 56.0 * technology.register_bit.write);
  EXPECT_NEAR(table.of(Action::MacInt8), int8, 1e-12);
  // 16, 32 and 32 bits, in four passes
  const double int16 =
      0.7 * (technology.multiplier_of(MacKind::Int16).picojoules +
             technology.adder_int32.picojoules + 4.0 * 80.0 * technology.register_bit.write);
  EXPECT_NEAR(table.of(Action::MacInt16), int16, 1e-12);
  EXPECT_EQ(table.of(Action::MacBf16), 0.0);
}

TEST(EnergyTable, FollowsTheOperandsThatStream) {
  ChipSpec chip = shipped("tpu_v1");
  const double write = 0.7 * chip.silicon->technology.register_bit.write;
  const auto mac = [&](Dataflow dataflow) {
    chip.matrix.dataflow = dataflow;
    return energy_table(chip, chip_area(chip)).of(Action::MacInt8);
  };
  const double weights_stay = mac(Dataflow::WeightStationary);
  EXPECT_NEAR(mac(Dataflow::InputStationary), weights_stay, 1e-12);  // both operands of 8 bit
  EXPECT_NEAR(mac(Dataflow::OutputStationary), weights_stay + 8.0 * write, 1e-12);
}

/// What stays in the PEs is shifted in or out, whatever the dataflow: 32 shifts of 32 x 32 PEs.
TEST(EnergyTable, HasAShiftForWhatStaysInTheArray) {
  struct Case {
    Dataflow dataflow;
    double load_bits;
    double unload_bits;
  };
  ChipSpec chip = shipped("edge");
  const double shifts =
      32.0 * 32 * 32 * chip.silicon->activity * chip.silicon->technology.register_bit.write;
  for (const Case& expected : {Case{Dataflow::WeightStationary, 8, 0},
                               {Dataflow::InputStationary, 8, 0},
                               {Dataflow::OutputStationary, 0, 32}}) {
    chip.matrix.dataflow = expected.dataflow;
    const EnergyTable table = energy_table(chip, chip_area(chip));
    EXPECT_NEAR(table.of(Action::TileLoad), shifts * expected.load_bits, 1e-9);
    EXPECT_NEAR(table.of(Action::TileUnload), shifts * expected.unload_bits, 1e-9);
    EXPECT_EQ(table.of(Action::FifoByteAgain) > 0, expected.dataflow != Dataflow::WeightStationary);
  }
}

TEST(EnergyReport, ChargesLoadsUnloadsAndTilesThatStreamAgain) {
  for (const auto& [dataflow, name] : kEnumNames<Dataflow>) {
    ChipSpec chip = shipped("edge");
    chip.matrix.dataflow = dataflow;
    const EnergyTable table = energy_table(chip, chip_area(chip));
    Counters counters = sample_counters();
    const EnergyBreakdown before = energy_report(chip, counters, 1).total;
    counters.actions.array_loads += 5;
    counters.actions.array_unloads += 7;
    counters.actions.weight_bytes_again += 1000;
    const EnergyBreakdown after = energy_report(chip, counters, 1).total;
    const auto more = [&](Component part) {
      return (after.of(part) - before.of(part)).count() * 1e12;
    };
    EXPECT_NEAR(more(Component::MatrixUnit),
                5 * table.of(Action::TileLoad) + 7 * table.of(Action::TileUnload), 1e-3)
        << name;
    EXPECT_NEAR(more(Component::WeightFifo), 1000 * table.of(Action::FifoByteAgain), 1e-3) << name;
    EXPECT_GT(more(Component::MatrixUnit), 0) << name;
  }
}

/// A multiplication of the native kind and a register of a weight's width, at the chip's activity.
TEST(EnergyReport, ChargesConversionsOfWeights) {
  ChipSpec chip = shipped("edge");
  EXPECT_EQ(energy_table(chip, chip_area(chip)).of(Action::Conversion), 0);
  chip.weight_fifo.convert[static_cast<std::size_t>(DataType::Int4)] = CoreCycles(1);
  const EnergyTable table = energy_table(chip, chip_area(chip));
  const Technology& technology = chip.silicon->technology;
  const double expected =
      chip.silicon->activity *
      (technology.multiplier_of(MacKind::Int8).picojoules + 8 * technology.register_bit.write);
  EXPECT_NEAR(table.of(Action::Conversion), expected, 1e-12);
  Counters counters = sample_counters();
  const EnergyBreakdown before = energy_report(chip, counters, 1).total;
  counters.actions.weight_conversions += 1000;
  const EnergyBreakdown after = energy_report(chip, counters, 1).total;
  EXPECT_NEAR((after.of(Component::WeightFifo) - before.of(Component::WeightFifo)).count() * 1e12,
              1000 * expected, 1e-3);
}

/// The clocks of a unit run while its last results leave it: sums that are shifted out as well as
/// tiles that are shifted in.
TEST(EnergyReport, ClocksAnArrayThatDrains) {
  const ChipSpec chip = shipped("edge");
  ASSERT_EQ(chip.silicon->idle, IdleMode::ClockGated);
  const EnergyTable table = energy_table(chip, chip_area(chip));
  Counters counters = sample_counters();
  const EnergyBreakdown before = energy_report(chip, counters, 1).total;
  counters.engine(EngineKind::Matrix)[Cause::Drain] += CoreCycles(1000);
  const EnergyBreakdown after = energy_report(chip, counters, 1).total;
  const double ungated = 1.0 - chip.silicon->technology.clock_gated;
  EXPECT_NEAR((after.of(Component::Clock) - before.of(Component::Clock)).count() * 1e12,
              1000 * ungated * table.of(Action::MatrixClock), 1e-3);
}

TEST(FullLoad, ShiftsATileEveryRowsCyclesInEveryDataflow) {
  for (const auto& [dataflow, name] : kEnumNames<Dataflow>) {
    ChipSpec chip = shipped("edge");
    chip.matrix.dataflow = dataflow;
    const ActionCounters actions = full_second(chip, MacKind::Int8).actions;
    EXPECT_EQ(actions.array_loads + actions.array_unloads, 500'000'000 / 32) << name;
    // 32 weights of a byte a cycle where they stream
    EXPECT_EQ(actions.weight_bytes_again,
              dataflow == Dataflow::WeightStationary ? 0 : std::int64_t{500'000'000} * 32)
        << name;
  }
}

TEST(EnergyTable, TakesTheUsersFiguresAndSaysWhereTheyAre) {
  ChipSpec chip = shipped("tpu_v1");
  chip.silicon->energies.push_back({Action::BufferRead, 1.5, "mine.yaml:7"});
  chip.silicon->leakages.push_back({Component::Control, 2.0, "mine.yaml:9"});
  const EnergyTable table = energy_table(chip, chip_area(chip));
  EXPECT_EQ(table.of(Action::BufferRead), 1.5);
  EXPECT_EQ(table.origin[static_cast<std::size_t>(Action::BufferRead)], "mine.yaml:7");
  EXPECT_EQ(table.leakage[static_cast<std::size_t>(Component::Control)], Watts(2.0));
}

TEST(EnergyReport, RefusesProductsThatTheArrayCannotMake) {
  const ChipSpec chip = shipped("tpu_v1");
  Counters counters = sample_counters();
  counters.actions.macs_of_kind[static_cast<std::size_t>(MacKind::Fp16)] = 1;
  EXPECT_THROW((void)energy_report(chip, counters, 1), InternalError);
}

TEST(ActionNames, AreDifferentAndComplete) {
  for (int first = 0; first < kActionCount; ++first) {
    const ActionName name = action_name(static_cast<Action>(first));
    EXPECT_FALSE(name.name.empty()) << first;
    for (int second = 0; second < first; ++second) {
      const ActionName other = action_name(static_cast<Action>(second));
      EXPECT_FALSE(other.owner == name.owner && other.name == name.name) << first << second;
    }
  }
  EXPECT_EQ(kEnumNames<Component>.size(), static_cast<std::size_t>(kComponentCount));
}

}  // namespace
}  // namespace systole
