#include "compiler/mapping/mapping_text.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arch/config/config_node.h"
#include "arch/config/near_name.h"
#include "arch/diag/printable.h"
#include "compiler/mapping/core_split.h"
#include "compiler/mapping/fusion.h"
#include "compiler/mapping/mapping_check.h"

namespace systole {

namespace {

constexpr std::string_view kSchema = "systole.mapping/1";

/// Where sums are between two slices of the reduction.
enum class Sums : std::uint8_t { Leave, Stay };

}  // namespace

template <>
inline constexpr auto kEnumNames<Sums> = std::to_array<EnumName<Sums>>({{Sums::Leave, "leave"},
                                                                        {Sums::Stay, "stay"}});

namespace {

/// Names of layers and tensors: their own, and a number behind those that several have.
class Names {
 public:
  explicit Names(const Graph& graph) {
    std::map<std::string, int> uses;
    for (const GraphTensor& tensor : graph.tensors) {
      ++uses[tensor.name];
    }
    for (std::size_t id = 0; id < graph.tensors.size(); ++id) {
      const std::string& name = graph.tensors[id].name;
      tensors_.push_back(uses[name] > 1 ? fmt::format("{}#{}", name, id) : name);
      by_tensor_.emplace(tensors_.back(), static_cast<GraphTensorId>(id));
    }
    uses.clear();
    for (const Node& node : graph.nodes) {
      ++uses[node.name];
    }
    for (std::size_t id = 0; id < graph.nodes.size(); ++id) {
      const std::string& name = graph.nodes[id].name;
      layers_.push_back(uses[name] > 1 ? fmt::format("{}#{}", name, id) : name);
      by_layer_.emplace(layers_.back(), static_cast<std::int32_t>(id));
    }
  }

  [[nodiscard]] const std::string& tensor(GraphTensorId id) const {
    return tensors_[static_cast<std::size_t>(id)];
  }
  [[nodiscard]] const std::string& layer(std::size_t id) const { return layers_[id]; }

  [[nodiscard]] GraphTensorId tensor_at(const ConfigNode& node) const {
    return find(node, by_tensor_, "a tensor");
  }
  [[nodiscard]] std::int32_t layer_at(const ConfigNode& node) const {
    return find(node, by_layer_, "a layer");
  }

 private:
  template <class Id>
  [[nodiscard]] static Id find(const ConfigNode& node, const std::map<std::string, Id>& known,
                               std::string_view noun) {
    const std::string name = node.as_text();
    const auto found = known.find(name);
    if (found == known.end()) {
      std::vector<std::string_view> names;
      for (const auto& [one, id] : known) {
        names.emplace_back(one);
      }
      node.fail(fmt::format("expected {} of the network, got {}{}", noun, in_quotes(name),
                            suggestion(name, names)));
    }
    return found->second;
  }

  std::vector<std::string> tensors_;
  std::vector<std::string> layers_;
  std::map<std::string, GraphTensorId> by_tensor_;
  std::map<std::string, std::int32_t> by_layer_;
};

// --- printing ---

/// As a value of YAML, whatever stands in it.
std::string yaml_text(std::string_view text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";
  const bool is_letter = !text.empty() && ((text.front() >= 'a' && text.front() <= 'z') ||
                                           (text.front() >= 'A' && text.front() <= 'Z'));
  if (is_letter && text.find_first_not_of(kPlain) == std::string_view::npos) {
    return std::string(text);
  }
  std::string result = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') {
      result += '\\';
      result += letter;
    } else if (static_cast<unsigned char>(letter) < 0x20) {
      result += fmt::format("\\x{:02x}", static_cast<unsigned>(letter));
    } else {
      result += letter;
    }
  }
  return result + '"';
}

