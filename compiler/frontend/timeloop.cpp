#include "compiler/frontend/timeloop.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arch/config/yaml_tree.h"
#include "arch/diag/printable.h"
#include "compiler/frontend/write_description.h"

namespace systole {

namespace {

constexpr std::int64_t kLargestSize = 65'536;
constexpr std::size_t kSlidingAxes = 2;

constexpr std::string_view kCnnLayer = R"(problem:
  shape:
    dimensions: [R, S, P, Q, C, K, N]
    coefficients:
      - {name: Wstride, default: 1}
      - {name: Hstride, default: 1}
      - {name: Wdilation, default: 1}
      - {name: Hdilation, default: 1}
    data_spaces:
      - {name: Weights, projection: [[[C]], [[K]], [[R]], [[S]]]}
      - {name: Inputs, projection: [[[N]], [[C]], [[R, Wdilation], [P, Wstride]], [[S, Hdilation], [Q, Hstride]]]}
      - {name: Outputs, projection: [[[N]], [[K]], [[Q]], [[P]]], read_write: true}
)";

/// A dimension, times a factor.
struct Term {
  std::string dimension;
  std::int64_t factor = 1;
};

struct Space {
  ConfigNode node;
  std::vector<std::vector<Term>> axes;
  bool written = false;

  [[nodiscard]] bool has(const std::string& dimension) const {
    return std::any_of(axes.begin(), axes.end(), [&](const std::vector<Term>& axis) {
      return std::any_of(axis.begin(), axis.end(),
                         [&](const Term& term) { return term.dimension == dimension; });
    });
  }
  [[nodiscard]] bool slides() const {
    return std::any_of(axes.begin(), axes.end(), [](const std::vector<Term>& axis) {
      return axis.size() > 1 || axis.front().factor > 1;
    });
  }
};

/// kernel * dilation + output * stride
struct Sliding {
  std::int64_t kernel = 1;
  std::int64_t dilation = 1;
  std::int64_t outputs = 1;
  std::int64_t stride = 1;

  [[nodiscard]] std::int64_t inputs() const {
    return (outputs - 1) * stride + (kernel - 1) * dilation + 1;
  }
};

class Problem {
 public:
  Problem(const ConfigNode& problem, const ConfigNode& shape)
      : instance_(problem.has("instance") ? problem.map("instance") : problem), shape_(shape) {}

  std::string description(const std::string& fallback_name) {
    read_dimensions();
    read_coefficients();
    read_spaces();
    choose_weights();
    check_each_is_used();
    add_axes();
    std::string description = text(shape_.optional_text("name").value_or(fallback_name));
    shape_.finish();
    instance_.finish();
    return description;
  }

 private:
  [[nodiscard]] static std::string either(const ConfigNode& node, const char* one,
                                          const char* other) {
    return node.has(other) ? other : one;
  }

  void read_dimensions() {
    for (const ConfigNode& element : shape_.list("dimensions")) {
      const std::string name = element.as_text();
      if (!sizes_.emplace(name, instance_.integer(name, {.min = 1, .max = kLargestSize})).second) {
        element.fail(fmt::format("expected names that differ, got {} twice", in_quotes(name)));
      }
    }
  }

  void read_coefficients() {
    for (const ConfigNode& element : shape_.optional_list("coefficients")) {
      const std::string name = element.text("name");
      constexpr Range kRange{.min = 1, .max = kLargestSize};
      const auto otherwise = element.optional_integer("default", kRange);
      const auto given = instance_.optional_integer(name, kRange);
      if (!given && !otherwise) {
        element.fail(
            fmt::format("expected a default, or {} in the instance, got neither", in_quotes(name)));
      }
      element.finish();
      factors_.emplace(name, given ? *given : *otherwise);
    }
  }

  [[nodiscard]] std::int64_t factor_of(const ConfigNode& element) const {
    const auto named = factors_.find(element.as_text());
    return named != factors_.end() ? named->second
                                   : element.as_integer({.min = 1, .max = kLargestSize});
  }

