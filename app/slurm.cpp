#include "app/slurm.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/child_process.h"
#include "app/output.h"
#include "arch/config/quantity_text.h"
#include "arch/config/text_file.h"
#include "arch/diag/error.h"

namespace systole {

namespace {

namespace fs = std::filesystem;

constexpr int kAttempts = 3;

/// The program of that name on the path.
std::string on_path(const std::string& name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
  const char* const given = std::getenv("PATH");
  std::istringstream path(given == nullptr ? "" : given);
  for (std::string folder; std::getline(path, folder, ':');) {
    const fs::path file = fs::path(folder) / name;
    std::error_code ignored;
    if (fs::is_regular_file(file, ignored)) {
      return file.string();
    }
  }
  throw UserError(
      fmt::format("systole: --executor slurm: expected '{}' on the path, got none", name));
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) {
    words.push_back(word);
  }
  return words;
}

std::string in_shell_quotes(const std::string& text) {
  std::string quoted = "'";
  for (const char letter : text) {
    quoted += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  }
  return quoted + "'";
}

class SlurmRun {
 public:
  SlurmRun(const SlurmJob& job, StudyStore& store)
      : job_(job),
        store_(store),
        directory_(fs::absolute(job.directory)),
        sbatch_(on_path("sbatch")),
        squeue_(on_path("squeue")) {
    std::error_code error;
    fs::create_directories(directory_, error);
    if (error) {
      throw UserError(
          fmt::format("systole: cannot write '{}': {}", printable(job.directory), error.message()));
    }
  }

  void run(const std::vector<PointId>& points) {
    merge_leftovers();
    write_shards(points);
    write_script();
    for (int attempt = 0; attempt < kAttempts && !missing_.empty(); ++attempt) {
      const std::vector<std::string> jobs = submit();
      while (!missing_.empty()) {
        const bool alive = any_queued(jobs);  // asked before the look for what it delivered
        merge_delivered();
        if (!alive) {
          break;
        }
        std::this_thread::sleep_for(std::chrono::seconds(1));
      }
    }
    std::error_code ignored;
    if (missing_.empty()) {
      fs::remove_all(directory_, ignored);
    }
  }

 private:
  [[nodiscard]] fs::path shard(std::size_t index) const {
    return directory_ / fmt::format("shard-{}.sqlite", index);
  }

  void merge_leftovers() {
    std::error_code error;
    std::vector<fs::path> shards;
    for (const fs::directory_entry& entry : fs::directory_iterator(directory_, error)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with("shard-") && name.ends_with(".sqlite")) {
        shards.push_back(entry.path());
      }
    }
    std::sort(shards.begin(), shards.end());
    for (const fs::path& file : shards) {
      store_.merge(file.string());
      fs::remove(file, error);
    }
  }

  void write_shards(const std::vector<PointId>& points) {
    const auto size = static_cast<std::size_t>(job_.shard_points);
    for (std::size_t begin = 0; begin < points.size(); begin += size) {
      const std::size_t end = std::min(points.size(), begin + size);
      std::string text;
      for (std::size_t index = begin; index < end; ++index) {
        text += fmt::format("{}\n", points[index]);
      }
      write_file((directory_ / fmt::format("points-{}.txt", begin / size)).string(), text);
      missing_.insert(begin / size);
      ++tasks_;
    }
  }

  /// A task: its shard, from an offset that keeps array indices small.
  void write_script() const {
    const std::string folder = in_shell_quotes(directory_.string());
    write_file(
        (directory_ / "task.sh").string(),
        fmt::format("#!/bin/sh\n"
                    "# One task: the points of a shard, into a store that gets its name when "
                    "it is whole.\n"
                    "shard=$((${{SYSTOLE_FIRST_SHARD:-0}} + SLURM_ARRAY_TASK_ID))\n"
                    "store={0}/attempt-$shard-${{SLURM_RESTART_COUNT:-0}}-$SLURM_JOB_ID-$$."
                    "sqlite\n"
                    "{1} study run {2} --store \"$store\" --points {0}/points-$shard.txt \\\n"
                    "  --no-pruning --quiet --jobs ${{SLURM_CPUS_ON_NODE:-1}} --output "
                    "/dev/null &&\n"
                    "  mv \"$store\" {0}/shard-$shard.sqlite\n",
                    folder, in_shell_quotes(job_.program),
                    in_shell_quotes(fs::absolute(job_.study).string())));
  }

