import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { unpackPackages, waitFor } from '@wbor/testkit';
import { afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { type Bed, buildInto, installedNode, makeBed, packageFolder, run } from './bed.ts';

let apccontrol: string | undefined;
let bed: Bed;

beforeAll(async () => {
  try {
    const folder = await unpackPackages({ name: 'apcupsd' });
    apccontrol = await readFile(join(folder, 'etc/apcupsd/apccontrol'), 'utf8');
  } catch (error) {
    process.stderr.write(`[apcupsd] not tried: ${error instanceof Error ? error.message : error}\n`);
  }
}, 120_000);

beforeEach(async (context) => {
  if (apccontrol === undefined) context.skip('there is no apcupsd package for this machine');
  bed = await makeBed(inject('brokerUrl'));
  await setUpMachine();
});

afterEach(() => bed?.end());

const EVENTS = [
  ...['powerout', 'onbattery', 'offbattery', 'mainsback', 'failing', 'timeout', 'loadlimit', 'runlimit'],
  ...['doshutdown', 'commfailure', 'commok', 'changeme', 'battdetach', 'battattach', 'startselftest'],
  ...['endselftest', 'annoyme', 'emergency', 'remotedown', 'doreboot', 'killpower'],
];

const APCACCESS = `#!/bin/sh
cat <<'END'
UPSNAME  : the "big" one
STATUS   : ONBATT
LINEV    : 0.0 Volts
LOADPCT  : 23.0 Percent
BCHARGE  : 98.0 Percent
TIMELEFT : 41.0 Minutes
END
`;

async function writeScript(path: string, script: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, script);
  await chmod(path, 0o755);
}

/** Debian's apccontrol, but for the folder of the scripts and what it does to the machine. */
async function setUpMachine(): Promise<void> {
  const at = (name: string) => join(bed.folder, name);
  const changed = (apccontrol ?? '')
    .replace(/^SCRIPTDIR=.*$/m, `SCRIPTDIR=${at('apcupsd')}`)
    .replace(/^SHUTDOWN=.*$/m, `SHUTDOWN=${at('bin/shutdown')}`)
    .replace(/^APCUPSD=.*$/m, `APCUPSD=${at('bin/apcupsd')}`)
    .replace(/^WALL=.*$/m, `WALL=${at('bin/wall')}`);
  await writeScript(at('apccontrol'), changed);
  const stub = (name: string) =>
    writeScript(
      at(`bin/${name}`),
      `#!/bin/sh\ncat >/dev/null </dev/null\necho "${name} $*" >> ${at('done')}\n`,
    );
  for (const name of ['shutdown', 'apcupsd', 'wall', 'mail', 'sleep']) await stub(name);
  await writeScript(at('bin/apcaccess'), APCACCESS);
  await buildInto(at('dist'));
  await writeScript(
    at('bin/wbor-send'),
    `#!/bin/sh\nexec ${installedNode} ${at('dist/wbor-send.js')} "$@"\n`,
  );
  await mkdir(at('apcupsd'));
  await writeScript(at('apcupsd/onbattery'), "#!/bin/sh\necho 'Debian wrote a mail'\n");
  const installed = await run('/bin/sh', [join(packageFolder, 'examples/apcupsd/install.sh'), at('apcupsd')]);
  expect(installed.code, installed.stderr).toBe(0);
  const { environment } = bed;
  const conf = Object.entries({ ...environment, WBOR_SOURCE: '' }).map(
    ([name, value]) => `${name}=${value}\n`,
  );
  await writeFile(at('send.conf'), conf.join(''));
}

/** As apcupsd starts it: with hardly any environment. */
async function happens(event: string, ups = 'the "big" $one', more: Record<string, string> = {}) {
  const env = {
    PATH: `${join(bed.folder, 'bin')}:/usr/bin:/bin`,
    WBOR_SEND_CONFIG: join(bed.folder, 'send.conf'),
    ...more,
  };
  return run('/bin/sh', [join(bed.folder, 'apccontrol'), event, ups.replaceAll(' ', '_')], { env });
}

const acted = () => readFile(join(bed.folder, 'done'), 'utf8').catch(() => '');

describe("apcupsd's own apccontrol", () => {
  it('with the broker up: the message is in the chat with the figures, and the default action is done', async () => {
    await bed.startRelay();
    expect(await happens('onbattery')).toMatchObject({ code: 0 });
    await waitFor(() => bed.posts().length === 1, { what: 'the post' });
    expect(bed.posts()[0]).toContain(
      'UPS the_"big"_$one is on battery power.\ncharge 98.0 %, time left 41.0 minutes',
    );
    expect(await acted()).toContain('wall');
    expect(bed.auditRows()).toMatchObject([{ source: 'ups', outcome: 'delivered' }]);
  });

  it('with everything of ours down: the message is in the chat, and the machine shuts down', async () => {
    await bed.toRelay.cut();
    expect(await happens('doshutdown')).toMatchObject({ code: 0 });
    expect(bed.posts().join()).toContain('makes the machine shut down now.');
    expect(await acted()).toContain('shutdown -h now');
  });

  it('with GroupMe down too: the machine shuts down, and the message is sent after the next start', async () => {
    await bed.toRelay.cut();
    await bed.toGroupMe.cut();
    expect(await happens('failing', 'ups', { WBOR_UPS_SECONDS: '4' })).toMatchObject({ code: 0 });
    expect(await acted()).toContain('wall');
    await bed.toGroupMe.heal();
    expect(await happens('offbattery')).toMatchObject({ code: 0 });
    expect(bed.posts().map((text) => /has an empty|is off/.exec(text)?.[0])).toEqual([
      'has an empty',
      'is off',
    ]);
  });

  it('is not held up by a network that swallows everything, nor by an apcaccess that hangs', async () => {
    bed.toRelay.stall();
    bed.toGroupMe.stall();
    await writeScript(join(bed.folder, 'bin/apcaccess'), '#!/bin/sh\nexec /bin/sleep 1000\n');
    expect(await happens('onbattery', 'ups', { WBOR_UPS_SECONDS: '3' })).toMatchObject({ code: 0 });
    expect(await acted()).toContain('wall');
  });

  it('does its default action whatever becomes of the script', async () => {
    await writeScript(join(bed.folder, 'bin/wbor-send'), '#!/bin/sh\nexit 99\n');
    await happens('doshutdown');
    expect(await acted()).toContain('shutdown -h now');
    await writeScript(join(bed.folder, 'bin/apcaccess'), '#!/bin/sh\nexit 1\n');
    expect(await happens('commfailure')).toMatchObject({ code: 0 });
  });

  it('has a sentence for each of its events', async () => {
    const sent = join(bed.folder, 'sent');
    await writeScript(
      join(bed.folder, 'bin/wbor-send'),
      `#!/bin/sh\nfor last; do :; done\necho "$last" >> ${sent}\n`,
    );
    for (const event of EVENTS) await happens(event, 'ups', { WBOR_UPS_SKIP: '' });
    const sentences = (await readFile(sent, 'utf8')).split('\n').filter((line) => line.startsWith('UPS ups'));
    expect(new Set(sentences).size).toBe(EVENTS.length);
    expect(sentences.join()).not.toContain('reports');
  });
});
