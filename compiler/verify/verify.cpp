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

/// What memories and accumulators hold, instruction by instruction. Requires a program that ends.
std::optional<std::string> check_contents(const ChipSpec& chip, const Program& program) {
  Order order(program.engines());
  Memories memories(chip, program, order);
  // Each core has accumulators of its own.
  std::vector<Accumulators> accumulators(static_cast<std::size_t>(program.engines().cores),
                                         Accumulators(chip, program, order));
  if (auto violation = memories.fill()) {
    return violation;
  }
  for (Accumulators& of_core : accumulators) {
    if (auto violation = of_core.check_tiles()) {
      return violation;
    }
  }
  Accesses accesses;
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
  if (auto violation = execute_tokens(chip, program, order, execute).violation) {
    return violation;
  }
  for (const Accumulators& of_core : accumulators) {
    if (auto violation = of_core.check_end()) {
      return violation;
    }
  }
  return memories.check_outputs();
}

/// Whether the program ends, and what it leaves.
OrderResult check_order(const ChipSpec& chip, const Program& program) {
  Order order(program.engines());
  return execute_tokens(chip, program, order,
                        [](verification::Place /*place*/) { return std::optional<std::string>(); });
}

}  // namespace

std::optional<std::string> verify(const ChipSpec& chip, const Program& program) {
  if (auto violation = check_all_fields(chip, program)) {
    return violation;
  }
  const OrderResult result = check_order(chip, program);
  if (result.violation) {
    return result.violation;
  }
  if (auto violation = check_contents(chip, program)) {
    return violation;
  }
  return result.leftover;
}

}  // namespace systole
