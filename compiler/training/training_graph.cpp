#include "compiler/training/training_graph.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arch/diag/check.h"
#include "arch/diag/error.h"
#include "arch/diag/printable.h"
#include "compiler/graph/graph_builder.h"
#include "compiler/ops/composer.h"
#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"
#include "compiler/ops/narrow.h"
#include "compiler/training/holds.h"

namespace systole {

namespace {

constexpr DataType kMaster = DataType::Fp32;

/// The graph as it grows, forward and then backward.
class StepGraph {
 public:
  StepGraph(const Graph& network, const TrainingOptions& options)
      : network_(network),
        options_(options),
        compute_(network.input_type()),
        builder_(network.name, network.file, network.batch, QuantizationDefaults()) {}

  TrainingGraph build() {
    output_ = output_of_loss();
    find_needed();
    check_network();
    for (std::int64_t batch = 0; batch < options_.accumulate; ++batch) {
      phase_ = StepPhase::Forward;
      first_node_ = phases_.size();
      add_inputs();
      for (const Node& node : network_.nodes) {
        if (!is_left_out(node)) {
          forward(node);
        }
      }
      add_loss();
      backward();
    }
    join_losses();
    if (updates_last()) {
      update_all();
    }
    if (options_.most_whole_bytes > 0) {
      hold();
    }
    return finish();
  }

 private:
  class ForwardNode;
  class BackwardNode;

  [[nodiscard]] const Graph& graph() const { return builder_.graph(); }

  // --- what is covered ---

  [[noreturn]] void fail(std::string_view message) const {
    throw WorkloadError({.file = network_.file, .line = 1, .column = 1}, "layers", message);
  }

  static bool reads_parameters(const Graph& graph, const Node& node) {
    return graph.data_inputs(node).size() < node.inputs.size();
  }

  /// Forms stand on operators that all have gradients.
  [[nodiscard]] bool is_covered(const Node& node) const {
    return node.is_view() || has_training_form(node.op) ||
           (!reads_parameters(network_, node) && has_gradient(node.op));
  }

  void check_network() const {
    check_states();
    std::set<std::string> missing;
    const Node* first = nullptr;
    for (const Node& node : network_.nodes) {
      if (!is_covered(node) && !is_left_out(node)) {
        first = first == nullptr ? &node : first;
        missing.insert(node.kind);
      }
    }
    if (first != nullptr) {
      throw WorkloadError(first->location, first->name,
                          fmt::format("expected operators with a gradient (docs/training.md), got "
                                      "{}",
                                      fmt::join(missing, ", ")));
    }
  }

  [[nodiscard]] GraphTensorId output_of_loss() const {
    if (compute_ != DataType::Bf16 && compute_ != DataType::Fp16) {
      fail(fmt::format("expected a network of bf16 or fp16 to train, got one of {}",
                       name_of(compute_)));
    }
    std::vector<std::string> names;
    for (const GraphTensorId output : network_.outputs) {
      names.push_back(network_.tensor(output).name);
      if (names.back() == options_.loss_of) {
        return output;
      }
    }
    if (!options_.loss_of.empty()) {
      fail(fmt::format("expected the loss of one of the outputs {}, got {}", fmt::join(names, ", "),
                       in_quotes(options_.loss_of)));
    }
    if (names.size() != 1) {
      fail(fmt::format("expected a network of one output to train, or --loss-of, got {}: {}",
                       names.size(), fmt::join(names, ", ")));
    }
    return network_.outputs.front();
  }

  /// Caches that a prompt fills are of no use to a step; that one is read is not covered. A state
  /// that nobody writes is trained.
  void check_states() const {
    const auto is_state = [&](GraphTensorId tensor) {
      return std::find(network_.states.begin(), network_.states.end(), tensor) !=
             network_.states.end();
    };
    std::set<GraphTensorId> written;  // states
    std::set<GraphTensorId> made;     // of these
    for (const Node& node : network_.nodes) {
      if (changes_state(node.op)) {
        made.insert(node.output());
        written.insert(node.inputs.begin(), node.inputs.end());
      }
    }
    for (const Node& node : network_.nodes) {
      if (is_left_out(node)) {
        continue;
      }
      for (const GraphTensorId input : node.inputs) {
        const GraphTensor& tensor = network_.tensor(input);
        if (made.count(input) != 0 || (is_state(input) && written.count(input) != 0)) {
          throw WorkloadError(node.location, node.name,
                              "expected a network that reads no states it writes to train, got a "
                              "layer that does");
        }
        if (is_state(input) && tensor.type.extents.front() != 1) {
          throw WorkloadError(
              node.location, node.name,
              fmt::format("expected states that all images share to train, got one for each of {}",
                          tensor.type.extents.front()));
        }
      }
    }
  }

  /// Tensors of the network that the output with the loss is made of, and that output.
  void find_needed() {
    needed_.insert(output_);
    for (std::size_t i = network_.nodes.size(); i-- > 0;) {
      const Node& node = network_.nodes[i];
      if (needed_.count(node.output()) != 0) {
        needed_.insert(node.inputs.begin(), node.inputs.end());
      }
    }
  }

  /// What the loss does not change with, such as what fills caches; the softmax at the end, which
  /// is part of the loss.
  [[nodiscard]] bool is_left_out(const Node& node) const {
    if (changes_state(node.op) || needed_.count(node.output()) == 0) {
      return true;
    }
    return options_.loss == Loss::CrossEntropy && node.output() == output_ &&
           node.does<SoftmaxWork>();
  }

  // --- tensors and nodes ---

