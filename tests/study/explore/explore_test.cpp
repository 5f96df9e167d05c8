#include "study/explore/explore.h"

#include <csignal>
#include <numeric>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "report/study.h"
#include "study/explore/samplers.h"
#include "study/explore/search.h"
#include "study/explore/study_view.h"
#include "tests/study/explore/small_study.h"

namespace systole {
namespace {

using testing::HasSubstr;

constexpr const char* kProgram = "test";

ExploreProgress explore_small(const StudySpec& study, const std::string& store,
                              std::size_t jobs = 2, bool pruning = false) {
  return explore(study, {.store = store, .program = kProgram, .jobs = jobs, .pruning = pruning});
}

/// What a user compares: the front with every figure, as text.
std::string front_of(const StudySpec& study, const std::string& store) {
  const StudyStore open(store, StudyStore::Mode::Read);
  const StudyView view = view_study(study, open, kProgram);
  return nlohmann::ordered_json::parse(study_json(view))["front"].dump(1);
}

TEST(Explore, RunsEveryAllowedPointOnce) {
  const StudyFolder folder;
  const StudySpec study = read_shipped_places(folder.file());
  const ExploreProgress first = explore_small(study, folder.store());
  // 4 rows x 3 clocks x 2 buffers, less 64 rows at 600 MHz.
  EXPECT_EQ(first.points, 22);
  EXPECT_EQ(first.runs, 22);
  EXPECT_EQ(first.done, 22);
  EXPECT_EQ(first.failed, 0);
  EXPECT_GT(first.front, 1);
  const ExploreProgress again = explore_small(study, folder.store());
  EXPECT_EQ(again.runs, 0);
  EXPECT_EQ(again.known, 22);
  EXPECT_EQ(again.front, first.front);
}

/// Another study of the same store: the chip of a point counts, not the study.
TEST(Explore, DoesNotRunAgainWhatAnotherStudyRan) {
  const StudyFolder folder;
  static_cast<void>(explore_small(read_shipped_places(folder.file()), folder.store()));
  const std::string other = folder.directory().write(
      "other.yaml", small_study_with("{from: 8, to: 64, factor: 2}", "[32, 16]"));
  const ExploreProgress progress = explore_small(read_shipped_places(other), folder.store());
  EXPECT_EQ(progress.points, 12);
  EXPECT_EQ(progress.known, 12);
  EXPECT_EQ(progress.runs, 0);
}

TEST(Explore, HasTheSameFrontWhateverTheWorkers) {
  const StudyFolder folder;
  const StudySpec study = read_shipped_places(folder.file());
  std::vector<std::string> fronts;
  for (const std::size_t jobs : {1U, 2U, 7U}) {
    const std::string store = folder.store(fmt::format("{}.sqlite", jobs));
    static_cast<void>(explore_small(study, store, jobs));
    fronts.push_back(front_of(study, store));
  }
  EXPECT_EQ(fronts[0], fronts[1]);
  EXPECT_EQ(fronts[0], fronts[2]);
}

struct Space {
  const char* name;
  const char* objectives;
};

class Pruning : public testing::TestWithParam<Space> {};

TEST_P(Pruning, KeepsTheFrontAndSkipsSomething) {
  std::string text(kSmallStudy);
  text.replace(text.find("objectives:"), std::string::npos, GetParam().objectives);
  const StudyFolder folder(text, kHeavyNetwork);
  const StudySpec study = read_shipped_places(folder.file());
  const ExploreProgress all = explore_small(study, folder.store("all.sqlite"));
  const ExploreProgress pruned = explore_small(study, folder.store("pruned.sqlite"), 2, true);
  EXPECT_EQ(front_of(study, folder.store("all.sqlite")),
            front_of(study, folder.store("pruned.sqlite")));
  EXPECT_GT(pruned.skipped, 0);
  EXPECT_EQ(pruned.skipped + pruned.runs, all.runs);
  EXPECT_EQ(pruned.done, all.done);
}

INSTANTIATE_TEST_SUITE_P(
    Spaces, Pruning,
    testing::Values(
        Space{"Cost", "objectives:\n  - minimise: latency\n  - minimise: unit_cost\n"},
        Space{"Area", "objectives:\n  - minimise: energy\n  - minimise: area\n"},
        Space{"Rate", "objectives:\n  - maximise: throughput\n  - minimise: area\n"},
        Space{"Constraint", "objectives:\n  - minimise: latency\nconstraints:\n  - area < 4 mm2\n"},
        Space{"Load", "arrival_rate: 1000\nobjectives:\n  - minimise: p99\n  - minimise: area\n"}),
    [](const auto& of) { return std::string(of.param.name); });

TEST(Explore, RecordsWhatIsNotPossibleWithItsReason) {
  const StudyFolder folder(small_study_with("[64 KiB, 1 MiB]", "[1 KiB, 1000 KiB, 1 MiB]"));
  const StudySpec study = read_shipped_places(folder.file());
  static_cast<void>(explore_small(study, folder.store()));
  const StudyStore store(folder.store(), StudyStore::Mode::Read);
  const StudyView view = view_study(study, store, kProgram);
  const ViewedPoint* small = view.find(0);
  ASSERT_NE(small, nullptr);
  EXPECT_EQ(small->outcome, PointOutcome::Infeasible);
  EXPECT_NE(small->reason, "");
  EXPECT_EQ(view.count(PointOutcome::Done) + view.count(PointOutcome::Infeasible),
            static_cast<std::int64_t>(view.points.size()));
}

TEST(Explore, ConstraintsDecideWhatIsFeasible) {
  const StudyFolder folder(std::string(kSmallStudy) + "constraints:\n  - latency < 1 us\n");
  const StudySpec study = read_shipped_places(folder.file());
  static_cast<void>(explore_small(study, folder.store()));
  const StudyStore store(folder.store(), StudyStore::Mode::Read);
  const StudyView view = view_study(study, store, kProgram);
  EXPECT_TRUE(view.front.empty());
  EXPECT_THAT(view.points.front().reason, HasSubstr("latency < 1 us: latency is "));
  EXPECT_THAT(explain_point(view, view.points.front().point), HasSubstr("infeasible: latency < "));
}

TEST(Explore, LimitsCostThePointAlone) {
  WorkerPool pool(2, {.memory_bytes = std::int64_t{64} << 20, .seconds = 1});
  ASSERT_TRUE(pool.start(0, [] {
    std::vector<char> memory(std::size_t{256} << 20, 'x');
    return std::string(memory.begin(), memory.begin() + 1);
  }));
  ASSERT_TRUE(pool.start(1, []() -> std::string {
    while (true) {
      ::pause();
    }
  }));
  std::vector<std::string> texts(2);
  std::vector<WorkerEnd> ends(2);
  while (!pool.is_idle()) {
    if (const auto ended = pool.wait(std::chrono::milliseconds(100))) {
      texts[ended->job] = ended->text;
      ends[ended->job] = ended->end;
    }
  }
  EXPECT_EQ(ends[0], WorkerEnd::Memory);
  EXPECT_EQ(texts[0], "more than 64 MiB");
  EXPECT_EQ(ends[1], WorkerEnd::Time);
  EXPECT_EQ(texts[1], "more than 1 s");
  ASSERT_TRUE(pool.start(2, []() -> std::string {
    static_cast<void>(::raise(SIGKILL));
    return "";
  }));
  EXPECT_EQ(pool.wait(std::chrono::seconds(10))->text, "its process ended by signal 9");
}

/// scripts/kill_study does it a thousand times to the whole command.
TEST(Explore, GoesOnWhereItWasKilled) {
  const StudyFolder folder;
  const StudySpec study = read_shipped_places(folder.file());
  static_cast<void>(explore_small(study, folder.store("whole.sqlite")));
  const std::string store = folder.store("killed.sqlite");
  for (int milliseconds = 20; milliseconds <= 60; milliseconds += 20) {
    const pid_t child = ::fork();
    if (child == 0) {
      static_cast<void>(explore_small(study, store));
      ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>(milliseconds) * 1000);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  const ExploreProgress last = explore_small(study, store);
  EXPECT_EQ(last.done, 22);
  EXPECT_EQ(front_of(study, store), front_of(study, folder.store("whole.sqlite")));
}

TEST(Explore, SearchesKeepEveryPointInTheStore) {
  const StudyFolder folder(std::string(kSmallStudy) +
                           "sampler: {kind: nsga2, points: 18, population: 8, seed: 3}\n");
  const StudySpec study = read_shipped_places(folder.file());
  const ExploreProgress progress = explore_small(study, folder.store(), 2, true);
  EXPECT_LE(progress.done, 18);
  EXPECT_GT(progress.front, 0);
  EXPECT_EQ(explore_small(study, folder.store(), 1, true).runs, 0) << "the same points again";
}

TEST(StudyView, SaysWhichAxisMatters) {
  const StudyFolder folder;
  const StudySpec study = read_shipped_places(folder.file());
  static_cast<void>(explore_small(study, folder.store()));
  const StudyStore store(folder.store(), StudyStore::Mode::Read);
  const StudyView view = view_study(study, store, kProgram);
  ASSERT_EQ(view.importance.size(), 3);
  EXPECT_GT(view.importance[2][0], view.importance[2][1])
      << "the die's area follows from the array, not from the clock";
  EXPECT_NEAR(view.importance[2][1], 0, 0.2);
  const std::string text = study_text(view, {});
  EXPECT_THAT(text, HasSubstr("22 points, 22 done"));
  EXPECT_THAT(text, HasSubstr("min latency"));
  const std::string csv = study_csv(view, store);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 23);
}

}  // namespace
}  // namespace systole
