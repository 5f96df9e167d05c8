#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <tuple>

#include <gtest/gtest.h>

#include "arch/isa/program_fields.h"
#include "compiler/verify/accesses.h"
#include "compiler/verify/verify.h"
#include "tests/arch/isa/open_program.h"
#include "tests/compiler/verify/support/gemm_program.h"
#include "tests/compiler/verify/support/two_layer_program.h"

namespace systole {
namespace {

using testing::gemm_program;
using testing::held_sums_program;
using testing::OpenProgram;
using testing::small_chip;
using testing::two_layer_program;
using verification::Access;
using verification::Accesses;
using verification::derive_accesses;
using verification::Label;
using verification::Place;
using verification::Space;

/// Executes a program byte by byte with engines of random speed: an instruction reads when it
/// begins, writes and signals when it completes. Every byte carries what it is. Knows nothing of
/// clocks or fragments; only what an instruction reads and writes is shared with the verifier.
class RandomSchedule {
 public:
  RandomSchedule(const ChipSpec& chip, const Program& program, std::uint64_t seed)
      : chip_(chip), program_(program), random_(seed), tokens_(program.semaphores.size(), 0) {
    for (std::size_t index = 0; index < program.tensors.size(); ++index) {
      const ProgramTensor& tensor = program.tensors[index];
      if (tensor.role == TensorRole::Input || tensor.role == TensorRole::Constant) {
        const Space space = tensor.role == TensorRole::Input ? Space::Host : Space::Dram;
        store(space, tensor.home, tensor.bytes(), static_cast<TensorId>(index), 0);
      }
    }
  }

  /// False when the run stops early, reads a byte that is not what it should be, requantises an
  /// incomplete sum, or leaves an output unwritten.
  bool run() {
    while (right_ && step()) {
    }
    return right_ && finished() && held_.empty() && outputs_written();
  }

 private:
  using Byte = std::pair<TensorId, std::int64_t>;                    // tensor, offset
  using Parts = std::vector<std::pair<std::int32_t, std::int64_t>>;  // of a sum: tile, position
  struct EngineState {
    std::size_t next = 0;
    bool busy = false;
  };

  void store(Space space, std::int64_t address, std::int64_t bytes, TensorId tensor,
             std::int64_t offset) {
    for (std::int64_t byte = 0; byte < bytes; ++byte) {
      memory_[{space, address + byte}] = {tensor, offset + byte};
    }
  }

  bool step() {
    std::vector<EngineKind> able;
    for (const auto& [engine, name] : kEnumNames<EngineKind>) {
      if (state(engine).busy || can_begin(engine)) {
        able.push_back(engine);
      }
    }
    if (able.empty()) {
      return false;
    }
    const EngineKind engine = able[static_cast<std::size_t>(random_() % able.size())];
    if (state(engine).busy) {
      complete(engine);
    } else {
      begin(engine);
    }
    return true;
  }

  EngineState& state(EngineKind engine) { return engines_[static_cast<std::size_t>(engine)]; }
  StreamInstruction next_of(EngineKind engine) {
    return program_.stream(engine)[state(engine).next];
  }

  bool can_begin(EngineKind engine) {
    if (state(engine).next == program_.stream(engine).size()) {
      return false;
    }
    const StreamInstruction instruction = next_of(engine);
    std::map<std::int32_t, std::int64_t> needed;
    for (const SemaphoreUse& wait : instruction.waits()) {
      needed[wait.semaphore] += wait.count;
    }
    const bool served = std::all_of(needed.begin(), needed.end(), [&](const auto& need) {
      return tokens_[static_cast<std::size_t>(need.first)] >= need.second;
    });
    if (const auto* fold = instruction.get_if<Fold>()) {
      tile_in_slot_ = tile_in_slot_ && !(served && fold->next_tile);
      return served && (!fold->next_tile || !fifo_.empty());
    }
    const std::size_t taken = fifo_.size() + (tile_in_slot_ ? 1U : 0U);
    const auto room = static_cast<std::size_t>(chip_.weight_fifo.tiles);
    return served && (engine != EngineKind::Weights || taken < room);
  }

