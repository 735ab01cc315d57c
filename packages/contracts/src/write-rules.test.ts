import { describe, expect, it } from 'vitest';
import { messages } from './messages.ts';
import { writeRules, writersOf } from './write-rules.ts';

describe('who may write', () => {
  it('is said of every message', () => {
    for (const { exchange, key, publishers } of Object.values(messages)) {
      expect(publishers.length, key).toBeGreaterThan(0);
      expect(writersOf(exchange, key), key).toEqual(expect.arrayContaining([...publishers]));
    }
  });

  it('names one service alone for all that a producer could harm the chat with', () => {
    const alone = writeRules.filter(({ writers }) => !writers.includes('producers'));
    expect(alone.map(({ key, writers }) => `${key}: ${writers.join(', ')}`)).toEqual(
      expect.arrayContaining([
        'moderation.bans: moderator',
        'moderation.bans.request: relay',
        'moderation.bans.state: relay',
        'moderation.console: console',
        'source.standard.command: moderator',
        'source.groupme.callback: gateway',
        'source.groupme.echo: gateway',
        'source.groupme.msg: relay',
        'relay.outbox: relay',
        'source.twilio.sms.incoming: SMS service, gateway',
        'source.twilio.ban: SMS service',
        'source.twilio.unban: SMS service',
      ]),
    );
    const shared = writeRules.filter(({ writers }) => writers.includes('producers')).map(({ key }) => key);
    expect(shared).toEqual(['source.standard']);
  });

  it('goes by the literal key before the family', () => {
    expect(writersOf('source', 'source.standard.ups')).toEqual(expect.arrayContaining(['producers']));
    expect(writersOf('source', 'source.standard.command')).toEqual(['moderator']);
    expect(writersOf('source', 'source.standard.a.b')).toEqual([]);
    expect(writersOf('source', 'moderation.bans.other')).toEqual([]);
    expect(writersOf('default', 'moderation.bans')).toEqual([]);
  });
});
