#pragma once

#include <compare>
#include <concepts>

namespace systole {

/// A count of one unit. Two quantities mix only when their units are the same type, so cycles of
/// two clock domains, or bytes and cycles, never meet by accident. `.count()` is the only way out
/// and belongs at file, report and SystemC boundaries.
template <class Unit, class Rep>
class Quantity {
 public:
  using rep = Rep;

  constexpr Quantity() = default;
  constexpr explicit Quantity(Rep count) : count_(count) {}

  [[nodiscard]] constexpr Rep count() const { return count_; }

  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 misreads the comparison with 0
  constexpr auto operator<=>(const Quantity&) const = default;

  constexpr Quantity& operator+=(Quantity other) {
    count_ += other.count_;
    return *this;
  }
  constexpr Quantity& operator-=(Quantity other) {
    count_ -= other.count_;
    return *this;
  }
  friend constexpr Quantity operator+(Quantity a, Quantity b) { return a += b; }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return a -= b; }
  friend constexpr Quantity operator*(Quantity a, Rep factor) {
    return Quantity(a.count_ * factor);
  }
  friend constexpr Quantity operator*(Rep factor, Quantity a) { return a * factor; }
  friend constexpr Quantity operator/(Quantity a, Rep divisor) {
    return Quantity(a.count_ / divisor);
  }
  friend constexpr Rep operator/(Quantity a, Quantity b) { return a.count_ / b.count_; }

 private:
  Rep count_{};
};

/// True when `A + B` compiles. Tests use it to prove that two units never mix.
template <class A, class B>
concept Addable = requires(A a, B b) {
  a + b;
};

}  // namespace systole