  std::string unique(const std::string& name) {
    std::string found = name;
    for (int number = 2; !names_.insert(found).second; ++number) {
      found = fmt::format("{}.{}", name, number);
    }
    return found;
  }

  [[nodiscard]] static Place place_of(const Node& node) {
    return {.location = node.location, .path = node.name};
  }

  GraphTensorId add_node(const std::string& name, Op op, std::vector<GraphTensorId> inputs,
                         const Node& of) {
    std::string kind(name_of_operator(op));
    NodeRequest request{.name = unique(name),
                        .kind = std::move(kind),
                        .op = std::move(op),
                        .inputs = std::move(inputs)};
    const GraphTensorId made =
        builder_.add(std::move(request), {.op = place_of(of), .attributes = {}},
                     [](const Graph& /*graph*/, const Node& /*node*/) { return 1.0; });
    phases_.push_back(phase_);
    roots_.resize(graph().tensors.size());
    for (std::size_t i = first_unknown_; i < roots_.size(); ++i) {
      roots_[i] = static_cast<GraphTensorId>(i);
    }
    first_unknown_ = roots_.size();
    return made;
  }

  [[nodiscard]] GraphTensorId root(GraphTensorId tensor) const {
    return static_cast<std::size_t>(tensor) < roots_.size()
               ? roots_[static_cast<std::size_t>(tensor)]
               : tensor;
  }

  GraphTensorId view(GraphTensorId tensor, const Extents& extents, const Node& of) {
    const GraphTensorId source = root(tensor);
    if (graph().tensor(source).type.extents == extents) {
      return source;
    }
    const std::vector<std::int64_t> key(extents.begin(), extents.end());
    if (const auto known = views_.find({source, key}); known != views_.end()) {
      return known->second;
    }
    const GraphTensorId made =
        add_node(graph().tensor(source).name + ".view", view_of(extents), {source}, of);
    roots_[static_cast<std::size_t>(made)] = source;
    views_.emplace(std::pair{source, key}, made);
    return made;
  }

  void add_inputs() {
    TrainingBatch batch;
    for (const GraphTensorId input : network_.inputs) {
      const GraphTensor& tensor = network_.tensor(input);
      values_[input] = builder_.add_input(unique(tensor.name), tensor.type, {}, {});
      batch.inputs.push_back(values_[input]);
    }
    result_.batches.push_back(std::move(batch));
    if (network_.inputs.empty()) {  // the first tensor is what tells a graph's type
      add_targets();
    }
  }

  /// Of the batch, where it has none yet.
  GraphTensorId add_targets() {
    GraphTensorId& targets = result_.batches.back().targets;
    if (targets < 0) {
      const TensorType& type = network_.tensor(scores()).type;
      const std::int64_t columns = type.extents.back();
      targets = builder_.add_input(
          unique("targets"),
          {.element = compute_, .extents = extents_of_rows(type.elements() / columns, columns)}, {},
          {});
    }
    return targets;
  }

  // --- forward ---

  void forward(const Node& node);
  /// Of a node that multiplies by what is trained, or by a part of it; none where it is not to be
  /// in fewer bits.
  [[nodiscard]] bool has_weights_in_products(const std::vector<GraphTensorId>& inputs) const {
    if (options_.products == Products::Same || inputs.size() != 2) {
      return false;
    }
    const GraphTensorId right = root(inputs[1]);
    const auto trained = trained_.find(right);
    return exact_.count(right) != 0 ||
           (trained != trained_.end() && result_.parameters[trained->second].copy == right);
  }
  GraphTensorId narrow_product(Forward& forward, std::string_view what, Op op,
                               const std::vector<GraphTensorId>& inputs);
  GraphTensorId rectified_sum(const Node& node, std::vector<GraphTensorId> inputs);
  GraphTensorId parameter(const Node& node, std::size_t input, const Extents& extents,
                          bool in_products);
  /// The same for all batches of the step.
  GraphTensorId invented(const std::string& name, const Extents& extents, double first,
                         const Node& node) {
    const auto [known, is_new] = invented_.try_emplace(name, -1);
    if (is_new) {
      known->second =
          new_parameter(name, {.source = -1, .first = first, .moments = {}}, extents, node, false);
    }
    return known->second;
  }
  GraphTensorId new_parameter(const std::string& name, TrainedParameter made,
                              const Extents& extents, const Node& node, bool in_products);

  GraphTensorId state(const std::string& name, DataType type, const Extents& extents,
                      const Node& of) {
    return builder_.add_state(unique(name), {.element = type, .extents = extents}, {},
                              place_of(of));
  }

  // --- loss ---

  /// Where the network's last rows are.
  [[nodiscard]] GraphTensorId scores() {
    GraphTensorId output = output_;
    for (const Node& node : network_.nodes) {
      if (node.output() == output && is_left_out(node)) {
        output = node.inputs.front();
      }
    }
    return output;
  }

