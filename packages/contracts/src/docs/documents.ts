import { renderAsyncApi } from './asyncapi.ts';
import { renderContractsPage } from './contracts-page.ts';

/** The files that are made from the contracts. */
export const documents = [
  { path: new URL('../../../../docs/contracts.md', import.meta.url), render: renderContractsPage },
  { path: new URL('../../../../docs/asyncapi.json', import.meta.url), render: renderAsyncApi },
] as const;
