// Says when a row of a tile and a phase may enter. Looks at what has entered and at what the array
// reports as completed; holds no cycle counts of folds.
module array_control
  import array_types::phase_t;
(
    input logic clock,
    input logic reset,
    input logic output_stationary,
    input logic floating,
    input logic overlap_none,
    input logic [15:0] rows,
    input logic load_valid,
    output logic load_ready,
    output logic [15:0] load_row,  // of the tile, enters next
    input phase_t phase,           // offered
    output logic phase_ready,
    input logic fold_completes,  // its last result is visible in this cycle
    output logic breaks_rule
);
  logic tile_waits;        // all of its rows have entered and no phase has taken it
  logic fold_in_flight;    // its first phase has entered, it had not completed a cycle ago
  logic inside_fold;       // first has entered, last has not
  logic [15:0] drain_gap;  // cycles until the last phase of a draining fold may enter

  logic load_enters;
  logic phase_enters;
  logic takes_shadow;
  logic must_wait;  // overlap_none: for the fold before
  assign load_enters = load_valid && load_ready;
  assign phase_enters = phase.valid && phase_ready;
  assign takes_shadow = phase_enters && phase.takes_shadow;
  assign must_wait = overlap_none && fold_in_flight && !fold_completes;

  assign phase_ready = (!phase.takes_shadow || tile_waits) &&
                       !(phase.last && phase.drains && drain_gap != 16'd0) &&
                       !(phase.first && must_wait);
  always_comb begin
    if (load_row != 16'd0) load_ready = 1'b1;
    else if (must_wait || (overlap_none && phase_enters)) load_ready = 1'b0;
    else load_ready = !tile_waits || takes_shadow;
  end

  always_ff @(posedge clock) begin
    if (reset) begin
      load_row <= 16'd0;
      tile_waits <= 1'b0;
      fold_in_flight <= 1'b0;
      inside_fold <= 1'b0;
      drain_gap <= 16'd0;
    end else begin
      if (load_enters) load_row <= (load_row == rows - 16'd1) ? 16'd0 : load_row + 16'd1;
      tile_waits <= (load_enters && load_row == rows - 16'd1) || (tile_waits && !takes_shadow);
      fold_in_flight <= (phase_enters && phase.first) || (fold_in_flight && !fold_completes);
      if (phase_enters) inside_fold <= !phase.last;
      if (phase_enters && phase.last && phase.drains) drain_gap <= rows - 16'd1;
      else if (drain_gap != 16'd0) drain_gap <= drain_gap - 16'd1;
    end
  end

  logic flags_contradict;
  always_comb begin
    if (output_stationary) flags_contradict = phase.takes_shadow;
    else flags_contradict = phase.clears || phase.drains;
    flags_contradict |= (phase.slices.left_slice && !phase.slices.sliced_left) ||
                        (phase.slices.other_slice && !phase.slices.sliced_other) ||
                        (floating && (phase.slices.sliced_left || phase.slices.sliced_other));
  end
  assign breaks_rule = (phase.valid && (flags_contradict || phase.first == inside_fold)) ||
                       (load_valid && output_stationary);
endmodule
