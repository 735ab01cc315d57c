export {
  type App,
  buildEnvironments,
  CONSOLE_PASSWORD,
  callbackUrl,
  deployedNodeOptions,
  PASSWORD,
} from './environments.ts';
export { createReleases, type Releases } from './releases.ts';
export type { RunStep } from './start-all.ts';
export { startServers } from './start-servers.ts';
export { type System, startSystem } from './start-system.ts';
