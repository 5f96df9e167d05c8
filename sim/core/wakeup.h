#pragma once

#include <systemc>

namespace systole {

/// Lets threads wait until something is so. A notification while nobody waits costs nothing, and
/// most are such; the kernel would spend a delta cycle on it.
///
/// Who waits is awake in the delta cycle after the notification, and looks again whether it is so:
///   while (!is_so()) { wakeup.wait(); }
class Wakeup {
 public:
  /// Suspends the calling thread until the next notification.
  void wait() {
    ++waiting_;
    sc_core::wait(event_);
    --waiting_;
  }
  void notify() {
    if (waiting_ > 0) {
      event_.notify(sc_core::SC_ZERO_TIME);
    }
  }

 private:
  int waiting_ = 0;  // threads
  sc_core::sc_event event_;
};

}  // namespace systole
