import { relayStandardQueue, relayTwilioQueue } from '@wbor/contracts';
import { describe, expect, it } from 'vitest';
import { DEFAULT_NOTIFICATION_KEYS } from '../../config.ts';
import { parseIncoming } from '../parse-incoming.ts';
import { findSource, sourceBindings, sources } from './index.ts';
import { matchesKey } from './matches-key.ts';
import { standard } from './standard.ts';

const examples = sources
  .flatMap((source) => ('examples' in source ? source.examples : []))
  .map((example) => ({ ...example, shown: JSON.stringify(example.body) }));

describe('the table of sources', () => {
  it('has an example of every source', () => {
    for (const source of sources) expect('ignored' in source || source.examples.length > 0).toBe(true);
  });

  it.each(examples)('reads the example of $key: $shown', ({ key, headers = {}, body, becomes }) => {
    const content = Buffer.from(JSON.stringify(body));
    expect(parseIncoming({ content, routingKey: key, headers })).toMatchObject(becomes);
  });

  it.each(examples)('gets the example of $key: an intake queue is bound to its key', ({ key }) => {
    const bindings = [
      ...relayTwilioQueue.bindings,
      ...relayStandardQueue.bindings,
      ...sourceBindings,
      ...DEFAULT_NOTIFICATION_KEYS,
    ];
    expect(bindings.filter((pattern) => matchesKey(pattern, key))).toHaveLength(1);
  });

  it('reads what no source takes as a standard message', () => {
    expect(findSource('relay.standard', {})).toBe(standard);
  });
});
