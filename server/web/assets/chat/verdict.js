// The card of a verdict: how well an idea fits the plan, its picture, each check with what was expected and what is, and
// the smallest change that would earn a better one.

import { h } from '../dom.js';
import { icon } from '../icons.js';
import { decimal, money, t } from '../text.js';
import { ladder } from './ladder.js';
import { ruleName, spaced, verdicts } from './rules.js';

// verdictCards gives a card for each idea of an answer that was held against the plan. use(text) puts a changed idea into
// the field to write in; advice is the coach's own sentence about the change.
export function verdictCards(message, { use, advice }) {
  const ideas = (message.analysis?.ideas || []).filter((idea) => idea.checks.length || idea.numbers?.pnl || idea.missing?.length);
  const cards = ideas.map((one) => card(one, message, { use, advice: ideas.length === 1 ? advice : null }));
  if (ideas.length > 1 && message.verdict) cards.unshift(h('p', { class: `verdict-all ${message.verdict}` }, icon(message.verdict), t('All together: {name}, the worst of them.', { name: verdicts[message.verdict].name })));
  return cards;
}

function card(one, message, more) {
  const verdict = verdicts[one.verdict];
  const picture = ladder(one.idea, one.numbers);
  return h(
    'section',
    { class: `verdict ${one.verdict || 'open'}`, dataset: { verdict: one.verdict || '' }, 'aria-label': verdict ? `${verdict.sign} ${verdict.name}: ${verdict.says}` : t('No verdict yet') },
    head(one, verdict),
    h('div', { class: picture ? 'verdict-body' : 'verdict-body plain' }, picture && h('figure', { class: 'verdict-picture' }, picture), one.checks.length > 0 && checks(one.checks)),
    facts(one.numbers),
    missing(one.missing),
    fix(one, more),
    message.confidence !== null && one.checks.length > 0 && h('p', { class: 'verdict-foot' }, t('I could check {n} % of what your plan asks for. This says how well the idea fits your plan, not whether it will win.', { n: message.confidence })),
  );
}

function head({ idea, numbers }, verdict) {
  const what = [idea.side, idea.quantity && decimal(idea.quantity), idea.symbol].filter(Boolean).join(' ');
  return h(
    'header',
    { class: 'verdict-head' },
    verdict ? icon(Object.keys(verdicts).find((key) => verdicts[key] === verdict)) : icon('question'),
    h('h3', {}, verdict ? verdict.name : t('No verdict yet'), h('span', { class: 'verdict-says' }, verdict ? verdict.says : t('something is still open'))),
    h('span', { class: 'verdict-what' }, what && h('span', { class: `side ${idea.side || ''}` }, what), numbers?.rewardRiskShown && h('strong', { class: 'num' }, `${numbers.rewardRiskShown} R`)),
  );
}

const results = {
  met: { sign: 'check', words: t('met') },
  missed: { sign: 'cross', words: t('missed') },
  critical: { sign: 'cross', words: t('missed, critical') },
  open: { sign: 'question', words: t('open') },
};

const resultOf = (check) => (check.passed === null ? 'open' : check.passed ? 'met' : check.critical ? 'critical' : 'missed');

function checks(list) {
  return h(
    'table',
    { class: 'checks' },
    h('caption', { class: 'visually-hidden' }, t('Checks against your plan')),
    h('thead', { class: 'visually-hidden' }, h('tr', {}, [t('Rule'), t('Actual and expected')].map((words) => h('th', { scope: 'col' }, words)))),
    h(
      'tbody',
      {},
      list.map((check) => {
        const result = resultOf(check);
        return h(
          'tr',
          { class: `check ${result}` },
          h('th', { scope: 'row' }, icon(results[result].sign), h('span', { class: 'visually-hidden' }, `${results[result].words}: `), ruleName(check.rule), result === 'critical' && h('span', { class: 'badge loss' }, t('critical'))),
          h('td', {}, h('span', { class: 'actual' }, check.actual || t('not said')), h('span', { class: 'expected' }, t('plan: {expected}', { expected: check.expected }))),
        );
      }),
    ),
  );
}

function facts(numbers) {
  if (!numbers) return null;
  const unit = numbers.unit || '';
  const units = (n) => (n === null || n === undefined ? null : `${decimal(n)} ${unit}${unit && Number(n) !== 1 && !unit.endsWith('s') ? 's' : ''}`);
  const pnl = numbers.pnl;
  const shown = [
    [numbers.sizeSaid ? t('Size') : t('Size, the largest allowed'), units(numbers.size)],
    [t('Risk'), numbers.risk && money(numbers.risk)],
    [t('Best case'), numbers.reward && money(numbers.reward)],
    [t('Largest size'), numbers.sizeSaid ? units(numbers.maxSize) : null],
    [t('Net'), pnl?.net && money(pnl.net)],
    [t('Result'), pnl?.rMultiple && `${pnl.rMultiple} R`],
  ].filter(([, value]) => value);
  if (!shown.length) return null;
  return h('dl', { class: 'facts' }, shown.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', { class: 'num' }, value))));
}

function missing(fields) {
  if (!fields?.length) return null;
  return h('p', { class: 'verdict-missing' }, icon('question'), h('span', {}, t('Still to be said: {fields}.', { fields: fields.map(spaced).join(', ') })));
}

// fix says what would earn a better verdict. A skip has nothing to fill in.
function fix({ idea, numbers, verdict }, { use, advice }) {
  const change = numbers?.change;
  if (!change || verdict === 'diamond') return null;
  const changed = [change.size && t('size {n}', { n: decimal(change.size) }), change.entry && t('an entry at {price} or better', { price: decimal(change.entry) })].filter(Boolean).join(t(' and '));
  const own = changed ? t('{change}: that would be {name}.', { change: changed, name: verdicts[change.verdict]?.name || '' }) : t('Skip this one.');
  return h(
    'div',
    { class: 'verdict-fix' },
    h('p', {}, h('strong', {}, t('What would fix it')), ' ', advice || own),
    change.kind !== 'skip' && h('button', { type: 'button', class: 'button small', dataset: { action: 'use' }, onclick: () => use(inWords(idea, change)) }, t('Try it')),
  );
}

// inWords says an idea again with its change, in the words that the coach reads.
function inWords(idea, change) {
  const targets = (idea.targets || []).map((target) => target.price);
  return [
    [idea.side, change.size || idea.quantity, idea.symbol, 'at', change.entry || idea.entry?.price].filter(Boolean).join(' '),
    idea.stop && `stop ${idea.stop.price}`,
    targets.length > 0 && `${targets.length > 1 ? 'targets' : 'target'} ${targets.join(' and ')}`,
    idea.equity && `account ${idea.equity}`,
    idea.riskPct && `risk ${idea.riskPct}%`,
  ].filter(Boolean).join(', ');
}
