#include "compiler/graph/graph_builder.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "compiler/ops/composer.h"

namespace systole {

namespace {

constexpr std::int64_t kMaxMacs = std::int64_t{1} << 60;

void check_ratios_of(const Graph& graph, const Node& node) {
  const Place where{.location = node.location, .path = node.name};
  const double to = result_scale(graph, node);
  if (has_weights(node)) {
    const double from = graph.tensor(node.inputs.front()).quantization.scale;
    const WeightScales scales = weight_scales(graph, node);
    for (std::size_t channel = 0; channel < scales.all().size(); ++channel) {
      check_ratio(from * scales.all()[channel] / to, where,
                  scales.by_channel() ? fmt::format(" at output channel {}", channel) : "");
    }
    return;
  }
  const Work work = node.work();
  if (const auto* matmul = std::get_if<MatmulWork>(&work)) {
    check_ratio(graph.tensor(node.inputs[0]).quantization.scale *
                    graph.tensor(node.inputs[kRightInput]).quantization.scale * matmul->scale / to,
                where);
    return;
  }
  if (node.activation().is_looked_up() || std::holds_alternative<SoftmaxWork>(node.work()) ||
      std::holds_alternative<RowWork>(node.work()) ||
      std::holds_alternative<CopyWork>(node.work())) {
    return;  // by table, or as reals
  }
  for (const GraphTensorId input : node.inputs) {
    check_ratio(graph.tensor(input).quantization.scale / to, where);
  }
}

}  // namespace

GraphBuilder::GraphBuilder(std::string name, std::string file, std::int64_t batch,
                           const QuantizationDefaults& defaults)
    : defaults_(defaults) {
  graph_.name = std::move(name);
  graph_.file = std::move(file);
  graph_.batch = batch;
}

GraphTensorId GraphBuilder::add_input(const std::string& name, TensorType type,
                                      const Quantization& quantization, const Place& where) {
  graph_.inputs.push_back(
      add_tensor(name, std::move(type), GraphTensorRole::Input, quantization, where));
  return graph_.inputs.back();
}

GraphTensorId GraphBuilder::add_state(const std::string& name, TensorType type,
                                      const Quantization& quantization, const Place& where) {
  graph_.states.push_back(
      add_tensor(name, std::move(type), GraphTensorRole::State, quantization, where));
  return graph_.states.back();
}

/// The nodes of an operator that is made of others.
class GraphBuilder::Parts final : public Composer {
 public:
  Parts(GraphBuilder& builder, const NodeRequest& request, const OpPlace& where,
        const NodeWeightScales& weight_scales)
      : builder_(builder), request_(request), where_(where), weight_scales_(weight_scales) {}

  [[nodiscard]] const std::vector<GraphTensorId>& inputs() const override {
    return request_.inputs;
  }
  [[nodiscard]] const GraphTensor& tensor(GraphTensorId id) const override {
    return builder_.graph_.tensor(id);
  }
  [[nodiscard]] const QuantizationDefaults& defaults() const override { return builder_.defaults_; }
  [[nodiscard]] const OpPlace& where() const override { return where_; }

  GraphTensorId add(std::string_view what, Op op, std::vector<GraphTensorId> inputs,
                    const PartialQuantization& output) override {
    return add({.name = fmt::format("{}.{}", request_.name, what),
                .kind = {},
                .op = std::move(op),
                .inputs = std::move(inputs),
                .before = {},
                .output = output});
  }
  GraphTensorId add_like(GraphTensorId like, std::string_view what, Op op,
                         std::vector<GraphTensorId> inputs,
                         const PartialQuantization& output) override {
    const Node& first = *builder_.producer_of(like);
    return add({.name = fmt::format("{}.{}", request_.name, what),
                .kind = {},
                .op = std::move(op),
                .inputs = std::move(inputs),
                .before = {},
                .output = output,
                .output_name = {},
                .shared = {first.inputs.begin() + kWeightsInput, first.inputs.end()}});
  }
  GraphTensorId add_named(Op op, std::vector<GraphTensorId> inputs,
                          const PartialQuantization& output) override {
    return add({.name = request_.name,
                .kind = {},
                .op = std::move(op),
                .inputs = std::move(inputs),
                .before = request_.before,
                .output = {.scale = request_.output.scale ? request_.output.scale : output.scale,
                           .zero_point = request_.output.zero_point ? request_.output.zero_point
                                                                    : output.zero_point},
                .output_name = request_.output_name});
  }

 private:
  GraphTensorId add(NodeRequest part) {
    part.kind = name_of_operator(part.op);
    return builder_.add(std::move(part), where_, weight_scales_);
  }

