#include <gmock/gmock.h>

#include "arch/diag/error.h"
#include "arch/isa/program_text.h"

namespace systole {
namespace {

const char* const kHeader =
    "program 1 network=\"n\" chip=\"c\" batch=1 dram_bytes=0 host_bytes=0\n"
    "layer 0 name=\"l\" kind=\"k\"\n"
    "tensor 0 name=\"t\" role=input type=int8 pixels=1 channels=1\n"
    "semaphore 0 from=host to=matrix kind=data\n";

std::string error_of(const std::string& text) {
  try {
    (void)parse_program(text, "p.txt");
  } catch (const UserError& error) {
    return error.what();
  }
  return "accepted";
}

/// The message for `line` as the fifth line of a program.
std::string error_in(const std::string& line) {
  return error_of(kHeader + line + "\nend\n");
}

constexpr const char* kTransfer = "host transfer to_buffer=true far=t0@0 buffer=t0@0 row_bytes=1 ";

TEST(ProgramTextError, AcceptsTheFrameOfTheseTests) {
  EXPECT_EQ(error_in(""), "accepted");
  EXPECT_EQ(error_in(std::string(kTransfer) + "layer=0 signal=0"), "accepted");
}

TEST(ProgramTextError, Header) {
  EXPECT_EQ(error_of(""), "p.txt:1:1: expected 'program', got the end of the file");
  EXPECT_EQ(error_of("layer 0"), "p.txt:1:1: expected 'program', got 'layer'");
  EXPECT_EQ(error_of("(1"), "p.txt:1:1: expected 'program', got nothing");
  EXPECT_EQ(error_of("program 2"), "p.txt:1:9: program: expected format 1, got '2'");
  EXPECT_EQ(error_of("program"), "p.txt:1:8: program: expected format 1, got nothing");
}

TEST(ProgramTextError, Truncated) {
  EXPECT_EQ(error_of(kHeader), "p.txt:5:1: expected 'end', got the end of the file");
  EXPECT_EQ(error_of(std::string(kHeader) + "en"),
            "p.txt:5:1: expected one of layer, tensor, tile, semaphore, host, dma_in, dma_out, "
            "weights, matrix, vector, end, got 'en'");
  EXPECT_EQ(error_of(std::string(kHeader) + kTransfer),
            "p.txt:5:63: transfer: expected 'layer', got the end of the line");
}

TEST(ProgramTextError, BehindTheEnd) {
  EXPECT_EQ(error_in("end\nlayer 1"), "p.txt:6:1: expected nothing behind 'end', got 'layer'");
  EXPECT_EQ(error_in("end 1"), "p.txt:5:5: expected the end of the line, got '1'");
}

TEST(ProgramTextError, UnknownWordOperationAndKey) {
  EXPECT_EQ(error_in("leyer 0"),
            "p.txt:5:1: expected one of layer, tensor, tile, semaphore, host, dma_in, dma_out, "
            "weights, matrix, vector, end, got 'leyer'");
  EXPECT_EQ(error_in("host move layer=0"),
            "p.txt:5:6: host: expected one of transfer, load_tile, fold, row_loop, got 'move'");
  EXPECT_EQ(error_in("host transfer size=4"),
            "p.txt:5:15: transfer: expected one of to_buffer, far, far_pitch, buffer, "
            "buffer_pitch, rows, row_bytes, layer, wait, signal, got 'size'");
  EXPECT_EQ(error_in("layer 1 name=\"a\" =3"),
            "p.txt:5:18: layer: expected one of name, kind, macs, fused, got '='");
  EXPECT_EQ(error_in("matrix fold window(to=1)"),
            "p.txt:5:20: fold.window: expected one of source, image_pitch, row_pitch, pixel_pitch, "
            "in_rows, in_cols, first_in_row, channels, kernel_rows, kernel_cols, stride_rows, "
            "stride_cols, dilation_rows, dilation_cols, pad_top, pad_left, out_rows, out_cols, "
            "first_out_row, pad_value, got 'to'");
}

TEST(ProgramTextError, RepeatedAndMissingKeys) {
  EXPECT_EQ(error_in("layer 1 name=\"a\" name=\"b\" kind=\"c\""),
            "p.txt:5:18: layer.name: expected the key once, got it again");
  EXPECT_EQ(error_in("layer 1 name=\"a\""),
            "p.txt:5:17: layer: expected 'kind', got the end of the line");
  EXPECT_EQ(error_in("matrix fold window(source=@0) tile=0"),
            "p.txt:5:29: fold.window: expected 'channels', got ')'");
}

TEST(ProgramTextError, Punctuation) {
  EXPECT_EQ(error_in("layer 1 name(3)"), "p.txt:5:13: layer.name: expected '=', got '('");
  EXPECT_EQ(error_in("layer 1 name"),
            "p.txt:5:13: layer.name: expected '=', got the end of the line");
  EXPECT_EQ(error_in("matrix fold window=3"), "p.txt:5:19: fold.window: expected '(', got '='");
  EXPECT_EQ(error_in("matrix fold window(source=@0 channels=1"),
            "p.txt:5:40: fold.window: expected ')', got the end of the line");
}

TEST(ProgramTextError, Names) {
  EXPECT_EQ(error_in("layer 1 name=a"),
            "p.txt:5:14: layer.name: expected a name in double quotes, got 'a'");
  EXPECT_EQ(error_in("layer 1 name="),
            "p.txt:5:14: layer.name: expected a name in double quotes, got the end of the line");
  EXPECT_EQ(error_in("layer 1 name=\"a"),
            "p.txt:5:16: layer.name: expected a closing double quote, got the end of the line");
  EXPECT_EQ(error_in("layer 1 name=\"a\\q\""),
            "p.txt:5:16: layer.name: expected an escape \\\", \\\\ or \\xHH, got '\\q'");
  EXPECT_EQ(error_in("layer 1 name=\"a\\x0g\""),
            "p.txt:5:16: layer.name: expected an escape \\\", \\\\ or \\xHH, got '\\x'");
}

TEST(ProgramTextError, Numbers) {
  EXPECT_EQ(error_in("layer 1 name=\"a\" kind=\"b\" macs=12a"),
            "p.txt:5:32: layer.macs: expected an integer in "
            "-9223372036854775808..9223372036854775807, got '12a'");
  EXPECT_EQ(error_in("layer 1 name=\"a\" kind=\"b\" macs=9223372036854775808"),
            "p.txt:5:32: layer.macs: expected an integer in "
            "-9223372036854775808..9223372036854775807, got '9223372036854775808'");
  EXPECT_EQ(error_in("layer 1 name=\"a\" kind=\"b\" macs="),
            "p.txt:5:32: layer.macs: expected an integer in "
            "-9223372036854775808..9223372036854775807, got nothing");
  EXPECT_EQ(error_in("matrix fold window(source=@0 pad_value=2147483648"),
            "p.txt:5:40: fold.window.pad_value: expected an integer in -2147483648..2147483647, "
            "got '2147483648'");
}

TEST(ProgramTextError, Choices) {
  EXPECT_EQ(
      error_in("tensor 1 type=float"),
      "p.txt:5:15: tensor.type: expected one of int8, int16, int32, int4, fp8_e4m3, fp8_e5m2, "
      "fp16, bf16, fp32, got 'float'");
  EXPECT_EQ(error_in("host transfer to_buffer=1"),
            "p.txt:5:25: transfer.to_buffer: expected true or false, got '1'");
}

TEST(ProgramTextError, OperandsScalesAndSemaphores) {
  EXPECT_EQ(error_in("host transfer far=12"),
            "p.txt:5:19: transfer.far: expected an operand such as t3+128@4096, got '12'");
  EXPECT_EQ(error_in("host transfer far=tx@1"),
            "p.txt:5:19: transfer.far: expected an operand such as t3+128@4096, got 'tx@1'");
  EXPECT_EQ(error_in("host transfer far=t0+@1"),
            "p.txt:5:19: transfer.far: expected an operand such as t3+128@4096, got 't0+@1'");
  EXPECT_EQ(error_in("vector row_loop body(stages(scale(by=3"),
            "p.txt:5:38: row_loop.body.stages.scale.by: expected a scale such as 1518500250/2^37, "
            "got '3'");
  EXPECT_EQ(error_in("vector row_loop operands=t0@1,3"),
            "p.txt:5:26: row_loop.operands: expected operands such as t3+128@4096,t4@64, got "
            "'t0@1,3'");
  EXPECT_EQ(error_in("vector row_loop operands=t0@1,t1@3"),
            "p.txt:5:26: row_loop.operands: expected a tensor declared above (0..0), got 1");
  EXPECT_EQ(error_in("vector row_loop body=[]"),
            "p.txt:5:21: row_loop.body: expected '(', got '='");
  EXPECT_EQ(error_in("vector row_loop body(stages(load(operand=0)) to()"),
            "p.txt:5:50: row_loop.body: expected ')', got the end of the line");
  EXPECT_EQ(error_in("host transfer wait=1;2"),
            "p.txt:5:20: transfer.wait: expected semaphores such as 5,7x2, got '1;2'");
  EXPECT_EQ(error_in("host transfer wait=0x"),
            "p.txt:5:20: transfer.wait: expected semaphores such as 5,7x2, got '0x'");
}

TEST(ProgramTextError, IndicesOutOfRange) {
  EXPECT_EQ(error_in("layer 2"), "p.txt:5:7: layer: expected 1, got '2'");
  EXPECT_EQ(error_in("layer"), "p.txt:5:6: layer: expected 1, got nothing");
  EXPECT_EQ(error_in(std::string(kTransfer) + "layer=1"),
            "p.txt:5:69: transfer.layer: expected a layer declared above (0..0), got 1");
  EXPECT_EQ(error_in("matrix fold tile=0"),
            "p.txt:5:18: fold.tile: expected a tile declared above (there is none), got 0");
  EXPECT_EQ(error_in("host transfer far=t1@0"),
            "p.txt:5:19: transfer.far: expected a tensor declared above (0..0), got 1");
  EXPECT_EQ(error_in("host transfer wait=0,-1"),
            "p.txt:5:20: transfer.wait: expected a semaphore declared above (0..0), got -1");
}

TEST(ProgramTextError, LongAndStrangeTokensAreShownShort) {
  EXPECT_EQ(
      error_in("tensor 1 type=" + std::string(70, 'a')),
      "p.txt:5:15: tensor.type: expected one of int8, int16, int32, int4, fp8_e4m3, fp8_e5m2, "
      "fp16, bf16, fp32, got '" +
          std::string(60, 'a') + "...'");
  EXPECT_EQ(
      error_in("tensor 1 type=a\x01"),
      "p.txt:5:15: tensor.type: expected one of int8, int16, int32, int4, fp8_e4m3, fp8_e5m2, "
      "fp16, bf16, fp32, got 'a?'");
}

TEST(ProgramTextError, Reals) {
  const auto error = [](const std::string& value) {
    return error_in("vector row_loop rows=1 cols=1 out=t0@0 body(stages(load(operand=0)) to(low=" +
                    value + " type=bf16)) layer=0");
  };
  const std::string where =
      "p.txt:5:76: row_loop.body.to.low: expected a number such as 0.5, -1e-3 or inf, got ";
  for (const char* const value : {"0", "-0.5", "1e3", "-inf"}) {
    EXPECT_EQ(error(value), "accepted");
  }
  EXPECT_EQ(error("nan"), where + "'nan'");
  EXPECT_EQ(error("1e99"), where + "'1e99'");
  EXPECT_EQ(error("0x1p3"), where + "'0x1p3'");
  EXPECT_EQ(error("1.5.2"), where + "'1.5.2'");
  EXPECT_EQ(error("low"), where + "'low'");
  EXPECT_EQ(error("\""), where + "'\"'");
}

}  // namespace
}  // namespace systole
