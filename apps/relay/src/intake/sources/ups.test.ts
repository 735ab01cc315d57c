import { describe, expect, it } from 'vitest';
import { IncomingError, parseIncoming } from '../parse-incoming.ts';

function parse(body: unknown, key = 'notification.ups.onbattery') {
  const content = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return parseIncoming({ content, routingKey: key, headers: {} });
}

describe('a UPS', () => {
  it.each([
    [
      '{"ups_name":"the "big" one","event_type":"onbattery","data":{"message":"UPS the "big" one is on battery."}}',
      'UPS the "big" one is on battery.\nUPS the "big" one',
    ],
    ['{"ups_name":"19" rack","event_type":"onbattery"}', 'UPS 19" rack is on battery power.'],
  ])('with a quote in its name is read: %s', (json, text) => {
    expect(parse(json)).toMatchObject({ kind: 'message', repaired: ['json'] });
    expect((parse(json) as { text: string }).text.startsWith(text.split('\n')[0] ?? '')).toBe(true);
  });

  it.each(['no JSON at all', '', '[', `{"ups_name":"${'"x'.repeat(70_000)}"}`, '['.repeat(50_000)])(
    'that sends what nobody can read is parked: %#',
    (json) => {
      expect(() => parse(json)).toThrow(IncomingError);
    },
  );

  it('is repaired nowhere else', () => {
    expect(() => parse('{"body":"a "quoted" word"}', 'source.standard.ups')).toThrow('not JSON');
  });

  it.each([
    ['notification.ups.onbattery', {}, 'UPS of unknown name is on battery power.'],
    ['notification.ups.fifteen', {}, 'UPS of unknown name is still on battery power.'],
    ['notification.ups.failing', { ups_name: 'studio' }, 'UPS studio says failing.'],
    ['notification.ups', { event_type: 'offbattery' }, 'UPS of unknown name has mains power again.'],
  ])('says by %s what happened when it has no words: %j', (key, body, text) => {
    expect(parse(body, key)).toMatchObject({ text });
  });

  it('of which nothing is known is parked as empty', () => {
    expect(() => parse({ ups_name: 'studio' }, 'notification.ups')).toThrow('neither text nor an image');
  });

  it.each([
    [{ timeleft: '1.0 Minutes' }, 'Battery: 1 minute left'],
    [{ timeleft: 42 }, 'Battery: 42 minutes left'],
    [{ bcharge: '99.6 Percent', timeleft: '30.4 Minutes' }, 'Battery: 100% charged, 30 minutes left'],
  ])('gives its figures: %j', (data, line) => {
    expect(parse({ event_type: 'onbattery', data })).toMatchObject({ text: expect.stringContaining(line) });
  });

  it.each([{ timeleft: 'Unavailable' }, { timeleft: '' }, { timeleft: null, bcharge: [] }, 'none', null])(
    'gives no figures that are none: %j',
    (data) => {
      expect(parse({ event_type: 'onbattery', data })).toMatchObject({
        text: expect.not.stringContaining('Battery:'),
      });
    },
  );

  it('begins with the loss of power, and ends with its return', () => {
    const at = { hostname: 'rack-1', ups_name: 'studio', timestamp_utc: '2025-06-01 19:20:00' };
    const begin = { id: 'rack-1 studio', phase: 'begin', atMs: Date.UTC(2025, 5, 1, 19, 20) };
    expect(parse({ ...at, event_type: 'onbattery' })).toMatchObject({ episode: begin });
    expect(parse({ ...at, event_type: 'offbattery' })).toMatchObject({ episode: { ...begin, phase: 'end' } });
    expect(parse({ ...at, event_type: 'fifteen_minute_update' })).not.toHaveProperty('episode');
  });
});
