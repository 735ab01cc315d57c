import { type Check, type Finding, fault, ok, skipped, warning } from '../types.ts';

/** GroupMe says its time in whole seconds, and the way there takes its time. */
const SMALL_MS = 5_000;
/** From here on deadlines of producers and ages of bans are nonsense. */
const LARGE_MS = 60_000;

/** Whether this machine's clock agrees with those that it is compared with. */
export const clocks: Check = {
  name: 'clocks',
  summary: "this machine's clock, beside GroupMe's and Postgres's",
  async run({ databases, groupMe, nowMs }) {
    const asked = [
      ...(groupMe ? [{ name: 'GroupMe', ask: () => groupMe.client.readClock() }] : []),
      ...databases.map((seen) => ({
        name: `Postgres of ${seen.services.join(', ')}`,
        ask: async () => (await seen.inspect()).clockMs,
      })),
    ];
    return Promise.all(
      asked.map(async ({ ask, name }): Promise<Finding> => {
        let theirs: number | undefined;
        try {
          theirs = await ask();
        } catch {
          return skipped(name, 'does not answer');
        }
        return theirs === undefined ? skipped(name, 'does not say its time') : judge(name, nowMs() - theirs);
      }),
    );
  },
};

function judge(name: string, aheadMs: number): Finding {
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  if (seconds * 1000 <= SMALL_MS) return ok(name, 'the clocks agree');
  const text = `this machine's clock is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} its`;
  const fix = 'let the machine set its clock by NTP (`timedatectl set-ntp true`), and the other one, too';
  return Math.abs(aheadMs) > LARGE_MS ? fault(name, text, fix) : warning(name, text, fix);
}
