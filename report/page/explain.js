// The page of a mapping: what each layer loses, how one is mapped, the buffer, what more hardware would win.
'use strict';

const told = data.explanation;
const layers = told.layers.map((layer, id) => ({...layer, id, works: layer.loops.length > 0, lost: layer.bound_cycles ? Math.max(0, layer.cycles - layer.bound_cycles) : 0}));
const worked = layers.filter((layer) => layer.works);
const state = {selected: null};
const redraws = [];  // called when the selection changes

const homes = {buffer: 'stays in the unified buffer', buffer_over_host_link: 'stays in the unified buffer, over the host link as a whole',
  dram: 'streams, band by band, DRAM its home', host: 'streams, band by band, over the host link', dram_tiles: 'in DRAM, from where the array takes it tile by tile'};
const levelColours = {dram: kinds[1], unified_buffer: kinds[0], accumulators: kinds[4], array: kinds[2], vector_unit: kinds[6]};
const blockWords = {resident: 'stays', input_band: 'band that is read', output_band: 'band that is written', maxima: 'maxima of rows',
                     constants: 'constants'};
const words = (key) => key.replace(/_/g, ' ');

function select(layer) {
  state.selected = state.selected === layer ? null : layer;
  history.replaceState(null, '', state.selected ? `#layer-${layer.id}` : ' ');
  redraws.forEach((redraw) => redraw());
}
function isSelected(id) { return state.selected !== null && state.selected.id === id; }
function cyclesOf(cycles) { return d3.format(',')(Math.round(cycles)); }
function timesOf(value, least) { return least ? `${d3.format('.2f')(value / least)} x` : '-'; }
function changeOf(value, than) { return than ? `${d3.format('+.1f')(100 * (value - than) / than)} %` : '-'; }
function movedOf(layer) { return d3.sum(layer.traffic.filter((row) => row.level.startsWith('dram')), (row) => row.moved); }
function bandsOf(layer) { const band = layer.loops.find((loop) => loop.axis === 'band'); return band ? band.count : 1; }
function layerRows(layer) {
  if (!layer.works) return [[layer.name, layer.fused ? 'computed by the layer before' : 'a view: nothing moves']];
  return [[layer.name, `${layer.kind}, ${layer.output.slice(1).join(' x ')}`], ['cycles', cyclesOf(layer.cycles)],
    ...(layer.bound_cycles ? [['no mapping beats', cyclesOf(layer.bound_cycles)], ['distance', timesOf(layer.cycles, layer.bound_cycles)]] : []),
    ['the cost model expected', cyclesOf(layer.estimated_cycles)], ['parts of the batch, bands', `${layer.parts}, ${bandsOf(layer)}`], ['DRAM', shown(movedOf(layer), 'B')]];
}

function head() {
  const made = element('header', {}, element('h1', {}, `${told.network} on ${told.chip}: how it is mapped`),
      element('p', {class: 'quiet'}, `batch ${told.batch}, ${layers.length} layers`));
  const tiles = element('div', {class: 'tiles'});
  const tile = (value, meaning, rows) => tiles.append(tileOf(value, meaning, rows));
  tile(cyclesOf(told.cycles), 'cycles, simulated', [['no mapping beats', cyclesOf(told.bound_cycles)], ['beyond it', cyclesOf(told.cycles - told.bound_cycles)]]);
  tile(timesOf(told.cycles, told.bound_cycles), 'what no mapping beats', [['how', 'simulated cycles over the proven bound of this network on this chip']]);
  tile(cyclesOf(told.estimated_cycles), 'cycles that the cost model expected', [['how', 'layers one after another; the simulation overlaps them'], ['simulated', cyclesOf(told.cycles)]]);
  tile(shown(told.dram_bytes, 'B'), `over DRAM, ${timesOf(told.dram_bytes, told.bound_dram_bytes)} the least`, [['the least', shown(told.bound_dram_bytes, 'B')]]);
  tile(shown(told.buffer_bytes, 'B'), `of ${shown(told.buffer_capacity_bytes, 'B')} of the unified buffer used`, [['blocks', shown(told.buffer.length)]]);
  const won = told.changes.filter((change) => change.cycles !== undefined).sort((a, b) => a.cycles - b.cycles)[0];
  if (won) tile(changeOf(won.cycles, told.cycles), `with ${won.change}, simulated`, [[won.change, won.set.join(', ')], ['cycles', cyclesOf(won.cycles)]]);
  made.append(tiles);
  return made;
}

// ---- layers --------------------------------------------------------------------------------

