import { ConfigError, describeSettings, parseConfig } from '@wbor/service';
import { serviceFacts } from '../services.ts';
import { type Check, type Finding, fault, ok } from '../types.ts';

/** Every setting of each service, as it reads them at its start. */
export const configuration: Check = {
  name: 'configuration',
  summary: 'the settings of each service',
  async run({ environments }) {
    return [...environments].flatMap(([service, env]): Finding[] => {
      const { settings } = serviceFacts[service];
      try {
        parseConfig(settings, env);
        return [ok(service, `${describeSettings(settings).length} settings can be read`)];
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        return error.faults.map((text) => fault(service, text, howToMend(text)));
      }
    });
  },
};

/** The .env of compose.yaml does not have them. */
const MADE_BY_COMPOSE = ['RABBITMQ_URL', 'DATABASE_URL'];

function howToMend(text: string): string {
  const [name = ''] = /^[A-Z_]+/.exec(text) ?? [];
  if (text.endsWith('the file cannot be read')) {
    return `let ${name} name a file that is there, and that the user of the service may read`;
  }
  const mend = `set ${name || 'it'} right in the environment, or in the file .env; docs/configuration.md says what it means`;
  if (!MADE_BY_COMPOSE.includes(name)) return mend;
  return `${mend}. Where compose.yaml runs the services, look there: \`docker compose exec SERVICE node doctor.js\``;
}
