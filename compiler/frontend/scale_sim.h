#pragma once

#include <string>
#include <string_view>

namespace systole {

/// A topology of SCALE-Sim (https://github.com/scalesim-project/scale-sim-v2, version 2) as the
/// text of a layer description (docs/workloads.md). Both forms, told apart by the header's columns:
///   Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter,
///   Strides Layer, M, N, K
/// A row is a layer of its own, with an input of its own: the file says nothing of how they are
/// connected. A GEMM of M x K times K x N is a 1 x 1 convolution of M pixels with K channels.
/// SCALE-Sim rounds the size of an output up, (H - R + stride) / stride, and so does the
/// description: where strides do not divide, it pads below and on the right. Throws WorkloadError
/// with line and column.
[[nodiscard]] std::string scale_sim_description(std::string_view text, const std::string& file);

/// The text of such a file. Throws WorkloadError.
[[nodiscard]] std::string topology_text(const std::string& file);

/// True of files that are read so: their names end in .csv.
[[nodiscard]] bool is_scale_sim_file(const std::string& file);

}  // namespace systole
