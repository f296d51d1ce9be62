// The picture of an idea: a price ladder with the stop, the entry and the targets, and marks of R beside it.
//
// R is the distance from entry to stop (1 R is what the trade risks). What is written is the server's exact text; only
// the places on the picture are floats.

import { s } from '../dom.js';
import { decimal, t } from '../text.js';

const width = 320;
const top = 18;
const height = 168;
const bar = { from: 46, to: 146 };
const apart = 17; // between two labels

// cut shows R with two digits, rounded down: "4.16666" → "4.16".
export const cut = (r) => (r === null || r === undefined ? '' : String(r).replace(/^(-?\d+(?:\.\d{1,2})?).*$/, '$1'));

// levelsOf lists what stands on the ladder: {kind, label, price, r}, r as the server's text or null.
export function levelsOf(idea, numbers) {
  const levels = [
    { kind: 'entry', label: t('Entry'), price: idea.entry?.price, r: null },
    { kind: 'stop', label: t('Stop'), price: idea.stop?.price, r: '-1' },
  ];
  const legs = numbers?.targets || [];
  (idea.targets || []).forEach((target, i, all) => {
    levels.push({ kind: 'target', label: all.length > 1 ? t('Target {n}', { n: i + 1 }) : t('Target'), short: all.length > 1 ? t('T{n}', { n: i + 1 }) : t('Target'), price: target.price, r: legs[i]?.rewardRisk ?? null });
  });
  (idea.exits || []).forEach((exit) => levels.push({ kind: 'exit', label: t('Exit'), price: exit.price, r: null }));
  if (numbers?.change?.entry) levels.push({ kind: 'better', label: t('Better entry'), price: numbers.change.entry, r: null });
  return levels.filter((level) => level.price !== null && level.price !== undefined && Number.isFinite(Number(level.price)));
}

// ladder gives the picture, or null where there is no entry and stop to draw.
export function ladder(idea, numbers) {
  const levels = levelsOf(idea, numbers);
  const entry = levels.find((level) => level.kind === 'entry');
  const stop = levels.find((level) => level.kind === 'stop');
  if (!entry || !stop || Number(entry.price) === Number(stop.price)) return null;

  const prices = levels.map((level) => Number(level.price));
  const [low, high] = [Math.min(...prices), Math.max(...prices)];
  const y = (price) => top + ((high - price) / (high - low)) * height;
  const best = Math[idea.side === 'short' ? 'min' : 'max'](...levels.filter((l) => l.kind === 'target').map((l) => Number(l.price)), Number(entry.price));
  const goal = levels.some((l) => l.kind === 'target') ? best : null;

  return s(
    'svg',
    { class: 'ladder', viewBox: `0 0 ${width} ${height + 2 * top}`, role: 'img', 'aria-label': inWords(idea, levels) },
    zone('risk', y(Number(entry.price)), y(Number(stop.price))),
    goal !== null && zone('reward', y(Number(entry.price)), y(goal)),
    rMarks(Number(entry.price), Number(stop.price), low, high, y),
    labels(levels, y),
  );
}

function zone(kind, a, b) {
  return s('rect', { class: `zone ${kind}`, x: bar.from, width: bar.to - bar.from, y: Math.min(a, b), height: Math.max(1, Math.abs(a - b)) });
}

// One mark for each whole R in sight, or for each 2nd, 5th, … where they would crowd.
function rMarks(entry, stop, low, high, y) {
  const unit = entry - stop; // negative for a short
  const ends = [(low - entry) / unit, (high - entry) / unit].sort((a, b) => a - b);
  const step = [1, 2, 5, 10, 20, 50, 100].find((n) => (ends[1] - ends[0]) / n <= 7) || 10 ** Math.ceil(Math.log10((ends[1] - ends[0]) / 7));
  const marks = [];
  for (let r = Math.ceil(ends[0] / step - 1e-9) * step; r <= ends[1] + 1e-9; r += step) {
    const at = y(entry + r * unit);
    marks.push(s('line', { class: 'r-line', x1: bar.from - 6, x2: bar.from, y1: at, y2: at }), s('text', { class: 'r-text', x: bar.from - 10, y: at + 4, 'text-anchor': 'end' }, `${r < 0 ? '−' : ''}${Math.abs(r)} R`));
  }
  return marks;
}

// Labels that would lie on each other move apart; a thin line leads from each to its level.
function labels(levels, y) {
  const placed = levels.map((level) => ({ ...level, at: y(Number(level.price)) })).sort((a, b) => a.at - b.at);
  placed.forEach((level, i) => (level.text = i ? Math.max(level.at, placed[i - 1].text + apart) : level.at));
  const over = placed.at(-1).text - (top + height + 6);
  if (over > 0) for (let i = placed.length - 1, limit = top + height + 6; i >= 0; i--, limit -= apart) placed[i].text = Math.min(placed[i].text, limit);
  return placed.map((level) =>
    s(
      'g',
      { class: `level ${level.kind}` },
      s('line', { class: 'level-line', x1: bar.from, x2: bar.to, y1: level.at, y2: level.at }),
      s('path', { class: 'lead', d: `M${bar.to} ${level.at}L${bar.to + 14} ${level.text}` }),
      s('text', { class: 'level-price', x: bar.to + 20, y: level.text + 4 }, decimal(level.price)),
      s('text', { class: 'level-label', x: width, y: level.text + 4, 'text-anchor': 'end' }, level.kind === 'target' && level.r ? `${level.short} · ${cut(level.r)} R` : level.label),
    ),
  );
}

function inWords(idea, levels) {
  const parts = levels.map((l) => `${l.label} ${decimal(l.price)}${l.r ? `, ${cut(l.r)} R` : ''}`);
  return `${t('Price ladder')}: ${[idea.side, idea.symbol].filter(Boolean).join(' ')}. ${parts.join('. ')}.`;
}
