import { countrySetting } from '@wbor/phone';
import { brokerSettings, databaseSettings, requireBroker } from '@wbor/service';
import { z } from 'zod';
import { parsePeriod } from './retain/period.ts';

export const exportSettings = z.object(databaseSettings());

export const forgetSettings = z
  .object({ ...brokerSettings(), ...databaseSettings(), STATION_COUNTRY: countrySetting() })
  .check(requireBroker);
export type ForgetConfig = z.infer<typeof forgetSettings>;

export const retainSettings = z.object({
  ...databaseSettings(),
  AUDIT_RETENTION: z.string().default('forever').transform(parsePeriod),
  AUDIT_CHAT_RETENTION: z.string().default('90 days').transform(parsePeriod),
});
export type RetainConfig = z.infer<typeof retainSettings>;
