import { createStationClock } from '@wbor/station-clock';
import { expect, it } from 'vitest';
import { render } from '../../html.ts';
import { item, messagePath } from './view.ts';

it('makes an address of any id', () => {
  expect(messagePath('a/b ?')).toBe('/messages/a%2Fb%20%3F');
  expect(messagePath('x\ud800')).toBe('/messages/x%EF%BF%BD');
});

it.each([
  ['at its first attempt', true, 'expired'],
  ['at a later one', false, 'blocked'],
] as const)('keeps back the words of a message that was blocked %s', (_when, blocked, name) => {
  const message = {
    wbor_message_id: 'm1',
    first_at: new Date(0),
    source: 'twilio',
    sender: '+12075550123',
    sender_name: null,
    text: 'an insult',
    blocked,
    state: { name, words: name, tone: 'bad' },
  } as const;
  const html = render(item(message, createStationClock('America/New_York')));
  expect(html).toContain('(blocked)');
  expect(html).not.toContain('an insult');
});
