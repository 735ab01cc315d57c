import { describe, expect, it } from 'vitest';
import { classifyDatabaseError, describeDatabaseError } from './classify-error.ts';

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

describe('describeDatabaseError', () => {
  it('does not repeat the value that Postgres refused', () => {
    const error = failure('22P02', 'invalid input syntax for type integer: "+12075551234"');
    expect(describeDatabaseError(error)).toBe('Postgres refused a value (22P02)');
  });

  it('names the cause where the message is empty, as for a name with two addresses', () => {
    expect(describeDatabaseError(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }))).toBe(
      'ECONNREFUSED',
    );
  });
});
