import { z } from 'zod';
import { IMAGE_ERROR_CODES } from './errors.ts';

const conversionReportSchema = z.union([
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

/** What the process of a conversion answers, as JSON. */
export type ConversionReport = z.infer<typeof conversionReportSchema>;

/** Undefined for anything else: a decoder that a stranger has taken over may write what it likes. */
export function parseConversionReport(text: string): ConversionReport | undefined {
  try {
    return conversionReportSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
