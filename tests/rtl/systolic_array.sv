// A systolic array of ROWS x COLS PEs, of which rows x cols are active: results are tapped at the
// bottom of the active rows. Configuration (output_stationary, floating, overlap_none, rows, cols)
// changes only with reset. Row r of the left operands is skewed by r cycles, column c of what
// enters at the top by c cycles; results leave skewed by columns.
module systolic_array
  import array_types::*;
#(
    parameter int ROWS = 16,
    parameter int COLS = 16
) (
    input logic clock,
    input logic reset,
    input logic output_stationary,
    input logic floating,
    input logic overlap_none,
    input logic [15:0] rows,
    input logic [15:0] cols,

    input  logic load_valid,
    output logic load_ready,
    input  logic [31:0] load_value[COLS],

    input  logic phase_valid,
    output logic phase_ready,
    input  logic phase_first,
    input  logic phase_last,
    input  logic phase_takes_shadow,
    input  logic phase_clears,
    input  logic phase_drains,
    input  logic phase_sliced_left,
    input  logic phase_left_slice,
    input  logic phase_sliced_other,
    input  logic phase_other_slice,
    input  logic [31:0] phase_left[ROWS],
    input  logic [31:0] phase_top[COLS],

    output logic result_valid[COLS],
    output logic [31:0] result_value[COLS],
    output logic fold_done,           // output-stationary: of a fold that drains
    output logic undrained_fold_done,
    output error_t error
);
  phase_t offered;
  logic [15:0] load_row;
  logic breaks_rule;

  assign offered = '{
      valid: phase_valid,
      first: phase_first,
      last: phase_last,
      takes_shadow: phase_takes_shadow,
      clears: phase_clears,
      drains: phase_drains,
      slices: '{
          sliced_left: phase_sliced_left,
          left_slice: phase_left_slice,
          sliced_other: phase_sliced_other,
          other_slice: phase_other_slice
      }
  };

  array_control control (
      .clock,
      .reset,
      .output_stationary,
      .floating,
      .overlap_none,
      .rows,
      .load_valid,
      .load_ready,
      .load_row,
      .phase(offered),
      .phase_ready,
      .fold_completes(fold_done || undrained_fold_done),
      .breaks_rule
  );

  // The left edge.
  logic [$bits(phase_t)+31:0] left_enters[ROWS];
  logic [$bits(phase_t)+31:0] left_skewed[ROWS];
  phase_t edge_phase[ROWS];
  logic [31:0] edge_left[ROWS];
  always_comb begin
    for (int r = 0; r < ROWS; ++r) begin
      phase_t enters;
      enters = offered;
      enters.valid = phase_valid && phase_ready && 16'(r) < rows;
      left_enters[r] = {enters, phase_left[r]};
    end
  end
  always_comb begin
    for (int r = 0; r < ROWS; ++r) {edge_phase[r], edge_left[r]} = left_skewed[r];
  end
  skew #(
      .LANES(ROWS),
      .WIDTH($bits(phase_t) + 32)
  ) left_skew (
      .clock,
      .reset,
      .in(left_enters),
      .out(left_skewed)
  );

  // The top edge.
  logic [$bits(top_t)-1:0] top_enters[COLS];
  logic [$bits(top_t)-1:0] top_skewed[COLS];
  top_t edge_top[COLS];
  always_comb begin
    for (int c = 0; c < COLS; ++c) begin
      top_t enters;
      enters.valid = load_valid && load_ready && 16'(c) < cols;
      enters.row = load_row;
      enters.value = output_stationary ? phase_top[c] : load_value[c];
      top_enters[c] = enters;
    end
  end
  always_comb begin
    for (int c = 0; c < COLS; ++c) edge_top[c] = top_skewed[c];
  end
  skew #(
      .LANES(COLS),
      .WIDTH($bits(top_t))
  ) top_skew (
      .clock,
      .reset,
      .in(top_enters),
      .out(top_skewed)
  );

  phase_t bottom_phase[COLS];
  logic [31:0] bottom_sum[COLS];
  output_t bottom_output[COLS];
  error_t grid_error;
  pe_grid #(
      .ROWS(ROWS),
      .COLS(COLS)
  ) grid (
      .clock,
      .reset,
      .output_stationary,
      .floating,
      .rows,
      .cols,
      .phase_in(edge_phase),
      .left_in(edge_left),
      .top_in(edge_top),
      .phase_out(bottom_phase),
      .sum_out(bottom_sum),
      .output_out(bottom_output),
      .error(grid_error)
  );

  // The bottom edge. The last result of a fold is the one of the last active column.
  always_comb begin
    fold_done = 1'b0;
    undrained_fold_done = 1'b0;
    for (int c = 0; c < COLS; ++c) begin
      logic last_passed;
      logic last_leaves;
      last_passed = bottom_phase[c].valid && bottom_phase[c].last;
      last_leaves = bottom_output[c].occupied && bottom_output[c].moving && bottom_output[c].is_last;
      if (output_stationary) begin
        result_valid[c] = bottom_output[c].occupied && bottom_output[c].moving;
        result_value[c] = bottom_output[c].value;
      end else begin
        result_valid[c] = bottom_phase[c].valid;
        result_value[c] = bottom_sum[c];
      end
      if (16'(c) == cols - 16'd1) begin
        fold_done = output_stationary ? last_leaves : last_passed;
        undrained_fold_done = output_stationary && last_passed && !bottom_phase[c].drains;
      end
    end
  end

  always_comb begin
    error = grid_error;
    error.interface_rule = breaks_rule;
  end
endmodule
