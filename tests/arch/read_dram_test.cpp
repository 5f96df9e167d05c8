#include "arch/read_dram.h"

#include <gmock/gmock.h>

#include "tests/arch/chip_files.h"
#include "tests/arch/message_of.h"

namespace systole {
namespace {

using testing::ElementsAre;

DramStandard standard_of_the_text() {
  const ChipFiles files;
  return read_dram_standard(files.write_dram(kDramText)).standard;
}

TEST(ReadDram, FillsNameAndOrganization) {
  const DramStandard standard = standard_of_the_text();
  EXPECT_EQ(standard.name, "small");
  EXPECT_EQ(standard.organization.bus_bits, 32);
  EXPECT_EQ(standard.organization.burst_length, 8);
  EXPECT_EQ(standard.organization.ranks, 2);
  EXPECT_EQ(standard.organization.bank_groups, 4);
  EXPECT_EQ(standard.organization.banks_per_group, 16);
  EXPECT_EQ(standard.organization.rows, 1024);
  EXPECT_EQ(standard.organization.bursts_per_row, 64);
}

TEST(ReadDram, FillsTimingsOfRowsAndData) {
  const DramStandard standard = standard_of_the_text();
  EXPECT_EQ(standard.timing.tCK, Femtoseconds(937'500));
  EXPECT_EQ(standard.timing.nBL, DramCycles(4));
  EXPECT_EQ(standard.timing.nCL, DramCycles(11));
  EXPECT_EQ(standard.timing.nCWL, DramCycles(9));
  EXPECT_EQ(standard.timing.nRCD, DramCycles(12));
  EXPECT_EQ(standard.timing.nRP, DramCycles(13));
  EXPECT_EQ(standard.timing.nRAS, DramCycles(30));
  EXPECT_EQ(standard.timing.nRC, DramCycles(43));
}

TEST(ReadDram, FillsTimingsBetweenCommands) {
  const DramStandard standard = standard_of_the_text();
  EXPECT_EQ(standard.timing.nRRD_S, DramCycles(5));
  EXPECT_EQ(standard.timing.nRRD_L, DramCycles(6));
  EXPECT_EQ(standard.timing.nFAW, DramCycles(24));
  EXPECT_EQ(standard.timing.nCCD_S, DramCycles(4));
  EXPECT_EQ(standard.timing.nCCD_L, DramCycles(7));
  EXPECT_EQ(standard.timing.nWTR_S, DramCycles(3));
  EXPECT_EQ(standard.timing.nWTR_L, DramCycles(8));
  EXPECT_EQ(standard.timing.nWR, DramCycles(14));
  EXPECT_EQ(standard.timing.nRTP, DramCycles(10));
  EXPECT_EQ(standard.timing.nRTW, DramCycles(15));
  EXPECT_EQ(standard.timing.nREFI, DramCycles(6240));
  EXPECT_EQ(standard.timing.nRFC, DramCycles(208));
}

TEST(ReadDram, WhatAStandardDoesNotHaveIsLeftOut) {
  const DramStandard standard = standard_of_the_text();
  EXPECT_EQ(standard.channels, 1);
  EXPECT_EQ(standard.organization.pseudo_channels, 1);
  EXPECT_EQ(standard.organization.devices_per_rank(), 1);
  EXPECT_EQ(standard.timing.nRCDWR, standard.timing.nRCD);
  EXPECT_EQ(standard.timing.nRTRS, DramCycles(2));
  for (const DramCycles absent :
       {standard.timing.nPPD, standard.timing.n32AW, standard.timing.nRFCpb}) {
    EXPECT_EQ(absent, DramCycles(0));
  }
  EXPECT_FALSE(standard.bus.split);
  EXPECT_EQ(standard.bus.activate, DramCycles(1));
  EXPECT_FALSE(standard.power.has_value());
}

constexpr std::string_view kBusText = R"(
command_bus:
  split: true
  activate: 2 cycles
  precharge: 3 cycles
  column: 4 cycles
  refresh: 5 cycles
)";
constexpr std::string_view kPowerText = R"(
power:
  VDD: 1.35 V
  IDD0: 55 mA
  IDD2P: 1 mA
  IDD2N: 2 mA
  IDD3P: 3 mA
  IDD3N: 4.5 mA
  IDD4W: 5 mA
  IDD4R: 6 mA
  IDD5AB: 7 mA
  IDD5PB: 8 mA
  io_read: 0.8 pJ
  io_write: 900 fJ
)";

TEST(ReadDram, FillsCommandBusAndPower) {
  const ChipFiles files;
  const DramStandard standard =
      read_dram_standard(files.write_dram(std::string(kDramText) + std::string(kBusText) +
                                          std::string(kPowerText)))
          .standard;
  EXPECT_TRUE(standard.bus.split);
  EXPECT_EQ(standard.bus.activate, DramCycles(2));
  EXPECT_EQ(standard.bus.precharge, DramCycles(3));
  EXPECT_EQ(standard.bus.column, DramCycles(4));
  EXPECT_EQ(standard.bus.refresh, DramCycles(5));
  ASSERT_TRUE(standard.power.has_value());
  EXPECT_EQ(standard.power->VDD, Microvolts(1'350'000));
  EXPECT_EQ(standard.power->IDD0, Microamperes(55'000));
  EXPECT_EQ(standard.power->IDD3N, Microamperes(4'500));
  EXPECT_EQ(standard.power->IDD5PB, Microamperes(8'000));
  EXPECT_EQ(standard.power->io_read, Femtojoules(800));
  EXPECT_EQ(standard.power->io_write, Femtojoules(900));
}

TEST(ReadDram, CurrentsTakeUnitsOfCurrent) {
  const ChipFiles files;
  const std::string file =
      files.write_dram(std::string(kDramText) + replaced(kPowerText, "IDD2P: 1 mA", "IDD2P: 1 mW"));
  EXPECT_THAT(message_of([&] { (void)read_dram_standard(file); }),
              testing::EndsWith("power.IDD2P: expected a current of at most 100 A as a number, a "
                                "space and uA, mA or A, got '1 mW'"));
}

TEST(ReadDram, FactsLeaveOutNameAndDescription) {
  const ChipFiles files;
  const std::vector<Fact> facts = read_dram_standard(files.write_dram(kDramText)).facts;
  ASSERT_EQ(facts.size(), 7U + 20U);
  EXPECT_EQ(facts.front().path, "organization.bus_bits");
  EXPECT_EQ(facts.front().value, "32");
  EXPECT_EQ(facts.back().path, "timing.nRFC");
  EXPECT_EQ(facts.back().source, "A data sheet");
  EXPECT_EQ(facts.back().status, FactStatus::Found);
}

TEST(ReadDram, RefreshMayBeOff) {
  const ChipFiles files;
  const std::string file =
      files.write_dram(replaced(kDramText, "nREFI: 6240 cycles", "nREFI: 0 cycles"));
  EXPECT_EQ(read_dram_standard(file).standard.timing.nREFI, DramCycles(0));
}

struct Mistake {
  const char* name;
  const char* from;
  const char* to;
  const char* message;  ///< after the file's name
};

class DramMistake : public testing::TestWithParam<Mistake> {};

TEST_P(DramMistake, IsOneExactLine) {
  const Mistake& mistake = GetParam();
  const ChipFiles files;
  const std::string file = files.write_dram(replaced(kDramText, mistake.from, mistake.to));
  EXPECT_EQ(message_of([&] { (void)read_dram_standard(file); }), file + mistake.message);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, DramMistake,
    testing::Values(
        Mistake{"NameOfAnotherFile", "name: small", "name: large",
                ":1:7: name: expected small, as the file is named, got 'large'"},
        Mistake{"NotAPowerOfTwo", "rows: 1024", "rows: 1000",
                ":9:9: organization.rows: expected a power of two, got '1000'"},
        Mistake{"OutOfRange", "ranks: 2", "ranks: 16",
                ":6:10: organization.ranks: expected an integer in 1..8, got '16'"},
        Mistake{
            "UnknownKey", "ranks: 2", "ranks: 2\n  channels: 1",
            ":7:3: organization.channels: expected one of bus_bits, pseudo_channels, device_bits, "
            "burst_length, ranks, bank_groups, banks_per_group, rows, bursts_per_row, got "
            "'channels'"},
        Mistake{
            "UnknownTiming", "nRTP: 10 cycles", "nRTP: 10 cycles\n  nAL: 1 cycle",
            ":29:3: timing.nAL: expected one of nRCD, tCK, nBL, nCL, nCWL, nRCDWR, nRP, "
            "nRAS, nRC, nRRD_S, nRRD_L, nFAW, n32AW, nCCD_S, nCCD_L, nWTR_S, nWTR_L, nWR, nRTP, "
            "nRTW, nRTRS, nPPD, nREFI, nRFC, nRFCpb, nPBR2PBR, nCKE, nXP, got 'nAL' (did you mean "
            "'nBL'?)"},
        Mistake{"ClockTooFast", "tCK: 937.5 ps", "tCK: 49.9 ps",
                ":12:8: timing.tCK: expected a time in 50 ps..100 ns, got '49.9 ps'"},
        Mistake{"TimeForCycles", "nCL: 11 cycles", "nCL: 13.75 ns",
                ":14:8: timing.nCL: expected a number of cycles in 1 cycle..1000000 cycles as a "
                "number, a space and cycles or cycle, got '13.75 ns'"},
        Mistake{"TooManyBanks", "ranks: 2", "ranks: 8\n  pseudo_channels: 2",
                ":4:3: organization: expected at most 512 banks a channel, got 1024"},
        Mistake{"BurstDoesNotDivide", "nBL: 4 cycles", "nBL: 3 cycles",
                ":13:8: timing.nBL: expected a divisor of organization.burst_length (8, line 5), "
                "got '3 cycles'"},
        Mistake{"ActiveShorterThanToRead", "nRAS: 30 cycles", "nRAS: 11 cycles",
                ":18:9: timing.nRAS: expected at least nRCD (12 cycles), got '11 cycles'"},
        Mistake{"RowCycle", "nRC: 43 cycles", "nRC: 42 cycles",
                ":19:8: timing.nRC: expected at least nRAS + nRP (43 cycles), got '42 cycles'"},
        Mistake{"ActivatesOfOneGroup", "nRRD_L: 6 cycles", "nRRD_L: 4 cycles",
                ":21:11: timing.nRRD_L: expected at least nRRD_S (5 cycles), got '4 cycles'"},
        Mistake{"FourActivates", "nFAW: 24 cycles", "nFAW: 4 cycles",
                ":22:9: timing.nFAW: expected at least nRRD_S (5 cycles), got '4 cycles'"},
        Mistake{"BurstsOverlap", "nCCD_S: 4 cycles", "nCCD_S: 3 cycles",
                ":23:11: timing.nCCD_S: expected at least nBL (4 cycles), got '3 cycles'"},
        Mistake{"ColumnsOfOneGroup", "nCCD_L: 7 cycles", "nCCD_L: 3 cycles",
                ":24:11: timing.nCCD_L: expected at least nCCD_S (4 cycles), got '3 cycles'"},
        Mistake{"WriteToReadOfOneGroup", "nWTR_L: 8 cycles", "nWTR_L: 1 cycle",
                ":26:11: timing.nWTR_L: expected at least nWTR_S (3 cycles), got '1 cycle'"},
        Mistake{"RefreshNeverEnds", "nREFI: 6240 cycles", "nREFI: 263 cycles",
                ":30:10: timing.nREFI: expected at least nRFC + nRP + nRC (264 cycles), "
                "got '263 cycles'"},
        Mistake{"ReadAndWriteOverlap", "nRTW: 15 cycles", "nRTW: 5 cycles",
                ":29:9: timing.nRTW: expected at least nCL + nBL - nCWL (6 cycles), got '5 "
                "cycles'"},
        Mistake{"ThirtyTwoActivates", "nREFI: 6240", "n32AW: 23 cycles\n  nREFI: 6240",
                ":30:10: timing.n32AW: expected at least nFAW (24 cycles), got '23 cycles'"},
        Mistake{"BanksTakeTurnsTooSlowly", "nREFI: 6240", "nRFCpb: 9 cycles\n  nREFI: 264",
                ":31:10: timing.nREFI: expected at least nRFCpb for each bank of a rank (576 "
                "cycles), got '264 cycles'"},
        Mistake{"BanksRefreshTooSlowly", "nREFI: 6240",
                "nRFCpb: 98 cycles\n  nPBR2PBR: 98 cycles\n  nREFI: 6240",
                ":32:10: timing.nREFI: expected at least nPBR2PBR for each bank of a rank (6272 "
                "cycles), got '6240 cycles'"},
        Mistake{"BankLongerThanRank", "nREFI: 6240", "nRFCpb: 209 cycles\n  nREFI: 624000",
                ":32:9: timing.nRFC: expected at least nRFCpb (209 cycles), got '208 cycles'"},
        Mistake{"BanksFurtherApartThanLong", "nREFI: 6240",
                "nRFCpb: 50 cycles\n  nPBR2PBR: 51 cycles\n  nREFI: 6240",
                ":30:11: timing.nRFCpb: expected at least nPBR2PBR (51 cycles), got '50 cycles'"},
        Mistake{"BankGapWithoutBankRefresh", "nREFI: 6240", "nPBR2PBR: 5 cycles\n  nREFI: 6240",
                ":30:13: timing.nPBR2PBR: expected nRFCpb beside it, got nPBR2PBR alone"},
        Mistake{"PowerDownThatNeverEnds", "nREFI: 6240", "nCKE: 5 cycles\n  nREFI: 6240",
                ":30:9: timing.nCKE: expected nXP beside it, got nCKE alone"},
        Mistake{"ExitFromNoPowerDown", "nREFI: 6240", "nXP: 5 cycles\n  nREFI: 6240",
                ":30:8: timing.nXP: expected nCKE beside it, got nXP alone"},
        Mistake{"NoDescription", "description: A small memory", "",
                ":1:1: description: expected text, got nothing"}),
    [](const auto& test) { return std::string(test.param.name); });

class DramCurrents : public testing::TestWithParam<Mistake> {};

TEST_P(DramCurrents, ThatWouldMakeAnEnergyNegativeAreRefused) {
  const Mistake& mistake = GetParam();
  const ChipFiles files;
  const std::string file =
      files.write_dram(std::string(kDramText) + replaced(kPowerText, mistake.from, mistake.to));
  EXPECT_THAT(message_of([&] { (void)read_dram_standard(file); }),
              testing::EndsWith(mistake.message));
}

INSTANTIATE_TEST_SUITE_P(
    Texts, DramCurrents,
    testing::Values(Mistake{"Activate", "IDD0: 55 mA", "IDD0: 55 uA",
                            "power.IDD0: expected at least IDD3N (4500 uA), got '55 uA'"},
                    Mistake{"Standby", "IDD2N: 2 mA", "IDD2N: 5 mA",
                            "power.IDD3N: expected at least IDD2N (5 mA), got '4500 uA'"},
                    Mistake{"PowerDown", "IDD2P: 1 mA", "IDD2P: 3 mA",
                            "power.IDD2N: expected at least IDD2P (3 mA), got '2 mA'"},
                    Mistake{"ActivePowerDown", "IDD3P: 3 mA", "IDD3P: 4.6 mA",
                            "power.IDD3N: expected at least IDD3P (4600 uA), got '4500 uA'"},
                    Mistake{"Read", "IDD4R: 6 mA", "IDD4R: 4 mA",
                            "power.IDD4R: expected at least IDD3N (4500 uA), got '4 mA'"},
                    Mistake{"Write", "IDD4W: 5 mA", "IDD4W: 4 mA",
                            "power.IDD4W: expected at least IDD3N (4500 uA), got '4 mA'"},
                    Mistake{"Refresh", "IDD5AB: 7 mA", "IDD5AB: 4 mA",
                            "power.IDD5AB: expected at least IDD3N (4500 uA), got '4 mA'"},
                    Mistake{"RefreshOfABank", "IDD5PB: 8 mA", "IDD5PB: 4 mA",
                            "power.IDD5PB: expected at least IDD3N (4500 uA), got '4 mA'"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(FindDramFile, TheFirstDirectoryWins) {
  const TemporaryDirectory directory;
  const std::string first = directory.write("one/a.yaml", "");
  directory.write("two/a.yaml", "");
  const std::string second = directory.write("two/b.yaml", "");
  const std::vector<std::string> directories{(directory.path() / "one").string(),
                                             (directory.path() / "two").string()};
  EXPECT_EQ(find_dram_file("a", directories), first);
  EXPECT_EQ(find_dram_file("b", directories), second);
  EXPECT_EQ(find_dram_file("c", directories), "");
  EXPECT_EQ(find_dram_file("../two/b", directories), "");  // a name is no path
  EXPECT_EQ(find_dram_file("", directories), "");
  EXPECT_THAT(dram_names(directories), ElementsAre("a", "b"));
}

TEST(FindDramFile, MissingDirectoriesAreEmpty) {
  EXPECT_EQ(find_dram_file("a", {"/nowhere/at/all"}), "");
  EXPECT_THAT(dram_names({"/nowhere/at/all"}), ElementsAre());
}

}  // namespace
}  // namespace systole