std::string share_text(const UnitShare& share) {
  return fmt::format("{{slices: {}, parts: {}, chunk: {}, fold: {}, handover: {}, sums: {}}}",
                     share.slices, share.parts, share.loops.chunk, share.loops.fold,
                     share.loops.handover, share.loops.sums_stay ? "stay" : "leave");
}

std::string layer_text(const Names& names, std::size_t index, const LayerMapping& layer) {
  std::string text = fmt::format("      - layer: {}\n        band: {{images: {}, rows: {}}}\n",
                                 yaml_text(names.layer(index)), layer.band.images, layer.band.rows);
  if (layer.side_by_side > 1) {
    text += fmt::format("        side_by_side: {}\n", layer.side_by_side);
  }
  if (layer.pixels > 1) {
    text += fmt::format("        pixels: {}\n", layer.pixels);
  }
  if (layer.rows_first) {
    text += "        rows_first: true\n";
  }
  if (!layer.plans.empty()) {
    text += "        plans:\n";
  }
  for (const BandPlan& plan : layer.plans) {
    text += fmt::format("          - groups: {}\n            positions: {}\n", plan.products.groups,
                        plan.products.positions);
    if (plan.plan.whole.slices > 0) {
      text += fmt::format("            whole: {}\n", share_text(plan.plan.whole));
    }
    if (plan.plan.rest.slices > 0) {
      text += fmt::format("            rest: {}\n", share_text(plan.plan.rest));
    }
  }
  return text;
}

// --- reading ---

/// The places of a mapping's parts, for what is wrong with it as a whole. Limits of numbers depend
/// on chip and network, so `check_mapping` has them all; numbers are read whatever they are.
struct Places {
  ConfigNode top;
  struct Plan {
    ConfigNode node;
    std::vector<ConfigNode> empty;  ///< `whole` or `rest` that are written, of no slices
  };
  struct Layer {
    ConfigNode node;
    std::vector<Plan> plans;
  };
  struct Share {
    ConfigNode node;
    std::vector<ConfigNode> segments;
    std::vector<Layer> layers;
  };
  std::vector<Share> shares;

  [[noreturn]] void fail(const MappingFault& fault) const {
    const ConfigNode* node = &top;
    if (fault.share && *fault.share < shares.size()) {
      const Share& share = shares[*fault.share];
      node = &share.node;
      if (fault.segment) {
        node = &share.segments[*fault.segment];
      } else if (fault.layer) {
        const Layer& layer = share.layers[*fault.layer];
        node = fault.plan ? &layer.plans[*fault.plan].node : &layer.node;
      }
    }
    fail_at(*node, fault);
  }

  /// What is written has slices, though without them it would be legal.
  void check_slices(const Mapping& mapping) const {
    for (std::size_t share = 0; share < shares.size(); ++share) {
      for (std::size_t layer = 0; layer < shares[share].layers.size(); ++layer) {
        const std::vector<Plan>& plans = shares[share].layers[layer].plans;
        for (std::size_t index = 0; index < plans.size(); ++index) {
          const GemmPlan& plan = mapping.shares[share].layers[layer].plans[index].plan;
          for (const ConfigNode& node : plans[index].empty) {
            node.fail("slices", fmt::format("expected an integer in 1..{}, got 0",
                                            plan.whole.slices + plan.rest.slices));
          }
        }
      }
    }
  }

 private:
  /// A key may lead through a map: `whole.chunk`, `images` of the band.
  [[noreturn]] static void fail_at(ConfigNode node, const MappingFault& fault) {
    std::string key = fault.key;
    if (fault.layer && !fault.plan && (key == "images" || key == "rows")) {
      key = "band." + key;
    }
    for (std::size_t dot = key.find('.'); dot != std::string::npos; dot = key.find('.')) {
      node = node.map(key.substr(0, dot));
      key.erase(0, dot + 1);
    }
    if (key.empty() || !node.has(key)) {
      node.fail(fault.message);
    }
    node.fail(key, fault.message);
  }
};

