#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <sys/resource.h>

#include "tests/app/process.h"

namespace systole {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

using Words = std::vector<std::string>;

struct Mistake {
  std::string name;
  Words arguments;
  std::string line;
};

void PrintTo(const Mistake& mistake, std::ostream* stream) {
  *stream << mistake.line;
}

class CommandLineMistake : public testing::TestWithParam<Mistake> {};

TEST_P(CommandLineMistake, IsOneLineAndExitCodeTwo) {
  const ProcessResult result = run_systole(GetParam().arguments);
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, GetParam().line + "\n");
  EXPECT_EQ(result.out, "");
}

INSTANTIATE_TEST_SUITE_P(
    All, CommandLineMistake,
    testing::Values(
        Mistake{"NearCommand",
                {"rum"},
                "systole: no command 'rum' (did you mean 'run'?); see 'systole --help'"},
        Mistake{
            "FarCommand",
            {"xyzzyxyzzy"},
            "systole: no command 'xyzzyxyzzy' (known: run, compare, diff, compile, explain, map, "
            "import, "
            "describe, dram, measure, serve, study, list, help); see 'systole --help'"},
        Mistake{"NoChip", {"run"}, "systole: CHIP is required; see 'systole --help'"},
        Mistake{
            "NoNetwork", {"run", "tpu_v1"}, "systole: NETWORK is required; see 'systole --help'"},
        Mistake{"UnknownOption",
                {"run", "tpu_v1", "mlp0", "--bach", "2"},
                "systole: no option '--bach' (did you mean '--batch'?); see 'systole run --help'"},
        Mistake{"UnknownOptionBeforeWhatIsMissing",
                {"run", "--nope"},
                "systole: no option '--nope' (did you mean '--type'?); see 'systole run --help'"},
        Mistake{"UnknownShortOption",
                {"run", "tpu_v1", "mlp0", "-qz"},
                "systole: no option '-qz'; see 'systole run --help'"},
        Mistake{"UnexpectedArgumentsInTheirOrder",
                {"run", "tpu_v1", "mlp0", "x", "y", "z"},
                "systole: run: expected nothing else, got 'x', 'y', 'z'; see 'systole run --help'"},
        Mistake{"UnexpectedArgumentsAreNotAllTold",
                {"list", "1", "2", "3", "4", "5", "6"},
                "systole: list: expected nothing else, got '1', '2', '3', '4', '5', ...; see "
                "'systole list --help'"},
        Mistake{"AnOptionForAValue",
                {"run", "tpu_v1", "mlp0", "-o", "-q"},
                "systole: -o: expected a value, got the option '-q'"},
        Mistake{"AValueForAFlag",
                {"run", "tpu_v1", "mlp0", "--check=yes"},
                "systole: --check: expected no value, got 'yes'"},
        Mistake{"AShortOptionWithEquals",
                {"run", "tpu_v1", "mlp0", "-o=x"},
                "systole: -o: expected its value behind a space, got '-o=x'"},
        Mistake{"EmptyValueOfAnOutput",
                {"run", "tpu_v1", "mlp0", "--output=", "-q"},
                "systole: --output: expected a file, got ''"},
        Mistake{"EmptyValueOfANumber",
                {"run", "tpu_v1", "mlp0", "--batch="},
                "systole: --batch: expected an integer in 1..65536, got ''"},
        Mistake{"EmptyValueOfAName",
                {"dram", "ddr4_2400", "--controller="},
                "systole: --controller: expected a value, got ''"},
        Mistake{"EmptyValueOfASite",
                {"compare", "mlp0", "--site="},
                "systole: --site: expected a value, got ''"},
        Mistake{"EmptyValueOfALog",
                {"dram", "ddr4_2400", "--command-log="},
                "systole: --command-log: expected a value, got ''"},
        Mistake{"NameOnTwoLines",
                {"describe", "a\nb"},
                "systole: no chip 'a\\nb': neither a file nor a known name (known: asic_inference, "
                "edge, edge_is, edge_os, fpga_overlay_s10nx, fpga_overlay_u250, "
                "fpga_overlay_u280, fpga_overlay_vck5000, ...); see 'systole list'"},
        Mistake{"PathWithAnEscape",
                {"describe", "/\x1b[31m"},
                "systole: no chip '/\\x1b[31m': there is no such file"},
        Mistake{"LongValue",
                {"run", "tpu_v1", "mlp0", "--seed", std::string(3000, 'x')},
                "systole: --seed: expected an integer in 0..18446744073709551615, got '" +
                    std::string(60, 'x') + "...'"},
        Mistake{"LongPath",
                {"describe", "/" + std::string(3000, 'x')},
                "systole: no chip '/" + std::string(59, 'x') + "..." + std::string(190, 'x') +
                    "': there is no such file"},
        Mistake{"ANetworkForAChip",
                {"run", SYSTOLE_SOURCE_DIR "/workloads/mlp0.yaml", "mlp0"},
                SYSTOLE_SOURCE_DIR "/workloads/mlp0.yaml: expected a chip, got a network"},
        Mistake{"AChipForANetwork",
                {"run", "edge", SYSTOLE_SOURCE_DIR "/configs/chips/edge.yaml"},
                SYSTOLE_SOURCE_DIR "/configs/chips/edge.yaml: expected a network, got a chip"},
        Mistake{"AChipForAStandard",
                {"dram", SYSTOLE_SOURCE_DIR "/configs/chips/edge.yaml"},
                SYSTOLE_SOURCE_DIR
                "/configs/chips/edge.yaml: expected a DRAM standard, got a chip"},
        Mistake{"AStandardForASite",
                {"compare", "mlp0", "--site", SYSTOLE_SOURCE_DIR "/configs/dram/ddr4_2400.yaml"},
                SYSTOLE_SOURCE_DIR
                "/configs/dram/ddr4_2400.yaml: expected a site, got a DRAM standard"},
        Mistake{
            "BatchThatTheChipHasNoRoomFor",
            {"run", "edge", "mlp0", "--batch", "65536", "--set", "dram.capacity=64 MiB"},
            "systole: --batch: expected weights and spilled tensors that fit the 67108864 bytes "
            "of DRAM of edge, got 289447936 bytes at batch 65536: 222339072 too many; room with "
            "int8 have, for example: edge, edge_is, edge_os"},
        Mistake{"SetWithoutAPath",
                {"describe", "edge", "--set", "x"},
                "systole: --set: expected PATH=VALUE such as matrix_unit.rows=64, got 'x'"},
        Mistake{
            "SetOfAnUnknownKey",
            {"describe", "edge", "--set", "matrix_unit.rowz=64"},
            "--set matrix_unit.rowz=64: matrix_unit.rowz: expected one of count, rows, columns, "
            "dataflow, overlap, model, pace, got 'rowz' (did you mean 'rows'?)"},
        Mistake{"SetToAnotherKind",
                {"describe", "edge", "--set", "matrix_unit.rows=x"},
                "--set matrix_unit.rows=x: matrix_unit.rows: expected an integer in 1..4096, got "
                "'x'"},
        Mistake{"SetWithoutAChip",
                {"compare", "mlp0", "--on", "t4", "--set", "matrix_unit.rows=64"},
                "systole: --set: expected a chip among the devices, got none"},
        Mistake{"OptionAlone", {"--wrong"}, "systole: no option '--wrong'; see 'systole --help'"},
        Mistake{"ZeroBatch",
                {"run", "tpu_v1", "mlp0", "--batch", "0"},
                "systole: --batch: expected an integer in 1..65536, got '0'"},
        Mistake{"NegativeBatch",
                {"run", "tpu_v1", "mlp0", "--batch", "-1"},
                "systole: --batch: expected an integer in 1..65536, got '-1'"},
        Mistake{"HugeBatch",
                {"run", "tpu_v1", "mlp0", "--batch", "99999999999999999999"},
                "systole: --batch: expected an integer in 1..65536, got '99999999999999999999'"},
        Mistake{"BatchWithUnit",
                {"run", "tpu_v1", "mlp0", "--batch", "8x"},
                "systole: --batch: expected an integer in 1..65536, got '8x'"},
        Mistake{"OctalBatch",
                {"run", "tpu_v1", "mlp0", "--batch", "010"},
                "systole: --batch: expected an integer in 1..65536, got '010'"},
        Mistake{"EmptyBatch",
                {"run", "tpu_v1", "mlp0", "--batch", ""},
                "systole: --batch: expected an integer in 1..65536, got ''"},
        Mistake{"BatchWithoutValue",
                {"run", "tpu_v1", "mlp0", "--batch"},
                "systole: --batch: 1 required N missing; see 'systole --help'"},
        Mistake{"IoNowhere",
                {"run", "tpu_v1", "mlp0", "--io", "card"},
                "systole: --io: expected host or device, got 'card'"},
        Mistake{"NegativeSeed",
                {"run", "tpu_v1", "mlp0", "--seed", "-1"},
                "systole: --seed: expected an integer in 0..18446744073709551615, got '-1'"},
        Mistake{"TypeThatNetworksLack",
                {"run", "tpu_v1", "mlp0", "--type", "fp32"},
                "systole: --type: expected one of int8, bf16, fp16, fp8_e4m3, fp8_e5m2, got "
                "'fp32'"},
        Mistake{"TypeThatTheChipLacks",
                {"run", "tpu_v1", "mlp0", "--type", "bf16"},
                "systole: --type: expected a type that the matrix unit of tpu_v1 multiplies, got "
                "'bf16'"},
        Mistake{"QuantisedToAnotherType",
                {"run", "tpu_v1", "mlp0", "--quantize", "int4"},
                "systole: --quantize: expected int8, got 'int4'"},
        Mistake{"QuantisedBesideAFloatingType",
                {"run", "tpu_v3", "mlp0", "--quantize", "int8", "--type", "bf16"},
                "systole: --quantize: expected --type int8 or none beside it, got 'bf16'"},
        Mistake{"QuantisedTraining",
                {"run", "tpu_v3", "mlp0", "--quantize", "int8", "--mode", "training"},
                "systole: --quantize: expected a run of inference, got --mode training"},
        Mistake{"QuantisedOnAChipOfFloatingNumbers",
                {"run", "tpu_v3", "mlp0", "--quantize", "int8"},
                "systole: --quantize: expected a chip that multiplies int8, got tpu_v3"},
        Mistake{"WeightsOfWhat",
                {"run", "tpu_v3", "mlp0", "--weights", "int3"},
                "systole: --weights: expected one of full, int8, int4, fp8_e4m3, fp8_e5m2, int16, "
                "got 'int3'"},
        Mistake{"WeightsInNoGroups",
                {"run", "tpu_v3", "mlp0", "--weights", "int4:0"},
                "systole: --weights: expected an integer in 1..65536, got '0'"},
        Mistake{"WeightsOnIntegers",
                {"run", "tpu_v1", "mlp0", "--weights", "int4"},
                "systole: --weights: expected a network of bf16 or fp16 on a chip that multiplies "
                "it, got tpu_v1"},
        Mistake{"WeightsBesideIntegers",
                {"run", "asic_inference", "mlp0", "--weights", "int4", "--type", "int8"},
                "systole: --weights: expected a network of bf16 or fp16 on a chip that multiplies "
                "it, got --type int8"},
        Mistake{"WideWeightsOnOtherChips",
                {"run", "tpu_v3", "mlp0", "--weights", "int16"},
                "systole: --weights: expected a network of int8 on a chip that multiplies "
                "int8xint16, got tpu_v3"},
        Mistake{"WideWeightsBesideReals",
                {"run", "asic_inference", "mlp0", "--weights", "int16", "--type", "bf16"},
                "systole: --weights: expected a network of int8 on a chip that multiplies "
                "int8xint16, got --type bf16"},
        Mistake{"WeightsBesideQuantize",
                {"run", "asic_inference", "mlp0", "--weights", "int4", "--quantize", "int8"},
                "systole: --weights: expected without --quantize, got it beside"},
        Mistake{"CacheOfWhat",
                {"run", "tpu_v3", "gpt2", "--cache", "int4"},
                "systole: --cache: expected one of full, int8, fp8_e4m3, fp8_e5m2, got 'int4'"},
        Mistake{"CacheOfNothing",
                {"run", "tpu_v3", "mlp0", "--cache", "int8"},
                "systole: --cache: expected a network with states, got mlp0"},
        Mistake{"CacheOnIntegers",
                {"run", "tpu_v1", "gpt2", "--cache", "int8"},
                "systole: --cache: expected a network of bf16 or fp16 on a chip that multiplies "
                "it, got tpu_v1"},
        Mistake{"CacheBesideQuantize",
                {"run", "asic_inference", "gpt2", "--cache", "int8", "--quantize", "int8"},
                "systole: --cache: expected without --quantize, got it beside"},
        Mistake{"WeightsInTraining",
                {"run", "tpu_v3", "mlp0", "--weights", "int4", "--mode", "training"},
                "systole: --weights: expected a run of inference, got --mode training"},
        Mistake{"UnknownFormat",
                {"run", "tpu_v1", "mlp0", "--format", "xml"},
                "systole: --format: expected one of text, json, csv, html, got 'xml'"},
        Mistake{"LayersOfNoNumber",
                {"run", "tpu_v1", "mlp0", "--layers", "some"},
                "systole: --layers: expected all, none or an integer in 1..1000000, got 'some'"},
        Mistake{"OrderThatNobodyKnows",
                {"run", "tpu_v1", "mlp0", "--by", "size"},
                "systole: --by: expected one of network, time, energy, loss, name, got 'size'"},
        Mistake{"PageOfAMeasurement",
                {"measure", "cpu", "mlp0", "--format", "html"},
                "systole: --format: expected one of text, json, got 'html'"},
        Mistake{"EmptyOutput",
                {"run", "tpu_v1", "mlp0", "--output", ""},
                "systole: --output: expected a file, got ''"},
        Mistake{"UnknownChip",
                {"describe", "tpu_v11"},
                "systole: no chip 'tpu_v11': neither a file nor a known name (did you mean "
                "'tpu_v1'?); see "
                "'systole list'"},
        Mistake{"MissingChipFile",
                {"describe", "no/such/file.yaml"},
                "systole: no chip 'no/such/file.yaml': there is no such file"}),
    [](const auto& mistake) { return mistake.param.name; });

