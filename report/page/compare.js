// The page of a comparison: devices side by side, in speed, energy and dollars, and under load.
'use strict';

const comparison = data.comparison, error = data.device_error;
const rows = comparison.rows.map((row, id) => ({...row, id, curve: data.curves[id] || [],
  label: comparison.rows.some((other) => other.device === row.device && other.batch !== row.batch) ? `${row.device}, batch ${row.batch}` : row.device}));
const good = rows.filter((row) => row.error === null);
const kindNames = [...new Set(rows.map((row) => row.kind))];
const colourOf = (row) => kinds[kindNames.indexOf(row.kind) % kinds.length];
const state = {selected: null};
const redraws = [];

function select(row) {
  state.selected = state.selected === row ? null : row;
  history.replaceState(null, '', state.selected ? `#row-${row.id}` : ' ');
  redraws.forEach((redraw) => redraw());
}
function marked(selection) {
  const mark = () => selection.classed('selected', (d) => state.selected !== null && (d.row || d).id === state.selected.id);
  redraws.push(mark);
  mark();
  return selection;
}
function percentOf(share) { return `${d3.format('.3~r')(100 * share)} %`; }
/** How far off a time may be: a share, null where nothing bounds it, 0 where cycles were simulated. */
function errorOf(row) { return row.time_obtained !== 'modelled' ? 0 : row.calibrated ? error.largest : null; }
function errorText(row) {
  if (row.time_obtained !== 'modelled') return row.time_obtained;
  return row.calibrated ? `modelled, within ${percentOf(error.largest)} of published measurements (${percentOf(error.mean)} on average)`
      : 'modelled with the figures of another family: nothing bounds its error';
}
function hoverRows(row) {
  return [[row.label, row.kind], ['time of a batch', shown(row.seconds, 's')], ['obtained', errorText(row)], ['inferences', `${shown(row.inferences_per_second)} /s`],
    ['utilisation', row.utilisation === null ? '-' : percentOf(row.utilisation)], ['power', row.watts === null ? '-' : `${shown(row.watts, 'W')}, ${row.power_obtained}`],
    ['energy an inference', shown(row.joules_per_inference, 'J')], ['owned, a million', shown(row.own_usd_per_million, '$')], ['rented, a million', shown(row.rent_usd_per_million, '$')]];
}
function reactive(selection) {
  return marked(selection.on('mousemove', (d) => showTip(d3.event, hoverRows(d.row || d))).on('mouseleave', hideTip).on('click', (d) => select(d.row || d)));
}

function head() {
  const made = element('header', {}, element('h1', {}, `${comparison.network} compared`),
      element('p', {class: 'quiet'}, `${shown(comparison.macs_per_input, 'MAC')} an input; relative to ${comparison.baseline}; owned at ${comparison.site}`));
  const tiles = element('div', {class: 'tiles'});
  const best = (key, name, more, unit) => {
    const known = good.filter((row) => row[key] !== null);
    if (!known.length) return;
    const row = known.reduce((a, b) => (more ? b[key] > a[key] : b[key] < a[key]) ? b : a);
    tiles.append(tileOf(row.label, `${name}: ${shown(row[key], unit)}`, hoverRows(row)));
  };
  tiles.append(tileOf(shown(good.length), 'rows'));
  best('inferences_per_second', 'most inferences a second', true, '');
  best('seconds', 'shortest batch', false, 's');
  best('joules_per_inference', 'least energy an inference', false, 'J');
  best('own_usd_per_million', 'cheapest million, owned', false, '$');
  made.append(tiles);
  return made;
}

