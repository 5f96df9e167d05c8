#pragma once

#include <list>

namespace systole {

/// A queue whose elements stay where they are until they are popped, and then serve again together
/// with the memory that they own: a queue that is filled and emptied without end stops allocating.
template <class T>
class RecyclingQueue {
 public:
  [[nodiscard]] bool empty() const { return queue_.empty(); }
  [[nodiscard]] std::size_t size() const { return queue_.size(); }
  [[nodiscard]] T& front() { return queue_.front(); }

  /// A new last element. Its value is that of some element of before: the caller sets all of it.
  [[nodiscard]] T& push() {
    if (spare_.empty()) {
      spare_.emplace_back();
    }
    queue_.splice(queue_.end(), spare_, spare_.begin());
    return queue_.back();
  }
  void pop() { spare_.splice(spare_.end(), queue_, queue_.begin()); }

 private:
  std::list<T> queue_;
  std::list<T> spare_;
};

}  // namespace systole