  GraphBuilder& builder_;
  const NodeRequest& request_;
  const OpPlace& where_;
  const NodeWeightScales& weight_scales_;
};

GraphTensorId GraphBuilder::add(NodeRequest request, const OpPlace& where,
                                const NodeWeightScales& weight_scales) {
  if (is_composed(request.op)) {
    Parts parts(*this, request, where, weight_scales);
    return compose(request.op, parts);
  }
  std::vector<TensorType> types;
  std::vector<Quantization> quantizations;
  for (const GraphTensorId input : request.inputs) {
    types.push_back(graph_.tensor(input).type);
    quantizations.push_back(graph_.tensor(input).quantization);
  }
  Inferred inferred = infer(request.op, {.types = types,
                                         .quantizations = quantizations,
                                         .defaults = defaults_,
                                         .before = request.before,
                                         .where = where,
                                         .batch = graph_.batch});
  Node node{.name = std::move(request.name),
            .kind = std::move(request.kind),
            .inputs = std::move(request.inputs),
            .outputs = {},
            .op = std::move(request.op),
            .location = where.op.location,
            .fused = {},
            .added = {},
            .shares_parameters = !request.shared.empty()};
  node.outputs = {add_tensor(request.output_name.empty() ? node.name : request.output_name,
                             std::move(inferred.type), GraphTensorRole::Intermediate,
                             request.output.over(inferred.quantization), where.op)};
  add_weights(node, request.shared, where, weight_scales);
  node.kept_work = std::make_shared<const Work>(work_of(node.op));
  graph_.nodes.push_back(std::move(node));
  return graph_.nodes.back().output();
}

void GraphBuilder::add_output(GraphTensorId tensor) {
  graph_.outputs.push_back(tensor);
  graph_.tensor(tensor).role = GraphTensorRole::Output;
  // A view of an input costs nothing and computes nothing: no output of a network.
  const Node* producer = producer_of(tensor);
  while (producer != nullptr && producer->is_view()) {
    const GraphTensorId source = producer->inputs.front();
    const Node* before = producer_of(source);
    if (before == nullptr) {
      throw WorkloadError(producer->location, producer->name,
                          fmt::format("expected an output that a layer computes, got a view of "
                                      "the input '{}'",
                                      graph_.tensor(source).name));
    }
    producer = before;
  }
  if (producer != nullptr && changes_state(producer->op)) {
    throw WorkloadError(producer->location, producer->name,
                        "expected an output that is no state, got what an append makes of one");
  }
}

GraphTensorId GraphBuilder::add_tensor(const std::string& name, TensorType type,
                                       GraphTensorRole role, const Quantization& quantization,
                                       const Place& where) {
  check_size(image_of(type), where);
  graph_.tensors.push_back(
      {.name = name, .type = std::move(type), .role = role, .quantization = quantization});
  return static_cast<GraphTensorId>(graph_.tensors.size()) - 1;
}

void check_states(const Graph& graph) {
  std::vector<GraphTensorId> state_of(graph.tensors.size(), -1);  // by tensor
  std::vector<bool> is_changed(graph.tensors.size(), false);      // by state
  for (const GraphTensorId state : graph.states) {
    state_of[static_cast<std::size_t>(state)] = state;
  }
  const auto at = [&](GraphTensorId tensor) { return state_of[static_cast<std::size_t>(tensor)]; };
  const auto fail = [&](const Node& node, std::string_view message) {
    throw WorkloadError(node.location, node.name, message);
  };
  for (const Node& node : graph.nodes) {
    const bool appends = changes_state(node.op);
    for (std::size_t input = 0; input < node.inputs.size(); ++input) {
      const bool is_place =
          (input == 1 && (appends || std::holds_alternative<MatmulWork>(node.work()))) ||
          gathering(node).has_value();
      if (at(node.inputs[input]) >= 0 && !is_place) {
        fail(node,
             fmt::format(
                 "expected a state on the right of an append or a matmul, or as a table that a "
                 "gather reads, got '{}'",
                 graph.tensor(node.inputs[input]).name));
      }
    }
    if (!appends) {
      continue;
    }
    const GraphTensorId state = at(node.inputs[1]);
    if (state < 0) {
      fail(node, fmt::format("expected a state to append to, got '{}'",
                             graph.tensor(node.inputs[1]).name));
    }
    if (is_changed[static_cast<std::size_t>(state)]) {
      fail(node, fmt::format("expected one append for each state, got another for '{}'",
                             graph.tensor(state).name));
    }
    is_changed[static_cast<std::size_t>(state)] = true;
    state_of[static_cast<std::size_t>(node.output())] = state;
  }
  for (const Node& node : graph.nodes) {
    const std::size_t place = gathering(node) ? 0 : 1;
    const bool reads_before = !changes_state(node.op) && node.inputs.size() > place &&
                              is_changed[static_cast<std::size_t>(node.inputs[place])];
    if (reads_before) {
      fail(node, fmt::format("expected what an append makes of the state '{}', got the state",
                             graph.tensor(node.inputs[place]).name));
    }
  }
}

const Node* GraphBuilder::producer_of(GraphTensorId tensor) const {
  const auto found = std::find_if(graph_.nodes.begin(), graph_.nodes.end(),
                                  [&](const Node& node) { return node.output() == tensor; });
  return found == graph_.nodes.end() ? nullptr : &*found;
}

void GraphBuilder::add_weights(Node& node, const std::vector<GraphTensorId>& shared,
                               const OpPlace& where, const NodeWeightScales& weight_scales) {
  const auto gemm = gemm_shape(graph_, node);
  if (!gemm) {
    add_parameters(graph_, node, 1);
    return;
  }
  macs_ += gemm->macs();  // below 2^40 outputs times 2^16 products: the sum cannot overflow
  if (macs_ > kMaxMacs) {
    where.fail("expected a network of at most 2^60 multiply-accumulates, got more");
  }
  if (!shared.empty()) {
    SYSTOLE_CHECK(graph_.tensor(shared.front()).type.elements() == gemm->groups * gemm->k * gemm->n,
                  "{}: weights of {}", node.name, graph_.tensor(shared.front()).name);
    node.inputs.insert(node.inputs.end(), shared.begin(), shared.end());
  } else if (has_weights(node)) {
    add_parameters(graph_, node, weight_scales(graph_, node));
  }
}

void check_ratios(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    check_ratios_of(graph, node);
  }
}

}  // namespace systole
