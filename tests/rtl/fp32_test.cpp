#include <bit>
#include <cmath>
#include <cstdint>
#include <systemc>
#include <vector>

#include <Vfp32_unit.h>
#include <gtest/gtest.h>

#include "tests/support_array/random_bits.h"

namespace systole::testing {

namespace {

constexpr std::uint32_t kQuietNan = 0x7fc00000;
constexpr std::uint32_t kSign = 0x80000000;
constexpr std::uint32_t kFraction = 0x007fffff;

/// The host's arithmetic, which IEEE 754 defines to the bit but for the payload of NaNs.
std::uint32_t canonical(float value) {
  return std::isnan(value) ? kQuietNan : std::bit_cast<std::uint32_t>(value);
}
std::uint32_t host_product(std::uint32_t a, std::uint32_t b) {
  return canonical(std::bit_cast<float>(a) * std::bit_cast<float>(b));
}
std::uint32_t host_sum(std::uint32_t a, std::uint32_t b) {
  return canonical(std::bit_cast<float>(a) + std::bit_cast<float>(b));
}

/// The circuit of fp32_unit.sv.
class Fp32Unit {
 public:
  Fp32Unit() {
    model_.a(a_);
    model_.b(b_);
    model_.product(product_);
    model_.sum(sum_);
  }

  /// Compares both operations with the host's; false, and a failure of the test, where they differ.
  bool agrees(std::uint32_t a, std::uint32_t b) {
    a_ = a;
    b_ = b;
    sc_core::sc_start(sc_core::sc_time(1, sc_core::SC_NS));
    const bool is_same = product_.read() == host_product(a, b) && sum_.read() == host_sum(a, b);
    EXPECT_TRUE(is_same) << std::hex << "a " << a << " b " << b << ": product " << product_.read()
                         << " expected " << host_product(a, b) << ", sum " << sum_.read()
                         << " expected " << host_sum(a, b);
    return is_same;
  }

 private:
  sc_core::sc_signal<std::uint32_t> a_, b_, product_, sum_;
  Vfp32_unit model_{"fp32_unit"};
};

/// Both signs of zero, the ends of each range and their neighbours, infinity, NaNs of all kinds,
/// and significands that meet each rounding case.
std::vector<std::uint32_t> special_patterns() {
  std::vector<std::uint32_t> patterns;
  for (const std::uint32_t fraction : {0U, 1U, 2U, 3U, 0x3fffffU, 0x400000U, 0x400001U, 0x555555U,
                                       0x7ffffdU, 0x7ffffeU, 0x7fffffU}) {
    for (const std::uint32_t exponent :
         {0U,   1U,   2U,   23U,  24U,  25U,  63U,  64U,  102U, 103U, 104U, 125U, 126U,
          127U, 128U, 129U, 150U, 151U, 152U, 190U, 191U, 192U, 230U, 253U, 254U, 255U}) {
      patterns.push_back(exponent << 23 | fraction);
      patterns.push_back(kSign | exponent << 23 | fraction);
    }
  }
  return patterns;
}

}  // namespace

TEST(RtlFp32, AgreesWithTheHostOnAllPairsOfSpecialPatterns) {
  Fp32Unit unit;
  const std::vector<std::uint32_t> patterns = special_patterns();
  for (const std::uint32_t a : patterns) {
    for (const std::uint32_t b : patterns) {
      ASSERT_TRUE(unit.agrees(a, b));
    }
  }
}

TEST(RtlFp32, AgreesWithTheHostOnRandomPatterns) {
  Fp32Unit unit;
  RandomBits random(1);
  for (int i = 0; i < 2'000'000; ++i) {
    ASSERT_TRUE(unit.agrees(random(), random()));
  }
}

TEST(RtlFp32, AgreesWithTheHostWhereSumsCancel) {
  Fp32Unit unit;
  RandomBits random(2);
  for (int i = 0; i < 2'000'000; ++i) {
    const std::uint32_t a = random();
    // Opposite sign, exponent at most two apart, few differing bits.
    const std::uint32_t flips = random() & random() & random() & kFraction;
    ASSERT_TRUE(unit.agrees(a, ((a ^ kSign) + ((random() % 5) << 23) - (2U << 23)) ^ flips));
  }
}

TEST(RtlFp32, AgreesWithTheHostWhereResultsAreSubnormal) {
  Fp32Unit unit;
  RandomBits random(3);
  for (int i = 0; i < 2'000'000; ++i) {
    // Exponents that add up to what the smallest 48 exponents of a product need.
    const std::uint32_t exponent = random() % 140;
    const std::uint32_t other = 140 - exponent - random() % 48 % (141 - exponent);
    ASSERT_TRUE(unit.agrees((random() & (kSign | kFraction)) | exponent << 23,
                            (random() & (kSign | kFraction)) | other << 23));
    ASSERT_TRUE(unit.agrees((random() & (kSign | kFraction)) | (random() % 3) << 23,
                            (random() & (kSign | kFraction)) | (random() % 3) << 23));
  }
}

}  // namespace systole::testing
