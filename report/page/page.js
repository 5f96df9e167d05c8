// What every page needs: the embedded data, numbers as text, hover texts, tables that sort.
'use strict';

const data = JSON.parse(document.getElementById('data').textContent);

/** Text with the significant digits that a reader compares by, and a decimal prefix for a unit. */
function shown(value, unit) {
  if (value === null || value === undefined) return '-';
  if (typeof value !== 'number') return String(value);
  if (!Number.isFinite(value)) return String(value);
  const plain = !unit || unit === '1' || unit === '%' || unit.length > 3 || unit === 'mm2' || unit === '$';
  if (plain) {
    const size = Math.abs(value);
    const text = Number.isInteger(value) && size < 1e9 ? d3.format(',')(value)
        : size !== 0 && (size < 1e-3 || size >= 1e9) ? d3.format('.4~g')(value) : d3.format(',.4~r')(value);
    return unit && unit !== '1' ? `${text} ${unit}` : text;
  }
  if (unit === 'B' && Number.isInteger(value) && value >= 1024 && value % 256 === 0) {
    const power = Math.min(4, Math.floor(Math.log2(value) / 10));
    return `${d3.format(',.4~r')(value / 1024 ** power)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`;
  }
  const [, digits, prefix] = /^([^a-zA-Zµ]*)(.*)$/.exec(d3.format('.4~s')(value));
  return `${digits} ${prefix}${unit}`;
}

/** An element with attributes and children; text is never read as markup. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  for (const child of children) made.append(child);
  return made;
}

const tip = document.body.appendChild(element('div', {id: 'tip', role: 'tooltip'}));
function showTip(event, rows) {
  const table = element('table');
  for (const [key, text] of rows) {
    table.append(element('tr', {}, element('td', {class: 'text'}, key), element('td', {}, text)));
  }
  tip.replaceChildren(table);
  tip.style.display = 'block';
  const x = event.clientX + 14, y = event.clientY + 14;
  tip.style.left = `${Math.max(4, Math.min(x, innerWidth - tip.offsetWidth - 8))}px`;
  tip.style.top = `${Math.max(4, Math.min(y, innerHeight - tip.offsetHeight - 8))}px`;
}
function hideTip() { tip.style.display = 'none'; }

/** A choice; calls back with the index of what was chosen. */
function choice(label, names, chosen, changed) {
  const select = element('select', {'aria-label': label});
  names.forEach((name, i) => select.append(element('option', {value: i}, name)));
  select.value = chosen;
  select.addEventListener('change', () => changed(Number(select.value)));
  const box = element('label', {}, `${label} `, select);
  return box;
}

/** A table whose header sorts: columns {name, of(row), text(row), isText}. */
function sortedTable(columns, rows, rowAttributes, clicked) {
  let by = 0, down = false;
  const body = element('tbody'), head = element('tr');
  const fill = () => {
    const order = rows.slice().sort((a, b) => {
      const [x, y] = [columns[by].of(a), columns[by].of(b)];
      const first = x === y ? 0 : x === null || x === undefined ? 1
          : y === null || y === undefined ? -1 : x < y ? -1 : 1;
      return down ? -first : first;
    });
    body.replaceChildren(...order.map((row) => {
      const line = element('tr', rowAttributes(row),
          ...columns.map((c) => element('td', c.isText ? {class: 'text'} : {}, c.text(row))));
      if (clicked) line.addEventListener('click', () => clicked(row));
      return line;
    }));
  };
  columns.forEach((column, i) => {
    const cell = element('th', {scope: 'col', title: column.meaning || 'sort', ...(column.isText ? {class: 'text'} : {})}, column.name);
    cell.addEventListener('click', () => { down = by === i && !down; by = i; fill(); });
    head.append(cell);
  });
  fill();
  return {table: element('table', {}, element('thead', {}, head), body), fill};
}

/** How wide a chart over the whole page is drawn: on a small screen as wide as the others. */
const wholeWidth = innerWidth < 700 ? 640 : 1240;

/** A colour for each of many kinds, alike on every page and readable on light and dark. */
const kinds = ['#4e79a7', '#f28e2c', '#e15759', '#76b7b2', '#59a14f', '#edc949', '#af7aa1', '#ff9da7', '#9c755f',
  '#bab0ab', '#1f9e9e', '#c46bd0', '#7f8fd9', '#a0a832', '#d37295', '#86bcb6'];
