#include "arch/isa/completion_order.h"

#include <gmock/gmock.h>

#include "tests/arch/isa/open_program.h"

namespace systole {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

InstructionRef at(EngineKind engine, std::size_t index) {
  return {.engine = engine, .index = index};
}

/// Two engines of two instructions each; semaphore 0 leads from vector to host, 1 back.
struct TwoEngines {
  testing::OpenProgram program{Program()};

  TwoEngines() {
    program.semaphores = {{.from = EngineKind::Vector, .to = EngineKind::Host},
                          {.from = EngineKind::Host, .to = EngineKind::Vector}};
    program.stream(EngineKind::Host).resize(2);
    program.stream(EngineKind::Vector).resize(2);
  }
  Instruction& host(std::size_t index) { return program.stream(EngineKind::Host)[index]; }
  Instruction& vector(std::size_t index) { return program.stream(EngineKind::Vector)[index]; }
};

TEST(PossibleOrder, KeepsTheOrderOfEachStream) {
  EXPECT_THAT(possible_order(TwoEngines().program.closed()),
              ElementsAre(at(EngineKind::Host, 0), at(EngineKind::Host, 1),
                          at(EngineKind::Vector, 0), at(EngineKind::Vector, 1)));
}

TEST(PossibleOrder, PutsNothingBeforeTheSignalsItWaitsFor) {
  TwoEngines two;
  two.host(0).waits = {{.semaphore = 0, .count = 2}};  // both of the vector unit's signals
  two.vector(0).signals = {{.semaphore = 0}};
  two.vector(1).signals = {{.semaphore = 0}};
  EXPECT_THAT(possible_order(two.program.closed()),
              ElementsAre(at(EngineKind::Vector, 0), at(EngineKind::Vector, 1),
                          at(EngineKind::Host, 0), at(EngineKind::Host, 1)));
}

TEST(PossibleOrder, GoesToAndFroBetweenEngines) {
  TwoEngines two;
  two.host(0).signals = {{.semaphore = 1}};
  two.vector(0).waits = {{.semaphore = 1}};
  two.vector(0).signals = {{.semaphore = 0}};
  two.host(1).waits = {{.semaphore = 0}};
  two.host(1).signals = {{.semaphore = 1}};
  two.vector(1).waits = {{.semaphore = 1}};
  EXPECT_THAT(possible_order(two.program.closed()),
              ElementsAre(at(EngineKind::Host, 0), at(EngineKind::Vector, 0),
                          at(EngineKind::Host, 1), at(EngineKind::Vector, 1)));
}

TEST(PossibleOrder, EndsWhereNoEngineCanGoOn) {
  TwoEngines two;
  two.host(0).waits = {{.semaphore = 0}};
  two.vector(0).waits = {{.semaphore = 1}};
  EXPECT_THAT(possible_order(two.program.closed()), IsEmpty());
}

}  // namespace
}  // namespace systole
