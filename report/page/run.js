// The page of a run: how long, how much, where the time and the energy went, and what made it.
'use strict';

const run = data.run, total = run.total, frequency = run.frequency_hz;
const layers = run.layers.map((layer, id) => ({...layer, id, lost: Math.max(0, layer.exposed_cycles - layer.roofline.cycles)}));
const worked = layers.filter((layer) => !layer.view);
const causes = Object.keys(data.meanings.causes);
const colourOf = Object.fromEntries(causes.map((cause, i) => [cause, kinds[i % kinds.length]]));
const components = data.layer_energy ? data.layer_energy.components : [];
const facts = data.facts.rows.map(([path, value, status, source]) => ({path, value, status, source: source === null ? '' : data.facts.sources[source]}));
const state = {selected: null};
const redraws = [];  // called when the selection changes

function select(layer) {
  state.selected = state.selected === layer ? null : layer;
  history.replaceState(null, '', state.selected ? `#layer-${layer.id}` : ' ');
  redraws.forEach((redraw) => redraw());
}
function markRows(selection) {
  const mark = () => selection.classed('selected', (d) => state.selected !== null && d.id === state.selected.id);
  redraws.push(mark);
  mark();
}
function secondsOf(cycles) { return cycles / frequency; }
function percentOf(part, whole) { return whole ? `${d3.format('.3~r')(100 * part / whole)} %` : '-'; }
function cyclesOf(cycles) { return d3.format(',')(Math.round(cycles)); }
function layerRows(layer) {
  return [[layer.name, layer.kind], ['cycles', cyclesOf(layer.cycles)], ['time', shown(layer.seconds, 's')],
    ['adds to the whole', `${cyclesOf(layer.exposed_cycles)} cycles`], ['bound', `${cyclesOf(layer.roofline.cycles)} cycles (${layer.roofline.bound})`],
    ['utilisation', layer.macs ? percentOf(layer.utilisation, 1) : '-'],
    ['largest stall', layer.largest_stall ? `${layer.largest_stall}, ${cyclesOf(layer.largest_stall_cycles)} cycles` : '-'],
    ['energy', layer.joules === null ? '-' : shown(layer.joules, 'J')]];
}
/** Constants whose path begins so, with status and source: what a figure rests on. */
function factRows(...beginnings) {
  return facts.filter((fact) => beginnings.some((b) => fact.path === b || fact.path.startsWith(`${b}.`))).slice(0, 8)
      .map((fact) => [`${fact.path} = ${fact.value}`, `${fact.status}${fact.source ? `: ${fact.source}` : ''}`]);
}

// ---- head ----------------------------------------------------------------------------------

