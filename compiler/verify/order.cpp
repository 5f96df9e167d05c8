#include "compiler/verify/order.h"

#include <algorithm>
#include <deque>
#include <vector>

#include <fmt/format.h>

namespace systole::verification {

namespace {

/// An instruction that others may wait for, and its clock when it began.
struct Begun {
  Place place;
  VectorClock clock;
};

/// Tokens in the order in which they were signalled.
struct Tokens {
  struct Supply {
    std::int64_t until = 0;  ///< tokens signalled up to and including this instruction
    Begun by;
  };
  std::int64_t taken = 0;
  std::deque<Supply> supplies;

  [[nodiscard]] std::int64_t signalled() const {
    return supplies.empty() ? taken : supplies.back().until;
  }
};

class TokenExecution {
 public:
  TokenExecution(const ChipSpec& chip, const Program& program, Order& order, const Execute& execute)
      : chip_(chip),
        program_(program),
        order_(order),
        execute_(execute),
        engines_(program.engines(), {.clock = VectorClock(program.engines().size())}),
        units_(program.engines()),
        tokens_(program.semaphores.size()) {}

  OrderResult run() {
    do {
      moved_ = false;
      for (const EngineId engine : program_.engines()) {
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
    VectorClock clock;
  };

  /// A matrix unit, and the FIFO between the engine that fetches its weights and its array.
  struct Unit {
    std::deque<Begun> fifo;         ///< the LoadTile that filled it
    std::optional<Place> resident;  ///< the LoadTile of the tile of the last fold
    bool slot_in_use = false;       ///< of the FIFO, by that tile
  };

  EngineState& state(EngineId engine) { return engines_[engine]; }
  [[nodiscard]] const EngineState& state(EngineId engine) const { return engines_[engine]; }
  [[nodiscard]] static EngineId weights_of(EngineId engine) {
    return {EngineKind::Weights, engine.unit, engine.core};
  }
  [[nodiscard]] Unit& unit_of(EngineId engine) { return units_[weights_of(engine)]; }

  [[nodiscard]] bool finished(EngineId engine) const {
    return static_cast<std::size_t>(state(engine).next) == program_.stream(engine).size();
  }

  [[nodiscard]] Place next_of(EngineId engine) const { return {engine, state(engine).next}; }

  /// Executes as much of a stream as its waits allow.
  void advance(EngineId engine) {
    while (!result_.violation && !finished(engine) && take_waits(engine) && pass_fifo(engine)) {
      complete(engine);
      moved_ = true;
    }
  }

  [[nodiscard]] Tokens& tokens(std::int32_t semaphore) {
    return tokens_[static_cast<std::size_t>(semaphore)];
  }

  bool take_waits(EngineId engine) {
    EngineState& current = state(engine);
    const auto& waits = instruction_at(program_, next_of(engine)).waits();
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

  void join_completion(VectorClock& clock, const Begun& earlier) const {
    for (std::size_t stream = 0; stream < clock.size(); ++stream) {
      clock[stream] = std::max(clock[stream], earlier.clock[stream]);
    }
    auto& own = clock[program_.engines().index_of(earlier.place.engine)];
    own = std::max(own, earlier.place.index + 1);
  }

  /// Moves a tile into or out of the weight FIFO; false when it is full or empty.
  bool pass_fifo(EngineId engine) {
    return instruction_at(program_, next_of(engine)).visit([&](const auto& operation) {
      return pass_fifo(engine, operation);
    });
  }
  bool pass_fifo(EngineId engine, const LoadTile& /*load*/) {
    Unit& unit = unit_of(engine);
    const std::size_t taken = unit.fifo.size() + (unit.slot_in_use ? 1U : 0U);
    if (taken == static_cast<std::size_t>(chip_.weight_fifo.tiles)) {
      return false;
    }
    unit.fifo.push_back({next_of(engine), state(engine).clock});
    return true;
  }
  bool pass_fifo(EngineId engine, const Fold& fold) {
    if (fold.next_tile) {
      leave_slot(unit_of(engine));
      if (unit_of(engine).fifo.empty()) {
        return false;
      }
    }
    take_tile(engine, fold);
    return true;
  }
  static bool pass_fifo(EngineId /*engine*/, const Transfer& /*transfer*/) { return true; }
  static bool pass_fifo(EngineId /*engine*/, const RowLoop& /*loop*/) { return true; }

  /// Whether two tiles are the same part of a tensor: several matrices may share it.
  [[nodiscard]] bool are_one(std::int32_t a, std::int32_t b) const {
    const WeightTile& one = program_.tiles[static_cast<std::size_t>(a)];
    const WeightTile& other = program_.tiles[static_cast<std::size_t>(b)];
    return one.tensor != kNoTensor && one.tensor == other.tensor && one.layer == other.layer &&
           one.offset == other.offset && one.pitch == other.pitch &&
           one.transposed == other.transposed && one.rows == other.rows && one.cols == other.cols;
  }

  /// The tile of before makes room, whether or not the next one is there.
  void leave_slot(Unit& unit) {
    moved_ = moved_ || unit.slot_in_use;
    unit.slot_in_use = false;
  }

  void take_tile(EngineId engine, const Fold& fold) {
    Unit& unit = unit_of(engine);
    if (fold.next_tile) {
      unit.resident = unit.fifo.front().place;
      unit.slot_in_use = chip_.matrix.dataflow != Dataflow::WeightStationary;
      join_completion(state(engine).clock, unit.fifo.front());
      unit.fifo.pop_front();
    }
    if (!unit.resident) {
      result_.violation = fmt::format("{}: keeps the resident tile, but there is none yet",
                                      name_of(program_, next_of(engine)));
      return;
    }
    const auto& load = instruction_at(program_, *unit.resident).get<LoadTile>();
    if (load.tile != fold.tile && !are_one(load.tile, fold.tile)) {
      result_.violation =
          fmt::format("{}: needs tile {}, but {} tile {} of {}", name_of(program_, next_of(engine)),
                      fold.tile, fold.next_tile ? "next in the weight FIFO is" : "resident is",
                      load.tile, name_of(program_, *unit.resident));
    } else if (load.entering_type() != fold.weight_type) {
      result_.violation =
          fmt::format("{}: takes {} weights, but {} loads {}", name_of(program_, next_of(engine)),
                      systole::name_of(fold.weight_type), name_of(program_, *unit.resident),
                      systole::name_of(load.entering_type()));
    }
  }

  void complete(EngineId engine) {
    EngineState& current = state(engine);
    const Place place = next_of(engine);
    if (!result_.violation) {
      order_.look_at(current.clock);
      result_.violation = execute_(place);
    }
    for (const SemaphoreUse& signal : instruction_at(program_, place).signals()) {
      Tokens& target = tokens(signal.semaphore);
      target.supplies.push_back(
          {.until = target.signalled() + signal.count, .by = {place, current.clock}});
    }
    ++current.next;
    current.waits_done = 0;
    current.clock[program_.engines().index_of(engine)] = current.next;
  }

  void report_deadlock() {
    std::string stuck;
    for (const EngineId engine : program_.engines()) {
      if (!finished(engine)) {
        stuck += fmt::format("{}{} waits for {}", stuck.empty() ? "deadlock: " : "; ",
                             name_of(program_, next_of(engine)), what_is_missing(engine));
      }
    }
    if (!stuck.empty()) {
      result_.violation = stuck;
    }
  }

  [[nodiscard]] std::string what_is_missing(EngineId engine) const {
    const StreamInstruction instruction = instruction_at(program_, next_of(engine));
    const std::size_t done = state(engine).waits_done;
    if (done < instruction.waits().size()) {
      const SemaphoreUse& wait = instruction.waits()[done];
      const auto semaphore = static_cast<std::size_t>(wait.semaphore);
      const EngineId from = program_.semaphores[semaphore].from;
      return fmt::format("semaphore {} ({} of {} from {}{})", wait.semaphore,
                         tokens_[semaphore].signalled() - tokens_[semaphore].taken, wait.count,
                         systole::name_of(from), finished(from) ? ", which has finished" : "");
    }
    if (engine.kind == EngineKind::Weights) {
      return fmt::format("room in the weight FIFO ({} tiles)", chip_.weight_fifo.tiles);
    }
    return fmt::format("a tile in the weight FIFO{}",
                       finished(weights_of(engine))
                           ? fmt::format(" ({} has finished)", systole::name_of(weights_of(engine)))
                           : "");
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
    for (const EngineId engine : program_.engines()) {
      if (engine.kind == EngineKind::Weights && !unit_of(engine).fifo.empty()) {
        result_.leftover = fmt::format("{}: the tile stays in the weight FIFO, no fold takes it",
                                       name_of(program_, unit_of(engine).fifo.front().place));
        return;
      }
    }
  }

  const ChipSpec& chip_;
  const Program& program_;
  Order& order_;
  const Execute& execute_;
  PerEngine<EngineState> engines_;
  PerEngine<Unit> units_;  ///< by the engine that fetches a unit's weights
  std::vector<Tokens> tokens_;
  bool moved_ = false;  ///< anything, since the engines were last asked in turn
  OrderResult result_;
};

}  // namespace

OrderResult execute_tokens(const ChipSpec& chip, const Program& program, Order& order,
                           const Execute& execute) {
  return TokenExecution(chip, program, order, execute).run();
}

}  // namespace systole::verification
