#include "study/store.h"

#include <csignal>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch/diag/error.h"
#include "tests/arch/message_of.h"
#include "tests/support/forked.h"
#include "tests/support/temporary_directory.h"

namespace systole {
namespace {

using Mode = StudyStore::Mode;

StoredRun run_named(const std::string& key, double value) {
  return {.key = key,
          .chip = "edge",
          .network = "mlp0",
          .batch = 4,
          .type = "int8",
          .end = RunEnd::Done,
          .reason = "",
          .figures = {{"total.seconds", value}}};
}

std::string file_in(const TemporaryDirectory& directory, const std::string& name = "a.sqlite") {
  return (directory.path() / name).string();
}

void execute(const std::string& file, const std::string& sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(database);
  sqlite3_close(database);
}

TEST(StudyStore, GivesBackWhatWasPut) {
  const TemporaryDirectory directory;
  StudyStore store(file_in(directory), Mode::Write);
  StoredRun failed = run_named("b", 0);
  failed.end = RunEnd::Memory;
  failed.reason = "more than 64 MiB";
  failed.figures.clear();
  store.put({run_named("a", 0.1), failed});
  const StudyStore again(file_in(directory), Mode::Read);
  const StoredRun a = again.run("a").value();
  EXPECT_EQ(a.figures.at("total.seconds"), 0.1) << "to the last bit";
  EXPECT_EQ(a.batch, 4);
  EXPECT_EQ(again.run("b")->end, RunEnd::Memory);
  EXPECT_EQ(again.run("b")->reason, "more than 64 MiB");
  EXPECT_FALSE(again.run("c").has_value());
  EXPECT_EQ(again.runs().size(), 2);
}

TEST(StudyStore, KeepsPointsOfStudiesApart) {
  const TemporaryDirectory directory;
  StudyStore store(file_in(directory), Mode::Write);
  const std::int64_t one = store.add_study("space-1", "one", "text");
  const std::int64_t two = store.add_study("space-2", "two", "text");
  EXPECT_EQ(store.add_study("space-1", "renamed", "text"), one);
  EXPECT_EQ(store.study("space-2"), two);
  EXPECT_EQ(store.study("space"), std::nullopt);
  EXPECT_EQ(store.latest_study("space"), two);
  store.put(one, {{.point = 5, .values = "{}", .runs = {"x", "y"}, .skipped = "", .goal = ""},
                  {.point = 2, .values = "{}", .runs = {}, .skipped = "bound", .goal = "g"}});
  const std::vector<StoredPoint> points = store.points(one);
  ASSERT_EQ(points.size(), 2);
  EXPECT_EQ(points[0].point, 2);
  EXPECT_EQ(points[0].skipped, "bound");
  EXPECT_THAT(points[1].runs, testing::ElementsAre("x", "y"));
  EXPECT_TRUE(store.points(two).empty());
}

TEST(StudyStore, APointThatWasRunIsNotSkippedLater) {
  const TemporaryDirectory directory;
  StudyStore store(file_in(directory), Mode::Write);
  const std::int64_t study = store.add_study("s", "n", "t");
  const StoredPoint skipped{.point = 1, .values = "{}", .runs = {}, .skipped = "no", .goal = "g"};
  const StoredPoint ran{.point = 1, .values = "{}", .runs = {"k"}, .skipped = "", .goal = ""};
  store.put(study, {skipped});
  store.put(study, {ran});
  store.put(study, {skipped});
  EXPECT_THAT(store.points(study).front().runs, testing::ElementsAre("k"));
}

TEST(StudyStore, MergesAsOftenAsOneLikes) {
  const TemporaryDirectory directory;
  StudyStore all(file_in(directory), Mode::Write);
  all.put(run_named("a", 1));
  StoredRun crashed = run_named("b", 0);
  crashed.end = RunEnd::Crash;
  all.put(crashed);
  {
    StudyStore shard(file_in(directory, "b.sqlite"), Mode::Write);
    shard.put({run_named("b", 2), run_named("c", 3)});
    const std::int64_t study = shard.add_study("s", "n", "t");
    shard.put(study, {{.point = 9, .values = "{}", .runs = {"c"}, .skipped = "", .goal = ""}});
  }
  for (int time = 0; time < 2; ++time) {
    all.merge(file_in(directory, "b.sqlite"));
    EXPECT_EQ(all.runs().size(), 3);
    EXPECT_EQ(all.run("b")->end, RunEnd::Done) << "what ended well takes the place of a crash";
    ASSERT_EQ(all.points(all.study("s").value()).size(), 1);
  }
}

TEST(StudyStore, BringsAnOlderSchemaUpToDate) {
  const TemporaryDirectory directory;
  const std::string file = file_in(directory);
  { const StudyStore made(file, Mode::Write); }
  execute(file,
          "ALTER TABLE points DROP COLUMN goal; PRAGMA user_version = 1;"
          "INSERT INTO studies VALUES (1, 's', 'n', 't');"
          "INSERT INTO points VALUES (1, 4, '{}', '[\"k\"]', '');");
  EXPECT_EQ(message_of([&] { const StudyStore read(file, Mode::Read); }),
            file +
                ": expected a study store of schema 2, got 1 ('systole study run' brings it up "
                "to date)");
  const StudyStore store(file, Mode::Write);
  EXPECT_EQ(store.points(1).front().point, 4);
  EXPECT_EQ(store.points(1).front().goal, "");
}

TEST(StudyStore, SaysInOneLineWhyAFileCannotBeUsed) {
  const TemporaryDirectory directory;
  const auto message = [](const std::string& file, Mode mode) {
    return message_of([&] { const StudyStore store(file, mode); });
  };
  const std::string none = file_in(directory, "none.sqlite");
  EXPECT_EQ(message(none, Mode::Read), none + ": expected a study store, got no file");
  EXPECT_FALSE(std::filesystem::exists(none));
  const std::string nowhere = file_in(directory, "no/where.sqlite");
  EXPECT_EQ(message(nowhere, Mode::Write),
            nowhere + ": cannot use the study store: unable to open database file");
  const std::string text = directory.write("text.sqlite", std::string(5000, 'x'));
  EXPECT_EQ(message(text, Mode::Write),
            text + ": cannot use the study store: file is not a database");
  const std::string other = file_in(directory, "other.sqlite");
  execute(other, "CREATE TABLE mine (x)");
  EXPECT_EQ(message(other, Mode::Write), other + ": expected a study store, got another database");
  const std::string later = file_in(directory, "later.sqlite");
  { const StudyStore made(later, Mode::Write); }
  execute(later, "PRAGMA user_version = 99");
  EXPECT_EQ(message(later, Mode::Write),
            later + ": expected a study store of schema 2 or before, got 99 (of a later systole)");
}

TEST(StudyStore, ADamagedFileIsOneLine) {
  const TemporaryDirectory directory;
  const std::string file = file_in(directory);
  {
    StudyStore store(file, Mode::Write);
    for (int index = 0; index < 200; ++index) {
      store.put(run_named(fmt::format("key{}", index), index));
    }
  }
  {
    std::fstream damage(file, std::ios::in | std::ios::out | std::ios::binary);
    damage.seekp(4096);
    const std::string noise(20'000, '\x7f');
    damage.write(noise.data(), static_cast<std::streamsize>(noise.size()));
  }
  EXPECT_EQ(message_of([&] { static_cast<void>(StudyStore(file, Mode::Read).runs()); }),
            file + ": cannot use the study store: database disk image is malformed");
}

/// A file that may not grow stands for a full disk; what was there before stays readable.
TEST(StudyStore, AFullDiskIsOneLineAndLosesNothing) {
  const TemporaryDirectory directory;
  const std::string file = file_in(directory);
  { StudyStore(file, Mode::Write).put(run_named("first", 1)); }
  const ForkedResult child = run_forked([&]() -> std::string {
    static_cast<void>(::signal(SIGXFSZ, SIG_IGN));
    const rlimit limit{.rlim_cur = 120'000, .rlim_max = 120'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    return message_of([&] {
      StudyStore store(file, Mode::Write);
      for (int index = 0; index < 5000; ++index) {
        store.put(run_named(fmt::format("key{}", index), index));
      }
    });
  });
  EXPECT_THAT(child.output, testing::AnyOf(file + ": cannot use the study store: disk I/O error",
                                           file + ": cannot use the study store: database or disk "
                                                  "is full"));
  EXPECT_TRUE(StudyStore(file, Mode::Read).has_run("first"));
}

TEST(StudyStore, TwoProcessesWriteAtOnce) {
  const TemporaryDirectory directory;
  const std::string file = file_in(directory);
  { const StudyStore made(file, Mode::Write); }
  const auto write = [&](const std::string& prefix) {
    StudyStore store(file, Mode::Write);
    for (int index = 0; index < 200; ++index) {
      store.put(run_named(fmt::format("{}{}", prefix, index), index));
    }
  };
  const pid_t child = ::fork();
  if (child == 0) {
    write("b");
    ::_exit(0);
  }
  write("a");
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(StudyStore(file, Mode::Read).runs().size(), 400);
}

}  // namespace
}  // namespace systole
