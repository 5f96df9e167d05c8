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
    const cell = element('th', {scope: 'col', title: column.meaning || 'sort'}, column.name);
    cell.addEventListener('click', () => { down = by === i && !down; by = i; fill(); });
    head.append(cell);
  });
  fill();
  return {table: element('table', {}, element('thead', {}, head), body), fill};
}
