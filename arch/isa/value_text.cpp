#include "arch/isa/value_text.h"

#include <array>
#include <charconv>

namespace systole {

void append_value(std::string& text, std::int64_t number) {
  std::array<char, 24> digits{};
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  text.append(digits.data(), result.ptr);
}

void append_value(std::string& text, float real) {
  std::array<char, 24> digits{};
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), real);
  text.append(digits.data(), result.ptr);
}

void append_value(std::string& text, const Operand& operand) {
  if (operand.tensor != kNoTensor || operand.offset != 0) {
    text.push_back('t');
    append_value(text, std::int64_t{operand.tensor});
    if (operand.offset != 0) {
      text.push_back('+');
      append_value(text, operand.offset);
    }
  }
  text.push_back('@');
  append_value(text, operand.address);
}

void append_value(std::string& text, const OperandList& operands) {
  for (const Operand& operand : operands) {
    if (&operand != &operands[0]) {
      text.push_back(',');
    }
    append_value(text, operand);
  }
}

void append_value(std::string& text, const FixedPoint& scale) {
  append_value(text, scale.multiplier);
  text.append("/2^");
  append_value(text, std::int64_t{scale.shift});
}

void append_value(std::string& text, const std::vector<SemaphoreUse>& uses) {
  for (const SemaphoreUse& use : uses) {
    if (&use != uses.data()) {
      text.push_back(',');
    }
    append_value(text, std::int64_t{use.semaphore});
    if (use.count != 1) {
      text.push_back('x');
      append_value(text, use.count);
    }
  }
}

}  // namespace systole
