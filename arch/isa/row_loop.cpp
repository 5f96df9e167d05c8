#include "arch/isa/row_loop.h"

namespace systole {

namespace {

/// Whether a stage's value is a single number, given those before it.
class IsSingle {
 public:
  explicit IsSingle(const std::vector<bool>& before) : before_(before) {}

  bool operator()(const LoadStage& load) const { return load.single; }
  bool operator()(const NumberStage& /*number*/) const { return true; }
  bool operator()(const PairStage& pair) const { return of(pair.a) && of(pair.b); }
  bool operator()(const FunctionStage& function) const { return of(function.of); }
  bool operator()(const ReduceStage& /*reduce*/) const { return true; }
  bool operator()(const MaskStage& mask) const { return of(mask.of); }

 private:
  [[nodiscard]] bool of(std::int32_t stage) const {
    return stage >= 0 && static_cast<std::size_t>(stage) < before_.size() &&
           before_[static_cast<std::size_t>(stage)];
  }

  const std::vector<bool>& before_;
};

}  // namespace

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
  std::vector<bool> singles;
  singles.reserve(stages.size());
  for (const Stage& stage : stages) {
    singles.push_back(std::visit(IsSingle(singles), stage));
  }
  return singles;
}

}  // namespace systole
