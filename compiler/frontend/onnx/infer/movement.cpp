#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <map>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "arch/diag/printable.h"
#include "compiler/frontend/onnx/infer/inference.h"

namespace systole {

namespace onnx_inference {

namespace {

// --- movement ---

void infer_reshape(Inference& in) {
  Integers wanted = in.required("shape", 1);
  const OnnxShape& from = in.shape(0);
  const bool zero_is_zero = in.node().integer("allowzero", 0) != 0;
  std::int64_t known = 1;
  std::ptrdiff_t open = -1;
  for (std::size_t axis = 0; axis < wanted.size(); ++axis) {
    if (wanted[axis] == 0 && !zero_is_zero && axis < from.size()) {
      wanted[axis] = from[axis];
    }
    if (wanted[axis] == -1 && open < 0) {
      open = static_cast<std::ptrdiff_t>(axis);
    } else if (wanted[axis] < 0 || (wanted[axis] > 0 && known > kMaxElements / wanted[axis])) {
      contradict("expected a shape, got {}", text_of(wanted));
    } else {
      known *= wanted[axis];
    }
  }
  if (open >= 0) {
    wanted[static_cast<std::size_t>(open)] = known == 0 ? 0 : elements_of(from) / known;
  }
  if (elements_of(wanted) != elements_of(from)) {
    contradict("expected a shape of the {} elements of {}, got {}", elements_of(from),
               text_of(from), text_of(wanted));
  }
  in.set_from(0, wanted, [&](const OnnxConstant& source) { return source.reshaped(wanted); });
}

void infer_flatten(Inference& in) {
  const OnnxShape& from = in.shape(0);
  const std::int64_t axis = in.node().integer("axis", 1);
  const auto rank = static_cast<std::int64_t>(from.size());
  if (axis < -rank || axis > rank) {
    contradict("expected an axis in {}..{}, got {}", -rank, rank, axis);
  }
  const auto cut = from.begin() + (axis < 0 ? axis + rank : axis);
  const OnnxShape to{elements_of(OnnxShape(from.begin(), cut)),
                     elements_of(OnnxShape(cut, from.end()))};
  in.set_from(0, to, [&](const OnnxConstant& source) { return source.reshaped(to); });
}

void infer_squeeze(Inference& in) {
  const OnnxShape& from = in.shape(0);
  std::vector<bool> dropped(from.size(), false);
  if (const auto axes = in.integers("axes", 1)) {
    for (const std::int64_t axis : *axes) {
      dropped[checked_axis(axis, from.size())] = true;
    }
  } else {
    std::transform(from.begin(), from.end(), dropped.begin(),
                   [](std::int64_t size) { return size == 1; });
  }
  OnnxShape to;
  for (std::size_t axis = 0; axis < from.size(); ++axis) {
    if (!dropped[axis]) {
      to.push_back(from[axis]);
    } else if (from[axis] != 1) {
      contradict("expected axes of size 1, got axis {} of {}", axis, text_of(from));
    }
  }
  in.set_from(0, to, [&](const OnnxConstant& source) { return source.reshaped(to); });
}

void infer_unsqueeze(Inference& in) {
  const auto axes = in.integers("axes", 1);
  if (!axes) {
    contradict("expected axes, got none");
  }
  const std::size_t rank = in.shape(0).size() + axes->size();
  std::vector<bool> added(rank, false);
  for (const std::int64_t axis : *axes) {
    added[checked_axis(axis, rank)] = true;
  }
  if (std::count(added.begin(), added.end(), true) != static_cast<std::ptrdiff_t>(axes->size())) {
    contradict("expected each axis once, got {}", text_of(*axes));
  }
  OnnxShape to;
  auto next = in.shape(0).begin();
  for (const bool is_added : added) {
    to.push_back(is_added ? 1 : *next++);
  }
  in.set_from(0, to, [&](const OnnxConstant& source) { return source.reshaped(to); });
}

void infer_transpose(Inference& in) {
  const OnnxShape& from = in.shape(0);
  Integers order(from.size());
  std::iota(order.rbegin(), order.rend(), 0);
  order = in.node().integers("perm").value_or(order);
  Integers sorted = order;
  std::sort(sorted.begin(), sorted.end());
  OnnxShape to;
  Integers strides;
  const Integers own = strides_of(from);
  for (std::size_t axis = 0; axis < sorted.size(); ++axis) {
    if (sorted.size() != from.size() || sorted[axis] != static_cast<std::int64_t>(axis)) {
      contradict("expected an order of {} axes, got {}", from.size(), text_of(order));
    }
    to.push_back(from[static_cast<std::size_t>(order[axis])]);
    strides.push_back(own[static_cast<std::size_t>(order[axis])]);
  }
  in.node().set("perm", order);
  in.set_from(0, to, [&](const OnnxConstant& source) { return strided(source, to, strides, 0); });
}

/// What a slice takes of an axis.
struct SlicedAxis {
  std::int64_t first = 0;
  std::int64_t step = 1;
  std::int64_t count = 0;
};

SlicedAxis sliced_axis(std::int64_t size, std::int64_t start, std::int64_t end, std::int64_t step) {
  if (step == 0) {
    contradict("expected steps that are not 0, got 0");
  }
  const bool is_up = step > 0;
  const auto clamped = [&](std::int64_t place, std::int64_t low, std::int64_t high) {
    return std::clamp(place < 0 ? place + size : place, low, std::max(low, high));
  };
  const std::int64_t first = clamped(start, 0, is_up ? size : size - 1);
  const std::int64_t last = is_up ? clamped(end, 0, size) : clamped(end, -1, size - 1);
  const std::int64_t distance = is_up ? last - first : first - last;
  const std::int64_t stride =
      std::clamp(is_up ? step : -std::max(step, -kMaxElements), std::int64_t{1}, kMaxElements);
  const std::int64_t count = distance <= 0 || size == 0 ? 0 : (distance - 1) / stride + 1;
  // Of one element nobody goes on from there.
  return {.first = first, .step = count <= 1 ? 1 : step, .count = count};
}

void infer_slice(Inference& in) {
  const OnnxShape& from = in.shape(0);
  const auto starts = in.integers("starts", 1);
  const auto ends = in.integers("ends", 2);
  if (!starts || !ends || starts->size() != ends->size()) {
    contradict("expected as many ends as starts, got others");
  }
  Integers axes(starts->size());
  std::iota(axes.begin(), axes.end(), 0);
  axes = in.integers("axes", 3).value_or(axes);
  const Integers steps = in.integers("steps", 4).value_or(Integers(starts->size(), 1));
  if (axes.size() != starts->size() || steps.size() != starts->size()) {
    contradict("expected as many axes and steps as starts, got others");
  }
  OnnxShape to = from;
  Integers strides = strides_of(from);
  Integers firsts(from.size(), 0);
  Integers by(from.size(), 1);
  std::int64_t start_offset = 0;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::size_t axis = checked_axis(axes[i], from.size());
    const SlicedAxis part = sliced_axis(from[axis], (*starts)[i], (*ends)[i], steps[i]);
    to[axis] = part.count;
    start_offset += part.first * strides[axis];
    strides[axis] *= part.step;
    firsts[axis] = part.first;
    by[axis] = part.step;
  }
  in.node().set("first", firsts);
  in.node().set("by", by);
  in.set_from(0, to, [&](const OnnxConstant& source) {
    return strided(source, to, strides, start_offset);
  });
}

/// Rows of `source` along `axis`, one behind the other, of `shape`.
OnnxConstant picked(const OnnxConstant& source, std::size_t axis, const Integers& rows,
                    const OnnxShape& shape) {
  auto make = [source, axis, rows, shape] {
    const OnnxShape& from = source.shape();
    const auto split = from.begin() + static_cast<std::ptrdiff_t>(axis);
    const std::int64_t outer = elements_of(OnnxShape(from.begin(), split));
    const std::int64_t inner =
        elements_of(OnnxShape(split + 1, from.end())) * bytes_of(source.type());
    const std::string bytes = source.bytes();
    std::string result;
    for (std::int64_t block = 0; block < outer; ++block) {
      for (const std::int64_t row : rows) {
        result.append(bytes, static_cast<std::size_t>((block * from[axis] + row) * inner),
                      static_cast<std::size_t>(inner));
      }
    }
    return result;
  };
  if (source.is_deferred() || source.elements() > kMostAtOnce || elements_of(shape) > kMostAtOnce) {
    return OnnxConstant::deferred(source.type(), shape, std::move(make));
  }
  return {source.type(), shape, make()};
}

void infer_gather(Inference& in) {
  const OnnxShape& from = in.shape(0);
  const std::size_t axis = checked_axis(in.node().integer("axis", 0), from.size());
  OnnxShape to(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(axis));
  to.insert(to.end(), in.shape(1).begin(), in.shape(1).end());
  to.insert(to.end(), from.begin() + static_cast<std::ptrdiff_t>(axis) + 1, from.end());
  in.set(in.type(0), to);
  const OnnxConstant* indices = in.constant(1);
  if (indices == nullptr || indices->elements() > kMostAtOnce) {
    return;
  }
  Integers rows = indices->integers();
  for (std::int64_t& row : rows) {
    row += row < 0 ? from[axis] : 0;
    if (row < 0 || row >= from[axis]) {
      contradict("expected indices in 0..{}, got {}", from[axis] - 1, row);
    }
  }
  if (const OnnxConstant* source = in.constant(0)) {
    in.set(picked(*source, axis, rows, to));
    in.set(in.type(0), to);
  }
}

void infer_concat(Inference& in) {
  const std::size_t rank = in.shape(0).size();
  const std::size_t axis = checked_axis(in.node().integer("axis", 1), rank);
  OnnxShape to = in.shape(0);
  to[axis] = 0;
  for (std::size_t i = 0; i < in.inputs(); ++i) {
    const OnnxShape& each = in.shape(i);
    for (std::size_t other = 0; other < rank; ++other) {
      if (each.size() != rank || (other != axis && each[other] != to[other])) {
        contradict("expected inputs that differ along axis {} alone, got {} and {}", axis,
                   text_of(in.shape(0)), text_of(each));
      }
    }
    to[axis] += each[axis];
  }
  in.set(in.type(0), to);
  if (!in.all_constant()) {
    return;
  }
  std::vector<OnnxConstant> parts;
  bool deferred = elements_of(to) > kMostAtOnce;
  for (std::size_t i = 0; i < in.inputs(); ++i) {
    parts.push_back(converted(*in.constant(i), in.constant(0)->type()));
    deferred = deferred || parts.back().is_deferred();
  }
  auto make = [parts, axis, to] {
    const auto split = to.begin() + static_cast<std::ptrdiff_t>(axis);
    const std::int64_t outer = elements_of(OnnxShape(to.begin(), split));
    std::vector<std::string> bytes(parts.size());
    std::transform(parts.begin(), parts.end(), bytes.begin(),
                   [](const OnnxConstant& part) { return part.bytes(); });
    std::string result;
    for (std::int64_t block = 0; block < outer; ++block) {
      for (const std::string& part : bytes) {
        const std::size_t size = part.size() / static_cast<std::size_t>(outer);
        result.append(part, static_cast<std::size_t>(block) * size, size);
      }
    }
    return result;
  };
  const OnnxType type = parts.front().type();
  in.set(deferred ? OnnxConstant::deferred(type, to, std::move(make))
                  : OnnxConstant(type, to, make()));
}

void infer_split(Inference& in) {
  const OnnxShape& from = in.shape(0);
  const std::size_t axis = checked_axis(in.node().integer("axis", 0), from.size());
  const auto count = static_cast<std::int64_t>(in.node().outputs.size());
  const std::int64_t each = (from[axis] + count - 1) / count;
  Integers sizes(static_cast<std::size_t>(count), each);
  sizes.back() = from[axis] - each * (count - 1);
  sizes = in.integers("split", 1).value_or(sizes);
  if (std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0}) != from[axis] ||
      sizes.size() != static_cast<std::size_t>(count)) {
    contradict("expected {} parts of {} together, got {}", count, from[axis], text_of(sizes));
  }
  in.node().set("parts", sizes);
  std::int64_t first = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    OnnxShape to = from;
    to[axis] = sizes[i];
    in.set(in.type(0), to, i);
    if (const OnnxConstant* source = in.constant(0)) {
      const Integers strides = strides_of(from);
      in.set(strided(*source, to, strides, first * strides[axis]), i);
    }
    first += sizes[i];
  }
}

