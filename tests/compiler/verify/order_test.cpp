#include "compiler/verify/order.h"

#include <algorithm>
#include <vector>

#include <gmock/gmock.h>

#include "tests/compiler/verify/support/two_layer_program.h"

namespace systole::verification {
namespace {

using ::testing::Optional;

/// Semaphores 0 host -> vector, 1 vector -> host, 2 dma_in -> vector.
Program program_of_three_engines() {
  Program program;
  program.layers = {{.name = "layer", .kind = "dense"}};
  program.semaphores = {{.from = EngineKind::Host, .to = EngineKind::Vector},
                        {.from = EngineKind::Vector, .to = EngineKind::Host},
                        {.from = EngineKind::DmaIn, .to = EngineKind::Vector}};
  program.stream(EngineKind::Host) = {{.signals = {{.semaphore = 0}}, .operation = Transfer{}},
                                      {.waits = {{.semaphore = 1}}, .operation = Transfer{}}};
  program.stream(EngineKind::DmaIn) = {{.signals = {{.semaphore = 2}}, .operation = Transfer{}}};
  program.stream(EngineKind::Vector) = {
      {.waits = {{.semaphore = 0}}, .signals = {{.semaphore = 1}}, .operation = RowLoop{}},
      {.waits = {{.semaphore = 2}}, .operation = RowLoop{}}};
  return program;
}

/// Instructions in the order of their execution, each with its clock.
struct Executed {
  Place place;
  VectorClock clock;
};

class Execution {
 public:
  explicit Execution(const Program& program) : order_(program.engines()) {
    result_ = execute_tokens(testing::small_chip(), program, order_, [&](Place place) {
      executed_.push_back({place, order_.clock()});
      return std::optional<std::string>();
    });
  }
  [[nodiscard]] const OrderResult& result() const { return result_; }
  [[nodiscard]] std::size_t size() const { return executed_.size(); }
  /// How many instructions of an engine had completed for certain.
  [[nodiscard]] std::int32_t completed(Place when, EngineKind of) const {
    const auto found = std::find_if(executed_.begin(), executed_.end(),
                                    [&](const Executed& each) { return each.place == when; });
    return found == executed_.end() ? -1 : found->clock[EngineSet().index_of(of)];
  }

 private:
  Order order_;
  std::vector<Executed> executed_;
  OrderResult result_;
};

/// What an instruction waits for has completed, and what that had waited for; what merely may have
/// completed by then does not count.
TEST(Order, ClocksCountWhatHasCompletedForCertain) {
  const Execution execution(program_of_three_engines());
  ASSERT_EQ(execution.result().violation, std::nullopt);
  EXPECT_EQ(execution.result().leftover, std::nullopt);
  EXPECT_EQ(execution.size(), 5U);
  const Place first_loop{EngineKind::Vector, 0};
  const Place second_loop{EngineKind::Vector, 1};
  const Place last_transfer{EngineKind::Host, 1};
  EXPECT_EQ(execution.completed(first_loop, EngineKind::Host), 1);
  EXPECT_EQ(execution.completed(first_loop, EngineKind::Vector), 0);
  EXPECT_EQ(execution.completed(first_loop, EngineKind::DmaIn), 0);
  EXPECT_EQ(execution.completed(last_transfer, EngineKind::Host), 1);
  EXPECT_EQ(execution.completed(last_transfer, EngineKind::Vector), 1);
  EXPECT_EQ(execution.completed(second_loop, EngineKind::Vector), 1);
  EXPECT_EQ(execution.completed(second_loop, EngineKind::Host), 1);  // through the first loop
  EXPECT_EQ(execution.completed(second_loop, EngineKind::DmaIn), 1);
}

TEST(Order, KnowsWhatComesBeforeTheInstructionThatIsLookedAt) {
  Order order(EngineSet{});
  EXPECT_FALSE(order.is_before({EngineKind::Host, 0}));
  EXPECT_TRUE(order.is_before({EngineKind::Host, -1}));  // what was there before the run
  VectorClock clock(EngineSet().size(), 0);
  clock[EngineSet().index_of(EngineKind::Host)] = 2;
  order.look_at(clock);
  EXPECT_TRUE(order.is_before({EngineKind::Host, 1}));
  EXPECT_FALSE(order.is_before({EngineKind::Host, 2}));
  EXPECT_FALSE(order.is_before({EngineKind::Vector, 0}));
}

/// A fold comes after the load of its tile, without a semaphore.
TEST(Order, FoldsComeAfterTheLoadsOfTheirTiles) {
  const Program program = testing::two_layer_program();
  const Execution execution(program);
  ASSERT_EQ(execution.result().violation, std::nullopt);
  const Stream& folds = program.stream(EngineKind::Matrix);
  for (std::size_t index = 0; index < folds.size(); ++index) {
    const Place fold{EngineKind::Matrix, static_cast<std::int32_t>(index)};
    const std::int32_t loads = folds[index].get<Fold>().tile + 1;  // in the order of tiles
    EXPECT_EQ(execution.completed(fold, EngineKind::Weights), loads) << index;
  }
}

TEST(Order, EndsWithTheFirstViolation) {
  Order order(EngineSet{});
  int executed = 0;
  const OrderResult result = execute_tokens(
      testing::small_chip(), program_of_three_engines(), order, [&](Place /*place*/) {
        return ++executed == 2 ? std::optional<std::string>("no") : std::nullopt;
      });
  EXPECT_EQ(executed, 2);
  EXPECT_THAT(result.violation, Optional(std::string("no")));
}

TEST(Order, SaysWhatNobodyTakes) {
  Program program = program_of_three_engines();
  program.stream(EngineKind::DmaIn).add_signal(0, {.semaphore = 2, .count = 3});
  EXPECT_THAT(Execution(program).result().leftover,
              Optional(std::string("semaphore 2 from dma_in to vector ends at 3, expected 0")));
}

}  // namespace
}  // namespace systole::verification
