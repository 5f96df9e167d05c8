#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/app/process.h"
#include "tests/support/temporary_directory.h"

namespace systole {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

/// The small study in a folder of the test's own, which is the current one.
class StudyCommand : public testing::Test {
 protected:
  StudyCommand() {
    for (const char* name : {"small_study.yaml", "small.yaml"}) {
      std::filesystem::copy_file(
          std::filesystem::path(SYSTOLE_SOURCE_DIR) / "tests/study/data" / name,
          directory_.path() / name);
    }
  }

  [[nodiscard]] ProcessResult study(std::vector<std::string> words) const {
    words.insert(words.begin(), "study");
    return run_systole(words, {.directory = directory_.path().string()});
  }

  TemporaryDirectory directory_;
};

TEST_F(StudyCommand, RunsShowsExportsComparesExplainsAndDraws) {
  const ProcessResult run = study({"run", "small_study.yaml", "--jobs", "2"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.err, "");
  EXPECT_THAT(run.out, HasSubstr("on the front"));
  EXPECT_TRUE(std::filesystem::exists(directory_.path() / "small.sqlite"));

  const json shown = json::parse(study({"show", "small_study.yaml", "--format", "json"}).out);
  EXPECT_EQ(shown["schema"], "systole.study/1");
  EXPECT_EQ(shown["points"].size(), 22);
  ASSERT_GT(shown["front"].size(), 0);
  EXPECT_TRUE(shown["failed"].is_array());
  EXPECT_EQ(study({"run", "small_study.yaml"}).out, study({"show", "small_study.yaml"}).out);

  EXPECT_THAT(study({"status", "small_study.yaml"}).out,
              StartsWith("small: 22 of 22 points, 0 left; "));
  EXPECT_THAT(study({"export", "small_study.yaml"}).out, StartsWith("point,outcome,reason,front,"));
  EXPECT_EQ(json::parse(study({"export", "small_study.yaml", "--format", "json"}).out).size(), 22);
  EXPECT_THAT(study({"compare", "small_study.yaml", "small_study.yaml"}).out,
              HasSubstr("front that the other dominates"));
  const std::string on_front = std::to_string(shown["front"][0]["point"].get<int>());
  EXPECT_THAT(study({"explain", "small_study.yaml", on_front}).out, HasSubstr("on the front"));
  EXPECT_THAT(study({"report", "small_study.yaml"}).out, StartsWith("<!doctype html>"));
}

TEST_F(StudyCommand, SaysInOneLineWhatIsWrong) {
  const auto error = [&](const std::vector<std::string>& words) {
    const ProcessResult result = study(words);
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    return result.err;
  };
  EXPECT_EQ(error({"show", "small_study.yaml"}),
            "small.sqlite: expected a study store, got no file\n");
  EXPECT_EQ(error({"run", "edge_visoin"}),
            "systole: no study 'edge_visoin': neither a file nor a known name (did you mean "
            "'edge_vision'?); see 'systole list'\n");
  EXPECT_EQ(error({"rum", "small_study.yaml"}),
            "systole: study: expected one of run, status, show, export, compare, explain, report, "
            "got 'rum' (did you mean 'run'?); see 'systole study --help'\n");
  EXPECT_EQ(error({"run", "small_study.yaml", "--job", "2"}),
            "systole: no option '--job' (did you mean '--jobs'?); see 'systole study run "
            "--help'\n");
  EXPECT_EQ(error({"run", "small_study.yaml", "--jobs", "0"}),
            "systole: --jobs: expected an integer in 1..1024, got '0'\n");
  EXPECT_EQ(error({"run", "small_study.yaml", "--executor", "slrum"}),
            "systole: --executor: expected one of local, slurm, got 'slrum' (did you mean "
            "'slurm'?)\n");
  EXPECT_EQ(error({"run", "small_study.yaml", "--store", "no/where.sqlite"}),
            "no/where.sqlite: cannot use the study store: unable to open database file\n");
  EXPECT_EQ(error({"run", "small_study.yaml", "--store", "small.yaml"}),
            "small.yaml: cannot use the study store: file is not a database\n");
  static_cast<void>(directory_.write("points.txt", "3\n24\n"));
  EXPECT_EQ(error({"run", "small_study.yaml", "--points", "points.txt"}),
            "points.txt:2:1: expected the number of a point, 0..23, got '24'\n");
  ASSERT_EQ(study({"run", "small_study.yaml", "--quiet"}).exit_code, 0);
  EXPECT_EQ(error({"explain", "small_study.yaml", "999"}),
            "systole: POINT: expected a point that study small has a result of, got '999'\n");
}

TEST_F(StudyCommand, RunsThePointsOfAFile) {
  static_cast<void>(directory_.write("points.txt", "3\n5\n"));
  ASSERT_EQ(study({"run", "small_study.yaml", "--points", "points.txt", "--no-pruning"}).exit_code,
            0);
  EXPECT_THAT(study({"status", "small_study.yaml"}).out,
              StartsWith("small: 2 of 22 points, 20 left"));
}

}  // namespace
}  // namespace systole
