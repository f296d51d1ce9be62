// The frame around all pages: navigation, the banner about the connection, the palette, and what lives as long as
// somebody is signed in: the store, the connection, the outbox.

import { api } from './api.js';
import { h, put } from './dom.js';
import { icon } from './icons.js';
import { Outbox } from './outbox.js';
import { pages } from './pages.js';
import { mountPalette } from './palette.js';
import { go, route, start } from './router.js';
import { session } from './session.js';
import { Connection } from './socket.js';
import { Store } from './store.js';
import { t } from './text.js';
import { themeButton } from './themes.js';
import { toast } from './toast.js';

const sentences = {
  lost: t('The connection is lost; trying again. What you write is kept and sent later.'),
  offline: t('You are offline. What you write is kept and sent when you are back.'),
};

export function mountShell(root) {
  const user = session.current.user;
  const store = new Store();
  const connection = new Connection(store);
  const outbox = new Outbox(user.id, connection, store);

  const banner = h('p', { id: 'banner', class: 'banner', role: 'status', hidden: true });
  const main = h('main', { id: 'main', class: 'main', tabindex: -1 });
  const lamp = h('span', { class: 'lamp', role: 'img' });
  const tabs = pages.map((page) => h('a', { href: `#/${page.name}`, class: 'tab', dataset: { page: page.name } }, icon(page.icon), h('span', {}, t(page.label))));
  const open = h('button', { type: 'button', class: 'tab', onclick: () => palette.open(), 'aria-keyshortcuts': 'Control+K Meta+K' }, icon('command'), h('span', {}, t('Commands')));
  const leave = h('button', { type: 'button', class: 'tab rail-out', onclick: signOut }, icon('out'), h('span', {}, t('Sign out')));
  put(
    root,
    h('a', { class: 'skip', href: '#main', onclick: (event) => (event.preventDefault(), main.focus()) }, t('Skip to the content')),
    h(
      'div',
      { id: 'app', class: 'shell' },
      h('nav', { class: 'rail', 'aria-label': t('Pages') }, h('span', { class: 'rail-brand', title: 'coach' }, icon('diamond'), lamp), tabs, h('span', { class: 'rail-gap' }), open, themeButton(), leave),
      h('div', { class: 'stage' }, banner, main),
    ),
  );

  function lampShows(state) {
    const live = state === 'live';
    lamp.dataset.state = state;
    lamp.setAttribute('aria-label', live ? t('Connected') : t('Not connected'));
    banner.textContent = sentences[state] || '';
    banner.hidden = !sentences[state];
  }

  async function signOut() {
    await api.post('/api/auth/logout', undefined, { signal: AbortSignal.timeout(5_000) }).catch(() => {});
    session.end();
  }

  // A notice of the operators stays until it is closed, and does not hide the one about the connection.
  function notice(text, level) {
    const note = h('p', { class: `banner notice-of-operators ${level || ''}`, role: 'status' }, text, h('button', { type: 'button', class: 'icon-button small', 'aria-label': t('Dismiss'), onclick: () => note.remove() }, icon('close')));
    banner.after(note);
  }

  const leaveAll = [connection.changed.on(lampShows), connection.notice.on(notice)];
  const context = { api, t, toast, go, store, connection, outbox, get me() { return session.current?.user || user; } };
  const palette = mountPalette({ store, connection, signOut });
  const stop = start(main, context, {
    shown(name) {
      for (const tab of tabs) {
        if (tab.dataset.page === name) tab.setAttribute('aria-current', 'page');
        else tab.removeAttribute('aria-current');
      }
      document.title = `${t(pages.find((page) => page.name === name).label)} · coach`;
    },
    failed(error, name) {
      console.error(error);
      put(main, h('div', { class: 'empty', role: 'alert' }, h('h1', {}, t('This page did not load.')), h('p', {}, t('The connection may be gone, or there is a newer version.')), h('button', { type: 'button', class: 'button', onclick: () => location.reload() }, t('Load again'))));
      document.documentElement.dataset.failed = name;
    },
  });
  if (!location.hash) history.replaceState(null, '', `#/${route().name}`);
  lampShows(connection.state);
  outbox.flush();

  return () => {
    for (const one of leaveAll) one();
    stop();
    palette.close();
    outbox.close();
    connection.close();
    put(root);
  };
}
