import { z } from 'zod';
import { IMAGE_ERROR_CODES } from './errors.ts';

/** The file descriptor of the report in the process of a conversion. */
export const REPORT_FD = 3;

const conversionSchema = z.object({
  mime: z.string(),
  /** Of the image. */
  bytes: z.number(),
  limits: z.object({ maxBytes: z.number(), maxPixels: z.number(), timeoutSeconds: z.number() }),
  maxResidentBytes: z.number(),
});

/** What the process of a conversion is asked for. */
export type Conversion = z.infer<typeof conversionSchema>;

const reportSchema = z.union([
  z.object({
    contentType: z.enum(['image/png', 'image/jpeg', 'image/gif']),
    bytes: z.number(),
    pixels: z.number(),
  }),
  z.object({
    code: z.enum(IMAGE_ERROR_CODES),
    forChat: z.string().max(64),
    message: z.string().optional(),
  }),
]);

/** What it answers. */
export type Report = z.infer<typeof reportSchema>;

/** @throws when it is none, which is a fault of ours. */
export function parseConversion(text: string | undefined): Conversion {
  return conversionSchema.parse(JSON.parse(text ?? ''));
}

/** Undefined for anything else: a decoder that a stranger has taken over may write what it likes. */
export function parseReport(text: string): Report | undefined {
  try {
    return reportSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
