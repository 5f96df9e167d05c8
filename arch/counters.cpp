#include "arch/counters.h"

#include "arch/counter_rows.h"

namespace systole {

void ActionCounters::add(const ActionCounters& other) {
  add_figures(*this, other);
}

EngineCounters total_of(const PerEngine<EngineCounters>& engines, EngineKind kind) {
  EngineCounters total;
  for (const EngineId engine : engines.engines()) {
    if (engine.kind == kind) {
      add_figures(total, engines[engine]);
    }
  }
  return total;
}

}  // namespace systole
