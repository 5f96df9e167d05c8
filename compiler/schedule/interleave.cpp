#include "compiler/schedule/interleave.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "arch/dataflow.h"
#include "arch/diag/check.h"
#include "compiler/schedule/instruction_time.h"

namespace systole {

namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

/// Which part goes first where several could start in the same cycle.
enum class Precedence : std::uint8_t { Oldest, YoungestFolds, Youngest };
constexpr std::array kPrecedences{Precedence::Oldest, Precedence::YoungestFolds,
                                  Precedence::Youngest};

/// A part that is under way.
class PartUnderWay {
 public:
  PartUnderWay(std::int64_t number, std::int64_t place, std::shared_ptr<const Program> of)
      : number_(number),
        place_(place),
        program_(std::move(of)),
        next_(program_->engines(), 0),
        signalled_(program_->semaphores.size()),
        taken_(program_->semaphores.size(), 0),
        tiles_(program_->engines(), nullptr) {
    for (const EngineId engine : program_->engines()) {
      if (!program_->stream(engine).empty()) {
        engines_.push_back(engine);
        left_ += program_->stream(engine).size();
      }
    }
  }

  [[nodiscard]] std::int64_t number() const { return number_; }
  [[nodiscard]] std::int64_t place() const { return place_; }
  [[nodiscard]] bool is_over() const { return left_ == 0; }
  /// That have something to do.
  [[nodiscard]] const std::vector<EngineId>& engines() const { return engines_; }
  [[nodiscard]] bool has_next(EngineId engine) const {
    return next_[engine] < program_->stream(engine).size();
  }
  [[nodiscard]] StreamInstruction next(EngineId engine) const {
    return program_->stream(engine)[next_[engine]];
  }

  /// Whether the fold behind the next one goes on with its tile, or with its sums.
  [[nodiscard]] bool goes_on(EngineId matrix) const {
    const Stream& folds = program_->stream(matrix);
    return next_[matrix] + 1 < folds.size() &&
           (!next(matrix).get<Fold>().drain || !folds[next_[matrix] + 1].get<Fold>().next_tile);
  }

  /// When all that the next instruction waits for is over; kNever: it is not appended yet.
  [[nodiscard]] std::int64_t ready(EngineId engine) const {
    std::int64_t at = 0;
    for (const SemaphoreUse& wait : next(engine).waits()) {
      const auto semaphore = static_cast<std::size_t>(wait.semaphore);
      const std::size_t last = taken_[semaphore] + static_cast<std::size_t>(wait.count);
      if (last > signalled_[semaphore].size()) {
        return kNever;
      }
      at = std::max(at, signalled_[semaphore][last - 1]);
    }
    return at;
  }

  /// The next instruction is appended, and its results are there at that cycle.
  void advance(EngineId engine, std::int64_t results) {
    const StreamInstruction instruction = next(engine);
    for (const SemaphoreUse& wait : instruction.waits()) {
      taken_[static_cast<std::size_t>(wait.semaphore)] += static_cast<std::size_t>(wait.count);
    }
    for (const SemaphoreUse& signal : instruction.signals()) {
      std::vector<std::int64_t>& times = signalled_[static_cast<std::size_t>(signal.semaphore)];
      times.insert(times.end(), static_cast<std::size_t>(signal.count), results);
    }
    ++next_[engine];
    --left_;
  }

  /// The tile that the folds of a unit have, which may be loaded once more; null: a part of an
  /// activation may have been overwritten since.
  [[nodiscard]] const LoadTile* tile(EngineId matrix) const { return tiles_[matrix]; }
  void keep_tile(EngineId matrix, const LoadTile& load) {
    tiles_[matrix] = is_weights(load) ? &load : nullptr;
  }
  [[nodiscard]] bool is_weights(const LoadTile& load) const {
    return program_->tiles[static_cast<std::size_t>(load.tile)].tensor == kNoTensor;
  }

