// Writes docs/configuration.md: pnpm --filter @wbor/doctor docs:configuration
import { writeFile } from 'node:fs/promises';
import { configurationPage, renderConfigurationPage } from './configuration-page.ts';

await writeFile(configurationPage, renderConfigurationPage());
