import type { Database } from '@wbor/database';
import { type Kysely, sql } from 'kysely';
import type { CommandCall } from '../intake/read-command.ts';
import type { StationClock } from '../text/station-clock.ts';
import { findReplied } from './find-replied.ts';
import { findByUid } from './find-by-uid.ts';
import { isSurelyUid, readUid, type TypedUid } from './read-uid.ts';
