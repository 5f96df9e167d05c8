#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arch/diag/error.h"
#include "arch/diag/printable.h"
#include "study/provenance.h"

namespace systole {

/// Chips live in configs/chips of a data directory, networks in its workloads, DRAM standards in
/// configs/dram, DRAM controllers in configs/dram_controllers, CPUs, GPUs and edge modules in
/// configs/devices, their families in configs/device_families, sites in configs/sites,
/// studies in configs/studies.
enum class EntryKind : std::uint8_t {
  Chip,
  Network,
  Dram,
  DramController,
  Device,
  Family,
  FpgaPart,
  Site,
  Study
};

struct Entry {
  std::string name;  ///< file name without .yaml
  std::string file;
};

/// Names the program whose installed data are used, where this process is another's.
void use_program(const std::string& file);

/// Directories with configs/ and workloads/ below, in the order in which names are looked up:
/// $SYSTOLE_DATA, the current directory, the source tree that the program was built from, and
/// ../share/systole beside the directory of the program. Those that do not exist are left out.
[[nodiscard]] std::vector<std::string> data_directories();

/// Everything that ships, by name; of several files of one name the first directory's.
[[nodiscard]] std::vector<Entry> entries(EntryKind kind);

/// The file that a name on the command line means: the file itself where one of that name exists,
/// else NAME.yaml in the data directories (of DRAM standards DDR4-2400 is ddr4_2400). Throws
/// UserError: `systole: no chip 'tpuv1': neither a file nor a known name (did you mean 'tpu_v1'?);
/// see 'systole list'`.
[[nodiscard]] std::string find_entry(EntryKind kind, const std::string& name);

/// The entry of that very name, or an empty file.
[[nodiscard]] std::string file_of_entry(EntryKind kind, const std::string& name);

/// Runs `read`, which reads `file` as one of `kind`. Where that fails and the file is plainly of
/// another kind, throws UserError `FILE: expected a chip, got a network` instead.
template <class Read>
auto read_as(EntryKind kind, const std::string& file, Read read);

/// `a network` where the keys of `file` say so, in the words of messages; else, and for a file of
/// `kind`, empty.
[[nodiscard]] std::string other_kind(EntryKind kind, const std::string& file);

/// `a chip`.
[[nodiscard]] std::string with_article(EntryKind kind);

/// Where `file`, found under `name`, comes from: whether it ships, and whether the user's own
/// stands before one that ships under that name.
[[nodiscard]] SourceFile source_of(EntryKind kind, const std::string& name,
                                   const std::string& file);

/// configs/dram of every data directory.
[[nodiscard]] std::vector<std::string> dram_directories();

template <class Read>
auto read_as(EntryKind kind, const std::string& file, Read read) {
  try {
    return read();
  } catch (const UserError&) {
    if (const std::string other = other_kind(kind, file); !other.empty()) {
      throw UserError(printable_path(file) + ": expected " + with_article(kind) + ", got " + other);
    }
    throw;
  }
}

}  // namespace systole