  [[nodiscard]] Term term_of(const ConfigNode& node) const {
    const std::vector<ConfigNode> parts = node.elements();
    if (parts.empty() || parts.size() > 2) {
      node.fail("expected [DIMENSION] or [DIMENSION, COEFFICIENT], got another list");
    }
    Term term{.dimension = parts[0].as_text(), .factor = 1};
    if (sizes_.count(term.dimension) == 0) {
      parts[0].fail(
          fmt::format("expected one of the dimensions, got {}", in_quotes(term.dimension)));
    }
    if (parts.size() == 2) {
      term.factor = factor_of(parts[1]);
    }
    return term;
  }

  void read_spaces() {
    const std::string key = either(shape_, "data-spaces", "data_spaces");
    for (const ConfigNode& node : shape_.list(key)) {
      Space space{.node = node, .axes = {}, .written = false};
      static_cast<void>(node.text("name"));
      for (const ConfigNode& axis : node.list("projection")) {
        std::vector<Term> terms;
        for (const ConfigNode& term : axis.elements()) {
          terms.push_back(term_of(term));
        }
        if (terms.empty() || terms.size() > 2) {
          axis.fail("expected an axis of one or two dimensions, got another number");
        }
        space.axes.push_back(std::move(terms));
      }
      const std::string written = either(node, "read-write", "read_write");
      if (const auto text = node.optional_text(written)) {
        space.written = *text == "true" || *text == "True";
      }
      node.finish();
      spaces_.push_back(std::move(space));
    }
  }

  void choose_weights() {
    const auto written = [](const Space& space) { return space.written; };
    constexpr std::ptrdiff_t kInputs = 2;
    const std::ptrdiff_t outputs = std::count_if(spaces_.begin(), spaces_.end(), written);
    if (outputs != 1 || std::ssize(spaces_) != 1 + kInputs) {
      shape_.fail(fmt::format(
          "expected three data spaces, one of them read-write, got {}, {} of them read-write",
          spaces_.size(), outputs));
    }
    std::stable_partition(spaces_.begin(), spaces_.end(),
                          [&](const Space& space) { return !written(space); });
    if (spaces_[1].slides()) {
      std::swap(spaces_[0], spaces_[1]);
    }
    for (const Space* space : {&weights(), &outputs_space()}) {
      if (space->slides()) {
        space->node.fail("expected axes of one dimension each, got one that slides");
      }
    }
  }
  [[nodiscard]] const Space& activations() const { return spaces_[0]; }
  [[nodiscard]] const Space& weights() const { return spaces_[1]; }
  [[nodiscard]] const Space& outputs_space() const { return spaces_[2]; }

  void check_each_is_used() const {
    for (const auto& [name, size] : sizes_) {
      const int spaces = (activations().has(name) ? 1 : 0) + (weights().has(name) ? 1 : 0) +
                         (outputs_space().has(name) ? 1 : 0);
      if (spaces < 2) {
        shape_.fail(fmt::format("expected dimensions of two or three data spaces, got {} of {}",
                                in_quotes(name), spaces));
      }
    }
  }

  void add_axes() {
    for (const std::vector<Term>& axis : activations().axes) {
      if (axis.size() > 1 || axis.front().factor > 1) {
        add_sliding(axis);
      } else {
        add_plain(axis.front().dimension);
      }
    }
    for (const auto& [name, size] : sizes_) {
      filters_ *= activations().has(name) ? 1 : size;
    }
  }

  void add_plain(const std::string& name) {
    const std::int64_t size = sizes_.at(name);
    if (!outputs_space().has(name)) {
      channels_ *= size;
    } else if (weights().has(name)) {
      groups_ *= size;
    } else {
      images_ *= size;
    }
  }

