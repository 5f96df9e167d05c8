#include <algorithm>
#include <array>

#include "arch/diag/printable.h"
#include "compiler/frontend/stablehlo/translate/translation.h"

namespace systole::stablehlo {

namespace {

constexpr int kMostTurns = 4096;

void give_all(Translation& in, std::vector<Held> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    in.give(std::move(values[i]), i);
  }
}

void translate_call(Translation& in) {
  const HloAttribute* callee = in.attribute({"callee"});
  if (callee == nullptr) {
    refuse("expected the name of a function, got none");
  }
  give_all(in, in.call(callee->text, in.all_operands()));
}

/// What it stands for, where that is known: the others are put in its place.
void translate_composite(Translation& in) {
  const HloAttribute* name = in.attribute({"name"});
  const HloAttribute* decomposition = in.attribute({"decomposition"});
  if (name != nullptr && in.operands() == 1) {
    if (name->text == "chlo.erf" && in.operand(0).is_known()) {
      in.give(in.elementwise("Erf", {in.operand(0)}));
      return;
    }
    const HloAttribute* own = in.attribute({"composite_attributes"});
    const HloAttribute* count = own == nullptr ? nullptr : own->field("k");
    if (name->text == "chlo.top_k" && count != nullptr && in.operand(0).is_known()) {
      translate_largest(in, count->integer);
      return;
    }
  }
  if (decomposition == nullptr) {
    refuse("expected a composite with a decomposition, got {}",
           name == nullptr ? "one without a name" : in_quotes(name->text));
  }
  give_all(in, in.call(decomposition->text, in.all_operands()));
}

void translate_custom_call(Translation& in) {
  const HloAttribute* target = in.attribute({"call_target_name", "callee"});
  const std::string name = target == nullptr ? "" : target->text;
  // What tells compilers where tensors lie computes nothing.
  for (const std::string_view same : {"Sharding", "SPMDFullToShardShape", "SPMDShardToFullShape",
                                      "annotate_device_placement", "LayoutConstraint"}) {
    if (name == same && in.operands() == 1) {
      in.give(in.all_operands().front());
      return;
    }
  }
  refuse("expected operations of StableHLO, got a call of {}, which the module does not define",
         in_quotes(name));
}

void translate_same(Translation& in) {
  give_all(in, in.all_operands());
}

/// Turn by turn, as long as the condition is known to hold.
void translate_while(Translation& in) {
  const HloOperation& operation = in.operation();
  if (operation.regions.size() != 2) {
    refuse("expected a condition and a body, got {} regions", operation.regions.size());
  }
  const HloRegion& condition = operation.regions.front();
  const HloRegion& body = operation.regions.back();
  std::vector<Held> values = in.all_operands();
  const std::string label = in.label();
  for (int turn = 0;; ++turn) {
    const std::vector<Held> holds =
        in.run_region(condition, values, fmt::format("{}.{}.condition", label, turn));
    if (holds.size() != 1 || !holds.front().is_known()) {
      refuse("expected a condition that is one truth value, got another");
    }
    const auto truth = in.scalar(holds.front());
    if (!truth) {
      refuse(
          "expected a loop that turns a known number of times, got a condition that depends on "
          "inputs");
    }
    if (*truth == 0) {
      break;
    }
    if (turn == kMostTurns) {
      refuse("expected a loop of at most {} turns, got more", kMostTurns);
    }
    values = in.run_region(body, values, fmt::format("{}.{}", label, turn));
    if (values.size() != in.result_count()) {
      refuse("expected {} values of a body, got {}", in.result_count(), values.size());
    }
  }
  give_all(in, std::move(values));
}

/// The branch that a known index chooses; the last where it is out of range.
void translate_case(Translation& in) {
  const HloOperation& operation = in.operation();
  const auto index = in.scalar(in.operand(0));
  if (!index || operation.regions.empty()) {
    refuse("expected a choice that stands in the file, got one that depends on inputs");
  }
  const auto last = std::ssize(operation.regions) - 1;
  auto chosen = static_cast<std::ptrdiff_t>(*index);
  if (operation.short_name() == "if") {
    chosen = *index != 0 ? 0 : 1;
  }
  chosen = chosen < 0 || chosen > last ? last : chosen;
  give_all(in, in.run_region(operation.regions[static_cast<std::size_t>(chosen)], {},
                             fmt::format("{}.{}", in.label(), chosen)));
}

void translate_random(Translation& /*in*/) {
  refuse("expected numbers that follow from inputs and weights, got random ones");
}

constexpr auto kControlRules = std::to_array<Rule>({
    {.op = "call", .translate = translate_call, .takes_unknown = true},
    {.op = "case", .translate = translate_case},
    {.op = "composite", .translate = translate_composite, .takes_unknown = true},
    {.op = "custom_call", .translate = translate_custom_call, .takes_unknown = true},
    {.op = "if", .translate = translate_case},
    {.op = "optimization_barrier", .translate = translate_same, .takes_unknown = true},
    {.op = "rng", .translate = translate_random, .takes_unknown = true},
    {.op = "rng_bit_generator", .translate = translate_random, .takes_unknown = true},
    {.op = "while", .translate = translate_while, .takes_unknown = true},
});

}  // namespace

std::span<const Rule> control_rules() {
  return kControlRules;
}

}  // namespace systole::stablehlo