function keyOf(colour, text, title) {
  const made = element('span', title ? {title} : {}, element('span', {class: 'key', style: `background:${colour}`}), text);
  return made;
}
function panel(id, title, ...notes) {
  return element('section', {class: 'panel', id}, element('h2', {}, title),
      ...notes.map((note) => element('p', {class: 'quiet'}, note)));
}
function tileOf(value, meaning, rows) {
  const made = element('div', {class: 'tile'}, element('b', {}, value), element('span', {class: 'quiet'}, meaning));
  if (rows) {
    made.addEventListener('mousemove', (event) => showTip(event, rows));
    made.addEventListener('mouseleave', hideTip);
  }
  return made;
}
function drawing(box, width, height, label) {
  const wide = width > 800;  // on a small screen it is scrolled rather than made too small to read
  const holder = wide ? d3.select(box).append('div').attr('class', 'sideways') : d3.select(box);
  return holder.append('svg').style('min-width', wide ? '50rem' : null).attr('viewBox', `0 0 ${width} ${height}`).attr('role', 'img').attr('aria-label', label);
}
function drawAxes(svg, x, y, {width, height, left, right, top, bottom, xLabel, yLabel, xFormat, yFormat, xTicks = 6, yTicks = 6}) {
  const ticks = (axis, scale, count, format) => scale.base ? axis.ticks(count, format || '.3~s') : axis.ticks(count).tickFormat(format ? d3.format(format) : d3.format('.3~s'));
  svg.append('g').attr('class', 'grid').attr('transform', `translate(${left},0)`)
      .call(ticks(d3.axisLeft(y), y, yTicks, yFormat).tickSize(-(width - left - right)).tickFormat('')).select('.domain').remove();
  svg.append('g').attr('class', 'axis').attr('transform', `translate(0,${height - bottom})`).call(ticks(d3.axisBottom(x), x, xTicks, xFormat));
  svg.append('g').attr('class', 'axis').attr('transform', `translate(${left},0)`).call(ticks(d3.axisLeft(y), y, yTicks, yFormat));
  svg.append('text').attr('x', (left + width - right) / 2).attr('y', height - 6).attr('text-anchor', 'middle').text(xLabel);
  svg.append('text').attr('transform', `translate(13,${(top + height - bottom) / 2}) rotate(-90)`).attr('text-anchor', 'middle').text(yLabel);
}

/** Bars made of parts, one above the other: rows {label, id, parts [{colour, value, rows}], text, mark, rows}. */
function stackedRows(box, rows, {unit, left = 130, right = 90, width = 640, clicked, barLabel = 'bars'}) {
  const step = 18, fits = Math.floor(left / 6.5), height = rows.length * step + 26;
  const svg = drawing(box, width, height, barLabel);
  const x = d3.scaleLinear().domain([0, d3.max(rows, (r) => Math.max(d3.sum(r.parts, (p) => p.value), r.mark || 0)) || 1]).range([left, width - right]);
  svg.append('g').attr('class', 'axis').attr('transform', `translate(0,${height - 20})`)
      .call(d3.axisBottom(x).ticks(5).tickFormat((v) => unit ? shown(v, unit) : d3.format('.3~s')(v)));
  const line = svg.selectAll('g.row').data(rows).enter().append('g').attr('class', 'row').attr('transform', (r, i) => `translate(0,${i * step})`)
      .attr('data-layer', (r) => r.id === undefined ? null : r.id);
  line.append('rect').attr('class', 'hit').attr('x', 0).attr('width', width).attr('height', step);
  line.append('text').attr('x', left - 6).attr('y', 13).attr('text-anchor', 'end').text((r) => r.label.length > fits ? `${r.label.slice(0, fits - 1)}…` : r.label);
  line.each(function(r) {
    let from = 0;
    for (const part of r.parts) {
      if (!(part.value > 0)) continue;
      d3.select(this).append('rect').attr('x', x(from)).attr('y', 2).attr('height', step - 5).attr('width', Math.max(0, x(from + part.value) - x(from)))
          .attr('fill', part.colour).on('mousemove', () => showTip(d3.event, [...(part.rows || []), ...(r.rows || [])])).on('mouseleave', hideTip);
      from += part.value;
    }
    if (r.mark !== undefined) d3.select(this).append('rect').attr('class', 'mark').attr('x', x(r.mark) - 1).attr('y', 0).attr('width', 2).attr('height', step - 1);
    d3.select(this).append('text').attr('class', 'value').attr('x', Math.max(x(from), x(r.mark || 0)) + 5).attr('y', 13).text(r.text || '');
  });
  line.filter((r) => r.rows).on('mousemove.row', (r) => d3.event.target.classList.contains('hit') && showTip(d3.event, r.rows)).on('mouseleave.row', hideTip);
  if (clicked) line.style('cursor', 'pointer').on('click', (r) => clicked(r));
  return line;
}
