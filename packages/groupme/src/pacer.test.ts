import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPacer, type Pacer, type PacerOptions } from './pacer.ts';

const MINUTE_MS = 60_000;

function setUp(options: Partial<PacerOptions> = {}) {
  let nowMs = 1_000_000;
  const pacer = createPacer({ ratePerSecond: 1, maxRatePerSecond: 4, now: () => nowMs, ...options });
  const post = (outcome: 'accepted' | 'refused', retryAfterMs?: number) => {
    nowMs += pacer.delayMs();
    pacer.posted();
    return outcome === 'accepted' ? pacer.accepted() : pacer.refused(retryAfterMs);
  };
  return { pacer, post, pass: (ms: number) => (nowMs += ms), now: () => nowMs };
}

function times(count: number, action: () => unknown): void {
  for (let done = 0; done < count; done += 1) action();
}

describe('spacing', () => {
  it('lets the first post after a quiet spell go at once, and spaces the next', () => {
    const { pacer, pass } = setUp({ ratePerSecond: 2 });
    expect(pacer.delayMs()).toBe(0);
    pacer.posted();
    expect(pacer.delayMs()).toBe(500);
    pass(200);
    expect(pacer.delayMs()).toBe(300);
    pass(10_000);
    expect(pacer.delayMs()).toBe(0);
    pacer.posted();
    // A quiet spell earns no burst.
    expect(pacer.delayMs()).toBe(500);
  });

  it('makes up for timers that are late, and lets no more through in a second for it', () => {
    const { pacer, pass, now } = setUp({ ratePerSecond: 4 });
    const posts = Array.from({ length: 400 }, (_, index) => {
      // One of them by much.
      pass(pacer.delayMs() + (index % 50 === 7 ? 20 : (index * 7) % 5));
      pacer.posted();
      return now();
    });
    const seconds = ((posts.at(-1) ?? 0) - (posts[0] ?? 0)) / 1000;
    expect((posts.length - 1) / seconds).toBeGreaterThan(4 * 0.99);
    const spans = posts.slice(4).map((at, index) => at - (posts[index] ?? 0));
    expect(Math.min(...spans)).toBeGreaterThanOrEqual(1000);
  });

  it('lets no fifth one arrive within a second of the first, which had to open a connection', () => {
    const { now, post } = setUp({ ratePerSecond: 4 });
    const startedMs = now();
    times(5, () => post('accepted'));
    expect(now() - startedMs).toBeGreaterThan(1_020);
  });

  it('never waits when there is no limit, but for refusals', () => {
    const { pacer, post, pass } = setUp({ ratePerSecond: 0, random: () => 1 });
    expect(pacer.ratePerSecond).toBe(Number.POSITIVE_INFINITY);
    times(20, () => post('accepted'));
    expect(pacer.delayMs()).toBe(0);
    pacer.posted();
    pacer.refused(undefined);
    expect(pacer.delayMs()).toBe(1000);
    pass(1000);
    times(20, () => post('accepted'));
    expect(pacer.delayMs()).toBe(0);
  });
});

