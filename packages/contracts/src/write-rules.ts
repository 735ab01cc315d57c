import type { ExchangeRole, Party } from './define.ts';
import { isFamily, messages } from './messages.ts';

/** Who alone may write a key of a topic exchange, or a queue through the default exchange. */
export interface WriteRule {
  readonly exchange: ExchangeRole;
  /** Literal; a rule for a literal key beats the rule of a family that it is of. */
  readonly key: string;
  /** Whether keys of one more word are meant too. */
  readonly isFamily: boolean;
  readonly writers: readonly Party[];
}

/**
 * One rule a key, made of who publishes each message. What no rule names, nobody of ours writes. `npm run rights`
 * makes the broker's permissions of them.
 */
export const writeRules: readonly WriteRule[] = mergeRules(
  Object.values(messages).map((definition) => ({
    exchange: definition.exchange,
    key: definition.key,
    isFamily: isFamily(definition),
    writers: definition.publishers,
  })),
);

/** Two messages may share a key: whoever publishes one of them may write it. */
function mergeRules(rules: readonly WriteRule[]): WriteRule[] {
  const merged = new Map<string, WriteRule>();
  for (const rule of rules) {
    const name = `${rule.exchange} ${rule.key}`;
    const known = merged.get(name);
    merged.set(name, {
      ...rule,
      isFamily: rule.isFamily || (known?.isFamily ?? false),
      writers: [...new Set([...(known?.writers ?? []), ...rule.writers])],
    });
  }
  return [...merged.values()];
}

/** Who may write this key; nobody where no rule names it. */
export function writersOf(exchange: WriteRule['exchange'], key: string): readonly Party[] {
  const rules = writeRules.filter((rule) => rule.exchange === exchange);
  const family = key.slice(0, key.lastIndexOf('.'));
  const rule = rules.find((it) => it.key === key) ?? rules.find((it) => it.isFamily && it.key === family);
  return rule?.writers ?? [];
}
