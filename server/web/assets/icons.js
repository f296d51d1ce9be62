// Icons of 24 × 24, drawn with lines. Marks of the verdict are filled.

import { s } from './dom.js';

const lines = {
  chat: 'M4 5.5A1.5 1.5 0 0 1 5.5 4h13A1.5 1.5 0 0 1 20 5.5v9a1.5 1.5 0 0 1-1.5 1.5H10l-4.5 4v-4A1.5 1.5 0 0 1 4 14.5z',
  plan: 'M7 3.5h10a1.5 1.5 0 0 1 1.5 1.5v14a1.5 1.5 0 0 1-1.5 1.5h-10a1.5 1.5 0 0 1-1.5-1.5v-14a1.5 1.5 0 0 1 1.5-1.5zM8.5 9l1.2 1.2 2-2.2M14 9.3h2M8.5 14.5l1.2 1.2 2-2.2M14 14.8h2',
  journal: 'M6 3.5h11.5a1 1 0 0 1 1 1v15a1 1 0 0 1-1 1H6a1.5 1.5 0 0 1-1.5-1.5v-14A1.5 1.5 0 0 1 6 3.5zM8.5 3.5v17M11.5 8h4M11.5 11.5h4',
  stats: 'M4 20h16M6.5 16.5v-4M11 16.5v-9M15.5 16.5v-6M20 16.5v-11',
  account: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c.6-3.6 3.6-5.5 7.5-5.5s6.9 1.9 7.5 5.5',
  plus: 'M12 5v14M5 12h14',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM20 20l-4-4',
  close: 'M6 6l12 12M18 6L6 18',
  send: 'M12 19V5M6 11l6-6 6 6',
  stop: 'M7.5 7.5h9v9h-9z',
  again: 'M19.5 12a7.5 7.5 0 1 1-2.3-5.4M19.5 3.5v4h-4',
  edit: 'M4.5 19.5l.8-3.6L16 5.2a1.7 1.7 0 0 1 2.8 2.8L8.1 18.7z',
  copy: 'M9 9h9.5v10.5H9zM15 9V4.5H5.5V15H9',
  trash: 'M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7',
  archive: 'M4 5h16v4H4zM5.5 9v10.5h13V9M10 13h4',
  image: 'M4.5 5h15v14h-15zM4.5 16l4.5-4.5 4 4 2.5-2.5 4 4M15 9.5h.01',
  camera: 'M4 8h3.5l1.5-2.5h6L16.5 8H20v11H4zM12 16.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4z',
  people: 'M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 19.5c.5-3.2 3-5 6.5-5s6 1.8 6.5 5M16 5.2a3.2 3.2 0 0 1 0 6M18 15c2 .7 3.2 2.2 3.5 4.5',
  menu: 'M4 7h16M4 12h16M4 17h16',
  back: 'M14.5 5.5L8 12l6.5 6.5',
  down: 'M12 5v14M6 13l6 6 6-6',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z',
  auto: 'M12 20a8 8 0 1 0 0-16zM12 20a8 8 0 0 1 0-16',
  out: 'M10 4.5H5v15h5M14.5 8l4.5 4-4.5 4M19 12H9.5',
  more: 'M6 12h.01M12 12h.01M18 12h.01',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  cross: 'M6.5 6.5l11 11M17.5 6.5l-11 11',
  question: 'M9 9.2a3 3 0 1 1 4.6 2.5c-1 .7-1.6 1.2-1.6 2.5M12 17.5h.01',
  command: 'M8.5 8.5h7v7h-7zM8.5 8.5V6A2.5 2.5 0 1 0 6 8.5h2.5M15.5 8.5V6A2.5 2.5 0 1 1 18 8.5h-2.5M15.5 15.5V18a2.5 2.5 0 1 0 2.5-2.5h-2.5M8.5 15.5V18A2.5 2.5 0 1 1 6 15.5h2.5',
  download: 'M12 4v11M7 10.5l5 5 5-5M5 19.5h14',
  warn: 'M12 4l9 15.5H3zM12 10v4M12 17h.01',
};

const marks = {
  diamond: [['M7 4h10l4.5 5.5L12 21 2.5 9.5z', 0.22], ['M7 4h10l4.5 5.5h-19z', 0.35], ['M8.5 9.5h7L12 21z', 0.45]],
  fire: [
    ['M12.5 2.5c.8 3.6 6 5.8 6 11.3a6.5 6.5 0 0 1-13 0c0-2.8 1.5-4.6 2.9-6.1.3 1.6.9 2.5 1.9 3 .1-3.2.6-5.8 2.2-8.2z', 0.35],
    ['M12.3 11.5c.4 1.9 2.7 2.7 2.7 5.2a3 3 0 0 1-6 0c0-1.5.9-2.4 1.6-3.2.3.7.6 1 1 1.2.1-1.2.2-2.2.7-3.2z', 0.9],
  ],
  skull: [['M12 3c-4.9 0-8.5 3.4-8.5 8 0 2.7 1.2 4.6 3 5.9V20a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1v-3.1c1.8-1.3 3-3.2 3-5.9 0-4.6-3.6-8-8.5-8zM8.7 14a2.1 2.1 0 1 1 0-4.2 2.1 2.1 0 0 1 0 4.2zm6.6 0a2.1 2.1 0 1 1 0-4.2 2.1 2.1 0 0 1 0 4.2zM12 14.5l1.2 2.3h-2.4z', 0.85]],
};

// icon is decoration: what it means stands beside it, or in the label of its button.
export function icon(name) {
  const drawing = s('svg', { class: `icon icon-${name}`, viewBox: '0 0 24 24', 'aria-hidden': 'true', focusable: 'false' });
  if (marks[name]) drawing.append(...marks[name].map(([d, opacity]) => s('path', { d, fill: 'currentColor', 'fill-opacity': opacity, 'fill-rule': 'evenodd' })));
  else drawing.append(s('path', { d: lines[name] }));
  return drawing;
}
