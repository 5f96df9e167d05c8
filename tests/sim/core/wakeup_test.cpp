#include "sim/core/wakeup.h"

#include <string>

#include <gtest/gtest.h>

#include "sim/chip/kernel.h"

namespace systole::testing {
namespace {

/// Two threads that wait for a number, and one that counts it up: at once, then a nanosecond later.
class Waiters : public sc_core::sc_module {
 public:
  explicit Waiters(const sc_core::sc_module_name& name) : sc_module(name) {
    SC_HAS_PROCESS(Waiters);
    SC_THREAD(wait_for_one);
    SC_THREAD(wait_for_two);
    SC_THREAD(count);
  }
  std::string seen;

 private:
  void note(const std::string& who) {
    seen += who + " at " + sc_core::sc_time_stamp().to_string() + "; ";
  }
  void wait_for_one() {
    while (number_ < 1) {
      wakeup_.wait();
    }
    note("one");
  }
  void wait_for_two() {
    while (number_ < 2) {
      wakeup_.wait();
    }
    note("two");
  }
  void count() {
    wakeup_.notify();  // wakes both, too early
    wait(1, sc_core::SC_NS);
    ++number_;
    wakeup_.notify();
    wait(1, sc_core::SC_NS);
    ++number_;
    wakeup_.notify();
  }

  int number_ = 0;
  Wakeup wakeup_;
};

TEST(Wakeup, WakesWhoWaitsInTheSameMomentAsOftenAsItTakes) {
  prepare_kernel();
  Waiters waiters("waiters");
  run_kernel(Clock<CoreCycles>(Hertz(1'000'000'000)));
  EXPECT_EQ(waiters.seen, "one at 1 ns; two at 2 ns; ");
}

/// Notifies in each of three moments; nobody waits but in the second.
class Lonely : public sc_core::sc_module {
 public:
  explicit Lonely(const sc_core::sc_module_name& name) : sc_module(name) {
    SC_HAS_PROCESS(Lonely);
    SC_THREAD(notify_thrice);
    SC_THREAD(wait_once);
  }
  sc_dt::uint64 deltas = 0;

 private:
  void notify_thrice() {
    for (int i = 0; i < 3; ++i) {
      wait(1, sc_core::SC_NS);
      wakeup_.notify();
    }
    deltas = sc_core::sc_delta_count();
  }
  void wait_once() {
    wait(1500, sc_core::SC_PS);
    wakeup_.wait();
  }
  Wakeup wakeup_;
};

TEST(Wakeup, CostsADeltaCycleOnlyWhereSomebodyWaits) {
  prepare_kernel();
  Lonely lonely("lonely");
  run_kernel(Clock<CoreCycles>(Hertz(1'000'000'000)));
  // One to begin, one for each of the moments 1, 1.5 and 2 ns, one for the waiter at 2 ns.
  EXPECT_EQ(lonely.deltas, 5U);
}

}  // namespace
}  // namespace systole::testing