describe('the rate', () => {
  it('creeps from its start to its maximum in 30 to 60 posts while none is refused, and stays there', () => {
    const { pacer, post } = setUp();
    let posts = 0;
    while (pacer.ratePerSecond < 4 && posts < 1000) {
      post('accepted');
      posts += 1;
    }
    expect(posts).toBeGreaterThanOrEqual(30);
    expect(posts).toBeLessThanOrEqual(60);
    times(50, () => post('accepted'));
    expect(pacer.ratePerSecond).toBe(4);
  });

  it('learns nothing from posts that nobody had to hold back', () => {
    const { pacer, post, pass } = setUp();
    times(200, () => {
      post('accepted');
      pass(MINUTE_MS);
    });
    expect(pacer.ratePerSecond).toBe(1);
  });

  it('halves once for refusals in a row', () => {
    const { pacer, post } = setUp();
    post('refused');
    expect(pacer.ratePerSecond).toBe(0.5);
    post('refused');
    expect(pacer.ratePerSecond).toBe(0.5);
    post('accepted');
    post('refused');
    expect(pacer.ratePerSecond).toBe(0.25);
  });

  it('is soon just below where it was refused, and from there rises by little', () => {
    const { pacer, post } = setUp({ ratePerSecond: 2 });
    post('refused');
    times(6, () => post('accepted'));
    expect(pacer.ratePerSecond).toBeCloseTo(1.8);
    times(25, () => post('accepted'));
    expect(pacer.ratePerSecond).toBeGreaterThan(1.8);
    expect(pacer.ratePerSecond).toBeLessThan(2);
  });

  it('forgets where it was refused after ten minutes without a refusal', () => {
    const { pacer, post, pass } = setUp({ ratePerSecond: 2 });
    post('refused');
    times(10, () => post('accepted'));
    pass(10 * MINUTE_MS);
    times(40, () => post('accepted'));
    expect(pacer.ratePerSecond).toBe(4);
  });

  it('does not fall without end, and comes back, when GroupMe refuses whatever the rate', () => {
    const { pacer, post } = setUp();
    times(20, () => {
      post('refused');
      post('accepted');
    });
    expect(pacer.ratePerSecond).toBeGreaterThanOrEqual(0.05);
    times(100, () => post('accepted'));
    expect(pacer.ratePerSecond).toBeGreaterThan(0.05);
  });

  it('takes a refusal far below its ceiling for a whim of GroupMe, and goes back up nearly as high', () => {
    const { pacer, post } = setUp({ ratePerSecond: 2 });
    post('refused');
    post('accepted');
    post('refused');
    times(15, () => post('accepted'));
    expect(pacer.ratePerSecond).toBeGreaterThan(2 * 0.8 * 0.9 - 0.001);
  });
});

describe('a refusal', () => {
  it('waits as long as GroupMe asks, also for minutes, and says so', () => {
    const { pacer, post } = setUp();
    expect(post('refused', 3 * MINUTE_MS)).toBe(3 * MINUTE_MS);
    expect(pacer.delayMs()).toBe(3 * MINUTE_MS);
  });

  it('waits an hour at most, whatever the header says', () => {
    const { post } = setUp();
    expect(post('refused', 30 * 24 * 60 * MINUTE_MS)).toBe(60 * MINUTE_MS);
  });

  it('never comes back sooner than the pace allows, though GroupMe would let it', () => {
    const { pacer, post } = setUp({ ratePerSecond: 0.1 });
    post('refused', 0);
    expect(pacer.delayMs()).toBeGreaterThanOrEqual(10_000);
  });

  it.each([
    [0, 0.5],
    [1, 1],
  ])('doubles its pauses up to a minute, with jitter %d, and starts over once accepted', (jitter, share) => {
    const { post } = setUp({ ratePerSecond: 0, random: () => jitter });
    const pauses = Array.from({ length: 8 }, () => post('refused'));
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1000 * share));
    post('accepted');
    expect(post('refused')).toBe(1000 * share);
  });
});

it('lets no more through than the maximum, whatever is accepted and refused', () => {
  const step = fc.record({
    answer: fc.constantFrom('accepted', 'refused', 'none'),
    retryAfterMs: fc.option(fc.integer({ min: 0, max: 300_000 }), { nil: undefined }),
    answeredAfterMs: fc.integer({ min: 0, max: 5_000 }),
    quietMs: fc.oneof(
      fc.constant(0),
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 0, max: 2_000_000 }),
    ),
  });
  fc.assert(
    fc.property(
      fc.double({ min: 0.01, max: 10, noNaN: true }),
      fc.double({ min: 1, max: 10, noNaN: true }),
      fc.array(step, { maxLength: 200 }),
      (ratePerSecond, factor, steps) => {
        const maxRatePerSecond = ratePerSecond * factor;
        const { pacer, pass, now } = setUp({ ratePerSecond, maxRatePerSecond });
        const perSecond = Math.ceil(maxRatePerSecond);
        const posts: number[] = [];
        for (const { answer, retryAfterMs, answeredAfterMs, quietMs } of steps) {
          pass(pacer.delayMs());
          const before = posts.at(-perSecond) ?? Number.NEGATIVE_INFINITY;
          expect(now() - before).toBeGreaterThanOrEqual(Math.max(1000, 1000 / maxRatePerSecond) - 0.001);
          posts.push(now());
          pacer.posted();
          pass(answeredAfterMs);
          if (answer === 'accepted') pacer.accepted();
          if (answer === 'refused') expect(pacer.refused(retryAfterMs)).toBe(pacer.delayMs());
          expect(pacer.ratePerSecond).toBeLessThanOrEqual(maxRatePerSecond);
          pass(quietMs);
        }
      },
    ),
  );
});

