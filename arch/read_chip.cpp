#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arch/chip_spec.h"
#include "arch/config/config_node.h"
#include "arch/config/cross_check.h"
#include "arch/config/quantity_text.h"
#include "arch/config/text_file.h"
#include "arch/cost/read_cost.h"
#include "arch/diag/error.h"
#include "arch/fpga/read_fpga_part.h"
#include "arch/named_file.h"
#include "arch/native_kind.h"
#include "arch/read_dram.h"
#include "arch/read_dram_controller.h"
#include "arch/read_silicon.h"
#include "arch/units/wide.h"

namespace systole {

namespace {

constexpr std::int64_t kMebi = std::int64_t{1} << 20;
constexpr std::int64_t kGibi = std::int64_t{1} << 30;
constexpr std::int64_t kMega = 1'000'000;
constexpr std::int64_t kGiga = 1'000'000'000;
constexpr std::int64_t kSecond = 1'000'000'000'000'000;  // in femtoseconds

/// A run with data holds every on-chip memory in host memory, which bounds each of them.
constexpr Bytes kMaxOnChipMemory{kGibi};
constexpr Range kPaceRange{.min = 1, .max = 1024};

std::string shown(std::int64_t value) {
  return fmt::format("{}", value);
}
std::string shown(Bytes value) {
  return print_quantity(value.count(), kSizeUnits);
}

/// A name that programs and reports can carry as one word.
std::string read_name(const ConfigNode& node, std::string_view key) {
  constexpr std::string_view kNameCharacters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";
  std::string name = node.text(key);
  if (name.find_first_not_of(kNameCharacters) != std::string::npos) {
    node.fail(key, fmt::format("expected letters, digits, '_', '-' and '.' alone, got {}",
                               in_quotes(name)));
  }
  return name;
}

/// The kinds of operands that the PEs multiply are those with a pace.
std::array<CoreCycles, kMacKindCount> read_paces(const ConfigNode& node) {
  std::array<CoreCycles, kMacKindCount> paces{};
  for (const auto& [kind, name] : kEnumNames<MacKind>) {
    if (node.has(name)) {
      paces[static_cast<std::size_t>(kind)] = node.cycles(name, kPaceRange);
    }
  }
  node.finish();
  if (node.keys().empty()) {
    node.fail("expected the pace of at least one kind of operands, got none");
  }
  return paces;
}

MatrixUnitSpec read_matrix_unit(const ConfigNode& node) {
  const MatrixUnitSpec matrix{
      .count = node.has("count") ? node.integer("count", {.min = 1, .max = kMaxMatrixUnits}) : 1,
      .rows = node.integer("rows", {.min = 1, .max = 4096}),
      .cols = node.integer("columns", {.min = 1, .max = 4096}),
      .dataflow = node.choice<Dataflow>("dataflow"),
      .overlap = node.choice<Overlap>("overlap"),
      .model = node.choice<ArrayModel>("model"),
      .pace_of_kind = read_paces(node.map("pace")),
  };
  node.finish();
  return matrix;
}

AccumulatorSpec read_accumulators(const ConfigNode& node) {
  const AccumulatorSpec accumulators{
      .entries = node.integer("entries", {.min = 1, .max = kMebi}),
      .banks = node.integer("banks", {.min = 1, .max = 1024}),
      .ports = node.integer("ports", {.min = 1, .max = 1024}),
  };
  node.finish();
  if (accumulators.ports > accumulators.banks) {
    fail_against({node, "ports", shown(accumulators.ports)}, "at most",
                 {node, "banks", shown(accumulators.banks)});
  }
  return accumulators;
}

/// The types that the way into the array converts are those with a pace.
std::array<CoreCycles, kDataTypeCount> read_conversions(const ConfigNode& node) {
  std::array<CoreCycles, kDataTypeCount> cycles{};
  for (const DataType type :
       {DataType::Int8, DataType::Int4, DataType::Fp8E4M3, DataType::Fp8E5M2}) {
    if (node.has(name_of(type))) {
      cycles[static_cast<std::size_t>(type)] = node.cycles(name_of(type), kPaceRange);
    }
  }
  node.finish();
  if (node.keys().empty()) {
    node.fail("expected the pace of at least one type of elements, got none");
  }
  return cycles;
}

WeightFifoSpec read_weight_fifo(const ConfigNode& node) {
  const auto convert = node.optional_map("convert");
  const WeightFifoSpec fifo{
      .tiles = node.integer("tiles", {.min = 1, .max = 1024}),
      .from_buffer = node.optional_boolean("from_buffer").value_or(false),
      .whole_tiles = node.optional_boolean("whole_tiles").value_or(false),
      .transpose = node.has("transpose")
                       ? std::optional(node.cycles("transpose", {.min = 0, .max = 4096}))
                       : std::nullopt,
      .convert = convert ? read_conversions(*convert) : std::array<CoreCycles, kDataTypeCount>{},
  };
  node.finish();
  return fifo;
}

UnifiedBufferSpec read_unified_buffer(const ConfigNode& node) {
  const UnifiedBufferSpec buffer{
      .capacity = node.bytes("capacity", {.min = kKibi, .max = kMaxOnChipMemory.count()}),
      .banks = node.integer("banks", {.min = 1, .max = 1024}),
      .ports = node.integer("ports", {.min = 1, .max = 1024}),
      .port_width = node.bytes("port_width", {.min = 1, .max = 4 * kKibi}),
  };
  node.finish();
  require_power_of_two(node, "port_width", buffer.port_width.count(), shown(buffer.port_width));
  if (buffer.ports > buffer.banks) {
    fail_against({node, "ports", shown(buffer.ports)}, "at most",
                 {node, "banks", shown(buffer.banks)});
  }
  if (buffer.capacity.count() % (buffer.port_width * buffer.banks).count() != 0) {
    fail_against({node, "capacity", shown(buffer.capacity)},
                 fmt::format("a multiple of port_width ({}) times", shown(buffer.port_width)),
                 {node, "banks", shown(buffer.banks)});
  }
  return buffer;
}

/// What a class takes where a chip leaves it out; a class that it has to give is its own.
constexpr VectorClass stand_in(VectorClass kind) {
  switch (kind) {
    case VectorClass::Reduction:
      return VectorClass::Elementwise;
    case VectorClass::Transcendental:
      return VectorClass::Activation;
    case VectorClass::Activation:
    case VectorClass::Elementwise:
    case VectorClass::Pooling:
    case VectorClass::Softmax:
      return kind;
  }
  return kind;
}

VectorUnitSpec read_vector_unit(const ConfigNode& node) {
  VectorUnitSpec vector{
      .lanes = node.integer("lanes", {.min = 1, .max = 65536}),
      .latency = node.cycles("latency", {.min = 1, .max = 4096}),
      .pace = {},
  };
  if (node.has("alus")) {
    vector.alus = node.integer("alus", {.min = 1, .max = 64});
  }
  const ConfigNode pace = node.map("pace");
  for (const auto& [kind, name] : kEnumNames<VectorClass>) {
    const VectorClass other = stand_in(kind);
    vector.pace[static_cast<std::size_t>(kind)] =
        other == kind || pace.has(name) ? pace.cycles(name, kPaceRange) : vector.pace_of(other);
  }
  pace.finish();
  node.finish();
  return vector;
}

DmaSpec read_dma(const ConfigNode& node) {
  const DmaSpec dma{
      .request = node.bytes("request", {.min = 1, .max = kMebi}),
      .outstanding = node.integer("outstanding", {.min = 1, .max = 1024}),
      .issue = node.cycles("issue", {.min = 0, .max = 4096}),
  };
  node.finish();
  return dma;
}

/// Of the nominal frequency: 1 us at 700 MHz is 700 cycles, though 700 rounded periods are shorter.
CoreCycles cycles_at_or_after(Femtoseconds time, Hertz clock) {
  const Wide cycles = static_cast<Wide>(time.count()) * clock.count();
  return CoreCycles(static_cast<std::int64_t>((cycles + kSecond - 1) / kSecond));
}

HostLinkSpec read_host_link(const ConfigNode& node, Hertz clock) {
  const HostLinkSpec host{
      .bandwidth = node.bandwidth("bandwidth", {.min = kMega, .max = 1000 * kGiga}),
      .latency = cycles_at_or_after(node.duration("latency", {.min = 0, .max = kSecond}), clock),
  };
  node.finish();
  return host;
}

SequencerSpec read_sequencer(const ConfigNode& node) {
  const SequencerSpec sequencer{
      .depth = node.integer("depth", {.min = 1, .max = 65536}),
      .issue = node.cycles("issue", {.min = 1, .max = 4096}),
  };
  node.finish();
  return sequencer;
}

void check_dram(const ConfigNode& node, const DramSpec& dram) {
  const DramOrganization& organization = dram.standard.organization;
  const CheckedValue interleave{node, "interleave", shown(dram.interleave)};
  const CheckedValue standard{node, "standard", dram.standard.name};
  require_power_of_two(node, "interleave", dram.interleave.count(), interleave.shown);
  if (dram.interleave < organization.burst_bytes()) {
    fail_against(interleave,
                 fmt::format("at least the burst of {} of", shown(organization.burst_bytes())),
                 standard);
  }
  if (dram.interleave > organization.row_bytes()) {
    fail_against(interleave,
                 fmt::format("at most the row of {} of", shown(organization.row_bytes())),
                 standard);
  }
  const CheckedValue capacity{node, "capacity", shown(dram.capacity)};
  const CheckedValue channels{node, "channels", shown(dram.channels)};
  if (dram.capacity > organization.capacity() * dram.channels) {
    fail_against(capacity, fmt::format("at most {} in each of", shown(organization.capacity())),
                 channels);
  }
  if (dram.capacity.count() % (dram.interleave * dram.channels).count() != 0) {
    fail_against(capacity, fmt::format("a multiple of interleave ({}) times", interleave.shown),
                 channels);
  }
}

/// The policies that `dram.controller` names, `default` where it names none. Their files are beside
/// those of the standards.
DramControllerSpec read_controller_of(const ConfigNode& node,
                                      const std::vector<std::string>& dram_directories,
                                      const DramStandard& standard) {
  if (!node.has("controller")) {
    return default_dram_controller();
  }
  const std::string file = named_file(node, "controller", "a DRAM controller",
                                      folders_beside(dram_directories, "dram_controllers"));
  DramControllerSpec controller = read_dram_controller(file);
  if (const std::string misfit = controller_misfit(controller, standard); !misfit.empty()) {
    node.fail("controller", fmt::format("expected a controller that {}, got {}", misfit,
                                        in_quotes(controller.name)));
  }
  return controller;
}

struct ChipDram {
  DramSpec spec;
  std::vector<Fact> facts;  ///< of the standard
};

ChipDram read_dram_system(const ConfigNode& node, const std::vector<std::string>& directories) {
  DramStandardFile file =
      read_dram_standard(named_file(node, "standard", "a DRAM standard", directories));
  DramControllerSpec controller = read_controller_of(node, directories, file.standard);
  ChipDram dram{.spec = {.standard = std::move(file.standard),
                         .controller = std::move(controller),
                         .mapping = node.has("mapping") ? node.choice<DramMapping>("mapping")
                                                        : DramMapping::Linear,
                         .channels = power_of_two(node, "channels", {.min = 1, .max = 128}),
                         .interleave = node.bytes("interleave", {.min = 1, .max = kGibi}),
                         .capacity = node.bytes("capacity", {.min = kMebi, .max = 1024 * kGibi})},
                .facts = std::move(file.facts)};
  node.finish();
  check_dram(node, dram.spec);
  return dram;
}

/// Rules between two parts of the chip.
void check_chip(const ConfigNode& node, const ChipSpec& chip) {
  const ConfigNode matrix = node.map("matrix_unit");
  const CheckedValue columns{matrix, "columns", shown(chip.matrix.cols)};
  const ConfigNode accumulators = node.map("accumulators");
  const Bytes partial_sums =
      Bytes(chip.matrix.cols * bytes_of(DataType::Int32)) * chip.accumulators.entries;
  if (partial_sums > kMaxOnChipMemory) {
    fail_against({accumulators, "entries", shown(chip.accumulators.entries)},
                 fmt::format("at most {} of int32 partial sums with", shown(kMaxOnChipMemory)),
                 columns);
  }
  const ConfigNode fifo = node.map("weight_fifo");
  const Bytes tile(chip.matrix.macs_per_cycle() * bytes_of(DataType::Int16));
  if (tile * chip.weight_fifo.tiles > kMaxOnChipMemory) {
    fail_against({fifo, "tiles", shown(chip.weight_fifo.tiles)},
                 fmt::format("at most {} of int16 tiles of {} rows and", shown(kMaxOnChipMemory),
                             chip.matrix.rows),
                 columns);
  }
  const ConfigNode dma = node.map("dma");
  const Bytes burst = chip.dram.standard.organization.burst_bytes();
  if (chip.dma.request.count() % burst.count() != 0) {
    fail_against({dma, "request", shown(chip.dma.request)},
                 fmt::format("a multiple of the burst of {} of", shown(burst)),
                 {node.map("dram"), "standard", chip.dram.standard.name});
  }
  if (chip.dma.request > chip.buffer.capacity) {
    fail_against({dma, "request", shown(chip.dma.request)}, "at most",
                 {node.map("unified_buffer"), "capacity", shown(chip.buffer.capacity)});
  }
}

/// The standards whose energy is known, of those that can be read.
std::vector<std::string> standards_with_currents(const std::vector<std::string>& directories) {
  std::vector<std::string> with;
  for (std::string& name : dram_names(directories)) {
    try {
      if (read_dram_standard(find_dram_file(name, directories)).standard.power) {
        with.push_back(std::move(name));
      }
    } catch (const ConfigError&) {
      continue;  // the user's own mistake in a file that is not asked for
    }
  }
  return with;
}

/// The energy of a run needs that of the memory.
void check_silicon(const ConfigNode& node, const ChipSpec& chip,
                   const std::vector<std::string>& directories) {
  if (!chip.dram.standard.power) {
    const std::vector<std::string> with = standards_with_currents(directories);
    node.map("dram").fail(
        "standard",
        fmt::format(
            "expected a DRAM standard with currents (section 'power': {}), as the chip has a "
            "technology; without 'technology', 'silicon' and 'cost' it runs with any; got {}",
            with.empty() ? "none is there" : fmt::format("{}", fmt::join(with, ", ")),
            in_quotes(chip.dram.standard.name)));
  }
}

}  // namespace

ChipSpec read_chip(const std::string& file, const std::vector<std::string>& dram_directories) {
  return read_chip(ConfigNode::open(file), dram_directories);
}

ChipSpec read_chip(const ConfigNode& node, const std::vector<std::string>& dram_directories) {
  const std::string file = node.location().file;
  std::vector<std::string> directories{
      (std::filesystem::path(file).parent_path() / ".." / "dram").lexically_normal().string()};
  directories.insert(directories.end(), dram_directories.begin(), dram_directories.end());

  ChipSpec chip;
  chip.file = file;
  chip.name = read_name(node, "name");
  chip.description = node.text("description");
  chip.frequency = node.frequency("clock", {.min = kMega, .max = 10 * kGiga});
  chip.cores = node.has("cores") ? node.integer("cores", {.min = 1, .max = kMaxCores}) : 1;
  chip.matrix = read_matrix_unit(node.map("matrix_unit"));
  chip.accumulators = read_accumulators(node.map("accumulators"));
  chip.weight_fifo = read_weight_fifo(node.map("weight_fifo"));
  chip.buffer = read_unified_buffer(node.map("unified_buffer"));
  chip.vector = read_vector_unit(node.map("vector_unit"));
  chip.dma = read_dma(node.map("dma"));
  ChipDram dram = read_dram_system(node.map("dram"), directories);
  chip.dram = std::move(dram.spec);
  chip.host = read_host_link(node.map("host_link"), chip.frequency);
  if (node.has("io")) {
    chip.io = node.choice<IoMemory>("io");
  }
  chip.sequencer = read_sequencer(node.map("sequencer"));
  chip.silicon = read_silicon(node, directories);
  if (chip.silicon) {
    read_silicon_tables(node, chip.frequency, native_kind(chip.matrix), *chip.silicon);
    check_silicon(node, chip, directories);
  }
  chip.cost =
      read_cost(node, chip.silicon ? std::optional(chip.silicon->technology.name) : std::nullopt,
                folders_beside(directories, "prices"));
  std::optional<FpgaPartFile> part;
  if (node.has("fpga")) {
    part = find_fpga_part(node, directories);
    chip.fpga = part->part;
    if (chip.silicon) {
      node.fail("technology",
                fmt::format("expected none beside fpga, which has a model of its own, got {}",
                            in_quotes(chip.silicon->technology.name)));
    }
  }
  node.finish();
  check_chip(node, chip);

  chip.facts = figures_of(node);
  if (part) {
    for (Fact& fact : part->facts) {
      fact.path = fmt::format("fpga.{}.{}", chip.fpga->name, fact.path);
      chip.facts.push_back(std::move(fact));
    }
  }
  for (Fact& fact : dram.facts) {
    fact.path = fmt::format("dram.{}.{}", chip.dram.standard.name, fact.path);
    chip.facts.push_back(std::move(fact));
  }
  return chip;
}

}  // namespace systole
