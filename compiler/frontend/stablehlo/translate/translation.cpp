#include "compiler/frontend/stablehlo/translate/translation.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <numeric>

#include "arch/diag/check.h"
#include "arch/diag/error.h"
#include "arch/diag/printable.h"

namespace systole::stablehlo {

namespace {

constexpr std::int64_t kMostOperations = 200'000;
constexpr std::int64_t kMostFolded = std::int64_t{1} << 25;
constexpr std::size_t kDeepestCall = 64;
/// What inference computes at once.
constexpr std::int64_t kMostAtOnce = 1 << 16;

/// Numbers of all floating types are computed as those of binary32.
OnnxType computed_type(OnnxType type) {
  return is_floating(type) ? OnnxType::Float : type;
}

}  // namespace

OnnxShape ones(std::size_t rank) {
  return OnnxShape(rank, 1);
}

std::optional<OnnxShape> regrouped(const OnnxShape& part, const OnnxShape& whole,
                                   const OnnxShape& to) {
  OnnxShape made(to.size(), 1);
  std::size_t from = 0;
  std::size_t next = 0;
  while (from < whole.size() || next < to.size()) {
    // The fewest axes of both that have as many elements.
    const std::size_t first_from = from;
    const std::size_t first_to = next;
    std::int64_t ours = from < whole.size() ? whole[from++] : 1;
    std::int64_t theirs = next < to.size() ? to[next++] : 1;
    while (ours != theirs) {
      if (ours < theirs && from < whole.size()) {
        ours *= whole[from++];
      } else if (next < to.size()) {
        theirs *= to[next++];
      } else {
        return std::nullopt;
      }
    }
    const auto first = part.begin() + static_cast<std::ptrdiff_t>(first_from);
    const auto end = part.begin() + static_cast<std::ptrdiff_t>(from);
    if (std::equal(first, end, whole.begin() + static_cast<std::ptrdiff_t>(first_from))) {
      std::copy(to.begin() + static_cast<std::ptrdiff_t>(first_to),
                to.begin() + static_cast<std::ptrdiff_t>(next),
                made.begin() + static_cast<std::ptrdiff_t>(first_to));
    } else if (!std::all_of(first, end, [](std::int64_t size) { return size == 1; })) {
      return std::nullopt;
    }
  }
  return made;
}

// --- scopes ---

const Held* Scope::find(std::string_view name, std::int64_t part) const {
  for (const Scope* scope = this; scope != nullptr; scope = scope->outer_) {
    const auto found = scope->values_.find(name);
    if (found != scope->values_.end()) {
      const bool exists = part < std::ssize(found->second);
      return exists ? &found->second[static_cast<std::size_t>(part)] : nullptr;
    }
  }
  return nullptr;
}

void Scope::define(std::string_view name, std::vector<Held> values) {
  values_.insert_or_assign(std::string(name), std::move(values));
}

// --- what operations ask for ---

const Held& Translation::operand(std::size_t index) {
  if (index >= operands_.size()) {
    refuse("expected an operand {}, got {} operands", index, operands_.size());
  }
  if (operands_[index].newest != nullptr) {
    operands_[index] = joined(operands_[index]);
  }
  return operands_[index];
}

Integers Translation::known_integers(const Held& held, std::string_view what) const {
  const OnnxConstant* found = constant(held);
  constexpr std::int64_t kMost = 1 << 20;
  if (found == nullptr || !is_integral(found->type()) || found->elements() > kMost) {
    refuse("expected {} that do not depend on inputs, got such that do", what);
  }
  return found->integers();
}

const ImportNode* Translation::maker(ImportValueId tensor) const {
  const auto found = makers_.find(tensor);
  return found == makers_.end() ? nullptr : &graph().nodes[found->second];
}

const HloType& Translation::result_type(std::size_t index) const {
  if (index >= operation_->result_types.size()) {
    refuse("expected {} results, got {}", index + 1, operation_->result_types.size());
  }
  return operation_->result_types[index];
}

const OnnxShape& Translation::result_shape(std::size_t index) const {
  const HloType& type = result_type(index);
  if (!type.is_tensor || (!is_floating(type.element) && !is_integral(type.element))) {
    refuse("expected a tensor of real or whole numbers, got {}", printable(type.text));
  }
  if (std::any_of(type.shape.begin(), type.shape.end(),
                  [](std::int64_t size) { return size < 0; })) {
    refuse("expected a tensor of fixed size, got {}", printable(type.text));
  }
  return type.shape;
}

const HloAttribute* Translation::attribute(std::initializer_list<std::string_view> keys) const {
  for (const std::string_view key : keys) {
    if (const HloAttribute* found = operation_->attribute(key)) {
      return found;
    }
  }
  return nullptr;
}

Integers Translation::integers(std::initializer_list<std::string_view> keys) const {
  const HloAttribute* found = attribute(keys);
  const auto numbers = found == nullptr ? std::nullopt : found->integers();
  if (!numbers) {
    refuse("expected whole numbers as {}, got none", *keys.begin());
  }
  return *numbers;
}

Integers Translation::integers(std::initializer_list<std::string_view> keys,
                               const Integers& otherwise) const {
  if (attribute(keys) == nullptr) {
    return otherwise;
  }
  Integers found = integers(keys);
  if (found.size() == 1 && otherwise.size() > 1) {
    found.assign(otherwise.size(), found.front());  // dense<1> : tensor<2xi64>
  }
  if (found.size() != otherwise.size()) {
    refuse("expected {} numbers as {}, got {}", otherwise.size(), *keys.begin(), found.size());
  }
  return found;
}

std::int64_t Translation::integer(std::initializer_list<std::string_view> keys,
                                  std::int64_t otherwise) const {
  if (attribute(keys) == nullptr) {
    return otherwise;
  }
  const Integers found = integers(keys);
  if (found.size() != 1) {
    refuse("expected one number as {}, got {}", *keys.begin(), found.size());
  }
  return found.front();
}

std::vector<std::size_t> Translation::axes(const Integers& numbers, std::size_t rank) {
  std::vector<std::size_t> made;
  for (const std::int64_t number : numbers) {
    const auto axis = static_cast<std::size_t>(number);
    if (number < 0 || axis >= rank || std::find(made.begin(), made.end(), axis) != made.end()) {
      refuse("expected distinct axes of a tensor of {}, got {}", rank, text_of(numbers));
    }
    made.push_back(axis);
  }
  return made;
}

// --- nodes ---

std::string Translation::unique_name(const std::string& wanted) {
  std::string name = wanted;
  for (int number = 2; !names_.insert(name).second; ++number) {
    name = fmt::format("{}_{}", wanted, number);
  }
  return name;
}

std::vector<ImportValueId> Translation::emit_several(ImportNode node,
                                                     std::vector<ImportValueId> inputs,
                                                     std::size_t outputs) {
  node.inputs = std::move(inputs);
  for (std::size_t i = 0; i < outputs; ++i) {
    node.outputs.push_back(graph().add_value({}));
  }
  if (auto contradiction = infer_node(graph(), node)) {
    throw Refused(*contradiction);
  }
  bool is_constant = true;
  for (const ImportValueId output : node.outputs) {
    const ImportValue& value = graph().value(output);
    SYSTOLE_CHECK(value.shape.has_value(), "{} of unknown shape", node.op);
    is_constant = is_constant && value.constant.has_value();
    folded_ += value.constant && !value.constant->is_deferred() ? value.constant->elements() : 0;
  }
  if (folded_ > kMostFolded) {
    fail(operation_->place,
         fmt::format("expected at most {} numbers that are computed beforehand, got more",
                     kMostFolded));
  }
  if (is_constant) {
    return node.outputs;
  }
  node.name = unique_name(label_);
  for (const ImportValueId output : node.outputs) {
    graph().value(output).name = node.name;
    makers_.emplace(output, graph().nodes.size());
  }
  result_.origins.emplace(node.name, HloOrigin{.op = operation_->name, .place = operation_->place});
  graph().nodes.push_back(std::move(node));
  return graph().nodes.back().outputs;
}

ImportValueId Translation::emit(ImportNode node, std::vector<ImportValueId> inputs) {
  return emit_several(std::move(node), std::move(inputs), 1).front();
}

ImportValueId Translation::emit(std::string_view op, std::vector<ImportValueId> inputs) {
  ImportNode node;
  node.op = std::string(op);
  return emit(std::move(node), std::move(inputs));
}

ImportValueId Translation::constant_integers(const Integers& values) {
  return graph().add_constant(
      label_, OnnxConstant::of_integers(OnnxType::Int64, {std::ssize(values)}, values));
}

ImportValueId Translation::number(OnnxType type, double value) {
  if (is_floating(type)) {
    return graph().add_constant(label_, OnnxConstant::of_floats({}, {static_cast<float>(value)}));
  }
  return graph().add_constant(
      label_, OnnxConstant::of_integers(type, {}, {static_cast<std::int64_t>(value)}));
}

ImportValueId Translation::reshaped(ImportValueId id, const OnnxShape& shape) {
  if (shape_of(id) == shape) {
    return id;
  }
  if (const OnnxConstant* found = graph().constant(id)) {
    const OnnxType type = graph().value(id).type;
    OnnxConstant other = found->reshaped(shape);
    const ImportValueId made = graph().add_constant(label_, std::move(other));
    graph().value(made).type = type;
    return made;
  }
  const ImportNode* node = maker(id);
  if (node != nullptr && node->is("Reshape")) {
    return reshaped(node->inputs.front(), shape);
  }
  ImportNode made;
  made.op = "Reshape";
  made.set("allowzero", std::int64_t{1});
  return emit(std::move(made), {id, constant_integers(shape)});
}

ImportValueId Translation::transposed(ImportValueId id, const std::vector<std::size_t>& order) {
  if (std::is_sorted(order.begin(), order.end())) {
    return id;
  }
  ImportNode node;
  node.op = "Transpose";
  node.set("perm", Integers(order.begin(), order.end()));
  return emit(std::move(node), {id});
}

ImportValueId Translation::whole(const Held& held) {
  if (held.newest != nullptr) {
    return whole(joined(held));
  }
  const ImportValueId seen = viewed(held);
  return held.repeats() ? emit("Expand", {seen, constant_integers(held.shape)}) : seen;
}

ImportValueId Translation::sliced(ImportValueId from, const Integers& starts, const Integers& ends,
                                  const Integers& steps) {
  Integers axes(starts.size());
  std::iota(axes.begin(), axes.end(), 0);
  return emit("Slice", {from, constant_integers(starts), constant_integers(ends),
                        constant_integers(axes), constant_integers(steps)});
}

std::vector<ImportValueId> Translation::with_constants_joined(
    const ImportNode& node, const std::vector<ImportValueId>& parts) {
  const auto is_constant = [&](ImportValueId part) { return graph().constant(part) != nullptr; };
  std::vector<ImportValueId> tensors;
  std::vector<ImportValueId> group;
  for (const ImportValueId part : parts) {
    const bool has_tensor = !std::all_of(group.begin(), group.end(), is_constant);
    if (has_tensor && !is_constant(part)) {
      tensors.push_back(group.size() == 1 ? group.front() : emit(node, group));
      group.clear();
    }
    group.push_back(part);
  }
  tensors.push_back(group.size() == 1 ? group.front() : emit(node, group));
  return tensors;
}

/// Parts of the first axis that has more than one index lie one behind the other, however long a
/// row of each is: rows of one matrix.
ImportValueId Translation::concatenated(std::vector<ImportValueId> parts, std::size_t axis) {
  if (parts.size() == 1) {
    return parts.front();
  }
  OnnxShape shape = shape_of(parts.front());
  const bool is_first =
      shape.size() > 1 &&
      elements_of(OnnxShape(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(axis))) == 1;
  std::int64_t size = 0;
  for (ImportValueId& part : parts) {
    const OnnxShape own = shape_of(part);
    if (own.size() != shape.size()) {
      refuse("expected parts of {} axes, got {}", shape.size(), text_of(own));
    }
    size += own[axis];
    part = is_first ? reshaped(part, {1, elements_of(own)}) : part;
  }
  ImportNode node;
  node.op = "Concat";
  node.set("axis", is_first ? std::int64_t{1} : static_cast<std::int64_t>(axis));
  // Each constant joins one tensor first: a layer takes them beside a single one.
  const auto is_constant = [&](ImportValueId part) { return graph().constant(part) != nullptr; };
  if (std::count_if(parts.begin(), parts.end(), is_constant) < std::ssize(parts) - 1) {
    parts = with_constants_joined(node, parts);
  }
  const ImportValueId made = parts.size() == 1 ? parts.front() : emit(node, std::move(parts));
  shape[axis] = size;
  return is_first ? reshaped(made, shape) : made;
}

Held Translation::joined(const Held& held) {
  if (held.newest == nullptr) {
    return held;
  }
  const std::size_t axis = held.newest->axis;
  // Which piece each index is of; those without are the tensor's own.
  std::vector<const Piece*> owner(static_cast<std::size_t>(held.shape[axis]), nullptr);
  for (const Piece* piece = held.newest.get(); piece != nullptr; piece = piece->older.get()) {
    for (std::int64_t i = 0; i < piece->part.shape[axis]; ++i) {
      const Piece*& mine = owner[static_cast<std::size_t>(piece->start + i)];
      mine = mine == nullptr ? piece : mine;
    }
  }
  Held own = held;
  own.newest = nullptr;
  std::vector<ImportValueId> parts;
  for (std::size_t first = 0; first < owner.size();) {
    std::size_t end = first;
    while (end < owner.size() && owner[end] == owner[first]) {
      ++end;
    }
    const Held& from = owner[first] == nullptr ? own : owner[first]->part;
    const std::int64_t shift = owner[first] == nullptr ? 0 : owner[first]->start;
    Integers starts(held.shape.size(), 0);
    Integers ends = from.shape;
    starts[axis] = static_cast<std::int64_t>(first) - shift;
    ends[axis] = static_cast<std::int64_t>(end) - shift;
    Held run{.tensor = from.tensor, .view = from.view, .shape = ends};
    run.shape[axis] = ends[axis] - starts[axis];
    const bool is_all = run.shape == from.shape;
    const bool repeats = from.view[axis] == 1;
    parts.push_back(is_all || repeats
                        ? whole(run)
                        : sliced(whole(from), starts, ends, Integers(ends.size(), 1)));
    first = end;
  }
  return plain(concatenated(std::move(parts), axis));
}

Held Translation::reshaped(const Held& held, const OnnxShape& shape) {
  if (elements_of(shape) != elements_of(held.shape)) {
    refuse("expected a shape of the {} elements of {}, got {}", elements_of(held.shape),
           text_of(held.shape), text_of(shape));
  }
  if (!held.repeats()) {
    return {.tensor = held.tensor, .view = shape, .shape = shape};
  }
  if (auto view = regrouped(held.view, held.shape, shape)) {
    return {.tensor = held.tensor, .view = *std::move(view), .shape = shape};
  }
  return {.tensor = whole(held), .view = shape, .shape = shape};
}

/// Masks of long sequences have more numbers than inference computes at once: row by row of the
/// first axis that has several.
ImportValueId Translation::folded(ImportNode node, const std::vector<ImportValueId>& inputs,
                                  const OnnxShape& shape) {
  const auto first =
      std::find_if(shape.begin(), shape.end(), [](std::int64_t size) { return size != 1; }) -
      shape.begin();
  const auto cut = static_cast<std::size_t>(first);
  const std::int64_t rows = shape[cut];
  folded_ += elements_of(shape);
  if (folded_ > kMostFolded || elements_of(shape) / rows > kMostAtOnce) {
    refuse("expected at most {} numbers that are computed beforehand, {} of them in a row, got {}",
           kMostFolded, kMostAtOnce, text_of(shape));
  }
  std::string bytes;
  OnnxType type = OnnxType::Undefined;
  for (std::int64_t row = 0; row < rows; ++row) {
    ImportGraph part;
    part.opset = graph().opset;
    node.inputs.clear();
    for (const ImportValueId input : inputs) {
      const OnnxConstant& all = *graph().constant(input);
      OnnxShape own = all.shape();
      const bool is_cut = own.size() == shape.size() && own[cut] != 1;
      std::string numbers = all.bytes();
      if (is_cut) {
        own[cut] = 1;
        const auto size = static_cast<std::size_t>(elements_of(own) * bytes_of(all.type()));
        numbers = numbers.substr(static_cast<std::size_t>(row) * size, size);
      }
      node.inputs.push_back(
          part.add_constant("", OnnxConstant(all.type(), own, std::move(numbers))));
      part.value(node.inputs.back()).type = graph().value(input).type;
    }
    node.outputs = {part.add_value({})};
    if (auto contradiction = infer_node(part, node)) {
      throw Refused(*contradiction);
    }
    const OnnxConstant* made = part.constant(node.outputs.front());
    if (made == nullptr) {
      refuse("expected an operator of at most {} constant numbers, got {}", kMostAtOnce,
             text_of(shape));
    }
    type = made->type();
    bytes += made->bytes();
  }
  return graph().add_constant(label_, OnnxConstant(type, shape, std::move(bytes)));
}

Held Translation::elementwise(std::string_view op, const std::vector<Held>& operands) {
  ImportNode node;
  node.op = std::string(op);
  return elementwise(std::move(node), operands);
}

namespace {

/// The shape of what works on operands element by element; one element may be one of all.
OnnxShape common_shape(const std::vector<Held>& operands) {
  OnnxShape shape = operands.front().shape;
  for (const Held& each : operands) {
    shape = elements_of(each.shape) > elements_of(shape) || shape.empty() ? each.shape : shape;
  }
  for (const Held& each : operands) {
    if (each.shape != shape && elements_of(each.shape) != 1) {
      refuse("expected operands of one shape, got {} and {}", text_of(shape), text_of(each.shape));
    }
  }
  return shape;
}

/// The view of that shape in which each axis is whole where it is so in an operand.
OnnxShape common_view(const std::vector<Held>& operands, const OnnxShape& shape) {
  OnnxShape view = ones(shape.size());
  for (const Held& each : operands) {
    for (std::size_t axis = 0; axis < shape.size() && each.shape == shape; ++axis) {
      view[axis] = std::max(view[axis], each.view[axis]);
    }
  }
  return view;
}

/// The operands as tensors beside one of shape `own`, which has the elements of the view; empty
/// where one cannot be seen so.
std::vector<OnnxShape> shapes_beside(const std::vector<Held>& operands, const OnnxShape& view,
                                     const OnnxShape& own) {
  std::vector<OnnxShape> shapes;
  for (const Held& each : operands) {
    auto seen =
        elements_of(each.view) == 1 ? std::optional(OnnxShape{}) : regrouped(each.view, view, own);
    if (!seen) {
      return {};
    }
    shapes.push_back(*std::move(seen));
  }
  return shapes;
}

}  // namespace

Held Translation::elementwise(ImportNode node, const std::vector<Held>& operands) {
  const Held* largest = &operands.front();
  for (const Held& each : operands) {
    largest = elements_of(each.view) > elements_of(largest->view) ? &each : largest;
  }
  const OnnxShape shape = common_shape(operands);
  const OnnxShape view = common_view(operands, shape);
  // The tensor's own shape, if all others can be seen in it.
  const OnnxShape own = shape_of(largest->tensor);
  const bool are_numbers = std::all_of(operands.begin(), operands.end(), [](const Held& each) {
    return elements_of(each.view) == 1;
  });
  std::vector<OnnxShape> shapes;
  if (largest->view == view || are_numbers) {
    shapes = shapes_beside(operands, view, own);
  }
  const bool fits = !shapes.empty();
  std::vector<ImportValueId> inputs;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const Held& each = operands[i];
    const OnnxShape tensor = shape_of(each.tensor);
    const bool is_number = elements_of(each.view) == 1;
    const OnnxShape wanted = fits ? shapes[i] : (is_number ? OnnxShape{} : each.view);
    inputs.push_back(is_number && tensor.size() <= (fits ? own : view).size()
                         ? each.tensor
                         : reshaped(each.tensor, wanted));
  }
  const OnnxShape made = fits ? own : view;
  const bool folds = elements_of(made) > kMostAtOnce &&
                     std::all_of(inputs.begin(), inputs.end(), [&](ImportValueId input) {
                       return graph().constant(input) != nullptr;
                     });
  return {.tensor = folds ? folded(std::move(node), inputs, made)
                          : emit(std::move(node), std::move(inputs)),
          .view = view,
          .shape = shape};
}

