#pragma once

#include "arch/chip_spec.h"
#include "arch/counter_rows.h"
#include "arch/figure_rows.h"

namespace systole {

// The tables of a chip's description (arch/figure_rows.h), by which it is saved and read back:
// every struct, every field, in their order.

template <>
inline constexpr auto kFigureRows<Fact> =
    std::tuple{kept("path", &Fact::path), kept("value", &Fact::value),
               kept("source", &Fact::source), kept("status", &Fact::status)};
static_assert(rows_are_complete<Fact>());

template <>
inline constexpr auto kFigureRows<MatrixUnitSpec> =
    std::tuple{kept("count", &MatrixUnitSpec::count),
               kept("rows", &MatrixUnitSpec::rows),
               kept("cols", &MatrixUnitSpec::cols),
               kept("dataflow", &MatrixUnitSpec::dataflow),
               kept("overlap", &MatrixUnitSpec::overlap),
               kept("model", &MatrixUnitSpec::model),
               kept_by<MacKind>("pace_of_kind", &MatrixUnitSpec::pace_of_kind)};
static_assert(rows_are_complete<MatrixUnitSpec>());

template <>
inline constexpr auto kFigureRows<AccumulatorSpec> =
    std::tuple{kept("entries", &AccumulatorSpec::entries), kept("banks", &AccumulatorSpec::banks),
               kept("ports", &AccumulatorSpec::ports)};
static_assert(rows_are_complete<AccumulatorSpec>());

template <>
inline constexpr auto kFigureRows<WeightFifoSpec> = std::tuple{
    kept("tiles", &WeightFifoSpec::tiles), kept("from_buffer", &WeightFifoSpec::from_buffer),
    kept("whole_tiles", &WeightFifoSpec::whole_tiles),
    kept("transpose", &WeightFifoSpec::transpose),
    kept_by<DataType>("convert", &WeightFifoSpec::convert)};
static_assert(rows_are_complete<WeightFifoSpec>());

template <>
inline constexpr auto kFigureRows<UnifiedBufferSpec> = std::tuple{
    kept("capacity", &UnifiedBufferSpec::capacity), kept("banks", &UnifiedBufferSpec::banks),
    kept("ports", &UnifiedBufferSpec::ports), kept("port_width", &UnifiedBufferSpec::port_width)};
static_assert(rows_are_complete<UnifiedBufferSpec>());

template <>
inline constexpr auto kFigureRows<VectorUnitSpec> = std::tuple{
    kept("lanes", &VectorUnitSpec::lanes), kept("latency", &VectorUnitSpec::latency),
    kept("alus", &VectorUnitSpec::alus), kept_by<VectorClass>("pace", &VectorUnitSpec::pace)};
static_assert(rows_are_complete<VectorUnitSpec>());

template <>
inline constexpr auto kFigureRows<DmaSpec> =
    std::tuple{kept("request", &DmaSpec::request), kept("outstanding", &DmaSpec::outstanding),
               kept("issue", &DmaSpec::issue)};
static_assert(rows_are_complete<DmaSpec>());

template <>
inline constexpr auto kFigureRows<DramOrganization> =
    std::tuple{kept("pseudo_channels", &DramOrganization::pseudo_channels),
               kept("bus_bits", &DramOrganization::bus_bits),
               kept("device_bits", &DramOrganization::device_bits),
               kept("burst_length", &DramOrganization::burst_length),
               kept("ranks", &DramOrganization::ranks),
               kept("bank_groups", &DramOrganization::bank_groups),
               kept("banks_per_group", &DramOrganization::banks_per_group),
               kept("rows", &DramOrganization::rows),
               kept("bursts_per_row", &DramOrganization::bursts_per_row)};
static_assert(rows_are_complete<DramOrganization>());

template <>
inline constexpr auto kFigureRows<DramTiming> =
    std::tuple{kept("tCK", &DramTiming::tCK),       kept("nBL", &DramTiming::nBL),
               kept("nCL", &DramTiming::nCL),       kept("nCWL", &DramTiming::nCWL),
               kept("nRCD", &DramTiming::nRCD),     kept("nRCDWR", &DramTiming::nRCDWR),
               kept("nRP", &DramTiming::nRP),       kept("nRAS", &DramTiming::nRAS),
               kept("nRC", &DramTiming::nRC),       kept("nRRD_S", &DramTiming::nRRD_S),
               kept("nRRD_L", &DramTiming::nRRD_L), kept("nFAW", &DramTiming::nFAW),
               kept("n32AW", &DramTiming::n32AW),   kept("nCCD_S", &DramTiming::nCCD_S),
               kept("nCCD_L", &DramTiming::nCCD_L), kept("nWTR_S", &DramTiming::nWTR_S),
               kept("nWTR_L", &DramTiming::nWTR_L), kept("nWR", &DramTiming::nWR),
               kept("nRTP", &DramTiming::nRTP),     kept("nRTW", &DramTiming::nRTW),
               kept("nRTRS", &DramTiming::nRTRS),   kept("nPPD", &DramTiming::nPPD),
               kept("nREFI", &DramTiming::nREFI),   kept("nRFC", &DramTiming::nRFC),
               kept("nRFCpb", &DramTiming::nRFCpb), kept("nPBR2PBR", &DramTiming::nPBR2PBR),
               kept("nCKE", &DramTiming::nCKE),     kept("nXP", &DramTiming::nXP)};
static_assert(rows_are_complete<DramTiming>());

template <>
inline constexpr auto kFigureRows<DramCommandBus> =
    std::tuple{kept("split", &DramCommandBus::split), kept("activate", &DramCommandBus::activate),
               kept("precharge", &DramCommandBus::precharge),
               kept("column", &DramCommandBus::column), kept("refresh", &DramCommandBus::refresh)};
static_assert(rows_are_complete<DramCommandBus>());

template <>
inline constexpr auto kFigureRows<DramPower> =
    std::tuple{kept("VDD", &DramPower::VDD),         kept("IDD0", &DramPower::IDD0),
               kept("IDD2P", &DramPower::IDD2P),     kept("IDD2N", &DramPower::IDD2N),
               kept("IDD3P", &DramPower::IDD3P),     kept("IDD3N", &DramPower::IDD3N),
               kept("IDD4W", &DramPower::IDD4W),     kept("IDD4R", &DramPower::IDD4R),
               kept("IDD5AB", &DramPower::IDD5AB),   kept("IDD5PB", &DramPower::IDD5PB),
               kept("io_read", &DramPower::io_read), kept("io_write", &DramPower::io_write)};
static_assert(rows_are_complete<DramPower>());

template <>
inline constexpr auto kFigureRows<DramStandard> =
    std::tuple{kept("name", &DramStandard::name),
               kept("channels", &DramStandard::channels),
               kept("organization", &DramStandard::organization),
               kept("timing", &DramStandard::timing),
               kept("bus", &DramStandard::bus),
               kept("power", &DramStandard::power)};
static_assert(rows_are_complete<DramStandard>());

template <>
inline constexpr auto kFigureRows<DramControllerSpec> =
    std::tuple{kept("name", &DramControllerSpec::name),
               kept("read_entries", &DramControllerSpec::read_entries),
               kept("write_entries", &DramControllerSpec::write_entries),
               kept("drain_above", &DramControllerSpec::drain_above),
               kept("drain_below", &DramControllerSpec::drain_below),
               kept("starvation_limit", &DramControllerSpec::starvation_limit),
               kept("page_policy", &DramControllerSpec::page_policy),
               kept("page_timeout", &DramControllerSpec::page_timeout),
               kept("refresh", &DramControllerSpec::refresh),
               kept("refresh_blocks", &DramControllerSpec::refresh_blocks),
               kept("postponed_refreshes", &DramControllerSpec::postponed_refreshes),
               kept("rank_turnaround", &DramControllerSpec::rank_turnaround),
               kept("power_down", &DramControllerSpec::power_down)};
static_assert(rows_are_complete<DramControllerSpec>());

template <>
inline constexpr auto kFigureRows<DramSpec> =
    std::tuple{kept("standard", &DramSpec::standard),     kept("controller", &DramSpec::controller),
               kept("mapping", &DramSpec::mapping),       kept("channels", &DramSpec::channels),
               kept("interleave", &DramSpec::interleave), kept("capacity", &DramSpec::capacity)};
static_assert(rows_are_complete<DramSpec>());

template <>
inline constexpr auto kFigureRows<HostLinkSpec> = std::tuple{
    kept("bandwidth", &HostLinkSpec::bandwidth), kept("latency", &HostLinkSpec::latency)};
static_assert(rows_are_complete<HostLinkSpec>());

template <>
inline constexpr auto kFigureRows<SequencerSpec> =
    std::tuple{kept("depth", &SequencerSpec::depth), kept("issue", &SequencerSpec::issue)};
static_assert(rows_are_complete<SequencerSpec>());

template <>
inline constexpr auto kFigureRows<FpgaMemoryShape> =
    std::tuple{kept("depth", &FpgaMemoryShape::depth), kept("bits", &FpgaMemoryShape::bits)};
static_assert(rows_are_complete<FpgaMemoryShape>());

template <>
inline constexpr auto kFigureRows<FpgaPacking> =
    std::tuple{kept("macs", &FpgaPacking::macs), kept("multipliers", &FpgaPacking::multipliers)};
static_assert(rows_are_complete<FpgaPacking>());

template <>
inline constexpr auto kFigureRows<FpgaFabric> =
    std::tuple{kept("luts", &FpgaFabric::luts), kept("flip_flops", &FpgaFabric::flip_flops)};
static_assert(rows_are_complete<FpgaFabric>());

template <>
inline constexpr auto kFigureRows<FpgaEnergy> = std::tuple{
    kept("static_power", &FpgaEnergy::static_power), kept("per_mac", &FpgaEnergy::per_mac),
    kept("per_lut_cycle", &FpgaEnergy::per_lut_cycle),
    kept("per_memory_byte", &FpgaEnergy::per_memory_byte),
    kept("per_dram_byte", &FpgaEnergy::per_dram_byte)};
static_assert(rows_are_complete<FpgaEnergy>());

template <>
inline constexpr auto kFigureRows<FpgaPart> =
    std::tuple{kept("name", &FpgaPart::name),
               kept("description", &FpgaPart::description),
               kept("available", &FpgaPart::available),
               kept("multiplier_name", &FpgaPart::multiplier_name),
               kept("block_memory_name", &FpgaPart::block_memory_name),
               kept("large_memory_name", &FpgaPart::large_memory_name),
               kept_by<MacKind>("packing", &FpgaPart::packing),
               kept("block_shapes", &FpgaPart::block_shapes),
               kept("large_shapes", &FpgaPart::large_shapes),
               kept("multipliers_per_lane", &FpgaPart::multipliers_per_lane),
               kept("per_pe", &FpgaPart::per_pe),
               kept("per_lane", &FpgaPart::per_lane),
               kept("per_memory_channel", &FpgaPart::per_memory_channel),
               kept("shell", &FpgaPart::shell),
               kept("clock_limit", &FpgaPart::clock_limit),
               kept("memory_bandwidth", &FpgaPart::memory_bandwidth),
               kept("memory", &FpgaPart::memory),
               kept("tdp", &FpgaPart::tdp),
               kept("energy", &FpgaPart::energy),
               kept("price", &FpgaPart::price)};
static_assert(rows_are_complete<FpgaPart>());

template <>
inline constexpr auto kFigureRows<LogicCell> =
    std::tuple{kept("picojoules", &LogicCell::picojoules), kept("mm2", &LogicCell::mm2)};
static_assert(rows_are_complete<LogicCell>());

template <>
inline constexpr auto kFigureRows<RegisterBit> =
    std::tuple{kept("clock", &RegisterBit::clock), kept("write", &RegisterBit::write),
               kept("mm2", &RegisterBit::mm2)};
static_assert(rows_are_complete<RegisterBit>());

template <>
inline constexpr auto kFigureRows<SramModel> =
    std::tuple{kept("access", &SramModel::access),
               kept("bit", &SramModel::bit),
               kept("root_bit", &SramModel::root_bit),
               kept("error", &SramModel::error),
               kept("write", &SramModel::write),
               kept("bit_cell_mm2", &SramModel::bit_cell_mm2),
               kept("cell_share", &SramModel::cell_share),
               kept("column_mm2", &SramModel::column_mm2),
               kept("leakage_w_per_mib", &SramModel::leakage_w_per_mib)};
static_assert(rows_are_complete<SramModel>());

template <>
inline constexpr auto kFigureRows<Technology> =
    std::tuple{kept("name", &Technology::name),
               kept("node_nm", &Technology::node_nm),
               kept("volts", &Technology::volts),
               kept_by<MacKind>("multiplier", &Technology::multiplier),
               kept("multiplier_int32", &Technology::multiplier_int32),
               kept("multiplier_fp32", &Technology::multiplier_fp32),
               kept("adder_int32", &Technology::adder_int32),
               kept("adder_fp32", &Technology::adder_fp32),
               kept("register_bit", &Technology::register_bit),
               kept("sram", &Technology::sram),
               kept("wire_pj_per_bit_mm", &Technology::wire_pj_per_bit_mm),
               kept("clock_tree", &Technology::clock_tree),
               kept("clock_gated", &Technology::clock_gated),
               kept("density_mtr_mm2", &Technology::density_mtr_mm2),
               kept("placement", &Technology::placement),
               kept("logic_leakage_w_mm2", &Technology::logic_leakage_w_mm2),
               kept("power_gated", &Technology::power_gated),
               kept("other_scaling", &Technology::other_scaling),
               kept("facts", &Technology::facts)};
static_assert(rows_are_complete<Technology>());

template <>
inline constexpr auto kFigureRows<InterfaceSpec> =
    std::tuple{kept("name", &InterfaceSpec::name),
               kept("picojoules_per_bit", &InterfaceSpec::picojoules_per_bit),
               kept("idle", &InterfaceSpec::idle),
               kept("phy", &InterfaceSpec::phy),
               kept("controller_mtr", &InterfaceSpec::controller_mtr),
               kept("memory", &InterfaceSpec::memory),
               kept("bits", &InterfaceSpec::bits),
               kept("facts", &InterfaceSpec::facts)};
static_assert(rows_are_complete<InterfaceSpec>());

template <>
inline constexpr auto kFigureRows<ActionOverride> = std::tuple{
    kept("action", &ActionOverride::action), kept("picojoules", &ActionOverride::picojoules),
    kept("origin", &ActionOverride::origin)};
static_assert(rows_are_complete<ActionOverride>());

template <>
inline constexpr auto kFigureRows<PartOverride> =
    std::tuple{kept("part", &PartOverride::part), kept("value", &PartOverride::value),
               kept("origin", &PartOverride::origin)};
static_assert(rows_are_complete<PartOverride>());

template <>
inline constexpr auto kFigureRows<SiliconSpec> =
    std::tuple{kept("technology", &SiliconSpec::technology),
               kept("dram_port", &SiliconSpec::dram_port),
               kept("host_port", &SiliconSpec::host_port),
               kept("tdp", &SiliconSpec::tdp),
               kept("idle", &SiliconSpec::idle),
               kept("supply_efficiency", &SiliconSpec::supply_efficiency),
               kept("activity", &SiliconSpec::activity),
               kept("control_mtr", &SiliconSpec::control_mtr),
               kept("instruction_picojoules", &SiliconSpec::instruction_picojoules),
               kept("unplaced", &SiliconSpec::unplaced),
               kept("energies", &SiliconSpec::energies),
               kept("leakages", &SiliconSpec::leakages),
               kept("areas", &SiliconSpec::areas)};
static_assert(rows_are_complete<SiliconSpec>());

template <>
inline constexpr auto kFigureRows<YieldInputs> = std::tuple{
    kept("model", &YieldInputs::model), kept("defects_per_cm2", &YieldInputs::defects_per_cm2),
    kept("clustering", &YieldInputs::clustering)};
static_assert(rows_are_complete<YieldInputs>());

template <>
inline constexpr auto kFigureRows<WaferInputs> = std::tuple{
    kept("count", &WaferInputs::count), kept("diameter_mm", &WaferInputs::diameter_mm),
    kept("scribe_mm", &WaferInputs::scribe_mm), kept("edge_loss_mm", &WaferInputs::edge_loss_mm),
    kept("price", &WaferInputs::price)};
static_assert(rows_are_complete<WaferInputs>());

template <>
inline constexpr auto kFigureRows<BottomUpInputs> =
    std::tuple{kept("mask_set", &BottomUpInputs::mask_set),
               kept("ip_licences", &BottomUpInputs::ip_licences),
               kept("backend_usd_per_gate", &BottomUpInputs::backend_usd_per_gate),
               kept("transistors_per_gate", &BottomUpInputs::transistors_per_gate),
               kept("mega_transistors_per_mm2", &BottomUpInputs::mega_transistors_per_mm2),
               kept("custom_share", &BottomUpInputs::custom_share),
               kept("frontend_engineer_years", &BottomUpInputs::frontend_engineer_years),
               kept("frontend_usd_per_year", &BottomUpInputs::frontend_usd_per_year),
               kept("frontend_tools_usd_per_month", &BottomUpInputs::frontend_tools_usd_per_month),
               kept("backend_engineer_months", &BottomUpInputs::backend_engineer_months),
               kept("backend_tools_usd_per_month", &BottomUpInputs::backend_tools_usd_per_month),
               kept("package_design", &BottomUpInputs::package_design)};
static_assert(rows_are_complete<BottomUpInputs>());

template <>
inline constexpr auto kFigureRows<SiteInputs> =
    std::tuple{kept("busy_power", &SiteInputs::busy_power),
               kept("idle_power", &SiteInputs::idle_power),
               kept("host_power", &SiteInputs::host_power),
               kept("provisioned_power", &SiteInputs::provisioned_power),
               kept("utilisation", &SiteInputs::utilisation),
               kept("pue", &SiteInputs::pue),
               kept("electricity", &SiteInputs::electricity),
               kept("site_capital", &SiteInputs::site_capital),
               kept("site_years", &SiteInputs::site_years),
               kept("device_years", &SiteInputs::device_years)};
static_assert(rows_are_complete<SiteInputs>());

template <>
inline constexpr auto kFigureRows<InterposerInputs> =
    std::tuple{kept("area_factor", &InterposerInputs::area_factor),
               kept("wafer", &InterposerInputs::wafer), kept("process", &InterposerInputs::process),
               kept("micro_bump_usd_per_mm2", &InterposerInputs::micro_bump_usd_per_mm2),
               kept("bonding_yield", &InterposerInputs::bonding_yield)};
static_assert(rows_are_complete<InterposerInputs>());

template <>
inline constexpr auto kFigureRows<PackageInputs> =
    std::tuple{kept("substrate_area_factor", &PackageInputs::substrate_area_factor),
               kept("substrate_usd_per_mm2", &PackageInputs::substrate_usd_per_mm2),
               kept("layers_factor", &PackageInputs::layers_factor),
               kept("c4_bump_usd_per_mm2", &PackageInputs::c4_bump_usd_per_mm2),
               kept("bonding_yield", &PackageInputs::bonding_yield),
               kept("assembly", &PackageInputs::assembly),
               kept("test_share", &PackageInputs::test_share)};
static_assert(rows_are_complete<PackageInputs>());

template <>
inline constexpr auto kFigureRows<NodePrices> =
    std::tuple{kept("technology", &NodePrices::technology),
               kept("wafer", &NodePrices::wafer),
               kept("defects_per_cm2", &NodePrices::defects_per_cm2),
               kept("density_mtr_mm2", &NodePrices::density_mtr_mm2),
               kept("design_of_300mm2", &NodePrices::design_of_300mm2),
               kept("mask_set", &NodePrices::mask_set),
               kept("ip_licences", &NodePrices::ip_licences),
               kept("backend_usd_per_gate", &NodePrices::backend_usd_per_gate)};
static_assert(rows_are_complete<NodePrices>());

template <>
inline constexpr auto kFigureRows<MemoryPrice> =
    std::tuple{kept("name", &MemoryPrice::name), kept("usd_per_gb", &MemoryPrice::usd_per_gb)};
static_assert(rows_are_complete<MemoryPrice>());

template <>
inline constexpr auto kFigureRows<PriceRange> =
    std::tuple{kept("low", &PriceRange::low), kept("high", &PriceRange::high)};
static_assert(rows_are_complete<PriceRange>());

template <>
inline constexpr auto kFigureRows<PriceRanges> =
    std::tuple{kept("wafer", &PriceRanges::wafer),
               kept("defects", &PriceRanges::defects),
               kept("memory", &PriceRanges::memory),
               kept("board", &PriceRanges::board),
               kept("server", &PriceRanges::server),
               kept("electricity", &PriceRanges::electricity),
               kept("power", &PriceRanges::power),
               kept("years", &PriceRanges::years),
               kept("utilisation", &PriceRanges::utilisation),
               kept("volume", &PriceRanges::volume),
               kept("nre", &PriceRanges::nre)};
static_assert(rows_are_complete<PriceRanges>());

template <>
inline constexpr auto kFigureRows<Prices> = std::tuple{kept("name", &Prices::name),
                                                       kept("date", &Prices::date),
                                                       kept("wafer", &Prices::wafer),
                                                       kept("process", &Prices::process),
                                                       kept("nodes", &Prices::nodes),
                                                       kept("engineering", &Prices::engineering),
                                                       kept("package", &Prices::package),
                                                       kept("interposer", &Prices::interposer),
                                                       kept("memory_stack", &Prices::memory_stack),
                                                       kept("memory", &Prices::memory),
                                                       kept("site", &Prices::site),
                                                       kept("margin", &Prices::margin),
                                                       kept("ranges", &Prices::ranges),
                                                       kept("facts", &Prices::facts)};
static_assert(rows_are_complete<Prices>());

template <>
inline constexpr auto kFigureRows<CostSpec> =
    std::tuple{kept("prices", &CostSpec::prices),
               kept("die", &CostSpec::die),
               kept("memory", &CostSpec::memory),
               kept("memory_stacks", &CostSpec::memory_stacks),
               kept("board", &CostSpec::board),
               kept("server_share", &CostSpec::server_share),
               kept("host_power", &CostSpec::host_power),
               kept("frontend_engineer_years", &CostSpec::frontend_engineer_years),
               kept("backend_engineer_months", &CostSpec::backend_engineer_months),
               kept("custom_share", &CostSpec::custom_share),
               kept("volume", &CostSpec::volume),
               kept("rent", &CostSpec::rent)};
static_assert(rows_are_complete<CostSpec>());

template <>
inline constexpr auto kFigureRows<ChipSpec> =
    std::tuple{kept("name", &ChipSpec::name),
               kept("description", &ChipSpec::description),
               kept("file", &ChipSpec::file),
               kept("frequency", &ChipSpec::frequency),
               kept("cores", &ChipSpec::cores),
               kept("matrix", &ChipSpec::matrix),
               kept("accumulators", &ChipSpec::accumulators),
               kept("weight_fifo", &ChipSpec::weight_fifo),
               kept("buffer", &ChipSpec::buffer),
               kept("vector", &ChipSpec::vector),
               kept("dma", &ChipSpec::dma),
               kept("dram", &ChipSpec::dram),
               kept("host", &ChipSpec::host),
               kept("io", &ChipSpec::io),
               kept("sequencer", &ChipSpec::sequencer),
               kept("fpga", &ChipSpec::fpga),
               kept("silicon", &ChipSpec::silicon),
               kept("cost", &ChipSpec::cost),
               kept("facts", &ChipSpec::facts)};
static_assert(rows_are_complete<ChipSpec>());

}  // namespace systole
