import { expect, it } from 'vitest';
import { hashPassword } from './password-hash.ts';

it("hashes as RabbitMQ's documentation does it by hand", () => {
  // https://www.rabbitmq.com/docs/passwords: salt 90 8D C6 0A, password "test12".
  expect(hashPassword('test12', Buffer.from('908DC60A', 'hex'))).toBe(
    'kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR',
  );
});

it('has another salt each time', () => {
  expect(hashPassword('simon')).not.toBe(hashPassword('simon'));
});