  void begin(EngineKind engine) {
    const StreamInstruction instruction = next_of(engine);
    for (const SemaphoreUse& wait : instruction.waits()) {
      tokens_[static_cast<std::size_t>(wait.semaphore)] -= wait.count;
    }
    for (const Access& access : accesses_of(engine).reads) {
      right_ = right_ && (!access.label.is_tensor() || holds(access));
    }
    if (const auto* fold = instruction.get_if<Fold>(); fold && fold->next_tile) {
      resident_ = fifo_.front();
      fifo_.pop_front();
      tile_in_slot_ = chip_.matrix.dataflow != Dataflow::WeightStationary;
    }
    if (const auto* loop = instruction.get_if<RowLoop>()) {
      for (const Stage& stage : loop->stages()) {
        if (std::holds_alternative<SumsStage>(stage)) {
          check_sums(loop->accumulator, loop->rows, instruction.layer());
        }
      }
    }
    state(engine).busy = true;
  }

  void complete(EngineKind engine) {
    const StreamInstruction instruction = next_of(engine);
    for (const Access& access : accesses_of(engine).writes) {
      for_each_byte(access, [&](std::int64_t address) {
        memory_[{access.space, address}] = {access.label.tensor(), address + access.delta};
        return true;
      });
    }
    if (const auto* load = instruction.get_if<LoadTile>()) {
      fifo_.push_back(load->tile);
    }
    if (const auto* fold = instruction.get_if<Fold>()) {
      add_sums(*fold);
    }
    for (const SemaphoreUse& signal : instruction.signals()) {
      tokens_[static_cast<std::size_t>(signal.semaphore)] += signal.count;
    }
    state(engine).busy = false;
    ++state(engine).next;
  }

  Accesses accesses_of(EngineKind engine) {
    Accesses accesses;
    const Place place{engine, static_cast<std::int32_t>(state(engine).next)};
    right_ = right_ && !derive_accesses(program_, place, accesses);
    return accesses;
  }

  template <class Visit>
  static bool for_each_byte(const Access& access, Visit visit) {
    for (std::int64_t row = 0; row < access.where.rows; ++row) {
      for (std::int64_t byte = 0; byte < access.where.row_bytes; ++byte) {
        if (!visit(access.where.base + row * access.where.pitch + byte)) {
          return false;
        }
      }
    }
    return true;
  }

  bool holds(const Access& access) {
    return for_each_byte(access, [&](std::int64_t address) {
      const auto at = memory_.find({access.space, address});
      return at != memory_.end() &&
             at->second == Byte{access.label.tensor(), address + access.delta};
    });
  }

  void add_sums(const Fold& fold) {
    right_ = right_ && fold.tile == resident_;
    const auto count = static_cast<std::size_t>(fold.count);
    // Sums in the array go on only with as many outputs, on their way to the same entries.
    right_ = right_ && (held_.empty() || (held_.size() == count && held_for_ == fold.accumulator));
    held_.resize(count);
    held_for_ = fold.accumulator;
    for (std::size_t index = 0; index < count; ++index) {
      held_[index].push_back({fold.tile, fold.first + static_cast<std::int64_t>(index)});
    }
    if (!fold.drain) {
      return;
    }
    for (std::size_t index = 0; index < count; ++index) {
      auto& parts = sums_[fold.accumulator + static_cast<std::int64_t>(index)];
      if (!fold.accumulate) {
        parts.clear();
      }
      parts.insert(parts.end(), held_[index].begin(), held_[index].end());
    }
    held_.clear();
  }

  void check_sums(std::int64_t accumulator, std::int64_t rows, std::int32_t layer) {
    for (std::int64_t row = 0; row < rows; ++row) {
      Parts wanted;
      Parts parts = sums_[accumulator + row];
      for (std::size_t tile = 0; tile < program_.tiles.size(); ++tile) {
        if (program_.tiles[tile].layer == layer && !parts.empty()) {
          wanted.push_back({static_cast<std::int32_t>(tile), parts.front().second});
        }
      }
      std::sort(parts.begin(), parts.end());
      right_ = right_ && !parts.empty() && parts == wanted;
    }
  }