function head() {
  const type = run.type === 'int8' ? '' : `, ${run.type}`;
  const made = element('header', {}, element('h1', {}, `${run.network} on ${run.chip}`),
      element('p', {class: 'quiet'}, `batch ${run.batch}, ${layers.length} layers${type}, inputs and outputs in ${run.io} memory`));
  for (const warning of run.warnings) made.append(element('p', {class: 'bad'}, `warning: ${warning}`));
  const tiles = element('div', {class: 'tiles'});
  const tile = (value, meaning, rows) => tiles.append(tileOf(value, meaning, rows));
  tile(shown(total.seconds, 's'), 'time, simulated', [['how', 'cycles of the simulation over the clock'], ['cycles', cyclesOf(total.cycles)], ...factRows('clock')]);
  tile(`${shown(total.inferences_per_second)} /s`, 'inferences, simulated', [['how', data.meanings.total.inferences_per_second[1]], ['batch', run.batch]]);
  if (run.llm) {
    const llm = run.llm, phases = [['prefill', llm.prefill], ['decode', llm.decode]].filter(([, phase]) => phase);
    tile(`${shown(llm.tokens_per_second)} /s`, `tokens, ${llm.phase}, simulated`, [['time to the first', llm.time_to_first_token === null ? '-' : shown(llm.time_to_first_token, 's')],
      ['time for each further one', llm.time_per_output_token === null ? '-' : shown(llm.time_per_output_token, 's')], ...phases.map(([name, phase]) => [`busiest in ${name}`, phase.bound]),
      ['weights', shown(llm.weight_bytes, 'B')], ['keys and values', shown(llm.cache_bytes, 'B')]]);
  }
  const roof = total.roofline;
  tile(roof.fraction === null ? '-' : percentOf(roof.fraction, 1), `of the bound by ${roof.bound}`, [['how', data.meanings.total.roofline[1]],
    ['compute bound', `${cyclesOf(roof.compute_cycles)} cycles`], ['memory bound', `${cyclesOf(roof.memory_cycles)} cycles`],
    ['lost', `${cyclesOf(total.cycles - roof.cycles)} cycles`]]);
  tile(percentOf(total.utilisation, 1), 'of the peak arithmetic, simulated', [['achieved', `${shown(total.tops)} TOPS`], ['peak', `${shown(total.peak_tops)} TOPS`], ...factRows('matrix_unit', 'clock')]);
  if (run.energy) {
    tile(shown(run.energy.joules_per_inference, 'J'), 'an inference; counts simulated, energies modelled', [['technology', run.energy.technology],
      ['with the other scaling', shown(run.energy.joules_other_scaling / run.batch, 'J')], ['average power', shown(run.energy.average_watts, 'W')],
      ['TDP', shown(run.energy.tdp_watts, 'W')], ...factRows(run.energy.technology).slice(0, 4)]);
  }
  if (run.cost) {
    const ways = [run.cost.own, run.cost.rent, run.cost.build].filter((way) => way && way.usd_per_million !== null);
    tile(`${shown(d3.min(ways, (way) => way.usd_per_million), '$')}`, 'a million inferences at the cheapest, modelled', [['prices', `${run.cost.prices} of ${run.cost.prices_date}`],
      ['busy', percentOf(run.cost.utilisation, 1)], ...factRows(`${run.cost.prices}.operation`)]);
  }
  if (run.deadline) {
    tile(run.deadline.met ? 'met' : 'MISSED', `deadline of ${shown(run.deadline.seconds, 's')}`, [['margin', shown(run.deadline.margin_seconds, 's')], ['worst case', shown(run.deadline.worst_case_seconds, 's')]]);
  }
  if (run.check) {
    tile(run.check.passed ? 'passed' : 'FAILED', 'check against the reference kernels', [['tensors', shown(run.check.tensors)], ['elements', shown(run.check.elements)], ['mismatches', shown(run.check.mismatches)]]);
    tiles.lastChild.firstChild.classList.add(run.check.passed ? 'good' : 'bad');
  }
  made.append(tiles);
  return made;
}

function summary() {
  const box = panel('summary', 'What made it wait');
  if (!run.advice.length) box.append(element('p', {}, 'Nothing to speak of.'));
  for (const advice of run.advice) {
    const line = element('p', {}, element('b', {}, `${advice.cause} ${percentOf(advice.share, 1)} `), `${advice.reason}. `, element('span', {class: 'quiet'}, advice.keys.join(', ')));
    line.addEventListener('mousemove', (event) => showTip(event, [[advice.cause, data.meanings.causes[advice.cause] || ''], ...factRows(...advice.keys)]));
    line.addEventListener('mouseleave', hideTip);
    box.append(line);
  }
  const rows = run.matrix_cycles.filter((share) => share.cycles > 0).sort((a, b) => b.cycles - a.cycles);
  box.append(element('p', {class: 'quiet'}, 'Cycles of the matrix unit:'));
  stackedRows(box, rows.map((share) => ({label: share.name, text: `${share.percent} %`,
    parts: [{colour: share.name.endsWith('MACs') ? colourOf.busy : colourOf[share.name], value: share.cycles}],
    rows: [[share.name, data.meanings.causes[share.name] || ''], ['cycles', cyclesOf(share.cycles)], ['share', `${share.percent} %`]]})), {barLabel: 'cycles of the matrix unit'});
  return box;
}

// ---- roofline ------------------------------------------------------------------------------

