// What stands above a conversation: its name, what the coach is asked for, who is in it, and what can be done with it.

import { h, put } from '../dom.js';
import { icon } from '../icons.js';
import { confirm, menu, prompt } from '../menu.js';
import { plural, t } from '../text.js';
import { shareDialog } from './share.js';

const modes = [
  ['analysis', t('Analysis')],
  ['psychology', t('Psychology')],
  ['training', t('Training')],
];

// The desk is {api, me, go, toast, store, connection, conversationId, setLocalMode, localMode}.
export function mountHeader(desk) {
  const { store } = desk;
  const title = h('h1', { class: 'truncate', dir: 'auto' });
  const people = h('p', { class: 'people truncate' });
  const mode = h('select', { class: 'input mode', 'aria-label': t('What the coach is for'), onchange: () => setMode(mode.value) }, modes.map(([value, words]) => h('option', { value }, words)));
  const share = h('button', { type: 'button', class: 'icon-button', 'aria-label': t('Share'), title: t('Share'), onclick: () => shareDialog(desk, conversation()) }, icon('people'));
  const more = menu({ label: t('More'), iconName: 'more', entries });
  const toList = h('button', { type: 'button', class: 'icon-button to-list', 'aria-label': t('Show the conversations'), 'aria-controls': 'sidebar', onclick: openList }, icon('menu'));
  const node = h('header', { class: 'thread-head' }, toList, h('div', { class: 'grow' }, title, people), mode, share, more);

  const conversation = () => store.conversations.get(desk.conversationId());

  function openList() {
    document.documentElement.classList.add('sidebar-open');
    document.querySelector('#search').focus();
  }

  async function setMode(value) {
    const c = conversation();
    if (!c) return desk.setLocalMode(value);
    await change(() => desk.api.patch(`/api/conversations/${c.id}`, { mode: value }));
  }

  async function change(call, said) {
    try {
      const changed = await call();
      if (changed?.id) store.keepConversation(changed);
      if (said) desk.toast(said);
    } catch (refusal) {
      desk.toast(refusal.sentences || refusal.message, 'error');
    }
    draw();
  }

  function entries() {
    const c = conversation();
    const owner = c.role === 'owner';
    const path = `/api/conversations/${c.id}`;
    return [
      owner && { words: t('Rename'), icon: 'edit', run: () => rename(c) },
      owner && (c.archived ? { words: t('Take out of the archive'), icon: 'archive', run: () => change(() => desk.api.post(`${path}/unarchive`), t('It is among the conversations again.')) } : { words: t('Archive'), icon: 'archive', run: () => archive(c) }),
      'line',
      ...['md', 'json', 'csv'].map((format) => ({ words: t('Download as {format}', { format: { md: 'Markdown', json: 'JSON', csv: 'CSV' }[format] }), icon: 'download', run: () => download(c, format) })),
      'line',
      owner ? { words: t('Delete'), icon: 'trash', danger: true, run: () => remove(c) } : { words: t('Leave'), icon: 'out', danger: true, run: () => leave(c) },
    ].filter(Boolean);
  }

  async function rename(c) {
    const value = await prompt(t('Rename'), { label: t('Title'), value: c.title, verb: t('Save'), maxlength: 200 });
    if (value) await change(() => desk.api.patch(`/api/conversations/${c.id}`, { title: value }));
  }

  async function archive(c) {
    await change(() => desk.api.post(`/api/conversations/${c.id}/archive`));
    desk.toast(t('Archived.'), 'info', { label: t('Undo'), run: () => change(() => desk.api.post(`/api/conversations/${c.id}/unarchive`)) });
  }

  async function remove(c) {
    if (!(await confirm(t('Delete this conversation?'), t('Its messages and pictures are gone for everybody in it. This cannot be taken back.'), t('Delete')))) return;
    try {
      await desk.api.del(`/api/conversations/${c.id}`);
      store.drop(c.id);
    } catch (refusal) {
      desk.toast(refusal.message, 'error');
    }
  }

  async function leave(c) {
    if (!(await confirm(t('Leave this conversation?'), t('Its owner may invite you again.'), t('Leave')))) return;
    try {
      await desk.api.del(`/api/conversations/${c.id}/members/${desk.me.id}`);
      store.drop(c.id);
    } catch (refusal) {
      desk.toast(refusal.message, 'error');
    }
  }

  async function download(c, format) {
    try {
      const reply = await desk.api.raw('GET', `/api/conversations/${c.id}/export?format=${format}`);
      const link = h('a', { href: URL.createObjectURL(await reply.blob()), download: `${(c.title || 'conversation').replace(/[^\p{L}\p{N} _-]+/gu, '').slice(0, 60).trim() || 'conversation'}.${format}` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    } catch (refusal) {
      desk.toast(refusal.message, 'error');
    }
  }

  function drawPeople(c) {
    const members = c && store.members.get(c.id);
    const others = members ? [...members.values()].filter((m) => m.userId !== desk.me.id) : [];
    const statuses = others.map((m) => h('span', { class: 'person' }, h('span', { class: 'presence', role: 'img', dataset: { status: store.presence.get(m.userId) || 'offline' }, 'aria-label': t(store.presence.get(m.userId) || 'offline') }), m.displayName || m.username, m.role === 'viewer' && t(' (reads)')));
    put(people, others.length > 6 ? plural(others.length, '{n} other', '{n} others') : statuses);
    people.hidden = others.length === 0;
  }

  function draw() {
    const c = conversation();
    title.textContent = c ? c.title || t('Untitled') : t('New conversation');
    mode.value = c?.mode || desk.localMode();
    mode.disabled = Boolean(c && c.role !== 'owner');
    share.hidden = !c;
    more.hidden = !c;
    drawPeople(c);
  }

  return { node, draw };
}