UnitShare read_unit_share(const ConfigNode& node, Places::Plan& place) {
  const UnitShare share{.slices = node.integer("slices"),
                        .parts = node.integer("parts"),
                        .loops = {.chunk = node.integer("chunk"),
                                  .fold = node.integer("fold"),
                                  .handover = node.integer("handover"),
                                  .sums_stay = node.choice<Sums>("sums") == Sums::Stay}};
  node.finish();
  if (share.slices == 0) {
    place.empty.push_back(node);
  }
  return share;
}

LayerMapping read_layer(const ConfigNode& node, bool view, Places::Layer& places) {
  LayerMapping layer{.band = {}, .side_by_side = 1, .plans = {}};
  if (!view) {
    const ConfigNode band = node.map("band");
    layer.band = {.images = band.integer("images"), .rows = band.integer("rows")};
    band.finish();
    layer.side_by_side = node.optional_integer("side_by_side").value_or(1);
    layer.pixels = node.optional_integer("pixels").value_or(1);
    layer.rows_first = node.optional_boolean("rows_first").value_or(false);
    for (const ConfigNode& plan : node.optional_list("plans")) {
      BandPlan read{
          .products = {.groups = plan.integer("groups"), .positions = plan.integer("positions")},
          .plan = {}};
      Places::Plan place{.node = plan, .empty = {}};
      if (const auto whole = plan.optional_map("whole")) {
        read.plan.whole = read_unit_share(*whole, place);
      }
      if (const auto rest = plan.optional_map("rest")) {
        read.plan.rest = read_unit_share(*rest, place);
      }
      plan.finish();
      layer.plans.push_back(read);
      places.plans.push_back(std::move(place));
    }
  }
  node.finish();
  return layer;
}

ShareMapping read_share(const ConfigNode& node, const Graph& graph, const Names& names,
                        Places::Share& places) {
  ShareMapping share{
      .images = node.integer("images"), .segments = {}, .resident = {}, .layers = {}};
  for (const ConfigNode& tensor : node.list("resident")) {
    share.resident.push_back(names.tensor_at(tensor));
  }
  std::sort(share.resident.begin(), share.resident.end());
  for (const ConfigNode& segment : node.optional_list("segments")) {
    share.segments.push_back({.first = names.layer_at(segment.child("first")),
                              .end = names.layer_at(segment.child("last")) + 1,
                              .parts = segment.integer("parts"),
                              .in_flight = segment.optional_integer("in_flight").value_or(1)});
    segment.finish();
    places.segments.push_back(segment);
  }
  const std::vector<ConfigNode> layers = node.list("layers");
  std::size_t at = 0;
  for (std::size_t layer = 0; layer < graph.nodes.size(); ++layer) {
    if (graph.nodes[layer].is_view()) {
      share.layers.emplace_back();
      places.layers.push_back({.node = node, .plans = {}});
      continue;
    }
    if (at == layers.size()) {
      node.fail("layers", fmt::format("expected layer {} behind the last one, got nothing",
                                      in_quotes(names.layer(layer))));
    }
    const ConfigNode& one = layers[at++];
    const std::string name = one.text("layer");
    if (name != names.layer(layer)) {
      one.fail("layer", fmt::format("expected {}, the network's layers in their order, got {}",
                                    in_quotes(names.layer(layer)), in_quotes(name)));
    }
    places.layers.push_back({.node = one, .plans = {}});
    share.layers.push_back(read_layer(one, false, places.layers.back()));
  }
  if (at < layers.size()) {
    layers[at].fail("expected no layer behind the network's last one, got another");
  }
  node.finish();
  return share;
}

