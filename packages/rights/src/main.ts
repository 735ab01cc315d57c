import { chmod, writeFile } from 'node:fs/promises';
import { runCommandLine } from '@wbor/command-line';
import { grantRoles, roleNames } from '@wbor/database';
import { parseConfig } from '@wbor/service';
import { buildDefinitions } from './broker/definitions.ts';
import { type BrokerUser, brokerUserNames, brokerUsers, type RightsOptions } from './broker/users.ts';
import { parseRightsCommand, type RightsCommand, USAGE } from './command.ts';
import {
  brokerPasswordSetting,
  databaseSettings,
  definitionsSettings,
  readPasswords,
  rolePasswordSetting,
} from './config.ts';
import { addPasswords } from './new-passwords.ts';

async function run(command: RightsCommand): Promise<void> {
  switch (command.action) {
    case 'passwords': {
      const settings = [...brokerUserNames.map(brokerPasswordSetting), ...roleNames.map(rolePasswordSetting)];
      const added = await addPasswords(command.file, settings);
      say(
        added.length === 0 ? `${command.file} has them all` : `added to ${command.file}: ${added.join(', ')}`,
      );
      return;
    }
    case 'list':
      process.stdout.write(brokerUsers(readOptions().options).map(describeUser).join('\n'));
      return;
    case 'definitions':
      await writeDefinitions(command.out);
      return;
    case 'database': {
      const config = parseConfig(databaseSettings, process.env);
      const { migrations, roles } = await grantRoles({
        url: config.DATABASE_URL.reveal(),
        prefix: config.POSTGRES_ROLE_PREFIX,
        passwords: readPasswords(config, roleNames, rolePasswordSetting),
      });
      if (migrations.length > 0) say(`migrated the database: ${migrations.join(', ')}`);
      say(`roles with their rights: ${roles.join(', ')}`);
    }
  }
}

function readOptions() {
  const config = parseConfig(definitionsSettings, process.env);
  const options: RightsOptions = {
    namespace: { exchange: config.RABBITMQ_EXCHANGE, queuePrefix: config.QUEUE_PREFIX },
    notificationsExchanges: config.NOTIFICATIONS_EXCHANGE,
    mayDeclare: config.RABBITMQ_MAY_DECLARE,
  };
  return { config, options };
}

async function writeDefinitions(out: string | undefined): Promise<void> {
  const { config, options } = readOptions();
  const passwords = readPasswords(config, brokerUserNames, brokerPasswordSetting);
  const leftOut = brokerUserNames.filter((name) => passwords[name] === undefined);
  const definitions = buildDefinitions({
    ...options,
    vhost: config.RABBITMQ_VHOST,
    passwords,
    administrator: config.RABBITMQ_PASS && { name: config.RABBITMQ_USER, password: config.RABBITMQ_PASS },
  });
  const text = `${JSON.stringify(definitions, undefined, 2)}\n`;
  if (out === undefined) process.stdout.write(text);
  else {
    await writeFile(out, text, { mode: 0o600 });
    // A file that was there keeps its mode otherwise.
    await chmod(out, 0o600);
  }
  if (leftOut.length > 0) say(`left out, since no password is set: ${leftOut.join(', ')}`);
}

function describeUser({ configure, name, read, topics, write }: BrokerUser): string {
  return [
    name,
    `  configure  ${configure}`,
    `  write      ${write}`,
    `  read       ${read}`,
    ...topics.map((topic) => `  keys of ${topic.exchange}: write ${topic.write}  read ${topic.read}`),
    '',
  ].join('\n');
}

function say(text: string): void {
  process.stderr.write(`rights: ${text}\n`);
}

process.exitCode = await runCommandLine({
  name: 'rights',
  usage: USAGE,
  parse: parseRightsCommand,
  async run(command) {
    await run(command);
    return 0;
  },
});
