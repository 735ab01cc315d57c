import { z } from 'zod';
import { errorBodySchema } from '../../errors.ts';

/** What hooks answer, whoever calls. */
export const HOOK_ANSWERS = {
  200: {
    description: 'Stored; on its way to the chat.',
    content: { 'text/plain': { schema: z.literal('OK') } },
  },
  400: errorBodySchema.describe('The body cannot be read, or says nothing.'),
  413: errorBodySchema.describe('Body larger than 256 KiB, packed or unpacked.'),
  415: errorBodySchema.describe('Packed in a way that is not known here.'),
  429: errorBodySchema.describe('Too many calls; see Retry-After.'),
  503: errorBodySchema.describe('Not stored; repeat after Retry-After.'),
};
