#include "silicon/energy/energy.h"

#include "arch/diag/check.h"
#include "arch/units/operations.h"
#include "arch/units/seconds.h"
#include "silicon/energy/activity.h"
#include "silicon/energy/dram_energy.h"

namespace systole {

namespace {

constexpr double kJoulesPerPicojoule = 1e-12;

double as_double(std::int64_t count) {
  return static_cast<double>(count);
}

/// The memory devices' energy in joules: what commands cost, and what time costs.
struct DeviceEnergy {
  Joules commands{0};
  Joules time{0};
};

DeviceEnergy device_energy(const ChipSpec& chip, const DramRunResult& run) {
  const DramEnergy energy = dram_energy(chip.dram.standard, run);
  return {.commands = Joules(picojoules_by(energy, DramEnergyBy::Commands) * kJoulesPerPicojoule),
          .time = Joules(picojoules_by(energy, DramEnergyBy::Time) * kJoulesPerPicojoule)};
}

class EnergyModel {
 public:
  explicit EnergyModel(const ChipSpec& chip)
      : chip_(chip), silicon_(*chip.silicon), table_(energy_table(chip, chip_area(chip))) {}

  /// `device` is the part of the memory's energy that belongs to this activity.
  [[nodiscard]] EnergyBreakdown energy(const Activity& activity, Joules device) const {
    EnergyBreakdown energy;
    add_actions(energy, activity);
    add_clocks(energy, activity);
    const double seconds = seconds_of(activity.elapsed);
    at(energy, Component::Leakage) += Joules(leakage_watts_seconds(activity));
    at(energy, Component::DramInterface) += Joules(table_.dram_ports_idle.count() * seconds);
    at(energy, Component::HostLink) += Joules(table_.host_port_idle.count() * seconds);
    at(energy, Component::DramDevice) += device;
    at(energy, Component::Supply) = energy.total() * (1.0 / silicon_.supply_efficiency - 1.0);
    return energy;
  }

  [[nodiscard]] double seconds_of(CoreCycles cycles) const {
    return systole::seconds_of(chip_.clock(), cycles);
  }

 private:
  static Joules& at(EnergyBreakdown& energy, Component component) {
    return energy.parts[static_cast<std::size_t>(component)];
  }

  void add(EnergyBreakdown& energy, Action action, double count) const {
    at(energy, action_name(action).account) +=
        Joules(count * table_.of(action) * kJoulesPerPicojoule);
  }

  void add_actions(EnergyBreakdown& energy, const Activity& activity) const {
    const ActionCounters& actions = activity.actions;
    for (const auto& [kind, name] : kEnumNames<MacKind>) {
      const std::int64_t macs = actions.macs_of_kind[static_cast<std::size_t>(kind)];
      SYSTOLE_CHECK(macs == 0 || chip_.matrix.supports(kind), "{} MACs of {}", macs, name);
      add(energy, mac_action(kind), as_double(macs));
    }
    add(energy, Action::TileLoad, as_double(actions.array_loads));
    add(energy, Action::TileUnload, as_double(actions.array_unloads));
    add(energy, Action::AccumulatorRead, as_double(actions.accumulator_reads));
    add(energy, Action::AccumulatorWrite, as_double(actions.accumulator_writes));
    add(energy, Action::BufferRead, as_double(actions.buffer_reads));
    add(energy, Action::BufferWrite, as_double(actions.buffer_writes));
    add(energy, Action::FifoByte, as_double(actions.weight_bytes));
    add(energy, Action::FifoByteAgain, as_double(actions.weight_bytes_again));
    add(energy, Action::Conversion, as_double(actions.weight_conversions));
    add(energy, Action::VectorLane,
        as_double(activity.vector_busy.count()) * as_double(chip_.vector.lanes));
    add(energy, Action::Instruction, as_double(activity.instructions));
    const std::int64_t host_bytes = actions.host_in_bytes + actions.host_out_bytes;
    add(energy, Action::InterconnectByte, as_double(activity.dram_bytes + host_bytes));
    add(energy, Action::DramInterfaceByte, as_double(activity.dram_bytes));
    add(energy, Action::HostLinkByte, as_double(host_bytes));
  }

  /// Cycles in which a unit's clock runs: all where nothing is gated, else the busy ones and the
  /// share left of the others. Linear, so that layers add up.
  [[nodiscard]] double clocked(CoreCycles busy, CoreCycles elapsed) const {
    if (silicon_.idle == IdleMode::Ungated) {
      return as_double(elapsed.count());
    }
    const double left = silicon_.technology.clock_gated;
    return left * as_double(elapsed.count()) + (1.0 - left) * as_double(busy.count());
  }

  void add_clocks(EnergyBreakdown& energy, const Activity& activity) const {
    add(energy, Action::MatrixClock,
        clocked(activity.matrix_busy, activity.elapsed * chip_.matrix_units()));
    add(energy, Action::VectorClock, clocked(activity.vector_busy, activity.elapsed * chip_.cores));
    add(energy, Action::ControlClock, as_double(activity.elapsed.count()));
  }

