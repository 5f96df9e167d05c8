#include "compiler/verify/order.h"

#include <algorithm>
#include <deque>

#include <fmt/format.h>

namespace systole::verification {

namespace {

constexpr std::size_t index_of(Engine engine) {
  return static_cast<std::size_t>(engine);
}

/// Tokens in the order in which they were signalled.
struct Tokens {
  struct Supply {
    std::int64_t until = 0;  ///< tokens signalled up to and including this instruction
    Place by;
  };
  std::int64_t taken = 0;
  std::deque<Supply> supplies;

  [[nodiscard]] std::int64_t signalled() const {
    return supplies.empty() ? taken : supplies.back().until;
  }
};

class TokenExecution {
 public:
  TokenExecution(const ChipSpec& chip, const Program& program)
      : chip_(chip), program_(program), tokens_(program.semaphores.size()) {
    std::size_t count = 0;
    for (std::size_t engine = 0; engine < kEngineCount; ++engine) {
      result_.order.clocks[engine].reserve(program.streams[engine].size());
      count += program.streams[engine].size();
    }
    result_.order.sequence.reserve(count);
  }

  OrderResult run() {
    do {
      moved_ = false;
      for (const auto& [engine, name] : kEnumNames<Engine>) {
        advance(engine);
      }
    } while (moved_ && !result_.violation);
    if (!result_.violation) {
      report_deadlock();
    }
    if (!result_.violation) {
      report_leftover();
    }
    return std::move(result_);
  }

 private:
  struct EngineState {
    std::int32_t next = 0;
    std::size_t waits_done = 0;  ///< of the next instruction
    VectorClock clock{};
  };

  EngineState& state(Engine engine) { return engines_[index_of(engine)]; }
  [[nodiscard]] const EngineState& state(Engine engine) const { return engines_[index_of(engine)]; }

  [[nodiscard]] bool finished(Engine engine) const {
    return static_cast<std::size_t>(state(engine).next) == program_.stream(engine).size();
  }

  [[nodiscard]] Place next_of(Engine engine) const { return {engine, state(engine).next}; }

  /// Executes as much of a stream as its waits allow.
  void advance(Engine engine) {
    while (!result_.violation && !finished(engine) && take_waits(engine) && pass_fifo(engine)) {
      complete(engine);
      moved_ = true;
    }
  }

  [[nodiscard]] Tokens& tokens(std::int32_t semaphore) {
    return tokens_[static_cast<std::size_t>(semaphore)];
  }

  bool take_waits(Engine engine) {
    EngineState& current = state(engine);
    const auto& waits = instruction_at(program_, next_of(engine)).waits;
    for (; current.waits_done < waits.size(); ++current.waits_done) {
      const SemaphoreUse& wait = waits[current.waits_done];
      Tokens& source = tokens(wait.semaphore);
      const std::int64_t needed = source.taken + wait.count;
      if (source.signalled() < needed) {
        return false;
      }
      while (source.supplies.front().until < needed) {
        source.supplies.pop_front();
      }
      source.taken = needed;
      join_completion(current.clock, source.supplies.front().by);
    }
    return true;
  }

  void join_completion(VectorClock& clock, Place earlier) const {
    const VectorClock& begun = result_.order.clock_of(earlier);
    for (std::size_t engine = 0; engine < kEngineCount; ++engine) {
      clock[engine] = std::max(clock[engine], begun[engine]);
    }
    auto& own = clock[index_of(earlier.engine)];
    own = std::max(own, earlier.index + 1);
  }

  /// Moves a tile into or out of the weight FIFO; false when it is full or empty.
  bool pass_fifo(Engine engine) {
    const Operation& operation = instruction_at(program_, next_of(engine)).operation;
    if (std::holds_alternative<LoadWeights>(operation)) {
      const std::size_t taken = fifo_.size() + (slot_in_use_ ? 1U : 0U);
      if (taken == static_cast<std::size_t>(chip_.weight_fifo.tiles)) {
        return false;
      }
      fifo_.push_back(state(engine).next);
    } else if (const auto* fold = std::get_if<Fold>(&operation)) {
      if (fold->next_tile) {
        leave_slot();
        if (fifo_.empty()) {
          return false;
        }
      }
      take_tile(engine, *fold);
    }
    return true;
  }

  /// The tile of before makes room, whether or not the next one is there.
  void leave_slot() {
    moved_ = moved_ || slot_in_use_;
    slot_in_use_ = false;
  }

