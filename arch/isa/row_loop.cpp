#include "arch/isa/row_loop.h"

#include <algorithm>

#include <boost/container/small_vector.hpp>

namespace systole {

namespace {

/// Whether a stage's value is a single number, given those before it.
template <class Before>
class IsSingle {
 public:
  explicit IsSingle(const Before& before) : before_(before) {}

  bool operator()(const LoadStage& load) const { return load.single; }
  bool operator()(const SumsStage& /*sums*/) const { return false; }
  bool operator()(const WindowStage& /*window*/) const { return false; }
  bool operator()(const NumberStage& /*number*/) const { return true; }
  bool operator()(const PairStage& pair) const { return of(pair.a) && of(pair.b); }
  bool operator()(const FunctionStage& function) const { return of(function.of); }
  bool operator()(const ReduceStage& /*reduce*/) const { return true; }
  bool operator()(const MaskStage& mask) const { return of(mask.of); }
  bool operator()(const ScaleStage& scale) const { return of(scale.of); }
  bool operator()(const ClampStage& clamp) const { return of(clamp.of); }
  bool operator()(const LookupStage& lookup) const { return of(lookup.of); }
  bool operator()(const RoundStage& round) const { return of(round.of); }
  bool operator()(const ColumnScaleStage& scale) const { return of(scale.of); }

 private:
  [[nodiscard]] bool of(std::int32_t stage) const {
    return stage >= 0 && static_cast<std::size_t>(stage) < before_.size() &&
           before_[static_cast<std::size_t>(stage)];
  }

  const Before& before_;
};

template <class Singles>
Singles find_singles(const std::vector<Stage>& stages) {
  Singles singles;
  singles.reserve(stages.size());
  for (const Stage& stage : stages) {
    singles.push_back(std::visit(IsSingle(singles), stage));
  }
  return singles;
}

}  // namespace

std::optional<DataType> sums_of(const RowBody& body) {
  for (const Stage& stage : body.stages) {
    if (const auto* sums = std::get_if<SumsStage>(&stage)) {
      return sums->type;
    }
  }
  return {};
}

std::vector<std::int32_t> passes_of(const std::vector<Stage>& stages) {
  std::vector<std::int32_t> passes;
  passes.reserve(stages.size());
  std::int32_t pass = 0;
  bool reduced = false;
  for (const Stage& stage : stages) {
    const bool reduces = std::holds_alternative<ReduceStage>(stage);
    pass += reduced && !reduces ? 1 : 0;
    reduced = reduces;
    passes.push_back(pass);
  }
  return passes;
}

std::vector<bool> singles_of(const std::vector<Stage>& stages) {
  return find_singles<std::vector<bool>>(stages);
}

std::int64_t result_cols(const RowLoop& loop) {
  // Asked for with every instruction: in place.
  using Singles = boost::container::small_vector<bool, 32>;
  return !loop.stages().empty() && find_singles<Singles>(loop.stages()).back() ? 1 : loop.cols;
}

}  // namespace systole
