#include "compiler/frontend/onnx/spell/spelling.h"

#include <algorithm>
#include <array>

namespace systole {

namespace onnx_spelling {

ImportValueId Spelling::input(std::size_t index, std::string_view what) const {
  if (!has(index)) {
    contradict("expected {}, got none", what);
  }
  return node_.input(index);
}

std::optional<OnnxConstant> Spelling::constant(ImportValueId value) const {
  const OnnxConstant* found = graph_.constant(value);
  return found == nullptr ? std::nullopt : std::optional(*found);
}

OnnxShape Spelling::shape(ImportValueId value) const {
  const auto& shape = graph_.value(value).shape;
  if (!shape) {
    contradict("expected parts whose shapes are known, got '{}'", graph_.value(value).name);
  }
  return *shape;
}

void Spelling::expect_rank(ImportValueId value, std::size_t rank, std::string_view what) const {
  if (shape(value).size() != rank) {
    contradict("expected {} of {} axes, got {}", what, rank, text_of(shape(value)));
  }
}

ImportValueId Spelling::add(std::string_view op, std::vector<ImportValueId> inputs,
                            const Attributes& attributes) {
  return add_several(op, std::move(inputs), 1, attributes).front();
}

std::vector<ImportValueId> Spelling::add_several(std::string_view op,
                                                 std::vector<ImportValueId> inputs,
                                                 std::size_t outputs,
                                                 const Attributes& attributes) {
  const std::size_t dot = op.rfind('.');
  const std::string_view domain = dot == std::string_view::npos ? "" : op.substr(0, dot);
  const std::string_view name = dot == std::string_view::npos ? op : op.substr(dot + 1);
  ImportNode node{.name = fmt::format("{}.{}_{}", node_.name, name, ++made_),
                  .op = std::string(name),
                  .domain = std::string(domain),
                  .inputs = std::move(inputs),
                  .outputs = {},
                  .attributes = {}};
  for (const auto& [key, value] : attributes) {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      node.set(key, *integer);
    } else if (const auto* real = std::get_if<double>(&value)) {
      node.set(key, static_cast<float>(*real));
    } else if (const auto* several = std::get_if<Integers>(&value)) {
      node.set(key, *several);
    } else {
      OnnxAttribute text{.kind = OnnxAttribute::Kind::String};
      text.text = std::get<std::string>(value);
      node.attributes.insert_or_assign(std::string(key), std::move(text));
    }
  }
  for (std::size_t i = 0; i < outputs; ++i) {
    node.outputs.push_back(
        graph_.add_value({.name = i == 0 ? node.name : fmt::format("{}.{}", node.name, i)}));
  }
  const std::vector<ImportValueId> made = node.outputs;
  take_(std::move(node));
  return made;
}

std::vector<ImportValueId> Spelling::take(ImportNode node,
                                          const std::vector<std::string>& results) {
  node.name = fmt::format("{}.{}_{}", node_.name, node.name.empty() ? node.op : node.name, ++made_);
  for (const std::string& name : results) {
    node.outputs.push_back(graph_.add_value({.name = fmt::format("{}.{}", node_.name, name)}));
  }
  const std::vector<ImportValueId> made = node.outputs;
  take_(std::move(node));
  return made;
}

ImportValueId Spelling::held(const std::string& name, const OnnxConstant& constant) {
  return graph_.add_constant(fmt::format("{}.{}", node_.name, name), constant);
}

ImportValueId Spelling::floats(const OnnxShape& shape, const std::vector<float>& values) {
  return graph_.add_constant(fmt::format("{}.{}", node_.name, ++made_),
                             OnnxConstant::of_floats(shape, values));
}

ImportValueId Spelling::integers(const Integers& values) {
  return graph_.add_constant(
      fmt::format("{}.{}", node_.name, ++made_),
      OnnxConstant::of_integers(OnnxType::Int64, {static_cast<std::int64_t>(values.size())},
                                values));
}

ImportValueId Spelling::reshaped(ImportValueId from, const Integers& shape) {
  return this->shape(from) == shape ? from : add("Reshape", {from, integers(shape)});
}

ImportValueId Spelling::transposed(ImportValueId from, const Integers& order) {
  return add("Transpose", {from}, {{"perm", order}});
}

ImportValueId Spelling::part(ImportValueId from, std::size_t axis, std::int64_t first,
                             std::int64_t size) {
  if (first == 0 && size == this->size(from, axis)) {
    return from;
  }
  return add("Slice", {from, integers({first}), integers({first + size}),
                       integers({static_cast<std::int64_t>(axis)})});
}

ImportValueId Spelling::joined(const std::vector<ImportValueId>& parts, std::size_t axis) {
  return parts.size() == 1 ? parts.front()
                           : add("Concat", parts, {{"axis", static_cast<std::int64_t>(axis)}});
}

ImportValueId Spelling::function(std::string_view name, ImportValueId of) {
  return add("systole.Function", {of}, {{"function", std::string(name)}});
}

void Spelling::give(std::size_t output, ImportValueId value) {
  if (!wants(output)) {
    return;
  }
  take_({.name = output == 0 ? node_.name : fmt::format("{}.{}", node_.name, output),
         .op = "Identity",
         .domain = {},
         .inputs = {value},
         .outputs = {node_.outputs[output]},
         .attributes = {}});
}

namespace {

std::array<std::span<const SpellRule>, 4> all_spellings() {
  return {attention_spellings(), control_flow_spellings(), fused_spellings(),
          recurrent_spellings()};
}

}  // namespace

const SpellRule* spell_rule_of(std::string_view full_op) {
  for (const auto rules : all_spellings()) {
    const auto found = std::find_if(rules.begin(), rules.end(),
                                    [&](const SpellRule& rule) { return rule.op == full_op; });
    if (found != rules.end()) {
      return &*found;
    }
  }
  return nullptr;
}

std::vector<std::string> spelled_operators() {
  std::vector<std::string> names;
  for (const auto rules : all_spellings()) {
    for (const SpellRule& rule : rules) {
      names.emplace_back(rule.op);
    }
  }
  return names;
}

}  // namespace onnx_spelling

}  // namespace systole
