// Short notices at the edge of the screen, read out by screen readers. They leave by themselves; errors stay longer.

import { h } from './dom.js';
import { icon } from './icons.js';

const place = h('div', { class: 'toasts', role: 'status', 'aria-live': 'polite' });

// toast shows a text; level is 'info' or 'error'; action is {label, run}.
export function toast(text, level = 'info', action = null) {
  if (!place.isConnected) document.body.append(place);
  const leave = () => note.remove();
  const note = h(
    'div',
    { class: `toast ${level}` },
    h('span', {}, text),
    action && h('button', { type: 'button', class: 'link', onclick: () => (leave(), action.run()) }, action.label),
    h('button', { type: 'button', class: 'icon-button small', 'aria-label': 'Dismiss', onclick: leave }, icon('close')),
  );
  place.append(note);
  setTimeout(leave, level === 'error' || action ? 9_000 : 4_500);
}
