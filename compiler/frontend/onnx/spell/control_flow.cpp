#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <string>
#include <utility>

#include "arch/diag/printable.h"
#include "compiler/frontend/onnx/spell/spelling.h"

namespace systole {

namespace onnx_spelling {

namespace {

using Names = std::map<std::string, ImportValueId, std::less<>>;

/// Nodes that bodies may become, all steps together.
constexpr std::size_t kMostNodes = 1 << 16;

/// The nodes of a body one behind the other, its inputs being `given`; its results.
std::vector<ImportValueId> inlined(Spelling& in, const OnnxGraph& body,
                                   const std::vector<ImportValueId>& given = {}) {
  Names names = in.node().captured;
  if (given.size() > body.inputs.size()) {
    contradict("expected a body of {} inputs, got {}", given.size(), body.inputs.size());
  }
  for (std::size_t i = 0; i < given.size(); ++i) {
    names.insert_or_assign(body.inputs[i].name, given[i]);
  }
  const auto value_named = [&](const std::string& name) {
    const auto found = names.find(name);
    if (found == names.end()) {
      contradict("expected the name of a tensor that is made before, got {}", in_quotes(name));
    }
    return found->second;
  };
  for (const auto& [name, constant] : body.initializers) {
    names.insert_or_assign(name, in.held(name, constant));
  }
  for (const OnnxNode& from : body.nodes) {
    ImportNode node{.name = from.name,
                    .op = from.op,
                    .domain = from.domain,
                    .inputs = {},
                    .outputs = {},
                    .attributes = from.attributes};
    for (const std::string& input : from.inputs) {
      node.inputs.push_back(input.empty() ? kNoValue : value_named(input));
    }
    for (const std::string& name : outer_names(from)) {
      node.captured.insert_or_assign(name, value_named(name));
    }
    const std::vector<ImportValueId> made = in.take(std::move(node), from.outputs);
    for (std::size_t i = 0; i < made.size(); ++i) {
      names.insert_or_assign(from.outputs[i], made[i]);
    }
  }
  std::vector<ImportValueId> results;
  for (const OnnxValueInfo& output : body.outputs) {
    results.push_back(value_named(output.name));
  }
  return results;
}

const OnnxGraph& body_of(const Spelling& in, std::string_view key) {
  const OnnxAttribute* attribute = in.node().attribute(key);
  if (attribute == nullptr || attribute->graph == nullptr) {
    contradict("expected a {}, got none", key);
  }
  return *attribute->graph;
}

/// One branch, where the file says which; else both are computed, and one is chosen.
void spell_if(Spelling& in) {
  const ImportValueId condition = in.input(0, "a condition");
  const std::size_t outputs = in.node().outputs.size();
  const auto check = [&](const std::vector<ImportValueId>& made) {
    if (made.size() != outputs) {
      contradict("expected branches of {} results, got {}", outputs, made.size());
    }
  };
  if (const auto known = in.constant(condition)) {
    if (known->elements() != 1) {
      contradict("expected a condition of one truth value, got {}", known->elements());
    }
    const bool holds = known->floats().front() != 0;
    const auto made = inlined(in, body_of(in, holds ? "then_branch" : "else_branch"));
    check(made);
    for (std::size_t i = 0; i < outputs; ++i) {
      in.give(i, made[i]);
    }
    return;
  }
  const auto where_true = inlined(in, body_of(in, "then_branch"));
  const auto where_false = inlined(in, body_of(in, "else_branch"));
  check(where_true);
  check(where_false);
  for (std::size_t i = 0; i < outputs; ++i) {
    const OnnxShape shape = in.shape(where_true[i]);
    if (in.shape(where_false[i]) != shape) {
      contradict(
          "expected branches of one shape behind a condition that depends on inputs, got "
          "{} and {}",
          text_of(shape), text_of(in.shape(where_false[i])));
    }
    const ImportValueId choice = in.reshaped(condition, Integers(shape.size(), 1));
    in.give(i, in.add("Where", {choice, where_true[i], where_false[i]}));
  }
}

void check_steps(std::int64_t steps, const OnnxGraph& body) {
  if (steps < 1 || static_cast<std::size_t>(steps) > kMostNodes / (body.nodes.size() + 1)) {
    contradict("expected 1..{} steps of a body of {} nodes, got {}",
               kMostNodes / (body.nodes.size() + 1), body.nodes.size(), steps);
  }
}

/// With a new first axis of size 1.
ImportValueId with_axis(Spelling& in, ImportValueId value) {
  Integers shape = in.shape(value);
  shape.insert(shape.begin(), 1);
  return in.reshaped(value, shape);
}

/// A step after the other, where the file says how many.
void spell_loop(Spelling& in) {
  const OnnxGraph& body = body_of(in, "body");
  const auto count = in.has(0) ? in.constant(in.node().input(0)) : std::nullopt;
  const auto holds = [&](ImportValueId condition) {
    const auto known = in.constant(condition);
    return known && known->elements() == 1 && known->floats().front() != 0;
  };
  if (!count || count->elements() != 1 || (in.has(1) && !holds(in.node().input(1)))) {
    contradict("expected a number of steps that stands in the file, got a loop that ends by data");
  }
  const std::int64_t steps = count->integers().front();
  check_steps(steps, body);
  std::vector<ImportValueId> carried(
      in.node().inputs.begin() + std::min<std::ptrdiff_t>(2, std::ssize(in.node().inputs)),
      in.node().inputs.end());
  const std::size_t states = carried.size();
  std::vector<std::vector<ImportValueId>> gathered(
      body.outputs.size() > states + 1 ? body.outputs.size() - states - 1 : 0);
  for (std::int64_t step = 0; step < steps; ++step) {
    std::vector<ImportValueId> given{
        in.reshaped(in.integers({step}), {}),
        in.add("Cast", {in.reshaped(in.integers({1}), {})}, {{"to", std::int64_t{9}}})};
    given.insert(given.end(), carried.begin(), carried.end());
    const auto made = inlined(in, body, given);
    if (made.size() != states + 1 + gathered.size() || !holds(made.front())) {
      contradict(
          "expected a number of steps that stands in the file, got a loop that ends by data");
    }
    carried.assign(made.begin() + 1, made.begin() + 1 + static_cast<std::ptrdiff_t>(states));
    for (std::size_t i = 0; i < gathered.size(); ++i) {
      gathered[i].push_back(with_axis(in, made[states + 1 + i]));
    }
  }
  for (std::size_t i = 0; i < states; ++i) {
    in.give(i, carried[i]);
  }
  for (std::size_t i = 0; i < gathered.size(); ++i) {
    in.give(states + i, in.joined(gathered[i], 0));
  }
}

/// A step for each index of an axis of some inputs.
void spell_scan(Spelling& in) {
  const OnnxGraph& body = body_of(in, "body");
  const auto scanned = static_cast<std::size_t>(in.node().integer("num_scan_inputs", 0));
  const std::size_t inputs = in.node().inputs.size();
  for (const std::string_view key :
       {"scan_input_axes", "scan_input_directions", "scan_output_axes", "scan_output_directions"}) {
    const Integers written = in.node().integers(key).value_or(Integers{});
    if (std::any_of(written.begin(), written.end(), [](std::int64_t each) { return each != 0; })) {
      contradict("expected a scan along first axes, forwards, got another {}", key);
    }
  }
  if (scanned < 1 || scanned > inputs || body.outputs.size() < inputs - scanned) {
    contradict("expected 1..{} scanned inputs, got {}", inputs, scanned);
  }
  const std::size_t states = inputs - scanned;
  std::vector<ImportValueId> carried(
      in.node().inputs.begin(), in.node().inputs.begin() + static_cast<std::ptrdiff_t>(states));
  const OnnxShape first = in.shape(in.input(states, "a scanned input"));
  if (first.empty()) {
    contradict("expected a scanned input with axes, got a number");
  }
  check_steps(first.front(), body);
  std::vector<std::vector<ImportValueId>> gathered(body.outputs.size() - states);
  for (std::int64_t step = 0; step < first.front(); ++step) {
    std::vector<ImportValueId> given = carried;
    for (std::size_t i = states; i < inputs; ++i) {
      const ImportValueId whole = in.input(i, "a scanned input");
      Integers shape = in.shape(whole);
      if (shape.empty() || shape.front() != first.front()) {
        contradict("expected scanned inputs of {} steps, got {}", first.front(), text_of(shape));
      }
      shape.erase(shape.begin());
      given.push_back(in.reshaped(in.part(whole, 0, step, 1), shape));
    }
    const auto made = inlined(in, body, given);
    carried.assign(made.begin(), made.begin() + static_cast<std::ptrdiff_t>(states));
    for (std::size_t i = 0; i < gathered.size(); ++i) {
      gathered[i].push_back(with_axis(in, made[states + i]));
    }
  }
  for (std::size_t i = 0; i < states; ++i) {
    in.give(i, carried[i]);
  }
  for (std::size_t i = 0; i < gathered.size(); ++i) {
    in.give(states + i, in.joined(gathered[i], 0));
  }
}

constexpr auto kControlFlowRules = std::to_array<SpellRule>({
    {"If", spell_if},
    {"Loop", spell_loop},
    {"Scan", spell_scan},
});

}  // namespace

std::span<const SpellRule> control_flow_spellings() {
  return kControlFlowRules;
}

}  // namespace onnx_spelling

}  // namespace systole
