// The page of a study: what was asked, the front, every point, and what each point's run came to.
'use strict';

const axes = data.axes, objectives = data.objectives, points = data.points;
const done = points.filter((p) => p.status === 'ok');
const front = done.filter((p) => p.front);
const state = {selected: null, brushed: null};
const redraws = [];  // called when the selection or the brushes change

const figureKeys = [...new Set(done.flatMap((p) => Object.keys(p.figures || {})))].sort();
/** Everything that an axis of a chart can show. */
const measures = [
  ...objectives.map((o, i) => ({name: o.name || o.key, unit: o.unit, of: (p) => p.objectives[i], goal: o.direction})),
  ...axes.map((a, i) => ({name: a.path, unit: a.unit, of: (p) => p.axes[i]})),
  ...figureKeys.map((key) => ({name: key, unit: (data.units || {})[key] || '', of: (p) => (p.figures || {})[key]}))];

function pointTitle(p) { return `point ${p.id}`; }
function hoverRows(p) {
  return [[pointTitle(p), p.front ? 'on the front' : ''],
    ...axes.map((a, i) => [a.path, shown(p.axes[i], a.unit)]),
    ...objectives.map((o, i) => [o.name || o.key, shown(p.objectives[i], o.unit)])];
}
function select(p) {
  state.selected = p;
  location.hash = p ? `point-${p.id}` : '';
  redraws.forEach((redraw) => redraw());
}
function faded(p) { return state.brushed !== null && !state.brushed.has(p.id); }
function classes(kind, p) {
  return [kind, p.front ? 'front' : '', faded(p) ? 'faded' : '', p === state.selected ? 'selected' : ''].join(' ');
}
function reactive(selection) {
  return selection
    .on('mousemove', (p) => showTip(d3.event, hoverRows(p)))
    .on('mouseleave', hideTip)
    .on('click', (p) => select(p));
}

/** A scale over the values of a measure, and whether it is logarithmic: words become bands. */
function scaleOf(values, range, log) {
  const numbers = values.filter((v) => typeof v === 'number' && Number.isFinite(v));
  if (numbers.length !== values.filter((v) => v !== null && v !== undefined).length || numbers.length === 0) {
    const words = [...new Set(values.map(String))];  // in the order of the points
    return d3.scalePoint().domain(words).range(range).padding(0.5);
  }
  let [low, high] = d3.extent(numbers);
  if (low === high) { const by = Math.abs(low) * 0.1 || 1; low -= by; high += by; }
  if (log && low > 0) return d3.scaleLog().domain([low / 1.1, high * 1.1]).range(range);
  const room = (high - low) * 0.04;
  return d3.scaleLinear().domain([low - room, high + room]).range(range);
}
function isWide(values) {
  const numbers = values.filter((v) => typeof v === 'number');
  return numbers.length > 1 && d3.min(numbers) > 0 && d3.max(numbers) / d3.min(numbers) > 20;
}
function at(scale, value) { return scale(scale.bandwidth ? String(value) : value); }
function axisOf(make, scale, unit, count) {
  const axis = make(scale);
  if (!scale.bandwidth) {
    axis.ticks(count, scale.base ? '.2~s' : undefined);
    if (!scale.base) axis.tickFormat(d3.format('.3~s'));
  }
  return axis;
}

// ---- head ----------------------------------------------------------------------------------

function head() {
  const made = element('header', {}, element('h1', {}, data.study.name));
  if (data.study.description) made.append(element('p', {}, data.study.description));
  made.append(element('p', {class: 'quiet'},
      `${data.study.sampler}, seed ${data.study.seed}; base chip ${data.study.base}; networks ${data.study.networks.join(', ')}`));
  if (data.constraints.length) made.append(element('p', {class: 'quiet'}, `constraints: ${data.constraints.join('; ')}`));
  const tiles = element('div', {class: 'tiles'});
  const tile = (value, meaning) => tiles.append(element('div', {class: 'tile'}, element('b', {}, value),
      element('span', {class: 'quiet'}, meaning)));
  const count = (status) => points.filter((p) => p.status === status).length;
  tile(shown(points.length), 'points');
  tile(shown(done.length), 'simulated');
  tile(shown(front.length), 'on the front');
  for (const [status, meaning] of [['pruned', 'skipped by a bound'], ['infeasible', 'break a constraint'], ['failed', 'failed']]) {
    if (count(status)) tile(shown(count(status)), meaning);
  }
  objectives.forEach((o, i) => {
    const values = front.map((p) => p.objectives[i]);
    if (values.length) tile(shown(o.direction === 'max' ? d3.max(values) : d3.min(values), o.unit), `best ${o.name || o.key}`);
  });
  made.append(tiles);
  return made;
}

