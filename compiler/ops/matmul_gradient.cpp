#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"
#include "compiler/ops/matmul.h"

namespace systole {

Op product_of(const ProductForm& form) {
  return Matmul{.transpose_a = form.transpose_a,
                .transpose_b = form.transpose_b,
                .heads = form.heads,
                .kv_heads = form.kv_heads,
                .scale = form.scale,
                .split_heads = form.split_heads,
                .element = form.element,
                .settled = {}};
}

/// C = s A B: dA = s dC B^T and dB = s A^T dC; of an operand that is written transposed the
/// transpose of these.
void Matmul::gradient(Backward& backward) const {
  const bool shared = (settled.b.image == 0 && settled.images > 1) || settled.b.sharing > 1;
  if (kv_heads != 0 || merge_heads || used != 0 || shared) {
    backward.refuse(
        "expected a product whose matrices have an operand each, with all of its rows, "
        "got one that shares or skips some");
  }
  const GraphTensorId a = backward.input(0);
  const GraphTensorId b = backward.input(1);
  const GraphTensorId c = backward.gradient();
  ProductForm form{.heads = heads, .scale = scale, .element = backward.element(0)};
  if (transpose_a) {
    form.transpose_a = transpose_b;
    form.transpose_b = true;
    backward.give(0, product_of(form), {b, c});
  } else {
    form.transpose_b = !transpose_b;
    backward.give(0, product_of(form), {c, b});
  }
  form = {.heads = heads, .scale = scale, .element = backward.element(1)};
  if (transpose_b) {
    form.transpose_a = true;
    form.transpose_b = transpose_a;
    backward.give(1, product_of(form), {c, a});
  } else {
    form.transpose_a = !transpose_a;
    backward.give(1, product_of(form), {a, c});
  }
}

}  // namespace systole
