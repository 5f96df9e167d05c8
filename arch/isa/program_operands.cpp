#include "arch/isa/program_operands.h"

namespace systole {

namespace {

template <class Kind>
StageRead read_of_stage(const Kind& stage, const RowLoop& loop) {
  static_assert(HasOperands<Kind>, "a table of the stage's operands is missing");
  static_assert(std::tuple_size_v<std::remove_cv_t<decltype(kOperands<Kind>)>> <= 1,
                "a stage reads one operand");
  StageRead read;
  const auto fill = [&](const StageOperandRow<Kind>& row) {
    read = row.read(stage, loop);
    read.operand = stage.*row.member;
  };
  std::apply([&](const auto&... row) { (fill(row), ...); }, kOperands<Kind>);
  return read;
}

}  // namespace

StageRead read_of(const Stage& stage, const RowLoop& loop) {
  return std::visit([&](const auto& any) { return read_of_stage(any, loop); }, stage);
}

}  // namespace systole