function roofline() {
  const box = panel('roofline', 'Roofline', 'Every layer with products: operations a byte of DRAM that it moved, against the rate it reached. Its area is its part of the whole time.');
  const peak = total.peak_tops * 1e12, bandwidth = run.dram.peak_bytes_per_second;
  const points = worked.filter((layer) => layer.macs > 0 && layer.seconds > 0).map((layer) => {
    const bytes = layer.dram.read_bytes + layer.dram.write_bytes;
    return {...layer, intensity: bytes ? 2 * layer.macs / bytes : null, rate: 2 * layer.macs / layer.seconds};
  });
  if (!points.length) { box.append(element('p', {}, 'The network has no products.')); return box; }
  const width = 640, height = 420, left = 64, right = 20, top = 12, bottom = 44;
  const svg = drawing(box, width, height, 'roofline of all layers');
  const ridge = peak / bandwidth, known = points.filter((p) => p.intensity !== null).map((p) => p.intensity);
  const high = Math.max(d3.max(known) || 0, ridge) * 6;
  const x = d3.scaleLog().domain([Math.min(d3.min(known) || ridge, ridge) / 3, high]).range([left, width - right]);
  const y = d3.scaleLog().domain([Math.min(d3.min(points, (p) => p.rate) / 2, peak / 100), peak * 2]).range([height - bottom, top]);
  drawAxes(svg, x, y, {width, height, left, right, top, bottom, xLabel: 'operations a DRAM byte', yLabel: 'operations a second', xTicks: 5, yTicks: 5, xFormat: '.2~s', yFormat: '.2~s'});
  const [low] = x.domain();
  const from = Math.max(low, y.domain()[0] / bandwidth);
  const roof = svg.append('path').attr('class', 'roof').attr('d', d3.line()([[x(from), y(from * bandwidth)], [x(ridge), y(peak)], [x(high), y(peak)]]));
  roof.on('mousemove', () => showTip(d3.event, [['peak', shown(peak, 'OPS')], ['DRAM', shown(bandwidth, 'B/s')], ['ridge', `${shown(ridge)} operations a byte`], ...factRows('dram', 'matrix_unit', 'clock')])).on('mouseleave', hideTip);
  const r = d3.scaleSqrt().domain([0, d3.max(points, (p) => p.exposed_cycles) || 1]).range([2.5, 14]);
  const circles = svg.selectAll('circle').data(points.slice().sort((a, b) => b.exposed_cycles - a.exposed_cycles)).enter().append('circle').attr('class', 'point')
      .attr('data-layer', (p) => p.id).attr('cx', (p) => x(p.intensity === null ? high / 1.15 : p.intensity)).attr('cy', (p) => y(p.rate)).attr('r', (p) => r(p.exposed_cycles))
      .on('mousemove', (p) => showTip(d3.event, [...layerRows(p), ['reached', shown(p.rate, 'OPS')], ['operations a byte', p.intensity === null ? 'no DRAM byte' : shown(p.intensity)],
        ['of its roof', percentOf(p.rate, p.intensity === null ? peak : Math.min(peak, p.intensity * bandwidth))]]))
      .on('mouseleave', hideTip).on('click', (p) => select(layers[p.id]));
  circles.style('fill', (p) => p.bound === 'compute' ? colourOf.busy : p.bound === 'dram' ? colourOf.issue : p.bound === 'vector' ? kinds[4] : kinds[6]);
  markRows(circles);
  const key = element('p', {class: 'quiet'});
  for (const [bound, colour] of [['compute', colourOf.busy], ['dram', colourOf.issue], ['vector', kinds[4]], ['host', kinds[6]]]) key.append(keyOf(colour, `busiest: ${bound}`));
  if (points.some((p) => p.intensity === null)) key.append(' Layers that move no DRAM byte stand at the right edge.');
  box.append(key);
  return box;
}

// ---- where the time and the energy went ----------------------------------------------------

const orders = [['time lost against the bound', (a, b) => b.lost - a.lost], ['time', (a, b) => b.exposed_cycles - a.exposed_cycles],
  ['energy', (a, b) => (b.joules || 0) - (a.joules || 0)], ['order of the network', (a, b) => a.id - b.id], ['name', (a, b) => d3.ascending(a.name, b.name)]];

/** Layers in an order, as many as are wanted, drawn again when either changes. */
function layerBars(box, first, draw) {
  const counts = [20, 50, 200, 1000].filter((n) => n < worked.length).concat([worked.length]);
  const chosen = {order: first, count: 0};
  const body = element('div', {class: 'scroll'});
  const fill = () => {
    body.replaceChildren();
    const rows = worked.slice().sort(orders[chosen.order][1]).slice(0, counts[chosen.count]);
    const lines = draw(body, rows);
    lines.classed('selected', (d) => state.selected !== null && d.id === state.selected.id);
    body.lines = lines;
  };
  box.append(element('div', {class: 'controls'}, choice('by', orders.map(([name]) => name), chosen.order, (i) => { chosen.order = i; fill(); }),
      choice('layers', counts.map((n, i) => i === counts.length - 1 ? `all ${n}` : `the first ${n}`), 0, (i) => { chosen.count = i; fill(); })), body);
  fill();
  redraws.push(() => body.lines.classed('selected', (d) => state.selected !== null && d.id === state.selected.id));
}

