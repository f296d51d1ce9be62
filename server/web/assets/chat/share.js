// Who is in a conversation, and inviting a mentor or a friend.

import { h, field, put } from '../dom.js';
import { icon } from '../icons.js';
import { dialog } from '../menu.js';
import { t } from '../text.js';

const roles = { owner: t('owner'), member: t('writes'), viewer: t('reads') };

export async function shareDialog(desk, conversation) {
  const { api, store, me } = desk;
  const path = `/api/conversations/${conversation.id}/members`;
  const error = h('p', { class: 'notice error', role: 'alert', hidden: true });
  const list = h('ul', { class: 'members' });
  const identifier = h('input', { class: 'input', name: 'identifier', autocapitalize: 'none', spellcheck: 'false', required: true });
  const role = h('select', { class: 'input', 'aria-label': t('May'), name: 'role' }, h('option', { value: 'member' }, t('read and write')), h('option', { value: 'viewer' }, t('read only')));
  const owner = conversation.role === 'owner';
  const form = h('form', { class: 'form', onsubmit: invite }, field(t('E-mail or username'), identifier), field(t('May'), role), h('button', { type: 'submit', class: 'button primary' }, t('Invite')));
  dialog(t('Who is in this conversation'), error, list, owner && form);

  async function attempt(work) {
    error.hidden = true;
    try {
      await work();
      const { members } = await api.get(path);
      store.keepMembers(conversation.id, members);
      put(list, members.map(member));
    } catch (refusal) {
      error.textContent = refusal.sentences || refusal.message;
      error.hidden = false;
    }
  }

  function member(m) {
    const name = m.displayName || m.username;
    const out = owner && m.userId !== me.id && h('button', { type: 'button', class: 'icon-button small', 'aria-label': t('Remove {name}', { name }), onclick: () => attempt(() => api.del(`${path}/${m.userId}`)) }, icon('close'));
    return h('li', { class: 'spread' }, h('span', { class: 'truncate grow' }, m.userId === me.id ? t('{name} (you)', { name }) : name), h('span', { class: 'badge' }, roles[m.role]), out);
  }

  function invite(event) {
    event.preventDefault();
    attempt(async () => {
      await api.post(path, { identifier: identifier.value.trim(), role: role.value });
      identifier.value = '';
    });
  }

  await attempt(() => {});
}
