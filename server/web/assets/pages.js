// The pages, in the order of the navigation. Each is a module in ./pages/ and an icon of icons.js.

export const pages = [
  { name: 'chat', label: 'Chat', icon: 'chat' },
  { name: 'plan', label: 'Plan', icon: 'plan' },
  { name: 'journal', label: 'Journal', icon: 'journal' },
  { name: 'stats', label: 'Statistics', icon: 'stats' },
  { name: 'account', label: 'Account', icon: 'account' },
];
