// What the pages of plan, journal, statistics and account have in common.

import { h, put } from '../dom.js';
import { Refusal } from '../api.js';
import { t } from '../text.js';

// The style sheet of these pages is fetched with the first of them; a page is put together when it is there.
const sheet = h('link', { rel: 'stylesheet', href: new URL('./records.css', import.meta.url).href });
await new Promise((resolve) => {
  sheet.onload = sheet.onerror = resolve;
  document.head.append(sheet);
});

// frame is a page: a title, actions beside it, and a column for its sections.
export function frame(root, title, ...actions) {
  const body = h('div', { class: 'page-body' });
  const inner = h('div', { class: 'page-inner' }, h('header', { class: 'page-head' }, h('h1', {}, title), h('div', { class: 'row' }, actions)), body);
  root.append(h('div', { class: 'page records', tabindex: '-1' }, inner));
  return body;
}

// section is a card with a heading that screen readers can jump to.
export function section(title, ...children) {
  return h('section', { class: 'card section', 'aria-label': title }, h('h2', {}, title), children);
}

// alert is a place for what went wrong; it is read out when it is filled.
export function alert() {
  const place = h('div', { role: 'alert', class: 'alert' });
  return {
    place,
    clear: () => put(place),
    show: (error) => put(place, h('p', { class: 'notice error' }, sentencesOf(error))),
    good: (text) => put(place, h('p', { class: 'notice good' }, text)),
  };
}

export const sentencesOf = (error) => (error instanceof Refusal ? error.sentences : String(error.message || error));

// working runs something once at a time: the button rests meanwhile, and what goes wrong is told by fail.
export async function working(button, fail, run) {
  if (button.disabled) return;
  button.disabled = true;
  try {
    await run();
  } catch (error) {
    fail(error);
  } finally {
    button.disabled = false;
  }
}

// cut shortens a decimal to two places. It is cut and not rounded: 1.996 R is not 2 R.
export const cut = (text) => text.replace(/(\.\d\d)\d+$/, '$1').replace(/\.00$/, '');

// load fills a place with what run gives; where that fails, with the reason and a way to try again. Of several for one
// place the last one counts, whichever ends first.
const turns = new WeakMap();

export async function load(place, run) {
  turns.set(place, run);
  put(place, h('p', { class: 'muted', role: 'status' }, t('Loading…')));
  try {
    const made = await run();
    if (turns.get(place) === run) put(place, made);
  } catch (error) {
    if (turns.get(place) !== run) return;
    put(
      place,
      h('div', { class: 'empty', role: 'alert' }, h('p', {}, sentencesOf(error)), h('button', { type: 'button', class: 'button', onclick: () => load(place, run) }, t('Try again'))),
    );
  }
}

// download hands a reply to the browser as a file.
export async function download(api, path, name) {
  const reply = await api.raw('GET', path);
  const url = URL.createObjectURL(await reply.blob());
  h('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

// ask opens a dialog with a form. submit gets the form's fields; what it throws is shown, false
// keeps the dialog open, and anything else closes it.
export function ask({ title, body, action, danger, submit, aside }) {
  const told = alert();
  const go = h('button', { type: 'submit', class: danger ? 'button danger' : 'button primary' }, action);
  const dialog = h(
    'dialog',
    { class: 'records', 'aria-label': title },
    h(
      'form',
      {
        class: 'form',
        novalidate: true,
        onsubmit: (event) => {
          event.preventDefault();
          working(go, told.show, async () => {
            told.clear();
            if ((await submit(event.target.elements)) !== false) dialog.close();
          });
        },
      },
      h('h2', {}, title),
      body,
      told.place,
      h('div', { class: 'spread' }, h('div', { class: 'row' }, aside?.(() => dialog.close(), told)), h('div', { class: 'row' }, h('button', { type: 'button', class: 'button', onclick: () => dialog.close() }, t('Cancel')), go)),
    ),
  );
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

// wrong marks the inputs that a refusal names, by name, and takes earlier marks away.
export function wrong(form, details) {
  for (const input of form.querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid');
  const first = details.map((d) => form.elements?.[d.field] ?? form.querySelector(`[name="${CSS.escape(d.field)}"]`)).filter(Boolean);
  first.forEach((input) => input.setAttribute?.('aria-invalid', 'true'));
  first[0]?.focus?.();
}
