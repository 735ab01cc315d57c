// Writes docs/contracts.md and docs/asyncapi.json: pnpm --filter @wbor/contracts docs:contracts
import { writeFile } from 'node:fs/promises';
import { documents } from './documents.ts';

for (const { path, render } of documents) await writeFile(path, render());