void infer_expand(Inference& in) {
  const Integers wanted = in.required("shape", 1);
  const auto to = broadcast_shape(in.shape(0), wanted);
  if (!to) {
    contradict("expected shapes that broadcast, got {} and {}", text_of(in.shape(0)),
               text_of(wanted));
  }
  in.set(in.type(0), *to);  // first: the size is checked
  in.set_from(0, *to, [&](const OnnxConstant& source) {
    return strided(source, *to, broadcast_strides(source.shape(), *to), 0);
  });
}

void infer_tile(Inference& in) {
  const Integers repeats = in.required("repeats", 1);
  const OnnxShape& from = in.shape(0);
  if (repeats.size() != from.size()) {
    contradict("expected {} repeats, got {}", from.size(), repeats.size());
  }
  OnnxShape to;
  OnnxShape walked;
  Integers strides;
  const Integers own = strides_of(from);
  for (std::size_t axis = 0; axis < from.size(); ++axis) {
    if (repeats[axis] < 0 || repeats[axis] > (1 << 20)) {
      contradict("expected repeats, got {}", text_of(repeats));
    }
    to.push_back(from[axis] * repeats[axis]);
    walked.insert(walked.end(), {repeats[axis], from[axis]});
    strides.insert(strides.end(), {0, own[axis]});
  }
  in.set(in.type(0), to);
  in.set_from(0, to, [&](const OnnxConstant& source) {
    return strided(source, walked, strides, 0).reshaped(to);
  });
}

