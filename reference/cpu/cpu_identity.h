#pragma once

#include <string>

namespace systole::cpu {

/// The processor as it names itself; zeros and `unknown` where it does not (other architectures).
struct CpuIdentity {
  std::string vendor;  ///< `AuthenticAMD`
  int family = 0;      ///< base + extended, as manuals count
  int model = 0;       ///< base + 16 * extended
  std::string name;    ///< `AMD EPYC 9654 96-Core Processor`; in virtual machines often less
};
[[nodiscard]] CpuIdentity identify_cpu();

/// The instruction set that oneDNN makes kernels for here, in its own spelling:
/// `AVX512_CORE_BF16`. ONEDNN_MAX_CPU_ISA lowers it.
[[nodiscard]] std::string effective_isa();
/// `oneDNN 2.6.3`
[[nodiscard]] std::string library_version();
/// Processors that this process may run on.
[[nodiscard]] int available_threads();

}  // namespace systole::cpu
