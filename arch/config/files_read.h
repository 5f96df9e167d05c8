#pragma once

#include <string>

namespace systole {

/// Which files this process has read, so that whoever writes one can leave them alone, however a
/// chip, network or site came to name them. It is a record of the process, as its open files are: a
/// reader of files does not know who writes some later. Safe to use from several threads.

/// Whoever opens a file of the user's to read it says so; what is no regular file is not kept.
void note_file_read(const std::string& file);

/// The same of every file of a folder that the user named.
void note_folder_read(const std::string& folder);

/// True where `file` is one of those, under whatever name: links are followed.
[[nodiscard]] bool was_file_read(const std::string& file);

}  // namespace systole