  void add_loss() {
    const Node& last = network_.nodes.back();
    const GraphTensorId output = scores();
    const TensorType& type = network_.tensor(output).type;
    const std::int64_t columns = type.extents.back();
    const std::int64_t rows = type.elements() / columns;
    const Extents extents = extents_of_rows(rows, columns);
    const GraphTensorId z = view(values_.at(output), extents, last);
    const GraphTensorId targets = add_targets();
    const bool entropy = options_.loss == Loss::CrossEntropy;
    const std::string of_row =
        entropy ? "log(sum(exp(a - largest(a)))) + largest(a) - sum(a * b)"
                : fmt::format("sum((a - b) * (a - b)) * {}", 1.0 / static_cast<double>(columns));
    const double share = 1.0 / static_cast<double>(rows * options_.accumulate);
    const GraphTensorId each =
        add_node("loss.rows", formula_of(of_row, kMaster), {z, targets}, last);
    losses_.push_back(add_node("loss", formula_of(fmt::format("sum(a) * {}", share), kMaster),
                               {as_one_row(each, last)}, last));
    phase_ = StepPhase::Backward;
    const std::string slope =
        entropy ? fmt::format("(exp(a - largest(a)) / sum(exp(a - largest(a))) - b) * {}",
                              options_.loss_scale * share)
                : fmt::format("(a - b) * {}",
                              options_.loss_scale * share * 2 / static_cast<double>(columns));
    add_gradient(z, add_node(graph().tensor(z).name + ".gradient", formula_of(slope, compute_),
                             {z, targets}, last));
  }

  /// A number for each row; of more than one row may hold, the sums of some of them.
  GraphTensorId as_one_row(GraphTensorId each, const Node& last) {
    const std::int64_t rows = graph().tensor(each).type.elements();
    const Extents extents = extents_of_rows(rows, 1);
    if (extents.size() == 3) {
      return view(each, {1, 1, rows}, last);
    }
    const GraphTensorId sums = add_node("loss.some", formula_of("sum(a)", kMaster),
                                        {view(each, {1, extents[1], extents[2]}, last)}, last);
    return view(sums, {1, 1, extents[1]}, last);
  }

  /// The mean over all batches of the step.
  void join_losses() {
    result_.loss = losses_.front();
    phase_ = StepPhase::Forward;
    for (std::size_t i = 1; i < losses_.size(); ++i) {
      result_.loss = add_node("loss.sum", formula_of("a + b", kMaster), {result_.loss, losses_[i]},
                              network_.nodes.back());
    }
    builder_.add_output(result_.loss);
  }

  // --- backward ---

  void add_gradient(GraphTensorId of, GraphTensorId gradient) {
    std::vector<GraphTensorId>& parts = gradients_[root(of)];
    parts.push_back(gradient);
    if (parts.size() > 1) {
      join_behind_product(root(of), parts);
    }
  }

  void add_channels(GraphTensorId of, std::int64_t first, GraphTensorId gradient) {
    channels_[of].push_back(
        {.first = first, .size = graph().tensor(gradient).type.extents.back(), .of = gradient});
  }

  /// Parts of the channels that lie apart become one gradient, with zeros between them.
  void join_channels(GraphTensorId tensor, const Node& of) {
    const auto found = channels_.find(tensor);
    if (found == channels_.end()) {
      return;
    }
    std::vector<ChannelPart> left = std::move(found->second);
    channels_.erase(found);
    std::sort(left.begin(), left.end(),
              [](const ChannelPart& a, const ChannelPart& b) { return a.first < b.first; });
    while (!left.empty()) {
      std::vector<ChannelPart> rest;
      std::vector<GraphTensorId> row;
      std::int64_t end = 0;
      for (const ChannelPart& part : left) {
        if (part.first < end) {
          rest.push_back(part);
          continue;
        }
        add_zeros(row, tensor, {.first = end, .size = part.first - end}, of);
        row.push_back(part.of);
        end = part.first + part.size;
      }
      const std::int64_t all = graph().tensor(tensor).type.extents.back();
      add_zeros(row, tensor, {.first = end, .size = all - end}, of);
      const std::string name = graph().tensor(tensor).name + ".gradient";
      add_gradient(tensor,
                   row.size() == 1 ? row.front() : add_node(name, concatenation(), row, of));
      left = std::move(rest);
    }
  }

  /// Whether the loss changes with it.
  [[nodiscard]] bool wants(GraphTensorId tensor) const {
    return wanted_.count(tensor) != 0 || trained_.count(tensor) != 0;
  }

  /// fp32 of what is trained and of what is fp32 itself.
  [[nodiscard]] DataType gradient_element(GraphTensorId tensor) const {
    return trained_.count(tensor) != 0 || exact_.count(tensor) != 0
               ? kMaster
               : graph().tensor(tensor).type.element;
  }

  /// The sum of all that was given; none: -1.
  GraphTensorId gradient_of(GraphTensorId tensor, const Node& of);

  /// What a product has made just now is added to what is there on the way out of the
  /// accumulators: both have its extents, and nothing stands between it and their sum.
  void join_behind_product(GraphTensorId tensor, std::vector<GraphTensorId>& parts) {
    const std::size_t last = graph().nodes.size() - 1;
    const Node product = graph().nodes[last];
    const GraphTensorId made = product.output();
    if (root(parts.back()) != made || !gemm_shape(graph(), product) ||
        graph().tensor(made).type.element != gradient_element(tensor)) {
      return;
    }
    parts.pop_back();
    const GraphTensorId other = view(parts.back(), graph().tensor(made).type.extents, product);
    for (std::size_t node = last + 1; node < graph().nodes.size(); ++node) {
      places_[node] = 2 * last;
    }
    parts.back() = add_node(graph().tensor(tensor).name + ".gradient", formula_of("a + b"),
                            {other, made}, product);
  }

  struct ChannelPart {
    std::int64_t first = 0;
    std::int64_t size = 0;
    GraphTensorId of = -1;
  };