 private:
  std::int64_t number_;
  std::int64_t place_;
  std::shared_ptr<const Program> program_;
  std::vector<EngineId> engines_;
  PerEngine<std::size_t> next_;                       ///< instruction of each stream
  std::vector<std::vector<std::int64_t>> signalled_;  ///< by semaphore: when, in order
  std::vector<std::size_t> taken_;                    ///< of these, by waits
  PerEngine<const LoadTile*> tiles_;
  std::size_t left_ = 0;  ///< instructions
};

/// What a matrix unit and its FIFO have been given so far.
struct UnitState {
  std::vector<std::int64_t> places;  ///< of the FIFO: when they are free
  std::size_t place = 0;             ///< that the next tile takes
  std::int64_t tiles = 0;            ///< the way to the FIFO is free
  std::int64_t shifted = 0;          ///< the last tile is in the array
  std::int64_t started = 0;          ///< the last fold: the shadow is free
  std::int64_t part = -1;            ///< whose tile the array has
  bool goes_on = false;              ///< that part's next fold has the same tile
  bool may_pause = false;            ///< before that another part may have a turn
  std::int64_t reload = 0;           ///< what it costs to load the tile once more
};

/// When a fold can start, and the tile that it takes, if it does.
struct FoldTimes {
  std::int64_t start = kNever;
  std::int64_t tile_sent = 0;  ///< the next tile may follow
  std::int64_t shifted = 0;
};

class Interleaver {
 public:
  /// Without a builder it only finds out how long the parts take.
  Interleaver(const ChipSpec& chip, const EngineSet& engines, Precedence precedence,
              ProgramBuilder* builder)
      : chip_(chip),
        precedence_(precedence),
        builder_(builder),
        free_(engines, 0),
        units_(engines) {
    for (UnitState& unit : units_) {
      unit.places.assign(static_cast<std::size_t>(chip.weight_fifo.tiles), 0);
    }
  }

  using Programs =
      std::function<std::shared_ptr<const Program>(std::int64_t part, std::int64_t place)>;

  /// When the last result is there.
  std::int64_t run(std::int64_t parts, std::int64_t in_flight, const Programs& program_of) {
    std::int64_t begun = 0;
    while (begun < parts || !under_way_.empty()) {
      while (begun < parts && static_cast<std::int64_t>(under_way_.size()) < in_flight) {
        const std::int64_t place = free_place();
        under_way_.emplace_back(begun, place, program_of(begun, place));
        ++begun;
      }
      append_next();
      under_way_.erase(std::remove_if(under_way_.begin(), under_way_.end(),
                                      [](const PartUnderWay& part) { return part.is_over(); }),
                       under_way_.end());
    }
    return end_;
  }

 private:
  /// That no part has which is under way.
  [[nodiscard]] std::int64_t free_place() const {
    std::int64_t place = 0;
    while (std::any_of(under_way_.begin(), under_way_.end(),
                       [&](const PartUnderWay& part) { return part.place() == place; })) {
      ++place;
    }
    return place;
  }

  /// Of those that could start as early first what empties accumulators, since that holds up a
  /// matrix unit, then by the precedence of parts.
  using Rank = std::tuple<std::int64_t, bool, std::int64_t>;

  struct Choice {
    PartUnderWay* part = nullptr;
    EngineId engine;
    Rank rank;
  };

  void append_next() {
    Choice best;
    for (PartUnderWay& part : under_way_) {
      for (const EngineId engine : part.engines()) {
        const std::int64_t start = start_of(part, engine);
        if (start == kNever) {
          continue;
        }
        const Choice choice{&part, engine, rank_of(part, engine, start)};
        if (best.part == nullptr || choice.rank < best.rank) {
          best = choice;
        }
      }
    }
    if (best.part == nullptr) {
      const bool is_over = std::all_of(under_way_.begin(), under_way_.end(),
                                       [](const PartUnderWay& part) { return part.is_over(); });
      SYSTOLE_CHECK(is_over, "parts in flight wait for each other");
    } else if (best.engine.kind == EngineKind::Matrix) {
      append_fold(*best.part, best.engine);
    } else {
      append(*best.part, best.engine, std::get<0>(best.rank));
    }
  }

  [[nodiscard]] Rank rank_of(const PartUnderWay& part, EngineId engine, std::int64_t start) const {
    const bool youngest =
        precedence_ == Precedence::Youngest ||
        (precedence_ == Precedence::YoungestFolds && engine.kind == EngineKind::Matrix);
    return {start, is_of_the_vector_unit_alone(part, engine),
            youngest ? -part.number() : part.number()};
  }