Mapping read_mapping(const ChipSpec& chip, const Graph& network, const ConfigNode& top) {
  if (const std::string schema = top.text("mapping"); schema != kSchema) {
    top.fail("mapping", fmt::format("expected {}, got {}", kSchema, in_quotes(schema)));
  }
  if (const std::string name = top.text("network"); name != network.name) {
    top.fail("network", fmt::format("expected a mapping of {}, got one of {}",
                                    in_quotes(network.name), in_quotes(name)));
  }
  static_cast<void>(top.text("chip"));  // of another chip it may be legal as well
  if (const std::int64_t batch = top.integer("batch"); batch != network.batch) {
    top.fail("batch",
             fmt::format("expected {}, the batch of the run, got {}", network.batch, batch));
  }
  const Names names(network);
  Places places{.top = top, .shares = {}};
  Mapping mapping;
  const std::vector<std::int32_t> may_fuse = fused_layers(with_fusions(network, {}));
  for (const ConfigNode& layer : top.optional_list("fused")) {
    mapping.fused.push_back(names.layer_at(layer));
    if (!std::binary_search(may_fuse.begin(), may_fuse.end(), mapping.fused.back())) {
      layer.fail(fmt::format("expected a layer that the one before can compute, got {}",
                             in_quotes(layer.as_text())));
    }
  }
  std::sort(mapping.fused.begin(), mapping.fused.end());
  const Graph graph = mapped_graph(network, mapping);
  for (const ConfigNode& share : top.list("shares")) {
    places.shares.push_back({.node = share, .segments = {}, .layers = {}});
    mapping.shares.push_back(read_share(share, graph, names, places.shares.back()));
  }
  top.finish();
  if (const std::optional<MappingFault> fault = check_mapping(chip, network, mapping)) {
    places.fail(*fault);
  }
  places.check_slices(mapping);
  return mapping;
}

}  // namespace

std::string print_mapping(const ChipSpec& chip, const Graph& network, const Mapping& mapping) {
  const Names names(network);
  const Graph graph = mapped_graph(network, mapping);
  std::string text = fmt::format("mapping: {}\nnetwork: {}\nchip: {}\nbatch: {}\n", kSchema,
                                 yaml_text(graph.name), yaml_text(chip.name), graph.batch);
  if (!mapping.fused.empty()) {
    std::vector<std::string> fused;
    for (const std::int32_t layer : mapping.fused) {
      fused.push_back(yaml_text(names.layer(static_cast<std::size_t>(layer))));
    }
    text += fmt::format("fused: [{}]\n", fmt::join(fused, ", "));
  }
  text += "shares:\n";
  for (const ShareMapping& share : mapping.shares) {
    std::vector<std::string> resident;
    for (const GraphTensorId tensor : share.resident) {
      resident.push_back(yaml_text(names.tensor(tensor)));
    }
    text += fmt::format("  - images: {}\n    resident: [{}]\n", share.images,
                        fmt::join(resident, ", "));
    if (!share.segments.empty()) {
      text += "    segments:\n";
    }
    for (const Segment& segment : share.segments) {
      text += fmt::format(
          "      - {{first: {}, last: {}, parts: {}{}}}\n",
          yaml_text(names.layer(static_cast<std::size_t>(segment.first))),
          yaml_text(names.layer(static_cast<std::size_t>(segment.end - 1))), segment.parts,
          segment.in_flight > 1 ? fmt::format(", in_flight: {}", segment.in_flight) : "");
    }
    text += "    layers:\n";
    for (std::size_t layer = 0; layer < share.layers.size(); ++layer) {
      if (!graph.nodes[layer].is_view()) {
        text += layer_text(names, layer, share.layers[layer]);
      }
    }
  }
  return text;
}

Mapping read_mapping(const ChipSpec& chip, const Graph& graph, const std::string& file) {
  return read_mapping(chip, graph, ConfigNode::open(file, ConfigNode::Kind::Workload));
}

Mapping parse_mapping(const ChipSpec& chip, const Graph& graph, const std::string& text,
                      const std::string& file) {
  return read_mapping(chip, graph, ConfigNode::parse(text, file, ConfigNode::Kind::Workload));
}

}  // namespace systole
