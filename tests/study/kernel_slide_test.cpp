#include "study/kernel_slide.h"

#include <gtest/gtest.h>

namespace systole {
namespace {

/// Of every output, element by element.
std::int64_t counted(const KernelSlide& slide, std::int64_t begin, std::int64_t end) {
  std::int64_t elements = 0;
  for (std::int64_t element = 0; element < slide.kernel; ++element) {
    bool meets = false;
    for (std::int64_t output = 0; output < slide.out; ++output) {
      const std::int64_t place = output * slide.stride - slide.pad + element * slide.dilation;
      meets = meets || (place >= begin && place < end);
    }
    elements += meets ? 1 : 0;
  }
  return elements;
}

class KernelSlides : public testing::TestWithParam<std::int64_t> {};

TEST_P(KernelSlides, MeetAStretchWithTheElementsThatComeToIt) {
  std::int64_t stretches = 0;
  KernelSlide slide{.in = GetParam()};
  for (slide.kernel = 1; slide.kernel <= 4; ++slide.kernel) {
    for (slide.stride = 1; slide.stride <= 4; ++slide.stride) {
      for (slide.dilation = 1; slide.dilation <= 3; ++slide.dilation) {
        for (slide.pad = 0; slide.pad <= 3; ++slide.pad) {
          const std::int64_t reach = (slide.kernel - 1) * slide.dilation + 1;
          if (slide.in + 2 * slide.pad < reach) {
            continue;
          }
          slide.out = (slide.in + 2 * slide.pad - reach) / slide.stride + 1;
          for (std::int64_t begin = 0; begin < slide.in; ++begin) {
            for (std::int64_t end = begin + 1; end <= slide.in; ++end) {
              ++stretches;
              ASSERT_EQ(slide.meeting(begin, end), counted(slide, begin, end))
                  << slide.kernel << " by " << slide.stride << ", dilation " << slide.dilation
                  << ", pad " << slide.pad << ": " << begin << ".." << end;
            }
          }
        }
      }
    }
  }
  EXPECT_GT(stretches, 100);
}

INSTANTIATE_TEST_SUITE_P(In, KernelSlides, testing::Values(2, 5, 9, 12));

/// A kernel of 3 that moves by 2 over 7 places, without padding: places 0 and 1 are met by one
/// element each, of one output.
TEST(KernelReach, IsThatOfTheLeastInfluentialStretch) {
  const KernelSlide slide{.in = 7, .out = 3, .kernel = 3, .stride = 2};
  EXPECT_EQ(reach_of(slide, 1).elements, 1);
  EXPECT_EQ(reach_of(slide, 1).outputs, 1);
  EXPECT_EQ(reach_of(slide, 7).elements, 3);
  EXPECT_EQ(reach_of(slide, 7).outputs, 3);
}

}  // namespace
}  // namespace systole
