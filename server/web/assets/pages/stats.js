// What the journal adds up to. Every number says from how many trades it comes, and how far it may be off.

import { h } from '../dom.js';
import { decimal, money, plural, t } from '../text.js';
import { bars, curve, histogram } from './charts.js';
import { cut, frame, load, section } from './shared.js';

const groups = [
  ['weekday', 'Weekday'],
  ['hour', 'Hour'],
  ['emotion', 'Emotion'],
  ['setup', 'Setup'],
  ['instrument', 'Instrument'],
  ['rule', 'Broken rule'],
];
const spans = [
  ['30', '30 days'],
  ['90', '90 days'],
  ['365', 'A year'],
  ['', 'All'],
];
const most = 1000; // trades that the pictures are drawn from

export function mount(root, { api, go }) {
  let span = '90';
  let groupBy = 'weekday';
  const query = (more) => new URLSearchParams({ ...(span && { from: new Date(Date.now() - span * 86_400_000).toISOString().slice(0, 10) }), ...more });
  const choose = (list, label, chosen, pick) =>
    h(
      'div',
      { class: 'segments', role: 'group', 'aria-label': label },
      list.map(([value, name]) =>
        h(
          'button',
          {
            type: 'button',
            'aria-pressed': String(value === chosen()),
            onclick: (event) => {
              pick(value);
              for (const other of event.currentTarget.parentNode.children) other.setAttribute('aria-pressed', String(other === event.currentTarget));
            },
          },
          t(name),
        ),
      ),
    );
  const body = frame(root, t('Statistics'), choose(spans, t('Span of time'), () => span, (value) => ((span = value), show())));
  const place = h('div', { class: 'page-body' });
  body.append(place);
  show();

  function show() {
    load(place, async () => {
      const [report, calibration, trades] = await Promise.all([api.get(`/api/stats?${query({ groupBy })}`), api.get('/api/calibration'), closed()]);
      if (report.total.trades === 0) return [nothing(), sealed(calibration)];
      const grouped = h('div', { class: 'page-body' }, byGroup(report));
      return [
        figures(report.total),
        h('div', { class: 'two' }, equity(trades, report.total), distribution(trades)),
        section(
          t('Where it comes from'),
          choose(groups, t('Group by'), () => groupBy, (value) => {
            groupBy = value;
            load(grouped, async () => byGroup(await api.get(`/api/stats?${query({ groupBy })}`)));
          }),
          grouped,
        ),
        sealed(calibration),
      ];
    });
  }

  // closed reads the closed trades of the span, oldest first. It waits where the server wants it slower.
  async function closed() {
    const all = [];
    for (let cursor = ''; all.length < most; ) {
      const page = await patient(() => api.get(`/api/trades?${query({ decision: 'taken', limit: '100', ...(cursor && { cursor }) })}`));
      all.push(...page.items.filter((trade) => trade.net !== null));
      cursor = page.nextCursor;
      if (!page.hasMore) break;
    }
    return all.slice(0, most).sort((a, b) => a.closedAt.localeCompare(b.closedAt));
  }

  const nothing = () =>
    h(
      'div',
      { class: 'empty card' },
      h('h2', {}, t('No closed trades in this span')),
      h('p', {}, t('Statistics begin with the first closed trade of the journal.')),
      h('button', { type: 'button', class: 'button primary', onclick: () => go('journal') }, t('Open the journal')),
    );

  function equity(trades, total) {
    let sum = 0;
    const points = trades.map((trade) => ({ x: Date.parse(trade.closedAt), y: (sum += Number(trade.net)), label: `${trade.instrument}, ${dollars(trade.net)}` }));
    return section(
      t('Equity'),
      h(
        'figure',
        {},
        curve(points, t('The sum of results after each of {n} trades; it ends at {net}.', { n: points.length, net: dollars(total.net) }), (v) => money(String(Math.round(v))).replace('.00', '')),
        h('figcaption', {}, t('{net} over {n} trades; deepest fall {fall}.', { net: dollars(total.net), n: total.trades, fall: dollars(total.maxDrawdown) }), trades.length === most && ` ${t('Drawn from the newest {n}.', { n: most })}`),
      ),
      data([t('Closed'), t('Trade'), t('Net')], trades.map((trade) => [new Date(trade.closedAt).toLocaleDateString('sv'), `${trade.instrument} ${trade.side}`, dollars(trade.net)])),
    );
  }

  function distribution(trades) {
    const rs = trades.filter((trade) => trade.r !== null).map((trade) => Number(trade.r));
    const bins = binsOf(rs);
    return section(
      t('Results in R'),
      rs.length === 0
        ? h('p', { class: 'muted' }, t('No closed trade had a stop, so none has an R.'))
        : h(
            'figure',
            {},
            histogram(bins, t('How many of {n} trades ended in each half R.', { n: rs.length })),
            h('figcaption', {}, plural(rs.length, 'n = {n}: one trade had a stop.', 'n = {n} trades that had a stop.')),
          ),
      rs.length > 0 && data([t('R'), t('Trades')], bins.map((bin) => [`${bin.from} ${t('to')} ${bin.to}`, bin.n])),
    );
  }

  function byGroup(report) {
    if (report.groups.length === 0) return h('p', { class: 'muted' }, t('Nothing to group by here.'));
    const rows = report.groups.map(({ key, stats }) => ({
      key: key || t('not said'),
      n: stats.trades,
      value: Number(stats.winRate.value ?? 0),
      low: stats.winRate.interval?.low,
      high: stats.winRate.interval?.high,
      few: stats.winRate.tooFew,
      stats,
    }));
    return [
      h(
        'figure',
        {},
        bars(rows, t('Share of winning trades by {group}, with 95 % intervals.', { group: groups.find(([name]) => name === report.groupBy)?.[1].toLowerCase() ?? '' })),
        h('figcaption', {}, t('Share of winners; the line is the 95 % interval. Pale: fewer than 30 trades, which says little.')),
      ),
      h(
        'div',
        { class: 'table-wrap', tabindex: '0', role: 'region', 'aria-label': t('The groups in numbers') },
        h(
          'table',
          { class: 'table' },
          h('thead', {}, h('tr', {}, ['Group', 'n', 'Winners', '95 %', 'Expectancy', 'In R', 'Net'].map((name, i) => h('th', { scope: 'col', class: i ? 'right' : null }, t(name))))),
          h(
            'tbody',
            {},
            rows.map(({ key, stats }) =>
              h(
                'tr',
                {},
                h('th', { scope: 'row' }, key),
                [stats.trades, percent(stats.winRate.value), range(stats.winRate.interval), dollars(stats.expectancy.value), stats.expectancyR.value === null ? '–' : `${short(stats.expectancyR.value)} R`].map((text) => h('td', { class: 'right num' }, text)),
                h('td', { class: `right num ${tone(stats.net)}` }, dollars(stats.net)),
              ),
            ),
          ),
        ),
      ),
      report.otherGroups > 0 && h('p', { class: 'hint' }, plural(report.otherGroups, 'One more group is not shown.', '{n} more groups are not shown.')),
    ];
  }

  // sealed is what became of verdicts: each was sealed before the trade, so the past cannot be told otherwise.
  function sealed({ verdicts }) {
    const names = { diamond: t('Diamond'), fire: t('Fire'), skull: t('Skull') };
    const rows = verdicts.map(({ verdict, stats }) => ({
      key: names[verdict],
      n: stats.trades,
      value: Number(stats.winRate.value ?? 0),
      low: stats.winRate.interval?.low,
      high: stats.winRate.interval?.high,
      few: stats.winRate.tooFew,
    }));
    return section(
      t('What became of verdicts'),
      h('p', { class: 'muted' }, t('A verdict says how well an idea fits your plan, not whether it wins. Each is sealed when it is given; here is how the trades went that you linked to one.')),
      h('figure', {}, bars(rows, t('Share of winning trades by verdict.')), h('figcaption', {}, verdicts.map((v) => `${names[v.verdict]}: ${t('{sealed} sealed, {outcomes} with an outcome', v)}`).join(' · '))),
    );
  }
}