  /// As many zeros as the part has channels, where it has any.
  void add_zeros(std::vector<GraphTensorId>& row, GraphTensorId tensor, const ChannelPart& part,
                 const Node& of) {
    if (part.size > 0) {
      const TensorType& type = graph().tensor(tensor).type;
      const auto last = static_cast<std::int64_t>(type.extents.size()) - 1;
      const std::string name = graph().tensor(tensor).name + ".without_gradient";
      const GraphTensorId some =
          add_node(name, slice_of(last, part.first, part.size), {again(tensor)}, of);
      row.push_back(add_node(name, formula_of("max(min(a, 0), 0)"), {some}, of));
    }
  }

  void backward();
  void backward(std::size_t index);
  /// Of the forward nodes of the batch: what changes with parameters, and by node the parameters
  /// that are read there first. Returns where they end.
  std::size_t find_wanted(std::map<std::size_t, std::vector<std::size_t>>& first_read);
  void update(std::size_t index, const Node& of);
  void update_all();
  GraphTensorId clipping_factor();
  [[nodiscard]] GraphTensorId read_of(std::size_t parameter) const;

  /// Whether updates wait for all gradients.
  [[nodiscard]] bool updates_last() const {
    return options_.accumulate > 1 || options_.clip_norm.has_value();
  }

  // --- what is computed again ---

  void find_kept(std::size_t end);
  GraphTensorId again(GraphTensorId tensor);

  // --- what is kept ---

  void hold();

  /// Nodes in the order of their places, where they are not where they were made.
  void move_nodes(Graph& graph) {
    std::vector<std::size_t> order(graph.nodes.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return turn_of(a) < turn_of(b); });
    std::vector<Node> nodes;
    std::vector<StepPhase> phases;
    for (const std::size_t index : order) {
      nodes.push_back(std::move(graph.nodes[index]));
      phases.push_back(phases_[index]);
    }
    graph.nodes = std::move(nodes);
    phases_ = std::move(phases);
  }

  /// Views that nobody reads would keep alive what they look at.
  void drop_unread_views(Graph& graph) {
    std::set<GraphTensorId> read(graph.outputs.begin(), graph.outputs.end());
    std::vector<Node> nodes;
    std::vector<StepPhase> phases;
    for (std::size_t index = graph.nodes.size(); index-- > 0;) {
      Node& node = graph.nodes[index];
      if (!node.is_view() || read.count(node.output()) != 0) {
        read.insert(node.inputs.begin(), node.inputs.end());
        nodes.push_back(std::move(node));
        phases.push_back(phases_[index]);
      }
    }
    std::reverse(nodes.begin(), nodes.end());
    std::reverse(phases.begin(), phases.end());
    graph.nodes = std::move(nodes);
    phases_ = std::move(phases);
  }

  /// Odd: of a node as it was made; even: in front of the next one, after the one before.
  [[nodiscard]] std::size_t turn_of(std::size_t node) const {
    const auto found = places_.find(node);
    return found == places_.end() ? 2 * node + 1 : found->second;
  }

  TrainingGraph finish() {
    result_.graph = std::move(builder_).take();
    for (const auto& [place, tensor] : read_instead_) {
      result_.graph.nodes[place.first].inputs[place.second] = tensor;
    }
    move_nodes(result_.graph);
    drop_unread_views(result_.graph);
    TrainingStep step{.network = network_.name,
                      .phases = phases_,
                      .samples = network_.batch * options_.accumulate,
                      .loss = result_.loss};
    for (const Node& node : network_.nodes) {
      step.forward_macs += is_left_out(node) ? 0 : macs_of(network_, node);
    }
    for (const TrainedParameter& parameter : result_.parameters) {
      step.parameters += result_.graph.tensor(parameter.master).type.elements();
    }
    const TensorType& targets = result_.graph.tensor(result_.batches.front().targets).type;
    const std::int64_t rows = targets.elements() / targets.extents.back();
    step.tokens = rows > network_.batch ? rows * options_.accumulate : 0;
    step.forward_macs *= options_.accumulate;
    for (GraphTensor& tensor : result_.graph.tensors) {
      tensor.quantization = {};  // nothing is stored but real numbers
    }
    result_.graph.step = std::move(step);
    return std::move(result_);
  }

  const Graph& network_;
  const TrainingOptions& options_;
  DataType compute_;
  GraphTensorId output_ = -1;  ///< of the network: what has the loss
  std::set<GraphTensorId> needed_;
  GraphBuilder builder_;
  TrainingGraph result_;
  StepPhase phase_ = StepPhase::Forward;
  std::vector<StepPhase> phases_;  ///< by node
  std::set<std::string> names_;
  std::map<GraphTensorId, GraphTensorId> values_;  ///< by tensor of the network
  std::vector<GraphTensorId> roots_;               ///< by tensor: what a view looks at
  std::size_t first_unknown_ = 0;
  std::map<std::pair<GraphTensorId, std::vector<std::int64_t>>, GraphTensorId> views_;
  std::map<GraphTensorId, std::size_t> parameter_of_;  ///< by tensor of the network
  std::map<std::string, GraphTensorId> invented_;      ///< by name
  std::map<GraphTensorId, std::size_t> trained_;       ///< by tensor that nodes read
  std::set<GraphTensorId> wanted_;                     ///< made of these
  std::set<GraphTensorId> exact_;                      ///< gradients by these are fp32
  std::map<GraphTensorId, std::vector<GraphTensorId>> gradients_;
  std::map<GraphTensorId, std::vector<ChannelPart>> channels_;  ///< of gradients
  std::map<GraphTensorId, Forward::Rule> rules_;                ///< by tensor, of its node
  bool rectifies_ = false;                             ///< a ReLU follows that nobody has taken yet
  std::vector<GraphTensorId> losses_;                  ///< by batch
  std::size_t first_node_ = 0;                         ///< of the batch
  std::map<GraphTensorId, std::size_t> lost_;          ///< the node that made what is not kept
  std::map<GraphTensorId, GraphTensorId> made_again_;  ///< of these, so far
  GraphTensorId factor_ = -1;                          ///< of all gradients, of clipping; none: -1
  std::map<std::size_t, std::size_t> places_;          ///< of nodes that are moved
  std::map<std::pair<std::size_t, std::size_t>, GraphTensorId> read_instead_;  ///< by node, input
};

/// A node of the network on its way into the step.
class StepGraph::ForwardNode final : public Forward {
 public:
  ForwardNode(StepGraph& step, const Node& node) : step_(step), node_(node) {}

