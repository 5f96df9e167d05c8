#include "compiler/ops/dense.h"
#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"

namespace systole {

/// Rows of features times a matrix; a bias is added in fp32.
GraphTensorId Dense::train(Forward& forward) const {
  if (weights.batch_norm) {
    forward.refuse("expected a dense layer without a batch normalisation, got one with it");
  }
  const GraphTensorId x = forward.rows(forward.input(0));
  const std::int64_t width = forward.type(x).extents.back();
  const GraphTensorId w = forward.factor(1, {1, width, features});
  const GraphTensorId product = forward.add("product", product_of({}), {x, w});
  if (!weights.bias) {
    return product;
  }
  const GraphTensorId bias = forward.summand(2, {1, 1, features});
  return forward.add("biased", formula_of("a + b"), {product, bias});
}

}  // namespace systole