function figures(total) {
  const one = (label, value, note, cls) => h('div', { class: 'figure' }, h('dt', {}, label), h('dd', { class: `value num ${cls || ''}` }, value), h('dd', { class: 'note num' }, note));
  const n = (stat) => t('n = {n}', { n: stat.n }) + (stat.tooFew ? t(', too few to trust') : '');
  return h(
    'dl',
    { class: 'figures' },
    one(t('Net'), dollars(total.net), plural(total.trades, '{n} trade', '{n} trades'), tone(total.net)),
    one(t('Winners'), percent(total.winRate.value), `${n(total.winRate)}${total.winRate.interval ? `, ${range(total.winRate.interval)}` : ''}`),
    one(t('Expectancy'), dollars(total.expectancy.value), n(total.expectancy), tone(total.expectancy.value)),
    one(t('Expectancy in R'), total.expectancyR.value === null ? '–' : `${short(total.expectancyR.value)} R`, `${n(total.expectancyR)}${total.expectancyR.interval ? `, ${total.expectancyR.interval.low.toFixed(2)} ${t('to')} ${total.expectancyR.interval.high.toFixed(2)}` : ''}`),
    one(t('Profit factor'), total.profitFactor.value === null ? '–' : short(total.profitFactor.value), n(total.profitFactor)),
    one(t('Deepest fall'), dollars(total.maxDrawdown), t('streaks: {w} won, {l} lost', { w: total.winStreak, l: total.lossStreak })),
  );
}

