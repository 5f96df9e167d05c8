#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace systole {

class Lowering;

/// Whether what an operator makes of whole numbers that the type of the network holds are such
/// again. Others are refused: their sums and products would be rounded.
enum class OfIntegers : std::uint8_t { Rounds, Stays };

/// How an operator of files becomes layers.
struct LowerRule {
  std::string_view op;  ///< with its domain
  void (*lower)(Lowering& in);
  OfIntegers integers = OfIntegers::Rounds;
};

// By family, in a file each.
[[nodiscard]] std::span<const LowerRule> element_rules();
[[nodiscard]] std::span<const LowerRule> image_rules();
[[nodiscard]] std::span<const LowerRule> movement_rules();
[[nodiscard]] std::span<const LowerRule> product_rules();
[[nodiscard]] std::span<const LowerRule> row_rules();

/// Null where none is called so.
[[nodiscard]] const LowerRule* lower_rule_of(std::string_view full_op);

}  // namespace systole
