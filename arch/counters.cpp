#include "arch/counters.h"

#include "arch/counter_rows.h"

namespace systole {

void ActionCounters::add(const ActionCounters& other) {
  add_figures(*this, other);
}

}  // namespace systole
