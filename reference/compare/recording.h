#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "arch/diag/check.h"

namespace systole {

/// A block of a packed tensor as an instruction writes it: `rows` rows of `cols` elements, row r at
/// element offset + r * pitch.
struct RecordedBlock {
  std::int64_t offset = 0;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t pitch = 0;
};

/// What a run wrote of one tensor, element by element: which elements, with which values. The first
/// value of an element is kept; later ones only where they differ, because then one of the two is
/// wrong whatever the right value is (a sound program computes each element once).
template <class Value>
class RecordedTensor {
 public:
  /// `name` is for error messages.
  RecordedTensor(std::string name, std::int64_t elements)
      : name_(std::move(name)),
        elements_(elements),
        values_(to_size(elements)),
        written_(to_size(elements), false) {}

  /// Throws InternalError, naming the tensor, when the block leaves it, overlaps itself, or has
  /// another number of values.
  void write(const RecordedBlock& block, std::span<const Value> values) {
    check(block, values.size());
    const Value* value = values.data();
    for (std::int64_t row = 0; row < block.rows; ++row) {
      for (std::int64_t col = 0; col < block.cols; ++col) {
        write_element(block.offset + row * block.pitch + col, *value++);
      }
    }
  }

  [[nodiscard]] std::int64_t elements() const { return elements_; }

  /// All values, each as it was first written; empty where one never was.
  [[nodiscard]] std::optional<std::vector<Value>> values() const {
    const bool whole = std::find(written_.begin(), written_.end(), false) == written_.end();
    return whole ? std::optional(values_) : std::nullopt;
  }

  /// Empty where the element was never written; a value that is not `expected` where there is one.
  [[nodiscard]] std::optional<Value> value(std::int64_t element, Value expected) const {
    const std::size_t index = to_size(element);
    if (!written_[index]) {
      return std::nullopt;
    }
    if (values_[index] == expected && !differing_.empty()) {
      const auto other = differing_.find(element);
      return other == differing_.end() ? expected : other->second;
    }
    return values_[index];
  }

 private:
  static std::size_t to_size(std::int64_t count) { return static_cast<std::size_t>(count); }

  void check(const RecordedBlock& block, std::size_t values) const {
    SYSTOLE_CHECK(block.rows > 0 && block.cols > 0 &&
                      static_cast<std::int64_t>(values) == block.rows * block.cols,
                  "{}: {} values for {} x {} elements", name_, values, block.rows, block.cols);
    SYSTOLE_CHECK(block.rows == 1 || block.pitch >= block.cols,
                  "{}: rows of {} elements, one every {}", name_, block.cols, block.pitch);
    const std::int64_t end = block.offset + (block.rows - 1) * block.pitch + block.cols;
    SYSTOLE_CHECK(block.offset >= 0 && end <= elements_, "{}: elements {}..{} of {}", name_,
                  block.offset, end - 1, elements_);
  }

  void write_element(std::int64_t element, Value value) {
    const std::size_t index = to_size(element);
    if (!written_[index]) {
      written_[index] = true;
      values_[index] = value;
    } else if (values_[index] != value) {
      differing_.emplace(element, value);
    }
  }

  std::string name_;
  std::int64_t elements_;
  std::vector<Value> values_;
  std::vector<bool> written_;
  std::map<std::int64_t, Value> differing_;
};

}  // namespace systole
