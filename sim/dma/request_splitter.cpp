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
  join_neighbours();
}

RequestSplitter::RequestSplitter(const LoadTile& load, Bytes limit)
    : limit_(limit.count()),
      far_address_(load.source.address),
      far_pitch_(load.pitch),
      buffer_address_(0),
      buffer_pitch_(load.run_bytes()),
      rows_(load.runs()),
      row_bytes_(load.run_bytes()) {
  SYSTOLE_CHECK(limit_ >= 1, "DMA requests of {} bytes", limit_);
  join_neighbours();
}

void RequestSplitter::join_neighbours() {
  if (far_pitch_ == row_bytes_ && buffer_pitch_ == row_bytes_) {
    row_bytes_ *= rows_;
    rows_ = 1;
  }
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
