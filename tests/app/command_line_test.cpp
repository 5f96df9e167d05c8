#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>

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
        Mistake{"FarCommand",
                {"xyzzyxyzzy"},
                "systole: no command 'xyzzyxyzzy' (known: run, compare, compile, describe, dram, "
                "measure, list); see "
                "'systole --help'"},
        Mistake{"NoChip", {"run"}, "systole: CHIP is required; see 'systole --help'"},
        Mistake{
            "NoNetwork", {"run", "tpu_v1"}, "systole: NETWORK is required; see 'systole --help'"},
        Mistake{
            "UnknownOption",
            {"run", "tpu_v1", "mlp0", "--bach", "2"},
            "systole: The following arguments were not expected: 2 --bach; see 'systole --help'"},
        Mistake{
            "OptionAlone", {"--wrong"}, "systole: A subcommand is required; see 'systole --help'"},
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
        Mistake{"NegativeSeed",
                {"run", "tpu_v1", "mlp0", "--seed", "-1"},
                "systole: --seed: expected an integer in 0..18446744073709551615, got '-1'"},
        Mistake{"TypeThatNetworksLack",
                {"run", "tpu_v1", "mlp0", "--type", "fp16"},
                "systole: --type: expected int8 or bf16, got 'fp16'"},
        Mistake{"TypeThatTheChipLacks",
                {"run", "tpu_v1", "mlp0", "--type", "bf16"},
                "systole: --type: expected a type that the matrix unit of tpu_v1 multiplies, got "
                "'bf16'"},
        Mistake{"UnknownFormat",
                {"run", "tpu_v1", "mlp0", "--format", "xml"},
                "systole: --format: expected one of text, json, csv, got 'xml'"},
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

}  // namespace
}  // namespace systole
