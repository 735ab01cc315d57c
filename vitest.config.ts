import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // The machines that run this have two cores; more workers only make the waits longer.
    maxWorkers: 3,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts'],
          // Those that draw their cases take seconds on a busy machine.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['packages/*/test/**/*.int.test.ts', 'apps/*/test/**/*.int.test.ts'],
          globalSetup: ['packages/testkit/src/vitest/global-setup.ts'],
          // Brokers are stopped and started in them, on machines that do other work too.
          testTimeout: 60_000,
          hookTimeout: 90_000,
        },
      },
    ],
  },
});
