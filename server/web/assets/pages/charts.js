// Pictures of numbers, drawn by hand in SVG. Each has a title that says what it shows; the numbers themselves stand in a
// table beside it.

import { s, uniqueId } from '../dom.js';

// A picture is drawn for about the size it will be shown in, so that its letters are as large as the others.
const narrow = () => innerWidth < 640;

function chart(width, height, title, ...children) {
  const id = uniqueId('chart');
  return s('svg', { class: 'chart', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-labelledby': id }, s('title', { id }, title), children);
}

// steps are round values between low and high, about n of them.
export function steps(low, high, n) {
  const span = high - low || 1;
  const rough = span / n;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((m) => m >= rough);
  const out = [];
  for (let v = Math.ceil(low / step) * step; v <= high + step / 1e6; v += step) out.push(Math.abs(v) < step / 1e6 ? 0 : v);
  return out;
}

// curve draws values over time, from zero on.
export function curve(points, title, label) {
  const [width, height, left, bottom] = [narrow() ? 320 : 480, 230, 52, 24];
  const ys = [0, ...points.map((p) => p.y)];
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const pad = (high - low || 1) * 0.08;
  const x = (i) => left + (points.length < 2 ? 0 : ((width - left - 8) * i) / points.length);
  const y = (v) => 8 + ((high + pad - v) / (high - low + 2 * pad)) * (height - bottom - 8);
  const path = ys.map((v, i) => `${i ? 'L' : 'M'}${x(i).toFixed(1)} ${y(v).toFixed(1)}`).join('');
  const first = points[0] && new Date(points[0].x);
  const last = points.length && new Date(points.at(-1).x);
  const date = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
  return chart(
    width,
    height,
    title,
    steps(low, high, 5).map((v) => [s('line', { class: v === 0 ? 'zero' : 'axis', x1: left, x2: width, y1: y(v), y2: y(v) }), s('text', { x: left - 8, y: y(v) + 4, 'text-anchor': 'end' }, label(v))]),
    s('path', { class: 'area', d: `${path}L${x(points.length).toFixed(1)} ${y(0).toFixed(1)}L${left} ${y(0).toFixed(1)}Z` }),
    s('path', { class: 'line', d: path }),
    points.length > 0 && s('circle', { class: 'dot', cx: x(points.length), cy: y(points.at(-1).y), r: 4 }),
    first && s('text', { x: left, y: height - 4 }, date.format(first)),
    last && s('text', { x: width, y: height - 4, 'text-anchor': 'end' }, date.format(last)),
  );
}

// histogram draws counts by range; below zero they are losses.
export function histogram(bins, title) {
  const [width, height, left, bottom] = [narrow() ? 320 : 480, 230, 28, 24];
  const top = Math.max(1, ...bins.map((bin) => bin.n));
  const each = (width - left) / bins.length;
  const y = (n) => 12 + (1 - n / top) * (height - bottom - 12);
  const every = Math.ceil(bins.length / (narrow() ? 5 : 9));
  return chart(
    width,
    height,
    title,
    steps(0, top, 4).filter(Number.isInteger).map((n) => [s('line', { class: 'axis', x1: left, x2: width, y1: y(n), y2: y(n) }), s('text', { x: left - 6, y: y(n) + 4, 'text-anchor': 'end' }, n)]),
    bins.map((bin, i) => [
      s('rect', { class: bin.to <= 0 ? 'lose' : 'win', x: left + i * each + 2, width: Math.max(1, Math.min(each - 4, 64)), y: y(bin.n), height: height - bottom - y(bin.n), rx: 2 }),
      i % every === 0 && s('text', { x: left + i * each + 2, y: height - 6 }, `${bin.from} R`.replace('-', '−')),
    ]),
  );
}

// bars draws shares between 0 and 1 with their intervals, one row for each.
export function bars(rows, title) {
  const [width, left, right, each] = narrow() ? [320, 84, 48, 28] : [980, 130, 64, 30];
  const height = rows.length * each + 26;
  const longest = narrow() ? 12 : 18;
  const x = (v) => left + v * (width - left - right);
  return chart(
    width,
    height,
    title,
    [0, 0.25, 0.5, 0.75, 1].map((v) => [s('line', { class: v === 0.5 ? 'zero' : 'axis', x1: x(v), x2: x(v), y1: 0, y2: height - 22 }), s('text', { x: x(v), y: height - 6, 'text-anchor': 'middle' }, `${v * 100} %`)]),
    rows.map((row, i) => {
      const mid = i * each + each / 2;
      return [
        s('text', { x: left - 12, y: mid + 4, 'text-anchor': 'end' }, row.key.length > longest ? `${row.key.slice(0, longest - 1)}…` : row.key),
        row.n > 0 && s('rect', { class: row.few ? 'win few' : 'win', x: left, width: Math.max(0, x(row.value) - left), y: mid - 7, height: 14, rx: 2 }),
        row.n > 0 && row.low !== undefined && s('line', { class: 'whisker', x1: x(row.low), x2: x(row.high), y1: mid, y2: mid }),
        row.n > 0 && row.low !== undefined && [row.low, row.high].map((v) => s('line', { class: 'whisker', x1: x(v), x2: x(v), y1: mid - 4, y2: mid + 4 })),
        s('text', { x: width - right + 10, y: mid + 4 }, `n = ${row.n}`),
      ];
    }),
  );
}
