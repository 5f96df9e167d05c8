#include "sim/dma/request_splitter.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "tests/sim/support/program_builder.h"

namespace systole::testing {
namespace {

std::vector<DmaRequest> all(RequestSplitter splitter) {
  std::vector<DmaRequest> requests;
  while (const auto request = splitter.next()) {
    requests.push_back(*request);
  }
  return requests;
}

TEST(RequestSplitter, CutsAtTheLimit) {
  EXPECT_THAT(all({transfer_of(true, 100, 200, 33), Bytes(16)}),
              ::testing::ElementsAre(DmaRequest{100, 200, 16}, DmaRequest{116, 216, 16},
                                     DmaRequest{132, 232, 1}));
}

TEST(RequestSplitter, LeavesExactlyTheLimitWhole) {
  EXPECT_THAT(all({transfer_of(true, 0, 0, 16), Bytes(16)}),
              ::testing::ElementsAre(DmaRequest{0, 0, 16}));
}

TEST(RequestSplitter, SendsEachRowOfAStridedDescriptorByItself) {
  Transfer transfer = transfer_of(true, 0, 100, 10);
  transfer.rows = 2;
  transfer.far_pitch = 64;
  transfer.buffer_pitch = 10;
  EXPECT_THAT(all({transfer, Bytes(8)}),
              ::testing::ElementsAre(DmaRequest{0, 100, 8}, DmaRequest{8, 108, 2},
                                     DmaRequest{64, 110, 8}, DmaRequest{72, 118, 2}));
}

TEST(RequestSplitter, JoinsRowsThatAreNeighboursOnBothSides) {
  Transfer transfer = transfer_of(true, 0, 100, 10);
  transfer.rows = 2;
  EXPECT_THAT(all({transfer, Bytes(16)}),
              ::testing::ElementsAre(DmaRequest{0, 100, 16}, DmaRequest{16, 116, 4}));
}

TEST(RequestSplitter, TakesATileAsOneRow) {
  LoadTile load = load_of(5, 3, 1000);
  load.type = DataType::Int16;
  RequestSplitter splitter(load, Bytes(16));
  EXPECT_EQ(splitter.total_bytes(), 30);
  EXPECT_THAT(all(splitter),
              ::testing::ElementsAre(DmaRequest{1000, 0, 16}, DmaRequest{1016, 16, 14}));
}

TEST(RequestSplitter, NeedsAPositiveLimit) {
  EXPECT_THROW(RequestSplitter(load_of(1, 1), Bytes(0)), InternalError);
}

}  // namespace
}  // namespace systole::testing