function timeByLayer() {
  const box = panel('time', 'Where the time went', 'Cycles of the engine that makes the layer\'s result, by cause. The mark is the layer\'s bound; the number what it lost against it of the whole time.');
  box.classList.add('wide');
  const used = causes.filter((cause) => cause !== 'idle' && d3.sum(worked, (layer) => cause === 'busy' ? layer.busy[layer.main_engine] : layer.stalls[cause]) > total.cycles / 2000);
  const key = element('p', {class: 'quiet'});
  used.forEach((cause) => key.append(keyOf(colourOf[cause], cause, data.meanings.causes[cause])));
  box.append(key);
  const partsOf = (layer) => used.map((cause) => {
    const value = cause === 'busy' ? layer.busy[layer.main_engine] : layer.stalls[cause];
    return {colour: colourOf[cause], value, rows: [[cause, data.meanings.causes[cause]], ['cycles', `${cyclesOf(value)} of the ${layer.main_engine} engine`]]};
  });
  layerBars(box, 0, (body, rows) => stackedRows(body, rows.map((layer) => ({id: layer.id, label: layer.name, parts: partsOf(layer), mark: layer.roofline.cycles,
    text: layer.lost ? `${percentOf(layer.lost, total.cycles)} lost` : '', rows: layerRows(layer)})), {width: wholeWidth, left: 150, right: 110, clicked: (r) => select(layers[r.id]), barLabel: 'cycles of each layer by cause'}));
  return box;
}

function energyByLayer() {
  const box = panel('energy', 'Where the energy went');
  if (!run.energy) { box.append(element('p', {}, 'Not known, as the chip names no technology.')); return box; }
  const parts = components.map((name, i) => ({name, i, joules: run.energy.components[name] || 0})).filter((part) => part.joules > 0);
  const whole = d3.sum(parts, (part) => part.joules);
  const colour = (part) => kinds[part.i % kinds.length];
  box.append(element('p', {class: 'quiet'}, `By component: ${shown(run.energy.joules, 'J')} of the run, ${shown(run.energy.average_watts, 'W')} on average; counts simulated, energies modelled (${run.energy.technology}).`));
  stackedRows(box, parts.slice().sort((a, b) => b.joules - a.joules).map((part) => ({label: part.name, text: percentOf(part.joules, whole), parts: [{colour: colour(part), value: part.joules}],
    rows: [[part.name, shown(part.joules, 'J')], ['share', percentOf(part.joules, whole)], ['power', shown(run.energy.average_watts * part.joules / whole, 'W')]]})), {unit: 'J', barLabel: 'energy by component'});
  box.append(element('p', {class: 'quiet'}, 'By layer:'));
  layerBars(box, 2, (body, rows) => stackedRows(body, rows.map((layer) => ({id: layer.id, label: layer.name, text: shown(layer.joules, 'J'), rows: layerRows(layer),
    parts: parts.map((part) => ({colour: colour(part), value: data.layer_energy.joules[layer.id][part.i], rows: [[part.name, shown(data.layer_energy.joules[layer.id][part.i], 'J')]]}))})),
  {unit: 'J', clicked: (r) => select(layers[r.id]), barLabel: 'energy of each layer by component'}));
  return box;
}

// ---- over time -----------------------------------------------------------------------------

