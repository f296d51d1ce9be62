// Signing up, signing in, and a new password by a one-time link.

import { api } from './api.js';
import { ladder } from './chat/ladder.js';
import { h, field, put } from './dom.js';
import { icon } from './icons.js';
import { session } from './session.js';
import { storage } from './storage.js';
import { t } from './text.js';

const passwordRule = t('At least 8 characters, of three kinds: lower case, upper case, digit, other.');

// The picture beside the form: the sums of the sentence under it, as the coach answers it.
const specimen = {
  words: 'long 2 MES at 6000, stop 5994, target 6012, account 25k, risk 1%',
  idea: { side: 'long', symbol: 'MES', entry: { price: '6000' }, stop: { price: '5994' }, targets: [{ price: '6012' }] },
  numbers: { risk: '60', riskPoints: '6', targets: [{ price: '6012', rewardRisk: '2' }] },
};

function frame(root, ...content) {
  put(
    root,
    h(
      'main',
      { class: 'door' },
      h('div', { class: 'door-form' }, h('p', { class: 'brand' }, icon('diamond'), 'coach'), ...content),
      h(
        'aside',
        { class: 'door-side', 'aria-label': t('An example') },
        h(
          'div',
          { class: 'specimen' },
          h('p', { class: 'specimen-words' }, specimen.words),
          h(
            'div',
            { class: 'specimen-card' },
            h('p', { class: 'specimen-verdict' }, icon('diamond'), h('strong', {}, t('Diamond')), h('span', {}, t('fits your plan'))),
            ladder(specimen.idea, specimen.numbers),
          ),
          h('p', { class: 'muted small' }, t('Your idea, held against your own plan, with the sums done exactly. It predicts nothing and recommends nothing.')),
        ),
      ),
    ),
  );
}

// asking runs a form's work: the button waits, and what is wrong is said above the fields.
function asking(form, error, submit, work) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    submit.disabled = true;
    error.hidden = true;
    try {
      await work();
    } catch (refusal) {
      error.textContent = refusal.sentences || refusal.message;
      error.hidden = false;
      for (const input of form.elements) {
        if (input.name) input.setAttribute('aria-invalid', String(refusal.details?.some((d) => d.field === input.name) || false));
      }
      form.querySelector('[aria-invalid="true"]')?.focus();
    } finally {
      submit.disabled = false;
    }
  });
}

export function mountSignIn(root, { message = '' }) {
  const known = storage.read('coach.known', false); // somebody has signed in here before
  build(!known && !message);

  function build(registering) {
    const input = (name, more) => h('input', { class: 'input', name, required: true, ...more });
    const email = input('email', { type: 'email', autocomplete: 'email', maxlength: 254 });
    const username = input('username', { autocomplete: 'username', maxlength: 50, autocapitalize: 'none', spellcheck: 'false' });
    const identifier = input('identifier', { autocomplete: 'username', maxlength: 254, autocapitalize: 'none', spellcheck: 'false' });
    const password = input('password', { type: 'password', autocomplete: registering ? 'new-password' : 'current-password', maxlength: 128 });
    const error = h('p', { id: 'signin-error', class: 'notice error', role: 'alert', hidden: message === '' }, message);
    const words = registering ? t('Sign up') : t('Sign in');
    const submit = h('button', { type: 'submit', class: 'button primary big' }, words);
    const form = h(
      'form',
      { class: 'form', id: 'signin', novalidate: true, 'aria-label': words },
      error,
      registering ? [field(t('E-mail'), email), field(t('Username'), username, t('3 to 50 letters, digits or underscores.'))] : field(t('E-mail or username'), identifier),
      field(t('Password'), password, registering ? passwordRule : null),
      submit,
    );
    asking(form, error, submit, async () => {
      const data = registering
        ? await api.post('/api/auth/register', { email: email.value.trim(), username: username.value.trim(), password: password.value })
        : await api.post('/api/auth/login', { identifier: identifier.value.trim(), password: password.value });
      storage.write('coach.known', true);
      session.keep(data);
    });
    const other = h('button', { type: 'button', class: 'link', onclick: () => ((message = ''), build(!registering)) }, registering ? t('Sign in') : t('Sign up'));
    frame(
      root,
      h('h1', {}, registering ? t('Say what you want to trade.') : t('Welcome back.')),
      h('p', { class: 'muted' }, registering ? t('The coach holds it against your plan, does the sums, and says what would have to change.') : t('Sign in to go on where you were.')),
      form,
      h('p', { class: 'muted small' }, registering ? t('I have an account: ') : t('I am new here: '), other),
    );
    (registering ? email : identifier).focus();
  }
}

// mountReset sets a new password by the code of a one-time link.
export function mountReset(root, { code, done }) {
  const password = h('input', { class: 'input', name: 'password', type: 'password', autocomplete: 'new-password', maxlength: 128, required: true });
  const error = h('p', { id: 'reset-error', class: 'notice error', role: 'alert', hidden: true });
  const submit = h('button', { type: 'submit', class: 'button primary big' }, t('Set password'));
  const form = h('form', { class: 'form', novalidate: true }, error, field(t('New password'), password, `${passwordRule} ${t('You will be signed out everywhere.')}`), submit);
  asking(form, error, submit, async () => {
    await api.post('/api/auth/reset', { code, newPassword: password.value });
    storage.write('coach.known', true);
    done(t('Your password is set. Sign in with it.'));
  });
  frame(root, h('h1', {}, t('Set a new password')), form);
  password.focus();
}
