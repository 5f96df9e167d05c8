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

std::optional<std::string> check_sums(Accumulators& accumulators, const Program& program,
                                      Place place) {
  const StreamInstruction instruction = instruction_at(program, place);
  if (const auto* fold = instruction.get_if<Fold>()) {
    return accumulators.fold(place, *fold);
  }
  if (const auto* loop = instruction.get_if<RowLoop>()) {
    for (const Stage& stage : loop->body->stages) {
      const auto* sums = std::get_if<SumsStage>(&stage);
      if (sums == nullptr) {
        continue;
      }
      if (auto violation = accumulators.read(place, {.first = loop->accumulator,
                                                     .count = loop->rows,
                                                     .cols = loop->cols,
                                                     .type = sums->type})) {
        return violation;
      }
    }
  }
  return {};
}

std::optional<std::string> check_contents(const ChipSpec& chip, const Program& program,
                                          const Order& order) {
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
  for (const Place place : order.sequence) {
    if (auto violation = derive_accesses(program, place, accesses)) {
      return violation;
    }
    if (auto violation = memories.execute(place, accesses)) {
      return violation;
    }
    if (auto violation = check_sums(accumulators[place.engine.core], program, place)) {
      return violation;
    }
  }
  for (const Accumulators& of_core : accumulators) {
    if (auto violation = of_core.check_end()) {
      return violation;
    }
  }
  return memories.check_outputs();
}

}  // namespace

std::optional<std::string> verify(const ChipSpec& chip, const Program& program) {
  if (auto violation = check_all_fields(chip, program)) {
    return violation;
  }
  const OrderResult result = execute_tokens(chip, program);
  if (result.violation) {
    return result.violation;
  }
  if (auto violation = check_contents(chip, program, result.order)) {
    return violation;
  }
  return result.leftover;
}

}  // namespace systole
