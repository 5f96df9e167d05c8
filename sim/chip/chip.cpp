#include "sim/chip/chip.h"

#include <algorithm>

#include <fmt/format.h>

namespace systole {

Chip::Chip(const ChipSpec& chip, const Program& program, const RunData* data, RunTrace* trace)
    : shared_(chip, program, data, trace) {
  for (std::uint16_t core = 0; core < chip.cores; ++core) {
    const std::string name = core == 0 ? std::string("core") : fmt::format("core{}", core);
    cores_.emplace_back(name.c_str(), shared_, core);
  }
}

std::string Chip::waiting() const {
  std::string text;
  for (const Core& core : cores_) {
    for (const EngineFront* front : core.fronts()) {
      if (const auto reason = front->stuck()) {
        text += (text.empty() ? "" : "; ") + *reason;
      }
    }
  }
  return text;
}

Counters Chip::finish() {
  if (const std::string stuck = waiting(); !stuck.empty()) {
    throw InternalError(fmt::format("deadlock at cycle {}: {}", shared_.time.now().count(), stuck));
  }
  shared_.layers.finish();
  for (const Core& core : cores_) {
    for (EngineFront* front : core.fronts()) {
      front->account().finish(shared_.counters.elapsed);
    }
  }
  if (shared_.trace != nullptr) {
    shared_.trace->elapsed = shared_.counters.elapsed;
  }
  return shared_.counters;
}

void Chip::show_in(sc_core::sc_trace_file* file) {
  constexpr int kIntegerBits = 32;
  // A dot would make a scope of its own.
  const auto engine_name = [](EngineId engine) {
    std::string name = name_of(engine);
    std::replace(name.begin(), name.end(), '.', '_');
    return name;
  };
  for (Core& core : cores_) {
    core.show_in(file);
  }
  const auto semaphores = static_cast<std::int32_t>(shared_.program.semaphores.size());
  for (std::int32_t index = 0; index < semaphores; ++index) {
    const Semaphore& semaphore = shared_.semaphores.semaphore(index);
    sc_core::sc_trace(
        file, shared_.semaphores.count(index),
        fmt::format("core.semaphores.s{}_{}_{}_{}", index, engine_name(semaphore.from),
                    engine_name(semaphore.to), name_of(semaphore.kind)),
        kIntegerBits);
  }
}

}  // namespace systole