  void add_sliding(const std::vector<Term>& axis) {
    Sliding sliding;
    for (const Term& term : axis) {
      const std::int64_t size = sizes_.at(term.dimension);
      const bool is_output = outputs_space().has(term.dimension);
      if (is_output == weights().has(term.dimension)) {
        activations().node.fail(
            fmt::format("expected axes that slide over the weights or the output, got {} of both",
                        in_quotes(term.dimension)));
      }
      (is_output ? sliding.outputs : sliding.kernel) = size;
      (is_output ? sliding.stride : sliding.dilation) = term.factor;
    }
    if (sliding_.size() == kSlidingAxes) {
      activations().node.fail("expected at most two axes that slide, got more");
    }
    sliding_.push_back(sliding);
  }

  [[nodiscard]] std::string text(const std::string& given) const {
    const std::string name = description_name(given);
    const auto checked = [&](std::string_view what, std::int64_t size) {
      if (size > kLargestSize) {
        shape_.fail(fmt::format("expected at most {} {}, got {}", kLargestSize, what, size));
      }
      return size;
    };
    std::array<Sliding, kSlidingAxes> axes{};
    std::copy(sliding_.begin(), sliding_.end(), axes.begin());
    std::int64_t batch = images_;
    if (sliding_.empty()) {  // a product: its rows are pixels
      axes[0].outputs = images_;
      batch = 1;
    }
    const auto& [rows, cols] = axes;
    std::string out = fmt::format("network: {}\n", name);
    out += batch == 1 ? "" : fmt::format("batch: {}\n", checked("images", batch));
    out += fmt::format(
        "\ninputs:\n  - {{name: {}.input, rows: {}, cols: {}, channels: {}}}\n\nlayers:\n", name,
        checked("rows", rows.inputs()), checked("columns", cols.inputs()),
        checked("channels", groups_ * channels_));
    out += fmt::format("  - {{name: {}, op: conv2d, channels: {}, kernel: [{}, {}]", name,
                       checked("filters", groups_ * filters_), rows.kernel, cols.kernel);
    if (rows.stride * cols.stride > 1) {
      out += fmt::format(", stride: [{}, {}]", rows.stride, cols.stride);
    }
    if (rows.dilation * cols.dilation > 1) {
      out += fmt::format(", dilation: [{}, {}]", rows.dilation, cols.dilation);
    }
    if (groups_ > 1) {
      out += fmt::format(", groups: {}", groups_);
    }
    return out + fmt::format(", bias: false, input: {}.input}}\n", name);
  }

  ConfigNode instance_;
  ConfigNode shape_;
  std::map<std::string, std::int64_t> sizes_;    ///< by dimension
  std::map<std::string, std::int64_t> factors_;  ///< by coefficient
  std::vector<Space> spaces_;                    ///< activations, weights, output
  std::vector<Sliding> sliding_;
  std::int64_t groups_ = 1;
  std::int64_t channels_ = 1;  ///< of a group
  std::int64_t filters_ = 1;   ///< of a group
  std::int64_t images_ = 1;
};

}  // namespace

bool is_timeloop_problem(const ConfigNode& file) {
  const std::vector<YamlItem>& top = file.document_root().children;
  const auto has =
      [&](std::string_view key) {  // without asking: then it would be a key of networks
        return std::any_of(top.begin(), top.end(),
                           [&](const YamlItem& item) { return item.key == key; });
      };
  return has("problem") && !has("network");
}

std::string timeloop_description(const ConfigNode& file) {
  const ConfigNode problem = file.map("problem");
  const std::string stem = std::filesystem::path(file.location().file).stem().string();
  const ConfigNode shape = problem.child("shape");
  if (problem.has("version")) {
    static_cast<void>(problem.text("version"));
  }
  if (!shape.is_scalar()) {
    std::string text = Problem(problem, shape).description(stem);
    problem.finish();
    return text;
  }
  const std::string name = shape.as_text();
  if (name != "cnn-layer" && name != "cnn_layer") {
    shape.fail(fmt::format("expected cnn-layer, or a shape of its own, got {}", in_quotes(name)));
  }
  const ConfigNode known =
      ConfigNode::parse(std::string(kCnnLayer), "cnn_layer", ConfigNode::Kind::Workload);
  std::string text = Problem(problem, known.map("problem").map("shape")).description(stem);
  problem.finish();
  return text;
}

}  // namespace systole