  [[nodiscard]] const TensorType& type(GraphTensorId tensor) const override {
    return step_.graph().tensor(tensor).type;
  }
  GraphTensorId add(std::string_view what, Op op, std::vector<GraphTensorId> inputs) override {
    if (step_.has_weights_in_products(inputs)) {
      return step_.narrow_product(*this, what, op, inputs);
    }
    return step_.add_node(fmt::format("{}.{}", node_.name, what), std::move(op), std::move(inputs),
                          node_);
  }
  GraphTensorId view(GraphTensorId tensor, const Extents& extents) override {
    return step_.view(tensor, extents, node_);
  }
  [[noreturn]] void refuse(std::string_view message) const override {
    throw WorkloadError(node_.location, node_.name, message);
  }
  void set_rule(GraphTensorId made, Rule rule) override { step_.rules_[made] = std::move(rule); }
  [[nodiscard]] bool takes_rectifier() override { return std::exchange(step_.rectifies_, false); }
  [[nodiscard]] std::int64_t most_whole_bytes() const override {
    return step_.options_.most_whole_bytes;
  }
  void keep_exact(GraphTensorId made) override { step_.exact_.insert(step_.root(made)); }
  [[nodiscard]] GraphTensorId input(std::size_t index) override {
    const GraphTensorId tensor = node_.inputs.at(index);
    if (step_.network_.tensor(tensor).role == GraphTensorRole::State) {
      return step_.parameter(node_, index, step_.network_.tensor(tensor).type.extents, true);
    }
    return view(step_.values_.at(tensor), step_.network_.tensor(tensor).type.extents);
  }
  GraphTensorId factor(std::size_t input, const Extents& extents) override {
    return step_.parameter(node_, input, extents, true);
  }
  GraphTensorId summand(std::size_t input, const Extents& extents) override {
    return step_.parameter(node_, input, extents, false);
  }
  GraphTensorId invented(std::string_view what, const Extents& extents, double first) override {
    return step_.invented(fmt::format("{}.{}", node_.name, what), extents, first, node_);
  }

 private:
  StepGraph& step_;
  const Node& node_;
};

/// A node of the step on the way back.
class StepGraph::BackwardNode final : public Backward {
 public:
  BackwardNode(StepGraph& step, Node node, GraphTensorId gradient)
      : step_(step), node_(std::move(node)), gradient_(gradient) {}

  [[nodiscard]] const TensorType& type(GraphTensorId tensor) const override {
    return step_.graph().tensor(tensor).type;
  }
  GraphTensorId add(std::string_view what, Op op, std::vector<GraphTensorId> inputs) override {
    return step_.add_node(fmt::format("{}.{}", node_.name, what), std::move(op),
                          there(std::move(inputs)), node_);
  }
  GraphTensorId view(GraphTensorId tensor, const Extents& extents) override {
    return step_.view(tensor, extents, node_);
  }
  [[noreturn]] void refuse(std::string_view message) const override {
    throw WorkloadError(node_.location, node_.name, message);
  }
  [[nodiscard]] GraphTensorId input(std::size_t index) const override {
    return node_.inputs.at(index);
  }
  [[nodiscard]] GraphTensorId output() const override { return node_.output(); }
  [[nodiscard]] GraphTensorId gradient() const override { return gradient_; }
  [[nodiscard]] bool wants(std::size_t input) const override {
    return step_.wants(node_.inputs.at(input));
  }
  [[nodiscard]] std::int64_t most_whole_bytes() const override {
    return step_.options_.most_whole_bytes;
  }
  [[nodiscard]] bool wants_tensor(GraphTensorId tensor) const override {
    return step_.wants(tensor);
  }
  [[nodiscard]] DataType element(std::size_t input) const override {
    return element_of(node_.inputs.at(input));
  }
  [[nodiscard]] DataType element_of(GraphTensorId tensor) const override {
    return step_.gradient_element(tensor);
  }
  void give_to(GraphTensorId tensor, GraphTensorId gradient) override {
    step_.add_gradient(tensor, gradient);
  }
  void give(std::size_t input, GraphTensorId gradient) override {
    if (wants(input)) {
      step_.add_gradient(node_.inputs.at(input), gradient);
    }
  }
  void give_channels(std::size_t input, std::int64_t first, GraphTensorId gradient) override {
    if (wants(input)) {
      step_.add_channels(node_.inputs.at(input), first, gradient);
    }
  }
  void give(std::size_t input, Op op, std::vector<GraphTensorId> inputs) override {
    if (wants(input)) {
      const std::string name = step_.graph().tensor(node_.inputs.at(input)).name + ".gradient";
      give(input, step_.add_node(name, std::move(op), there(std::move(inputs)), node_));
    }
  }