  bool finished() {
    return std::all_of(kEnumNames<EngineKind>.begin(), kEnumNames<EngineKind>.end(),
                       [&](const auto& engine) {
                         return state(engine.first).next == program_.stream(engine.first).size();
                       });
  }

  bool outputs_written() {
    for (std::size_t index = 0; index < program_.tensors.size(); ++index) {
      const ProgramTensor& tensor = program_.tensors[index];
      const Access whole{.operand = "",
                         .space = Space::Host,
                         .where = verification::rectangle(tensor.home, 1, tensor.bytes(), 0),
                         .label = Label::of_tensor(static_cast<TensorId>(index)),
                         .delta = -tensor.home};
      if (tensor.role == TensorRole::Output && !holds(whole)) {
        return false;
      }
    }
    return true;
  }

  const ChipSpec& chip_;
  const Program& program_;
  std::mt19937_64 random_;
  std::array<EngineState, kEngineKindCount> engines_;
  std::vector<std::int64_t> tokens_;
  std::map<std::pair<Space, std::int64_t>, Byte> memory_;
  std::map<std::int64_t, Parts> sums_;
  std::vector<Parts> held_;  ///< in the array
  std::int64_t held_for_ = 0;
  std::deque<std::int32_t> fifo_;
  bool tile_in_slot_ = false;
  std::int32_t resident_ = -1;
  bool right_ = true;
};

/// Changes one thing in a program: a number of one instruction, its waits or signals, or its place.
class Mutation {
 public:
  explicit Mutation(std::uint64_t seed) : random_(seed) {}

  void apply(OpenProgram& program) {
    auto& stream = program.stream(program.engines().at(below(kEngineKindCount)));
    if (stream.empty()) {
      return;
    }
    Instruction& instruction = stream[below(stream.size())];
    switch (below(6)) {
      case 0:
        change(instruction.waits, program.semaphores.size());
        break;
      case 1:
        change(instruction.signals, program.semaphores.size());
        break;
      case 2:
        stream.erase(stream.begin() + (&instruction - stream.data()));
        break;
      case 3:
        std::swap(instruction, stream[below(stream.size())]);
        break;
      default:
        std::visit([&](auto& operation) { this->change_one(operation); }, instruction.operation);
    }
  }

 private:
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_() % limit); }

  void change(std::vector<SemaphoreUse>& uses, std::size_t semaphores) {
    if (uses.empty() || below(3) == 0) {
      uses.push_back({static_cast<std::int32_t>(below(semaphores)), 1});
    } else if (below(2) == 0) {
      uses.pop_back();
    } else {
      change(uses.front().count);
    }
  }

  template <HasFields Struct>
  void change_one(Struct& object) {
    constexpr std::size_t kCount = std::tuple_size_v<std::remove_cv_t<decltype(kFields<Struct>)>>;
    const std::size_t chosen = below(kCount);
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      ((I == chosen ? this->change(object.*std::get<I>(kFields<Struct>).member) : void()), ...);
    }
    (std::make_index_sequence<kCount>{});
  }

  template <HasFields Struct>
  void change(Struct& object) {
    change_one(object);
  }
  void change(Shared<Window>& window) { change_one(window.edit()); }
  void change(Shared<TileConversion>& conversion) { change_one(conversion.edit()); }
  template <std::integral Integer>
  void change(Integer& value) {
    constexpr std::array<std::int64_t, 10> kSteps{-16, -4, -2, -1, 1, 2, 3, 4, 8, 16};
    if (below(12) == 0) {
      value = static_cast<Integer>(random_());  // anything at all
    } else {
      const auto step = static_cast<std::uint64_t>(kSteps[below(kSteps.size())]);
      value = static_cast<Integer>(static_cast<std::uint64_t>(value) + step);
    }
  }
  void change(std::vector<Stage>& stages) {
    if (!stages.empty()) {
      std::visit([&](auto& stage) { this->change_one(stage); }, stages[below(stages.size())]);
    }
  }
  void change(SharedBody& body) {
    RowBody changed = *body;
    change_one(changed);
    body = changed;
  }
  void change(OperandList& operands) {
    if (operands.size() > 0) {
      change(operands.edit(below(operands.size())));
    }
  }
  void change(float& value) { value = -value; }
  void change(bool& value) { value = !value; }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void change(Enum& value) { value = kEnumNames<Enum>[below(kEnumNames<Enum>.size())].first; }
  void change(Operand& operand) {
    switch (below(3)) {
      case 0:
        change(operand.address);
        break;
      case 1:
        change(operand.offset);
        break;
      default:
        operand.tensor = static_cast<TensorId>(below(7)) - 1;
    }
  }
  void change(FixedPoint& scale) { change(scale.shift); }

  std::mt19937_64 random_;
};

