// ROWS x COLS processing elements. A PE uses what arrives in the cycle in which it arrives; what its
// neighbours see are its registers, one cycle later.
//
// Weight- and input-stationary: the moving registers pass tiles down, a PE keeps the value of its
// own row in its shadow register; the phase that takes the shadow already multiplies with it.
// Partial sums move down. Output-stationary: the moving registers pass top operands down, the sum
// stays; a cycle after the last phase of a draining fold it goes to the output register. There it is
// held until the lowest active PE of the column has its final sum, then it moves down.
//
// The code is one loop over all PEs because that is what Verilator compiles to one loop: its C++
// stays small at any size. `next_*` is what a register takes at the clock edge.
module pe_grid
  import array_types::*;
#(
    parameter int ROWS = 1,
    parameter int COLS = 1
) (
    input logic clock,
    input logic reset,
    input logic output_stationary,
    input logic floating,
    input logic [15:0] rows,  // active
    input logic [15:0] cols,
    input phase_t phase_in[ROWS],  // at the left edge, with its operands
    input logic [31:0] left_in[ROWS],
    input top_t top_in[COLS],  // at the top edge
    output phase_t phase_out[COLS],  // below the lowest active row, with its partial sums
    output logic [31:0] sum_out[COLS],
    output output_t output_out[COLS],
    output error_t error
);
  phase_t phase[ROWS][COLS];
  logic [31:0] left[ROWS][COLS];
  top_t moving[ROWS][COLS];
  logic [31:0] shadow[ROWS][COLS];
  logic shadow_is_full[ROWS][COLS];
  logic [31:0] active[ROWS][COLS];
  logic [31:0] sum[ROWS][COLS];
  output_t leaving[ROWS][COLS];

  // The lowest active row.
  logic [$clog2(ROWS < 2 ? 2 : ROWS)-1:0] bottom;
  assign bottom = $bits(bottom)'(rows - 16'd1);

  // The lowest active PE of the column copies its sum, which is final, in this cycle.
  logic column_is_final[COLS];

  always_ff @(posedge clock) begin : registers
    phase_t next_phase[ROWS][COLS];
    logic [31:0] next_left[ROWS][COLS];
    top_t next_moving[ROWS][COLS];
    logic [31:0] next_shadow[ROWS][COLS];
    logic next_shadow_is_full[ROWS][COLS];
    logic [31:0] next_active[ROWS][COLS];
    logic [31:0] next_sum[ROWS][COLS];
    output_t next_leaving[ROWS][COLS];
    error_t next_error;

    next_error = '0;
    for (int r = 0; r < ROWS; ++r) begin
      for (int c = 0; c < COLS; ++c) begin : pe
        phase_t here;  // the phase that passes now
        logic [31:0] operand;
        logic [31:0] other;
        logic [31:0] addend;
        logic takes_shadow;
        logic fills_shadow;
        top_t from_above;
        output_t output_above;
        logic copies;
        logic shifts_in;
        logic holds;

        // What arrives from the left and from above.
        here = (c == 0) ? phase_in[r] : phase[r][c-1];
        here.valid = here.valid && 16'(c) < cols;
        operand = (c == 0) ? left_in[r] : left[r][c-1];
        from_above = (r == 0) ? top_in[c] : moving[r-1][c];
        next_phase[r][c] = here;
        next_left[r][c] = operand;
        next_moving[r][c] = from_above;

        // The stationary operand.
        takes_shadow = here.valid && here.takes_shadow;
        fills_shadow = from_above.valid && from_above.row == 16'(r);
        next_active[r][c] = takes_shadow ? shadow[r][c] : active[r][c];
        next_shadow[r][c] = fills_shadow ? from_above.value : shadow[r][c];
        next_shadow_is_full[r][c] = fills_shadow || (shadow_is_full[r][c] && !takes_shadow);
        next_error.shadow_empty |= takes_shadow && !shadow_is_full[r][c];
        next_error.shadow_overwritten |= fills_shadow && shadow_is_full[r][c] && !takes_shadow;

        // The multiplication and the sum.
        if (output_stationary) begin
          other = from_above.value;
          addend = here.clears ? 32'd0 : sum[r][c];
        end else begin
          other = next_active[r][c];
          addend = (r == 0) ? 32'd0 : sum[r-1][c];
        end
        next_sum[r][c] = sum[r][c];
        if (here.valid) begin
          next_sum[r][c] = arithmetic::next_sum(floating, here.slices, operand, other, addend);
          next_error.operand_width |= !floating &&
                                      !(arithmetic::fits(operand, here.slices.sliced_left) &&
                                        arithmetic::fits(other, here.slices.sliced_other));
        end

        // The way out of final sums.
        output_above = (r == 0) ? '0 : leaving[r-1][c];
        copies = phase[r][c].valid && phase[r][c].last && phase[r][c].drains;
        shifts_in = output_above.occupied && output_above.moving;
        holds = leaving[r][c].occupied && !leaving[r][c].moving;
        if (copies) begin
          next_leaving[r][c].occupied = 1'b1;
          next_leaving[r][c].is_last = r == 0;
          next_leaving[r][c].value = sum[r][c];
        end else begin
          next_leaving[r][c] = shifts_in ? output_above : leaving[r][c];
          next_leaving[r][c].occupied = shifts_in || holds;
        end
        next_leaving[r][c].moving = (shifts_in && !copies) || column_is_final[c];
        next_error.output_overwritten |= (copies && shifts_in) || (holds && (copies || shifts_in));
      end
    end

    if (reset) begin
      for (int r = 0; r < ROWS; ++r) begin
        for (int c = 0; c < COLS; ++c) begin
          next_phase[r][c].valid = 1'b0;
          next_moving[r][c].valid = 1'b0;
          next_shadow_is_full[r][c] = 1'b0;
          next_leaving[r][c].occupied = 1'b0;
        end
      end
      next_error = '0;
    end
    phase <= next_phase;
    left <= next_left;
    moving <= next_moving;
    shadow <= next_shadow;
    shadow_is_full <= next_shadow_is_full;
    active <= next_active;
    sum <= next_sum;
    leaving <= next_leaving;
    error <= next_error;
  end

  always_comb begin
    for (int c = 0; c < COLS; ++c) begin
      column_is_final[c] = phase[bottom][c].valid && phase[bottom][c].last &&
                           phase[bottom][c].drains;
      phase_out[c] = phase[bottom][c];
      sum_out[c] = sum[bottom][c];
      output_out[c] = leaving[bottom][c];
    end
  end
endmodule