 private:
  /// What was not kept is computed again as soon as a node reads it.
  std::vector<GraphTensorId> there(std::vector<GraphTensorId> inputs) {
    for (GraphTensorId& input : inputs) {
      input = step_.again(input);
    }
    return inputs;
  }

  StepGraph& step_;
  Node node_;  ///< the graph's own moves as it grows
  GraphTensorId gradient_;
};

void StepGraph::forward(const Node& node) {
  ForwardNode place(*this, node);
  if (node.is_view()) {
    values_[node.output()] = values_.at(node.inputs.front());
    return;
  }
  Op op = node.op;
  set_element(op, network_.tensor(node.output()).type.element);
  ActivationKind function = ActivationKind::None;
  const bool is_function = node.does<RescaleWork>() && node.inputs.size() == 1;
  if (FusedActivation* const fused = activation_of(op); fused != nullptr && !is_function) {
    std::swap(function, fused->kind);
  }
  GraphTensorId made = -1;
  rectifies_ = function == ActivationKind::Relu;
  if (has_training_form(op)) {
    made = train(op, place);
    if (function == ActivationKind::Relu && !rectifies_) {
      function = ActivationKind::None;
    }
  } else {
    std::vector<GraphTensorId> inputs;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      inputs.push_back(place.input(i));
    }
    if (is_function) {  // of each element, under whatever extents
      inputs.front() = root(inputs.front());
    } else if (inputs.size() == 2) {
      const TensorType& left = graph().tensor(inputs[0]).type;
      inputs[0] = view(inputs[0], left_extents(op, left, graph().tensor(inputs[1]).type), node);
    }
    if (function == ActivationKind::Relu && std::holds_alternative<AddWork>(work_of(op))) {
      made = rectified_sum(node, std::move(inputs));
      function = ActivationKind::None;
    } else {
      made = add_node(node.name, std::move(op), std::move(inputs), node);
    }
  }
  if (function != ActivationKind::None) {
    made = add_node(fmt::format("{}.{}", node.name, name_of(function)), function_node(function),
                    {made}, node);
  }
  values_[node.output()] = made;
}

/// In fewer bits; what is made of it is of the network's type, without the scales.
GraphTensorId StepGraph::narrow_product(Forward& forward, std::string_view what, Op op,
                                        const std::vector<GraphTensorId>& inputs) {
  const auto narrow = [&](std::string_view side, GraphTensorId of) {
    return narrowed(forward, fmt::format("{}.{}", what, side), of, DataType::Fp8E4M3);
  };
  const NarrowTensor left = narrow("left", inputs[0]);
  const NarrowTensor right = narrow("right", inputs[1]);
  say_element(op, compute_);
  const GraphTensorId scaled = forward.add(what, std::move(op), {left.narrow, right.narrow});
  const std::size_t product = graph().nodes.size() - 1;
  const GraphTensorId made = forward.add(fmt::format("{}.unscaled", what), formula_of("a * b * c"),
                                         {forward.wide(scaled), left.inverse, right.inverse});
  rules_[made] = [this, product, scaled, left, right](Backward& backward) {
    const Op multiplied = graph().nodes[product].op;
    narrow_gradients(multiplied, {left, right, scaled}, backward);
  };
  return forward.view(made, graph().tensor(scaled).type.extents);
}

GraphTensorId StepGraph::rectified_sum(const Node& node, std::vector<GraphTensorId> inputs) {
  ForwardNode place(*this, node);
  for (GraphTensorId& input : inputs) {
    input = place.wide(input);
  }
  const GraphTensorId made =
      add_node(node.name, formula_of("max(a + b, 0)"), std::move(inputs), node);
  rules_[made] = [](Backward& backward) {
    const GraphTensorId g = backward.add("rectified_gradient", formula_of("a * positive(b)"),
                                         {backward.gradient(), backward.output()});
    backward.give(0, g);
    backward.give(1, g);
  };
  return made;
}

GraphTensorId StepGraph::parameter(const Node& node, std::size_t input, const Extents& extents,
                                   bool in_products) {
  const GraphTensorId source = node.inputs.at(input);
  if (const auto known = parameter_of_.find(source); known != parameter_of_.end()) {
    const TrainedParameter& found = result_.parameters[known->second];
    return in_products ? found.copy : found.master;
  }
  parameter_of_[source] = result_.parameters.size();
  return new_parameter(network_.tensor(source).name, {.source = source, .moments = {}}, extents,
                       node, in_products);
}

GraphTensorId StepGraph::new_parameter(const std::string& name, TrainedParameter made,
                                       const Extents& extents, const Node& node, bool in_products) {
  made.master = state(name, kMaster, extents, node);
  if (in_products) {
    made.copy = state(fmt::format("{}.{}", name, name_of(compute_)), compute_, extents, node);
  }
  const bool adam = options_.optimizer.kind != OptimizerKind::Sgd;
  if (adam || options_.optimizer.momentum != 0) {
    made.moments.push_back(state(name + ".moment", kMaster, extents, node));
  }
  if (adam) {
    made.moments.push_back(state(name + ".variance", kMaster, extents, node));
  }
  const GraphTensorId read = in_products ? made.copy : made.master;
  trained_[read] = result_.parameters.size();
  result_.parameters.push_back(std::move(made));
  return read;
}

std::size_t StepGraph::find_wanted(std::map<std::size_t, std::vector<std::size_t>>& first_read) {
  std::size_t nodes = first_node_;
  std::set<std::size_t> seen;
  while (nodes < phases_.size() && phases_[nodes] == StepPhase::Forward) {
    const Node& node = graph().nodes[nodes];
    for (const GraphTensorId input : node.inputs) {
      if (wants(input)) {
        wanted_.insert(node.output());
      }
      const auto parameter = trained_.find(input);
      if (parameter != trained_.end() && seen.insert(parameter->second).second) {
        first_read[nodes].push_back(parameter->second);
      }
    }
    ++nodes;
  }
  return nodes;
}

