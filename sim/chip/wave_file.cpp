#include "sim/chip/wave_file.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

#include <fmt/format.h>
#include <sysc/tracing/sc_tracing_ids.h>

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

/// At most `count` characters from `begin` on, less where the file ends.
std::string read_some(std::fstream& file, std::streamoff begin, std::size_t count) {
  std::string text(count, '\0');
  file.seekg(begin);
  file.read(text.data(), static_cast<std::streamsize>(count));
  text.resize(static_cast<std::size_t>(file.gcount()));
  file.clear();
  return text;
}

/// The kernel writes the wall clock's time behind `$date`: spaces replace it.
void blank_date(std::fstream& file) {
  constexpr std::size_t kHeader = 4096;
  constexpr std::string_view kDate = "$date\n";
  const std::string header = read_some(file, 0, kHeader);
  const std::size_t date = header.find(kDate);
  if (date == std::string::npos) {
    return;
  }
  const std::size_t begin = date + kDate.size();
  const std::size_t end = std::min(header.find('\n', begin), header.size());
  file.seekp(static_cast<std::streamoff>(begin));
  file << std::string(end - begin, ' ') << std::flush;
}

/// Errors of the kernel's own writes go unseen, so its last words are looked for: our last comment,
/// and the time of the end.
bool is_whole(std::fstream& file) {
  constexpr std::streamoff kTail = 96;
  file.seekg(0, std::ios::end);
  const std::streamoff begin = std::max<std::streamoff>(0, file.tellg() - kTail);
  const std::string tail = read_some(file, begin, kTail);
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
  if (file_ == nullptr) {
    return;
  }
  // Where nothing was traced yet it would complain from a destructor, which ends the program.
  sc_core::sc_report_handler::set_actions(sc_core::SC_ID_TRACING_CLOSE_EMPTY_FILE_,
                                          sc_core::SC_DO_NOTHING);
  sc_core::sc_close_vcd_trace_file(file_);
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
