// A button that opens a short menu, and dialogs that ask.

import { h, uniqueId } from './dom.js';
import { icon } from './icons.js';
import { t } from './text.js';

// menu gives a button with its menu. entries() is asked each time it opens: {words, icon, run, danger} or 'line'.
export function menu({ label, iconName, entries }) {
  const id = uniqueId('menu');
  const list = h('div', { id, class: 'menu floating', role: 'menu', 'aria-label': label, hidden: true, onkeydown: onKey });
  const button = h('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, 'aria-haspopup': 'menu', 'aria-expanded': 'false', 'aria-controls': id, onclick: () => (list.hidden ? open() : close()) }, icon(iconName));
  const whole = h('span', { class: 'menu-wrap' }, button, list);

  function open() {
    list.replaceChildren(...entries().map((entry) => (entry === 'line' ? h('hr') : h('button', { type: 'button', role: 'menuitem', class: entry.danger ? 'loss' : '', onclick: () => (close(), entry.run()) }, icon(entry.icon), entry.words))));
    list.hidden = false;
    button.setAttribute('aria-expanded', 'true');
    list.querySelector('button')?.focus();
    document.addEventListener('pointerdown', outside);
  }

  function close() {
    if (list.hidden) return;
    list.hidden = true;
    button.setAttribute('aria-expanded', 'false');
    document.removeEventListener('pointerdown', outside);
    button.focus();
  }

  function outside(event) {
    if (!whole.isConnected) document.removeEventListener('pointerdown', outside);
    else if (!whole.contains(event.target)) close();
  }

  function onKey(event) {
    const items = [...list.querySelectorAll('button')];
    const at = items.indexOf(document.activeElement);
    if (event.key === 'Escape') close();
    else if (event.key === 'ArrowDown') items[(at + 1) % items.length].focus();
    else if (event.key === 'ArrowUp') items[(at - 1 + items.length) % items.length].focus();
    else if (event.key === 'Tab') return close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
  return whole;
}

// dialog shows content in a modal and gives it; closing removes it.
export function dialog(title, ...content) {
  const box = h(
    'dialog',
    { 'aria-label': title, onclose: () => box.remove(), onclick: (event) => event.target === box && box.close() },
    h('div', { class: 'spread dialog-head' }, h('h2', {}, title), h('button', { type: 'button', class: 'icon-button', 'aria-label': t('Close'), onclick: () => box.close() }, icon('close'))),
    content,
  );
  document.body.append(box);
  box.showModal();
  return box;
}

// confirm asks before something that cannot be taken back; it gives true or false.
export function confirm(title, text, verb) {
  return new Promise((resolve) => {
    let said = false;
    const box = dialog(title, h('p', { class: 'muted' }, text), h('div', { class: 'row dialog-foot' }, h('button', { type: 'button', class: 'button', onclick: () => box.close() }, t('Cancel')), h('button', { type: 'button', class: 'button danger', onclick: () => ((said = true), box.close()) }, verb)));
    box.addEventListener('close', () => resolve(said));
  });
}

// prompt asks for a short text; null when it was left.
export function prompt(title, { label, value = '', verb, maxlength }) {
  return new Promise((resolve) => {
    let said = null;
    const input = h('input', { class: 'input', value, maxlength, 'aria-label': label });
    const form = h('form', { class: 'form', onsubmit: (event) => (event.preventDefault(), (said = input.value.trim()), box.close()) }, input, h('div', { class: 'row dialog-foot' }, h('button', { type: 'button', class: 'button', onclick: () => box.close() }, t('Cancel')), h('button', { type: 'submit', class: 'button primary' }, verb)));
    const box = dialog(title, form);
    box.addEventListener('close', () => resolve(said));
    input.select();
  });
}