function overTime() {
  const box = panel('course', 'Over time');
  box.classList.add('wide');
  const course = data.course;
  if (!course) { box.append(element('p', {}, 'Not recorded.')); return box; }
  const width = 1240, left = 96, right = 20, end = secondsOf(course.cycles);
  const x = d3.scaleLinear().domain([0, end]).range([left, width - right]);
  const chart = (label, height, domain, unit) => {
    const svg = drawing(box, width, height, label);
    const y = d3.scaleLinear().domain(domain).range([height - 22, 8]);
    svg.append('g').attr('class', 'axis').attr('transform', `translate(0,${height - 22})`).call(d3.axisBottom(x).ticks(8).tickFormat((v) => shown(v, 's')));
    if (unit) svg.append('g').attr('class', 'axis').attr('transform', `translate(${left},0)`).call(d3.axisLeft(y).ticks(4).tickFormat((v) => shown(v, unit)));
    const span = svg.append('rect').attr('class', 'selection').attr('y', 4).attr('height', height - 26).style('display', 'none');
    redraws.push(() => {
      const layer = state.selected;
      span.style('display', layer && !layer.view ? null : 'none');
      if (layer && !layer.view) span.attr('x', x(secondsOf(layer.first_start))).attr('width', Math.max(1, x(secondsOf(layer.last_end)) - x(secondsOf(layer.first_start))));
    });
    return {svg, y, height};
  };
  const hover = ({svg, height}, rows) => {
    const cursor = svg.append('line').attr('class', 'cursor').attr('y1', 4).attr('y2', height - 22).style('display', 'none');
    svg.append('rect').attr('class', 'hit over').attr('x', left).attr('y', 0).attr('width', width - left - right).attr('height', height - 22)
        .on('mousemove', function() {
          const at = Math.max(0, Math.min(end, x.invert(d3.mouse(this)[0])));
          cursor.attr('x1', x(at)).attr('x2', x(at)).style('display', null);
          showTip(d3.event, [['at', shown(at, 's')], ...rows(at)]);
        }).on('mouseleave', () => { cursor.style('display', 'none'); hideTip(); });
  };
  const nameOf = (layer) => layers[layer] ? layers[layer].name : String(layer);
  const owned = (moment) => moment[2].map(([layer, bytes]) => [nameOf(layer), shown(bytes, 'B')]);

  const moments = course.buffer.moments, capacity = course.buffer.capacity_bytes;
  const top = moments.reduce((a, b) => b[1] > a[1] ? b : a, moments[0] || [0, 0, []]);
  box.append(element('p', {id: 'peak'}, element('b', {}, 'Unified buffer: '), `at most ${shown(top[1], 'B')} of ${shown(capacity, 'B')} (${percentOf(top[1], capacity)}) hold what is still read, at ${shown(secondsOf(top[0]), 's')}: `,
      top[2].map(([layer, bytes]) => `${nameOf(layer)} ${shown(bytes, 'B')}`).join(', ')));
  const full = top[1] > capacity / 2;  // else the line of the capacity would flatten the levels
  const buffer = chart('bytes held in the unified buffer', 170, [0, full ? Math.max(capacity, top[1]) * 1.02 : top[1] * 1.1 || 1], 'B');
  const area = d3.area().curve(d3.curveStepAfter).x((m) => x(secondsOf(m[0]))).y0(buffer.y(0)).y1((m) => buffer.y(m[1]));
  buffer.svg.append('path').attr('class', 'level').attr('d', area([...moments, [course.cycles, 0, []]]));
  if (full) buffer.svg.append('line').attr('class', 'limit').attr('x1', left).attr('x2', width - right).attr('y1', buffer.y(capacity)).attr('y2', buffer.y(capacity));
  hover(buffer, (at) => {
    const moment = moments[Math.max(0, d3.bisector((m) => secondsOf(m[0])).right(moments, at) - 1)];
    return moment ? [['held', `${shown(moment[1], 'B')}, ${percentOf(moment[1], capacity)}`], ...owned(moment)] : [];
  });

  const {read, write, seconds} = course.dram, peak = run.dram.peak_bytes_per_second;
  box.append(element('p', {}, element('b', {}, 'DRAM: '), `${shown(run.dram.bytes_per_second, 'B/s')} on average, ${percentOf(run.dram.utilisation, 1)} of the peak of ${shown(peak, 'B/s')}; `,
      keyOf('var(--accent)', 'read'), keyOf('var(--front)', 'written')));
  const dram = chart('DRAM bandwidth over time', 150, [0, peak * 1.05], 'B/s');
  const steps = (from, to) => d3.area().curve(d3.curveStepAfter).x((d, i) => x(Math.min(end, i * seconds))).y0((d, i) => dram.y(from(i))).y1((d, i) => dram.y(to(i)));
  const rate = (list) => (i) => (list[Math.min(i, list.length - 1)] || 0) / seconds;
  const [reads, writes] = [rate(read), rate(write)], stepsWithEnd = d3.range(read.length + (read.length ? 1 : 0));
  dram.svg.append('path').attr('class', 'level').attr('d', steps(() => 0, reads)(stepsWithEnd));
  if (write.some((bytes) => bytes > 0)) dram.svg.append('path').attr('class', 'second').attr('d', steps(reads, (i) => reads(i) + writes(i))(stepsWithEnd));
  dram.svg.append('line').attr('class', 'limit').attr('x1', left).attr('x2', width - right).attr('y1', dram.y(peak)).attr('y2', dram.y(peak));
  hover(dram, (at) => {
    const i = Math.min(read.length - 1, Math.floor(at / seconds));
    return read.length ? [['read', shown(reads(i), 'B/s')], ['written', shown(writes(i), 'B/s')], ['of the peak', percentOf(reads(i) + writes(i), peak)]] : [];
  });

  const engines = Object.keys(course.engines.busy), width_cycles = course.engines.cycles;
  box.append(element('p', {}, element('b', {}, 'Engines: '), 'the darker, the busier.'));
  const strips = chart('engines over time', 24 + 20 * engines.length, [0, 1], '');
  engines.forEach((engine, row) => {
    strips.svg.append('text').attr('x', left - 6).attr('y', row * 20 + 15).attr('text-anchor', 'end').text(engine);
    const g = strips.svg.append('g');
    course.engines.busy[engine].forEach((share, i) => {
      if (share > 0) g.append('rect').attr('class', 'bar').attr('fill-opacity', Math.max(0.06, share)).attr('x', x(secondsOf(i * width_cycles))).attr('y', row * 20 + 2)
          .attr('width', Math.max(0.5, x(Math.min(end, secondsOf((i + 1) * width_cycles))) - x(secondsOf(i * width_cycles)))).attr('height', 16);
    });
  });
  hover(strips, (at) => engines.map((engine) => [engine, percentOf(course.engines.busy[engine][Math.min(course.engines.busy[engine].length - 1, Math.floor(at * frequency / width_cycles))] || 0, 1)]));
  return box;
}

