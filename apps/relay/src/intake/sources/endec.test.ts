import { describe, expect, it } from 'vitest';
import { endec } from './endec.ts';

const HEADER = 'ZCZC-WXR-TOR-023005+0030-1521920-KGYX/NWS-';

function read(eas_data: unknown, message_text: unknown = 'As printed.') {
  const body = { message_text, eas_data };
  return endec.read(endec.schema.parse(body), 'source.endec.alert', body);
}

describe('an alert', () => {
  it.each(['RWT', 'RMT', 'DMO', 'NPT', ' rwt '])(
    'of the event %s is a test, which lets all pass',
    (event) => {
      expect(read({ event })).toMatchObject({ priority: 'low' });
      expect(read({ event })).toMatchObject({ text: expect.stringContaining('EAS test: ') });
    },
  );

  it.each(['TOR', 'CEM', 'EVI', 'EAN', 'XYZ'])('of the event %s is an emergency', (event) => {
    expect(read({ event })).toMatchObject({ priority: 'urgent' });
  });

  it('is told by its header, when that is all there is', () => {
    expect(read({ raw_header: HEADER }, null)).toMatchObject({
      text: 'EMERGENCY ALERT: TOR',
      priority: 'urgent',
      eventId: HEADER,
    });
  });

  it('is the same alert with white space around its header', () => {
    expect(read({ event: 'TOR', raw_header: ` ${HEADER}\n` })).toMatchObject({ eventId: HEADER });
  });

  it.each([
    undefined,
    null,
    'none',
    [],
    {},
    { event_name: 'Plain Text Message', raw_header: 'Not found' },
    { event: 7, raw_header: ['x'] },
  ])('is none without a header: %j', (eas_data) => {
    const message = read(eas_data);
    expect(message).toMatchObject({ text: 'As printed.' });
    expect(message).not.toHaveProperty('priority');
    expect(message).not.toHaveProperty('eventId');
  });

  it('says what is known of its time', () => {
    const text = (more: object) => (read({ event: 'TOR', ...more }) as { text: string }).text;
    expect(text({ start_utc: '2025-06-01T19:20Z' })).toContain('\nFrom Jun 1, 3:20 PM\n');
    expect(text({ duration_minutes: '45' })).toContain('\nIn force for 45 minutes\n');
    expect(text({ start_utc: 'soon', duration_minutes: -1 })).toBe('EMERGENCY ALERT: TOR\n\nAs printed.');
  });

  it('takes places and senders as they come', () => {
    expect(read({ event: 'TOR', locs: 'Cumberland, ME', sender: 7, org: null })).toMatchObject({
      text: 'EMERGENCY ALERT: TOR\nFor Cumberland, ME\nSent by 7\n\nAs printed.',
    });
  });
});