/** Undefined when a post at this moment is accepted, else when the next one would be. */
type Service = (atMs: number) => number | undefined;

function slidingWindow(posts: number, windowMs: number): Service {
  let accepted: number[] = [];
  return (atMs) => {
    accepted = accepted.filter((acceptedAt) => acceptedAt > atMs - windowMs);
    if (accepted.length >= posts) return (accepted[0] ?? atMs) + windowMs;
    accepted.push(atMs);
    return undefined;
  };
}

function fixedWindow(posts: number, windowMs: number): Service {
  let current = -1;
  let used = 0;
  return (atMs) => {
    const window = Math.floor(atMs / windowMs);
    if (window !== current) used = 0;
    current = window;
    if (used >= posts) return (window + 1) * windowMs;
    used += 1;
    return undefined;
  };
}

/** Posts until so many are accepted, one at a time, as the deliverer does. The network is not always as fast. */
function deliver(pacer: Pacer, clock: ReturnType<typeof setUp>, service: Service, saysWhen: boolean) {
  const startedAt = clock.now();
  let seed = 1;
  const latencyMs = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return 20 + (seed % 60);
  };
  let accepted = 0;
  const late = { posts: 0, refused: 0 };
  while (accepted < 300) {
    clock.pass(pacer.delayMs());
    const isLate = clock.now() - startedAt > MINUTE_MS;
    pacer.posted();
    clock.pass(latencyMs());
    const openAt = service(clock.now());
    const waitMs = openAt === undefined ? undefined : openAt - clock.now();
    clock.pass(latencyMs());
    late.posts += isLate ? 1 : 0;
    if (waitMs === undefined) {
      accepted += 1;
      pacer.accepted();
    } else {
      late.refused += isLate ? 1 : 0;
      // Whole seconds, as the header has them.
      clock.pass(pacer.refused(saysWhen ? Math.max(1, Math.ceil(waitMs / 1000)) * 1000 : undefined));
    }
  }
  return { durationMs: clock.now() - startedAt, refusedShare: late.refused / late.posts };
}

describe('300 posts to a GroupMe that takes one in two seconds', () => {
  const kinds: [string, () => Service][] = [
    ['one in any 2 s', () => slidingWindow(1, 2_000)],
    ['one in each 2 s of its clock', () => fixedWindow(1, 2_000)],
    ['five in any 10 s', () => slidingWindow(5, 10_000)],
  ];
  const cases = kinds.flatMap(([name, create]) => [
    { name, create, saysWhen: false },
    { name, create, saysWhen: true },
  ]);
  it.each(cases)(
    '($name, Retry-After: $saysWhen) are refused in less than 5 % after the first minute, and take little longer than they must',
    ({ create, saysWhen }) => {
      for (const jitter of [0, 0.5, 1]) {
        const clock = setUp({ random: () => jitter });
        const { durationMs, refusedShare } = deliver(clock.pacer, clock, create(), saysWhen);
        expect(refusedShare).toBeLessThan(0.05);
        expect(durationMs).toBeLessThan(1.25 * 300 * 2_000);
      }
    },
  );
});
