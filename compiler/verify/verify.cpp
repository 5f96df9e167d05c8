#include "compiler/verify/verify.h"

#include "compiler/verify/accesses.h"
#include "compiler/verify/accumulators.h"
#include "compiler/verify/fields.h"
#include "compiler/verify/memories.h"
#include "compiler/verify/order.h"

namespace systole {

namespace {

using namespace verification;  // NOLINT(google-build-using-namespace): this is its front door

std::optional<std::string> check_all_fields(const ChipSpec& chip, const Program& program) {
  if (auto violation = check_tables(chip, program)) {
    return violation;
  }
  for (const EngineId engine : program.engines()) {
    const auto count = static_cast<std::int32_t>(program.stream(engine).size());
    for (std::int32_t index = 0; index < count; ++index) {
      if (auto violation = check_fields(chip, program, {engine, index})) {
        return violation;
      }
    }
  }
  return {};
}

/// What an instruction does with the accumulators; one overload for each operation.
struct SumsRule {
  Accumulators& accumulators;
  verification::Place place;

  std::optional<std::string> operator()(const Fold& fold) const {
    return accumulators.fold(place, fold);
  }
  std::optional<std::string> operator()(const RowLoop& loop) const {
    std::optional<std::string> violation;
    for (const Stage& stage : loop.body->stages) {
      const auto* sums = std::get_if<SumsStage>(&stage);
      if (sums != nullptr && !violation) {
        violation = accumulators.read(
            place,
            {.first = loop.accumulator, .count = loop.rows, .cols = loop.cols, .type = sums->type});
      }
    }
    return violation;
  }
  std::optional<std::string> operator()(const Transfer& /*transfer*/) const { return {}; }
  std::optional<std::string> operator()(const LoadTile& /*load*/) const { return {}; }
};

/// What memories and accumulators hold, instruction by instruction, and what the program leaves.
OrderResult check_contents(const ChipSpec& chip, const Program& program) {
  Order order(program.engines());
  Memories memories(chip, program, order);
  // Each core has accumulators of its own.
  std::vector<Accumulators> accumulators(static_cast<std::size_t>(program.engines().cores),
                                         Accumulators(chip, program, order));
  if (auto violation = memories.fill()) {
    return {.violation = std::move(violation), .leftover = {}};
  }
  for (Accumulators& of_core : accumulators) {
    if (auto violation = of_core.check_tiles()) {
      return {.violation = std::move(violation), .leftover = {}};
    }
  }
  verification::Accesses accesses;
  const auto execute = [&](verification::Place place) {
    auto violation = derive_accesses(program, place, accesses);
    if (!violation) {
      violation = memories.execute(place, accesses);
    }
    if (!violation) {
      const SumsRule sums{accumulators[place.engine.core], place};
      violation = instruction_at(program, place).visit(sums);
    }
    return violation;
  };
  OrderResult result = execute_tokens(chip, program, order, execute);
  for (const Accumulators& of_core : accumulators) {
    if (!result.violation) {
      result.violation = of_core.check_end();
    }
  }
  if (!result.violation) {
    result.violation = memories.check_outputs();
  }
  return result;
}

/// Whether the program ends.
std::optional<std::string> check_order(const ChipSpec& chip, const Program& program) {
  Order order(program.engines());
  const auto nothing = [](verification::Place /*place*/) { return std::optional<std::string>(); };
  return execute_tokens(chip, program, order, nothing).violation;
}

}  // namespace

std::optional<std::string> verify(const ChipSpec& chip, const Program& program) {
  if (auto violation = check_all_fields(chip, program)) {
    return violation;
  }
  OrderResult result = check_contents(chip, program);
  if (!result.violation) {
    return result.leftover;
  }
  // What holds a program up is told before what it does until then.
  auto held_up = check_order(chip, program);
  return held_up ? held_up : result.violation;
}

}  // namespace systole
