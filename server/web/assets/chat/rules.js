// What the rules, fields and verdicts are called on the page; the built-in coach calls them the same.

import { t } from '../text.js';

const rules = {
  stopRequired: t('Stop'),
  targetRequired: t('Target'),
  minRewardRisk: t('Reward to risk'),
  perTradePct: t('Risk of this trade'),
  maxDailyLossPct: t('Loss of the day'),
  maxOpenRiskPct: t('Open risk'),
  statedRisk: t('The risk you named'),
  maxSize: t('Size'),
  size: t('Size'),
  cash: t('Cash'),
  drawdown: t('Drawdown room'),
  maxTrades: t('Trades today'),
  maxConsecutiveLosses: t('Losses in a row'),
  cooldownAfterLossMinutes: t('Cooldown'),
  windows: t('Trading hours'),
  noTrade: t('No-trade time'),
  instruments: t('Instrument'),
  averagingDown: t('Adding to a loser'),
  wideningStops: t('Moving the stop'),
};

// A rule that a newer server knows: perTradePct → per trade pct.
export const spaced = (name) => name.replace(/([a-z])([A-Z])/g, '$1 $2').replaceAll('_', ' ').toLowerCase();

export const ruleName = (rule) => rules[rule] || spaced(rule);

export const verdicts = {
  diamond: { sign: '💎', name: t('Diamond'), says: t('fits your plan') },
  fire: { sign: '🔥', name: t('Fire'), says: t('one thing does not fit your plan') },
  skull: { sign: '💀', name: t('Skull'), says: t('does not fit your plan') },
};
