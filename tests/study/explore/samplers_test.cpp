#include "study/explore/samplers.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "study/explore/search.h"

namespace systole {
namespace {

using testing::ElementsAre;

/// Axes `a`, `b`, ... with the values 0, 1, 2, ...
DesignSpace space_of(const std::vector<int>& sizes) {
  DesignSpace space;
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
    DesignAxis made{
        .name = std::string(1, static_cast<char>('a' + axis)), .values = {}, .where = {}};
    for (int value = 0; value < sizes[axis]; ++value) {
      const std::string text = fmt::format("{}", value);
      made.values.push_back({text, {{{made.name, text, {}}, static_cast<double>(value)}}});
    }
    space.axes.push_back(std::move(made));
  }
  return space;
}

/// `a + b OPERATOR ...` over the first two axes.
void add_condition(DesignSpace& space, const std::string& text) {
  SpaceFormula condition{.formula = Formula(text), .sources = {}, .where = {}};
  for (const std::string& name : condition.formula.names()) {
    condition.sources.push_back({.kind = NumberSource::Kind::DesignAxis,
                                 .index = static_cast<std::size_t>(name.front() - 'a')});
  }
  space.conditions.push_back(std::move(condition));
}

TEST(DesignSpace, NumbersPointsWithTheLastAxisFastest) {
  const DesignSpace space = space_of({3, 2, 4});
  EXPECT_EQ(space.size(), 24);
  EXPECT_THAT(space.choices_of(13), ElementsAre(1, 1, 1));  // 13 = (1 * 2 + 1) * 4 + 1
  for (PointId point = 0; point < space.size(); ++point) {
    EXPECT_EQ(space.id_of(space.choices_of(point)), point);
  }
}

TEST(DesignSpace, DerivesValuesAndWritesThemWithTheirUnit) {
  DesignSpace space = space_of({4});
  SpaceFormula formula{.formula = Formula("(a + 1) * 512 KiB"),
                       .sources = {{.kind = NumberSource::Kind::DesignAxis, .index = 0}},
                       .where = {}};
  space.derived.push_back({"size", "MiB", std::move(formula)});
  const std::vector<ConfigOverride> settings = space.settings_of(2);
  ASSERT_EQ(settings.size(), 2);
  EXPECT_EQ(settings[0].text, "2");
  EXPECT_EQ(settings[1].path, "size");
  EXPECT_EQ(settings[1].text, "1.5 MiB");
}

TEST(Sampler, GridIsEveryPointThatConditionsAllow) {
  DesignSpace space = space_of({3, 3});
  add_condition(space, "a + b <= 2");
  EXPECT_THAT(sample(space, {.kind = SamplerKind::Grid}), ElementsAre(0, 1, 2, 3, 4, 6));
  EXPECT_THAT(sample(space, {.kind = SamplerKind::Grid, .points = 2}), ElementsAre(0, 1));
  EXPECT_EQ(space.broken_condition(8), "a + b <= 2");
}

TEST(Sampler, RandomPointsAreDifferentAllowedAndTheSameForASeed) {
  DesignSpace space = space_of({10, 10, 10});
  add_condition(space, "a != b");
  const SamplerSpec sampler{.kind = SamplerKind::Random, .points = 200, .seed = 7};
  const std::vector<PointId> points = sample(space, sampler);
  EXPECT_EQ(points.size(), 200);
  EXPECT_EQ(std::set<PointId>(points.begin(), points.end()).size(), 200);
  for (const PointId point : points) {
    EXPECT_EQ(space.broken_condition(point), "");
  }
  EXPECT_EQ(sample(space, sampler), points);
  EXPECT_NE(sample(space, {.kind = SamplerKind::Random, .points = 200, .seed = 8}), points);
  // All that there are, where more are asked for.
  EXPECT_EQ(sample(space, {.kind = SamplerKind::Random, .points = 2000}).size(), 900);
}

TEST(Sampler, LatinHypercubeUsesEachValueEquallyOften) {
  const DesignSpace space = space_of({5, 10, 20});
  const std::vector<PointId> points =
      sample(space, {.kind = SamplerKind::LatinHypercube, .points = 20, .seed = 3});
  ASSERT_EQ(points.size(), 20);
  std::vector<std::vector<int>> uses{std::vector<int>(5), std::vector<int>(10),
                                     std::vector<int>(20)};
  for (const PointId point : points) {
    const std::vector<std::size_t> choices = space.choices_of(point);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      ++uses[axis][choices[axis]];
    }
  }
  EXPECT_THAT(uses[0], testing::Each(4));
  EXPECT_THAT(uses[1], testing::Each(2));
  EXPECT_THAT(uses[2], testing::Each(1));
}

/// Two objectives over 40 x 40 whose front is known: b = 0 and any a.
StudySpec search_study(SamplerKind kind, std::int64_t points) {
  StudySpec study;
  study.space = space_of({40, 40});
  study.objectives.resize(2);
  study.sampler = {.kind = kind, .points = points, .population = 24, .seed = 5};
  return study;
}

std::vector<Objectives> hills(const DesignSpace& space, const std::vector<PointId>& points) {
  std::vector<Objectives> objectives;
  for (const PointId point : points) {
    const std::vector<std::size_t> choices = space.choices_of(point);
    const auto a = static_cast<double>(choices[0]);
    const auto b = static_cast<double>(choices[1]);
    objectives.push_back({a + 2 * b, 40 - a + b * b});
  }
  return objectives;
}

class Search : public testing::TestWithParam<SamplerKind> {};

TEST_P(Search, AsksForEachPointOnceWithinItsBudgetAndFindsTheFront) {
  StudySpec study = search_study(GetParam(), 400);
  add_condition(study.space, "a != 7");
  std::vector<PointId> asked;
  const PointsToObjectives evaluate = [&](const std::vector<PointId>& points) {
    asked.insert(asked.end(), points.begin(), points.end());
    return hills(study.space, points);
  };
  const std::vector<PointId> found = search(study, evaluate);
  EXPECT_EQ(found, asked);
  EXPECT_LE(asked.size(), 400);
  EXPECT_EQ(std::set<PointId>(asked.begin(), asked.end()).size(), asked.size());
  for (const PointId point : asked) {
    EXPECT_EQ(study.space.broken_condition(point), "");
  }
  const Objectives reference{120, 1600};
  const double whole =
      hypervolume(hills(study.space, sample(study.space, {.kind = SamplerKind::Grid})), reference);
  EXPECT_GE(hypervolume(hills(study.space, asked), reference), 0.95 * whole);

  const std::vector<PointId> first = asked;
  asked.clear();
  EXPECT_EQ(search(study, evaluate), first) << "the same for the same seed";
}

INSTANTIATE_TEST_SUITE_P(Algorithms, Search, testing::Values(SamplerKind::Nsga2, SamplerKind::Maco),
                         [](const auto& of) { return std::string(name_of(of.param)); });

}  // namespace
}  // namespace systole
