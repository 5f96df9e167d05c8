#include "compiler/frontend/read_description.h"

#include <set>

#include <fmt/format.h>

#include "arch/config/near_name.h"
#include "arch/config/text_file.h"
#include "compiler/frontend/layer_reader.h"

namespace systole {

namespace {

constexpr Range kSize{.min = 1, .max = kMaxSize};
constexpr Range kFeatures{.min = 1, .max = kMaxFeatures};
constexpr std::size_t kMaxLayers = 10000;

/// Reads `layers`, entry by entry; a block's entry becomes the layers of the block.
class LayerList {
 public:
  LayerList(const ConfigNode& root, NetworkDescription& description)
      : root_(root), blocks_(root.optional_map("blocks")), description_(description) {}

  void read() {
    if (description_.inputs.size() == 1) {
      const InputDescription& input = description_.inputs.front();
      previous_ = TensorReference{.name = input.name, .place = input.place};
    }
    const auto entries = root_.list("layers");
    if (entries.empty()) {
      root_.fail("layers", "expected at least one layer, got none");
    }
    for (const ConfigNode& entry : entries) {
      read_entry(entry);
    }
    check_blocks_are_used();
  }

 private:
  void read_entry(const ConfigNode& entry) {
    for (const std::string& name : names_of(entry)) {
      if (entry.has("block")) {
        use_block(entry, name);
      } else {
        add(read_layer(top_, entry, name, previous_));
      }
      previous_ = TensorReference{.name = name,
                                  .place = {.location = entry.location(), .path = entry.path()}};
    }
  }

  /// `name: a`, or `names: [a, b]` for equal layers one behind the other.
  static std::vector<std::string> names_of(const ConfigNode& entry) {
    if (!entry.has("names")) {
      return {read_name(entry.child("name"))};
    }
    if (entry.has("name")) {
      entry.fail("name", "expected either name or names, got both");
    }
    std::vector<std::string> names;
    for (const ConfigNode& element : entry.list("names")) {
      names.push_back(read_name(element));
    }
    if (names.empty()) {
      entry.fail("names", "expected at least one name, got none");
    }
    return names;
  }

  std::vector<ConfigNode> layers_of_block(const ConfigNode& entry) {
    const std::string name = entry.text("block");
    if (!blocks_ || !blocks_->has(name)) {
      const std::vector<std::string> keys = blocks_ ? blocks_->keys() : std::vector<std::string>();
      const std::vector<std::string_view> known(keys.begin(), keys.end());
      entry.fail("block", fmt::format("expected a key of blocks, got {}{}", in_quotes(name),
                                      suggestion(name, known)));
    }
    used_.insert(name);
    auto layers = blocks_->list(name);
    if (layers.empty()) {
      blocks_->fail(name, "expected at least one layer, got none");
    }
    return layers;
  }

  void use_block(const ConfigNode& entry, const std::string& name) {
    const auto inputs = read_inputs(top_, entry, previous_);
    if (inputs.size() != 1) {
      entry.fail("inputs", fmt::format("expected one input for a block, got {}", inputs.size()));
    }
    const LayerScope scope{.prefix = name + ".",
                           .input = inputs.front(),
                           .user = entry,
                           .parameters = entry.optional_map("with"),
                           .outer = &top_};
    std::optional<TensorReference> previous = inputs.front();
    for (const ConfigNode& layer : layers_of_block(entry)) {
      add(read_layer(scope, layer, read_name(layer.child("name")), previous));
      previous = TensorReference{.name = description_.layers.back().name,
                                 .place = {.location = layer.location(), .path = layer.path()}};
    }
    if (scope.parameters) {
      scope.parameters->finish();
    }
    entry.finish();
    const UsedBlock block{.last_layer = previous->name,
                          .place = {.location = entry.location(), .path = name}};
    if (!description_.blocks.emplace(name, block).second) {
      block.place.fail(fmt::format("expected a name that nothing else has, got '{}' again", name));
    }
  }

