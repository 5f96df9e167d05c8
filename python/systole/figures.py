"""The figures of a report, typed: for editors and type checkers.

Made from the tables that the report is written by; docs/report.md explains every key. While a program runs, these objects are
`systole.Record`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Optional, Union

from .records import Figures

Bound = Literal[
    "none",
    "compute",
    "dram",
    "vector",
    "host",
]


class TotalRoofline(Figures):
    compute_cycles: int  #: [cycles] compute bound of all layers
    memory_cycles: int  #: [cycles] memory bound of the compulsory bytes
    cycles: int  #: [cycles] the larger of the two
    bound: Bound  #: `compute`, `dram` or `none`: which one it is
    compulsory_dram_bytes: int  #: [bytes] every weight and bias once, states that products read
    fraction: Optional[float]  #: roofline cycles over elapsed cycles; None where nothing bounds


class TotalTime(Figures):
    least: int
    edges: int
    fill_and_drain: int
    late_weights: int
    unpacked: int
    weights: int
    dram: int
    host: int
    vector: int
    ports: int
    idle: int


class TotalBeyondBound(Figures):
    least: int
    edges: int
    fill_and_drain: int
    late_weights: int
    unpacked: int
    weights: int
    dram: int
    host: int
    vector: int
    ports: int
    idle: int


class Total(Figures):
    cycles: int  #: [cycles] elapsed
    seconds: float  #: [s] elapsed
    inferences_per_second: float  #: [1/s] batch over seconds
    macs: int  #: [MACs] multiply-accumulates of the whole batch, zeros of padding included
    utilisation: float  #: useful MACs over MAC slots of the elapsed cycles
    tops: float  #: [TOPS] achieved operations, two per MAC
    peak_tops: float  #: [TOPS] the chip's, of the network's operands
    roofline: TotalRoofline  #: lower bounds
    bound_cycles: int  #: [cycles] that no mapping beats
    bound_by: Bound  #: what they are spent on: `compute`, `dram`, `vector`, `host` or `none`
    distance: Optional[float]  #: elapsed cycles over these; None where nothing bounds
    time: TotalTime  #: [cycles] of the matrix units on average, by what they are spent on; together `cycles`
    beyond_bound: TotalBeyondBound  #: [cycles] of these what is beyond `bound_cycles`
    #: with what is inherent beyond the bound alone: `least`, `edges`, `fill_and_drain`, `late_weights`
    inherent_distance: Optional[float]
    bound_dram_bytes: int  #: [bytes] that no mapping does without
    bound_joules: Optional[float]  #: [J] that no mapping does without; None for a chip without a technology


class Phase(Figures):
    context: int  #: [tokens] that the last token attends to, itself included
    tokens: int  #: [tokens] of all sequences that the run computes
    cycles: int  #: [cycles] elapsed
    seconds: float  #: [s] elapsed
    bound: Bound  #: the kind of engine with the most busy cycles
    roofline_fraction: Optional[float]  #: roofline cycles over elapsed cycles
    dram_utilisation: float  #: DRAM bytes a second over the peak


class Llm(Figures):
    phase: str  #: `prefill`, `decode` or `generate`
    prompt: Optional[int]  #: [tokens] of a sequence
    generated: Optional[int]  #: [tokens] of a sequence
    context: int  #: [tokens] that the last token attends to
    prefill_seconds: Optional[float]  #: [s] of the prompt
    decode_seconds: Optional[float]  #: [s] of all steps
    tokens_per_second: float  #: [1/s] of all sequences; of a generation those generated over the whole time
    time_to_first_token: Optional[float]  #: [s] that of the prompt
    time_per_output_token: Optional[float]  #: [s] of a step; of a generation the mean
    weight_bytes: int  #: [bytes] of all parameters
    cache_bytes: int  #: [bytes] of keys and values of all sequences at the end
    cache_bytes_per_token: int  #: [bytes] of one token of a sequence
    prefill: Optional[Phase]  #: the prompt's run
    decode: Optional[Phase]  #: the last step's run
    steps: list[Phase]  #: of a generation: those simulated
    step_error: Optional[float]  #: farthest that a simulated step was off the line between its neighbours


class LayerRoofline(Figures):
    compute_cycles: int  #: [cycles] compute bound
    memory_cycles: int  #: [cycles] memory bound
    cycles: int  #: [cycles] the larger of the two
    bound: Bound  #: `compute`, `dram` or `none`: which one it is


class LayerTime(Figures):
    least: int
    edges: int
    fill_and_drain: int
    late_weights: int
    unpacked: int
    weights: int
    dram: int
    host: int
    vector: int
    ports: int
    idle: int


class LayerBeyondBound(Figures):
    least: int
    edges: int
    fill_and_drain: int
    late_weights: int
    unpacked: int
    weights: int
    dram: int
    host: int
    vector: int
    ports: int
    idle: int

EngineKind = Literal[
    "host",
    "dma_in",
    "dma_out",
    "weights",
    "matrix",
    "vector",
]


class LayerBusy(Figures):
    host: int
    dma_in: int
    dma_out: int
    weights: int
    matrix: int
    vector: int


class LayerStalls(Figures):
    issue: int
    weights: int
    shift: int
    wait_host: int
    wait_dma: int
    wait_matrix: int
    wait_vector: int
    wait_space: int
    drain: int
    port: int
    accumulator: int
    memory: int
    fifo_full: int
    idle: int

Cause = Literal[
    "busy",
    "issue",
    "weights",
    "shift",
    "wait_host",
    "wait_dma",
    "wait_matrix",
    "wait_vector",
    "wait_space",
    "drain",
    "port",
    "accumulator",
    "memory",
    "fifo_full",
    "idle",
]


class LayerDram(Figures):
    read_bytes: int  #: [bytes] that the layer asked for
    write_bytes: int  #: [bytes] the same


class LayerHost(Figures):
    bytes: int  #: [bytes] over the host link, both directions


class Layer(Figures):
    name: str  #: as in the network's file
    kind: str  #: the same
    output_shape: list[int]  #: [elements] batch, rows, columns, channels
    view: bool  #: no engine had an instruction of the layer
    fused: bool  #: the layer before computes it, on the way out of the accumulators
    macs: int  #: [MACs] of the whole batch
    cycles: int  #: [cycles] active
    exposed_cycles: int  #: [cycles] add up to `total.cycles`
    first_start: int  #: [cycle] in which its first instruction began to work
    last_end: int  #: [cycle] in which its last result became visible
    seconds: float  #: [s] of `cycles`
    utilisation: float  #: useful MACs over MAC slots of `cycles`
    bound: Bound  #: `compute`, `dram`, `vector`, `host` or `none`
    roofline: LayerRoofline  #: [cycles] with the DRAM bytes that the layer moved
    bound_cycles: int  #: [cycles] that no mapping of its products beats; 0 without any
    distance: Optional[float]  #: `cycles` over these; None of a view and without products
    time: LayerTime  #: [cycles] of the matrix units on average, by what they are spent on; together `cycles`
    beyond_bound: LayerBeyondBound  #: [cycles] of these what is beyond `bound_cycles`
    inherent_distance: Optional[float]  #: with what is inherent beyond the bound alone; None as `distance`
    main_engine: Optional[EngineKind]  #: whose waits `stalls` lists; None for a view
    busy: LayerBusy  #: [cycles] of each engine for the layer
    stalls: LayerStalls  #: [cycles] of the main engine; every cause but `busy`
    largest_stall: Optional[Cause]  #: of these; None where it never waited
    largest_stall_cycles: int  #: [cycles] its cycles
    dram: LayerDram  #: [bytes] that the layer asked for
    host: LayerHost  #: [bytes] over the host link
    joules: Optional[float]  #: [J] energy of the layer; None for a chip without a technology


class Engine(Figures):
    busy: int  #: useful work at the engine's own pace
    issue: int  #: the sequencer had not delivered the next instruction
    weights: int  #: the next weight tile had not arrived from DRAM
    shift: int  #: the stationary operand was shifting into the array
    wait_host: int  #: operands were still to come over the host link
    wait_dma: int  #: operands were still to come from DRAM, or to go there
    wait_matrix: int  #: operands were still to come from the matrix unit
    wait_vector: int  #: operands were still to come from the vector unit
    wait_space: int  #: the destination still held data that somebody needs
    drain: int  #: the engine's own last results were leaving its pipeline
    port: int  #: buffer ports or banks had not served all of the accesses
    accumulator: int  #: accumulator ports or banks had not served all of the accesses
    memory: int  #: latency of DRAM or host link, rows and refresh
    fifo_full: int  #: the weight FIFO had no free tile
    idle: int  #: no instruction was left


class MatrixCycles(Figures):
    name: str  #: as in the text report
    cycles: int  #: [cycles] of the matrix unit
    percent: float  #: [%] one decimal; together 100.0


class Advice(Figures):
    cause: Cause  #: that the matrix unit waited for
    share: float  #: of the elapsed cycles
    reason: str  #: what was wanted and what was there
    #: ["keys"], list[str]: of the chip's file


class DramRates(Figures):
    bytes_per_second: float  #: [bytes/s] read and written bytes over elapsed seconds
    peak_bytes_per_second: float  #: [bytes/s] of all data buses
    utilisation: float  #: of the two before
    row_hit_rate: float  #: row hits over all bursts


class DramCounters(Figures):
    activates: int  #: [commands]
    precharges: int  #: [commands]
    reads: int  #: [bursts]
    writes: int  #: [bursts]
    refreshes: int  #: [commands] of a rank
    bank_refreshes: int  #: [commands] of one bank
    forwarded_reads: int  #: [bursts] that the controller's write buffer answered
    merged_writes: int  #: [bursts] that it absorbed
    row_hits: int  #: [bursts] right row open
    row_misses: int  #: [bursts] none open
    row_conflicts: int  #: [bursts] another open
    read_bytes: int  #: [bytes] asked for; partial bursts move more
    write_bytes: int  #: [bytes] the same
    data_bus_busy_cycles: int  #: [DRAM cycles] summed over channels
    active_power_down_cycles: int  #: [DRAM cycles] summed over ranks: in power-down with a row open
    precharged_power_down_cycles: int  #: [DRAM cycles] the same with none


class Dram(DramCounters, DramRates):
    pass


class ActionsMacsOfKind(Figures):
    int8xint8: int
    int8xint16: int
    int16xint16: int
    int4xint4: int
    fp8xfp8: int
    fp16xfp16: int
    bf16xbf16: int


class Actions(Figures):
    macs: int  #: [MACs] products that the instructions asked for
    macs_of_kind: ActionsMacsOfKind  #: [MACs] the same, and by zeros of tiles, by kind of operands (`docs/chips.md`)
    mac_slots: int  #: [PE-cycles] steps of the streamed axis x pace x rows x columns of the array
    folds: int  #: folds executed
    weight_tiles: int  #: tiles taken from the weight FIFO
    array_loads: int  #: tiles of weights or activations shifted into the array, to stay there
    array_unloads: int  #: tiles of sums shifted out of it, having stayed there
    weight_bytes: int  #: [bytes] through the weight FIFO
    weight_bytes_again: int  #: [bytes] read from it once more, where a tile streams again
    weight_conversions: int  #: [elements] converted on their way to the weight FIFO
    buffer_reads: int  #: [accesses] of the unified buffer's ports
    buffer_writes: int  #: [accesses] the same
    accumulator_reads: int  #: [entries] one entry holds one sum per array column
    accumulator_writes: int  #: [entries] the same
    vector_elements: int  #: [elements] produced by the vector unit
    host_in_bytes: int  #: [bytes] over the host link
    host_out_bytes: int  #: [bytes] the same


class Energy(Figures):
    obtained: str
    technology: str
    joules: float  #: [J] of the run
    joules_per_inference: float  #: [J] the same over the batch
    joules_other_scaling: float  #: [J] with the other published scaling: the uncertainty
    average_watts: float  #: [W] of the run
    peak_watts: float  #: [W] every unit at its full rate at once
    idle_watts: float  #: [W] without work, under the chip's DRAM controller
    tdp_watts: float  #: [W] design
    tops_per_watt: float  #: [TOPS/W] 2 operations a MAC
    energy_delay_product: float  #: [J s] joules of an inference x seconds of the run
    components: Mapping[str, float]  #: [J] together `energy.joules`

Obtained = Literal[
    "simulated",
    "measured",
    "recorded",
    "modelled",
]


class Area(Figures):
    obtained: Obtained  #: how
    die_mm2: float  #: [mm2] the parts and the share without one
    reticle_share: float  #: of the largest field of a scanner
    unplaced_mm2: float  #: [mm2] without a part
    parts_mm2: Mapping[str, float]  #: [mm2] of those that have an area


class CostDie(Figures):
    mm2: float  #: [mm2] the die
    per_wafer: float  #: dies on a wafer
    #: ["yield"], float: share of them without a defect
    good_die_usd: float  #: [USD] one of these


class CostUnitUsd(Figures):
    die: float  #: [USD] good die
    test: float  #: [USD] probing and final test
    interposer: float  #: [USD] with its micro bumps
    package: float  #: [USD] substrate, bumps, assembly
    scrap: float  #: [USD] that bonding destroys
    memory: float  #: [USD] of the board
    board: float  #: [USD] card, cooler, regulators
    total: float  #: [USD] of one chip


class Way(Figures):
    usd_per_hour: float  #: [USD/h] all of it
    device_usd_per_hour: float  #: [USD/h] device and server
    site_usd_per_hour: float  #: [USD/h] building
    electricity_usd_per_hour: float  #: [USD/h] at the wall
    rent_usd_per_hour: float  #: [USD/h] where it is rented
    usd_per_inference: Optional[float]  #: [USD] null where nothing is computed
    usd_per_million: Optional[float]  #: [USD] of a million inferences


class CostSensitivity(Figures):
    input: str  #: of the price set
    usd_per_inference_at_low: float  #: [USD] at the low end of its range
    usd_per_inference_at_high: float  #: [USD] at the high end


class Cost(Figures):
    obtained: str
    prices: str
    prices_date: str
    die: CostDie  #: the die
    unit_usd: CostUnitUsd  #: [USD] of one chip with its memory and board
    price_usd: float  #: [USD] of a chip that others sell
    nre_top_down_usd: float  #: [USD] design, counted from above
    nre_bottom_up_usd: float  #: [USD] and from below
    volume: int  #: chips made
    utilisation: float  #: share of the hours in which one works
    own: Way  #: [USD] bought
    rent: Optional[Way]  #: [USD] in a cloud
    build: Way  #: [USD] made
    break_even_volume: Optional[float]  #: from which building beats buying
    break_even_volume_bottom_up: Optional[float]  #: the same with the design counted from below
    break_even_volume_rent: Optional[float]  #: from which building beats renting
    break_even_hours_rent: Optional[float]  #: [h] of work from which owning beats renting
    sensitivity: list[CostSensitivity]  #: [USD] widest first


class CheckMismatch(Figures):
    tensor: str
    batch: int
    row: int
    col: int
    channel: int
    expected: Union[float, str]
    actual: Union[float, str, None]  #: None where nothing was written


class CheckQuality(Figures):
    tensor: str
    elements: int
    clipped: int  #: values that int8 cuts off
    clipped_weights: int  #: weights beyond the scale
    mean_error: Union[float, str]  #: of a network that has floats
    worst_error: Union[float, str]  #: of a network that has floats
    worst_at: int  #: of a network that has floats
    sqnr_db: Optional[float]  #: of a network that has floats


class Check(Figures):
    passed: bool  #: compared something, and nothing differed
    tensors: int  #: compared
    elements: int  #: compared
    mismatches: int  #: different
    first_mismatches: list[CheckMismatch]
    quality: list[CheckQuality]


class ComparisonTensor(Figures):
    tensor: str
    file: str
    elements: int
    mean_error: Union[float, str]
    worst_error: Union[float, str]
    worst_at: int  #: index of the packed tensor
    sqnr_db: Optional[float]
    relative_error: Union[float, str]  #: worst error over the largest wanted
    top1: Optional[float]  #: share of images with the same largest element
    passed: bool


class Comparison(Figures):
    passed: bool
    tolerance: float
    tensors: list[ComparisonTensor]
    not_compared: list[str]  #: files that no tensor is called as


class SourceFile(Figures):
    file: str  #: where it was read
    shipped: bool  #: whether it ships
    replaces_shipped: bool  #: whether it stands before one that does
    xxh128: Optional[str]  #: hash of its bytes


class MadeBy(Figures):
    version: str  #: of `systole`
    seed: int  #: of generated weights and inputs
    chip: SourceFile  #: its file
    network: SourceFile  #: its file


class TrainingEndDevice(Figures):
    device: str  #: as in configs/devices
    kind: Literal["chip", "fpga", "cpu", "gpu", "edge"]  #: `cpu` or `gpu`
    type: Literal["int8", "int16", "int32", "int4", "fp8_e4m3", "fp8_e5m2", "fp16", "bf16", "fp32"]  #: of its products
    calibrated: bool  #: whether its family has a measurement of its own
    step_seconds: Optional[float]  #: [s] of one step, modelled
    seconds: Optional[float]  #: [s] of all steps
    joules: Optional[float]  #: [J] of these
    dollars: Optional[float]  #: [USD] of these, owned
    rented_dollars: Optional[float]  #: [USD] of these, rented; None where no price is known
    error: str  #: why there are none


class Training(Figures):
    step_seconds: float  #: [s] of one step
    forward_share: float  #: of the step's cycles, the loss included
    backward_share: float  #: of the same
    update_share: float  #: of the same
    samples_per_second: float  #: [1/s] batch over seconds
    tokens_per_second: Optional[float]  #: [1/s] of all sequences; None of what has none
    mfu: float  #: products that the network asks for over what the peak does in the step's time
    hfu: float  #: all products of the step in place of them, those computed again and zeros too
    mfu_6nd: float  #: 6 times parameters times tokens (or samples) in place of the products
    forward_factor: float  #: products of the step over those of the network alone
    parameters: int  #: numbers that are trained
    state_bytes: int  #: [bytes] of fp32 masters, bf16 copies and moments
    joules_per_step: Optional[float]  #: [J] None for a chip without a technology
    dollars_per_step: Optional[float]  #: [USD] of a chip that is owned; None for one without prices
    first_loss: Optional[float]  #: of the steps that carried numbers
    last_loss: Optional[float]  #: of the same
    losses: list[float]  #: by step
    end_samples: Optional[float]  #: to train to the end
    end_steps: Optional[float]  #: of these, whole ones
    end_seconds: Optional[float]  #: [s] of these
    end_joules: Optional[float]  #: [J] of these
    end_dollars: Optional[float]  #: [USD] of these, of a chip that is owned
    end_rented_dollars: Optional[float]  #: [USD] of one that is rented; None where no price is known
    end_built_dollars: Optional[float]  #: [USD] of one that is designed and made in the volume of its file
    end_devices: list[TrainingEndDevice]  #: the same steps on CPUs and GPUs


class FpgaResources(Figures):
    multipliers: int  #: DSP slices, or tensor blocks
    block_memories: int  #: of the small kind
    large_memories: int  #: of the large kind
    luts: int  #: look-up tables
    flip_flops: int  #: registers


class FpgaWatts(Figures):
    obtained: str
    total: float
    static: float
    fabric: float
    products: float
    memories: float
    dram: float
    tdp: float


class Fpga(Figures):
    card: str
    used: FpgaResources
    available: FpgaResources
    components: Mapping[str, FpgaResources]
    joules_per_inference: float  #: [J]
    tops_per_watt: float  #: [10^12/J]
    price_usd: Optional[float]  #: [USD]
    own_usd_per_million: Optional[float]  #: [USD]
    watts: FpgaWatts


class Deadline(Figures):
    seconds: float  #: [s]
    met: bool
    margin_seconds: float  #: [s]
    worst_case_seconds: Optional[float]  #: [s]
    worst_case_met: bool
    worst_case_refreshes: int
    refresh_seconds: float  #: [s]


class Device(Figures):
    device: str
    kind: str
    type: str
    time_obtained: str
    seconds: float  #: [s] of a batch
    inferences_per_second: float  #: [1/s]
    utilisation: float
    power_obtained: Optional[str]
    watts: Optional[float]  #: [W]
    joules_per_inference: Optional[float]  #: [J]
    price_usd: Optional[float]  #: [USD]
    own_usd_per_million: Optional[float]  #: [USD]
    dollars_obtained: str


class Run(Figures):
    schema: str
    chip: str
    network: str
    batch: int  #: [inputs] in the one run
    type: str  #: of the network's tensors and weights
    weight_storage: Optional[str]  #: of weights, where that is not `type`
    state_storage: Optional[str]  #: the same of states
    io: str  #: `host` or `device`
    frequency_hz: int  #: [Hz] core clock
    total: Total
    llm: Optional[Llm]  #: of a network with prefill and decode
    engines: Mapping[str, Engine]  #: [cycles] each engine's, by cause
    instructions: Mapping[str, int]  #: executed, by engine
    matrix_cycles: list[MatrixCycles]
    advice: list[Advice]  #: what made the matrix unit wait
    dram: Dram
    actions: Actions
    energy: Optional[Energy]  #: None for a chip without a technology
    area: Optional[Area]  #: the same
    cost: Optional[Cost]  #: None for a chip without prices
    check: Optional[Check]  #: None without `check`
    comparison: Optional[Comparison]  #: None without `--compare`
    warnings: list[str]  #: about the chip
    made_by: Optional[MadeBy]  #: where files made it
    training: Training  #: of a training step alone
    fpga: Optional[Fpga]  #: None for a chip that names no card
    deadline: Optional[Deadline]  #: None without one
    devices: list[Device]  #: beside it, modelled
