#include "report/flows.h"

#include <algorithm>
#include <optional>

namespace systole {

namespace {

/// Who gave the tokens of each semaphore: after instruction `index`, `tokens` had been given.
struct Given {
  std::int64_t tokens = 0;
  InstructionPlace by;
};
using GivenTokens = std::vector<std::vector<Given>>;  // by semaphore

GivenTokens given_tokens(const Program& program) {
  GivenTokens given(program.semaphores.size());
  for (const EngineId engine : program.engines()) {
    const auto& stream = program.stream(engine);
    for (std::size_t index = 0; index < stream.size(); ++index) {
      for (const SemaphoreUse& use : stream[index].signals()) {
        auto& list = given[static_cast<std::size_t>(use.semaphore)];
        const std::int64_t before = list.empty() ? 0 : list.back().tokens;
        list.push_back({.tokens = before + use.count,
                        .by = {.engine = engine, .index = static_cast<std::int64_t>(index)}});
      }
    }
  }
  return given;
}

bool is_semaphore_wait(Cause cause) {
  switch (cause) {
    case Cause::WaitHost:
    case Cause::WaitDma:
    case Cause::WaitMatrix:
    case Cause::WaitVector:
    case Cause::WaitSpace:
      return true;
    case Cause::Busy:
    case Cause::Issue:
    case Cause::Weights:
    case Cause::Shift:
    case Cause::Accumulator:
    case Cause::Drain:
    case Cause::Port:
    case Cause::Memory:
    case Cause::FifoFull:
    case Cause::Idle:
      return false;
  }
  return false;
}

/// Walks through one engine's stream and its spans together.
class Matcher {
 public:
  Matcher(const Program& program, const RunTrace& trace, EngineId engine)
      : given_(given_tokens(program)),
        taken_(program.semaphores.size(), 0),
        stream_(program.stream(engine)),
        trace_(trace),
        engine_(engine) {}

  void add_to(std::vector<Flow>& flows) {
    auto span = trace_.engine(engine_).spans.begin();
    const auto last_span = trace_.engine(engine_).spans.end();
    for (std::size_t index = 0; index < stream_.size(); ++index) {
      const auto place = static_cast<std::int64_t>(index);
      take_tokens(stream_[index].waits());
      for (; span != last_span && span->instruction == place; ++span) {
        if (!span->is_work && is_semaphore_wait(span->cause)) {
          add_flow(flows, place, span->end);
        }
      }
    }
  }

 private:
  struct Token {
    InstructionPlace by;
    std::int32_t semaphore = 0;
  };

  /// The last token that the instruction takes of each of its semaphores.
  void take_tokens(const SemaphoreUses& waits) {
    tokens_.clear();
    for (const SemaphoreUse& use : waits) {
      const auto semaphore = static_cast<std::size_t>(use.semaphore);
      taken_[semaphore] += use.count;
      const auto& list = given_[semaphore];
      const auto giver =
          std::lower_bound(list.begin(), list.end(), taken_[semaphore],
                           [](const Given& one, std::int64_t count) { return one.tokens < count; });
      if (giver != list.end()) {
        tokens_.push_back({.by = giver->by, .semaphore = use.semaphore});
      }
    }
  }

  void add_flow(std::vector<Flow>& flows, std::int64_t index, CoreCycles released) {
    for (const Token& token : tokens_) {
      const auto& from = trace_.engine(token.by.engine);
      if (from.instructions[static_cast<std::size_t>(token.by.index)].completed == released) {
        flows.push_back({.from = token.by,
                         .to = {.engine = engine_, .index = index},
                         .semaphore = token.semaphore});
        return;
      }
    }
  }

  GivenTokens given_;
  std::vector<std::int64_t> taken_;  // by semaphore
  const Stream& stream_;
  const RunTrace& trace_;
  EngineId engine_;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Flow> stalling_flows(const Program& program, const RunTrace& trace) {
  std::vector<Flow> flows;
  for (const EngineId engine : program.engines()) {
    Matcher(program, trace, engine).add_to(flows);
  }
  return flows;
}

}  // namespace systole