void infer_pad(Inference& in) {
  const OnnxShape& from = in.shape(0);
  const Integers pads = in.required("pads", 1);
  if (pads.size() != 2 * from.size()) {
    contradict("expected {} pads, got {}", 2 * from.size(), pads.size());
  }
  OnnxShape to = from;
  for (std::size_t axis = 0; axis < from.size(); ++axis) {
    const std::int64_t before = pads[axis];
    const std::int64_t after = pads[axis + from.size()];
    if (std::max(before, after) > kMaxElements || std::min(before, after) < -kMaxElements) {
      contradict("expected pads, got {}", text_of(pads));
    }
    to[axis] += before + after;
  }
  in.node().set("pads", pads);
  in.set(in.type(0), to);
}

void infer_gather_elements(Inference& in) {
  if (in.shape(1).size() != in.shape(0).size()) {
    contradict("expected indices of {} axes, got {}", in.shape(0).size(), text_of(in.shape(1)));
  }
  in.set(in.type(0), in.shape(1));
}

void infer_gather_nd(Inference& in) {
  const OnnxShape& from = in.shape(0);
  const OnnxShape& indices = in.shape(1);
  const std::int64_t batch = in.node().integer("batch_dims", 0);
  const std::int64_t depth = indices.empty() ? 0 : indices.back();
  if (indices.empty() || batch < 0 || depth < 1 ||
      batch + depth > static_cast<std::int64_t>(from.size()) ||
      batch >= static_cast<std::int64_t>(indices.size())) {
    contradict("expected indices into {}, got {}", text_of(from), text_of(indices));
  }
  OnnxShape to(indices.begin(), indices.end() - 1);
  to.insert(to.end(), from.begin() + batch + depth, from.end());
  in.set(in.type(0), to);
}

