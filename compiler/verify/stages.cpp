#include "compiler/verify/stages.h"

#include <cmath>
#include <string_view>
#include <vector>

#include <boost/container/small_vector.hpp>
#include <fmt/format.h>

namespace systole::verification {

namespace {

/// What a stage makes, and when.
struct Value {
  Made made = Made::Row;
  bool integers = false;
  int pass = 0;
};

std::string_view kind_of(bool integers) {
  return integers ? "integers" : "reals";
}

/// Executes the stages of one row with what their values are instead of numbers.
class Streaming {
 public:
  explicit Streaming(const RowLoop& loop) : loop_(loop) {}

  StageCheck run() {
    if (loop_.body->stages.empty()) {
      return {.broken = "the loop has no stages"};
    }
    for (const Stage& stage : loop_.body->stages) {
      // A reduction needs the whole row: what follows it sees the row only if it is loaded again.
      const bool reduces = std::holds_alternative<ReduceStage>(stage);
      if (after_reduction_ && !reduces) {
        ++pass_;
      }
      after_reduction_ = reduces;
      Value value = std::visit(*this, stage);
      if (!broken_.empty()) {
        return {.broken = fmt::format("stage {}: {}", values_.size(), broken_)};
      }
      value.pass = pass_;
      values_.push_back(value);
    }
    return {.broken = {}, .result = values_.back().made, .integers = values_.back().integers};
  }

  Value operator()(const LoadStage& load) {
    return {.made = load.single ? Made::Single : Made::Row, .integers = load.integer};
  }
  Value operator()(const SumsStage& sums) { return {.integers = sums.type == DataType::Int32}; }
  Value operator()(const WindowStage& walk) { return {.integers = !is_float(walk.type)}; }
  Value operator()(const NumberStage& number) {
    if (std::isnan(number.value)) {
      fail("value is no number");
    }
    return {.made = Made::Single};
  }
  Value operator()(const PairStage& pair) {
    const Value a = of("a", pair.a);
    const Value b = of("b", pair.b);
    if (a.integers != b.integers) {
      fail(fmt::format("a is {}, {}, but b is {}, {}", pair.a, kind_of(a.integers), pair.b,
                       kind_of(b.integers)));
    } else if (a.integers && pair.kind == PairKind::Divide) {
      fail("kind is divide, but the numbers are integers");
    }
    const bool is_row = a.made == Made::Row || b.made == Made::Row;
    return {.made = is_row ? Made::Row : Made::Single, .integers = a.integers};
  }
  Value operator()(const FunctionStage& function) { return of_kind(function.of, false); }
  Value operator()(const ReduceStage& reduce) {
    const Value value = of("of", reduce.of);
    if (value.made == Made::Single) {
      fail(fmt::format("of is {}, a single number already", reduce.of));
    }
    return {.made = Made::Single, .integers = value.integers};
  }
  Value operator()(const MaskStage& mask) {
    const Value value = of_kind(mask.of, false);
    if (value.made == Made::Single) {
      fail(fmt::format("of is {}, a single number, expected a row", mask.of));
    } else if (mask.period < 1) {
      fail(fmt::format("period is {}, expected at least 1", mask.period));
    } else if (mask.kept < 0) {
      fail(fmt::format("kept is {}, expected at least 0", mask.kept));
    }
    return value;
  }
  Value operator()(const ScaleStage& scale) {
    const Value value = of_kind(scale.of, true);
    if (scale.divisor != kNoStage) {
      const Value divisor = of("divisor", scale.divisor);
      if (divisor.made == Made::Row || !divisor.integers) {
        fail(fmt::format("divisor is {}, expected a single integer", scale.divisor));
      }
    }
    return value;
  }
  Value operator()(const ClampStage& clamp) {
    const Value value = of_kind(clamp.of, true);
    if (clamp.low > clamp.high) {
      fail(fmt::format("low is {}, expected up to high, {}", clamp.low, clamp.high));
    }
    return value;
  }
  Value operator()(const LookupStage& lookup) { return of_kind(lookup.of, true); }
  Value operator()(const RoundStage& round) { return of_kind(round.of, false); }
  Value operator()(const ColumnScaleStage& scale) {
    const Value value = of_kind(scale.of, true);
    if (value.made == Made::Single) {
      fail(fmt::format("of is {}, a single number, expected a row", scale.of));
    }
    return value;
  }

 private:
  void fail(std::string message) {
    if (broken_.empty()) {
      broken_ = std::move(message);
    }
  }

  Value of(std::string_view name, std::int32_t stage) {
    if (stage < 0 || static_cast<std::size_t>(stage) >= values_.size()) {
      fail(values_.empty()
               ? fmt::format("{} is {}, but no stage is before it", name, stage)
               : fmt::format("{} is {}, expected 0..{}", name, stage, values_.size() - 1));
      return {};
    }
    const Value& value = values_[static_cast<std::size_t>(stage)];
    if (value.made == Made::Row && value.pass != pass_) {
      fail(fmt::format("{} is {}, a row of pass {}, but this is pass {}", name, stage, value.pass,
                       pass_));
    }
    return value;
  }

  Value of_kind(std::int32_t stage, bool integers) {
    const Value value = of("of", stage);
    if (value.integers != integers) {
      fail(fmt::format("of is {}, {}, expected {}", stage, kind_of(value.integers),
                       kind_of(integers)));
    }
    return value;
  }

  const RowLoop& loop_;
  boost::container::small_vector<Value, 32> values_;
  int pass_ = 0;
  bool after_reduction_ = false;
  std::string broken_;
};

}  // namespace

StageCheck check_stages(const RowLoop& loop) {
  return Streaming(loop).run();
}

}  // namespace systole::verification
