// The functions of fp32.sv as a circuit of its own, for their test.
module fp32_unit (
    input logic [31:0] a,
    input logic [31:0] b,
    output logic [31:0] product,
    output logic [31:0] sum
);
  assign product = fp32::multiply(a, b);
  assign sum = fp32::add(a, b);
endmodule
