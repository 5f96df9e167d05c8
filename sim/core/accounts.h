#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "arch/counters.h"
#include "arch/trace.h"

namespace systole {

/// Charges the cycles of one engine to causes and layers, from cycle 0 on without gap or overlap.
class EngineAccount {
 public:
  /// Each charge is written to `trace` as well, unless that is null.
  EngineAccount(EngineId engine, Counters& counters, EngineTrace* trace = nullptr)
      : engine_(engine),
        stream_(counters.engines.engines().index_of(engine)),
        counters_(counters),
        trace_(trace) {}

  /// The charges that follow are for instruction `index` of the engine's stream: for its waits or,
  /// with `is_work`, its work.
  void charges_are_for(std::int64_t index, bool is_work) {
    instruction_ = index;
    is_work_ = is_work;
  }

  /// Charges the cycles from the end of the last charge to `until`; nothing when that has passed.
  void charge(Cause cause, CoreCycles until, std::int32_t layer) {
    if (until > charged_until_) {
      charge_cycles(cause, until, layer);
    }
  }
  /// Charges the cycles up to `until`: at most `busy` of them to Busy, then at most `port` to Port,
  /// what is left to `rest`.
  void charge_work(CoreCycles until, CoreCycles busy, CoreCycles port, Cause rest,
                   std::int32_t layer);
  /// The engine has no instruction left: Idle, for no layer.
  void finish(CoreCycles elapsed);
  void count_instruction(std::int32_t layer);

  [[nodiscard]] CoreCycles charged_until() const { return charged_until_; }

 private:
  void charge_cycles(Cause cause, CoreCycles until, std::int32_t layer);
  EngineCounters& of_layer(std::int32_t layer);

  EngineId engine_;
  std::size_t stream_;  // the index of the engine's stream
  Counters& counters_;
  EngineTrace* trace_;
  CoreCycles charged_until_{0};
  std::int64_t instruction_ = 0;
  bool is_work_ = false;
};

/// Keeps the measures of layers (arch/counters.h): active, exposed, first start and last end, and
/// the elapsed cycles of the run.
class LayerAccount {
 public:
  explicit LayerAccount(Counters& counters)
      : counters_(counters), intervals_(counters.layers.size()) {}

  /// An instruction of `layer` was active in the cycles begin .. end - 1.
  void active(std::int32_t layer, CoreCycles begin, CoreCycles end);
  /// An instruction of `layer` began to work at `cycle`.
  void started(std::int32_t layer, CoreCycles cycle);
  /// An instruction of `layer` completed. Calls come in the order of their cycles; of those in one
  /// cycle the engine declared first moves the latest completion.
  void completed(EngineId engine, std::int32_t layer, CoreCycles cycle);
  /// Writes `active`, `exposed`, Counters::elapsed and Counters::actions. To be called once.
  void finish();

 private:
  struct Interval {
    CoreCycles begin;
    CoreCycles end;
  };
  struct Completion {
    EngineId engine;
    std::int32_t layer;
    CoreCycles cycle;
  };
  void settle_latest();
  static CoreCycles length_of_union(std::vector<Interval>& intervals);
  LayerCounters& layer_counters(std::int32_t layer) {
    return counters_.layers[static_cast<std::size_t>(layer)];
  }

  Counters& counters_;
  std::vector<std::vector<Interval>> intervals_;  // by layer
  std::vector<bool> has_started_ = std::vector<bool>(counters_.layers.size(), false);
  std::optional<Completion> latest_;
};

}  // namespace systole
