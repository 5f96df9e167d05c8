// Delays lane i by i cycles. (Lane i uses the first i registers of its row; the others hold copies
// that nothing reads.)
module skew #(
    parameter int LANES = 1,
    parameter int WIDTH = 1
) (
    input logic clock,
    input logic reset,
    input logic [WIDTH-1:0] in[LANES],
    output logic [WIDTH-1:0] out[LANES]
);
  logic [WIDTH-1:0] line[LANES][LANES];

  always_ff @(posedge clock) begin : shift
    logic [WIDTH-1:0] next[LANES][LANES];
    for (int i = 0; i < LANES; ++i) begin
      for (int stage = 0; stage < LANES; ++stage) begin
        if (reset) next[i][stage] = '0;
        else next[i][stage] = (stage == 0) ? in[i] : line[i][stage-1];
      end
    end
    line <= next;
  end

  always_comb begin
    for (int i = 0; i < LANES; ++i) out[i] = (i == 0) ? in[0] : line[i][i-1];
  end
endmodule
