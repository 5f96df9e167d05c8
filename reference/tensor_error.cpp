#include "reference/tensor_error.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "arch/units/portable_math.h"

namespace systole {

namespace {

constexpr double kLn10 = 2.302585092994046;

}  // namespace

double TensorError::relative() const {
  if (worst == 0) {
    return 0;
  }
  return largest == 0 ? std::numeric_limits<double>::infinity() : worst / largest;
}

void ErrorSum::add(double wanted, double actual) {
  const double error = std::fabs(actual - wanted);
  // A NaN or an infinity of the chip is the worst error that there is.
  const double counted =
      error <= std::numeric_limits<double>::max() ? error : std::numeric_limits<double>::infinity();
  if (counted > error_.worst) {
    error_.worst = counted;
    error_.worst_at = error_.elements;
  }
  error_.largest = std::max(error_.largest, std::fabs(wanted));
  ++error_.elements;
  magnitudes_ += counted;
  signal_ += wanted * wanted;
  noise_ += counted * counted;
}

TensorError ErrorSum::result() const {
  TensorError error = error_;
  if (error.elements > 0) {
    error.mean = magnitudes_ / static_cast<double>(error.elements);
  }
  const double least = std::numeric_limits<double>::min();
  const double most = std::numeric_limits<double>::max();
  if (signal_ >= least && noise_ >= least && signal_ <= most && noise_ <= most) {
    const double decibels = 10 * (portable_log(signal_) - portable_log(noise_)) / kLn10;
    error.sqnr_db = std::round(decibels * 100) / 100;
  }
  return error;
}

}  // namespace systole
