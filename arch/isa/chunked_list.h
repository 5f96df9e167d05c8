#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace systole {

/// A list that grows at its end and leaves what it holds where it is: a long one takes no memory
/// twice while it grows, and references to its elements stay good.
template <class Value>
class ChunkedList {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] const Value& operator[](std::size_t index) const {
    return chunks_[index / kChunk][index % kChunk];
  }
  [[nodiscard]] Value& operator[](std::size_t index) {
    return chunks_[index / kChunk][index % kChunk];
  }

  void push_back(Value value) {
    if (size_ % kChunk == 0) {
      chunks_.emplace_back().reserve(kChunk);
    }
    chunks_.back().push_back(std::move(value));
    ++size_;
  }

 private:
  static constexpr std::size_t kChunk = 256;
  std::vector<std::vector<Value>> chunks_;  ///< all but the last full
  std::size_t size_ = 0;
};

}  // namespace systole
