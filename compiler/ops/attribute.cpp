#include "compiler/ops/attribute.h"

namespace systole {

Attribute output_attribute() {
  return {"output", Attribute::Output{}, "the quantisation of the output"};
}

Attribute kept_output(std::string_view reason) {
  return {"output", Attribute::Output{.settled = reason}, "may not be changed"};
}

void append(std::vector<Attribute>& table, const std::vector<Attribute>& rows) {
  table.insert(table.end(), rows.begin(), rows.end());
}

void check_weights(const WeightInfo& weights, const OpPlace& written) {
  if (weights.batch_norm && written.has("bias")) {
    written.fail("bias", "expected no bias beside batch_norm (its shift is the bias), got one");
  }
}

void check_before(const FusedActivation& activation, const OpPlace& written) {
  if (!activation.is_looked_up() && written.has("before")) {
    written.fail("before",
                 "expected a quantisation only before a fused function that is looked up, got one");
  }
}

}  // namespace systole