/** How many times better than the baseline, all on one scale. */
function relative() {
  const box = panel('relative', 'Against the baseline', `How many times better than ${comparison.baseline}: further right is better. Whiskers: the largest error of modelled times against published measurements (${error.group === 'all' ? 'of all networks' : `of ${error.group}`}, ${percentOf(error.largest)}); dotted where nothing bounds it. The baseline's own error, and those of powers and prices, come on top.`);
  box.classList.add('wide');
  const base = (row) => good.find((other) => other.device === comparison.baseline && other.batch === row.batch) || {};
  const times = (better, worse) => better && worse ? better / worse : null;
  const measures = [['speed', kinds[0], (row) => times(row.inferences_per_second, base(row).inferences_per_second)],
    ['energy', kinds[4], (row) => times(base(row).joules_per_inference, row.joules_per_inference)],
    ['dollars, owned', kinds[1], (row) => times(base(row).own_usd_per_million, row.own_usd_per_million)]];
  const key = element('p', {class: 'quiet'});
  measures.forEach(([name, colour]) => key.append(keyOf(colour, name)));
  box.append(key);
  const values = good.flatMap((row) => measures.map(([, , of]) => of(row))).filter((v) => v !== null);
  if (!values.length) { box.append(element('p', {}, 'The baseline has no figures.')); return box; }
  const step = 13, block = 3 * step + 8, width = wholeWidth, left = 150, right = 70, height = good.length * block + 30;
  const svg = drawing(box, width, height, 'speed, energy and dollars relative to the baseline');
  const x = d3.scaleLog().domain([d3.min(values) / 1.6, d3.max(values) * 1.6]).range([left, width - right]);
  svg.append('g').attr('class', 'grid').attr('transform', `translate(0,${height - 24})`).call(d3.axisBottom(x).ticks(8, '~g').tickSize(-(height - 24)).tickFormat('')).select('.domain').remove();
  svg.append('g').attr('class', 'axis').attr('transform', `translate(0,${height - 24})`).call(d3.axisBottom(x).ticks(8, '~g'));
  const one = x.domain()[0] < 1 && x.domain()[1] > 1 ? 1 : x.domain()[0];
  svg.append('line').attr('class', 'limit').attr('x1', x(one)).attr('x2', x(one)).attr('y1', 0).attr('y2', height - 24);
  const line = reactive(svg.selectAll('g.row').data(good).enter().append('g').attr('class', 'row').attr('data-row', (row) => row.id).attr('transform', (row, i) => `translate(0,${i * block})`));
  line.append('rect').attr('class', 'hit').attr('width', width).attr('height', block);
  line.append('text').attr('x', left - 10).attr('y', block / 2 + 3).attr('text-anchor', 'end').text((row) => row.label);
  line.each(function(row) {
    measures.forEach(([, colour, of], i) => {
      const value = of(row);
      if (value === null) return;
      const y = 3 + i * step, off = errorOf(row), g = d3.select(this);
      g.append('rect').attr('x', Math.min(x(one), x(value))).attr('width', Math.max(1, Math.abs(x(value) - x(one)))).attr('y', y).attr('height', step - 3).attr('fill', colour);
      let end = x(value);
      if (off !== 0 && row.device !== comparison.baseline) {
        const by = off === null ? 0.5 : off;  // a dotted whisker has no length to trust
        const [a, b] = [x(value / (1 + by)), x(Math.min(value / (1 - by), x.domain()[1]))];
        g.append('line').attr('class', off === null ? 'whisker unknown' : 'whisker').attr('x1', a).attr('x2', b).attr('y1', y + step / 2 - 1.5).attr('y2', y + step / 2 - 1.5);
        end = Math.max(end, b);
      }
      g.append('text').attr('class', 'value').attr('x', Math.max(end, x(one)) + 5).attr('y', y + step - 4).text(`${d3.format('.3~r')(value)} x`);
    });
  });
  return box;
}

