// The account: what may still be used, who one is, where one is signed in, and the ways out.

import { field, h } from '../dom.js';
import { icon } from '../icons.js';
import { decimal, moment, t, when } from '../text.js';
import { session } from '../session.js';
import { alert, ask, download, frame, load, section, working, wrong } from './shared.js';

const names = {
  requests: 'Requests',
  burst: 'Requests at once',
  messages: 'Messages',
  answers: 'Answers of the coach',
  budgetMicros: 'Language models',
  uploads: 'Images',
  sockets: 'Devices at once',
};

export function mount(root, { api, toast }) {
  const leave = h('button', { type: 'button', class: 'button', onclick: () => working(leave, () => {}, signOut) }, icon('out'), t('Sign out here'));
  const body = frame(root, t('Account'), leave);
  const limits = h('div', { class: 'page-body' });
  const sessions = h('div', {});
  const profile = h('div', {});
  body.append(
    section(t('Limits and budget'), limits),
    h('div', { class: 'two' }, section(t('Profile'), profile), section(t('Password'), passwordForm())),
    section(t('Where you are signed in'), sessions),
    section(
      t('Your data'),
      h('p', { class: 'muted' }, t('Everything of yours in one file: profile, plan, journal, verdicts, conversations, images. An operator can read it back, here or on another server.')),
      exportButton(),
    ),
    deletion(),
  );
  load(limits, showLimits);
  load(profile, showProfile);
  load(sessions, showSessions);

  async function signOut() {
    await api.post('/api/auth/logout', undefined, { signal: AbortSignal.timeout(5_000) }).catch(() => {}); // without a server this device is signed out all the same
    session.end();
  }

  async function showLimits() {
    const { tier, limits: all } = await api.get('/api/limits');
    return [
      h('p', { class: 'muted' }, t('You are in the tier '), h('strong', {}, tier), '.'),
      h('div', { class: 'limits' }, all.map(limit)),
    ];
  }

  function limit({ name, limit: whole, remaining, windowSeconds, resetsAt }) {
    const part = whole > 0 ? Math.max(0, Math.min(1, remaining / whole)) : 0;
    const show = name === 'budgetMicros' ? (micros) => `$${(micros / 1e6).toFixed(2)}` : (n) => decimal(String(Math.floor(n)));
    const label = t(names[name] ?? name);
    return h(
      'div',
      { class: 'limit' },
      h('div', { class: 'spread' }, h('span', {}, label), h('span', { class: 'num muted' }, t('{left} of {all} left', { left: show(remaining), all: show(whole) }))),
      h(
        'div',
        { class: `meter ${part === 0 ? 'none' : part < 0.2 ? 'low' : ''}`, role: 'meter', 'aria-label': label, 'aria-valuemin': '0', 'aria-valuemax': String(whole), 'aria-valuenow': String(Math.max(0, remaining)), 'aria-valuetext': t('{left} of {all} left', { left: show(remaining), all: show(whole) }) },
        h('span', { style: { '--part': part } }),
      ),
      h('small', { class: 'hint' }, windowText(windowSeconds), remaining < whole && resetsAt && windowSeconds > 60 && t(', whole again {at}', { at: when(resetsAt) })),
    );
  }

  async function showProfile() {
    const me = await api.get('/api/auth/me');
    const told = alert();
    const save = h('button', { type: 'submit', class: 'button primary' }, t('Save'));
    const input = (name, value, extra) => h('input', { class: 'input', name, value: value ?? '', autocomplete: 'off', ...extra });
    const form = h(
      'form',
      {
        class: 'form',
        novalidate: true,
        onsubmit: (event) => {
          event.preventDefault();
          const { username, displayName, timezone } = event.target.elements;
          working(
            save,
            (error) => {
              told.show(error);
              wrong(form, error.details || []);
            },
            async () => {
              told.clear();
              wrong(form, []);
              session.keepUser(await api.patch('/api/auth/me', { username: username.value.trim(), displayName: displayName.value.trim(), timezone: timezone.value.trim() }));
              toast(t('The profile is saved.'));
            },
          );
        },
      },
      field(t('E-mail'), input('email', me.email, { readonly: true, autocomplete: 'email' })),
      field(t('Username'), input('username', me.username, { maxlength: '50', autocomplete: 'username' })),
      field(t('Name that others see'), input('displayName', me.displayName, { maxlength: '100', autocomplete: 'name' })),
      field(t('Time zone'), input('timezone', me.timezone, { list: 'account-zones' })),
      h('datalist', { id: 'account-zones' }, (Intl.supportedValuesOf?.('timeZone') ?? []).map((value) => h('option', { value }))),
      told.place,
      h('div', { class: 'row' }, save),
    );
    return form;
  }

  function passwordForm() {
    const told = alert();
    const save = h('button', { type: 'submit', class: 'button primary' }, t('Change password'));
    const form = h(
      'form',
      {
        class: 'form',
        novalidate: true,
        onsubmit: (event) => {
          event.preventDefault();
          const { currentPassword, newPassword } = form.elements;
          const fail = (error) => {
            told.show(error);
            wrong(form, error.code === 'INVALID_CREDENTIALS' ? [{ field: 'currentPassword' }] : error.details || []);
          };
          working(save, fail, async () => {
            told.clear();
            await api.post('/api/auth/password', { currentPassword: currentPassword.value, newPassword: newPassword.value });
            form.reset();
            wrong(form, []);
            told.good(t('The password is changed. All other devices are signed out.'));
            load(sessions, showSessions);
          });
        },
      },
      h('input', { class: 'visually-hidden', type: 'text', autocomplete: 'username', value: session.current?.user.username ?? '', tabindex: '-1', 'aria-hidden': 'true', readonly: true }),
      field(t('Current password'), h('input', { class: 'input', name: 'currentPassword', type: 'password', autocomplete: 'current-password' })),
      field(t('New password'), h('input', { class: 'input', name: 'newPassword', type: 'password', autocomplete: 'new-password', maxlength: '128' }), t('At least 8 characters, of three kinds: lower case, upper case, digit, other.')),
      told.place,
      h('div', { class: 'row' }, save),
    );
    return form;
  }

  async function showSessions() {
    const { sessions: all } = await api.get('/api/auth/sessions');
    return h(
      'ul',
      { class: 'sessions' },
      all
        .sort((a, b) => b.current - a.current || b.lastUsedAt.localeCompare(a.lastUsedAt))
        .map((one) =>
          h(
            'li',
            {},
            h(
              'div',
              {},
              h('span', {}, deviceOf(one.userAgent), ' ', one.current && h('span', { class: 'badge gain' }, t('this one'))),
              h('small', { class: 'hint', title: one.userAgent }, t('{address}, last used {used}, since {since}', { address: one.address || t('unknown address'), used: when(one.lastUsedAt), since: when(one.createdAt) })),
            ),
            !one.current && h('button', { type: 'button', class: 'button small', 'aria-label': t('Sign out {device}', { device: deviceOf(one.userAgent) }), onclick: (event) => revoke(event.currentTarget, one) }, t('Sign out')),
          ),
        ),
    );
  }

  function revoke(button, one) {
    working(button, (error) => toast(error.message, 'error'), async () => {
      await api.del(`/api/auth/sessions/${one.id}`);
      toast(t('{device} is signed out.', { device: deviceOf(one.userAgent) }));
      await load(sessions, showSessions);
    });
  }

  function exportButton() {
    const told = alert();
    return [
      h('div', { class: 'row' }, h('button', { type: 'button', class: 'button', onclick: (event) => working(event.currentTarget, told.show, () => download(api, '/api/auth/me/export', 'coach-account.zip')) }, icon('download'), t('Download my account'))),
      told.place,
    ];
  }

  function deletion() {
    const card = section(
      t('Delete the account'),
      h('p', { class: 'muted' }, t('Everything of yours goes, at once and for good: plan, journal, conversations, images. Download your account first if you may want it.')),
      h('div', { class: 'row' }, h('button', { type: 'button', class: 'button danger', onclick: confirm }, icon('trash'), t('Delete my account'))),
    );
    card.classList.add('danger-zone');
    return card;
  }

  function confirm() {
    const dialog = ask({
      title: t('Delete the account?'),
      action: t('Delete for good'),
      danger: true,
      body: [
        h('p', {}, t('This cannot be taken back.')),
        field(t('Your password'), h('input', { class: 'input', name: 'password', type: 'password', autocomplete: 'current-password' })),
      ],
      submit: async ({ password }) => {
        try {
          await api.del('/api/auth/me', { password: password.value });
        } catch (error) {
          wrong(dialog.querySelector('form'), [{ field: 'password' }]);
          throw error;
        }
        session.end(t('The account is deleted.'));
      },
    });
  }
}

function windowText(seconds) {
  if (!seconds) return t('at the same time');
  if (seconds === 1) return t('a second');
  if (seconds < 3600) return seconds === 60 ? t('a minute') : t('{n} minutes', { n: Math.round(seconds / 60) });
  return seconds < 86_400 * 2 ? t('a day') : t('a month');
}

// deviceOf is what people call a browser's long name.
function deviceOf(agent) {
  const browser = [['Edg/', 'Edge'], ['Firefox/', 'Firefox'], ['Chrome/', 'Chrome'], ['Safari/', 'Safari']].find(([mark]) => agent.includes(mark))?.[1];
  const system = [['iPhone', 'iPhone'], ['iPad', 'iPad'], ['Android', 'Android'], ['Windows', 'Windows'], ['Mac OS', 'Mac'], ['Linux', 'Linux']].find(([mark]) => agent.includes(mark))?.[1];
  if (browser) return system ? t('{browser} on {system}', { browser, system }) : browser;
  return agent.split(/[ /]/)[0] || t('Unknown device');
}


