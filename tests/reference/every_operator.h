#pragma once

namespace systole {

/// A small network with every operator, activation and kind of rescaling, asymmetric
/// quantisations, strides, dilation, groups, uneven padding and a batch of 3.
inline constexpr const char* kEveryOperator = R"(
network: every_operator
batch: 3
inputs:
  - {name: image, rows: 13, cols: 11, channels: 3, quantization: {scale: 0.02, zero_point: 5}}
layers:
  - {name: stem, op: conv2d, channels: 16, kernel: [3, 5], stride: 2, padding: [1, 0, 2, 1],
     activation: relu}
  - {name: six, op: conv2d, channels: 32, kernel: 1, activation: relu6,
     output: {scale: 0.03, zero_point: -100}}
  - {name: wide, op: conv2d, input: stem, channels: 32, kernel: 3, padding: 2, dilation: 2,
     batch_norm: true}
  - {name: sum, op: add, inputs: [six, wide], activation: relu}
  - {name: plain_sum, op: add, inputs: [wide, six], output: {scale: 0.11, zero_point: 7}}
  - {name: depthwise, op: conv2d, input: sum, channels: 32, groups: 32, kernel: 3, padding: same,
     bias: false, activation: relu}
  - {name: grouped, op: conv2d, input: plain_sum, channels: 48, groups: 2, kernel: 3, padding: 1,
     activation: sigmoid}
  - {name: bounded, op: conv2d, input: sum, channels: 16, kernel: 1, activation: tanh}
  - {name: largest, op: max_pool, input: depthwise, kernel: 3, stride: 1, padding: 1}
  - {name: mean, op: average_pool, input: plain_sum, kernel: 3, stride: 1, padding: 1}
  - {name: padded_mean, op: average_pool, input: six, kernel: 3, stride: 1, padding: 1,
     count_padding: true}
  - {name: rescaled_mean, op: average_pool, input: bounded, kernel: 2, stride: 1,
     padding: [1, 0, 0, 1], output: {scale: 0.005, zero_point: 3}}
  - {name: joined, op: concat,
     inputs: [grouped, bounded, largest, mean, padded_mean, rescaled_mean]}
  - {name: rectified, op: relu, input: joined, output: {scale: 0.05, zero_point: -20}}
  - {name: squashed, op: sigmoid}
  - {name: limited, op: tanh, input: rectified}
  - {name: capped, op: relu6, input: joined}
  - {name: both, op: concat, inputs: [squashed, limited]}
  - {name: small, op: max_pool, input: capped, kernel: 2, stride: 3}
  - {name: flat, op: flatten}
  - {name: hidden, op: dense, features: 37, activation: relu}
  - {name: scores, op: dense, features: 10}
  - {name: probabilities, op: softmax}
  - {name: whole, op: global_average_pool, input: both}
)";

}  // namespace systole