function scatter() {
  const box = panel('scatter', 'Trade-off');
  const measures = [['energy an inference', 'joules_per_inference', 'J'], ['time of a batch', 'seconds', 's'], ['inferences a second', 'inferences_per_second', ''],
    ['dollars a million, owned', 'own_usd_per_million', '$'], ['dollars a million, rented', 'rent_usd_per_million', '$'], ['power', 'watts', 'W'], ['price', 'price_usd', '$'], ['utilisation', 'utilisation', '']];
  const chosen = {x: 2, y: 0};
  const names = measures.map(([name]) => name);
  box.append(element('div', {class: 'controls'}, choice('across', names, chosen.x, (i) => { chosen.x = i; draw(); }), choice('up', names, chosen.y, (i) => { chosen.y = i; draw(); })));
  const width = 640, height = 420, left = 66, right = 90, top = 12, bottom = 44;
  const svg = drawing(box, width, height, 'trade-off of all rows');
  const draw = () => {
    svg.selectAll('*').remove();
    const [[xName, xKey, xUnit], [yName, yKey, yUnit]] = [measures[chosen.x], measures[chosen.y]];
    const known = good.filter((row) => row[xKey] > 0 && row[yKey] > 0);
    if (!known.length) { svg.append('text').attr('x', 20).attr('y', 40).text('no row has both'); return; }
    const scale = (key, range) => d3.scaleLog().domain([d3.min(known, (row) => row[key]) / 1.5, d3.max(known, (row) => row[key]) * 1.5]).range(range);
    const x = scale(xKey, [left, width - right]), y = scale(yKey, [height - bottom, top]);
    const label = (name, unit) => unit ? `${name} [${unit}]` : name;
    drawAxes(svg, x, y, {width, height, left, right, top, bottom, xLabel: label(xName, xUnit), yLabel: label(yName, yUnit), xTicks: 4, yTicks: 4, xFormat: '.2~s', yFormat: '.2~s'});
    const g = reactive(svg.selectAll('g.point').data(known).enter().append('g').attr('data-row', (row) => row.id).style('cursor', 'pointer'));
    g.append('circle').attr('class', 'point').attr('cx', (row) => x(row[xKey])).attr('cy', (row) => y(row[yKey])).attr('r', 6).style('fill', colourOf).style('fill-opacity', 0.9);
    g.append('text').attr('class', 'value').attr('x', (row) => x(row[xKey]) + 9).attr('y', (row) => y(row[yKey]) + 4).text((row) => row.label);
  };
  draw();
  const key = element('p', {class: 'quiet'});
  kindNames.forEach((kind, i) => key.append(keyOf(kinds[i % kinds.length], kind)));
  box.append(key);
  return box;
}

function underLoad() {
  const arrivals = comparison.arrivals ? `, ${comparison.arrivals} arrivals` : '';
  const box = panel('load', 'Under load', `99 % of the requests take at most so long${arrivals}, as more arrive each second, up to 98 % of what a device can serve in its largest batch.`);
  const drawn = good.filter((row) => row.curve.length > 1);
  if (!drawn.length) { box.append(element('p', {}, 'No row was put under load.')); return box; }
  const width = 640, height = 420, left = 66, right = 90, top = 12, bottom = 44;
  const svg = drawing(box, width, height, 'latency under load');
  const all = drawn.flatMap((row) => row.curve);
  const x = d3.scaleLog().domain([d3.min(all, (p) => p[0]), d3.max(all, (p) => p[0]) * 1.1]).range([left, width - right]);
  const y = d3.scaleLog().domain([d3.min(all, (p) => p[1]) / 1.2, d3.max(all, (p) => p[2]) * 1.2]).range([height - bottom, top]);
  drawAxes(svg, x, y, {width, height, left, right, top, bottom, xLabel: 'requests a second', yLabel: 'latency, 99 % [s]', xTicks: 4, yTicks: 4, xFormat: '.2~s', yFormat: '.2~s'});
  const colours = new Map(drawn.map((row, i) => [row.id, kinds[i % kinds.length]]));
  const limit = comparison.deadline_seconds;
  if (limit && limit > y.domain()[0] && limit < y.domain()[1]) {
    svg.append('line').attr('class', 'limit').attr('x1', left).attr('x2', width - right).attr('y1', y(limit)).attr('y2', y(limit));
    svg.append('text').attr('class', 'value').attr('x', left + 4).attr('y', y(limit) - 4).text(`deadline ${shown(limit, 's')}`);
  }
  reactive(svg.selectAll('path.curve').data(drawn).enter().append('path').attr('class', 'curve').attr('data-row', (row) => row.id)
      .attr('d', (row) => d3.line().x((p) => x(p[0])).y((p) => y(p[2]))(row.curve)).attr('stroke', (row) => colours.get(row.id)));
  const dots = drawn.flatMap((row) => row.curve.map((point) => ({row, point})));
  svg.selectAll('circle').data(dots).enter().append('circle').attr('r', 3).attr('cx', (d) => x(d.point[0])).attr('cy', (d) => y(d.point[2])).attr('fill', (d) => colours.get(d.row.id)).style('cursor', 'pointer')
      .on('mousemove', (d) => showTip(d3.event, [[d.row.label, `batches up to ${d.row.batch}`], ['requests', `${shown(d.point[0])} /s`], ['half of them within', shown(d.point[1], 's')], ['99 % within', shown(d.point[2], 's')]]))
      .on('mouseleave', hideTip).on('click', (d) => select(d.row));
  if (comparison.arrival_rate_per_second) {
    const at = comparison.arrival_rate_per_second;
    if (at > x.domain()[0] && at < x.domain()[1]) svg.append('line').attr('class', 'limit').attr('x1', x(at)).attr('x2', x(at)).attr('y1', top).attr('y2', height - bottom);
  }
  const key = element('p', {class: 'quiet'});
  drawn.forEach((row) => key.append(keyOf(colours.get(row.id), row.label)));
  box.append(key);
  return box;
}

