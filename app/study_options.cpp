#include "app/study_options.h"

#include <limits>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/option_values.h"
#include "arch/config/near_name.h"
#include "arch/config/quantity_text.h"
#include "arch/config/text_file.h"
#include "arch/diag/error.h"

namespace systole {

namespace {

constexpr std::string_view kStudyExamples = R"(
STUDY is a file, or a name of configs/studies; docs/studies.md describes both. Results go to
STUDY.sqlite in the current directory unless --store names another file; what the store has
is not run again, so an interrupted run goes on where it was.

Examples:
  systole study run edge_vision                    explore, print the front
  systole study run my_study.yaml --jobs 8 --store results.sqlite
  systole study status edge_vision                 how far it is, from any terminal
  systole study show edge_vision --format json --output front.json
  systole study explain edge_vision 1234           why a point is on the front, or is not
  systole study export edge_vision --format csv --output points.csv
  systole study compare edge_vision my_study.yaml
  systole study report edge_vision --output edge_vision.html
)";

constexpr std::string_view kStudyRunExamples = R"(
Each point is compiled and simulated in a process of its own, with limits on memory and time;
one that crashes, hangs or does not fit is recorded with its reason. Points that are proven
worse than one already run are skipped; --no-pruning runs them too, for the same front.

--executor slurm submits the points as array jobs of --shard-points each, waits, and merges
their results; the current directory has to be one that the nodes share.

Examples:
  systole study run edge_vision
  systole study run edge_vision --jobs 2 --no-pruning
  systole study run my_study.yaml --executor slurm --slurm-options "-p sim --mem=4G"
)";

CLI::App* add_action(CLI::App& command, StudyRequest& study, StudyWords& words, const char* name,
                     const char* help) {
  CLI::App* action = command.add_subcommand(name, help);
  action->add_option("STUDY", study.study, "Study: a YAML file or a name of configs/studies")
      ->required()
      ->type_name("");
  action
      ->add_option("--store", words.store,
                   "File of results (default: STUDY.sqlite in the current directory)")
      ->type_name("FILE");
  return action;
}

void add_run(CLI::App& command, StudyRequest& study, StudyWords& words,
             const std::function<void(CLI::App&, const char*)>& add_output) {
  CLI::App* run = add_action(command, study, words, "run", "Explore a study, print its front");
  run->add_option("-j,--jobs", words.jobs, "Runs at a time (default: one a core)")->type_name("N");
  run->add_flag("!--no-pruning", study.pruning, "Run points that bounds exclude, too");
  run->add_flag("--retry", study.retry, "Run again what ended by crash, time, memory or error");
  run->add_option("--executor", words.executor, "local or slurm (default: local)")
      ->type_name("WHERE");
  run->add_option("--shard-points", words.shard_points,
                  "Points in a task of the cluster (default: 100)")
      ->type_name("N");
  run->add_option("--slurm-options", study.slurm_options, "Options for sbatch, blanks between")
      ->type_name("TEXT");
  run->add_option("--points", words.points_file, "Run the points that FILE lists by number")
      ->type_name("FILE");
  add_output(*run, "text or json (default: text)");
  run->footer(std::string(kStudyRunExamples));
}

std::int64_t integer_of(std::string_view option, const std::string& text, std::int64_t min,
                        std::int64_t max) {
  const std::optional<std::int64_t> value = parse_integer(text);
  if (!value || *value < min || *value > max) {
    throw UserError(fmt::format("systole: {}: expected an integer in {}..{}, got {}", option, min,
                                max, in_quotes(text)));
  }
  return *value;
}

}  // namespace

void add_study(CLI::App& app, StudyRequest& study, StudyWords& words,
               const std::function<void(CLI::App&, const char*)>& add_output) {
  CLI::App* command =
      app.add_subcommand("study", "Explore a design space, and look at what was found");
  command->require_subcommand(1);
  command->footer(std::string(kStudyExamples));
  add_run(*command, study, words, add_output);
  add_output(*add_action(*command, study, words, "status", "How far a study is"), nullptr);
  add_output(*add_action(*command, study, words, "show",
                         "The front, the best of each objective, which axis matters most"),
             "text or json (default: text)");
  add_output(*add_action(*command, study, words, "export", "Every point with every figure"),
             "csv or json (default: csv)");
  CLI::App* compare =
      add_action(*command, study, words, "compare", "Two studies, or one in two stores");
  compare->add_option("OTHER", study.other, "The other study")->required()->type_name("");
  compare->add_option("--other-store", words.other_store, "File of the other's results")
      ->type_name("FILE");
  add_output(*compare, nullptr);
  CLI::App* explain = add_action(*command, study, words, "explain",
                                 "Why a point is on the front, or what dominates it");
  explain->add_option("POINT", words.point, "Number of the point")->required()->type_name("");
  add_output(*explain, nullptr);
  add_output(*add_action(*command, study, words, "report", "One self-contained HTML page"),
             nullptr);
  for (CLI::App* action : command->get_subcommands({})) {
    if (action->get_name() != "run") {
      action->footer("");
    }
  }
}

StudyRequest checked_study(const CLI::App& app, StudyRequest study, const StudyWords& words) {
  constexpr std::int64_t kMostJobs = 1024;
  study.action = *value_named<StudyAction>(app.get_subcommands().front()->get_name());
  study.store = named_file_of("--store", words.store);
  study.other_store = named_file_of("--other-store", words.other_store);
  study.points_file = named_file_of("--points", words.points_file);
  if (words.jobs) {
    study.jobs = integer_of("--jobs", *words.jobs, 1, kMostJobs);
  }
  if (words.shard_points) {
    study.shard_points = integer_of("--shard-points", *words.shard_points, 1, 1'000'000);
  }
  if (words.point) {
    study.point = integer_of("POINT", *words.point, 0, std::numeric_limits<std::int64_t>::max());
  }
  if (words.executor) {
    const std::optional<StudyExecutor> executor = value_named<StudyExecutor>(*words.executor);
    if (!executor) {
      throw UserError(fmt::format("systole: --executor: expected one of local, slurm, got {}{}",
                                  in_quotes(*words.executor),
                                  suggestion(*words.executor, {"local", "slurm"})));
    }
    study.executor = *executor;
  }
  return study;
}

}  // namespace systole