  void add(LayerDescription layer) {
    if (description_.layers.size() == kMaxLayers) {
      layer.place().fail(fmt::format("expected at most {} layers, got more", kMaxLayers));
    }
    description_.layers.push_back(std::move(layer));
  }

  void check_blocks_are_used() const {
    if (!blocks_) {
      return;
    }
    for (const std::string& name : blocks_->keys()) {
      if (used_.count(name) == 0) {
        blocks_->fail(name, "expected a layer that uses this block, got none");
      }
    }
  }

  const ConfigNode& root_;
  std::optional<ConfigNode> blocks_;
  NetworkDescription& description_;
  LayerScope top_;
  std::optional<TensorReference> previous_;
  std::set<std::string, std::less<>> used_;
};

Quantization quantization_at(const ConfigNode& node, std::string_view key,
                             const Quantization& otherwise) {
  const auto map = node.optional_map(key);
  return map ? read_quantization({}, *map).over(otherwise) : otherwise;
}

NetworkDefaults read_defaults(const ConfigNode& root) {
  NetworkDefaults defaults;
  const auto node = root.optional_map("defaults");
  if (!node) {
    return defaults;
  }
  defaults.output = quantization_at(*node, "output", defaults.output);
  defaults.relu_output = quantization_at(*node, "relu_output", defaults.relu_output);
  for (const NumberFunction& function : number_functions()) {
    if (function.is_looked_up()) {
      Quantization& before = defaults.before[static_cast<std::size_t>(function.kind)];
      before = quantization_at(*node, fmt::format("{}_before", function.name()), before);
    }
  }
  defaults.weight_gain =
      node->optional_real("weight_gain", {.min = 1e-6, .max = 1e6}).value_or(defaults.weight_gain);
  node->finish();
  return defaults;
}

InputDescription read_input(const ConfigNode& node) {
  InputDescription input;
  input.name = read_name(node.child("name"));
  input.place = {.location = node.location(), .path = input.name};
  if (node.has("features")) {
    input.type = feature_type(DataType::Int8, 1, node.integer("features", kFeatures));
  } else {
    Shape shape;
    shape.rows = node.integer("rows", kSize);
    shape.cols = node.integer("cols", kSize);
    shape.channels = node.integer("channels", kSize);
    input.type = image_type(DataType::Int8, shape);
  }
  constexpr Quantization kDefault{.scale = 1.0 / 64, .zero_point = 0};
  input.quantization = kDefault;
  input.quantization = quantization_at(node, "quantization", kDefault);
  input.file = node.optional_text("file");
  node.finish();
  return input;
}

std::optional<WeightFiles> read_weight_files(const ConfigNode& root) {
  const auto node = root.optional_map("weights");
  if (!node) {
    return std::nullopt;
  }
  WeightFiles files;
  files.directory = node->text("directory");
  files.batch_norm_epsilon = node->optional_real("batch_norm_epsilon", {.min = 1e-12, .max = 1.0})
                                 .value_or(files.batch_norm_epsilon);
  node->finish();
  return files;
}

}  // namespace

NetworkDescription read_description(const ConfigNode& root) {
  NetworkDescription description;
  description.place = {.location = root.location(), .path = {}};
  description.file = root.location().file;
  description.name = read_name(root.child("network"));
  static_cast<void>(root.optional_text("description"));
  description.batch = root.optional_integer("batch", kSize).value_or(1);
  description.defaults = read_defaults(root);
  description.weight_files = read_weight_files(root);
  const auto inputs = root.list("inputs");
  if (inputs.empty()) {
    root.fail("inputs", "expected at least one input, got none");
  }
  for (const ConfigNode& input : inputs) {
    description.inputs.push_back(read_input(input));
  }
  LayerList(root, description).read();
  if (root.has("outputs") && root.list("outputs").empty()) {
    root.fail("outputs", "expected at least one layer, or no such key, got an empty list");
  }
  for (const ConfigNode& output : root.optional_list("outputs")) {
    description.outputs.push_back(
        {.name = output.as_text(),
         .place = {.location = output.location(), .path = output.path()}});
  }
  root.finish();
  return description;
}

}  // namespace systole