// --- results ---

std::size_t Translation::result_count() const {
  std::int64_t count = 0;
  for (const auto& [name, each] : operation_->results) {
    count += each;
  }
  return static_cast<std::size_t>(count);
}

void Translation::give(Held held, std::size_t index) {
  results_.resize(std::max(results_.size(), index + 1));
  results_[index] = std::move(held);
}

void Translation::note(std::string reason) {
  result_.refusals.push_back(
      {.op = operation_->name, .reason = std::move(reason), .place = operation_->place});
}

void Translation::fail(const HloPlace& place, std::string_view message) const {
  throw WorkloadError({.file = module_.file, .line = place.line, .column = place.column},
                      calls_.empty() ? "" : "@" + printable(calls_.back()), message);
}

/// What the text says of the results is what follows from the operands.
void Translation::check_results() {
  for (std::size_t i = 0; i < results_.size() && i < operation_->result_types.size(); ++i) {
    const HloType& declared = operation_->result_types[i];
    if (declared.is_tensor && !is_floating(declared.element) && !is_integral(declared.element)) {
      refuse("expected a tensor of real or whole numbers, got {}", printable(declared.text));
    }
    if (results_[i].is_known() && declared.is_tensor && results_[i].shape != declared.shape) {
      refuse("expected a result of {}, got {}", text_of(results_[i].shape),
             printable(declared.text));
    }
  }
}

