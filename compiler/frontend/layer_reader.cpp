#include "compiler/frontend/layer_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "arch/config/near_name.h"
#include "arch/config/quantity_text.h"
#include "arch/config/text_file.h"

namespace systole {

namespace {

constexpr Range kPad{.min = 0, .max = kMaxSize};
constexpr Range kZeroPoint{.min = -128, .max = 127};
constexpr RealRange kScale{.min = 1e-12, .max = 1e12};
constexpr RealRange kGain{.min = 1e-6, .max = 1e6};
constexpr std::size_t kMaxName = 100;

[[noreturn]] void fail_unknown(const LayerScope& scope, const ConfigNode& node,
                               const std::string& name) {
  if (scope.user) {
    scope.user->fail("with", fmt::format("expected a value for the block's parameter {}, got none",
                                         in_quotes(name)));
  }
  std::vector<std::string_view> known;
  for (const auto& [dim, value] : scope.dims->values()) {
    known.emplace_back(dim);
  }
  node.fail(known.empty()
                ? fmt::format("expected a value, got {} outside a block", in_quotes("$" + name))
                : fmt::format("expected a key of dims behind '$', got {}{}", in_quotes(name),
                              suggestion(name, known)));
}

ConfigNode named(const LayerScope& scope, const ConfigNode& node, const std::string& name) {
  if (scope.parameters && scope.parameters->has(name)) {
    return resolve(*scope.outer, scope.parameters->child(name));
  }
  if (name == "index" && scope.user) {
    return node.computed(fmt::format("{}", scope.index));
  }
  if (const auto dim = scope.dims->find(name)) {
    return node.computed(fmt::format("{}", *dim));
  }
  fail_unknown(scope, node, name);
}

double number_named(const LayerScope& scope, const ConfigNode& node, const std::string& name) {
  const ConfigNode value = named(scope, node, name);
  const std::optional<double> number =
      value.is_scalar() ? parse_real(value.as_text()) : std::optional<double>();
  if (!number) {
    value.fail(fmt::format("expected a number for '${}' of the formula {}, got {}", name,
                           in_quotes(node.as_text()),
                           value.is_scalar() ? in_quotes(value.as_text()) : "several values"));
  }
  return *number;
}

/// `keys.$index` of what is repeated.
std::string with_index(std::string text, std::int64_t index) {
  constexpr std::string_view kIndex = "$index";
  for (std::size_t at = text.find(kIndex); at != std::string::npos; at = text.find(kIndex, at)) {
    text.replace(at, kIndex.size(), fmt::format("{}", index));
  }
  return text;
}

/// A parameter's text names a tensor where the block's user is written.
TensorReference reference(const LayerScope& scope, const ConfigNode& written) {
  const LayerScope* named_in = &scope;
  std::int64_t index = scope.index;
  ConfigNode node = written;
  for (auto name = lone_name(node.as_text()); name; name = lone_name(node.as_text())) {
    if (*name == "input" && named_in->input) {
      return *named_in->input;
    }
    if (!named_in->parameters || !named_in->parameters->has(*name)) {
      fail_unknown(*named_in, node, *name);
    }
    node = named_in->parameters->child(*name);
    index = named_in->index;
    named_in = named_in->outer;
  }
  return {.name = named_in->prefix + with_index(node.as_text(), index),
          .place = {.location = node.location(), .path = node.path()}};
}

struct Pair {
  std::int64_t rows = 1;
  std::int64_t cols = 1;
};

/// `3` for both directions, or `[rows, cols]`.
Pair read_pair(const LayerScope& scope, const ConfigNode& node, std::string_view key) {
  const ConfigNode value = value_of(scope, node, key);
  if (!value.is_list()) {
    const std::int64_t both = value.as_integer(kSize);
    return {.rows = both, .cols = both};
  }
  const auto elements = value.elements();
  if (elements.size() != 2) {
    value.fail(fmt::format("expected one number or [rows, cols], got {} numbers", elements.size()));
  }
  return {.rows = resolve(scope, elements[0]).as_integer(kSize),
          .cols = resolve(scope, elements[1]).as_integer(kSize)};
}

void read_padding(const LayerScope& scope, const ConfigNode& node, Kernel& kernel) {
  const ConfigNode value = value_of(scope, node, "padding");
  if (value.is_list()) {
    const auto elements = value.elements();
    if (elements.size() != 4) {
      value.fail(
          fmt::format("expected one number, [top, bottom, left, right] or same, got {} numbers",
                      elements.size()));
    }
    const auto pad = [&](std::size_t i) { return resolve(scope, elements[i]).as_integer(kPad); };
    kernel.pad_top = pad(0);
    kernel.pad_bottom = pad(1);
    kernel.pad_left = pad(2);
    kernel.pad_right = pad(3);
    return;
  }
  const std::string text = value.as_text();
  kernel.same_padding = text == "same";
  if (!kernel.same_padding) {
    if (text.find_first_not_of("-0123456789") != std::string::npos) {
      value.fail(fmt::format("expected one number, [top, bottom, left, right] or same, got {}",
                             in_quotes(text)));
    }
    kernel.pad_top = value.as_integer(kPad);
    kernel.pad_bottom = kernel.pad_left = kernel.pad_right = kernel.pad_top;
  }
}

/// Reads the attributes of one operator, row by row of its table.
class AttributeReader {
 public:
  AttributeReader(const LayerScope& scope, const ConfigNode& node, LayerDescription& layer)
      : scope_(scope), node_(node), layer_(layer), attributes_(attributes_of(layer.op)) {}

