#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "arch/enum_names.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own
class App;
}  // namespace CLI

namespace systole {

/// What `systole study` does.
enum class StudyAction : std::uint8_t { Run, Status, Show, Export, Compare, Explain, Report };

template <>
inline constexpr auto kEnumNames<StudyAction> = std::to_array<EnumName<StudyAction>>({
    {StudyAction::Run, "run"},
    {StudyAction::Status, "status"},
    {StudyAction::Show, "show"},
    {StudyAction::Export, "export"},
    {StudyAction::Compare, "compare"},
    {StudyAction::Explain, "explain"},
    {StudyAction::Report, "report"},
});

enum class StudyExecutor : std::uint8_t { Local, Slurm };

template <>
inline constexpr auto kEnumNames<StudyExecutor> = std::to_array<EnumName<StudyExecutor>>({
    {StudyExecutor::Local, "local"},
    {StudyExecutor::Slurm, "slurm"},
});

/// `systole study`: explore a design space, look at what was found.
struct StudyRequest {
  StudyAction action = StudyAction::Show;
  std::string study;        ///< a file or a name of configs/studies
  std::string other;        ///< of compare
  std::string store;        ///< a file; empty: STUDY.sqlite in the current directory
  std::string other_store;  ///< of compare
  std::int64_t jobs = 0;    ///< 0: as many as there are cores
  bool pruning = true;
  bool retry = false;
  StudyExecutor executor = StudyExecutor::Local;
  std::int64_t shard_points = 100;  ///< in a task of the cluster
  std::string slurm_options;        ///< for sbatch, with blanks between
  std::string points_file;          ///< numbers of points to run, a line each; empty: the sampler's
  std::optional<std::int64_t> point;
};

/// Options of `systole study` as the user wrote them.
struct StudyWords {
  std::optional<std::string> store;
  std::optional<std::string> other_store;
  std::optional<std::string> jobs;
  std::optional<std::string> executor;
  std::optional<std::string> shard_points;
  std::optional<std::string> points_file;
  std::optional<std::string> point;
};

/// Adds the command and its own commands. Options that other commands have too are added by
/// `add_output`, called with each command and whether it has --format, and with which names.
void add_study(CLI::App& app, StudyRequest& study, StudyWords& words,
               const std::function<void(CLI::App&, const char*)>& add_output);

/// Throws UserError.
[[nodiscard]] StudyRequest checked_study(const CLI::App& app, StudyRequest study,
                                         const StudyWords& words);

}  // namespace systole
