import { countrySetting } from '@wbor/phone';
import { brokerSettings, databaseSettings, requireBroker } from '@wbor/service';
import { z } from 'zod';

export const exportSettings = z.object(databaseSettings());

export const forgetSettings = z
  .object({ ...brokerSettings(), ...databaseSettings(), STATION_COUNTRY: countrySetting() })
  .check(requireBroker);
export type ForgetConfig = z.infer<typeof forgetSettings>;