TEST(CommandLine, WithoutArgumentsShowsTheHelpAsAMistake) {
  const ProcessResult result = run_systole({});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("Usage: systole"));
}

TEST(CommandLine, HelpTeachesByExample) {
  for (const std::string flag : {"--help", "-h"}) {
    const ProcessResult result = run_systole({flag});
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.err, "");
    EXPECT_THAT(result.out,
                AllOf(HasSubstr("systole run tpu_v1 resnet50 --check"),
                      HasSubstr("Exit code: 0 done; 1 --check or --compare found wrong numbers")));
  }
}

TEST(CommandLine, HelpOfACommandIsItsOwn) {
  EXPECT_THAT(run_systole({"run", "--help"}).out,
              AllOf(HasSubstr("--seed"), HasSubstr("bit for bit"), HasSubstr("--save-tensors DIR"),
                    HasSubstr("docs/validate.md")));
  EXPECT_THAT(run_systole({"compile", "--help"}).out, HasSubstr("docs/program.md"));
  EXPECT_THAT(run_systole({"describe", "--help"}).out, HasSubstr("systole describe tpu_v1"));
  EXPECT_THAT(run_systole({"list", "--help"}).out, HasSubstr("systole list"));
}

TEST(CommandLine, VersionNamesTheDataDirectories) {
  const ProcessResult result = run_systole({"--version"}, {.directory = "/"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, StartsWith("systole " SYSTOLE_VERSION "\n"));
  EXPECT_THAT(result.out, HasSubstr(SYSTOLE_SOURCE_DIR));
}

TEST(CommandLine, SetTakesThePlaceOfAValueOfTheChip) {
  const ProcessResult half =
      run_systole({"describe", "edge", "--set", "matrix_unit.rows=32", "--set=clock=350 MHz"});
  EXPECT_EQ(half.exit_code, 0) << half.err;
  EXPECT_NE(half.out, run_systole({"describe", "edge"}).out);
  EXPECT_THAT(half.out, HasSubstr("350"));
  EXPECT_EQ(run_systole({"run", "edge", "mlp0", "--set", "matrix_unit.rows=32"}).exit_code, 0);
  EXPECT_EQ(run_systole({"compile", "edge", "mlp0", "--set", "matrix_unit.rows=32"}).exit_code, 0);
  EXPECT_EQ(
      run_systole({"compare", "mlp0", "--on", "edge,t4", "--set", "matrix_unit.rows=32"}).exit_code,
      0);
}

TEST(CommandLine, ListShowsControllersAndSites) {
  EXPECT_THAT(run_systole({"list"}).out,
              AllOf(HasSubstr("\nlow_power        default, and a rank goes into power-down"),
                    HasSubstr("\ndatacentre  A rack in a large datacentre")));
}

TEST(CommandLine, HelpOfAFlagThatTakesAwayIsPlain) {
  EXPECT_THAT(run_systole({"measure", "--help"}).out,
              HasSubstr("--no-compare                Do not compare the numbers\n"));
}

TEST(CommandLine, WhatTheMachineRefusesIsExitCodeTwo) {
  const ProcessResult processes =
      run_systole({"compare", "mlp0", "--on", "edge"}, {.limits = {{RLIMIT_NOFILE, 4}}});
  EXPECT_EQ(processes.exit_code, 2);
  EXPECT_EQ(processes.err, "systole: cannot start a process: Too many open files\n");
}

}  // namespace
}  // namespace systole
