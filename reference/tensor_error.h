#pragma once

#include <cstdint>
#include <optional>

namespace systole {

/// How far the numbers of a tensor are from those that are wanted, as real numbers.
struct TensorError {
  std::int64_t elements = 0;
  double mean = 0;            ///< of the errors' magnitudes
  double worst = 0;           ///< the largest magnitude of an error
  std::int64_t worst_at = 0;  ///< the first element that has it
  double largest = 0;         ///< the largest magnitude of a wanted number
  /// 10 log10 of the sum of squares of the wanted numbers over that of the errors, to a hundredth;
  /// empty where either is 0.
  std::optional<double> sqnr_db;

  /// Worst error over the largest wanted number; infinite for errors of nothing but zeros.
  [[nodiscard]] double relative() const;
};

/// Adds up elements in their order.
class ErrorSum {
 public:
  void add(double wanted, double actual);
  [[nodiscard]] TensorError result() const;

 private:
  TensorError error_;
  double magnitudes_ = 0;
  double signal_ = 0;
  double noise_ = 0;
};

}  // namespace systole
