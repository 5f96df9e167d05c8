#include "silicon/fpga/fpga_power.h"

#include <numeric>

#include "arch/chip_spec.h"
#include "arch/diag/check.h"
#include "arch/units/seconds.h"
#include "silicon/fpga/fpga_use.h"

namespace systole {

namespace {

constexpr double kPerFemto = 1e-15;

double joules(Femtojoules each, double count) {
  return static_cast<double>(each.count()) * count * kPerFemto;
}

double on_chip_bytes(const ChipSpec& chip, const ActionCounters& actions) {
  const auto buffer = static_cast<double>(actions.buffer_reads + actions.buffer_writes) *
                      static_cast<double>(chip.buffer.port_width.count());
  const auto sums = static_cast<double>(actions.accumulator_reads + actions.accumulator_writes) *
                    static_cast<double>(chip.matrix.cols * bytes_of(DataType::Int32));
  constexpr double kInAndOut = 2;
  return buffer + sums + kInAndOut * static_cast<double>(actions.weight_bytes) +
         static_cast<double>(actions.weight_bytes_again);
}

}  // namespace

FpgaPower fpga_power(const ChipSpec& chip, const Counters& counters) {
  SYSTOLE_CHECK(chip.fpga, "{} is no FPGA design", chip.name);
  SYSTOLE_CHECK(counters.elapsed > CoreCycles(0), "no elapsed cycles");
  const FpgaEnergy& energy = chip.fpga->energy;
  const double seconds = seconds_of(chip.clock(), counters.elapsed);
  const FpgaResources used = total_of(fpga_use(chip, *chip.fpga));
  const auto luts = static_cast<double>(used.luts);
  const auto cycles = static_cast<double>(counters.elapsed.count());
  const auto dram = static_cast<double>(counters.dram.read_bytes + counters.dram.write_bytes);
  const auto int8 =
      static_cast<double>(counters.actions.macs_of_kind[static_cast<std::size_t>(MacKind::Int8)]);
  const auto& of_kind = counters.actions.macs_of_kind;
  const bool only_int8 = of_kind[static_cast<std::size_t>(MacKind::Int8)] ==
                         std::accumulate(of_kind.begin(), of_kind.end(), std::int64_t{0});
  const double products = only_int8 ? int8 : static_cast<double>(counters.actions.mac_slots);
  return {.static_watts = energy.static_power.count(),
          .multiply = joules(energy.per_mac, products) / seconds,
          .fabric = joules(energy.per_lut_cycle, luts * cycles) / seconds,
          .memory = joules(energy.per_memory_byte, on_chip_bytes(chip, counters.actions)) / seconds,
          .dram = joules(energy.per_dram_byte, dram) / seconds};
}

}  // namespace systole
