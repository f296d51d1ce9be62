// ⌘K: go to a page or a conversation, or do something, by typing a part of its name. Also the keys that work everywhere.

import { h, put, uniqueId } from './dom.js';
import { icon } from './icons.js';
import { pages } from './pages.js';
import { go, route } from './router.js';
import { when, t } from './text.js';
import { turnTheme } from './themes.js';

const keys = [
  ['⌘K', t('This list')],
  ['/', t('Search')],
  ['↑', t('In an empty field: edit your last message')],
  ['Enter', t('Send')],
  ['Shift Enter', t('A new line')],
  ['Esc', t('Leave editing, close, stop an answer')],
  ['Alt ↑ ↓', t('The conversation above, below')],
  ['Alt N', t('A new conversation')],
  ['?', t('These keys')],
];

const statuses = [
  ['online', t('Show me as online')],
  ['away', t('Show me as away')],
  ['busy', t('Show me as busy')],
  ['offline', t('Do not show me')],
];

export function mountPalette({ store, connection, signOut }) {
  const listId = uniqueId('palette');
  const input = h('input', { class: 'palette-input', type: 'text', role: 'combobox', 'aria-expanded': 'true', 'aria-controls': listId, 'aria-label': t('Go to, or do'), 'aria-autocomplete': 'list', placeholder: t('Go to a conversation, or do something…'), autocomplete: 'off', spellcheck: 'false', oninput: () => draw(), onkeydown: onKey });
  const list = h('ul', { id: listId, class: 'palette-list', role: 'listbox', 'aria-label': t('What fits') });
  const dialog = h('dialog', { class: 'palette', 'aria-label': t('Commands'), onclick: (event) => event.target === dialog && dialog.close() }, input, list);
  document.body.append(dialog);
  let shown = [];
  let at = 0;

  function commands() {
    return [
      { words: t('New conversation'), icon: 'plus', run: () => go('chat/new') },
      { words: t('Search messages'), icon: 'search', run: () => focusSearch() },
      ...pages.map((page) => ({ words: t(page.label), icon: page.icon, run: () => go(page.name) })),
      { words: t('Turn the theme'), icon: 'moon', run: turnTheme },
      { words: t('Keys'), icon: 'command', run: showKeys },
      ...statuses.map(([status, words]) => ({ words, icon: 'people', run: () => connection.ask('update_status', { status }) })),
      { words: t('Sign out'), icon: 'out', run: signOut },
    ];
  }

  function conversations() {
    const latest = [...store.conversations.values()].sort((a, b) => ((a.lastMessageAt || a.createdAt) < (b.lastMessageAt || b.createdAt) ? 1 : -1));
    return latest.map((c) => ({ words: c.title || t('Untitled'), note: when(c.lastMessageAt || c.createdAt), icon: 'chat', run: () => go(`chat/${c.id}`) }));
  }

  function draw() {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (entry) => words.every((word) => entry.words.toLowerCase().includes(word));
    shown = [...(words.length ? [] : commands()), ...conversations().filter(fits).slice(0, words.length ? 20 : 6), ...(words.length ? commands().filter(fits) : [])];
    at = 0;
    const options = shown.map((entry, i) => h('li', { id: `${listId}-${i}`, class: 'palette-option', role: 'option', onclick: () => choose(i), onmousemove: () => mark(i) }, icon(entry.icon), h('span', { class: 'truncate grow' }, entry.words), entry.note && h('span', { class: 'faint small' }, entry.note)));
    put(list, options.length ? options : h('li', { class: 'palette-none muted', role: 'option', 'aria-disabled': 'true' }, t('Nothing fits. / searches in messages.')));
    if (options.length) mark(0);
  }

  function mark(i) {
    at = i;
    for (const [k, option] of [...list.children].entries()) option.setAttribute('aria-selected', String(k === i));
    input.setAttribute('aria-activedescendant', `${listId}-${i}`);
    list.children[i]?.scrollIntoView({ block: 'nearest' });
  }

  function choose(i) {
    dialog.close();
    shown[i]?.run();
  }

  function onKey(event) {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && shown.length) mark((at + step + shown.length) % shown.length);
    else if (event.key === 'Enter') choose(at);
    else return;
    event.preventDefault();
  }

  function showKeys() {
    const mac = /Mac|iPhone|iPad/.test(navigator.platform);
    const sheet = h(
      'dialog',
      { 'aria-label': t('Keys'), onclose: () => sheet.remove(), onclick: (event) => event.target === sheet && sheet.close() },
      h('div', { class: 'spread' }, h('h2', {}, t('Keys')), h('button', { type: 'button', class: 'icon-button', 'aria-label': t('Close'), onclick: () => sheet.close() }, icon('close'))),
      h('dl', { class: 'keys' }, keys.map(([key, words]) => h('div', {}, h('dt', {}, (mac ? key : key.replace('⌘', 'Ctrl ')).split(' ').map((k) => h('kbd', {}, k))), h('dd', {}, words)))),
    );
    document.body.append(sheet);
    sheet.showModal();
  }

  function focusSearch() {
    const find = () => document.getElementById('search');
    if (route().name !== 'chat') go('chat');
    // What is typed next must go there already; only from another page it takes a while.
    (function again(tries) {
      if (find()) find().dispatchEvent(new CustomEvent('coach-search'));
      else if (tries < 60) requestAnimationFrame(() => again(tries + 1));
    })(0);
  }

  const typing = (target) => target.closest?.('input, textarea, select, [contenteditable]');

  function onGlobalKey(event) {
    if ((event.metaKey || event.ctrlKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      if (dialog.open) dialog.close();
      else palette.open();
    } else if (event.altKey && !event.ctrlKey && !event.metaKey && event.code === 'KeyN' && !document.querySelector('dialog[open]')) {
      event.preventDefault();
      go('chat/new');
    } else if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) {
      return;
    } else if (event.key === '/') {
      event.preventDefault();
      focusSearch();
    } else if (event.key === '?') {
      event.preventDefault();
      showKeys();
    }
  }
  addEventListener('keydown', onGlobalKey);

  const palette = {
    open() {
      if (document.querySelector('dialog[open]')) return;
      input.value = '';
      draw();
      dialog.showModal();
      input.focus();
    },
    close() {
      removeEventListener('keydown', onGlobalKey);
      dialog.remove();
    },
  };
  return palette;
}
