import { messageCatalogue, writersOf } from '@wbor/contracts';
import { describe, expect, it } from 'vitest';
import { type BrokerUser, type brokerUserNames, brokerUsers } from './users.ts';

const options = {
  namespace: { exchange: 'source_exchange', queuePrefix: 'x.' },
  notificationsExchanges: ['notifications'],
  mayDeclare: [],
} as const;

const users = brokerUsers(options);

function user(name: (typeof brokerUserNames)[number]): BrokerUser {
  const found = users.find((it) => it.name === `x.${name}`);
  if (!found) throw new Error(`no user ${name}`);
  return found;
}

function mayWrite({ topics }: BrokerUser, key: string, exchange = 'source_exchange'): boolean {
  const topic = topics.find((it) => it.exchange === exchange);
  return topic === undefined || new RegExp(topic.write).test(key);
}

/** Whether a permission holds for the name of a queue or an exchange. */
const holds = (expression: string, name: string): boolean => new RegExp(expression).test(name);

describe('users of the broker', () => {
  const parties: Readonly<Record<string, string>> = {
    producers: 'producer',
    'SMS service': 'sms-service',
    'studio dashboard': 'studio-dashboard',
  };

  it('write exactly the keys that the contracts give them', () => {
    const keys = Object.values(messageCatalogue).filter(({ exchange }) => exchange === 'source');
    for (const { key } of keys) {
      const writers = writersOf('source', key).map((party) => `x.${parties[party] ?? party}`);
      const allowed = users.filter((it) => mayWrite(it, key)).map(({ name }) => name);
      expect(allowed.toSorted(), key).toEqual(writers.toSorted());
    }
  });

  it('are each told which keys, since the broker allows all keys of an exchange of which nothing is said', () => {
    for (const { name, topics } of users) {
      expect(
        topics.map(({ exchange }) => exchange),
        name,
      ).toEqual(['source_exchange', 'notifications']);
      for (const topic of topics) expect([topic.write, topic.read], name).not.toContain('');
    }
  });

  it.each([
    ['source.standard', true],
    ['source.standard.ups', true],
    ['source.standard.commands', true],
    ['source.standard.command', false],
    ['source.standard.a.b', false],
    ['source.twilio.sms.incoming', false],
    ['xsource.standard', false],
    ['source-standard', false],
    ['', false],
  ])('a producer and %j: %s', (key, may) => {
    expect(mayWrite(user('producer'), key) && key !== '').toBe(may);
  });

  it('lets the SMS service have all keys of its own, and its queue', () => {
    for (const key of ['source.twilio.ban', 'source.twilio.sms.outgoing', 'source.twilio'])
      expect(mayWrite(user('sms-service'), key)).toBe(true);
    expect(mayWrite(user('sms-service'), 'source.twiliox')).toBe(false);
    expect(holds(user('sms-service').configure, 'outgoing_sms')).toBe(true);
  });

  it('none but the relay, the console and the operator write to the default exchange, which leads into every queue', () => {
    const writers = users.filter(({ write }) => holds(write, 'amq.default')).map(({ name }) => name);
    expect(writers).toEqual(['x.relay', 'x.console', 'x.operator']);
  });

  it('none may declare, and so delete, a queue that keeps messages, or the exchange', () => {
    const kept = [
      'source_exchange',
      'x.gateway',
      'x.relay.outbox',
      'x.relay.parked',
      'x.moderator.callbacks',
    ];
    for (const { configure, name } of users)
      expect(
        kept.filter((it) => holds(configure, it)),
        name,
      ).toEqual([]);
    const declaring = brokerUsers({ ...options, mayDeclare: ['producer'] });
    expect(declaring.filter(({ configure }) => holds(configure, 'source_exchange'))).toHaveLength(1);
  });

  it('read no queue but their own', () => {
    expect(holds(user('gateway').read, 'x.relay.outbox')).toBe(false);
    expect(holds(user('moderator').read, 'x.moderator.callbacks')).toBe(true);
    expect(holds(user('audit-logger').read, 'x.moderator.callbacks')).toBe(false);
    expect(holds(user('relay').read, 'x.relay.outbox.urgent')).toBe(true);
    expect(holds(user('console').read, 'x.relay.parked')).toBe(true);
    expect(holds(user('console').read, 'x.relay.outbox')).toBe(false);
    expect(holds(user('console').read, 'x.moderator.requests')).toBe(false);
    // The dot is a dot.
    expect(holds(user('relay').read, 'xxrelay.outbox')).toBe(false);
  });

  it('lets the console hear what goes through, ask for bans and test a source, and not speak as others', () => {
    const [topic] = user('console').topics;
    for (const pattern of ['source.#', 'moderation.bans.state'])
      expect(holds(topic?.read ?? '', pattern), pattern).toBe(true);
    for (const pattern of ['#', 'moderation.#', 'moderation.console'])
      expect(holds(topic?.read ?? '', pattern), pattern).toBe(false);
    for (const key of ['moderation.console', 'source.standard', 'source.standard.endec'])
      expect(mayWrite(user('console'), key), key).toBe(true);
    for (const key of [
      'source.standard.command',
      'moderation.bans',
      'source.groupme.echo',
      'source.twilio.ban',
    ])
      expect(mayWrite(user('console'), key), key).toBe(false);
  });

  it('of other programs write on their own exchange alone', () => {
    expect(holds(user('wbor-ups').write, 'source_exchange')).toBe(false);
    expect(mayWrite(user('wbor-ups'), 'notification.ups.onbattery', 'notifications')).toBe(true);
    expect(mayWrite(user('wbor-ups'), 'notification.wbor-endec', 'notifications')).toBe(false);
  });
});
