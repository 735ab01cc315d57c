import { Secret } from '@wbor/service';
import { z } from 'zod';
import type { Environment } from '../environment.ts';
import { readPart } from '../patient.ts';
import { type ServiceName, serviceFacts } from '../services.ts';
import { type Check, type Finding, fault, ok } from '../types.ts';

/** What has to be the same wherever it is set. */
const SHARED = [
  'RABBITMQ_EXCHANGE',
  'QUEUE_PREFIX',
  'GROUPME_GROUP_ID',
  'GROUPME_BOT_ID',
  'TWILIO_AUTH_TOKEN',
  'STATION_COUNTRY',
  'STATION_TIME_ZONE',
  'DATABASE_URL',
] as const;

/** Services that are each right, and do not fit together. */
export const agreement: Check = {
  name: 'agreement',
  summary: 'settings that must be the same for several services',
  async run({ environments }) {
    if (environments.size < 2) return [];
    const faults = SHARED.flatMap((name): Finding[] => {
      const values = [...environments].flatMap(([service, env]) => {
        const value = readSetting(service, env, name);
        return value === undefined ? [] : [{ service, value }];
      });
      if (new Set(values.map(({ value }) => value)).size < 2) return [];
      const services = values.map(({ service }) => service).join(', ');
      return [
        fault(
          name,
          `is not the same for ${services}`,
          `set ${name} to one value for all of them, and restart them`,
        ),
      ];
    });
    return faults.length > 0 ? faults : [ok([...environments.keys()].join(', '), 'fit together')];
  },
};

/** As a text to compare; undefined where the service has none, or it cannot be read. */
function readSetting(service: ServiceName, env: Environment, name: string): string | undefined {
  const shape: Readonly<Record<string, z.ZodType>> = serviceFacts[service].settings.shape;
  const field = shape[name];
  if (field === undefined) return undefined;
  const value = readPart(z.object({ [name]: field }), env)?.[name];
  if (value === undefined) return undefined;
  const text = value instanceof Secret ? value.reveal() : String(value);
  return name === 'DATABASE_URL' ? withoutUser(text) : text;
}

/** Each service may be a user of its own. */
function withoutUser(address: string): string {
  const url = URL.parse(address);
  return url === null ? address : `${url.hostname}:${url.port || '5432'}${url.pathname}`;
}
