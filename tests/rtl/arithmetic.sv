// What a PE computes in a cycle: addend + left * other, on slices of integers modulo 2^32, or in
// binary32 rounded after the product and after the sum.
package arithmetic;
  import array_types::slices_t;

  // The signed value of what is multiplied of an operand: its low byte, its high byte, or all.
  function automatic logic signed [8:0] slice(input logic [15:0] value, input logic sliced,
                                              input logic high);
    if (!sliced) return $signed(value[8:0]);
    return high ? $signed({value[15], value[15:8]}) : $signed({1'b0, value[7:0]});
  endfunction

  function automatic logic fits(input logic [31:0] value, input logic sliced);
    return sliced ? value == {{16{value[15]}}, value[15:0]} : value == {{23{value[8]}}, value[8:0]};
  endfunction

  function automatic logic [31:0] next_sum(input logic floating, input slices_t slices,
                                           input logic [31:0] left, input logic [31:0] other,
                                           input logic [31:0] addend);
    /* verilator no_inline_task */
    logic signed [17:0] product;
    logic [1:0] bytes_up;
    if (floating) return fp32::add(addend, fp32::multiply(left, other));
    product = slice(left[15:0], slices.sliced_left, slices.left_slice) *
              slice(other[15:0], slices.sliced_other, slices.other_slice);
    bytes_up = {1'b0, slices.left_slice} + {1'b0, slices.other_slice};
    return addend + ({{14{product[17]}}, product} << {bytes_up, 3'd0});
  endfunction

endpackage
