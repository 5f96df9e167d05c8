#include "silicon/energy/energy_table.h"

#include <algorithm>
#include <cmath>

#include "arch/dataflow.h"
#include "arch/diag/check.h"
#include "arch/units/bits.h"

namespace systole {

namespace {

constexpr std::int64_t kLaneWriteBits = 64;  // an operand and a result of 32 bit
constexpr double kBitsPerMebibyte = 8.0 * 1024.0 * 1024.0;

class TableModel {
 public:
  TableModel(const ChipSpec& chip, const ChipArea& area)
      : chip_(chip), area_(area), silicon_(*chip.silicon), technology_(chip.silicon->technology) {}

  [[nodiscard]] EnergyTable table() {
    set_matrix_unit();
    set_memories();
    set_vector_unit_and_control();
    set_wires_and_ports();
    set_leakage();
    for (const ActionOverride& given : silicon_.energies) {
      set(given.action, given.picojoules);
      table_.origin[static_cast<std::size_t>(given.action)] = given.origin;
    }
    for (const PartOverride& given : silicon_.leakages) {
      table_.leakage[static_cast<std::size_t>(given.part)] = Watts(given.value);
    }
    return table_;
  }

 private:
  void set(Action action, double picojoules) {
    table_.picojoules[static_cast<std::size_t>(action)] = picojoules;
  }
  [[nodiscard]] double writes(std::int64_t bits) const {
    return silicon_.activity * static_cast<double>(bits) * technology_.register_bit.write;
  }
  [[nodiscard]] double operation(const LogicCell& multiplier, const LogicCell& adder) const {
    return silicon_.activity * (multiplier.picojoules + adder.picojoules);
  }
  [[nodiscard]] double clocks(std::int64_t bits) const {
    return static_cast<double>(bits) * technology_.clock_picojoules();
  }
  [[nodiscard]] double wires(double millimetres, std::int64_t bits) const {
    return silicon_.activity * millimetres * technology_.wire_pj_per_bit_mm *
           static_cast<double>(bits);
  }

  /// Registers that change for one product: operands that stream through, product and sum.
  [[nodiscard]] static std::int64_t passed_bits(Dataflow dataflow, OperandBits bits) {
    const std::int64_t sum = bits_of(DataType::Int32);
    switch (dataflow) {
      case Dataflow::WeightStationary:
        return bits.activation + bits.product + sum;
      case Dataflow::InputStationary:
        return bits.weight + bits.product + sum;
      case Dataflow::OutputStationary:
        return bits.activation + bits.weight + bits.product + sum;
    }
    return 0;
  }

  void set_matrix_unit() {
    const MatrixUnitSpec& matrix = chip_.matrix;
    for (const auto& [kind, name] : kEnumNames<MacKind>) {
      if (!matrix.supports(kind)) {
        continue;
      }
      const std::int64_t passed = passed_bits(matrix.dataflow, operand_bits(kind));
      set(mac_action(kind), operation(technology_.multiplier_of(kind), technology_.adder_of(kind)) +
                                writes(passed) * static_cast<double>(matrix.pace(kind).count()));
    }
    const DataflowRule& rule = rule_of(matrix.dataflow);
    const OperandBits bits = operand_bits(native_kind(matrix));
    const std::int64_t loaded = rule.loads_weights  ? bits.weight
                                : rule.loads_inputs ? bits.activation
                                                    : 0;
    const std::int64_t unloaded = rule.unloads_outputs ? bits_of(DataType::Int32) : 0;
    const auto shifts = static_cast<double>(matrix.rows * matrix.macs_per_cycle());
    set(Action::TileLoad, writes(loaded) * shifts);
    set(Action::TileUnload, writes(unloaded) * shifts);
    set(Action::MatrixClock,
        clocks(pe_register_bits(matrix)) * static_cast<double>(matrix.macs_per_cycle()));
  }