void infer_one_hot(Inference& in) {
  OnnxShape to = in.shape(0);
  const OnnxConstant* written = in.constant(1);
  if (written == nullptr) {
    contradict("expected a depth that does not depend on inputs, got one that does");
  }
  const Integers depth = written->integers();
  const std::size_t axis = checked_axis(in.node().integer("axis", -1), to.size() + 1);
  if (depth.size() != 1 || depth[0] < 1) {
    contradict("expected a depth above 0, got {}", text_of(depth));
  }
  to.insert(to.begin() + static_cast<std::ptrdiff_t>(axis), depth[0]);
  in.set(in.type(2), to);
}

void infer_depth_to_space(Inference& in) {
  const OnnxShape& from = in.shape(0);
  const std::int64_t block = in.node().integer("blocksize", 1);
  const bool to_space = in.node().op == "DepthToSpace";
  if (from.size() != 4 || block < 1 || block > 65536 ||
      (to_space ? from[1] % (block * block) != 0 : from[2] % block != 0 || from[3] % block != 0)) {
    contradict("expected an image that blocks of {} divide, got {}", block, text_of(from));
  }
  in.set(in.type(0),
         to_space ? OnnxShape{from[0], from[1] / (block * block), from[2] * block, from[3] * block}
                  : OnnxShape{from[0], from[1] * block * block, from[2] / block, from[3] / block});
}

constexpr auto kMovementRules = std::to_array<InferRule>({
    {"OneHot", infer_one_hot},
    {"GatherElements", infer_gather_elements},
    {"GatherND", infer_gather_nd},
    {"Concat", infer_concat},
    {"DepthToSpace", infer_depth_to_space},
    {"Expand", infer_expand},
    {"Flatten", infer_flatten},
    {"Gather", infer_gather},
    {"Pad", infer_pad},
    {"Reshape", infer_reshape},
    {"Slice", infer_slice},
    {"SpaceToDepth", infer_depth_to_space},
    {"Split", infer_split},
    {"Squeeze", infer_squeeze},
    {"Tile", infer_tile},
    {"Transpose", infer_transpose},
    {"Unsqueeze", infer_unsqueeze},
});

}  // namespace

std::span<const InferRule> movement_shapes() {
  return kMovementRules;
}

}  // namespace onnx_inference

}  // namespace systole
