// The journal: trades taken and passed by, in a table; files in and out.

import { field, h, put } from '../dom.js';
import { icon } from '../icons.js';
import { dayOf, decimal, money, moment, plural, t, time } from '../text.js';
import { alert, ask, cut, download, frame, load, section, working, wrong } from './shared.js';

const columns = ['Trade', 'Opened', 'Size', 'Entry', 'Stop', 'Exit', 'Net', 'R', 'Setup', 'Emotion'];
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

export function mount(root, { api, toast }) {
  const filters = { from: '', to: '', instrument: '', decision: '' };
  const body = frame(
    root,
    t('Journal'),
    h('button', { type: 'button', class: 'button', onclick: importFile }, t('Import CSV')),
    h('button', { type: 'button', class: 'button', onclick: (event) => working(event.currentTarget, told.show, () => download(api, '/api/trades/export', 'trades.csv')) }, icon('download'), t('Export')),
    h('button', { type: 'button', class: 'button primary', onclick: () => edit(null) }, icon('plus'), t('Add trade')),
  );
  const told = alert();
  const place = h('div', {});
  body.append(told.place, filterForm(), place);
  show();

  function show() {
    load(place, () => rowsFrom(''));
  }

  // rowsFrom is the table of a page and, below it, the way to the next.
  async function rowsFrom(cursor) {
    const query = new URLSearchParams({ limit: '50' });
    for (const [name, value] of Object.entries({ ...filters, cursor })) if (value) query.set(name, value);
    const page = await api.get(`/api/trades?${query}`);
    if (!cursor && page.items.length === 0) return empty();
    const rows = h('tbody', {}, page.items.map(row));
    const table = h(
      'table',
      { class: 'table cards-small' },
      h('caption', { class: 'visually-hidden' }, t('Trades, newest first')),
      h('thead', {}, h('tr', {}, columns.map((name, i) => h('th', { scope: 'col', class: i > 1 && i < 8 ? 'right' : null }, t(name))))),
      rows,
    );
    const more = h('button', { type: 'button', class: 'button', hidden: !page.hasMore }, t('Show older trades'));
    let next = page.nextCursor;
    more.addEventListener('click', () =>
      working(more, told.show, async () => {
        query.set('cursor', next);
        const older = await api.get(`/api/trades?${query}`);
        rows.append(...older.items.map(row));
        next = older.nextCursor;
        more.hidden = !older.hasMore;
      }),
    );
    return [h('div', { class: 'table-wrap', tabindex: '0', role: 'region', 'aria-label': t('Trades') }, table), h('div', { class: 'row' }, more)];
  }

  function row(trade) {
    const value = Number(trade.net);
    const result = trade.net === null ? (trade.status === 'open' ? h('span', { class: 'badge' }, t('open')) : h('span', { class: 'badge' }, t('passed by'))) : h('span', { class: value > 0 ? 'gain' : value < 0 ? 'loss' : null }, money(cut(trade.net)));
    const cells = [
      h('button', { type: 'button', class: 'link', onclick: () => edit(trade) }, `${trade.instrument} ${trade.side === 'long' ? t('long') : t('short')}`),
      h('time', { datetime: trade.openedAt, title: moment(trade.openedAt) }, `${dayOf(trade.openedAt)}, ${time(trade.openedAt)}`),
      decimal(trade.quantity),
      decimal(trade.entry),
      decimal(trade.stop),
      decimal(exitOf(trade)),
      result,
      trade.r === null ? '–' : `${decimal(cut(trade.r))} R`,
      trade.setup,
      trade.emotion,
    ];
    return h('tr', {}, cells.map((cell, i) => h('td', { 'data-label': t(columns[i]), class: i > 1 && i < 8 ? 'right num' : null }, cell)));
  }

  function empty() {
    if (Object.values(filters).some(Boolean)) return h('div', { class: 'empty' }, h('p', {}, t('No trade fits these filters.')));
    return h(
      'div',
      { class: 'empty card' },
      h('h2', {}, t('No trades yet')),
      h('p', {}, t('Add one by hand, or import a file of your broker. From the first trade on the coach keeps count of the day: trades, losses in a row, money lost.')),
      h('div', { class: 'row' }, h('button', { type: 'button', class: 'button', onclick: importFile }, t('Import CSV')), h('button', { type: 'button', class: 'button primary', onclick: () => edit(null) }, t('Add trade'))),
    );
  }

  function filterForm() {
    const input = (name, type, extra) => h('input', { class: 'input', name, type, ...extra });
    const apply = (event) => {
      event.preventDefault();
      const { elements } = event.currentTarget;
      for (const name of Object.keys(filters)) filters[name] = elements[name].value.trim();
      show();
    };
    return h(
      'form',
      { class: 'filters', role: 'search', 'aria-label': t('Filter trades'), onsubmit: apply, onchange: apply },
      field(t('From'), input('from', 'date')),
      field(t('Before'), input('to', 'date')),
      field(t('Instrument'), input('instrument', 'text', { autocomplete: 'off', placeholder: 'MES' })),
      field(t('Which'), h('select', { class: 'input', name: 'decision' }, h('option', { value: '' }, t('All')), h('option', { value: 'taken' }, t('Taken')), h('option', { value: 'skipped' }, t('Passed by')))),
    );
  }

  // ---- One trade

  function edit(trade) {
    const manyFills = trade && trade.fills.length > 2;
    const input = (name, label, value, extra, hint) => field(label, h('input', { class: 'input', name, autocomplete: 'off', value: value ?? '', ...extra }), hint);
    const price = (name, label, value, hint) => input(name, label, value, { inputmode: 'decimal', class: 'input num' }, hint);
    const choice = (name, label, value, options) => field(label, h('select', { class: 'input', name, value }, options.map(([v, text]) => h('option', { value: v }, text))));
    const exit = exitOf(trade);
    const dialog = ask({
      title: trade ? t('Change trade') : t('Add trade'),
      action: t('Save'),
      body: [
        manyFills && h('p', { class: 'notice' }, t('This trade has {n} fills. Its size and prices are changed by importing it anew.', { n: trade.fills.length })),
        h(
          'div',
          { class: 'grid' },
          input('instrument', t('Instrument'), trade?.instrument, { maxlength: '24', placeholder: 'MES' }),
          choice('side', t('Side'), trade?.side ?? 'long', [['long', t('Long')], ['short', t('Short')]]),
          choice('decision', t('Decision'), trade?.decision ?? 'taken', [['taken', t('Taken')], ['skipped', t('Passed by')]]),
          !manyFills && price('quantity', t('Size'), trade?.quantity),
          !manyFills && price('entry', t('Entry'), trade?.entry),
          !manyFills && input('openedAt', t('Opened'), local(trade?.openedAt ?? new Date().toISOString()), { type: 'datetime-local', step: '1' }),
          !manyFills && price('exit', t('Exit'), exit, t('Empty while it is open')),
          !manyFills && input('closedAt', t('Closed'), trade?.closedAt ? local(trade.closedAt) : '', { type: 'datetime-local', step: '1' }),
          price('stop', t('Stop'), trade?.stop),
          price('targets', t('Targets'), trade?.targets.join(', '), t('With commas between')),
          price('fees', t('Fees'), trade?.fees === '0' ? '' : trade?.fees),
          input('setup', t('Setup'), trade?.setup, { maxlength: '80' }),
          input('emotion', t('Emotion'), trade?.emotion, { maxlength: '80', list: 'emotions' }),
          input('tags', t('Tags'), trade?.tags.join(', '), {}, t('With commas between')),
        ),
        h('datalist', { id: 'emotions' }, ['calm', 'confident', 'anxious', 'fomo', 'angry', 'frustrated', 'bored', 'tired'].map((value) => h('option', { value }))),
        field(t('Note'), h('textarea', { class: 'input', name: 'note', rows: '3', maxlength: '5000', value: trade?.note ?? '' })),
      ],
      aside: (close, problem) =>
        trade && h('button', { type: 'button', class: 'button danger', onclick: (event) => remove(event.currentTarget, trade, close, problem) }, icon('trash'), t('Delete')),
      submit: async (elements) => {
        const fields = fieldsOf(elements, trade);
        try {
          if (trade) await api.patch(`/api/trades/${trade.id}`, fields);
          else await api.post('/api/trades', fields);
        } catch (error) {
          wrong(dialog.querySelector('form'), error.details || []);
          throw error;
        }
        toast(t('The trade is saved.'));
        show();
      },
    });
  }

  // remove asks once more, in the same button.
  function remove(button, trade, close, problem) {
    if (!button.dataset.sure) {
      button.dataset.sure = 'yes';
      put(button, icon('trash'), t('Delete for good'));
      return;
    }
    working(button, problem.show, async () => {
      await api.del(`/api/trades/${trade.id}`);
      close();
      toast(t('The trade is deleted.'));
      show();
    });
  }

  // ---- A file

  function importFile() {
    let text = '';
    let tried = null; // the zone with which the file was looked through
    const report = h('div', { 'aria-live': 'polite' });
    const chosen = h('p', { class: 'muted small' }, t('CSV with the names of its columns in the first line; instrument and side must be there.'));
    const input = h('input', { type: 'file', accept: '.csv,text/csv,text/plain', class: 'visually-hidden', id: 'journal-file', onchange: () => read(input.files[0]) });
    const drop = h(
      'div',
      {
        class: 'file-place',
        ondragover: (event) => (event.preventDefault(), drop.classList.add('over')),
        ondragleave: () => drop.classList.remove('over'),
        ondrop: (event) => {
          event.preventDefault();
          drop.classList.remove('over');
          read(event.dataTransfer.files[0]);
        },
      },
      input,
      h('label', { for: 'journal-file', class: 'button' }, t('Choose a file')),
      chosen,
    );
    const zones = Intl.supportedValuesOf?.('timeZone') ?? [zone];
    const dialog = ask({
      title: t('Import trades'),
      action: t('Look through it'),
      body: [
        drop,
        field(t('Time zone of its times'), h('input', { class: 'input', name: 'timezone', list: 'file-zones', value: zone, oninput: () => step(null) }), t('For times that name no zone themselves')),
        h('datalist', { id: 'file-zones' }, zones.map((name) => h('option', { value: name }))),
        report,
      ],
      submit: async (elements) => {
        if (!text) throw new Error(t('Choose a file first.'));
        const at = `/api/trades/import?timezone=${encodeURIComponent(elements.timezone.value.trim())}`;
        const dry = tried !== elements.timezone.value;
        const result = await (await api.raw('POST', dry ? `${at}&dryRun=true` : at, text, { headers: { 'Content-Type': 'text/csv' } })).json();
        put(report, tell(result.data));
        if (dry) {
          step(elements.timezone.value, result.data);
          return false;
        }
        toast(plural(result.data.imported, '{n} trade is in the journal.', '{n} trades are in the journal.'));
        return show();
      },
    });

    // step says what the button will do: look first, then store.
    function step(seen, found) {
      tried = seen;
      const button = dialog.querySelector('button[type="submit"]');
      const fresh = found ? found.imported || found.rows - found.known - found.failed : 0;
      put(button, seen === null ? t('Look through it') : plural(fresh, 'Import {n} trade', 'Import {n} trades'));
    }

    async function read(file) {
      if (!file) return;
      text = await file.text();
      put(chosen, `${file.name}, ${plural(Math.max(0, text.trim().split('\n').length - 1), '{n} row', '{n} rows')}`);
      put(report);
      step(null);
    }
  }

  function tell({ dryRun, rows, imported, known, failed, ignored, errors }) {
    return section(
      dryRun ? t('What would happen') : t('What happened'),
      h(
        'div',
        { class: 'row' },
        h('span', { class: 'badge' }, plural(rows, '{n} row', '{n} rows')),
        h('span', { class: 'badge gain' }, t('{n} new', { n: imported })),
        known > 0 && h('span', { class: 'badge' }, t('{n} in the journal already', { n: known })),
        failed > 0 && h('span', { class: 'badge loss' }, t('{n} wrong', { n: failed })),
      ),
      ignored.length > 0 && h('p', { class: 'hint' }, t('Columns that are not known and were not read: {names}', { names: ignored.join(', ') })),
      errors.length > 0 &&
        h(
          'div',
          { class: 'table-wrap', tabindex: '0', role: 'region', 'aria-label': t('Rows that are wrong') },
          h(
            'table',
            { class: 'table' },
            h('thead', {}, h('tr', {}, ['Line', 'Column', 'What is wrong'].map((name) => h('th', { scope: 'col' }, t(name))))),
            h('tbody', {}, errors.map((e) => h('tr', {}, h('td', { class: 'num' }, e.line), h('td', {}, e.column || '–'), h('td', {}, e.message)))),
          ),
        ),
      dryRun && h('p', { class: 'hint' }, failed > 0 ? t('Nothing is stored yet. Rows that are wrong will be left out.') : t('Nothing is stored yet.')),
      failed > errors.length && h('p', { class: 'hint' }, t('The first {n} are shown.', { n: errors.length })),
    );
  }
}

