#include "tests/end_to_end/support/random_training.h"

#include <random>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tests/end_to_end/support/random_case.h"

namespace systole {

namespace {

/// Draws without std distributions, whose results differ between libraries.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}

  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool chance(std::int64_t percent) { return between(1, 100) <= percent; }
  template <class T>
  T one_of(std::initializer_list<T> values) {
    return *(values.begin() + between(0, static_cast<std::int64_t>(values.size()) - 1));
  }

 private:
  std::mt19937_64 engine_;
};

/// Layers as they are written, each behind the one before unless it says otherwise.
class Writer {
 public:
  explicit Writer(Dice& dice) : dice_(dice) {}

  std::string write() {
    switch (dice_.between(0, 3)) {
      case 0:
        vectors();
        break;
      case 1:
        tokens();
        break;
      default:
        images();
    }
    return text_;
  }

 private:
  std::string layer(std::string_view op, const std::string& keys = "") {
    std::string name = fmt::format("l{}", number_++);
    text_ +=
        fmt::format("  - {{name: {}, op: {}{}{}}}\n", name, op, keys.empty() ? "" : ", ", keys);
    last_ = name;
    return name;
  }

  std::string function() {
    return std::string(
        dice_.one_of<std::string_view>({"relu", "tanh", "sigmoid", "gelu", "silu", "relu6"}));
  }
  std::string activation() {
    return dice_.chance(50) ? ", activation: " + function() : std::string();
  }
  std::string dense(std::int64_t features, const std::string& more = "") {
    return layer("dense", fmt::format("features: {}{}{}", features,
                                      dice_.chance(30) ? ", bias: false" : "", more));
  }

  // --- vectors ---

  void vectors() {
    std::int64_t features = dice_.one_of<std::int64_t>({1, 5, 16, 33, 70});
    text_ = fmt::format("network: n\ninputs: [{{name: x, features: {}}}]\nlayers:\n", features);
    const std::int64_t layers = dice_.between(1, 4);
    for (std::int64_t i = 0; i < layers; ++i) {
      features = dice_.between(1, 40);
      const std::string first = dense(features, activation());
      if (dice_.chance(40)) {
        const std::string second =
            layer(dice_.one_of<std::string_view>({"tanh", "sigmoid", "mul_constant", "softmax"}));
        layer(dice_.one_of<std::string_view>({"mul", "add", "sub", "maximum", "concat"}),
              fmt::format("inputs: [{}, {}]", second, first));
      }
    }
    dense(dice_.between(2, 9));
  }

  // --- tokens ---

  void tokens() {
    const std::int64_t heads = dice_.one_of<std::int64_t>({1, 2, 4});
    const std::int64_t head = dice_.one_of<std::int64_t>({2, 4, 6});
    const std::int64_t width = heads * head;
    const std::int64_t count = dice_.between(2, 9);
    text_ = fmt::format("network: n\ninputs: [{{name: x, extents: [{}, {}]}}]\n", count, width);
    const bool looks_up = dice_.chance(30);
    if (looks_up) {
      text_ += fmt::format("states: [{{name: table, extents: [11, {}], shared: true}}]\n", width);
    }
    text_ += "layers:\n";
    last_ = "x";
    if (looks_up) {
      layer("gather", fmt::format("input: table, count: {}", count));
      layer("add", fmt::format("inputs: [{}, x]", last_));
    }
    if (dice_.chance(30)) {
      layer("position_embedding");
    }
    const std::int64_t blocks = dice_.between(1, 2);
    for (std::int64_t i = 0; i < blocks; ++i) {
      const std::string in = last_.empty() || last_ == "x" ? dense(width) : last_;
      if (dice_.chance(60)) {
        attention(in, heads, head, count);
      } else {
        feed_forward(in, width);
      }
    }
    if (dice_.chance(20)) {
      layer("cumulative_sum");
    }
    dense(dice_.between(2, 9));
  }

