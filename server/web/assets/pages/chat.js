// The chat: conversations beside the messages of one of them, and the field to write in.

import { Composer } from '../chat/composer.js';
import { mountHeader } from '../chat/header.js';
import { spoken } from '../chat/message.js';
import { mountSidebar } from '../chat/sidebar.js';
import { Thread } from '../chat/thread.js';
import { h, put } from '../dom.js';
import { icon } from '../icons.js';
import { dialog } from '../menu.js';
import { isLocal, newId } from '../outbox.js';
import { writing } from '../store.js';
import { plural, t } from '../text.js';

const examples = [
  'long 2 MES at 6000, stop 5994, target 6012, account 25k, risk 1%',
  'short 1 NQ at 21500, stop 21540, targets 21420 and 21380',
  'I lost two in a row and want to make it back. What now?',
];

export function mount(root, context) {
  const { api, store, connection, outbox, toast, go } = context;
  let id = null;
  let localMode = 'analysis';
  let closed = false;
  let sought = 0; // the seq that the address names, until its message can be shown

  const desk = {
    api, store, connection, outbox, toast, go,
    get me() { return context.me; },
    conversationId: () => id,
    realId: () => (isLocal(id) ? null : id),
    localMode: () => localMode,
    setLocalMode: (mode) => (localMode = mode),
    nameOf: (message) => store.nameOf(message.conversationId, message.userId),
    textOf: (message) => store.textOf(message),
    canWrite: () => store.conversations.get(id)?.role !== 'viewer',
    answering: () => answer(),
    latestOwn: () => rowsNewestFirst().find((m) => m.type === 'user' && m.userId === context.me.id && !m.deletedAt && m.content),
    stop: (message) => actOn(message || answer(), 'stop_ai', 'stop'),
    regenerate: (message) => actOn(message, 'regenerate', 'regenerate'),
    edit: (message) => composer.edit(message),
    use: (words) => composer.fill(words),
    change, remove, copy, send, open: openPicture, empty,
  };

  const thread = new Thread(desk);
  const composer = new Composer(desk);
  const header = mountHeader(desk);
  const sidebar = mountSidebar({ api, store, connection, go, toast, current: () => id });
  const typing = h('p', { class: 'typing', 'aria-live': 'polite' });
  const waits = h('p', { class: 'typing waits', role: 'status' });
  const reading = h('p', { class: 'notice viewer', hidden: true }, t('You may read here, not write.'));
  const veil = h('div', { class: 'veil', onclick: () => document.documentElement.classList.remove('sidebar-open') });
  const drop = h('div', { class: 'drop', 'aria-hidden': 'true' }, icon('image'), h('span', {}, t('Drop the chart here')));
  const section = h('section', { class: 'thread', 'aria-label': t('Conversation') }, header.node, thread.node, h('div', { class: 'below' }, typing, waits, reading, composer.form), drop);
  const whole = h('div', { class: 'chat' }, sidebar.node, veil, section);
  put(root, whole);
  dragging();

  // ---- Which conversation

  async function open(path) {
    const [wanted, seq] = path.split('/');
    let next = wanted;
    if (!next && !matchMedia('(max-width: 767px)').matches) next = latest();
    if (!next || next === 'new') next = isLocal(id) && !seq ? id : `new-${newId()}`;
    const another = next !== id;
    id = next;
    const known = store.conversations.get(id)?.opened;
    sought = known ? 0 : Number(seq) || 0;
    document.documentElement.classList.remove('sidebar-open');
    if (another) {
      composer.open();
      await thread.open(known ? Number(seq) : 0);
      if (closed || id !== next) return;
      drawAll();
    } else if (known && Number(seq)) {
      await thread.goTo(Number(seq));
    }
    if (!isLocal(id) && another) await join(id);
    if (another && !closed && !matchMedia('(pointer: coarse)').matches && document.activeElement?.id !== 'search') composer.focus();
  }

  const latest = () => [...store.conversations.values()].filter((c) => !c.archived).sort((a, b) => ((a.lastMessageAt || a.createdAt) < (b.lastMessageAt || b.createdAt) ? 1 : -1))[0]?.id;

  async function join(wanted) {
    if (!connection.socket.connected) return; // the next connection joins
    const known = store.conversations.get(wanted)?.opened;
    const ack = known && store.conversations.get(wanted).synced ? { success: true } : await connection.join(wanted);
    if (closed || id !== wanted) return;
    if (!ack || (!ack.success && ack.retryable)) return void setTimeout(() => !closed && id === wanted && join(wanted), ack?.retryAfterMs || 2_000);
    if (!ack.success) {
      toast(ack.error, 'error');
      if (ack.code === 'NOT_FOUND' || ack.code === 'VALIDATION_ERROR') go('chat/new'); // gone, or the address never named one
      return;
    }
    thread.draw();
    const seq = sought;
    sought = 0;
    if (seq) await thread.goTo(seq);
    drawAll();
    people(wanted);
  }

  // people asks who is here, and for names only where there is somebody else: a request counts, a socket's event hardly.
  const askedFor = new Set();
  let asking = false;
  async function people(wanted) {
    if (asking || (askedFor.has(wanted) && store.members.has(wanted))) return;
    asking = true;
    askedFor.add(wanted);
    const ack = await connection.ask('get_online_users', { conversationId: wanted });
    for (const user of ack?.users || []) store.setPresence(user);
    const c = store.conversations.get(wanted);
    const others = ack?.users?.some((user) => user.userId !== context.me.id) || [...(c?.rows.values() || [])].some((m) => m.type === 'user' && m.userId !== context.me.id);
    if (c && !store.members.has(wanted) && (others || c.role !== 'owner' || c.shared || store.typing.get(wanted)?.size)) {
      // names are a nicety; without them it is "Somebody"
      await api.get(`/api/conversations/${wanted}/members`).then(({ members }) => store.keepMembers(wanted, members), () => {});
      if (!closed && id === wanted) thread.refreshNames();
    }
    asking = false;
  }

  // ---- What is done

  function send({ content, uploads }) {
    const mode = store.conversations.get(id)?.mode || localMode;
    const kept = outbox.add({ conversationId: id, content, uploadIds: uploads.map((u) => u.id), previews: uploads.map(({ thumbnailUrl, originalName }) => ({ thumbnailUrl, originalName })), mode });
    if (!kept) toast(t('This browser keeps nothing: do not close the tab before your message is sent.'), 'error');
    thread.toEnd();
  }

  // Both ways are open: the socket if it is there, else REST. The finished row follows as an event.
  async function actOn(message, event, verb) {
    if (!message) return;
    const ack = connection.live ? await connection.ask(event, { messageId: message.id }) : null;
    if (ack?.success) return store.keepRow(ack.message);
    if (ack) return composer.say(ack.error);
    await api.post(`/api/messages/${message.id}/${verb}`).then((row) => store.keepRow(row), (refusal) => composer.say(refusal.message));
  }

  // change gives what is wrong, or nothing.
  async function change(message, content) {
    try {
      store.keepRow(await api.patch(`/api/messages/${message.id}`, { content }));
    } catch (refusal) {
      return refusal.sentences;
    }
  }

  async function remove(message) {
    try {
      const row = await api.del(`/api/messages/${message.id}`);
      if (row?.id) store.keepRow(row);
    } catch (refusal) {
      toast(refusal.message, 'error');
    }
  }

  async function copy(message) {
    try {
      await navigator.clipboard.writeText(message.content);
      toast(t('Copied.'));
    } catch {
      toast(t('This browser does not let the page copy.'), 'error');
    }
  }

  function openPicture({ full, name }) {
    const box = dialog(name || t('Picture'), h('a', { href: full, target: '_blank', rel: 'noopener noreferrer' }, h('img', { class: 'full-picture', src: full, alt: name || t('Chart image') })));
    box.classList.add('wide');
  }

  const rowsNewestFirst = () => store.run(id, null).reverse();

  function answer() {
    const c = store.conversations.get(id);
    if (!c) return null;
    for (let seq = c.top, steps = 0; steps < 20 && c.bySeq.has(seq); seq--, steps++) if (writing(c.bySeq.get(seq))) return c.bySeq.get(seq);
    return null;
  }

  // ---- What is seen

  function empty() {
    const loading = !isLocal(id) && !store.conversations.get(id)?.opened;
    if (loading) return h('div', { class: 'empty' }, h('span', { class: 'spinner', role: 'status', 'aria-label': t('Loading') }));
    return h(
      'div',
      { class: 'welcome' },
      h('h2', {}, t('What are you about to do?')),
      h('p', { class: 'muted' }, t('Say it in plain words: instrument, entry, stop, target, size. Or drop a chart here.')),
      h('ul', { class: 'examples' }, examples.map((words) => h('li', {}, h('button', { type: 'button', onclick: () => composer.fill(words) }, words)))),
    );
  }

  function drawTyping() {
    const names = [...(store.typing.get(id)?.keys() || [])].map((user) => store.nameOf(id, user) || t('Somebody'));
    typing.textContent = names.length === 0 ? '' : names.length === 1 ? t('{name} is typing…', { name: names[0] }) : plural(names.length, '', '{n} people are typing…');
  }

  function drawAll() {
    header.draw();
    sidebar.draw();
    composer.draw();
    drawTyping();
    const viewer = !desk.canWrite();
    composer.form.hidden = viewer;
    reading.hidden = !viewer;
    read();
  }

  function read() {
    const c = store.conversations.get(id);
    if (!c || document.hidden || !connection.live || c.top <= (c.lastReadSeq || 0)) return;
    c.lastReadSeq = c.top;
    connection.ask('mark_read', { conversationId: id, seq: c.top });
    sidebar.draw();
  }

  let frame = 0;
  const later = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(drawAll);
  };

  // A file that misses the thread would replace the page, so the list of conversations takes it as well.
  function dragging() {
    let depth = 0;
    const files = (event) => event.dataTransfer?.types.includes('Files');
    const on = (name, listener) => whole.addEventListener(name, (event) => files(event) && (event.preventDefault(), listener(event)));
    on('dragenter', () => section.classList.toggle('dropping', ++depth > 0));
    on('dragleave', () => section.classList.toggle('dropping', --depth > 0));
    on('dragover', () => {});
    on('drop', (event) => {
      depth = 0;
      section.classList.remove('dropping');
      if (desk.canWrite()) composer.add(event.dataTransfer.files);
    });
  }

  function onKey(event) {
    if (!event.altKey || event.ctrlKey || event.metaKey || !['ArrowUp', 'ArrowDown'].includes(event.key) || document.querySelector('dialog[open]')) return;
    event.preventDefault();
    const next = sidebar.step(event.key === 'ArrowUp' ? -1 : 1);
    if (next) go(`chat/${next}`);
  }
  addEventListener('keydown', onKey);
  document.addEventListener('visibilitychange', read);

  const announce = (text) => {
    const place = document.getElementById('announce');
    if (place) place.textContent = text;
  };

  const leave = [
    store.listed.on(later),
    store.rowsChanged.on((changed) => changed === id && later()),
    store.rowChanged.on((message) => message.conversationId === id && later()),
    store.peopleChanged.on((changed) => {
      if (changed !== null && changed !== id) return;
      header.draw();
      drawTyping();
      const shared = id && (store.members.get(id)?.size > 1 || store.typing.get(id)?.size || store.conversations.get(id)?.shared);
      if (shared) people(id);
    }),
    store.answered.on((message) => message.conversationId === id && announce(spoken(message))),
    store.gone.on((gone) => gone === id && go('chat/new')),
    outbox.renamed.on((local, conversation) => {
      if (local !== id) return;
      id = conversation.id;
      composer.renamed(local);
      history.replaceState(null, '', `#/chat/${id}`);
      join(id);
      later();
    }),
    outbox.waiting.on((text) => (waits.textContent = text)),
    connection.changed.on((state) => {
      if (state !== 'live') return later();
      askedFor.clear();
      composer.attachments.again();
      if (!context.path && isLocal(id) && !composer.text.value && !outbox.of(id).length && latest() && !arrived) open('');
      arrived = true;
      if (id && !isLocal(id)) join(id);
      later();
    }),
  ];
  let arrived = connection.live;

  open(context.path || '');

  const unmount = () => {
    closed = true;
    removeEventListener('keydown', onKey);
    document.removeEventListener('visibilitychange', read);
    cancelAnimationFrame(frame);
    for (const one of leave) one();
    composer.close();
    thread.close();
    sidebar.close();
  };
  unmount.path = (path) => open(path);
  return unmount;
}