// --- the walk ---

void Translation::translate() {
  const Rule* const rule = rule_of(*operation_);
  const bool is_known = std::all_of(operands_.begin(), operands_.end(),
                                    [](const Held& held) { return held.is_known(); });
  results_.clear();
  if (rule == nullptr || (!is_known && !rule->takes_unknown)) {
    refuse_results();
    return;
  }
  try {
    rule->translate(*this);
    check_results();
  } catch (const Refused& refused) {
    note(refused.what());
    refuse_results();
  }
  results_.resize(result_count());
}

void Translation::run_operation(const HloOperation& operation, Scope& scope) {
  if (++result_.operations > kMostOperations) {
    fail(operation.place,
         fmt::format("expected at most {} operations, those of loops and calls counted as often "
                     "as they run, got more",
                     kMostOperations));
  }
  std::vector<Held> operands;
  for (const HloUse& use : operation.operands) {
    const Held* found = scope.find(use.name, use.part);
    if (found == nullptr) {
      fail(use.place,
           fmt::format("expected a value that is made before, got {}",
                       in_quotes(use.part == 0 ? fmt::format("%{}", use.name)
                                               : fmt::format("%{}#{}", use.name, use.part))));
    }
    operands.push_back(*found);
  }
  operation_ = &operation;
  scope_ = &scope;
  operands_ = std::move(operands);
  const std::string_view result =
      operation.results.empty() ? std::string_view{} : operation.results.front().first;
  label_ =
      fmt::format("{}{}{}{}", prefix_, operation.short_name(), result.empty() ? "" : "_", result);
  translate();
  auto next = results_.begin();
  for (const auto& [name, count] : operation.results) {
    scope.define(name, std::vector<Held>(next, next + count));
    next += count;
  }
}

