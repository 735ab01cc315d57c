import { describe, expect, it } from 'vitest';
import {
  classifyDatabaseError,
  describeDatabaseError,
  isLostSession,
  mayBeOneRowsFault,
} from './classify-error.ts';

function failure(code: string | undefined, message = 'said something'): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

describe('classifyDatabaseError', () => {
  it.each(['22021', '22P05', '22003', '23514', '23502', '54000', '54001'])('%s is a row at fault', (code) => {
    expect(classifyDatabaseError(failure(code))).toBe('data');
  });

  it.each(['28P01', '28000', '3D000', '42501'])('%s needs a person', (code) => {
    expect(classifyDatabaseError(failure(code))).toBe('configuration');
  });

  it.each([
    '08006',
    '25006',
    '40P01',
    '42P01',
    '53100',
    '55P03',
    '57P01',
    '57014',
    '58030',
    'ECONNREFUSED',
    'EPIPE',
    undefined,
  ])('%s is kept and tried again', (code) => {
    expect(classifyDatabaseError(failure(code))).toBe('unavailable');
  });
});

describe('a failure that is not clearly a row at fault', () => {
  it.each([
    [failure('57014'), true],
    [failure('P0001'), true],
    [failure('XX000'), true],
    [failure('53200'), true],
    [failure('57P01'), true],
    [new Error('Query read timeout'), true],
    [new Error('Connection terminated unexpectedly'), true],
    [failure('22021'), false],
    [failure('42501'), false],
    [failure('53100'), false],
    [failure('53300'), false],
    [failure('57P03'), false],
    [failure('58030'), false],
    [failure('08006'), false],
    [failure('40P01'), false],
    [failure('ECONNREFUSED'), false],
    [new Error('timeout exceeded when trying to connect'), false],
    [new Error('Connection terminated due to connection timeout'), false],
  ])('may be one all the same: %s %j', (error, expected) => {
    expect(mayBeOneRowsFault(error)).toBe(expected);
  });

  it('may have taken the session along', () => {
    expect(isLostSession(failure('57P01'))).toBe(true);
    expect(isLostSession(new Error('Connection terminated unexpectedly'))).toBe(true);
    expect(isLostSession(failure('57014'))).toBe(false);
  });
});

describe('describeDatabaseError', () => {
  it('does not repeat the value that Postgres refused', () => {
    const error = failure('22P02', 'invalid input syntax for type integer: "+12075551234"');
    expect(describeDatabaseError(error)).toBe('Postgres refused a value (22P02)');
  });

  it.each(['P0001', 'XX000'])(
    'does not repeat the words of %s, which a trigger may have made of a row',
    (code) => {
      expect(describeDatabaseError(failure(code, 'no place for "+12075551234"'))).toBe(
        `Postgres failed (${code})`,
      );
    },
  );

  it('names the cause where the message is empty, as for a name with two addresses', () => {
    expect(describeDatabaseError(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }))).toBe(
      'ECONNREFUSED',
    );
  });
});
