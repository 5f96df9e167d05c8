#include <bit>
#include <filesystem>

#include <fmt/format.h>

#include "arch/chip_spec.h"
#include "arch/config/config_node.h"
#include "arch/read_dram.h"
#include "arch/units/wide.h"

namespace systole {

namespace {

constexpr std::int64_t kMaxCycles = 1'000'000;
constexpr std::int64_t kMaxSide = 4096;

MatrixUnitSpec read_matrix_unit(const ConfigNode& node) {
  const ConfigNode pace = node.map("pace");
  const MatrixUnitSpec spec{
      .rows = node.integer("rows", {.min = 1, .max = kMaxSide}),
      .cols = node.integer("columns", {.min = 1, .max = kMaxSide}),
      .dataflow = node.choice<Dataflow>("dataflow"),
      .pace_8x8 = pace.cycles("int8xint8", {.min = 1, .max = 64}),
      .pace_8x16 = pace.cycles("int8xint16", {.min = 1, .max = 64}),
      .pace_16x16 = pace.cycles("int16xint16", {.min = 1, .max = 64}),
  };
  pace.finish();
  node.finish();
  return spec;
}

AccumulatorSpec read_accumulators(const ConfigNode& node) {
  const AccumulatorSpec spec{.entries = node.integer("entries", {.min = 2, .max = 1 << 20})};
  node.finish();
  return spec;
}

WeightFifoSpec read_weight_fifo(const ConfigNode& node) {
  const WeightFifoSpec spec{.tiles = node.integer("tiles", {.min = 1, .max = 1024})};
  node.finish();
  return spec;
}

UnifiedBufferSpec read_unified_buffer(const ConfigNode& node) {
  const UnifiedBufferSpec spec{
      .capacity = node.bytes("capacity", {.min = 1024, .max = std::int64_t{1} << 32}),
      .banks = node.integer("banks", {.min = 1, .max = 1024}),
      .ports = node.integer("ports", {.min = 1, .max = 1024}),
      .port_width = node.bytes("port_width", {.min = 1, .max = 4096}),
  };
  node.finish();
  if (!std::has_single_bit(static_cast<std::uint64_t>(spec.port_width.count()))) {
    node.fail("port_width",
              fmt::format("expected a power of two in bytes, got '{} B'", spec.port_width.count()));
  }
  if (spec.ports > spec.banks) {
    node.fail("ports", fmt::format("expected at most unified_buffer.banks = {}, got '{}'",
                                   spec.banks, spec.ports));
  }
  return spec;
}

VectorUnitSpec read_vector_unit(const ConfigNode& node) {
  const ConfigNode pace = node.map("pace");
  VectorUnitSpec spec{
      .lanes = node.integer("lanes", {.min = 1, .max = kMaxSide}),
      .latency = node.cycles("latency", {.min = 1, .max = kMaxCycles}),
  };
  for (const auto& [kind, name] : kEnumNames<VectorClass>) {
    spec.pace[static_cast<std::size_t>(kind)] = pace.cycles(name, {.min = 1, .max = 4096});
  }
  pace.finish();
  node.finish();
  return spec;
}

DmaSpec read_dma(const ConfigNode& node) {
  const DmaSpec spec{
      .request = node.bytes("request", {.min = 16, .max = 1 << 20}),
      .outstanding = node.integer("outstanding", {.min = 1, .max = 1024}),
      .issue = node.cycles("issue", {.min = 0, .max = kMaxCycles}),
  };
  node.finish();
  return spec;
}

SequencerSpec read_sequencer(const ConfigNode& node) {
  const SequencerSpec spec{
      .depth = node.integer("depth", {.min = 1, .max = 4096}),
      .issue = node.cycles("issue", {.min = 1, .max = kMaxCycles}),
  };
  node.finish();
  return spec;
}

HostLinkSpec read_host_link(const ConfigNode& node, Hertz core) {
  constexpr std::int64_t kFemtosecondsPerSecond = 1'000'000'000'000'000;
  const BytesPerSecond bandwidth = node.bandwidth("bandwidth", {.min = 1'000'000});
  const Femtoseconds latency =
      node.duration("latency", {.min = 0, .max = kFemtosecondsPerSecond / 100});
  node.finish();
  const Wide cycles = static_cast<Wide>(latency.count()) * core.count();
  return {.bandwidth = bandwidth,
          .latency = CoreCycles(static_cast<std::int64_t>((cycles + kFemtosecondsPerSecond - 1) /
                                                          kFemtosecondsPerSecond))};
}

/// The first directory that has the standard's file.
std::string find_standard(const ConfigNode& node, const std::string& name,
                          const std::string& chip_file,
                          const std::vector<std::string>& directories) {
  namespace fs = std::filesystem;
  std::vector<fs::path> candidates{fs::path(chip_file).parent_path() / ".." / "dram"};
  candidates.insert(candidates.end(), directories.begin(), directories.end());
  for (const fs::path& directory : candidates) {
    const fs::path file = directory / (name + ".yaml");
    std::error_code ignored;
    if (name.find('/') == std::string::npos && fs::is_regular_file(file, ignored)) {
      return file.lexically_normal().string();
    }
  }
  node.fail("standard", fmt::format("expected the name of a file in configs/dram, got '{}'", name));
}

void check_dram(const ConfigNode& node, const DramSpec& spec) {
  const DramOrganization& organization = spec.standard.organization;
  const auto is_power = [](std::int64_t value) {
    return std::has_single_bit(static_cast<std::uint64_t>(value));
  };
  if (!is_power(spec.channels)) {
    node.fail("channels", fmt::format("expected a power of two, got '{}'", spec.channels));
  }
  if (!is_power(spec.interleave.count()) || spec.interleave < organization.burst_bytes() ||
      spec.interleave > organization.row_bytes()) {
    node.fail("interleave",
              fmt::format("expected a power of two from one burst ({} B) to one row ({} B) of {}, "
                          "got '{} B'",
                          organization.burst_bytes().count(), organization.row_bytes().count(),
                          spec.standard.name, spec.interleave.count()));
  }
  const Bytes most = organization.capacity() * spec.channels;
  if (spec.capacity > most) {
    node.fail("capacity",
              fmt::format("expected at most the {} B of {} channels of {}, got '{} B'",
                          most.count(), spec.channels, spec.standard.name, spec.capacity.count()));
  }
}

DramSpec read_dram(const ConfigNode& node, const std::string& chip_file,
                   const std::vector<std::string>& directories, std::vector<Fact>& facts) {
  const std::string name = node.text("standard");
  const DramStandardFile file =
      read_dram_standard(find_standard(node, name, chip_file, directories));
  const DramSpec spec{
      .standard = file.standard,
      .channels = node.integer("channels", {.min = 1, .max = 256}),
      .interleave = node.bytes("interleave", {.min = 1, .max = 1 << 20}),
      .capacity = node.bytes("capacity", {.min = 1 << 20, .max = std::int64_t{1} << 44}),
  };
  node.finish();
  check_dram(node, spec);
  for (Fact fact : file.facts) {
    fact.path = fmt::format("dram.{}.{}", name, fact.path);
    facts.push_back(std::move(fact));
  }
  return spec;
}

}  // namespace

ChipSpec read_chip(const std::string& file, const std::vector<std::string>& dram_directories) {
  const ConfigNode root = ConfigNode::open(file);
  ChipSpec chip;
  std::vector<Fact> dram_facts;
  chip.file = file;
  chip.name = root.text("name");
  chip.description = root.text("description");
  chip.frequency = root.frequency("clock", {.min = 1'000'000, .max = 10'000'000'000});
  chip.matrix = read_matrix_unit(root.map("matrix_unit"));
  chip.accumulators = read_accumulators(root.map("accumulators"));
  chip.weight_fifo = read_weight_fifo(root.map("weight_fifo"));
  chip.buffer = read_unified_buffer(root.map("unified_buffer"));
  chip.vector = read_vector_unit(root.map("vector_unit"));
  chip.dma = read_dma(root.map("dma"));
  chip.dram = read_dram(root.map("dram"), file, dram_directories, dram_facts);
  chip.host = read_host_link(root.map("host_link"), chip.frequency);
  chip.sequencer = read_sequencer(root.map("sequencer"));
  root.finish();
  chip.facts = root.facts();
  chip.facts.insert(chip.facts.end(), dram_facts.begin(), dram_facts.end());
  return chip;
}

}  // namespace systole