const orders = [['cycles lost against the bound', (a, b) => b.lost - a.lost], ['distance', (a, b) => (b.distance || 0) - (a.distance || 0)],
  ['cycles', (a, b) => b.cycles - a.cycles], ['order of the network', (a, b) => a.id - b.id]];

function losses() {
  const box = panel('losses', 'What each layer loses', 'Active cycles of each layer: those of its bound, and those beyond it. The mark is what the cost model expected. A click opens the layer.');
  box.classList.add('wide');
  box.append(element('p', {class: 'quiet'}, keyOf(kinds[0], 'of the bound'), keyOf(kinds[2], 'beyond it'), keyOf(kinds[9], 'without products: no bound')));
  const counts = [20, 50, 200].filter((n) => n < worked.length).concat([worked.length]);
  const chosen = {order: 0, count: 0}, body = element('div', {class: 'scroll'});
  let lines;
  const mark = () => lines.classed('selected', (r) => isSelected(r.id));
  const fill = () => {
    body.replaceChildren();
    const rows = worked.slice().sort(orders[chosen.order][1]).slice(0, counts[chosen.count]);
    lines = stackedRows(body, rows.map((layer) => ({id: layer.id, label: layer.name, mark: layer.estimated_cycles, rows: layerRows(layer),
      text: timesOf(layer.cycles, layer.bound_cycles), parts: [{colour: kinds[0], value: Math.min(layer.cycles, layer.bound_cycles)}, {colour: kinds[2], value: layer.lost}, {colour: kinds[9], value: layer.bound_cycles ? 0 : layer.cycles}]})),
    {width: wholeWidth, left: 150, right: 80, clicked: (r) => select(layers[r.id]), barLabel: 'cycles of each layer'});
    mark();
  };
  box.append(element('div', {class: 'controls'}, choice('by', orders.map(([name]) => name), 0, (i) => { chosen.order = i; fill(); }),
      choice('layers', counts.map((n, i) => i === counts.length - 1 ? `all ${n}` : `the first ${n}`), 0, (i) => { chosen.count = i; fill(); })), body);
  fill();
  redraws.push(mark);
  return box;
}

/** A loop as a sentence: `for each of 3 slices of k: 32 of 72 products`. */
function loopText(loop) {
  const slice = loop.axis === 'n' || loop.axis === 'k', amount = (n) => `${d3.format(',')(n)} ${n === 1 ? loop.unit.replace(/s$/, '') : loop.unit}`;
  const turns = `${d3.format(',')(loop.count)} ${slice ? 'slice' : loop.axis}${loop.count === 1 ? '' : 's'}${slice ? ` of ${loop.axis}` : ''}`;
  if (loop.axis === 'fold') return `${turns} of ${amount(loop.size)}`;
  if (loop.axis === 'vector') return `${turns} of up to ${amount(loop.size)}`;
  if (loop.axis === 'position' || loop.axis === 'group') return `for each of ${turns}`;
  return loop.count === 1 ? `${turns}: ${amount(loop.of)}` : `for each of ${turns}: ${d3.format(',')(loop.size)} of ${amount(loop.of)}`;
}
/** Loops as boxes in one another, the outermost first. */
function nest(loops) {
  const [first, ...inner] = loops;
  const made = element('div', {class: 'loop', style: `border-color:${levelColours[first.level] || 'var(--line)'}`},
      element('span', {class: 'quiet'}, `${words(first.level)} `), loopText(first));
  if (inner.length) made.append(nest(inner));
  return made;
}
function candidates(title, layer, rows) {
  const made = element('div', {}, element('h3', {}, title));
  const all = [{change: 'as it is mapped', cycles: layer.estimated_cycles}, ...rows];
  stackedRows(made, all.map((one, i) => ({label: one.change, text: i ? changeOf(one.cycles, layer.estimated_cycles) : '', parts: [{colour: i ? kinds[9] : kinds[0], value: one.cycles}],
    rows: [[one.change, ''], ['cycles, estimated', cyclesOf(one.cycles)], ...(i ? [['DRAM', shown(one.dram_bytes, 'B')], ['buffer', shown(one.buffer_bytes, 'B')]] : [])]})),
  {left: 150, right: 70, barLabel: title});
  return made;
}
function openLayer() {
  const box = panel('layer', 'How a layer is mapped'), body = box.appendChild(element('div'));
  const fill = () => {
    const layer = state.selected;
    if (!layer) { body.replaceChildren(element('p', {class: 'quiet'}, 'Click a layer: its loops, bytes and other ways open here.')); return; }
    body.replaceChildren(element('h3', {}, layer.name));
    if (!layer.works) { body.append(element('p', {}, layerRows(layer)[0][1])); return; }
    body.append(element('p', {}, `${layer.kind} of ${layer.output.slice(1).join(' x ')}: ${cyclesOf(layer.cycles)} cycles${layer.bound_cycles ? `, ${timesOf(layer.cycles, layer.bound_cycles)} the ${cyclesOf(layer.bound_cycles)} that no mapping beats` : ''}`
        + (layer.side_by_side > 1 ? `; ${layer.side_by_side} groups side by side in a tile` : '')));
    const operands = element('table', {}, element('tr', {}, element('th', {}, 'operand'), element('th', {}, ''), element('th', {class: 'text'}, 'where it is')));
    for (const one of layer.operands) operands.append(element('tr', {}, element('td', {class: 'text'}, one.name), element('td', {}, one.role), element('td', {class: 'text'}, homes[one.home] || one.home)));
    body.append(element('div', {class: 'scroll'}, operands), element('h3', {}, 'Loops, outermost first'), nest(layer.parts > 1 ? [{level: 'dram', axis: 'part', count: layer.parts, size: 1, of: layer.parts, unit: 'parts'}, ...layer.loops.filter((l) => l.axis !== 'part')] : layer.loops));
    const traffic = element('table', {}, element('tr', {}, element('th', {}, 'level'), element('th', {}, 'moved'), element('th', {}, 'least'), element('th', {}, 'times')));
    for (const row of layer.traffic.filter((r) => r.moved > 0)) {
      const unit = row.unit === 'B' ? 'B' : '';
      traffic.append(element('tr', {}, element('td', {class: 'text'}, words(row.level) + (unit ? '' : `, ${row.unit}`)), element('td', {}, shown(row.moved, unit)),
          element('td', {}, shown(row.least, unit)), element('td', {}, timesOf(row.moved, row.least))));
    }
    body.append(element('h3', {}, 'Moved at each level'), element('div', {class: 'scroll'}, traffic));
    if (layer.others.length) body.append(candidates('Other ways, as the cost model sees them', layer, layer.others));
    if (layer.residency.length) body.append(candidates('With an operand elsewhere', layer, layer.residency));
  };
  redraws.push(fill);
  fill();
  return box;
}

