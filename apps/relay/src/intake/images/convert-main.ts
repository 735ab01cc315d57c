import { Buffer } from 'node:buffer';
import { writeSync } from 'node:fs';
import process from 'node:process';
import { type Conversion, REPORT_FD } from './conversion.ts';
import type { ConversionReport } from './conversion-report.ts';
import { convertImage } from './convert-image.ts';
import { ImageError } from './errors.ts';

// One conversion in a process of its own: the image comes on stdin and goes on stdout, what became of it on a pipe of
// its own. Decoding runs on another thread, so that this one can watch over memory and time.
// No zod in here: it is a tenth of the process, and the argument is our own.

const WATCH_EVERY_MS = 10;

const { bytes: length, limits, maxResidentBytes, mime } = JSON.parse(process.argv[2] ?? '') as Conversion;

/** Waiting for the decoder's thread to end would be waiting for what must be ended. */
function end(report: ConversionReport): never {
  writeSync(REPORT_FD, JSON.stringify(report));
  process.kill(process.pid, 'SIGKILL');
  // Never reached: the signal is delivered before the call returns.
  throw new Error('still running');
}

const startedAtMs = performance.now();
setInterval(() => {
  if (process.memoryUsage.rss() > maxResidentBytes) {
    end({ code: 'TOO_LARGE', forChat: 'needs too much memory to convert' });
  }
  if (performance.now() - startedAtMs > limits.timeoutSeconds * 1000) {
    end({ code: 'TIMEOUT', forChat: 'took too long to convert' });
  }
}, WATCH_EVERY_MS).unref();

const image = Buffer.allocUnsafeSlow(length);
let read = 0;
for await (const chunk of process.stdin as AsyncIterable<Buffer>) read += chunk.copy(image, read);

try {
  const { bytes, contentType, pixels } = await convertImage(image.subarray(0, read), mime, limits);
  const report: ConversionReport = { contentType, bytes: bytes.length, pixels };
  writeSync(REPORT_FD, JSON.stringify(report));
  process.stdout.write(bytes, () => process.kill(process.pid, 'SIGKILL'));
} catch (error) {
  if (!(error instanceof ImageError)) throw error;
  const { code, forChat, message } = error;
  end({ code, forChat, message });
}