  [[nodiscard]] static bool is_of_the_vector_unit_alone(const PartUnderWay& part, EngineId engine) {
    const auto* loop = part.next(engine).get_if<RowLoop>();
    return loop != nullptr && !sums_of(*loop->body);
  }

  /// kNever: not now.
  [[nodiscard]] std::int64_t start_of(const PartUnderWay& part, EngineId engine) const {
    if (!part.has_next(engine) || engine.kind == EngineKind::Weights) {
      return kNever;  // tiles come with their folds
    }
    if (engine.kind == EngineKind::Matrix) {
      // Who takes the array from another part in the middle has to be worth the load.
      const FoldTimes times = times_of(part, engine);
      const UnitState& unit = units_[engine];
      return times.start == kNever || !is_held(unit, part) ? times.start
                                                           : times.start + unit.reload;
    }
    const std::int64_t ready = part.ready(engine);
    return ready == kNever ? kNever : std::max(ready, free_[engine]);
  }

  /// Whether another part goes on with the tile in the array.
  [[nodiscard]] static bool is_held(const UnitState& unit, const PartUnderWay& part) {
    return unit.goes_on && unit.part != part.number();
  }

  /// Two parts that cannot pause, on a unit each, may want the other's: there is one at a time.
  [[nodiscard]] bool would_block(const PartUnderWay& part, EngineId engine) const {
    const Fold& fold = part.next(engine).get<Fold>();
    if (!fold.next_tile || !part.goes_on(engine)) {
      return false;
    }
    const EngineId weights = weights_of(engine);
    const bool may_pause =
        fold.drain && part.has_next(weights) && part.is_weights(part.next(weights).get<LoadTile>());
    return !may_pause && std::any_of(units_.begin(), units_.end(), [&](const UnitState& unit) {
      return is_held(unit, part) && !unit.may_pause;
    });
  }

  /// Its own next, or once more the one that was there before another part had its turn.
  [[nodiscard]] bool takes_tile(const PartUnderWay& part, EngineId engine) const {
    return part.next(engine).get<Fold>().next_tile || units_[engine].part != part.number();
  }
  [[nodiscard]] static const LoadTile& load_of(const PartUnderWay& part, EngineId engine) {
    return part.next(engine).get<Fold>().next_tile ? part.next(weights_of(engine)).get<LoadTile>()
                                                   : *part.tile(engine);
  }
  [[nodiscard]] static EngineId weights_of(EngineId matrix) {
    return {EngineKind::Weights, matrix.unit, matrix.core};
  }

  [[nodiscard]] FoldTimes times_of(const PartUnderWay& part, EngineId engine) const {
    const UnitState& unit = units_[engine];
    const std::int64_t ready = part.ready(engine);
    if (ready == kNever || (is_held(unit, part) && !unit.may_pause) || would_block(part, engine)) {
      return {};
    }
    FoldTimes times{.start = std::max(ready, free_[engine])};
    if (!takes_tile(part, engine)) {
      return times;
    }
    const bool is_next = part.next(engine).get<Fold>().next_tile;
    const std::int64_t loadable = is_next ? part.ready(weights_of(engine)) : 0;
    if (loadable == kNever) {
      return {};
    }
    const InstructionTime load = time_of(chip_, load_of(part, engine));
    const std::int64_t sent = std::max({loadable, unit.tiles, unit.places[unit.place]});
    times.tile_sent = sent + load.busy;
    times.shifted = std::max(sent + load.results, moved(sent, load.memory));
    if (rule_of(chip_.matrix.dataflow).loads_weights) {
      times.shifted = std::max({times.shifted, unit.started, unit.shifted}) + chip_.matrix.rows;
    }
    times.start = std::max(times.start, times.shifted);
    return times;
  }

