#include "compiler/ops/composer.h"

#include "arch/diag/check.h"
#include "compiler/ops/make.h"

namespace systole {

GraphTensorId Composer::view(std::string_view what, GraphTensorId id, const Extents& wanted) {
  return extents(id) == wanted ? id : add(what, view_of(wanted), {id});
}

bool is_composed(const Op& op) {
  return std::visit(
      [](const auto& attributes) {
        if constexpr (requires { attributes.is_composed(); }) {
          return attributes.is_composed();
        } else {
          return std::is_base_of_v<ComposedOp, std::decay_t<decltype(attributes)>>;
        }
      },
      op);
}

GraphTensorId compose(const Op& op, Composer& composer) {
  return std::visit(
      [&](const auto& attributes) -> GraphTensorId {
        if constexpr (requires { attributes.compose(composer); }) {
          return attributes.compose(composer);
        } else {
          SYSTOLE_CHECK(false, "an operator that is not made of others, number {}", op.index());
          return -1;
        }
      },
      op);
}

std::string_view name_of_operator(const Op& op) {
  for (const OpEntry& entry : op_entries()) {
    if (entry.prototype.index() == op.index()) {
      return entry.name;
    }
  }
  return "";
}

}  // namespace systole