// data holds the numbers of a picture, for who would rather read them.
function data(head, rows) {
  return h(
    'details',
    { class: 'data' },
    h('summary', {}, t('As a table')),
    h('div', { class: 'table-wrap', tabindex: '0', role: 'region', 'aria-label': head.join(', ') }, h('table', { class: 'table' }, h('thead', {}, h('tr', {}, head.map((name) => h('th', { scope: 'col' }, name)))), h('tbody', {}, rows.map((row) => h('tr', {}, row.map((cell) => h('td', { class: 'num' }, cell))))))),
  );
}

// binsOf counts in halves of R, from the worst to the best; what is beyond 5 R stands in the last.
function binsOf(rs) {
  const cut = (r) => Math.max(-5, Math.min(4.5, Math.floor(r * 2) / 2));
  if (rs.length === 0) return [];
  const from = Math.min(...rs.map(cut));
  const to = Math.max(...rs.map(cut));
  const bins = [];
  for (let at = from; at <= to; at += 0.5) bins.push({ from: at, to: at + 0.5, n: rs.filter((r) => cut(r) === at).length });
  return bins;
}

const dollars = (text) => (text === null ? '–' : money(cut(text)));
const short = (text) => decimal(cut(text));
const percent = (text) => (text === null ? '–' : `${Math.round(Number(text) * 100)} %`);
const range = (interval) => (interval ? `${Math.round(interval.low * 100)}–${Math.round(interval.high * 100)} %` : '–');
const tone = (text) => (Number(text) > 0 ? 'gain' : Number(text) < 0 ? 'loss' : '');

// patient tries again when the server says to come later.
async function patient(run) {
  for (let tries = 0; ; tries++) {
    try {
      return await run();
    } catch (error) {
      if (error.code !== 'RATE_LIMITED' || tries === 3 || error.retryAfterMs > 5_000) throw error;
      await new Promise((resolve) => setTimeout(resolve, error.retryAfterMs || 1_000));
    }
  }
}

export { binsOf };