/// The verifier's small chip, for all operand types.
ChipSpec chip_of(Dataflow dataflow) {
  ChipSpec chip = small_chip(dataflow);
  chip.matrix.pace_of_kind.fill(CoreCycles(1));
  return chip;
}

Program bf16_program() {
  return gemm_program(chip_of(Dataflow::WeightStationary), {.m = 3, .k = 6, .n = 4});
}

struct Subject {
  std::string name;
  Dataflow dataflow = Dataflow::WeightStationary;
  Program (*program)() = two_layer_program;
};

void PrintTo(const Subject& subject, std::ostream* stream) {
  *stream << subject.name;
}

class VerifyFuzz : public ::testing::TestWithParam<Subject> {
 protected:
  ChipSpec chip_ = chip_of(GetParam().dataflow);
  Program program_ = GetParam().program();
};

TEST_P(VerifyFuzz, ACorrectProgramIsRightAtAnySpeed) {
  ASSERT_EQ(verify(chip_, program_), std::nullopt);
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    ASSERT_TRUE(RandomSchedule(chip_, program_, seed).run()) << seed;
  }
}

bool is_right_at_any_speed(const ChipSpec& chip, const Program& program) {
  bool right = true;
  for (std::uint64_t schedule = 0; schedule < 5; ++schedule) {
    right = right && RandomSchedule(chip, program, schedule).run();
  }
  return right;
}

/// What the verifier accepts is right in every schedule tried. What it refuses is mostly wrong in
/// one of them; the rest breaks a rule of form, or is refused to be on the safe side.
TEST_P(VerifyFuzz, WhatPassesIsRightAtAnySpeed) {
  int passed = 0;
  int refused = 0;
  for (std::uint64_t seed = 0; seed < 6000; ++seed) {
    OpenProgram open = program_;
    Mutation mutation(seed);
    for (std::uint64_t changes = 1 + seed % 2; changes > 0; --changes) {
      mutation.apply(open);
    }
    const Program program = open.closed();
    if (verify(chip_, program)) {
      ++refused;
      continue;
    }
    ++passed;
    EXPECT_TRUE(is_right_at_any_speed(chip_, program)) << "mutation " << seed;
  }
  EXPECT_GT(passed, 200);
  EXPECT_GT(refused, 2000);
}

INSTANTIATE_TEST_SUITE_P(
    Dataflows, VerifyFuzz,
    ::testing::Values(Subject{"weight_stationary", Dataflow::WeightStationary, two_layer_program},
                      Subject{"input_stationary", Dataflow::InputStationary, two_layer_program},
                      Subject{"output_stationary", Dataflow::OutputStationary, two_layer_program},
                      Subject{"sums_in_the_array", Dataflow::OutputStationary, held_sums_program},
                      Subject{"bf16", Dataflow::WeightStationary, bf16_program}),
    [](const auto& subject) { return subject.param.name; });

}  // namespace
}  // namespace systole
