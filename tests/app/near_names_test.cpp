#include "app/near_names.h"

#include <gmock/gmock.h>

namespace systole {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(NearNames, AreATypingMistakeAway) {
  EXPECT_THAT(near_names("resnet5", {"alexnet", "mlp0", "resnet50"}), ElementsAre("resnet50"));
  EXPECT_THAT(near_names("tpu1", {"edge", "tpu_v1"}), ElementsAre("tpu_v1"));
}

TEST(NearNames, ComeNearestFirst) {
  EXPECT_THAT(near_names("tpu_v2", {"tpu_v1", "tpu_v22", "tpu_v2i", "tpu_v2"}),
              ElementsAre("tpu_v2", "tpu_v1", "tpu_v22"));
}

TEST(NearNames, IncludeNamesThatBeginAlike) {
  EXPECT_THAT(near_names("res", {"alexnet", "resnet50"}), ElementsAre("resnet50"));
}

TEST(NearNames, LeaveOutWhatIsFar) {
  EXPECT_THAT(near_names("transformer", {"alexnet", "mlp0", "resnet50"}), IsEmpty());
  EXPECT_THAT(near_names("", {"alexnet"}), IsEmpty());
}

}  // namespace
}  // namespace systole
