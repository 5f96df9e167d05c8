#include "sim/dma/request_splitter.h"

#include <algorithm>

#include "arch/diag/check.h"

namespace systole {

RequestSplitter::RequestSplitter(const Transfer& transfer, Bytes limit)
    : limit_(limit.count()),
      far_address_(transfer.far.address),
      far_pitch_(transfer.far_pitch),
      buffer_address_(transfer.buffer.address),
      buffer_pitch_(transfer.buffer_pitch),
      rows_(transfer.rows),
      row_bytes_(transfer.row_bytes) {
  SYSTOLE_CHECK(limit_ >= 1, "DMA requests of {} bytes", limit_);
  if (far_pitch_ == row_bytes_ && buffer_pitch_ == row_bytes_) {
    row_bytes_ *= rows_;
    rows_ = 1;
  }
}

RequestSplitter::RequestSplitter(const LoadWeights& load, Bytes limit)
    : limit_(limit.count()),
      far_address_(load.dram_address),
      far_pitch_(0),
      buffer_address_(0),
      buffer_pitch_(0),
      rows_(1),
      row_bytes_(bytes_of(load.type, load.rows * load.cols)) {
  SYSTOLE_CHECK(limit_ >= 1, "DMA requests of {} bytes", limit_);
}

std::optional<DmaRequest> RequestSplitter::next() {
  if (is_done()) {
    return std::nullopt;
  }
  const DmaRequest request{.far_address = far_address_ + row_ * far_pitch_ + offset_,
                           .buffer_address = buffer_address_ + row_ * buffer_pitch_ + offset_,
                           .bytes = std::min(limit_, row_bytes_ - offset_)};
  offset_ += request.bytes;
  if (offset_ == row_bytes_) {
    offset_ = 0;
    ++row_;
  }
  return request;
}

}  // namespace systole
