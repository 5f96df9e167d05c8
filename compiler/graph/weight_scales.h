#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace systole {

/// The scales of a layer's weights: one for all of them, or one for each output channel.
class WeightScales {
 public:
  WeightScales(double all)  // NOLINT(google-explicit-constructor): most layers have one
      : scales_{all} {}
  explicit WeightScales(std::vector<double> by_channel)
      : by_channel_(true), scales_(std::move(by_channel)) {}

  [[nodiscard]] bool by_channel() const { return by_channel_; }
  /// Of an output channel, those of all groups counted.
  [[nodiscard]] double at(std::int64_t channel) const {
    return scales_[by_channel_ ? static_cast<std::size_t>(channel) : 0];
  }
  /// Of one for all; else of each channel.
  [[nodiscard]] const std::vector<double>& all() const { return scales_; }
  [[nodiscard]] WeightScales operator*(double factor) const {
    WeightScales product = *this;
    for (double& scale : product.scales_) {
      scale *= factor;
    }
    return product;
  }

 private:
  bool by_channel_ = false;
  std::vector<double> scales_;
};

}  // namespace systole
