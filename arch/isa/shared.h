#pragma once

#include <utility>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

namespace systole {

/// A value that copies share, so that it takes memory once however many hold it. Otherwise it is
/// like any value: copies are equal, and a change of one (`edit`) does not reach the others.
template <class Value>
class Shared {
 public:
  Shared() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): the same value, held another way
  Shared(Value value) : held_(new Held(std::move(value))) {}

  const Value& operator*() const { return held_ ? held_->value : kDefault; }
  const Value* operator->() const { return &**this; }

  /// The value, to change it; it becomes this holder's own.
  Value& edit() {
    if (!held_ || held_->use_count() > 1) {
      held_ = new Held(**this);
    }
    return held_->value;
  }

  /// Holds what `other` holds, if the two are equal.
  void share_with(const Shared& other) {
    if (*this == other) {
      held_ = other.held_;
    }
  }

  bool operator==(const Shared& other) const { return held_ == other.held_ || **this == *other; }

 private:
  struct Held : boost::intrusive_ref_counter<Held> {
    explicit Held(Value of) : value(std::move(of)) {}
    Value value;
  };
  static inline const Value kDefault{};

  boost::intrusive_ptr<Held> held_;
};

}  // namespace systole
