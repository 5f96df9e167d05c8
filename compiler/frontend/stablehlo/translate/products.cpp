#include <algorithm>
#include <array>
#include <numeric>
#include <set>

#include "arch/diag/printable.h"
#include "compiler/frontend/stablehlo/translate/translation.h"

namespace systole::stablehlo {

namespace {

using Axes = std::vector<std::size_t>;

// --- products of two tensors ---

/// Which axes of one side of a product are which.
struct Side {
  Axes batch;
  Axes summed;
  Axes own;
};

Integers listed(const Translation& in, std::string_view pretty, std::string_view generic) {
  const HloAttribute* found = in.attribute({pretty});
  if (const HloAttribute* numbers = in.attribute({"dot_dimension_numbers"})) {
    found = numbers->field(generic);
  }
  return found == nullptr ? Integers{} : found->integers().value_or(Integers{});
}

Side side_of(const OnnxShape& shape, const Integers& batch, const Integers& summed) {
  Integers both = batch;
  both.insert(both.end(), summed.begin(), summed.end());
  const Axes taken = Translation::axes(both, shape.size());
  const auto cut = taken.begin() + std::ssize(batch);
  Side side{.batch = Axes(taken.begin(), cut), .summed = Axes(cut, taken.end()), .own = {}};
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (std::find(taken.begin(), taken.end(), axis) == taken.end()) {
      side.own.push_back(axis);
    }
  }
  return side;
}

std::int64_t product(const OnnxShape& shape, const Axes& axes) {
  return std::accumulate(
      axes.begin(), axes.end(), std::int64_t{1},
      [&](std::int64_t so_far, std::size_t axis) { return so_far * shape[axis]; });
}

OnnxShape sizes_of(const OnnxShape& shape, const Axes& axes) {
  OnnxShape sizes;
  for (const std::size_t axis : axes) {
    sizes.push_back(shape[axis]);
  }
  return sizes;
}

Axes joined(std::initializer_list<Axes> parts) {
  Axes all;
  for (const Axes& part : parts) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

OnnxShape appended(OnnxShape shape, const OnnxShape& more) {
  shape.insert(shape.end(), more.begin(), more.end());
  return shape;
}

/// A product of constants, computed when somebody asks for it: [count, m, k] times [count, k, n].
OnnxConstant product_of_constants(const OnnxConstant& a, const OnnxConstant& b,
                                  const OnnxShape& shape) {
  const OnnxShape& left = a.shape();
  const OnnxShape& right = b.shape();
  const std::int64_t k = left.back();
  const std::int64_t n = right.back();
  constexpr std::int64_t kMostProducts = std::int64_t{1} << 32;
  if (k > 0 && elements_of(shape) > kMostProducts / k) {
    refuse("expected a product of constants of at most 2^32 multiplications, got {} times {}",
           text_of(left), text_of(right));
  }
  return OnnxConstant::deferred(OnnxType::Float, shape, [a, b, k, n, shape] {
    const std::vector<float> x = a.floats();
    const std::vector<float> y = b.floats();
    const std::int64_t m = shape[shape.size() - 2];
    std::vector<float> made;
    made.reserve(static_cast<std::size_t>(elements_of(shape)));
    for (std::int64_t row = 0; row < elements_of(shape) / n; ++row) {
      const std::int64_t matrix = elements_of(b.shape()) == k * n ? 0 : row / m;
      for (std::int64_t column = 0; column < n; ++column) {
        double sum = 0;
        for (std::int64_t i = 0; i < k; ++i) {
          sum += static_cast<double>(x[static_cast<std::size_t>(row * k + i)]) *
                 static_cast<double>(y[static_cast<std::size_t>((matrix * k + i) * n + column)]);
        }
        made.push_back(static_cast<float>(sum));
      }
    }
    return OnnxConstant::of_floats(shape, made).bytes();
  });
}

ImportValueId product_of(Translation& in, ImportValueId x, ImportValueId y) {
  const OnnxConstant* a = in.graph().constant(x);
  const OnnxConstant* b = in.graph().constant(y);
  const bool are_real = is_floating(in.graph().value(x).type);
  if (a == nullptr || b == nullptr || !are_real || elements_of(a->shape()) == 0 ||
      elements_of(b->shape()) == 0) {
    return in.emit("MatMul", {x, y});
  }
  OnnxShape shape = a->shape();
  shape.back() = b->shape().back();
  return in.graph().add_constant(in.label(), product_of_constants(*a, *b, shape));
}

/// With weights as second operand: rows of features times [features, columns].
ImportValueId weighted(Translation& in, ImportValueId left, const Side& l, ImportValueId right,
                       const Side& r) {
  const OnnxShape a = in.shape_of(left);
  const OnnxShape b = in.shape_of(right);
  const std::int64_t features = product(a, l.summed);
  OnnxShape rows = sizes_of(a, l.own);
  const OnnxShape own = rows;
  if (rows.empty()) {
    rows = {1};
  }
  const ImportValueId x =
      in.reshaped(in.transposed(left, joined({l.own, l.summed})), appended(rows, {features}));
  const ImportValueId w =
      in.reshaped(in.transposed(right, joined({r.summed, r.own})), {features, product(b, r.own)});
  return in.reshaped(product_of(in, x, w), appended(own, sizes_of(b, r.own)));
}

/// Whether the rows of a left operand stand behind what is summed.
bool is_turned(const Side& side) {
  return !side.own.empty() && !side.summed.empty() && side.own.front() > side.summed.front();
}

/// [batch..., m, k] times [batch..., k, n].
ImportValueId matrices(Translation& in, ImportValueId left, const Side& l, ImportValueId right,
                       const Side& r) {
  // Shares times values, as they are, where the module multiplies the other way round.
  if (is_turned(l) && !r.own.empty() && !is_turned(r)) {
    const ImportValueId made = matrices(in, right, r, left, l);
    Axes order(l.batch.size());
    std::iota(order.begin(), order.end(), 0);
    for (std::size_t axis = 0; axis < l.own.size(); ++axis) {
      order.push_back(l.batch.size() + r.own.size() + axis);
    }
    for (std::size_t axis = 0; axis < r.own.size(); ++axis) {
      order.push_back(l.batch.size() + axis);
    }
    return in.transposed(made, order);
  }
  const OnnxShape a = in.shape_of(left);
  const OnnxShape b = in.shape_of(right);
  constexpr std::size_t kMostBatchAxes = 2;
  OnnxShape batch = sizes_of(a, l.batch);
  const OnnxShape outer = batch;
  if (batch.size() > kMostBatchAxes) {
    batch = {product(a, l.batch)};
  }
  const std::int64_t k = product(a, l.summed);
  const ImportValueId x = in.reshaped(in.transposed(left, joined({l.batch, l.own, l.summed})),
                                      appended(batch, {product(a, l.own), k}));
  const ImportValueId y = in.reshaped(in.transposed(right, joined({r.batch, r.summed, r.own})),
                                      appended(batch, {k, product(b, r.own)}));
  return in.reshaped(product_of(in, x, y),
                     appended(appended(outer, sizes_of(a, l.own)), sizes_of(b, r.own)));
}

void multiply(Translation& in, const Side& l, const Side& r) {
  const ImportValueId left = in.whole(0);
  const ImportValueId right = in.whole(1);
  const OnnxShape a = in.shape_of(left);
  const OnnxShape b = in.shape_of(right);
  if (sizes_of(a, l.batch) != sizes_of(b, r.batch) ||
      sizes_of(a, l.summed) != sizes_of(b, r.summed)) {
    refuse("expected axes of the same sizes on both sides, got {} and {}", text_of(a), text_of(b));
  }
  if (in.scalar(in.operand(0)) == 0.0F || in.scalar(in.operand(1)) == 0.0F) {  // a first state
    OnnxShape shape =
        appended(appended(sizes_of(a, l.batch), sizes_of(a, l.own)), sizes_of(b, r.own));
    in.give({.tensor = in.number(OnnxType::Float, 0), .view = ones(shape.size()), .shape = shape});
    return;
  }
  const bool is_left = in.graph().constant(left) != nullptr;
  const bool is_right = in.graph().constant(right) != nullptr;
  if (l.summed.empty()) {  // every element with every other
    const OnnxShape batch = sizes_of(a, l.batch);
    const OnnxShape own = sizes_of(a, l.own);
    const OnnxShape others = sizes_of(b, r.own);
    const OnnxShape shape = appended(appended(batch, own), others);
    const Held x{.tensor = in.transposed(left, joined({l.batch, l.own})),
                 .view = appended(appended(batch, own), ones(others.size())),
                 .shape = shape};
    const Held y{.tensor = in.transposed(right, joined({r.batch, r.own})),
                 .view = appended(appended(batch, ones(own.size())), others),
                 .shape = shape};
    in.give(in.elementwise("Mul", {x, y}));
    return;
  }
  if (!l.batch.empty() || (!is_left && !is_right)) {
    in.give(matrices(in, left, l, right, r));
    return;
  }
  if (is_right) {
    in.give(weighted(in, left, l, right, r));
    return;
  }
  // Weights on the left: the product the other way round, its axes exchanged.
  const ImportValueId made = weighted(in, right, r, left, l);
  Axes order;
  for (std::size_t axis = 0; axis < l.own.size(); ++axis) {
    order.push_back(r.own.size() + axis);
  }
  for (std::size_t axis = 0; axis < r.own.size(); ++axis) {
    order.push_back(axis);
  }
  in.give(in.transposed(made, order));
}

void translate_dot_general(Translation& in) {
  static_cast<void>(in.result_shape());
  const Side left =
      side_of(in.operand(0).shape, listed(in, "batching_dims", "lhs_batching_dimensions"),
              listed(in, "contracting_dims", "lhs_contracting_dimensions"));
  const Side right =
      side_of(in.operand(1).shape, listed(in, "batching_dims x", "rhs_batching_dimensions"),
              listed(in, "contracting_dims x", "rhs_contracting_dimensions"));
  multiply(in, left, right);
}

/// The last axis of the first times the first of the second.
void translate_dot(Translation& in) {
  static_cast<void>(in.result_shape());
  const OnnxShape& a = in.operand(0).shape;
  if (a.empty() || in.operand(1).shape.empty()) {
    refuse("expected vectors or matrices, got {} and {}", text_of(a), text_of(in.operand(1).shape));
  }
  multiply(in, side_of(a, {}, {std::ssize(a) - 1}), side_of(in.operand(1).shape, {}, {0}));
}

/// chlo: letters as those of NumPy.
void translate_einsum(Translation& in) {
  const HloAttribute* equation = in.attribute({"einsum_config"});
  if (equation == nullptr || equation->text.empty()) {
    refuse("expected an equation, got none");
  }
  ImportNode node;
  node.op = "Einsum";
  OnnxAttribute text{.kind = OnnxAttribute::Kind::String};
  text.text = equation->text;
  node.attributes.insert_or_assign("equation", std::move(text));
  std::vector<ImportValueId> inputs;
  for (std::size_t i = 0; i < in.operands(); ++i) {
    inputs.push_back(in.whole(i));
  }
  in.give(in.emit(std::move(node), std::move(inputs)));
}

// --- convolutions ---

/// The order in which a tensor has the axes of a convolution: images (output channels of weights),
/// channels, rows, columns, ...
struct ConvolutionAxes {
  Axes image;
  Axes kernel;
  Axes output;
};

/// Of `[b, 0, 1, f]`: the axis of `first`, of `second`, then those by number.
Axes by_words(const HloAttribute& written, std::string_view first, std::string_view second) {
  Axes order;
  const auto find = [&](std::string_view word) {
    for (std::size_t i = 0; i < written.items.size(); ++i) {
      if (written.items[i].text == word) {
        order.push_back(i);
        return;
      }
    }
    refuse("expected an axis {} among those of a convolution, got none", word);
  };
  find(first);
  find(second);
  for (std::size_t i = 0; i + 2 < written.items.size(); ++i) {
    find(fmt::format("{}", i));
  }
  return order;
}

Axes by_fields(const HloAttribute& numbers, const std::string& first, const std::string& second,
               const std::string& spatial) {
  Integers order;
  for (const std::string& key : {first, second, spatial}) {
    const HloAttribute* found = numbers.field(key);
    const auto some = found == nullptr ? std::nullopt : found->integers();
    if (!some && (key != spatial || found != nullptr)) {
      refuse("expected {} of a convolution, got none", key);
    }
    if (some) {
      order.insert(order.end(), some->begin(), some->end());
    }
  }
  return Translation::axes(order, order.size());
}

ConvolutionAxes convolution_axes(const Translation& in) {
  const HloAttribute* numbers = in.attribute({"dimension_numbers"});
  if (numbers == nullptr) {
    refuse("expected the axes of a convolution, got none");
  }
  if (const HloAttribute* input = numbers->field("input")) {
    return {.image = by_words(*input, "b", "f"),
            .kernel = by_words(*numbers->field("kernel"), "o", "i"),
            .output = by_words(*numbers->field("output"), "b", "f")};
  }
  return {.image = by_fields(*numbers, "input_batch_dimension", "input_feature_dimension",
                             "input_spatial_dimensions"),
          .kernel = by_fields(*numbers, "kernel_output_feature_dimension",
                              "kernel_input_feature_dimension", "kernel_spatial_dimensions"),
          .output = by_fields(*numbers, "output_batch_dimension", "output_feature_dimension",
                              "output_spatial_dimensions")};
}

Axes inverse(const Axes& order) {
  Axes made(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    made[order[i]] = i;
  }
  return made;
}

struct Window {
  Integers strides, before, after, image_dilation, kernel_dilation;
  std::vector<bool> reversed;
};

Window window_of(const Translation& in, std::size_t axes) {
  const Integers some(axes, 1);
  Window window{.strides = in.integers({"window_strides", "stride"}, some),
                .before = {},
                .after = {},
                .image_dilation = in.integers({"lhs_dilation", "lhs_dilate"}, some),
                .kernel_dilation = in.integers({"rhs_dilation", "rhs_dilate"}, some),
                .reversed = {}};
  const Integers pads = in.integers({"padding", "pad"}, Integers(2 * axes, 0));
  const Integers reversed = in.integers({"window_reversal", "reverse"}, Integers(axes, 0));
  for (std::size_t axis = 0; axis < axes; ++axis) {
    window.before.push_back(pads[2 * axis]);
    window.after.push_back(pads[2 * axis + 1]);
    window.reversed.push_back(reversed[axis] != 0);
    if (window.image_dilation[axis] < 1 || window.kernel_dilation[axis] < 1) {
      refuse("expected dilations above 0, got {} and {}", text_of(window.image_dilation),
             text_of(window.kernel_dilation));
    }
  }
  return window;
}

/// The elements of some axes the other way round.
ImportValueId turned(Translation& in, ImportValueId from, const std::vector<bool>& axes) {
  if (std::find(axes.begin(), axes.end(), true) == axes.end()) {
    return from;
  }
  const OnnxShape shape = in.shape_of(from);
  Integers starts(shape.size(), 0);
  Integers ends = shape;
  Integers steps(shape.size(), 1);
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    if (axes[axis]) {
      starts[axis + 2] = -1;
      ends[axis + 2] = -shape[axis + 2] - 1;
      steps[axis + 2] = -1;
    }
  }
  return in.sliced(from, starts, ends, steps);
}

/// Windows that reach less far than the image: it is cut off first.
ImportValueId cut(Translation& in, ImportValueId image, Window& window) {
  const OnnxShape shape = in.shape_of(image);
  Integers pads(2 * shape.size(), 0);
  bool cuts = false;
  for (std::size_t axis = 0; axis < window.before.size(); ++axis) {
    for (Integers* side : {&window.before, &window.after}) {
      std::int64_t& size = (*side)[axis];
      if (size < 0) {
        pads[axis + 2 + (side == &window.after ? shape.size() : 0)] = size;
        size = 0;
        cuts = true;
      }
    }
  }
  if (!cuts) {
    return image;
  }
  ImportNode node;
  node.op = "Pad";
  node.set("pads", pads);
  return in.emit(std::move(node), {image});
}

void translate_convolution(Translation& in) {
  static_cast<void>(in.result_shape());
  const ConvolutionAxes axes = convolution_axes(in);
  const std::size_t rank = in.operand(0).shape.size();
  if (axes.image.size() != rank || axes.kernel.size() != in.operand(1).shape.size() ||
      axes.output.size() != rank || axes.kernel.size() != rank) {
    refuse("expected the axes of {} and {}, got others", text_of(in.operand(0).shape),
           text_of(in.operand(1).shape));
  }
  const std::int64_t groups = in.integer({"feature_group_count"}, 1);
  if (in.integer({"batch_group_count"}, 1) != 1) {
    refuse("expected a convolution of whole batches, got one in groups of the batch");
  }
  Window window = window_of(in, rank - 2);
  const bool spreads = std::any_of(window.image_dilation.begin(), window.image_dilation.end(),
                                   [](std::int64_t by) { return by > 1; });
  ImportValueId image = in.transposed(in.whole(0), axes.image);
  ImportValueId kernel = in.transposed(in.whole(1), axes.kernel);
  ImportNode node;
  if (spreads) {
    const bool simple = groups == 1 && std::all_of(window.strides.begin(), window.strides.end(),
                                                   [](std::int64_t by) { return by == 1; });
    if (!simple) {
      refuse("expected strides and groups of 1 where the image is dilated, got {} and {}",
             text_of(window.strides), groups);
    }
    // The transposed convolution with the kernel the other way round: an element of the output at o
    // is the sum of those with o + pad = i * dilation + (size - 1 - k) * kernel dilation.
    window.reversed.flip();
    kernel = in.transposed(turned(in, kernel, window.reversed), [&] {
      Axes order(rank);
      std::iota(order.begin(), order.end(), 0);
      std::swap(order[0], order[1]);
      return order;
    }());
    const OnnxShape weights = in.shape_of(kernel);
    Integers pads;
    for (const Integers* side : {&window.before, &window.after}) {
      for (std::size_t axis = 0; axis + 2 < rank; ++axis) {
        pads.push_back((weights[axis + 2] - 1) * window.kernel_dilation[axis] - (*side)[axis]);
      }
    }
    node.op = "ConvTranspose";
    node.set("strides", window.image_dilation);
    node.set("pads", pads);
  } else {
    image = cut(in, image, window);
    kernel = turned(in, kernel, window.reversed);
    Integers pads = window.before;
    pads.insert(pads.end(), window.after.begin(), window.after.end());
    node.op = "Conv";
    node.set("strides", window.strides);
    node.set("pads", pads);
    node.set("group", groups);
  }
  node.set("dilations", window.kernel_dilation);
  in.give(in.transposed(in.emit(std::move(node), {image, kernel}), inverse(axes.output)));
}

constexpr auto kProductsRules = std::to_array<Rule>({
    {"convolution", translate_convolution},
    {"dot", translate_dot},
    {"dot_general", translate_dot_general},
    {"einsum", translate_einsum},
});

}  // namespace

std::span<const Rule> product_rules() {
  return kProductsRules;
}

}  // namespace systole::stablehlo