GraphTensorId StepGraph::gradient_of(GraphTensorId tensor, const Node& of) {
  join_channels(tensor, of);
  const auto found = gradients_.find(tensor);
  if (found == gradients_.end()) {
    return -1;
  }
  const std::vector<GraphTensorId> parts = std::move(found->second);
  gradients_.erase(found);
  const Extents extents = graph().tensor(tensor).type.extents;
  const DataType element = gradient_element(tensor);
  ForwardNode place(*this, of);
  const auto wide = [&](GraphTensorId part) { return place.wide(view(part, extents, of)); };
  GraphTensorId sum = parts.front();
  for (std::size_t i = 1; i < parts.size(); ++i) {
    sum = add_node(graph().tensor(tensor).name + ".gradient", formula_of("a + b", element),
                   {wide(sum), wide(parts[i])}, of);
  }
  return view(sum, extents, of);
}

void StepGraph::backward() {
  std::map<std::size_t, std::vector<std::size_t>> first_read;
  const std::size_t nodes = find_wanted(first_read);
  if (options_.recompute == Recompute::Blocks) {
    find_kept(nodes);
  }
  for (std::size_t i = nodes; i-- > first_node_;) {
    backward(i);
    const Node node = graph().nodes[i];
    for (const std::size_t parameter : first_read[i]) {
      if (!updates_last()) {
        update(parameter, node);
        continue;
      }
      // One tensor for all batches so far.
      const GraphTensorId read = read_of(parameter);
      const GraphTensorId g = gradient_of(read, node);
      SYSTOLE_CHECK(g >= 0, "{}: no gradient", graph().tensor(read).name);
      add_gradient(read, g);
    }
  }
}

void StepGraph::backward(std::size_t index) {
  const Node node = graph().nodes[index];
  const GraphTensorId gradient =
      wanted_.count(node.output()) != 0 ? gradient_of(node.output(), node) : -1;
  if (gradient >= 0) {
    BackwardNode place(*this, node, gradient);
    if (const auto rule = rules_.find(node.output()); rule != rules_.end()) {
      rule->second(place);
    } else {
      systole::gradient(node.op, place);
    }
  }
}

/// A block ends behind a node where nothing made before it but the node's own result is read any
/// more. What is made within a block, but for the last one, is lost at its end.
void StepGraph::find_kept(std::size_t end) {
  std::map<GraphTensorId, std::size_t> last_reader;
  for (std::size_t i = first_node_; i < end; ++i) {
    for (const GraphTensorId input : graph().nodes[i].inputs) {
      last_reader[root(input)] = i;
    }
  }
  std::size_t reach = first_node_;                   // the last reader of what was made before
  std::vector<std::vector<std::size_t>> blocks{{}};  // what is made within each
  for (std::size_t i = first_node_; i < end; ++i) {
    const Node& node = graph().nodes[i];
    if (node.is_view()) {
      continue;
    }
    if (graph().tensor(node.output()).shape().pixels() > 1) {  // else it takes no room
      if (reach > i) {
        blocks.back().push_back(i);
      } else if (!blocks.back().empty()) {
        blocks.emplace_back();
      }
    }
    const auto reader = last_reader.find(node.output());
    reach = reader == last_reader.end() ? reach : std::max(reach, reader->second);
  }
  if (blocks.back().empty()) {
    blocks.pop_back();
  }
  if (!blocks.empty()) {
    blocks.pop_back();
  }
  for (const std::vector<std::size_t>& block : blocks) {
    for (const std::size_t inner : block) {
      lost_[graph().nodes[inner].output()] = inner;
    }
  }
}

/// What was lost, once more; all else as it is.
GraphTensorId StepGraph::again(GraphTensorId tensor) {
  const GraphTensorId source = root(tensor);
  const auto lost = lost_.find(source);
  if (lost == lost_.end()) {
    return tensor;
  }
  const auto known = made_again_.find(source);
  const Node node = graph().nodes[lost->second];
  if (known == made_again_.end()) {
    std::vector<GraphTensorId> inputs;
    for (const GraphTensorId input : node.inputs) {
      inputs.push_back(again(input));
    }
    const StepPhase phase = std::exchange(phase_, StepPhase::Again);
    made_again_[source] = add_node(node.name + ".again", node.op, std::move(inputs), node);
    phase_ = phase;
  }
  const Extents extents = graph().tensor(tensor).type.extents;
  return view(made_again_.at(source), extents, node);
}

GraphTensorId StepGraph::read_of(std::size_t parameter) const {
  const TrainedParameter& found = result_.parameters[parameter];
  return found.copy >= 0 ? found.copy : found.master;
}

