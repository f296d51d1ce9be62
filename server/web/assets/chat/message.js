// One message: who said it and when, its words and pictures, its verdict, and what can be done with it.

import { h, put } from '../dom.js';
import { icon } from '../icons.js';
import { writing } from '../store.js';
import { moment, plural, t, time } from '../text.js';
import { parted, prose } from './prose.js';
import { spaced, verdicts } from './rules.js';
import { verdictCards } from './verdict.js';

// messageRow gives an element for a row. The desk does what its buttons say: {me, nameOf, textOf, stop, regenerate, edit,
// remove, copy, use, open, canWrite}.
export function messageRow(message, desk) {
  const ai = message.type === 'ai';
  const own = message.type === 'user' && message.userId === desk.me.id;
  const kind = ai ? 'ai' : own ? 'user own' : message.type;
  const who = ai ? t('Coach') : own ? t('You') : desk.nameOf(message) || t('Member');
  return h(
    'li',
    { class: `message ${kind}${message.deletedAt ? ' gone' : ''}`, dataset: { id: message.id, seq: message.seq, status: writing(message) ? 'writing' : message.status } },
    h('article', { 'aria-label': t('{who}, {time}', { who, time: time(message.createdAt) }) }, about(message, who, tools(message, desk, own)), body(message, desk), stopButton(message, desk)),
  );
}

function about(message, who, buttons) {
  return h(
    'header',
    { class: 'about' },
    h('span', { class: 'who' }, who),
    h('time', { datetime: message.createdAt, title: moment(message.createdAt) }, time(message.createdAt)),
    message.editedAt && h('span', { title: moment(message.editedAt) }, t('edited')),
    message.status === 'stopped' && h('span', { class: 'badge' }, t('stopped')),
    message.model && message.model !== 'built-in' && h('span', { class: 'badge' }, message.model),
    buttons,
  );
}

function body(message, desk) {
  if (message.deletedAt) return h('p', { class: 'text gone-text' }, t('This message was deleted.'));
  const text = desk.textOf(message);
  if (message.type !== 'ai') return h('div', { class: 'bubble' }, pictures(message, desk), text && h('div', { class: 'text', dir: 'auto' }, text));
  if (writing(message)) return h('div', { class: 'text prose', 'aria-busy': 'true' }, liveText(text));
  const { advice, rest } = parted(text);
  const cards = verdictCards(message, { use: desk.use, advice });
  return [cards, h('div', { class: 'text prose' }, prose(cards.length ? rest : text)), message.error && h('p', { class: 'notice error', role: 'alert' }, message.error.message), remarks(message)];
}

const liveText = (text) => (text ? prose(text) : h('p', { class: 'thinking' }, h('span', {}), h('span', {}), h('span', {}), h('span', { class: 'visually-hidden' }, t('The coach is thinking'))));

// growText shows more of an answer that is being written; the rest of the row keeps its place and focus.
export function growText(node, text) {
  const place = node?.querySelector('.text');
  if (place) put(place, liveText(text));
}

function pictures({ uploads = [], imageUrl }, desk) {
  const all = [...uploads.map((u) => ({ src: u.thumbnailUrl || u.url, full: u.url, name: u.originalName, width: u.width, height: u.height }))];
  if (imageUrl && !all.length) all.push({ src: imageUrl, full: imageUrl, name: t('picture') });
  if (!all.length) return null;
  return h('div', { class: 'pictures' }, all.map((p) => h('button', { type: 'button', class: 'picture', 'aria-label': t('Open {name}', { name: p.name || t('picture') }), onclick: () => desk.open(p) }, h('img', { src: p.src, alt: p.name || t('Chart image'), loading: 'lazy', width: p.width, height: p.height }))));
}

// remarks are about the answer itself: what it could not prove, who gave it, what it noticed.
function remarks({ analysis }) {
  if (!analysis) return null;
  const unproved = analysis.numbersUnverified || [];
  const fallback = analysis.source?.fallback;
  const patterns = analysis.patterns || [];
  const levels = analysis.reading?.levels || [];
  return [
    levels.length > 0 && h('p', { class: 'notice' }, icon('image'), h('span', {}, t('Seen in the chart, unconfirmed until you say it: {levels}.', { levels: levels.map((l) => `${l.kind} ${l.price}`).join(', ') }))),
    patterns.length > 0 && h('p', { class: 'patterns' }, patterns.map((p) => h('span', { class: 'badge', title: p.evidence }, spaced(p.tag)))),
    unproved.length > 0 && h('p', { class: 'notice warn' }, icon('warn'), h('span', {}, plural(unproved.length, '{n} number is not from the sums, your words or your plan: ', '{n} numbers are not from the sums, your words or your plan: '), h('strong', {}, unproved.join(', ')))),
    fallback && h('p', { class: 'notice' }, fallback.reason === 'budget' ? t('The budget for {from} is used up; the built-in coach answered.', fallback) : t('{from} could not answer; the built-in coach did.', fallback)),
  ];
}

function tools(message, desk, own) {
  if (message.deletedAt || writing(message)) return null;
  const tool = (name, words, action, run) => h('button', { type: 'button', class: 'icon-button small', 'aria-label': words, title: words, dataset: { action }, onclick: () => run(message) }, icon(name));
  return h(
    'div',
    { class: 'tools', role: 'group', 'aria-label': t('What to do with this message') },
    tool('copy', t('Copy'), 'copy', desk.copy),
    message.type === 'ai' && desk.canWrite() && tool('again', t('Answer again'), 'again', desk.regenerate),
    own && message.content !== '' && tool('edit', t('Edit'), 'edit', desk.edit),
    own && tool('trash', t('Delete'), 'delete', desk.remove),
  );
}

function stopButton(message, desk) {
  if (!writing(message) || !desk.canWrite()) return null;
  return h('div', { class: 'below-text' }, h('button', { type: 'button', class: 'button small', dataset: { action: 'stop' }, onclick: () => desk.stop(message) }, icon('stop'), t('Stop')));
}

// draftRow is a message that nobody has acknowledged yet.
export function draftRow(draft, { retry, drop }) {
  return h(
    'li',
    { class: 'message user own draft', dataset: { draft: draft.clientMessageId } },
    h(
      'article',
      { 'aria-label': t('Your message, not sent yet') },
      h('header', { class: 'about' }, h('span', { class: 'who' }, t('You')), h('span', { class: draft.refused ? 'loss' : '' }, draft.refused ? t('not sent') : t('sending…'))),
      h('div', { class: 'bubble' }, draft.previews?.length > 0 && h('div', { class: 'pictures' }, draft.previews.map((p) => h('span', { class: 'picture' }, h('img', { src: p.thumbnailUrl, alt: p.originalName || '' })))), draft.content && h('div', { class: 'text', dir: 'auto' }, draft.content)),
      draft.refused && h('p', { class: 'error-text', role: 'alert' }, draft.refused),
      draft.refused && h('div', { class: 'below-text' }, h('button', { type: 'button', class: 'button small', onclick: () => retry(draft) }, icon('again'), t('Try again')), h('button', { type: 'button', class: 'button small danger', onclick: () => drop(draft) }, icon('trash'), t('Remove'))),
    ),
  );
}

// spoken is what a screen reader says of an answer that has just been finished.
export const spoken = (message) => {
  const verdict = verdicts[message.verdict];
  return `${t('The coach has answered.')} ${verdict ? `${verdict.name}: ${verdict.says}. ` : ''}${message.content.slice(0, 400)}`;
};
