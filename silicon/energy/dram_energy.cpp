#include "silicon/energy/dram_energy.h"

#include "arch/diag/check.h"
#include "arch/units/wide.h"

namespace systole {
namespace {

/// `times` times `current` for `cycles`, in pJ: uV x uA x fs is 1e-27 J.
class Equations {
 public:
  explicit Equations(const DramStandard& standard)
      : unit_(Wide{standard.power->VDD.count()} * standard.timing.tCK.count() *
              standard.organization.devices_per_rank()) {}

  [[nodiscard]] double energy(Microamperes current, DramCycles cycles, std::int64_t times) const {
    constexpr double kToPicojoules = 1e-15;
    // Two exact factors, rounded once each: the same double on every machine.
    return static_cast<double>(unit_ * current.count()) *
           static_cast<double>(Wide{cycles.count()} * times) * kToPicojoules;
  }

 private:
  Wide unit_;
};

}  // namespace

double DramEnergy::total() const {
  double sum = 0;
  for (const DramEnergyPart& part : kDramEnergyParts) {
    sum += this->*part.picojoules;
  }
  return sum;
}

double picojoules_by(const DramEnergy& energy, DramEnergyBy by) {
  double sum = 0;
  for (const DramEnergyPart& part : kDramEnergyParts) {
    sum += part.by == by ? energy.*part.picojoules : 0.0;
  }
  return sum;
}

DramEnergy dram_energy(const DramStandard& standard, const DramRunResult& run) {
  SYSTOLE_CHECK(standard.power.has_value(), "{} has no currents", standard.name);
  const DramPower& power = *standard.power;
  const DramTiming& timing = standard.timing;
  const Equations of(standard);
  constexpr double kFemtojoulesPerPicojoule = 1000;
  const std::int64_t bits = standard.organization.burst_bytes().count() * 8;
  DramEnergy energy;
  energy.activate =
      of.energy(power.IDD0 - power.IDD3N, timing.nRAS, run.activates) +
      of.energy(power.IDD0 - power.IDD2N, timing.nRC - timing.nRAS - timing.nRP, run.activates);
  energy.precharge = of.energy(power.IDD0 - power.IDD2N, timing.nRP, run.rows_closed);
  energy.read = of.energy(power.IDD4R - power.IDD3N, timing.nBL, run.reads);
  energy.write = of.energy(power.IDD4W - power.IDD3N, timing.nBL, run.writes);
  const Microamperes all_banks = power.IDD5AB - power.IDD3N;
  const double of_banks =
      power.IDD5PB > Microamperes(0)
          ? of.energy(power.IDD5PB - power.IDD3N, timing.nRFCpb, run.bank_refreshes)
          : of.energy(all_banks, timing.nRFC, run.bank_refreshes) /
                static_cast<double>(standard.organization.banks_per_rank());
  energy.refresh = of.energy(all_banks, timing.nRFC, run.refreshes) + of_banks;
  energy.active_standby =
      of.energy(power.IDD3N, run.active_cycles - run.active_power_down_cycles, 1);
  energy.precharged_standby = of.energy(
      power.IDD2N, run.rank_cycles - run.active_cycles - run.precharged_power_down_cycles, 1);
  energy.active_power_down = of.energy(power.IDD3P, run.active_power_down_cycles, 1);
  energy.precharged_power_down = of.energy(power.IDD2P, run.precharged_power_down_cycles, 1);
  energy.io = static_cast<double>(Wide{run.reads} * bits * power.io_read.count() +
                                  Wide{run.writes} * bits * power.io_write.count()) /
              kFemtojoulesPerPicojoule;
  return energy;
}

}  // namespace systole