  void take_tile(Engine engine, const Fold& fold) {
    if (fold.next_tile) {
      resident_ = {Engine::Weights, fifo_.front()};
      fifo_.pop_front();
      slot_in_use_ = chip_.matrix.dataflow != Dataflow::WeightStationary;
      join_completion(state(engine).clock, *resident_);
    }
    if (!resident_) {
      result_.violation = fmt::format("{}: keeps the resident tile, but there is none yet",
                                      name_of(program_, next_of(engine)));
      return;
    }
    const auto& load = std::get<LoadWeights>(instruction_at(program_, *resident_).operation);
    if (load.tile != fold.tile) {
      result_.violation =
          fmt::format("{}: needs tile {}, but {} tile {} of {}", name_of(program_, next_of(engine)),
                      fold.tile, fold.next_tile ? "next in the weight FIFO is" : "resident is",
                      load.tile, name_of(program_, *resident_));
    } else if (load.type != fold.weight_type) {
      result_.violation =
          fmt::format("{}: takes {} weights, but {} loads {}", name_of(program_, next_of(engine)),
                      systole::name_of(fold.weight_type), name_of(program_, *resident_),
                      systole::name_of(load.type));
    }
  }

  void complete(Engine engine) {
    EngineState& current = state(engine);
    const Place place = next_of(engine);
    result_.order.sequence.push_back(place);
    result_.order.clocks[index_of(engine)].push_back(current.clock);
    for (const SemaphoreUse& signal : instruction_at(program_, place).signals) {
      Tokens& target = tokens(signal.semaphore);
      target.supplies.push_back({.until = target.signalled() + signal.count, .by = place});
    }
    ++current.next;
    current.waits_done = 0;
    current.clock[index_of(engine)] = current.next;
  }

  void report_deadlock() {
    std::string stuck;
    for (const auto& [engine, name] : kEnumNames<Engine>) {
      if (!finished(engine)) {
        stuck += fmt::format("{}{} waits for {}", stuck.empty() ? "deadlock: " : "; ",
                             name_of(program_, next_of(engine)), what_is_missing(engine));
      }
    }
    if (!stuck.empty()) {
      result_.violation = stuck;
    }
  }

  [[nodiscard]] std::string what_is_missing(Engine engine) const {
    const Instruction& instruction = instruction_at(program_, next_of(engine));
    const std::size_t done = state(engine).waits_done;
    if (done < instruction.waits.size()) {
      const SemaphoreUse& wait = instruction.waits[done];
      const auto semaphore = static_cast<std::size_t>(wait.semaphore);
      const Engine from = program_.semaphores[semaphore].from;
      return fmt::format("semaphore {} ({} of {} from {}{})", wait.semaphore,
                         tokens_[semaphore].signalled() - tokens_[semaphore].taken, wait.count,
                         systole::name_of(from), finished(from) ? ", which has finished" : "");
    }
    if (engine == Engine::Weights) {
      return fmt::format("room in the weight FIFO ({} tiles)", chip_.weight_fifo.tiles);
    }
    return fmt::format("a tile in the weight FIFO{}",
                       finished(Engine::Weights) ? " (weights has finished)" : "");
  }

  void report_leftover() {
    for (std::size_t semaphore = 0; semaphore < tokens_.size(); ++semaphore) {
      const std::int64_t left = tokens_[semaphore].signalled() - tokens_[semaphore].taken;
      if (left != 0) {
        const Semaphore& ends = program_.semaphores[semaphore];
        result_.leftover =
            fmt::format("semaphore {} from {} to {} ends at {}, expected 0", semaphore,
                        systole::name_of(ends.from), systole::name_of(ends.to), left);
        return;
      }
    }
    if (!fifo_.empty()) {
      result_.leftover = fmt::format("{}: the tile stays in the weight FIFO, no fold takes it",
                                     name_of(program_, Place{Engine::Weights, fifo_.front()}));
    }
  }

  const ChipSpec& chip_;
  const Program& program_;
  std::array<EngineState, kEngineCount> engines_;
  std::vector<Tokens> tokens_;
  std::deque<std::int32_t> fifo_;  ///< indices of the LoadWeights that filled it
  std::optional<Place> resident_;  ///< the LoadWeights of the tile of the last fold
  bool slot_in_use_ = false;       ///< of the FIFO, by that tile
  bool moved_ = false;             ///< anything, since the engines were last asked in turn
  OrderResult result_;
};

}  // namespace

OrderResult execute_tokens(const ChipSpec& chip, const Program& program) {
  return TokenExecution(chip, program).run();
}

}  // namespace systole::verification
