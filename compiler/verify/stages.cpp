#include "compiler/verify/stages.h"

#include <cmath>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace systole::verification {

namespace {

/// Executes the stages of one row with what their values are instead of numbers.
class Streaming {
 public:
  explicit Streaming(const RowLoop& loop) : loop_(loop) {}

  StageCheck run() {
    if (loop_.stages.empty()) {
      return {.broken = "the loop has no stages"};
    }
    for (const Stage& stage : loop_.stages) {
      // A reduction needs the whole row: what follows it sees the row only if it is loaded again.
      const bool reduces = std::holds_alternative<ReduceStage>(stage);
      if (after_reduction_ && !reduces) {
        ++pass_;
      }
      after_reduction_ = reduces;
      const Made made = std::visit(*this, stage);
      if (!broken_.empty()) {
        return {.broken = fmt::format("stage {}: {}", values_.size(), broken_)};
      }
      values_.push_back({.made = made, .pass = pass_});
    }
    return {.broken = {}, .result = values_.back().made};
  }

  Made operator()(const LoadStage& load) { return load.single ? Made::Single : Made::Row; }
  Made operator()(const NumberStage& number) {
    if (std::isnan(number.value)) {
      broken_ = "value is no number";
    }
    return Made::Single;
  }
  Made operator()(const PairStage& pair) {
    const Made a = of("a", pair.a);
    const Made b = of("b", pair.b);
    return a == Made::Row || b == Made::Row ? Made::Row : Made::Single;
  }
  Made operator()(const FunctionStage& function) { return of("of", function.of); }
  Made operator()(const ReduceStage& reduce) {
    if (of("of", reduce.of) == Made::Single && broken_.empty()) {
      broken_ = fmt::format("of is {}, a single number already", reduce.of);
    }
    return Made::Single;
  }
  Made operator()(const MaskStage& mask) {
    if (of("of", mask.of) == Made::Single && broken_.empty()) {
      broken_ = fmt::format("of is {}, a single number, expected a row", mask.of);
    } else if (broken_.empty() && mask.period < 1) {
      broken_ = fmt::format("period is {}, expected at least 1", mask.period);
    } else if (broken_.empty() && mask.first < 0) {
      broken_ = fmt::format("first is {}, expected at least 0", mask.first);
    }
    return Made::Row;
  }

 private:
  struct Value {
    Made made = Made::Row;
    int pass = 0;
  };

  Made of(std::string_view name, std::int32_t stage) {
    if (stage < 0 || static_cast<std::size_t>(stage) >= values_.size()) {
      if (broken_.empty()) {
        broken_ = values_.empty()
                      ? fmt::format("{} is {}, but no stage is before it", name, stage)
                      : fmt::format("{} is {}, expected 0..{}", name, stage, values_.size() - 1);
      }
      return Made::Row;
    }
    const Value& value = values_[static_cast<std::size_t>(stage)];
    if (value.made == Made::Row && value.pass != pass_ && broken_.empty()) {
      broken_ = fmt::format("{} is {}, a row of pass {}, but this is pass {}", name, stage,
                            value.pass, pass_);
    }
    return value.made;
  }

  const RowLoop& loop_;
  std::vector<Value> values_;
  int pass_ = 0;
  bool after_reduction_ = false;
  std::string broken_;
};

}  // namespace

StageCheck check_stages(const RowLoop& loop) {
  return Streaming(loop).run();
}

}  // namespace systole::verification
