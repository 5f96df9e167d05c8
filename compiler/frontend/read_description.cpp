#include "compiler/frontend/read_description.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arch/config/near_name.h"
#include "arch/config/text_file.h"
#include "compiler/frontend/layer_reader.h"

namespace systole {

namespace {

constexpr Range kFeatures{.min = 1, .max = kMaxFeatures};
constexpr std::size_t kMaxLayers = 10000;
constexpr std::size_t kMaxEntries = 10 * kMaxLayers;  ///< so that no repetition takes forever
constexpr Range kRepeat{.min = 0, .max = kMaxLayers};

/// Reads `layers`, entry by entry; a block's entry becomes the layers of the block.
class LayerList {
 public:
  LayerList(const ConfigNode& root, const LayerScope& top, NetworkDescription& description)
      : root_(root), top_(top), blocks_(root.optional_map("blocks")), description_(description) {}

  void read() {
    std::optional<TensorReference> previous;
    const auto is_read = [](const InputDescription& input) { return !input.is_state; };
    if (std::count_if(description_.inputs.begin(), description_.inputs.end(), is_read) == 1) {
      const InputDescription& input = description_.inputs.front();
      previous = TensorReference{.name = input.name, .place = input.place};
    }
    const auto entries = root_.list("layers");
    if (entries.empty()) {
      root_.fail("layers", "expected at least one layer, got none");
    }
    static_cast<void>(read_entries(top_, entries, previous));
    if (description_.layers.empty()) {
      root_.fail("layers", "expected at least one layer, got only such as are left out");
    }
    check_blocks_are_used();
  }

 private:
  using Previous = std::optional<TensorReference>;
  /// One of the names of an entry, counted from 0.
  struct Instance {
    std::string name;
    std::size_t index = 0;
  };

  /// What an entry behind the last would read.
  Previous read_entries(const LayerScope& scope, const std::vector<ConfigNode>& entries,
                        Previous previous) {
    for (const ConfigNode& entry : entries) {
      if (is_left_out(scope, entry)) {
        note_left_out(scope, entry);
        continue;
      }
      const std::vector<std::string> names = names_of(scope, entry);
      LayerScope each = scope;
      for (std::size_t index = 0; index < names.size(); ++index) {
        each.is_behind = index > 0;
        previous = read_entry(each, entry, {names[index], index}, previous);
      }
      if (names.empty()) {
        note_left_out(scope, entry);
        stand_for(scope, entry, read_inputs(scope, entry, previous).front());
      } else if (entry.has("repeat")) {
        stand_for(scope, entry, *previous);
      }
    }
    return previous;
  }

  TensorReference read_entry(const LayerScope& scope, const ConfigNode& entry,
                             const Instance& instance, const Previous& previous) {
    const std::string& name = instance.name;
    if (++entries_ > kMaxEntries) {
      entry.fail(
          fmt::format("expected at most {} uses of layers and blocks, got more", kMaxEntries));
    }
    if (entry.has("block")) {
      return use_block(scope, entry, instance, previous);
    }
    in_instance(scope, name, [&] { add(read_layer(scope, entry, name, previous)); });
    return {.name = scope.prefix + name,
            .place = {.location = entry.location(), .path = entry.path()}};
  }

  /// Runs `read`; what is wrong inside a block is told of the layer that it becomes.
  template <class Read>
  static void in_instance(const LayerScope& scope, const std::string& name, const Read& read) {
    if (!scope.user) {
      read();
      return;
    }
    try {
      read();
    } catch (const WorkloadError& error) {
      throw WorkloadError(fmt::format("{} (in {}{})", error.what(), scope.prefix, name));
    }
  }

  /// `when: FORMULA` keeps an entry where it is not 0.
  static bool is_left_out(const LayerScope& scope, const ConfigNode& entry) {
    return entry.has("when") && value_of(scope, entry, "when").as_real() == 0.0;
  }

  /// What only such an entry needs is no mistake.
  void note_left_out(const LayerScope& scope, const ConfigNode& entry) {
    note_blocks_of(entry);
    note_parameters(scope, entry);
  }

  static void note_parameters(const LayerScope& scope, const ConfigNode& node) {
    for_each_name(node, [&](const std::string& name) {
      if (scope.parameters && scope.parameters->has(name)) {
        note_parameters(*scope.outer, scope.parameters->child(name));
      }
    });
  }