  void read(const Attribute& attribute) {
    key_ = attribute.key;
    const bool required = attribute.presence == Attribute::Presence::Required;
    if (!node_.has(key_) && !required) {
      return;
    }
    std::visit(*this, attribute.value);
    const ConfigNode written = node_.child(key_);
    written_.attributes.insert_or_assign(
        std::string(key_), Place{.location = written.location(), .path = written.path()});
    // Later messages stand where the value does: for a parameter of a block, at its user.
    layer_.where.attributes.insert_or_assign(
        std::string(key_), Place{.location = value_of(scope_, node_, key_).location(),
                                 .path = fmt::format("{}.{}", layer_.name, key_)});
  }
  /// Of the attributes read so far, as the file's own paths name them.
  [[nodiscard]] const OpPlace& written() const { return written_; }

  void operator()(const Attribute::Integer& value) const {
    value.at(attributes_) =
        value_of(scope_, node_, key_).as_integer({.min = value.least, .max = value.most});
  }
  void operator()(const Attribute::Text& value) const {
    value.at(attributes_) = value_of(scope_, node_, key_).as_text();
  }
  void operator()(const Attribute::Sizes& value) const {
    const ConfigNode list = value_of(scope_, node_, key_);
    const auto elements = list.elements();
    if (elements.empty() || elements.size() >= kMaxRank) {
      list.fail(fmt::format("expected 1..{} numbers, got {}", kMaxRank - 1, elements.size()));
    }
    Extents& extents = value.at(attributes_);
    extents.clear();
    for (const ConfigNode& element : elements) {
      extents.push_back(resolve(scope_, element).as_integer({.min = 1, .max = kMaxFeatures}));
    }
  }
  void operator()(const Attribute::Flag& value) const {
    value.at(attributes_) =
        is_named() ? value_of(scope_, node_, key_).as_boolean() : node_.boolean(key_);
  }
  void operator()(const Attribute::Real& value) const {
    value.at(attributes_) =
        value_of(scope_, node_, key_).as_real({.min = value.least, .max = value.most});
  }
  void operator()(const Attribute::Sides& value) const {
    Kernel& kernel = value.at(attributes_);
    const Pair sides = read_pair(scope_, node_, key_);
    kernel.*value.rows = sides.rows;
    kernel.*value.cols = sides.cols;
  }
  void operator()(const Attribute::Padding& value) const {
    read_padding(scope_, node_, value.at(attributes_));
  }
  void operator()(const Attribute::Function& value) const {
    value.at(attributes_) = is_named() ? value_of(scope_, node_, key_).as_choice<ActivationKind>()
                                       : node_.choice<ActivationKind>(key_);
  }
  void operator()(const Attribute::Before& /*value*/) const {
    layer_.before = read_quantization(scope_, node_.map(key_));
  }
  void operator()(const Attribute::Weights& /*value*/) const {
    const ConfigNode weights = node_.map(key_);
    if (weights.has("scale")) {
      layer_.weight_scale = value_of(scope_, weights, "scale").as_real(kScale);
    }
    if (weights.has("gain")) {
      layer_.weight_gain = value_of(scope_, weights, "gain").as_real(kGain);
    }
    read_channel_scales(weights);
    layer_.weight_storage = read_weight_storage(scope_, weights);
    weights.finish();
  }
  void operator()(const Attribute::Output& value) const {
    if (!value.settled.empty()) {
      node_.fail(key_, fmt::format("expected no output quantisation ({}), got one", value.settled));
    }
    layer_.output = read_quantization(scope_, node_.map(key_));
  }

 private:
  /// Of output channels: listed, or to be made.
  void read_channel_scales(const ConfigNode& weights) const {
    if (weights.has("scales")) {
      for (const ConfigNode& scale : weights.list("scales")) {
        layer_.channel_scales.push_back(resolve(scope_, scale).as_real(kScale));
      }
      if (layer_.channel_scales.empty()) {
        weights.fail("scales", "expected a scale for each output channel, got none");
      }
    }
    if (weights.has("per_channel")) {
      layer_.per_channel = weights.boolean("per_channel");
    }
    for (const std::string_view key : {"scales", "per_channel"}) {
      if (weights.has(key) && weights.has("scale")) {
        weights.fail(key, fmt::format("expected either scale or {}, got both", key));
      }
    }
    if (weights.has("scales") && weights.has("per_channel")) {
      weights.fail("per_channel", "expected either scales or per_channel, got both");
    }
  }
  /// Whether the value is a parameter of a block.
  [[nodiscard]] bool is_named() const { return has_names(node_.child(key_)); }

