#include "compiler/frontend/order_layers.h"

#include <algorithm>
#include <map>
#include <queue>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "arch/config/near_name.h"
#include "arch/config/text_file.h"

namespace systole {

namespace {

using NameTable = std::map<std::string, SourceIndex, std::less<>>;

void add_name(NameTable& names, const std::string& name, SourceIndex index, const Place& place) {
  if (!names.emplace(name, index).second) {
    place.fail(fmt::format("expected a name that nothing else has, got '{}' again", name));
  }
}

SourceIndex find(const NameTable& names, const TensorReference& reference) {
  const auto found = names.find(reference.name);
  if (found != names.end()) {
    return found->second;
  }
  std::vector<std::string_view> known;
  for (const auto& [name, index] : names) {
    known.emplace_back(name);
  }
  reference.place.fail(fmt::format("expected the name of an input or layer, got {}{}",
                                   in_quotes(reference.name), suggestion(reference.name, known)));
}

/// Of a block that is repeated 0 times, what its input's name means.
std::string layer_behind(const NetworkDescription& description, std::string name) {
  for (std::size_t steps = 0; steps <= description.blocks.size(); ++steps) {
    const auto block = description.blocks.find(name);
    if (block == description.blocks.end()) {
      break;
    }
    name = block->second.last_layer;
  }
  return name;
}

NameTable name_table(const NetworkDescription& description) {
  NameTable names;
  SourceIndex index = 0;
  for (const InputDescription& input : description.inputs) {
    add_name(names, input.name, index++, input.place);
  }
  for (const LayerDescription& layer : description.layers) {
    add_name(names, layer.name, index++, layer.place());
  }
  NameTable blocks;
  for (const auto& [name, block] : description.blocks) {
    add_name(blocks, name,
             find(names, {.name = layer_behind(description, name), .place = block.place}),
             block.place);
  }
  for (const auto& [name, layer] : blocks) {
    add_name(names, name, layer, description.blocks.at(name).place);
  }
  return names;
}

/// Kahn's algorithm with the first written of the ready layers next. Layers on or behind a cycle
/// are left out.
std::vector<std::size_t> sort(const LayerOrder& order, std::size_t inputs) {
  const std::size_t count = order.sources.size();
  std::vector<std::size_t> missing(count, 0);
  std::vector<std::vector<std::size_t>> users(count);
  for (std::size_t layer = 0; layer < count; ++layer) {
    for (const SourceIndex source : order.sources[layer]) {
      if (source >= inputs) {
        users[source - inputs].push_back(layer);
        ++missing[layer];
      }
    }
  }
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (std::size_t layer = 0; layer < count; ++layer) {
    if (missing[layer] == 0) {
      ready.push(layer);
    }
  }
  std::vector<std::size_t> sorted;
  while (!ready.empty()) {
    const std::size_t layer = ready.top();
    ready.pop();
    sorted.push_back(layer);
    for (const std::size_t user : users[layer]) {
      if (--missing[user] == 0) {
        ready.push(user);
      }
    }
  }
  return sorted;
}

/// Walks from an unsorted layer to unsorted inputs until one comes again, and names that cycle in
/// the direction of the data, from the layer written first.
[[noreturn]] void fail_cycle(const NetworkDescription& description, const LayerOrder& order) {
  const std::size_t inputs = description.inputs.size();
  std::vector<bool> sorted(description.layers.size(), false);
  for (const std::size_t layer : order.layers) {
    sorted[layer] = true;
  }
  const auto first = std::find(sorted.begin(), sorted.end(), false);
  auto layer = static_cast<std::size_t>(first - sorted.begin());
  std::vector<std::size_t> walk;
  auto again = walk.end();
  while (again == walk.end()) {
    walk.push_back(layer);
    const auto& sources = order.sources[layer];
    const auto behind = std::find_if(sources.begin(), sources.end(), [&](SourceIndex source) {
      return source >= inputs && !sorted[source - inputs];
    });
    layer = *behind - inputs;
    again = std::find(walk.begin(), walk.end(), layer);
  }
  std::vector<std::size_t> cycle(again, walk.end());
  std::reverse(cycle.begin(), cycle.end());
  std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
  std::string names;
  for (const std::size_t member : cycle) {
    names += description.layers[member].name + " -> ";
  }
  const LayerDescription& start = description.layers[cycle.front()];
  start.place().fail(fmt::format("expected a network without cycles, got {}{}", names, start.name));
}

std::vector<SourceIndex> named_outputs(const NetworkDescription& description,
                                       const NameTable& names) {
  std::vector<SourceIndex> outputs;
  for (const TensorReference& reference : description.outputs) {
    const SourceIndex index = find(names, reference);
    if (index < description.inputs.size()) {
      reference.place.fail(
          fmt::format("expected the name of a layer, got the input '{}'", reference.name));
    }
    if (std::find(outputs.begin(), outputs.end(), index) != outputs.end()) {
      reference.place.fail(
          fmt::format("expected each output once, got '{}' again", reference.name));
    }
    outputs.push_back(index);
  }
  return outputs;
}

/// Finds the outputs and proves that everything else has a reader.
void settle_outputs(const NetworkDescription& description, const NameTable& names,
                    LayerOrder& order) {
  const std::size_t inputs = description.inputs.size();
  std::vector<bool> used(inputs + description.layers.size(), false);
  for (const auto& sources : order.sources) {
    for (const SourceIndex source : sources) {
      used[source] = true;
    }
  }
  for (std::size_t input = 0; input < inputs; ++input) {
    if (!used[input]) {
      description.inputs[input].place.fail("expected a layer that reads this input, got none");
    }
  }
  order.outputs = named_outputs(description, names);
  const bool by_name = !order.outputs.empty();
  for (const std::size_t layer : order.layers) {
    const SourceIndex index = inputs + layer;
    if (used[index] || changes_state(description.layers[layer].op)) {
      continue;
    }
    if (!by_name) {
      order.outputs.push_back(index);
    } else if (std::find(order.outputs.begin(), order.outputs.end(), index) ==
               order.outputs.end()) {
      description.layers[layer].place().fail(
          "expected a layer that reads this one, or its name in outputs, got neither");
    }
  }
}

}  // namespace

LayerOrder order_layers(const NetworkDescription& description) {
  const NameTable names = name_table(description);
  LayerOrder order;
  for (const LayerDescription& layer : description.layers) {
    std::vector<SourceIndex> sources;
    for (const TensorReference& reference : layer.inputs) {
      sources.push_back(find(names, reference));
    }
    order.sources.push_back(std::move(sources));
  }
  order.layers = sort(order, description.inputs.size());
  if (order.layers.size() < description.layers.size()) {
    fail_cycle(description, order);
  }
  settle_outputs(description, names, order);
  return order;
}

}  // namespace systole
