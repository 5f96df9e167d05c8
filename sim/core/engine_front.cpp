#include "sim/core/engine_front.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

namespace systole {

namespace {

bool is_wait(Cause cause) {
  return cause == Cause::WaitHost || cause == Cause::WaitDma || cause == Cause::WaitMatrix ||
         cause == Cause::WaitVector || cause == Cause::WaitSpace;
}

EngineTrace* trace_of(EngineId engine, const CoreContext& context) {
  if (context.trace == nullptr) {
    return nullptr;
  }
  EngineTrace& trace = context.trace->engine(engine);
  trace.instructions.resize(context.program.stream(engine).size());
  return &trace;
}

}  // namespace

EngineFront::EngineFront(EngineId engine, const CoreContext& context, bool prepares_ahead)
    : engine_(engine),
      prepares_ahead_(prepares_ahead),
      context_(context),
      stream_(context.program.stream(engine)),
      queue_(context.chip.sequencer),
      account_(engine, context.counters, trace_of(engine, context)),
      trace_(trace_of(engine, context)) {}

Issued& EngineFront::take_next() {
  show_head(Cause::Issue);
  context_.time.wait_until(queue_.next_delivery());
  taken_.instruction = stream_[next_];
  taken_.index = static_cast<std::int64_t>(next_);
  taken_.head = context_.time.now();
  taken_.end.reset();
  taken_.phases.assign(1, {.cause = Cause::Issue, .until = taken_.head});
  queue_.take(taken_.head);
  wave_.instruction = taken_.index;
  wave_.layer = taken_.instruction.layer();
  ++next_;
  return taken_;
}

void EngineFront::wait_for_semaphores(Issued& issued) {
  for (const SemaphoreUse& use : issued.instruction.waits()) {
    if (context_.semaphores.try_take(engine_, use)) {
      continue;
    }
    const Semaphore& semaphore = context_.semaphores.semaphore(use.semaphore);
    waiting_[static_cast<std::size_t>(issued.index) % waiting_.size()].awaited = use;
    wait_for(WaitsFor::Semaphore, wait_cause(semaphore), issued,
             context_.semaphores.signalled(engine_),
             [&] { return context_.semaphores.try_take(engine_, use); });
    issued.phases.push_back({.cause = wait_cause(semaphore), .until = context_.time.now()});
  }
}

void EngineFront::started(Issued& issued) {
  issued.start = context_.time.now();
  context_.layers.started(issued.instruction.layer(), issued.start);
  ++wave_.in_flight;
  show_work(Cause::Busy);
}

void EngineFront::charge_phases(const Issued& issued, CoreCycles drained) {
  account_.charges_are_for(issued.index, false);
  for (const Stretch& phase : issued.phases) {
    if (is_wait(phase.cause)) {
      account_.charge(Cause::Drain, std::min(drained, phase.until), issued.instruction.layer());
    }
    account_.charge(phase.cause, phase.until, issued.instruction.layer());
  }
  account_.charges_are_for(issued.index, true);
}

void EngineFront::ended(Issued& issued) {
  issued.end = context_.time.now();
  work_state_.reset();
  if (static_cast<std::size_t>(issued.index) + 1 == stream_.size()) {
    head_state_ = Cause::Drain;  // nothing is left to prepare
  }
  update_wave();
}

void EngineFront::complete(const Taken& taken) {
  for (const SemaphoreUse& use : taken.instruction.signals()) {
    context_.semaphores.signal(engine_, use);
  }
  const std::int32_t layer = taken.instruction.layer();
  account_.count_instruction(layer);
  context_.layers.completed(engine_, layer, context_.time.now());
  ++completed_;
  --wave_.in_flight;
  update_wave();
  if (context_.buffer_level != nullptr) {
    context_.buffer_level->completed(
        {.engine = engine_, .index = static_cast<std::size_t>(taken.index)});
  }
  record(taken);
}

Cause EngineFront::shown_state() const {
  if (completed_ == stream_.size()) {
    return Cause::Idle;
  }
  // The matrix unit alone takes the next instruction while results of others are on their way.
  if (engine_.kind == EngineKind::Matrix && !work_state_ && wave_.in_flight > 0 &&
      is_wait(head_state_)) {
    return Cause::Drain;
  }
  return work_state_.value_or(head_state_);
}

void EngineFront::record(const Taken& taken) {
  if (trace_ == nullptr) {
    return;
  }
  const CoreCycles now = context_.time.now();
  trace_->instructions[static_cast<std::size_t>(taken.index)] = {
      .head = taken.head, .start = taken.start, .end = taken.end.value_or(now), .completed = now};
}

void EngineFront::fail(const Taken& taken, const std::string& message) const {
  const auto layer = static_cast<std::size_t>(taken.instruction.layer());
  throw InternalError(fmt::format("{} instruction {} ({}): {}", name_of(engine_), taken.index,
                                  context_.program.layers[layer].name, message));
}

void EngineFront::trace(sc_core::sc_trace_file* file, const std::string& core) {
  has_wave_ = true;
  constexpr int kIntegerBits = 32;
  constexpr int kStateBits = std::bit_width(static_cast<unsigned int>(kCauseCount - 1));
  const std::string scope =
      fmt::format("{}.{}.", core, name_of(EngineId(engine_.kind, engine_.unit)));
  sc_core::sc_trace(file, wave_.state, scope + "state", kStateBits);
  sc_core::sc_trace(file, wave_.instruction, scope + "instruction", kIntegerBits);
  sc_core::sc_trace(file, wave_.layer, scope + "layer", kIntegerBits);
  sc_core::sc_trace(file, wave_.in_flight, scope + "in_flight", kIntegerBits);
}

std::optional<std::string> EngineFront::stuck() const {
  if (completed_ == stream_.size()) {
    return std::nullopt;
  }
  const std::string engine = name_of(engine_);
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