// ---- scatter -------------------------------------------------------------------------------

function scatter() {
  const chosen = {x: 0, y: Math.min(1, measures.length - 1), logX: true, logY: true};
  const box = element('section', {class: 'panel', id: 'scatter'}, element('h2', {}, 'Trade-off'));
  const controls = element('div', {class: 'controls'});
  const names = measures.map((m) => m.name);
  controls.append(choice('across', names, chosen.x, (i) => { chosen.x = i; draw(); }),
      choice('up', names, chosen.y, (i) => { chosen.y = i; draw(); }));
  const key = element('span', {class: 'quiet'});
  key.append(element('span', {class: 'key', style: 'background:var(--front)'}), 'on the front',
      element('span', {class: 'key', style: 'background:var(--dim)'}), 'dominated');
  controls.append(key);
  box.append(controls);
  const width = 640, height = 430, left = 66, right = 14, top = 10, bottom = 46;
  const svg = d3.select(box).append('svg').attr('viewBox', `0 0 ${width} ${height}`).attr('role', 'img')
      .attr('aria-label', 'scatter of all simulated points');
  const draw = () => {
    svg.selectAll('*').remove();
    const [mx, my] = [measures[chosen.x], measures[chosen.y]];
    const has = (v) => v !== null && v !== undefined;
    const drawn = done.filter((p) => has(mx.of(p)) && has(my.of(p)));
    if (!drawn.length) { svg.append('text').attr('x', 20).attr('y', 40).text('no point was simulated'); return; }
    const x = scaleOf(drawn.map(mx.of), [left, width - right], isWide(drawn.map(mx.of)));
    const y = scaleOf(drawn.map(my.of), [height - bottom, top], isWide(drawn.map(my.of)));
    svg.append('g').attr('class', 'grid').attr('transform', `translate(${left},0)`)
        .call(axisOf(d3.axisLeft, y, '', 5).tickSize(-(width - left - right)).tickFormat('')).select('.domain').remove();
    svg.append('g').attr('class', 'axis').attr('transform', `translate(0,${height - bottom})`).call(axisOf(d3.axisBottom, x, mx.unit, 6));
    svg.append('g').attr('class', 'axis').attr('transform', `translate(${left},0)`).call(axisOf(d3.axisLeft, y, my.unit, 6));
    const label = (m) => m.unit && m.unit !== '1' ? `${m.name} [${m.unit}]` : m.name;
    svg.append('text').attr('x', (left + width - right) / 2).attr('y', height - 8).attr('text-anchor', 'middle').text(label(mx));
    svg.append('text').attr('transform', `translate(14,${(top + height - bottom) / 2}) rotate(-90)`).attr('text-anchor', 'middle').text(label(my));
    if (objectives.length === 2 && chosen.x < 2 && chosen.y < 2 && chosen.x !== chosen.y) {
      const sorted = front.slice().sort((a, b) => mx.of(a) - mx.of(b));
      const curve = mx.goal === 'max' ? d3.curveStepBefore : d3.curveStepAfter;
      svg.append('path').attr('class', 'steps').attr('d', d3.line().x((p) => x(mx.of(p))).y((p) => y(my.of(p))).curve(curve)(sorted));
    }
    const order = drawn.slice().sort((a, b) => (a.front ? 1 : 0) - (b.front ? 1 : 0));
    reactive(svg.selectAll('circle').data(order, (p) => p.id).enter().append('circle')
        .attr('data-point', (p) => p.id).attr('cx', (p) => at(x, mx.of(p))).attr('cy', (p) => at(y, my.of(p)))
        .attr('r', (p) => p.front ? 5 : 3.5));
    mark();
  };
  const mark = () => svg.selectAll('circle').attr('class', (p) => classes('point', p));
  redraws.push(mark);
  draw();
  return box;
}