  /// Memories keep their contents, hence their power; matrix and vector unit can be switched off.
  [[nodiscard]] double leakage_watts_seconds(const Activity& activity) const {
    double sum = 0.0;
    for (const auto& [part, name] : kEnumNames<Component>) {
      const double watts = table_.leakage[static_cast<std::size_t>(part)].count();
      sum += watts * powered_seconds(part, activity);
    }
    return sum;
  }

  [[nodiscard]] double powered_seconds(Component part, const Activity& activity) const {
    const bool switched = part == Component::MatrixUnit || part == Component::VectorUnit;
    if (silicon_.idle != IdleMode::PowerGated || !switched) {
      return seconds_of(activity.elapsed);
    }
    const double left = silicon_.technology.power_gated;
    const bool matrix = part == Component::MatrixUnit;
    // The part's leakage is that of all units: each is on while it is busy itself.
    const auto units = as_double(matrix ? chip_.matrix_units() : chip_.cores);
    const double busy = seconds_of(matrix ? activity.matrix_busy : activity.vector_busy) / units;
    return left * seconds_of(activity.elapsed) + (1.0 - left) * busy;
  }

  const ChipSpec& chip_;
  const SiliconSpec& silicon_;
  EnergyTable table_;
};

double share(double part, double whole) {
  return whole == 0.0 ? 0.0 : part / whole;
}

/// Of the parts that scale with the circuits' dynamic energy; the supply follows the rest.
Joules with_other_scaling(const EnergyBreakdown& energy, const SiliconSpec& silicon) {
  double sum = 0.0;
  for (const auto& [component, name] : kEnumNames<Component>) {
    const double joules = energy.of(component).count();
    const bool dynamic = component <= Component::Clock;
    sum += component == Component::Supply
               ? 0.0
               : joules * (dynamic ? silicon.technology.other_scaling : 1.0);
  }
  return Joules(sum / silicon.supply_efficiency);
}

/// The kind at which the array draws most: energy of a product over its pace.
MacKind hottest_kind(const ChipSpec& chip) {
  const EnergyTable table = energy_table(chip, chip_area(chip));
  MacKind hottest = native_kind(chip.matrix);
  double most = 0.0;
  for (const auto& [kind, name] : kEnumNames<MacKind>) {
    if (!chip.matrix.supports(kind)) {
      continue;
    }
    const double rate = table.of(mac_action(kind)) / as_double(chip.matrix.pace(kind).count());
    if (rate > most) {
      most = rate;
      hottest = kind;
    }
  }
  return hottest;
}

}  // namespace

Joules EnergyBreakdown::total() const {
  Joules sum{0};
  for (const Joules part : parts) {
    sum += part;
  }
  return sum;
}

EnergyBreakdown idle_second(const ChipSpec& chip) {
  const DeviceEnergy device = device_energy(chip, idle_dram_second(chip));
  const Activity nothing{.elapsed = CoreCycles(chip.frequency.count())};
  return EnergyModel(chip).energy(nothing, device.commands + device.time);
}

EnergyBreakdown full_load_second(const ChipSpec& chip) {
  const DeviceEnergy device = device_energy(chip, full_dram_second(chip));
  return EnergyModel(chip).energy(full_second(chip, hottest_kind(chip)),
                                  device.commands + device.time);
}

EnergyReport energy_report(const ChipSpec& chip, const Counters& counters, std::int64_t batch) {
  SYSTOLE_CHECK(chip.silicon.has_value(), "{} has no technology", chip.name);
  SYSTOLE_CHECK(batch > 0, "a batch of {}", batch);
  const EnergyModel model(chip);
  const Activity all = activity_of(counters);
  const DeviceEnergy device = device_energy(chip, dram_run_of(chip, counters));
  EnergyReport report;
  report.total = model.energy(all, device.commands + device.time);
  report.idle_power = Watts(idle_second(chip).total().count());
  report.peak_power = Watts(full_load_second(chip).total().count());
  report.tdp = chip.silicon->tdp;

  const double elapsed = as_double(counters.elapsed.count());
  for (const LayerCounters& layer : counters.layers) {
    const Activity own = activity_of(layer);
    const Joules commands =
        device.commands * share(as_double(own.dram_bytes), as_double(all.dram_bytes));
    const Joules time = device.time * share(as_double(layer.exposed.count()), elapsed);
    report.layers.push_back(model.energy(own, commands + time));
  }

  const double seconds = model.seconds_of(counters.elapsed);
  const double joules = report.total.total().count();
  report.average_power = Watts(share(joules, seconds));
  report.per_inference = Joules(joules / as_double(batch));
  report.tops_per_watt = share(kOperationsPerMac * as_double(all.actions.macs) / kTera, joules);
  report.energy_delay_product = report.per_inference.count() * seconds;
  report.total_other_scaling = with_other_scaling(report.total, *chip.silicon);
  return report;
}

}  // namespace systole
