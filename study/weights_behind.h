#pragma once

#include <cstdint>

#include "arch/chip_spec.h"
#include "compiler/graph/graph.h"

namespace systole {

/// Work that has to be done before weights can come: a lower bound of a run's time that adds up the
/// array's work and the DRAM's where neither can hide the other.
///
/// Of any tensor there is an element that is ready last, over all images. Then all products that
/// lead to the tensor are done (those of layers whose every result is read); and all weights that
/// the element leads to still have to meet numbers that depend on it. Those that are not on the
/// chip come over the DRAM from then on, however often they came before. So for each tensor
///   array steps of what leads to it / units, the pipeline, what comes behind over the DRAM,
/// and behind the last weight the pipeline again. On the chip are at most the tiles of all FIFOs
/// and arrays, and the unified buffer where tiles may come from there.
///
/// An element of one channel at the least influential place of the tensor counts: under kernels
/// that slide, of as many of their elements as meet what it reached so far at the worst place of
/// the image. What other operators than convolutions, dense layers, additions, pools,
/// concatenations, softmax and views read is not followed.
///
/// A dense layer over an image (behind a view that makes it one vector) reads each element of it
/// with weights of its own. So its weights may come with the image, place by place, but not before
/// it: when the last image has its j-th place, all images have as many, and all weights but
/// those of j - 1 places come from then on. Places are cheapest side by side: of a set of them with
/// h_c in column c of the image, what leads there has in each column at least as many rows as h_c
/// places of one column need, so its size is at least the sum over t of (rows that t places need -
/// rows that t - 1 need) x columns that the columns with h_c >= t need. The cheapest partition of j
/// counts, and the j that is worst.
///
/// Without the pipeline's length; zero where it is not above `known`.
[[nodiscard]] CoreCycles weights_behind_bound(const ChipSpec& chip, const Graph& graph,
                                              CoreCycles known = CoreCycles(0));

}  // namespace systole
