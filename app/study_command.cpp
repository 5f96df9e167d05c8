#include "app/study_command.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/catalogue.h"
#include "app/slurm.h"
#include "app/study_progress.h"
#include "arch/config/quantity_text.h"
#include "arch/config/text_file.h"
#include "arch/diag/error.h"
#include "report/page/study_page.h"
#include "report/study.h"
#include "study/explore/explore.h"
#include "study/explore/samplers.h"

namespace systole {

namespace {

StudySpec study_named(const std::string& name) {
  const StudyPlaces places{
      .chip_file = [](const std::string& chip) { return find_entry(EntryKind::Chip, chip); },
      .network_file =
          [](const std::string& network) { return find_entry(EntryKind::Network, network); },
      .dram_directories = dram_directories()};
  return read_study(find_entry(EntryKind::Study, name), places);
}

std::string store_of(const StudySpec& study, const std::string& given) {
  return given.empty() ? study.name + ".sqlite" : given;
}

/// Numbers of points, one a line.
std::vector<PointId> points_of_file(const std::string& file, const StudySpec& study) {
  constexpr std::size_t kMostBytes = std::size_t{1} << 30;
  std::string text;
  try {
    text = read_text_file(file, kMostBytes);
  } catch (const TextFault& fault) {
    throw UserError(fmt::format("{}: {}", printable(file), fault.message));
  }
  std::vector<PointId> points;
  std::istringstream lines(text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const std::optional<std::int64_t> point = parse_integer(line);
    if (!point || *point < 0 || *point >= study.space.size()) {
      throw UserError({.file = file, .line = number, .column = 1}, {},
                      fmt::format("expected the number of a point, 0..{}, got {}",
                                  study.space.size() - 1, in_quotes(line)));
    }
    points.push_back(*point);
  }
  return points;
}

ExploreOptions explore_options(const StudyRequest& request, const StudySpec& study) {
  ExploreOptions options;
  options.store = store_of(study, request.store);
  options.program = program_identity();
  options.jobs = request.jobs > 0 ? static_cast<std::size_t>(request.jobs)
                                  : std::max(1U, std::thread::hardware_concurrency());
  options.pruning = request.pruning;
  options.retry = request.retry;
  if (!request.points_file.empty()) {
    options.choose_points = false;
    options.points = points_of_file(request.points_file, study);
  }
  if (request.executor == StudyExecutor::Slurm) {
    options.elsewhere = [request, file = study.file, store = options.store](
                            const std::vector<PointId>& points, StudyStore& into) {
      run_on_slurm({.program = std::filesystem::read_symlink("/proc/self/exe").string(),
                    .study = file,
                    .directory = store + ".slurm",
                    .options = request.slurm_options,
                    .shard_points = request.shard_points,
                    .on_progress = {}},
                   points, into);
    };
  }
  return options;
}

std::int64_t planned_points(const StudySpec& study) {
  switch (study.sampler.kind) {
    case SamplerKind::Grid:
    case SamplerKind::Random:
    case SamplerKind::LatinHypercube:
      return static_cast<std::int64_t>(sample(study.space, study.sampler).size());
    case SamplerKind::Nsga2:
    case SamplerKind::Maco:
      break;
  }
  return study.sampler.points;
}

/// A study with what its store knows of it.
struct OpenStudy {
  StudySpec study;
  StudyStore store;
  StudyView view;
};

/// The view points to the study, hence the pointer.
std::unique_ptr<OpenStudy> open_study(const std::string& name, const std::string& store_file) {
  StudySpec study = study_named(name);
  const std::string file = store_of(study, store_file);
  auto open = std::make_unique<OpenStudy>(
      OpenStudy{std::move(study), StudyStore(file, StudyStore::Mode::Read), {}});
  open->view = view_study(open->study, open->store, program_identity());
  return open;
}

std::string shown(const OpenStudy& open, Format format, const TextOptions& options) {
  switch (format) {
    case Format::Text:
      return study_text(open.view, options);
    case Format::Json:
      return study_json(open.view);
    case Format::Csv:
      return study_csv(open.view, open.store);
    case Format::Html:  // `study report`
    case Format::Svg:
      break;
  }
  return "";
}

std::string explored(const Request& request, const TextOptions& options) {
  const StudyRequest& study_request = request.study;
  const StudySpec study = study_named(study_request.study);
  ExploreOptions explore_with = explore_options(study_request, study);
  {
    StudyProgress progress(!request.quiet);
    explore_with.on_progress = [&](const ExploreProgress& at) { progress.show(at); };
    static_cast<void>(explore(study, explore_with));
  }
  return shown(*open_study(study_request.study, explore_with.store), request.format, options);
}

}  // namespace

std::string program_identity() {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return fmt::format("{} {}", SYSTOLE_VERSION, content_hash(bytes.str()));
}

std::string run_study(const Request& request, const TextOptions& options) {
  const StudyRequest& study = request.study;
  if (study.action == StudyAction::Run) {
    return explored(request, options);
  }
  const std::unique_ptr<OpenStudy> open = open_study(study.study, study.store);
  switch (study.action) {
    case StudyAction::Status:
      return study_status(open->view, planned_points(open->study));
    case StudyAction::Show:
      return shown(*open, request.format, options);
    case StudyAction::Export:
      return request.format == Format::Json ? study_export_json(open->view, open->store)
                                            : study_csv(open->view, open->store);
    case StudyAction::Compare: {
      const std::unique_ptr<OpenStudy> other = open_study(study.other, study.other_store);
      return compare_studies(open->view, other->view, options);
    }
    case StudyAction::Explain:
      return explain_point(open->view, *study.point);
    case StudyAction::Report:
      return study_page(
          study_page_json(open->view, open->store, fmt::format("systole {}", SYSTOLE_VERSION)));
    case StudyAction::Run:
      break;
  }
  return "";
}

}  // namespace systole
