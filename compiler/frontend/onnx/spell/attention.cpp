#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>

#include "compiler/frontend/onnx/rotary_table.h"
#include "compiler/frontend/onnx/spell/spelling.h"

namespace systole {

namespace onnx_spelling {

namespace {

/// What is added to scores that nobody may see: its exponential is 0 in every type.
constexpr double kUnseen = -1e30;

/// Queries, keys and values: [batch, tokens, heads * features], or, of keys and values, [batch,
/// heads, tokens, features].
struct Attention {
  ImportValueId queries = kNoValue;
  ImportValueId keys = kNoValue;
  ImportValueId values = kNoValue;
  std::int64_t heads = 1;
  std::int64_t kv_heads = 1;
  double scale = 0;                  ///< 0: 1 / sqrt(features of a head)
  double cap = 0;                    ///< scores are within it, softly; 0: any
  bool causal = false;               ///< each query sees the keys up to its own, seen from the end
  std::vector<ImportValueId> added;  ///< to the scores
};

std::int64_t tokens_of(const Spelling& in, ImportValueId value) {
  const OnnxShape shape = in.shape(value);
  return shape.size() == 3 ? shape[1] : shape[2];
}

/// [batch, queries, heads * features]
ImportValueId attend(Spelling& in, const Attention& of) {
  const std::int64_t features = in.size(of.queries, 2) / of.heads;
  const double scale = of.scale == 0 ? 1 / std::sqrt(static_cast<double>(features)) : of.scale;
  ImportValueId scores = in.add("systole.MatMul", {of.queries, of.keys},
                                {{"heads", of.heads},
                                 {"kv_heads", of.kv_heads},
                                 {"transpose_b", std::int64_t{1}},
                                 {"scale", of.cap == 0 ? scale : scale / of.cap}});
  if (of.cap != 0) {
    scores = in.product(in.add("Tanh", {scores}), in.number(of.cap));
  }
  for (const ImportValueId added : of.added) {
    scores = in.sum(scores, added);
  }
  const ImportValueId shares =
      in.add("systole.Softmax", {scores}, {{"causal", std::int64_t{of.causal ? 1 : 0}}});
  return in.add("systole.MatMul", {shares, of.values},
                {{"heads", of.heads}, {"kv_heads", of.kv_heads}, {"merge_heads", std::int64_t{1}}});
}

/// [batch, heads, tokens, features] of [batch, tokens, heads * features].
ImportValueId by_head(Spelling& in, ImportValueId value, std::int64_t heads) {
  const OnnxShape shape = in.shape(value);
  if (shape.size() == 4) {
    return value;
  }
  return in.transposed(in.reshaped(value, {shape[0], shape[1], heads, shape[2] / heads}),
                       {0, 2, 1, 3});
}

/// Keys or values behind those of earlier runs, [batch, heads, tokens, features].
ImportValueId behind(Spelling& in, ImportValueId past, ImportValueId value, std::int64_t heads) {
  const ImportValueId next = by_head(in, value, heads);
  if (past == kNoValue || in.size(past, 2) == 0) {
    return next;
  }
  in.expect_rank(past, 4, "keys and values of earlier runs");
  return in.joined({past, next}, 2);
}

/// 0 where a number of the mask is not 0, `filter` where it is.
ImportValueId from_truths(Spelling& in, ImportValueId mask, double filter) {
  const ImportValueId seen = in.add("Cast", {mask}, {{"to", std::int64_t{1}}});
  return in.product(in.add("Sub", {in.number(1), seen}), in.number(filter));
}

/// What the mask of Attention or MultiHeadAttention adds to scores of so many keys.
ImportValueId from_mask(Spelling& in, ImportValueId mask, std::int64_t batch, std::int64_t keys,
                        double filter) {
  const OnnxShape shape = in.shape(mask);
  if (shape.size() == 2 && shape == OnnxShape{batch, keys}) {
    return in.reshaped(from_truths(in, mask, filter), {batch, 1, 1, keys});
  }
  if (shape.size() == 3 && shape[0] == batch && shape[2] == keys) {
    return in.reshaped(from_truths(in, mask, filter), {batch, 1, shape[1], keys});
  }
  if (shape.size() != 1 || (shape[0] != batch && shape[0] != 2 * batch)) {
    contradict("expected a mask of [{0}], [{1}], [{0}, {2}] or [{0}, queries, {2}], got {3}", batch,
               2 * batch, keys, text_of(shape));
  }
  // How many keys there are, and, behind that for all, which is the first.
  Integers numbers(static_cast<std::size_t>(keys));
  std::iota(numbers.begin(), numbers.end(), 0);
  const ImportValueId places = in.add("Cast", {in.reshaped(in.integers(numbers), {1, keys})},
                                      {{"to", static_cast<std::int64_t>(in.type(mask))}});
  const auto limit = [&](std::int64_t first) {
    return in.reshaped(in.part(mask, 0, first, batch), {batch, 1});
  };
  ImportValueId seen = in.add("Less", {places, limit(0)});
  if (shape[0] == 2 * batch) {
    seen = in.add("And", {seen, in.add("Not", {in.add("Less", {places, limit(batch)})})});
  }
  return in.reshaped(from_truths(in, seen, filter), {batch, 1, 1, keys});
}

std::int64_t heads_of(const Spelling& in, std::string_view key = "num_heads") {
  const std::int64_t heads = in.node().integer(key, 0);
  if (heads < 1) {
    contradict("expected {} of at least 1, got {}", key, heads);
  }
  return heads;
}

void expect_heads(std::int64_t features, std::int64_t heads) {
  if (features % heads != 0) {
    contradict("expected features of {} heads, got {}", heads, features);
  }
}

double filter_of(const Spelling& in) {
  return static_cast<double>(in.node().number("mask_filter_value", -10000.0F));
}

void refuse_shared_buffer(const Spelling& in, std::size_t past_length) {
  if (in.node().integer("past_present_share_buffer", 0) != 0 || in.has(past_length)) {
    contradict("expected keys and values of earlier runs as far as they are filled, got a buffer");
  }
}

/// com.microsoft.Attention: projections of one input, then attention.
void spell_attention(Spelling& in) {
  const ImportValueId input = in.input(0, "an input");
  const ImportValueId weights = in.input(1, "weights");
  in.expect_rank(input, 3, "an input");
  in.expect_rank(weights, 2, "weights");
  if (in.node().integer("do_rotary", 0) != 0) {
    contradict("expected an Attention without do_rotary, got one with");
  }
  refuse_shared_buffer(in, 6);
  const std::int64_t heads = heads_of(in);
  const std::int64_t third = in.size(weights, 1) / 3;
  const Integers sizes =
      in.node().integers("qkv_hidden_sizes").value_or(Integers{third, third, third});
  if (sizes.size() != 3 ||
      std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0}) != in.size(weights, 1)) {
    contradict("expected sizes of queries, keys and values whose sum is {}, got {}",
               in.size(weights, 1), text_of(sizes));
  }
  std::vector<ImportValueId> projected;
  std::int64_t first = 0;
  for (const std::int64_t size : sizes) {
    expect_heads(size, heads);
    ImportValueId made = in.add("MatMul", {input, in.part(weights, 1, first, size)});
    if (in.has(2)) {
      made = in.sum(made, in.part(in.node().input(2), 0, first, size));
    }
    projected.push_back(made);
    first += size;
  }
  Attention of{.queries = projected[0],
               .keys = projected[1],
               .values = projected[2],
               .heads = heads,
               .kv_heads = heads,
               .scale = static_cast<double>(in.node().number("scale", 0)),
               .causal = in.node().integer("unidirectional", 0) != 0};
  if (in.has(4) || in.wants(1)) {
    std::vector<ImportValueId> parts;
    for (const std::int64_t which : {0, 1}) {
      ImportValueId past = kNoValue;
      if (in.has(4)) {
        const OnnxShape shape = in.shape(in.node().input(4));
        in.expect_rank(in.node().input(4), 5, "keys and values of earlier runs");
        past = in.reshaped(in.part(in.node().input(4), 0, which, 1),
                           {shape[1], shape[2], shape[3], shape[4]});
      }
      ImportValueId& now = which == 0 ? of.keys : of.values;
      now = behind(in, past, now, heads);
      OnnxShape one = in.shape(now);
      one.insert(one.begin(), 1);
      parts.push_back(in.reshaped(now, one));
    }
    if (in.wants(1)) {
      in.give(1, in.joined(parts, 0));
    }
  }
  const std::int64_t batch = in.size(input, 0);
  if (in.has(3)) {
    of.added.push_back(
        from_mask(in, in.node().input(3), batch, tokens_of(in, of.keys), filter_of(in)));
  }
  if (in.has(5)) {
    of.added.push_back(in.node().input(5));
  }
  in.give(0, attend(in, of));
}

/// One of several tensors that stand side by side: [batch, tokens, heads, count, features].
ImportValueId unpacked(Spelling& in, ImportValueId packed, std::int64_t index) {
  const OnnxShape shape = in.shape(packed);
  return in.reshaped(in.part(packed, 3, index, 1), {shape[0], shape[1], shape[2] * shape[4]});
}

/// com.microsoft.MultiHeadAttention: projections are made before.
void spell_multi_head_attention(Spelling& in) {
  const std::int64_t heads = heads_of(in);
  const ImportValueId query = in.input(0, "queries");
  refuse_shared_buffer(in, 8);
  Attention of{.queries = query,
               .keys = in.node().input(1),
               .values = in.node().input(2),
               .heads = heads,
               .kv_heads = heads,
               .scale = static_cast<double>(in.node().number("scale", 0)),
               .causal = in.node().integer("unidirectional", 0) != 0};
  if (in.shape(query).size() == 5) {
    of.queries = unpacked(in, query, 0);
    of.keys = unpacked(in, query, 1);
    of.values = unpacked(in, query, 2);
  } else if (of.keys != kNoValue && in.shape(of.keys).size() == 5) {
    of.values = unpacked(in, of.keys, 1);
    of.keys = unpacked(in, in.node().input(1), 0);
  }
  in.expect_rank(of.queries, 3, "queries");
  if (of.keys == kNoValue || of.values == kNoValue) {
    contradict("expected keys and values beside queries of {}, got none", text_of(in.shape(query)));
  }
  expect_heads(in.size(of.queries, 2), heads);
  if (in.has(3)) {
    std::int64_t first = 0;
    for (ImportValueId* const each : {&of.queries, &of.keys, &of.values}) {
      const std::int64_t size = in.shape(*each).back();
      if (in.shape(*each).size() == 3) {
        *each = in.sum(*each, in.part(in.node().input(3), 0, first, size));
      }
      first += size;
    }
  }
  if (in.has(6) || in.wants(1)) {
    of.keys = behind(in, in.node().input(6), of.keys, heads);
    of.values = behind(in, in.node().input(7), of.values, heads);
    in.give(1, of.keys);
    in.give(2, of.values);
  }
  if (in.has(4)) {
    of.added.push_back(from_mask(in, in.node().input(4), in.size(of.queries, 0),
                                 tokens_of(in, of.keys), filter_of(in)));
  }
  if (in.has(5)) {
    of.added.push_back(in.node().input(5));
  }
  in.give(0, attend(in, of));
}

/// How features turn with the position.
struct Turning {
  std::int64_t heads = 1;
  ImportValueId cosines = kNoValue;  ///< [positions, half the features that turn]
  ImportValueId sines = kNoValue;
  Integers positions;  ///< of each token
  bool interleaved = false;
};

/// [batch, tokens, heads * features], the features of each head turned.
ImportValueId turned(Spelling& in, ImportValueId value, const Turning& by) {
  const OnnxShape shape = in.shape(value);
  const auto cosines = in.constant(by.cosines);
  const auto sines = in.constant(by.sines);
  if (!cosines || !sines || cosines->shape().size() != 2 || cosines->shape() != sines->shape()) {
    contradict(
        "expected cosines and sines of [positions, features] that stand in the file, got "
        "something else");
  }
  const std::int64_t half = cosines->shape()[1];
  const std::int64_t features = shape[2] / by.heads;
  if (2 * half > features) {
    contradict("expected cosines for at most {} features, got such for {}", features, 2 * half);
  }
  for (const std::int64_t position : by.positions) {
    if (position < 0 || position >= cosines->shape()[0]) {
      contradict("expected positions in 0..{}, got {}", cosines->shape()[0] - 1, position);
    }
  }
  if (const auto table = rotary_table_of(*cosines, *sines); table && !by.interleaved) {
    const std::int64_t first = by.positions.front();
    bool counts = true;
    for (std::size_t i = 0; i < by.positions.size(); ++i) {
      counts = counts && by.positions[i] == first + static_cast<std::int64_t>(i);
    }
    if (counts && table->first == 0) {
      return in.add(
          "systole.Rotary", {value},
          {{"heads", by.heads}, {"rotated", 2 * half}, {"base", table->base}, {"first", first}});
    }
  }
  // x cos - y sin and x sin + y cos of each pair (x, y).
  const std::int64_t tokens = shape[1];
  const ImportValueId rows = in.integers(by.positions);
  const auto of_tokens = [&](ImportValueId table) {
    return in.reshaped(in.add("Gather", {table, rows}, {{"axis", std::int64_t{0}}}),
                       {1, tokens, 1, half});
  };
  const ImportValueId c = of_tokens(by.cosines);
  const ImportValueId s = of_tokens(by.sines);
  const ImportValueId split = in.reshaped(value, {shape[0], tokens, by.heads, features});
  const ImportValueId turning = in.part(split, 3, 0, 2 * half);
  ImportValueId x = kNoValue;
  ImportValueId y = kNoValue;
  if (by.interleaved) {
    const ImportValueId pairs = in.reshaped(turning, {shape[0], tokens, by.heads * half, 2});
    x = in.reshaped(in.part(pairs, 3, 0, 1), {shape[0], tokens, by.heads, half});
    y = in.reshaped(in.part(pairs, 3, 1, 1), {shape[0], tokens, by.heads, half});
  } else {
    x = in.part(turning, 3, 0, half);
    y = in.part(turning, 3, half, half);
  }
  const ImportValueId left = in.add("Sub", {in.product(x, c), in.product(y, s)});
  const ImportValueId right = in.sum(in.product(x, s), in.product(y, c));
  ImportValueId both = kNoValue;
  if (by.interleaved) {
    const Integers single{shape[0], tokens, by.heads * half, 1};
    both = in.reshaped(in.joined({in.reshaped(left, single), in.reshaped(right, single)}, 3),
                       {shape[0], tokens, by.heads, 2 * half});
  } else {
    both = in.joined({left, right}, 3);
  }
  if (2 * half < features) {
    both = in.joined({both, in.part(split, 3, 2 * half, features - 2 * half)}, 3);
  }
  return in.reshaped(both, shape);
}

/// Positions that stand in the file: of all tokens, the same in each of the batch, or the first.
Integers positions_of(const Spelling& in, ImportValueId value, std::int64_t tokens) {
  const auto constant = in.constant(value);
  if (!constant || !is_integral(constant->type())) {
    contradict("expected positions that stand in the file, got such that depend on inputs");
  }
  Integers written = constant->integers();
  if (written.size() == 1) {
    Integers counted(static_cast<std::size_t>(tokens));
    std::iota(counted.begin(), counted.end(), written.front());
    return counted;
  }
  const auto count = static_cast<std::size_t>(tokens);
  for (std::size_t i = 0; i < written.size(); ++i) {
    if (written.size() % count != 0 || written[i] != written[i % count]) {
      contradict("expected the same {} positions for each of the batch, got others", tokens);
    }
  }
  written.resize(count);
  return written;
}

/// com.microsoft.RotaryEmbedding
void spell_rotary(Spelling& in) {
  const ImportValueId input = in.input(0, "an input");
  OnnxShape shape = in.shape(input);
  if (shape.size() != 3 && shape.size() != 4) {
    contradict("expected an input of 3 or 4 axes, got {}", text_of(shape));
  }
  if (in.node().integer("is_packed_batching", 0) != 0) {
    contradict("expected tokens of one length, got packed ones");
  }
  const bool has_heads = shape.size() == 4;
  ImportValueId value = input;
  std::int64_t heads = in.node().integer("num_heads", 0);
  if (has_heads) {
    heads = shape[1];
    value = in.reshaped(in.transposed(input, {0, 2, 1, 3}), {shape[0], shape[2], heads * shape[3]});
  } else if (heads == 0) {
    const std::int64_t half = in.shape(in.input(2, "cosines")).back();
    heads = std::max<std::int64_t>(1, shape[2] / (2 * half));
  }
  expect_heads(in.size(value, 2), heads);
  value = turned(in, value,
                 {.heads = heads,
                  .cosines = in.input(2, "cosines"),
                  .sines = in.input(3, "sines"),
                  .positions = positions_of(in, in.input(1, "positions"), in.size(value, 1)),
                  .interleaved = in.node().integer("interleaved", 0) != 0});
  if (const auto scale = in.node().number("scale", 1.0F); scale != 1.0F) {
    contradict("expected a scale of 1, got {}", scale);
  }
  if (has_heads) {
    value = in.transposed(in.reshaped(value, {shape[0], shape[2], heads, shape[3]}), {0, 2, 1, 3});
  }
  in.give(0, value);
}

/// 0 for the keys that a query sees, those of a window up to its own.
ImportValueId window_mask(Spelling& in, std::int64_t queries, std::int64_t keys,
                          std::int64_t window) {
  std::vector<float> mask;
  for (std::int64_t query = 0; query < queries; ++query) {
    const std::int64_t own = query + keys - queries;
    for (std::int64_t key = 0; key < keys; ++key) {
      mask.push_back(key > own || key <= own - window ? static_cast<float>(kUnseen) : 0.0F);
    }
  }
  return in.floats({1, 1, queries, keys}, mask);
}

/// com.microsoft.GroupQueryAttention: causal, keys and values of fewer heads, turned by position.
void spell_group_query_attention(Spelling& in) {
  const std::int64_t heads = heads_of(in);
  const std::int64_t kv_heads = heads_of(in, "kv_num_heads");
  if (heads % kv_heads != 0) {
    contradict("expected a divisor of the {} heads as kv_num_heads, got {}", heads, kv_heads);
  }
  const ImportValueId query = in.input(0, "queries");
  in.expect_rank(query, 3, "queries");
  const std::int64_t queries = in.size(query, 1);
  const std::int64_t batch = in.size(query, 0);
  Attention of{.queries = query,
               .keys = in.node().input(1),
               .values = in.node().input(2),
               .heads = heads,
               .kv_heads = kv_heads,
               .scale = static_cast<double>(in.node().number("scale", 0)),
               .cap = static_cast<double>(in.node().number("softcap", 0)),
               .causal = true};
  if (of.keys == kNoValue) {
    const std::int64_t features = in.size(query, 2) / (heads + 2 * kv_heads);
    of.queries = in.part(query, 2, 0, heads * features);
    of.keys = in.part(query, 2, heads * features, kv_heads * features);
    of.values = in.part(query, 2, (heads + kv_heads) * features, kv_heads * features);
  }
  expect_heads(in.size(of.queries, 2), heads);
  const std::int64_t past = in.has(3) ? in.size(in.node().input(3), 2) : 0;
  // Sequences are as long as their keys and values: no padding.
  const auto lengths = in.constant(in.input(5, "lengths (seqlens_k)"));
  const std::int64_t total = past + queries;
  if (!lengths || lengths->integers() != Integers(static_cast<std::size_t>(batch), total - 1)) {
    contradict(
        "expected lengths (seqlens_k) that stand in the file, {} for each of the batch, got "
        "{}",
        total - 1, lengths ? text_of(lengths->integers()) : "such that depend on inputs");
  }
  for (const std::size_t other : {std::size_t{11}, std::size_t{12}, std::size_t{13}}) {
    if (in.has(other)) {
      contradict("expected at most 11 inputs, got one more");
    }
  }
  if (in.node().integer("smooth_softmax", 0) > 0) {
    contradict("expected a softmax of the scores alone, got a smooth one");
  }
  if (in.node().integer("do_rotary", 0) != 0) {
    Turning by{.heads = heads,
               .cosines = in.input(7, "cosines"),
               .sines = in.input(8, "sines"),
               .positions = {},
               .interleaved = in.node().integer("rotary_interleaved", 0) != 0};
    by.positions.resize(static_cast<std::size_t>(queries));
    std::iota(by.positions.begin(), by.positions.end(), past);
    if (in.has(9)) {
      by.positions = positions_of(in, in.node().input(9), queries);
    }
    of.queries = turned(in, of.queries, by);
    by.heads = kv_heads;
    of.keys = turned(in, of.keys, by);
  }
  if (past > 0 || in.wants(1)) {
    of.keys = behind(in, in.node().input(3), of.keys, kv_heads);
    of.values = behind(in, in.node().input(4), of.values, kv_heads);
    in.give(1, of.keys);
    in.give(2, of.values);
  }
  const std::int64_t window = in.node().integer("local_window_size", -1);
  if (window > 0 && window < total) {
    of.added.push_back(window_mask(in, queries, total, window));
  }
  if (in.has(10)) {
    of.added.push_back(in.node().input(10));
  }
  in.give(0, attend(in, of));
}

constexpr auto kAttentionRules = std::to_array<SpellRule>({
    {"com.microsoft.Attention", spell_attention},
    {"com.microsoft.GroupQueryAttention", spell_group_query_attention},
    {"com.microsoft.MultiHeadAttention", spell_multi_head_attention},
    {"com.microsoft.RotaryEmbedding", spell_rotary},
});

}  // namespace

std::span<const SpellRule> attention_spellings() {
  return kAttentionRules;
}

}  // namespace onnx_spelling

}  // namespace systole
