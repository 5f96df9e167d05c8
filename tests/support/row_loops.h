#pragma once

#include <functional>

#include "arch/isa/row_loop.h"

namespace systole::testing {

/// Gives a loop a body of its own, changed.
inline void change_body(RowLoop& loop, const std::function<void(RowBody&)>& change) {
  RowBody body = *loop.body;
  change(body);
  loop.body = std::move(body);
}

/// The same for its first stage of a kind; false where it has none.
template <class Kind>
bool change_stage(RowLoop& loop, const std::function<void(Kind&)>& change) {
  bool found = false;
  change_body(loop, [&](RowBody& body) {
    for (Stage& stage : body.stages) {
      if (auto* of_kind = std::get_if<Kind>(&stage); of_kind != nullptr && !found) {
        change(*of_kind);
        found = true;
      }
    }
  });
  return found;
}

}  // namespace systole::testing
