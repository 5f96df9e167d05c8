#include "report/text.h"

#include <sstream>

#include <gmock/gmock.h>

#include "arch/diag/error.h"
#include "report/format.h"
#include "report/json.h"
#include "report/layer_table.h"
#include "tests/golden/golden.h"
#include "tests/report/sample_result.h"

namespace systole {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

std::string line_with(const std::string& text, const std::string& word) {
  for (const std::string& line : lines_of(text)) {
    if (line.find(word) != std::string::npos) {
      return line;
    }
  }
  return "";
}

CheckResult failed_check() {
  return {.tensors = 6,
          .elements = 10'276,
          .mismatches = 12,
          .first = {{.tensor = "conv1 (accumulators)",
                     .batch = 1,
                     .row = 2,
                     .col = 3,
                     .channel = 4,
                     .expected = -17,
                     .actual = 5},
                    {.tensor = "softmax (host)", .channel = 9, .expected = -128, .missing = true}}};
}

TEST(TextReport, IsAsReviewed) {
  Result result = sample_result();
  result.check = CheckResult{.tensors = 6, .elements = 10'276};
  EXPECT_TRUE(matches_golden("report/sample.txt", text_report(result)));
}

TEST(TextReport, FitsAHundredColumnsWhateverTheNames) {
  Result result = sample_result();
  result.graph.name = std::string(300, 'n');
  result.chip.name = std::string(300, 'c');
  result.graph.nodes[0].name =
      "a_layer_with_a_name_as_long_as_frameworks_like_to_make_them/branch_12/conv2d_7";
  result.graph.nodes[1].name = "two\nlines";
  result.graph.nodes[3].name = "Gr\u00f6\u00dfe";
  result.graph.tensors[1].type.extents = {2, 100'000, 100'000, 65'536};
  result.counters.layers[0].macs = INT64_MAX;
  result.counters.layers[0].active = CoreCycles(INT64_MAX / 4);
  result.counters.layers[0].dram_read_bytes = INT64_MAX / 4;
  result.chip.matrix.rows = 4096;
  result.chip.matrix.cols = 4096;
  result.counters.elapsed = CoreCycles(9'000'000'000'000);
  result.counters.engines.fill({});
  for (EngineCounters& engine : result.counters.engines) {
    engine[Cause::WaitSpace] = result.counters.elapsed;
    engine.instructions = 1'000'000'000;
  }
  result.counters.dram.read_bytes = INT64_MAX / 2;
  result.counters.dram.write_bytes = INT64_MAX / 4;
  result.check = failed_check();
  result.check->first[0].tensor = std::string(80, 't');
  for (const std::string& line : lines_of(text_report(result))) {
    EXPECT_LE(display_width(line), kReportWidth) << line;
  }
}

TEST(TextReport, KeepsColumnsAlignedUnderOddNames) {
  Result result = sample_result();
  result.graph.nodes[1].name = "two\nlines";
  result.graph.nodes[3].name = "Gr\u00f6\u00dfe";
  const std::string text = layer_table(result, {});
  const auto end_of_shape = [&](const std::string& row, const std::string& shape) {
    return display_width(row.substr(0, row.find(shape) + shape.size()));
  };
  EXPECT_EQ(end_of_shape(line_with(text, "two?lines"), "8x8x32"),
            end_of_shape(line_with(text, "Gr\u00f6\u00dfe"), " 10"));
}

TEST(TextReport, ShowsAViewAsSuch) {
  const std::string row = line_with(text_report(sample_result()), "flatten");
  EXPECT_THAT(row, HasSubstr("2048"));
  EXPECT_THAT(row, HasSubstr("view"));
}

TEST(TextReport, NamesTheEngineThatBoundsALayer) {
  const std::string text = layer_table(sample_result(), {});
  EXPECT_THAT(line_with(text, "conv1"), HasSubstr("compute"));
  EXPECT_THAT(line_with(text, "add1"), HasSubstr("vector"));
  EXPECT_THAT(line_with(text, "dense1"), HasSubstr("dram"));
  EXPECT_THAT(line_with(text, "dense1"), HasSubstr("weights 56%"));  // 500 of 900 cycles
}

TEST(TextReport, HasNoCheckLineWithoutACheck) {
  EXPECT_THAT(text_report(sample_result()), Not(HasSubstr("check:")));
}

TEST(TextReport, ShowsTheFirstMismatchesWithTheirCoordinates) {
  Result result = sample_result();
  result.check = failed_check();
  EXPECT_THAT(
      text_report(result),
      HasSubstr(
          "\ncheck: 6 tensors compared with the reference kernels, 10,276 elements, 12 "
          "mismatches: FAILED\n"
          "  conv1 (accumulators) at batch 1, row 2, column 3, channel 4: expected -17, got 5\n"
          "  softmax (host) at batch 0, row 0, column 0, channel 9: expected -128, nothing was "
          "written\n"
          "  and 10 more\n"));
}

TEST(TextReport, FailsACheckThatComparedNothing) {
  EXPECT_THAT(check_line({}), HasSubstr("0 mismatches: FAILED"));
}

TEST(TextReport, SaysWhatMadeIt) {
  Result result = sample_result();
  EXPECT_THAT(text_report(result), Not(HasSubstr("made by")));
  result.made_by = Provenance{
      .version = "1.2.3",
      .seed = 7,
      .chip = {.file = "configs/chips/edge.yaml",
               .shipped = true,
               .hash = "00112233445566778899aabbccddeeff"},
      .network = {.file = "./resnet50", .replaces_shipped = true, .hash = "ffeeddccbbaa99887766"}};
  EXPECT_THAT(text_report(result),
              HasSubstr("\nmade by systole 1.2.3 with seed 7, from\n"
                        "  chip             configs/chips/edge.yaml (xxh128 001122334455...)\n"
                        "  network          ./resnet50 (xxh128 ffeeddccbbaa...; not the one that "
                        "ships under this name)\n"));
}

TEST(TextReport, OfNothingToComputeHasNoBound) {
  Result result = sample_result();
  result.graph.nodes = {result.graph.nodes[1]};  // an addition
  result.counters.layers = {result.counters.layers[1]};
  EXPECT_THAT(text_report(result),
              HasSubstr("\n  roofline bound   none: the network has neither products nor "
                        "parameters\n"));
  EXPECT_THAT(json_report(result), HasSubstr("\"fraction\": null"));
}

TEST(TextReport, NamesTheKnobsOfItsLargestStalls) {
  Result result = sample_result();
  result.chip.matrix.rows = 64;
  result.chip.buffer.ports = 2;
  EngineCounters& matrix = result.counters.engine(EngineKind::Matrix);
  matrix[Cause::Port] = matrix[Cause::Idle];
  matrix[Cause::Idle] = CoreCycles(0);
  EXPECT_THAT(text_report(result),
              HasSubstr("64 rows of int8 want 64 B a cycle, the buffer's ports give 32\n"
                        "                   (unified_buffer.ports,"));
  EXPECT_THAT(text_report(result),
              HasSubstr("\n  warning          64 rows of int8 want 64 B a cycle, "
                        "the buffer's ports give 32\n"));
}

TEST(TextReport, HasTheSameWordsInColour) {
  Result result = sample_result();
  result.check = failed_check();
  const std::string plain = text_report(result);
  std::string coloured = text_report(result, {.colour = true});
  EXPECT_THAT(coloured, HasSubstr("\x1b[1;31mcheck: "));
  for (std::size_t at = coloured.find('\x1b'); at != std::string::npos;
       at = coloured.find('\x1b')) {
    coloured.erase(at, coloured.find('m', at) - at + 1);
  }
  EXPECT_EQ(coloured, plain);
  EXPECT_EQ(plain.find('\x1b'), std::string::npos);
}

TEST(TextReport, OfTheSameResultIsTheSame) {
  EXPECT_EQ(text_report(sample_result()), text_report(sample_result()));
}

TEST(TextReport, RefusesCountersOfAnotherNetwork) {
  Result result = sample_result();
  result.counters.layers.pop_back();
  EXPECT_THROW(static_cast<void>(text_report(result)), InternalError);
}

}  // namespace
}  // namespace systole