std::vector<Held> Translation::run_operations(const HloRegion& region, Scope& scope) {
  for (const HloOperation& operation : region.operations) {
    if (operation.short_name() == "return") {
      std::vector<Held> returned;
      for (const HloUse& use : operation.operands) {
        const Held* found = scope.find(use.name, use.part);
        if (found == nullptr) {
          fail(use.place, fmt::format("expected a value that is made before, got {}",
                                      in_quotes("%" + use.name)));
        }
        returned.push_back(*found);
      }
      return returned;
    }
    run_operation(operation, scope);
  }
  return {};
}

std::vector<Held> Translation::run_body(const HloRegion& region, Scope& scope, std::string prefix) {
  const HloOperation* const operation = operation_;
  const Scope* const own_scope = scope_;
  std::vector<Held> operands = std::move(operands_);
  std::string label = label_;
  const std::string old_prefix = std::exchange(prefix_, std::move(prefix));
  std::vector<Held> made = run_operations(region, scope);
  operation_ = operation;
  scope_ = own_scope;
  operands_ = std::move(operands);
  label_ = std::move(label);
  prefix_ = old_prefix;
  results_.clear();
  return made;
}

std::vector<Held> Translation::run_region(const HloRegion& region, const std::vector<Held>& given,
                                          const std::string& called) {
  if (region.arguments.size() != given.size()) {
    refuse("expected a region of {} arguments, got one of {}", given.size(),
           region.arguments.size());
  }
  Scope scope(scope_);
  for (std::size_t i = 0; i < given.size(); ++i) {
    scope.define(region.arguments[i].first, {given[i]});
  }
  return run_body(region, scope, called + ".");
}