// ---- cost and devices ----------------------------------------------------------------------

function cost() {
  const box = panel('cost', 'What it costs');
  if (!run.cost) { box.append(element('p', {}, 'Not known, as the chip has no section cost.')); return box; }
  const c = run.cost;
  box.append(element('p', {class: 'quiet'}, `Dollars a million inferences, with the machine busy ${percentOf(c.utilisation, 1)} of the hours; prices ${c.prices} of ${c.prices_date}, modelled.`));
  const names = [['device_usd_per_hour', 'device and server', kinds[0]], ['rent_usd_per_hour', 'rent', kinds[2]], ['site_usd_per_hour', 'building', kinds[3]], ['electricity_usd_per_hour', 'electricity', kinds[5]]];
  const ways = [[`own, bought at ${shown(c.price_usd)} $`, c.own], ['rent', c.rent], [`build ${shown(c.volume)}`, c.build]].filter(([, way]) => way && way.usd_per_million !== null);
  const key = element('p', {class: 'quiet'});
  names.forEach(([, name, colour]) => key.append(keyOf(colour, name)));
  box.append(key);
  const prices = factRows(`${c.prices}.operation`, `${c.prices}.memory`);
  stackedRows(box, ways.map(([label, way]) => ({label, text: shown(way.usd_per_million, '$'), rows: [[label, `${shown(way.usd_per_hour, '$')} an hour`], ...prices],
    parts: names.map(([name, title, colour]) => ({colour, value: way.usd_per_million * way[name] / way.usd_per_hour, rows: [[title, `${shown(way[name], '$')} an hour`]]}))})), {left: 170, barLabel: 'dollars a million inferences'});
  const say = (text) => box.append(element('p', {}, text));
  const chips = (volume) => volume === null ? 'no volume' : `${shown(Math.ceil(volume))} chips`;
  say(`Building beats buying from ${chips(c.break_even_volume)} (${chips(c.break_even_volume_bottom_up)} with the design cost counted from below).`);
  say(c.rent === null ? 'No cloud price is known for this chip.' : `Owning beats renting from ${c.break_even_hours_rent === null ? 'never' : `${shown(Math.ceil(c.break_even_hours_rent))} hours of work`}; building from ${chips(c.break_even_volume_rent)}.`);
  const swings = c.sensitivity.slice(0, 6).map((swing) => ({...swing, a: 1e6 * Math.min(swing.usd_per_inference_at_low, swing.usd_per_inference_at_high), b: 1e6 * Math.max(swing.usd_per_inference_at_low, swing.usd_per_inference_at_high)}));
  if (swings.length) {
    box.append(element('p', {class: 'quiet'}, 'Most uncertain: dollars a million inferences over the range of each price.'));
    stackedRows(box, swings.map((s) => ({label: s.input, text: `${shown(s.a, '$')} .. ${shown(s.b, '$')}`, parts: [{colour: 'transparent', value: s.a}, {colour: kinds[1], value: s.b - s.a}],
      rows: [[s.input, `${shown(s.a, '$')} .. ${shown(s.b, '$')}`], ...factRows(`${c.prices}.ranges.${s.input.replace(/ /g, '_')}`)]})), {right: 150, barLabel: 'swing of the price of an inference'});
  }
  return box;
}

