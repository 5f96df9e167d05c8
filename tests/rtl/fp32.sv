// binary32 multiplication and addition (IEEE 754-2019), combinational: rounded to nearest, ties to
// even; subnormals are kept; any NaN result is the quiet NaN 7fc00000. No flags, no other rounding.
package fp32;

  localparam logic [31:0] QuietNan = 32'h7fc0_0000;

  // A significand with its leading one moved to bit 26, and by how many places it moved.
  typedef struct packed {
    logic [26:0] significand;
    logic [4:0]  places;
  } normalised_t;

  function automatic normalised_t normalised(input logic [26:0] significand);
    normalised_t n;
    n.significand = significand;
    n.places = 5'd0;
    if (n.significand[26:11] == 16'd0) begin
      n.significand = {n.significand[10:0], 16'd0};
      n.places[4] = 1'b1;
    end
    if (n.significand[26:19] == 8'd0) begin
      n.significand = {n.significand[18:0], 8'd0};
      n.places[3] = 1'b1;
    end
    if (n.significand[26:23] == 4'd0) begin
      n.significand = {n.significand[22:0], 4'd0};
      n.places[2] = 1'b1;
    end
    if (n.significand[26:25] == 2'd0) begin
      n.significand = {n.significand[24:0], 2'd0};
      n.places[1] = 1'b1;
    end
    if (!n.significand[26]) begin
      n.significand = {n.significand[25:0], 1'b0};
      n.places[0] = 1'b1;
    end
    return n;
  endfunction

  // Shifts right; the lowest bit of the answer also collects every one that fell out.
  function automatic logic [26:0] shifted_right(input logic [26:0] significand,
                                                input logic [10:0] places);
    logic [53:0] wide;
    if (places > 11'd26) begin
      return {26'd0, |significand};
    end
    wide = {significand, 27'd0} >> places;
    return wide[53:27] | {26'd0, |wide[26:0]};
  endfunction

  // The nearest binary32 of (-1)^sign * significand * 2^(exponent - 127 - 26), where bit 26 of the
  // significand is set, or the exponent is 1 (subnormal), and bit 0 stands for all lower bits.
  function automatic logic [31:0] rounded(input logic sign, input logic signed [10:0] exponent,
                                          input logic [26:0] significand);
    logic [26:0] placed;
    logic [7:0] base;  // the exponent field, less the leading one that the addition puts there
    logic up;
    if (exponent >= 11'sd255) begin
      return {sign, 8'hff, 23'd0};
    end
    placed = significand;
    base = 8'd0;
    if (exponent < 11'sd1) placed = shifted_right(significand, 11'(11'sd1 - exponent));
    else base = exponent[7:0] - 8'd1;
    up = placed[2] & (placed[1] | placed[0] | placed[3]);
    // A carry out of the fraction is the next exponent, up to infinity.
    return {sign, {base, 23'd0} + {7'd0, placed[26:3]} + {30'd0, up}};
  endfunction

  function automatic logic [31:0] multiply(input logic [31:0] a, input logic [31:0] b);
    logic sign;
    logic signed [10:0] exponent;
    normalised_t na;
    normalised_t nb;
    logic [47:0] product;
    sign = a[31] ^ b[31];
    if (a[30:0] > 31'h7f80_0000 || b[30:0] > 31'h7f80_0000) begin
      return QuietNan;
    end
    if (a[30:23] == 8'hff || b[30:23] == 8'hff) begin  // infinity
      return (a[30:0] == 31'd0 || b[30:0] == 31'd0) ? QuietNan : {sign, 8'hff, 23'd0};
    end
    if (a[30:0] == 31'd0 || b[30:0] == 31'd0) begin
      return {sign, 31'd0};
    end
    na = normalised({a[30:23] != 8'd0, a[22:0], 3'd0});
    nb = normalised({b[30:23] != 8'd0, b[22:0], 3'd0});
    exponent = $signed({3'd0, a[30:23]}) + $signed({10'd0, a[30:23] == 8'd0}) -
               $signed({6'd0, na.places}) + $signed({3'd0, b[30:23]}) +
               $signed({10'd0, b[30:23] == 8'd0}) - $signed({6'd0, nb.places}) - 11'sd127;
    product = {24'd0, na.significand[26:3]} * {24'd0, nb.significand[26:3]};
    if (product[47]) begin
      return rounded(sign, exponent + 11'sd1, {product[47:22], |product[21:0]});
    end
    return rounded(sign, exponent, {product[46:21], |product[20:0]});
  endfunction

  function automatic logic [31:0] add(input logic [31:0] a, input logic [31:0] b);
    logic [31:0] greater;
    logic [31:0] lesser;
    logic [7:0] exponent;
    logic [7:0] lesser_exponent;
    logic [26:0] wide_greater;
    logic [26:0] aligned;
    logic [27:0] sum;
    normalised_t n;
    if (a[30:0] > 31'h7f80_0000 || b[30:0] > 31'h7f80_0000) begin
      return QuietNan;
    end
    if (a[30:0] >= b[30:0]) begin
      greater = a;
      lesser = b;
    end else begin
      greater = b;
      lesser = a;
    end
    if (greater[30:23] == 8'hff) begin
      return (lesser[30:23] == 8'hff && greater[31] != lesser[31]) ? QuietNan : greater;
    end
    if (greater[30:0] == 31'd0) begin
      return {a[31] & b[31], 31'd0};
    end
    exponent = (greater[30:23] == 8'd0) ? 8'd1 : greater[30:23];
    lesser_exponent = (lesser[30:23] == 8'd0) ? 8'd1 : lesser[30:23];
    wide_greater = {greater[30:23] != 8'd0, greater[22:0], 3'd0};
    aligned = shifted_right({lesser[30:23] != 8'd0, lesser[22:0], 3'd0},
                            {3'd0, exponent - lesser_exponent});
    if (greater[31] == lesser[31]) begin
      sum = {1'b0, wide_greater} + {1'b0, aligned};
      if (sum[27]) begin
        return rounded(greater[31], $signed({3'd0, exponent}) + 11'sd1,
                       {sum[27:2], sum[1] | sum[0]});
      end
      return rounded(greater[31], $signed({3'd0, exponent}), sum[26:0]);
    end
    sum = {1'b0, wide_greater} - {1'b0, aligned};
    if (sum == 28'd0) begin
      return 32'd0;
    end
    n = normalised(sum[26:0]);
    if ({3'd0, n.places} >= exponent) begin  // subnormal: as far up as exponent 1 allows
      return rounded(greater[31], 11'sd1, sum[26:0] << (exponent - 8'd1));
    end
    return rounded(greater[31], $signed({3'd0, exponent}) - $signed({6'd0, n.places}),
                   n.significand);
  endfunction

endpackage