std::vector<Held> Translation::call(std::string_view name, const std::vector<Held>& given) {
  const HloFunction* const function = module_.function(name);
  if (function == nullptr || function->is_declared_only) {
    refuse("expected a function with a body, got {}", in_quotes("@" + std::string(name)));
  }
  if (calls_.size() > kDeepestCall ||
      std::find(calls_.begin(), calls_.end(), name) != calls_.end()) {
    fail(operation_->place, fmt::format("expected functions that do not call themselves, got {}",
                                        in_quotes("@" + std::string(name))));
  }
  if (given.size() != function->arguments.size()) {
    refuse("expected {} operands for @{}, got {}", function->arguments.size(), printable(name),
           given.size());
  }
  Scope scope;
  for (std::size_t i = 0; i < given.size(); ++i) {
    scope.define(function->arguments[i].name, {given[i]});
  }
  calls_.emplace_back(name);
  std::vector<Held> made = run_body(function->body, scope, prefix_ + std::string(name) + ".");
  calls_.pop_back();
  return made;
}

// --- the module ---

const Rule* rule_of(const HloOperation& operation) {
  const std::string_view name = operation.name;
  const std::string_view dialect = name.substr(0, std::min(name.find('.'), name.size()));
  constexpr std::array<std::string_view, 5> kDialects{"stablehlo", "mhlo", "chlo", "func", "arith"};
  if (std::find(kDialects.begin(), kDialects.end(), dialect) == kDialects.end()) {
    return nullptr;
  }
  for (const auto rules :
       {element_rules(), movement_rules(), product_rules(), reduction_rules(), control_rules()}) {
    const auto found = std::find_if(rules.begin(), rules.end(), [&](const Rule& each) {
      return each.op == operation.short_name();
    });
    if (found != rules.end()) {
      return &*found;
    }
  }
  return nullptr;
}

