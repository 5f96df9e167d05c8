#include "report/measured.h"

#include <gmock/gmock.h>

namespace systole {
namespace {

MeasuredRun sample() {
  MeasuredRun run;
  run.device = "Some CPU";
  run.network = "net";
  run.batch = 4;
  run.date = "2026-11-24";
  run.software = "oneDNN 2.6.3";
  run.isa = "AVX2";
  run.threads = 2;
  run.warm_up = 3;
  run.repetitions = 20;
  run.total = {.median = 2e-3, .lower_quartile = 1.9e-3, .upper_quartile = 2.2e-3};
  run.layers = {{.name = "conv",
                 .kind = "conv2d",
                 .kernel = "jit:avx2",
                 .macs = 3'000'000,
                 .time = {.median = 1.5e-3, .lower_quartile = 1.5e-3, .upper_quartile = 1.575e-3}},
                {.name = "flat", .kind = "flatten", .kernel = "", .macs = 0, .time = {}},
                {.name = "pool",
                 .kind = "max_pool",
                 .kernel = "ref:any",
                 .macs = 0,
                 .time = {.median = 0.5e-3, .lower_quartile = 0.5e-3, .upper_quartile = 0.5e-3}}};
  return run;
}

TEST(MeasuredText, ShowsWhatRanWhereAndHowLong) {
  MeasuredRun run = sample();
  run.energy = MeasuredEnergy{
      .joules = 0.03, .watts = 15, .obtained = Obtained::Modelled, .method = "2 of 48 cores"};
  run.numerics = MeasuredNumerics{.elements = 12'345,
                                  .different = 6,
                                  .outside = 0,
                                  .largest_error = 0.5,
                                  .bound = "half a step",
                                  .first_outside = ""};
  // shares of 1.5 + 0.5 ms; 3 MMAC in 1.5 ms, and in the 2 ms of a pass; 4 inputs in 2 ms
  EXPECT_EQ(measured_text(run, {}),
            "net on Some CPU\n"
            "batch 4, int8, 2 threads, measured on 2026-11-24 with oneDNN 2.6.3\n"
            "kernels for AVX2; median of 20 passes behind 3 to warm up\n"
            "\n"
            "layer     MACs      time  spread  share%    MAC/s  kernel\n"
            "conv   3.000 M  1.500 ms   5.0 %    75.0  2.000 G  jit:avx2\n"
            "flat         -         -       -       -        -  view\n"
            "pool         -  500.0 us   0.0 %    25.0        -  ref:any\n"
            "\n"
            "total       2.000 ms a pass, quartiles 1.900 ms and 2.200 ms\n"
            "rate        2000.0 inferences/s, 1.500 GMAC/s\n"
            "energy      30 mJ a pass at 15.0 W, modelled: 2 of 48 cores\n"
            "numbers     within the bound, 12,345 elements, 6 not the same\n"
            "            bound: half a step\n");
}

TEST(MeasuredText, NamesTheFirstLayerOutsideTheBound) {
  MeasuredRun run = sample();
  run.numerics = MeasuredNumerics{.elements = 10,
                                  .different = 2,
                                  .outside = 2,
                                  .largest_error = 1,
                                  .bound = "half a step",
                                  .first_outside = "conv (jit:avx2)"};
  EXPECT_THAT(measured_text(run, {}),
              testing::HasSubstr("2 OUTSIDE THE BOUND, first in conv (jit:avx2), 10 elements"));
}

TEST(MeasuredText, SaysWhatIsNotKnown) {
  EXPECT_THAT(measured_text(sample(), {}), testing::HasSubstr("energy      not known"));
  EXPECT_THAT(measured_text(sample(), {}), testing::Not(testing::HasSubstr("numbers")));
}

TEST(MeasuredText, ShowsAGpusClocksAndTheNote) {
  MeasuredRun run = sample();
  run.kind = DeviceKind::Gpu;
  run.threads = 132;
  run.clock = 1'980'000'000;
  run.memory_clock = 2'619'000'000;
  run.obtained = Obtained::Recorded;
  run.note = "busy";
  EXPECT_THAT(measured_text(run, {}),
              testing::HasSubstr("132 multiprocessors, recorded on 2026-11-24"));
  EXPECT_THAT(measured_text(run, {}),
              testing::HasSubstr("clock 1.98 GHz, memory 2.619 GHz\nbusy\n\n"));
}

}  // namespace
}  // namespace systole
