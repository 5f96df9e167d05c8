#include "sim/chip/wave_file.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

#include "arch/counters.h"
#include "arch/diag/check.h"
#include "sim/simulate.h"

namespace systole {

namespace {

constexpr std::string_view kExtension = ".vcd";
constexpr std::string_view kLastComment = "end of run";

/// What stands in the header: how states are encoded.
std::string legend() {
  std::string text = "Systole. state:";
  for (const auto& [cause, name] : kEnumNames<Cause>) {
    text += fmt::format(" {}={}", static_cast<int>(cause), name);
  }
  return text;
}

/// The kernel writes the wall clock's time behind `$date`: spaces replace it.
void blank_date(std::fstream& file) {
  std::string line;
  while (std::getline(file, line) && line != "$date") {
  }
  const std::fstream::pos_type begin = file.tellg();
  std::getline(file, line);
  file.seekp(begin);
  file << std::string(line.size(), ' ') << std::flush;
}

/// Errors of the kernel's own writes go unseen, so its last words are looked for: our last comment,
/// and the time of the end.
bool is_whole(std::fstream& file) {
  constexpr std::streamoff kTail = 96;
  file.seekg(0, std::ios::end);
  const std::streamoff size = file.tellg();
  file.seekg(std::max<std::streamoff>(0, size - kTail));
  const std::string tail{std::istreambuf_iterator<char>(file), {}};
  const std::size_t comment = tail.rfind(kLastComment);
  return comment != std::string::npos && tail.find("\n#", comment) != std::string::npos &&
         tail.back() == '\n';
}

}  // namespace

WaveFile::WaveFile(const std::string& file) : name_(file), file_(nullptr) {
  SYSTOLE_CHECK(file.ends_with(kExtension), "a waveform named '{}'", file);
  errno = 0;
  if (!std::ofstream(file)) {
    throw WaveformError(std::generic_category().message(errno));
  }
  const std::string stem = file.substr(0, file.size() - kExtension.size());
  file_ = sc_core::sc_create_vcd_trace_file(stem.c_str());
  file_->write_comment(legend());
}

WaveFile::~WaveFile() {
  if (file_ != nullptr) {
    sc_core::sc_close_vcd_trace_file(file_);
  }
}

void WaveFile::finish(const sc_core::sc_time& tail) {
  sc_core::sc_start(tail);
  file_->write_comment(std::string(kLastComment));
  sc_core::sc_close_vcd_trace_file(file_);
  file_ = nullptr;
  std::fstream file(name_, std::ios::in | std::ios::out | std::ios::binary);
  blank_date(file);
  if (!file || !is_whole(file)) {
    throw WaveformError("only a part could be written; is there space left?");
  }
}

}  // namespace systole