/// All at once, whether or not they can be reached with known values.
void Translation::note_unknown_operations(const HloRegion& region, std::set<std::string>& seen) {
  for (const HloOperation& operation : region.operations) {
    if (rule_of(operation) == nullptr && operation.short_name() != "return") {
      result_.refusals.push_back({.op = operation.name, .reason = {}, .place = operation.place});
    }
    if (operation.short_name() == "call") {
      const HloAttribute* const callee = operation.attribute("callee");
      const HloFunction* const function =
          callee == nullptr ? nullptr : module_.function(callee->text);
      if (function != nullptr && seen.insert(function->name).second) {
        note_unknown_operations(function->body, seen);
      }
    }
    for (const HloRegion& inner : operation.regions) {
      note_unknown_operations(inner, seen);
    }
  }
}

void Translation::add_arguments(const HloFunction& entry, Scope& scope) {
  for (std::size_t i = 0; i < entry.arguments.size(); ++i) {
    const HloArgument& argument = entry.arguments[i];
    const bool is_number = is_floating(argument.type.element) || is_integral(argument.type.element);
    const OnnxShape& shape = argument.type.shape;
    if (!argument.type.is_tensor || !is_number ||
        std::any_of(shape.begin(), shape.end(), [](std::int64_t size) { return size < 1; })) {
      fail(argument.place, fmt::format("expected a tensor of numbers, of fixed size and with "
                                       "elements, got {}",
                                       printable(argument.type.text)));
    }
    const std::string name = systole::name_of(argument, i);
    ImportValueId id = kNoValue;
    if (auto constant = weights_(i)) {
      id = graph().add_constant(name, *std::move(constant));
      graph().value(id).type = computed_type(argument.type.element);
    } else {
      id = graph().add_value(
          {.name = name, .type = computed_type(argument.type.element), .shape = shape});
      graph().inputs.push_back(id);
    }
    names_.insert(name);
    scope.define(argument.name, {plain(id)});
  }
}

