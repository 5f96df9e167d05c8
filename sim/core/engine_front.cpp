#include "sim/core/engine_front.h"

#include <algorithm>

#include <fmt/format.h>

namespace systole {

namespace {

bool is_wait(Cause cause) {
  return cause == Cause::WaitHost || cause == Cause::WaitDma || cause == Cause::WaitMatrix ||
         cause == Cause::WaitVector || cause == Cause::WaitSpace;
}

}  // namespace

EngineFront::EngineFront(Engine engine, const CoreContext& context)
    : engine_(engine),
      context_(context),
      stream_(context.program.stream(engine)),
      queue_(context.chip.sequencer),
      account_(engine, context.counters) {}

Issued& EngineFront::take_next() {
  context_.time.wait_until(queue_.next_delivery());
  taken_.instruction = &stream_[next_];
  taken_.index = static_cast<std::int64_t>(next_);
  taken_.head = context_.time.now();
  taken_.phases.assign(1, {.cause = Cause::Issue, .until = taken_.head});
  queue_.take(taken_.head);
  ++next_;
  return taken_;
}

void EngineFront::wait_for_semaphores(Issued& issued) {
  for (const SemaphoreUse& use : issued.instruction->waits) {
    if (context_.semaphores.try_take(engine_, use)) {
      continue;
    }
    const Semaphore& semaphore = context_.semaphores.semaphore(use.semaphore);
    waiting_[static_cast<std::size_t>(issued.index) % waiting_.size()].awaited = use;
    wait_for(WaitsFor::Semaphore, issued, context_.semaphores.signalled(engine_),
             [&] { return context_.semaphores.try_take(engine_, use); });
    issued.phases.push_back({.cause = wait_cause(semaphore), .until = context_.time.now()});
  }
}

void EngineFront::charge_phases(const Issued& issued, CoreCycles drained) {
  for (const Stretch& phase : issued.phases) {
    if (is_wait(phase.cause)) {
      account_.charge(Cause::Drain, std::min(drained, phase.until), issued.instruction->layer);
    }
    account_.charge(phase.cause, phase.until, issued.instruction->layer);
  }
}

void EngineFront::complete(const Issued& issued) {
  for (const SemaphoreUse& use : issued.instruction->signals) {
    context_.semaphores.signal(engine_, use);
  }
  const std::int32_t layer = issued.instruction->layer;
  account_.count_instruction(layer);
  context_.layers.completed(engine_, layer, context_.time.now());
  ++completed_;
}

void EngineFront::fail(const Issued& issued, const std::string& message) const {
  const auto layer = static_cast<std::size_t>(issued.instruction->layer);
  throw InternalError(fmt::format("{} instruction {} ({}): {}", name_of(engine_), issued.index,
                                  context_.program.layers[layer].name, message));
}

std::optional<std::string> EngineFront::stuck() const {
  if (completed_ == stream_.size()) {
    return std::nullopt;
  }
  const std::string_view engine = name_of(engine_);
  // Of two instructions the earlier one holds the other back.
  const Waiting& first = waiting_[completed_ % waiting_.size()];
  const Waiting& waiting =
      first.what == WaitsFor::Nothing ? waiting_[(completed_ + 1) % waiting_.size()] : first;
  switch (waiting.what) {
    case WaitsFor::Semaphore: {
      const Semaphore& semaphore = context_.semaphores.semaphore(waiting.awaited.semaphore);
      return fmt::format("{} waits for semaphore {} ({} from {}, {} of {}) in instruction {}",
                         engine, waiting.awaited.semaphore, name_of(semaphore.kind),
                         name_of(semaphore.from),
                         context_.semaphores.count(waiting.awaited.semaphore),
                         waiting.awaited.count, waiting.index);
    }
    case WaitsFor::FreeTile:
      return fmt::format("{} waits for a free tile of the weight FIFO in instruction {}", engine,
                         waiting.index);
    case WaitsFor::Tile:
      return fmt::format("{} waits for a weight tile in instruction {}", engine, waiting.index);
    case WaitsFor::Memory:
    case WaitsFor::Nothing:
      break;
  }
  return fmt::format("{} waits for the memory in instruction {}", engine, completed_);
}

}  // namespace systole
