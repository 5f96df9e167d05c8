#pragma once

#include <set>
#include <string>
#include <vector>

#include "app/command_line.h"
#include "compiler/graph/file_order.h"
#include "compiler/graph/graph.h"
#include "reference/run_tensor.h"

namespace systole {

/// Which tensors a request saves. Throws UserError `systole: --tensors: expected ..., got ...` for
/// a name that the network does not have.
[[nodiscard]] std::set<std::string> saved_tensors(const TensorsRequest& request,
                                                  const Graph& graph);

/// The files that saving `names` writes.
[[nodiscard]] std::vector<std::string> tensor_files(const std::string& directory,
                                                    const std::set<std::string>& names);

/// Throws UserError where saving `names` would fail or do harm, as far as that can be known before:
/// a directory that cannot be made or written to, two tensors that would share a file, a file that
/// this process has read. Makes nothing.
void check_tensor_files(const std::string& directory, const std::set<std::string>& names);

/// Of each tensor NAME.npy, elements as they are stored (int8; uint16 that are bf16 patterns), and
/// NAME.float32.npy, the real numbers that they stand for. Shape (images, rows, columns, channels),
/// or (images, channels) of a vector, or an order of their own. Slashes in NAME are dots. Makes the
/// directory; each file is written whole or not at all.
void save_tensors(const std::string& directory, const std::vector<RunTensor>& tensors,
                  const FileOrders& orders);

}  // namespace systole