void Translation::add_outputs(const HloFunction& entry, const std::vector<Held>& results) {
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!results[i].is_known()) {
      continue;
    }
    std::string name = results.size() == 1 ? "result" : fmt::format("result{}", i);
    if (i < entry.results.size()) {
      const auto info = entry.results[i].attributes.find("jax.result_info");
      if (info != entry.results[i].attributes.end() && !info->second.text.empty()) {
        name = info->second.text;
      }
    }
    label_ = name + ".view";
    operation_ = &entry.body.operations.back();
    ImportValueId id = whole(results[i]);
    const bool is_taken =
        graph().constant(id) == nullptr && (maker(id) == nullptr || graph().is_output(id));
    if (is_taken) {  // an input, or an output by another name
      id = emit("Identity", {id});
    }
    graph().value(id).name = unique_name(name);
    graph().outputs.push_back(id);
  }
}

HloTranslation Translation::run() {
  result_.graph.file = module_.file;
  result_.graph.name = std::filesystem::path(module_.file).stem().string();
  constexpr std::int64_t kOpset = 17;
  result_.graph.opset = kOpset;
  const HloFunction* const entry = module_.entry();
  if (entry == nullptr || entry->is_declared_only) {
    throw WorkloadError({.file = module_.file}, "",
                        "expected a function @main with a body, or a single one, got none");
  }
  calls_.push_back(entry->name);
  std::set<std::string> seen{entry->name};
  note_unknown_operations(entry->body, seen);
  Scope scope;
  add_arguments(*entry, scope);
  const std::vector<Held> results = run_operations(entry->body, scope);
  if (results.empty()) {
    fail(entry->place, "expected a function that returns tensors, got none");
  }
  add_outputs(*entry, results);
  return std::move(result_);
}

}  // namespace systole::stablehlo

namespace systole {

HloTranslation translate_hlo_module(const HloModule& module, const HloWeights& weights) {
  return stablehlo::Translation(module, weights).run();
}

std::vector<std::string> translated_operations() {
  std::set<std::string> names;
  for (const auto rules :
       {stablehlo::element_rules(), stablehlo::movement_rules(), stablehlo::product_rules(),
        stablehlo::reduction_rules(), stablehlo::control_rules()}) {
    for (const stablehlo::Rule& rule : rules) {
      names.emplace(rule.op);
    }
  }
  return {names.begin(), names.end()};
}

std::string name_of(const HloArgument& argument, std::size_t index) {
  if (!argument.label.empty()) {
    return argument.label;
  }
  return argument.name.empty() ? fmt::format("arg{}", index) : argument.name;
}

}  // namespace systole
