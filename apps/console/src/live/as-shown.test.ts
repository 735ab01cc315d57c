import { expect, it } from 'vitest';
import { asShown } from './as-shown.ts';
import { type LiveMessage, RECEIVED } from './live-message.ts';

const sms: LiveMessage = {
  id: 'm1',
  key: 'm1',
  source: 'twilio',
  sender: '+12075550123',
  senderName: 'Jane',
  text: 'an insult',
  at: new Date(0),
  state: RECEIVED,
  results: new Map(),
  texts: new Map(),
  echoed: new Set(),
};
const state = (words: string, tone: 'good' | 'wait' | 'bad') => ({ state: { words, tone } });

it.each<[string, Partial<LiveMessage>, isBanned: boolean | undefined, shown: string]>([
  ['one of nobody banned', {}, false, 'an insult'],
  ['one of a banned sender, at once', {}, true, '(blocked)'],
  ['one that was planned before the ban', state('planned', 'wait'), true, '(blocked)'],
  ['one of a banned sender that was parked', state('parked: too-long', 'bad'), true, '(blocked)'],
  ['one of a banned sender that is in the chat', state('in the chat', 'good'), true, 'an insult'],
  ['a blocked one, whoever is banned now', state('blocked', 'bad'), false, '(blocked)'],
  ['one that was received while nobody knows', {}, undefined, '(not shown yet)'],
  ['one that the relay has planned, while nobody knows', state('planned', 'wait'), undefined, 'an insult'],
  ['one without a sender, while nobody knows', { sender: undefined }, undefined, 'an insult'],
])('shows of %s what everybody may see', (_what, more, isBanned, shown) => {
  expect(asShown({ ...sms, ...more }, () => isBanned).text).toBe(shown);
});