// ---- parallel coordinates ------------------------------------------------------------------

function parallel() {
  const box = element('section', {class: 'panel wide', id: 'parallel'}, element('h2', {}, 'Axes and objectives together'),
      element('p', {class: 'quiet'}, 'Drag along an axis to keep what passes there; a double click on it lets go.'));
  const columns = measures.slice(0, objectives.length + axes.length);
  const ordered = [...columns.slice(objectives.length), ...columns.slice(0, objectives.length)];
  const width = Math.max(700, 130 * ordered.length), height = 330, top = 34, bottom = 14, side = 60;
  const svg = d3.select(box).append('div').attr('class', 'scroll').append('svg').attr('viewBox', `0 0 ${width} ${height}`)
      .style('min-width', `${Math.min(width, 1200)}px`).attr('role', 'img').attr('aria-label', 'parallel coordinates of all simulated points');
  if (!done.length) return box;
  const x = d3.scalePoint().domain(d3.range(ordered.length)).range([side, width - side]);
  const scales = ordered.map((m) => scaleOf(done.map(m.of), [height - bottom, top], isWide(done.map(m.of))));
  const path = (p) => d3.line()(ordered.map((m, i) => [x(i), at(scales[i], m.of(p))]));
  const order = done.slice().sort((a, b) => (a.front ? 1 : 0) - (b.front ? 1 : 0));
  const lines = reactive(svg.append('g').selectAll('path').data(order, (p) => p.id).enter().append('path').attr('d', path).attr('data-point', (p) => p.id));
  const kept = new Map();
  const filter = () => {
    state.brushed = kept.size === 0 ? null : new Set(done.filter((p) => [...kept].every(([i, [a, b]]) => {
      const v = at(scales[i], ordered[i].of(p));
      return v >= a && v <= b;
    })).map((p) => p.id));
    redraws.forEach((redraw) => redraw());
  };
  ordered.forEach((m, i) => {
    const g = svg.append('g').attr('class', 'axis').attr('transform', `translate(${x(i)},0)`).call(axisOf(d3.axisLeft, scales[i], m.unit, 5));
    g.append('text').attr('y', i % 2 ? 10 : 22).attr('text-anchor', 'middle').style('fill', 'var(--ink)').text(m.name)
        .append('title').text(m.goal ? `${m.name}: ${m.goal} is better` : m.name);
    const brush = d3.brushY().extent([[-12, top], [12, height - bottom]]).on('brush end', () => {
      if (d3.event.selection) kept.set(i, d3.event.selection); else kept.delete(i);
      filter();
    });
    g.append('g').attr('class', 'brush').call(brush).on('dblclick', function() { d3.select(this).call(brush.move, null); });
  });
  const mark = () => lines.attr('class', (p) => classes('line', p));
  redraws.push(mark);
  mark();
  return box;
}

// ---- heat map ------------------------------------------------------------------------------