  const LayerScope& scope_;
  const ConfigNode& node_;
  LayerDescription& layer_;
  void* attributes_;
  std::string_view key_;
  OpPlace written_;
};

void check_input_count(const ConfigNode& node, const OpEntry& entry, std::size_t count) {
  const auto fail = [&](std::string_view expected) {
    node.fail(node.has("inputs") ? "inputs" : "input",
              fmt::format("expected {} for {}, got {}", expected, entry.name, count));
  };
  switch (entry.inputs) {
    case InputCount::One:
      return count == 1 ? void() : fail("one input");
    case InputCount::Two:
      return count == 2 ? void() : fail("two inputs");
    case InputCount::Three:
      return count == 3 ? void() : fail("three inputs");
    case InputCount::AtLeastOne:
      return count >= 1 ? void() : fail("at least one input");
    case InputCount::AtLeastTwo:
      return count >= 2 ? void() : fail("at least two inputs");
  }
}

}  // namespace

ConfigNode resolve(const LayerScope& scope, const ConfigNode& node) {
  if (!has_names(node)) {
    return node;
  }
  const std::string text = node.as_text();
  if (const auto name = lone_name(text)) {
    return named(scope, node, *name);
  }
  return evaluated(node, [&](const std::string& name) { return number_named(scope, node, name); });
}

ConfigNode value_of(const LayerScope& scope, const ConfigNode& node, std::string_view key) {
  return resolve(scope, node.child(key));
}

std::int64_t integer_of(const LayerScope& scope, const ConfigNode& node, std::string_view key,
                        Range range) {
  const bool is_formula = node.has(key) && has_names(node.child(key));
  return is_formula ? value_of(scope, node, key).as_integer(range) : node.integer(key, range);
}

bool is_name_character(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '_' || character == '-' ||
         character == '.';
}

std::string read_name(const ConfigNode& node) {
  std::string name = node.as_text();
  if (name.size() > kMaxName || !std::all_of(name.begin(), name.end(), is_name_character) ||
      name.front() == '.' || name.back() == '.') {
    node.fail(
        fmt::format("expected a name of at most {} letters, digits, '_', '-' and, between "
                    "others, '.', got {}",
                    kMaxName, in_quotes(name)));
  }
  return name;
}

std::optional<WeightStorage> read_weight_storage(const LayerScope& scope, const ConfigNode& node) {
  if (!node.has("type")) {
    if (node.has("group")) {
      node.fail("group", "expected beside type, got it alone");
    }
    return std::nullopt;
  }
  WeightStorage storage{.type = value_of(scope, node, "type").as_choice<StorageType>()};
  storage.group = node.has("group")
                      ? value_of(scope, node, "group").as_integer({.min = 1, .max = kMostInGroup})
                      : usual_group(storage.type);
  return storage;
}

PartialQuantization read_quantization(const LayerScope& scope, const ConfigNode& node) {
  PartialQuantization quantization;
  if (node.has("scale")) {
    quantization.scale = value_of(scope, node, "scale").as_real(kScale);
  }
  if (node.has("zero_point")) {
    quantization.zero_point =
        static_cast<std::int32_t>(value_of(scope, node, "zero_point").as_integer(kZeroPoint));
  }
  node.finish();
  return quantization;
}

std::vector<TensorReference> read_inputs(const LayerScope& scope, const ConfigNode& node,
                                         const std::optional<TensorReference>& previous) {
  std::vector<TensorReference> inputs;
  if (node.has("inputs")) {
    if (node.has("input")) {
      node.fail("input", "expected either input or inputs, got both");
    }
    for (const ConfigNode& element : node.list("inputs")) {
      inputs.push_back(reference(scope, element));
    }
  } else if (node.has("input")) {
    const TensorReference named = reference(scope, node.child("input"));
    inputs.push_back(scope.is_behind ? previous.value() : named);
  } else if (previous) {
    inputs.push_back(*previous);
  } else {
    node.fail("input", "expected the name of one of the network's inputs, got nothing");
  }
  return inputs;
}

LayerDescription read_layer(const LayerScope& scope, const ConfigNode& node,
                            const std::string& name,
                            const std::optional<TensorReference>& previous) {
  LayerDescription layer;
  layer.name = scope.prefix + name;
  layer.where.op = {.location = node.location(), .path = layer.name};
  const bool is_named = node.has("op") && has_names(node.child("op"));
  const OpName op =
      is_named ? value_of(scope, node, "op").as_choice<OpName>() : node.choice<OpName>("op");
  const OpEntry& entry = op_entries()[static_cast<std::size_t>(op)];
  layer.kind = entry.name;
  layer.op = entry.prototype;
  layer.inputs = read_inputs(scope, node, previous);
  check_input_count(node, entry, layer.inputs.size());
  AttributeReader reader(scope, node, layer);
  for (const Attribute& attribute : entry.attributes) {
    reader.read(attribute);
  }
  complete(layer.op, reader.written());
  node.finish();
  return layer;
}

}  // namespace systole