  void append_fold(PartUnderWay& part, EngineId engine) {
    const FoldTimes times = times_of(part, engine);
    const std::int32_t layer = part.next(engine).layer();
    Fold fold = part.next(engine).get<Fold>();
    UnitState& unit = units_[engine];
    if (takes_tile(part, engine)) {
      const EngineId weights = weights_of(engine);
      const LoadTile& load = load_of(part, engine);
      const InstructionTime time = time_of(chip_, load);
      hand_over(weights, layer, load);
      if (fold.next_tile) {
        part.keep_tile(engine, load);
        part.advance(weights, times.shifted);
      }
      fold.next_tile = true;
      memory_ = std::max(memory_, moved(times.tile_sent, time.memory));
      unit.reload = std::max(time.memory, chip_.matrix.rows);
      unit.tiles = times.tile_sent;
      unit.shifted = times.shifted;
      unit.places[unit.place] = times.shifted;
      unit.place = (unit.place + 1) % unit.places.size();
    }
    const InstructionTime time = time_of(chip_, fold);
    const bool goes_on = part.goes_on(engine);
    unit.may_pause = fold.drain && part.tile(engine) != nullptr;
    hand_over(engine, layer, std::move(fold));
    end(part, engine, times.start, time);
    unit.started = times.start;
    unit.part = part.number();
    unit.goes_on = goes_on;
  }

  void append(PartUnderWay& part, EngineId engine, std::int64_t start) {
    const StreamInstruction instruction = part.next(engine);
    InstructionTime time;
    if (const auto* loop = instruction.get_if<RowLoop>()) {
      time = time_of(chip_, *loop);
    } else if (const auto* transfer = instruction.get_if<Transfer>()) {
      time = time_of(chip_, engine.kind, *transfer);
    }
    memory_ = std::max(memory_, moved(start, time.memory));
    if (builder_ != nullptr) {
      builder_->append(engine, instruction.layer(), instruction.operation());
    }
    end(part, engine, start, time);
  }

  void hand_over(EngineId engine, std::int32_t layer, Operation operation) {
    if (builder_ != nullptr) {
      builder_->append(engine, layer, std::move(operation));
    }
  }

  void end(PartUnderWay& part, EngineId engine, std::int64_t start, const InstructionTime& time) {
    const std::int64_t results = std::max(start + time.results, time.memory > 0 ? memory_ : 0);
    part.advance(engine, results);
    free_[engine] = start + time.busy;
    end_ = std::max(end_, results);
  }

  /// When the DRAM's buses have moved as much more as was asked for at `start`. What they have not
  /// done so far they can make up for a little: requests wait beside one another.
  [[nodiscard]] std::int64_t moved(std::int64_t start, std::int64_t memory) const {
    constexpr std::int64_t kBeside = 4096;
    return memory == 0 ? 0 : std::max(memory_, start - kBeside) + memory;
  }

  const ChipSpec& chip_;
  Precedence precedence_;
  ProgramBuilder* builder_;
  PerEngine<std::int64_t> free_;         ///< from when on each engine is
  PerEngine<UnitState> units_;           ///< of matrix engines
  std::int64_t memory_ = 0;              ///< the work of the DRAM's buses so far
  std::int64_t end_ = 0;                 ///< of all so far
  std::vector<PartUnderWay> under_way_;  ///< the oldest one first
};

}  // namespace

CoreCycles program_time(const ChipSpec& chip, const Program& program) {
  // That is looked at and not kept.
  std::shared_ptr<const Program> alone(std::shared_ptr<const Program>(), &program);
  return CoreCycles(
      Interleaver(chip, program.engines(), Precedence::Oldest, nullptr)
          .run(1, 1, [&](std::int64_t /*part*/, std::int64_t /*place*/) { return alone; }));
}

void append_interleaved(const ChipSpec& chip, std::int64_t parts, std::int64_t in_flight,
                        const ProgramOfPart& program_of, ProgramBuilder& builder) {
  // Parts are alike: the first one stands for all while the precedence is chosen.
  const EngineSet& engines = builder.program().engines();
  auto first = std::make_shared<const Program>(program_of(0, 0));
  Precedence best = kPrecedences.front();
  std::int64_t least = kNever;
  for (const Precedence precedence : kPrecedences) {
    const std::int64_t cycles =
        Interleaver(chip, engines, precedence, nullptr)
            .run(parts, in_flight,
                 [&](std::int64_t /*part*/, std::int64_t /*place*/) { return first; });
    if (cycles < least) {
      best = precedence;
      least = cycles;
    }
  }
  Interleaver(chip, engines, best, &builder)
      .run(parts, in_flight, [&](std::int64_t part, std::int64_t place) {
        return part == 0 ? first : std::make_shared<const Program>(program_of(part, place));
      });
}

}  // namespace systole