function heat() {
  const box = element('section', {class: 'panel', id: 'heat'}, element('h2', {}, 'Two axes'));
  if (axes.length < 2 || !done.length) {
    box.append(element('p', {class: 'quiet'}, 'needs two axes and a simulated point'));
    return box;
  }
  const chosen = {x: 0, y: 1, of: 0};
  const names = axes.map((a) => a.path);
  box.append(element('div', {class: 'controls'},
      choice('across', names, chosen.x, (i) => { chosen.x = i; draw(); }),
      choice('up', names, chosen.y, (i) => { chosen.y = i; draw(); }),
      choice('best', objectives.map((o) => o.name || o.key), chosen.of, (i) => { chosen.of = i; draw(); })));
  const width = 640, height = 430, left = 90, right = 14, top = 10, bottom = 46;
  const svg = d3.select(box).append('svg').attr('viewBox', `0 0 ${width} ${height}`).attr('role', 'img').attr('aria-label', 'heat map of two axes');
  const ordered = (i) => [...new Set(done.map((p) => p.axes[i]))].sort((a, b) => typeof a === 'number' && typeof b === 'number' ? a - b : 0);
  const ticks = (values) => values.every((v) => typeof v === 'number') ? (v) => d3.format('.4~s')(Number(v)) : String;
  const draw = () => {
    svg.selectAll('*').remove();
    const objective = objectives[chosen.of], better = objective.direction === 'max' ? d3.max : d3.min;
    const [xs, ys] = [ordered(chosen.x), ordered(chosen.y)];
    const x = d3.scaleBand().domain(xs.map(String)).range([left, width - right]).padding(0.03);
    const y = d3.scaleBand().domain(ys.map(String)).range([height - bottom, top]).padding(0.03);
    const cells = [];
    for (const a of xs) for (const b of ys) {
      const inside = done.filter((p) => p.axes[chosen.x] === a && p.axes[chosen.y] === b);
      const best = better(inside, (p) => p.objectives[chosen.of]);
      cells.push({a, b, best, count: inside.length, point: inside.find((p) => p.objectives[chosen.of] === best)});
    }
    const values = cells.map((c) => c.best).filter((v) => v !== undefined);
    const wide = isWide(values);
    const t = (wide ? d3.scaleLog() : d3.scaleLinear()).domain(d3.extent(values)).range(objective.direction === 'max' ? [1, 0] : [0, 1]);
    const colour = (v) => d3.interpolateViridis(0.95 - 0.85 * (d3.extent(values)[0] === d3.extent(values)[1] ? 0 : t(v)));
    svg.append('g').attr('class', 'axis').attr('transform', `translate(0,${height - bottom})`).call(d3.axisBottom(x).tickFormat(ticks(xs)));
    svg.append('g').attr('class', 'axis').attr('transform', `translate(${left},0)`).call(d3.axisLeft(y).tickFormat(ticks(ys)));
    svg.append('text').attr('x', (left + width - right) / 2).attr('y', height - 8).attr('text-anchor', 'middle').text(names[chosen.x]);
    svg.append('text').attr('transform', `translate(14,${(top + height - bottom) / 2}) rotate(-90)`).attr('text-anchor', 'middle').text(names[chosen.y]);
    const g = svg.selectAll('g.heat').data(cells).enter().append('g').attr('class', 'heat');
    g.append('rect').attr('class', (c) => c.best === undefined ? 'cell none' : 'cell')
        .attr('x', (c) => x(String(c.a))).attr('y', (c) => y(String(c.b))).attr('width', x.bandwidth()).attr('height', y.bandwidth())
        .attr('fill', (c) => c.best === undefined ? null : colour(c.best))
        .style('cursor', 'pointer')
        .on('mousemove', (c) => showTip(d3.event, [[names[chosen.x], shown(c.a, axes[chosen.x].unit)], [names[chosen.y], shown(c.b, axes[chosen.y].unit)],
            [`best ${objective.name || objective.key}`, shown(c.best, objective.unit)], ['points', shown(c.count)]]))
        .on('mouseleave', hideTip).on('click', (c) => c.point && select(c.point));
    if (x.bandwidth() > 52 && y.bandwidth() > 16) {
      g.filter((c) => c.best !== undefined).append('text').attr('text-anchor', 'middle').style('pointer-events', 'none').style('font-size', '11px')
          .attr('x', (c) => x(String(c.a)) + x.bandwidth() / 2).attr('y', (c) => y(String(c.b)) + y.bandwidth() / 2 + 4)
          .style('fill', (c) => d3.lab(colour(c.best)).l > 60 ? '#111' : '#fff').text((c) => d3.format('.3~s')(c.best));
    }
  };
  draw();
  return box;
}

// ---- tables --------------------------------------------------------------------------------

function pointColumns() {
  return [{name: 'point', of: (p) => p.id, text: (p) => String(p.id)},
    ...axes.map((a, i) => ({name: a.path, of: (p) => p.axes[i], text: (p) => shown(p.axes[i], a.unit)})),
    ...objectives.map((o, i) => ({name: o.name || o.key, meaning: `${o.key}, ${o.direction}`, of: (p) => p.objectives[i], text: (p) => shown(p.objectives[i], o.unit)}))];
}

