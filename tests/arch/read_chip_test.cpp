#include <gmock/gmock.h>

#include "arch/chip_spec.h"
#include "tests/arch/chip_files.h"
#include "tests/arch/message_of.h"

namespace systole {
namespace {

ChipSpec chip_of_the_text() {
  const ChipFiles files;
  (void)files.write_dram(kDramText);
  return read_chip(files.write_chip(kChipText));
}

TEST(ReadChip, RemembersItsFile) {
  const ChipFiles files;
  (void)files.write_dram(kDramText);
  const std::string file = files.write_chip(kChipText);
  EXPECT_EQ(read_chip(file).file, file);
}

TEST(ReadChip, FillsTheMatrixUnitAndItsNeighbours) {
  const ChipSpec chip = chip_of_the_text();
  EXPECT_EQ(chip.name, "chip");
  EXPECT_EQ(chip.description, "A chip of the tests");
  EXPECT_EQ(chip.frequency, Hertz(700'000'000));
  EXPECT_EQ(chip.matrix.rows, 16);
  EXPECT_EQ(chip.matrix.cols, 24);
  EXPECT_EQ(chip.matrix.dataflow, Dataflow::WeightStationary);
  EXPECT_EQ(chip.matrix.overlap, Overlap::Shadow);
  EXPECT_EQ(chip.matrix.model, ArrayModel::Tile);
  EXPECT_EQ(chip.matrix.pace(MacKind::Int8), CoreCycles(1));
  EXPECT_EQ(chip.matrix.pace(MacKind::Int8xInt16), CoreCycles(2));
  EXPECT_EQ(chip.matrix.pace(MacKind::Int16), CoreCycles(4));
  EXPECT_FALSE(chip.matrix.supports(MacKind::Bf16));
  EXPECT_EQ(chip.accumulators.entries, 512);
  EXPECT_EQ(chip.weight_fifo.tiles, 3);
  EXPECT_FALSE(chip.weight_fifo.whole_tiles);
}

TEST(ReadChip, TheTypesThatTheWayIntoTheArrayConvertsAreThoseWithAPace) {
  const ChipSpec chip = read_chip(SYSTOLE_SOURCE_DIR "/configs/chips/tpu_v5e.yaml");
  EXPECT_EQ(chip.weight_fifo.conversion_of(DataType::Int8), CoreCycles(1));
  EXPECT_TRUE(chip.weight_fifo.converts(DataType::Int4));
  EXPECT_FALSE(chip.weight_fifo.converts(DataType::Fp8E4M3));
  EXPECT_FALSE(chip_of_the_text().weight_fifo.converts(DataType::Int8));
}

TEST(ReadChip, FillsBufferAndVectorUnit) {
  const ChipSpec chip = chip_of_the_text();
  EXPECT_EQ(chip.buffer.capacity, Bytes(98304));
  EXPECT_EQ(chip.buffer.banks, 6);
  EXPECT_EQ(chip.buffer.ports, 5);
  EXPECT_EQ(chip.buffer.port_width, Bytes(64));
  EXPECT_EQ(chip.vector.lanes, 20);
  EXPECT_EQ(chip.vector.latency, CoreCycles(9));
  EXPECT_EQ(chip.vector.pace_of(VectorClass::Activation), CoreCycles(5));
  EXPECT_EQ(chip.vector.pace_of(VectorClass::Elementwise), CoreCycles(6));
  EXPECT_EQ(chip.vector.pace_of(VectorClass::Pooling), CoreCycles(7));
  EXPECT_EQ(chip.vector.pace_of(VectorClass::Softmax), CoreCycles(8));
}

TEST(ReadChip, FillsEverythingThatMovesData) {
  const ChipSpec chip = chip_of_the_text();
  EXPECT_EQ(chip.dma.request, Bytes(2048));
  EXPECT_EQ(chip.dma.outstanding, 10);
  EXPECT_EQ(chip.dma.issue, CoreCycles(11));
  EXPECT_EQ(chip.host.bandwidth, BytesPerSecond(std::int64_t{14} << 30));
  EXPECT_EQ(chip.sequencer.depth, 13);
  EXPECT_EQ(chip.sequencer.issue, CoreCycles(14));
}

TEST(ReadChip, FillsTheMemorySystem) {
  const ChipSpec chip = chip_of_the_text();
  EXPECT_EQ(chip.dram.standard.name, "small");
  EXPECT_EQ(chip.dram.standard.timing.nRFC, DramCycles(208));
  EXPECT_EQ(chip.dram.channels, 4);
  EXPECT_EQ(chip.dram.interleave, Bytes(128));
  EXPECT_EQ(chip.dram.capacity, Bytes(512 << 20));
}

TEST(ReadChip, HostLatencyIsRoundedUpToCyclesOfTheNominalClock) {
  const ChipFiles files;
  (void)files.write_dram(kDramText);
  const auto latency = [&](std::string_view text) {
    return read_chip(files.write_chip(replaced(kChipText, "latency: 1 us", text))).host.latency;
  };
  const std::vector<std::pair<std::string_view, std::int64_t>> cases{
      {"latency: 1 us", 700},  // 1 us x 700 MHz
      {"latency: 1.000001 us", 701},
      {"latency: 10 ns", 7},
      {"latency: 1 fs", 1},
      {"latency: 0 fs", 0},
      {"latency: 1000 ms", 700'000'000},
  };
  for (const auto& [text, cycles] : cases) {
    EXPECT_EQ(latency(text), CoreCycles(cycles)) << text;
  }
}

TEST(ReadChip, FactsAreTheChipsThenItsMemorys) {
  const ChipFiles files;
  (void)files.write_dram(kDramText);
  const std::vector<Fact> facts = read_chip(files.write_chip(kChipText)).facts;
  const std::size_t chip_figures = 1 + 8 + 3 + 1 + 4 + 6 + 3 + 4 + 2 + 2;
  const std::size_t dram_figures = 7 + 20;
  ASSERT_EQ(facts.size(), chip_figures + dram_figures);
  EXPECT_EQ(facts[0].path, "clock");
  EXPECT_EQ(facts[0].value, "700 MHz");
  EXPECT_EQ(facts[chip_figures - 1].path, "sequencer.issue");
  EXPECT_EQ(facts[chip_figures].path, "dram.small.organization.bus_bits");
  EXPECT_EQ(facts.back().path, "dram.small.timing.nRFC");
  EXPECT_EQ(facts.back().source, "A data sheet");
}

TEST(ReadChip, OtherDirectoriesAreSearchedAfterTheChipsOwn) {
  const TemporaryDirectory directory;
  const std::string chip = directory.write("mine/chip.yaml", kChipText);
  directory.write("shared/small.yaml", kDramText);
  EXPECT_EQ(message_of([&] { (void)read_chip(chip); }),
            chip +
                ":24:13: dram.standard: expected a DRAM standard (none is there) or a file of your "
                "own (FILE.yaml, from this file's folder), got 'small'; looked in " +
                (directory.path() / "dram").string());
  const std::string shared = (directory.path() / "shared").string();
  EXPECT_EQ(read_chip(chip, {shared}).dram.standard.timing.nCL, DramCycles(11));
  directory.write("dram/small.yaml", replaced(kDramText, "nCL: 11 cycles", "nCL: 16 cycles"));
  EXPECT_EQ(read_chip(chip, {shared}).dram.standard.timing.nCL, DramCycles(16));
}

TEST(ReadChip, StandardAndControllerMayBeFilesBesideTheChip) {
  const TemporaryDirectory directory;
  const std::string chip = directory.write(
      "mine/chip.yaml", replaced(kChipText, "standard: small",
                                 "standard: small.yaml\n  controller: ../policies/own.yaml"));
  EXPECT_EQ(message_of([&] { (void)read_chip(chip); }),
            chip +
                ":24:13: dram.standard: expected a DRAM standard, got 'small.yaml': there is no "
                "file '" +
                (directory.path() / "mine/small.yaml").string() + "'");
  directory.write("mine/small.yaml", kDramText);
  directory.write("policies/own.yaml",
                  "name: own\ndescription: 'd'\nread_entries: 5\nwrite_entries: 6\n"
                  "drain_above: 70\ndrain_below: 30\nstarvation_limit: 9 cycles\n"
                  "page_policy: open\nrefresh: all_bank\nrefresh_blocks: refreshed\n"
                  "postponed_refreshes: 1\nrank_turnaround: separate\n");
  const ChipSpec spec = read_chip(chip);
  EXPECT_EQ(spec.dram.standard.name, "small");
  EXPECT_EQ(spec.dram.controller.read_entries, 5);
}

TEST(ReadChip, AnUnknownStandardIsToldWithThoseThatAreKnownAndWhere) {
  const ChipFiles files;
  (void)files.write_dram(kDramText);
  const std::string chip =
      files.write_chip(replaced(kChipText, "standard: small", "standard: smal"));
  EXPECT_EQ(message_of([&] { (void)read_chip(chip); }),
            chip +
                ":24:13: dram.standard: expected a DRAM standard (small) or a file of your own "
                "(FILE.yaml, from this file's folder), got 'smal' (did you mean 'small'?); looked "
                "in " +
                (files.directory().path() / "dram").string());
}

TEST(ReadChip, ATerabyteOfMemoryIsWrittenAsOne) {
  const ChipFiles files;
  (void)files.write_dram(replaced(kDramText, "rows: 1024", "rows: 1048576"));
  const std::string chip =
      files.write_chip(replaced(kChipText, "capacity: 512 MiB", "capacity: 1 TiB"));
  EXPECT_EQ(read_chip(chip).dram.capacity, Bytes(std::int64_t{1} << 40));
}

TEST(ReadChip, MistakesOfTheStandardAreToldInItsFile) {
  const ChipFiles files;
  const std::string dram =
      files.write_dram(replaced(kDramText, "nRC: 43 cycles", "nRC: 42 cycles"));
  const std::string chip = files.write_chip(kChipText);
  EXPECT_EQ(message_of([&] { (void)read_chip(chip); }),
            dram + ":19:8: timing.nRC: expected at least nRAS + nRP (43 cycles), got '42 cycles'");
}

TEST(ReadChip, MissingFileIsAConfigError) {
  EXPECT_THROW((void)read_chip("/nowhere/chip.yaml"), ConfigError);
}

TEST(ReadChip, ControllerIsLookedUpBesideTheStandards) {
  const ChipFiles files;
  (void)files.write_dram(kDramText);
  const std::string chip = files.write_chip(
      replaced(kChipText, "standard: small", "standard: small\n  controller: patient"));
  const std::string policies =
      "name: patient\ndescription: 'd'\nread_entries: 5\nwrite_entries: 6\ndrain_above: 70\n"
      "drain_below: 30\nstarvation_limit: 9 cycles\npage_policy: open\nrefresh: per_bank\n"
      "refresh_blocks: refreshed\npostponed_refreshes: 1\nrank_turnaround: separate\n";
  const auto message = [&] { return message_of([&] { (void)read_chip(chip); }); };
  const std::string folder = (files.directory().path() / "dram_controllers").string();
  EXPECT_EQ(message(), chip +
                           ":25:15: dram.controller: expected a DRAM controller (none is there) "
                           "or a file of your own (FILE.yaml, from this file's folder), got "
                           "'patient'; looked in " +
                           folder);
  files.directory().write("dram_controllers/patient.yaml", policies);
  EXPECT_EQ(message(), chip +
                           ":25:15: dram.controller: expected a controller that does not refresh "
                           "per bank, which small cannot (it has no nRFCpb), got 'patient'");
  const std::string all_bank = replaced(policies, "per_bank", "all_bank");
  files.directory().write("dram_controllers/patient.yaml", all_bank + "power_down: 9 cycles\n");
  EXPECT_EQ(message(), chip +
                           ":25:15: dram.controller: expected a controller that does not power "
                           "ranks down, which small cannot (it has no nCKE and nXP), got "
                           "'patient'");
  files.directory().write("dram_controllers/patient.yaml", all_bank);
  EXPECT_EQ(read_chip(chip).dram.controller.read_entries, 5);
}

TEST(ReadChip, MappingIsLinearUnlessNamed) {
  const ChipFiles files;
  (void)files.write_dram(kDramText);
  EXPECT_EQ(read_chip(files.write_chip(kChipText)).dram.mapping, DramMapping::Linear);
  const std::string chip =
      files.write_chip(replaced(kChipText, "standard: small", "standard: small\n  mapping: bgi"));
  EXPECT_EQ(read_chip(chip).dram.mapping, DramMapping::BankGroupInterleaved);
}

struct Mistake {
  const char* name;
  const char* from;
  const char* to;
  const char* message;  ///< after the file's name
};

class ChipMistake : public testing::TestWithParam<Mistake> {};

TEST_P(ChipMistake, IsOneExactLine) {
  const Mistake& mistake = GetParam();
  const ChipFiles files;
  (void)files.write_dram(kDramText);
  const std::string file = files.write_chip(replaced(kChipText, mistake.from, mistake.to));
  EXPECT_EQ(message_of([&] { (void)read_chip(file); }), file + mistake.message);
}

std::string name_of_mistake(const testing::TestParamInfo<Mistake>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    Fields, ChipMistake,
    testing::Values(
        Mistake{"Name", "name: chip", "name: my chip",
                ":1:7: name: expected letters, digits, '_', '-' and '.' alone, got 'my chip'"},
        Mistake{"ClockTooSlow", "clock: 700 MHz", "clock: 1 kHz",
                ":3:8: clock: expected a frequency in 1 MHz..10 GHz, got '1 kHz'"},
        Mistake{"SectionMissing", "weight_fifo: {tiles: 3}", "",
                ":1:1: weight_fifo: expected a map, got nothing"},
        Mistake{"SectionMisspelt", "weight_fifo: {tiles: 3}", "weight_fifos: {tiles: 3}",
                ":1:1: weight_fifo: expected a map, got nothing (is 'weight_fifos' meant?)"},
        Mistake{"UnknownSection", "weight_fifo: {tiles: 3}", "weight_fifo: {tiles: 3}\nenergy: 1",
                ":13:1: energy: expected one of name, description, clock, cores, matrix_unit, "
                "accumulators, weight_fifo, unified_buffer, vector_unit, dma, dram, host_link, "
                "io, sequencer, technology, silicon, cost, fpga, got 'energy'"},
        Mistake{"Rows", "rows: 16", "rows: 0",
                ":5:9: matrix_unit.rows: expected an integer in 1..4096, got '0'"},
        Mistake{"Columns", "columns: 24", "columns: 4097",
                ":6:12: matrix_unit.columns: expected an integer in 1..4096, got '4097'"},
        Mistake{"UnknownMatrixKey", "rows: 16", "rows: 16\n  cols: 24",
                ":6:3: matrix_unit.cols: expected one of count, rows, columns, dataflow, overlap, "
                "model, "
                "pace, got 'cols'"},
        Mistake{"Dataflow", "weight_stationary", "weight_stationery",
                ":7:13: matrix_unit.dataflow: expected one of weight_stationary, "
                "input_stationary, output_stationary, got 'weight_stationery' "
                "(did you mean 'weight_stationary'?)"},
        Mistake{"PaceUnit", "int8xint8: 1 cycle", "int8xint8: 1",
                ":10:21: matrix_unit.pace.int8xint8: expected a number of cycles in 1 cycle..1024 "
                "cycles as a number, a space and cycles or cycle, got '1'"},
        Mistake{"PaceUnknown", "int8xint8: 1 cycle", "int8xint8: 1 cycle, int8xint4: 1 cycle",
                ":10:30: matrix_unit.pace.int8xint4: expected one of int8xint8, int8xint16, "
                "int16xint16, int4xint4, fp8xfp8, fp16xfp16, bf16xbf16, got 'int8xint4' (did you "
                "mean 'int8xint8'?)"},
        Mistake{"PaceEmpty", "{int8xint8: 1 cycle, int8xint16: 2 cycles, int16xint16: 4 cycles}",
                "{}",
                ":10:9: matrix_unit.pace: expected the pace of at least one kind of operands, got "
                "none"},
        Mistake{"Entries", "entries: 512", "entries: 0",
                ":11:25: accumulators.entries: expected an integer in 1..1048576, got '0'"},
        Mistake{"Tiles", "tiles: 3", "tiles: 1025",
                ":12:22: weight_fifo.tiles: expected an integer in 1..1024, got '1025'"},
        Mistake{"ConvertUnknown", "{tiles: 3}", "{tiles: 3, convert: {int16: 1 cycle}}",
                ":12:35: weight_fifo.convert.int16: expected one of int8, int4, fp8_e4m3, "
                "fp8_e5m2, got 'int16'"},
        Mistake{"ConvertEmpty", "{tiles: 3}", "{tiles: 3, convert: {}}",
                ":12:34: weight_fifo.convert: expected the pace of at least one type of elements, "
                "got none"},
        Mistake{"ConvertNothing", "{tiles: 3}", "{tiles: 3, convert: {int4: 0 cycles}}",
                ":12:41: weight_fifo.convert.int4: expected a number of cycles in 1 cycle..1024 "
                "cycles, got '0 cycles'"},
        Mistake{"BufferCapacity", "capacity: 96 KiB", "capacity: 2 GiB",
                ":14:13: unified_buffer.capacity: expected a size in 1 KiB..1 GiB, got '2 GiB'"},
        Mistake{"PortWidth", "port_width: 64 B", "port_width: 48 B",
                ":17:15: unified_buffer.port_width: expected a power of two, got '48 B'"},
        Mistake{"Lanes", "lanes: 20", "lanes: -1",
                ":19:10: vector_unit.lanes: expected an integer in 1..65536, got '-1'"},
        Mistake{"Latency", "latency: 9 cycles", "latency: 0 cycles",
                ":20:12: vector_unit.latency: expected a number of cycles in 1 cycle..4096 cycles, "
                "got '0 cycles'"},
        Mistake{"VectorPace", "pooling: 7 cycles, ", "",
                ":21:9: vector_unit.pace.pooling: expected a number of cycles in 1 cycle..1024 "
                "cycles, got nothing"},
        Mistake{"Outstanding", "outstanding: 10", "outstanding: many",
                ":22:36: dma.outstanding: expected an integer in 1..1024, got 'many'"},
        Mistake{"Channels", "channels: 4", "channels: 3",
                ":25:13: dram.channels: expected a power of two, got '3'"},
        Mistake{
            "Bandwidth", "bandwidth: 14 GiB/s", "bandwidth: 14 GiB",
            ":29:14: host_link.bandwidth: expected a bandwidth in 1 MB/s..1 TB/s as a number, a "
            "space and B/s, kB/s, MB/s, GB/s, TB/s, KiB/s, MiB/s, GiB/s or TiB/s, "
            "got '14 GiB'"},
        Mistake{"HostLatency", "latency: 1 us", "latency: 1001 ms",
                ":30:12: host_link.latency: expected a time of at most 1000 ms, got '1001 ms'"},
        Mistake{"Io", "sequencer: {", "io: card\nsequencer: {",
                ":31:5: io: expected one of host, device, got 'card'"},
        Mistake{"Issue", "issue: 14 cycles", "issue: 0 cycles",
                ":31:31: sequencer.issue: expected a number of cycles in 1 cycle..4096 cycles, "
                "got '0 cycles'"}),
    name_of_mistake);

INSTANTIATE_TEST_SUITE_P(
    CrossChecks, ChipMistake,
    testing::Values(
        Mistake{"MorePortsThanBanks", "ports: 5", "ports: 7",
                ":16:10: unified_buffer.ports: expected at most unified_buffer.banks (6, line 15), "
                "got '7'"},
        Mistake{"CapacityNotWholeBanks", "capacity: 96 KiB", "capacity: 64 KiB",
                ":14:13: unified_buffer.capacity: expected a multiple of port_width (64 B) times "
                "unified_buffer.banks (6, line 15), got '64 KiB'"},
        Mistake{"InterleaveNoPowerOfTwo", "interleave: 128 B", "interleave: 96 B",
                ":26:15: dram.interleave: expected a power of two, got '96 B'"},
        Mistake{"InterleaveBelowABurst", "interleave: 128 B", "interleave: 16 B",
                ":26:15: dram.interleave: expected at least the burst of 32 B of dram.standard "
                "(small, line 24), got '16 B'"},
        Mistake{"InterleaveAboveARow", "interleave: 128 B", "interleave: 4 KiB",
                ":26:15: dram.interleave: expected at most the row of 2 KiB of dram.standard "
                "(small, line 24), got '4 KiB'"},
        Mistake{"CapacityAboveTheChannels", "capacity: 512 MiB", "capacity: 2 GiB",
                ":27:13: dram.capacity: expected at most 256 MiB in each of dram.channels (4, line "
                "25), got '2 GiB'"},
        Mistake{"CapacityNotWholeBlocks", "capacity: 512 MiB", "capacity: 100000001 B",
                ":27:13: dram.capacity: expected a multiple of interleave (128 B) times "
                "dram.channels (4, line 25), got '100000001 B'"},
        Mistake{"RequestNotWholeBursts", "request: 2 KiB", "request: 48 B",
                ":22:16: dma.request: expected a multiple of the burst of 32 B of dram.standard "
                "(small, line 24), got '48 B'"},
        Mistake{"RequestAboveTheBuffer", "request: 2 KiB", "request: 128 KiB",
                ":22:16: dma.request: expected at most unified_buffer.capacity (96 KiB, line 14), "
                "got '128 KiB'"}),
    name_of_mistake);

TEST(ChipLimits, AccumulatorsFitHostMemory) {
  const ChipFiles files;
  (void)files.write_dram(kDramText);
  // 1 GiB / (4 B x 1024 columns) = 262144 entries
  const std::string wide = replaced(kChipText, "columns: 24", "columns: 1024");
  EXPECT_EQ(message_of([&] {
              (void)read_chip(files.write_chip(replaced(wide, "entries: 512", "entries: 262144")));
            }),
            "no error");
  const std::string file = files.write_chip(replaced(wide, "entries: 512", "entries: 262145"));
  EXPECT_EQ(message_of([&] { (void)read_chip(file); }),
            file +
                ":11:25: accumulators.entries: expected at most 1 GiB of int32 partial sums with "
                "matrix_unit.columns (1024, line 6), got '262145'");
}

TEST(ChipLimits, WeightFifoFitsHostMemory) {
  const ChipFiles files;
  (void)files.write_dram(kDramText);
  // 1 GiB / (2 B x 4096 x 4096) = 32 tiles
  const std::string large =
      replaced(replaced(kChipText, "rows: 16", "rows: 4096"), "columns: 24", "columns: 4096");
  EXPECT_EQ(message_of([&] {
              (void)read_chip(files.write_chip(replaced(large, "tiles: 3", "tiles: 32")));
            }),
            "no error");
  const std::string file = files.write_chip(replaced(large, "tiles: 3", "tiles: 33"));
  EXPECT_EQ(message_of([&] { (void)read_chip(file); }),
            file +
                ":12:22: weight_fifo.tiles: expected at most 1 GiB of int16 tiles of 4096 rows and "
                "matrix_unit.columns (4096, line 6), got '33'");
}

}  // namespace
}  // namespace systole