  void note_blocks_of(const ConfigNode& entry) {
    const bool is_new = entry.has("block") && used_.count(entry.text("block")) == 0;
    if (is_new) {
      for (const ConfigNode& layer : layers_of_block(entry)) {
        note_blocks_of(layer);
      }
    }
  }

  /// `name: a`, `names: [a, b]` for equal layers one behind the other, or with `repeat: N` a.0,
  /// a.1, and so on.
  static std::vector<std::string> names_of(const LayerScope& scope, const ConfigNode& entry) {
    if (!entry.has("names")) {
      const std::string name = read_name(entry.child("name"));
      if (!entry.has("repeat")) {
        return {name};
      }
      std::vector<std::string> names;
      const std::int64_t count = integer_of(scope, entry, "repeat", kRepeat);
      for (std::int64_t i = 0; i < count; ++i) {
        names.push_back(fmt::format("{}.{}", name, i));
      }
      return names;
    }
    for (const char* other : {"name", "repeat"}) {
      if (entry.has(other)) {
        entry.fail(other, fmt::format("expected either {} or names, got both", other));
      }
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

  /// A block that leads to itself has no end.
  void check_nesting(const ConfigNode& entry) const {
    const std::string name = entry.text("block");
    if (std::find(open_.begin(), open_.end(), name) != open_.end()) {
      entry.fail("block", fmt::format("expected blocks of which none leads to itself, got {} -> {}",
                                      fmt::join(open_, " -> "), name));
    }
  }

  TensorReference use_block(const LayerScope& outer, const ConfigNode& entry,
                            const Instance& instance, const Previous& before) {
    const std::string& name = instance.name;
    std::vector<TensorReference> inputs;
    std::vector<ConfigNode> layers;
    in_instance(outer, name, [&] {
      inputs = read_inputs(outer, entry, before);
      if (inputs.size() != 1) {
        entry.fail("inputs", fmt::format("expected one input for a block, got {}", inputs.size()));
      }
      check_nesting(entry);
      layers = layers_of_block(entry);
    });
    const LayerScope scope{.dims = outer.dims,
                           .prefix = fmt::format("{}{}.", outer.prefix, name),
                           .input = inputs.front(),
                           .user = entry,
                           .parameters = entry.optional_map("with"),
                           .index = static_cast<std::int64_t>(instance.index),
                           .outer = &outer};
    open_.push_back(entry.text("block"));
    const TensorReference last = *read_entries(scope, layers, inputs.front());
    open_.pop_back();
    in_instance(outer, name, [&] {
      if (scope.parameters) {
        scope.parameters->finish();
      }
      entry.finish();
    });
    name_block(outer.prefix + name, last.name, entry);
    return {.name = last.name, .place = {.location = entry.location(), .path = entry.path()}};
  }

  /// The name of a repeated entry means the last of them, or its input where it is repeated 0
  /// times.
  void stand_for(const LayerScope& scope, const ConfigNode& entry, const TensorReference& last) {
    name_block(scope.prefix + read_name(entry.child("name")), last.name, entry);
  }

  void name_block(const std::string& name, const std::string& last, const ConfigNode& entry) {
    const UsedBlock block{.last_layer = last,
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
  const LayerScope& top_;
  std::optional<ConfigNode> blocks_;
  NetworkDescription& description_;
  std::set<std::string, std::less<>> used_;
  std::size_t entries_ = 0;        ///< read so far, each as often as it is repeated
  std::vector<std::string> open_;  ///< blocks that are being used, outermost first
};

Quantization quantization_at(const LayerScope& scope, const ConfigNode& node, std::string_view key,
                             const Quantization& otherwise) {
  const auto map = node.optional_map(key);
  return map ? read_quantization(scope, *map).over(otherwise) : otherwise;
}

NetworkDefaults read_defaults(const LayerScope& scope, const ConfigNode& root) {
  NetworkDefaults defaults;
  const auto node = root.optional_map("defaults");
  if (!node) {
    return defaults;
  }
  defaults.output = quantization_at(scope, *node, "output", defaults.output);
  defaults.relu_output = quantization_at(scope, *node, "relu_output", defaults.relu_output);
  for (const NumberFunction& function : number_functions()) {
    if (function.is_looked_up()) {
      Quantization& before = defaults.before[static_cast<std::size_t>(function.kind)];
      before = quantization_at(scope, *node, fmt::format("{}_before", function.name()), before);
    }
  }
  defaults.weight_gain =
      node->optional_real("weight_gain", {.min = 1e-6, .max = 1e6}).value_or(defaults.weight_gain);
  defaults.per_channel = node->has("per_channel") && node->boolean("per_channel");
  if (const auto weights = node->optional_map("weights")) {
    defaults.weight_storage = read_weight_storage(scope, *weights);
    weights->finish();
  }
  node->finish();
  return defaults;
}

/// All axes but the batch.
Extents read_extents(const LayerScope& scope, const ConfigNode& node) {
  const auto elements = node.list("extents");
  if (elements.empty() || elements.size() >= kMaxRank) {
    node.fail("extents", fmt::format("expected 1 to {} axes behind the batch, got {}", kMaxRank - 1,
                                     elements.size()));
  }
  Extents extents{1};
  for (const ConfigNode& element : elements) {
    extents.push_back(resolve(scope, element).as_integer(kFeatures));
  }
  return extents;
}

InputDescription read_input(const LayerScope& scope, const ConfigNode& node, bool is_state) {
  InputDescription input;
  input.is_state = is_state;
  if (is_state && node.has("type")) {
    input.stored = value_of(scope, node, "type").as_choice<StateType>();
  }
  input.name = read_name(node.child("name"));
  input.place = {.location = node.location(), .path = input.name};
  if (node.has("features")) {
    input.type = feature_type(DataType::Int8, 1, integer_of(scope, node, "features", kFeatures));
  } else if (node.has("extents")) {
    input.type = {.element = DataType::Int8, .extents = read_extents(scope, node)};
  } else {
    Shape shape;
    shape.rows = integer_of(scope, node, "rows", kSize);
    shape.cols = integer_of(scope, node, "cols", kSize);
    shape.channels = integer_of(scope, node, "channels", kSize);
    input.type = image_type(DataType::Int8, shape);
  }
  constexpr Quantization kDefault{.scale = 1.0 / 64, .zero_point = 0};
  input.quantization = kDefault;
  input.quantization = quantization_at(scope, node, "quantization", kDefault);
  input.file = node.optional_text("file");
  if (is_state && node.has("shared")) {
    input.is_shared = node.boolean("shared");
  }
  node.finish();
  return input;
}

IndexDescription read_indices(const LayerScope& scope, const ConfigNode& node) {
  IndexDescription indices;
  indices.name = read_name(node.child("name"));
  indices.place = {.location = node.location(), .path = indices.name};
  indices.count = integer_of(scope, node, "indices", kFeatures);
  indices.below = integer_of(scope, node, "below", kFeatures);
  indices.file = node.optional_text("file");
  node.finish();
  return indices;
}

/// `repeat: N` makes NAME.0 to NAME.N-1 of an input.
void add_inputs(const LayerScope& scope, const ConfigNode& node, bool are_states,
                NetworkDescription& description) {
  std::vector<InputDescription>& inputs = description.inputs;
  if (!are_states && node.has("indices")) {
    description.indices.push_back(read_indices(scope, node));
    return;
  }
  if (!node.has("repeat")) {
    inputs.push_back(read_input(scope, node, are_states));
    return;
  }
  const std::int64_t count = integer_of(scope, node, "repeat", kRepeat);
  const InputDescription one = read_input(scope, node, are_states);
  for (std::int64_t i = 0; i < count; ++i) {
    inputs.push_back(one);
    inputs.back().name = fmt::format("{}.{}", one.name, i);
    inputs.back().place.path = inputs.back().name;
  }
}

/// Layers that read inputs of indices get these as what they look up; nothing else may read them.
void take_indices(NetworkDescription& description) {
  std::map<std::string, std::size_t, std::less<>> known;
  for (const IndexDescription& indices : description.indices) {
    if (!known.emplace(indices.name, known.size()).second) {
      indices.place.fail(
          fmt::format("expected a name that nothing else has, got '{}' again", indices.name));
    }
  }
  const auto check_name = [&](const std::string& name, const Place& place) {
    if (known.count(name) > 0) {
      place.fail(fmt::format("expected a name that nothing else has, got '{}' again", name));
    }
  };
  for (const InputDescription& input : description.inputs) {
    check_name(input.name, input.place);
  }
  for (const auto& [name, block] : description.blocks) {
    check_name(name, block.place);
  }
  std::set<std::size_t> read;
  for (LayerDescription& layer : description.layers) {
    check_name(layer.name, layer.place());
    for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
      const auto found = known.find(layer.inputs[i].name);
      if (found == known.end()) {
        continue;
      }
      if (i != 1 || layer.inputs.size() != 2 || !state_rows(layer.op, nullptr)) {
        layer.inputs[i].place.fail(
            fmt::format("expected numbers, got the indices '{}', which a gather reads behind its "
                        "table",
                        found->first));
      }
      layer.indices = found->second;
      layer.inputs.pop_back();
      read.insert(found->second);
    }
  }
  for (std::size_t i = 0; i < description.indices.size(); ++i) {
    if (read.count(i) == 0) {
      description.indices[i].place.fail("expected a layer that reads this input, got none");
    }
  }
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

/// Of a network whose phases have the names of a language model's; prefill unless one is chosen.
std::optional<TokenPhase> token_phase(const ConfigNode& root, const Dims& dims,
                                      const std::string& chosen) {
  const auto phases = root.optional_map("phases");
  const std::string name = chosen.empty() ? std::string(name_of(LanguagePhase::Prefill)) : chosen;
  const auto phase = value_named<LanguagePhase>(name);
  const auto tokens = dims.find("tokens");
  const auto context = phase == LanguagePhase::Prefill ? tokens : dims.find("context");
  if (!phases || !phases->has(name) || !phase || !tokens || !context) {
    return std::nullopt;
  }
  return TokenPhase{.phase = *phase, .tokens = *tokens, .context = *context};
}

/// `dims` of a member of a family: numbers alone, those of `choice` before them.
DimValues member_dims(const ConfigNode& root, const ConfigNode& family, const DimChoice& choice) {
  DimValues values = choice.values;
  const auto dims = root.optional_map("dims");
  const std::vector<std::string> keys =
      family.has("dims") ? family.map("dims").keys() : std::vector<std::string>();
  for (const std::string& name : dims ? dims->keys() : std::vector<std::string>()) {
    if (std::find(keys.begin(), keys.end(), name) == keys.end()) {
      const std::vector<std::string_view> known(keys.begin(), keys.end());
      dims->fail(name, fmt::format("expected a key of the family's dims, got {}{}", in_quotes(name),
                                   suggestion(name, known)));
    }
    values.emplace(name, dims->integer(name, {.min = 0, .max = kMaxElements}));
  }
  return values;
}

NetworkDescription read_member(const ConfigNode& root, const DimChoice& choice) {
  const std::string name = read_name(root.child("network"));
  static_cast<void>(root.optional_text("description"));
  const std::filesystem::path folder = std::filesystem::path(root.location().file).parent_path();
  const ConfigNode family =
      ConfigNode::open((folder / root.text("family")).string(), ConfigNode::Kind::Workload);
  if (family.has("family")) {
    family.fail("family", "expected a network with layers of its own, got another member");
  }
  NetworkDescription description = read_description(
      family, {.values = member_dims(root, family, choice), .phase = choice.phase});
  description.batch = root.optional_integer("batch", kSize).value_or(description.batch);
  root.finish();
  description.name = name + choice.text();
  return description;
}

}  // namespace

NetworkDescription read_description(const ConfigNode& root, const DimChoice& choice) {
  if (root.has("family")) {
    return read_member(root, choice);
  }
  NetworkDescription description;
  description.place = {.location = root.location(), .path = {}};
  description.file = root.location().file;
  description.name = read_name(root.child("network")) + choice.text();
  static_cast<void>(root.optional_text("description"));
  description.batch = root.optional_integer("batch", kSize).value_or(1);
  const Dims dims(root, choice);
  const LayerScope top{.dims = &dims};
  description.phase = token_phase(root, dims, choice.phase);
  description.defaults = read_defaults(top, root);
  description.weight_files = read_weight_files(root);
  const auto inputs = root.list("inputs");
  if (inputs.empty() && !root.has("states")) {
    root.fail("inputs", "expected at least one input, got none");
  }
  const auto add_all = [&](const std::vector<ConfigNode>& nodes, bool are_states) {
    for (const ConfigNode& input : nodes) {
      const bool is_left_out = input.has("when") && value_of(top, input, "when").as_real() == 0.0;
      if (!is_left_out) {
        add_inputs(top, input, are_states, description);
      }
    }
  };
  add_all(inputs, false);
  add_all(root.optional_list("states"), true);
  LayerList(root, top, description).read();
  take_indices(description);
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