// ---- the buffer and the hardware -----------------------------------------------------------

function bufferOverTime() {
  const box = panel('buffer', 'The unified buffer over time', 'As it was planned: cycles from left to right, addresses from bottom to top. What stays is coloured, bands of what streams and constants are grey.');
  box.classList.add('wide');
  const width = wholeWidth, height = 420, left = 74, right = 16, top = 10, bottom = 42;
  const svg = drawing(box, width, height, 'the unified buffer over time');
  const x = d3.scaleLinear().domain([0, told.cycles || 1]).range([left, width - right]);
  const y = d3.scaleLinear().domain([0, told.buffer_capacity_bytes || 1]).range([height - bottom, top]);
  const bytes = d3.range(0, 5).map((i) => i * told.buffer_capacity_bytes / 4);
  svg.append('g').attr('class', 'axis').attr('transform', `translate(0,${height - bottom})`).call(d3.axisBottom(x).ticks(6).tickFormat(d3.format('.3~s')));
  svg.append('g').attr('class', 'axis').attr('transform', `translate(${left},0)`).call(d3.axisLeft(y).tickValues(bytes).tickFormat((v) => shown(v, 'B')));
  svg.append('text').attr('x', (left + width - right) / 2).attr('y', height - 6).attr('text-anchor', 'middle').text('cycles');
  let stays = 0;
  const blocks = told.buffer.map((block) => ({...block, colour: block.use === 'resident' ? kinds[stays++ % kinds.length] : 'var(--dim)'}));
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  const drawn = svg.selectAll('rect.block').data(blocks).enter().append('rect').attr('class', 'block').attr('fill', (b) => b.colour)
      .attr('x', (b) => x(b.begin_cycle)).attr('width', (b) => Math.max(0.5, x(b.end_cycle) - x(b.begin_cycle)))
      .attr('y', (b) => y(b.address + b.bytes)).attr('height', (b) => Math.max(0.5, y(b.address) - y(b.address + b.bytes)))
      .on('mousemove', (b) => showTip(d3.event, [[b.tensor || `constants of ${b.layer}`, blockWords[b.use]], ['bytes', shown(b.bytes, 'B')], ['address', shown(b.address)],
        ['cycles', `${cyclesOf(b.begin_cycle)} to ${cyclesOf(b.end_cycle)}`], ['from', b.first_layer], ['to', b.last_layer]]))
      .on('mouseleave', hideTip).on('click', (b) => { const layer = byName.get(b.layer); if (layer) select(layer); });
  const mark = () => drawn.classed('selected', (b) => state.selected !== null && b.layer === state.selected.name);
  redraws.push(mark);
  mark();
  return box;
}

