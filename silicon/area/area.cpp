#include "silicon/area/area.h"

#include "arch/diag/check.h"
#include "arch/units/bits.h"

namespace systole {

namespace {

constexpr double kLaneUnits = 4.0;

class AreaModel {
 public:
  explicit AreaModel(const ChipSpec& chip)
      : chip_(chip), silicon_(*chip.silicon), technology_(chip.silicon->technology) {}

  [[nodiscard]] ChipArea area() const {
    ChipArea area;
    const auto set = [&](Component part, const PartArea& value) {
      area.parts[static_cast<std::size_t>(part)] = value;
    };
    set(Component::MatrixUnit, matrix_unit());
    set(Component::Accumulators, accumulators());
    set(Component::UnifiedBuffer, unified_buffer());
    set(Component::WeightFifo, weight_fifo());
    set(Component::VectorUnit, vector_unit());
    set(Component::Control, {.logic = transistors(silicon_.control_mtr)});
    set(Component::DramInterface, port(silicon_.dram_port, chip_.dram.channels));
    set(Component::HostLink, port(silicon_.host_port, 1));
    for (const PartOverride& given : silicon_.areas) {
      set(given.part, {.logic = SquareMillimetres(given.value),
                       .memory_bits = area.part(given.part).memory_bits,
                       .overridden = true});
    }
    SquareMillimetres placed{0};
    for (const PartArea& part : area.parts) {
      placed += part.total();
    }
    area.die = placed / (1.0 - silicon_.unplaced);
    area.unplaced = area.die - placed;
    return area;
  }

 private:
  [[nodiscard]] SquareMillimetres placed(double cells_mm2) const {
    return SquareMillimetres(cells_mm2 / technology_.placement);
  }
  [[nodiscard]] SquareMillimetres transistors(double millions) const {
    return SquareMillimetres(millions / technology_.density_mtr_mm2);
  }
  [[nodiscard]] double register_mm2(std::int64_t bits) const {
    return static_cast<double>(bits) * technology_.register_bit.mm2;
  }

  [[nodiscard]] PartArea matrix_unit() const {
    const MacKind kind = native_kind(chip_.matrix);
    const double pe = technology_.multiplier_of(kind).mm2 + technology_.adder_of(kind).mm2 +
                      register_mm2(pe_register_bits(chip_.matrix));
    return {.logic = placed(pe * static_cast<double>(chip_.macs_per_cycle()))};
  }

  [[nodiscard]] PartArea macros(std::int64_t count, std::int64_t capacity_bits,
                                std::int64_t width_bits) const {
    const SquareMillimetres one = technology_.sram.area(capacity_bits, width_bits);
    return {.memory = one * static_cast<double>(count), .memory_bits = count * capacity_bits};
  }
  [[nodiscard]] PartArea accumulators() const {
    const std::int64_t width = chip_.matrix.cols * bits_of(DataType::Int32);
    const std::int64_t entries = ceil_div(chip_.accumulators.entries, chip_.accumulators.banks);
    return macros(chip_.matrix_units() * chip_.accumulators.banks, entries * width, width);
  }
  [[nodiscard]] PartArea unified_buffer() const {
    const std::int64_t bits = chip_.buffer.capacity.count() * kBitsPerByte;
    return macros(chip_.cores * chip_.buffer.banks, bits / chip_.buffer.banks,
                  chip_.buffer.port_width.count() * kBitsPerByte);
  }
  [[nodiscard]] PartArea weight_fifo() const {
    const std::int64_t width = chip_.matrix.cols * operand_bits(native_kind(chip_.matrix)).weight;
    PartArea area =
        macros(chip_.matrix_units() * chip_.weight_fifo.tiles, width * chip_.matrix.rows, width);
    area.logic = placed(converter_mm2() * static_cast<double>(chip_.matrix_units()));
    return area;
  }
  /// Of a matrix unit: in front of its FIFO a row of weights in `convert` cycles.
  [[nodiscard]] double converter_mm2() const {
    CoreCycles pace(0);  // of the type that is converted fastest
    for (const CoreCycles one : chip_.weight_fifo.convert) {
      const bool is_faster = pace == CoreCycles(0) || one < pace;
      pace = one > CoreCycles(0) && is_faster ? one : pace;
    }
    if (pace == CoreCycles(0)) {
      return 0;
    }
    const MacKind kind = native_kind(chip_.matrix);
    const double one =
        technology_.multiplier_of(kind).mm2 + register_mm2(operand_bits(kind).weight);
    return one * static_cast<double>(ceil_div(chip_.matrix.cols, pace.count()));
  }
  [[nodiscard]] PartArea vector_unit() const {
    const bool floats = sums_in_float(native_kind(chip_.matrix));
    const double multiplier =
        (floats ? technology_.multiplier_fp32 : technology_.multiplier_int32).mm2;
    const double adder = (floats ? technology_.adder_fp32 : technology_.adder_int32).mm2;
    const double lane = kLaneUnits * (multiplier + adder) + register_mm2(kVectorLaneBits);
    return {.logic = placed(lane * static_cast<double>(chip_.cores * chip_.vector.lanes))};
  }
  [[nodiscard]] PartArea port(const InterfaceSpec& port, std::int64_t count) const {
    const auto ports = static_cast<double>(count);
    return {.logic = transistors(port.controller_mtr) * ports, .phy = port.phy * ports};
  }

  const ChipSpec& chip_;
  const SiliconSpec& silicon_;
  const Technology& technology_;
};

}  // namespace

std::int64_t pe_register_bits(const MatrixUnitSpec& matrix) {
  const OperandBits bits = operand_bits(native_kind(matrix));
  const std::int64_t sum = bits_of(DataType::Int32);
  const std::int64_t once = bits.activation + bits.weight + bits.product + sum;
  if (matrix.overlap == Overlap::None) {
    return once;
  }
  switch (matrix.dataflow) {
    case Dataflow::WeightStationary:
      return once + bits.weight;
    case Dataflow::InputStationary:
      return once + bits.activation;
    case Dataflow::OutputStationary:
      return once + sum;
  }
  return once;
}

std::int64_t control_register_bits(const SiliconSpec& silicon) {
  // A fifth of the transistors in flip-flops of 24: an assumption, docs/energy.md.
  constexpr double kShareInRegisters = 0.2;
  constexpr double kTransistorsPerBit = 24.0;
  constexpr double kMillion = 1e6;
  return static_cast<std::int64_t>(silicon.control_mtr * kMillion * kShareInRegisters /
                                   kTransistorsPerBit);
}

ChipArea chip_area(const ChipSpec& chip) {
  SYSTOLE_CHECK(chip.silicon.has_value(), "{} has no technology", chip.name);
  return AreaModel(chip).area();
}

}  // namespace systole
