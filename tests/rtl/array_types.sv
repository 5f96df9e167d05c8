// What travels through the array beside the operands.
package array_types;

  // What a phase multiplies of its operands. A sliced operand is 16 bits wide: its signed high byte
  // where the slice is 1, its unsigned low byte where it is 0. Else it is taken as it is.
  typedef struct packed {
    logic sliced_left;
    logic left_slice;
    logic sliced_other;  // the stationary operand, or the top one (output-stationary)
    logic other_slice;
  } slices_t;

  // The control bits of a phase; they travel right with the left operand, row by row and column by
  // column one cycle later.
  typedef struct packed {
    logic valid;
    logic first;
    logic last;
    logic takes_shadow;  // weight- and input-stationary: PEs take the waiting tile
    logic clears;        // output-stationary: sums start from zero
    logic drains;        // output-stationary, with last: sums leave the array
    slices_t slices;
  } phase_t;

  // What enters at the top and moves down: a row of a tile, or top operands (output-stationary).
  typedef struct packed {
    logic        valid;
    logic [15:0] row;  // of the tile; the PE in this row keeps the value
    logic [31:0] value;
  } top_t;

  // A final sum on its way out of the array (output-stationary).
  typedef struct packed {
    logic        occupied;
    logic        moving;  // else held, until the last sum of its column is final
    logic        is_last; // from row 0, so the last of its column
    logic [31:0] value;
  } output_t;

  // Hazards and broken rules of the interface, one bit each; all zero in a correct array.
  typedef struct packed {
    logic operand_width;      // an operand does not fit the slice that the phase names
    logic interface_rule;     // flags that contradict each other or the dataflow, folds that nest
    logic output_overwritten; // a final sum was overwritten before it left
    logic shadow_empty;       // a phase took a shadow register that no tile had filled
    logic shadow_overwritten; // a tile overwrote a shadow register that no phase had taken
  } error_t;

endpackage