  void set_memories() {
    const SramModel& sram = technology_.sram;
    const std::int64_t entry = chip_.matrix.cols * bits_of(DataType::Int32);
    const std::int64_t entries = ceil_div(chip_.accumulators.entries, chip_.accumulators.banks);
    set(Action::AccumulatorRead, sram.read_picojoules(entries * entry, entry));
    set(Action::AccumulatorWrite, sram.write_picojoules(entries * entry, entry));

    const std::int64_t port = chip_.buffer.port_width.count() * kBitsPerByte;
    const std::int64_t bank = chip_.buffer.capacity.count() * kBitsPerByte / chip_.buffer.banks;
    const double distance = std::sqrt(area_.part(Component::UnifiedBuffer).total().count()) / 2.0;
    set(Action::BufferRead, sram.read_picojoules(bank, port) + wires(distance, port));
    set(Action::BufferWrite, sram.write_picojoules(bank, port) + wires(distance, port));

    const std::int64_t row = chip_.matrix.cols * operand_bits(native_kind(chip_.matrix)).weight;
    const std::int64_t tile = row * chip_.matrix.rows;
    const double rows_a_byte = static_cast<double>(kBitsPerByte) / static_cast<double>(row);
    const double read = sram.read_picojoules(tile, row);
    set(Action::FifoByte, (read + sram.write_picojoules(tile, row)) * rows_a_byte);
    set(Action::FifoByteAgain,
        rule_of(chip_.matrix.dataflow).loads_weights ? 0.0 : read * rows_a_byte);
    set(Action::Conversion, conversion());
  }

  /// A product with the scale and the register that takes it; nothing where nothing is converted.
  [[nodiscard]] double conversion() const {
    const auto& paces = chip_.weight_fifo.convert;
    const MacKind kind = native_kind(chip_.matrix);
    const bool converts = std::any_of(paces.begin(), paces.end(),
                                      [](CoreCycles pace) { return pace > CoreCycles(0); });
    return converts ? silicon_.activity * technology_.multiplier_of(kind).picojoules +
                          writes(operand_bits(kind).weight)
                    : 0.0;
  }

  void set_vector_unit_and_control() {
    const bool floats = sums_in_float(native_kind(chip_.matrix));
    const LogicCell& multiplier =
        floats ? technology_.multiplier_fp32 : technology_.multiplier_int32;
    const LogicCell& adder = floats ? technology_.adder_fp32 : technology_.adder_int32;
    set(Action::VectorLane, operation(multiplier, adder) + writes(kLaneWriteBits));
    set(Action::VectorClock, clocks(kVectorLaneBits * chip_.vector.lanes));
    set(Action::Instruction, silicon_.instruction_picojoules);
    set(Action::ControlClock, clocks(control_register_bits(silicon_)));
  }

  void set_wires_and_ports() {
    set(Action::InterconnectByte, wires(std::sqrt(area_.die.count()) / 2.0, kBitsPerByte));
    const auto byte = [](const InterfaceSpec& port) {
      return port.picojoules_per_bit * static_cast<double>(kBitsPerByte);
    };
    set(Action::DramInterfaceByte, byte(silicon_.dram_port));
    set(Action::HostLinkByte, byte(silicon_.host_port));
    table_.dram_ports_idle = silicon_.dram_port.idle * static_cast<double>(chip_.dram.channels);
    table_.host_port_idle = silicon_.host_port.idle;
  }

  void set_leakage() {
    for (std::size_t index = 0; index < area_.parts.size(); ++index) {
      const PartArea& part = area_.parts[index];
      const double mebibytes = static_cast<double>(part.memory_bits) / kBitsPerMebibyte;
      table_.leakage[index] = Watts(part.logic.count() * technology_.logic_leakage_w_mm2 +
                                    mebibytes * technology_.sram.leakage_w_per_mib);
    }
  }

  const ChipSpec& chip_;
  const ChipArea& area_;
  const SiliconSpec& silicon_;
  const Technology& technology_;
  EnergyTable table_;
};

}  // namespace

EnergyTable energy_table(const ChipSpec& chip, const ChipArea& area) {
  SYSTOLE_CHECK(chip.silicon.has_value(), "{} has no technology", chip.name);
  return TableModel(chip, area).table();
}

}  // namespace systole
