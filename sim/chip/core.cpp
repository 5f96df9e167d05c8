#include "sim/chip/core.h"

#include <string>

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "sim/core/operands.h"

namespace systole {

namespace {

Counters empty_counters(const ChipSpec& chip, const Program& program) {
  check_program(chip, program);
  Counters counters;
  counters.engines = PerEngine<EngineCounters>(program.engines());
  counters.layers.resize(program.layers.size(), {.engines = counters.engines});
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

}  // namespace

Core::Core(const sc_core::sc_module_name& name, const ChipSpec& chip, const Program& program,
           const RunData* data, RunTrace* trace)
    : sc_module(name),
      counters_(empty_counters(chip, program)),
      layers_(counters_),
      semaphores_(program),
      time_(chip.clock()),
      ports_(chip.buffer.ports, chip.buffer.banks, chip.buffer.port_width.count(), time_),
      accumulator_ports_(chip.accumulators.ports, chip.accumulators.banks, 1, time_),
      fifo_(chip.weight_fifo, time_,
            trace == nullptr ? nullptr : &trace->engine(EngineKind::Weights).fifo),
      memories_(memories_of(chip, program, data)),
      context_{chip,      program, time_,           semaphores_, ports_, accumulator_ports_,
               counters_, layers_, memories_.get(), trace},
      host_("host", context_),
      dma_in_("dma_in", Engine::DmaIn, context_, fifo_),
      dma_out_("dma_out", Engine::DmaOut, context_, fifo_),
      weights_("weights", Engine::Weights, context_, fifo_),
      matrix_("matrix", context_, fifo_),
      vector_("vector", context_),
      fronts_{&host_.front(),    &dma_in_.front(), &dma_out_.front(),
              &weights_.front(), &matrix_.front(), &vector_.front()} {}

std::string Core::waiting() const {
  std::string text;
  for (const EngineFront* front : fronts_) {
    if (const auto reason = front->stuck()) {
      text += (text.empty() ? "" : "; ") + *reason;
    }
  }
  return text;
}

Counters Core::finish() {
  if (const std::string stuck = waiting(); !stuck.empty()) {
    throw InternalError(fmt::format("deadlock at cycle {}: {}", time_.now().count(), stuck));
  }
  layers_.finish();
  for (EngineFront* front : fronts_) {
    front->account().finish(counters_.elapsed);
  }
  if (context_.trace != nullptr) {
    context_.trace->elapsed = counters_.elapsed;
  }
  return counters_;
}

void Core::show_in(sc_core::sc_trace_file* file) {
  constexpr int kIntegerBits = 32;
  constexpr int kBufferBits = 48;
  const std::string scope = name();
  for (EngineFront* front : fronts_) {
    front->trace(file, scope);
  }
  const auto semaphores = static_cast<std::int32_t>(context_.program.semaphores.size());
  for (std::int32_t index = 0; index < semaphores; ++index) {
    const Semaphore& semaphore = semaphores_.semaphore(index);
    sc_core::sc_trace(
        file, semaphores_.count(index),
        fmt::format("{}.semaphores.s{}_{}_{}_{}", scope, index, name_of(semaphore.from),
                    name_of(semaphore.to), name_of(semaphore.kind)),
        kIntegerBits);
  }
  context_.buffer_level = &buffer_level_.emplace(context_.program);
  sc_core::sc_trace(file, buffer_level_->bytes(), scope + ".buffer.bytes", kBufferBits);
  sc_core::sc_trace(file, fifo_.held(), scope + ".weight_fifo.held", kIntegerBits);
  sc_core::sc_trace(file, fifo_.arrived_count(), scope + ".weight_fifo.arrived", kIntegerBits);
  for (const auto& [user, user_name] : kEnumNames<BufferUser>) {
    sc_core::sc_trace(file, ports_.is_open(user),
                      fmt::format("{}.buffer_ports.{}", scope, user_name));
  }
  for (const auto& [user, user_name] : kEnumNames<AccumulatorUser>) {
    sc_core::sc_trace(file, accumulator_ports_.is_open(user),
                      fmt::format("{}.accumulator_ports.{}", scope, user_name));
  }
}

}  // namespace systole
