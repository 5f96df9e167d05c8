#include "report/language.h"

#include <gmock/gmock.h>

#include "report/text.h"
#include "tests/report/sample_result.h"

namespace systole {
namespace {

using testing::HasSubstr;

TEST(LanguageText, IsNothingForOtherNetworks) {
  EXPECT_EQ(language_text(sample_result()), "");
}

TEST(LanguageText, SaysWhatAPromptTookAndWhatHeldIt) {
  Result result = sample_result();
  result.graph.phase = TokenPhase{.phase = LanguagePhase::Prefill, .tokens = 16, .context = 16};
  // 32 tokens in 8 us.
  const std::string text = language_text(result);
  EXPECT_THAT(text, HasSubstr("language model\n  phase            prefill of 16 tokens\n"
                              "  throughput       4.000 M tokens/s of 2 sequences\n"
                              "  first token      after 8.000 us; busiest compute, "));
  EXPECT_THAT(text_report(result), HasSubstr(text));
}

TEST(LanguageText, SaysHowStepsFollow) {
  Result result = sample_result();
  result.graph.phase = TokenPhase{.phase = LanguagePhase::Decode, .tokens = 1, .context = 12};
  const PhaseRun step{.context = 9, .tokens = 2, .cycles = CoreCycles(1000), .bound = Bound::Dram};
  PhaseRun last = step;
  last.context = 12;
  result.generation = Generation{.prompt = 8,
                                 .generated = 5,
                                 .prefill = {.seconds = 2e-6, .bound = Bound::Compute},
                                 .steps = {step, last},
                                 .error = 0.0042};
  // Steps take 4 * 1000 cycles of 2 ns, with the prompt 10 us for 2 * 5 tokens.
  EXPECT_EQ(
      language_text(result),
      "language model\n"
      "  phase            generate: 5 tokens behind a prompt of 8 tokens\n"
      "  throughput       1.000 M tokens/s of 2 sequences\n"
      "  first token      after 2.000 us; busiest compute, 0.0 % of the DRAM's peak\n"
      "  each further one after 2.000 us; busiest dram, 0.0 % of the DRAM's peak\n"
      "  memory           0 B of weights, 0 B of keys and values: 0 B a token of a sequence\n"
      "  steps            2 of 4 simulated, the others on straight lines between them; before "
      "it was\n"
      "                   simulated, a step was at most 0.42 % off\n"
      "\n");
  result.generation->error.reset();
  EXPECT_THAT(language_text(result), HasSubstr("  steps            all 4 simulated\n"));
}

}  // namespace
}  // namespace systole
