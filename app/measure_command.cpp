#include "app/measure_command.h"

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "app/catalogue.h"
#include "app/child_process.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "app/output_place.h"
#include "arch/diag/check.h"
#include "arch/diag/error.h"
#include "compiler/frontend/read_network.h"
#include "reference/cpu/measure_cpu.h"
#include "reference/measured/measured_json.h"

namespace systole {

namespace {

namespace fs = std::filesystem;

MeasuredRun on_cpu(const Request& request, const std::function<void(std::string_view)>& on_stage) {
  const MeasureRequest& measure = request.measure;
  on_stage("reading");
  const Network network =
      read_network(find_entry(EntryKind::Network, request.network), {.batch = request.batch,
                                                                     .seed = request.seed,
                                                                     .dims = request.dims,
                                                                     .phase = request.phase,
                                                                     .type = measure.type});
  return measure_cpu(network.graph, *network.data,
                     {.passes = {.type = measure.type,
                                 .warm_up = measure.warm_up,
                                 .repetitions = measure.repetitions,
                                 .on_stage = on_stage},
                      .threads = static_cast<int>(measure.threads),
                      .compare = measure.compare,
                      .power_file = cpu_power_file()});
}

/// Beside this program where installed, in a folder of its own where built.
std::string gpu_program() {
  std::error_code error;
  const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& place : {folder, folder.parent_path() / "reference/gpu"}) {
    if (fs::exists(place / "systole_gpu", error)) {
      return (place / "systole_gpu").string();
    }
  }
  throw UserError(
      "systole: measure gpu: expected systole built where CMake finds CUDA, got a build without "
      "it; "
      "see docs/reference.md");
}

MeasuredRun on_gpu(const Request& request, const std::function<void(std::string_view)>& on_stage) {
  const MeasureRequest& measure = request.measure;
  const std::string file = find_entry(EntryKind::Network, request.network);
  on_stage("measuring on the GPU");
  const ChildResult child =
      run_child({gpu_program(), file, fmt::format("{}", request.batch),
                 fmt::format("{}", request.seed), std::string(name_of(measure.type)),
                 fmt::format("{}", measure.warm_up), fmt::format("{}", measure.repetitions),
                 measure.compare ? "compare" : "no_compare", text_of(request.dims), request.phase});
  if (child.exit_code == static_cast<int>(ExitCode::UserError)) {
    throw UserError(child.output);
  }
  SYSTOLE_CHECK(child.exit_code == 0, "systole_gpu ended with {}: {}", child.exit_code,
                child.output);
  MeasuredRun run = parse_recording(child.output, "systole_gpu").runs.front();
  run.obtained = Obtained::Measured;  // just now
  if (run.energy) {
    run.energy->obtained = Obtained::Measured;
  }
  return run;
}

/// Holds the folder of a file that is read, changed and replaced: the file itself is another one
/// afterwards. Where folders cannot be locked (some network file systems) it holds nothing.
class FolderLock {
 public:
  explicit FolderLock(const fs::path& folder)
      : descriptor_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    while (::flock(descriptor_, LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  ~FolderLock() { ::close(descriptor_); }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace

std::string cpu_power_file() {
  for (const std::string& directory : data_directories()) {
    const std::string file = directory + "/configs/cpus/design_power.yaml";
    std::error_code error;
    if (fs::exists(file, error)) {
      return file;
    }
  }
  return "";
}

void check_recording(const std::string& file) {
  std::error_code error;
  if (fs::exists(file, error)) {
    (void)read_recording(file);
  }
}

void add_to_recording(const std::string& file, const MeasuredRun& run) {
  const FolderLock lock(fs::path(output_place(file).target).parent_path());
  std::error_code error;
  Recording recording{.file = file, .runs = {}};
  if (fs::exists(file, error)) {
    recording = read_recording(file);
  }
  record(recording, run);
  write_file(file, measured_json(recording.runs), Replaces::ReadFiles);
}

MeasuredRun measured_run(const Request& request,
                         const std::function<void(std::string_view)>& on_stage) {
  return request.measure.device == DeviceKind::Gpu ? on_gpu(request, on_stage)
                                                   : on_cpu(request, on_stage);
}

}  // namespace systole
