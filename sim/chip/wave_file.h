#pragma once

#include <string>
#include <systemc>

namespace systole {

/// A waveform (VCD, IEEE 1364-2005 clause 18) of a simulation, written by the SystemC kernel while
/// it runs: between construction, before the simulation starts, and `finish`. docs/timeline.md says
/// what each variable means. Times are multiples of the kernel's resolution, 1 fs, so that edges of
/// any clock are exact; variables of a core change at edges of the core clock only.
/// The kernel's date is blanked out, so that equal runs give equal files. Comments say how states
/// are encoded and, before the last time, `end of run`: without it the file is not whole.
class WaveFile {
 public:
  /// Overwrites `file`, which ends in `.vcd`. Throws WaveformError when it cannot.
  explicit WaveFile(const std::string& file);
  ~WaveFile();
  WaveFile(const WaveFile&) = delete;
  WaveFile& operator=(const WaveFile&) = delete;

  /// For sc_object::trace.
  [[nodiscard]] sc_core::sc_trace_file* kernel_file() { return file_; }
  /// After the simulation, in which nothing more happens: time goes on by `tail`, because the
  /// kernel writes the changes of a moment when it leaves it. Throws WaveformError when not
  /// everything could be written.
  void finish(const sc_core::sc_time& tail);

 private:
  std::string name_;
  sc_core::sc_trace_file* file_;
};

}  // namespace systole