function table() {
  const box = panel('rows', 'Every row');
  box.classList.add('wide');
  const word = (name, key) => ({name, of: (row) => row[key], text: (row) => String(row[key] === null || row[key] === undefined ? '-' : row[key]), isText: true});
  const number = (name, key, unit, meaning) => ({name, meaning, of: (row) => row[key], text: (row) => shown(row[key], unit)});
  const columns = [word('device', 'label'), word('kind', 'kind'), word('type', 'type'), number('batch', 'batch', ''), number('time', 'seconds', 's', 'of a batch'), word('obtained', 'time_obtained'),
    number('inferences/s', 'inferences_per_second', ''), {name: 'utilisation', of: (row) => row.utilisation, text: (row) => row.utilisation ? percentOf(row.utilisation) : '-'},
    number('W', 'watts', ''), number('J/inference', 'joules_per_inference', 'J'), number('TOPS/W', 'tops_per_watt', ''), number('price', 'price_usd', '$'),
    number('$/million', 'own_usd_per_million', '$', 'owned'), number('rent $/million', 'rent_usd_per_million', '$')];
  const made = sortedTable(columns, good, (row) => ({'data-point': row.id, 'data-row': row.id}), select);
  redraws.push(() => made.table.querySelectorAll('tr[data-row]').forEach((line) => line.classList.toggle('selected', state.selected !== null && line.dataset.row === String(state.selected.id))));
  box.append(element('div', {class: 'scroll'}, made.table));
  for (const row of rows) {
    if (row.error !== null) box.append(element('p', {class: 'bad'}, `${row.label}, batch ${row.batch}: ${row.error}`));
    for (const note of row.notes || []) box.append(element('p', {class: 'quiet'}, `${row.label}: ${note}`));
  }
  return box;
}

function madeBy() {
  const box = panel('made', 'What made this page');
  box.classList.add('wide');
  if (data.command) box.append(element('p', {}, element('code', {}, data.command)));
  box.append(element('p', {}, data.made_by), element('p', {class: 'quiet'}, 'All figures stand in this file as JSON, in the script element of id data.'));
  return box;
}

const main = document.getElementById('page');
main.append(head());
main.append(element('div', {class: 'panels'}, relative(), scatter(), underLoad(), table(), madeBy()));
const wanted = /^#row-(\d+)$/.exec(location.hash);
if (wanted && rows[wanted[1]]) select(rows[wanted[1]]);
document.documentElement.dataset.ready = 'true';