/// What is read again much later is kept, and comes back for its readers.
void StepGraph::hold() {
  constexpr std::int64_t kWhole = 8;  // the buffer, of which it is a part
  for (const KeptTensor& kept : kept_tensors(graph(), kWhole * options_.most_whole_bytes)) {
    const std::string name = graph().tensor(kept.tensor).name;
    const Extents extents = graph().tensor(kept.tensor).type.extents;
    const Node maker = graph().nodes[kept.made_by];
    phase_ = phases_[kept.made_by];
    places_[graph().nodes.size()] = 2 * kept.made_by + 2;
    const GraphTensorId held = add_node(name + ".kept", formula_of("a"), {kept.tensor}, maker);
    for (const KeptTensor::Return& back : kept.returns) {
      const Node reader = graph().nodes[back.readers.front().node];
      phase_ = phases_[back.readers.front().node];
      const std::size_t first = graph().nodes.size();
      const GraphTensorId again = add_node(name + ".back", formula_of("a"), {held}, reader);
      for (const KeptTensor::Reader& place : back.readers) {
        const GraphTensorId read = graph().nodes[place.node].inputs[place.input];
        read_instead_[{place.node, place.input}] =
            view(again, graph().tensor(read).type.extents, reader);
      }
      for (std::size_t node = first; node < graph().nodes.size(); ++node) {
        places_[node] = 2 * back.before;
      }
    }
  }
}

void StepGraph::update_all() {
  const Node& last = network_.nodes.back();
  if (options_.clip_norm) {
    factor_ = clipping_factor();
  }
  for (std::size_t parameter = 0; parameter < result_.parameters.size(); ++parameter) {
    update(parameter, last);
  }
}

/// The norm is that of all gradients as one vector: squares of each row, then of each parameter,
/// then of all.
GraphTensorId StepGraph::clipping_factor() {
  const Node& last = network_.nodes.back();
  phase_ = StepPhase::Update;
  GraphTensorId sum = -1;
  for (std::size_t parameter = 0; parameter < result_.parameters.size(); ++parameter) {
    const GraphTensorId read = read_of(parameter);
    const GraphTensorId g = gradient_of(read, last);
    SYSTOLE_CHECK(g >= 0, "{}: no gradient", graph().tensor(read).name);
    add_gradient(read, g);
    const std::string name = graph().tensor(read).name + ".squares";
    const GraphTensorId rows = add_node(name, formula_of("sum(a * a)", kMaster), {g}, last);
    const std::int64_t count = graph().tensor(rows).type.elements();
    GraphTensorId whole = view(rows, {1, 1, count}, last);
    if (count > 1) {
      whole = add_node(name, formula_of("sum(a)", kMaster), {whole}, last);
    }
    sum = sum < 0 ? whole : add_node("squares", formula_of("a + b", kMaster), {sum, whole}, last);
  }
  // Behind 1e-6 as PyTorch's clip_grad_norm_ has it.
  return add_node(
      "clipping",
      formula_of(fmt::format("min({} / (sqrt(a) * {} + 1e-06), 1) * {}", *options_.clip_norm,
                             1 / options_.loss_scale, 1 / options_.loss_scale),
                 kMaster),
      {sum}, last);
}

void StepGraph::update(std::size_t index, const Node& of) {
  const TrainedParameter& parameter = result_.parameters[index];
  const GraphTensorId read = read_of(index);
  const GraphTensorId g = gradient_of(read, of);
  SYSTOLE_CHECK(g >= 0, "{}: no gradient", graph().tensor(read).name);
  const Optimizer& optimizer = options_.optimizer;
  phase_ = StepPhase::Update;
  const auto write = [&](GraphTensorId state, const std::string& text,
                         std::vector<GraphTensorId> inputs) {
    inputs.insert(inputs.begin(), state);
    return add_node(graph().tensor(state).name + ".updated", update_of(text), std::move(inputs),
                    of);
  };
  // The gradient itself: not scaled any more, and clipped.
  std::vector<GraphTensorId> gradient{g};
  std::string by = "b";
  if (factor_ >= 0) {
    gradient.push_back(factor_);
    by = "(b * c)";
  } else if (options_.loss_scale != 1) {
    by = fmt::format("(b * {})", 1 / options_.loss_scale);
  }
  GraphTensorId updated = -1;
  if (optimizer.kind == OptimizerKind::Sgd) {
    if (!parameter.moments.empty()) {
      gradient = {write(parameter.moments[0], fmt::format("a * {} + {}", optimizer.momentum, by),
                        gradient)};
      by = "b";
    }
    updated = write(parameter.master, fmt::format("a - {} * {}", by, optimizer.rate), gradient);
  } else {
    if (result_.rate < 0) {
      result_.rate = builder_.add_input(unique("learning_rate"),
                                        {.element = kMaster, .extents = {1, 1, 1}}, {}, {});
    }
    const auto mean = [](double beta, const std::string& of_gradient) {
      return fmt::format("a * {} + {} * {}", beta, of_gradient, 1 - beta);
    };
    const GraphTensorId first = write(parameter.moments[0], mean(optimizer.beta1, by), gradient);
    const GraphTensorId second =
        write(parameter.moments[1], mean(optimizer.beta2, by + " * " + by), gradient);
    const std::string kept = optimizer.kind == OptimizerKind::AdamW
                                 ? fmt::format("a - a * {}", optimizer.rate * optimizer.decay)
                                 : "a";
    updated =
        write(parameter.master, fmt::format("{} - d * b / (sqrt(c) + {})", kept, optimizer.epsilon),
              {first, second, result_.rate});
  }
  if (parameter.copy >= 0) {
    write(parameter.copy, "b", {updated});
  }
  phase_ = StepPhase::Backward;
}

}  // namespace

double Optimizer::rate_at(std::int64_t step) const {
  const auto t = static_cast<double>(step);
  return kind == OptimizerKind::Sgd
             ? rate
             : rate * std::sqrt(1 - std::pow(beta2, t)) / (1 - std::pow(beta1, t));
}

TrainingGraph training_graph(const Graph& network, const TrainingOptions& options) {
  return StepGraph(network, options).build();
}

}  // namespace systole