// exitOf is the average price at which a trade was closed, so far.
function exitOf(trade) {
  if (!trade) return '';
  const out = trade.fills.filter((fill) => (fill.side === 'sell') === (trade.side === 'long'));
  if (out.length === 0) return null;
  if (out.length === 1) return out[0].price;
  const units = out.reduce((sum, fill) => sum + Number(fill.quantity), 0);
  return String(Number((out.reduce((sum, fill) => sum + Number(fill.quantity) * Number(fill.price), 0) / units).toFixed(6)));
}

// local is a moment as an input of type datetime-local wants it and gives it back: in this machine's zone, without saying
// so, and without seconds of zero.
function local(iso) {
  const date = new Date(iso);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace(/:00$/, '');
}

// fieldsOf reads the form. What was not touched is not sent, so that a change of a note changes nothing else.
function fieldsOf(elements, trade) {
  const list = (text) => text.split(',').map((part) => part.trim()).filter(Boolean);
  const was = trade && { ...trade, exit: exitOf(trade), tags: trade.tags.join(', '), targets: trade.targets.join(', '), openedAt: local(trade.openedAt), closedAt: trade.closedAt ? local(trade.closedAt) : '' };
  const fields = {};
  for (const input of elements) {
    if (!input.name) continue;
    const value = input.value.trim();
    if (was ? value === String(was[input.name] ?? '') || (input.name === 'fees' && value === '' && was.fees === '0') : value === '') continue;
    if (input.name === 'tags' || input.name === 'targets') fields[input.name] = list(value);
    else if (input.type === 'datetime-local') fields[input.name] = value ? new Date(value).toISOString() : null;
    else fields[input.name] = value === '' && input.inputMode === 'decimal' ? null : value;
  }
  return fields;
}

