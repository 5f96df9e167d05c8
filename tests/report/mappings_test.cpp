#include "report/mappings.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/report/sample_result.h"

namespace systole {
namespace {

/// Three of which the second is the fastest and the third beaten by the first.
class Mappings : public testing::Test {
 protected:
  Mappings() {
    searched_.tried = {
        {.how = "the compiler's rules",
         .estimate = {.cycles = CoreCycles(900), .dram = Bytes(4000)},
         .simulated = true,
         .cycles = CoreCycles(1000),
         .dram_bytes = 4000,
         .joules = 2e-6},
        {.how = "a, \"b\"",
         .simulated = true,
         .cycles = CoreCycles(950),
         .dram_bytes = 6000,
         .joules = 2.5e-6},
        {.how = "c",
         .simulated = true,
         .cycles = CoreCycles(1100),
         .dram_bytes = 4000,
         .joules = 3e-6},
    };
    searched_.best = 1;
  }

  [[nodiscard]] MappingsReport report(bool front) const {
    return {.chip = result_.chip,
            .graph = result_.graph,
            .searched = searched_,
            .objective = MappingObjective::Latency,
            .front = front};
  }

  Result result_ = sample_result();
  SearchedMappings searched_;
};

TEST_F(Mappings, AreATableForPeople) {
  EXPECT_EQ(mappings_text(report(false), {}),
            "sample on sample_chip: mappings\n"
            "batch 2, 3 simulated, the best by latency marked >, those of the front *\n"
            "\n"
            "mapping                   cycles     time      DRAM    bytes    energy   joules\n"
            "the compiler's rules  *    1,000   +0.0 %  4.000 kB   +0.0 %  2.000 uJ   +0.0 %\n"
            "a, \"b\"                >*     950   -5.0 %  6.000 kB  +50.0 %  2.500 uJ  +25.0 %\n"
            "c                          1,100  +10.0 %  4.000 kB   +0.0 %  3.000 uJ  +50.0 %\n");
}

TEST_F(Mappings, OfTheFrontAreInTheOrderOfCycles) {
  EXPECT_EQ(mappings_csv(report(true)),
            "how,cycles,dram_bytes,joules,simulated,front,best\n"
            "\"a, \"\"b\"\"\",950,6000,2.5e-06,true,true,true\n"
            "the compiler's rules,1000,4000,2e-06,true,true,false\n");
}

TEST_F(Mappings, AreJsonForPrograms) {
  const auto json = nlohmann::json::parse(mappings_json(report(false)));
  EXPECT_EQ(json["schema"], "systole.map/1");
  EXPECT_EQ(json["objective"], "latency");
  ASSERT_EQ(json["mappings"].size(), 3);
  EXPECT_EQ(json["mappings"][0], nlohmann::json({{"how", "the compiler's rules"},
                                                 {"cycles", 1000},
                                                 {"dram_bytes", 4000},
                                                 {"joules", 2e-6},
                                                 {"simulated", true},
                                                 {"estimated_cycles", 900},
                                                 {"estimated_dram_bytes", 4000},
                                                 {"front", true},
                                                 {"best", false}}));
}

}  // namespace
}  // namespace systole
