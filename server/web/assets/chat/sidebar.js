// The conversations: to open, to find again by their words, to put away.

import { h, put } from '../dom.js';
import { icon } from '../icons.js';
import { plural, t, when } from '../text.js';

const wait = 350; // after the last key, before the server is asked

export function mountSidebar({ api, store, connection, go, current, toast }) {
  let archived = false;
  let turn = 0;
  let timer = 0;
  const input = h('input', { id: 'search', class: 'input search-input', type: 'search', placeholder: t('Search'), 'aria-label': t('Search conversations and messages'), 'aria-keyshortcuts': '/', autocomplete: 'off', oninput: onInput, onkeydown: onKey });
  const list = h('ul', { class: 'conversations', 'aria-label': t('Conversations') });
  const found = h('div', { class: 'found', 'aria-live': 'polite' });
  const segment = (words, yes) => h('button', { type: 'button', 'aria-pressed': String(archived === yes), onclick: (event) => switchTo(yes, event.currentTarget) }, words);
  const segments = h('div', { class: 'segments', role: 'group', 'aria-label': t('Which conversations') }, segment(t('Active'), false), segment(t('Archived'), true));
  const more = h('button', { type: 'button', class: 'button small further', hidden: true, onclick: loadMore }, t('Show more'));
  const node = h(
    'aside',
    { id: 'sidebar', class: 'sidebar', 'aria-label': t('Conversations') },
    h('div', { class: 'sidebar-head' }, h('h2', {}, t('Conversations')), h('button', { type: 'button', class: 'button small primary', onclick: () => go('chat/new'), 'aria-keyshortcuts': 'Alt+N' }, icon('plus'), t('New'))),
    h('div', { class: 'search' }, icon('search'), input, h('kbd', { 'aria-hidden': 'true' }, '/')),
    segments,
    h('div', { class: 'sidebar-scroll' }, found, list, more),
  );
  input.addEventListener('coach-search', () => {
    document.documentElement.classList.add('sidebar-open');
    input.focus();
    input.select();
  });

  async function switchTo(yes, button) {
    archived = yes;
    for (const other of segments.children) other.setAttribute('aria-pressed', String(other === button));
    draw();
    if (yes) await connection.loadList(true).catch((refusal) => toast(refusal.message, 'error'));
    draw();
  }

  const kind = () => (archived ? 'archived' : 'active');

  async function loadMore() {
    more.disabled = true;
    try {
      const page = await api.get(`/api/conversations?limit=100&cursor=${encodeURIComponent(connection.further[kind()])}${archived ? '&archived=true' : ''}`);
      connection.further[kind()] = page.nextCursor;
      for (const item of page.items) store.keepConversation(item);
    } catch (refusal) {
      toast(refusal.message, 'error');
    }
    more.disabled = false;
    draw();
  }

  const at = (c) => c.lastMessageAt || c.createdAt;

  function shown() {
    const words = input.value.trim().toLowerCase();
    return [...store.conversations.values()].filter((c) => Boolean(c.archived) === archived && (!words || (c.title || '').toLowerCase().includes(words))).sort((a, b) => (at(a) < at(b) ? 1 : -1));
  }

  let frame = 0;
  const later = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(draw);
  };

  function draw() {
    const items = shown();
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    put(list, items.map(item));
    if (focused) list.querySelector(`[data-id="${focused}"]`)?.focus();
    if (!items.length) list.append(h('li', { class: 'none' }, input.value ? t('No title fits.') : archived ? t('Nothing is archived.') : t('No conversation yet.')));
    more.hidden = !connection.further[kind()] || input.value !== '';
  }

  function item(c) {
    const unread = c.id !== current() && (c.lastSeq || 0) > (c.lastReadSeq || 0);
    const link = h(
      'a',
      { href: `#/chat/${c.id}`, dataset: { id: c.id }, class: unread ? 'unread' : '', 'aria-current': c.id === current() ? 'true' : null, onclick: close },
      h('span', { class: 'title truncate', dir: 'auto' }, c.title || t('Untitled')),
      h('span', { class: 'line' }, h('time', { datetime: at(c) }, when(at(c))), c.mode !== 'analysis' && h('span', { class: 'badge' }, t(c.mode)), c.role !== 'owner' && c.role && h('span', { class: 'badge' }, t('shared')), unread && h('span', { class: 'dot', role: 'img', 'aria-label': t('unread') })),
    );
    return h('li', {}, link);
  }

  // close hides the list where it lies over the conversation.
  function close() {
    document.documentElement.classList.remove('sidebar-open');
  }

  function onInput() {
    draw();
    clearTimeout(timer);
    turn++;
    if (input.value.trim().length < 2) return put(found);
    timer = setTimeout(search, wait);
  }

  async function search() {
    const mine = ++turn;
    const words = input.value.trim();
    try {
      const page = await api.get(`/api/messages/search?limit=20&q=${encodeURIComponent(words)}`);
      if (mine !== turn) return;
      put(found, h('p', { class: 'overline' }, page.items.length ? plural(page.items.length, '{n} message', page.hasMore ? 'The newest {n} messages' : '{n} messages') : t('No message has these words')), h('ul', {}, page.items.map(hit)), page.items.length > 0 && h('p', { class: 'overline' }, t('Titles')));
    } catch (refusal) {
      if (mine === turn) put(found, h('p', { class: 'error-text' }, refusal.message));
    }
  }

  function hit({ message, excerpt }) {
    const title = store.conversations.get(message.conversationId)?.title || t('Untitled');
    return h('li', {}, h('a', { class: 'hit', href: `#/chat/${message.conversationId}/${message.seq}`, onclick: close }, h('span', { class: 'line' }, h('span', { class: 'truncate grow' }, title), h('time', { datetime: message.createdAt }, when(message.createdAt))), h('span', { class: 'excerpt', dir: 'auto' }, excerpt.map((piece) => (piece.hit ? h('mark', {}, piece.text) : piece.text)))));
  }

  function onKey(event) {
    if (event.key === 'Escape' && input.value) {
      input.value = '';
      onInput();
    } else if (event.key === 'Enter') {
      (found.querySelector('a') || list.querySelector('a'))?.click();
    } else if (event.key === 'ArrowDown') {
      (found.querySelector('a') || list.querySelector('a'))?.focus();
      event.preventDefault();
    }
  }

  // Arrows go through what is listed.
  node.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !event.target.matches('a') || event.altKey) return;
    const links = [...node.querySelectorAll('.sidebar-scroll a')];
    const next = links.indexOf(event.target) + step;
    (next < 0 ? input : links[next])?.focus();
    event.preventDefault();
  });

  const leave = [store.listed.on(later)];
  draw();
  return {
    node,
    draw,
    // step gives the conversation above or below the open one.
    step: (by) => {
      const ids = shown().map((c) => c.id);
      return ids[Math.max(0, Math.min(ids.length - 1, ids.indexOf(current()) + by))];
    },
    close() {
      clearTimeout(timer);
      cancelAnimationFrame(frame);
      for (const one of leave) one();
    },
  };
}
