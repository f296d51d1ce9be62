// The button that turns the theme: as the system, light, dark.

import { h, put } from './dom.js';
import { icon } from './icons.js';
import { t } from './text.js';

const key = 'coach.theme'; // theme.js reads it, too, before anything is painted
const order = ['auto', 'light', 'dark'];
const looks = { auto: { icon: 'auto', words: t('Theme: as the system') }, light: { icon: 'sun', words: t('Theme: light') }, dark: { icon: 'moon', words: t('Theme: dark') } };

const chosen = () => document.documentElement.dataset.theme || 'auto';

function apply(theme) {
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

export function turnTheme() {
  const next = order[(order.indexOf(chosen()) + 1) % order.length];
  apply(next);
  try {
    if (next === 'auto') localStorage.removeItem(key);
    else localStorage.setItem(key, next);
  } catch {
    // it holds for this tab
  }
  for (const button of document.querySelectorAll('.theme-button')) draw(button);
}

// Another tab turned it.
addEventListener('storage', (event) => {
  if (event.key !== key) return;
  apply(event.newValue || 'auto');
  for (const button of document.querySelectorAll('.theme-button')) draw(button);
});

function draw(button) {
  const { icon: name, words } = looks[chosen()];
  put(button, icon(name), h('span', {}, words));
}

export function themeButton() {
  const button = h('button', { type: 'button', class: 'tab theme-button', onclick: turnTheme });
  draw(button);
  return button;
}
