// The trader's plan: as a form, or as YAML with its findings beside the lines.
//
// What is shown is `draft`, an object of the same shape as the server's plan. The form writes into it; YAML is text until
// it is stored, because only the server reads YAML. Storing names the version that was seen, so that two tabs cannot
// overwrite each other unknowingly.

import { field, h, put } from '../dom.js';
import { moment, t } from '../text.js';
import { alert, frame, load, section, wrong, working } from './shared.js';
import { toYAML } from './yaml.js';

const rules = [
  ['stopRequired', 'Stop'],
  ['targetRequired', 'Target'],
  ['minRewardRisk', 'Reward to risk'],
  ['perTradePct', 'Risk per trade'],
  ['maxDailyLossPct', 'Daily loss'],
  ['maxOpenRiskPct', 'Open risk'],
  ['maxSize', 'Size'],
  ['windows', 'Trading hours'],
  ['noTrade', 'Pauses'],
  ['maxTrades', 'Trades a day'],
  ['maxConsecutiveLosses', 'Losses in a row'],
  ['cooldownAfterLossMinutes', 'Cooldown'],
  ['averagingDown', 'Averaging down'],
  ['wideningStops', 'Widening stops'],
  ['instruments', 'Instruments'],
];

export function mount(root, { api, toast }) {
  let stored; // what the server has
  let newer; // what it has meanwhile, when somewhere else it was changed
  let draft; // the plan being edited
  let view = 'form';
  let text = ''; // of the YAML view
  let changed = false;

  const told = alert();
  const findings = h('div', { class: 'findings' });
  const place = h('div', { class: 'page-body' });
  const state = h('div', { class: 'page-body' });
  const tabs = h(
    'div',
    { class: 'segments', role: 'group', 'aria-label': t('How to edit') },
    ['form', 'yaml'].map((name) => h('button', { type: 'button', 'data-view': name, onclick: () => turn(name) }, name === 'form' ? t('Form') : t('YAML'))),
  );
  const save = h('button', { type: 'button', class: 'button primary', onclick: store }, t('Save plan'));
  const undo = h('button', { type: 'button', class: 'button', onclick: () => (take(newer ?? stored), show()) }, t('Discard changes'));
  const bar = h('div', { class: 'bar' }, save, undo, h('span', { class: 'muted small', role: 'status' }));
  const body = frame(root, t('Plan'), tabs);
  const whole = h('div', { class: 'page-body' });
  body.append(whole);

  load(whole, async () => {
    take(await api.get('/api/plan'));
    show();
    return [state, told.place, findings, place, bar];
  });

  function take(plan) {
    stored = plan;
    newer = undefined;
    draft = structuredClone(plan.plan);
    text = toYAML(draft);
    changed = false;
  }

  function touched() {
    changed = true;
    put(bar.lastChild, t('Not saved yet'));
    undo.disabled = false;
  }

  function turn(name) {
    if (name === view) return;
    if (view === 'yaml' && changed) return toast(t('Save or discard the YAML first: only the server reads it.'), 'error');
    if (name === 'yaml') text = toYAML(draft);
    view = name;
    const kept = changed;
    show();
    if (kept) touched();
  }

  function show() {
    told.clear();
    put(findings);
    for (const button of tabs.children) button.setAttribute('aria-pressed', button.dataset.view === view);
    put(bar.lastChild, '');
    undo.disabled = true;
    put(
      state,
      h(
        'p',
        { class: 'muted' },
        stored.version === 0 ? t('This is the plan that everybody begins with. Make it yours: every verdict holds an idea against it.') : t('Version {n}, saved {at}.', { n: stored.version, at: moment(stored.updatedAt) }),
      ),
      stored.heldBack.length > 0 &&
        h(
          'p',
          { class: 'notice warn' },
          t('Made looser, and in force from {at} on: {rules}. Until then the tighter rule of today counts.', { at: moment(stored.heldUntil), rules: stored.heldBack.join(', ') }),
        ),
    );
    put(place, view === 'form' ? form() : editor());
  }

  async function store() {
    await working(save, refused, async () => {
      told.clear();
      put(findings);
      const more = { headers: { 'Content-Type': view === 'yaml' ? 'application/yaml' : 'application/json' } };
      const plan = await api.put(`/api/plan?version=${stored.version}`, view === 'yaml' ? text : draft, more);
      take(plan);
      show();
      toast(t('The plan is saved as version {n}.', { n: plan.version }));
    });
  }

  // refused shows each finding with its line; a click goes there.
  function refused(error) {
    if (error.code === 'CONFLICT') {
      told.show(new Error(t('The plan was changed elsewhere meanwhile. Discard your changes to see it, then make them again.')));
      api.get('/api/plan').then((plan) => (newer = plan), () => {});
      undo.disabled = false;
      return;
    }
    if (!error.findings?.length) return told.show(error);
    told.show(new Error(t('Nothing was saved. What is wrong:')));
    const list = error.findings;
    put(
      findings,
      list.map((f) =>
        h('button', { type: 'button', onclick: () => goTo(f) }, h('b', {}, view === 'yaml' ? t('Line {n}', { n: f.line }) : f.rule), h('span', {}, view === 'yaml' ? `${f.rule}: ${f.why}` : f.why)),
      ),
    );
    if (view === 'yaml') mark(list);
    else wrong(place.querySelector('form'), list.map((f) => ({ field: f.rule })));
  }

  function goTo({ line, rule }) {
    if (view === 'form') return place.querySelector(`[name="${CSS.escape(rule)}"]`)?.focus();
    const area = place.querySelector('textarea');
    const before = text.split('\n').slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0);
    area.focus();
    area.setSelectionRange(before, before + (text.split('\n')[line - 1] || '').length);
    area.scrollTop = Math.max(0, (line - 6) * 20);
  }

  // ---- YAML

  function editor() {
    const gutter = h('div', { class: 'gutter', 'aria-hidden': 'true' });
    const area = h('textarea', {
      'aria-label': t('The plan as YAML'),
      spellcheck: 'false',
      autocapitalize: 'off',
      wrap: 'off',
      value: text,
      oninput: () => {
        text = area.value;
        number([]);
        touched();
      },
      onscroll: () => (gutter.scrollTop = area.scrollTop),
    });
    const number = (bad) => put(gutter, text.split('\n').map((_, i) => h('span', { class: bad.includes(i + 1) ? 'bad' : null }, i + 1)));
    editor.number = number;
    number([]);
    return [h('div', { class: 'editor' }, gutter, area), h('p', { class: 'hint' }, t('What a plan does not name has its default. It is checked line by line when you save.'))];
  }

  const mark = (list) => editor.number(list.map((f) => f.line));

  // ---- The form

  function form() {
    const at = (path) => path.split('.').reduce((o, key) => o?.[key], draft);
    const write = (path, value) => {
      const keys = path.split('.');
      const last = keys.pop();
      keys.reduce((o, key) => (o[key] ??= {}), draft)[last] = value;
      touched();
    };
    const number = (path, label, hint, unit, empty = '') => {
      const input = h('input', { class: 'input num', name: path, inputmode: 'decimal', autocomplete: 'off', value: at(path) ?? empty, oninput: () => write(path, numberOf(input.value)) });
      const made = field(label, input, hint);
      if (unit) {
        const wrap = h('div', { class: 'unit' });
        input.replaceWith(wrap);
        wrap.append(input, h('span', { 'aria-hidden': 'true' }, unit));
      }
      return made;
    };
    const words = (path, label, hint, read = (v) => v, tell = (v) => v ?? '') => {
      const input = h('input', { class: 'input', name: path, autocomplete: 'off', value: tell(at(path)), oninput: () => write(path, read(input.value)) });
      return field(label, input, hint);
    };
    const choice = (path, label, options, hint) => {
      const input = h('select', { class: 'input', name: path, value: at(path), onchange: () => write(path, input.value) }, options.map(([value, name]) => h('option', { value }, name)));
      return field(label, input, hint);
    };
    const check = (path, label) => {
      const input = h('input', { type: 'checkbox', name: path, checked: Boolean(at(path)), onchange: () => write(path, input.checked) });
      return h('label', { class: 'check' }, input, label);
    };
    const zones = Intl.supportedValuesOf?.('timeZone') ?? [];
    const zoneList = h('datalist', { id: 'zones' }, zones.map((zone) => h('option', { value: zone })));
    const zone = words('session.timezone', t('Time zone'), t('An IANA name, such as America/New_York'));
    zone.querySelector('input').setAttribute('list', 'zones');

    return h(
      'form',
      { class: 'page-body', novalidate: true, onsubmit: (event) => (event.preventDefault(), store()) },
      section(
        t('Account'),
        h(
          'div',
          { class: 'grid' },
          number('account.equity', t('Equity'), t('Leave it empty, and the coach asks'), draft.account.currency),
          number('account.costs.perContractSide', t('Costs'), t('For each contract, share or lot, and side'), draft.account.currency),
          drawdown(),
        ),
      ),
      section(
        t('Risk'),
        h(
          'div',
          { class: 'grid' },
          number('risk.perTradePct', t('Risk per trade'), t('At most, of the base'), '%'),
          number('risk.maxDailyLossPct', t('Loss in a day'), t('Lost today, at risk and this idea'), '%'),
          number('risk.maxOpenRiskPct', t('Open risk'), t('All open trades together'), '%'),
          number('risk.minRewardRisk', t('Reward to risk'), t('At least'), 'R'),
          choice('risk.base', t('Percentages of'), [['equity', t('the equity')], ['drawdown room', t('the room above the drawdown floor')]]),
          words('risk.maxSize', t('Largest sizes'), t('Such as MES 10, NQ 2'), sizesOf, (sizes) => Object.entries(sizes || {}).map(([name, n]) => `${name} ${n}`).join(', ')),
        ),
      ),
      section(
        t('Session'),
        h(
          'div',
          { class: 'grid' },
          zone,
          zoneList,
          words('session.dayEnds', t('The day ends at'), t('Such as 17:00; coins follow the UTC day')),
          number('session.maxTrades', t('Trades a day'), t('0 switches the count off')),
          number('session.maxConsecutiveLosses', t('Losses in a row'), t('0 switches the count off')),
          number('session.cooldownAfterLossMinutes', t('Cooldown after a loss'), null, 'min'),
          words('session.windows.futures', t('Hours for futures'), t('Such as 09:30-16:00; empty for any time'), windowsOf, windowText),
          words('session.windows.stock', t('Hours for stocks'), null, windowsOf, windowText),
          words('session.windows.fx', t('Hours for FX'), null, windowsOf, windowText),
          words('session.windows.crypto', t('Hours for coins'), null, windowsOf, windowText),
          words('session.noTrade', t('Pauses'), t('Such as 12:00-13:00 lunch, with commas between'), (v) => windowsOf(v) ?? [], windowText),
        ),
      ),
      section(
        t('Entries'),
        h(
          'div',
          { class: 'grid' },
          h('div', {}, check('entries.stopRequired', t('Every idea needs a stop')), check('entries.targetRequired', t('Every idea needs a target'))),
          h('div', {}, check('entries.averagingDown', t('Adding to a loss is allowed')), check('entries.wideningStops', t('Moving a stop away is allowed'))),
          words('entries.instruments', t('Only these instruments'), t('With commas between; empty for all'), listOf, (list) => (list || []).join(', ')),
        ),
      ),
      section(
        t('Critical rules'),
        h('p', { class: 'muted' }, t('One miss of a critical rule is a skull, whatever else is right.')),
        h(
          'fieldset',
          { class: 'grid' },
          h('legend', { class: 'visually-hidden' }, t('Critical rules')),
          rules.map(([name, label]) => {
            const input = h('input', {
              type: 'checkbox',
              checked: draft.critical.includes(name),
              onchange: () => write('critical', rules.map(([rule]) => rule).filter((rule) => (rule === name ? input.checked : draft.critical.includes(rule)))),
            });
            return h('label', { class: 'check' }, input, label);
          }),
        ),
      ),
    );

    function drawdown() {
      const kinds = [['', t('none')], ['static', t('below the start')], ['endOfDay', t('below the best day’s end')], ['intraday', t('below the best moment')]];
      const amount = h('div', { class: 'grid' });
      const fields = () =>
        put(
          amount,
          draft.account.drawdown && [number('account.drawdown.amount', t('How far below'), null, draft.account.currency), number('account.drawdown.lockAt', t('Highest place of the floor'), t('May stay empty'), draft.account.currency)],
        );
      const select = h(
        'select',
        {
          class: 'input',
          name: 'account.drawdown.kind',
          value: draft.account.drawdown?.kind ?? '',
          onchange: () => {
            write('account.drawdown', select.value ? { kind: select.value, amount: draft.account.drawdown?.amount ?? '', lockAt: draft.account.drawdown?.lockAt ?? null } : null);
            fields();
          },
        },
        kinds.map(([value, name]) => h('option', { value }, name)),
      );
      fields();
      return [field(t('Drawdown floor of a prop firm'), select), amount];
    }
  }
}

// numberOf takes commas only between thousands: 1,5 is one and a half to some, and must not become 15. The server refuses it.
const numberOf = (text) => (text.trim() === '' ? null : text.trim().replace(/^-?\d{1,3}(,\d{3})+(?![\d,])/, (whole) => whole.replaceAll(',', '')));
const listOf = (text) => text.split(',').map((word) => word.trim()).filter(Boolean);

// sizesOf reads "MES 10, NQ 2".
const sizesOf = (text) => Object.fromEntries(listOf(text).map((pair) => pair.split(/[\s:]+/)).map(([name, size]) => [name, size ?? '']));

// windowsOf reads "09:30-16:00, 12:00-13:00 lunch"; null is any time.
function windowsOf(text) {
  const list = listOf(text).map((part) => {
    const [span, ...why] = part.split(/\s+/);
    const [from, to = ''] = span.split(/[-–]/);
    return { from, to, ...(why.length && { why: why.join(' ') }) };
  });
  return list.length ? list : null;
}

const windowText = (list) => (list || []).map(({ from, to, why }) => `${from}-${to}${why ? ` ${why}` : ''}`).join(', ');
