#include "arch/isa/completion_order.h"

#include <gmock/gmock.h>

#include "tests/arch/isa/open_program.h"

namespace systole {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

InstructionRef at(Engine engine, std::size_t index) {
  return {.engine = engine, .index = index};
}

/// Two engines of two instructions each; semaphore 0 leads from vector to host, 1 back.
struct TwoEngines {
  testing::OpenProgram program{Program()};

  TwoEngines() {
    program.semaphores = {{.from = Engine::Vector, .to = Engine::Host},
                          {.from = Engine::Host, .to = Engine::Vector}};
    program.stream(Engine::Host).resize(2);
    program.stream(Engine::Vector).resize(2);
  }
  Instruction& host(std::size_t index) { return program.stream(Engine::Host)[index]; }
  Instruction& vector(std::size_t index) { return program.stream(Engine::Vector)[index]; }
};

TEST(PossibleOrder, KeepsTheOrderOfEachStream) {
  EXPECT_THAT(possible_order(TwoEngines().program.closed()),
              ElementsAre(at(Engine::Host, 0), at(Engine::Host, 1), at(Engine::Vector, 0),
                          at(Engine::Vector, 1)));
}

TEST(PossibleOrder, PutsNothingBeforeTheSignalsItWaitsFor) {
  TwoEngines two;
  two.host(0).waits = {{.semaphore = 0, .count = 2}};  // both of the vector unit's signals
  two.vector(0).signals = {{.semaphore = 0}};
  two.vector(1).signals = {{.semaphore = 0}};
  EXPECT_THAT(possible_order(two.program.closed()),
              ElementsAre(at(Engine::Vector, 0), at(Engine::Vector, 1), at(Engine::Host, 0),
                          at(Engine::Host, 1)));
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
              ElementsAre(at(Engine::Host, 0), at(Engine::Vector, 0), at(Engine::Host, 1),
                          at(Engine::Vector, 1)));
}

TEST(PossibleOrder, EndsWhereNoEngineCanGoOn) {
  TwoEngines two;
  two.host(0).waits = {{.semaphore = 0}};
  two.vector(0).waits = {{.semaphore = 1}};
  EXPECT_THAT(possible_order(two.program.closed()), IsEmpty());
}

}  // namespace
}  // namespace systole