  void attention(const std::string& in, std::int64_t heads, std::int64_t head, std::int64_t count) {
    const std::string norm =
        layer(dice_.one_of<std::string_view>({"layer_norm", "rms_norm"}), "input: " + in);
    const std::int64_t kv_heads = dice_.chance(50) ? heads : 1;
    std::string query = layer("dense", fmt::format("features: {}", heads * head));
    std::string key = layer("dense", fmt::format("input: {}, features: {}", norm, kv_heads * head));
    const std::string value =
        layer("dense", fmt::format("input: {}, features: {}", norm, kv_heads * head));
    if (dice_.chance(30)) {
      query = layer("rotary", fmt::format("input: {}, heads: {}", query, heads));
      key = layer("rotary", fmt::format("input: {}, heads: {}", key, kv_heads));
    }
    const std::string sharing = heads == kv_heads ? "" : fmt::format(", kv_heads: {}", kv_heads);
    const std::string causal = dice_.chance(50) ? ", causal: true" : "";
    const std::string block =
        dice_.chance(40) ? fmt::format(", block_size: {}", dice_.between(1, count)) : "";
    layer("attention", fmt::format("inputs: [{}, {}, {}], heads: {}{}{}{}", query, key, value,
                                   heads, sharing, causal, block));
    layer("dense", fmt::format("features: {}", heads * head));
    layer("add", fmt::format("inputs: [{}, {}]", last_, in));
  }

  void feed_forward(const std::string& in, std::int64_t width) {
    const std::string norm = layer("layer_norm", "input: " + in);
    const std::int64_t inner = dice_.between(3, 30);
    const std::string gate = dense(inner, ", activation: " + function());
    if (dice_.chance(50)) {
      const std::string up = layer("dense", fmt::format("input: {}, features: {}", norm, inner));
      layer("mul", fmt::format("inputs: [{}, {}]", gate, up));
    }
    dense(width);
    layer("add", fmt::format("inputs: [{}, {}]", last_, in));
  }

  // --- images ---

  void images() {
    rows_ = dice_.between(3, 11);
    cols_ = dice_.between(3, 11);
    channels_ = dice_.one_of<std::int64_t>({1, 2, 3, 5});
    text_ = fmt::format(
        "network: n\ninputs: [{{name: x, rows: {}, cols: {}, channels: {}}}]\nlayers:\n", rows_,
        cols_, channels_);
    convolution(1);
    const std::int64_t layers = dice_.between(1, 4);
    for (std::int64_t i = 0; i < layers; ++i) {
      image_layer();
    }
    if (dice_.chance(50)) {
      layer("global_average_pool");
      rows_ = cols_ = 1;
    }
    layer("flatten");
    dense(dice_.between(2, 7));
  }

  void image_layer() {
    switch (dice_.between(0, 9)) {
      case 0:
        pool("max_pool", "");
        return;
      case 1:
        pool("average_pool", dice_.chance(50) ? ", count_padding: true" : "");
        return;
      case 2:
        if (rows_ * cols_ < 60) {
          layer(dice_.one_of<std::string_view>({"resize", "resize_bilinear"}), "factor: 2");
          rows_ *= 2;
          cols_ *= 2;
        }
        return;
      case 3:
        if (rows_ * cols_ < 60) {
          channels_ = dice_.between(1, 6);
          layer("conv_transpose2d", fmt::format("channels: {}, kernel: 2, stride: 2", channels_));
          rows_ *= 2;
          cols_ *= 2;
        }
        return;
      case 4:
        layer("mul_constant");
        return;
      case 5: {
        const std::string in = last_;
        layer("conv2d", fmt::format("channels: {}, kernel: 3, padding: 1{}", channels_, norm()));
        layer("add", fmt::format("inputs: [{}, {}]{}", last_, in,
                                 dice_.chance(50) ? ", activation: relu" : ""));
        return;
      }
      case 6: {
        const std::string in = last_;
        const std::int64_t more = dice_.between(1, 5);
        layer("conv2d", fmt::format("channels: {}, kernel: 1{}", more, norm()));
        layer("concat", fmt::format("inputs: [{}, {}]", last_, in));
        channels_ += more;
        return;
      }
      case 7:
        layer("conv2d", fmt::format("channels: {0}, groups: {0}, kernel: 3, padding: 1{1}",
                                    channels_, norm()));
        return;
      default:
        convolution(dice_.chance(30) && channels_ % 2 == 0 ? 2 : 1);
    }
  }

  std::string norm() {
    return (dice_.chance(40) ? std::string(", batch_norm: true") : std::string()) + activation();
  }