  /// Slurm caps the index of an array's tasks.
  [[nodiscard]] static std::size_t largest_array() {
    const ChildResult config = run_child({on_path("scontrol"), "show", "config"});
    std::istringstream lines(config.output);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("MaxArraySize")) {
        const std::string number = line.substr(line.find_last_of(" =") + 1);
        return static_cast<std::size_t>(
            std::max<std::int64_t>(1, parse_integer(number).value_or(1001)));
      }
    }
    return 1001;
  }

  /// Jobs for the shards that are missing.
  std::vector<std::string> submit() {
    const std::size_t most = largest_array();
    std::vector<std::string> jobs;
    std::vector<std::size_t> left(missing_.begin(), missing_.end());
    while (!left.empty()) {
      const std::size_t first = left.front();
      std::vector<std::size_t> indices;
      std::size_t taken = 0;
      while (taken < left.size() && left[taken] - first < most) {
        indices.push_back(left[taken++] - first);
      }
      left.erase(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(taken));
      jobs.push_back(submit_array(first, indices));
    }
    return jobs;
  }

  [[nodiscard]] std::string submit_array(std::size_t first,
                                         const std::vector<std::size_t>& indices) const {
    const bool whole = indices.back() + 1 == indices.size();
    const std::string array =
        whole ? fmt::format("0-{}", indices.back()) : fmt::format("{}", fmt::join(indices, ","));
    std::vector<std::string> command{sbatch_,
                                     "--parsable",
                                     "--requeue",
                                     "--open-mode=append",
                                     "--job-name=systole-study",
                                     fmt::format("--array={}", array),
                                     fmt::format("--output={}/task-%a.log", directory_.string()),
                                     fmt::format("--export=ALL,SYSTOLE_FIRST_SHARD={}", first)};
    for (const std::string& word : words_of(job_.options)) {
      command.push_back(word);
    }
    command.push_back((directory_ / "task.sh").string());
    const ChildResult result = run_child(command);
    const std::string id = result.output.substr(0, result.output.find_first_of(";\n"));
    if (result.exit_code != 0 || id.empty()) {
      throw UserError(fmt::format(
          "systole: --executor slurm: sbatch refused the job (exit code {})", result.exit_code));
    }
    return id;
  }

  [[nodiscard]] bool any_queued(const std::vector<std::string>& jobs) const {
    const ChildResult result = run_child(
        {squeue_, "--noheader", "--format=%i", "--jobs", fmt::format("{}", fmt::join(jobs, ","))});
    return result.output.find_first_not_of(" \n") != std::string::npos;
  }

  void merge_delivered() {
    for (auto index = missing_.begin(); index != missing_.end();) {
      std::error_code ignored;
      const fs::path file = shard(*index);
      if (!fs::is_regular_file(file, ignored)) {
        ++index;
        continue;
      }
      store_.merge(file.string());
      fs::remove(file, ignored);
      index = missing_.erase(index);
      if (job_.on_progress) {
        job_.on_progress(tasks_ - static_cast<std::int64_t>(missing_.size()), tasks_);
      }
    }
  }

  const SlurmJob& job_;
  StudyStore& store_;
  fs::path directory_;
  std::string sbatch_;
  std::string squeue_;
  std::set<std::size_t> missing_;
  std::int64_t tasks_ = 0;
};

}  // namespace

void run_on_slurm(const SlurmJob& job, const std::vector<PointId>& points, StudyStore& store) {
  SlurmRun(job, store).run(points);
}

}  // namespace systole
