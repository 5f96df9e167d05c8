#include "tests/arch/layering.h"

#include <gmock/gmock.h>

#include "tests/support/temporary_directory.h"

namespace systole {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Layering, NoArrowOfTheRepositoryIsWrong) {
  EXPECT_THAT(layering_violations(SYSTOLE_SOURCE_DIR), IsEmpty());
}

TEST(Layering, EachRoomIncludesItselfAndWhatStandsBeforeIt) {
  EXPECT_EQ(wrong_include("arch/read_chip.cpp", "#include \"arch/chip_spec.h\""), "");
  EXPECT_EQ(wrong_include("compiler/a.cpp", "#include \"arch/chip_spec.h\""), "");
  EXPECT_EQ(wrong_include("sim/a.cpp", "#include \"arch/chip_spec.h\""), "");
  EXPECT_EQ(wrong_include("reference/a.cpp", "#include \"compiler/graph/graph.h\""), "");
  EXPECT_EQ(wrong_include("study/a.cpp", "#include \"sim/simulate.h\""), "");
  EXPECT_EQ(wrong_include("study/a.cpp", "#include \"reference/check.h\""), "");
  EXPECT_EQ(wrong_include("report/a.cpp", "#include \"study/result.h\""), "");
  EXPECT_EQ(wrong_include("report/a.cpp", "#include \"compiler/graph/graph.h\""), "");
  EXPECT_EQ(wrong_include("report/a.cpp", "#include \"reference/check.h\""), "");
  EXPECT_EQ(wrong_include("app/main.cpp", "#include \"report/text.h\""), "");
  EXPECT_EQ(wrong_include("tests/a.cpp", "#include \"app/command.h\""), "");
}

TEST(Layering, NoRoomIncludesWhatStandsAfterIt) {
  EXPECT_EQ(wrong_include("arch/a.cpp", "#include \"compiler/compile.h\""),
            "arch must not include compiler/compile.h");
  EXPECT_EQ(wrong_include("arch/a.cpp", "#include \"sim/simulate.h\""),
            "arch must not include sim/simulate.h");
  EXPECT_EQ(wrong_include("compiler/a.cpp", "#include \"sim/simulate.h\""),
            "compiler must not include sim/simulate.h");
  EXPECT_EQ(wrong_include("compiler/a.cpp", "#include \"reference/check.h\""),
            "compiler must not include reference/check.h");
  EXPECT_EQ(wrong_include("sim/a.cpp", "#include \"compiler/compile.h\""),
            "sim must not include compiler/compile.h");
  EXPECT_EQ(wrong_include("reference/a.cpp", "#include \"sim/simulate.h\""),
            "reference must not include sim/simulate.h");
  EXPECT_EQ(wrong_include("study/a.cpp", "#include \"report/text.h\""),
            "study must not include report/text.h");
  EXPECT_EQ(wrong_include("report/a.cpp", "#include \"compiler/compile.h\""),
            "report must not include compiler/compile.h");
  EXPECT_EQ(wrong_include("report/a.cpp", "#include \"reference/kernels.h\""),
            "report must not include reference/kernels.h");
  EXPECT_EQ(wrong_include("report/a.cpp", "#include \"sim/simulate.h\""),
            "report must not include sim/simulate.h");
  EXPECT_EQ(wrong_include("app/main.cpp", "#include \"tests/support/forked.h\""),
            "app must not include tests/support/forked.h");
}

TEST(Layering, SystemCStaysInSimAndTests) {
  for (const char* header : {"systemc", "systemc.h", "tlm", "tlm.h",
                             "tlm_utils/simple_target_socket.h", "sysc/kernel/sc_time.h"}) {
    const std::string line = "#include <" + std::string(header) + ">";
    EXPECT_EQ(wrong_include("sim/a.cpp", line), "");
    EXPECT_EQ(wrong_include("tests/a.cpp", line), "");
    EXPECT_EQ(wrong_include("compiler/a.cpp", line),
              "compiler must not include SystemC (" + std::string(header) + ")");
    EXPECT_EQ(wrong_include("app/a.cpp", line),
              "app must not include SystemC (" + std::string(header) + ")");
  }
}

TEST(Layering, SpacesDoNotHideAnArrow) {
  EXPECT_EQ(wrong_include("arch/a.cpp", "  #  include   \"sim/simulate.h\"  // why not"),
            "arch must not include sim/simulate.h");
  EXPECT_EQ(wrong_include("arch/a.cpp", "#include\"sim/simulate.h\""),
            "arch must not include sim/simulate.h");
  EXPECT_EQ(wrong_include("arch/a.cpp", "#include<systemc>"),
            "arch must not include SystemC (systemc)");
}

TEST(Layering, PathsStartAtTheRootAndOursAreInQuotes) {
  EXPECT_EQ(wrong_include("arch/read_chip.cpp", "#include \"chip_spec.h\""),
            "chip_spec.h is no path from the root of the repository");
  EXPECT_EQ(wrong_include("arch/read_chip.cpp", "#include \"../sim/simulate.h\""),
            "../sim/simulate.h is no path from the root of the repository");
  EXPECT_EQ(wrong_include("arch/read_chip.cpp", "#include <sim/simulate.h>"),
            "sim/simulate.h is ours and is included with quotes");
}

TEST(Layering, OtherLinesAreFine) {
  EXPECT_EQ(wrong_include("arch/a.cpp", "#include <vector>"), "");
  EXPECT_EQ(wrong_include("arch/a.cpp", "#pragma once"), "");
  EXPECT_EQ(wrong_include("arch/a.cpp", "// #include \"sim/simulate.h\""), "");
  EXPECT_EQ(wrong_include("arch/a.cpp", ""), "");
  EXPECT_EQ(wrong_include("scripts/a.cpp", "#include \"sim/simulate.h\""), "");
}

TEST(Layering, FindsWrongArrowsInATree) {
  const TemporaryDirectory directory;
  directory.write("arch/good.h", "#pragma once\n#include \"arch/other.h\"\n");
  directory.write("arch/deep/bad.cpp", "#include <vector>\n\n#include \"sim/chip/chip.h\"\n");
  directory.write("compiler/bad.h", "#include <systemc>\n");
  directory.write("sim/notes.md", "#include \"compiler/compile.h\"\n");  // no C++
  EXPECT_THAT(layering_violations(directory.path()),
              ElementsAre("arch/deep/bad.cpp:3: arch must not include sim/chip/chip.h",
                          "compiler/bad.h:1: compiler must not include SystemC (systemc)"));
}

TEST(Layering, AnEmptyTreeProvesNothing) {
  const TemporaryDirectory directory;
  EXPECT_THROW((void)layering_violations(directory.path()), std::runtime_error);
}

}  // namespace
}  // namespace systole
