#include "sim/chip/core.h"

#include <string>

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "sim/core/operands.h"

namespace systole {

namespace {

constexpr int kIntegerBits = 32;
constexpr int kBufferBits = 48;

Counters empty_counters(const ChipSpec& chip, const Program& program) {
  check_program(chip, program);
  Counters counters;
  counters.engines = PerEngine<EngineCounters>(program.engines());
  counters.layers.resize(program.layers.size(), {.engines = counters.engines});
  for (std::size_t layer = 0; layer < program.layers.size(); ++layer) {
    counters.layers[layer].fused = program.layers[layer].fused;
  }
  return counters;
}

std::unique_ptr<CoreMemories> memories_of(const ChipSpec& chip, const Program& program,
                                          const RunData* data) {
  if (data == nullptr) {
    return nullptr;
  }
  SYSTOLE_CHECK(data->dram != nullptr && data->host != nullptr, "a memory of the run is missing");
  SYSTOLE_CHECK(static_cast<std::int64_t>(data->dram->size()) >= program.dram_bytes,
                "DRAM of {} bytes for a program of {}", data->dram->size(), program.dram_bytes);
  SYSTOLE_CHECK(static_cast<std::int64_t>(data->host->size()) >= program.host_bytes,
                "host memory of {} bytes for a program of {}", data->host->size(),
                program.host_bytes);
  return std::make_unique<CoreMemories>(chip, *data);
}

/// `stem`, with its number behind it where it is not the first.
std::string numbered(std::string_view stem, std::size_t index) {
  return index == 0 ? std::string(stem) : fmt::format("{}{}", stem, index);
}

}  // namespace

SharedByCores::SharedByCores(const ChipSpec& of_chip, const Program& of_program,
                             const RunData* of_run, RunTrace* of_trace)
    : chip(of_chip),
      program(of_program),
      data(of_run),
      trace(of_trace),
      counters(empty_counters(chip, program)),
      layers(counters),
      semaphores(program),
      time(chip.clock()) {
  if (trace != nullptr) {
    trace->engines = PerEngine<EngineTrace>(program.engines());
  }
  if (chip.cores > 1) {
    link.emplace();
  }
}

Core::Unit::Unit(SharedByCores& shared, EngineId weights)
    : accumulator_ports(shared.chip.accumulators.ports, shared.chip.accumulators.banks, 1,
                        shared.time),
      fifo(shared.chip.weight_fifo, shared.time,
           shared.trace == nullptr ? nullptr : &shared.trace->engine(weights).fifo) {}

Core::Core(const sc_core::sc_module_name& name, SharedByCores& shared, std::uint16_t core)
    : sc_module(name),
      core_(core),
      ports_(shared.chip.buffer.ports, shared.chip.buffer.banks,
             shared.chip.buffer.port_width.count(), shared.time, shared.chip.matrix.count),
      memories_(memories_of(shared.chip, shared.program, shared.data)),
      context_{.chip = shared.chip,
               .program = shared.program,
               .time = shared.time,
               .semaphores = shared.semaphores,
               .ports = ports_,
               .accumulator_ports = {},
               .counters = shared.counters,
               .layers = shared.layers,
               .memories = memories_.get(),
               .trace = shared.trace,
               .core = core,
               .link = shared.link ? &*shared.link : nullptr},
      host_("host", context_),
      dma_in_("dma_in", {EngineKind::DmaIn, 0, core}, context_, nullptr),
      dma_out_("dma_out", {EngineKind::DmaOut, 0, core}, context_, nullptr) {
  const auto units = static_cast<std::uint8_t>(shared.chip.matrix.count);
  for (std::uint8_t unit = 0; unit < units; ++unit) {
    Unit& own = units_.emplace_back(shared, EngineId{EngineKind::Weights, unit, core});
    context_.accumulator_ports.push_back(&own.accumulator_ports);
  }
  fronts_ = {&host_.front(), &dma_in_.front(), &dma_out_.front()};
  for (std::uint8_t unit = 0; unit < units; ++unit) {
    const EngineId engine{EngineKind::Weights, unit, core};
    weights_.emplace_back(numbered("weights", unit).c_str(), engine, context_, &units_[unit].fifo);
    fronts_.push_back(&weights_.back().front());
  }
  for (std::uint8_t unit = 0; unit < units; ++unit) {
    matrix_.emplace_back(numbered("matrix", unit).c_str(), context_, units_[unit].fifo, unit);
    fronts_.push_back(&matrix_.back().front());
  }
  fronts_.push_back(&vector_.emplace("vector", context_).front());
}

void Core::show_in(sc_core::sc_trace_file* file) {
  const std::string scope = name();
  for (EngineFront* front : fronts_) {
    front->trace(file, scope);
  }
  context_.buffer_level = &buffer_level_.emplace(context_.program, core_);
  sc_core::sc_trace(file, buffer_level_->bytes(), scope + ".buffer.bytes", kBufferBits);
  show_units_in(file);
}

void Core::show_units_in(sc_core::sc_trace_file* file) {
  const std::string scope = name();
  for (std::size_t unit = 0; unit < units_.size(); ++unit) {
    const std::string fifo = numbered(scope + ".weight_fifo", unit);
    sc_core::sc_trace(file, units_[unit].fifo.held(), fifo + ".held", kIntegerBits);
    sc_core::sc_trace(file, units_[unit].fifo.arrived_count(), fifo + ".arrived", kIntegerBits);
  }
  for (const auto& [user, user_name] : kEnumNames<BufferUser>) {
    for (std::uint8_t unit = 0; unit < (is_of_unit(user) ? units_.size() : 1); ++unit) {
      sc_core::sc_trace(file, ports_.is_open({user, unit}),
                        numbered(fmt::format("{}.buffer_ports.{}", scope, user_name), unit));
    }
  }
  for (std::size_t unit = 0; unit < units_.size(); ++unit) {
    for (const auto& [user, user_name] : kEnumNames<AccumulatorUser>) {
      sc_core::sc_trace(
          file, units_[unit].accumulator_ports.is_open(user),
          fmt::format("{}.{}", numbered(scope + ".accumulator_ports", unit), user_name));
    }
  }
}

}  // namespace systole