function hardware() {
  const box = panel('hardware', 'What more hardware would win', 'Each chip is compiled for and simulated anew. The mark is this chip.');
  const done = told.changes.filter((change) => change.cycles !== undefined).sort((a, b) => a.cycles - b.cycles);
  if (!told.changes.length) { box.append(element('p', {}, 'Not asked for (--no-changes, or --layer).')); return box; }
  stackedRows(box, done.map((change) => ({label: change.change, mark: told.cycles, text: changeOf(change.cycles, told.cycles),
    parts: [{colour: kinds[0], value: Math.min(change.cycles, change.bound_cycles)}, {colour: kinds[2], value: Math.max(0, change.cycles - change.bound_cycles)}],
    rows: [[change.change, change.set.join(', ')], ['cycles', cyclesOf(change.cycles)], ['no mapping beats there', cyclesOf(change.bound_cycles)],
      ['distance', timesOf(change.cycles, change.bound_cycles)], ['DRAM', shown(change.dram_bytes, 'B')], ['energy', change.joules === null ? '-' : shown(change.joules, 'J')]]})),
  {left: 170, right: 70, barLabel: 'cycles with more hardware'});
  const columns = [{name: 'with', of: (c) => c.change, text: (c) => c.change, isText: true}, {name: 'time', of: (c) => c.cycles, text: (c) => changeOf(c.cycles, told.cycles)},
    {name: 'DRAM', of: (c) => c.dram_bytes, text: (c) => shown(c.dram_bytes, 'B')}, {name: 'energy', of: (c) => c.joules, text: (c) => c.joules === null ? '-' : shown(c.joules, 'J')},
    {name: '--set', of: (c) => c.set.join(' '), text: (c) => c.set.join(' '), isText: true}];
  box.append(element('div', {class: 'scroll'}, sortedTable(columns, done, () => ({})).table));
  for (const change of told.changes.filter((c) => c.error)) box.append(element('p', {class: 'quiet'}, `no such chip, ${change.change}: ${change.error}`));
  return box;
}

function layerTable() {
  const box = panel('layers', 'Every layer');
  box.classList.add('wide');
  const number = (name, of, text) => ({name, of: (l) => l.works ? of(l) : null, text: (l) => l.works ? text(of(l), l) : '-'});
  const columns = [{name: '#', of: (l) => l.id, text: (l) => String(l.id + 1)}, {name: 'layer', of: (l) => l.name, text: (l) => l.name, isText: true},
    {name: 'kind', of: (l) => l.kind, text: (l) => l.fused ? `${l.kind}, fused` : l.works ? l.kind : `${l.kind}, a view`, isText: true},
    {name: 'output', of: (l) => d3.sum(l.output), text: (l) => l.output.slice(1).join('x')}, number('cycles', (l) => l.cycles, cyclesOf),
    number('bound', (l) => l.bound_cycles || null, (v) => v === null ? '-' : cyclesOf(v)), number('distance', (l) => l.distance, (v) => v === null ? '-' : d3.format('.2f')(v)), number('model', (l) => l.estimated_cycles, cyclesOf),
    number('parts', (l) => l.parts, String), number('bands', bandsOf, String), number('DRAM', movedOf, (v) => shown(v, 'B')),
    {name: 'operands', of: (l) => l.operands.length, text: (l) => l.operands.map((o) => `${o.name}: ${words(o.home)}`).join(', ') || '-', isText: true}];
  const made = sortedTable(columns, layers, (l) => ({'data-point': l.id, 'data-layer': l.id}), (l) => select(l));
  redraws.push(() => made.table.querySelectorAll('tr[data-layer]').forEach((row) => row.classList.toggle('selected', isSelected(Number(row.dataset.layer)))));
  box.append(element('div', {class: 'scroll'}, made.table));
  return box;
}

function madeBy() {
  const box = panel('made', 'What made this page');
  box.classList.add('wide');
  if (data.command) box.append(element('p', {}, element('code', {}, data.command)));
  box.append(element('p', {class: 'quiet'}, 'All figures stand in this file as JSON, in the script element of id data.'));
  return box;
}

const main = document.getElementById('page');
main.append(head());
main.append(element('div', {class: 'panels'}, losses(), openLayer(), hardware(), bufferOverTime(), layerTable(), madeBy()));
const wanted = /^#layer-(\d+)$/.exec(location.hash);
if (wanted && layers[wanted[1]]) select(layers[wanted[1]]);
else if (data.opened !== null) select(layers[data.opened]);
else if (worked.length) select(worked.slice().sort(orders[0][1])[0]);
document.documentElement.dataset.ready = 'true';