  void pool(std::string_view op, const std::string& more) {
    const std::int64_t padding = dice_.between(0, 1);
    const std::int64_t kernel = dice_.between(2, 3);
    const std::int64_t stride = dice_.between(1, 3);
    if (std::min(rows_, cols_) + 2 * padding < kernel) {
      return;
    }
    layer(op, fmt::format("kernel: {}, stride: {}, padding: {}{}", kernel, stride, padding, more));
    rows_ = (rows_ + 2 * padding - kernel) / stride + 1;
    cols_ = (cols_ + 2 * padding - kernel) / stride + 1;
  }

  void convolution(std::int64_t groups) {
    const std::int64_t kernel_rows = std::min(dice_.between(1, 3), rows_);
    const std::int64_t kernel_cols = std::min(dice_.between(1, 3), cols_);
    const std::int64_t padding = std::min(kernel_rows, kernel_cols) > 1 ? dice_.between(0, 1) : 0;
    const std::int64_t stride = dice_.one_of<std::int64_t>({1, 1, 2, 3});
    const bool dilates = padding == 0 && dice_.chance(20) && rows_ > 2 * (kernel_rows - 1) &&
                         cols_ > 2 * (kernel_cols - 1);
    const std::int64_t dilation = dilates ? 2 : 1;
    channels_ = groups * dice_.one_of<std::int64_t>({1, 2, 3, 8, 17});
    layer("conv2d",
          fmt::format("channels: {}, kernel: [{}, {}], stride: {}, padding: {}, dilation: {}{}{}",
                      channels_, kernel_rows, kernel_cols, stride, padding, dilation,
                      groups > 1 ? fmt::format(", groups: {}", groups) : "", norm()));
    rows_ = (rows_ + 2 * padding - dilation * (kernel_rows - 1) - 1) / stride + 1;
    cols_ = (cols_ + 2 * padding - dilation * (kernel_cols - 1) - 1) / stride + 1;
  }

  Dice& dice_;
  std::string text_;
  std::string last_;
  int number_ = 0;
  std::int64_t rows_ = 1;
  std::int64_t cols_ = 1;
  std::int64_t channels_ = 1;
};

ChipSpec drawn_chip(Dice& dice, std::uint64_t seed, DataType type) {
  constexpr std::int64_t kKibi = 1024;
  if (dice.chance(50)) {
    ChipSpec chip = random_product_case(seed, type).chip;
    chip.buffer.capacity = Bytes(kKibi * dice.one_of<std::int64_t>({32, 64, 256}));
    return chip;
  }
  ChipSpec chip = read_chip(
      fmt::format("{}/configs/chips/{}.yaml", SYSTOLE_SOURCE_DIR,
                  dice.one_of<std::string_view>({"tpu_v2", "tpu_v3", "tpu_v4", "tpu_v5e"})));
  chip.matrix.pace_of_kind[static_cast<std::size_t>(*mac_kind(type, type))] = CoreCycles(1);
  chip.buffer.capacity = Bytes(kKibi * dice.one_of<std::int64_t>({64, 128, 512}));
  chip.cores = dice.one_of<std::int64_t>({1, 1, 2});
  return chip;
}

}  // namespace

RandomTraining random_training(std::uint64_t seed) {
  Dice dice(seed * 6364136223846793005U + 1442695040888963407U);
  RandomTraining made;
  made.type = dice.chance(15) ? DataType::Fp16 : DataType::Bf16;
  made.chip = drawn_chip(dice, seed, made.type);
  made.network = Writer(dice).write();
  made.batch = dice.between(1, 6);
  TrainingOptions& options = made.options;
  options.loss = dice.chance(50) ? Loss::CrossEntropy : Loss::MeanSquaredError;
  options.optimizer.kind =
      dice.one_of({OptimizerKind::Sgd, OptimizerKind::Adam, OptimizerKind::AdamW});
  options.optimizer.momentum = dice.chance(30) ? 0 : 0.9;
  options.recompute = dice.chance(30) ? Recompute::Blocks : Recompute::None;
  options.accumulate = dice.one_of<std::int64_t>({1, 1, 1, 2, 3});
  options.loss_scale = dice.chance(30) ? 64 : 1;
  if (dice.chance(30)) {
    options.clip_norm = 0.5;
  }
  options.most_whole_bytes =
      dice.one_of<std::int64_t>({0, made.chip.buffer.capacity.count() / 8, 100, 400});
  return made;
}

}  // namespace systole