function frontTable() {
  const made = sortedTable(pointColumns(), front, (p) => ({'data-point': p.id}), (p) => select(p));
  redraws.push(() => made.table.querySelectorAll('tr[data-point]').forEach((row) =>
    row.classList.toggle('selected', state.selected !== null && row.dataset.point === String(state.selected.id))));
  return element('section', {class: 'panel wide', id: 'front'}, element('h2', {}, `The front: ${front.length} points that no other beats`),
      element('div', {class: 'scroll'}, made.table));
}

function details() {
  const box = element('section', {class: 'panel', id: 'point'}, element('h2', {}, 'A point'));
  const body = box.appendChild(element('div', {class: 'scroll'}));
  const fill = () => {
    const p = state.selected;
    if (!p) { body.replaceChildren(element('p', {class: 'quiet'}, 'Click a point, a line, a cell or a row: the figures of its run open here.')); return; }
    const table = element('table');
    const row = (key, text) => table.append(element('tr', {}, element('td', {class: 'text'}, key), element('td', {}, text)));
    row('point', `${p.id}${p.front ? ', on the front' : ''}`);
    axes.forEach((a, i) => row(a.path, shown(p.axes[i], a.unit)));
    objectives.forEach((o, i) => row(o.name || o.key, shown(p.objectives[i], o.unit)));
    for (const key of Object.keys(p.figures || {})) row(key, shown(p.figures[key], (data.units || {})[key]));
    if (p.command) body.replaceChildren(element('p', {class: 'quiet'}, p.command), table); else body.replaceChildren(table);
  };
  redraws.push(fill);
  fill();
  return box;
}

function importance() {
  const box = element('section', {class: 'panel', id: 'importance'}, element('h2', {}, 'Which axis matters'));
  const rows = data.importance || [];
  if (!rows.length) { box.append(element('p', {class: 'quiet'}, 'not enough points')); return box; }
  const table = element('table', {}, element('tr', {}, element('th', {}, 'axis'), ...objectives.map((o) => element('th', {}, o.name || o.key))));
  rows.forEach((row) => table.append(element('tr', {}, element('td', {class: 'text'}, row.axis), ...row.shares.map((share) => {
    const cell = element('td');
    d3.select(cell).append('svg').attr('viewBox', '0 0 100 12').style('width', '4rem').style('display', 'inline-block')
        .append('rect').attr('class', 'bar').attr('width', Math.max(0, Math.min(100, 100 * share))).attr('height', 12);
    cell.append(` ${d3.format('.0%')(share)}`);
    return cell;
  }))));
  box.append(element('p', {class: 'quiet'}, 'Share of each objective\'s variance that an axis explains by itself.'), element('div', {class: 'scroll'}, table));
  return box;
}

function outcomes() {
  const others = points.filter((p) => p.status !== 'ok' && p.status !== 'pruned');
  if (!others.length) return element('span');
  const columns = [{name: 'point', of: (p) => p.id, text: (p) => String(p.id)},
    {name: 'outcome', of: (p) => p.status, text: (p) => p.status, isText: true},
    {name: 'reason', of: (p) => p.reason, text: (p) => p.reason || '', isText: true},
    ...axes.map((a, i) => ({name: a.path, of: (p) => p.axes[i], text: (p) => shown(p.axes[i], a.unit)}))];
  return element('section', {class: 'panel wide', id: 'outcomes'}, element('h2', {}, `Points without figures: ${others.length}`),
      element('div', {class: 'scroll'}, sortedTable(columns, others, () => ({})).table));
}

const main = document.getElementById('page');
main.append(head());
main.append(element('div', {class: 'panels'}, scatter(), details(), parallel(), frontTable(), heat(), importance(), outcomes()));
main.append(element('p', {class: 'quiet'}, data.made_by || ''));
const wanted = /^#point-(.+)$/.exec(location.hash);
if (wanted) { const p = done.find((q) => String(q.id) === wanted[1]); if (p) select(p); }
document.documentElement.dataset.ready = 'true';
