import { expect, it } from 'vitest';
import { createLogger } from './logger.ts';
import { Secret } from './secret.ts';

it('writes one JSON object a line and masks what must not be read', () => {
  const lines: string[] = [];
  const logger = createLogger({
    name: 'try',
    level: 'info',
    destination: { write: (line) => void lines.push(line) },
  });
  logger.info(
    { bot_id: 'abc123', event: { bot_id: 'abc123' }, token: new Secret('t0ken'), part: 1 },
    'posted',
  );
  logger.debug({}, 'not at this level');
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toMatch(/abc123|t0ken/);
  expect(JSON.parse(String(lines[0]))).toMatchObject({
    level: 'info',
    service: 'try',
    part: 1,
    msg: 'posted',
  });
});

it('ends no line where a reader would see one end that does not', () => {
  const lines: string[] = [];
  const logger = createLogger({
    name: 'try',
    level: 'info',
    destination: { write: (line) => void lines.push(line) },
  });
  const source = 'ups\u2028{"level":"fatal"}\u2029\u0085\r\n';
  logger.info({ source }, 'posted');
  expect(lines.join('').match(/[\n\r\u0085\u2028\u2029]/g)).toEqual(['\n']);
  expect(JSON.parse(String(lines[0]))).toMatchObject({ source });
});
