import type { NewUser, TestBroker } from './types.ts';

type ControlMethods = Pick<TestBroker, 'closeAllConnections' | 'setMemoryAlarm' | 'addVhost' | 'addUser'>;

/** What can be said to any broker of ours through `rabbitmqctl`. */
export function buildControlMethods(url: string, control: TestBroker['control']): ControlMethods {
  return {
    async closeAllConnections() {
      await control('close_all_connections', 'closed by a test');
    },
    async setMemoryAlarm(on) {
      await control('set_vm_memory_high_watermark', on ? '0.000001' : '0.4');
    },
    async addVhost(name) {
      await control('add_vhost', name);
      await control('set_permissions', '-p', name, new URL(url).username, '.*', '.*', '.*');
      return withVhost(url, name);
    },
    async addUser(user: NewUser) {
      await control('add_user', user.name, user.password);
      const vhost = user.vhost ?? '/';
      await control('set_permissions', '-p', vhost, user.name, user.configure, user.write, user.read);
      const forUser = new URL(user.vhost === undefined ? url : withVhost(url, user.vhost));
      forUser.username = encodeURIComponent(user.name);
      forUser.password = encodeURIComponent(user.password);
      return forUser.href;
    },
  };
}

function withVhost(url: string, name: string): string {
  const result = new URL(url);
  result.pathname = `/${encodeURIComponent(name)}`;
  return result.href;
}