function devices() {
  const box = panel('devices', 'Devices beside it', 'The same network and batch. Speed and energy: how many times the chip is better.');
  if (!run.devices.length) { box.append(element('p', {}, 'None that can run it.')); return box; }
  const own = {device: run.chip, kind: 'this chip', type: run.type, time_obtained: 'simulated', seconds: total.seconds, watts: run.energy ? run.energy.average_watts : null,
    joules_per_inference: run.energy ? run.energy.joules_per_inference : null, own_usd_per_million: run.cost ? run.cost.own.usd_per_million : null};
  const times = (better, base) => better && base ? `${d3.format('.3~r')(better / base)} x` : '-';
  const number = (key, unit) => ({of: (d) => d[key], text: (d) => shown(d[key], unit)});
  const columns = [{name: 'device', of: (d) => d.device, text: (d) => d.device, isText: true}, {name: 'kind', of: (d) => d.kind, text: (d) => d.kind, isText: true},
    {name: 'type', of: (d) => d.type, text: (d) => d.type, isText: true}, {name: 'time', meaning: 'of a batch', ...number('seconds', 's')},
    {name: 'speed', of: (d) => d.seconds, text: (d) => times(d.seconds, total.seconds)}, {name: 'W', ...number('watts', '')},
    {name: 'J/inference', ...number('joules_per_inference', 'J')}, {name: 'energy', of: (d) => d.joules_per_inference, text: (d) => times(d.joules_per_inference, own.joules_per_inference)},
    {name: '$/million', meaning: 'owned', ...number('own_usd_per_million', '$')}, {name: 'time is', of: (d) => d.time_obtained, text: (d) => d.time_obtained, isText: true}];
  box.append(element('div', {class: 'scroll'}, sortedTable(columns, [own, ...run.devices], () => ({})).table));
  return box;
}

// ---- tables --------------------------------------------------------------------------------

function flatten(object, prefix = '') {
  return Object.entries(object).flatMap(([key, value]) => value !== null && typeof value === 'object' && !Array.isArray(value)
      ? flatten(value, `${prefix}${key}.`) : [[prefix + key, value]]);
}
function details() {
  const box = panel('layer', 'A layer'), body = box.appendChild(element('div', {class: 'scroll'}));
  const fill = () => {
    const layer = state.selected;
    if (!layer) { body.replaceChildren(element('p', {class: 'quiet'}, 'Click a layer in a chart or table: all of its figures open here.')); return; }
    const table = element('table');
    for (const [key, value] of flatten(run.layers[layer.id])) {
      const [unit, meaning] = data.meanings.layer[key.split('.')[0]] || ['', ''];
      const text = Array.isArray(value) ? value.join(' x ') : shown(value, unit === 's' || unit === 'J' ? unit : '');
      const row = element('tr', {title: `${meaning}${unit ? ` [${unit}]` : ''}`}, element('td', {class: 'text'}, key), element('td', {}, text));
      table.append(row);
    }
    body.replaceChildren(table);
  };
  redraws.push(fill);
  fill();
  return box;
}

function layerTable() {
  const number = (name, key, unit) => ({name, meaning: (data.meanings.layer[key] || ['', ''])[1], of: (l) => l[key], text: (l) => l.view ? '-' : shown(l[key], unit)});
  const columns = [{name: '#', of: (l) => l.id, text: (l) => String(l.id + 1)}, {name: 'layer', of: (l) => l.name, text: (l) => l.name, isText: true},
    {name: 'kind', of: (l) => l.kind, text: (l) => l.fused ? `${l.kind}, fused` : l.view ? `${l.kind}, a view` : l.kind, isText: true},
    {name: 'output', of: (l) => d3.sum(l.output_shape), text: (l) => l.output_shape.slice(1).join('x')}, number('MACs', 'macs', ''),
    number('cycles', 'cycles', ''), number('exposed', 'exposed_cycles', ''), {name: 'lost', meaning: 'exposed cycles beyond the bound', of: (l) => l.lost, text: (l) => l.view ? '-' : shown(l.lost)},
    {name: 'utilisation', of: (l) => l.utilisation, text: (l) => l.macs ? percentOf(l.utilisation, 1) : '-'}, {name: 'bound', of: (l) => l.bound, text: (l) => l.bound, isText: true},
    {name: 'largest stall', of: (l) => l.largest_stall_cycles, text: (l) => l.largest_stall ? `${l.largest_stall} ${cyclesOf(l.largest_stall_cycles)}` : '-'},
    {name: 'DRAM', of: (l) => l.dram.read_bytes + l.dram.write_bytes, text: (l) => shown(l.dram.read_bytes + l.dram.write_bytes, 'B')}, number('energy', 'joules', 'J')];
  const made = sortedTable(columns, layers, (l) => ({'data-point': l.id, 'data-layer': l.id}), (l) => select(l));
  redraws.push(() => made.table.querySelectorAll('tr[data-layer]').forEach((row) => row.classList.toggle('selected', state.selected !== null && row.dataset.layer === String(state.selected.id))));
  const box = panel('layers', 'Every layer');
  box.classList.add('wide');
  box.append(element('div', {class: 'scroll'}, made.table));
  return box;
}

function constants() {
  const box = element('section', {class: 'panel wide', id: 'constants'});
  const columns = [{name: 'quantity', of: (f) => f.path, text: (f) => f.path, isText: true}, {name: 'value', of: (f) => f.value, text: (f) => f.value, isText: true},
    {name: 'status', of: (f) => f.status, text: (f) => f.status, isText: true}];
  const body = element('div', {class: 'scroll'});
  const fill = (word) => {
    const kept = facts.filter((fact) => fact.path.includes(word) || fact.source.includes(word));
    const made = sortedTable(columns, kept, (fact) => ({'data-fact': fact.path}));
    made.table.addEventListener('mousemove', (event) => {
      const row = event.target.closest('tr[data-fact]'), fact = row && kept.find((f) => f.path === row.dataset.fact);
      if (fact) showTip(event, [[fact.path, fact.value], [fact.status, fact.source || 'no source: a choice of this project']]);
    });
    made.table.addEventListener('mouseleave', hideTip);
    body.replaceChildren(made.table);
  };
  const search = element('input', {type: 'search', placeholder: 'find', 'aria-label': 'find a constant'});
  search.addEventListener('input', () => fill(search.value));
  fill('');
  box.append(element('details', {}, element('summary', {}, `Every constant: ${facts.length}`),
      element('p', {class: 'quiet'}, 'Its source shows where the pointer is. found = stated by the source; derived = computed from stated figures; unverified = not checked against the source; assumed = a modelling choice.'),
      element('div', {class: 'controls'}, search), body));
  return box;
}

function madeBy() {
  const box = panel('made', 'What made this page');
  box.classList.add('wide');
  if (data.command) box.append(element('p', {}, element('code', {}, data.command)));
  const made = run.made_by;
  if (made) {
    box.append(element('p', {}, `systole ${made.version} with seed ${made.seed}`));
    for (const kind of ['chip', 'network']) {
      const source = made[kind];
      box.append(element('p', {}, `${kind}: `, element('code', {}, source.file), source.xxh128 ? ` (xxh128 ${source.xxh128})` : '', source.replaces_shipped ? ' instead of the one that ships under this name' : ''));
    }
  }
  const check = run.check;
  box.append(element('p', {class: check ? check.passed ? 'good' : 'bad' : 'quiet', id: 'check'}, check
      ? `check: ${shown(check.tensors)} tensors, ${shown(check.elements)} elements compared with the reference kernels, ${shown(check.mismatches)} mismatches: ${check.passed ? 'passed' : 'FAILED'}`
      : 'Numbers were not checked; --check does.'));
  box.append(element('p', {class: 'quiet'}, 'All figures stand in this file as JSON, in the script element of id data.'));
  return box;
}

const main = document.getElementById('page');
main.append(head());
main.append(element('div', {class: 'panels'}, roofline(), summary(), timeByLayer(), overTime(), energyByLayer(), element('div', {class: 'stack'}, details(), cost(), devices()), layerTable(), constants(), madeBy()));
const wanted = /^#layer-(\d+)$/.exec(location.hash);
if (wanted && layers[wanted[1]]) select(layers[wanted[1]]);
addEventListener('beforeprint', () => document.querySelectorAll('details').forEach((d) => { d.open = true; }));
document.documentElement.dataset.ready = 'true';
